package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// operationCommands are those about a resource's operations.
func operationCommands() []command {
	return []command{
		{path: "resource op add", usage: "<resource id> <operation action> [operation properties]", run: (*shell).addOp},
		{path: "resource op delete", usage: "<resource id> <operation action> [<operation properties>...] | <operation id>", run: (*shell).deleteOp},
		{path: "resource op remove", usage: "<resource id> <operation action> [<operation properties>...] | <operation id>", run: (*shell).deleteOp},
	}
}

// opWords writes an operation in one line, with its options and its id.
func opWords(op *cib.Elem, id bool) string {
	words := []string{op.Get("name"), "interval=" + op.Get("interval")}
	for _, a := range op.Attrs() {
		if !slices.Contains([]string{"id", "name", "interval"}, a.Name) {
			words = append(words, a.Name+"="+spaced(a.Value))
		}
	}
	for _, p := range pairsOf(op, "instance_attributes") {
		words = append(words, p.name+"="+spaced(p.value))
	}
	if id {
		words = append(words, "("+op.ID()+")")
	}
	return strings.Join(words, " ")
}

// another refuses one more operation of a name, unless it is wanted by force.
func (s *shell) another(rsc string, o operation, ops *cib.Elem) error {
	var named, same []string
	for op := range ops.Named("op") {
		if op.Get("name") != o.name {
			continue
		}
		named = append(named, opWords(op, true))
		if op.Get("interval") == interval(o) {
			same = append(same, opWords(op, true))
		}
	}
	switch {
	case s.opt.has("force"):
		return nil
	case len(same) > 0:
		return fmt.Errorf("operation %s with interval %s already specified for %s:\n%s", o.name, interval(o), rsc, strings.Join(same, "\n"))
	case len(named) > 0:
		return fmt.Errorf("operation %s already specified for %s, use --force to override:\n%s", o.name, rsc, strings.Join(named, "\n"))
	}
	return nil
}

// addOp gives a resource one more operation.
func (s *shell) addOp(args []string) error {
	if err := need(args, 2, -1, "resource op add"); err != nil {
		return err
	}
	p := s.exact(args[0])
	if p == nil || p.Elem.Name() != "primitive" {
		return fmt.Errorf("Unable to find resource: %s", args[0])
	}
	opts, err := pairs(args[2:])
	if err != nil {
		return err
	}
	o := operation{args[1], opts}
	if s.judgeOp(&o, nil); s.wrong > 0 {
		return errDone
	}
	level, deep := value(opts, "OCF_CHECK_LEVEL")
	ops := p.Elem.Child("operations")
	if err := s.another(args[0], o, ops); err != nil {
		return err
	}
	e := s.opElem(args[0], operation{o.name, without(o.opts, "OCF_CHECK_LEVEL")})
	if deep {
		set := cib.New("instance_attributes", attr("id", "params-"+e.ID()))
		e = e.Append(set.Append(cib.New("nvpair", attr("id", e.ID()+"-OCF_CHECK_LEVEL-"+idWord(level)), attr("name", "OCF_CHECK_LEVEL"), attr("value", level))))
	}
	if ops == nil {
		s.set(p, p.Elem.Append(cib.New("operations").Append(e)))
		return nil
	}
	s.set(p, p.Elem.Put(ops.Append(e)))
	return nil
}

// deleteOp removes operations, by id or by resource, name and options.
func (s *shell) deleteOp(args []string) error {
	if err := need(args, 1, -1, "resource op delete"); err != nil {
		return err
	}
	if len(args) == 1 {
		return s.deleteOps(func(_ string, op *cib.Elem) bool { return op.ID() == args[0] }, fmt.Sprintf("unable to find operation id: %s", args[0]))
	}
	if s.exact(args[0]) == nil {
		return fmt.Errorf("Unable to find resource: %s", args[0])
	}
	opts, err := pairs(args[2:])
	if err != nil {
		return err
	}
	fits := func(rsc string, op *cib.Elem) bool {
		return rsc == args[0] && op.Get("name") == args[1] && !slices.ContainsFunc(opts, func(p pair) bool {
			v, _ := value(pairsOf(op, "instance_attributes"), p.name)
			return op.Get(p.name) != p.value && v != p.value
		})
	}
	return s.deleteOps(fits, fmt.Sprintf("Unable to find operation matching: %s", strings.Join(args[1:], " ")))
}

// deleteOps removes the operations that fit; missing is the error if there is none.
func (s *shell) deleteOps(fits func(rsc string, op *cib.Elem) bool, missing string) error {
	found := false
	for _, e := range allPrimitives(s.conf("resources")) {
		ops := e.Child("operations")
		if ops == nil || !slices.ContainsFunc(ops.Kids(), func(op *cib.Elem) bool { return fits(e.ID(), op) }) {
			continue
		}
		found = true
		id := e.ID()
		s.change(id, func(e *cib.Elem) *cib.Elem {
			return e.Put(ops.Drop(func(op *cib.Elem) bool { return fits(id, op) }))
		})
	}
	if !found {
		return fmt.Errorf("%s", missing)
	}
	return nil
}

// allPrimitives are all primitives of a section.
func allPrimitives(section *cib.Elem) []*cib.Elem {
	var out []*cib.Elem
	for _, k := range inner(section) {
		out = append(out, primitives(k)...)
	}
	return out
}
