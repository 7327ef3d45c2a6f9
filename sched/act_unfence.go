package sched

func (p *planner) implyUnfencing(r *rsc)                                    {}
func (p *planner) unfenceAfter(r *rsc, n *node, a *action)                  {}
func (p *planner) unfenceBefore(r *rsc, n *node, a *action, kind orderKind) {}
func (p *planner) unfenceDigests(n *node, a *action)                        {}
