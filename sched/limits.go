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
