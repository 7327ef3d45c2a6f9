package fence

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/member"
)

// watchdogAuto is the meaning of a negative stonith-watchdog-timeout: twice
// sbd's default watchdog timeout of 5 s.
const watchdogAuto = 10 * time.Second

// Ask completes a request at its origin: with the members of its view, and with
// where the CIB says that the fence devices run.
func Ask(r Request, root *cib.Elem, members []member.NodeID) Request {
	r.Members = slices.Clone(members)
	r.Prefer = nil
	for _, d := range FromCIB(root).Devices {
		if nodes := started(root.Child("status"), d.ID); nodes != nil {
			r.Prefer = append(r.Prefer, Preference{d.ID, nodes})
		}
	}
	return r
}

// FromCIB reads the fencing configuration out of a whole <cib>: properties,
// nodes, fence devices and topology, and what was registered by hand besides.
func FromCIB(root *cib.Elem) Setup {
	conf := root.Child("configuration")
	s := Setup{
		Enabled: truth(property(conf, "stonith-enabled", "fencing-enabled"), true),
		Action:  property(conf, "stonith-action", "fencing-action"),
		Timeout: span(property(conf, "stonith-timeout", "fencing-timeout")),
	}
	if w, err := cib.ParseDuration(property(conf, "stonith-watchdog-timeout", "fencing-watchdog-timeout")); err == nil {
		s.Watchdog = w
		if w < 0 {
			s.Watchdog = watchdogAuto
		}
	}
	for n := range conf.Child("nodes").Named("node") {
		node := Node{Name: n.Get("uname"), Attrs: map[string]string{}}
		if id, err := member.ParseNodeID(n.ID()); err == nil {
			node.ID = id
		}
		for set := range n.Named("instance_attributes") {
			addPairs(set, func(name, value string) {
				if _, ok := node.Attrs[name]; !ok {
					node.Attrs[name] = value
				}
			})
		}
		s.Nodes = append(s.Nodes, node)
	}
	r := deviceReader{conf: conf, nodes: s.Nodes}
	r.walk(conf.Child("resources"), false)
	s.Devices = r.devices
	for l := range conf.Child("fencing-topology").Named("fencing-level") {
		s.Levels = append(s.Levels, level(l))
	}
	if list := cib.Registered(root); list != nil {
		s.register(list)
	}
	return s
}

func level(e *cib.Elem) Level {
	l := Level{Target: e.Get("target"), Pattern: e.Get("target-pattern"), Attribute: e.Get("target-attribute"), Value: e.Get("target-value")}
	l.Index, _ = strconv.Atoi(e.Get("index"))
	l.Devices = strings.FieldsFunc(e.Get("devices"), isSeparator)
	return l
}

// property finds a cluster property under its old or new name.
func property(conf *cib.Elem, names ...string) string {
	for set := range conf.Child("crm_config").Named("cluster_property_set") {
		for nv := range set.Named("nvpair") {
			if slices.Contains(names, nv.Get("name")) {
				return nv.Get("value")
			}
		}
	}
	return ""
}

func truth(s string, def bool) bool {
	b, err := cib.ParseBool(s)
	if err != nil {
		return def
	}
	return b
}

// addPairs visits the name-value pairs of a set that applies always.
func addPairs(set *cib.Elem, add func(name, value string)) {
	if set.Child("rule") != nil {
		return
	}
	for nv := range set.Named("nvpair") {
		add(nv.Get("name"), nv.Get("value"))
	}
}

// deviceReader gathers the fence devices among the resources.
type deviceReader struct {
	conf    *cib.Elem
	nodes   []Node
	devices []Device
}

func (r *deviceReader) walk(e *cib.Elem, stopped bool) {
	for _, k := range e.Kids() {
		switch k.Name() {
		case "primitive":
			if d, ok := r.device(k); ok {
				d.Disabled = d.Disabled || stopped
				r.devices = append(r.devices, d)
			}
		case "group", "clone", "master":
			role := ""
			for set := range k.Named("meta_attributes") {
				addPairs(set, func(name, value string) {
					if name == "target-role" && role == "" {
						role = value
					}
				})
			}
			r.walk(k, stopped || role == "Stopped")
		}
	}
}

// device reads a primitive, if it is a fence device.
func (r *deviceReader) device(p *cib.Elem) (Device, bool) {
	sources := []*cib.Elem{p}
	if t := p.Get("template"); t != "" {
		sources = append(sources, r.conf.Child("resources").ChildID("template", t))
	}
	d := Device{ID: p.ID()}
	for _, s := range sources {
		if c := s.Get("class"); c != "" && d.Agent.Class == "" {
			d.Agent = agent.Name{Class: c, Provider: s.Get("provider"), Type: s.Get("type")}
		}
	}
	if d.Agent.Class != "stonith" {
		return Device{}, false
	}
	var role string
	for _, s := range sources {
		for set := range s.Named("instance_attributes") {
			addPairs(set, func(name, value string) {
				if !slices.ContainsFunc(d.Params, func(a cib.Attr) bool { return a.Name == name }) {
					d.Params = append(d.Params, cib.Attr{Name: name, Value: value})
				}
			})
		}
		for set := range s.Named("meta_attributes") {
			addPairs(set, func(name, value string) {
				switch {
				case name == "target-role" && role == "":
					role = value
				case name == "provides":
					d.Unfencing = d.Unfencing || value == "unfencing"
				}
			})
		}
	}
	slices.SortFunc(d.Params, func(a, b cib.Attr) int { return strings.Compare(a.Name, b.Name) })
	d.Disabled = role == "Stopped"
	d.Unfencing = d.Unfencing || d.Param("provides") == "unfencing"
	d.Priority, _ = strconv.Atoi(d.Param("priority"))
	d.Banned = r.banned(d.ID)
	return d, true
}

// banned lists the members that a location constraint forbids to a device.
func (r *deviceReader) banned(id string) []member.NodeID {
	var ids []member.NodeID
	for l := range r.conf.Child("constraints").Named("rsc_location") {
		if l.Get("rsc") != id {
			continue
		}
		for _, n := range r.nodes {
			if n.ID != 0 && forbids(l, n.Name) && !slices.Contains(ids, n.ID) {
				ids = append(ids, n.ID)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

func forbids(l *cib.Elem, node string) bool {
	never := func(score string) bool {
		n, err := cib.ParseScore(score)
		return err == nil && n <= -cib.Infinity
	}
	if l.Get("node") == node && never(l.Get("score")) {
		return true
	}
	for rule := range l.Named("rule") {
		if never(rule.Get("score")) && unameRule(rule, node) {
			return true
		}
	}
	return false
}

// unameRule evaluates a rule that speaks of node names only; any other rule does not hold here.
func unameRule(rule *cib.Elem, node string) bool {
	all, any := true, false
	for e := range rule.Named("expression") {
		if e.Get("attribute") != "#uname" {
			return false
		}
		holds := e.Get("value") == node
		switch e.Get("operation") {
		case "eq":
		case "ne":
			holds = !holds
		default:
			return false
		}
		all, any = all && holds, any || holds
	}
	if rule.Get("boolean-op") == "or" {
		return any
	}
	return all && rule.Child("expression") != nil
}

// started lists the members whose history says that the device runs there.
func started(status *cib.Elem, id string) []member.NodeID {
	var ids []member.NodeID
	for ns := range status.Named("node_state") {
		n, err := member.ParseNodeID(ns.ID())
		if err != nil {
			continue
		}
		for lr := range ns.Path("lrm", "lrm_resources").Named("lrm_resource") {
			name, _, _ := strings.Cut(lr.ID(), ":")
			if name == id && runs(lr) && !slices.Contains(ids, n) {
				ids = append(ids, n)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// runs tells by the latest operation of a history whether a device is started.
func runs(lr *cib.Elem) bool {
	latest, up := -1, false
	for op := range lr.Named("lrm_rsc_op") {
		call, err := strconv.Atoi(op.Get("call-id"))
		if err != nil || call < latest || op.Get("op-status") == "-1" {
			continue
		}
		latest, up = call, op.Get("operation") != "stop" && op.Get("rc-code") == "0" && op.Get("op-status") == "0"
	}
	return up
}

// For lists the devices that may fence a node, as far as the configuration
// knows, in document order (stonith_admin --list).
func (s Setup) For(target string) []Device {
	var out []Device
	for _, d := range s.Devices {
		if !d.Disabled && d.mayFence(target) {
			out = append(out, d)
		}
	}
	return out
}
