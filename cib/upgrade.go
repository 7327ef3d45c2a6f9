package cib

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Upgrade brings a configuration to the newest vocabulary, from whatever
// validate-with it has: promotable clones for <master>, Promoted and Unpromoted
// for the old roles, present names of options and attributes, ACL permissions
// and targets. What has no present form stays as it is, for Validate to name.
// A configuration that is new already comes back as it is.
func Upgrade(root *Elem) (*Elem, error) { return UpgradeTo(root, ValidateWith) }

// UpgradeTo is Upgrade to a vocabulary that is not the newest, because other tools
// have to read the document: to one of pacemaker-3, the old words stay as far as they
// are known there. A document of the same major number only gets the new name; one
// that has reached the vocabulary comes back as it is.
func UpgradeTo(root *Elem, name string) (*Elem, error) {
	from := root.Get("validate-with")
	major, err := schemaMajor(from)
	if err != nil {
		return nil, err
	}
	if major >= 4 || strings.HasPrefix(from, "pacemaker-") && CompareVersions(strings.TrimPrefix(from, "pacemaker-"), strings.TrimPrefix(name, "pacemaker-")) >= 0 {
		return root, nil
	}
	conf := root.Child("configuration")
	if conf == nil {
		return nil, fmt.Errorf("%s has no <configuration>", Label(root))
	}
	if major == 3 && strings.HasPrefix(name, "pacemaker-3.") {
		// Within one major number nothing was renamed, only added.
		return root.With("validate-with", name), nil
	}
	if strings.HasPrefix(name, "pacemaker-3.") {
		conf = upgradeTo3(conf)
	} else {
		conf = rewrite(conf, modernElem)
		conf = moveDefaults(conf)
		conf = upgradeACLs(conf)
	}
	return root.Put(conf).With("validate-with", name), nil
}

// schemaMajor is the major number of a validate-with.
func schemaMajor(name string) (int, error) {
	switch {
	case name == "", name == "none", strings.HasPrefix(name, "transitional-"):
		return 0, nil
	}
	number, ok := strings.CutPrefix(name, "pacemaker-")
	major, _, _ := strings.Cut(number, ".")
	n, err := strconv.Atoi(major)
	switch {
	case number == "next":
		return 4, nil
	case !ok || err != nil:
		return 0, fmt.Errorf("validate-with=%q names no known vocabulary; the known ones are pacemaker-1.0 to %s", name, ValidateWith)
	case n > 4:
		return 0, fmt.Errorf("validate-with=%q is newer than %s, the newest that is known here", name, ValidateWith)
	}
	return n, nil
}

// rewrite rebuilds a tree from its leaves up; what does not change is shared.
func rewrite(e *Elem, change func(*Elem) *Elem) *Elem {
	if e == nil {
		return nil
	}
	kids, own := e.kids, false
	for i, k := range e.kids {
		next := rewrite(k, change)
		if next == k {
			continue
		}
		if !own {
			kids, own = slices.Clone(e.kids), true
		}
		kids[i] = next
	}
	if own {
		e = e.WithKids(kids)
	}
	return change(e)
}

// modernElem writes one element in the present vocabulary.
func modernElem(e *Elem) *Elem {
	switch e.name {
	case "master":
		return promotableClone(e)
	case "op":
		if p, ok := e.Lookup("prereq"); ok {
			e = e.Without("prereq").With("requires", p)
		}
		if d, ok := e.Lookup("disabled"); ok {
			off, _ := ParseBool(d)
			e = e.Without("disabled").With("enabled", strconv.FormatBool(!off))
		}
	case "docker", "podman", "rkt":
		if n, ok := e.Lookup("masters"); ok {
			e = e.Without("masters").With("promoted-max", n)
		}
	case "nvpair":
		return modernPair(e)
	case "cluster_property_set":
		return modernOptions(flatten(e))
	case "instance_attributes", "meta_attributes", "utilization":
		return flatten(e)
	case "date_spec", "duration":
		if d, ok := e.Lookup("yearsdays"); ok {
			e = e.Without("yearsdays").With("yeardays", d)
		}
	}
	for _, n := range []string{"role", "rsc-role", "with-rsc-role"} {
		if r, ok := e.Lookup(n); ok && ModernRole(r) != r {
			e = e.With(n, ModernRole(r))
		}
	}
	return e
}

// flatten drops the <attributes> that sets once had around their pairs.
func flatten(set *Elem) *Elem {
	if set.Child("attributes") == nil {
		return set
	}
	var kids []*Elem
	for _, k := range set.kids {
		if k.name == "attributes" {
			kids = append(kids, k.kids...)
		} else {
			kids = append(kids, k)
		}
	}
	return set.WithKids(kids)
}

// modernPair renames meta attributes and roles. Agents' parameters have names of
// their own, but none that would be mistaken for these.
func modernPair(nv *Elem) *Elem {
	name := nv.Get("name")
	if now := ModernMetaName(name); now != name {
		nv = nv.With("name", now)
	}
	if v := nv.Get("value"); nv.Get("name") == "target-role" && ModernRole(v) != v {
		nv = nv.With("value", ModernRole(v))
	}
	return nv
}

// promotableClone is what a <master> is called now.
func promotableClone(e *Elem) *Elem {
	c := e.clone()
	c.name = "clone"
	c.seal()
	pair := func(set string) *Elem {
		return New("nvpair", Attr{"id", set + "-promotable"}, Attr{"name", "promotable"}, Attr{"value", "true"})
	}
	for i, set := range c.kids {
		if set.name == "meta_attributes" && set.Get("id-ref") == "" && set.Child("rule") == nil {
			set = set.Drop(func(k *Elem) bool { return k.Get("name") == "promotable" })
			return c.setKid(i, set.WithKids(append([]*Elem{pair(set.ID())}, set.kids...)))
		}
	}
	set := e.ID() + "-meta_attributes"
	return c.WithKids(append([]*Elem{New("meta_attributes", Attr{"id", set}).WithKids([]*Elem{pair(set)})}, c.kids...))
}

// modernOptions renames the cluster options of a set.
func modernOptions(set *Elem) *Elem {
	kids := slices.Clone(set.kids)
	for i, nv := range kids {
		name := nv.Get("name")
		if nv.name != "nvpair" || name == "" {
			continue
		}
		if dashed := strings.ReplaceAll(name, "_", "-"); dashed != name {
			if _, known := ClusterOption(dashed); known {
				nv, name = nv.With("name", dashed), dashed
			}
		}
		if o, ok := ClusterOption(name); ok && o.Modern != "" {
			nv = nv.With("name", o.Modern)
		}
		if name == "stonith-action" && nv.Get("value") == "poweroff" {
			nv = nv.With("value", "off")
		}
		kids[i] = nv
	}
	if slices.Equal(kids, set.kids) {
		return set
	}
	return set.WithKids(kids)
}

// formerOption is a cluster option that is a default of resources or operations now.
type formerOption struct{ name, section, now string }

// formerOptions are options that are defaults of resources or operations now.
var formerOptions = []formerOption{
	{"default-resource-stickiness", "rsc_defaults", "resource-stickiness"},
	{"is-managed-default", "rsc_defaults", "is-managed"},
	{"default-migration-threshold", "rsc_defaults", "migration-threshold"},
	{"default-action-timeout", "op_defaults", "timeout"},
}

// moveDefaults turns former cluster options into defaults, unless there is one already.
func moveDefaults(conf *Elem) *Elem {
	for _, f := range formerOptions {
		value, found := "", false
		options := rewrite(conf.Child("crm_config"), func(set *Elem) *Elem {
			return set.Drop(func(k *Elem) bool {
				if k.name != "nvpair" || k.Get("name") != f.name {
					return false
				}
				if !found {
					value, found = k.Get("value"), true
				}
				return true
			})
		})
		if !found {
			continue
		}
		conf = conf.Put(options)
		section := conf.Child(f.section)
		if section == nil {
			section = New(f.section)
		}
		if hits, err := Find(section, "//nvpair[@name='"+f.now+"']"); err == nil && len(hits) == 0 {
			id := f.section + "-options"
			set := section.ChildID("meta_attributes", id)
			if set == nil {
				set = New("meta_attributes", Attr{"id", id})
			}
			set = set.Append(New("nvpair", Attr{"id", id + "-" + f.now}, Attr{"name", f.now}, Attr{"value", value}))
			conf = conf.Put(section.Put(set))
		}
	}
	return conf
}

// upgradeACLs turns users into targets and their rules into permissions.
func upgradeACLs(conf *Elem) *Elem {
	acls := conf.Child("acls")
	if acls == nil {
		return conf
	}
	var kids []*Elem
	for _, k := range acls.kids {
		switch k.name {
		case "acl_role":
			kids = append(kids, k.WithKids(permissions(k.kids)))
		case "acl_user":
			target := New("acl_target", Attr{"id", k.ID()})
			var own []*Elem
			at := len(kids)
			for _, r := range k.kids {
				if r.name == "role_ref" {
					target = target.Append(New("role", Attr{"id", r.ID()}))
				} else {
					own = append(own, r)
				}
			}
			if len(own) > 0 {
				role := "auto-" + k.ID()
				kids = append(kids, New("acl_role", Attr{"id", role}).WithKids(permissions(own)))
				target = target.Append(New("role", Attr{"id", role}))
			}
			kids = slices.Insert(kids, at, target) // before its role
		default:
			kids = append(kids, k)
		}
	}
	return conf.Put(acls.WithKids(kids))
}

// permissions writes <read>, <write> and <deny> as <acl_permission>.
func permissions(rules []*Elem) []*Elem {
	out := make([]*Elem, len(rules))
	for i, r := range rules {
		out[i] = r
		if r.name != "read" && r.name != "write" && r.name != "deny" {
			continue
		}
		attrs := []Attr{{"id", r.ID()}, {"kind", r.name}}
		for _, a := range r.attrs {
			switch a.Name {
			case "ref":
				attrs = append(attrs, Attr{"reference", a.Value})
			case "tag":
				attrs = append(attrs, Attr{"object-type", a.Value})
			case "xpath", "attribute":
				attrs = append(attrs, a)
			}
		}
		out[i] = New("acl_permission", attrs...)
	}
	return out
}
