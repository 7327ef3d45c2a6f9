package sched

import "mainstay/cib"

type bundleData struct {
	child    *rsc
	perHost  int
	replicas []*replica
}

type replica struct {
	container, ip, child, remote *rsc
	node                         *node
}

func (b *bundleData) containers() []*rsc {
	var out []*rsc
	for _, r := range b.replicas {
		out = append(out, r.container)
	}
	return out
}

func (r *rsc) bundled() bool {
	u := r.uber(true)
	return u.kind == bundle && u != r
}

func (p *planner) implyBundleNodes(e *cib.Elem)              {}
func (p *planner) makeBundle(r *rsc)                         { r.bundle = &bundleData{} }
func (p *planner) placeBundle(r *rsc, stopIfFail bool) *node { r.unassigned = false; return nil }
func (p *planner) followBundle(dep, prim *rsc, c *coloc)     {}
func (p *planner) createBundle(r *rsc)                       {}
func (p *planner) probeBundle(r *rsc, n *node) bool          { return false }
func (p *planner) implyBundle(r *rsc)                        {}
func (p *planner) bundledOn(r *rsc, n *node) *rsc            { return nil }
