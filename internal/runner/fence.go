package runner

import (
	"fmt"
	"strings"

	"mainstay/agent"
	"mainstay/internal/host"
)

// stonith makes the command of a fence agent (ClusterLabs fence agent API): it
// reads its parameters from standard input as name=value lines.
func (r *Runner) stonith(c agent.Call) (host.Cmd, error) {
	path := ""
	for _, d := range r.cfg.FenceDirs {
		if p := d + "/" + c.Name.Type; r.cfg.Exists(p) {
			path = p
			break
		}
	}
	if path == "" {
		return host.Cmd{}, notInstalled(c.Name, strings.Join(r.cfg.FenceDirs, "/"+c.Name.Type+" or ")+"/"+c.Name.Type)
	}
	cmd := host.Cmd{Path: path, Env: r.finish(r.baseEnv()), Timeout: c.Timeout}
	if isMetadata(c.Op) {
		cmd.Args = []string{"-o", "metadata"}
		return cmd, nil
	}
	if c.Op == "stop" {
		return host.Cmd{}, &Refusal{agent.Done, agent.OK, ""}
	}
	var in strings.Builder
	line := func(name, value string) {
		fmt.Fprintf(&in, "%s=%s\n", name, strings.NewReplacer("\n", " ", "\x00", "").Replace(value))
	}
	action := fenceAction(c)
	line("action", action)
	target, arg := c.Param("pcmk_target"), r.hostArgument(c)
	static := false
	for _, p := range own(c.Params) {
		switch {
		case p.Name == "action" || !envName(p.Name):
			continue
		case p.Name == arg && p.Value != "" && p.Value != "dynamic":
			static = true
		case p.Name == arg:
			continue
		}
		line(p.Name, p.Value)
	}
	if target != "" && arg != "" && !static {
		line(arg, target)
	}
	cmd.Stdin = []byte(in.String())
	return cmd, nil
}

// fenceAction is the word that the agent gets: pcmk_<operation>_action may
// replace it, and starting a device as a resource means to see whether it answers.
func fenceAction(c agent.Call) string {
	op := c.Op
	if op == "start" {
		op = "monitor"
	}
	if a := c.Param("pcmk_" + strings.ReplaceAll(op, "-", "_") + "_action"); a != "" {
		return a
	}
	return op
}

// hostArgument is the name of the parameter that tells the agent whom to
// fence: pcmk_host_argument, else "plug" if the agent advertises that alone, else
// "port", which agents take as the older name of plug. "none" means none.
func (r *Runner) hostArgument(c agent.Call) string {
	switch a := c.Param("pcmk_host_argument"); a {
	case "none":
		return ""
	case "":
	default:
		return a
	}
	if m := r.facts[c.Name]; m.Parameter("plug") != nil && m.Parameter("port") == nil {
		return "plug"
	}
	return "port"
}

// fenceCode translates an exit code. The action "status" answers 2 if the plug
// is off: that is NotRunning to who asked for the status, and a device that
// answers to who watches it. To other actions it is a failure.
func fenceCode(c agent.Call, code int) agent.Code {
	switch {
	case code == 0:
		return agent.OK
	case code == 2 && c.Op == "status":
		return agent.NotRunning
	case code == 2 && fenceAction(c) == "status":
		return agent.OK
	}
	return agent.GenericError
}

// fenceReason is the last thing that a failed agent said.
func fenceReason(rc agent.Code, x host.Exited) string {
	if rc == agent.OK {
		return ""
	}
	if s := lastLine(x.Stderr); s != "" {
		return s
	}
	return lastLine(x.Stdout)
}
