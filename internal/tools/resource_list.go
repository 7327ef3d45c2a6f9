package tools

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/status"
	"mainstay/view"
)

// list is --list.
func (o *resourceOptions) list(w *world) error {
	opt := view.Options{Sections: map[view.Section]bool{view.Resources: true}, Inactive: true, HideHeaders: true, NoPlaces: true}
	if len(w.c.Resources) == 0 {
		o.printf("Full List of Resources:\n  * No resources\n")
		o.add(cib.New("resources").Append(cib.New("item").WithText("No resources")))
		return fail(face.NoSuch)
	}
	o.printf("%s", view.Text(w.f, opt))
	if o.xml() {
		kids := make([]*cib.Elem, 0, len(w.c.Resources))
		for _, r := range w.c.Resources {
			kids = append(kids, view.XMLResource(w.f, r))
		}
		o.add(cib.New("resources").WithKids(kids))
	}
	return nil
}

// listRaw is --list-raw.
func (o *resourceOptions) listRaw(w *world) error {
	if len(w.c.Resources) == 0 {
		o.note("NO resources configured\n")
		return fail(face.NoSuch)
	}
	var names []string
	for _, i := range w.instances() {
		names = append(names, i.Name)
		o.printf("%s\n", i.Name)
	}
	o.add(items("resource names", "resource", names))
	return nil
}

// locate is --locate.
func (o *resourceOptions) locate(w *world) {
	type at struct{ node, state string }
	var where []at
	for _, i := range w.of(o.rsc) {
		for _, p := range i.Places {
			a := at{node: p.Node}
			if p.Role == status.Promoted {
				a.state = "Promoted"
			}
			switch {
			case hasPlace(where, a, func(x, y at) bool { return x.node == y.node }):
			case i.Top.Kind == status.Clone: // the last instance comes first
				where = append([]at{a}, where...)
			default:
				where = append(where, a)
			}
		}
	}
	e := element("nodes", "resource", o.rsc)
	var kids []*cib.Elem
	for _, a := range where {
		k := cib.New("node")
		if a.state != "" {
			k = k.With("state", "promoted")
		}
		kids = append(kids, k.WithText(a.node))
		switch {
		case o.quiet:
			o.printf("%s\n", a.node)
		case a.state != "":
			o.printf("resource %s is running on: %s %s\n", o.rsc, a.node, a.state)
		default:
			o.printf("resource %s is running on: %s\n", o.rsc, a.node)
		}
	}
	o.add(e.WithKids(kids))
	if len(where) == 0 && !o.quiet {
		o.warnf("resource %s is NOT running\n", o.rsc)
	}
}

// hasPlace tells whether something like a is in a list.
func hasPlace[T any](list []T, a T, same func(x, y T) bool) bool {
	for _, x := range list {
		if same(x, a) {
			return true
		}
	}
	return false
}

// queryXML prints how a resource is and how it is configured.
func (o *resourceOptions) queryXML(w *world, p *cib.Place) error {
	e := p.Elem
	number := ""
	inst := w.of(o.rsc)
	r := find(w.c.Resources, o.rsc)
	if e.Name() == "primitive" && len(inst) > 0 {
		r = inst[0].Resource
		_, number, _ = strings.Cut(inst[0].Name, ":")
	}
	if o.command == "query-xml" {
		e = expanded(w.root, e)
		if number != "" {
			e = e.With("clone", number)
		}
	}
	text := string(e.AppendXML(nil, true))
	if r != nil {
		o.printf("%s", view.ResourceLines(w.f, r))
		o.add(cib.New("resource_config").WithKids([]*cib.Elem{view.XMLResource(w.f, r), o.cdata("xml", text)}))
	}
	o.printf("Resource XML:\n%s", text)
	return nil
}

// expanded is a primitive with what its template says, or any other element as it is.
func expanded(root, e *cib.Elem) *cib.Elem {
	name := e.Get("template")
	if name == "" {
		return e
	}
	tmpl := root.Path("configuration", "resources").ChildID("template", name)
	if tmpl == nil {
		return e
	}
	var attrs []cib.Attr
	attrs = append(attrs, cib.Attr{Name: "id", Value: e.ID()})
	for _, a := range tmpl.Attrs() {
		if a.Name != "id" {
			attrs = append(attrs, a)
		}
	}
	kids := append([]*cib.Elem{}, tmpl.Kids()...)
	for _, k := range e.Kids() {
		if k.Name() == "operations" {
			kids = mergeOperations(kids, k)
			continue
		}
		kids = append(kids, k)
	}
	return cib.New("primitive", attrs...).WithKids(kids)
}

// mergeOperations lays a resource's operations over those of its template: of two
// with the same name and interval the resource's own counts.
func mergeOperations(kids []*cib.Elem, own *cib.Elem) []*cib.Elem {
	same := func(a, b *cib.Elem) bool {
		return a.Get("name") == b.Get("name") && a.Get("interval") == b.Get("interval")
	}
	for i, k := range kids {
		if k.Name() != "operations" {
			continue
		}
		ops := append([]*cib.Elem{}, own.Kids()...)
		for _, op := range k.Kids() {
			if !hasPlace(ops, op, same) {
				ops = append(ops, op)
			}
		}
		kids[i] = own.WithKids(ops)
		return kids
	}
	return append(kids, own)
}

// listOperations is --list-operations and --list-all-operations.
func (o *resourceOptions) listOperations(w *world) {
	var list []*cib.Elem
	for state := range w.root.Child("status").Named("node_state") {
		node := state.Get("uname")
		if o.node != "" && node != o.node {
			continue
		}
		for lrm := range state.Path("lrm", "lrm_resources").Named("lrm_resource") {
			id := lrm.ID()
			if base, _, ok := strings.Cut(id, ":"); o.rsc != "" && id != o.rsc && (!ok || base != o.rsc) {
				continue
			}
			for _, op := range sortedOps(lrm, o.command == "list-operations") {
				list = append(list, o.operationElem(w, id, node, op))
			}
		}
	}
	o.add(cib.New("operations").WithKids(list))
}

// operationElem writes one operation of the history, and prints it.
func (o *resourceOptions) operationElem(w *world, id, node string, op *cib.Elem) *cib.Elem {
	key := op.Get("operation_key")
	state := statusText(op.Get("op-status"))
	e := element("operation", "op", key, "node", node, "call", op.Get("call-id"), "rc", op.Get("rc-code"), "status", state)
	when := ""
	if n, err := strconv.ParseInt(op.Get("last-rc-change"), 10, 64); err == nil && n > 0 {
		when = time.Unix(n, 0).In(o.env.Now().Location()).Format("Mon Jan _2 15:04:05 2006")
	}
	line := ""
	if inst := w.of(id); len(inst) > 0 {
		e = e.With("rsc", id).With("agent", inst[0].Agent)
		line = view.ResourceWords(w.f, inst[0].Resource) + ": "
	} else {
		line = "Unknown resource " + id + ": "
	}
	if when != "" {
		e = e.With("last-rc-change", when).With("exec-time", op.Get("exec-time"))
		o.printf("%s%s (node=%s, call=%s, rc=%s, last-rc-change='%s', exec=%sms): %s\n", line, key, node, op.Get("call-id"), op.Get("rc-code"),
			when, op.Get("exec-time"), state)
	} else {
		o.printf("%s%s (node=%s, call=%s, rc=%s): %s\n", line, key, node, op.Get("call-id"), op.Get("rc-code"), state)
	}
	return e
}

// why is --why.
func (o *resourceOptions) why(w *world) error {
	if o.rsc != "" {
		if _, err := intent.NeedResource(w.root, o.rsc); err != nil {
			return err
		}
	}
	top := cib.New("reason")
	switch {
	case o.rsc != "" && o.node != "":
		on := runsOn(w.of(o.rsc), o.node)
		if on {
			top = top.With("running_on", o.node)
			o.printf("Resource %s is running on host %s\n", o.rsc, o.node)
		} else {
			o.printf("Resource %s is %srunning on host %s\n", o.rsc, "not ", o.node)
		}
		top = top.Append(o.check(w, o.rsc))
	case o.rsc != "":
		on := runsOn(w.of(o.rsc), "")
		o.printf("Resource %s is %srunning\n", o.rsc, notIf(!on))
		top = top.With("running", yes(on)).Append(o.check(w, o.rsc))
	case o.node != "":
		top = top.Append(o.whyOnNode(w))
	default:
		list := cib.New("resources")
		for _, r := range w.c.Resources {
			on := runsOn(w.of(r.ID), "")
			o.printf("Resource %s is %srunning\n", r.ID, notIf(!on))
			list = list.Append(element("resource", "id", r.ID, "running", yes(on)).Append(o.check(w, r.ID)))
		}
		top = top.Append(list)
	}
	o.add(top)
	return nil
}

// whyOnNode tells about everything that runs on a node.
func (o *resourceOptions) whyOnNode(w *world) *cib.Elem {
	list := cib.New("resources")
	for _, i := range w.instances() {
		if !runsOn([]instance{i}, o.node) {
			continue
		}
		o.printf("Resource %s is running on host %s\n", i.Name, o.node)
		list = list.Append(element("resource", "id", i.Name, "running", "true", "host", o.node).Append(o.check(w, i.Top.ID)))
	}
	return list
}

// check tells what of the configuration keeps a resource from running.
func (o *resourceOptions) check(w *world, id string) *cib.Elem {
	e := element("check", "id", id)
	p := intent.Resource(w.root, id)
	if p == nil {
		return e
	}
	h := intent.OfResource(p, intent.Meta)
	if v, ok := h.Get("target-role"); ok {
		switch strings.ToLower(v.Value) {
		case "stopped":
			e = e.With("remain_stopped", "true")
			o.printf("Configuration specifies '%s' should remain stopped\n", id)
		case "unpromoted", "slave":
			e = e.With("promotable", "false")
			o.printf("Configuration specifies '%s' should not be promoted\n", id)
		}
	}
	if v, ok := h.Get("is-managed"); ok {
		if on, err := cib.ParseBool(v.Value); err == nil && !on {
			e = e.With("unmanaged", "true")
			o.printf("Configuration prevents cluster from stopping or starting unmanaged '%s'\n", id)
		}
	}
	if r := find(w.c.Resources, id); r != nil && r.LockedTo != "" {
		e = e.With("locked-to", r.LockedTo)
		o.printf("'%s' is locked to node %s due to shutdown\n", id, r.LockedTo)
	}
	return e
}

// runsOn tells whether one of some instances is active, on a node or anywhere.
func runsOn(list []instance, node string) bool {
	for _, i := range list {
		for _, p := range i.Places {
			if node == "" || p.Node == node {
				return true
			}
		}
	}
	return false
}

func notIf(b bool) string {
	if b {
		return "not "
	}
	return ""
}

// statusText is the word for an op-status of the history.
func statusText(n string) string {
	v, err := strconv.Atoi(n)
	if err != nil {
		return "UNKNOWN!"
	}
	return agent.Status(v).String()
}

// sortedOps lists the operations that a node did for a resource, by call; active
// ones only leaves out what was done before the last stop, and that stop.
func sortedOps(lrm *cib.Elem, active bool) []*cib.Elem {
	ops := slices.Collect(lrm.Named("lrm_rsc_op"))
	call := func(op *cib.Elem) int { n, _ := strconv.Atoi(op.Get("call-id")); return n }
	slices.SortStableFunc(ops, func(a, b *cib.Elem) int { return call(a) - call(b) })
	if !active {
		return ops
	}
	for i := len(ops) - 1; i >= 0; i-- {
		if ops[i].Get("operation") == "stop" && ops[i].Get("rc-code") == "0" {
			return ops[i+1:]
		}
	}
	return ops
}

func itoa(n int) string { return strconv.Itoa(n) }

// yes writes a boolean.
func yes(b bool) string { return strconv.FormatBool(b) }
