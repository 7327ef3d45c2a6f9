package qdevice

import (
	"fmt"
	"slices"
	"time"

	"mainstay/member"
)

// ClientConfig is what a node's side needs to know.
type ClientConfig struct {
	Cluster        string // cluster_name
	Self           member.NodeID
	Nodes          []member.NodeID // configured
	Version        uint64          // config_version
	Algorithm      Algorithm
	TieBreaker     TieBreaker
	KeepActive     bool
	Heartbeat      time.Duration // the arbiter gives a node up after 1.5 times that; 0: DefaultHeartbeat
	ConnectTimeout time.Duration // 0: eight heartbeats
	TLS            TLS
	// Certificate says that there is one to show; without, TLS is not tried.
	Certificate bool
	Heuristics  CheckConfig
}

// CheckConfig says when a node's own checks run.
type CheckConfig struct {
	On       bool          // at all
	Interval time.Duration // between two; 0: only when something changed
}

// DefaultHeartbeat is the shortest that a corosync-qnetd accepts: a node that dies
// should not hold up the decision for long.
const DefaultHeartbeat = time.Second

// The arbiter forgets a node, and with it the vote that it gave it, when it has not
// heard from it for 1.5 heartbeats (corosync-qnetd(8), dpd_interval_coefficient).
// A vote is therefore good for 1.4 heartbeats from when the last message that was
// answered was sent: whoever gets the vote next has it later than that.
const (
	leaseShare = 14 // tenths of a heartbeat
	echoShare  = 4
	hangShare  = 30
)

// ClientState is where the client stands.
type ClientState int

// The states of a client.
const (
	Idle     ClientState = iota // no view yet
	Retrying                    // until the next attempt
	Dialing
	Greeting // preinit is sent
	Securing // TLS is being negotiated
	Joining  // init is sent
	Up
)

// String is the state's name.
func (s ClientState) String() string {
	return [...]string{"idle", "retrying", "dialing", "greeting", "securing", "joining", "up"}[s]
}

// ClientInput is what can happen to a client: one of the types below.
type ClientInput interface{ clientInput() }

// The inputs of a client.
type (
	// Tick says that the time of Wake has come.
	Tick struct{}
	// Connected says that the connection asked for by Dial stands.
	Connected struct{}
	// Secured says that TLS, asked for by Secure, stands.
	Secured struct{}
	// Data is what came over the connection.
	Data struct{ Bytes []byte }
	// Closed says that there is no connection (any more), and why.
	Closed struct{ Why string }
	// View is a new view of the ring.
	View struct{ View member.View }
	// Quorum is what the node concluded: it is told to the arbiter.
	Quorum struct {
		Quorate bool
		Nodes   []NodeInfo
	}
	// Checked is the result of the commands asked for by Check.
	Checked struct{ Passed bool }
	// Applied says that the Verdict of that number counts now.
	Applied struct{ Number uint64 }
	// Reconfigure replaces the configuration; the connection is made anew where it must.
	Reconfigure struct{ Config ClientConfig }
)

func (Tick) clientInput()        {}
func (Connected) clientInput()   {}
func (Secured) clientInput()     {}
func (Data) clientInput()        {}
func (Closed) clientInput()      {}
func (View) clientInput()        {}
func (Quorum) clientInput()      {}
func (Checked) clientInput()     {}
func (Applied) clientInput()     {}
func (Reconfigure) clientInput() {}

// ClientEffect is what a client wants done: one of the types below.
type ClientEffect interface{ clientEffect() }

// The effects of a client.
type (
	// Dial asks for a connection to the arbiter, within Timeout.
	Dial struct{ Timeout time.Duration }
	// Secure asks for TLS on the connection.
	Secure struct{}
	// Send asks for bytes to be sent.
	Send struct{ Bytes []byte }
	// Hangup asks for the connection to be closed; Closed need not follow.
	Hangup struct{}
	// Check asks for the node's own checks; changed if the membership changed.
	Check struct{ Changed bool }
	// Verdict is what the device says of a view. It must be Applied by its number.
	Verdict struct {
		Number uint64
		Vote   Vote // Ack, Nack, or NoVote while it is not decided
		Ring   member.RingID
		Until  time.Duration // it holds until then if nothing else is said; 0: the arbiter is not reached
	}
	// Note is for the log.
	Note struct {
		Warn bool
		Text string
	}
)

func (Dial) clientEffect()    {}
func (Secure) clientEffect()  {}
func (Send) clientEffect()    {}
func (Hangup) clientEffect()  {}
func (Check) clientEffect()   {}
func (Verdict) clientEffect() {}
func (Note) clientEffect()    {}

// Client is a node's side of the device. It is not safe for concurrent use.
type Client struct {
	cfg     ClientConfig
	now     time.Duration
	state   ClientState
	out     []ClientEffect
	stream  []byte
	plain   bool // TLS was not started on this connection
	view    member.View
	quorum  Quorum
	list    Message // quorum list sent last
	checks  Heuristics
	checkin bool // the checks are under way …
	again   bool // … and the membership changed since
	seq     uint32
	echo    uint32
	echoes  []time.Duration // when those not answered yet were sent, the oldest first
	retryAt time.Duration   // Retrying
	giveUp  time.Duration   // Dialing to Joining
	echoAt  time.Duration   // Up
	lease   time.Duration   // end of it; 0: none
	checkAt time.Duration
	said    Verdict
	confirm map[uint64]uint32 // number of a verdict → seq of the vote info that it answers
	failed  string            // why it could not be reached last, so that it is said once
}

// NewClient returns a client that waits for the first view.
func NewClient(cfg ClientConfig) *Client {
	return &Client{cfg: cfg.defaults(), confirm: map[uint64]uint32{}}
}

func (c ClientConfig) defaults() ClientConfig {
	if c.Heartbeat <= 0 {
		c.Heartbeat = DefaultHeartbeat
	}
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = 8 * c.Heartbeat
	}
	if c.TieBreaker.Mode == 0 {
		c.TieBreaker.Mode = Lowest
	}
	return c
}

// State tells where the client stands.
func (c *Client) State() ClientState { return c.state }

// Failure is why the arbiter cannot be reached at present; "" if it can.
func (c *Client) Failure() string { return c.failed }

// Wake is when a Tick is wanted; 0: never.
func (c *Client) Wake() time.Duration {
	var w time.Duration
	sooner := func(t time.Duration) {
		if t != 0 && (w == 0 || t < w) {
			w = t
		}
	}
	switch c.state {
	case Retrying:
		sooner(c.retryAt)
	case Dialing, Greeting, Securing, Joining:
		sooner(c.giveUp)
	case Up:
		sooner(c.echoAt)
		sooner(c.checkAt)
		if len(c.echoes) > 0 {
			sooner(c.echoes[0] + c.cfg.Heartbeat*hangShare/10)
		}
	}
	sooner(c.lease)
	return w
}

// Step takes one input at the given monotonic time. The returned slice is valid
// until the next Step.
func (c *Client) Step(now time.Duration, in ClientInput) []ClientEffect {
	c.now, c.out = max(c.now, now), c.out[:0]
	if c.lease != 0 && c.now >= c.lease {
		c.lease = 0
		c.say(c.said.Vote, 0)
	}
	switch in := in.(type) {
	case Tick:
		c.tick()
	case Connected:
		c.connected()
	case Secured:
		if c.state == Securing {
			c.join()
		}
	case Data:
		c.data(in.Bytes)
	case Closed:
		c.lost(in.Why)
	case View:
		c.newView(in.View)
	case Quorum:
		c.quorum = in
		c.sendQuorum()
	case Checked:
		c.checked(in.Passed)
	case Applied:
		c.applied(in.Number)
	case Reconfigure:
		c.reconfigure(in.Config)
	default:
		panic(fmt.Sprintf("qdevice: unknown input %T", in))
	}
	return c.out
}

func (c *Client) emit(e ClientEffect) { c.out = append(c.out, e) }

// tick does what is due.
func (c *Client) tick() {
	switch c.state {
	case Retrying:
		if c.now >= c.retryAt {
			c.dial()
		}
	case Dialing, Greeting, Securing, Joining:
		if c.now >= c.giveUp {
			c.hangup("no answer in " + c.cfg.ConnectTimeout.String())
		}
	case Up:
		c.tickUp()
	}
}

func (c *Client) tickUp() {
	if len(c.echoes) > 0 && c.now >= c.echoes[0]+c.cfg.Heartbeat*hangShare/10 {
		c.hangup("heartbeats are not answered")
		return
	}
	if c.now >= c.echoAt {
		c.echo++
		c.echoes = append(c.echoes, c.now)
		c.echoAt = c.now + c.cfg.Heartbeat*echoShare/10
		c.send(Message{Type: EchoRequest, Seq: c.echo}.With(OptSeq))
		c.askAgain()
	}
	if c.checkAt != 0 && c.now >= c.checkAt {
		c.checkAt = 0
		c.check(false)
	}
}

// askAgain asks for the vote once per heartbeat or so while it is refused: the
// peer's lms does not come back to a loser by itself when the winner is gone.
func (c *Client) askAgain() {
	if c.cfg.Algorithm == LMS && c.said.Vote == Nack && c.echo%3 == 0 {
		c.request(Message{Type: AskForVote})
	}
}

func (c *Client) dial() {
	c.state, c.stream, c.plain, c.seq = Dialing, nil, true, 0
	c.giveUp = c.now + c.cfg.ConnectTimeout
	c.emit(Dial{c.cfg.ConnectTimeout})
}

func (c *Client) connected() {
	if c.state != Dialing {
		c.emit(Hangup{})
		return
	}
	c.state = Greeting
	c.request(Message{Type: Preinit, Cluster: c.cfg.Cluster}.With(OptCluster))
}

// request sends a message with the next number.
func (c *Client) request(m Message) uint32 {
	c.seq++
	m.Seq = c.seq
	c.send(m.With(OptSeq))
	return c.seq
}

func (c *Client) send(m Message) { c.emit(Send{m.Append(nil)}) }

// hangup gives the connection up.
func (c *Client) hangup(why string) {
	c.lost(why) // the vote goes before the arbiter can notice
	c.emit(Hangup{})
}

// lost goes back to trying; a vote ends with the connection on which it was given.
func (c *Client) lost(why string) {
	if c.state == Idle || c.state == Retrying {
		return
	}
	c.state, c.lease, c.echoes, c.checkAt = Retrying, 0, nil, 0
	c.retryAt = c.now + c.cfg.Heartbeat
	clear(c.confirm)
	c.say(NoVote, 0)
	if why != c.failed {
		c.failed = why
		c.emit(Note{true, "the quorum device is not reached: " + why})
	}
}

// newView makes void what was decided for the previous one.
func (c *Client) newView(v member.View) {
	c.view = v
	switch c.state {
	case Idle:
		c.dial()
	case Up:
		c.say(NoVote, 0)
		c.check(true)
	}
}

// say tells what the device says; seq is the vote info that it answers, 0 for none.
func (c *Client) say(vote Vote, seq uint32) {
	v := Verdict{Number: c.said.Number, Vote: vote, Ring: c.view.Ring, Until: c.lease}
	if c.said == v && seq == 0 {
		return
	}
	v.Number++
	c.said = v
	if seq != 0 {
		c.confirm[v.Number] = seq
	}
	c.emit(v)
}

// applied answers the vote info whose verdict counts now.
func (c *Client) applied(number uint64) {
	seq, ok := c.confirm[number]
	delete(c.confirm, number)
	if ok && c.state == Up {
		c.send(Message{Type: VoteInfoReply, Seq: seq}.With(OptSeq))
	}
}

// check has the node's own checks run; without any the lists are sent at once.
func (c *Client) check(changed bool) {
	if !c.cfg.Heuristics.On {
		if changed {
			c.sendMembership()
		}
		return
	}
	if c.checkin {
		c.again = c.again || changed
		return
	}
	c.checkin, c.again = true, changed
	c.emit(Check{changed})
}

func (c *Client) checked(passed bool) {
	was := c.checks
	c.checks = Failed
	if passed {
		c.checks = Passed
	}
	changed := c.again
	c.checkin, c.again = false, false
	if c.state != Up {
		return
	}
	if i := c.cfg.Heuristics.Interval; i > 0 {
		c.checkAt = c.now + i
	}
	switch {
	case changed:
		c.sendMembership()
	case was != c.checks:
		c.request(Message{Type: HeuristicsChange, Heuristics: c.checks}.With(OptHeuristics))
	}
}

// reconfigure takes another configuration; if it is another arbiter or another way
// to decide, the connection is made anew.
func (c *Client) reconfigure(cfg ClientConfig) {
	was := c.cfg
	c.cfg = cfg.defaults()
	same := was
	same.Nodes, same.Version = c.cfg.Nodes, c.cfg.Version
	if !same.equal(c.cfg) && c.state != Idle && c.state != Retrying {
		c.hangup("its settings changed")
		c.retryAt = c.now
		return
	}
	if c.state == Up && !slices.Equal(was.Nodes, c.cfg.Nodes) {
		c.sendConfig(ChangedConfig)
	}
}

func (c ClientConfig) equal(o ClientConfig) bool {
	return c.Cluster == o.Cluster && c.Self == o.Self && slices.Equal(c.Nodes, o.Nodes) && c.Version == o.Version &&
		c.Algorithm == o.Algorithm && c.TieBreaker == o.TieBreaker && c.KeepActive == o.KeepActive && c.Heartbeat == o.Heartbeat &&
		c.ConnectTimeout == o.ConnectTimeout && c.TLS == o.TLS && c.Certificate == o.Certificate && c.Heuristics == o.Heuristics
}

// Vote is what the device said last of the present view.
func (c *Client) Vote() Vote { return c.said.Vote }
