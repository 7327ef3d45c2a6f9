package rehearse

import (
	"slices"
	"strconv"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/internal/sim"
	"mainstay/status"
)

// Service is a resource that users notice the absence of: a primitive, in a group or
// clone or by itself. Fence devices are none.
type Service struct {
	ID    string
	Agent agent.Name
	// Clone is the id of the clone that it is in, "" if it runs once.
	Clone string
	// Max is how many machines may have it at once, promoted if Promotable; 0: any number.
	Max        int
	Promotable bool
	Unique     bool // instances are told apart: "ip:0", "ip:1"
	Disabled   bool // the configuration wants it stopped
	Unmanaged  bool
	Monitored  bool // it has a recurring monitor
	Group      string
}

// least is the role in which the service serves.
func (s *Service) least() sim.Role {
	if s.Promotable {
		return sim.Promoted
	}
	return sim.Started
}

// services lists what a configuration runs, in its order.
func services(root *cib.Elem, c *status.Cluster) []Service {
	var out []Service
	var walk func(list []*status.Resource, above Service)
	walk = func(list []*status.Resource, above Service) {
		for _, r := range list {
			s := above
			switch r.Kind {
			case status.Group:
				s.Group = r.BaseID
				walk(r.Children, s)
			case status.Clone:
				s.Clone, s.Max, s.Promotable, s.Unique = r.ID, instances(root, r.ID, 0, "clone-max"), r.Promotable, r.Unique
				if s.Promotable {
					s.Max = instances(root, r.ID, 1, "promoted-max", "master-max")
				}
				if len(r.Children) > 0 {
					walk(r.Children[:1], s)
				}
			case status.Primitive:
				n, err := agent.ParseName(r.Agent)
				if err != nil || n.Class == "stonith" {
					continue
				}
				s.ID, s.Agent, s.Disabled, s.Unmanaged = r.BaseID, n, r.Disabled, !r.Managed
				s.Monitored = monitored(root, s.ID)
				out = append(out, s)
			default: // bundles are clones by now; see standIn
			}
		}
	}
	walk(c.Resources, Service{Max: 1})
	return out
}

// instances is how many instances a clone's own meta attributes allow; names are
// those of one attribute.
func instances(root *cib.Elem, clone string, def int, names ...string) int {
	n := def
	root.Path("configuration", "resources").Walk(func(e *cib.Elem) bool {
		if e.ID() != clone {
			return true
		}
		for set := range e.Named("meta_attributes") {
			for nv := range set.Named("nvpair") {
				if slices.Contains(names, nv.Get("name")) {
					if v, err := strconv.Atoi(nv.Get("value")); err == nil {
						n = v
					}
				}
			}
		}
		return false
	})
	return n
}

// resource finds a primitive or template by id.
func resource(root *cib.Elem, id string) *cib.Elem {
	var found *cib.Elem
	root.Path("configuration", "resources").Walk(func(e *cib.Elem) bool {
		if e.ID() == id && (e.Name() == "primitive" || e.Name() == "template") {
			found = e
		}
		return found == nil
	})
	return found
}

// operations lists the operations of a resource and of its template.
func operations(root *cib.Elem, id string) []*cib.Elem {
	var out []*cib.Elem
	for e := resource(root, id); e != nil; e = resource(root, e.Get("template")) {
		out = slices.AppendSeq(out, e.Child("operations").Named("op"))
		if e.Get("template") == "" || e.Get("template") == e.ID() {
			break
		}
	}
	return out
}

func monitored(root *cib.Elem, id string) bool {
	return slices.ContainsFunc(operations(root, id), func(op *cib.Elem) bool {
		d, err := cib.ParseDuration(op.Get("interval"))
		return op.Get("name") == "monitor" && err == nil && d > 0 && op.Get("enabled") != "false"
	})
}

// deviceIDs lists the fence devices.
func deviceIDs(c *status.Cluster) []string {
	var out []string
	var walk func(list []*status.Resource)
	walk = func(list []*status.Resource) {
		for _, r := range list {
			if r.Kind == status.Primitive && strings.HasPrefix(r.Agent, "stonith:") && !slices.Contains(out, r.BaseID) {
				out = append(out, r.BaseID)
			}
			walk(r.Children)
		}
	}
	walk(c.Resources)
	return out
}

// targets lists the nodes that a device says it can cut off: pcmk_host_list and
// pcmk_host_map (stonith parameters of pacemaker-fenced); nil if it names none.
func targets(root *cib.Elem, id string, nodes []string) []string {
	e, text := resource(root, id), ""
	for set := range e.Named("instance_attributes") {
		for nv := range set.Named("nvpair") {
			if n := nv.Get("name"); n == "pcmk_host_list" || n == "pcmk_host_map" {
				text += " " + nv.Get("value")
			}
		}
	}
	var out []string
	for _, n := range nodes {
		words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,;\t", r) })
		if slices.ContainsFunc(words, func(w string) bool {
			return strings.EqualFold(w, n) || strings.HasPrefix(w, n+":") || strings.HasPrefix(w, n+"=")
		}) {
			out = append(out, n)
		}
	}
	return out
}

// service finds a service by id; nil if there is none.
func (s *Subject) service(id string) *Service {
	i := slices.IndexFunc(s.Services, func(x Service) bool { return x.ID == id })
	if i < 0 {
		return nil
	}
	return &s.Services[i]
}

// base is the configured id of an instance.
func base(service string) string {
	id, _, _ := strings.Cut(service, ":")
	return id
}
