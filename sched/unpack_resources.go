package sched

import (
	"sort"
	"strconv"

	"mainstay/cib"
	"mainstay/status"
)

// unpackResources reads <resources>: templates first, then every collection
// and primitive, in order.
func (p *planner) unpackResources() {
	p.byRsc = map[string]*rsc{}
	p.templates = map[string]*cib.Elem{}
	p.tagged = map[string][]string{}
	res := p.conf.Child("resources")
	for t := range res.Named("template") {
		p.templates[t.ID()] = t
		p.tagged[t.ID()] = nil
	}
	for t := range p.conf.Child("tags").Named("tag") {
		for ref := range t.Named("obj_ref") {
			p.tagged[t.ID()] = append(p.tagged[t.ID()], ref.ID())
		}
	}
	if !p.partial { // else there are none
		p.implyGuests(res)
	}
	p.sortNodesByName()
	for _, e := range res.Kids() {
		if e.Name() == "template" || e.Name() == cib.CommentName {
			continue
		}
		if p.partial && !p.trace.isAwake(e) {
			continue
		}
		if r := p.makeRsc(e, nil, ""); r != nil {
			r.source = e
			p.top = append(p.top, r)
		}
	}
	p.linkConnections()
	sort.SliceStable(p.top, func(i, j int) bool { return p.top[i].priority > p.top[j].priority })
}

// implyGuests makes the nodes that primitives imply, before anything is placed.
func (p *planner) implyGuests(res *cib.Elem) {
	res.Walk(func(e *cib.Elem) bool {
		if e.Name() != "primitive" {
			return true
		}
		x := p.expandTemplate(e)
		if isRemoteAgent(x) {
			if p.nodeByID[e.ID()] == nil {
				p.addNode(e.ID(), e.ID(), status.Remote)
			}
			p.haveRemote = true
			return true
		}
		if name := p.ownMeta(x, "remote-node"); name != "" {
			if n := p.nodeByID[name]; n != nil {
				n.kind = status.Guest
				n.attrs["#kind"] = "container"
			} else {
				p.addNode(name, name, status.Guest)
			}
			p.haveRemote = true
		}
		return true
	})
	for b := range res.Named("bundle") {
		p.implyBundleNodes(b)
	}
}

func isRemoteAgent(e *cib.Elem) bool {
	return e.Get("class") == "ocf" && e.Get("provider") == "pacemaker" && e.Get("type") == "remote"
}

func (p *planner) ownMeta(e *cib.Elem, name string) string {
	return p.evalSets(e, "meta_attributes", &cib.Facts{Now: p.now}, "")[name]
}

// expandTemplate merges a primitive with the template that it names: its own
// parts last; of operations with the same name and interval, its own.
func (p *planner) expandTemplate(e *cib.Elem) *cib.Elem {
	ref := e.Get("template")
	if ref == "" {
		return e
	}
	t := p.templates[ref]
	if t == nil {
		p.warn(e.ID(), "template "+ref+" does not exist", "define the template or name another")
		return e
	}
	k := p.memo.of(e)
	if k.expanded == nil || k.template != t {
		k.expanded, k.template = p.merged(e, t), t
	}
	return k.expanded
}

// merged is a primitive with the parts of its template.
func (p *planner) merged(e, t *cib.Elem) *cib.Elem {
	x := e.Without("template")
	for _, a := range t.Attrs() {
		if _, ok := x.Lookup(a.Name); !ok {
			x = x.With(a.Name, a.Value)
		}
	}
	kids := make([]*cib.Elem, 0, len(e.Kids())+len(t.Kids()))
	take := func(from []*cib.Elem) (ops *cib.Elem) {
		for _, k := range from {
			if k.Name() == "operations" {
				ops = k
				continue
			}
			kids = append(kids, k)
		}
		return ops
	}
	theirs := take(t.Kids())
	own := take(e.Kids()) // behind the template's: of equal sets, the last counts
	if ops := p.mergeOps(own, theirs); ops != nil {
		kids = append(kids, ops)
	}
	return x.WithKids(kids)
}

func (p *planner) mergeOps(own, theirs *cib.Elem) *cib.Elem {
	if own == nil || theirs == nil {
		if own == nil {
			own = theirs
		}
		return own
	}
	key := func(op *cib.Elem) string {
		rl := parseRole(op.Get("role"))
		if rl == roleStarted || rl == roleUnpromoted {
			rl = roleUnknown
		}
		return op.Get("name") + "/" + string(rune('0'+rl))
	}
	seen := map[string]bool{}
	var kids []*cib.Elem
	for _, op := range own.Kids() {
		seen[key(op)] = true
		kids = append(kids, op)
	}
	for _, op := range theirs.Kids() {
		if !seen[key(op)] {
			kids = append(kids, op)
		}
	}
	return own.WithKids(kids)
}

// makeRsc makes the resource that an element configures, and what is inside of
// it. suffix is ":0" and so on inside of a clone instance.
func (p *planner) makeRsc(e *cib.Elem, parent *rsc, suffix string) *rsc {
	x := p.expandTemplate(e)
	if ref := e.Get("template"); ref != "" && e.Name() == "primitive" {
		if p.templates[ref] == nil {
			return nil
		}
		if suffix == "" || suffix == ":0" {
			p.tagged[ref] = append(p.tagged[ref], e.ID())
		}
	}
	r := &rsc{idx: len(p.all), id: e.ID() + suffix, parent: parent}
	if !p.modelled(r, e) {
		warned := len(p.warnings)
		if !p.readRsc(r, x) {
			return nil
		}
		if len(p.warnings) == warned { // else it must be said again
			p.keepModel(r, e)
		}
	}
	p.all = append(p.all, r)
	if top := r.cloneAround(); suffix != "" && top != nil && (top.unique || top.kind == bundle) {
		r.name = r.id
	}
	p.byRsc[r.id] = r
	switch r.kind {
	case group:
		for _, k := range x.Kids() {
			if k.Name() == "primitive" {
				if m := p.makeRsc(k, r, suffix); m != nil {
					r.kids = append(r.kids, m)
				}
			}
		}
	case clone:
		p.makeInstances(r)
	case bundle:
		p.makeBundle(r)
	}
	return r
}

// readRsc reads what an element says of a resource itself; false if it is none.
func (p *planner) readRsc(r *rsc, x *cib.Elem) bool {
	r.name, r.elem, r.ops = x.ID(), x, p.operations(x)
	r.role, r.unassigned, r.managed, r.critical, r.reloadOK = roleStopped, true, true, true, true
	switch x.Name() {
	case "primitive":
		r.kind, r.class, r.provider, r.agent = primitive, x.Get("class"), x.Get("provider"), x.Get("type")
	case "group":
		r.kind = group
	case "clone", "master":
		r.kind = clone
		r.promotable = x.Name() == "master"
	case "bundle":
		r.kind = bundle
	default:
		return false
	}
	p.unpackMeta(r)
	r.plain = r.kind == primitive && p.isPlain(r)
	return true
}

// operations returns the <operations> of a resource, which may be elsewhere.
func (p *planner) operations(e *cib.Elem) *cib.Elem {
	ops := e.Child("operations")
	if ops == nil {
		return nil
	}
	return p.deref(ops)
}

// makeInstances makes the instances of a clone, numbered from 0.
func (p *planner) makeInstances(r *rsc) {
	for _, k := range r.elem.Kids() {
		if k.Name() == "primitive" || k.Name() == "group" {
			r.clone.child = k
		}
	}
	if r.clone.child == nil {
		p.warn(r.id, "clone has nothing to clone", "put a primitive or a group into it")
		return
	}
	if r.unique && !p.canBeUnique(r.clone.child) {
		p.warn(r.id, "globally-unique is ignored: only OCF agents and fence devices can tell instances apart", "remove globally-unique")
		r.unique, r.clone.nodeMax = false, 1
		r.clone.max = min(r.clone.max, p.knownNodes())
	}
	for i := 0; i < r.clone.max; i++ {
		p.addInstance(r)
	}
	if r.clone.max == 0 { // what is still active must be found; the others have no place
		if k := p.addInstance(r); k != nil {
			k.each(func(x *rsc) { x.removed = true })
		}
	}
}

// canBeUnique tells whether the agents of a clone's child know instances by number.
func (p *planner) canBeUnique(child *cib.Elem) bool {
	ok := true
	child.Walk(func(e *cib.Elem) bool {
		if e.Name() == "primitive" {
			class := p.expandTemplate(e).Get("class")
			ok = ok && (class == "ocf" || class == "stonith")
		}
		return true
	})
	return ok
}

// knownNodes is the number of nodes so far: a bundle's guests count once the
// bundle was read, or from the start if they are listed among the nodes.
func (p *planner) knownNodes() int {
	known := 0
	for _, n := range p.nodes {
		if !n.bundled || n.elem != nil || n.remoteRsc != nil {
			known++
		}
	}
	return max(1, known)
}

// addInstance makes one more instance of a clone.
func (p *planner) addInstance(r *rsc) *rsc {
	k := p.makeRsc(r.clone.child, r, ":"+strconv.Itoa(len(r.kids)))
	if k == nil {
		return nil
	}
	k.each(func(x *rsc) {
		if r.removed {
			x.removed = true
		}
		x.unique, x.notify, x.promotable = r.unique, r.notify, r.promotable
	})
	r.kids = append(r.kids, k)
	return k
}

// unpackMeta reads a resource's meta-attributes and what follows from them.
func (p *planner) unpackMeta(r *rsc) {
	r.meta = p.metaOf(r)
	m := r.meta
	r.priority, _ = cib.ParseScore(m["priority"])
	if v, ok := m["critical"]; ok {
		if b, err := cib.ParseBool(v); err == nil {
			r.critical = b
		}
	}
	r.notify = truthy(m["notify"])
	r.maintenance = truthy(m["maintenance"]) || p.opt.maintenance
	if v, ok := m["is-managed"]; ok && v != "default" {
		if b, err := cib.ParseBool(v); err == nil {
			r.managed = b
		}
	}
	if r.maintenance {
		r.managed = false
	}
	v, ok := m["allow-migrate"]
	// What is connected to a remote node would otherwise stop when the connection moves.
	// A guest's connection goes where the guest goes.
	r.migratable = truthy(v) || !ok && isRemoteAgent(r.elem) && m["container"] == ""
	if r.kind == clone || r.kind == bundle {
		p.unpackCloneMeta(r)
	}
	if r.kind == group {
		r.group.ordered = flagOr(m["ordered"], true)
		r.group.colocated = flagOr(m["collocated"], true)
	}
	p.checkRole(r.id, m["target-role"])
	switch m["multiple-active"] {
	case "stop_only":
		r.stopOnMultiple = true
	case "block":
		r.blockOnMultiple = true
	case "stop_unexpected":
		r.multipleUnexpected = true
	}
	if v, ok := m["resource-stickiness"]; ok && v != "default" {
		r.stickiness, _ = cib.ParseScore(v)
	} else if r.kind == primitive || r.kind == group {
		if c := r.cloneAround(); c != nil && c.kind == clone {
			r.stickiness = 1
		}
	}
	p.unpackThreshold(r, m["migration-threshold"])
	if v, ok := m["failure-timeout"]; ok {
		if d, err := cib.ParseDuration(v); err == nil && d > 0 {
			r.failTimeout = d.Milliseconds()
		}
	}
	p.unpackPrimitive(r)
}

// unpackPrimitive reads what only primitives have.
func (p *planner) unpackPrimitive(r *rsc) {
	if r.elem.Name() != "primitive" {
		return
	}
	r.fenceDevice = r.class == "stonith"
	r.nodeParams = false
	for at := r; at != nil; at = at.parent {
		r.nodeParams = r.nodeParams || p.asksNode(at.elem, "instance_attributes")
	}
	p.unpackRequires(r)
	if isRemoteAgent(r.elem) {
		if r.remoteSecs = p.reconnectInterval(r); r.remoteSecs > 0 {
			r.failTimeout = r.remoteSecs // failures keep the connection from being made until they expire
		}
	}
	r.util = map[string]int{}
	for k, v := range p.evalSets(r.elem, "utilization", p.facts(r, nil), "") {
		r.util[k], _ = cib.ParseScore(v)
	}
}

// unpackRequires reads "requires": what must be so before a start.
func (p *planner) unpackRequires(r *rsc) {
	req := r.meta["requires"]
	if r.fenceDevice && req == "unfencing" {
		req = "quorum"
	}
	if req == "" || req == "default" {
		switch {
		case r.fenceDevice, isRemoteAgent(r.elem):
			req = "quorum" // a connection twice does no harm
		case p.haveUnfencing && p.opt.fencing:
			req = "unfencing"
		case p.opt.fencing:
			req = "fencing"
		case p.opt.noQuorum == "ignore":
			req = "nothing"
		default:
			req = "quorum"
		}
	}
	if (req == "fencing" || req == "unfencing") && !p.opt.fencing {
		req = "quorum"
	}
	switch req {
	case "nothing":
	case "quorum":
		r.needsQuorum = true
	case "unfencing":
		r.needsUnfencing = true
		r.needsQuorum, r.needsFencing = true, true
	default:
		r.needsQuorum, r.needsFencing = true, true
	}
}

func (p *planner) reconnectInterval(r *rsc) int64 {
	v := p.paramsOn(r, nil)["reconnect_interval"]
	if v == "" {
		return 0
	}
	d, err := cib.ParseDuration(v)
	if err != nil {
		return 0
	}
	return d.Milliseconds()
}

func flagOr(s string, fallback bool) bool {
	if s == "" {
		return fallback
	}
	b, err := cib.ParseBool(s)
	if err != nil {
		return fallback
	}
	return b
}

// metaOf merges meta-attributes: the resource's own, those of the collections
// around it, the cluster's defaults.
func (p *planner) metaOf(r *rsc) map[string]string {
	f := &cib.Facts{Now: p.now, IsRsc: true, Class: r.class, Provider: r.provider, Type: r.agent}
	m := map[string]string{}
	for _, a := range r.elem.Attrs() {
		if a.Name != "id" && a.Name != "class" && a.Name != "provider" && a.Name != "type" && a.Name != "description" {
			m[a.Name] = a.Value
		}
	}
	p.mergeSets(m, r.elem, "meta_attributes", f, "")
	if r.parent != nil {
		for k, v := range r.parent.meta {
			if _, ok := m[k]; !ok && k != "description" {
				m[k] = v
			}
		}
	}
	p.mergeSets(m, p.conf.Child("rsc_defaults"), "meta_attributes", f, "")
	return m
}

func (p *planner) unpackCloneMeta(r *rsc) {
	m, c := r.meta, &r.clone
	c.interleave, c.ordered = flagOr(m["interleave"], false), flagOr(m["ordered"], false)
	if r.kind == bundle {
		return
	}
	r.promotable = r.promotable || truthy(m["promotable"])
	c.nodeMax = countOr(m["clone-node-max"], 1)
	r.unique = flagOr(m["globally-unique"], c.nodeMax > 1)
	if !r.unique && c.nodeMax > 1 {
		c.nodeMax = 1
	}
	c.max = p.atMost(r.id, "clone-max", countOr(m["clone-max"], p.knownNodes()), maxInstances)
	if r.promotable {
		c.promotedMax = countOr(either(m, "promoted-max", "master-max"), 1)
		c.promotedNodeMax = countOr(either(m, "promoted-node-max", "master-node-max"), 1)
	}
}

func either(m map[string]string, a, b string) string {
	if v, ok := m[a]; ok {
		return v
	}
	return m[b]
}

// countOr reads a number that is not negative.
func countOr(s string, fallback int) int {
	n, err := cib.ParseScore(s)
	if s == "" || err != nil || n < 0 {
		return fallback
	}
	return n
}

// linkConnections ties remote and guest nodes to the resources behind them.
func (p *planner) linkConnections() {
	for _, r := range p.all {
		if r.kind != primitive {
			continue
		}
		if isRemoteAgent(r.elem) {
			if n := p.nodeByID[r.id]; n != nil && n.isRemote() {
				n.remoteRsc = r
				r.remoteNode = n
				if r.meta["container"] == "" { // as with members, nothing is known at first
					n.unclean, n.unseen = p.opt.startupFencing, true
				}
			}
		}
	}
	for _, r := range p.all {
		if c := p.byRsc[r.meta["container"]]; c != nil && c != r && r.kind == primitive && r.container == nil {
			r.container = c
			c.fillers = append(c.fillers, r)
		}
	}
	for _, r := range append([]*rsc(nil), p.all...) {
		name := r.meta["remote-node"]
		if r.kind != primitive || name == "" || isRemoteAgent(r.elem) || r.parent != nil && r.parent.meta["remote-node"] == name {
			continue
		}
		if _, own := p.evalSets(r.elem, "meta_attributes", &cib.Facts{Now: p.now}, "")["remote-node"]; own {
			p.implyConnection(r, name)
		}
	}
}

// implyConnection makes the connection resource of a guest node; it runs where the guest runs.
func (p *planner) implyConnection(guest *rsc, name string) {
	n := p.nodeByID[name]
	if n == nil || n.remoteRsc != nil || p.byRsc[name] != nil {
		return
	}
	m := guest.meta
	e := connectionElem(name, m["remote-addr"], m["remote-port"], m["remote-connect-timeout"], m["remote-allow-migrate"], guest.id)
	r := p.makeRsc(e, nil, "")
	r.managed = r.managed && true
	r.container = guest
	guest.fillers = append(guest.fillers, r)
	n.remoteRsc, r.remoteNode = r, n
	n.kind = status.Guest
	n.attrs["#kind"] = "container"
	if guest.uber(true).kind != primitive {
		r.parent = nil
	}
	p.top = append(p.top, r)
}

// connectionElem is the configuration that a guest node's connection has implicitly.
func connectionElem(name, addr, port, timeout, allowMigrate, container string) *cib.Elem {
	nv := func(id, n, v string) *cib.Elem {
		return cib.New("nvpair", cib.Attr{Name: "id", Value: id}, cib.Attr{Name: "name", Value: n}, cib.Attr{Name: "value", Value: v})
	}
	meta := cib.New("meta_attributes", cib.Attr{Name: "id", Value: name + "_meta"})
	meta = meta.Append(nv(name+"_meta_container", "container", container), nv(name+"_meta_internal", "internal_rsc", "true"))
	if allowMigrate != "" {
		meta = meta.Append(nv(name+"_meta_migrate", "allow-migrate", allowMigrate))
	}
	if timeout == "" {
		timeout = "60s"
	}
	op := func(id, n, iv, to string) *cib.Elem {
		return cib.New("op", cib.Attr{Name: "id", Value: id}, cib.Attr{Name: "name", Value: n}, cib.Attr{Name: "interval", Value: iv}, cib.Attr{Name: "timeout", Value: to})
	}
	ops := cib.New("operations").Append(op(name+"-monitor-interval-30s", "monitor", "30s", "30s"), op(name+"-start-interval-0", "start", "0", timeout))
	e := cib.New("primitive", cib.Attr{Name: "id", Value: name}, cib.Attr{Name: "class", Value: "ocf"}, cib.Attr{Name: "provider", Value: "pacemaker"}, cib.Attr{Name: "type", Value: "remote"})
	e = e.Append(meta, ops)
	if addr != "" || port != "" {
		ia := cib.New("instance_attributes", cib.Attr{Name: "id", Value: name + "_attrs"})
		if addr != "" {
			ia = ia.Append(nv(name+"_addr", "addr", addr))
		}
		if port != "" {
			ia = ia.Append(nv(name+"_port", "port", port))
		}
		e = e.Append(ia)
	}
	return e
}
