package linux

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mainstay/internal/host"
)

// procs runs commands, each in a process group of its own that outlives the daemon.
type procs struct {
	put   func(host.Completion)
	grace time.Duration
	units *units
	mu    sync.Mutex
	run   map[host.Tag]*process
}

// process is a command under way.
type process struct {
	pid     int // also of its group; 0: not started yet, or ended
	killed  bool
	expired bool
	cancel  func() // of a unit's action
}

func newProcs(put func(host.Completion), grace time.Duration, u *units) *procs {
	return &procs{put: put, grace: grace, units: u, run: map[host.Tag]*process{}}
}

func (p *procs) start(tag host.Tag, c host.Cmd) {
	x := &process{}
	p.mu.Lock()
	p.run[tag] = x
	p.mu.Unlock()
	if c.Unit != "" {
		go p.unit(tag, x, c)
		return
	}
	go p.command(tag, x, c)
}

// command runs a program to its end.
func (p *procs) command(tag host.Tag, x *process, c host.Cmd) {
	began := time.Now()
	out, errs, err := p.spawn(x, c)
	if err != nil {
		p.finish(tag, host.Exited{Tag: tag, Code: -1, Err: fmt.Errorf("%s cannot be started: %w", c.Path, err)})
		return
	}
	if c.Timeout > 0 {
		late := time.AfterFunc(c.Timeout, func() { p.expire(x) })
		defer late.Stop()
	}
	e := p.wait(x)
	e.Tag = tag
	e.Stdout, e.Stderr, e.Took = out.finish(), errs.finish(), time.Since(began)
	p.finish(tag, e)
}

// finish reports the end.
func (p *procs) finish(tag host.Tag, e host.Exited) {
	p.mu.Lock()
	delete(p.run, tag)
	p.mu.Unlock()
	p.put(e)
}

// spawn starts the program.
func (p *procs) spawn(x *process, c host.Cmd) (out, errs *capture, err error) {
	in, err := input(c.Stdin)
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	if out, err = newCapture(); err != nil {
		return nil, nil, err
	}
	if errs, err = newCapture(); err != nil {
		out.abandon()
		return nil, nil, err
	}
	pid, err := syscall.ForkExec(c.Path, append([]string{filepath.Base(c.Path)}, c.Args...), &syscall.ProcAttr{
		Dir: "/", Env: c.Env, Files: []uintptr{in.Fd(), uintptr(out.child), uintptr(errs.child)},
		Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		out.abandon()
		errs.abandon()
		return nil, nil, err
	}
	out.started()
	errs.started()
	p.mu.Lock()
	defer p.mu.Unlock()
	x.pid = pid
	if x.killed {
		_ = syscall.Kill(-pid, syscall.SIGKILL) // it was asked for before it had begun
	}
	return out, errs, nil
}

// input is a file with what a command is to read.
func input(data []byte) (*os.File, error) {
	if len(data) == 0 {
		return os.Open(os.DevNull)
	}
	fd, err := unix.MemfdCreate("input", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd: %w", err)
	}
	f := os.NewFile(uintptr(fd), "input")
	if _, err := f.Write(data); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.Seek(0, 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// wait waits for the program alone: what it leaves running in the background is
// a service. If it had to be ended, its group is ended with it.
func (p *procs) wait(x *process) host.Exited {
	e := host.Exited{Code: -1}
	for {
		// The number stays taken until Wait4, so nobody else's group can be hit.
		err := unix.Waitid(unix.P_PID, x.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			break
		}
	}
	p.mu.Lock()
	pid := x.pid
	x.pid = 0
	e.TimedOut = x.expired
	if x.expired || x.killed {
		_ = syscall.Kill(-pid, syscall.SIGKILL) // ESRCH: nobody is left
	}
	p.mu.Unlock()
	var ws syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &ws, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			e.Err = fmt.Errorf("the end of process %d was missed: %w", pid, err)
			return e
		}
		break
	}
	if ws.Signaled() {
		e.Signal = int(ws.Signal())
	} else {
		e.Code = ws.ExitStatus()
	}
	return e
}

// expire asks a program that took too long to end, and a little later ends it.
func (p *procs) expire(x *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if x.pid == 0 {
		return
	}
	x.expired = true
	_ = syscall.Kill(-x.pid, syscall.SIGTERM)
	time.AfterFunc(p.grace, func() { p.end(x) })
}

// end ends a program and its group.
func (p *procs) end(x *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x.killed = true
	switch {
	case x.cancel != nil:
		x.cancel()
	case x.pid != 0:
		_ = syscall.Kill(-x.pid, syscall.SIGKILL)
	}
}

func (p *procs) kill(tag host.Tag) {
	p.mu.Lock()
	x := p.run[tag]
	p.mu.Unlock()
	if x != nil {
		p.end(x)
	}
}
