package sched

import (
	"strconv"

	"mainstay/cib"
)

// No cluster has use for more copies of one thing than these; a number without
// sense must not keep the scheduler from planning for the rest.
const (
	maxInstances = 1000
	maxReplicas  = 250
)

// atMost limits a number of copies and says so.
func (p *planner) atMost(id, name string, n, limit int) int {
	if n > limit {
		p.warn(id, name+" is "+cib.FormatScore(n)+": "+strconv.Itoa(limit)+" is used", "set "+name+" to as many as there can be")
		return limit
	}
	return n
}

// unpackThreshold reads how many failures on a node a resource bears there.
func (p *planner) unpackThreshold(r *rsc, v string) {
	const fix = "set it to how many failures are borne, or remove it"
	r.threshold = cib.Infinity
	if v == "" || v == "default" {
		return
	}
	switch n, err := cib.ParseScore(v); {
	case err != nil:
		p.warn(r.id, "migration-threshold "+v+" is no number and is ignored", fix)
	case n < 0: // the peer's outcome
		p.warn(r.id, "migration-threshold "+v+" is negative: 1 is used", fix)
		r.threshold = 1
	default:
		r.threshold = n
	}
}
