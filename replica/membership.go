package replica

import (
	"strconv"

	"mainstay/cib"
	"mainstay/member"
)

// FeatureSet is the crm_feature_set that the status section speaks: operation
// records are written as Pacemaker 3.0.1 writes them.
const FeatureSet = "3.20.1"

// membership writes into the CIB what the view agreed on: who is here, with what
// history, who is not, who coordinates, whether there is quorum. Every member
// computes the same, so no message is needed.
func (r *Replica) membership(root *cib.Elem) (*cib.Elem, bool) {
	root, config := r.configured(root)
	if r.allFresh() { // what was registered by hand ends with the cluster that knew it
		if st := root.Child("status"); cib.Registered(root) != nil {
			root = root.Put(st.Drop(func(k *cib.Elem) bool { return k.Name() == cib.Registrations }))
		}
	}
	for _, m := range r.view.Members {
		h := r.heads[m]
		root = nodeState(root, m.String(), func(ns *cib.Elem) *cib.Elem { return r.present(ns, m, h) })
	}
	here := func(ns *cib.Elem) bool {
		id, err := member.ParseNodeID(ns.ID())
		return err == nil && r.view.Has(id)
	}
	for ns := range root.Child("status").Named("node_state") {
		if ns.Get("remote_node") == "true" || here(ns) || ns.Get("in_ccm") != "true" && ns.Get("crmd") != "online" {
			continue
		}
		root = nodeState(root, ns.ID(), absent)
	}
	root = root.With("crm_feature_set", FeatureSet).
		With("dc-uuid", r.coordinator.String()).
		With("have-quorum", flag(r.quorate()))
	if config {
		v := cib.VersionOf(root)
		return root.With("epoch", itoa(v.Epoch+1)).With("num_updates", "0"), true
	}
	return bump(root), false
}

// allFresh tells whether no member of the view was in a view before.
func (r *Replica) allFresh() bool {
	for _, m := range r.view.Members {
		if !r.heads[m].Fresh {
			return false
		}
	}
	return true
}

// quorate is the verdict of the view: votes are the same for all, but a member
// that waits for all since its own start learns from the others that they did.
func (r *Replica) quorate() bool {
	for _, m := range r.view.Members {
		if r.heads[m].Quorate {
			return true
		}
	}
	return false
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// set changes attributes that differ.
func set(e *cib.Elem, pairs ...string) *cib.Elem {
	for i := 0; i < len(pairs); i += 2 {
		if v, ok := e.Lookup(pairs[i]); !ok || v != pairs[i+1] {
			e = e.With(pairs[i], pairs[i+1])
		}
	}
	return e
}

func (r *Replica) present(ns *cib.Elem, id member.NodeID, h *Head) *cib.Elem {
	ns = set(ns, "uname", h.Name, "in_ccm", "true", "crmd", "online",
		"crm-debug-origin", "membership", "join", "member", "expected", "member")
	switch {
	case h.Fresh && h.SameBoot: // the daemon was restarted: its attributes stand, but it is not leaving any more
		ns = dropAttribute(ns, "shutdown")
	case h.Fresh:
		ns = ns.Drop(func(k *cib.Elem) bool { return k.Name() == "transient_attributes" })
	default:
		ns = r.graft(ns, "transient_attributes", h.Attributes)
	}
	if have := ns.Child("lrm"); have == nil || h.LRMHash == "" || hashOf(have) != h.LRMHash {
		ns = r.graft(ns, "lrm", h.LRM)
	}
	if ns.Child("lrm") == nil {
		ns = ns.Append(cib.New("lrm", cib.Attr{Name: "id", Value: id.String()}).Append(cib.New("lrm_resources")))
	}
	return ns
}

// dropAttribute removes a transient attribute.
func dropAttribute(ns *cib.Elem, name string) *cib.Elem {
	for set := range ns.Child("transient_attributes").Named("instance_attributes") {
		ns = change(ns, "transient_attributes", "", func(ta *cib.Elem) *cib.Elem {
			return change(ta, "instance_attributes", set.ID(), func(ia *cib.Elem) *cib.Elem {
				return applyPair(ia, set.ID(), Attribute{Name: name, Delete: true})
			})
		})
	}
	return ns
}

// graft replaces a child by a piece of XML that its owner sent.
func (r *Replica) graft(ns *cib.Elem, name, xml string) *cib.Elem {
	var kid *cib.Elem
	if xml != "" {
		e, err := r.cfg.Shared.parse(xml)
		if err != nil {
			panic("replica: a member's head holds broken XML: " + err.Error())
		}
		kid = e
	}
	return change(ns, name, "", func(*cib.Elem) *cib.Elem { return kid })
}

func absent(ns *cib.Elem) *cib.Elem {
	return set(ns, "in_ccm", "false", "crmd", "offline", "join", "down", "crm-debug-origin", "membership")
}

// gone is the state of a node that is known to run nothing, because it was fenced.
func gone(ns *cib.Elem) *cib.Elem {
	return set(absent(ns), "expected", "down").Drop(func(k *cib.Elem) bool {
		return k.Name() == "lrm" || k.Name() == "transient_attributes"
	})
}

// left is the state of a node that left in order. It stopped what it ran, except
// what was out of the cluster's hands (maintenance): that still runs there and
// stays on record, so that it is never started elsewhere unless the node is
// fenced before.
func left(ns *cib.Elem) *cib.Elem {
	lrm := ns.Child("lrm")
	held := lrm.Child("lrm_resources").Drop(func(r *cib.Elem) bool { return !holds(r) })
	ns = gone(ns)
	if held == nil || len(held.Kids()) == 0 {
		return ns
	}
	return ns.Append(change(lrm, "lrm_resources", "", func(*cib.Elem) *cib.Elem { return held }))
}

// holds tells whether a resource's history ends with it being active, or with
// nobody knowing. Fence devices need nothing to run, so they hold nothing.
func holds(r *cib.Elem) bool {
	if r.Get("class") == "stonith" {
		return false
	}
	last, active := -2, false
	for op := range r.Named("lrm_rsc_op") {
		if op.Get("op-status") == "-1" && op.Get("operation") != "monitor" {
			return true // under way
		}
		call, err := strconv.Atoi(op.Get("call-id"))
		if err != nil || call < last || op.Get("op-status") == "1" || op.Get("op-status") == "-1" {
			continue
		}
		last = call
		switch task, rc := op.Get("operation"), op.Get("rc-code"); {
		case task == "notify" || task == "meta-data":
		case task == "stop":
			active = rc != "0"
		case task == "monitor" && op.Get("interval") == "0":
			active = rc != "7" && rc != "5"
		default:
			active = rc != "7"
		}
	}
	return active
}

// configured sees to it that the members and the cluster's own properties stand in
// the configuration.
func (r *Replica) configured(root *cib.Elem) (*cib.Elem, bool) {
	conf := root.Child("configuration")
	if conf == nil {
		conf = cib.New("configuration")
	}
	before := conf
	conf = change(conf, "nodes", "", func(nodes *cib.Elem) *cib.Elem {
		for _, m := range r.view.Members {
			name := r.heads[m].Name
			nodes = change(nodes, "node", m.String(), func(n *cib.Elem) *cib.Elem { return set(n, "uname", name) })
		}
		return nodes
	})
	conf = change(conf, "crm_config", "", func(cc *cib.Elem) *cib.Elem {
		for _, p := range [][2]string{
			{"dc-version", r.cfg.Version},
			{"cluster-infrastructure", "mainstay"},
			{"cluster-name", r.cfg.ClusterName},
		} {
			if p[1] != "" {
				cc = property(cc, p[0], p[1])
			}
		}
		return cc
	})
	if conf == before {
		return root, false
	}
	return change(root, "configuration", "", func(*cib.Elem) *cib.Elem { return conf }), true
}

// bootstrapSet is where the cluster writes its own properties.
const bootstrapSet = cib.BootstrapSet

// property sets a cluster property where it stands, or in the bootstrap set.
func property(cc *cib.Elem, name, value string) *cib.Elem {
	in := bootstrapSet
	for s := range cc.Named("cluster_property_set") {
		for nv := range s.Named("nvpair") {
			if nv.Get("name") == name {
				if nv.Get("value") == value {
					return cc
				}
				in = s.ID()
			}
		}
	}
	return change(cc, "cluster_property_set", in, func(s *cib.Elem) *cib.Elem {
		return applyPair(s, in, Attribute{Name: name, Value: value})
	})
}
