// Package runner speaks with agents: it turns a call into a command for the
// machine (paths, arguments, environment, standard input) and the command's end
// into a result. It knows OCF resource agents, LSB init scripts, systemd units,
// fence agents and Heartbeat 1 scripts. It starts nothing itself.
package runner

import (
	"errors"
	"fmt"
	"strings"

	"mainstay/agent"
	"mainstay/internal/host"
)

// Config says where agents are and what they are told about the node.
type Config struct {
	// Exists tells whether there is an executable file at a path (host.Proc's).
	Exists func(path string) bool
	// Node is this node's name.
	Node string
	// OCFRoot holds resource.d and lib; "" means /usr/lib/ocf.
	OCFRoot string
	// ToolDir is where the crm_* tools are that agents call (HA_SBIN_DIR, and
	// first in PATH); "" means /usr/sbin.
	ToolDir string
	// FenceDirs are searched for fence agents; nil means /usr/sbin and /usr/local/sbin.
	FenceDirs []string
	// InitDir holds LSB scripts; "" means /etc/init.d.
	InitDir string
	// HeartbeatDir holds Heartbeat 1 scripts; "" means /etc/ha.d/resource.d.
	HeartbeatDir string
	// Debug asks agents to be talkative (HA_debug).
	Debug bool
	// Env is added to every agent's environment, as NAME=value.
	Env []string
}

// Runner makes commands and reads their ends. It is not safe for concurrent use.
type Runner struct {
	cfg   Config
	facts map[agent.Name]*agent.Metadata // learned from metadata calls that went by
}

// New makes a Runner.
func New(cfg Config) *Runner {
	set := func(s *string, def string) {
		if *s == "" {
			*s = def
		}
	}
	set(&cfg.OCFRoot, "/usr/lib/ocf")
	set(&cfg.ToolDir, "/usr/sbin")
	set(&cfg.InitDir, "/etc/init.d")
	set(&cfg.HeartbeatDir, "/etc/ha.d/resource.d")
	if cfg.FenceDirs == nil {
		cfg.FenceDirs = []string{"/usr/sbin", "/usr/local/sbin"}
	}
	return &Runner{cfg: cfg, facts: map[agent.Name]*agent.Metadata{}}
}

// A Refusal says why a call cannot be run here, as the result that it has thereby.
type Refusal struct {
	Status agent.Status
	RC     agent.Code
	Reason string
}

// Error implements error.
func (r *Refusal) Error() string { return r.Reason }

func notInstalled(n agent.Name, place string) error {
	return &Refusal{agent.NoAgent, agent.NotInstalled, fmt.Sprintf("agent %s is not installed: no %s", n, place)}
}

// Failed is the result of a call for which Command returned an error.
func Failed(err error) agent.Result {
	var r *Refusal
	if errors.As(err, &r) {
		return agent.Result{Status: r.Status, RC: r.RC, Reason: r.Reason}
	}
	return agent.Result{Status: agent.ExecError, RC: agent.GenericError, Reason: err.Error()}
}

// Command makes the command that carries a call out. An error says that it
// cannot be run on this node; Failed makes a result of it.
func (r *Runner) Command(c agent.Call) (host.Cmd, error) {
	if err := checkName(c.Name); err != nil {
		return host.Cmd{}, err
	}
	switch r.class(c.Name) {
	case "ocf":
		return r.ocf(c)
	case "lsb":
		return r.lsb(c)
	case "systemd":
		return r.systemd(c)
	case "stonith":
		return r.stonith(c)
	case "heartbeat":
		return r.heartbeat(c)
	}
	return host.Cmd{}, &Refusal{agent.NoAgent, agent.NotInstalled, fmt.Sprintf("agent %s: agents of class %q are not supported", c.Name, c.Name.Class)}
}

// checkName refuses names that would leave the agents' directories.
func checkName(n agent.Name) error {
	for _, s := range []string{n.Provider, n.Type} {
		if strings.ContainsAny(s, "/\x00") || s == "." || s == ".." {
			return &Refusal{agent.FatalError, agent.NotConfigured, fmt.Sprintf("agent %s: bad name", n)}
		}
	}
	if n.Type == "" {
		return &Refusal{agent.FatalError, agent.NotConfigured, fmt.Sprintf("agent %s: no type", n)}
	}
	return nil
}

// class resolves the alias "service": an init script if there is one, else a unit.
func (r *Runner) class(n agent.Name) string {
	if n.Class != "service" {
		return n.Class
	}
	if r.cfg.Exists(r.cfg.InitDir + "/" + n.Type) {
		return "lsb"
	}
	return "systemd"
}

// Result reads the end of a command that Command made for the call.
func (r *Runner) Result(c agent.Call, x host.Exited) agent.Result {
	res := agent.Result{Took: x.Took, Output: tail(x)}
	switch {
	case x.TimedOut:
		res.Status, res.RC = agent.TimedOut, agent.GenericError
		res.Reason = fmt.Sprintf("the agent did not complete within %v", c.Timeout)
		return res
	case x.Err != nil:
		return failedStart(c, x, res)
	case x.Signal != 0:
		res.Status, res.RC = agent.ExecError, agent.GenericError
		res.Reason = fmt.Sprintf("the agent was ended by signal %d", x.Signal)
		return res
	}
	switch r.class(c.Name) {
	case "lsb":
		res.RC = lsbCode(c.Op, x.Code)
	case "systemd":
		res = unitResult(c, x, res)
	case "stonith":
		res.RC = fenceCode(c, x.Code)
		res.Reason = fenceReason(res.RC, x)
	case "heartbeat":
		res.RC = heartbeatCode(c.Op, x)
	default:
		res.RC = agent.Code(x.Code)
		res.Reason = exitReason(x.Stderr)
	}
	if isMetadata(c.Op) || isListing(c) {
		res.Output = string(x.Stdout)
		r.learn(c, res)
	}
	return res
}

// failedStart is the result of a command that could not be started at all.
func failedStart(c agent.Call, x host.Exited, res agent.Result) agent.Result {
	res.Status, res.RC, res.Reason = agent.ExecError, agent.GenericError, x.Err.Error()
	if c.Name.Class == "systemd" || c.Name.Class == "service" {
		return res
	}
	if strings.Contains(x.Err.Error(), "permission denied") {
		res.Status, res.RC = agent.Done, agent.NoPermission
	}
	return res
}

// learn keeps metadata that went by; fence agents' parameter names depend on it.
func (r *Runner) learn(c agent.Call, res agent.Result) {
	if !isMetadata(c.Op) || res.RC != agent.OK {
		return
	}
	if m, err := agent.ParseMetadata([]byte(res.Output)); err == nil {
		r.facts[c.Name] = m
	}
}

func isMetadata(op string) bool { return op == "meta-data" || op == "metadata" }

// isListing tells the calls whose standard output is their answer.
func isListing(c agent.Call) bool { return c.Op == "list" || c.Op == "list-status" }

// maxOutput bounds what a result keeps of an agent's messages, in bytes.
const maxOutput = 4096

// tail is the end of what an agent wrote, standard error last.
func tail(x host.Exited) string {
	out := strings.TrimSpace(string(x.Stdout))
	if e := strings.TrimSpace(string(x.Stderr)); e != "" {
		if out != "" {
			out += "\n"
		}
		out += e
	}
	if len(out) > maxOutput {
		out = strings.ToValidUTF8(out[len(out)-maxOutput:], "")
	}
	return out
}

// lastLine is the last line of a text that says something.
func lastLine(text []byte) string {
	s := strings.TrimSpace(string(text))
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	return clean(s)
}

// clean makes one line of text that fits into an XML attribute.
func clean(s string) string {
	s = strings.Map(func(c rune) rune {
		if c == '\t' || c == '\r' || c == '\n' {
			return ' '
		}
		if c < ' ' || c == 0x7f || c == '\uFFFD' || c == 0xFFFE || c == 0xFFFF {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, ""))
	s = strings.TrimSpace(s)
	if len(s) > 256 {
		s = strings.ToValidUTF8(s[:256], "")
	}
	return s
}
