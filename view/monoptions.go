package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mainstay/cib"
)

// Format is what a display is written as.
type Format string

// The formats of crm_mon.
const (
	FormatText    Format = "text"
	FormatConsole Format = "console" // stay and refresh
	FormatXML     Format = "xml"
	FormatHTML    Format = "html"
	FormatNone    Format = "none"   // no output, only --external-agent
	FormatSimple  Format = "simple" // one line for monitoring systems
	FormatJSON    Format = "json"   // ours
)

// MonRequest is a command line of crm_mon.
type MonRequest struct {
	Options   Options
	Format    Format
	OutputTo  string // file, "" or "-" for standard output
	OneShot   bool
	IntervalS int // seconds between displays
	Daemon    bool
	PidFile   string
	Agent     string // --external-agent
	Recipient string // --external-recipient
	Watch     bool   // --watch-fencing
	CGI       bool   // --html-cgi: an HTTP header in front
	Title     string // --html-title
	Refresh   int    // --html refresh, seconds
	Help      bool
	Version   bool
	Args      []string // as given, for the XML head
}

// monFlag is one option of crm_mon: what it is called, whether it has a value
// ("?" if the value is optional and must be attached), and what it does.
type monFlag struct {
	short string
	long  string
	value string // "", "=", "?"
	apply func(*monParser, string) error
}

// monParser collects what the options say; sections are applied in the end.
type monParser struct {
	r       MonRequest
	changes []sectionChange // in order
	extra   []Section       // from options such as -f
}

// sectionChange is one --include or --exclude.
type sectionChange struct {
	add  bool
	name string
}

// MonOptions reads a command line of crm_mon(8), without the program's name.
// An error says which argument is wrong and what is possible.
func MonOptions(args []string) (MonRequest, error) {
	p := &monParser{r: MonRequest{IntervalS: 5, Args: slices.Clone(args)}}
	flags := monFlags()
	for i := 0; i < len(args); i++ {
		used, err := p.argument(flags, args[i:])
		if err != nil {
			return p.r, err
		}
		i += used
	}
	if p.r.Format == "" {
		p.r.Format = FormatConsole
		if p.r.OneShot {
			p.r.Format = FormatText
		}
	}
	sections, err := p.sections()
	p.r.Options.Sections = sections
	return p.r, err
}

// argument takes one word in and says how many of the next ones belong to it.
func (p *monParser) argument(flags []monFlag, args []string) (int, error) {
	a := args[0]
	switch {
	case strings.HasPrefix(a, "--"):
		name, value, has := strings.Cut(a[2:], "=")
		f := findFlag(flags, func(f monFlag) bool { return f.long == name })
		if f == nil {
			return 0, fmt.Errorf("unknown option --%s", name)
		}
		return p.use(f, "--"+name, value, has, args[1:])
	case strings.HasPrefix(a, "-") && len(a) > 1:
		for rest := a[1:]; rest != ""; rest = rest[1:] {
			c := rest[:1]
			f := findFlag(flags, func(f monFlag) bool { return f.short == c })
			if f == nil {
				return 0, fmt.Errorf("unknown option -%s", c)
			}
			if f.value != "" {
				value := strings.TrimPrefix(rest[1:], "=")
				return p.use(f, "-"+c, value, rest[1:] != "", args[1:])
			}
			if err := f.apply(p, ""); err != nil {
				return 0, err
			}
		}
		return 0, nil
	}
	return 0, fmt.Errorf("unexpected argument %q", a)
}

// use applies an option with its value, attached or in the next word.
func (p *monParser) use(f *monFlag, name, value string, attached bool, next []string) (int, error) {
	used := 0
	switch {
	case f.value == "" && attached:
		return 0, fmt.Errorf("%s takes no value", name)
	case f.value == "=" && !attached:
		if len(next) == 0 {
			return 0, fmt.Errorf("%s needs a value", name)
		}
		value, used = next[0], 1
	case f.value == "?" && !attached && len(next) > 0 && !strings.HasPrefix(next[0], "-"):
		value, used = next[0], 1
	}
	return used, f.apply(p, value)
}

func findFlag(flags []monFlag, is func(monFlag) bool) *monFlag {
	if i := slices.IndexFunc(flags, is); i >= 0 {
		return &flags[i]
	}
	return nil
}

// monFlags are the options.
func monFlags() []monFlag {
	set := func(do func(*MonRequest)) func(*monParser, string) error {
		return func(p *monParser, _ string) error { do(&p.r); return nil }
	}
	text := func(do func(*MonRequest, string)) func(*monParser, string) error {
		return func(p *monParser, v string) error { do(&p.r, v); return nil }
	}
	section := func(list ...Section) func(*monParser, string) error {
		return func(p *monParser, _ string) error { p.extra = append(p.extra, list...); return nil }
	}
	return []monFlag{
		{"?", "help", "", set(func(r *MonRequest) { r.Help = true })},
		{"", "help-all", "", set(func(r *MonRequest) { r.Help = true })},
		{"$", "version", "", set(func(r *MonRequest) { r.Version = true })},
		{"V", "verbose", "", set(func(*MonRequest) {})},
		{"Q", "quiet", "", set(func(r *MonRequest) { r.Options.Quiet = true })},
		{"i", "interval", "=", (*monParser).interval},
		{"1", "one-shot", "", set(func(r *MonRequest) { r.OneShot = true })},
		{"d", "daemonize", "", set(func(r *MonRequest) { r.Daemon = true })},
		{"p", "pid-file", "=", text(func(r *MonRequest, v string) { r.PidFile = v })},
		{"E", "external-agent", "=", text(func(r *MonRequest, v string) { r.Agent = v })},
		{"e", "external-recipient", "=", text(func(r *MonRequest, v string) { r.Recipient = v })},
		{"W", "watch-fencing", "", set(func(r *MonRequest) { r.Watch = true })},
		{"I", "include", "=", (*monParser).include},
		{"U", "exclude", "=", (*monParser).exclude},
		{"", "node", "=", text(func(r *MonRequest, v string) { r.Options.Node = v })},
		{"", "resource", "=", text(func(r *MonRequest, v string) { r.Options.Resource = v })},
		{"n", "group-by-node", "", set(func(r *MonRequest) { r.Options.GroupByNode = true })},
		{"r", "inactive", "", set(func(r *MonRequest) { r.Options.Inactive = true })},
		{"f", "failcounts", "", section(Failcounts)},
		{"o", "operations", "", section(Operations)},
		{"t", "timing-details", "", func(p *monParser, _ string) error {
			p.r.Options.Timing, p.extra = true, append(p.extra, Operations)
			return nil
		}},
		{"c", "tickets", "", section(Tickets)},
		{"m", "fence-history", "?", (*monParser).fenceHistory},
		{"L", "neg-locations", "?", func(p *monParser, v string) error {
			p.r.Options.BanPrefix, p.extra = v, append(p.extra, Bans)
			return nil
		}},
		{"A", "show-node-attributes", "", section(Attributes)},
		{"D", "hide-headers", "", set(func(r *MonRequest) { r.Options.HideHeaders = true })},
		{"R", "show-detail", "", set(func(r *MonRequest) { r.Options.Detail = true })},
		{"", "show-description", "", set(func(*MonRequest) {})},
		{"b", "brief", "", set(func(r *MonRequest) { r.Options.Brief = true })},
		{"j", "pending", "", set(func(r *MonRequest) { r.Options.Pending = true })},
		{"s", "simple-status", "", set(func(r *MonRequest) { r.Format, r.OneShot = FormatSimple, true })},
		{"X", "as-xml", "", set(func(r *MonRequest) { r.Format, r.OneShot = FormatXML, true })},
		{"h", "as-html", "=", text(func(r *MonRequest, v string) { r.Format, r.OutputTo = FormatHTML, v })},
		{"N", "disable-ncurses", "", set(func(r *MonRequest) { r.Format = FormatText })},
		{"w", "web-cgi", "", set(func(r *MonRequest) { r.Format, r.CGI, r.OneShot = FormatHTML, true, true })},
		{"", "output-as", "=", (*monParser).outputAs},
		{"", "output-to", "=", text(func(r *MonRequest, v string) { r.OutputTo = v })},
		{"", "html-cgi", "", set(func(r *MonRequest) { r.CGI = true })},
		{"", "html-title", "=", text(func(r *MonRequest, v string) { r.Title = v })},
		{"", "html-stylesheet", "=", text(func(*MonRequest, string) {})},
		{"", "text-fancy", "", set(func(*MonRequest) {})},
		{"", "simple-list", "", set(func(*MonRequest) {})},
	}
}

func (p *monParser) interval(v string) error {
	d, err := cib.ParseDuration(v)
	if err != nil || d <= 0 {
		return fmt.Errorf("--interval=%s: want a time span such as 5 or 10s", v)
	}
	p.r.IntervalS = max(1, int(d.Seconds()))
	return nil
}

func (p *monParser) outputAs(v string) error {
	switch f := Format(v); f {
	case FormatText, FormatConsole, FormatXML, FormatHTML, FormatNone, FormatJSON:
		p.r.Format = f
		if f != FormatConsole {
			p.r.OneShot = p.r.OneShot || f == FormatXML || f == FormatJSON
		}
		return nil
	}
	return fmt.Errorf("--output-as=%s: want console, text, xml, html, json or none", v)
}

// fenceHistory is -m: 0 nothing, 1 failures and what is pending, 2 successes
// too, 3 the whole history.
func (p *monParser) fenceHistory(v string) error {
	level := 2
	if v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 3 {
			return fmt.Errorf("--fence-history=%s: want 0, 1, 2 or 3", v)
		}
		level = n
	}
	for i, s := range []Section{FencingFailures, FencingPendings, FencingSuccesses} {
		add := level >= 1
		if i == 2 {
			add = level >= 2
		}
		p.changes = append(p.changes, sectionChange{add, string(s)})
	}
	p.r.Options.FullFencing = level == 3
	return nil
}

func (p *monParser) include(v string) error { return p.change(true, v) }
func (p *monParser) exclude(v string) error { return p.change(false, v) }

// change notes a comma-separated list of sections.
func (p *monParser) change(add bool, list string) error {
	for _, name := range strings.Split(list, ",") {
		name = strings.TrimSpace(name)
		base, _, _ := strings.Cut(name, ":")
		if _, ok := sectionGroups()[base]; !ok {
			return fmt.Errorf("no section is called %q; there are %s", name, strings.Join(sectionNames(), ", "))
		}
		p.changes = append(p.changes, sectionChange{add, name})
	}
	return nil
}

// sectionGroups are the names that --include and --exclude take.
func sectionGroups() map[string][]Section {
	g := map[string][]Section{
		"all": nil, "none": nil, "default": nil, "defaults": nil,
		"fencing":         {FencingFailures, FencingPendings, FencingSuccesses},
		"fencing-pending": {FencingPendings},
		"summary":         {Counts, DC, MaintMode, ClusterOptions, Stack, Times},
	}
	for s := range allSections() {
		g[string(s)] = []Section{s}
	}
	return g
}

// sectionNames are the names in order.
func sectionNames() []string {
	var out []string
	for n := range sectionGroups() {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// sections works out what is shown: the format's default, then the single
// options, then --include and --exclude from left to right.
func (p *monParser) sections() (map[Section]bool, error) {
	s := p.defaults()
	for _, x := range p.extra {
		s[x] = true
	}
	for _, c := range p.changes {
		base, arg, _ := strings.Cut(c.name, ":")
		switch {
		case base == "default" || base == "defaults":
			if !c.add {
				return nil, fmt.Errorf("default sections can be included, not excluded")
			}
			s = p.defaults()
		case base == "all" || base == "none":
			s = map[Section]bool{}
			if c.add == (base == "all") {
				s = allSections()
			}
		default:
			if base == string(Bans) && arg != "" {
				p.r.Options.BanPrefix = arg
			}
			for _, x := range sectionGroups()[base] {
				s[x] = c.add
			}
		}
	}
	if p.r.Options.HideHeaders {
		for _, x := range sectionGroups()["summary"] {
			s[x] = false
		}
	}
	return s, nil
}

// defaults are the sections of the format.
func (p *monParser) defaults() map[Section]bool {
	if p.r.Format == FormatXML || p.r.Format == FormatJSON {
		return allSections()
	}
	return DefaultSections()
}
