package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
)

// resourceCommands are those about single resources.
func resourceCommands() []command {
	return []command{
		{path: "resource", usage: "[status [<resource id>] [node=<node>] [--hide-inactive]]", run: bare((*shell).resourceStatus, "resource")},
		{path: "resource status", usage: "-", run: (*shell).resourceStatus},
		{path: "resource show", usage: "-", run: (*shell).resourceShow},
		{path: "resource config", usage: "[--output-format text|cmd|json] [<resource id>]...", run: configOf(false)},
		{path: "resource create", usage: "<resource id> [<standard>:[<provider>:]]<type> [resource options] [op <operation action> <operation options>...] [meta <meta options>...] [clone [<clone id>] [<clone options>] | promotable [<clone id>] [<promotable options>] | --group <group id> [--before <resource id> | --after <resource id>] | bundle <bundle id>] [--disabled] [--no-default-ops] [--wait[=n]]", run: (*shell).create},
		{path: "resource delete", usage: "<resource id|group id|bundle id|clone id>", run: (*shell).remove},
		{path: "resource remove", usage: "<resource id|group id|bundle id|clone id>", run: (*shell).remove},
		{path: "resource enable", usage: "<resource id | tag id>... [--wait[=n]]", run: (*shell).enable},
		{path: "resource disable", usage: "<resource id | tag id>... [--safe [--brief] [--no-strict]] [--simulate [--brief]] [--wait[=n]]", run: (*shell).disable},
		{path: "resource safe-disable", usage: "<resource id | tag id>... [--brief] [--no-strict] [--simulate [--brief]] [--wait[=n]]", run: (*shell).disableSafely},
		{path: "resource update", usage: "<resource id> [resource options] [op <operation action> <operation options>...] [meta <meta options>...] [--wait[=n]]", run: updateOf(false)},
		{path: "resource meta", usage: "<resource id | group id | clone id> <meta options> [--wait[=n]]", run: (*shell).setMeta},
		{path: "resource manage", usage: "<resource id | tag id>... [--monitor]", run: (*shell).manage},
		{path: "resource unmanage", usage: "<resource id | tag id>... [--monitor]", run: (*shell).unmanage},
		{path: "resource utilization", usage: "[<resource id> [<name>=<value> ...]]", run: (*shell).resourceUtilization},
		{path: "resource relations", usage: "<resource id> [--full]", run: (*shell).relations},
	}
}

// listed are the resources that names stand for: themselves, or what a tag lists.
func (s *shell) listed(names []string) ([]string, error) {
	var out []string
	for _, name := range names {
		switch tag := s.conf("tags").ChildID("tag", name); {
		case tag != nil:
			for ref := range tag.Named("obj_ref") {
				out = append(out, ref.ID())
			}
		case s.exact(name) != nil:
			out = append(out, name)
		default:
			s.fault("bundle/clone/group/resource/tag '%s' does not exist", name)
		}
	}
	return out, s.verdict()
}

// change exchanges a resource for what edit makes of it.
func (s *shell) change(id string, edit func(*cib.Elem) *cib.Elem) {
	if p := s.exact(id); p != nil {
		s.set(p, edit(p.Elem))
	}
}

// metaOf sets meta attributes of a resource.
func (s *shell) metaOf(id string, ps ...pair) {
	s.change(id, func(e *cib.Elem) *cib.Elem { return s.withPairs(e, "meta_attributes", id+"-meta_attributes", ps) })
}

// around are a resource, what it is in and what is in it, as far as switching one on
// takes: a clone or bundle that is off keeps what is in it off.
func (s *shell) around(id string) []string {
	out := []string{id}
	p := s.exact(id)
	if p.Up != nil && slices.Contains([]string{"clone", "master", "bundle"}, p.Up.Elem.Name()) {
		out = append(out, p.Up.Elem.ID())
	}
	if slices.Contains([]string{"clone", "master", "bundle"}, p.Elem.Name()) {
		for _, k := range inner(p.Elem) {
			out = append(out, k.ID())
		}
	}
	return out
}

// enable lets resources start.
func (s *shell) enable(args []string) error {
	if len(args) == 0 {
		return usageError{"resource enable"}
	}
	ids, err := s.listed(args)
	if err != nil {
		return err
	}
	for _, id := range ids {
		for _, x := range s.around(id) {
			s.metaOf(x, pair{"target-role", ""})
		}
	}
	for _, id := range ids {
		if meta(s.exact(id).Elem, "is-managed") == "false" {
			s.warn("Warning: '%s' is unmanaged", id)
		}
	}
	return s.waitingFor(ids...)
}

// disable has resources stop and stay stopped.
func (s *shell) disable(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("You must specify resource(s) to disable")
	}
	if err := s.disableOptions(); err != nil {
		return err
	}
	ids, err := s.listed(args)
	if err != nil {
		return err
	}
	for _, id := range ids {
		s.metaOf(id, pair{"target-role", "Stopped"})
		if meta(s.exact(id).Elem, "is-managed") == "false" {
			s.warn("Warning: '%s' is unmanaged", id)
		}
	}
	if err := s.tryDisable(ids); err != nil {
		return err
	}
	return s.waitingFor(ids...)
}

// manage lets the cluster start and stop resources again.
func (s *shell) manage(args []string) error {
	if len(args) == 0 {
		return usageError{"resource manage"}
	}
	ids, err := s.listed(args)
	if err != nil {
		return err
	}
	for _, id := range ids {
		p := s.exact(id)
		up := []string{id}
		for at := p.Up; at != nil && at.Elem.Name() != "resources"; at = at.Up {
			up = append(up, at.Elem.ID())
		}
		for _, k := range primitives(p.Elem) {
			up = append(up, k.ID())
		}
		for _, k := range inner(p.Elem) {
			up = append(up, k.ID())
		}
		for _, x := range up {
			s.metaOf(x, pair{"is-managed", ""})
		}
		for _, k := range primitives(p.Elem) {
			switch on := switchedOn(k); {
			case s.opt.has("monitor"):
				s.change(k.ID(), func(e *cib.Elem) *cib.Elem { return monitors(e, true) })
			case !on:
				s.warn("Warning: Resource '%s' has no enabled monitor operations", k.ID())
			}
		}
	}
	return nil
}

// switchedOn tells whether a resource has a monitor that runs, or none at all.
func switchedOn(e *cib.Elem) bool {
	any := false
	for op := range e.Child("operations").Named("op") {
		if op.Get("name") != "monitor" {
			continue
		}
		if on, err := cib.ParseBool(op.Get("enabled")); err != nil || on {
			return true
		}
		any = true
	}
	return !any
}

// monitors switches a resource's recurring monitors.
func monitors(e *cib.Elem, on bool) *cib.Elem {
	ops := e.Child("operations")
	kids := slices.Clone(ops.Kids())
	for i, op := range kids {
		switch {
		case op.Get("name") != "monitor":
		case on:
			kids[i] = op.Without("enabled")
		default:
			kids[i] = op.With("enabled", "false")
		}
	}
	if ops == nil {
		return e
	}
	return e.Put(ops.WithKids(kids))
}

// unmanage has the cluster leave resources as they are.
func (s *shell) unmanage(args []string) error {
	if len(args) == 0 {
		return usageError{"resource unmanage"}
	}
	ids, err := s.listed(args)
	if err != nil {
		return err
	}
	for _, id := range ids {
		for _, k := range primitives(s.exact(id).Elem) {
			s.metaOf(k.ID(), pair{"is-managed", "false"})
			if s.opt.has("monitor") {
				s.change(k.ID(), func(e *cib.Elem) *cib.Elem { return monitors(e, false) })
			}
		}
	}
	return nil
}

// setMeta gives a resource meta attributes.
func (s *shell) setMeta(args []string) error {
	if err := need(args, 2, -1, "resource meta"); err != nil {
		return err
	}
	ps, err := pairs(args[1:])
	if err != nil {
		return err
	}
	if s.exact(args[0]) == nil {
		return fmt.Errorf("unable to find a resource/clone/group: %s", args[0])
	}
	s.metaOf(args[0], ps...)
	return s.waiting()
}

// updateOf changes parameters, operations and meta attributes of a resource.
func updateOf(stonith bool) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		what := "resource"
		if stonith {
			what = "stonith"
		}
		if err := need(args, 2, -1, what+" update"); err != nil {
			return err
		}
		id := args[0]
		c := &creation{id: id}
		if err := s.readCreation(c, args[1:]); err != nil {
			return err
		}
		p := s.exact(id)
		if p == nil || p.Elem.Name() == "group" || p.Elem.Name() == "bundle" || stonith && !isStonith(p.Elem) {
			return fmt.Errorf("Unable to find resource: %s", id)
		}
		if p.Elem.Name() != "primitive" {
			s.metaOf(id, append(c.params, c.metas...)...)
			return s.waiting()
		}
		if err := s.judgeUpdate(c, p.Elem, what); err != nil {
			return err
		}
		e := s.withPairs(p.Elem, "instance_attributes", id+"-instance_attributes", c.params)
		e = s.withPairs(e, "meta_attributes", id+"-meta_attributes", c.metas)
		for _, o := range c.ops {
			if s.judgeOp(&o, nil); s.wrong > 0 {
				return errDone
			}
			e = s.replaceOp(e, o)
		}
		s.set(p, e)
		return s.waiting()
	}
}

// judgeUpdate compares the parameters that a resource will have with its agent's.
func (s *shell) judgeUpdate(c *creation, e *cib.Elem, what string) error {
	if len(c.params) == 0 {
		return nil
	}
	n := agent.Name{Class: e.Get("class"), Provider: e.Get("provider"), Type: e.Get("type")}
	m, err := s.c.Metadata(n)
	if err != nil {
		s.doubt("Agent '%s' is not installed or does not provide valid metadata: %v", n, err)
		return s.verdict()
	}
	old := pairsOf(e, "instance_attributes")
	all := slices.Clone(c.params)
	for _, p := range old {
		if _, changed := value(all, p.name); !changed && m.Parameter(p.name) != nil {
			all = append(all, p)
		}
	}
	if s.judgeParams(n, m, all, what); s.wrong > 0 {
		return errDone
	}
	return nil
}

// replaceOp changes the operation with the same name and interval or, for one that a
// resource has once, with the same name; otherwise it adds one.
func (s *shell) replaceOp(e *cib.Elem, o operation) *cib.Elem {
	ops := e.Child("operations")
	if ops == nil {
		ops = cib.New("operations")
	}
	kids := slices.Clone(ops.Kids())
	at, count := -1, 0
	_, role := value(o.opts, "role")
	for i, k := range kids {
		if k.Get("name") != o.name {
			continue
		}
		count++
		if at < 0 || k.Get("interval") == interval(o) || role && k.Get("role") == roleOf(o) {
			at = i
		}
	}
	exact := at >= 0 && (kids[at].Get("interval") == interval(o) || role && kids[at].Get("role") == roleOf(o))
	if at >= 0 && (exact || count == 1) {
		kids = slices.Delete(kids, at, at+1)
		s.root = s.root.Put(s.root.Child("configuration")) // ids of the old one are free below
		fresh := &shell{root: withoutID(s.root, e.ID())}
		kids = slices.Insert(kids, at, fresh.opElem(e.ID(), o))
	} else {
		kids = append(kids, s.opElem(e.ID(), o))
	}
	if e.Child("operations") == nil {
		return e.Append(ops.WithKids(kids))
	}
	return e.Put(ops.WithKids(kids))
}

// roleOf is the role of an operation.
func roleOf(o operation) string {
	v, _ := value(o.opts, "role")
	return v
}

// withoutID is a document without a resource.
func withoutID(root *cib.Elem, id string) *cib.Elem {
	s := &shell{root: root}
	if p := s.exact(id); p != nil {
		return p.Set(p.Elem.WithKids(nil))
	}
	return root
}

// resourceUtilization shows or changes what resources need.
func (s *shell) resourceUtilization(args []string) error {
	if len(args) < 2 {
		s.print("Resource Utilization:\n")
		s.root.Path("configuration", "resources").Walk(func(e *cib.Elem) bool {
			if ps := pairsOf(e, "utilization"); e.Name() == "primitive" && len(ps) > 0 && (len(args) == 0 || args[0] == e.ID()) {
				s.print(" %s: %s\n", e.ID(), joined(ps))
			}
			return true
		})
		return nil
	}
	p := s.exact(args[0])
	if p == nil {
		return fmt.Errorf("Unable to find a resource: %s", args[0])
	}
	ps, err := utilizations(args[1:])
	if err != nil {
		return err
	}
	s.set(p, s.withPairs(p.Elem, "utilization", args[0]+"-utilization", ps))
	return nil
}

// utilizations reads pairs whose values are whole numbers.
func utilizations(words []string) ([]pair, error) {
	ps, err := pairs(words)
	for _, p := range ps {
		if err == nil && p.value != "" && !isInteger(p.value) {
			err = fmt.Errorf("Value of utilization attribute must be integer: '%s=%s'", p.name, p.value)
		}
	}
	return ps, err
}

// remove deletes a resource with everything in it and all that refers to it.
func (s *shell) remove(args []string) error {
	if err := need(args, 1, -1, "resource delete"); err != nil {
		return err
	}
	for _, id := range args {
		p := s.exact(id)
		if p == nil {
			return fmt.Errorf("Resource '%s' does not exist.", id)
		}
		s.removeOne(p)
	}
	return s.waiting()
}

// removeOne deletes one resource; the only one in a clone or a group takes that along.
func (s *shell) removeOne(p *cib.Place) {
	e := p.Elem
	switch e.Name() {
	case "group":
		s.warn("Removing group: %s (and all resources within group)", e.ID())
		s.warn("Stopping all resources in group: %s...", e.ID())
	case "bundle":
		for _, k := range inner(e) {
			s.warn("Deleting bundle '%s' and its inner resource '%s'", e.ID(), k.ID())
		}
		if len(inner(e)) == 0 {
			s.warn("Deleting bundle '%s'", e.ID())
		}
	}
	gone := primitives(e)
	top := p
	for top.Up != nil && slices.Contains([]string{"clone", "master", "group"}, top.Up.Elem.Name()) && len(inner(top.Up.Elem)) == 1 {
		top = top.Up
	}
	var ids []string
	top.Elem.Walk(func(x *cib.Elem) bool {
		if slices.Contains([]string{"primitive", "group", "clone", "master", "bundle"}, x.Name()) && x.ID() != "" {
			ids = append(ids, x.ID())
		}
		return true
	})
	s.root = top.Set(nil)
	for i, k := range gone {
		for _, id := range ids {
			if id == k.ID() || i == len(gone)-1 && !isPrimitiveID(gone, id) {
				s.forget(id)
			}
		}
		last := i == len(gone)-1
		switch {
		case last && (e.Name() == "group" || e.Name() == "primitive" && top.Elem.Name() == "group"):
			s.warn("Deleting Resource (and group) - %s", k.ID())
		default:
			s.warn("Deleting Resource - %s", k.ID())
		}
	}
	if len(gone) == 0 {
		s.forget(e.ID())
	}
}

func isPrimitiveID(list []*cib.Elem, id string) bool {
	return slices.ContainsFunc(list, func(e *cib.Elem) bool { return e.ID() == id })
}

// forget removes what refers to a resource: constraints, places in sets, tags,
// fencing levels and permissions.
func (s *shell) forget(id string) {
	s.drop("constraints", func(c *cib.Elem) bool {
		named := slices.ContainsFunc([]string{"rsc", "with-rsc", "first", "then"}, func(a string) bool { return c.Get(a) == id })
		if named {
			s.warn("Removing Constraint - %s", c.ID())
		}
		return named
	})
	var kept []*cib.Elem
	changed := false
	for _, c := range s.conf("constraints").Kids() {
		next := s.unset(c, id)
		changed = changed || next != c
		if next != nil {
			kept = append(kept, next)
		}
	}
	if changed {
		s.putConf(s.conf("constraints").WithKids(kept))
	}
	s.forgetRefs(id)
}

// unset takes a resource out of a constraint's sets; nil if no set is left.
func (s *shell) unset(c *cib.Elem, id string) *cib.Elem {
	var kids []*cib.Elem
	touched := false
	for _, set := range c.Kids() {
		if set.Name() != "resource_set" || set.ChildID("resource_ref", id) == nil {
			kids = append(kids, set)
			continue
		}
		touched = true
		s.warn("Removing %s from set %s", id, set.ID())
		set = set.Drop(func(r *cib.Elem) bool { return r.ID() == id })
		if set.Child("resource_ref") == nil {
			s.warn("Removing set %s", set.ID())
			continue
		}
		kids = append(kids, set)
	}
	if !touched {
		return c
	}
	out := c.WithKids(kids)
	if out.Child("resource_set") == nil {
		s.warn("Removing constraint %s", c.ID())
		return nil
	}
	return out
}

// forgetRefs removes a resource from tags, fencing levels and permissions.
func (s *shell) forgetRefs(id string) {
	if s.root.Path("configuration", "tags") != nil {
		tags := s.conf("tags")
		kids := slices.Clone(tags.Kids())
		for i, t := range kids {
			kids[i] = t.Drop(func(r *cib.Elem) bool { return r.ID() == id })
		}
		kids = slices.DeleteFunc(kids, func(t *cib.Elem) bool { return t.Name() == "tag" && len(t.Kids()) == 0 })
		s.putConf(tags.WithKids(kids))
	}
	if topo := s.root.Path("configuration", "fencing-topology"); topo != nil {
		var kids []*cib.Elem
		for _, l := range topo.Kids() {
			left := slices.DeleteFunc(strings.Split(l.Get("devices"), ","), func(d string) bool { return d == id })
			if l.Name() != "fencing-level" || len(left) == len(strings.Split(l.Get("devices"), ",")) {
				kids = append(kids, l)
			} else if len(left) > 0 {
				kids = append(kids, l.With("devices", strings.Join(left, ",")))
			}
		}
		s.putConf(topo.WithKids(kids))
	}
	acls := s.conf("acls")
	kids := slices.Clone(acls.Kids())
	for i, r := range kids {
		kids[i] = r.Drop(func(p *cib.Elem) bool { return p.Name() == "acl_permission" && p.Get("reference") == id })
	}
	if !slices.Equal(kids, acls.Kids()) {
		s.putConf(acls.WithKids(kids))
	}
}

// relations names what hangs together with a resource.
func (s *shell) relations(args []string) error {
	if err := need(args, 1, 1, "resource relations"); err != nil {
		return err
	}
	p := s.exact(args[0])
	if p == nil {
		return fmt.Errorf("resource '%s' does not exist", args[0])
	}
	s.print("%s\n", args[0])
	var lines []string
	for at := p.Up; at != nil && at.Elem.Name() != "resources"; at = at.Up {
		lines = append(lines, "outer resource\n|     `- "+at.Elem.ID())
	}
	for _, k := range inner(p.Elem) {
		lines = append(lines, "inner resource\n|     `- "+k.ID())
	}
	for o := range s.conf("constraints").Named("rsc_order") {
		if first, then := o.Get("first"), o.Get("then"); first == args[0] || then == args[0] {
			lines = append(lines, fmt.Sprintf("order\n|  |  %s %s then %s %s", action(o, "first"), first, action(o, "then"), then))
		}
	}
	for i, l := range lines {
		head := "|- "
		if i == len(lines)-1 {
			head, l = "`- ", strings.ReplaceAll(l, "\n|", "\n ")
		}
		s.print("%s%s\n", head, l)
	}
	return nil
}

// action is what an order constraint does with one of its sides.
func action(o *cib.Elem, side string) string {
	if a := o.Get(side + "-action"); a != "" {
		return a
	}
	return "start"
}
