package cib

// EditOp is what an edit does; the names and meanings are cibadmin(8)'s.
type EditOp string

// The edit operations.
const (
	OpCreate  EditOp = "create"  // add below the parent; an existing id is an error
	OpModify  EditOp = "modify"  // merge attributes and children by id; create what is missing
	OpReplace EditOp = "replace" // replace the element with the same name and id (or the section)
	OpDelete  EditOp = "delete"  // remove the element with the same name and id
	OpErase   EditOp = "erase"   // empty the configuration
	OpBump    EditOp = "bump"    // only raise epoch
	OpPatch   EditOp = "patch"   // Elem is a <diff format="2">
)

// Edit is one change of the CIB. Edits of one request apply all or not at all.
type Edit struct {
	Op    EditOp
	Scope string // section name ("resources", "status", …) or "" for the whole document
	XPath string // if set, the place that the edit is about, instead of Scope
	Elem  *Elem
}

// Version orders CIBs: admin_epoch first, then epoch, then num_updates.
type Version struct{ AdminEpoch, Epoch, NumUpdates int }
