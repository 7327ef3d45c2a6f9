package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mainstay/attr"
	"mainstay/cib"
	"mainstay/engine"
	"mainstay/fence"
	"mainstay/internal/host"
	"mainstay/internal/web"
	"mainstay/member"
	"mainstay/sched"
	"mainstay/status"
)

// Cluster is a running node as its API sees it: requests are injected into the
// loop, questions are answered from what the loop last published.
type Cluster struct {
	host   host.Host
	config Config
	static static
	file   atomic.Pointer[configFile]
	state  atomic.Pointer[engine.State]
	watch  watchers

	asked   sync.Mutex // guards planner
	planner sched.Planner

	arbiter *arbiter
	outside *outside
}

// static is what does not change while the daemon runs.
type static struct {
	cluster, self, build string
	id                   member.NodeID
	started              time.Time
}

// answerTimeout is how long a client waits for the cluster at most.
const answerTimeout = 60 * time.Second

// ask injects a request and waits for its reply, but not for ever.
func (c *Cluster) ask(ctx context.Context, body any) (engine.Reply, error) {
	late := fmt.Errorf("the cluster did not answer within %v; whether the change was made is not known: look before you repeat it", answerTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, late)
	defer cancel()
	r, err := c.await(ctx, body)
	if context.Cause(ctx) == late && errors.Is(err, context.DeadlineExceeded) {
		return r, late
	}
	return r, err
}

// await injects a request and waits for its reply as long as the asker does.
func (c *Cluster) await(ctx context.Context, body any) (engine.Reply, error) {
	ch := make(chan engine.Reply, 1)
	c.host.Inject(Call{Body: body, Answer: func(r engine.Reply) { ch <- r }})
	select {
	case r := <-ch:
		return r, r.Err
	case <-ctx.Done():
		return engine.Reply{}, ctx.Err()
	}
}

// publish is called by the loop.
func (c *Cluster) publish(s engine.State, events []engine.Event) {
	c.state.Store(&s)
	c.watch.tell(c.static.self, events)
}

// Snapshot implements web.Cluster.
func (c *Cluster) Snapshot() *web.Snapshot {
	s := c.state.Load()
	out := &web.Snapshot{
		Taken: time.Now(), Cluster: c.static.cluster, Self: c.static.self, SelfID: c.static.id,
		Build: c.static.build, Started: c.static.started, CIB: s.CIB, View: s.View,
		Quorum: c.votes(s.Quorum),
		Peers:  c.peers(),
	}
	names := map[member.NodeID]string{}
	for i := range out.Peers {
		p := &out.Peers[i]
		p.Member = s.View.Has(p.ID)
		names[p.ID] = p.Name
	}
	out.Coordinator = names[s.Coordinator]
	for _, l := range c.measured(s.Links) {
		out.Links = append(out.Links, web.Link{Node: names[l.Node], Link: l.Link, Addr: l.Addr, Up: l.Up, RTT: l.RTT, Loss: l.Loss, MTU: l.MTU})
	}
	out.Transition = web.Running{Known: s.Coordinator == c.static.id, Number: s.Number,
		Busy: s.Control != "idle" && s.Control != "not coordinator"}
	for _, f := range s.Fencing {
		out.Fencing = append(out.Fencing, fenceEvent(f, names))
	}
	for _, a := range s.Alarms {
		text := a.Text
		if a.Remedy != "" {
			text += "; " + a.Remedy
		}
		out.Alarms = append(out.Alarms, web.Alarm{Kind: a.Kind, Source: a.Source, Text: text, Since: a.Since, Last: a.Last, Count: a.Count})
	}
	for _, t := range slices.Backward(s.Transitions) {
		out.History = append(out.History, c.transition(t))
	}
	out.Attributes = attributes(s.CIB)
	return out
}

// CIB implements web.Cluster.
func (c *Cluster) CIB() *cib.Elem { return c.state.Load().CIB }

// lookTimeout is how long the loop may take to say what the links look like. It
// ends before a display gives up; what was published last is shown then.
const lookTimeout = time.Second

// look asks the loop what the links look like now.
func (c *Cluster) look(ctx context.Context) (Links, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	ch := make(chan Links, 1)
	c.host.Inject(Look{Answer: func(l Links) { ch <- l }})
	select {
	case l := <-ch:
		return l, nil
	case <-ctx.Done():
		return Links{}, ctx.Err()
	}
}

// measured completes the links that were published with what is measured now.
func (c *Cluster) measured(links []engine.Link) []engine.Link {
	now, err := c.look(context.Background())
	if err != nil {
		return links
	}
	out := slices.Clone(links)
	for i := range out {
		for _, s := range now.States {
			if s.Node == out[i].Node && s.Link == out[i].Link {
				out[i].Up, out[i].RTT, out[i].Loss, out[i].MTU = s.Up, s.RTT, s.Loss, s.MTU
			}
		}
	}
	return out
}

func fenceEvent(f fence.Event, names map[member.NodeID]string) web.FenceEvent {
	return web.FenceEvent{ID: f.ID, Node: f.Target, Action: f.Action, Origin: names[f.Origin], Client: f.Client,
		Device: f.Device, Agent: names[f.By], Started: seconds(f.Asked), Ended: seconds(f.Completed),
		Done: f.State != "pending", OK: f.State == "success", Output: f.Reason}
}

func seconds(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0)
}

func (c *Cluster) transition(t *engine.Transition) web.Transition {
	out := web.Transition{Number: t.Number, Coordinator: c.static.self, Started: t.Started, Ended: t.Ended,
		Trigger: t.Trigger, Outcome: t.Outcome, Actions: t.Actions}
	for _, l := range t.Summary {
		if !l.Leave {
			out.Summary = append(out.Summary, summaryText(l))
		}
	}
	return out
}

func summaryText(l sched.SummaryLine) string {
	s := []string{l.Verb}
	for _, w := range []string{l.Action, l.Node, l.Resource} {
		if w != "" {
			s = append(s, w)
		}
	}
	if l.Detail != "" {
		s = append(s, "( "+l.Detail+" )")
	}
	if l.Reason != "" {
		s = append(s, "due to "+l.Reason)
	}
	return strings.Join(s, " ")
}

// attributes are the transient attributes in the status section.
func attributes(root *cib.Elem) []web.Attribute {
	var out []web.Attribute
	for ns := range root.Child("status").Named("node_state") {
		for set := range ns.Child("transient_attributes").Named("instance_attributes") {
			for nv := range set.Named("nvpair") {
				out = append(out, web.Attribute{Node: ns.Get("uname"), Name: nv.Get("name"), Value: nv.Get("value")})
			}
		}
	}
	slices.SortFunc(out, func(a, b web.Attribute) int {
		return strings.Compare(a.Node+"\x00"+a.Name, b.Node+"\x00"+b.Name)
	})
	return out
}

// Status implements web.Cluster. Why something does not run is worked out only
// if something does not.
func (c *Cluster) Status() (*status.Cluster, error) {
	in := sched.Input{CIB: c.state.Load().CIB, Now: time.Now()}
	c.asked.Lock()
	defer c.asked.Unlock()
	out := c.planner.Unpack(in)
	if sched.Idle(out.Resources) {
		in.Options.Reasons = true
		out.Notes = append(out.Notes, sched.WhyNot(c.planner.Schedule(in))...)
	}
	return out, nil
}

// Edit implements web.Cluster.
func (c *Cluster) Edit(ctx context.Context, r web.Request) (cib.Version, error) {
	root := c.state.Load().CIB
	after, _, err := cib.Commit(root, r.Edits, cib.Stamp{Origin: c.static.self, Client: r.Client, User: r.User, Wall: time.Now(), KeepStatus: true})
	if err != nil {
		return cib.VersionOf(root), err
	}
	if err := web.Refuse(root, after); err != nil {
		return cib.VersionOf(root), err
	}
	if r.DryRun {
		return cib.VersionOf(after), nil
	}
	reply, err := c.ask(ctx, engine.Edit{Edits: r.Edits, Base: r.Base, User: r.User, Client: r.Client})
	if err != nil {
		return cib.VersionOf(c.state.Load().CIB), err
	}
	return reply.Body.(cib.Version), nil
}

// Read implements web.Cluster.
func (c *Cluster) Read(ctx context.Context) (*cib.Elem, error) {
	reply, err := c.ask(ctx, engine.Read{})
	if err != nil {
		return nil, err
	}
	return reply.Body.(*cib.Elem), nil
}

// SetAttribute implements web.Cluster.
func (c *Cluster) SetAttribute(ctx context.Context, a web.AttributeChange) error {
	set := attr.Set{Node: a.Node, Name: a.Name, Value: a.Value, Delete: a.Delete, SetID: a.Set, Private: a.Private, User: a.User, Delay: -1}
	if a.Delay != nil {
		set.Delay, set.Only = *a.Delay, attr.Both
	}
	_, err := c.ask(ctx, engine.SetAttribute{Set: set, Sync: a.Sync})
	return err
}

// Fence implements web.Cluster. How long it takes is the devices' to say: the delays
// and time-outs of all that are tried. It ends by itself when the last has failed.
func (c *Cluster) Fence(ctx context.Context, r web.FenceRequest) (web.FenceEvent, error) {
	reply, err := c.await(ctx, engine.FenceNode{Node: r.Node, Action: r.Action, Timeout: r.Timeout, Delay: r.Delay})
	o, ok := reply.Body.(fence.Outcome)
	if !ok {
		return web.FenceEvent{}, err
	}
	names := map[member.NodeID]string{}
	for _, p := range c.peers() {
		names[p.ID] = p.Name
	}
	return web.FenceEvent{ID: o.ID, Node: o.Target, Action: o.Action, Origin: names[o.Origin], Device: o.Device,
		Agent: names[o.By], Ended: seconds(o.Wall), Done: true, OK: o.OK, Output: o.Reason}, err
}

// ConfirmOff implements web.Cluster.
func (c *Cluster) ConfirmOff(ctx context.Context, node, user string) error {
	_, err := c.ask(ctx, engine.ConfirmOff{Node: node, User: user})
	return err
}

// ForgetFencing implements web.Cluster.
func (c *Cluster) ForgetFencing(ctx context.Context, node string) error {
	_, err := c.ask(ctx, engine.ForgetFencing{Node: node})
	return err
}

// Forget implements web.Cluster.
func (c *Cluster) Forget(ctx context.Context, r web.ForgetRequest) error {
	_, err := c.ask(ctx, engine.Forget{Resource: r.Resource, Node: r.Node, FailuresOnly: r.FailuresOnly})
	return err
}

// Transition implements web.Cluster.
func (c *Cluster) Transition(number int) (*web.Transition, error) {
	s := c.state.Load()
	for _, t := range slices.Backward(s.Transitions) {
		if number == 0 || t.Number == number {
			out := c.transition(t)
			out.Input, out.Graph = t.Input, t.Graph
			return &out, nil
		}
	}
	return c.past(number)
}
