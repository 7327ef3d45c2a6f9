package playground

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// word is what machine room and pid 1 say to each other, one JSON value a line.
type word struct {
	Op   string `json:"op"`             // to pid 1: plan, start, stop; from it: mounted, failed, stopped
	Plan *plan  `json:"plan,omitempty"` // with plan
	Err  string `json:"err,omitempty"`  // with failed
}

// roomFD is the descriptor of pid 1 that leads to the machine room. When the room
// ends it reads end of file, ends too, and the kernel ends the node.
const roomFD = 3

// initProcess is pid 1 of a node.
type initProcess struct {
	room *os.File

	mu      sync.Mutex
	payload service
	beside  []*service // run from boot on, whatever becomes of the payload
}

// service is a program that pid 1 keeps running.
type service struct {
	args    []string
	wanted  bool // it should run
	pid     int  // 0 if it does not run
	started time.Time
}

// crashLoop is how short a life of a service delays its next start by respawnDelay.
const (
	crashLoop    = time.Second
	respawnDelay = 500 * time.Millisecond
)

// runInit is the life of a node's pid 1; it returns when the machine room is gone.
func runInit() error {
	p := &initProcess{room: os.NewFile(roomFD, "room")}
	in := json.NewDecoder(p.room)
	var w word
	if err := in.Decode(&w); err != nil || w.Plan == nil {
		return fmt.Errorf("no plan from the machine room: %w", err)
	}
	p.payload.args = w.Plan.Payload
	for _, args := range w.Plan.Beside {
		p.beside = append(p.beside, &service{args: args, wanted: true})
	}
	if err := w.Plan.boot(); err != nil {
		p.say(word{Op: "failed", Err: err.Error()})
		return err
	}
	withstand(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE)
	dead := make(chan os.Signal, 1)
	signal.Notify(dead, syscall.SIGCHLD)
	go func() {
		for range dead {
			p.reap()
		}
	}()
	p.say(word{Op: "mounted"})
	p.mu.Lock()
	for _, s := range p.beside {
		p.spawn(s)
	}
	p.mu.Unlock()
	for {
		var w word
		if err := in.Decode(&w); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		p.obey(w.Op)
	}
}

// withstand makes this process survive signals without its children inheriting that,
// as they would if the signals were ignored.
func withstand(signals ...os.Signal) { signal.Notify(make(chan os.Signal, 1), signals...) }

// boot makes the node out of the namespaces that it was given.
func (p *plan) boot() error {
	if err := p.mountAll(); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(p.Name)); err != nil {
		return err
	}
	const marker = "/var/lib/playground-installed"
	if _, err := os.Stat(marker); err == nil {
		return nil
	}
	for _, f := range p.Files {
		if err := f.write(); err != nil {
			return err
		}
	}
	for _, args := range p.Install {
		c := exec.Command(args[0], args[1:]...)
		c.Env = nodeEnv()
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return file{Path: marker, Mode: 0o644}.write()
}

func (p *initProcess) say(w word) {
	// A room that no longer listens is noticed where it is read from.
	_ = json.NewEncoder(p.room).Encode(w)
}

func (p *initProcess) obey(op string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch op {
	case "start":
		if p.payload.wanted = true; p.payload.pid == 0 {
			p.spawn(&p.payload)
		}
	case "stop":
		if p.payload.wanted = false; p.payload.pid != 0 {
			unix.Kill(p.payload.pid, unix.SIGTERM)
			return
		}
		p.say(word{Op: "stopped"})
	}
}

// spawn starts a service; p.mu is held, so reap cannot see its end too early.
func (p *initProcess) spawn(s *service) {
	log, err := p.log()
	if err != nil {
		fmt.Fprintln(os.Stderr, "init:", err)
		return
	}
	defer log.Close()
	null, err := os.Open("/dev/null")
	if err != nil {
		fmt.Fprintln(os.Stderr, "init:", err)
		return
	}
	defer null.Close()
	s.started = time.Now()
	s.pid, err = syscall.ForkExec(s.args[0], s.args, &syscall.ProcAttr{
		Dir: "/", Env: nodeEnv(), Files: []uintptr{null.Fd(), log.Fd(), log.Fd()},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		s.pid = 0
		fmt.Fprintf(os.Stderr, "init: %s: %v\n", s.args[0], err)
		p.later(s)
	}
}

func (p *initProcess) log() (*os.File, error) {
	if err := os.MkdirAll("/var/log/mainstay", 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile("/var/log/mainstay/console.log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
}

// reap collects whatever died: services, and orphans of anybody.
func (p *initProcess) reap() {
	for {
		p.mu.Lock()
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, unix.WNOHANG, nil)
		for _, s := range append([]*service{&p.payload}, p.beside...) {
			if err == nil && pid > 0 && pid == s.pid {
				p.ended(s, ws)
			}
		}
		p.mu.Unlock()
		if err != nil && !errors.Is(err, unix.EINTR) || pid == 0 {
			return
		}
	}
}

// ended restarts a service at once, unless it was stopped on purpose or dies as
// soon as it is born. What runs beside waits always: a Corosync that is back before
// the links of the others to it have gone down may form rings with them for ever
// and end none.
func (p *initProcess) ended(s *service, ws unix.WaitStatus) {
	s.pid = 0
	fmt.Fprintf(os.Stderr, "%s init: %s ended, exit %d signal %d\n", time.Now().Format(time.RFC3339Nano), s.args[0], ws.ExitStatus(), ws.Signal())
	switch {
	case !s.wanted:
		p.say(word{Op: "stopped"})
	case s != &p.payload, time.Since(s.started) < crashLoop:
		p.later(s)
	default:
		p.spawn(s)
	}
}

// later tries again to start a service.
func (p *initProcess) later(s *service) {
	time.AfterFunc(respawnDelay, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if s.wanted && s.pid == 0 {
			p.spawn(s)
		}
	})
}

// nodeEnv is the environment of what runs in a node.
func nodeEnv() []string {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "USER=root", "LOGNAME=root"}
	if t := os.Getenv("TERM"); t != "" {
		env = append(env, "TERM="+t)
	}
	return env
}
