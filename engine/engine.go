// Package engine is one whole node as one step machine: it feeds the deciders
// (ring, quorum, replica, control, lrm, fence, attr), carries what they say to
// each other, and hands what must touch the machine to the loop that drives it.
// It has no clock, socket, file or random source of its own.
package engine

import (
	"fmt"
	"slices"
	"time"

	"mainstay/agent"
	"mainstay/attr"
	"mainstay/cib"
	"mainstay/conf"
	"mainstay/control"
	"mainstay/fence"
	"mainstay/group"
	"mainstay/lrm"
	"mainstay/member"
	"mainstay/quorum"
	"mainstay/replica"
	"mainstay/ring"
)

// Config is what a node knows when its daemon starts.
type Config struct {
	Self    member.NodeID
	Conf    *conf.Config
	Saved   *cib.Elem // the CIB found on disk
	RingSeq uint64    // the ring sequence found on disk
	Quorum  quorum.Saved
	MTU     int // largest packet that the links carry, 0: the ring's default
	// Incarnation tells this start of the daemon from all earlier ones; it grows.
	Incarnation uint64
	History     int    // number of the last transition found on disk
	UUID        string // of this run of the daemon
	Version     string // of the software
	Features    int    // message version to speak at most, 0: the newest (replica.Features)
	Boot        string // names this boot of the machine, "" if that is not known
	SameBoot    bool   // another daemon ran before in this boot of the machine
	Parallel    int    // operations at once on this node
	Watchdog    bool   // this machine has one
	// Abandoned says that an earlier daemon of this boot fed the watchdog while others
	// might have taken over what ran here, and ended; AbandonedSince when, at the latest.
	Abandoned      bool
	AbandonedSince time.Duration
	Forgetful      bool    // past transitions are not written to disk, and only the last few kept
	Shared         *Shared // with other engines of this process, nil: nothing
	Rand           func() uint64
	// Elapsed measures how long planning takes; no decision depends on it.
	Elapsed func() time.Duration
}

// Time is an instant on both clocks of the node.
type Time struct {
	Mono time.Duration
	Wall time.Time
}

// Input is what happens to a node.
type Input interface{ input() }

// The inputs.
type (
	// Tick says that the time of Wake has come.
	Tick struct{}
	// Packet is an authenticated packet from a peer.
	Packet struct {
		From member.NodeID
		Data []byte
	}
	// Silence says that every link to a node was silent for the token timeout. Heard:
	// it is this node that is not heard there.
	Silence struct {
		Node  member.NodeID
		Heard bool
	}
	// Heard ends a silence.
	Heard struct{ Node member.NodeID }
	// Unreachable says that a node's host answers that nobody listens there.
	Unreachable struct{ Node member.NodeID }
	// Paused says that this process did not run for a while.
	Paused struct{ For time.Duration }
	// Done ends a Run.
	Done struct {
		Tag    uint64
		Result agent.Result
	}
	// Written ends a Write.
	Written struct {
		Tag uint64
		Err error
	}
	// Request is a client's wish; Reply{ID} answers it.
	Request struct {
		ID   uint64
		Body any // one of the request types
	}
	// Shutdown asks the node to stop what it runs and to leave.
	Shutdown struct{}
	// Trouble reports something that operators should see in the status.
	Trouble struct{ Alarm Alarm }
	// Jumped says that somebody set the wall clock.
	Jumped struct{}
	// DeviceVote is what the quorum device says to this node.
	DeviceVote struct{ Device quorum.Device }
	// Multicast asks for a program's message to be delivered to all members in the
	// agreed order. Payload is kept until it is sent.
	Multicast struct{ Payload []byte }
	// Configure replaces the configuration at run time.
	Configure struct{ Conf *conf.Config }
	// Group is what an installed Corosync reports of the process group.
	Group struct{ In group.Input }
	// Votes is a count of the votes by an installed Corosync.
	Votes struct{ State quorum.State }
	// Calm ends a Trouble of this kind.
	Calm struct{ Kind string }
	// LinkState is the state of a link to a peer, for status displays.
	LinkState struct {
		Node member.NodeID
		Link int
		Up   bool
		RTT  time.Duration // smoothed; 0 if not known
		Loss float64       // share of packets lost on the way to Node, 0 to 1
		MTU  int           // bytes of the largest payload that arrives; 0 if not known
	}
)

func (Tick) input()        {}
func (Packet) input()      {}
func (Silence) input()     {}
func (Heard) input()       {}
func (Unreachable) input() {}
func (Paused) input()      {}
func (Done) input()        {}
func (Written) input()     {}
func (Request) input()     {}
func (Shutdown) input()    {}
func (Jumped) input()      {}
func (Trouble) input()     {}
func (LinkState) input()   {}
func (Multicast) input()   {}
func (Group) input()       {}
func (Votes) input()       {}
func (Calm) input()        {}
func (Configure) input()   {}
func (DeviceVote) input()  {}

// Effect is what the node wants of its machine.
type Effect interface{ effect() }

// The effects.
type (
	// Send sends a packet to a peer, or to all (To 0).
	Send struct {
		To   member.NodeID
		Data []byte
	}
	// PutOut asks for Corosync to be ended on a node whose daemon is stuck.
	PutOut struct{ Node member.NodeID }
	// Run runs an agent.
	Run struct {
		Tag  uint64
		Call agent.Call
	}
	// Kill ends a Run.
	Kill struct{ Tag uint64 }
	// Write replaces a file on stable storage; Written answers if Tag is not 0. One
	// that is Derived from others may get there later, and holds none of them up.
	Write struct {
		Tag     uint64
		Name    string
		Data    []byte
		Derived bool
	}
	// Reply answers a Request.
	Reply struct {
		ID   uint64
		Err  error
		Body any
	}
	// Log is a line for the log.
	Log struct {
		Level Level
		Msg   string
		Args  []any
	}
	// NewConfig says that the cluster agreed on another configuration file.
	NewConfig struct{ Text string }
	// NewKey gives the node a new cluster key beside the present one; if Key is
	// empty the one before the present is no longer good.
	NewKey struct{ Key []byte }
	// Standing tells the quorum device's client where the node stands.
	Standing struct {
		View  member.View
		Votes quorum.State
	}
	// Message is a program's message in the agreed order. Payload must not be
	// written to.
	Message struct {
		From    member.NodeID
		Payload []byte
	}
	// Panic asks for this machine to be stopped at once.
	Panic struct {
		Reason string
		Reboot bool
	}
	// Exit says that the node has left and the daemon should end; Clean, that nothing
	// runs here any more.
	Exit struct {
		Reason string
		Clean  bool
	}
)

func (Send) effect()      {}
func (PutOut) effect()    {}
func (Run) effect()       {}
func (Kill) effect()      {}
func (Write) effect()     {}
func (Reply) effect()     {}
func (Log) effect()       {}
func (NewConfig) effect() {}
func (NewKey) effect()    {}
func (Standing) effect()  {}
func (Message) effect()   {}
func (Panic) effect()     {}
func (Exit) effect()      {}

// Level is the weight of a Log; its values are those of log/slog.
type Level int

// The levels.
const (
	Debug   Level = -4
	Info    Level = 0
	Warning Level = 4
	Error   Level = 8
)

// Engine is the machine.
type Engine struct {
	cfg     Config
	name    string
	ring    provider
	group   *closedGroup // nil with the built-in ring
	quorum  *quorum.Machine
	replica *replica.Replica
	control *control.Control
	lrm     *lrm.Machine
	fence   *fence.Machine
	// registered is what the present setup of fence knows of registrations by hand.
	registered *cib.Elem
	attr       *attr.Machine

	now       Time
	out       []Effect // of this step; the memory is used again, as is that of ringOut
	ringOut   []ring.Effect
	view      member.View
	votes     quorum.State
	batch     replica.Update // status changes that wait for the end of the step
	clients   map[uint64]uint64
	reads     map[uint64]bool          // which of them ask for the CIB
	fencing   map[string]uint64        // fencing request → client's request
	unfencing map[string]control.Fence // unfencing that this node asked for as the coordinator, by request
	held      []fence.Request          // asked for before the view was synced
	asked     map[string]uint64        // node → ring in which its fencing was asked for last
	nextID    uint64
	audible   map[member.NodeID]bool // peers whose links are not silent
	ringSeq   ringSeq
	rewrite   time.Duration // when to try a failed write again, 0: none failed
	leaving   leaving
	lifeline  lifeline
	alarms    alarms
	links     links
	history   history
	events    []Event
	dirty     bool
}

// New makes a node that has not spoken to anybody yet.
func New(cfg Config, now Time) (*Engine, error) {
	self, ok := cfg.Conf.Node(cfg.Self)
	if !ok {
		return nil, fmt.Errorf("node %s is not in the nodelist", cfg.Self)
	}
	e := &Engine{cfg: cfg, name: self.Name, now: now,
		clients: map[uint64]uint64{}, reads: map[uint64]bool{}, audible: map[member.NodeID]bool{}, fencing: map[string]uint64{}, unfencing: map[string]control.Fence{}, asked: map[string]uint64{}, links: newLinks(cfg.Conf, cfg.Self)}
	e.history.number = cfg.History
	e.lifeline = newLifeline(cfg)
	var err error
	if err = e.newProvider(); err != nil {
		return nil, err
	}
	e.quorum = quorum.New(quorumConfig(cfg))
	e.replica = replica.New(replica.Config{Self: cfg.Self, Name: self.Name, Names: names(cfg.Conf),
		ClusterName: cfg.Conf.Totem.ClusterName, Version: cfg.Version, SameBoot: cfg.SameBoot, Features: cfg.Features, Shared: cfg.Shared.ofReplicas()}, cfg.Saved, now.Mono)
	e.control = control.New(control.Config{Self: cfg.Self, Name: self.Name, Nodes: len(cfg.Conf.Nodes), UUID: cfg.UUID,
		FirstNumber: cfg.History}, cfg.Elapsed)
	e.lrm = lrm.New(lrm.Config{NodeID: cfg.Self.String(), NodeName: self.Name, Parallel: cfg.Parallel, FeatureSet: replica.FeatureSet})
	e.fence = fence.New(fence.Config{Self: cfg.Self, Rand: cfg.Rand})
	e.attr = attr.New(attr.Config{Self: self.Name, Present: e.present})
	return e, nil
}

// Name is this node's name.
func (e *Engine) Name() string { return e.name }

// Wake is the earliest time at which a Tick is wanted, 0 if none.
func (e *Engine) Wake() time.Duration {
	var w time.Duration
	for _, t := range []time.Duration{e.ring.Wake(), e.quorum.Wake(), e.control.Wake(), e.lrm.Wake(),
		e.fence.Wake(), e.attr.Wake(), e.leaving.wake, e.rewrite} {
		if t != 0 && (w == 0 || t < w) {
			w = t
		}
	}
	return w
}

// Step feeds one input and returns what must be done, in this order.
func (e *Engine) Step(now Time, in Input) []Effect {
	e.now, e.out = now, e.out[:0]
	switch in := in.(type) {
	case Tick:
		e.tick()
	case Packet:
		e.ringIn(ring.Packet{From: in.From, Data: in.Data})
	case Silence:
		if !in.Heard { // else it was this node that was gone, for all it knows
			e.deaf(in.Node)
		}
		e.ringIn(ring.Silence{Node: in.Node})
	case Heard:
		e.audible[in.Node] = true
		e.ringIn(ring.Heard{Node: in.Node})
	case Unreachable:
		e.deaf(in.Node)
		e.ringIn(ring.Unreachable{Node: in.Node})
	case Paused:
		e.note(Warning, "this process did not run for a while", "paused_ms", in.For.Milliseconds())
		e.ringIn(ring.Paused{For: in.For})
	case Done:
		e.done(in)
	case Written:
		e.written(in)
	case Request:
		e.request(in)
	case Shutdown:
		e.shutdown()
	case Trouble:
		e.alarms.raise(in.Alarm, now.Wall)
		e.dirty = true
	case Jumped:
		e.controlIn(control.Jumped{})
	case Multicast:
		e.ringIn(ring.Submit{Payload: append([]byte{programs}, in.Payload...)})
	case Configure:
		e.configure(in.Conf)
	case DeviceVote:
		e.quorumIn(in.Device)
	case Calm:
		e.alarms.clear(in.Kind)
		e.dirty = true
	case Group:
		e.groupIn(in.In)
	case Votes:
		e.voted(in.State)
	case LinkState:
		e.linkState(in)
	default:
		panic(fmt.Sprintf("engine: unknown input %T", in))
	}
	e.settle()
	e.watchSelf()
	out := slices.Clone(e.out)
	clear(e.out)
	return out
}

func (e *Engine) tick() {
	e.ringIn(ring.Tick{})
	e.quorumIn(quorum.Tick{})
	e.controlIn(control.Tick{})
	e.lrmIn(lrm.Tick{Wall: e.wall()})
	e.fenceIn(fence.Tick{Wall: e.wall()})
	e.attrIn(attr.Tick{})
	e.leaveTick()
	if e.rewrite != 0 && e.now.Mono >= e.rewrite {
		e.rewrite = 0
		e.replicaOut(e.replica.Retry())
		if e.ringSeq.unsaved {
			e.keepSeq()
		}
	}
}

func (e *Engine) wall() int64 { return e.now.Wall.Unix() }

func (e *Engine) emit(x Effect) { e.out = append(e.out, x) }

func (e *Engine) note(level Level, msg string, args ...any) {
	e.emit(Log{level, msg, args})
}

// multicast hands a message to the ring.
func (e *Engine) multicast(m message) { e.ringIn(ring.Submit{Payload: e.cfg.Shared.encode(m)}) }
