package rehearse

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"mainstay/cib"
)

// What simulated machines cannot run is played as what comes nearest, and that is
// said: a bundle as the clone that its replicas are, and resources that live on
// remote nodes on the full nodes.

// stand is a configuration that can be played, and what it stands for.
type stand struct {
	bundles []bundle
	remote  []string // nodes that are left out
	dropped []string // resources that are left out: connections to remote nodes
}

// bundle is one that is played as a clone.
type bundle struct {
	id, inside string // the bundle, and the primitive in it
	replicas   int
}

// containers are the elements that say how a bundle's containers are run.
func containers() []string { return []string{"podman", "docker", "rkt"} }

// standIn makes a configuration that can be played.
func standIn(conf *cib.Elem) (*cib.Elem, *stand) {
	s := &stand{}
	conf = conf.Put(s.resources(conf.Child("resources")))
	if c := conf.Child("constraints"); c != nil {
		conf = conf.Put(c.Drop(s.pointless))
	}
	slices.Sort(s.remote)
	return conf, s
}

// resources goes through resources and what they hold.
func (s *stand) resources(e *cib.Elem) *cib.Elem {
	var kept []*cib.Elem
	for _, k := range e.Kids() {
		switch k.Name() {
		case "bundle":
			k = s.bundle(k)
		case "group", "clone", "master":
			k = s.resources(k)
		case "primitive":
			if k.Get("provider") == "pacemaker" && k.Get("type") == "remote" {
				s.remote, s.dropped = append(s.remote, k.ID()), append(s.dropped, k.ID())
				continue
			}
			k = s.guest(k)
		}
		kept = append(kept, k)
	}
	return e.WithKids(kept)
}

// guest makes a machine that is a guest node an ordinary service.
func (s *stand) guest(e *cib.Elem) *cib.Elem {
	for set := range e.Named("meta_attributes") {
		for nv := range set.Named("nvpair") {
			if nv.Get("name") == "remote-node" {
				s.remote = append(s.remote, nv.Get("value"))
				e = e.Put(set.Drop(func(k *cib.Elem) bool { return k.Get("name") == "remote-node" }))
			}
		}
	}
	return e
}

// bundle makes the clone that stands for a bundle.
func (s *stand) bundle(e *cib.Elem) *cib.Elem {
	var run *cib.Elem
	for _, name := range containers() {
		if c := e.Child(name); c != nil {
			run = c
		}
	}
	number := func(def int, names ...string) int {
		for _, n := range names {
			if v, err := strconv.Atoi(run.Get(n)); err == nil && v > 0 {
				return v
			}
		}
		return def
	}
	promoted := number(0, "promoted-max", "masters")
	b := bundle{id: e.ID(), replicas: number(max(promoted, 1), "replicas")}
	inside := e.Child("primitive")
	if inside == nil {
		inside = cib.New("primitive", cib.Attr{Name: "id", Value: b.id + "-container"}, cib.Attr{Name: "class", Value: "ocf"},
			cib.Attr{Name: "provider", Value: "heartbeat"}, cib.Attr{Name: "type", Value: cmp.Or(run.Name(), "podman")}).
			Append(cib.New("operations").Append(cib.New("op", cib.Attr{Name: "id", Value: b.id + "-container-monitor"},
				cib.Attr{Name: "name", Value: "monitor"}, cib.Attr{Name: "interval", Value: "60s"})))
	}
	b.inside = inside.ID()
	s.bundles = append(s.bundles, b)
	meta := cib.New("meta_attributes", cib.Attr{Name: "id", Value: b.id + "-rehearsed"})
	add := func(name string, value any) {
		meta = meta.Append(cib.New("nvpair", cib.Attr{Name: "id", Value: b.id + "-rehearsed-" + name},
			cib.Attr{Name: "name", Value: name}, cib.Attr{Name: "value", Value: fmt.Sprint(value)}))
	}
	add("clone-max", b.replicas)
	add("clone-node-max", number(1, "replicas-per-host"))
	add("interleave", true)
	if promoted > 0 {
		add("promotable", true)
		add("promoted-max", promoted)
	}
	clone := cib.New("clone", cib.Attr{Name: "id", Value: b.id})
	for set := range e.Named("meta_attributes") {
		clone = clone.Append(set)
	}
	return clone.Append(meta, inside)
}

// pointless tells whether a constraint is about something that is left out.
func (s *stand) pointless(c *cib.Elem) bool {
	for _, a := range references() {
		if v := c.Get(a); v != "" && (slices.Contains(s.dropped, v) || a == "node" && slices.Contains(s.remote, v)) {
			return true
		}
	}
	gone := false
	c.Walk(func(e *cib.Elem) bool {
		gone = gone || e.Name() == "resource_ref" && slices.Contains(s.dropped, e.ID())
		return true
	})
	return gone
}

// stands says aloud what is played in place of what.
func (s *Subject) stands(by *stand) {
	for _, b := range by.bundles {
		s.assume("bundle %s is played as a clone of %s with %s; its containers start and stop with it, their addresses and ports are not played",
			b.id, b.inside, number(b.replicas, "replica"))
		s.contained = append(s.contained, b.inside)
	}
	if s.remote = by.remote; len(s.remote) > 0 {
		s.assume("remote nodes are not simulated (%s): no fault of theirs is played, and what may run on full nodes too is played there", names(s.remote))
	}
}
