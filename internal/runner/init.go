package runner

import (
	"fmt"
	"strconv"
	"strings"

	"mainstay/agent"
	"mainstay/internal/host"
)

// lsb makes the command of an init script (LSB 5.0, "Init Script Actions").
func (r *Runner) lsb(c agent.Call) (host.Cmd, error) {
	path := r.cfg.InitDir + "/" + c.Name.Type
	if !r.cfg.Exists(path) {
		return host.Cmd{}, notInstalled(c.Name, path)
	}
	op, err := initOp(c)
	if err != nil {
		return host.Cmd{}, err
	}
	return host.Cmd{Path: path, Args: []string{op}, Env: r.finish(append(r.baseEnv(), outputFormat)), Timeout: c.Timeout}, nil
}

// initOp names an operation as init scripts and units do.
func initOp(c agent.Call) (string, error) {
	switch c.Op {
	case "monitor", "status":
		return "status", nil
	case "start", "stop", "restart", "reload", "force-reload":
		return c.Op, nil
	case "reload-agent":
		return "reload", nil
	}
	return "", &Refusal{agent.Done, agent.Unimplemented, fmt.Sprintf("agent %s has no operation %q", c.Name, c.Op)}
}

// lsbCode translates an exit code: of "status" by its own table, of the other
// actions the numbers mean the same as OCF's.
func lsbCode(op string, code int) agent.Code {
	if op != "monitor" && op != "status" {
		return agent.Code(code)
	}
	switch code {
	case 0:
		return agent.OK
	case 1, 2, 3: // dead, though it left a pid file; a lock file; nothing
		return agent.NotRunning
	}
	return agent.GenericError
}

// unitSuffixes are the kinds of systemd unit that a resource can be.
var unitSuffixes = []string{".service", ".socket", ".mount", ".timer", ".path", ".target", ".slice", ".scope", ".swap", ".automount"}

// systemd makes the command for a unit.
func (r *Runner) systemd(c agent.Call) (host.Cmd, error) {
	op, err := initOp(c)
	if err != nil {
		return host.Cmd{}, err
	}
	return host.Cmd{Unit: unitName(c.Name.Type), UnitAction: op, Env: r.finish(r.baseEnv()), Timeout: c.Timeout}, nil
}

func unitName(name string) string {
	for _, s := range unitSuffixes {
		if strings.HasSuffix(name, s) {
			return name
		}
	}
	return name + ".service"
}

// unitResult reads the end of a unit's operation. The answer to "status" is the
// unit's ActiveState on standard output, or "not-found". No answer at all, as when
// systemd cannot be reached, says nothing about the unit, so it is an error.
func unitResult(c agent.Call, x host.Exited, res agent.Result) agent.Result {
	state, _, _ := strings.Cut(strings.TrimSpace(string(x.Stdout)), "\n")
	said := lastLine(x.Stderr)
	switch {
	case state == "not-found", strings.Contains(said, "not found"), strings.Contains(said, "NoSuchUnit"):
		res.Status, res.RC, res.Reason = agent.NoAgent, agent.NotInstalled, "no unit "+unitName(c.Name.Type)
	case c.Op != "monitor" && c.Op != "status":
		if res.RC = lsbCode(c.Op, x.Code); res.RC != agent.OK {
			res.Reason = said
		}
	default:
		res.RC, res.Reason = unitState(state, said)
	}
	return res
}

func unitState(state, said string) (agent.Code, string) {
	switch state {
	case "active", "reloading", "refreshing":
		return agent.OK, ""
	case "inactive", "failed":
		return agent.NotRunning, ""
	case "":
		return agent.GenericError, said
	}
	return agent.GenericError, "the unit is " + clean(state)
}

// heartbeat makes the command of a Heartbeat 1 script: its parameters, named
// "1", "2", …, stand before the action, as in haresources.
func (r *Runner) heartbeat(c agent.Call) (host.Cmd, error) {
	path := r.cfg.HeartbeatDir + "/" + c.Name.Type
	if !r.cfg.Exists(path) {
		return host.Cmd{}, notInstalled(c.Name, path)
	}
	op, err := initOp(c)
	if err != nil {
		return host.Cmd{}, err
	}
	var args []string
	for n := 1; ; n++ {
		v := c.Param(strconv.Itoa(n))
		if v == "" {
			break
		}
		args = append(args, v)
	}
	return host.Cmd{Path: path, Args: append(args, op), Env: r.finish(r.baseEnv()), Timeout: c.Timeout}, nil
}

// heartbeatCode reads the end of a Heartbeat 1 script. Its "status" is what it
// prints: "running" or "OK" for a running resource; the exit code says nothing.
func heartbeatCode(op string, x host.Exited) agent.Code {
	if op != "monitor" && op != "status" {
		if x.Code == 0 {
			return agent.OK
		}
		return agent.GenericError
	}
	said := strings.ToLower(string(x.Stdout))
	switch {
	case strings.Contains(said, "not running"), strings.Contains(said, "stopped"):
		return agent.NotRunning
	case strings.Contains(said, "running"), strings.Contains(said, "ok"):
		return agent.OK
	}
	return agent.NotRunning
}
