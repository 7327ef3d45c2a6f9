package pcs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
)

// creation is a resource that is being made.
type creation struct {
	id     string
	name   agent.Name
	meta   *agent.Metadata // nil if the agent does not say
	params []pair
	metas  []pair
	ops    []operation
	wrap   string // "clone", "promotable", "master" or ""
	wrapID string
	clone  []pair // meta attributes of the clone
	bundle string
}

// operation is one operation as it is written.
type operation struct {
	name string
	opts []pair
}

// create makes a resource, and what it shall be in.
func (s *shell) create(args []string) error {
	if err := need(args, 2, -1, "resource create"); err != nil {
		return err
	}
	c := &creation{id: args[0]}
	if err := s.readCreation(c, args[2:]); err != nil {
		return err
	}
	if err := s.findAgent(c, args[1]); err != nil {
		return err
	}
	if s.validID(c.id, "resource name"); s.wrong > 0 {
		return errDone
	}
	if s.taken(c.id) {
		return fmt.Errorf("'%s' already exists", c.id)
	}
	s.judgeParams(c.name, c.meta, c.params, "resource")
	return s.finish(c)
}

// finish judges what is left to judge of a creation and carries it out.
func (s *shell) finish(c *creation) error {
	s.judgeOps(c)
	if err := s.verdict(); err != nil {
		return err
	}
	if s.opt.has("disabled") {
		c.metas = append(without(c.metas, "target-role"), pair{"target-role", "Stopped"})
	}
	if err := s.waitingFor(c.id); err != nil {
		return err
	}
	return s.placeNew(c, s.primitive(c))
}

// readCreation reads what follows the agent: parameters, and parts that begin with a
// keyword. The word "params" of the crm shell is taken for what it says.
func (s *shell) readCreation(c *creation, words []string) error {
	if len(words) > 1 && words[0] == "params" {
		words = words[1:]
	}
	head, parts := split(words, "op", "meta", "clone", "promotable", "master", "bundle")
	var err error
	if c.params, err = pairs(head); err != nil {
		return err
	}
	for _, p := range parts {
		switch p.key {
		case "op":
			err = readOps(c, p.words)
		case "meta":
			var ps []pair
			ps, err = pairs(p.words)
			if c.wrap != "" && len(p.words) > 0 {
				c.clone = append(c.clone, ps...)
			} else {
				c.metas = append(c.metas, ps...)
			}
		case "bundle":
			if len(p.words) != 1 {
				return fmt.Errorf("you have to specify exactly one bundle")
			}
			c.bundle = p.words[0]
		default:
			err = c.readClone(p.key, p.words)
		}
		if err != nil {
			return err
		}
	}
	for _, old := range []string{"clone", "master"} {
		if s.opt.has(old) && c.wrap == "" {
			c.wrap = old
		}
	}
	if c.wrap != "" && (c.bundle != "" || s.opt.has("group")) {
		return fmt.Errorf("you can specify only one of %s", quote([]string{"--group", "bundle", "clone", "promotable"}))
	}
	return nil
}

// readClone reads the id and options of a clone.
func (c *creation) readClone(kind string, words []string) error {
	c.wrap = kind
	if len(words) > 0 && !strings.Contains(words[0], "=") {
		c.wrapID, words = words[0], words[1:]
	}
	ps, err := pairs(words)
	c.clone = ps
	return err
}

// readOps reads operations: a name and its options, any number of times.
func readOps(c *creation, words []string) error {
	incomplete := fmt.Errorf("When using 'op' you must specify an operation name and at least one option")
	if len(words) == 0 {
		return incomplete
	}
	var lists [][]string
	for _, w := range words {
		switch {
		case !strings.Contains(w, "="):
			lists = append(lists, []string{w})
		case len(lists) == 0:
			return incomplete
		default:
			lists[len(lists)-1] = append(lists[len(lists)-1], w)
		}
	}
	for _, l := range lists {
		if len(l) < 2 {
			return incomplete
		}
		opts, err := pairs(l[1:])
		if err != nil {
			return err
		}
		c.ops = append(c.ops, operation{l[0], opts})
	}
	return nil
}

// findAgent finds an agent by its full name or, of resource agents, by its type only.
func (s *shell) findAgent(c *creation, word string) error {
	if !strings.Contains(word, ":") {
		var hits []agent.Name
		for _, n := range s.c.Agents() {
			if n.Type == word && n.Class != "stonith" {
				hits = append(hits, n)
			}
		}
		switch len(hits) {
		case 0:
			s.fault("Unable to find agent '%s', try specifying its full name", word)
			if strings.Contains(word, "=") {
				s.warn("Hint: '%s' stands where the name of the resource belongs, and '%s' where the agent does: write a name before the agent.", c.id, word)
			}
			return errSaid
		case 1:
			c.name = hits[0]
			s.warn("Assumed agent name '%s' (deduced from '%s')", c.name, word)
		default:
			names := make([]string, len(hits))
			for i, n := range hits {
				names[i] = n.String()
			}
			return s.refuse("Multiple agents match '%s', please specify full name: %s", word, quote(names))
		}
	} else {
		n, err := agent.ParseName(word)
		if err != nil {
			return s.refuse("Invalid resource agent name '%s'. Use standard:provider:type when standard is 'ocf' or standard:type otherwise.", word)
		}
		c.name = n
	}
	return s.metadata(c)
}

// metadata asks the agent what it takes; without an answer --force goes on.
func (s *shell) metadata(c *creation) error {
	m, err := s.c.Metadata(c.name)
	if err != nil {
		s.doubt("Agent '%s' is not installed or does not provide valid metadata: %v", c.name, err)
		return s.verdict()
	}
	c.meta = m
	return nil
}

// judgeParams compares parameters with what an agent takes.
func (s *shell) judgeParams(n agent.Name, m *agent.Metadata, ps []pair, what string) {
	if m == nil {
		return
	}
	var known, unknown, missing []string
	for _, p := range m.Parameters {
		known = append(known, p.Name)
	}
	switch n.Class {
	case "ocf":
		known = append(known, "trace_file", "trace_ra")
	case "stonith":
		known = slices.DeleteFunc(known, func(n string) bool { return n == "help" || n == "version" })
		known = append(known, fencerParams()...)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, p := range ps {
		if !slices.Contains(known, p.name) && p.value != "" {
			unknown = append(unknown, p.name)
		}
	}
	for _, p := range m.Parameters {
		v, given := value(ps, p.Name)
		if p.Required && (!given || v == "") && !replacedParam(m, p.Name, ps) {
			missing = append(missing, p.Name)
		}
	}
	if what == "stonith" {
		missing = slices.DeleteFunc(missing, func(n string) bool { return slices.Contains([]string{"action", "port", "plug"}, n) })
	}
	s.unknownOptions(what, unknown, known)
	switch len(missing) {
	case 0:
	case 1:
		s.doubt("required %s option %s is missing", what, quote(missing))
	default:
		s.doubt("required %s options %s are missing", what, quote(missing))
	}
}

// fencerParams are the parameters that the cluster itself reads of a fence device
// (pacemaker-fenced(7)).
func fencerParams() []string {
	out := []string{"pcmk_action_limit", "pcmk_delay_base", "pcmk_delay_max", "pcmk_host_argument", "pcmk_host_check", "pcmk_host_list", "pcmk_host_map", "priority"}
	for _, action := range []string{"list", "monitor", "off", "on", "reboot", "status"} {
		for _, what := range []string{"action", "retries", "timeout"} {
			out = append(out, "pcmk_"+action+"_"+what)
		}
	}
	return out
}

// replacedParam tells whether a parameter is given by an older or newer name.
func replacedParam(m *agent.Metadata, name string, ps []pair) bool {
	for _, p := range m.Parameters {
		if _, given := value(ps, p.Name); given && (p.Obsoletes == name || slices.Contains(p.ReplacedBy, name)) {
			return true
		}
		if p.Name == name {
			if _, given := value(ps, p.Obsoletes); given && p.Obsoletes != "" {
				return true
			}
		}
	}
	return false
}

// opOptions are the options of operations.
var opOptions = []string{"OCF_CHECK_LEVEL", "description", "enabled", "id", "interval", "interval-origin", "name", "on-fail", "record-pending", "role", "start-delay", "timeout"}

// judgeOps judges the operations that the user wrote, and adds those that the agent
// advises and that the user did not name.
func (s *shell) judgeOps(c *creation) {
	var names []string
	if c.meta != nil {
		for _, a := range c.meta.Actions {
			names = append(names, a.Name)
		}
		slices.Sort(names)
		names = slices.Compact(names)
	}
	for i := range c.ops {
		s.judgeOp(&c.ops[i], names)
	}
	for i, o := range c.ops {
		intervals := []string{}
		for _, x := range c.ops {
			if x.name == o.name {
				intervals = append(intervals, interval(x))
			}
		}
		first := slices.IndexFunc(c.ops, func(x operation) bool { return x.name == o.name }) == i
		if same := slices.Sorted(slices.Values(intervals)); first && len(slices.Compact(same)) < len(intervals) {
			s.fault("multiple specification of the same operation with the same interval:\n%s with intervals %s", o.name, strings.Join(intervals, ", "))
		}
	}
	c.ops = append(c.ops, s.advised(c)...)
	slices.SortStableFunc(c.ops, func(a, b operation) int { return strings.Compare(a.name, b.name) })
}

// judgeOp judges one operation and brings its role to the present word.
func (s *shell) judgeOp(o *operation, names []string) {
	if len(names) > 0 && !slices.Contains(names, o.name) {
		s.doubt("'%s' is not a valid operation name value, use %s", o.name, quote(names))
	}
	for i, p := range o.opts {
		if !slices.Contains(opOptions, p.name) {
			s.fault("invalid resource operation option '%s', allowed options are: %s", p.name, quote(opOptions))
		}
		if p.name == "role" {
			o.opts[i].value = s.modern("option role", p.value)
		}
		if on := []string{"block", "demote", "fence", "ignore", "restart", "restart-container", "standby", "stop"}; p.name == "on-fail" && !slices.Contains(on, p.value) {
			s.fault("'%s' is not a valid on-fail value, use %s", p.value, quote(on))
		}
	}
}

// modern is the present word of a role; old ones are warned of.
func (s *shell) modern(of, role string) string {
	now := map[string]string{"master": "Promoted", "slave": "Unpromoted"}[strings.ToLower(role)]
	if now == "" {
		for _, r := range []string{"Promoted", "Unpromoted", "Started", "Stopped"} {
			if strings.EqualFold(r, role) {
				return r
			}
		}
		s.fault("'%s' is not a valid role value, use 'Promoted', 'Started', 'Stopped', 'Unpromoted'", role)
		return role
	}
	s.warn("Deprecation Warning: Value '%s' of %s is deprecated and should not be used, use '%s' value instead", role, of, now)
	return now
}

// interval is that of an operation, "0s" if it has none.
func interval(o operation) string {
	if v, ok := value(o.opts, "interval"); ok {
		return v
	}
	if o.name == "monitor" {
		return "60s"
	}
	return "0s"
}

// advised are the operations of an agent's metadata that the user did not write.
func (s *shell) advised(c *creation) []operation {
	given := map[string]bool{}
	for _, o := range c.ops {
		given[o.name] = true
	}
	var out []operation
	if c.meta != nil {
		for _, a := range c.meta.Actions {
			wanted := a.Name == "monitor" || !s.opt.has("no-default-ops") && c.name.Class != "stonith"
			if given[a.Name] || !wanted || slices.Contains([]string{"meta-data", "validate-all", "status"}, a.Name) {
				continue
			}
			out = append(out, advice(a, out))
		}
	}
	if !given["monitor"] && !slices.ContainsFunc(out, func(o operation) bool { return o.name == "monitor" }) {
		out = append(out, operation{"monitor", []pair{{"interval", "60s"}}})
	}
	return out
}

// advice is one action of the metadata as an operation. Monitors need intervals of
// their own, so one that is taken is a second longer.
func advice(a agent.Action, so []operation) operation {
	every := a.Interval
	if a.Name == "monitor" && every == 0 {
		every = time.Minute
	}
	taken := func(v string) bool {
		return slices.ContainsFunc(so, func(o operation) bool { return o.name == a.Name && interval(o) == v })
	}
	for a.Name == "monitor" && taken(span(every)) {
		every += time.Second
	}
	o := operation{a.Name, []pair{{"interval", span(every)}}}
	if a.Timeout > 0 {
		o.opts = append(o.opts, pair{"timeout", span(a.Timeout)})
	}
	if a.Role != "" {
		o.opts = append(o.opts, pair{"role", cib.ModernRole(a.Role)})
	}
	if a.StartDelay > 0 {
		o.opts = append(o.opts, pair{"start-delay", span(a.StartDelay)})
	}
	if a.Depth != "" && a.Depth != "0" {
		o.opts = append(o.opts, pair{"OCF_CHECK_LEVEL", a.Depth})
	}
	return o
}

// span writes a time span in seconds, or milliseconds where it is no whole number.
func span(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.Itoa(int(d/time.Second)) + "s"
	}
	return strconv.Itoa(int(d/time.Millisecond)) + "ms"
}

// primitive writes a new resource.
func (s *shell) primitive(c *creation) *cib.Elem {
	e := cib.New("primitive", attr("id", c.id), attr("class", c.name.Class), attr("type", c.name.Type))
	if c.name.Provider != "" {
		e = e.With("provider", c.name.Provider)
	}
	e = s.withPairs(e, "instance_attributes", c.id+"-instance_attributes", c.params)
	e = s.withPairs(e, "meta_attributes", c.id+"-meta_attributes", c.metas)
	ops := cib.New("operations")
	for _, o := range c.ops {
		ops = ops.Append(s.opElem(c.id, o))
	}
	return e.Append(ops)
}

// opElem writes an operation of a resource.
func (s *shell) opElem(rsc string, o operation) *cib.Elem {
	e := cib.New("op", attr("name", o.name), attr("interval", interval(o)))
	id := ""
	level := ""
	for _, p := range o.opts {
		switch p.name {
		case "id":
			id = p.value
		case "OCF_CHECK_LEVEL":
			level = p.value
		case "interval", "name":
		default:
			e = e.With(p.name, p.value)
		}
	}
	if id == "" {
		id = s.fresh(rsc + "-" + o.name + "-interval-" + idWord(interval(o)))
	}
	e = e.With("id", id)
	if level != "" {
		e = e.Append(s.nvset("instance_attributes", id+"-instance_attributes", []pair{{"OCF_CHECK_LEVEL", level}}))
	}
	return e
}

// placeNew puts a new primitive where it belongs: alone, into a clone, a group or a
// bundle.
func (s *shell) placeNew(c *creation, e *cib.Elem) error {
	group := s.opt.get("group")
	switch {
	case c.bundle != "":
		p := s.exact(c.bundle)
		if p == nil || p.Elem.Name() != "bundle" {
			return fmt.Errorf("bundle '%s' does not exist", c.bundle)
		}
		if old := inner(p.Elem); len(old) > 0 {
			return fmt.Errorf("bundle '%s' already contains resource '%s', a bundle may contain at most one resource", c.bundle, old[0].ID())
		}
		s.set(p, p.Elem.Append(e))
	case group != "":
		return s.intoGroup(group, e)
	case c.wrap != "":
		s.putConf(s.conf("resources").Append(s.cloneOf(e, c)))
	default:
		s.putConf(s.conf("resources").Append(e))
	}
	return s.verdict()
}

// cloneOf wraps a resource.
func (s *shell) cloneOf(e *cib.Elem, c *creation) *cib.Elem {
	id, opts := c.wrapID, c.clone
	if id == "" {
		id = map[string]string{"master": e.ID() + "-master"}[c.wrap]
		if id == "" {
			id = e.ID() + "-clone"
		}
		id = s.fresh(id)
	} else {
		s.newID(id, "clone id")
	}
	if c.wrap != "clone" {
		opts = append(without(opts, "promotable"), pair{"promotable", "true"})
	}
	for i, p := range opts {
		opts[i].name = cib.ModernMetaName(p.name)
	}
	clone := cib.New("clone", attr("id", id)).Append(e)
	return s.withPairs(clone, "meta_attributes", id+"-meta_attributes", opts)
}
