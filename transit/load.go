package transit

import (
	"strconv"

	"mainstay/graph"
)

// load counts what is under way against the limits: batch-limit for the whole
// cluster, and per node the number of actions and of live migrations, which
// count at both ends. Fencing and the cluster's own actions are never held
// back by a node's limit, for they are what others wait for.
type load struct {
	batch     int // 0 = none
	perNode   int // 0 = none
	migration int // negative = none
	total     int
	node      map[string]int
	migrating map[string]int
}

// newLoad reads batch-limit and migration-limit from the graph.
func newLoad(cfg Config, g *graph.Graph) load {
	l := load{perNode: cfg.NodeLimit, migration: -1, node: map[string]int{}, migrating: map[string]int{}}
	if n, err := strconv.Atoi(graphAttr(g, "batch-limit")); err == nil && n > 0 {
		l.batch = n
	}
	if n, err := strconv.Atoi(graphAttr(g, "migration-limit")); err == nil && n >= 0 {
		l.migration = n
	}
	return l
}

// full tells whether nothing but milestones may begin.
func (l *load) full() bool { return l.batch > 0 && l.total >= l.batch }

// allows tells whether the action may begin beside what is under way.
func (l *load) allows(a *graph.Action) bool {
	if a.Kind == graph.Pseudo {
		return true
	}
	if l.full() {
		return false
	}
	if a.Kind != graph.Resource {
		return true
	}
	ends, migrates := endsOf(a)
	for _, n := range ends {
		if l.perNode > 0 && l.node[n] >= l.perNode {
			return false
		}
		if migrates && l.migration >= 0 && l.migrating[n] >= l.migration {
			return false
		}
	}
	return true
}

// add counts an action in (1) or out (-1).
func (l *load) add(a *graph.Action, by int) {
	l.total += by
	if a.Kind != graph.Resource {
		return
	}
	ends, migrates := endsOf(a)
	for _, n := range ends {
		l.node[n] += by
		if migrates {
			l.migrating[n] += by
		}
	}
}

// endsOf names the nodes that an action burdens, and whether it is a live migration.
func endsOf(a *graph.Action) ([]string, bool) {
	if a.Task != "migrate_to" && a.Task != "migrate_from" {
		if a.Router != "" {
			return []string{a.Router}, false
		}
		return []string{a.Node}, false
	}
	src, dst := a.Attr("CRM_meta_migrate_source"), a.Attr("CRM_meta_migrate_target")
	if src == "" || dst == "" || src == dst {
		return []string{a.Node}, true
	}
	return []string{src, dst}, true
}
