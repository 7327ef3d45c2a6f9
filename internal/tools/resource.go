package tools

import (
	"context"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/sched"
	"mainstay/status"
	"mainstay/view"
)

// resourceOptions are crm_resource's.
type resourceOptions struct {
	*reply
	f       *flags
	command string // the last one that was given

	arg                                      string // of the command
	value, setName, pairID                   string
	meta, utilization, recursive             bool
	promoted, force, quiet, expired          bool
	rsc, node, lifetime, operation, interval string
	kindOf                                   string // -t
	timeout                                  string
	class, agent, provider                   string
	options                                  []string
}

// resourceCommands are the options that choose what crm_resource does: name,
// shorthand, whether it has a value ("?": it may), and what it is.
var resourceCommands = [][4]string{
	{"list", "L", "", "list all resources with their state"},
	{"list-raw", "l", "", "list the ids of all instances"},
	{"list-operations", "O", "", "list the operations that are active"},
	{"list-all-operations", "o", "", "list all operations in the history"},
	{"list-standards", "", "", "list the classes of agents"},
	{"list-ocf-providers", "", "", "list the providers of OCF agents"},
	{"list-agents", "", "=", "list the agents of a class, or of class:provider"},
	{"list-ocf-alternatives", "", "=", "list the providers of an OCF agent"},
	{"show-metadata", "", "=", "print the metadata of class:provider:type"},
	{"query-xml", "q", "", "print the configuration of a resource, templates expanded"},
	{"query-xml-raw", "w", "", "print the configuration of a resource as it is written"},
	{"get-parameter", "g", "=", "print a parameter"},
	{"locate", "W", "", "print where a resource runs"},
	{"constraints", "a", "", "print what places a resource"},
	{"stack", "A", "", "as --constraints --recursive"},
	{"why", "Y", "", "say why resources do not run"},
	{"validate", "", "?", "have the agent check its configuration"},
	{"cleanup", "C", "", "forget failures"},
	{"refresh", "R", "", "forget the history; look again"},
	{"set-parameter", "p", "=", "set a parameter (-v)"},
	{"delete-parameter", "d", "=", "delete a parameter"},
	{"move", "M", "", "make a constraint that moves a resource"},
	{"ban", "B", "", "make a constraint that keeps a resource off a node"},
	{"clear", "U", "", "remove such constraints"},
	{"delete", "D", "", "delete a resource from the configuration (-t)"},
	{"fail", "F", "", "tell the cluster that a resource failed"},
	{"restart", "", "", "restart a resource and what depends on it"},
	{"wait", "", "", "return when the cluster has nothing left to do"},
	{"digests", "", "", "print the digests by which changes of parameters are noticed"},
	{"force-demote", "", "", "demote a resource here, past the cluster"},
	{"force-stop", "", "", "stop a resource here, past the cluster"},
	{"force-start", "", "", "start a resource here, past the cluster"},
	{"force-promote", "", "", "promote a resource here, past the cluster"},
	{"force-check", "", "?", "check a resource here, past the cluster"},
}

// crmResource is crm_resource: look at resources and act on them.
func crmResource(ctx context.Context, env *face.Env, args []string) face.Code {
	o := &resourceOptions{command: "list"}
	f := newFlags(env, "perform tasks related to cluster resources")
	o.f, o.reply = f, f.withOutput(args)
	o.declare(f)
	if code, done := f.parse(joinOptional(args, "--validate", "--force-check")); done {
		return code
	}
	return o.end(o.run(ctx))
}

// declare gives the tool its options.
func (o *resourceOptions) declare(f *flags) {
	for _, c := range resourceCommands {
		f.command(c, func(value string) { o.command, o.arg = c[0], value })
	}
	f.StringVarP(&o.value, "parameter-value", "v", "", "value (with -p)")
	f.BoolVarP(&o.meta, "meta", "m", false, "a meta attribute instead of a parameter")
	f.BoolVarP(&o.utilization, "utilization", "z", false, "a utilization instead of a parameter")
	f.StringVarP(&o.setName, "set-name", "s", "", "in the set with this XML id")
	f.StringVarP(&o.pairID, "nvpair", "i", "", "the pair with this XML id")
	f.BoolVar(&o.recursive, "recursive", false, "follow colocations (with -p, -a)")
	f.StringVarP(&o.lifetime, "lifetime", "u", "", "how long the constraint holds (ISO 8601 duration)")
	f.BoolVar(&o.promoted, "promoted", false, "for the promoted role only")
	f.BoolVar(&o.promoted, "master", false, "")
	f.BoolVarP(&o.expired, "expired", "e", false, "only constraints whose time is over (with -U)")
	f.StringVarP(&o.rsc, "resource", "r", "", "resource")
	f.StringVarP(&o.node, "node", "N", "", "node")
	f.StringVarP(&o.node, "host", "H", "", "")
	f.StringVarP(&o.kindOf, "resource-type", "t", "", "element of the resource (with -D)")
	f.StringVarP(&o.operation, "operation", "n", "", "failures of this operation only (with -C)")
	f.StringVarP(&o.interval, "interval", "I", "", "of the operation with this interval only (with -C)")
	f.StringVar(&o.class, "class", "", "class of the agent (with --validate)")
	f.StringVar(&o.agent, "agent", "", "type of the agent (with --validate)")
	f.StringVar(&o.provider, "provider", "", "provider of the agent (with --validate)")
	f.StringArrayVar(&o.options, "option", nil, "NAME=VALUE, a parameter (with --validate)")
	f.StringVarP(&o.timeout, "timeout", "T", "", "how long to wait (with --wait, --restart, --force-…)")
	f.BoolVarP(&o.force, "force", "f", false, "do it in spite of doubts")
	f.BoolVarP(&o.quiet, "quiet", "Q", false, "say less")
	f.hide("master", "host")
}

// run does what the last command option asked for.
func (o *resourceOptions) run(ctx context.Context) error {
	if err := o.judge(); err != nil {
		return err
	}
	switch o.command {
	case "list-standards", "list-ocf-providers", "list-agents", "list-ocf-alternatives", "show-metadata":
		return o.catalogue(ctx)
	case "wait":
		return awaitIdle(ctx, o.env, o.waitLimit())
	}
	if o.command == "validate" && o.rsc == "" {
		return o.execute(ctx, nil, nil)
	}
	root, err := o.env.CIB(ctx)
	if err != nil {
		return err
	}
	c := sched.Unpack(sched.Input{CIB: root, Now: o.env.Now()})
	w := &world{root: root, c: c, f: &view.Frame{Cluster: c, CIB: root, Now: o.env.Now()}}
	if o.node != "" && o.command != "clear" && !w.hasNode(o.node) {
		return &intent.NotFound{Kind: "node", Name: o.node}
	}
	return o.runOn(ctx, w)
}

// judge refuses combinations of options that make no sense.
func (o *resourceOptions) judge() error {
	described := o.class != "" || o.agent != "" || o.provider != ""
	args := o.f.Args()
	switch {
	case len(args) > 0 && o.command != "digests":
		return refuse(face.Usage, "%s", strayText(args))
	case o.command == "validate" && described && o.rsc != "":
		return refuse(face.Usage, "--resource cannot be used with --class, --agent, and --provider")
	case described && o.command != "validate":
		return refuse(face.Usage, "--class, --agent, and --provider can only be used with --validate and --force-*")
	case o.command == "set-parameter" && !o.f.Changed("parameter-value"):
		return refuse(face.Usage, "You need to supply a value with the -v option")
	case o.rsc == "" && slices.Contains(needResource, o.command), o.rsc == "" && o.command == "validate" && !described:
		return refuse(face.Usage, "Must supply a resource id with -r")
	case o.command == "digests" && o.node == "":
		return refuse(face.Usage, "Must supply a node name with -N")
	}
	return nil
}

// needResource are the commands that are about one resource.
var needResource = []string{"query-xml", "query-xml-raw", "get-parameter", "locate", "constraints", "stack", "set-parameter", "delete-parameter",
	"move", "ban", "clear", "delete", "fail", "restart", "digests", "force-demote", "force-stop", "force-start", "force-promote", "force-check"}

// strayText names arguments that are no options.
func strayText(args []string) string {
	var b strings.Builder
	b.WriteString("non-option ARGV-elements:\n")
	for i, a := range args {
		b.WriteString("[" + itoa(i+1) + " of " + itoa(len(args)) + "] " + a + "\n")
	}
	return b.String()
}

// runOn does what was asked, with the cluster's state at hand.
func (o *resourceOptions) runOn(ctx context.Context, w *world) error {
	switch o.command {
	case "list":
		return o.list(w)
	case "list-raw":
		return o.listRaw(w)
	case "list-operations", "list-all-operations":
		o.listOperations(w)
		return nil
	case "why":
		return o.why(w)
	case "cleanup", "refresh":
		return o.forget(ctx, w)
	case "delete":
		return o.deleteResource(ctx, w)
	}
	p, err := intent.NeedResource(w.root, o.rsc)
	if err != nil {
		return err
	}
	switch o.command {
	case "locate":
		o.locate(w)
		return nil
	case "query-xml", "query-xml-raw":
		return o.queryXML(w, p)
	case "constraints", "stack":
		o.constraints(w, p)
		return nil
	case "get-parameter":
		return o.getParameter(w, p)
	case "set-parameter", "delete-parameter":
		return o.changeParameter(ctx, w, p)
	case "move", "ban", "clear":
		return o.place(ctx, w, p)
	case "fail":
		return o.failResource(ctx, w, p)
	case "restart":
		return o.restart(ctx, w, p)
	case "digests":
		return o.digests(w, p)
	}
	return o.execute(ctx, w, p)
}

// world is the state that a command works on.
type world struct {
	root *cib.Elem
	c    *status.Cluster
	f    *view.Frame
}

// hasNode tells whether there is a node of a name.
func (w *world) hasNode(name string) bool {
	return slices.ContainsFunc(w.c.Nodes, func(n status.Node) bool { return n.Name == name })
}

// instance is a primitive in the tree of resources.
type instance struct {
	*status.Resource
	Name string           // with its number, if it is one of several
	Top  *status.Resource // what it is a part of, or itself
}

// instances lists all primitives in the order of the configuration.
func (w *world) instances() []instance {
	var out []instance
	for _, r := range w.c.Resources {
		out = collect(out, r, r, "")
	}
	return out
}

// collect appends the primitives of a resource; number is that of the clone
// instance around it.
func collect(out []instance, top, r *status.Resource, number string) []instance {
	if r.Kind == status.Primitive {
		name := r.ID
		if number != "" && !strings.Contains(name, ":") {
			name += number
		}
		return append(out, instance{r, name, top})
	}
	for i, k := range r.Children {
		n := number
		if r.Kind == status.Clone {
			n = ":" + itoa(i)
		}
		out = collect(out, top, k, n)
	}
	return out
}

// of lists the instances that an id stands for: a primitive's own, or all in a
// collection.
func (w *world) of(id string) []instance {
	var out []instance
	within := find(w.c.Resources, id)
	for _, i := range w.instances() {
		if i.Name == id || i.ID == id || i.BaseID == id || within != nil && holds(within, i.Resource) {
			out = append(out, i)
		}
	}
	return out
}

// holds tells whether a resource is, or is in, another one.
func holds(r, what *status.Resource) bool {
	return r == what || slices.ContainsFunc(r.Children, func(k *status.Resource) bool { return holds(k, what) })
}

// find returns the first resource of an id in the tree, nil if there is none.
func find(list []*status.Resource, id string) *status.Resource {
	for _, r := range list {
		if r.ID == id || r.BaseID == id {
			return r
		}
		if k := find(r.Children, id); k != nil {
			return k
		}
	}
	return nil
}

// waitLimit is how long a command waits: --timeout, or a default.
func (o *resourceOptions) waitLimit() time.Duration {
	if d, err := cib.ParseDuration(o.timeout); err == nil && o.timeout != "" && d > 0 {
		return d
	}
	return waitLimit
}
