// Package node is the loop that makes an engine run on a machine: it takes what
// the machine reports, feeds the links and the engine with it, and has the
// machine do what they want. The loop itself decides nothing; it runs unchanged
// on the real machine and on a simulated one.
package node

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"mainstay/agent"
	"mainstay/conf"
	"mainstay/engine"
	"mainstay/internal/host"
	"mainstay/internal/runner"
	"mainstay/internal/wire"
	"mainstay/member"
)

// Loop drives one node. All its methods are called from one goroutine.
type Loop struct {
	host   host.Host
	wire   *wire.Mux // nil on an installed Corosync
	group  Group     // nil with the built-in ring
	engine *engine.Engine
	runner *runner.Runner
	log    *slog.Logger
	token  time.Duration
	setup  Setup

	guard    guard
	starved  bool          // the watchdog is armed and not fed
	offset   time.Duration // of the wall clock to the monotonic one, to notice a jump
	deadline time.Duration // when Next was to return at the latest
	nextTag  host.Tag
	runs     map[host.Tag]run // agents under way
	tags     map[uint64]host.Tag
	writes   map[host.Tag]uint64
	calls    map[uint64]func(engine.Reply)
	nextCall uint64
	exit     string

	// Publish is called after a step that changed what displays show.
	Publish func(engine.State, []engine.Event)
	// Standing is called when the quorum device should know where the node stands.
	Standing func(engine.Standing)
	// Reconfigure is called when the cluster agreed on another configuration file.
	Reconfigure func(text string)
	// Adopted is called when settings of an installed Corosync took the place of the file's.
	Adopted func(*conf.Config)
	// Rekey is called when the cluster agreed on another key; see engine.NewKey.
	Rekey func(key []byte)
	// Deliver is called with the messages of programs, in the agreed order.
	Deliver func(from member.NodeID, payload []byte)
}

type run struct {
	tag  uint64
	call agent.Call
}

// Call asks the engine for something on behalf of a client. It is injected into
// the loop; Answer is called from the loop's goroutine and must not block.
type Call struct {
	Body   any
	Answer func(engine.Reply)
}

// Multicast asks for a program's message to be delivered to all members in the
// agreed order. It is injected into the loop.
type Multicast struct{ Payload []byte }

// Look asks what the links look like at this moment. It is injected into the
// loop; Answer is called from the loop's goroutine and must not block.
type Look struct {
	Answer func(Links)
}

// Links is what is known of the links; Lag lists the nodes that do not have the
// newest cluster key.
type Links struct {
	States []wire.LinkState
	Lag    []member.NodeID
}

// Stop asks the node to stop what it runs and to leave the cluster.
type Stop struct{}

// Run goes round until the node has left; it returns why.
func (l *Loop) Run() string {
	for l.exit == "" {
		l.Feed(l.host.Next(l.Wake()))
	}
	return l.exit
}

// Exited tells whether the node has left, and why.
func (l *Loop) Exited() (string, bool) { return l.exit, l.exit != "" }

// Wake is the time at which Feed wants a host.Timeout if nothing else happens
// before; 0 if it wants none.
func (l *Loop) Wake() time.Duration {
	w := l.engine.Wake()
	if l.wire != nil {
		if t := l.wire.Wake(); t != 0 && (w == 0 || t < w) {
			w = t
		}
	}
	if t := l.wakeWatchdog(); t != 0 && (w == 0 || t < w) {
		w = t
	}
	l.deadline = w
	return w
}

func (l *Loop) now() engine.Time { return engine.Time{Mono: l.host.Now(), Wall: l.host.Wall()} }

// Feed handles one completion.
func (l *Loop) Feed(c host.Completion) {
	l.noticePause()
	l.noticeJump()
	switch c := c.(type) {
	case host.Timeout:
	case host.Datagram:
		l.wireIn(wire.Incoming{Link: c.Link, Addr: c.Addr, Data: c.Data})
	case host.Refused:
		l.wireIn(wire.Refused{Link: c.Link, Addr: c.Addr})
	case host.TooBig:
		l.wireIn(wire.TooBig{Link: c.Link, Addr: c.Addr, Size: c.Size})
	case host.LinkDown:
		l.wireIn(wire.LinkDown{Link: c.Link, Down: c.Down})
	case host.Written:
		l.written(c)
	case host.Exited:
		l.exited(c)
	case Call:
		l.nextCall++
		l.calls[l.nextCall] = c.Answer
		l.engineIn(engine.Request{ID: l.nextCall, Body: c.Body})
	case Multicast:
		l.engineIn(engine.Multicast{Payload: c.Payload})
	case Look:
		c.Answer(l.links())
	case engine.Group, engine.Votes, engine.Calm, engine.Trouble, engine.LinkState:
		l.engineIn(c.(engine.Input))
	case settings:
		l.adopt(c)
	case DeviceVote:
		l.engineIn(engine.DeviceVote{Device: c.Device})
		close(c.Counted)
	case Stop:
		l.engineIn(engine.Shutdown{})
	default:
		panic(fmt.Sprintf("node: unknown completion %T", c))
	}
	l.tick()
	l.watchdog()
	l.publish()
}

// noticePause compares the clock with the time at which the loop wanted to be
// woken: a process that was stopped, or a machine that was paused, comes late.
func (l *Loop) noticePause() {
	if l.deadline == 0 {
		return
	}
	if late := l.host.Now() - l.deadline; late > l.token/2 {
		l.engineIn(engine.Paused{For: late})
	}
	l.deadline = 0
}

// jump is how far the wall clock may move against the monotonic one unnoticed.
const jump = 5 * time.Second

// noticeJump tells when somebody set the wall clock: no decision depends on it,
// but times in logs, failures that expire and rules on dates do.
func (l *Loop) noticeJump() {
	offset := time.Duration(l.host.Wall().UnixNano()) - l.host.Now()
	by := offset - l.offset
	if l.offset != 0 && (by > jump || by < -jump) {
		l.log.Warn("the wall clock jumped", "event", "alarm", "kind", "clock jump", "by_ms", by.Milliseconds())
		l.engineIn(engine.Trouble{Alarm: engine.Alarm{Kind: "clock jump", Source: l.setup.node(),
			Text: fmt.Sprintf("the wall clock moved by %v", by.Round(time.Millisecond)), Remedy: "check the time synchronisation"}})
		l.engineIn(engine.Jumped{})
	}
	l.offset = offset
}

func (l *Loop) tick() {
	now := l.host.Now()
	if l.wire != nil {
		if w := l.wire.Wake(); w != 0 && w <= now {
			l.wireIn(wire.Tick{})
		}
	}
	if w := l.engine.Wake(); w != 0 && w <= now {
		l.engineIn(engine.Tick{})
	}
}

// wireIn feeds the links, if they are ours.
func (l *Loop) wireIn(in wire.Input) {
	if l.wire == nil {
		return
	}
	for _, x := range l.wire.Step(l.host.Now(), in) {
		switch x := x.(type) {
		case wire.Transmit:
			l.host.Send(x.Link, x.Addr, x.Data)
		case wire.Received:
			l.engineIn(engine.Packet{From: x.From, Data: x.Data})
		case wire.Silence:
			l.engineIn(engine.Silence{Node: x.Node, Heard: x.Heard})
		case wire.Heard:
			l.engineIn(engine.Heard{Node: x.Node})
		case wire.Unreachable:
			l.engineIn(engine.Unreachable{Node: x.Node})
		case wire.LinkState:
			l.engineIn(engine.LinkState(x))
		case wire.Alarm:
			l.log.Warn("alarm", "event", "alarm", "kind", x.Kind, "source", x.Source, "count", x.Count)
			l.engineIn(engine.Trouble{Alarm: engine.Alarm{Kind: string(x.Kind), Source: x.Source, Text: x.Text, Count: x.Count}})
		default:
			panic(fmt.Sprintf("node: unknown effect %T of the links", x))
		}
	}
}

func (l *Loop) engineIn(in engine.Input) {
	for _, x := range l.engine.Step(l.now(), in) {
		switch x := x.(type) {
		case engine.Send:
			l.send(x)
		case engine.PutOut:
			l.group.PutOut(x.Node, "its daemon does not answer")
		case engine.Run:
			l.start(x)
		case engine.Kill:
			if t, ok := l.tags[x.Tag]; ok {
				l.host.Kill(t)
			}
		case engine.Write:
			l.write(x)
		case engine.Reply:
			if answer := l.calls[x.ID]; answer != nil {
				delete(l.calls, x.ID)
				answer(x)
			}
		case engine.Log:
			l.log.Log(context.Background(), slog.Level(x.Level), x.Msg, x.Args...)
		case engine.NewConfig:
			if l.Reconfigure != nil {
				l.Reconfigure(x.Text)
			}
		case engine.NewKey:
			if l.Rekey != nil {
				l.Rekey(x.Key)
			}
		case engine.Standing:
			if l.Standing != nil {
				l.Standing(x)
			}
		case engine.Message:
			if l.Deliver != nil {
				l.Deliver(x.From, x.Payload)
			}
		case engine.Panic:
			l.host.Panic(x.Reason, x.Reboot)
		case engine.Exit:
			l.wireIn(wire.Leave{})
			l.release(x.Clean)
			l.exit = x.Reason
		default:
			panic(fmt.Sprintf("node: unknown effect %T of the engine", x))
		}
	}
}

func (l *Loop) tag() host.Tag {
	l.nextTag++
	return l.nextTag
}

func (l *Loop) write(x engine.Write) {
	t := l.tag()
	if x.Tag != 0 {
		l.writes[t] = x.Tag
	}
	if x.Derived {
		l.host.Keep(t, x.Name, x.Data)
		return
	}
	l.host.Write(t, x.Name, x.Data)
}

func (l *Loop) written(c host.Written) {
	tag, ok := l.writes[c.Tag]
	delete(l.writes, c.Tag)
	switch {
	case ok:
		l.engineIn(engine.Written{Tag: tag, Err: c.Err})
	case c.Err != nil:
		l.log.Error("a file could not be written", "error", c.Err)
	}
}

// start runs an agent; what cannot be run ends at once.
func (l *Loop) start(x engine.Run) {
	cmd, err := l.runner.Command(x.Call)
	if err != nil {
		l.engineIn(engine.Done{Tag: x.Tag, Result: runner.Failed(err)})
		return
	}
	t := l.tag()
	l.runs[t] = run{x.Tag, x.Call}
	l.tags[x.Tag] = t
	l.host.Start(t, cmd)
}

func (l *Loop) exited(c host.Exited) {
	r, ok := l.runs[c.Tag]
	if !ok {
		panic(fmt.Sprintf("node: a command ended that was not started: tag %d", c.Tag))
	}
	delete(l.runs, c.Tag)
	delete(l.tags, r.tag)
	l.engineIn(engine.Done{Tag: r.tag, Result: l.runner.Result(r.call, c)})
}

// publish tells displays what changed.
func (l *Loop) publish() {
	if l.Publish == nil {
		return
	}
	if dirty, events := l.engine.Changed(); dirty {
		l.Publish(l.engine.State(), events)
	}
}
