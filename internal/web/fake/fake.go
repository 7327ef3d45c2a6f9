// Package fake is a cluster of one document in memory, for tests of those who talk
// to a node: it applies edits, keeps attributes and remembers what was asked.
package fake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"mainstay/cib"
	"mainstay/internal/web"
	"mainstay/member"
	"mainstay/status"
)

// Cluster implements web.Cluster.
type Cluster struct {
	// Unpack fills Status; it may be nil for an empty status.
	Unpack func(*cib.Elem) *status.Cluster
	// Settle, if set, does after each change what a live cluster would do.
	Settle func(*cib.Elem) *cib.Elem
	// Refuse, if set, may refuse a change by returning an error.
	Refuse func(web.Request) error

	mu       sync.Mutex
	snap     web.Snapshot
	config   web.ConfigFile
	asked    []string
	watchers []chan web.Event
	kept     []web.Transition
}

// New makes a cluster of nodes named node1, node2, … around a document.
func New(root *cib.Elem, nodes ...string) *Cluster {
	c := &Cluster{}
	s := web.Snapshot{Cluster: "fake", CIB: root, Build: "test", Started: time.Unix(1000, 0)}
	for i, n := range nodes {
		id := member.NodeID(i + 1)
		s.Peers = append(s.Peers, web.Peer{ID: id, Name: n, Addrs: []string{"127.0.0.1"}, Votes: 1, Member: true})
		s.View.Members = append(s.View.Members, id)
	}
	if len(nodes) > 0 {
		s.Self, s.SelfID, s.Coordinator = nodes[0], 1, nodes[0]
	}
	s.Quorum = web.Quorum{Quorate: true, Votes: len(nodes), Expected: len(nodes), Needed: len(nodes)/2 + 1}
	s.Transition = web.Running{Known: true}
	c.snap = s
	return c
}

// Asked returns what was asked of the cluster so far, one line each.
func (c *Cluster) Asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

// CIB returns the present document.
func (c *Cluster) CIB() *cib.Elem { return c.Snapshot().CIB }

// Read implements web.Cluster.
func (c *Cluster) Read(context.Context) (*cib.Elem, error) {
	c.mu.Lock()
	c.note("read")
	c.mu.Unlock()
	return c.CIB(), nil
}

// Change edits the snapshot itself.
func (c *Cluster) Change(f func(*web.Snapshot)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.snap
	f(&s)
	c.snap = s
}

// Keep adds a transition to the history.
func (c *Cluster) Keep(t web.Transition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = append(c.kept, t)
	c.snap.History = append([]web.Transition{t}, c.snap.History...)
}

// Emit sends an event to all watchers.
func (c *Cluster) Emit(e web.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.emit(e)
}

func (c *Cluster) emit(e web.Event) {
	for _, w := range c.watchers {
		select {
		case w <- e:
		default:
		}
	}
}

func (c *Cluster) note(words ...string) { c.asked = append(c.asked, strings.Join(words, " ")) }

// Snapshot implements web.Cluster.
func (c *Cluster) Snapshot() *web.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.snap
	s.Taken = time.Unix(2000, 0)
	return &s
}

// Status implements web.Cluster.
func (c *Cluster) Status() (*status.Cluster, error) {
	if c.Unpack == nil {
		return &status.Cluster{Name: "fake", Quorate: true}, nil
	}
	return c.Unpack(c.CIB()), nil
}

// Edit implements web.Cluster.
func (c *Cluster) Edit(_ context.Context, r web.Request) (cib.Version, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := cib.VersionOf(c.snap.CIB)
	if r.Base != nil && (r.Base.AdminEpoch != now.AdminEpoch || r.Base.Epoch != now.Epoch) {
		return now, &web.Problem{Kind: web.Stale, Msg: "the configuration is at " + now.String() + " by now, not at " + r.Base.String(),
			Remedy: "look at the changes and try again", Now: &now}
	}
	if c.Refuse != nil {
		if err := c.Refuse(r); err != nil {
			return now, err
		}
	}
	root, _, err := cib.Commit(c.snap.CIB, r.Edits, cib.Stamp{User: r.User, Client: r.Client, Origin: c.snap.Self})
	if err != nil {
		return now, err
	}
	if err := web.Refuse(c.snap.CIB, root); err != nil {
		return now, err
	}
	if r.DryRun {
		return now, nil
	}
	if c.Settle != nil {
		root = c.Settle(root)
	}
	c.snap.CIB = root
	for _, e := range r.Edits {
		c.note("edit", string(e.Op), e.Scope+e.XPath, cib.Label(e.Elem))
	}
	c.emit(web.Event{Kind: web.EventCIB})
	return cib.VersionOf(root), nil
}

// SetAttribute implements web.Cluster.
func (c *Cluster) SetAttribute(_ context.Context, a web.AttributeChange) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	node := a.Node
	if node == "" {
		node = c.snap.Self
	}
	list := slices.DeleteFunc(slices.Clone(c.snap.Attributes), func(x web.Attribute) bool {
		return x.Node == node && x.Name == a.Name
	})
	if a.Delete {
		c.note("attribute", node, "delete", a.Name)
	} else {
		c.note("attribute", node, a.Name+"="+a.Value)
		list = append(list, web.Attribute{Node: node, Name: a.Name, Value: a.Value})
	}
	slices.SortFunc(list, func(x, y web.Attribute) int {
		return strings.Compare(x.Node+" "+x.Name, y.Node+" "+y.Name)
	})
	c.snap.Attributes = list
	return nil
}

// Fence implements web.Cluster.
func (c *Cluster) Fence(_ context.Context, r web.FenceRequest) (web.FenceEvent, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("fence", r.Node, r.Action)
	return web.FenceEvent{ID: "1", Node: r.Node, Action: r.Action, Client: r.Client, Device: "pdu", Done: true, OK: true}, nil
}

// ConfirmOff implements web.Cluster.
func (c *Cluster) ConfirmOff(_ context.Context, node, _ string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("confirm", node)
	return nil
}

// ForgetFencing implements web.Cluster.
func (c *Cluster) ForgetFencing(_ context.Context, node string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("forget fencing", node)
	return nil
}

// Forget implements web.Cluster.
func (c *Cluster) Forget(_ context.Context, r web.ForgetRequest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	what := "refresh"
	if r.FailuresOnly {
		what = "cleanup"
	}
	c.note(strings.TrimSpace(strings.Join([]string{what, r.Resource, r.Node, r.Operation, r.Interval}, " ")))
	return nil
}

// AddNode implements web.Cluster.
func (c *Cluster) AddNode(_ context.Context, p web.Peer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("add", p.ID.String(), p.Name, strings.Join(p.Addrs, ","))
	c.snap.Peers = append(slices.Clone(c.snap.Peers), p)
	return nil
}

// RemoveNode implements web.Cluster.
func (c *Cluster) RemoveNode(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("remove", name)
	return nil
}

// Reload implements web.Cluster.
func (c *Cluster) Reload(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("reload")
	return nil
}

// Rekey implements web.Cluster.
func (c *Cluster) Rekey(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("rekey")
	return nil
}

// ChangeVotes implements web.Cluster.
func (c *Cluster) ChangeVotes(_ context.Context, v web.VotesChange) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v.Expected != nil {
		c.note("expected", fmt.Sprint(*v.Expected))
		c.snap.Quorum.Expected = *v.Expected
	}
	if v.Votes != nil {
		c.note("votes", v.Node.String(), fmt.Sprint(*v.Votes))
	}
	if v.ForgetDevice {
		c.note("forget device")
	}
	if v.Unblock {
		c.note("unblock")
	}
	return nil
}

// JoinWitness implements web.Cluster.
func (c *Cluster) JoinWitness(_ context.Context, r web.WitnessRequest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("witness", r.Token, r.Algorithm)
	return nil
}

// RemoveDevice implements web.Cluster.
func (c *Cluster) RemoveDevice(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("remove device")
	return nil
}

// Kill implements web.Cluster.
func (c *Cluster) Kill(_ context.Context, id member.NodeID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("kill", id.String())
	return nil
}

// Leave implements web.Cluster.
func (c *Cluster) Leave(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("leave")
	return nil
}

// ConfigFile implements web.Cluster.
func (c *Cluster) ConfigFile() web.ConfigFile {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.config
}

// SetConfigFile sets what ConfigFile returns.
func (c *Cluster) SetConfigFile(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.config = web.ConfigFile{Path: "cluster.conf", Text: text}
}

// Transition implements web.Cluster.
func (c *Cluster) Transition(number int) (*web.Transition, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.kept) - 1; i >= 0; i-- {
		if number == 0 || c.kept[i].Number == number {
			t := c.kept[i]
			return &t, nil
		}
	}
	return nil, web.Problemf(web.NotFound, "transition %d is not kept here", number)
}

// Watch implements web.Cluster.
func (c *Cluster) Watch(ctx context.Context) <-chan web.Event {
	ch := make(chan web.Event, 16)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers = append(c.watchers, ch)
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.watchers = slices.DeleteFunc(c.watchers, func(w chan web.Event) bool { return w == ch })
		close(ch)
	})
	return ch
}

var _ web.Cluster = (*Cluster)(nil)
