package linux

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"mainstay/internal/host"
)

// procs runs commands, each in a process group of its own that outlives the daemon.
type procs struct {
	put func(host.Completion)
	mu  sync.Mutex
	run map[host.Tag]int // process group of what is running
}

func newProcs(put func(host.Completion)) *procs {
	return &procs{put: put, run: map[host.Tag]int{}}
}

func (p *procs) start(tag host.Tag, c host.Cmd) {
	if c.Unit != "" {
		go p.unit(tag, c)
		return
	}
	go p.command(tag, c)
}

// drainTime is how long the output of what a command left behind is waited for:
// a service that a start brought up may keep the pipe open for ever.
const drainTime = 100 * time.Millisecond

// graceTime is between asking a command that took too long to end and ending it.
const graceTime = 5 * time.Second

func (p *procs) command(tag host.Tag, c host.Cmd) {
	began := time.Now()
	out, errs := &tail{}, &tail{}
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env, cmd.Dir = c.Env, "/"
	cmd.Stdin = bytes.NewReader(c.Stdin)
	cmd.Stdout, cmd.Stderr = out, errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = drainTime
	x := host.Exited{Tag: tag, Code: -1}
	if err := cmd.Start(); err != nil {
		x.Err = err
		p.put(x)
		return
	}
	p.mu.Lock()
	p.run[tag] = cmd.Process.Pid
	p.mu.Unlock()
	var late *time.Timer
	expired := make(chan struct{})
	if c.Timeout > 0 {
		late = time.AfterFunc(c.Timeout, func() {
			close(expired)
			p.end(tag)
		})
	}
	err := cmd.Wait()
	p.mu.Lock()
	delete(p.run, tag)
	p.mu.Unlock()
	if late != nil && !late.Stop() {
		<-expired
		x.TimedOut = true
	}
	p.outcome(&x, cmd.ProcessState, err)
	x.Stdout, x.Stderr, x.Took = out.bytes(), errs.bytes(), time.Since(began)
	p.put(x)
}

// outcome reads how a process ended. That its output was still held open by a
// child is no failure.
func (p *procs) outcome(x *host.Exited, ps *os.ProcessState, err error) {
	var exit *exec.ExitError
	switch ws, ok := ps.Sys().(syscall.WaitStatus); {
	case ok && ws.Signaled():
		x.Signal = int(ws.Signal())
	case ok && ws.Exited():
		x.Code = ws.ExitStatus()
	case err != nil && !errors.As(err, &exit):
		x.Err = err
	}
}

// end asks a process group to end, and a little later ends it.
func (p *procs) end(tag host.Tag) {
	p.mu.Lock()
	pgid, ok := p.run[tag]
	p.mu.Unlock()
	if !ok {
		return
	}
	// ESRCH means that it has just ended by itself.
	_ = syscall.Kill(-pgid, syscall.SIGTERM)
	time.AfterFunc(graceTime, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.run[tag] == pgid {
			_ = syscall.Kill(-pgid, syscall.SIGKILL)
		}
	})
}

func (p *procs) kill(tag host.Tag) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pgid, ok := p.run[tag]; ok {
		_ = syscall.Kill(-pgid, syscall.SIGKILL)
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

// keepOutput is how many bytes of a command's output are kept.
const keepOutput = 64 << 10

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - keepOutput; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(b), nil
}

func (t *tail) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.buf)
}

// Panic implements host.Power: at once, without cleaning up. In a container whose
// first process is ours to end, ending it is the reset button.
func (m *Machine) Panic(reason string, reboot bool) {
	m.cfg.Log.Error("this machine is stopped at once", "reason", reason, "reboot", reboot)
	if os.Getenv("container") != "" {
		if err := syscall.Kill(1, syscall.SIGKILL); err == nil {
			return
		}
	}
	trigger := "o"
	if reboot {
		trigger = "b"
	}
	err := os.WriteFile("/proc/sysrq-trigger", []byte(trigger), 0)
	if err == nil {
		return
	}
	how := syscall.LINUX_REBOOT_CMD_POWER_OFF
	if reboot {
		how = syscall.LINUX_REBOOT_CMD_RESTART
	}
	if rerr := syscall.Reboot(how); rerr != nil {
		// Nothing else is left: at least this daemon must not act any more.
		fmt.Fprintln(os.Stderr, "the machine could not be stopped:", err, rerr)
		os.Exit(70)
	}
}
