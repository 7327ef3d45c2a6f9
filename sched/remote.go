package sched

// orderRemote orders what happens on remote nodes with their connections.
func (p *planner) orderRemote() {}
