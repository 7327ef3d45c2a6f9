package sim

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"mainstay/cib"
)

// services is what the configuration says of the things that agents look after.
type services struct {
	list       []Service // in document order
	promotable map[string]bool
	stonith    []stonith
	scripts    []string // names of init scripts that some resource uses
}

// Service is one configured resource, without its instances.
type Service struct {
	ID          string
	Class, Type string
	Provider    string
	Group       string // id of the group that it is in, "" if none
	Clone       string // id of the clone that it is in, "" if none
	Unique      bool   // instances are told apart: "id:0"
	Promotable  bool
	Max         int // machines on which it may be active: 1, or that of a clone
	PromotedMax int // machines on which it may be promoted
	Stopped     bool
	Watched     bool // a monitor recurs
}

// stonith is a fence device.
type stonith struct {
	id, agent string
	params    []cib.Attr
	plugs     map[string]string // plug → node
	hosts     []string
}

// Services lists the resources of a configuration in document order, without
// fence devices.
func Services(root *cib.Elem) []Service {
	s := readServices(root)
	return s.list
}

// readServices reads a configuration.
func readServices(root *cib.Elem) services {
	s := services{promotable: map[string]bool{}}
	resources := root.Path("configuration", "resources")
	nodes := 0
	for range root.Path("configuration", "nodes").Named("node") {
		nodes++
	}
	for e := range kids(resources) {
		s.read(resources, e, Service{Max: 1}, nodes)
	}
	return s
}

func kids(e *cib.Elem) func(func(*cib.Elem) bool) {
	return func(yield func(*cib.Elem) bool) {
		for _, k := range e.Kids() {
			if !yield(k) {
				return
			}
		}
	}
}

// read takes in a resource and what it holds; in is what its parents say.
func (s *services) read(all, e *cib.Elem, in Service, nodes int) {
	if role := meta(e, "target-role", ""); role != "" {
		in.Stopped = role == "Stopped"
	}
	switch e.Name() {
	case "group":
		in.Group = e.ID()
	case "clone", "master":
		in.Clone = e.ID()
		in.Unique = meta(e, "globally-unique", "false") == "true"
		in.Promotable = e.Name() == "master" || meta(e, "promotable", "false") == "true"
		in.Max = number(meta(e, "clone-max", ""), max(nodes, 1))
		if in.Promotable {
			in.PromotedMax = number(meta(e, "promoted-max", meta(e, "master-max", "")), 1)
		}
	case "primitive":
		s.primitive(all, e, in)
		return
	default:
		return
	}
	for k := range kids(e) {
		s.read(all, k, in, nodes)
	}
}

func (s *services) primitive(all, e *cib.Elem, in Service) {
	from := e
	if t := e.Get("template"); t != "" {
		from = all.ChildID("template", t)
	}
	in.ID, in.Class, in.Provider, in.Type = e.ID(), from.Get("class"), from.Get("provider"), from.Get("type")
	switch in.Class {
	case "stonith":
		s.stonith = append(s.stonith, readStonith(from, e))
		return
	case "lsb":
		s.scripts = append(s.scripts, in.Type)
	}
	for op := range from.Child("operations").Named("op") {
		in.Watched = in.Watched || op.Get("name") == "monitor" && op.Get("interval") != "0"
	}
	s.list = append(s.list, in)
	if in.Promotable {
		s.promotable[in.ID] = true
	}
}

func readStonith(template, e *cib.Elem) stonith {
	d := stonith{id: e.ID(), agent: template.Get("type"), plugs: map[string]string{}}
	from := []*cib.Elem{e}
	if template != e {
		from = []*cib.Elem{template, e}
	}
	for _, f := range from {
		for set := range f.Named("instance_attributes") {
			for nv := range set.Named("nvpair") {
				d.param(nv.Get("name"), nv.Get("value"))
			}
		}
	}
	return d
}

func (d *stonith) param(name, value string) {
	list := func(r rune) bool { return strings.ContainsRune(" ,;\t", r) }
	switch {
	case name == "pcmk_host_list":
		d.hosts = strings.FieldsFunc(value, list)
	case name == "pcmk_host_map":
		for _, w := range strings.FieldsFunc(value, list) {
			if host, plug, ok := strings.Cut(w, ":"); ok {
				d.plugs[plug] = host
				d.hosts = append(d.hosts, host)
			}
		}
	case !strings.HasPrefix(name, "pcmk_"):
		d.params = append(d.params, cib.Attr{Name: name, Value: value})
	}
}

// meta is a meta attribute of a resource itself.
func meta(e *cib.Elem, name, def string) string {
	for set := range e.Named("meta_attributes") {
		for nv := range set.Named("nvpair") {
			if nv.Get("name") == name {
				return nv.Get("value")
			}
		}
	}
	return def
}

func number(s string, def int) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return def
}

// find returns a service by the id of the resource or of an instance.
func (s *services) find(id string) (Service, bool) {
	base, _, _ := strings.Cut(id, ":")
	i := slices.IndexFunc(s.list, func(x Service) bool { return x.ID == base })
	if i < 0 {
		return Service{}, false
	}
	return s.list[i], true
}

// byUnit is the resource that a systemd unit is.
func (s *services) byUnit(unit string) string {
	for _, x := range s.list {
		if (x.Class == "systemd" || x.Class == "service") && (x.Type == unit || x.Type+".service" == unit) {
			return x.ID
		}
	}
	return unit
}

// byScript is the resource that an init script is.
func (s *services) byScript(script string) string {
	for _, x := range s.list {
		if (x.Class == "lsb" || x.Class == "service" || x.Class == "heartbeat") && x.Type == script {
			return x.ID
		}
	}
	return script
}

// device is the fence device that a fence agent was started for: the first whose
// parameters it was given.
func (s *services) device(agent string, params map[string]string) string {
	for _, d := range s.stonith {
		if d.agent == path.Base(agent) && !slices.ContainsFunc(d.params, func(p cib.Attr) bool { return params[p.Name] != p.Value }) {
			return d.id
		}
	}
	return ""
}

// plug is the machine that a fence agent is to switch.
func (s *services) plug(device string, params map[string]string) string {
	var given string
	for _, name := range []string{"plug", "port", "nodename"} {
		if given == "" {
			given = params[name]
		}
	}
	i := slices.IndexFunc(s.stonith, func(d stonith) bool { return d.id == device })
	if i < 0 {
		return given
	}
	d := s.stonith[i]
	switch {
	case d.plugs[given] != "":
		return d.plugs[given]
	case !slices.Contains(d.hosts, given) && len(d.hosts) == 1:
		return d.hosts[0]
	}
	return given
}

// installed tells whether a program is on the machines.
func (a *Agents) installed(file string) bool {
	if dir, name := path.Split(file); dir == "/etc/init.d/" {
		return slices.Contains(a.services.scripts, name)
	}
	return true
}
