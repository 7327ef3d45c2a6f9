package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/conf"
	"mainstay/group"
	"mainstay/member"
	"mainstay/quorum"
)

// seat is one engine on a Corosync that the test plays: it is the only daemon.
type seat struct {
	t   *testing.T
	e   *Engine
	now time.Duration
	out []Effect
}

func newSeat(t *testing.T) *seat {
	t.Helper()
	c, problems := conf.Parse([]byte("nodelist {\n node {\n name: n1\n nodeid: 1\n ring0_addr: 10.0.0.1\n }\n"+
		" node {\n name: n2\n nodeid: 2\n ring0_addr: 10.0.0.2\n }\n}\nsystem {\n engine: corosync\n}\n"), "seat")
	if conf.Failed(problems) {
		t.Fatal(problems)
	}
	s := &seat{t: t, now: time.Second}
	var err error
	s.e, err = New(Config{Self: 1, Conf: c, Saved: cib.Empty(), UUID: "run", Version: "test", Parallel: 1, Rand: func() uint64 { return 4 },
		Elapsed: func() time.Duration { return 0 }}, s.at())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *seat) at() Time {
	return Time{Mono: s.now, Wall: time.Unix(1_700_000_000, 0).UTC().Add(s.now)}
}

// step feeds an input, and gives back what goes to the group until nothing does.
func (s *seat) step(in Input) {
	queue := []Input{in}
	for len(queue) > 0 {
		effects := s.e.Step(s.at(), queue[0])
		queue = queue[1:]
		s.out = append(s.out, effects...)
		for _, x := range effects {
			switch x := x.(type) {
			case Send:
				queue = append(queue, Group{group.Received{From: group.Proc{Node: 1, PID: 7}, Data: x.Data}})
			case Write:
				if x.Tag != 0 {
					queue = append(queue, Written{Tag: x.Tag})
				}
			}
		}
	}
}

func (s *seat) in(x group.Input) { s.step(Group{x}) }

// round is a new ring of Corosync with its verdict.
func (s *seat) round(seq uint64, quorate bool, nodes ...member.NodeID) {
	id := member.RingID{Rep: 1, Seq: seq}
	s.in(group.Ring{ID: id, Nodes: nodes})
	s.step(Votes{quorum.State{Quorate: quorate, Votes: len(nodes), Expected: 2, Quorum: 2}})
	s.in(group.Counted{Ring: id, Quorate: quorate})
}

// On an installed Corosync its counts decide, its rings tell who is heard, and a
// node without it has no quorum.
func TestOnCorosync(t *testing.T) {
	s := newSeat(t)
	me := group.Proc{Node: 1, PID: 7}
	s.in(group.Connected{Self: me})
	s.in(group.Changed{Procs: []group.Proc{me}})
	s.round(4, true, 1, 2)
	state := s.e.State()
	if len(state.View.Members) != 1 || !state.Quorum.Quorate || !state.Synced || state.Coordinator != 1 {
		t.Fatalf("after the first ring: %+v", state)
	}
	if !s.e.audible[2] {
		t.Error("node 2 is in the ring and not heard")
	}
	s.round(8, false, 1)
	if state = s.e.State(); state.Quorum.Quorate || s.e.audible[2] {
		t.Errorf("node 2 is gone: %+v, heard %v", state.Quorum, s.e.audible[2])
	}
	s.round(12, true, 1, 2)
	s.in(group.Lost{})
	if state = s.e.State(); !state.Quorum.Quorate {
		t.Error("Corosync may come back, and quorum is gone already")
	}
	s.now += 6 * time.Second
	s.step(Tick{})
	if state = s.e.State(); state.Quorum.Quorate || !strings.Contains(state.Quorum.WhyNot, "systemctl start corosync") {
		t.Errorf("Corosync is gone for long: %+v", state.Quorum)
	}
	s.out = nil
	s.step(Request{ID: 9, Body: SetExpected{Votes: 1}})
	if err := s.reply(9); err == nil || !strings.Contains(err.Error(), "corosync-quorumtool") {
		t.Errorf("setting expected votes: %v", err)
	}
	s.in(group.Connected{Self: me})
	s.in(group.Changed{Procs: []group.Proc{me, {Node: 2, PID: 8}}})
	s.round(16, true, 1, 2)
	s.out = nil
	s.now += 6 * time.Second
	s.step(Tick{})
	s.now += 6 * time.Second
	s.step(Tick{})
	if !s.wants(PutOut{2}) {
		t.Error("node 2's daemon does not say where it stands, and stays")
	}
}

func (s *seat) reply(id uint64) error {
	for _, x := range s.out {
		if r, ok := x.(Reply); ok && r.ID == id {
			return r.Err
		}
	}
	return errors.New("no reply")
}

func (s *seat) wants(e PutOut) bool {
	for _, x := range s.out {
		if x == Effect(e) {
			return true
		}
	}
	return false
}
