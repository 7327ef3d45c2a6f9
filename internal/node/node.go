package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"mainstay/conf"
	"mainstay/engine"
	"mainstay/internal/corotools"
	"mainstay/internal/host"
	"mainstay/internal/host/linux"
	"mainstay/internal/tools"
	"mainstay/internal/web"
	"mainstay/member"
)

// Config says where a node daemon finds its things.
type Config struct {
	ConfigFile string // cluster.conf
	KeyFile    string // authkey; "" for the one beside ConfigFile
	StateDir   string // CIB and history
	RunDir     string // what a boot forgets
	Socket     string // of the API
	Group      string // that may use the socket, "" for root only
	Name       string // of this node; "" to find it by host name and addresses
	Version    string // of the software
	Log        *slog.Logger
	// Program, if not nil, is a program in this process that uses the cluster's
	// ordered messages.
	Program Program
}

// Program takes part in the cluster's ordered messages.
type Program interface {
	// Begin is called before the node runs. What is given to multicast reaches
	// Deliver on all members that have the program; it may be called from any
	// goroutine, and keeps the payload.
	Begin(self member.NodeID, multicast func(payload []byte))
	// Deliver takes a message in the agreed order. It is called from the loop's
	// goroutine and must neither block nor write to the payload.
	Deliver(from member.NodeID, payload []byte)
}

// Paths of an installed system.
const (
	DefaultConfig   = "/etc/mainstay/cluster.conf"
	CorosyncConfig  = "/etc/corosync/corosync.conf"
	DefaultStateDir = "/var/lib/mainstay"
	DefaultRunDir   = "/run/mainstay"
	DefaultSocket   = "/run/mainstay/api.sock"
	DefaultLog      = "/var/log/mainstay/mainstay.log"
)

// likeness begins the dc-version that the CIB tells: which Pacemaker's configuration and
// tools this is like. Other programs compare it by numbers, and crmsh breaks down where
// there are none.
const likeness = "2.1.5-mainstay-"

// Run is a node daemon: it returns when the node has left the cluster. When ctx
// ends, the node first stops or hands over what it runs.
func Run(ctx context.Context, cfg Config) error {
	file, err := load(cfg)
	if err != nil {
		return err
	}
	self, err := findSelf(file.conf, cfg.Name)
	if err != nil {
		return err
	}
	if err := prepare(cfg); err != nil {
		return err
	}
	own := binds(file.conf, self)
	if engine.OnCorosync(file.conf) {
		own = nil
	}
	jobs := filepath.Join(cfg.RunDir, "jobs")
	if n := linux.EndJobs(jobs, cfg.Log); n > 0 {
		cfg.Log.Warn("jobs of an earlier daemon were still in systemd's queue and are cancelled", "count", n)
	}
	m, err := linux.New(linux.Config{StateDir: cfg.StateDir, Binds: own, Log: cfg.Log,
		Jobs: jobs, Watchdog: file.conf.Watchdog.Device, WatchdogMark: filepath.Join(cfg.RunDir, "watchdog")})
	if err != nil {
		return err
	}
	defer m.Close()
	boot, sameBoot := bootOf(cfg.RunDir, m)
	mark := "MAINSTAY_SOCKET=" + cfg.Socket
	if n := linux.EndOrphans(mark); n > 0 {
		cfg.Log.Warn("agents of an earlier daemon were still running and are ended", "count", n)
	}
	outside := newOutside(cfg, file.conf, self, m)
	loop, err := NewLoop(Setup{Group: outside.group(),
		Self: self.ID, Conf: file.conf, Key: file.newest(), OldKeys: file.older(), Boot: boot, SameBoot: sameBoot, Version: likeness + cfg.Version,
		Parallel: 2 * runtime.NumCPU(), UUID: uuid(m), Log: cfg.Log, Host: m, ToolDir: linkTools(cfg, file.conf), Env: []string{mark}})
	if err != nil {
		return err
	}
	c := newCluster(m, cfg, file, self, loop)
	c.outside = outside
	if cfg.Program != nil {
		loop.Deliver = cfg.Program.Deliver
		cfg.Program.Begin(self.ID, func(payload []byte) { m.Inject(Multicast{payload}) })
	}
	listener, err := web.Listen(cfg.Socket, cfg.Group)
	if err != nil {
		loop.release(false)
		return err
	}
	server := web.New(web.Config{Cluster: c, Log: cfg.Log})
	defer server.Close()
	go func() {
		if err := server.Serve(listener); err != nil {
			cfg.Log.Error("the API ended", "error", err)
		}
	}()
	defer context.AfterFunc(ctx, func() { m.Inject(Stop{}) })()
	cfg.Log.Info("node starts", "event", "start", "node", self.Name, "id", self.ID, "cluster", file.conf.Totem.ClusterName,
		"links", own, "token_ms", file.conf.Totem.Token.Milliseconds(), "same_boot", sameBoot, "version", cfg.Version)
	life, end := context.WithCancel(context.Background())
	defer end()
	hasten(life, file.conf, cfg.Log)
	markBoot(cfg.RunDir, boot)
	outside.start()
	why := loop.Run()
	outside.stop()
	c.arbiter.stop()
	cfg.Log.Info("node ends", "event", "end", "why", why)
	return nil
}

// configFile is a configuration file that was read.
type configFile struct {
	path string
	text []byte
	conf *conf.Config
	keys [][]byte // the newest first; nil: not encrypted
}

// newest is the cluster key in use; nil if packets are not encrypted.
func (f configFile) newest() []byte {
	if len(f.keys) == 0 {
		return nil
	}
	return f.keys[0]
}

// older are the keys before it.
func (f configFile) older() [][]byte {
	if len(f.keys) == 0 {
		return nil
	}
	return f.keys[1:]
}

// load reads the configuration and the key.
func load(cfg Config) (configFile, error) {
	f := configFile{path: cfg.ConfigFile}
	var err error
	if f.text, err = os.ReadFile(cfg.ConfigFile); err != nil {
		return f, fmt.Errorf("configuration: %w; \"mainstay init\" makes one", err)
	}
	var problems []conf.Problem
	f.conf, problems = conf.Parse(f.text, cfg.ConfigFile)
	var errs []error
	for _, p := range problems {
		if p.Severity == conf.Error {
			errs = append(errs, errors.New(p.String()))
		} else {
			cfg.Log.Info("configuration", "problem", p.String())
		}
	}
	if len(errs) > 0 {
		return f, errors.Join(errs...)
	}
	if err := resolve(f.conf, nil, systemLookup()); err != nil {
		return f, fmt.Errorf("%s: %w", cfg.ConfigFile, err)
	}
	if engine.OnCorosync(f.conf) {
		return f, nil // the links, and their key, are Corosync's
	}
	if !f.conf.Totem.Encrypted {
		cfg.Log.Warn("packets are not encrypted, because the configuration says so", "key", "totem.secauth")
		return f, nil
	}
	f.keys, err = readKeys(cfg, f.conf)
	return f, err
}

// findSelf finds this machine in the nodelist: by name, or by an address that it has.
func findSelf(c *conf.Config, name string) (conf.Node, error) {
	host, err := os.Hostname()
	if err != nil {
		return conf.Node{}, err
	}
	for _, want := range []string{name, host} {
		if n, ok := c.ByName(want); ok && want != "" {
			return n, nil
		}
	}
	if name != "" {
		return conf.Node{}, fmt.Errorf("node %q is not in the nodelist", name)
	}
	have, err := net.InterfaceAddrs()
	if err != nil {
		return conf.Node{}, err
	}
	for _, n := range c.Nodes {
		for _, a := range n.Addrs {
			ip, err := netip.ParseAddr(a)
			if err == nil && slices.ContainsFunc(have, func(x net.Addr) bool { return ownAddr(x, ip) }) {
				return n, nil
			}
		}
	}
	return conf.Node{}, fmt.Errorf("this machine (%s) is not in the nodelist: neither its name nor one of its addresses stands there", host)
}

func ownAddr(x net.Addr, ip netip.Addr) bool {
	p, err := netip.ParsePrefix(x.String())
	return err == nil && p.Addr().Unmap() == ip.Unmap()
}

// prepare makes the directories that the daemon and its agents expect.
func prepare(cfg Config) error {
	for _, d := range []struct {
		path string
		mode fs.FileMode
	}{{cfg.StateDir, 0o750}, {cfg.RunDir, 0o755}, {"/run/resource-agents", 0o1755}} {
		if err := os.MkdirAll(d.path, d.mode); err != nil {
			return err
		}
	}
	return nil
}

// linkTools links the names of the tools that agents call to this program, in a
// directory of the daemon's own: on a machine that has Pacemaker's tools too,
// agents must reach those of the cluster that runs them.
func linkTools(cfg Config, c *conf.Config) string {
	dir := filepath.Join(cfg.RunDir, "tools")
	self, err := os.Executable()
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		more := slices.Sorted(maps.Keys(corotools.Tools()))
		if engine.OnCorosync(c) {
			more = nil // it has its own
		}
		err = tools.Install(dir, self, true, more...)
	}
	if err != nil {
		cfg.Log.Warn("agents use the tools that are installed, not this program's", "error", err)
		return ""
	}
	return dir
}

func uuid(r host.Rand) string {
	a, b := r.Uint64(), r.Uint64()
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

// NewKey makes a cluster key.
func NewKey() ([]byte, error) {
	key := make([]byte, 2*minKey)
	_, err := rand.Read(key)
	return key, err
}

// Monotonic reads the clock that measures how long planning takes.
func monotonic() func() time.Duration {
	return func() time.Duration {
		var ts unix.Timespec
		_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
		return time.Duration(ts.Nano())
	}
}
