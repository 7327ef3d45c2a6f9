package conformance

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"mainstay/cib"
)

// Mutant is an information base with a few things changed, and what they are.
type Mutant struct {
	Root *cib.Elem
	Told []string
}

// Mutate changes one to three things of an information base, at random, such as
// an operator or a fault might: the state of a node, an option, a meta-attribute,
// a score, a constraint, a record. The same seed gives the same mutant.
func Mutate(root *cib.Elem, seed uint64) Mutant {
	digest := cib.Hash(root)
	m := &mutator{Rand: rand.New(rand.NewPCG(seed, binary.BigEndian.Uint64(digest[:]))), root: root}
	for want := m.pick3(); want > 0; want-- {
		for range 20 { // not every change is possible everywhere
			told := m.any()(m)
			if told != "" {
				m.told = append(m.told, told)
				break
			}
		}
	}
	return Mutant{Root: m.root, Told: m.told}
}

// mutator changes root; every change tells what it did, or nothing if it could not.
type mutator struct {
	*rand.Rand
	root *cib.Elem
	told []string
}

func (m *mutator) pick3() int { return []int{1, 1, 1, 2, 2, 3}[m.IntN(6)] }

func (m *mutator) any() func(*mutator) string {
	list := []func(*mutator) string{
		(*mutator).nodeState, (*mutator).nodeState, (*mutator).nodeAttribute, (*mutator).option, (*mutator).option,
		(*mutator).resourceMeta, (*mutator).resourceMeta, (*mutator).cloneMeta, (*mutator).cloneMeta, (*mutator).operation,
		(*mutator).dropConstraint, (*mutator).constraint, (*mutator).constraint, (*mutator).newConstraint, (*mutator).newConstraint,
		(*mutator).record, (*mutator).record, (*mutator).failcount, (*mutator).dropMember, (*mutator).dropRecords,
	}
	return list[m.IntN(len(list))]
}

func (m *mutator) word(of ...string) string { return of[m.IntN(len(of))] }

// all lists the elements under a path with one of the names.
func (m *mutator) all(path []string, names ...string) []*cib.Elem {
	var out []*cib.Elem
	m.root.Path(path...).Walk(func(e *cib.Elem) bool {
		if slices.Contains(names, e.Name()) {
			out = append(out, e)
		}
		return true
	})
	return out
}

// one is one of a list, nil of an empty one.
func (m *mutator) one(of []*cib.Elem) *cib.Elem {
	if len(of) == 0 {
		return nil
	}
	return of[m.IntN(len(of))]
}

// put replaces an element; nil takes it out.
func (m *mutator) put(old, now *cib.Elem) {
	m.root = replace(m.root, func(e *cib.Elem) *cib.Elem {
		if e == old {
			return now
		}
		return e
	})
}

func configuration(section string) []string { return []string{"configuration", section} }

// nodeState makes a member come, go, vanish, join or begin to shut down.
func (m *mutator) nodeState() string {
	e := m.one(m.all([]string{"status"}, "node_state"))
	if e == nil || e.Get("remote_node") == "true" {
		return ""
	}
	was := e
	how := m.word("offline", "unclean", "online", "joining", "shutdown", "no join", "nothing known")
	set := func(pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			e = e.With(pairs[i], pairs[i+1])
		}
	}
	switch how {
	case "offline":
		set("in_ccm", "false", "crmd", "offline", "join", "down", "expected", "down")
	case "unclean":
		set("in_ccm", "false", "crmd", "offline", "join", "down", "expected", "member")
	case "online":
		set("in_ccm", "true", "crmd", "online", "join", "member", "expected", "member")
	case "joining":
		set("in_ccm", "true", "crmd", "online", "join", "pending", "expected", "member")
	case "no join":
		set("in_ccm", "true", "crmd", "offline", "join", "down", "expected", "member")
	case "shutdown":
		e = withTransient(e, "shutdown", "1700000000")
	case "nothing known":
		e = e.WithKids(nil)
	}
	m.put(was, e)
	return "node " + e.Get("uname") + ": " + how
}

// withTransient gives a node's state a transient attribute.
func withTransient(state *cib.Elem, name, value string) *cib.Elem {
	ta := state.Child("transient_attributes")
	if ta == nil {
		ta = cib.New("transient_attributes", cib.Attr{Name: "id", Value: state.ID()})
	}
	set := ta.Child("instance_attributes")
	if set == nil {
		set = cib.New("instance_attributes", cib.Attr{Name: "id", Value: "status-" + state.ID()})
	}
	return state.Put(ta.Put(withPair(set, name, value)))
}

// withPair sets a name and value in a set of them.
func withPair(set *cib.Elem, name, value string) *cib.Elem {
	for nv := range set.Named("nvpair") {
		if nv.Get("name") == name {
			kids := slices.Clone(set.Kids())
			kids[slices.Index(kids, nv)] = nv.With("value", value)
			return set.WithKids(kids)
		}
	}
	id := "m-" + set.ID() + "-" + strings.ReplaceAll(name, "#", ".")
	return set.Append(cib.New("nvpair", cib.Attr{Name: "id", Value: id},
		cib.Attr{Name: "name", Value: name}, cib.Attr{Name: "value", Value: value}))
}

// withSet sets a name and value in an element's first plain set of that kind.
func withSet(e *cib.Elem, kind, name, value string) *cib.Elem {
	for set := range e.Named(kind) {
		if set.Get("id-ref") == "" && set.Child("rule") == nil {
			kids := slices.Clone(e.Kids())
			kids[slices.Index(kids, set)] = withPair(set, name, value)
			return e.WithKids(kids)
		}
	}
	set := withPair(cib.New(kind, cib.Attr{Name: "id", Value: "m-" + e.ID() + "-" + kind}), name, value)
	return e.WithKids(append([]*cib.Elem{set}, e.Kids()...))
}

func (m *mutator) nodeAttribute() string {
	e := m.one(m.all(configuration("nodes"), "node"))
	if e == nil {
		return ""
	}
	name := m.word("standby", "standby", "maintenance", "#health-disk")
	value := m.word("true", "true", "false")
	if name == "#health-disk" {
		value = m.word("red", "yellow", "green")
	}
	m.put(e, withSet(e, "instance_attributes", name, value))
	return fmt.Sprintf("node %s: %s=%s", e.Get("uname"), name, value)
}

func (m *mutator) option() string {
	if m.IntN(8) == 0 {
		v := m.word("0", "1")
		m.root = m.root.With("have-quorum", v)
		return "have-quorum=" + v
	}
	choices := [][]string{
		{"maintenance-mode", "true"}, {"fencing-enabled", "true", "false"}, {"fencing-enabled", "true", "false"},
		{"no-quorum-policy", "stop", "ignore", "freeze", "demote", "suicide"}, {"symmetric-cluster", "true", "false"},
		{"stop-all-resources", "true"}, {"stop-removed-resources", "false"}, {"stop-removed-actions", "false"},
		{"placement-strategy", "default", "utilization", "minimal", "balanced"}, {"start-failure-is-fatal", "true", "false"},
		{"startup-fencing", "false"}, {"node-health-strategy", "none", "migrate-on-red", "only-green", "progressive", "custom"},
		{"concurrent-fencing", "true", "false"}, {"enable-startup-probes", "false"}, {"shutdown-lock", "true"},
		{"priority-fencing-delay", "15s"}, {"fencing-action", "off", "reboot"}, {"batch-limit", "1"}, {"node-pending-timeout", "2h"},
	}
	c := choices[m.IntN(len(choices))]
	v := c[1+m.IntN(len(c)-1)]
	conf := m.root.Path("configuration", "crm_config")
	if conf == nil {
		return ""
	}
	if now := withSet(conf, "cluster_property_set", c[0], v); now != conf {
		m.put(conf, now)
	}
	return c[0] + "=" + v
}

func (m *mutator) resourceMeta() string {
	e := m.one(m.all(configuration("resources"), "primitive", "primitive", "group", "clone", "bundle"))
	if e == nil {
		return ""
	}
	return m.meta(e, [][]string{
		{"target-role", "Started", "Stopped", "Unpromoted", "Promoted"}, {"target-role", "Stopped"}, {"is-managed", "true", "false"},
		{"resource-stickiness", "0", "1", "100", "INFINITY", "-100"}, {"migration-threshold", "1", "2", "INFINITY"},
		{"failure-timeout", "1s", "1h"}, {"allow-migrate", "true", "false"}, {"maintenance", "true", "false"},
		{"multiple-active", "stop_only", "block", "stop_start", "stop_unexpected"}, {"priority", "0", "10", "-1", "INFINITY"},
		{"critical", "false"}, {"requires", "nothing", "quorum", "fencing", "unfencing"},
	})
}

func (m *mutator) cloneMeta() string {
	e := m.one(m.all(configuration("resources"), "clone"))
	if e == nil {
		return ""
	}
	return m.meta(e, [][]string{
		{"clone-max", "0", "1", "2", "3", "5"}, {"clone-node-max", "1", "2"}, {"interleave", "true", "false"}, {"ordered", "true", "false"},
		{"notify", "true", "false"}, {"promoted-max", "0", "1", "2", "3"}, {"promoted-node-max", "1", "2"},
		{"globally-unique", "true", "false"}, {"clone-min", "1", "2"}, {"promotable", "true", "false"},
	})
}

// meta gives a resource one of some meta-attributes.
func (m *mutator) meta(e *cib.Elem, choices [][]string) string {
	c := choices[m.IntN(len(choices))]
	v := c[1+m.IntN(len(c)-1)]
	now := withSet(e, "meta_attributes", c[0], v)
	if c[0] == "clone-node-max" { // with Pacemaker 3 it decides whether instances are unique if nothing else does
		now = withSet(now, "meta_attributes", "globally-unique", m.word("true", "false"))
	}
	m.put(e, now)
	return fmt.Sprintf("%s: %s=%s", e.ID(), c[0], v)
}

// operation changes what a failed operation leads to, or takes one away.
func (m *mutator) operation() string {
	e := m.one(m.all(configuration("resources"), "op"))
	if e == nil {
		return ""
	}
	switch m.IntN(4) {
	case 0:
		m.put(e, nil)
		m.forget(e.ID())
		return e.ID() + " gone"
	case 1:
		m.put(e, e.With("enabled", "false"))
		return e.ID() + " disabled"
	}
	v := m.word("ignore", "block", "stop", "restart", "standby", "fence", "demote", "restart-container")
	m.put(e, e.With("on-fail", v))
	return e.ID() + ": on-fail=" + v
}

func (m *mutator) dropConstraint() string {
	e := m.one(m.root.Path("configuration", "constraints").Kids())
	if e == nil {
		return ""
	}
	m.put(e, nil)
	m.forget(e.ID())
	return "without " + e.ID()
}

// constraint changes one that is there.
func (m *mutator) constraint() string {
	e := m.one(m.all(configuration("constraints"), "rsc_location", "rsc_colocation", "rsc_order", "resource_set"))
	if e == nil {
		return ""
	}
	if rule := e.Child("rule"); rule != nil {
		v := m.word("INFINITY", "-INFINITY", "100", "-100")
		m.put(rule, rule.Without("score-attribute").With("score", v))
		return fmt.Sprintf("%s: score=%s", rule.ID(), v)
	}
	name, value := "score", m.word("INFINITY", "-INFINITY", "100", "-100", "0", "1", "5000")
	switch e.Name() {
	case "rsc_order":
		name, value = m.word("kind", "symmetrical"), ""
		value = m.word("true", "false")
		if name == "kind" {
			value = m.word("Mandatory", "Optional", "Serialize")
			e2 := e.Without("score")
			m.put(e, e2)
			e = e2
		}
	case "resource_set":
		name, value = m.word("sequential", "require-all"), m.word("true", "false")
	case "rsc_colocation":
		if e.Get("rsc") != "" && m.IntN(4) == 0 {
			name, value = m.word("rsc-role", "with-rsc-role"), m.word("Promoted", "Started", "Unpromoted")
		} else if m.IntN(6) == 0 {
			name, value = "influence", m.word("true", "false")
		}
	}
	m.put(e, e.With(name, value))
	return fmt.Sprintf("%s: %s=%s", e.ID(), name, value)
}

// newConstraint ties two resources, or one to a node.
func (m *mutator) newConstraint() string {
	cons := m.root.Path("configuration", "constraints")
	top := m.all(configuration("resources"), "primitive", "group", "clone", "bundle")
	if cons == nil || len(top) == 0 {
		return ""
	}
	x, y := m.IntN(len(top)), m.IntN(len(top))
	if m.IntN(3) > 0 { // mostly what stands at the top
		top = slices.DeleteFunc(slices.Clone(m.root.Path("configuration", "resources").Kids()), func(e *cib.Elem) bool {
			return !slices.Contains(top, e)
		})
		x, y = m.IntN(len(top)), m.IntN(len(top))
	}
	id := "mutant-" + strconv.Itoa(len(cons.Kids()))
	at := func(name string, pairs ...string) *cib.Elem {
		e := cib.New(name, cib.Attr{Name: "id", Value: id})
		for i := 0; i < len(pairs); i += 2 {
			e = e.With(pairs[i], pairs[i+1])
		}
		return e
	}
	score := m.word("INFINITY", "-INFINITY", "100", "-100", "7")
	var e *cib.Elem
	switch m.IntN(3) {
	case 0:
		n := m.one(m.all(configuration("nodes"), "node"))
		if n == nil {
			return ""
		}
		e = at("rsc_location", "rsc", top[x].ID(), "node", n.Get("uname"), "score", score)
	case 1:
		e = at("rsc_colocation", "rsc", top[x].ID(), "with-rsc", top[y].ID(), "score", score)
	default:
		e = at("rsc_order", "first", top[x].ID(), "then", top[y].ID(), "kind", m.word("Mandatory", "Optional", "Serialize"))
	}
	if x == y && e.Name() != "rsc_location" {
		return ""
	}
	m.put(cons, cons.Append(e))
	return strings.TrimSpace(e.String())
}

// record changes how an operation ended, takes it away or makes it pending.
func (m *mutator) record() string {
	e := m.one(m.all([]string{"status"}, "lrm_rsc_op"))
	if e == nil {
		return ""
	}
	now := e
	switch m.IntN(5) {
	case 0:
		now = nil
	case 1:
		now = e.With("rc-code", "193").With("op-status", "-1")
	default:
		now = e.With("rc-code", m.word("0", "1", "5", "7", "8", "9")).With("op-status", m.word("0", "0", "4", "2"))
	}
	m.put(e, now)
	if now == nil {
		return "record " + e.ID() + " gone"
	}
	return fmt.Sprintf("record %s: rc-code=%s op-status=%s", e.ID(), now.Get("rc-code"), now.Get("op-status"))
}

// failcount says that something failed some time ago.
func (m *mutator) failcount() string {
	st := m.one(m.all([]string{"status"}, "node_state"))
	e := m.one(m.all(configuration("resources"), "primitive"))
	if st == nil || e == nil {
		return ""
	}
	name, n := "fail-count-"+e.ID()+"#"+m.word("monitor_10000", "start_0", "stop_0"), m.word("1", "3", "INFINITY")
	m.put(st, withTransient(st, name, n))
	return fmt.Sprintf("node %s: %s=%s", st.Get("uname"), name, n)
}

// dropMember takes a resource away that may be running.
func (m *mutator) dropMember() string {
	e := m.one(m.all(configuration("resources"), "primitive", "group", "clone"))
	var parent *cib.Elem
	m.root.Walk(func(p *cib.Elem) bool {
		if slices.Contains(p.Kids(), e) {
			parent = p
		}
		return true
	})
	if e == nil || parent.Name() != "resources" && parent.Name() != "group" || parent.Name() == "group" && len(parent.Kids()) < 3 {
		return ""
	}
	m.put(e, nil)
	e.Walk(func(k *cib.Elem) bool { m.forget(k.ID()); return true })
	return "without " + e.ID()
}

// forget takes out what names something that is gone: no schema allows it.
func (m *mutator) forget(id string) {
	if id == "" {
		return
	}
	m.root = replace(m.root, func(e *cib.Elem) *cib.Elem {
		for _, name := range []string{"rsc", "with-rsc", "first", "then", "id-ref"} {
			if e.Get(name) == id {
				return nil
			}
		}
		if e.Name() == "resource_ref" && e.ID() == id {
			return nil
		}
		if slices.Contains([]string{"resource_set", "tag"}, e.Name()) && len(e.Kids()) == 0 && e.Get("id-ref") == "" {
			return nil
		}
		if slices.Contains([]string{"rsc_location", "rsc_colocation", "rsc_order", "rsc_ticket"}, e.Name()) && e.Child("resource_set") == nil && e.Get("rsc") == "" && e.Get("rsc-pattern") == "" && e.Get("first") == "" {
			return nil
		}
		return e
	})
}

// dropRecords makes a node forget a resource.
func (m *mutator) dropRecords() string {
	e := m.one(m.all([]string{"status"}, "lrm_resource"))
	if e == nil {
		return ""
	}
	m.put(e, nil)
	return "no records of " + e.ID()
}
