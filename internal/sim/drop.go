package sim

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// linkPart begins the name of a link as a part of a scenario: "link1" is the second.
// Whichever goes, the links that are left are counted from 0.
const linkPart = "link"

// Parts are the parts of a cluster that Drop can leave out, by the names that Drop
// takes: nodes, links but the first, resources but fence devices, and the ids of
// constraints and of single properties and defaults.
func (s Scenario) Parts() []string {
	var out []string
	for i := s.Options.Nodes; i > 0; i-- {
		out = append(out, fmt.Sprintf("n%d", i))
	}
	for l := s.Options.Links - 1; l > 0; l-- {
		out = append(out, fmt.Sprint(linkPart, l))
	}
	conf := s.Options.CIB.Child("configuration")
	for _, r := range conf.Child("resources").Kids() {
		out = append(out, primitives(r)...)
	}
	for _, c := range conf.Child("constraints").Kids() {
		out = append(out, c.ID())
	}
	for _, section := range []string{"crm_config", "rsc_defaults"} {
		for _, set := range conf.Child(section).Kids() {
			for nv := range set.Named("nvpair") {
				out = append(out, nv.ID())
			}
		}
	}
	return out
}

// Nodes is how many nodes the cluster has when it comes up.
func (s Scenario) Nodes() int {
	n := s.Options.Nodes
	for i := range s.Options.Nodes {
		if slices.Contains(s.Options.Lacks, fmt.Sprintf("n%d", i+1)) {
			n--
		}
	}
	return n
}

// primitives are the ids of the primitives in a resource, without fence devices.
func primitives(r *cib.Elem) []string {
	var out []string
	r.Walk(func(e *cib.Elem) bool {
		if e.Name() == "primitive" && e.Get("class") != "stonith" {
			out = append(out, e.ID())
		}
		return true
	})
	return out
}

// Drop leaves parts of the cluster out, and with them the steps and constraints that
// are about them. A group or clone of which nothing is left goes too.
func (s Scenario) Drop(parts []string) Scenario {
	if len(parts) == 0 {
		return s
	}
	conf := s.Options.CIB.Child("configuration")
	gone := dropped{names: slices.Clone(parts)}
	resources := gone.prune(conf.Child("resources"))
	conf = conf.Put(resources)
	for _, section := range []string{"constraints", "crm_config", "rsc_defaults"} {
		conf = conf.Put(gone.prune(conf.Child(section)))
	}
	s.Options.CIB = s.Options.CIB.Put(conf)
	s.Options.Lacks = slices.Clone(parts)
	for _, p := range parts {
		if strings.HasPrefix(p, linkPart) {
			s.Options.Links--
		}
	}
	links := s.Options.Links
	s.Steps = slices.DeleteFunc(slices.Clone(s.Steps), func(st Step) bool {
		f, w := st.Fault, st.Wish
		return slices.ContainsFunc([]string{f.Node, f.Peer, f.Resource, w.By, w.Node, w.Resource}, gone.has) ||
			(f.Kind == LinkCut || f.Kind == Unplug) && f.Link >= links
	})
	if gone.has(s.Without) {
		s.Without = ""
	}
	return s
}

// dropped are the names of what a scenario lacks.
type dropped struct {
	names []string
}

func (d *dropped) has(name string) bool { return name != "" && slices.Contains(d.names, name) }

// prune takes out of an element what is dropped, what is about it, and what held
// nothing else; the ids of the latter count as dropped from then on.
func (d *dropped) prune(e *cib.Elem) *cib.Elem {
	var kept []*cib.Elem
	for _, k := range e.Kids() {
		if d.has(k.ID()) || d.about(k) {
			continue
		}
		if k.Name() == "group" || k.Name() == "clone" || k.Name() == "cluster_property_set" || k.Name() == "meta_attributes" {
			if k = d.prune(k); (k.Name() == "group" || k.Name() == "clone") && len(primitives(k)) == 0 {
				d.names = append(d.names, k.ID())
				continue
			}
		}
		kept = append(kept, k)
	}
	return e.WithKids(kept)
}

// about tells whether a constraint is about something that is dropped, or a fence
// device about nodes that all are.
func (d *dropped) about(e *cib.Elem) bool {
	for _, name := range []string{"rsc", "with-rsc", "first", "then", "node"} {
		if d.has(e.Get(name)) {
			return true
		}
	}
	if e.Get("class") != "stonith" {
		return false
	}
	hosts := readStonith(e, e).hosts
	return len(hosts) > 0 && !slices.ContainsFunc(hosts, func(h string) bool { return !d.has(h) })
}
