package pcs

import (
	"slices"
	"strings"

	"mainstay/cib"
)

// optionCommands are those about cluster options and defaults.
func optionCommands() []command {
	return []command{
		{path: "property", usage: "[config [<property> | --all | --defaults]]", run: bare((*shell).properties, "property")},
		{path: "property config", usage: "-", run: (*shell).properties},
		replaced("property show", "property config", (*shell).properties),
		replaced("property list", "property config", (*shell).properties),
		{path: "property set", usage: "<property>=[<value>] ... [--force]", run: (*shell).setProperty},
		{path: "property unset", usage: "<property> ...", run: (*shell).unsetProperty},
	}
}

// defaultsCommands are those about defaults, which are the same for resources and for
// fence devices.
func defaultsCommands(area string) []command {
	return []command{
		{path: area + " defaults", usage: "[config] [--full] | <name>=<value>...", run: defaultsOf("rsc_defaults", area+" defaults")},
		{path: area + " defaults config", usage: "-", run: showDefaults("rsc_defaults")},
		{path: area + " defaults update", usage: "<name>=<value>...", run: updateDefaults("rsc_defaults")},
		{path: area + " defaults set create", usage: "[<set options>] [meta [<name>=<value>]...] [rule <expression>]", run: createDefaults("rsc_defaults")},
		{path: area + " defaults set update", usage: "<set id> [meta [<name>=<value>]...]", run: updateDefaultSet("rsc_defaults")},
		{path: area + " defaults set delete", usage: "[<set id>]...", run: deleteDefaultSet("rsc_defaults")},
		{path: area + " defaults set remove", usage: "[<set id>]...", run: deleteDefaultSet("rsc_defaults")},
		{path: area + " op defaults", usage: "[config] [--full] | <name>=<value>...", run: defaultsOf("op_defaults", area+" op defaults")},
		{path: area + " op defaults config", usage: "-", run: showDefaults("op_defaults")},
		{path: area + " op defaults update", usage: "<name>=<value>...", run: updateDefaults("op_defaults")},
		{path: area + " op defaults set create", usage: "[<set options>] [meta [<name>=<value>]...] [rule <expression>]", run: createDefaults("op_defaults")},
		{path: area + " op defaults set update", usage: "<set id> [meta [<name>=<value>]...]", run: updateDefaultSet("op_defaults")},
		{path: area + " op defaults set delete", usage: "[<set id>]...", run: deleteDefaultSet("op_defaults")},
		{path: area + " op defaults set remove", usage: "[<set id>]...", run: deleteDefaultSet("op_defaults")},
	}
}

// own are the options that the cluster writes itself and pcs does not offer.
var own = []string{"cluster-infrastructure", "cluster-name", "dc-version", "have-watchdog", "last-lrm-refresh"}

// properties shows cluster options.
func (s *shell) properties(args []string) error {
	all, unset := s.opt.has("all"), s.opt.has("defaults")
	if len(args) > 1 || len(args) == 1 && (all || unset) || all && unset {
		return usageError{"property"}
	}
	show := map[string]string{}
	if all || unset {
		for _, d := range defaults {
			show[d.name] = d.value
		}
	}
	if !unset {
		for set := range s.conf("crm_config").Named("cluster_property_set") {
			for nv := range set.Named("nvpair") {
				show[nv.Get("name")] = nv.Get("value")
			}
		}
	}
	if len(args) == 1 {
		v, ok := show[args[0]]
		if !ok {
			v, ok = value(defaults, args[0])
		}
		show = map[string]string{}
		if ok {
			show[args[0]] = v
		}
	}
	s.print("Cluster Properties:\n")
	var names []string
	for name := range show {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s.print(" %s: %s\n", name, show[name])
	}
	s.nodeProperties(args)
	return nil
}

// nodeProperties shows the permanent attributes of nodes, as 0.9 does below the options.
func (s *shell) nodeProperties(args []string) {
	if len(args) > 0 {
		return
	}
	var lines []string
	for n := range s.conf("nodes").Named("node") {
		if ps := pairsOf(n, "instance_attributes"); len(ps) > 0 && s.opt.has("node") {
			lines = append(lines, " "+n.Get("uname")+": "+joined(ps))
		}
	}
	if len(lines) > 0 {
		s.print("Node Attributes:\n%s\n", strings.Join(lines, "\n"))
	}
}

// setProperty gives cluster options values; an empty one removes an option.
func (s *shell) setProperty(args []string) error {
	if len(args) == 0 {
		return usageError{"property set"}
	}
	ps, err := pairs(args)
	if err != nil {
		return err
	}
	if node := s.opt.get("node"); node != "" {
		return s.setNodePairs(node, "instance_attributes", "", ps)
	}
	set := s.conf("crm_config").ChildID("cluster_property_set", cib.BootstrapSet)
	var absent, unknown []string
	for _, p := range ps {
		if _, there := value(pairsIn(set), p.name); p.value == "" && !there {
			absent = append(absent, p.name)
		}
		if p.value == "" {
			continue
		}
		o, known := cib.ClusterOption(p.name)
		if !known || slices.Contains(own, p.name) {
			unknown = append(unknown, p.name)
			continue
		}
		s.checkOption(o, p)
	}
	s.absentOptions(absent)
	s.unknownOptions("cluster property", unknown, offered())
	if err := s.verdict(); err != nil {
		return err
	}
	s.putPairs("crm_config", "cluster_property_set", cib.BootstrapSet, ps)
	return nil
}

// unsetProperty removes cluster options.
func (s *shell) unsetProperty(args []string) error {
	if len(args) == 0 {
		return usageError{"property unset"}
	}
	ps := make([]pair, len(args))
	var absent []string
	set := s.conf("crm_config").ChildID("cluster_property_set", cib.BootstrapSet)
	for i, name := range args {
		ps[i] = pair{name: name}
		if _, there := value(pairsIn(set), name); !there {
			absent = append(absent, name)
		}
	}
	s.absentOptions(absent)
	if err := s.verdict(); err != nil {
		return err
	}
	s.putPairs("crm_config", "cluster_property_set", cib.BootstrapSet, ps)
	return nil
}

// absentOptions says that options cannot be removed, not being there.
func (s *shell) absentOptions(names []string) {
	if len(names) == 0 {
		return
	}
	word, they := "property", "it is"
	if len(names) > 1 {
		word, they = "properties", "they are"
	}
	s.doubt("Cannot remove %s %s, %s not present in property set '%s'", word, quote(names), they, cib.BootstrapSet)
}

// unknownOptions says that options are not known, and which are.
func (s *shell) unknownOptions(what string, names, known []string) {
	switch len(names) {
	case 0:
		return
	case 1:
		s.doubt("invalid %s option %s, allowed options are: %s", what, quote(names), quote(known))
	default:
		s.doubt("invalid %s options: %s, allowed options are: %s", what, quote(names), quote(known))
	}
}

// offered are the cluster options that users may set.
func offered() []string {
	var out []string
	for _, d := range defaults {
		if !slices.Contains(own, d.name) {
			out = append(out, d.name)
		}
	}
	return out
}

// checkOption judges the value of a cluster option.
func (s *shell) checkOption(o cib.Option, p pair) {
	ok, want := true, ""
	switch o.Type {
	case cib.TypeBool:
		_, err := cib.ParseBool(p.value)
		ok, want = err == nil, "a pacemaker boolean value: '0', '1', 'false', 'n', 'no', 'off', 'on', 'true', 'y', 'yes'"
	case cib.TypeDuration:
		_, err := cib.ParseDuration(p.value)
		ok, want = err == nil, "time interval (e.g. 1, 2s, 3m, 4h, ...)"
	case cib.TypeScore:
		_, err := cib.ParseScore(p.value)
		ok, want = err == nil, "integer or INFINITY or -INFINITY"
	case cib.TypeInt:
		ok, want = isInteger(p.value), "an integer"
	case cib.TypeChoice:
		ok, want = slices.Contains(choices(p.name), p.value), quote(choices(p.name))
	}
	if !ok {
		s.doubt("'%s' is not a valid %s value, use %s", p.value, p.name, want)
	}
}

// isInteger tells whether a text is a whole number.
func isInteger(v string) bool {
	digits := strings.TrimLeft(v, "+-")
	return digits != "" && strings.Trim(digits, "0123456789") == "" && len(v)-len(digits) <= 1
}

// pairsIn lists the pairs of one set.
func pairsIn(set *cib.Elem) []pair {
	var out []pair
	for nv := range set.Named("nvpair") {
		out = append(out, pair{nv.Get("name"), nv.Get("value")})
	}
	return out
}

// putPairs gives the first set of a section values, in the order given.
func (s *shell) putPairs(section, tag, setID string, ps []pair) {
	sec := s.conf(section)
	set := sec.ChildID(tag, setID)
	if set == nil {
		set = sec.Child(tag)
	}
	fresh := set == nil
	if fresh {
		set = cib.New(tag, attr("id", s.fresh(setID)))
	}
	set = s.editedInOrder(set, ps)
	switch {
	case fresh && len(set.Kids()) == 0:
		return
	case fresh:
		sec = sec.Append(set)
	default:
		sec = replaceKid(sec, set)
	}
	s.putConf(sec)
}

// replaceKid exchanges the child with the same name and id.
func replaceKid(owner, kid *cib.Elem) *cib.Elem {
	kids := slices.Clone(owner.Kids())
	for i, k := range kids {
		if k.Name() == kid.Name() && k.ID() == kid.ID() {
			kids[i] = kid
			return owner.WithKids(kids)
		}
	}
	return owner.Append(kid)
}

// editedInOrder is edited, with new pairs in the order given.
func (s *shell) editedInOrder(set *cib.Elem, ps []pair) *cib.Elem {
	for _, p := range ps {
		set = s.edited(set, []pair{p})
	}
	return set
}
