package cib

import (
	"errors"
	"strings"
)

// EditOp is what an edit does; the names and meanings are cibadmin(8)'s.
type EditOp string

// The edit operations.
const (
	OpCreate    EditOp = "create"     // add below the parent; an existing id is an error
	OpModify    EditOp = "modify"     // merge attributes and children by id; create what is missing
	OpUpdate    EditOp = "update"     // as modify, but the element itself must be there (cibadmin --modify without --allow-create)
	OpReplace   EditOp = "replace"    // replace the element with the same name and id (or the section)
	OpDelete    EditOp = "delete"     // remove the first element with the same name, id and attributes; none is fine
	OpDeleteAll EditOp = "delete-all" // remove all that match the XPath
	OpErase     EditOp = "erase"      // empty the configuration and raise admin_epoch
	OpBump      EditOp = "bump"       // only raise epoch
	OpPatch     EditOp = "patch"      // Elem is a <diff format="2">
	OpUpgrade   EditOp = "upgrade"    // bring the configuration to the newest vocabulary, or to that of Elem, a <cib validate-with="…">
)

// Edit is one change of the CIB. Edits of one request apply all or not at all.
//
// Elem may be the section itself (its children then count), or an element of
// it. Without Scope and XPath its place follows from its name, as a primitive
// goes to resources.
type Edit struct {
	Op    EditOp
	Scope string // section name ("resources", "status", …) or "" for the whole document
	XPath string // if set, the place that the edit is about, instead of Scope
	Elem  *Elem
}

// The kinds of EditError, for errors.Is.
var (
	ErrExists   = errors.New("it is already there")
	ErrNotFound = errors.New("it is not there")
	ErrOld      = errors.New("it is older than the present configuration")
	ErrInvalid  = errors.New("it cannot be applied")
)

// EditError tells which edit failed, on what, and what to do about it.
type EditError struct {
	Index  int    // of the edit in its request, from 0
	Op     EditOp // what was asked
	What   string // the element, as <name id="…"/>, or the XPath
	Place  string // where it was looked for
	Kind   error  // one of ErrExists, ErrNotFound, ErrOld, ErrInvalid
	Detail string // more, if there is more to say
	Remedy string
}

// Error implements error.
func (e *EditError) Error() string {
	var b strings.Builder
	b.WriteString("cannot " + string(e.Op))
	if e.What != "" {
		b.WriteString(" " + e.What)
	}
	if e.Place != "" {
		b.WriteString(" in " + e.Place)
	}
	b.WriteString(": " + e.Kind.Error())
	if e.Detail != "" {
		b.WriteString(" (" + e.Detail + ")")
	}
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Unwrap gives the kind.
func (e *EditError) Unwrap() error { return e.Kind }

// Label names an element in messages: its tag and its id if it has one.
func Label(e *Elem) string {
	if e == nil {
		return ""
	}
	if id, ok := e.Lookup("id"); ok {
		return `<` + e.name + ` id="` + id + `">`
	}
	return "<" + e.name + ">"
}
