package engine

import (
	"slices"
	"testing"
	"time"

	"mainstay/quorum"
)

// withDevice makes the quorum device decide when one of three nodes is left.
const withDevice = "quorum {\n device {\n model: net\n net {\n host: w\n algorithm: lms\n }\n }\n}\n"

// TestTheDeviceDecidesBeforeAnythingIsDone: the last node that is left does nothing
// until the device has spoken: then it fences the others and keeps its service, or
// stops it; and it stops it when the device never speaks.
func TestTheDeviceDecidesBeforeAnythingIsDone(t *testing.T) {
	for _, verdict := range []quorum.Verdict{quorum.Granted, quorum.Denied, quorum.Undecided} {
		r := newRigWith(t, withDevice)
		for _, id := range r.ids {
			r.step(id, DeviceVote{quorum.Device{Until: r.now + time.Hour, Ring: r.nodes[id].e.State().View.Ring, Verdict: quorum.Granted}})
		}
		last := r.owner()
		n := r.nodes[last]
		fenced := map[string]bool{}
		r.fence = func(target string) bool { fenced[target] = true; return true }
		n.ran = nil
		for _, id := range r.ids {
			if id != last {
				r.kill(id)
			}
		}
		r.run(5 * time.Second)
		s := n.e.State()
		if len(s.View.Members) != 1 || !s.Quorum.Pending || slices.Contains(n.ran, "stop db") || len(fenced) > 0 {
			t.Fatalf("before the device spoke: view %v, %+v, ran %v, fenced %v", s.View, s.Quorum, n.ran, fenced)
		}
		wait := 5 * time.Second
		if verdict == quorum.Undecided {
			wait = 40 * time.Second
		} else {
			r.step(last, DeviceVote{quorum.Device{Until: r.now + time.Hour, Ring: s.View.Ring, Verdict: verdict}})
		}
		r.run(wait)
		on := verdict == quorum.Granted
		if s = n.e.State(); s.Quorum.Quorate != on || s.Quorum.Pending || slices.Contains(n.ran, "stop db") == on || (len(fenced) == 2) != on ||
			(n.e.replica.Root().Get("have-quorum") == "1") != on {
			t.Errorf("verdict %v: %+v, have-quorum %s, ran %v, fenced %v", verdict, s.Quorum, n.e.replica.Root().Get("have-quorum"), n.ran, fenced)
		}
	}
}

// TestVotesAreChanged: expected votes, votes and the device, by requests; what cannot
// be is refused.
func TestVotesAreChanged(t *testing.T) {
	r := newRigWith(t, withDevice)
	ask := func(id uint64, body any) error {
		r.step(1, Request{ID: id, Body: body})
		r.run(time.Second)
		return r.nodes[1].replies[id].Err
	}
	if err := ask(1, SetVotes{Node: 2, Votes: 3}); err != nil {
		t.Error(err)
	}
	if err := ask(2, SetVotes{Node: 9, Votes: 3}); err == nil {
		t.Error("votes of a node that is not there were set")
	}
	for _, id := range r.ids {
		if q := r.nodes[id].e.State().Quorum; q.Votes != 5 || q.Expected != 5 {
			t.Errorf("node %s counts %+v", id, q)
		}
	}
	if err := ask(3, SetExpected{Votes: 50}); err == nil {
		t.Error("expected votes out of reach were set")
	}
	if err := ask(4, SetExpected{Votes: 6}); err != nil {
		t.Error(err)
	}
	if err := ask(5, ForgetDevice{}); err != nil {
		t.Error(err)
	}
	for _, id := range r.ids {
		if q := r.nodes[id].e.State().Quorum; q.Device.Configured || q.Expected != 5 || !q.Quorate {
			t.Errorf("node %s without the device counts %+v", id, q)
		}
	}
	if err := ask(6, KillDaemon{Node: 3}); err != nil || r.nodes[3].gone == "" {
		t.Errorf("node 3 goes on: %v", err)
	}
}
