package status

// Change is one line of a transition's summary: what will happen to a node or
// a resource, and why. Lines about nodes come first. Text forms:
//
//	Fence (reboot) node1 'reason'
//	Shutdown node1
//	Start   rsc  ( node1 )  due to reason (blocked)
type Change struct {
	Verb     string // Start, Stop, Move, Restart, Recover, Reload, Migrate, Promote, Demote, Re-promote, Leave, Fence, Shutdown
	Node     string // lines about a node: its name, else ""
	Action   string // Fence: "reboot", "off" or "on"
	Resource string // lines about a resource: its id
	From, To string // node names: where it is, where it will be ("" if nowhere)
	FromRole Role
	ToRole   Role
	Detail   string // what stands in the parentheses, e.g. "node1 -> node2" or "Stopped -> Promoted node2"
	Reason   string // what follows "due to", or the quoted reason of a Fence line
	Blocked  bool   // "(blocked)" or "- blocked" follows the reason
	Leave    bool   // nothing to do: shown only on demand (crm_simulate -a)
}
