package tools

import (
	"context"
	"slices"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
)

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

// getParameter prints a value: the resource's own, or for meta attributes also that
// of a collection around it or a default.
func (o *resourceOptions) getParameter(w *world, p *cib.Place) error {
	value, ok := lookUp(w, p, o.kind(), o.arg)
	if !ok {
		name := p.Elem.ID()
		if inst := w.of(o.rsc); p.Elem.Name() == "primitive" && len(inst) > 0 {
			name = inst[0].Name
		}
		o.note("Attribute '%s' not found for '%s'", o.arg, name)
		return nil
	}
	o.printf("%s\n", value)
	o.add(element("list", "name", "attributes", "count", "1").WithKids([]*cib.Elem{named("item", o.arg, value)}))
	return nil
}

// lookUp finds a value that holds for a resource.
func lookUp(w *world, p *cib.Place, kind intent.Kind, name string) (string, bool) {
	root := w.root
	tmpl := root.Path("configuration", "resources").ChildID("template", p.Elem.Get("template"))
	for at := p; at != nil; at = intent.Parent(at) {
		if v, ok := ownValue(w, at.Elem, kind, name); ok {
			return v, true
		}
		if at == p && tmpl != nil {
			if v, ok := ownValue(w, tmpl, kind, name); ok {
				return v, true
			}
		}
		if kind != intent.Meta {
			return "", false
		}
	}
	pair, ok := intent.GetOption(root, intent.RscDefaults, name)
	return pair.Value, ok
}

// ownValue finds a value in the sets of an element: in that with the highest score, of
// several the last, among those whose rules hold.
func ownValue(w *world, e *cib.Elem, kind intent.Kind, name string) (value string, ok bool) {
	best := 0
	for set := range e.Named(string(kind)) {
		if set.Child("rule") != nil && !cib.RulesHold(set, &cib.Facts{Now: w.f.Now}) {
			continue
		}
		score, err := cib.ParseScore(set.Get("score"))
		if err != nil {
			score = 0 // as one without
		}
		for nv := range set.Named("nvpair") {
			if nv.Get("name") == name && (!ok || score >= best) {
				value, ok, best = nv.Get("value"), true, score
			}
		}
	}
	return value, ok
}

// changeParameter is --set-parameter and --delete-parameter.
func (o *resourceOptions) changeParameter(ctx context.Context, w *world, p *cib.Place) error {
	verb := "update"
	if o.command == "delete-parameter" {
		verb = "delete"
	}
	if up := intent.Parent(p); o.meta && !o.force && up != nil && up.Elem.Name() != "group" {
		if !o.quiet {
			o.printf("Performing %s of '%s' on '%s', the parent of '%s'\n", verb, o.arg, up.Elem.ID(), p.Elem.ID())
		}
		p = up
	}
	places := []*cib.Place{p}
	if o.recursive && o.meta && verb == "update" {
		places = o.dependants(w, places)
	}
	for _, at := range places {
		if err := o.changeAt(ctx, at); err != nil {
			return err
		}
	}
	return nil
}

// changeAt changes a parameter of one resource.
func (o *resourceOptions) changeAt(ctx context.Context, p *cib.Place) error {
	h, id := intent.OfResource(p, o.kind()), p.Elem.ID()
	if o.setName != "" {
		h = h.In(o.setName)
	}
	all := slices.DeleteFunc(h.All(), func(x intent.Pair) bool {
		return x.Name != o.arg || o.pairID != "" && x.ID != o.pairID
	})
	if len(all) > 1 {
		return o.ambiguous(all)
	}
	if o.command == "delete-parameter" {
		if len(all) == 0 {
			return nil
		}
		pair, _ := h.In(all[0].SetID).Unset(o.arg)
		if err := edit(ctx, o.env, pair.Edits); err != nil {
			return err
		}
		o.tell("Deleted '%s' option: id=%s name=%s\n", id, pair.ID, o.arg)
		return nil
	}
	if len(all) == 1 {
		pair := h.In(all[0].SetID).Set(o.arg, o.value)
		if err := edit(ctx, o.env, pair.Edits); err != nil {
			return err
		}
		o.tell("Set '%s' option: id=%s name=%s value=%s\n", id, pair.ID, o.arg, o.value)
		return nil
	}
	pair := h.In(o.freshSet(id)).Set(o.arg, o.value)
	if err := edit(ctx, o.env, pair.Edits); err != nil {
		return err
	}
	o.tell("Set '%s' option: id=%s set=%s name=%s value=%s\n", id, pair.ID, pair.SetID, o.arg, o.value)
	return nil
}

// freshSet is the id of the set that a new parameter goes into.
func (o *resourceOptions) freshSet(id string) string {
	if o.setName != "" {
		return o.setName
	}
	return id + "-" + string(o.kind())
}

// tell prints what was done, unless told to be quiet.
func (o *resourceOptions) tell(format string, args ...any) {
	if !o.quiet {
		o.printf(format, args...)
	}
}

// ambiguous says that several pairs could be meant.
func (o *resourceOptions) ambiguous(all []intent.Pair) error {
	o.printf("Multiple attributes match name=%s\n", o.arg)
	for _, x := range all {
		o.printf("  Value: %s \t(id=%s)\n", x.Value, x.ID)
	}
	return fail(face.Multiple)
}

// dependants adds to some resources those that are placed with them, at any remove.
func (o *resourceOptions) dependants(w *world, from []*cib.Place) []*cib.Place {
	for i := 0; i < len(from); i++ {
		for _, c := range colocations(w.root) {
			with, rsc := intent.Resource(w.root, c.with), intent.Resource(w.root, c.rsc)
			if with == nil || rsc == nil || with.Elem != from[i].Elem || c.score <= 0 {
				continue
			}
			if !slices.ContainsFunc(from, func(p *cib.Place) bool { return p.Elem == rsc.Elem }) {
				from = append(from, rsc)
			}
		}
	}
	return from
}

// deleteResource is --delete.
func (o *resourceOptions) deleteResource(ctx context.Context, w *world) error {
	if o.rsc == "" {
		return refuse(face.Usage, "Must supply a resource id with -r")
	}
	if o.kindOf == "" {
		return refuse(face.NoSuch, "You need to specify a resource type with -t")
	}
	p, err := intent.NeedResource(w.root, o.rsc)
	if err != nil {
		return err
	}
	if p.Elem.Name() != o.kindOf || p.Elem.ID() != o.rsc {
		return nil
	}
	err = edit(ctx, o.env, []cib.Edit{{Op: cib.OpDelete, Scope: "resources", Elem: element(o.kindOf, "id", o.rsc)}})
	if face.CodeOf(err) == face.BadData {
		return fail(face.BadConfig)
	}
	return err
}
