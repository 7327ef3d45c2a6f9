package sched

import (
	"strconv"
	"strings"

	"mainstay/cib"
	"mainstay/status"
)

// A bundle is a primitive that runs inside of containers. It is unpacked into
// replicas; each has a container, maybe an address, and, if there is a
// primitive, the connection to the guest node that the container is. The
// primitive becomes a clone with one instance for each of those nodes.
//
// bundle.go makes the resources, bundle_place.go places them and makes their
// actions.

// bundleData is what a bundle is made of.
type bundleData struct {
	child    *rsc // the implied clone of the primitive; nil if there is none
	perHost  int
	replicas []*replica
	image    string
	launcher string // "docker" or "podman"
}

// replica is one of a bundle's copies.
type replica struct {
	number                       int
	addr                         string // of the address resource, "" if there is none
	container, ip, child, remote *rsc
	node                         *node // the guest node
}

// bundleConf is a bundle's configuration, read before anything is made of it.
type bundleConf struct {
	id                          string
	engine                      *cib.Elem // <docker> or <podman>
	primitive                   *cib.Elem
	replicas, perHost, promoted int
	ipStart, netmask, nic       string
	controlPort, network        string
	options, command            string
	addHosts                    bool
	mounts                      []mount
	ports                       []port
}

type mount struct {
	source, target, options string
	perReplica              bool // source-dir-root: each replica has a directory below it
}

type port struct{ source, target string }

// Where an installed Pacemaker keeps what a containerised executor needs.
const (
	remotePort    = "3121"
	remoteProgram = "/usr/sbin/pacemaker-remoted"
	authKeyFile   = "/etc/pacemaker/authkey"
	bundleLogs    = "/var/log/pacemaker/bundles"
)

// readBundle reads a <bundle>; nil if nothing can run with it.
func (p *planner) readBundle(e *cib.Elem) *bundleConf {
	b := &bundleConf{id: e.ID(), addHosts: true}
	for _, engine := range []string{"docker", "podman"} {
		if k := e.Child(engine); k != nil && b.engine == nil {
			b.engine = k
		}
	}
	if b.engine == nil {
		p.warn(b.id, "the bundle has no container technology that is known", "add <podman> or <docker>")
		return nil
	}
	b.promoted = countOr(either2(b.engine, "promoted-max", "masters"), 0)
	b.replicas = countOr(b.engine.Get("replicas"), max(1, b.promoted))
	b.replicas = p.atMost(b.id, "replicas", max(1, b.replicas), maxReplicas)
	b.perHost = max(1, countOr(b.engine.Get("replicas-per-host"), 1))
	b.network, b.options, b.command = b.engine.Get("network"), b.engine.Get("options"), b.engine.Get("run-command")
	p.readBundleNetwork(b, e.Child("network"))
	for m := range e.Child("storage").Named("storage-mapping") {
		x := mount{source: m.Get("source-dir"), target: m.Get("target-dir"), options: m.Get("options")}
		if x.source == "" {
			x.source, x.perReplica = m.Get("source-dir-root"), true
		}
		if x.source != "" && x.target != "" {
			b.mounts = append(b.mounts, x)
		}
	}
	if b.primitive = e.Child("primitive"); b.primitive == nil {
		return b
	}
	if b.ipStart == "" && b.controlPort == "" {
		p.warn(b.id, "what runs inside of the containers cannot be reached", "set ip-range-start or control-port in <network>")
		return nil
	}
	if b.ipStart == "" && b.perHost > 1 {
		p.warn(b.id, "several replicas on a host need addresses of their own", "set ip-range-start or replicas-per-host=1")
		b.perHost = 1
	}
	control := orDefault(b.controlPort, remotePort)
	b.mounts = append(b.mounts, mount{source: authKeyFile, target: authKeyFile}, mount{source: bundleLogs, target: "/var/log", perReplica: true})
	b.ports = append(b.ports, port{control, control})
	return b
}

// readBundleNetwork reads <network>.
func (p *planner) readBundleNetwork(b *bundleConf, e *cib.Elem) {
	b.ipStart, b.netmask, b.nic = e.Get("ip-range-start"), e.Get("host-netmask"), e.Get("host-interface")
	b.controlPort = e.Get("control-port")
	b.addHosts = flagOr(e.Get("add-host"), true)
	for m := range e.Named("port-mapping") {
		x := port{m.Get("port"), m.Get("internal-port")}
		if x.source == "" {
			x.source = m.Get("range")
			x.target = x.source
		}
		if x.target == "" {
			x.target = x.source
		}
		if x.source != "" {
			b.ports = append(b.ports, x)
		}
	}
}

func either2(e *cib.Elem, a, b string) string {
	if v, ok := e.Lookup(a); ok {
		return v
	}
	return e.Get(b)
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// implyBundleNodes makes the guest nodes of a bundle's replicas.
func (p *planner) implyBundleNodes(e *cib.Elem) {
	b := p.readBundle(e)
	if b == nil || b.primitive == nil {
		return
	}
	for i := range b.replicas {
		name := b.id + "-" + strconv.Itoa(i)
		n := p.nodeByID[name]
		if n == nil {
			n = p.addNode(name, name, status.Guest)
		}
		n.kind, n.bundled = status.Guest, true
		n.attrs["#kind"] = "container"
		p.haveRemote = true
	}
}

// makeBundle makes the resources of a bundle.
func (p *planner) makeBundle(r *rsc) {
	r.bundle = &bundleData{perHost: 1}
	b := p.readBundle(r.elem)
	if b == nil {
		return
	}
	r.unique = b.perHost > 1
	r.bundle.perHost, r.bundle.image, r.bundle.launcher = b.perHost, b.engine.Get("image"), b.engine.Name()
	if b.primitive != nil {
		r.bundle.child = p.makeRsc(b.cloneElem(), r, "")
		if r.bundle.child == nil {
			return
		}
	}
	addr, hosts := b.ipStart, ""
	for i := range b.replicas {
		rep := &replica{number: i, addr: addr}
		r.bundle.replicas = append(r.bundle.replicas, rep)
		if addr != "" {
			if b.addHosts {
				hosts += " --add-host=" + b.id + "-" + strconv.Itoa(i) + ":" + addr
			}
			addr = nextAddress(addr)
		}
	}
	for i, rep := range r.bundle.replicas {
		if c := r.bundle.child; c != nil && i < len(c.kids) {
			rep.child = c.kids[i]
			rep.child.exclusive = true
		}
		p.makeReplica(r, b, rep, hosts)
	}
	if r.bundle.child != nil {
		r.kids = append(r.kids, r.bundle.child)
	}
}

// cloneElem is the clone that a bundle's primitive implies.
func (b *bundleConf) cloneElem() *cib.Elem {
	name := b.id + "-clone"
	if b.promoted > 0 {
		name = b.id + "-master"
	}
	meta := cib.New("meta_attributes", cib.Attr{Name: "id", Value: name + "-meta"})
	add := func(k, v string) {
		meta = meta.Append(nvpair(name+"-meta-"+k, k, v))
	}
	add("ordered", "true")
	add("clone-max", strconv.Itoa(b.replicas))
	add("clone-node-max", strconv.Itoa(b.perHost))
	add("globally-unique", boolText(b.perHost > 1))
	if b.promoted > 0 {
		add("promotable", "true")
		add("promoted-max", strconv.Itoa(b.promoted))
	}
	return cib.New("clone", cib.Attr{Name: "id", Value: name}).Append(meta, b.primitive)
}

func nvpair(id, name, value string) *cib.Elem {
	return cib.New("nvpair", cib.Attr{Name: "id", Value: id}, cib.Attr{Name: "name", Value: name}, cib.Attr{Name: "value", Value: value})
}

// nextAddress is the IPv4 address after another.
func nextAddress(a string) string {
	w := strings.Split(a, ".")
	for i := len(w) - 1; i >= 0; i-- {
		n, err := strconv.Atoi(w[i])
		if err != nil {
			return a
		}
		if n < 254 || i < len(w)-1 && n < 255 {
			w[i] = strconv.Itoa(n + 1)
			return strings.Join(w, ".")
		}
		w[i] = "0"
		if i == len(w)-1 {
			w[i] = "1"
		}
	}
	return strings.Join(w, ".")
}

// makeReplica makes the container, the address and the connection of a replica.
func (p *planner) makeReplica(r *rsc, b *bundleConf, rep *replica, hosts string) {
	rep.container = p.makeRsc(b.containerElem(rep, hosts), r, "")
	rep.container.replicaContainer = true
	r.kids = append(r.kids, rep.container)
	if rep.addr != "" {
		rep.ip = p.makeRsc(b.addressElem(rep), r, "")
		r.kids = append(r.kids, rep.ip)
	}
	if rep.child == nil {
		return
	}
	// What runs inside takes its room from the container's host, and a guest node
	// has none of its own to give: the container is what needs it.
	rep.container.util, rep.child.util = rep.child.util, nil
	name := b.id + "-" + strconv.Itoa(rep.number)
	if rep.addr != "" {
		rep.child.meta["external-ip"] = rep.addr
	}
	rep.node = p.nodeByID[name]
	rep.node.bundleAt = len(p.all)
	if p.byRsc[name] != nil {
		name = b.id + "-remote-" + strconv.Itoa(rep.number)
	}
	rep.remote = p.makeRsc(b.connectionElem(rep, name), r, "")
	rep.remote.nesting = true
	rep.remote.container = rep.container
	rep.container.fillers = append(rep.container.fillers, rep.remote)
	rep.remote.remoteNode, rep.node.remoteRsc = rep.node, rep.remote
	rep.remote.bundleAddr = rep.addr == ""
	r.kids = append(r.kids, rep.remote)
}

// connectionElem is the connection to the guest node.
func (b *bundleConf) connectionElem(rep *replica, name string) *cib.Elem {
	meta := cib.New("meta_attributes", cib.Attr{Name: "id", Value: name + "-meta"}).Append(
		nvpair(name+"-meta-internal", "internal_rsc", "true"), nvpair(name+"-meta-container", "container", rep.container.id))
	attrs := cib.New("instance_attributes", cib.Attr{Name: "id", Value: name + "-attributes"}).Append(
		nvpair(name+"-addr", "addr", orDefault(rep.addr, "#uname")), nvpair(name+"-port", "port", orDefault(b.controlPort, remotePort)))
	return ocfElem(name, "pacemaker", "remote").Append(meta, attrs, monitorOps(name, "30s", "30s"))
}

// addressElem is the address resource.
func (b *bundleConf) addressElem(rep *replica) *cib.Elem {
	name := b.id + "-ip-" + strings.ReplaceAll(rep.addr, ":", ".")
	attrs := cib.New("instance_attributes", cib.Attr{Name: "id", Value: name + "-attributes"}).Append(nvpair(name+"-ip", "ip", rep.addr))
	if b.nic != "" {
		attrs = attrs.Append(nvpair(name+"-nic", "nic", b.nic))
	}
	attrs = attrs.Append(nvpair(name+"-mask", "cidr_netmask", orDefault(b.netmask, "32")))
	return ocfElem(name, "heartbeat", "IPaddr2").Append(attrs, monitorOps(name, "60s", ""))
}

// ocfElem is an OCF primitive.
func ocfElem(id, provider, typ string) *cib.Elem {
	return cib.New("primitive", cib.Attr{Name: "id", Value: id}, cib.Attr{Name: "class", Value: "ocf"},
		cib.Attr{Name: "provider", Value: provider}, cib.Attr{Name: "type", Value: typ})
}

// monitorOps are the operations of an implied resource.
func monitorOps(id, interval, timeout string) *cib.Elem {
	op := cib.New("op", cib.Attr{Name: "id", Value: id + "-monitor-" + interval}, cib.Attr{Name: "name", Value: "monitor"}, cib.Attr{Name: "interval", Value: interval})
	if timeout != "" {
		op = op.With("timeout", timeout)
	}
	return cib.New("operations").Append(op)
}

// containerElem is the container resource.
func (b *bundleConf) containerElem(rep *replica, hosts string) *cib.Elem {
	name := b.id + "-" + b.engine.Name() + "-" + strconv.Itoa(rep.number)
	attrs := cib.New("instance_attributes", cib.Attr{Name: "id", Value: name + "-attributes"})
	add := func(k, v string) { attrs = attrs.Append(nvpair(name+"-"+k, k, v)) }
	opts, dirs := b.runOptions(rep, hosts)
	add("image", b.engine.Get("image"))
	add("allow_pull", "true")
	add("force_kill", "false")
	add("reuse", "false")
	add("run_opts", opts)
	add("mount_points", strings.Join(dirs, ","))
	switch {
	case b.command != "":
		add("run_cmd", b.command)
	case b.primitive != nil:
		add("run_cmd", remoteProgram)
	}
	add("monitor_cmd", "/bin/true")
	return ocfElem(name, "heartbeat", b.engine.Name()).Append(attrs, monitorOps(name, "60s", ""))
}

// runOptions are the options that start a replica's container, and the
// directories that it has for itself.
func (b *bundleConf) runOptions(rep *replica, hosts string) (string, []string) {
	name := b.id + "-" + strconv.Itoa(rep.number)
	var s strings.Builder
	if b.engine.Name() == "docker" {
		s.WriteString(" --restart=no")
	}
	if rep.addr != "" {
		s.WriteString(" -h " + name)
	}
	s.WriteString(" -e PCMK_stderr=1")
	if b.network != "" {
		s.WriteString(" --net=" + b.network)
	}
	s.WriteString(" -e PCMK_remote_port=" + orDefault(b.controlPort, remotePort))
	var dirs []string
	for _, m := range b.mounts {
		src := m.source
		if m.perReplica {
			src += "/" + name
			dirs = append(dirs, src)
		}
		s.WriteString(" -v " + src + ":" + m.target)
		if m.options != "" {
			s.WriteString(":" + m.options)
		}
	}
	for _, x := range b.ports {
		switch {
		case rep.addr != "":
			s.WriteString(" -p " + rep.addr + ":" + x.source + ":" + x.target)
		case b.network != "host":
			s.WriteString(" -p " + x.source + ":" + x.target)
		}
	}
	if b.options != "" {
		s.WriteString(" " + b.options)
	}
	s.WriteString(" " + hosts)
	return s.String(), dirs
}

// bundleTable is the score table of a resource as far as bundles' guest nodes
// go: what a bundle runs inside of its containers knows them. So does, if they
// are listed among the nodes, what is configured before the bundle, but it may
// not run there; only the bundle's own parts must learn that later.
func (p *planner) bundleTable(r *rsc) {
	inner := r.parent
	if r.kind == clone {
		inner = r
	}
	var b *bundleData
	if inner != nil && inner.parent != nil && inner.parent.bundle != nil && inner.parent.bundle.child == inner {
		b = inner.parent.bundle
	}
	for i, n := range p.nodes {
		c := &r.allowed[i]
		if !n.bundled {
			continue
		}
		c.ok = c.ok && n.elem != nil && r.idx < n.bundleAt && r.kind != bundle
		if c.ok && r.uber(true).bundle != bundleOf(n) {
			c.score, c.discover = -cib.Infinity, discoverNever
		}
	}
	if b == nil {
		return
	}
	for _, rep := range b.replicas {
		switch {
		case rep.node == nil:
		case r == inner:
			r.allowed[rep.node.idx] = cand{ok: true, score: -cib.Infinity, discover: discoverExclusive}
		case r == rep.child:
			clear(r.allowed)
			r.allowed[rep.node.idx] = cand{ok: true, score: 500, discover: discoverExclusive}
		}
	}
}

// bundleOf is the bundle that a guest node belongs to.
func bundleOf(n *node) *bundleData {
	if n.remoteRsc == nil {
		return nil
	}
	return n.remoteRsc.uber(true).bundle
}

// containers lists the containers of the replicas.
func (b *bundleData) containers() []*rsc {
	var out []*rsc
	for _, r := range b.replicas {
		out = append(out, r.container)
	}
	return out
}

// bundled tells whether a resource is part of a bundle.
func (r *rsc) bundled() bool {
	u := r.uber(true)
	return u.kind == bundle && u != r
}

// inBundle tells whether a resource runs inside of a bundle's container.
func (r *rsc) inBundle() bool { return r.bundled() && r.parent.kind != bundle }

// replicaPart tells whether a resource is a container of a bundle, its address
// or its connection: what is on the containers' hosts themselves.
func (r *rsc) replicaPart() bool {
	return r.kind == primitive && r.parent != nil && r.parent.kind == bundle
}

// bundledOn finds the instance of a bundle's primitive that a guest node is for.
func (p *planner) bundledOn(r *rsc, n *node) *rsc {
	u := r.uber(true)
	if u.bundle == nil {
		return nil
	}
	for _, rep := range u.bundle.replicas {
		if rep.node == n {
			return rep.child
		}
	}
	return nil
}

// connectionParams are the parameters of a bundle's connection without an
// address of its own: the host's name stands in for it.
func (p *planner) connectionParams(r *rsc, v map[string]string) map[string]string {
	host := r.container.assignedTo
	if host == nil && len(r.container.runningOn) > 0 {
		host = r.container.runningOn[0]
	}
	if host == nil {
		return v
	}
	out := make(map[string]string, len(v))
	for k, x := range v { // a copy
		out[k] = x
	}
	out["addr"] = host.name
	return out
}
