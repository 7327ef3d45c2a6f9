package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"mainstay/agent"
	"mainstay/internal/host"
)

// unitDirs are where systemd looks for units, the administrator's first.
var unitDirs = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}

// Catalog lists the agents that are installed on this machine and asks them
// about themselves. Unlike a Runner it runs programs, and its caller waits; it is
// for command lines, not for the node's loop.
type Catalog struct{ r *Runner }

// NewCatalog makes a Catalog of the places of a Config. Config.Exists may be nil.
func NewCatalog(cfg Config) *Catalog {
	if cfg.Exists == nil {
		cfg.Exists = isExecutable
	}
	return &Catalog{New(cfg)}
}

func isExecutable(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}

// Classes lists the classes of which there is an agent.
func (c *Catalog) Classes() []string {
	var out []string
	for _, class := range []string{"ocf", "lsb", "heartbeat", "service", "systemd", "stonith"} {
		if len(c.Agents(class, "")) > 0 {
			out = append(out, class)
		}
	}
	return out
}

// Providers lists the providers of OCF agents; with a type, those that have one such.
func (c *Catalog) Providers(kind string) []string {
	var out []string
	root := c.r.cfg.OCFRoot + "/resource.d"
	for _, d := range entries(root) {
		if d.IsDir() && !strings.HasPrefix(d.Name(), ".") && (kind == "" || c.r.cfg.Exists(root+"/"+d.Name()+"/"+kind)) {
			out = append(out, d.Name())
		}
	}
	return out
}

// Agents lists the types of a class, sorted; of OCF agents those of one provider, or all.
func (c *Catalog) Agents(class, provider string) []string {
	var out []string
	switch class {
	case "ocf":
		for _, p := range c.Providers("") {
			if provider == "" || provider == p {
				out = append(out, c.programs(c.r.cfg.OCFRoot+"/resource.d/"+p, "")...)
			}
		}
	case "lsb":
		out = c.programs(c.r.cfg.InitDir, "")
	case "heartbeat":
		out = c.programs(c.r.cfg.HeartbeatDir, "")
	case "stonith":
		for _, d := range c.r.cfg.FenceDirs {
			out = append(out, c.programs(d, "fence_")...)
		}
	case "systemd":
		for _, d := range unitDirs {
			for _, e := range entries(d) {
				if name, ok := strings.CutSuffix(e.Name(), ".service"); ok {
					out = append(out, name)
				}
			}
		}
	case "service":
		out = append(c.Agents("lsb", ""), c.Agents("systemd", "")...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// programs lists the executable files of a directory.
func (c *Catalog) programs(dir, prefix string) []string {
	var out []string
	for _, e := range entries(dir) {
		if strings.HasPrefix(e.Name(), prefix) && !strings.HasPrefix(e.Name(), ".") && c.r.cfg.Exists(dir+"/"+e.Name()) {
			out = append(out, e.Name())
		}
	}
	return out
}

// entries lists a directory, sorted; one that is not there is empty.
func entries(dir string) []fs.DirEntry {
	list, _ := os.ReadDir(dir)
	return list
}

// Metadata returns an agent's metadata as XML. An agent that is not installed
// gives an error that wraps fs.ErrNotExist.
func (c *Catalog) Metadata(ctx context.Context, n agent.Name) ([]byte, error) {
	if err := checkName(n); err != nil {
		return nil, err
	}
	switch c.r.class(n) {
	case "lsb":
		script, err := os.ReadFile(filepath.Join(c.r.cfg.InitDir, n.Type))
		if err != nil {
			return nil, fmt.Errorf("agent %s: %w", n, err)
		}
		return agent.LSBMetadata(n.Type, script), nil
	case "systemd":
		return c.unit(n)
	case "heartbeat":
		return nil, fmt.Errorf("agent %s: Heartbeat 1 scripts have no metadata", n)
	}
	return c.ask(ctx, n)
}

func (c *Catalog) unit(n agent.Name) ([]byte, error) {
	for _, d := range unitDirs {
		text, err := os.ReadFile(filepath.Join(d, unitName(n.Type)))
		if err != nil {
			continue
		}
		description := ""
		for line := range strings.Lines(string(text)) {
			if d, ok := strings.CutPrefix(line, "Description="); ok && description == "" {
				description = strings.TrimSpace(d)
			}
		}
		return agent.UnitMetadata(n.Type, description), nil
	}
	return nil, fmt.Errorf("agent %s: no unit %s: %w", n, unitName(n.Type), fs.ErrNotExist)
}

// Run carries a call out and waits for its end. Its caller bypasses the cluster.
func (c *Catalog) Run(ctx context.Context, call agent.Call) agent.Result {
	cmd, err := c.r.Command(call)
	if err != nil {
		return Failed(err)
	}
	if cmd.Path == "" {
		return agent.Result{Status: agent.NotSupported, RC: agent.Unimplemented, Reason: "units are started by the cluster or by systemctl"}
	}
	ctx, cancel := context.WithTimeout(ctx, call.Timeout)
	defer cancel()
	p := exec.CommandContext(ctx, cmd.Path, cmd.Args...)
	p.Env, p.Dir, p.Stdin = cmd.Env, "/", bytes.NewReader(cmd.Stdin)
	p.WaitDelay = time.Second
	var out, errs bytes.Buffer
	p.Stdout, p.Stderr = &out, &errs
	begin := time.Now()
	err = p.Run()
	x := host.Exited{Stdout: out.Bytes(), Stderr: errs.Bytes(), Took: time.Since(begin), TimedOut: ctx.Err() != nil}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		x.Code = max(exit.ExitCode(), 0)
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			x.Signal = int(ws.Signal())
		}
	case err != nil:
		x.Err = err
	}
	return c.r.Result(call, x)
}

// ask runs an agent for its metadata.
func (c *Catalog) ask(ctx context.Context, n agent.Name) ([]byte, error) {
	cmd, err := c.r.Command(agent.Call{Name: n, Rsc: n.Type, Op: "meta-data"})
	var refusal *Refusal
	if errors.As(err, &refusal) && refusal.Status == agent.NoAgent {
		return nil, fmt.Errorf("%w: %w", err, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	p := exec.CommandContext(ctx, cmd.Path, cmd.Args...)
	p.Env, p.Dir = cmd.Env, "/"
	var errs bytes.Buffer
	p.Stderr = &errs
	out, err := p.Output()
	if err != nil {
		return nil, fmt.Errorf("agent %s: metadata: %w: %s", n, err, lastLine(errs.Bytes()))
	}
	if _, err := agent.ParseMetadata(out); err != nil {
		return nil, fmt.Errorf("agent %s: %w", n, err)
	}
	return out, nil
}
