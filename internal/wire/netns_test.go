package wire_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"mainstay/internal/host"
	"mainstay/internal/host/linux"
	"mainstay/internal/wire"
	"mainstay/member"
)

// The tests of this file run nodes in network namespaces of their own, joined by
// bridges in another one: copies of the test program in other roles.
const roleVariable = "MAINSTAY_TEST_ROLE"

func TestMain(m *testing.M) {
	roles := map[string]func() error{"": func() error { os.Exit(run(m)); return nil }, "node": nodeRole}
	for name, f := range scenarios() {
		roles[name] = f
	}
	if err := roles[os.Getenv(roleVariable)](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run runs the tests, more at once than there are processors: most of their time
// they wait.
func run(m *testing.M) int {
	flag.Parse()
	if err := flag.Set("test.parallel", "5"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// self is a copy of this program in another role and another network.
func self(role string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
	}
	return cmd
}

// TestNetwork runs each scenario in a network of its own.
func TestNetwork(t *testing.T) {
	for name := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := self(name).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// settings are a configuration that can be written.
type settings struct {
	wire.Config
	Rand *int `json:",omitempty"` // hides Config's, which cannot
}

// order is what a node is told: the first starts it.
type order struct {
	Config *settings
	Rate   time.Duration // send a payload to all so often; 0: as before
	Size   int           // of these payloads
	Report bool          // say what happened since the last report
	MTU    int           // set that of link 0
}

// report is what happened at a node.
type report struct {
	Heard, Lost []member.NodeID
	Alarms      map[string]int // kind and source
	Links       []wire.LinkState
	From        map[member.NodeID]*stream
}

// stream is what came from one node.
type stream struct {
	Count, Doubled int
	Longest        time.Duration // without anything
	Last           time.Duration
	Seen           map[uint64]bool `json:"-"`
}

// nodeRole is a node: orders on standard input, reports on standard output.
func nodeRole() error {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	var first order
	if err := in.Decode(&first); err != nil {
		return err
	}
	c := first.Config.Config
	var binds []string
	for _, p := range c.Peers {
		if p.ID == c.Self {
			binds = p.Addrs
		}
	}
	if err := plugIn(binds); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "node")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m, err := linux.New(linux.Config{StateDir: dir, Binds: binds, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	c.Rand = m.Uint64
	mux, err := wire.New(c)
	if err != nil {
		return err
	}
	go func() {
		for {
			var o order
			if in.Decode(&o) != nil {
				m.Inject(stop{})
				return
			}
			m.Inject(o)
		}
	}()
	n := &worker{m: m, mux: mux, size: 100}
	n.reset()
	return n.loop()
}

// plugIn sets up the interfaces link0, link1, … which the other side has put here.
func plugIn(binds []string) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	errs := []error{netlink.LinkSetUp(lo)}
	for i, b := range binds {
		l, err := netlink.LinkByName(fmt.Sprintf("link%d", i))
		if err != nil {
			return err
		}
		ip := b[:strings.LastIndex(b, ":")]
		bits := "/24"
		if strings.HasPrefix(ip, "[") {
			ip, bits = strings.Trim(ip, "[]"), "/64"
		}
		a, err := netlink.ParseAddr(ip + bits)
		if err != nil {
			return err
		}
		a.Flags = unix.IFA_F_NODAD
		errs = append(errs, netlink.AddrAdd(l, a), netlink.LinkSetUp(l))
	}
	return errors.Join(errs...)
}

// worker is a running node.
type worker struct {
	m    *linux.Machine
	mux  *wire.Mux
	rate time.Duration
	due  time.Duration
	size int
	seq  uint64
	rep  report
}

func (n *worker) reset() {
	old := n.rep.From
	n.rep = report{Alarms: map[string]int{}, From: map[member.NodeID]*stream{}}
	for id, s := range old {
		n.rep.From[id] = &stream{Last: n.m.Now(), Seen: s.Seen}
	}
}

func (n *worker) loop() error {
	n.step(wire.Tick{})
	for {
		wake := n.mux.Wake()
		if n.rate != 0 && (wake == 0 || n.due < wake) {
			wake = n.due
		}
		switch c := n.m.Next(wake).(type) {
		case host.Timeout:
			n.step(wire.Tick{})
		case host.Datagram:
			n.step(wire.Incoming{Link: c.Link, Addr: c.Addr, Data: c.Data})
		case host.Refused:
			n.step(wire.Refused{Link: c.Link, Addr: c.Addr})
		case host.TooBig:
			n.step(wire.TooBig{Link: c.Link, Addr: c.Addr, Size: c.Size})
		case host.LinkDown:
			n.step(wire.LinkDown{Link: c.Link, Down: c.Down})
		case order:
			if err := n.obey(c); err != nil {
				return err
			}
		case stop:
			return nil
		}
		if n.rate != 0 && n.m.Now() >= n.due {
			n.due = n.m.Now() + n.rate
			n.seq++
			n.step(wire.Outgoing{Data: append(binary.BigEndian.AppendUint64(nil, n.seq), make([]byte, n.size-8)...)})
		}
	}
}

func (n *worker) obey(o order) error {
	if o.Config != nil {
		n.step(wire.Reconfigure{Config: o.Config.Config})
	}
	if o.Rate != 0 {
		n.rate, n.due, n.size = o.Rate, n.m.Now(), o.Size
	}
	if o.MTU != 0 {
		l, err := netlink.LinkByName("link0")
		if err != nil {
			return err
		}
		return netlink.LinkSetMTU(l, o.MTU)
	}
	if !o.Report {
		return nil
	}
	// As the daemon does, where it may: what is measured is not how busy the
	// machine is with other things.
	_ = linux.Hasten(true, "")
	for _, s := range n.rep.From {
		s.Longest = max(s.Longest, n.m.Now()-s.Last)
	}
	n.rep.Links = n.mux.Links()
	err := json.NewEncoder(os.Stdout).Encode(n.rep)
	n.reset()
	return err
}

func (n *worker) step(in wire.Input) {
	for _, e := range n.mux.Step(n.m.Now(), in) {
		switch e := e.(type) {
		case wire.Transmit:
			n.m.Send(e.Link, e.Addr, e.Data)
		case wire.Received:
			n.received(e)
		case wire.Heard:
			n.rep.Heard = append(n.rep.Heard, e.Node)
		case wire.Silence:
			n.rep.Lost = append(n.rep.Lost, e.Node)
		case wire.Unreachable:
			n.rep.Lost = append(n.rep.Lost, e.Node)
		case wire.Alarm:
			n.rep.Alarms[string(e.Kind)+" "+e.Source] += e.Count
		}
	}
}

func (n *worker) received(e wire.Received) {
	now := n.m.Now()
	s := n.rep.From[e.From]
	if s == nil {
		s = &stream{Last: now, Seen: map[uint64]bool{}}
		n.rep.From[e.From] = s
	}
	seq := binary.BigEndian.Uint64(e.Data)
	if s.Seen[seq] {
		s.Doubled++
	}
	s.Seen[seq] = true
	s.Count++
	s.Longest, s.Last = max(s.Longest, now-s.Last), now
}

// network is the bridges and the nodes, as the scenario sees them.
type network struct {
	bridges []*netlink.Bridge
	nodes   []*box
	configs []wire.Config
}

// box is a node's process.
type box struct {
	cmd *exec.Cmd
	in  *json.Encoder
	pin io.Closer
	out *json.Decoder
}

// newNetwork makes nodes with links; format makes the address of a node on a link.
func newNetwork(nodes, links int, format string, change func(*wire.Config)) (*network, error) {
	w := &network{}
	for l := range links {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = fmt.Sprintf("br%d", l)
		b := &netlink.Bridge{LinkAttrs: attrs}
		if err := errors.Join(netlink.LinkAdd(b), netlink.LinkSetUp(b)); err != nil {
			return nil, err
		}
		w.bridges = append(w.bridges, b)
	}
	var peers []wire.Peer
	for i := range nodes {
		p := wire.Peer{ID: member.NodeID(i + 1)}
		for l := range links {
			p.Addrs = append(p.Addrs, fmt.Sprintf(format, l, i+1, 5405+l))
		}
		peers = append(peers, p)
	}
	for i := range nodes {
		c := wire.Config{Self: member.NodeID(i + 1), Cluster: "net", Peers: peers, Keys: [][]byte{[]byte("the key of all nodes of 32 bytes")}, Token: time.Second}
		if change != nil {
			change(&c)
		}
		w.configs = append(w.configs, c)
		if err := w.start(i); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func cable(node, link int) string { return fmt.Sprintf("n%dl%d", node+1, link) }

func (w *network) start(i int) error {
	cmd := self("node")
	cmd.SysProcAttr.Cloneflags &^= syscall.CLONE_NEWUSER
	cmd.SysProcAttr.UidMappings = nil
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	w.nodes = append(w.nodes, &box{cmd: cmd, in: json.NewEncoder(in), pin: in, out: json.NewDecoder(out)})
	for l, b := range w.bridges {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = cable(i, l)
		v := netlink.NewVeth(attrs)
		v.PeerName, v.PeerNamespace = fmt.Sprintf("link%d", l), netlink.NsPid(cmd.Process.Pid)
		if err := netlink.LinkAdd(v); err != nil {
			return fmt.Errorf("%s: %w", attrs.Name, err)
		}
		if err := errors.Join(netlink.LinkSetMaster(v, b), netlink.LinkSetUp(v)); err != nil {
			return err
		}
	}
	return w.nodes[i].in.Encode(order{Config: &settings{Config: w.configs[i]}})
}
