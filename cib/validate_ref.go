package cib

import (
	"fmt"
	"slices"
	"strings"
)

// resources checks what the resources contain and refer to.
func (v *validator) resources(conf *trail) {
	section := conf.e.Child("resources")
	if section == nil {
		return
	}
	v.resource(&trail{section, conf})
}

func (v *validator) resource(at *trail) {
	for _, k := range at.e.kids {
		here := &trail{k, at}
		switch k.name {
		case "primitive", "template":
			v.primitive(here)
		case "group":
			if k.Child("primitive") == nil {
				v.report(here, k, Error, "group "+k.ID()+" is empty", "put a primitive into it, or remove it")
			}
			v.resource(here)
		case "clone", "master":
			v.clone(here)
			v.resource(here)
		case "bundle":
			v.bundle(here)
			v.resource(here)
		}
	}
}

func (v *validator) clone(at *trail) {
	n := 0
	for _, k := range at.e.kids {
		if k.name == "primitive" || k.name == "group" {
			n++
		}
	}
	if n != 1 {
		v.report(at, at.e, Error, fmt.Sprintf("%s %s contains %d resources", at.e.name, at.e.ID(), n), "a clone contains one primitive or one group")
	}
}

func (v *validator) bundle(at *trail) {
	engines := 0
	for _, k := range at.e.kids {
		if k.name == "docker" || k.name == "podman" || k.name == "rkt" {
			engines++
		}
	}
	if engines != 1 {
		v.report(at, at.e, Error, fmt.Sprintf("bundle %s has %d container engines", at.e.ID(), engines), "give it one docker or podman element")
	}
}

func (v *validator) primitive(at *trail) {
	e := at.e
	template, hasTemplate := e.Lookup("template")
	switch {
	case hasTemplate:
		if to := v.ids[template]; to == nil || to.name != "template" {
			remedy := "define the template, or correct the name"
			if near := Nearest(template, v.named("template")); near != "" {
				remedy = "did you mean " + near + "?"
			}
			v.report(at, e, Error, fmt.Sprintf("%s: there is no template %s", e.ID(), template), remedy)
		}
	case e.Get("class") == "" || e.Get("type") == "":
		v.report(at, e, Error, Label(e)+" does not name its agent", "give it class and type, and provider for ocf")
	case e.Get("class") == "ocf" && e.Get("provider") == "":
		v.report(at, e, Error, Label(e)+" is of class ocf but has no provider", "add provider=\"heartbeat\", or the agent's own")
	case !slices.Contains([]string{"ocf", "lsb", "systemd", "upstart", "service", "stonith", "nagios", "heartbeat"}, e.Get("class")):
		v.report(at, e, Error, fmt.Sprintf("%s: unknown class of agents %q", Label(e), e.Get("class")), "the classes are ocf, systemd, lsb, service, stonith")
	}
	v.operations(at)
}

// named lists the ids of elements of a kind.
func (v *validator) named(tag string) []string {
	var out []string
	for _, n := range v.names {
		if v.ids[n] != nil && v.ids[n].name == tag {
			out = append(out, n)
		}
	}
	return out
}

// operations checks that no operation is there twice: the history could not
// tell them apart.
func (v *validator) operations(at *trail) {
	ops := at.e.Child("operations")
	seen := make(map[string]*Elem)
	for op := range ops.Named("op") {
		if op.Get("id-ref") != "" {
			continue
		}
		d, err := ParseDuration(op.Get("interval"))
		if err != nil {
			continue
		}
		key := op.Get("name") + "/" + d.String()
		if first := seen[key]; first != nil {
			severity := Error
			if first.Get("role") != op.Get("role") {
				// Old configurations monitor two roles at one interval.
				severity = Warning
			}
			v.report(&trail{op, &trail{ops, at}}, op, severity,
				fmt.Sprintf("%s has two operations %s with interval %s", at.e.ID(), op.Get("name"), op.Get("interval")), "give one of the two another interval, or remove it")
			continue
		}
		seen[key] = op
	}
}

// needResource checks a reference to a resource, template or tag.
func (v *validator) needResource(at *trail, what, ref string) {
	if to := v.ids[ref]; to != nil {
		switch to.name {
		case "primitive", "group", "clone", "master", "bundle", "template", "tag":
			return
		}
	}
	// Instances of clones are named rsc:N.
	if base, n, ok := strings.Cut(ref, ":"); ok && v.ids[base] != nil && strings.Trim(n, "0123456789") == "" {
		return
	}
	remedy := "define it, or correct the name"
	if near := Nearest(ref, v.names); near != "" {
		remedy = "did you mean " + near + "?"
	}
	v.report(at, at.e, Error, fmt.Sprintf("%s: there is no resource %s", what, ref), remedy)
}

// constraints checks what constraints refer to and whether they can hold.
func (v *validator) constraints(conf *trail) {
	section := conf.e.Child("constraints")
	for _, c := range section.Kids() {
		at := &trail{c, &trail{section, conf}}
		switch c.name {
		case "rsc_location":
			v.location(at)
		case "rsc_colocation":
			v.colocation(at)
		case "rsc_order":
			v.order(at)
		case "rsc_ticket":
			v.ticket(at)
		}
		for s := range c.Named("resource_set") {
			v.set(&trail{s, at}, c)
		}
	}
	tags := conf.e.Child("tags")
	for t := range tags.Named("tag") {
		for r := range t.Named("obj_ref") {
			if v.ids[r.ID()] == nil && !v.nodes[r.ID()] {
				v.needResource(&trail{r, &trail{t, &trail{tags, conf}}}, "tag "+t.ID(), r.ID())
			}
		}
	}
}

func (v *validator) set(at *trail, c *Elem) {
	if at.e.Get("id-ref") == "" && at.e.Child("resource_ref") == nil {
		v.report(at, at.e, Error, fmt.Sprintf("a resource set of %s is empty", c.ID()), "name its resources")
	}
	for r := range at.e.Named("resource_ref") {
		v.needResource(&trail{r, at}, c.ID(), r.ID())
	}
	v.bools(at, "sequential", "require-all")
	v.roleOf(at, "role")
}

func (v *validator) bools(at *trail, names ...string) {
	for _, n := range names {
		if s, ok := at.e.Lookup(n); ok {
			if _, err := ParseBool(s); err != nil {
				v.report(at, at.e, Error, fmt.Sprintf("%s: %s %s", Label(at.e), n, err), "")
			}
		}
	}
}

func (v *validator) roleOf(at *trail, names ...string) {
	for _, n := range names {
		if role := at.e.Get(n); role != "" && !knownRole(role) {
			v.report(at, at.e, Error, fmt.Sprintf("%s: unknown role %q", Label(at.e), role), roleRemedy(role))
		}
	}
}

func (v *validator) location(at *trail) {
	c := at.e
	if rsc := c.Get("rsc"); rsc != "" {
		v.needResource(at, "location "+c.ID(), rsc)
	} else if c.Get("rsc-pattern") == "" && c.Child("resource_set") == nil {
		v.report(at, c, Error, "location "+c.ID()+" is for no resource", "name one by rsc, rsc-pattern or a resource set")
	}
	v.roleOf(at, "role")
	if c.Get("node") != "" && c.Get("score") == "" && c.Get("score-attribute") == "" {
		v.report(at, c, Error, "location "+c.ID()+" has no score", "give it one, such as INFINITY")
	}
	if d := c.Get("resource-discovery"); d != "" && !slices.Contains([]string{"always", "never", "exclusive"}, d) {
		v.report(at, c, Error, fmt.Sprintf("location %s: resource-discovery %q is unknown", c.ID(), d), "write always, never or exclusive")
	}
	node := c.Get("node")
	if node != "" && len(v.nodes) > 0 && !v.nodes[node] && !v.remoteNode(node) {
		remedy := "it will count when a node of that name joins"
		if near := Nearest(node, v.nodeNames()); near != "" {
			remedy = "did you mean " + near + "?"
		}
		v.report(at, c, Warning, fmt.Sprintf("location %s: there is no node %s", c.ID(), node), remedy)
	}
	if node == "" && c.Child("rule") == nil && c.Child("lifetime") == nil {
		v.report(at, c, Error, "location "+c.ID()+" names neither a node nor a rule", "")
	}
	if _, scored := c.Lookup("score"); node != "" && !scored && c.Child("rule") == nil && c.Get("score-attribute") != "" {
		v.report(at, c, Error, fmt.Sprintf("location %s has no score for node %s", c.ID(), node), "only a rule takes its score from a node attribute")
	}
}

// remoteNode tells whether a resource stands for a node of this name.
func (v *validator) remoteNode(name string) bool {
	if to := v.ids[name]; to != nil && to.name == "primitive" {
		return true
	}
	found := false
	v.root.Path("configuration", "resources").Walk(func(e *Elem) bool {
		found = found || e.name == "nvpair" && e.Get("name") == "remote-node" && e.Get("value") == name || e.name == "bundle"
		return !found
	})
	return found
}

func (v *validator) nodeNames() []string {
	var out []string
	for n := range v.root.Path("configuration", "nodes").Named("node") {
		out = append(out, n.Get("uname"))
	}
	return out
}

func (v *validator) colocation(at *trail) {
	c := at.e
	if c.Child("resource_set") != nil {
		return
	}
	rsc, with := c.Get("rsc"), c.Get("with-rsc")
	if rsc == "" || with == "" {
		v.report(at, c, Error, "colocation "+c.ID()+" needs rsc and with-rsc, or resource sets", "")
		return
	}
	if rsc == with {
		v.report(at, c, Error, fmt.Sprintf("colocation %s puts %s with itself", c.ID(), rsc), "name two resources")
	}
	v.needResource(at, "colocation "+c.ID(), rsc)
	v.needResource(at, "colocation "+c.ID(), with)
	v.roleOf(at, "rsc-role", "with-rsc-role")
	v.bools(at, "influence")
}

func (v *validator) order(at *trail) {
	c := at.e
	v.bools(at, "symmetrical", "require-all")
	if k, ok := c.Lookup("kind"); ok && !slices.Contains([]string{"Mandatory", "Optional", "Serialize"}, k) {
		remedy := "write Mandatory, Optional or Serialize"
		if near := Nearest(k, []string{"Mandatory", "Optional", "Serialize"}); near != "" {
			remedy = "did you mean " + near + "?"
		}
		v.report(at, c, Error, fmt.Sprintf("order %s: unknown kind %q", c.ID(), k), remedy)
	}
	if c.Child("resource_set") != nil {
		return
	}
	first, then := c.Get("first"), c.Get("then")
	if first == "" || then == "" {
		v.report(at, c, Error, "order "+c.ID()+" needs first and then, or resource sets", "")
		return
	}
	if first == then && c.Get("first-action") == c.Get("then-action") {
		v.report(at, c, Error, fmt.Sprintf("order %s puts %s before itself", c.ID(), first), "name two resources")
	}
	v.needResource(at, "order "+c.ID(), first)
	v.needResource(at, "order "+c.ID(), then)
	for _, n := range []string{"first-action", "then-action"} {
		if a := c.Get(n); a != "" && !slices.Contains([]string{"start", "stop", "promote", "demote", "notify"}, a) {
			v.report(at, c, Error, fmt.Sprintf("order %s: unknown %s %q", c.ID(), n, a), "the actions are start, stop, promote, demote")
		}
	}
}

func (v *validator) ticket(at *trail) {
	c := at.e
	if rsc := c.Get("rsc"); rsc != "" {
		v.needResource(at, "rsc_ticket "+c.ID(), rsc)
	} else if c.Child("resource_set") == nil {
		v.report(at, c, Error, "rsc_ticket "+c.ID()+" is for no resource", "")
	}
	v.roleOf(at, "rsc-role")
	if p := c.Get("loss-policy"); p != "" && !slices.Contains([]string{"stop", "demote", "fence", "freeze"}, p) {
		v.report(at, c, Error, fmt.Sprintf("rsc_ticket %s: unknown loss-policy %q", c.ID(), p), "write stop, demote, fence or freeze")
	}
}

// fencing checks the topology, and that there is something to fence with.
func (v *validator) fencing(conf *trail) {
	section := conf.e.Child("fencing-topology")
	for l := range section.Named("fencing-level") {
		at := &trail{l, &trail{section, conf}}
		for _, d := range strings.Split(l.Get("devices"), ",") {
			if d = strings.TrimSpace(d); d == "" {
				continue
			}
			to := v.ids[d]
			switch {
			case to == nil || !slices.Contains([]string{"primitive", "clone", "group", "master"}, to.name):
				v.needResource(at, "fencing-level "+l.ID(), d)
			case to.name == "primitive" && to.Get("class") != "stonith" && to.Get("template") == "":
				v.report(at, l, Warning, fmt.Sprintf("fencing-level %s: %s is not a fence device", l.ID(), d), "name a primitive of class stonith")
			}
		}
		if l.Get("target") == "" && l.Get("target-pattern") == "" && l.Get("target-attribute") == "" {
			v.report(at, l, Error, "fencing-level "+l.ID()+" has no target", "give it target, target-pattern or target-attribute")
		}
	}
	v.unfenced(conf)
}

// unfenced warns of a cluster that may not recover anything because it cannot fence.
func (v *validator) unfenced(conf *trail) {
	enabled := true
	for _, name := range []string{"stonith-enabled", "fencing-enabled"} {
		if b, err := ParseBool(Property(v.root, name, "true")); err == nil && !b {
			enabled = false
		}
	}
	timeout, err := ParseDuration(Property(v.root, "stonith-watchdog-timeout", "0"))
	if !enabled || err == nil && timeout != 0 {
		return
	}
	any, fence := false, false
	conf.e.Child("resources").Walk(func(e *Elem) bool {
		any = any || e.name == "primitive"
		fence = fence || e.Get("class") == "stonith"
		return !fence
	})
	if any && !fence {
		v.report(conf, conf.e.Child("resources"), Warning, "there is no fence device, so no resource may start",
			"define one of class stonith; or, if data may be lost, set stonith-enabled=false")
	}
}
