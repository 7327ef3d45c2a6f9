// Package playground makes whole cluster nodes on this machine. Each node is a set
// of namespaces (pid, mount, network, hostname, ipc, cgroup) over an overlay of the
// machine's own root file system: every installed package is there, every write is
// private and survives a power cut, /run does not. Two bridges in a network
// namespace of their own join the nodes. The machine room, one process, holds all
// of it: the power switch, the links, the freezer. When that process ends, for
// whatever reason, the kernel takes nodes, bridges and mounts away; only the nodes'
// disks stay, and the next start (or Down) removes them.
package playground

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"time"
)

// Limits of a playground.
const (
	MaxNodes     = 16
	DefaultNodes = 3
)

// Options say what kind of playground to make.
type Options struct {
	Dir     string        // where its files are; "" for $MAINSTAY_PLAYGROUND or the usual place
	Nodes   int           // 0: DefaultNodes
	Token   time.Duration // totem.token; 0: leave it to the default
	Binary  string        // the mainstay program for the nodes; "" is this very program
	Payload []string      // what each node runs; nil: mainstay run
	Config  string        // file to load (crm syntax or CIB XML); "" for none
	Text    []byte        // what to load if there is no Config; nil for nothing
	Out     io.Writer     `json:"-"` // progress, one line per step; nil: nowhere
	Plain   bool          // no services: no database, no proxy configuration
	Engine  string        // who does membership: "" or "ring", built in; "corosync", the installed one
	Systemd bool          // each node has a systemd of its own, which is up before the payload
}

// Engines, and where the installed one is.
const (
	engineRing     = "ring"
	engineCorosync = "corosync"
	corosyncPath   = "/usr/sbin/corosync"
)

// Network is one of the two networks that join the nodes; it is a link of the ring too.
type Network struct {
	Link   int    // number of the ring's link
	Nic    string // name of the interface inside of the nodes
	Prefix netip.Prefix
}

// Networks are those of Fuel's controllers: management, then public.
func Networks() [2]Network {
	return [2]Network{
		{0, "br-mgmt", netip.MustParsePrefix("10.107.2.0/24")},
		{1, "br-ex", netip.MustParsePrefix("172.18.94.0/24")},
	}
}

// firstHost is the last byte of node1's addresses less one; clientHost that of the
// client outside.
const (
	firstHost  = 10
	clientHost = 200
)

// address is the n-th address of a network.
func (n Network) address(host int) netip.Addr {
	a := n.Prefix.Addr().As4()
	a[3] = byte(host)
	return netip.AddrFrom4(a)
}

// Address is the address of a node (from 1) in the network.
func (n Network) Address(node int) netip.Addr { return n.address(firstHost + node) }

// MAC is the hardware address of a node's interface in the network.
func (n Network) MAC(node int) [6]byte {
	return [6]byte{0x02, 0x4d, 0x53, 0, byte(n.Link), byte(node)}
}

// nodeName is the name of the n-th node, from 1.
func nodeName(n int) string { return fmt.Sprintf("node%d", n) }

// Errors that callers may want to tell apart.
var (
	ErrNone    = errors.New("no playground is running; start one with: mainstay playground")
	ErrRunning = errors.New("a playground is running already; end it with: mainstay playground down")
)

// defaults fills in what was left open, and refuses what cannot be.
func (o Options) defaults() (Options, error) {
	if o.Nodes == 0 {
		o.Nodes = DefaultNodes
	}
	if o.Nodes < 1 || o.Nodes > MaxNodes {
		return o, fmt.Errorf("%d nodes: a playground has 1 to %d", o.Nodes, MaxNodes)
	}
	switch o.Engine {
	case "", engineRing:
		o.Engine = engineRing
	case engineCorosync:
		if _, err := os.Stat(corosyncPath); err != nil {
			return o, fmt.Errorf("engine corosync: Corosync is not installed (apt-get install corosync): %w", err)
		}
	default:
		return o, fmt.Errorf("engine %q: want %s or %s", o.Engine, engineRing, engineCorosync)
	}
	if _, err := os.Stat(systemdPath); o.Systemd && err != nil {
		return o, fmt.Errorf("systemd is not installed (apt-get install systemd dbus): %w", err)
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Binary == "" {
		exe, err := os.Executable()
		if err != nil {
			return o, fmt.Errorf("find this program's own file: %w", err)
		}
		o.Binary = exe
	}
	if o.Payload == nil {
		o.Payload = []string{"/usr/sbin/mainstay", "run"}
	}
	if o.Config != "" {
		path, err := filepath.Abs(o.Config)
		if err != nil {
			return o, fmt.Errorf("configuration %s: %w", o.Config, err)
		}
		if _, err := os.Stat(path); err != nil {
			return o, fmt.Errorf("configuration: %w", err)
		}
		o.Config = path
	}
	return o, nil
}
