package cib

import (
	"slices"
	"strings"
)

// upgradeTo3 brings a configuration of pacemaker-1 or -2 to pacemaker-3 as cibadmin
// --upgrade of Pacemaker 2.1 does: the words of that vocabulary, among them <master>,
// stay. What it was found to do, by running it: see peer/old.xml of the tools' tests.
func upgradeTo3(conf *Elem) *Elem {
	conf = rewrite(conf, elemOf3)
	conf = defaultsOf3(conf)
	return upgradeACLs(conf)
}

// idsOf3 begins the ids of what the upgrade makes anew.
const idsOf3 = "_2TO3_"

// elemOf3 writes one element in the vocabulary of pacemaker-3.
func elemOf3(e *Elem) *Elem {
	switch e.name {
	case "node":
		if e.Get("type") == "normal" {
			return e.With("type", "member")
		}
	case "cluster_property_set":
		return optionsOf3(flatten(e))
	case "instance_attributes", "utilization":
		return flatten(e)
	case "meta_attributes":
		return flatten(e).Drop(func(k *Elem) bool {
			name := k.Get("name")
			return k.name == "nvpair" && (strings.HasPrefix(name, "isolation") || name == "resource_failure_stickiness")
		})
	case "primitive", "template":
		e = requiresOf3(e)
		if e.Get("class") == "stonith" {
			e = deviceOf3(e)
		}
	}
	return e
}

// requiresOf3 makes of the start operation's "requires" a meta attribute, unless there is one.
func requiresOf3(rsc *Elem) *Elem {
	need, from := "", ""
	ops := rewrite(rsc.Child("operations"), func(op *Elem) *Elem {
		v, ok := op.Lookup("requires")
		if op.name != "op" || !ok {
			return op
		}
		if op.Get("name") == "start" && need == "" {
			need, from = v, op.ID()
		}
		return op.Without("requires")
	})
	if ops == nil || ops == rsc.Child("operations") {
		return rsc
	}
	rsc = rsc.Put(ops)
	for set := range rsc.Named("meta_attributes") {
		for nv := range set.Named("nvpair") {
			if nv.Get("name") == "requires" {
				return rsc
			}
		}
	}
	if need == "" {
		return rsc
	}
	pair := New("nvpair", Attr{"id", idsOf3 + from + "-meta-requires"}, Attr{"name", "requires"}, Attr{"value", need})
	return rsc.Append(New("meta_attributes", Attr{"id", idsOf3 + rsc.ID() + "-meta"}).Append(pair))
}

// deviceOf3 renames parameters that fence devices once had.
func deviceOf3(rsc *Elem) *Elem {
	return rewrite(rsc, func(e *Elem) *Elem {
		if e.name != "instance_attributes" {
			return e
		}
		kids := make([]*Elem, 0, len(e.kids))
		for _, nv := range e.kids {
			name := nv.Get("name")
			short, cmd := strings.CutSuffix(name, "_cmd")
			to, port := strings.CutPrefix(nv.Get("value"), "port:")
			switch {
			case name == "pcmk_arg_map" && port && !strings.Contains(to, ","):
				nv = nv.With("name", "pcmk_host_argument").With("value", to)
			case name == "pcmk_arg_map":
				continue
			case cmd && strings.HasPrefix(name, "pcmk_"):
				nv = nv.With("name", short+"_action")
			}
			kids = append(kids, nv)
		}
		if slices.Equal(kids, e.kids) {
			return e
		}
		return e.WithKids(kids)
	})
}

// formerStacks are values of cluster-infrastructure that mean nothing any more.
var formerStacks = []string{"heartbeat", "openais", "classic openais", "classic openais (with plugin)", "cman"}

// optionsOf3 renames the cluster options of a set, and drops those that are gone.
func optionsOf3(set *Elem) *Elem {
	kids := make([]*Elem, 0, len(set.kids))
	for _, nv := range set.kids {
		name := strings.ReplaceAll(nv.Get("name"), "_", "-")
		switch {
		case nv.name != "nvpair" || name == "":
		case name == "expected-quorum-votes", name == "default-migration-threshold",
			name == "cluster-infrastructure" && slices.Contains(formerStacks, nv.Get("value")):
			continue
		default:
			_, known := ClusterOption(name)
			former := slices.ContainsFunc(formerOptions, func(f formerOption) bool { return f.name == name })
			if name != nv.Get("name") && (known || former) {
				nv = nv.With("name", name)
			}
		}
		kids = append(kids, nv)
	}
	if slices.Equal(kids, set.kids) {
		return set
	}
	return set.WithKids(kids)
}

// defaultsOf3 moves former cluster options into defaults as they are, id and all,
// unless there is one already.
func defaultsOf3(conf *Elem) *Elem {
	moved := map[string][]*Elem{}
	options := rewrite(conf.Child("crm_config"), func(set *Elem) *Elem {
		return set.Drop(func(nv *Elem) bool {
			i := slices.IndexFunc(formerOptions, func(f formerOption) bool { return nv.name == "nvpair" && f.name == nv.Get("name") })
			if i < 0 {
				return false
			}
			f := formerOptions[i]
			if hits, err := Find(conf, "//"+f.section+"//nvpair[@name='"+f.now+"']"); err == nil && len(hits) == 0 {
				moved[f.section] = append(moved[f.section], nv.With("name", f.now))
			}
			return true
		})
	})
	if options != nil {
		conf = conf.Put(options)
	}
	for _, name := range []string{"rsc_defaults", "op_defaults"} {
		if len(moved[name]) == 0 {
			continue
		}
		section := conf.Child(name)
		if section == nil {
			section = New(name)
		}
		i := slices.IndexFunc(section.kids, func(k *Elem) bool { return k.name == "meta_attributes" })
		if i < 0 {
			section = section.Append(New("meta_attributes", Attr{"id", idsOf3 + strings.Replace("-"+name, "_", "-", 1)}))
			i = len(section.kids) - 1
		}
		conf = conf.Put(section.setKid(i, section.kids[i].Append(moved[name]...)))
	}
	return conf
}
