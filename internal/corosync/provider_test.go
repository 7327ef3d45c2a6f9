package corosync

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mainstay/conf"
	"mainstay/group"
	"mainstay/member"
)

// client is a provider with the machine that it feeds.
type client struct {
	*Provider
	mu        sync.Mutex
	machine   *group.Machine
	views     []member.View
	delivered [][]byte
	troubles  []string
	links     []Link
	settings  []Settings
	votes     []Votes
	lost      int
}

func newClient(t *testing.T, sockets string, self member.NodeID) *client {
	t.Helper()
	c := &client{machine: group.New(group.Config{Self: self, Patience: time.Hour, Stall: time.Hour})}
	c.Provider = New(Config{Self: self, PID: 77, Log: slog.New(slog.DiscardHandler), Tell: c.tell, sockets: sockets})
	c.Start()
	t.Cleanup(c.Close)
	return c
}

func (c *client) tell(x any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch x := x.(type) {
	case Group:
		if _, ok := x.In.(group.Lost); ok {
			c.lost++
		}
		c.feed(x.In)
	case Votes:
		c.votes = append(c.votes, x)
	case Link:
		c.links = append(c.links, x)
	case Settings:
		c.settings = append(c.settings, x)
	case Trouble:
		c.troubles = append(c.troubles, x.Text)
	}
}

func (c *client) feed(in group.Input) {
	for _, x := range c.machine.Step(0, in) {
		switch x := x.(type) {
		case group.Multicast:
			c.Multicast(x.Data)
		case group.Install:
			c.views = append(c.views, x.View)
		case group.Deliver:
			c.delivered = append(c.delivered, x.Payload)
		}
	}
}

func (c *client) submit(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.feed(group.Submit{Payload: p})
}

// see waits until the client has seen something.
func (c *client) see(t *testing.T, what string, ok func() bool) {
	t.Helper()
	eventually(t, what, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return ok()
	})
}

func TestProvider(t *testing.T) {
	sockets := t.TempDir()
	c := newClient(t, sockets, 1)
	c.see(t, "that nobody is there", func() bool { return len(c.troubles) == 1 && strings.Contains(c.troubles[0], "does not run") })
	d := startFake(t, sockets, 4)
	c.see(t, "a view", func() bool { return len(c.views) == 1 })
	if v := c.views[0]; v.String() != "1.40001{1}" {
		t.Errorf("the first view is %s", v)
	}
	// More than a buffer holds at once, in small messages and in large ones.
	var want [][]byte
	for i := range 40 {
		want = append(want, bytes.Repeat([]byte{byte(i)}, 1+i*26214))
	}
	for _, p := range want {
		c.submit(p)
	}
	c.see(t, "all messages", func() bool { return len(c.delivered) == len(want) })
	if !slices.EqualFunc(c.delivered, want, bytes.Equal) {
		t.Error("what came back is not what was sent")
	}
	c.see(t, "links", func() bool { return slices.Equal(c.links, []Link{{2, 0, true}, {2, 1, false}}) })
	c.see(t, "settings, and again after a reload", func() bool { return len(c.settings) >= 2 })
	nodes := []conf.Node{{ID: 1, Name: "a", Addrs: []string{"10.0.0.1"}, Votes: 1}, {ID: 2, Name: "b", Addrs: []string{"10.0.0.2", "10.1.0.2"}, Votes: 3}}
	for _, s := range c.settings {
		if s.Token != 1234*time.Millisecond || !slices.EqualFunc(s.Nodes, nodes, func(a, b conf.Node) bool {
			return a.ID == b.ID && a.Name == b.Name && a.Votes == b.Votes && slices.Equal(a.Addrs, b.Addrs)
		}) {
			t.Errorf("settings: %+v", s)
		}
	}
	if s := c.votes[0].State; !s.Quorate || s.Quorum != 2 || s.Expected != 2 || s.Votes != 1 || !s.Flags.TwoNode || s.Flags.WaitForAll {
		t.Errorf("votes: %+v", s)
	}
	if err := c.Reload(); err != nil {
		t.Error(err)
	}
	c.PutOut(2, strings.Repeat("because ", 100))
	eventually(t, "node 2 to be put out", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return slices.Equal(d.killed, []uint32{2})
	})
	d.stop()
	c.see(t, "the end", func() bool { return c.lost == 1 && strings.Contains(c.troubles[len(c.troubles)-1], "does not run") })
	if err := c.Reload(); err == nil {
		t.Error("a reload without a daemon")
	}
	startFake(t, sockets, 8)
	c.see(t, "another view", func() bool { return len(c.views) == 2 && c.troubles[len(c.troubles)-1] == "" })
}

func TestMisfits(t *testing.T) {
	for _, x := range []struct {
		name, want string
		self       member.NodeID
		change     func(*fakeDaemon)
	}{
		{"another node id", "corosync says that this machine is node 1, the configuration file that it is node 2", 2, func(*fakeDaemon) {}},
		{"no quorum provider", "provider: corosync_votequorum", 1, func(d *fakeDaemon) { d.quorum = typeFree }},
	} {
		t.Run(x.name, func(t *testing.T) {
			sockets := t.TempDir()
			x.change(startFake(t, sockets, 4))
			c := newClient(t, sockets, x.self)
			c.see(t, x.want, func() bool { return len(c.troubles) > 0 && strings.Contains(c.troubles[0], x.want) })
			if len(c.views) != 0 {
				t.Error("it joined all the same")
			}
		})
	}
}

func TestBuffer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	b := makeBuffer(t, path)
	defer b.close()
	p := bytes.Repeat([]byte("0123456"), 40000)
	var sizes []int
	full := 0
	for i := range 200 {
		n := 1 + i*1399%len(p)
		if err := b.write(p[:n]); err == nil {
			sizes = append(sizes, n)
			continue
		}
		full++
		for len(sizes) > 1 {
			got, err := b.read()
			if err != nil || !bytes.Equal(got, p[:sizes[0]]) {
				t.Fatalf("%d bytes are not what was written: %v", len(got), err)
			}
			sizes = sizes[1:]
		}
	}
	if full < 3 {
		t.Errorf("the buffer was full only %d times", full)
	}
	for range sizes {
		if got, err := b.read(); got == nil || err != nil {
			t.Fatal(err)
		}
	}
	if got, err := b.read(); got != nil || err != nil {
		t.Errorf("an empty buffer gives %d bytes, %v", len(got), err)
	}
	*b.word(b.words - 1) = 0
	*b.at(atRead) = b.words
	if err := b.write(p); err == nil {
		t.Error("a damaged buffer was written to")
	}
	if _, err := b.read(); err == nil {
		t.Error("a damaged buffer was read")
	}
}

// FuzzEvents reads events of a daemon that may say anything.
func FuzzEvents(f *testing.F) {
	name := join(place(8), field(groupName, cpgNameSize))
	me := join(place(1), place(7), place(1))
	f.Add(message(cpgChanged, place(1), name, place(1), place(1), place(0), me, me))
	f.Add(message(cpgRing, place(1), place(1), place(4), []byte{1, 0, 0, 0, 1, 0, 0, 0}))
	f.Add(message(cpgMessage, place(1), name, place(2), place(1), place(7), []byte("hi")))
	f.Add(message(quorumCounted, place(1), place(1), place(1), place(4)))
	f.Add(make([]byte, welcomeSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		if in, err := parseCPG(b); err == nil {
			if m, ok := in.(group.Received); ok && len(m.Data) > len(b) {
				t.Errorf("%d bytes out of %d", len(m.Data), len(b))
			}
		}
		if _, ok, err := parseCounted(b); ok && err == nil && len(b) < replyHeader+24 {
			t.Errorf("a count in %d bytes", len(b))
		}
		if w, err := parseWelcome(b); err == nil && !strings.HasPrefix(w.request, "/") {
			t.Errorf("a buffer at %q", w.request)
		}
		if r, err := parseEvent(b); err == nil {
			if s, err := parseVotes(r); err == nil && s.Votes < 0 {
				t.Errorf("%d votes", s.Votes)
			}
		}
		if r, err := parseEvent(b); err == nil {
			if l, err := parseLinks(r); err == nil && len(l) > conf.MaxLinks {
				t.Errorf("%d links", len(l))
			}
		}
	})
}
