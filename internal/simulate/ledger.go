package simulate

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"mainstay/cib"
)

// featureSet is the version of the vocabulary in which results are recorded.
const featureSet = "3.20.5"

// fakeUUID stands in transition keys for the coordinator that never was.
const fakeUUID = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"

// ledger is the status section while results are written into it: the nodes'
// histories as lists that can grow, made into the immutable tree at the end.
type ledger struct {
	root  *cib.Elem
	nodes []*nodeBook
	other []*cib.Elem        // what else the section holds
	stamp string             // the present, Unix seconds
	heads map[head]*cib.Elem // of resources, which are the same on all nodes
	names map[opKey]names
}

// nodeBook is one node_state.
type nodeBook struct {
	state *cib.Elem // without its lrm
	lrm   *cib.Elem // without its resources; nil if there is none
	list  []history
	at    map[string]int // resource id → index in list
	heads map[head]*cib.Elem
}

// history is one lrm_resource. Its entries are put into the element in the end,
// since each change of an element makes it anew.
type history struct {
	rsc     *cib.Elem
	entries []*cib.Elem // once it is open
	open    bool
}

// opened returns the history at an index, ready to be changed.
func (b *nodeBook) opened(at int) *history {
	h := &b.list[at]
	if !h.open {
		h.entries, h.open = append(make([]*cib.Elem, 0, len(h.rsc.Kids())+1), h.rsc.Kids()...), true
	}
	return h
}

// put writes an entry in the place of the one with its id, or at the end.
func (h *history) put(op *cib.Elem) {
	id := op.ID()
	for i, k := range h.entries {
		if k.Name() == op.Name() && k.ID() == id {
			h.entries[i] = op
			return
		}
	}
	h.entries = append(h.entries, op)
}

// elem makes the lrm_resource.
func (h *history) elem() *cib.Elem {
	if !h.open {
		return h.rsc
	}
	return h.rsc.WithKids(h.entries)
}

// newLedger opens the status section.
func newLedger(root *cib.Elem, now time.Time) *ledger {
	l := &ledger{root: root, stamp: strconv.FormatInt(now.Unix(), 10), heads: map[head]*cib.Elem{}, names: map[opKey]names{}}
	for _, k := range root.Child("status").Kids() {
		if k.Name() != "node_state" {
			l.other = append(l.other, k)
			continue
		}
		b := &nodeBook{state: k, lrm: k.Child("lrm"), at: map[string]int{}, heads: l.heads}
		for r := range b.lrm.Child("lrm_resources").Named("lrm_resource") {
			b.at[r.ID()] = len(b.list)
			b.list = append(b.list, history{rsc: r})
		}
		l.nodes = append(l.nodes, b)
	}
	return l
}

// close makes the tree.
func (l *ledger) close() *cib.Elem {
	kids := make([]*cib.Elem, 0, len(l.nodes)+len(l.other))
	for _, b := range l.nodes {
		kids = append(kids, b.elem())
	}
	kids = append(kids, l.other...)
	return replaceChild(l.root, l.root.Child("status").WithKids(kids))
}

// elem makes the node_state.
func (b *nodeBook) elem() *cib.Elem {
	if b.lrm == nil && len(b.list) == 0 {
		return b.state
	}
	lrm := b.lrm
	if lrm == nil {
		lrm = cib.New("lrm", cib.Attr{Name: "id", Value: b.state.ID()})
	}
	list := make([]*cib.Elem, len(b.list))
	for i := range b.list {
		list[i] = b.list[i].elem()
	}
	return b.state.Put(replaceChild(lrm, cib.Draft("lrm_resources").WithKids(list)))
}

// replaceChild puts kid in the place of the first child of its name, or at the end.
func replaceChild(e, kid *cib.Elem) *cib.Elem {
	kids := append([]*cib.Elem(nil), e.Kids()...)
	for i, k := range kids {
		if k.Name() == kid.Name() {
			kids[i] = kid
			return e.WithKids(kids)
		}
	}
	return e.WithKids(append(kids, kid))
}

// node returns the book of a node; one that the section does not know is
// opened. id is used for a new one, "" looks it up in the configuration.
func (l *ledger) node(name, id string) *nodeBook {
	for _, b := range l.nodes {
		if b.state.Get("uname") == name {
			return b
		}
	}
	remote := false
	if id == "" {
		id = name
		remote = true
		for n := range l.root.Path("configuration", "nodes").Named("node") {
			if n.Get("uname") == name {
				id, remote = n.ID(), n.Get("type") == "remote"
			}
		}
	} else if id == name {
		remote = true
	}
	state := cib.New("node_state", cib.Attr{Name: "id", Value: id}, cib.Attr{Name: "uname", Value: name})
	if remote {
		state = state.With("remote_node", "true")
	}
	n := len(l.heads) // most resources are looked for on most nodes
	b := &nodeBook{state: state.With("crm-debug-origin", "crm_simulate"), at: make(map[string]int, n), list: make([]history, 0, n), heads: l.heads}
	l.nodes = append(l.nodes, b)
	return b
}

// setUp makes a node a full member, or gone.
func (l *ledger) setUp(name string, up bool) *nodeBook {
	b := l.node(name, "")
	for _, a := range [4][3]string{{"in_ccm", "true", "false"}, {"crmd", "online", "offline"}, {"join", "member", "down"}, {"expected", "member", "down"}} {
		v := a[2]
		if up {
			v = a[1]
		}
		b.state = b.state.With(a[0], v)
	}
	b.state = b.state.With("crm-debug-origin", "crm_simulate")
	return b
}

// forget drops a node's history and transient attributes, as a restart does.
func (b *nodeBook) forget() {
	b.lrm, b.list, b.at = nil, nil, map[string]int{}
	b.state = b.state.Drop(func(k *cib.Elem) bool { return k.Name() == "lrm" || k.Name() == "transient_attributes" })
}

// resource finds or opens the history of a resource: by the instance's name,
// else by the name that the executor knows.
func (b *nodeBook) resource(shown, id, class, provider, typ string) int {
	if i, ok := b.at[shown]; ok {
		return i
	}
	if i, ok := b.at[id]; ok {
		return i
	}
	what := head{id, class, provider, typ}
	e := b.heads[what]
	if e == nil {
		e = what.elem()
		b.heads[what] = e
	}
	b.at[id] = len(b.list)
	b.list = append(b.list, history{rsc: e})
	return b.at[id]
}

// head is what an lrm_resource tells beside its entries.
type head struct{ id, class, provider, typ string }

// elem makes the lrm_resource, without entries.
func (h head) elem() *cib.Elem {
	attrs := []cib.Attr{{Name: "id", Value: h.id}, {Name: "class", Value: h.class}}
	if h.provider != "" {
		attrs = append(attrs, cib.Attr{Name: "provider", Value: h.provider})
	}
	return cib.Draft("lrm_resource", append(attrs, cib.Attr{Name: "type", Value: h.typ})...)
}

// result is what an operation is to have returned.
type result struct {
	task         string
	interval     int // ms
	rc, targetRC int
	actionID     int
	node         string
	attrs        []cib.Attr // of the action, for notifications and migrations
}

// record writes an operation into the history of the resource at an index.
// Migrations and recurring operations have an entry of their own, failures
// one as the last failure, the others are the last operation.
func (l *ledger) record(b *nodeBook, at int, r result) {
	h := b.opened(at)
	id := h.rsc.ID()
	n := l.namesOf(id, r.task, r.interval)
	key, entry, second := n.key, n.last, ""
	failed := r.rc != r.targetRC
	switch {
	case r.task == "notify":
		key = fmt.Sprintf("%s_%s_notify_%s_0", id, attr(r.attrs, "CRM_meta_notify_type"), attr(r.attrs, "CRM_meta_notify_operation"))
		entry = key
	case r.task == "migrate_to" || r.task == "migrate_from":
		entry = key
	case failed:
		entry = id + "_last_failure_0"
		if r.interval == 0 {
			second = n.last
		}
	case r.interval > 0:
		entry = key
	}
	op := l.operation(h, entry, key, r)
	h.put(op)
	if second != "" {
		h.put(op.With("id", second))
	}
}

// lastCall is the highest call number in an open history, 0 if there is none.
func (h *history) lastCall() int {
	call := 0
	for _, op := range h.entries {
		if op.Name() != "lrm_rsc_op" {
			continue
		}
		if n, err := strconv.Atoi(op.Get("call-id")); err == nil && n > call {
			call = n
		}
	}
	return call
}

// names are the strings that the entries of an operation share on all nodes.
type names struct{ last, key string }

// namesOf returns them, made once.
func (l *ledger) namesOf(rsc, task string, interval int) names {
	what := opKey{rsc, task, interval}
	n, ok := l.names[what]
	if !ok {
		n = names{last: rsc + "_last_0", key: rsc + "_" + task + "_" + strconv.Itoa(interval)}
		l.names[what] = n
	}
	return n
}

// opKey is an operation of a resource.
type opKey struct {
	rsc, task string
	interval  int // ms
}

// operation makes the entry of an id.
func (l *ledger) operation(h *history, id, key string, r result) *cib.Elem {
	rc := strconv.Itoa(r.rc)
	magic := "0:" + rc + ";" + strconv.Itoa(r.actionID) + ":-1:" + strconv.Itoa(r.targetRC) + ":" + fakeUUID
	_, tkey, _ := strings.Cut(magic, ";")
	op := cib.Draft("lrm_rsc_op", []cib.Attr{
		{Name: "id", Value: id}, {Name: "operation_key", Value: key}, {Name: "operation", Value: r.task},
		{Name: "crm-debug-origin", Value: "crm_simulate"}, {Name: "crm_feature_set", Value: featureSet},
		{Name: "transition-key", Value: tkey}, {Name: "transition-magic", Value: magic},
		{Name: "exit-reason", Value: ""}, {Name: "on_node", Value: r.node},
		{Name: "call-id", Value: strconv.Itoa(h.lastCall() + 1)}, {Name: "rc-code", Value: rc}, {Name: "op-status", Value: "0"},
		{Name: "interval", Value: strconv.Itoa(r.interval)}, {Name: "last-rc-change", Value: l.stamp},
		{Name: "exec-time", Value: "0"}, {Name: "queue-time", Value: "0"},
	}...)
	for _, end := range []string{"migrate_source", "migrate_target"} { // without them nobody knows what the record is of
		if v := attr(r.attrs, "CRM_meta_"+end); v != "" {
			op = op.With(end, v)
		}
	}
	return op
}

// countFailure raises a resource's failure count on a node, or makes it
// infinite, and notes the time. A probe that found nothing is no failure.
func (l *ledger) countFailure(b *nodeBook, rsc, task string, interval, rc int, infinite bool) {
	if rc == 0 || (rc == 7 && interval == 0) {
		return
	}
	suffix := fmt.Sprintf("%s#%s_%d", rsc, task, interval)
	b.setAttribute("fail-count-"+suffix, func(old string) string {
		n, _ := strconv.Atoi(old)
		if infinite || old == "INFINITY" {
			return "INFINITY"
		}
		return strconv.Itoa(n + 1)
	})
	b.setAttribute("last-failure-"+suffix, func(string) string { return l.stamp })
}

// setAttribute changes one transient attribute.
func (b *nodeBook) setAttribute(name string, change func(old string) string) {
	node := b.state.ID()
	ta := b.state.Child("transient_attributes")
	if ta == nil {
		ta = cib.New("transient_attributes", cib.Attr{Name: "id", Value: node})
	}
	set := ta.Child("instance_attributes")
	if set == nil {
		set = cib.New("instance_attributes", cib.Attr{Name: "id", Value: "status-" + node})
	}
	pair := cib.New("nvpair", cib.Attr{Name: "id", Value: set.ID() + "-" + strings.ReplaceAll(name, "#", ".")}, cib.Attr{Name: "name", Value: name})
	for p := range set.Named("nvpair") {
		if p.Get("name") == name {
			pair = p
		}
	}
	set = set.Put(pair.With("value", change(pair.Get("value"))))
	b.state = replaceChild(b.state, replaceChild(ta, set))
}

// attr returns one attribute of a list, or "".
func attr(list []cib.Attr, name string) string {
	for _, a := range list {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// unixAttr reads an attribute of Unix seconds.
func unixAttr(e *cib.Elem, name string) (int64, bool) {
	v, ok := e.Lookup(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(v, 10, 64)
	return n, err == nil
}
