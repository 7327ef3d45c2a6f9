package intent

import (
	"strings"

	"mainstay/cib"
)

// Placing says how long and for what a ban or a preference holds.
type Placing struct {
	Until    string // ISO 8601 date and time at which it ends; "" is never
	Promoted bool   // only the promoted role
}

// role is the constraint's role attribute.
func (p Placing) role() string {
	if p.Promoted {
		return "Promoted"
	}
	return "Started"
}

// Ban forbids a resource a node, as crm_resource --ban does.
func Ban(rsc, node string, how Placing) cib.Edit {
	return location("ban", rsc+"-on-"+node, rsc, node, "-INFINITY", how)
}

// Prefer draws a resource to a node, as crm_resource --move does.
func Prefer(rsc, node string, how Placing) cib.Edit {
	return location("prefer", rsc, rsc, node, "INFINITY", how)
}

// location makes a cli-… constraint; with an end it holds by a rule.
func location(what, tail, rsc, node, score string, how Placing) cib.Edit {
	id := "cli-" + what + "-" + tail
	e := cib.New("rsc_location", attrs("id", id, "rsc", rsc, "role", how.role())...)
	if how.Until == "" {
		e = e.With("node", node).With("score", score)
		return cib.Edit{Op: cib.OpReplace, Scope: "constraints", Elem: e}
	}
	// The ids that crm_resource gives: each kind its own way.
	ruleID, exprID, endID := "cli-"+what+"-rule-"+tail, "cli-"+what+"-expr-"+tail, "cli-"+what+"-lifetime-end-"+tail
	if what == "ban" {
		ruleID, exprID, endID = id+"-rule", id+"-expr", id+"-lifetime"
	}
	rule := cib.New("rule", attrs("id", ruleID, "score", score, "boolean-op", "and")...).Append(
		cib.New("expression", attrs("id", exprID, "attribute", "#uname", "operation", "eq", "value", node, "type", "string")...),
		cib.New("date_expression", attrs("id", endID, "operation", "lt", "end", how.Until)...))
	return cib.Edit{Op: cib.OpReplace, Scope: "constraints", Elem: e.Append(rule)}
}

// Put makes a location edit fit a document: what is there is replaced, what is not
// is created.
func Put(root *cib.Elem, e cib.Edit) cib.Edit {
	if root.Path("configuration", "constraints").ChildID(e.Elem.Name(), e.Elem.ID()) == nil {
		e.Op = cib.OpCreate
	}
	return e
}

func attrs(pairs ...string) []cib.Attr {
	out := make([]cib.Attr, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, cib.Attr{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

// Clear removes the constraints that Ban and Prefer made for a resource; with a
// node, only those for that node. It returns the edits and the constraints' ids.
func Clear(root *cib.Elem, rsc, node string) ([]cib.Edit, []string) {
	var edits []cib.Edit
	var ids []string
	for c := range root.Path("configuration", "constraints").Named("rsc_location") {
		if !cleared(c, rsc, node) {
			continue
		}
		edits = append(edits, cib.Edit{Op: cib.OpDelete, Scope: "constraints", Elem: cib.New("rsc_location", attrs("id", c.ID())...)})
		ids = append(ids, c.ID())
	}
	return edits, ids
}

func cleared(c *cib.Elem, rsc, node string) bool {
	id := c.ID()
	switch {
	case c.Get("rsc") != rsc:
		return false
	case id == "cli-prefer-"+rsc:
		return node == "" || LocationNode(c) == node
	case strings.HasPrefix(id, "cli-ban-"+rsc+"-on-"):
		return node == "" || LocationNode(c) == node
	}
	return false
}

// LocationNode returns the node that a constraint made by Ban or Prefer is about.
func LocationNode(c *cib.Elem) string {
	if n := c.Get("node"); n != "" {
		return n
	}
	for e := range c.Child("rule").Named("expression") {
		if e.Get("attribute") == "#uname" {
			return e.Get("value")
		}
	}
	return ""
}

// Temporary lists the constraints that tools made by Ban and Prefer, in document
// order.
func Temporary(root *cib.Elem) []*cib.Elem {
	var out []*cib.Elem
	for c := range root.Path("configuration", "constraints").Named("rsc_location") {
		if strings.HasPrefix(c.ID(), "cli-prefer-") || strings.HasPrefix(c.ID(), "cli-ban-") {
			out = append(out, c)
		}
	}
	return out
}
