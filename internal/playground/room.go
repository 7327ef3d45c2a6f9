package playground

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Room is the machine room: nodes, networks, power switch. It belongs to the
// process that made it and ends with it. Methods may be called from any goroutine.
type Room struct {
	opts     Options
	base     base
	lock     *os.File
	hub      *hub
	machines []*machine
	started  time.Time

	mu     sync.Mutex
	faults faults
	closed bool
	over   chan struct{} // closed when somebody asked the room to end
	asked  bool          // over is closed
	ends   []net.Listener
	work   sync.WaitGroup // connections being served
	record sync.Mutex     // state.json
}

// faults are what goes wrong with the fence agent, for tests.
type faults struct {
	Fail  int           // so many of the next requests fail
	Delay time.Duration // each request takes so much longer
}

// Open makes the machine room with all machines still off. What an earlier room
// left behind in the same directory is removed first.
func Open(o Options) (*Room, error) {
	o, err := o.defaults()
	if err != nil {
		return nil, err
	}
	b, err := chooseBase(o.Dir)
	if err != nil {
		return nil, err
	}
	lock, err := b.lock()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.dir, err)
	}
	r := &Room{opts: o, base: b, lock: lock, started: time.Now(), over: make(chan struct{})}
	if err := r.furnish(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// furnish makes everything but the nodes' namespaces.
func (r *Room) furnish() error {
	left, err := r.base.clear()
	if err != nil {
		return fmt.Errorf("remove what an earlier playground left: %w", err)
	}
	if left {
		r.step("cleared", "what an earlier playground left in %s", r.base.dir)
	}
	for _, d := range []string{"room", "san", "bin"} {
		if err := os.MkdirAll(r.base.path(d), 0o755); err != nil {
			return err
		}
	}
	if err := copyProgram(r.opts.Binary, r.base.path("bin", "mainstay")); err != nil {
		return fmt.Errorf("the nodes' program: %w", err)
	}
	if r.hub, err = newHub(); err != nil {
		return err
	}
	if err := r.rack(); err != nil {
		return err
	}
	if err := r.save(); err != nil {
		return err
	}
	if err := r.listen(r.base.path("room", switchSocket), 0o666, r.serveSwitch); err != nil {
		return err
	}
	if err := r.listen(r.base.path("room.sock"), 0o600, r.serve); err != nil {
		return err
	}
	for _, n := range Networks() {
		r.step("network", "link %d: %s %s", n.Link, n.Nic, n.Prefix)
	}
	return nil
}

// rack makes the machines.
func (r *Room) rack() error {
	lower, err := machineLayers()
	if err != nil {
		return err
	}
	key := make([]byte, 192)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	for i := 1; i <= r.opts.Nodes; i++ {
		files, err := nodeFiles(r.opts, i, base64.StdEncoding.EncodeToString(key))
		if err != nil {
			return err
		}
		name := nodeName(i)
		p := plan{Name: name, Dir: r.base.path(name), Layers: lower, Files: files, Payload: r.opts.Payload,
			Binds: []bind{
				{r.base.path("bin", "mainstay"), programPath, true},
				{r.base.path("room"), switchDir, false},
				{r.base.path("san"), sharedDir, false},
			}}
		if r.opts.Engine == engineCorosync && r.opts.Payload[0] == programPath {
			p.Beside = append(p.Beside, []string{corosyncPath, "-f"})
		}
		if r.opts.Payload[0] == programPath {
			p.Install = [][]string{{"/bin/sh", "-c", installTools(r.opts.Engine)}}
		}
		if r.opts.Systemd {
			p.addSystemd()
		}
		r.machines = append(r.machines, &machine{number: i, name: name, plan: p, hub: r.hub,
			group: newGroup(groupName(r.base.dir, name))})
	}
	return nil
}

// installTools links the names of Pacemaker's tools to the program, also where the
// machine has the real ones: a node runs one cluster manager. An installed Corosync
// keeps its own.
func installTools(engine string) string {
	keep := ""
	if engine == engineCorosync {
		keep = `rm -f "$dir"/corosync-* && `
	}
	return `dir=$(mktemp -d) && ` + programPath + ` install-tools --program ` + programPath + ` "$dir" && ` + keep +
		`cp -P --remove-destination "$dir"/* /usr/sbin/ && rm -r "$dir"`
}

// copyProgram copies a program file, so that a rebuild does not disturb the nodes.
func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// step tells the progress.
func (r *Room) step(what, format string, args ...any) {
	fmt.Fprintf(r.opts.Out, "%8.3f s  %-10s %s\n", time.Since(r.started).Seconds(), what, fmt.Sprintf(format, args...))
}

// save records what a later process needs to clear the room if this one crashes.
func (r *Room) save() error {
	r.record.Lock()
	defer r.record.Unlock()
	s := state{PID: os.Getpid(), Started: r.started, Hub: r.hub.ns.path(), Client: r.hub.client.path()}
	for _, m := range r.machines {
		h := m.health()
		s.Nodes = append(s.Nodes, m.name)
		if h.PID != 0 {
			s.Inits = append(s.Inits, processOf(h.PID))
		}
		if h.Group != "" {
			s.Cgroups = append(s.Cgroups, h.Group)
		}
	}
	return r.base.writeState(s)
}

// Nodes lists the nodes' names.
func (r *Room) Nodes() []string {
	var out []string
	for _, m := range r.machines {
		out = append(out, m.name)
	}
	return out
}

// Dir is the playground's directory.
func (r *Room) Dir() string { return r.base.dir }

func (r *Room) machine(name string) (*machine, error) {
	i := slices.IndexFunc(r.machines, func(m *machine) bool { return m.name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no node %q; the nodes are %v", name, r.Nodes())
	}
	return r.machines[i], nil
}

// each does something to several machines at once; no names means all.
func (r *Room) each(names []string, f func(*machine) error) error {
	if len(names) == 0 {
		names = r.Nodes()
	}
	var ms []*machine
	for _, n := range names {
		m, err := r.machine(n)
		if err != nil {
			return err
		}
		ms = append(ms, m)
	}
	errs := make([]error, len(ms))
	var wg sync.WaitGroup
	for i, m := range ms {
		wg.Go(func() { errs[i] = f(m) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// PowerOn boots nodes (none named: all) and returns when they run their payload.
func (r *Room) PowerOn(names ...string) error {
	return errors.Join(r.each(names, (*machine).powerOn), r.save())
}

// PowerOff pulls the plug of nodes (none named: all): their links and processes are
// gone when it returns, their /run with them; their disks stay. No fence agent can
// turn them on again, only PowerOn can.
func (r *Room) PowerOff(names ...string) error {
	return errors.Join(r.each(names, func(m *machine) error { return m.powerOff(true) }), r.save())
}

// Cut takes a link of a node down.
func (r *Room) Cut(node string, link int) error { return r.link(node, link, false) }

// Heal brings links up again: those of a node, or all if node is "".
func (r *Room) Heal(node string) error {
	names := []string{node}
	if node == "" {
		names = nil
	}
	return r.each(names, func(m *machine) error {
		var errs []error
		for _, n := range Networks() {
			errs = append(errs, m.link(n, true))
		}
		return errors.Join(errs...)
	})
}

func (r *Room) link(node string, link int, up bool) error {
	m, err := r.machine(node)
	if err != nil {
		return err
	}
	nets := Networks()
	if link < 0 || link >= len(nets) {
		return fmt.Errorf("there is no link %d; links are 0 (%s) and 1 (%s)", link, nets[0].Nic, nets[1].Nic)
	}
	return m.link(nets[link], up)
}

// Freeze stops every process of a node; its kernel still answers for its addresses.
func (r *Room) Freeze(node string) error {
	return r.each([]string{node}, func(m *machine) error { return m.freeze(true) })
}

// Thaw lets a frozen node go on.
func (r *Room) Thaw(node string) error {
	return r.each([]string{node}, func(m *machine) error { return m.freeze(false) })
}

// StopDaemon stops the payload of a node in good order, and keeps it stopped.
func (r *Room) StopDaemon(node string) error {
	return r.each([]string{node}, func(m *machine) error { return m.daemon(false) })
}

// StartDaemon starts the payload of a node again.
func (r *Room) StartDaemon(node string) error {
	return r.each([]string{node}, func(m *machine) error { return m.daemon(true) })
}

// FailFencing makes the next requests to the power switch fail, and each one take
// longer; it holds for fence agents, not for the room's own methods.
func (r *Room) FailFencing(next int, delay time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = faults{next, delay}
}

// leave asks whoever owns the room to Close it.
func (r *Room) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asked {
		r.asked = true
		close(r.over)
	}
}

// Over is closed when somebody asked for the end of the playground.
func (r *Room) Over() <-chan struct{} { return r.over }

// gone tells whether Close has begun.
func (r *Room) gone() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// Close turns everything off and removes every trace. It may be called twice.
func (r *Room) Close() error {
	r.mu.Lock()
	again := r.closed
	r.closed = true
	r.mu.Unlock()
	if again {
		return nil
	}
	for _, l := range r.ends {
		l.Close()
	}
	r.work.Wait()
	errs := []error{r.each(nil, func(m *machine) error { return m.powerOff(true) })}
	for _, m := range r.machines {
		removeGroup(m.group.dir)
	}
	if r.hub != nil {
		r.hub.close()
	}
	_, err := r.base.clear()
	errs = append(errs, err, r.base.remove())
	r.lock.Close()
	return errors.Join(errs...)
}

// listen serves connections to a Unix socket.
func (r *Room) listen(path string, mode os.FileMode, serve func(net.Conn)) error {
	os.Remove(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if err := os.Chmod(path, mode); err != nil {
		l.Close()
		return err
	}
	r.ends = append(r.ends, l)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			r.work.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	}()
	return nil
}
