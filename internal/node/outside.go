package node

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mainstay/conf"
	"mainstay/engine"
	"mainstay/internal/corosync"
	"mainstay/internal/host"
	"mainstay/internal/web"
	"mainstay/internal/wire"
	"mainstay/member"
)

// Group is an installed Corosync as the loop sees it: views and agreed messages
// come in as injected engine.Group and engine.Votes, this is the way out. Nothing
// blocks.
type Group interface {
	// Multicast sends a message to all daemons, this one included.
	Multicast(data []byte)
	// PutOut has Corosync end on a node.
	PutOut(node member.NodeID, why string)
}

// send hands the engine's packet to the links, or its message to the group.
func (l *Loop) send(x engine.Send) {
	if l.group != nil {
		l.group.Multicast(x.Data)
		return
	}
	l.wireIn(wire.Outgoing{To: x.To, Data: x.Data})
}

// links is what is known of the links; nothing more than was published if they are
// Corosync's.
func (l *Loop) links() Links {
	if l.wire == nil {
		return Links{}
	}
	return Links{States: l.wire.Links(), Lag: l.wire.KeyLag()}
}

// outside is the connection to an installed Corosync; nil with the built-in ring.
type outside struct {
	*corosync.Provider
	file  string // configuration that this daemon reads
	reads string // the one that Corosync reads
}

// settings is what Corosync works with; injected into the loop.
type settings struct{ corosync.Settings }

// alarmKind is the kind of the alarms about Corosync.
const alarmKind = "corosync"

func newOutside(cfg Config, c *conf.Config, self conf.Node, h host.Host) *outside {
	if !engine.OnCorosync(c) {
		return nil
	}
	tell := func(x any) {
		switch x := x.(type) {
		case corosync.Group:
			h.Inject(engine.Group(x))
		case corosync.Votes:
			h.Inject(engine.Votes(x))
		case corosync.Link:
			h.Inject(engine.LinkState{Node: x.Node, Link: x.Link, Up: x.Up})
		case corosync.Settings:
			h.Inject(settings{x})
		case corosync.Trouble:
			if x.Text == "" {
				cfg.Log.Info("connected to Corosync", "event", "corosync")
				h.Inject(engine.Calm{Kind: alarmKind})
				return
			}
			cfg.Log.Error(x.Text, "event", "corosync")
			h.Inject(engine.Trouble{Alarm: engine.Alarm{Kind: alarmKind, Source: self.Name, Text: x.Text}})
		}
	}
	return &outside{corosync.New(corosync.Config{Self: self.ID, PID: uint32(os.Getpid()), Log: cfg.Log, Tell: tell}), cfg.ConfigFile, CorosyncConfig}
}

// group is the way out for the loop.
func (o *outside) group() Group {
	if o == nil {
		return nil
	}
	return o.Provider
}

func (o *outside) start() {
	if o != nil {
		o.Start()
	}
}

func (o *outside) stop() {
	if o != nil {
		o.Close()
	}
}

// reload has Corosync read a file that was changed.
func (o *outside) reload(log *slog.Logger) {
	if o == nil {
		return
	}
	if err := o.Reload(); err != nil {
		log.Error("corosync does not take over the changed configuration; run \"corosync-cfgtool -R\"", "error", err)
	}
}

// adopt takes over Corosync's node list and token.
func (l *Loop) adopt(s settings) {
	same := slices.EqualFunc(s.Nodes, l.setup.Conf.Nodes, func(a, b conf.Node) bool {
		return a.ID == b.ID && a.Name == b.Name && a.Votes == b.Votes && slices.Equal(a.Addrs, b.Addrs)
	})
	if same && s.Token == l.setup.Conf.Totem.Token {
		return
	}
	next := *l.setup.Conf
	next.Nodes, next.Totem.Token = s.Nodes, s.Token
	if _, listed := next.Node(l.setup.Self); !listed {
		l.log.Error("this node is not in Corosync's node list any more; it goes on with the one it has", "event", "corosync")
		return
	}
	l.log.Info("Corosync's node list and token are taken over", "event", "corosync", "nodes", len(s.Nodes), "token_ms", s.Token/time.Millisecond)
	l.Configure(&next)
	if l.Adopted != nil {
		l.Adopted(&next)
	}
}

// ownFile refuses to change a configuration file that Corosync does not read.
func (o *outside) ownFile() error {
	if o == nil {
		return nil
	}
	path, err := filepath.EvalSymlinks(o.file)
	if err == nil && path == o.reads {
		return nil
	}
	return &web.Problem{Kind: web.Invalid, Msg: "membership is Corosync's, and it does not read " + o.file,
		Remedy: "change " + o.reads + " on all nodes and run \"corosync-cfgtool -R\""}
}
