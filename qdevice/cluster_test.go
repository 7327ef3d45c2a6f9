package qdevice

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	"mainstay/member"
	"mainstay/quorum"
)

// rig is a cluster with an arbiter, in virtual time: nodes that see each other or
// not, reach the arbiter or not, freeze and thaw; and an arbiter that is restarted.
type rig struct {
	t       *testing.T
	rng     *rand.Rand
	now     time.Duration
	nodes   []*rigNode
	arbiter *Arbiter
	kept    []Grant
	conns   map[Conn]*rigNode
	events  []event
	number  uint64
	seq     uint64
	nextID  Conn
	log     []string
}

type event struct {
	at    time.Duration
	order uint64
	do    func()
}

type rigNode struct {
	id      member.NodeID
	client  *Client
	votes   *quorum.Machine
	view    member.View
	conn    Conn
	reaches bool // the arbiter
	frozen  []func()
	asleep  bool
	part    int
	sick    bool          // its own checks fail
	lag     time.Duration // to and from the arbiter; always the same, so that messages stay in order
}

func newRig(t *testing.T, seed int64, n int, algo Algorithm, keep bool) *rig {
	r := &rig{t: t, rng: rand.New(rand.NewSource(seed)), now: time.Second, conns: map[Conn]*rigNode{}}
	r.arbiter = NewArbiter(ArbiterConfig{}, r.now)
	var ids []member.NodeID
	cfg := quorum.Config{Device: true, DeviceVotes: 1}
	if algo == LMS {
		cfg.DeviceVotes = n - 1
	}
	for i := range n {
		ids = append(ids, member.NodeID(i+1))
		cfg.Nodes = append(cfg.Nodes, quorum.Node{ID: member.NodeID(i + 1), Votes: 1})
	}
	for _, id := range ids {
		c := cfg
		c.Self = id
		r.nodes = append(r.nodes, &rigNode{id: id, reaches: true, lag: time.Duration(1+r.rng.Intn(60)) * time.Millisecond, votes: quorum.New(c), client: NewClient(ClientConfig{
			Cluster: "c", Self: id, Nodes: ids, Algorithm: algo, KeepActive: keep,
			Heuristics: CheckConfig{On: true, Interval: 500 * time.Millisecond}})})
	}
	r.partition(make([]int, n))
	return r
}

// after has something done later, in order of time.
func (r *rig) after(d time.Duration, do func()) {
	r.number++
	r.events = append(r.events, event{r.now + d, r.number, do})
}

// run lets time pass.
func (r *rig) run(d time.Duration) {
	end := r.now + d
	for {
		next := end
		for _, n := range r.nodes {
			for _, w := range []time.Duration{n.client.Wake(), n.votes.Wake()} {
				if w != 0 && !n.asleep {
					next = min(next, max(w, r.now))
				}
			}
		}
		if w := r.arbiter.Wake(); w != 0 {
			next = min(next, max(w, r.now))
		}
		slices.SortFunc(r.events, func(a, b event) int {
			if a.at != b.at {
				return int(a.at - b.at)
			}
			return int(a.order) - int(b.order)
		})
		if len(r.events) > 0 && r.events[0].at <= next {
			e := r.events[0]
			r.events = r.events[1:]
			r.now = max(r.now, e.at)
			e.do()
		} else if next >= end {
			r.now = end
			return
		} else {
			r.now = next
			r.ticks()
		}
		r.check()
	}
}

func (r *rig) ticks() {
	for _, n := range r.nodes {
		if n.asleep {
			continue
		}
		if w := n.client.Wake(); w != 0 && w <= r.now {
			r.client(n, Tick{})
		}
		r.count(n, quorum.Tick{})
	}
	if w := r.arbiter.Wake(); w != 0 && w <= r.now {
		r.arb(Tick{})
	}
}

// at has something happen at a node, when it is awake.
func (r *rig) at(n *rigNode, do func()) {
	if n.asleep {
		n.frozen = append(n.frozen, do)
		return
	}
	do()
}

func (r *rig) client(n *rigNode, in ClientInput) {
	for _, e := range slices.Clone(n.client.Step(r.now, in)) {
		switch e := e.(type) {
		case Dial:
			r.dial(n)
		case Send:
			conn, b := n.conn, slices.Clone(e.Bytes)
			r.after(n.lag, func() {
				if n.reaches && r.conns[conn] == n {
					r.arb(Received{conn, b})
				}
			})
		case Hangup:
			r.cut(n.conn)
			n.conn = 0
		case Check:
			r.after(10*time.Millisecond, func() { r.at(n, func() { r.client(n, Checked{!n.sick}) }) })
		case Verdict:
			v := [...]quorum.Verdict{quorum.Undecided, quorum.Granted, quorum.Denied}[e.Vote]
			r.count(n, quorum.Device{Until: e.Until, Ring: e.Ring, Verdict: v})
			r.client(n, Applied{e.Number})
		}
	}
}

func (r *rig) dial(n *rigNode) {
	r.nextID++
	conn := r.nextID
	n.conn = conn
	r.after(n.lag, func() {
		if !n.reaches || n.conn != conn {
			return
		}
		r.conns[conn] = n
		r.arb(Opened{conn})
		r.at(n, func() { r.client(n, Connected{}) })
	})
}

// cut ends a connection at the arbiter's side.
func (r *rig) cut(conn Conn) {
	if n := r.conns[conn]; n != nil {
		delete(r.conns, conn)
		if n.reaches {
			r.after(n.lag, func() { r.arb(Ended{conn}) })
		}
	}
}

func (r *rig) arb(in ArbiterInput) {
	for _, e := range slices.Clone(r.arbiter.Step(r.now, in)) {
		switch e := e.(type) {
		case Reply:
			n, b := r.conns[e.Conn], slices.Clone(e.Bytes)
			if n == nil {
				continue
			}
			r.after(n.lag, func() {
				if n.reaches && r.conns[e.Conn] == n {
					r.at(n, func() {
						if n.conn == e.Conn {
							r.client(n, Data{b})
						}
					})
				}
			})
		case Drop:
			n := r.conns[e.Conn]
			delete(r.conns, e.Conn)
			if n != nil && n.reaches {
				r.after(n.lag, func() {
					r.at(n, func() {
						if n.conn == e.Conn {
							r.client(n, Closed{"closed by the arbiter"})
						}
					})
				})
			}
		case Keep:
			r.kept = e.Granted
		case Note:
			r.log = append(r.log, fmt.Sprint(r.now, " ", e.Text))
		}
	}
}

// restart takes the arbiter down and up again: its connections are reset.
func (r *rig) restart() {
	r.arbiter = NewArbiter(ArbiterConfig{Granted: r.kept}, r.now)
	for conn := Conn(1); conn <= r.nextID; conn++ {
		n := r.conns[conn]
		delete(r.conns, conn)
		if n != nil && n.reaches {
			r.at(n, func() { r.client(n, Closed{"reset"}) })
		}
	}
}

// count steps a node's count of votes; what it tells is heard in its view at once.
func (r *rig) count(n *rigNode, in quorum.Input) {
	for _, e := range slices.Clone(n.votes.Step(r.now, in)) {
		switch e := e.(type) {
		case quorum.State:
			var list []NodeInfo
			for _, id := range n.view.Members {
				list = append(list, NodeInfo{Node: id, State: Member})
			}
			r.client(n, Quorum{e.Quorate, list})
		case quorum.Tell:
			for _, o := range r.nodes {
				if o != n && o.view.Ring == n.view.Ring && o.part == n.part {
					r.at(o, func() { r.count(o, quorum.Heard{Peer: e.Peer}) })
				}
			}
		}
	}
}

// partition deals the nodes out; each learns of it a little later.
func (r *rig) partition(parts []int) {
	r.seq += 4
	for i, n := range r.nodes {
		n.part = parts[i]
	}
	seen := map[int]time.Duration{}
	for _, n := range r.nodes {
		if _, ok := seen[n.part]; !ok {
			seen[n.part] = time.Duration(r.rng.Intn(300)) * time.Millisecond
		}
		v := member.View{}
		for _, o := range r.nodes {
			if o.part == n.part {
				v.Members = append(v.Members, o.id)
			}
		}
		v.Ring = member.RingID{Rep: v.Members[0], Seq: r.seq}
		part, seq := n.part, r.seq
		r.after(seen[n.part]+time.Duration(r.rng.Intn(5))*time.Millisecond, func() {
			r.at(n, func() {
				if n.part == part && r.seq == seq {
					n.view = v
					r.count(n, quorum.View{Ring: v.Ring, Members: v.Members})
					r.client(n, View{v})
				}
			})
		})
	}
}

// check wants one quorate partition at most among the nodes that know their own.
func (r *rig) check() {
	var ring member.RingID
	for _, n := range r.nodes {
		if !n.votes.State().Quorate || n.asleep || n.view.Ring.Seq != r.seq {
			continue
		}
		if !ring.IsZero() && ring != n.view.Ring {
			r.t.Fatalf("two partitions have quorum at %v:\n%s", r.now, r.show())
		}
		ring = n.view.Ring
	}
}

func (r *rig) show() string {
	s := ""
	for _, l := range r.log[max(0, len(r.log)-12):] {
		s += l + "\n"
	}
	for _, n := range r.nodes {
		st := n.votes.State()
		s += fmt.Sprintf("node %s: view %v client %s reaches %t votes %d/%d quorate %t pending %t %s\n", n.id, n.view, n.client.State(), n.reaches,
			st.Votes, st.Quorum, st.Quorate, st.Pending, n.client.Failure())
	}
	return s
}

// quorate lists the nodes with quorum.
func (r *rig) quorate() []member.NodeID {
	var out []member.NodeID
	for _, n := range r.nodes {
		if n.votes.State().Quorate {
			out = append(out, n.id)
		}
	}
	return out
}

// TestOneOfTwoHalves: each algorithm, 2 and 4 nodes, cut in the middle: one half
// goes on, soon, and it is the tie breaker's or the one that had the vote before.
func TestOneOfTwoHalves(t *testing.T) {
	for _, algo := range []Algorithm{FFSplit, LMS} {
		for _, n := range []int{2, 4} {
			r := newRig(t, int64(n), n, algo, true)
			r.run(3 * time.Second)
			if len(r.quorate()) != n {
				t.Fatalf("%s, %d nodes: at first\n%s", algo, n, r.show())
			}
			half := make([]int, n)
			for i := range half {
				half[i] = i / (n / 2)
			}
			r.partition(half)
			r.run(700 * time.Millisecond)
			if q := r.quorate(); len(q) != n/2 || q[0] != 1 {
				t.Fatalf("%s, %d nodes in halves: %v go on\n%s", algo, n, q, r.show())
			}
			// The half that goes on loses the arbiter: the other gets the vote, after the first has lost it.
			for _, x := range r.nodes[:n/2] {
				x.reaches = false
			}
			r.run(4 * time.Second)
			if q := r.quorate(); len(q) != n/2 || q[0] == 1 {
				t.Fatalf("%s, %d nodes: the other half: %v\n%s", algo, n, q, r.show())
			}
			for _, x := range r.nodes {
				x.reaches = true
			}
			r.run(14 * time.Second)
			if q := r.quorate(); len(q) != n/2 || q[0] == 1 {
				t.Fatalf("%s, %d nodes: all reach it again: %v\n%s", algo, n, q, r.show())
			}
			r.partition(make([]int, n))
			r.run(time.Second)
			if len(r.quorate()) != n {
				t.Fatalf("%s, %d nodes: healed\n%s", algo, n, r.show())
			}
		}
	}
}

// TestNeverTwoPartitions plays at random with partitions, connections, pauses and
// restarts of the arbiter.
func TestNeverTwoPartitions(t *testing.T) {
	for seed := range int64(150) {
		rng := rand.New(rand.NewSource(seed))
		n := 2 + 2*rng.Intn(3)
		algo := []Algorithm{FFSplit, LMS}[rng.Intn(2)]
		r := newRig(t, seed, n, algo, rng.Intn(2) == 0)
		r.run(2 * time.Second)
		for range 25 {
			r.disturb(rng, n)
			r.run(time.Duration(rng.Intn(3000)) * time.Millisecond)
		}
		for _, x := range r.nodes {
			r.wake(x)
			x.reaches = true
		}
		r.partition(make([]int, n))
		r.run(20 * time.Second)
		if len(r.quorate()) != n {
			t.Fatalf("seed %d: all is well again, but not quorate:\n%s", seed, r.show())
		}
	}
}

func (r *rig) disturb(rng *rand.Rand, n int) {
	x := r.nodes[rng.Intn(n)]
	switch rng.Intn(8) {
	case 0, 1:
		parts := make([]int, n)
		for i := range parts {
			parts[i] = rng.Intn(2)
		}
		r.partition(parts)
	case 2, 3:
		x.reaches = !x.reaches
	case 4:
		if x.asleep {
			r.wake(x)
		} else {
			r.sleep(x)
		}
	case 5:
		r.restart()
	case 6, 7:
		x.sick = !x.sick
	}
}

// sleep freezes a node: the others form a view without it before the arbiter gives
// it up, as the heartbeat is longer than the token timeout (conf sees to that).
func (r *rig) sleep(n *rigNode) {
	n.asleep = true
	parts := make([]int, len(r.nodes))
	for i, x := range r.nodes {
		parts[i] = x.part
		if x == n {
			parts[i] = 100 + i
		}
	}
	r.partition(parts)
}

// wake thaws a node: time has passed, then comes what waited.
func (r *rig) wake(n *rigNode) {
	if !n.asleep {
		return
	}
	n.asleep = false
	waited := n.frozen
	n.frozen = nil
	r.count(n, quorum.Tick{})
	for _, do := range waited {
		do()
	}
}

// TestTheVoteMoves: the half that has the vote fails its own checks, so the other
// one gets it, and never both have it.
func TestTheVoteMoves(t *testing.T) {
	for _, algo := range []Algorithm{FFSplit, LMS} {
		for seed := range int64(20) {
			r := newRig(t, seed, 4, algo, true)
			r.run(3 * time.Second)
			r.partition([]int{0, 0, 1, 1})
			r.run(2 * time.Second)
			for round := range 4 {
				had := r.quorate()
				for _, n := range r.nodes {
					n.sick = slices.Contains(had, n.id)
				}
				r.run(2 * time.Second)
				if now := r.quorate(); len(now) != 2 || now[0] == had[0] {
					t.Fatalf("%s, seed %d, round %d: %v had the vote, %v have it:\n%s", algo, seed, round, had, now, r.show())
				}
			}
		}
	}
}
