package view

import (
	"slices"

	"mainstay/status"
)

// clone writes a clone: instances that have something to tell one by one, the
// others as lists of nodes.
func (s *screen) clone(r *status.Resource) {
	s.out.open("Clone Set: " + r.ID + " [" + innerName(r) + "]" + bracketed(cloneFlags(r)))
	defer s.out.close()
	var promoted, started []string
	busy := map[string]bool{}
	for _, k := range r.Children {
		for _, p := range allPlaces(k) {
			busy[p] = true
		}
		switch node, how := s.judge(r, k); how {
		case whole:
			if s.visible(k) {
				s.resource(k)
			}
		case asPromoted:
			promoted = append(promoted, node)
		case asStarted:
			started = append(started, node)
		}
	}
	s.roleLists(r, promoted, started)
	if s.opt.Inactive && !r.Unique && !s.opt.Detail {
		s.stoppedList(r, busy, len(promoted)+len(started))
	}
}

// cloneFlags are the remarks in brackets behind a clone.
func cloneFlags(r *status.Resource) []string {
	var f []string
	if r.Promotable {
		f = append(f, "promotable")
	}
	if r.Unique {
		f = append(f, "unique")
	}
	if r.Disabled {
		f = append(f, "disabled")
	}
	if r.Maintenance {
		f = append(f, "maintenance")
	} else if !r.Managed {
		f = append(f, "unmanaged")
	}
	return f
}

// innerName is the configured id of what is cloned.
func innerName(r *status.Resource) string {
	if len(r.Children) == 0 {
		return ""
	}
	return r.Children[0].BaseID
}

// showing is how an instance appears.
type showing int

const (
	hidden     showing = iota
	whole              // on lines of its own
	asPromoted         // in the list of nodes with a promoted instance
	asStarted
)

// judge decides how an instance appears, and the node for the lists.
func (s *screen) judge(clone, k *status.Resource) (string, showing) {
	some := s.active(k)
	orphan := func(r *status.Resource) bool { return r.Orphan }
	if !some && k.Orphan {
		return "", hidden
	}
	if s.opt.Detail || clone.Unique {
		return "", whole
	}
	if !some {
		return "", hidden // the list of stopped instances has its node
	}
	unmanaged := func(r *status.Resource) bool { return len(r.Children) == 0 && !r.Managed }
	failed := func(r *status.Resource) bool { return r.Failed }
	if anyOf(k, orphan) || anyOf(k, unmanaged) || anyOf(k, failed) || !s.fullyActive(k) {
		return "", whole
	}
	at := allPlaces(k)
	if len(at) != 1 || anyOf(k, func(r *status.Resource) bool { return r.Pending != "" }) {
		return "", whole
	}
	if n := s.where[at[0]]; n != nil && !n.Online && n.Unclean {
		return "", whole
	}
	if roleOf(k) == status.Promoted {
		return at[0], asPromoted
	}
	return at[0], asStarted
}

// allPlaces are the distinct nodes on which anything of the resource is active.
func allPlaces(r *status.Resource) []string {
	var out []string
	walk([]*status.Resource{r}, func(k *status.Resource) {
		for _, p := range k.Places {
			if !slices.Contains(out, p.Node) {
				out = append(out, p.Node)
			}
		}
	})
	return out
}

// roleOf is the highest role of the instance or its members.
func roleOf(r *status.Resource) status.Role {
	best := r.Role
	for _, k := range r.Children {
		if k := roleOf(k); rank(k) > rank(best) {
			best = k
		}
	}
	return best
}

// rank orders roles.
func rank(r status.Role) int {
	return slices.Index([]status.Role{status.Unknown, status.Stopped, status.Started, status.Unpromoted, status.Promoted}, r)
}

// roleLists writes the lists of nodes with promoted and other active instances.
func (s *screen) roleLists(r *status.Resource, promoted, started []string) {
	slices.SortFunc(promoted, compareNames)
	slices.SortFunc(started, compareNames)
	promoted, started = s.filtered(promoted), s.filtered(started)
	if len(promoted) > 0 {
		s.out.item("Promoted: " + names(promoted))
	}
	if len(started) == 0 {
		return
	}
	title := "Started: "
	if r.Promotable {
		title = "Unpromoted: "
		if r.TargetRole == status.Unpromoted {
			title = "Unpromoted (target-role): "
		}
	}
	s.out.item(title + names(started))
}

// filtered leaves the nodes that are shown.
func (s *screen) filtered(list []string) []string {
	return slices.DeleteFunc(list, func(n string) bool { return !s.shows(n) })
}

// stoppedList writes the nodes that could run an instance and do not, grouped
// by why, if fewer instances than allowed were listed as active.
func (s *screen) stoppedList(r *status.Resource, busy map[string]bool, listed int) {
	if r.Max <= listed {
		return
	}
	nodes := slices.Clone(r.Allowed)
	slices.SortFunc(nodes, compareNames)
	by := map[string][]string{}
	for _, n := range nodes {
		if !busy[n] && s.shows(n) {
			why := s.whyStopped(r, n)
			by[why] = append(by[why], n)
		}
	}
	var whys []string
	for _, n := range nodes { // in the order in which they first appear
		if why := s.whyStopped(r, n); by[why] != nil && !slices.Contains(whys, why) {
			whys = append(whys, why)
		}
	}
	slices.Sort(whys)
	for _, why := range whys {
		s.out.item(why + ": " + names(by[why]))
	}
}

// whyStopped is "Stopped", with what its probe said there or that it is disabled.
func (s *screen) whyStopped(r *status.Resource, node string) string {
	why := "Stopped"
	if r.TargetRole == status.Stopped || r.Disabled {
		why = "Stopped (disabled)"
	}
	walk(r.Children, func(k *status.Resource) {
		if len(k.Children) > 0 {
			return
		}
		if text := s.probeFailure(k, node); text != "" {
			why = "Stopped (" + text + ")"
		}
	})
	return why
}
