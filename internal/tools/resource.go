package tools

import (
	"context"
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/sched"
	"mainstay/status"
	"mainstay/view"
)

// resourceOptions are crm_resource's.
type resourceOptions struct {
	list, raw, locate, xml, rawXML           bool
	get, set, remove, value                  string
	meta, utilization                        bool
	cleanup, refresh, move, ban, clear       bool
	wait, promoted, force, quiet             bool
	rsc, node, lifetime, operation, interval string
	setName                                  string
}

// crmResource is crm_resource: the commands that agents and scripts use of it.
func crmResource(ctx context.Context, env *face.Env, args []string) face.Code {
	var o resourceOptions
	f := newFlags(env, "perform tasks related to cluster resources")
	f.BoolVarP(&o.list, "list", "L", false, "list all resources with status")
	f.BoolVarP(&o.raw, "list-raw", "l", false, "list ids of all instances")
	f.BoolVarP(&o.locate, "locate", "W", false, "print where a resource runs")
	f.BoolVarP(&o.xml, "query-xml", "q", false, "print a resource's XML")
	f.BoolVarP(&o.rawXML, "query-xml-raw", "w", false, "print a resource's XML as configured")
	f.StringVarP(&o.get, "get-parameter", "g", "", "print a parameter")
	f.StringVarP(&o.set, "set-parameter", "p", "", "set a parameter (-v)")
	f.StringVarP(&o.remove, "delete-parameter", "d", "", "delete a parameter")
	f.StringVarP(&o.value, "parameter-value", "v", "", "value")
	f.BoolVarP(&o.meta, "meta", "m", false, "a meta attribute instead of a parameter")
	f.BoolVarP(&o.utilization, "utilization", "z", false, "a utilization instead of a parameter")
	f.StringVarP(&o.setName, "set-name", "s", "", "within the set with this XML id")
	f.BoolVarP(&o.cleanup, "cleanup", "C", false, "forget failures")
	f.BoolVarP(&o.refresh, "refresh", "R", false, "forget history; probe again")
	f.BoolVarP(&o.move, "move", "M", false, "make a constraint that moves a resource")
	f.BoolVarP(&o.ban, "ban", "B", false, "make a constraint that keeps a resource off a node")
	f.BoolVarP(&o.clear, "clear", "U", false, "remove such constraints")
	f.StringVarP(&o.lifetime, "lifetime", "u", "", "how long the constraint holds (ISO 8601 duration)")
	f.BoolVar(&o.promoted, "promoted", false, "for the promoted role only")
	f.BoolVar(&o.promoted, "master", false, "")
	f.BoolVar(&o.wait, "wait", false, "return when the cluster has nothing left to do")
	f.StringVarP(&o.rsc, "resource", "r", "", "resource")
	f.StringVarP(&o.node, "node", "N", "", "node")
	f.StringVarP(&o.node, "host", "H", "", "")
	f.StringVarP(&o.operation, "operation", "n", "", "failures of this operation only")
	f.StringVarP(&o.interval, "interval", "I", "", "of the operation with this interval only")
	f.BoolVarP(&o.force, "force", "f", false, "do it in spite of doubts")
	f.BoolVarP(&o.quiet, "quiet", "Q", false, "say less")
	f.StringP("timeout", "T", "", "")
	f.hide("master", "host", "timeout")
	if code, done := f.parse(args); done {
		return code
	}
	return resourceSay(env, o.run(ctx, f))
}

// resourceSay adds to an unknown resource what crm_resource says.
func resourceSay(env *face.Env, err error) face.Code {
	var missing *intent.NotFound
	if asNotFound(err, &missing) {
		env.Errorf("%s: Resource '%s' not found\nError performing operation: No such object\n", env.Name, missing.Name)
		return face.NoSuch
	}
	return say(env, err)
}

func (o *resourceOptions) run(ctx context.Context, f *flags) error {
	env := f.env
	if o.wait {
		return awaitIdle(ctx, env)
	}
	root, err := env.CIB(ctx)
	if err != nil {
		return err
	}
	switch {
	case o.cleanup, o.refresh:
		return o.forget(ctx, env, root)
	case o.list:
		fr := &view.Frame{Cluster: sched.Unpack(sched.Input{CIB: root, Now: env.Now()}), CIB: root, Now: env.Now()}
		env.Printf("%s", view.Text(fr, view.Options{Sections: map[view.Section]bool{view.Resources: true}, Inactive: true, HideHeaders: true}))
		return nil
	case o.raw:
		printInstances(env, sched.Unpack(sched.Input{CIB: root, Now: env.Now()}).Resources)
		return nil
	}
	if o.rsc == "" {
		return face.Silent(f.usage("Must supply a resource id with -r"))
	}
	p, err := intent.NeedResource(root, o.rsc)
	if err != nil {
		return err
	}
	switch {
	case o.locate:
		printPlaces(env, o, sched.Unpack(sched.Input{CIB: root, Now: env.Now()}))
		return nil
	case o.xml, o.rawXML:
		env.Printf("Resource XML:\n%s\n", strings.TrimSuffix(string(p.Elem.AppendXML(nil, true)), "\n"))
		return nil
	case o.get != "", o.set != "", o.remove != "":
		return o.parameter(ctx, env, root, p)
	case o.move, o.ban, o.clear:
		return o.place(ctx, env, root, p)
	}
	return face.Silent(f.usage("Must specify a command; see --help"))
}

func (o *resourceOptions) forget(ctx context.Context, env *face.Env, root *cib.Elem) error {
	rsc := ""
	if o.rsc != "" {
		p, err := intent.NeedResource(root, o.rsc)
		if err != nil {
			return err
		}
		if !o.force {
			p = intent.Outermost(p)
		}
		rsc = p.Elem.ID()
	}
	do := env.Client().Cleanup
	if o.refresh {
		do = env.Client().Refresh
	}
	if err := do(ctx, rsc, web.ForgetBody{Node: o.node, Operation: o.operation, Interval: o.interval}); err != nil {
		return err
	}
	what := rsc
	if what == "" {
		what = "all resources"
	}
	where := o.node
	if where == "" {
		where = "all nodes"
	}
	env.Printf("Cleaned up %s on %s\n", what, where)
	return nil
}

// printInstances lists primitives, by instance.
func printInstances(env *face.Env, list []*status.Resource) {
	for _, r := range list {
		if r.Kind == status.Primitive {
			env.Printf("%s\n", r.ID)
		}
		printInstances(env, r.Children)
	}
}

// printPlaces tells where a resource runs, one line per instance.
func printPlaces(env *face.Env, o *resourceOptions, c *status.Cluster) {
	found := false
	var visit func(list []*status.Resource, inside bool)
	visit = func(list []*status.Resource, inside bool) {
		for _, r := range list {
			in := inside || r.ID == o.rsc || r.BaseID == o.rsc
			for _, p := range r.Places {
				if !in || r.Kind != status.Primitive {
					continue
				}
				found = true
				if o.quiet {
					env.Printf("%s\n", p.Node)
					continue
				}
				role := ""
				if p.Role == status.Promoted {
					role = "Promoted"
				}
				env.Printf("resource %s is running on: %s %s\n", o.rsc, p.Node, role)
			}
			visit(r.Children, in)
		}
	}
	visit(c.Resources, false)
	if !found && !o.quiet {
		env.Errorf("resource %s is NOT running\n", o.rsc)
	}
}

// kind is the kind of set that -m and -z choose.
func (o *resourceOptions) kind() intent.Kind {
	switch {
	case o.meta:
		return intent.Meta
	case o.utilization:
		return intent.Utilization
	}
	return intent.Params
}

func (o *resourceOptions) parameter(ctx context.Context, env *face.Env, root *cib.Elem, p *cib.Place) error {
	if up := intent.Parent(p); o.meta && !o.force && up != nil && up.Elem.Name() != "group" && o.get == "" {
		env.Printf("Performing update of '%s' on '%s', the parent of '%s'\n", o.set+o.remove, up.Elem.ID(), p.Elem.ID())
		p = up
	}
	h := intent.OfResource(p, o.kind())
	if o.setName != "" {
		h = h.In(o.setName)
	}
	id := p.Elem.ID()
	switch {
	case o.get != "":
		pair, ok := h.Get(o.get)
		if !ok {
			env.Errorf("Attribute '%s' not found for '%s'\n", o.get, id)
			return nil
		}
		env.Printf("%s\n", pair.Value)
	case o.set != "":
		pair := h.Set(o.set, o.value)
		if err := edit(ctx, env, pair.Edits); err != nil {
			return err
		}
		env.Printf("Set '%s' option: id=%s set=%s name=%s value=%s\n", id, pair.ID, pair.SetID, o.set, o.value)
	default:
		pair, ok := h.Unset(o.remove)
		if !ok {
			return nil
		}
		if err := edit(ctx, env, pair.Edits); err != nil {
			return err
		}
		env.Printf("Deleted '%s' option: id=%s name=%s\n", id, pair.ID, o.remove)
	}
	return nil
}

// place is move, ban and clear.
func (o *resourceOptions) place(ctx context.Context, env *face.Env, root *cib.Elem, p *cib.Place) error {
	rsc := intent.Outermost(p).Elem.ID()
	if o.clear {
		edits, ids := intent.Clear(root, rsc, o.node)
		if err := edit(ctx, env, edits); err != nil {
			return err
		}
		for _, id := range ids {
			env.Printf("Removing constraint: %s\n", id)
		}
		return nil
	}
	how := intent.Placing{Promoted: o.promoted}
	if o.lifetime != "" {
		d, err := cib.ParseDuration(o.lifetime)
		if err != nil {
			return face.Failf(face.Usage, "--lifetime: %v", err)
		}
		how.Until = env.Now().Add(d).UTC().Format("2006-01-02 15:04:05Z")
		env.Printf("Migration will take effect until: %s\n", how.Until)
	}
	active := placesOf(sched.Unpack(sched.Input{CIB: root, Now: env.Now()}), rsc)
	if o.move && o.node != "" {
		if slices.Equal(active, []string{o.node}) && !o.force {
			env.Errorf("%s: Error performing operation: Situation already as requested\n%s is already active on %s\n", env.Name, rsc, o.node)
			return face.Silent(face.Exists)
		}
		if _, err := intent.NeedNode(root, o.node); err != nil {
			return nodeUnknown(env, o.node)
		}
		return edit(ctx, env, []cib.Edit{intent.Put(root, intent.Prefer(rsc, o.node, how))})
	}
	node := o.node
	if node == "" {
		if len(active) != 1 {
			env.Errorf("%s: Resource '%s' not moved: active in %d locations.\nTo prevent '%s' from running on a specific location, specify a node.\n", env.Name, rsc, len(active), rsc)
			return face.Silent(face.Usage)
		}
		node = active[0]
	} else if _, err := intent.NeedNode(root, node); err != nil {
		return nodeUnknown(env, node)
	}
	env.Errorf("WARNING: Creating rsc_location constraint 'cli-ban-%s-on-%s' with a score of -INFINITY for resource %s on %s.\n"+
		"\tThis will prevent %s from running on %s until the constraint is removed using the clear option or by editing the CIB with an appropriate tool\n"+
		"\tThis will be the case even if %s is the last node in the cluster\n", rsc, node, rsc, node, rsc, node, node)
	return edit(ctx, env, []cib.Edit{intent.Put(root, intent.Ban(rsc, node, how))})
}

func nodeUnknown(env *face.Env, node string) error {
	env.Errorf("%s: Node '%s' not found\nError performing operation: No such object\n", env.Name, node)
	return face.Silent(face.NoSuch)
}

// placesOf lists the nodes on which a resource, or a part of it, is active, sorted.
func placesOf(c *status.Cluster, rsc string) []string {
	var nodes []string
	var visit func(list []*status.Resource, inside bool)
	visit = func(list []*status.Resource, inside bool) {
		for _, r := range list {
			in := inside || r.ID == rsc || r.BaseID == rsc
			for _, p := range r.Places {
				if in && r.Kind == status.Primitive && !slices.Contains(nodes, p.Node) {
					nodes = append(nodes, p.Node)
				}
			}
			visit(r.Children, in)
		}
	}
	visit(c.Resources, false)
	slices.Sort(nodes)
	return nodes
}
