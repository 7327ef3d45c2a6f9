package pcs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
)

// stonithCommands are those about fencing.
func stonithCommands() []command {
	return []command{
		{path: "stonith", usage: "[status [<resource id>] [node=<node>] [--hide-inactive]]", run: bare((*shell).stonithStatus, "stonith")},
		{path: "stonith status", usage: "-", run: (*shell).stonithStatus},
		{path: "stonith show", usage: "-", run: (*shell).stonithShow},
		{path: "stonith config", usage: "[--output-format text|cmd|json] [<stonith id>]...", run: configOf(true)},
		{path: "stonith create", usage: "<stonith id> <stonith device type> [stonith device options] [op <operation action> <operation options>...] [meta <meta options>...] [--group <group id>] [--disabled] [--wait[=n]]", run: (*shell).createStonith},
		{path: "stonith update", usage: "<stonith id> [stonith options] [op <operation action> <operation options>...] [meta <meta options>...] [--wait[=n]]", run: updateOf(true)},
		{path: "stonith delete", usage: "<stonith id>", run: (*shell).remove},
		{path: "stonith remove", usage: "<stonith id>", run: (*shell).remove},
		{path: "stonith enable", usage: "<stonith id>... [--wait[=n]]", run: (*shell).enable},
		{path: "stonith disable", usage: "<stonith id>... [--wait[=n]]", run: (*shell).disable},
		{path: "stonith meta", usage: "<stonith id> <meta options> [--wait[=n]]", run: (*shell).setMeta},
		{path: "stonith op add", usage: "<stonith id> <operation action> [operation properties]", run: (*shell).addOp},
		{path: "stonith op delete", usage: "<stonith id> <operation action> [<operation properties>...] | <operation id>", run: (*shell).deleteOp},
		{path: "stonith op remove", usage: "<stonith id> <operation action> [<operation properties>...] | <operation id>", run: (*shell).deleteOp},
		{path: "stonith list", usage: "[filter] [--nodesc]", run: (*shell).listStonith, apart: true},
		{path: "stonith describe", usage: "<stonith agent> [--full]", run: (*shell).describeStonith, apart: true},
		{path: "stonith level", usage: "[config]", run: (*shell).levels},
		{path: "stonith level config", usage: "-", run: (*shell).levels},
		{path: "stonith level add", usage: "<level> <target> <stonith id> [stonith id]...", run: (*shell).addLevel},
		{path: "stonith level delete", usage: "<level> [target <target>] [stonith <stonith id>...]", run: (*shell).deleteLevel},
		{path: "stonith level remove", usage: "<level> [target <target>] [stonith <stonith id>...]", run: (*shell).deleteLevel},
		{path: "stonith level clear", usage: "[target <target> | stonith <stonith id>...]", run: (*shell).clearLevels},
		{path: "stonith level verify", run: (*shell).verifyLevels},
		{path: "stonith fence", usage: "<node> [--off]", run: (*shell).fence, apart: true},
		{path: "stonith confirm", usage: "<node> [--force]", run: (*shell).confirm, apart: true},
		{path: "stonith history", usage: "[show [<node>]]", run: (*shell).fenceHistory, apart: true},
		{path: "stonith history show", usage: "-", run: (*shell).fenceHistory, apart: true},
		{path: "stonith history cleanup", usage: "[<node>]", run: (*shell).cleanupHistory, apart: true},
		{path: "stonith history update", run: (*shell).updateHistory, apart: true},
		{path: "stonith cleanup", usage: "[<resource id | stonith id>] [node=<node>] [operation=<operation> [interval=<interval>]] [--strict]", run: (*shell).cleanup},
		{path: "stonith refresh", usage: "[<resource id | stonith id>] [node=<node>] [--strict]", run: (*shell).refresh},
		{path: "stonith failcount", usage: "[show [<resource id>] [node=<node>]] [--full]", run: (*shell).allFailcounts},
		{path: "stonith failcount show", usage: "-", run: (*shell).failcount},
	}
}

// createStonith makes a fence device.
func (s *shell) createStonith(args []string) error {
	if err := need(args, 2, -1, "stonith create"); err != nil {
		return err
	}
	c := &creation{id: args[0], name: agent.Name{Class: "stonith", Type: strings.TrimPrefix(args[1], "stonith:")}}
	if err := s.readCreation(c, args[2:]); err != nil {
		return err
	}
	if err := s.metadata(c); err != nil {
		return err
	}
	if s.validID(c.id, "stonith name"); s.wrong > 0 {
		return errDone
	}
	if s.taken(c.id) {
		return fmt.Errorf("'%s' already exists", c.id)
	}
	s.judgeParams(c.name, c.meta, c.params, "stonith")
	if v, ok := value(c.params, "action"); ok && v != "" {
		s.doubt("stonith option 'action' is deprecated and should not be used, use 'pcmk_off_action', 'pcmk_reboot_action' instead")
	}
	return s.finish(c)
}

// level is what a fencing level is for.
type level struct{ attrs []pair }

// title is the target as it is shown.
func (l level) title() string {
	if v, ok := value(l.attrs, "target-attribute"); ok {
		w, _ := value(l.attrs, "target-value")
		return v + "=" + w
	}
	return l.attrs[0].value
}

// levelOf is the target of a configured level.
func levelOf(e *cib.Elem) level {
	for _, a := range []string{"target", "target-pattern"} {
		if v := e.Get(a); v != "" {
			return level{[]pair{{a, v}}}
		}
	}
	return level{[]pair{{"target-attribute", e.Get("target-attribute")}, {"target-value", e.Get("target-value")}}}
}

// same tells whether two targets are one.
func (l level) same(o level) bool { return slices.Equal(l.attrs, o.attrs) }

// readTarget reads a target: NODE, regexp%PATTERN or attrib%NAME=VALUE.
func readTarget(word string) (level, error) {
	if p, ok := strings.CutPrefix(word, "regexp%"); ok {
		return level{[]pair{{"target-pattern", p}}}, nil
	}
	if p, ok := strings.CutPrefix(word, "attrib%"); ok {
		name, v, ok := strings.Cut(p, "=")
		if !ok {
			return level{}, fmt.Errorf("missing value of '%s' option", p)
		}
		return level{[]pair{{"target-attribute", name}, {"target-value", v}}}, nil
	}
	return level{[]pair{{"target", strings.TrimPrefix(word, "node%")}}}, nil
}

// levels shows the fencing levels.
func (s *shell) levels([]string) error {
	s.print("%s", s.levelsText(""))
	return nil
}

// levelsText are the fencing levels by target.
func (s *shell) levelsText(indent string) string {
	var targets []level
	for e := range s.conf("fencing-topology").Named("fencing-level") {
		if l := levelOf(e); !slices.ContainsFunc(targets, l.same) {
			targets = append(targets, l)
		}
	}
	rank := func(l level) int {
		return slices.Index([]string{"target", "target-pattern", "target-attribute"}, l.attrs[0].name)
	}
	slices.SortStableFunc(targets, func(a, b level) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a.title(), b.title())
	})
	b := ""
	for _, t := range targets {
		word := "Target: "
		if t.attrs[0].name == "target-pattern" {
			word = "Target (regexp): "
		}
		b += indent + word + t.title() + "\n"
		var list []*cib.Elem
		for e := range s.conf("fencing-topology").Named("fencing-level") {
			if levelOf(e).same(t) {
				list = append(list, e)
			}
		}
		slices.SortStableFunc(list, func(a, b *cib.Elem) int { return number(a) - number(b) })
		for _, e := range list {
			b += indent + "  Level " + e.Get("index") + " - " + e.Get("devices") + "\n"
		}
	}
	return b
}

// number is a level's place in the order, 0 if it is none.
func number(e *cib.Elem) int {
	n, err := strconv.Atoi(e.Get("index"))
	if err != nil {
		return 0
	}
	return n
}

// devices reads fence devices, one a word; commas are the old way.
func (s *shell) devices(words []string) []string {
	var out []string
	for _, w := range words {
		if strings.Contains(w, ",") {
			s.warn("Deprecation Warning: Delimiting stonith devices with ',' is deprecated and will be removed. Please use a space to delimit stonith devices.")
		}
		out = append(out, strings.Split(w, ",")...)
	}
	return out
}

// levelNumber judges the number of a level.
func (s *shell) levelNumber(word string) int {
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 {
		s.fault("'%s' is not a valid level value, use a positive integer", word)
	}
	return n
}

// addLevel makes a fencing level.
func (s *shell) addLevel(args []string) error {
	if err := need(args, 3, -1, "stonith level add"); err != nil {
		return err
	}
	t, err := readTarget(args[1])
	if err != nil {
		return err
	}
	devices := s.devices(args[2:])
	n := s.levelNumber(args[0])
	if t.attrs[0].name == "target" && s.node(t.attrs[0].value) == nil {
		s.doubt("Node '%s' does not appear to exist in configuration", t.attrs[0].value)
	}
	var missing []string
	for _, d := range devices {
		if p := s.exact(d); p == nil || !isStonith(p.Elem) {
			missing = append(missing, d)
		}
	}
	if len(missing) > 0 {
		s.doubt("Stonith resource(s) %s do not exist", quote(missing))
	}
	if err := s.verdict(); err != nil {
		return err
	}
	for e := range s.conf("fencing-topology").Named("fencing-level") {
		if levelOf(e).same(t) && number(e) == n && e.Get("devices") == strings.Join(devices, ",") {
			return s.refuse("Fencing level for '%s' at level '%d' with device(s) %s already exists", t.title(), n, quote(devices))
		}
	}
	id := t.attrs[0].value
	e := cib.New("fencing-level", attr("id", s.fresh("fl-"+idWord(id)+"-"+strconv.Itoa(n))), attr("index", strconv.Itoa(n)), attr("devices", strings.Join(devices, ",")))
	for _, p := range t.attrs {
		e = e.With(p.name, p.value)
	}
	s.putConf(s.conf("fencing-topology").Append(e))
	return nil
}

// levelFilter reads what levels are meant: "target T", "stonith S…", or the old words.
func (s *shell) levelFilter(args []string, old string) (targets []level, devices []string, err error) {
	if len(args) == 0 {
		return nil, nil, nil
	}
	if args[0] != "target" && args[0] != "stonith" {
		s.warn("Deprecation Warning: Syntax '%s", old)
		t, err := readTarget(args[0])
		if err == nil && s.exact(t.title()) == nil {
			targets = append(targets, t)
			args = args[1:]
		}
		return targets, s.devices(args), err
	}
	_, parts := split(args, "target", "stonith")
	for _, p := range parts {
		if p.key == "stonith" {
			devices = append(devices, s.devices(p.words)...)
			continue
		}
		if len(p.words) != 1 {
			return nil, nil, usageError{"stonith level"}
		}
		t, err := readTarget(p.words[0])
		if err != nil {
			return nil, nil, err
		}
		targets = append(targets, t)
	}
	return targets, devices, nil
}

// dropLevels removes levels; 0 means any number.
func (s *shell) dropLevels(n int, targets []level, devices []string) int {
	return s.drop("fencing-topology", func(e *cib.Elem) bool {
		if e.Name() != "fencing-level" || n > 0 && number(e) != n {
			return false
		}
		if len(targets) > 0 && !slices.ContainsFunc(targets, levelOf(e).same) {
			return false
		}
		return len(devices) == 0 || e.Get("devices") == strings.Join(devices, ",")
	})
}

// deleteLevel removes fencing levels.
func (s *shell) deleteLevel(args []string) error {
	if len(args) == 0 {
		return usageError{"stonith level delete"}
	}
	n := s.levelNumber(args[0])
	targets, devices, err := s.levelFilter(args[1:], "pcs stonith level delete | remove <level> [<target>] [<stonith id>...]' is deprecated and will be removed. Please use 'pcs stonith level delete | remove <level> [target <target>] [stonith <stonith id>...]'.")
	if err == nil {
		err = s.verdict()
	}
	if err != nil {
		return err
	}
	if s.dropLevels(n, targets, devices) > 0 {
		return nil
	}
	words := "Fencing level"
	if len(targets) > 0 {
		words += " for '" + targets[0].title() + "'"
	}
	words += fmt.Sprintf(" at level '%d'", n)
	if len(devices) > 0 {
		words += " with device(s) " + quote(devices)
	}
	return s.refuse("%s does not exist", words)
}

// clearLevels removes all levels, or those of a target or of devices.
func (s *shell) clearLevels(args []string) error {
	targets, devices, err := s.levelFilter(args, "pcs stonith level clear [<target> | <stonith id(s)>] is deprecated and will be removed. Please use 'pcs stonith level clear [target <target>] | [stonith <stonith id>...]'.")
	if err != nil {
		return err
	}
	s.dropLevels(0, targets, devices)
	return nil
}

// verifyLevels checks that what levels name is there.
func (s *shell) verifyLevels([]string) error {
	for e := range s.conf("fencing-topology").Named("fencing-level") {
		var missing []string
		for _, d := range strings.Split(e.Get("devices"), ",") {
			if p := s.exact(d); p == nil || !isStonith(p.Elem) {
				missing = append(missing, d)
			}
		}
		if len(missing) > 0 {
			s.fault("Stonith resource(s) %s do not exist", quote(missing))
		}
		if t := e.Get("target"); t != "" && s.node(t) == nil {
			s.fault("Node '%s' does not appear to exist in configuration", t)
		}
	}
	return s.verdict()
}
