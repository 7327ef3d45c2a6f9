package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"strconv"
	"sync"
	"time"

	"mainstay/conf"
	"mainstay/engine"
	"mainstay/internal/device"
	"mainstay/internal/host"
	"mainstay/member"
	"mainstay/qdevice"
	"mainstay/quorum"
)

// certutilDir is where corosync-qdevice-net-certutil leaves certificates.
const certutilDir = "/etc/corosync/qdevice/net/nssdb"

// DeviceVote is what the quorum device says, injected into the loop; Counted is
// closed when it counts.
type DeviceVote struct {
	Device  quorum.Device
	Counted chan struct{}
}

// arbiter keeps the client of the quorum device that the configuration asks for.
type arbiter struct {
	config Config
	host   host.Host
	self   member.NodeID

	one    sync.Mutex // configure runs once at a time
	mu     sync.Mutex
	device *device.Device // nil: none is configured
	used   *conf.Config
	last   engine.Standing
}

// configure starts, restarts or ends the client, as the newest configuration wants
// it. It may take a second, so the loop has it run beside.
func (a *arbiter) configure(newest func() configFile) {
	a.one.Lock()
	defer a.one.Unlock()
	file := newest()
	c := file.conf
	if a.used != nil && sameDevice(a.used, c) {
		return
	}
	var next *device.Device
	a.swap(nil, c)
	if c.Quorum.Device != nil && !engine.OnCorosync(c) {
		next = device.Start(a.settings(file))
		a.swap(next, c)
	}
}

// swap puts another client in the place of the present one, which is ended.
func (a *arbiter) swap(d *device.Device, c *conf.Config) {
	a.mu.Lock()
	old := a.device
	a.device, a.used = d, c
	a.stand(a.last)
	a.mu.Unlock()
	if old != nil {
		old.Stop()
	}
}

// sameDevice tells whether two configurations need the same client.
func sameDevice(x, y *conf.Config) bool {
	return reflect.DeepEqual(x.Quorum.Device, y.Quorum.Device) && reflect.DeepEqual(ids(x), ids(y)) &&
		x.Heartbeat() == y.Heartbeat() && x.Totem.ClusterName == y.Totem.ClusterName
}

func ids(c *conf.Config) []member.NodeID {
	var out []member.NodeID
	for _, n := range c.Nodes {
		out = append(out, n.ID)
	}
	return out
}

// standing passes on where the node stands. It runs in the loop.
func (a *arbiter) standing(s engine.Standing) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = s
	a.stand(s)
}

func (a *arbiter) stand(s engine.Standing) {
	if a.device != nil {
		a.device.Stand(s.View, s.Votes, ids(a.used))
	}
}

// status tells how the device is; nil: none is configured.
func (a *arbiter) status() *device.Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.device == nil {
		return nil
	}
	s := a.device.Status()
	return &s
}

// stop ends the client when the loop has ended.
func (a *arbiter) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.device != nil {
		a.device.Stop()
	}
}

// settings are those of the configuration file.
func (a *arbiter) settings(file configFile) device.Config {
	c := file.conf
	d, net := c.Quorum.Device, c.Quorum.Device.Net
	out := device.Config{
		Host: net.Host, Port: net.Port, Network: map[int]string{4: "tcp4", 6: "tcp6"}[net.IPVersion],
		Now: a.host.Now, Vote: a.vote, Log: a.config.Log, TLS: identity(a.config, file),
		Client: qdevice.ClientConfig{Cluster: c.Totem.ClusterName, Self: a.self, Nodes: ids(c), Version: c.Totem.ConfigVersion,
			Algorithm: qdevice.FFSplit, TieBreaker: tieBreaker(net.TieBreaker), KeepActive: !net.ForgetActive,
			Heartbeat: c.Heartbeat(), ConnectTimeout: orElse(net.ConnectTimeout, 8*time.Second),
			TLS: map[string]qdevice.TLS{"off": qdevice.TLSOff, "on": qdevice.TLSOn, "required": qdevice.TLSRequired}[net.TLS]},
		Checks: device.Checks{Timeout: orElse(d.Heuristics.Timeout, 5*time.Second), SyncTimeout: orElse(d.Heuristics.SyncTimeout, 15*time.Second)},
	}
	if out.Network == "" {
		out.Network = "tcp"
	}
	if net.Algorithm == "lms" {
		out.Client.Algorithm = qdevice.LMS
	}
	for _, x := range d.Heuristics.Exec {
		words, err := device.Split(x.Command)
		if err != nil {
			a.config.Log.Warn("a check of this node is left out", "key", "quorum.device.heuristics.exec_"+x.Name, "error", err)
			continue
		}
		out.Checks.Commands = append(out.Checks.Commands, words)
	}
	if h := d.Heuristics; h.Mode != "off" && len(out.Checks.Commands) > 0 {
		out.Client.Heuristics.On = true
		if h.Mode == "on" {
			out.Client.Heuristics.Interval = orElse(h.Interval, 30*time.Second)
		}
	}
	return out
}

func orElse(d, def time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return def
}

func tieBreaker(s string) qdevice.TieBreaker {
	switch s {
	case "", "lowest":
		return qdevice.TieBreaker{Mode: qdevice.Lowest}
	case "highest":
		return qdevice.TieBreaker{Mode: qdevice.Highest}
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return qdevice.TieBreaker{Mode: qdevice.Lowest} // the configuration was checked before
	}
	return qdevice.TieBreaker{Mode: qdevice.Named, Node: member.NodeID(n)}
}

// vote has the loop count what the device says.
func (a *arbiter) vote(ctx context.Context, v quorum.Device) {
	counted := make(chan struct{})
	a.host.Inject(DeviceVote{v, counted})
	select {
	case <-counted:
	case <-ctx.Done():
	}
}

// identity finds the certificate for the arbiter: the cluster's own if the arbiter
// is a witness that the configuration names by its fingerprint, else a file beside
// the configuration or where the peer's tool leaves it. nil: there is none. It is
// read once, because opening the peer's file takes a good part of a second.
func identity(cfg Config, file configFile) func() (*tls.Config, error) {
	net := file.conf.Quorum.Device.Net
	if net.TLS == "off" {
		return nil
	}
	load := sync.OnceValues(func() (*device.Identity, error) {
		if net.Fingerprint == "" {
			return device.LoadIdentity(filepath.Join(filepath.Dir(cfg.ConfigFile), "qdevice"), certutilDir)
		}
		print, err := device.ParseFingerprint(net.Fingerprint)
		if err != nil {
			return nil, err
		}
		if file.newest() == nil {
			return nil, errors.New("a witness knows the cluster by its key, and this cluster has none (secauth: off)")
		}
		return device.ClusterIdentity(file.conf.Totem.ClusterName, file.newest(), print)
	})
	if _, err := load(); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		cfg.Log.Warn("the certificate for the quorum device cannot be used", "error", err)
	}
	return func() (*tls.Config, error) {
		id, err := load()
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		return id.TLS(), nil
	}
}
