package device

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"mainstay/internal/device/qnetd"
	"mainstay/member"
	"mainstay/qdevice"
	"mainstay/quorum"
)

// votes gathers what devices say to their nodes.
type votes struct {
	mu    sync.Mutex
	last  map[member.NodeID]quorum.Device
	news  chan struct{}
	start time.Time
	devs  map[member.NodeID]*Device
}

func newVotes() *votes {
	return &votes{last: map[member.NodeID]quorum.Device{}, news: make(chan struct{}, 1), start: time.Now(), devs: map[member.NodeID]*Device{}}
}

func (v *votes) now() time.Duration { return time.Since(v.start) + time.Second }

// begin starts the devices of n nodes.
func (v *votes) begin(t *testing.T, n int, change func(*Config)) {
	var ids []member.NodeID
	for i := range n {
		ids = append(ids, member.NodeID(i+1))
	}
	for _, id := range ids {
		cfg := Config{Network: "tcp", Now: v.now, Log: slog.New(slog.DiscardHandler),
			Client: qdevice.ClientConfig{Cluster: "lab", Self: id, Nodes: ids, Algorithm: qdevice.FFSplit, KeepActive: true, Heartbeat: time.Second},
			Vote: func(_ context.Context, d quorum.Device) {
				v.mu.Lock()
				v.last[id] = d
				v.mu.Unlock()
				select {
				case v.news <- struct{}{}:
				default:
				}
			}}
		change(&cfg)
		d := Start(cfg)
		v.devs[id] = d
		t.Cleanup(d.Stop)
	}
}

// view gives nodes a view; those of others are void by it.
func (v *votes) view(seq uint64, ids ...member.NodeID) {
	for _, id := range ids {
		v.devs[id].Stand(member.View{Ring: member.RingID{Rep: ids[0], Seq: seq}, Members: ids}, quorum.State{}, ids)
	}
}

// want waits until the nodes were answered so about the view with that number:
// "+" has the vote, "-" has not, "." is not told.
func (v *votes) want(t *testing.T, seq uint64, want string) {
	t.Helper()
	end := time.After(10 * time.Second)
	for {
		got := ""
		v.mu.Lock()
		for i := range len(want) {
			d := v.last[member.NodeID(i+1)]
			s := "."
			if d.Until > v.now() && d.Ring.Seq == seq {
				s = [...]string{".", "+", "-"}[d.Verdict]
			}
			got += s
		}
		v.mu.Unlock()
		if got == want {
			return
		}
		select {
		case <-v.news:
		case <-end:
			why := ""
			for id := range member.NodeID(len(want)) {
				why += fmt.Sprintf("%s: %+v\n", id+1, v.devs[id+1].Status())
			}
			t.Fatalf("view %d: %s, want %s\n%s", seq, got, want, why)
		}
	}
}

// TestRealArbiter: with the peer's arbiter, with and without TLS and by each
// algorithm, exactly one half of the cluster has the vote.
func TestRealArbiter(t *testing.T) {
	dir := t.TempDir()
	nss := qnetd.Certificates(t, dir, "lab")
	identity, err := LoadIdentity(t.TempDir(), nss)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tls  string
		algo qdevice.Algorithm
		n    int
	}{{"req", qdevice.FFSplit, 4}, {"req", qdevice.LMS, 4}, {"off", qdevice.FFSplit, 2}} {
		t.Run(fmt.Sprint(c.tls, " ", c.algo), func(t *testing.T) {
			s := qnetd.Start(t, dir, "127.0.0.1", c.tls)
			v := newVotes()
			v.begin(t, c.n, func(cfg *Config) {
				cfg.Host, cfg.Port, cfg.Client.Algorithm = s.Host, s.Port, c.algo
				cfg.Client.TLS = qdevice.TLSOn
				cfg.TLS = func() (*tls.Config, error) { return identity.TLS(), nil }
			})
			all := []member.NodeID{1, 2, 3, 4}[:c.n]
			v.view(8, all...)
			v.want(t, 8, strings.Repeat("+", c.n))
			if got := s.List(t); c.tls == "req" && strings.Count(got, "TLS active:\t\tYes (client certificate verified)") != c.n {
				t.Errorf("TLS:\n%s", got)
			}
			v.view(12, all[:c.n/2]...)
			v.view(12, all[c.n/2:]...)
			v.want(t, 12, strings.Repeat("+", c.n/2)+strings.Repeat("-", c.n/2))
			for _, id := range all[:c.n/2] {
				v.devs[id].Stop()
			}
			for _, id := range all[:c.n/2] {
				v.mu.Lock()
				v.last[id] = quorum.Device{}
				v.mu.Unlock()
			}
			v.want(t, 12, strings.Repeat(".", c.n/2)+strings.Repeat("+", c.n/2))
		})
	}
}
