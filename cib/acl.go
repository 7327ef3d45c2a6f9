package cib

import (
	"fmt"
	"slices"
	"strings"
)

// Account is who asks: a user and the groups that it is in.
type Account struct {
	Name   string
	Groups []string
}

// Denied says what an account may not do.
type Denied struct {
	Account string
	Verb    string // read, create, change, delete, move
	Path    string // of the element
}

// Error implements error.
func (e *Denied) Error() string {
	return fmt.Sprintf("%s may not %s %s; ask for a role that allows it (acl_role, acl_target)", e.Account, e.Verb, e.Path)
}

// Restricted tells whether ACLs apply to an account: they are switched on
// (enable-acl), and it is neither root nor hacluster.
func Restricted(root *Elem, who Account) bool {
	on, err := ParseBool(Property(root, "enable-acl", "false"))
	return err == nil && on && who.Name != "root" && who.Name != "hacluster"
}

// access is what permissions say of one element itself.
type access uint8

const (
	mayRead access = 1 << iota
	mayWrite
	mayNot
)

// acl is what an account may do in one tree.
type acl struct {
	who   Account
	marks map[*Elem]access
}

// aclOf collects the permissions that one CIB gives an account, and marks the
// elements of a tree that they name.
func aclOf(root, tree *Elem, who Account) *acl {
	a := &acl{who: who, marks: make(map[*Elem]access)}
	acls := root.Path("configuration", "acls")
	for _, target := range acls.Kids() {
		name := target.ID()
		if n, ok := target.Lookup("name"); ok {
			name = n
		}
		mine := target.name == "acl_target" && name == who.Name || target.name == "acl_group" && slices.Contains(who.Groups, name)
		if !mine {
			continue
		}
		for ref := range target.Named("role") {
			for p := range acls.ChildID("acl_role", ref.ID()).permissions() {
				a.apply(tree, p)
			}
		}
	}
	return a
}

// permissions ranges over a role's permissions.
func (e *Elem) permissions() func(func(*Elem) bool) { return e.Named("acl_permission") }

func (a *acl) apply(tree, p *Elem) {
	bit := map[string]access{"read": mayRead, "write": mayRead | mayWrite, "deny": mayNot}[p.Get("kind")]
	xpath := p.Get("xpath")
	if xpath == "" {
		xpath = permissionPath(p)
	}
	// A path that cannot be read must not open anything, and Validate names it.
	hits, err := Find(tree, xpath)
	if err != nil {
		return
	}
	for _, e := range hits {
		a.marks[e] |= bit
	}
}

// permissionPath is a permission's object-type, reference and attribute as an XPath.
func permissionPath(p *Elem) string {
	var b strings.Builder
	b.WriteString("//")
	if t := p.Get("object-type"); t != "" {
		b.WriteString(t)
	} else {
		b.WriteString("*")
	}
	if ref := p.Get("reference"); ref != "" {
		b.WriteString("[@id='" + ref + "']")
	}
	if n := p.Get("attribute"); n != "" {
		b.WriteString("[@" + n + "]")
	}
	return b.String()
}

// allows tells whether an element may be read or written: what is said of it
// or of the nearest element around it counts, and a denial beats a permission
// at the same element.
func (a *acl) allows(at *Place, want access) bool {
	for ; at != nil; at = at.Up {
		mark := a.marks[at.Elem]
		switch {
		case mark&mayNot != 0:
			return false
		case mark&want != 0:
			return true
		}
	}
	return false
}

// Readable is what an account may see of a CIB: elements it may not read are
// left out; around readable ones, only names and ids remain. It is nil if
// nothing is left. Unrestricted accounts see everything.
func Readable(root *Elem, who Account) *Elem {
	if !Restricted(root, who) {
		return root
	}
	a := aclOf(root, root, who)
	return a.readable(&Place{Elem: root})
}

func (a *acl) readable(at *Place) *Elem {
	e := at.Elem
	kids := make([]*Elem, 0, len(e.kids))
	for i := range e.kids {
		if k := a.readable(at.Kid(i)); k != nil {
			kids = append(kids, k)
		}
	}
	if a.allows(at, mayRead) {
		if slices.Equal(kids, e.kids) {
			return e
		}
		return e.WithKids(kids)
	}
	if len(kids) == 0 {
		return nil
	}
	shell := New(e.name)
	if id, ok := e.Lookup("id"); ok {
		shell = New(e.name, Attr{"id", id})
	}
	return shell.WithKids(kids)
}

// CheckWrite tells whether an account may make a CIB into another. Each element
// that differs must be writable: a deleted one in the old tree, others in the
// new one, by the permissions of the old. Edits are what made the one of the other:
// one that raises the version asks for the whole. The error is a *Denied.
func CheckWrite(before, after *Elem, who Account, edits ...Edit) error {
	if !Restricted(before, who) {
		return nil
	}
	raises := slices.ContainsFunc(edits, func(e Edit) bool { return e.Op == OpBump })
	if raises && !aclOf(before, before, who).allows(&Place{Elem: before}, mayWrite) {
		return &Denied{Account: who.Name, Verb: "change", Path: "/cib"}
	}
	d := Diff(plainRoot(before), plainRoot(after))
	old := aclOf(before, before, who)
	now := aclOf(before, after, who)
	for c := range d.Named("change") {
		if err := checkChange(c, before, after, old, now); err != nil {
			return err
		}
	}
	return nil
}

// plainRoot leaves out what the cluster writes into the root itself.
func plainRoot(root *Elem) *Elem {
	var attrs []Attr
	for _, a := range root.attrs {
		switch a.Name {
		case "epoch", "num_updates", "admin_epoch", "cib-last-written", "update-origin", "update-client", "update-user", "dc-uuid", "have-quorum":
		default:
			attrs = append(attrs, a)
		}
	}
	return root.WithAttrs(attrs)
}

func checkChange(c, before, after *Elem, old, now *acl) error {
	path := c.Get("path")
	verb := map[string]string{"create": "create", "delete": "delete", "modify": "change", "move": "move"}[c.Get("operation")]
	tree, list := after, now
	if verb == "delete" {
		tree, list = before, old
	}
	denied := &Denied{Account: list.who.Name, Verb: verb, Path: path}
	at, err := (&patcher{root: tree}).find(path)
	if err != nil {
		return denied
	}
	if verb == "create" {
		kid := c.Kids()[0]
		i := slices.IndexFunc(at.Elem.kids, func(k *Elem) bool { return k.Equal(kid) })
		if i < 0 {
			return denied
		}
		at = at.Kid(i)
		denied.Path = at.Path()
	}
	if !list.allows(at, mayWrite) {
		return denied
	}
	return nil
}
