package rehearse

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mainstay/internal/sim"
)

// span is a stretch of time in which something was so.
type span struct {
	begin, end time.Duration
	lasts      bool
	on         []string // machines, of double owners
}

func (s span) long() time.Duration { return s.end - s.begin }

// track follows who has one service, instance by instance.
type track struct {
	has    map[string]sim.Role // machine → role
	least  sim.Role
	begin  time.Duration
	away   []span // nobody had it
	double []span // more than max machines had it
	max    int    // 0: any number
	open   [2]*span
}

func newTrack(before map[string]sim.Role, v *Service, begin time.Duration) *track {
	t := &track{has: maps.Clone(before), least: v.least(), begin: begin, max: v.Max}
	if t.has == nil {
		t.has = map[string]sim.Role{}
	}
	t.look(begin)
	return t
}

// serving lists the machines that have the service, sorted.
func (t *track) serving() []string {
	var out []string
	for m, r := range t.has {
		if r >= t.least {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return out
}

// look opens and closes spans.
func (t *track) look(at time.Duration) {
	on := t.serving()
	for i, is := range []bool{len(on) == 0, t.max > 0 && len(on) > t.max} {
		list := []*[]span{&t.away, &t.double}[i]
		switch s := t.open[i]; {
		case is && s == nil:
			t.open[i] = &span{begin: at, on: on}
		case !is && s != nil:
			s.end = at
			if s.end > s.begin {
				*list = append(*list, *s)
			}
			t.open[i] = nil
		}
	}
}

// note takes a change in.
func (t *track) note(c sim.Change) {
	if c.Role == sim.Stopped {
		delete(t.has, c.Machine)
	} else {
		t.has[c.Machine] = c.Role
	}
	t.look(c.At)
}

// finish closes what is open.
func (t *track) finish(at time.Duration) {
	for i, s := range t.open {
		if s != nil {
			s.end, s.lasts = at, true
			list := []*[]span{&t.away, &t.double}[i]
			*list = append(*list, *s)
			t.open[i] = nil
		}
	}
}

// longest is the longest of some spans.
func longest(list []span) (span, bool) {
	if len(list) == 0 {
		return span{}, false
	}
	return slices.MaxFunc(list, func(a, b span) int { return cmp.Compare(a.long(), b.long()) }), true
}

// instances lists the ids under which the world knows a service: its own, or
// those of the instances of a unique clone that were seen.
func (p *performance) instances(v *Service) []string {
	if !v.Unique {
		return []string{v.ID}
	}
	var out []string
	for s := range p.before {
		if base(s) == v.ID {
			out = append(out, s)
		}
	}
	for _, c := range p.Changes(p.start) {
		if base(c.Service) == v.ID {
			out = append(out, c.Service)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// observe makes the row of what happened until now.
func (p *performance) observe(c Case) *Row {
	r := &Row{ID: c.String(), Fault: p.fault(c), Phase: c.Phase, Settled: p.settled}
	changes := map[string][]sim.Change{}
	last := p.hit
	for _, x := range p.Changes(p.start) {
		changes[x.Service] = append(changes[x.Service], x)
		last = max(last, x.At)
	}
	r.Lasted = Seconds(last - p.hit)
	for i := range p.subject.Services {
		v := &p.subject.Services[i]
		for _, id := range p.instances(v) {
			p.follow(r, v, id, changes[id])
		}
	}
	slices.SortStableFunc(r.Outages, func(a, b Outage) int { return cmp.Compare(b.Long, a.Long) })
	p.pressed(r)
	return r
}

// fault tells the case in words, with the names of who it was about.
func (p *performance) fault(c Case) string {
	text := strings.ReplaceAll(c.Text(), "the coordinator", "the coordinator ("+p.lead+")")
	if p.other != "" {
		text = strings.Replace(text, "another service", p.other, 1)
	}
	return text
}

// follow adds to the row what became of one service.
func (p *performance) follow(r *Row, v *Service, id string, changes []sim.Change) {
	before := p.before[id]
	t := newTrack(before, v, p.start)
	if v.Unique {
		t.max = 1
	}
	for _, c := range changes {
		if c.Role == sim.Stopped && before[c.Machine] != sim.Stopped && !slices.Contains(r.Stopped, Place{id, c.Machine}) {
			r.Stopped = append(r.Stopped, Place{id, c.Machine})
		}
		t.note(c)
	}
	now := t.serving()
	t.finish(p.Now)
	was := newTrack(before, v, p.start).serving()
	if len(was) == 0 || v.Disabled {
		return // it does not run even at rest
	}
	if from, to := without(was, now), without(now, was); len(from) > 0 && len(to) > 0 && (v.Max > 0 || v.Unique) {
		r.Moved = append(r.Moved, Move{id, from[0], to[0]})
	}
	if s, ok := longest(t.away); ok {
		r.Outages = append(r.Outages, Outage{id, Seconds(s.long() + p.extra(v.ID)), s.lasts})
		if s.lasts {
			r.Down = append(r.Down, p.why(*v))
		}
	}
	if s, ok := longest(t.double); ok {
		why, do := p.subject.doubled()
		r.add(Finding{Kind: DoubleOwner, Services: []string{id}, Nodes: s.on, Long: Seconds(s.long()), Lasts: s.lasts, Why: why, Do: do})
	}
}

// without lists what is in a but not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return slices.Contains(b, x) })
}

// pressed adds to the row who was fenced.
func (p *performance) pressed(r *Row) {
	for _, f := range p.Fencings(p.start) {
		if f.Action == "on" {
			continue
		}
		i := slices.IndexFunc(r.Fenced, func(x Fenced) bool { return x.Node == f.Target })
		if i < 0 {
			r.Fenced = append(r.Fenced, Fenced{Node: f.Target})
			i = len(r.Fenced) - 1
		}
		r.Fenced[i].failing = !f.Done
		if f.Done {
			r.Fenced[i].Times++
			r.Fenced[i].OK = true
		}
	}
}

// afterwards adds to the row what is still away after everything was repaired.
func (p *performance) afterwards(r *Row) {
	for _, d := range r.Down {
		if p.owner(base(d.Service)) == "" {
			v := p.subject.service(base(d.Service))
			r.NotAgain = append(r.NotAgain, p.why(*v))
		}
	}
	if len(p.failures()) == 0 {
		return
	}
	res := p.plan()
	for _, v := range p.subject.Services {
		var d Down
		if res != nil && p.owner(v.ID) != "" && p.blocked(v, res, &d) {
			d.Service = v.ID
			d.Why = "its stop failed, so the cluster keeps its hands off it: it runs on, but nobody would start it again"
			r.NotAgain = append(r.NotAgain, d)
		}
	}
}

// tell adds a line to the story.
func (p *performance) tell(format string, args ...any) {
	p.stories = append(p.stories, entry{p.Now, fmt.Sprintf(format, args...)})
}

// names joins names with commas and an "and".
func names(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
