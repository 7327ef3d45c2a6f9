package sched

import (
	"regexp"
	"strings"

	"mainstay/cib"
	"mainstay/status"
)

// location is a preference of a resource for some nodes.
type location struct {
	id       string
	r        *rsc
	role     role // roleUnknown: in any role
	discover discovery
	cause    Cause
	at       []nodeScore
}

type nodeScore struct {
	n     *node
	score int
}

// locate adds a preference for one node, or for all (n nil).
func (p *planner) locate(r *rsc, n *node, score int, cause Cause, id string) {
	l := &location{id: id, r: r, cause: cause}
	if n != nil {
		l.at = []nodeScore{{n, score}}
	} else {
		for _, m := range p.nodes {
			l.at = append(l.at, nodeScore{m, score})
		}
	}
	p.addLocation(l)
}

func (p *planner) addLocation(l *location) {
	p.locations = append(p.locations, l)
	l.r.locs = append(l.r.locs, l)
	if b := l.r.bundle; b != nil && b.child != nil && l.role > roleStarted {
		b.child.locs = append(b.child.locs, l)
	}
}

func (p *planner) banHere(r *rsc, n *node, cause Cause, id string) {
	p.locate(r, n, -cib.Infinity, cause, id)
}

func (p *planner) banEverywhere(r *rsc, cause Cause, id string) {
	p.locate(r, nil, -cib.Infinity, cause, id)
}

func (p *planner) scoreHere(r *rsc, n *node, score int, cause Cause, id string) {
	p.locate(r, n, score, cause, id)
}

func (p *planner) unpackLocation(e *cib.Elem) {
	if sets := p.readSets(e); sets != nil {
		for _, s := range sets {
			for _, r := range s.members {
				p.oneLocation(e, r, s.role, s.elem.Get("score"), nil)
			}
		}
		return
	}
	if pattern := e.Get("rsc-pattern"); pattern != "" {
		p.patternLocation(e, pattern)
		return
	}
	for _, r := range p.refs(e.ID(), e.Get("rsc")) {
		p.oneLocation(e, r, roleUnknown, "", nil)
	}
}

// patternLocation is for every resource whose id matches (or, after "!", does not).
func (p *planner) patternLocation(e *cib.Elem, pattern string) {
	invert := strings.HasPrefix(pattern, "!")
	re, err := regexp.Compile(strings.TrimPrefix(pattern, "!"))
	if err != nil {
		p.warn(e.ID(), "rsc-pattern is not a regular expression: "+err.Error(), "correct the pattern")
		return
	}
	p.fitsAll()
	for _, r := range p.top {
		m := re.FindStringSubmatch(r.id)
		if (m != nil) != invert {
			p.oneLocation(e, r, roleUnknown, "", m)
		}
	}
}

// oneLocation adds the preference of one resource.
func (p *planner) oneLocation(e *cib.Elem, r *rsc, rl role, setScore string, match []string) {
	discover := discoverAlways
	switch e.Get("resource-discovery") {
	case "never":
		discover = discoverNever
	case "exclusive":
		discover = discoverExclusive
	}
	if rl == roleUnknown {
		rl = parseRole(e.Get("role"))
		p.checkRole(e.ID(), e.Get("role"))
	}
	name, score := e.Get("node"), e.Get("score")
	if setScore != "" {
		score = setScore
	}
	if name != "" && score != "" {
		n := p.nodeByName(name)
		if n == nil {
			p.warn(e.ID(), "node "+name+" does not exist; the constraint has no effect", "correct the name or remove the constraint")
			return
		}
		v := p.scoreOf(e.ID(), score)
		l := p.slabs.locs.one()
		*l = location{id: e.ID(), r: r, role: everyRole(rl), discover: discover, cause: CauseLocation}
		l.at = append(p.slabs.scores.list(1), nodeScore{n, v})
		p.addLocation(l)
		p.noteBans(e.ID(), l)
		return
	}
	for k := range e.Named("rule") {
		if rule := p.deref(k); rule != nil {
			p.ruleLocation(e, rule, r, rl, discover, match)
		}
	}
}

// started: a constraint on the started role holds in every role.
func started(rl role) role {
	if rl == roleStarted {
		return roleUnknown
	}
	return rl
}

// everyRole: nothing can be promoted that was not unpromoted first, so a
// location for the started or the unpromoted role holds in every role.
func everyRole(rl role) role {
	if rl == roleUnpromoted {
		return roleUnknown
	}
	return started(rl)
}

// ruleLocation prefers the nodes for which a rule holds.
func (p *planner) ruleLocation(e, rule *cib.Elem, r *rsc, rl role, discover discovery, match []string) {
	if v := rule.Get("role"); v != "" {
		rl = parseRole(v)
	}
	scoreText, byAttr := rule.Get("score"), ""
	if scoreText == "" {
		byAttr = rule.Get("score-attribute")
	}
	fixed, _ := cib.ParseScore(scoreText)
	if scoreText == "" && byAttr == "" {
		fixed = 0
		if e.Get("score") != "" {
			fixed, _ = cib.ParseScore(e.Get("score"))
		}
	}
	l := &location{id: e.ID(), r: r, role: everyRole(rl), discover: discover, cause: CauseLocation}
	for _, n := range p.nodes {
		f := &cib.Facts{Now: p.now, Find: p.find, Next: &p.recheck, Match: match}
		f.Node = func(name string) (string, bool) { return p.ruleAttr(n, name) }
		f.Param = func(name string) (string, bool) { v, ok := p.paramsOn(r, n)[name]; return v, ok }
		f.Meta = func(name string) (string, bool) { v, ok := r.meta[name]; return v, ok }
		if !cib.EvalRule(rule, f) {
			continue
		}
		score := fixed
		if byAttr != "" {
			v, ok := n.attrs[byAttr]
			if !ok {
				score = -cib.Infinity
			} else {
				score, _ = cib.ParseScore(v)
			}
		}
		l.at = append(l.at, nodeScore{n, score})
	}
	p.addLocation(l)
	p.noteBans(rule.ID(), l)
}

// noteBans keeps for the status what a location forbids, or advises against: under the
// name of its rule, if it has one.
func (p *planner) noteBans(id string, l *location) {
	list := &p.bans
	if p.trace != nil && p.cons > 0 {
		list = &p.trace.cons[p.cons-1].bans
	}
	for _, a := range l.at {
		if a.score < 0 {
			*list = append(*list, status.Ban{ID: id, Resource: l.r.id, Node: a.n.name, Score: a.score, PromotedOnly: l.role == rolePromoted})
		}
	}
}

// ruleAttr looks a node attribute up for a rule. A guest node's attributes are
// its own here, even if the resource says that its host's count.
func (p *planner) ruleAttr(n *node, name string) (string, bool) {
	v, ok := n.attrs[name]
	return v, ok
}

// attrHost tells whether the attributes of a guest node's host count for a
// resource there, and which host that is: nil if the guest has or will have none.
func (p *planner) attrHost(r *rsc, n *node) (*node, bool) {
	if r == nil || !n.isGuest() || r.meta["container-attribute-target"] != "host" || n.remoteRsc == nil || n.remoteRsc.container == nil {
		return nil, false
	}
	c := n.remoteRsc.container
	if !r.unassigned {
		return c.assignedTo, true
	}
	if len(c.runningOn) > 0 {
		return c.runningOn[0], true
	}
	return nil, true
}

// applyLocations adds every preference to the score tables.
func (p *planner) applyLocations() {
	for _, l := range p.locations {
		p.applyLocation(l.r, l, false)
	}
}

// applyLocation adds a preference to a resource and what is inside of it. In a
// colocated group the first member bears the scores; the others follow it.
func (p *planner) applyLocation(r *rsc, l *location, zero bool) {
	if l.role > roleStarted {
		return
	}
	for _, a := range l.at {
		c := &r.allowed[a.n.idx]
		amount := a.score
		if zero {
			amount = 0
		}
		if !c.ok {
			*c = cand{ok: true, score: amount}
		} else {
			c.score = cib.AddScores(c.score, amount)
		}
		if l.discover > c.discover {
			c.discover = l.discover
			if l.discover == discoverExclusive {
				r.exclusive = true
			}
		}
		if amount != 0 {
			p.reason(r, a.n, l.cause, l.id, amount, "")
		}
	}
	if r.kind == bundle {
		p.locateBundle(r, l, zero)
		return
	}
	for i, k := range r.kids {
		p.applyLocation(k, l, zero || r.kind == group && r.group.colocated && i > 0)
	}
}

// allowTable gives a resource its score table before any constraint: in a
// symmetric cluster every node with the score that it has for all resources,
// else none; what comes and goes with a container goes where that goes.
func (p *planner) allowTable(r *rsc) {
	r.allowed = p.slabs.cands.list(len(p.nodes))[:len(p.nodes)]
	if p.opt.symmetric || r.remoteNode != nil && r.container != nil {
		for i, n := range p.nodes {
			r.allowed[i] = cand{ok: true, score: n.base}
		}
	}
	p.bundleTable(r)
}

// applyStickiness lets active resources stay and keeps those that failed too often away.
func (p *planner) applyStickiness() {
	for _, top := range p.top {
		top.each(func(r *rsc) {
			if r.kind != primitive {
				return
			}
			p.applyThreshold(r)
			if r.stickiness < 1 || !r.managed || len(r.runningOn) != 1 {
				return
			}
			n := r.runningOn[0]
			if !p.opt.symmetric && !r.allowed[n.idx].ok {
				return
			}
			p.scoreNow(r, n, r.stickiness, CauseStickiness, "resource-stickiness")
		})
	}
}

// scoreNow changes a score table at once.
func (p *planner) scoreNow(r *rsc, n *node, amount int, cause Cause, id string) {
	l := &p.passing
	*l = location{id: id, r: r, cause: cause, at: append(l.at[:0], nodeScore{n, amount})}
	p.applyLocation(r, l, false)
}

// banNow bans a resource from every node at once.
func (p *planner) banNow(r *rsc, cause Cause, id string) {
	for _, n := range p.nodes {
		p.scoreNow(r, n, -cib.Infinity, cause, id)
	}
}

// applyThreshold bans a resource from nodes where it failed migration-threshold times.
func (p *planner) applyThreshold(r *rsc) {
	if r.threshold == 0 || r.failureIgnored {
		return
	}
	for _, n := range p.nodes {
		if !n.hasFailures {
			continue
		}
		count, _ := p.failCount(r, n, true, true)
		if count <= 0 {
			continue
		}
		if count >= r.threshold {
			r.anonymousClone().each(func(x *rsc) { // all of it, not only a group's first
				p.scoreNow(x, n, -cib.Infinity, CauseFailures, "migration-threshold")
			})
		}
	}
}

// markFailures notes which nodes have fail counts at all.
func (p *planner) markFailures() {
	for _, n := range p.nodes {
		n.hasFailures = len(sortedKeys(n.attrs, "fail-count-")) > 0
	}
}

// applyExclusive takes the nodes that are not named out of the table of a
// resource that is to be discovered only on the nodes named.
func (p *planner) applyExclusive(r *rsc) {
	if r.exclusive || r.uber(false).exclusive {
		for i := range r.allowed {
			c := &r.allowed[i]
			if c.discover != discoverExclusive {
				c.score = -cib.Infinity
			}
		}
	}
	for _, k := range r.kids {
		p.applyExclusive(k)
	}
}

// applyHealth lets node health attributes count.
func (p *planner) applyHealth() {
	s := p.opt.healthStrategy
	if s == "none" || s == "" {
		return
	}
	base := 0
	if s == "progressive" {
		base = p.opt.healthBase
	}
	for _, n := range p.nodes {
		total := base
		for _, k := range sortedKeys(n.attrs, "#health") {
			total = cib.AddScores(total, p.healthScore(n.attrs[k]))
		}
		if total == 0 {
			continue
		}
		for _, r := range p.top {
			if total < 0 && !truthy(r.meta["allow-unhealthy-nodes"]) || total > 0 {
				p.locate(r, n, total, CauseHealth, "node-health-strategy")
			}
		}
	}
}

func (p *planner) healthScore(v string) int {
	red, yellow, green := p.opt.healthRed, p.opt.healthYellow, p.opt.healthGreen
	switch p.opt.healthStrategy {
	case "migrate-on-red":
		red, yellow, green = -cib.Infinity, 0, 0
	case "only-green":
		red, yellow, green = -cib.Infinity, -cib.Infinity, 0
	}
	switch strings.ToLower(v) {
	case "red":
		return red
	case "yellow":
		return yellow
	case "green":
		return green
	}
	n, _ := cib.ParseScore(v)
	return n
}
