package playground

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Commands of the program that only the playground itself gives.
const (
	initCommand = "playground-init" // pid 1 of a node
	roomCommand = "playground-room" // the machine room in the background
)

// Entry lets a program be what the playground needs of it: pid 1 of a node, the
// machine room in the background, the fence agent. A program that uses this package
// calls it first, with os.Args; handled says that the process was one of these and
// must exit with code.
func Entry(args []string) (code int, handled bool) {
	if filepath.Base(args[0]) == FenceAgentName {
		return FenceAgent(args[1:], os.Stdin, os.Stdout, os.Stderr), true
	}
	if len(args) < 2 {
		return 0, false
	}
	var err error
	switch args[1] {
	case initCommand:
		err = runInit()
	case roomCommand:
		err = runRoom(args[2:])
	default:
		return 0, false
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", args[1], err)
		return 1, true
	}
	return 0, true
}

// start starts a command inside of a node.
func (h Health) start(cmd func() *exec.Cmd) (*exec.Cmd, error) {
	if h.PID == 0 {
		return nil, fmt.Errorf("%s is off; boot it with: mainstay playground power on %s", h.Name, h.Name)
	}
	if h.Frozen {
		return nil, fmt.Errorf("%s is frozen; let it go on with: mainstay playground thaw %s", h.Name, h.Name)
	}
	dir, err := group{h.Group}.open()
	if err != nil {
		return nil, err
	}
	if dir != nil {
		defer dir.Close()
	}
	pidfd, err := unix.PidfdOpen(h.PID, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.Name, err)
	}
	defer unix.Close(pidfd)
	var c *exec.Cmd
	return c, onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return explain("leave the thread's file system context", err)
		}
		if err := unix.Setns(pidfd, unix.CLONE_NEWNS|unix.CLONE_NEWPID|unix.CLONE_NEWNET|unix.CLONE_NEWUTS|unix.CLONE_NEWIPC|unix.CLONE_NEWCGROUP); err != nil {
			return explain("enter "+h.Name, err)
		}
		c = cmd() // from here on, so that the program is looked for in the node
		c.Env = append(nodeEnv(), c.Env...)
		if c.Dir == "" {
			c.Dir = "/"
		}
		if dir != nil {
			if c.SysProcAttr == nil {
				c.SysProcAttr = &unix.SysProcAttr{}
			}
			c.SysProcAttr.UseCgroupFD, c.SysProcAttr.CgroupFD = true, int(dir.Fd())
		}
		return c.Start()
	})
}

// Exec runs a command inside of a node and returns its output. An error carries
// what the command said on stderr.
func (r *Room) Exec(ctx context.Context, node string, args ...string) ([]byte, error) {
	return r.ExecInput(ctx, node, nil, args...)
}

// HealthOf tells the state of a node's machine.
func (r *Room) HealthOf(node string) (Health, error) {
	m, err := r.machine(node)
	if err != nil {
		return Health{}, err
	}
	return m.health(), nil
}

// exitCode is the exit code of a command that ran, and whether it did.
func exitCode(err error) (int, bool) {
	var e *exec.ExitError
	if errors.As(err, &e) {
		return e.ExitCode(), true
	}
	return 0, err == nil
}

// ExecInput is Exec with something on the command's standard input.
func (r *Room) ExecInput(ctx context.Context, node string, stdin []byte, args ...string) ([]byte, error) {
	h, err := r.HealthOf(node)
	if err != nil {
		return nil, err
	}
	var stdout, stderr bytes.Buffer
	c, err := h.start(func() *exec.Cmd {
		c := exec.CommandContext(ctx, args[0], args[1:]...)
		c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(stdin), &stdout, &stderr
		return c
	})
	if err == nil {
		err = c.Wait()
	}
	if err != nil {
		return stdout.Bytes(), fmt.Errorf("%s: %s: %w: %s", node, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// Exec runs a command inside of a node of the running playground with this
// process's standard streams, and returns its exit code.
func Exec(ctx context.Context, dir, node string, args []string) (int, error) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return 1, errors.New("which command? For example: mainstay playground exec node1 -- ip addr")
	}
	h, err := healthOf(dir, node)
	if err != nil {
		return 1, err
	}
	c, err := h.start(func() *exec.Cmd {
		c := exec.CommandContext(ctx, args[0], args[1:]...)
		c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
		return c
	})
	if err != nil {
		return 1, err
	}
	err = c.Wait()
	if code, ran := exitCode(err); ran {
		return code, nil
	}
	return 1, err
}

// healthOf asks the running machine room for the state of a node.
func healthOf(dir, node string) (Health, error) {
	rep, err := Status(dir)
	if err != nil {
		return Health{}, err
	}
	for _, h := range rep.Nodes {
		if h.Name == node {
			return h, nil
		}
	}
	return Health{}, fmt.Errorf("there is no node %q", node)
}

// Processes lists the processes of a node whose program has that name (at most 15
// characters), as numbered on this machine; "" means all.
func (r *Room) Processes(node, comm string) []int {
	h, err := r.HealthOf(node)
	if err != nil || h.PID == 0 {
		return nil
	}
	var out []int
	for _, pid := range members(h.PID) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		if err == nil && (comm == "" || strings.TrimSpace(string(text)) == comm) {
			out = append(out, pid)
		}
	}
	return out
}

// Path is a path inside of a node that is on, as seen from outside.
func (r *Room) Path(node, path string) (string, error) {
	h, err := r.HealthOf(node)
	if err == nil && h.PID == 0 {
		err = fmt.Errorf("%s is off", node)
	}
	return h.inside(path), err
}
