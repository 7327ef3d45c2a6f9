package view

import (
	"time"

	"mainstay/status"
)

// screen is one display being written.
type screen struct {
	out   outline
	f     *Frame
	c     *status.Cluster
	opt   Options
	byID  map[string]*status.Resource
	where map[string]*status.Node
	sim   bool // crm_simulate's layout: no states of tasks under way unless asked
}

// newScreen indexes a frame. Options without sections get the default ones.
func newScreen(f *Frame, opt Options) *screen {
	if opt.Sections == nil {
		opt.Sections = DefaultSections()
	}
	s := &screen{f: f, c: f.Cluster, opt: opt, byID: map[string]*status.Resource{}, where: map[string]*status.Node{}}
	for i := range s.c.Nodes {
		s.where[s.c.Nodes[i].Name] = &s.c.Nodes[i]
	}
	walk(s.c.Resources, func(r *status.Resource) {
		if _, ok := s.byID[r.ID]; !ok {
			s.byID[r.ID] = r
		}
	})
	return s
}

// find returns a resource by its shown id, or nil.
func (s *screen) find(id string) *status.Resource { return s.byID[id] }

// nodes returns the nodes that are shown, by name.
func (s *screen) nodes() []*status.Node {
	all := sortedNodes(s.c)
	if s.opt.Node == "" {
		return all
	}
	for _, n := range all {
		if n.Name == s.opt.Node || n.ID == s.opt.Node {
			return []*status.Node{n}
		}
	}
	return nil
}

// shows tells whether a node passes the filter.
func (s *screen) shows(node string) bool { return s.opt.Node == "" || s.opt.Node == node }

// walk visits resources and everything below them in order.
func walk(list []*status.Resource, visit func(*status.Resource)) {
	for _, r := range list {
		visit(r)
		walk(r.Children, visit)
	}
}

// stamp writes a moment as crm_mon's text does: "Tue Nov 14 22:13:20 2023".
func (s *screen) stamp(t time.Time) string {
	return t.In(s.location()).Format("Mon Jan _2 15:04:05 2006")
}

// stampUnix is stamp for seconds since 1970.
func (s *screen) stampUnix(sec int64) string { return s.stamp(time.Unix(sec, 0)) }

// location is the zone of all times: that of Frame.Now.
func (s *screen) location() *time.Location {
	if s.f.Now.IsZero() {
		return time.UTC
	}
	return s.f.Now.Location()
}
