package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// configOf shows the configuration of resources, or of fence devices.
func configOf(stonith bool) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		list := s.configured(stonith)
		if len(args) > 0 {
			list = nil
			for _, id := range args {
				p := s.exact(id)
				switch {
				case p == nil:
					s.warn("Warning: Unable to find resource '%s'", id)
				case isStonith(p.Elem) != stonith:
					s.warn("Warning: Unable to find %s '%s'", map[bool]string{true: "stonith device", false: "resource"}[stonith], id)
				default:
					list = append(list, p.Elem)
				}
			}
			if len(list) == 0 {
				if stonith {
					return fmt.Errorf("No stonith device found")
				}
				return fmt.Errorf("No resource found")
			}
		}
		switch format := s.opt.get("output-format"); format {
		case "", "text":
			for _, e := range byKind(list) {
				s.print("%s", resourceText(e, ""))
			}
		case "cmd":
			s.print("%s", commandText(list))
		case "json":
			text, err := resourcesJSON(list)
			if err != nil {
				return err
			}
			s.print("%s\n", text)
		default:
			return fmt.Errorf("Unknown value '%s' for '--output-format' option. Supported values are: 'cmd', 'json', 'text'", format)
		}
		return nil
	}
}

// configured are the resources at the top, fence devices or others.
func (s *shell) configured(stonith bool) []*cib.Elem {
	var out []*cib.Elem
	for _, e := range inner(s.conf("resources")) {
		if isStonith(e) == stonith {
			out = append(out, e)
		}
	}
	return out
}

// byKind sorts resources as they are shown: primitives, groups, clones, bundles.
func byKind(list []*cib.Elem) []*cib.Elem {
	kinds := []string{"primitive", "group", "clone", "master", "bundle"}
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b *cib.Elem) int { return slices.Index(kinds, a.Name()) - slices.Index(kinds, b.Name()) })
	return out
}

// resourceText is a resource with all that is in it.
func resourceText(e *cib.Elem, indent string) string {
	var b strings.Builder
	switch e.Name() {
	case "primitive":
		b.WriteString(primitiveText(e, indent))
		return b.String()
	case "group":
		b.WriteString(indent + "Group: " + e.ID() + "\n")
	case "bundle":
		b.WriteString(indent + "Bundle: " + e.ID() + "\n" + bundleText(e, indent+"  "))
	default:
		b.WriteString(indent + "Clone: " + e.ID() + "\n")
	}
	if d := e.Get("description"); d != "" {
		b.WriteString(indent + "  Description: " + d + "\n")
	}
	b.WriteString(setsText(e, "instance_attributes", "Attributes", indent+"  "))
	b.WriteString(setsText(e, "meta_attributes", "Meta Attributes", indent+"  "))
	for _, k := range inner(e) {
		b.WriteString(resourceText(k, indent+"  "))
	}
	return b.String()
}

// primitiveText is a primitive.
func primitiveText(e *cib.Elem, indent string) string {
	words := []string{}
	for _, a := range []string{"class", "provider", "type"} {
		if v := e.Get(a); v != "" {
			words = append(words, a+"="+v)
		}
	}
	if t := e.Get("template"); t != "" {
		words = append(words, "template="+t)
	}
	b := indent + "Resource: " + e.ID() + " (" + strings.Join(words, " ") + ")\n"
	if d := e.Get("description"); d != "" {
		b += indent + "  Description: " + d + "\n"
	}
	b += setsText(e, "instance_attributes", "Attributes", indent+"  ")
	b += setsText(e, "meta_attributes", "Meta Attributes", indent+"  ")
	b += setsText(e, "utilization", "Utilization", indent+"  ")
	if ops := e.Child("operations"); ops != nil {
		b += indent + "  Operations:\n"
		for op := range ops.Named("op") {
			b += indent + "    " + op.Get("name") + ": " + op.ID() + "\n"
			for _, p := range opPairs(op) {
				b += indent + "      " + p.name + "=" + spaced(p.value) + "\n"
			}
		}
	}
	return b
}

// opPairs are what is shown of an operation, in that order.
func opPairs(op *cib.Elem) []pair {
	var out []pair
	put := func(names ...string) {
		for _, n := range names {
			if v := op.Get(n); v != "" {
				out = append(out, pair{n, v})
			}
		}
	}
	put("interval")
	out = append(out, sorted(pairsOf(op, "instance_attributes"))...)
	put("start-delay", "interval-origin", "timeout", "enabled", "record-pending", "role", "on-fail")
	return append(out, sorted(pairsOf(op, "meta_attributes"))...)
}

// setsText are the sets of a kind that an element has.
func setsText(e *cib.Elem, tag, title, indent string) string {
	var b strings.Builder
	for set := range e.Named(tag) {
		ps := sorted(pairsIn(set))
		if len(ps) == 0 && set.Child("rule") == nil {
			continue
		}
		head := indent + title + ": " + set.ID()
		if v := set.Get("score"); v != "" {
			head += " score=" + v
		}
		b.WriteString(head + "\n")
		for _, p := range ps {
			b.WriteString(indent + "  " + p.name + "=" + spaced(p.value) + "\n")
		}
		for rule := range set.Named("rule") {
			b.WriteString(ruleText(rule, indent+"  ", false, false))
		}
	}
	return b.String()
}

// bundleText are the container, network and mappings of a bundle.
func bundleText(e *cib.Elem, indent string) string {
	var b strings.Builder
	if box := boxOf(e); box != nil {
		title := strings.ToUpper(box.Name()[:1]) + box.Name()[1:]
		b.WriteString(indent + title + ": " + attrWords(box, containerOpts) + "\n")
	}
	order := []string{"ip-range-start", "control-port", "host-interface", "host-netmask", "add-host"}
	if n := e.Child("network"); n != nil {
		if words := attrWords(n, order); words != "" {
			b.WriteString(indent + "Network: " + words + "\n")
		}
		b.WriteString(mappings(n, "port-mapping", "Port Mapping", []string{"port", "internal-port", "range"}, indent))
	}
	if n := e.Child("storage"); n != nil {
		b.WriteString(mappings(n, "storage-mapping", "Storage Mapping", []string{"source-dir", "source-dir-root", "target-dir", "options"}, indent))
	}
	return b.String()
}

// mappings lists the mappings of a bundle.
func mappings(holder *cib.Elem, tag, title string, names []string, indent string) string {
	var b strings.Builder
	for m := range holder.Named(tag) {
		if b.Len() == 0 {
			b.WriteString(indent + title + ":\n")
		}
		b.WriteString(indent + "  " + attrWords(m, names) + " (" + m.ID() + ")\n")
	}
	return b.String()
}

// attrWords are attributes as NAME=VALUE.
func attrWords(e *cib.Elem, names []string) string {
	var out []string
	for _, n := range names {
		if v := e.Get(n); v != "" {
			out = append(out, n+"="+spaced(v))
		}
	}
	return strings.Join(out, " ")
}

// commandText are the commands that would make resources again.
func commandText(list []*cib.Elem) string {
	var cmds []string
	for _, e := range list {
		for _, p := range primitives(e) {
			cmds = append(cmds, createText(p))
		}
	}
	for _, kind := range []string{"bundle", "group", "clone"} {
		for _, e := range list {
			cmds = append(cmds, collectionText(e, kind)...)
		}
	}
	if len(cmds) == 0 {
		return ""
	}
	return strings.Join(cmds, ";\n") + "\n"
}

// createText is the command that makes a primitive.
func createText(e *cib.Elem) string {
	parts := []string{}
	name, what := e.Get("class"), "resource"
	if p := e.Get("provider"); p != "" {
		name += ":" + p
	}
	name += ":" + e.Get("type")
	if isStonith(e) {
		name, what = e.Get("type"), "stonith"
	}
	parts = append(parts, "pcs "+what+" create --no-default-ops --force -- "+e.ID()+" "+name)
	if ps := pairsOf(e, "instance_attributes"); len(ps) > 0 {
		parts = append(parts, "  "+shellWords(ps))
	}
	if ops := e.Child("operations"); ops != nil && ops.Child("op") != nil {
		parts = append(parts, "  op")
		for op := range ops.Named("op") {
			words := []string{op.Get("name"), "interval=" + op.Get("interval"), "id=" + op.ID()}
			for _, p := range opPairs(op)[1:] {
				if p.name == "OCF_CHECK_LEVEL" {
					continue
				}
				words = append(words, p.name+"="+p.value)
			}
			for _, p := range pairsOf(op, "instance_attributes") {
				words = append(words, p.name+"="+p.value)
			}
			parts = append(parts, "    "+strings.Join(words, " "))
		}
	}
	if ps := pairsOf(e, "meta_attributes"); len(ps) > 0 {
		parts = append(parts, "  meta "+shellWords(ps))
	}
	return strings.Join(parts, " \\\n")
}

// shellWords are pairs as words of a shell, in order of their names.
func shellWords(ps []pair) string {
	var out []string
	for _, p := range sorted(ps) {
		w := p.name + "=" + p.value
		if strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_") != "" {
			w = "'" + strings.ReplaceAll(w, "'", `'"'"'`) + "'"
		}
		out = append(out, w)
	}
	return strings.Join(out, " ")
}

// collectionText are the commands that make the collections of a kind.
func collectionText(e *cib.Elem, kind string) []string {
	var out []string
	for _, k := range inner(e) {
		out = append(out, collectionText(k, kind)...)
	}
	if e.Name() != kind && (e.Name() != "master" || kind != "clone") {
		return out
	}
	switch kind {
	case "group":
		var ids []string
		for _, k := range inner(e) {
			ids = append(ids, k.ID())
		}
		out = append(out, "pcs resource group add "+e.ID()+" \\\n  "+strings.Join(ids, " "))
		if ps := pairsOf(e, "meta_attributes"); len(ps) > 0 {
			out = append(out, "pcs resource meta "+e.ID()+" \\\n  "+shellWords(ps))
		}
	case "clone":
		line := "pcs resource clone " + inner(e)[0].ID() + " " + e.ID()
		if ps := pairsOf(e, "meta_attributes"); len(ps) > 0 {
			line += " \\\n  meta " + shellWords(ps)
		}
		out = append(out, line)
	case "bundle":
		box := boxOf(e)
		out = append(out, "pcs resource bundle create "+e.ID()+" \\\n  container "+box.Name()+" "+attrWords(box, containerOpts))
	}
	return out
}
