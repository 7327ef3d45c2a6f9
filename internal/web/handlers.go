package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/status"
)

// Waiting times for changes whose request names none: for the answer to an edit, and
// for one fence device. Fencing as a whole ends by itself.
const (
	editTimeout  = 60 * time.Second
	fenceTimeout = 150 * time.Second
)

// EditDoc is an edit on the wire.
type EditDoc struct {
	Op    cib.EditOp `json:"op"`
	Scope string     `json:"scope,omitempty"`
	XPath string     `json:"xpath,omitempty"`
	XML   string     `json:"xml,omitempty"`
}

// EditBody is the body of POST /v1/cib.
type EditBody struct {
	Edits  []EditDoc `json:"edits"`
	Base   string    `json:"base,omitempty"` // "admin_epoch.epoch.num_updates"
	Client string    `json:"client,omitempty"`
	DryRun bool      `json:"dry_run,omitempty"`
}

// EditReply answers POST /v1/cib.
type EditReply struct {
	Version string `json:"version"`
}

// StatusReply answers GET /v1/status.
type StatusReply struct {
	Cluster *status.Cluster `json:"cluster"`
	Node    *Snapshot       `json:"node"`
}

// TransitionReply answers GET /v1/history/{number}.
type TransitionReply struct {
	Transition
	Input string       `json:"input"` // XML
	Graph *graph.Graph `json:"graph"`
}

// AttributeBody is the body of POST /v1/attributes.
type AttributeBody struct {
	Node    string `json:"node,omitempty"`
	Name    string `json:"name"`
	Value   string `json:"value,omitempty"`
	Delete  bool   `json:"delete,omitempty"`
	Set     string `json:"set,omitempty"`
	DelayMS *int   `json:"delay_ms,omitempty"`
	Private bool   `json:"private,omitempty"`
	Sync    bool   `json:"sync,omitempty"`
}

// FenceBody is the body of POST /v1/nodes/{name}/fence.
type FenceBody struct {
	Action    string `json:"action"`
	TimeoutMS int    `json:"timeout_ms,omitempty"`
	DelayMS   int    `json:"delay_ms,omitempty"` // before the fencing, besides the devices' own; negative: without any
	Client    string `json:"client,omitempty"`
}

// ForgetBody is the body of cleanup and refresh requests.
type ForgetBody struct {
	Node      string `json:"node,omitempty"`
	Operation string `json:"operation,omitempty"`
	Interval  string `json:"interval,omitempty"`
}

// present returns the present CIB, or a problem if there is none yet.
func (s *Server) present() (*cib.Elem, error) {
	root := s.cluster.CIB()
	if root == nil {
		return nil, &Problem{Kind: Unavailable, Msg: "the node has no configuration yet: it is still looking for its peers",
			Remedy: "try again in a moment"}
	}
	return root, nil
}

func (s *Server) getCIB(r *http.Request) (any, error) {
	root, err := s.present()
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	if q.Get("agreed") == "true" {
		if root, err = s.cluster.Read(r.Context()); err != nil {
			return nil, err
		}
	}
	if root, err = s.visible(r, root); err != nil {
		return nil, err
	}
	return Select(root, q.Get("scope"), q.Get("xpath"))
}

func (s *Server) postCIB(r *http.Request) (any, error) {
	var body EditBody
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	req := Request{User: UserOf(r), Client: body.Client, DryRun: body.DryRun}
	for i, d := range body.Edits {
		e := cib.Edit{Op: d.Op, Scope: d.Scope, XPath: d.XPath}
		if d.XML != "" {
			elem, err := cib.Parse([]byte(d.XML))
			if err != nil {
				return nil, fmt.Errorf("edit %d: %w", i+1, err)
			}
			e.Elem = elem
		}
		req.Edits = append(req.Edits, e)
	}
	if body.Base != "" {
		v, err := cib.ParseVersion(body.Base)
		if err != nil {
			return nil, Problemf(Invalid, "base: %v", err)
		}
		req.Base = &v
	}
	if err := s.mayEdit(r, &req); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	v, err := s.cluster.Edit(ctx, req)
	if err != nil {
		return nil, err
	}
	return EditReply{v.String()}, nil
}

func (s *Server) getStatus(*http.Request) (any, error) {
	if _, err := s.present(); err != nil {
		return nil, err
	}
	c, err := s.cluster.Status()
	if err != nil {
		return nil, fmt.Errorf("read the state of the cluster: %w", err)
	}
	return StatusReply{c, s.cluster.Snapshot()}, nil
}

// getNode answers also while there is no configuration: it is what one asks to
// find out why.
func (s *Server) getNode(r *http.Request) (any, error) {
	if snap := s.cluster.Snapshot(); snap != nil {
		if _, bound := s.restricted(r); bound {
			// Who the nodes are is no secret; what they do is the CIB's to tell.
			part := *snap
			part.Attributes, part.History, part.Fencing, part.Transition = nil, nil, nil, Running{}
			return &part, nil
		}
		return snap, nil
	}
	return nil, Problemf(Unavailable, "the node is starting")
}

func (s *Server) getAttributes(r *http.Request) (any, error) {
	snap := s.cluster.Snapshot()
	if snap == nil {
		return nil, Problemf(Unavailable, "the node is starting")
	}
	q := r.URL.Query()
	out := slices.Clone(snap.Attributes)
	out = slices.DeleteFunc(out, func(a Attribute) bool {
		return q.Has("node") && a.Node != q.Get("node") || q.Has("name") && a.Name != q.Get("name")
	})
	if out == nil {
		out = []Attribute{}
	}
	return out, nil
}

func (s *Server) postAttribute(r *http.Request) (any, error) {
	var b AttributeBody
	if err := decode(r, &b); err != nil {
		return nil, err
	}
	if b.Name == "" {
		return nil, Problemf(Invalid, "an attribute needs a name")
	}
	c := AttributeChange{Node: b.Node, Name: b.Name, Value: b.Value, Delete: b.Delete, Set: b.Set,
		Private: b.Private, Sync: b.Sync, User: UserOf(r)}
	if b.DelayMS != nil {
		d := time.Duration(*b.DelayMS) * time.Millisecond
		c.Delay = &d
	}
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	return struct{}{}, s.cluster.SetAttribute(ctx, c)
}

// forget makes the handler of cleanup (failures only) and refresh (everything).
func (s *Server) forget(failuresOnly bool) handler {
	return func(r *http.Request) (any, error) {
		var b ForgetBody
		if err := decode(r, &b); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
		defer cancel()
		return struct{}{}, s.cluster.Forget(ctx, ForgetRequest{Resource: r.PathValue("id"), Node: b.Node,
			Operation: b.Operation, Interval: b.Interval, FailuresOnly: failuresOnly, User: UserOf(r)})
	}
}

func (s *Server) addNode(r *http.Request) (any, error) {
	var p Peer
	if err := decode(r, &p); err != nil {
		return nil, err
	}
	if p.Name == "" || len(p.Addrs) == 0 {
		return nil, Problemf(Invalid, "a new node needs a name and at least one address")
	}
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	return struct{}{}, s.cluster.AddNode(ctx, p)
}

func (s *Server) removeNode(r *http.Request) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	return struct{}{}, s.cluster.RemoveNode(ctx, r.PathValue("name"))
}

func (s *Server) reload(r *http.Request) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	return struct{}{}, s.cluster.Reload(ctx)
}

func (s *Server) rekey(r *http.Request) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	return struct{}{}, s.cluster.Rekey(ctx)
}

func (s *Server) fence(r *http.Request) (any, error) {
	b := FenceBody{Action: "reboot"}
	if err := decode(r, &b); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"on", "off", "reboot"}, b.Action) {
		return nil, Problemf(Invalid, "fence action %q: want off, reboot or on", b.Action)
	}
	timeout := fenceTimeout
	if b.TimeoutMS > 0 {
		timeout = time.Duration(b.TimeoutMS) * time.Millisecond
	}
	if err := s.needNode(r.PathValue("name")); err != nil {
		return nil, err
	}
	return s.cluster.Fence(r.Context(), FenceRequest{Node: r.PathValue("name"), Action: b.Action, Timeout: timeout,
		Delay: time.Duration(b.DelayMS) * time.Millisecond, User: UserOf(r), Client: b.Client})
}

// needNode refuses the name of a node that the configuration does not have.
func (s *Server) needNode(name string) error {
	root, err := s.present()
	if err != nil {
		return err
	}
	for n := range root.Path("configuration", "nodes").Named("node") {
		if n.Get("uname") == name {
			return nil
		}
	}
	return Problemf(NotFound, "there is no node named %q in this cluster", name)
}

func (s *Server) confirm(r *http.Request) (any, error) {
	if err := s.needNode(r.PathValue("name")); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	return struct{}{}, s.cluster.ConfirmOff(ctx, r.PathValue("name"), UserOf(r))
}

func (s *Server) forgetFencing(r *http.Request) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	return struct{}{}, s.cluster.ForgetFencing(ctx, r.URL.Query().Get("node"))
}

func (s *Server) getHistory(*http.Request) (any, error) {
	if _, err := s.present(); err != nil {
		return nil, err
	}
	if past := s.cluster.Snapshot().History; past != nil {
		return past, nil
	}
	return []Transition{}, nil
}

func (s *Server) getTransition(r *http.Request) (any, error) {
	n, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || n < 0 {
		return nil, Problemf(Invalid, "transition %q: want a number", r.PathValue("number"))
	}
	t, err := s.cluster.Transition(n)
	if err != nil {
		return nil, err
	}
	return TransitionReply{*t, t.Input.String(), t.Graph}, nil
}
