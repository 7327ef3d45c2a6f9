package pcs

import (
	"fmt"
	"slices"

	"mainstay/cib"
)

// bundleCommands are those about bundles.
func bundleCommands() []command {
	return []command{
		{path: "resource bundle create", usage: "<bundle id> container <container type> [<container options>] [network <network options>] [port-map <port options>]... [storage-map <storage options>]... [meta <meta options>] [--disabled] [--wait[=n]]", run: (*shell).createBundle},
		{path: "resource bundle update", usage: "<bundle id> [container <container options>] [network <network options>] [port-map (add <port options>) | (delete | remove <id>...)]... [storage-map (add <storage options>) | (delete | remove <id>...)]... [meta <meta options>] [--wait[=n]]", run: (*shell).updateBundle},
		{path: "resource bundle reset", usage: "<bundle id> [container <container options>] [network <network options>] [port-map <port options>]... [storage-map <storage options>]... [meta <meta options>] [--disabled] [--wait[=n]]", run: (*shell).resetBundle},
	}
}

// What the parts of a bundle take.
var (
	bundleWords   = []string{"container", "network", "port-map", "storage-map", "meta"}
	containerOpts = []string{"image", "masters", "network", "options", "promoted-max", "replicas", "replicas-per-host", "run-command"}
	networkOpts   = []string{"add-host", "control-port", "host-interface", "host-netmask", "ip-range-start"}
	portOpts      = []string{"id", "internal-port", "port", "range"}
	storageOpts   = []string{"id", "options", "source-dir", "source-dir-root", "target-dir"}
	containers    = []string{"docker", "podman", "rkt"}
)

// allowed says which options a part does not take.
func (s *shell) allowed(what string, ps []pair, known []string) {
	var bad []string
	for _, p := range ps {
		if !slices.Contains(known, p.name) {
			bad = append(bad, p.name)
		}
	}
	s.unknownOptions(what, bad, known)
}

// createBundle makes a bundle.
func (s *shell) createBundle(args []string) error {
	if len(args) == 0 {
		return usageError{"resource bundle create"}
	}
	s.newID(args[0], "bundle name")
	kind := "docker"
	_, parts := split(args[1:], bundleWords...)
	for i, p := range parts {
		if p.key == "container" && len(p.words) > 0 && slices.Contains(containers, p.words[0]) {
			kind, parts[i].words = p.words[0], p.words[1:]
		}
	}
	return s.writeBundle(cib.New("bundle", attr("id", args[0])), kind, parts)
}

// writeBundle fills a new bundle and puts it into the configuration.
func (s *shell) writeBundle(b *cib.Elem, kind string, parts []part) error {
	box, network, storage := cib.New(kind), cib.New("network"), cib.New("storage")
	var metas []pair
	var ids []string
	for _, p := range parts {
		ps, err := pairs(p.words)
		if err != nil {
			return err
		}
		switch p.key {
		case "container":
			s.allowed("container", ps, containerOpts)
			box = withAttrs(box, ps)
		case "network":
			s.allowed("network", ps, networkOpts)
			network = withAttrs(network, ps)
		case "port-map":
			var e *cib.Elem
			e, ids = s.portMap(b.ID(), ps, ids)
			network = network.Append(e)
		case "storage-map":
			var e *cib.Elem
			e, ids = s.storageMap(b.ID(), ps, ids)
			storage = storage.Append(e)
		case "meta":
			metas = append(metas, ps...)
		}
	}
	if s.opt.has("disabled") {
		metas = append(without(metas, "target-role"), pair{"target-role", "Stopped"})
	}
	if box.Get("image") == "" {
		s.fault("required container option 'image' is missing")
	}
	if err := s.verdict(); err != nil {
		return err
	}
	b = b.Append(box)
	if len(network.Attrs()) > 0 || len(network.Kids()) > 0 {
		b = b.Append(network)
	}
	if len(storage.Kids()) > 0 {
		b = b.Append(storage)
	}
	b = s.withPairs(b, "meta_attributes", b.ID()+"-meta_attributes", metas)
	s.putConf(s.conf("resources").Append(b))
	return s.waiting()
}

// portMap writes a port that is passed to the containers.
func (s *shell) portMap(bundle string, ps []pair, ids []string) (*cib.Elem, []string) {
	s.allowed("port-map", ps, portOpts)
	port, _ := value(ps, "port")
	if r, ok := value(ps, "range"); ok && port == "" {
		port = r
	} else if port == "" {
		s.fault("one of port-map options 'port', 'range' has to be specified")
	}
	id, _ := value(ps, "id")
	if id == "" {
		id = s.fresh(bundle+"-port-map-"+idWord(port), ids...)
	} else {
		s.newID(id, "port-map id")
	}
	return withAttrs(cib.New("port-mapping", attr("id", id)), without(ps, "id")), append(ids, id)
}

// storageMap writes a directory that the containers see.
func (s *shell) storageMap(bundle string, ps []pair, ids []string) (*cib.Elem, []string) {
	s.allowed("storage-map", ps, storageOpts)
	_, a := value(ps, "source-dir")
	_, b := value(ps, "source-dir-root")
	if !a && !b {
		s.fault("one of storage-map options 'source-dir', 'source-dir-root' has to be specified")
	}
	if _, ok := value(ps, "target-dir"); !ok {
		s.fault("required storage-map option 'target-dir' is missing")
	}
	id, _ := value(ps, "id")
	if id == "" {
		id = s.fresh(bundle+"-storage-map", ids...)
	} else {
		s.newID(id, "storage-map id")
	}
	return withAttrs(cib.New("storage-mapping", attr("id", id)), without(ps, "id")), append(ids, id)
}

// withAttrs sets attributes; an empty value removes one.
func withAttrs(e *cib.Elem, ps []pair) *cib.Elem {
	for _, p := range ps {
		if p.value == "" {
			e = e.Without(p.name)
			continue
		}
		e = e.With(p.name, p.value)
	}
	return e
}

// bundle finds a bundle.
func (s *shell) bundle(id string) (*cib.Place, error) {
	p := s.exact(id)
	if p == nil || p.Elem.Name() != "bundle" {
		return nil, s.refuse("bundle '%s' does not exist", id)
	}
	return p, nil
}

// boxOf is the container of a bundle.
func boxOf(b *cib.Elem) *cib.Elem {
	for _, k := range b.Kids() {
		if slices.Contains(containers, k.Name()) {
			return k
		}
	}
	return nil
}

// updateBundle changes parts of a bundle.
func (s *shell) updateBundle(args []string) error {
	if len(args) == 0 {
		return usageError{"resource bundle update"}
	}
	p, err := s.bundle(args[0])
	if err != nil {
		return err
	}
	b := p.Elem
	_, parts := split(args[1:], bundleWords...)
	for _, part := range parts {
		if part.key == "port-map" || part.key == "storage-map" {
			if b, err = s.mapping(b, part); err != nil {
				return err
			}
			continue
		}
		ps, err := pairs(part.words)
		if err != nil {
			return err
		}
		switch part.key {
		case "container":
			s.allowed("container", ps, containerOpts)
			b = b.Put(withAttrs(boxOf(b), ps))
		case "network":
			s.allowed("network", ps, networkOpts)
			b = putAfter(b, withAttrs(orNew(b.Child("network"), "network"), ps))
		case "meta":
			b = s.withPairs(b, "meta_attributes", b.ID()+"-meta_attributes", ps)
		}
	}
	if err := s.verdict(); err != nil {
		return err
	}
	s.set(p, b)
	return s.waiting()
}

// mapping adds or removes ports and directories.
func (s *shell) mapping(b *cib.Elem, part part) (*cib.Elem, error) {
	section, tag := "network", "port-mapping"
	if part.key == "storage-map" {
		section, tag = "storage", "storage-mapping"
	}
	if len(part.words) < 2 {
		return nil, fmt.Errorf("No %s option to add or remove specified", part.key)
	}
	holder := orNew(b.Child(section), section)
	switch part.words[0] {
	case "add":
		ps, err := pairs(part.words[1:])
		if err != nil {
			return nil, err
		}
		var e *cib.Elem
		if part.key == "port-map" {
			e, _ = s.portMap(b.ID(), ps, nil)
		} else {
			e, _ = s.storageMap(b.ID(), ps, nil)
		}
		return putAfter(b, holder.Append(e)), nil
	case "delete", "remove":
		for _, id := range part.words[1:] {
			if holder.ChildID(tag, id) == nil {
				s.fault("%s '%s' does not exist in bundle '%s'", part.key, id, b.ID())
			}
		}
		return putAfter(b, holder.Drop(func(e *cib.Elem) bool { return slices.Contains(part.words[1:], e.ID()) })), nil
	}
	return nil, usageError{"resource bundle update"}
}

// orNew is an element, or a new one if it is missing.
func orNew(e *cib.Elem, name string) *cib.Elem {
	if e == nil {
		return cib.New(name)
	}
	return e
}

// putAfter exchanges a part of a bundle, or adds it behind the container.
func putAfter(b, e *cib.Elem) *cib.Elem {
	if b.Child(e.Name()) != nil {
		return b.Put(e)
	}
	at := 1 + slices.IndexFunc(b.Kids(), func(k *cib.Elem) bool { return slices.Contains(containers, k.Name()) || k.Name() == "network" })
	return b.WithKids(slices.Insert(slices.Clone(b.Kids()), at, e))
}

// resetBundle writes a bundle anew; what is inside stays.
func (s *shell) resetBundle(args []string) error {
	if len(args) == 0 {
		return usageError{"resource bundle reset"}
	}
	p, err := s.bundle(args[0])
	if err != nil {
		return err
	}
	old, box := inner(p.Elem), boxOf(p.Elem)
	s.set(p, nil)
	_, parts := split(args[1:], bundleWords...)
	if err := s.writeBundle(cib.New("bundle", attr("id", args[0])), box.Name(), parts); err != nil {
		return err
	}
	s.change(args[0], func(e *cib.Elem) *cib.Elem { return e.Append(old...) })
	return nil
}
