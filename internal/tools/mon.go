package tools

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mainstay/cib"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/view"
)

// monOptions are crm_mon's.
type monOptions struct {
	args                []string
	once, asXML, simple bool
	interval, format    string
	view                view.Options
	changes             []sectionChange // in the order in which they were given
	ops, failcounts     bool
	attributes, bans    bool
	tickets             bool
	fencing             string // level of the fencing history
	sink                sink
	page                view.Page
}

// crmMon is crm_mon: the state of the cluster.
func crmMon(ctx context.Context, env *face.Env, args []string) face.Code {
	o := monOptions{args: args}
	f := newFlags(env, "show the state of the cluster")
	f.BoolVarP(&o.once, "one-shot", "1", false, "show it once and end")
	f.StringVarP(&o.interval, "interval", "i", "5", "how often to look (changes show at once)")
	f.StringVar(&o.format, "output-as", "text", "text, xml or html")
	f.BoolVarP(&o.asXML, "as-xml", "X", false, "")
	f.BoolVarP(&o.simple, "simple-status", "s", false, "one line")
	f.BoolVarP(&o.view.GroupByNode, "group-by-node", "n", false, "resources below their nodes")
	f.BoolVarP(&o.view.Inactive, "inactive", "r", false, "resources that run nowhere, too")
	f.BoolVarP(&o.view.Brief, "brief", "b", false, "counts instead of lists")
	f.BoolVarP(&o.view.Detail, "show-detail", "R", false, "node ids, clone instances")
	f.BoolVarP(&o.view.Timing, "timing-details", "t", false, "operation history with times")
	f.BoolVarP(&o.view.Pending, "pending", "j", false, "")
	f.BoolVarP(&o.view.HideHeaders, "hide-headers", "D", false, "no headers")
	f.BoolVarP(&o.ops, "operations", "o", false, "operation history")
	f.BoolVarP(&o.failcounts, "failcounts", "f", false, "fail counts")
	f.BoolVarP(&o.attributes, "show-node-attributes", "A", false, "node attributes")
	f.StringVarP(&o.view.BanPrefix, "neg-locations", "L", "", "bans whose id begins with this")
	f.optional("neg-locations", "\x00")
	f.BoolVarP(&o.tickets, "tickets", "c", false, "tickets")
	f.StringVarP(&o.view.Node, "node", "", "", "only this node")
	f.StringVarP(&o.view.Resource, "resource", "", "", "only this resource")
	f.VarP(&sectionList{&o.changes, true}, "include", "I", "sections to show, too")
	f.VarP(&sectionList{&o.changes, false}, "exclude", "U", "sections not to show")
	f.StringVarP(&o.fencing, "fence-history", "m", "1", "fencing: 0 none, 1 failures and pending, 2 successes, too, 3 all of it")
	f.BoolVarP(&o.view.Quiet, "quiet", "Q", false, "say less")
	f.optional("fence-history", "2")
	f.BoolP("disable-ncurses", "N", false, "")
	webCGI := f.BoolP("web-cgi", "w", false, "")
	f.BoolVar(&o.page.CGI, "html-cgi", false, "with the header that a web server expects of a program (with --output-as=html)")
	f.Bool("text-fancy", false, "")
	f.StringVar(&o.page.Stylesheet, "html-stylesheet", "", "address of a style sheet (with --output-as=html)")
	f.StringVar(&o.page.Title, "html-title", "", "title of the page (with --output-as=html)")
	o.sink.declare(f)
	f.hide("web-cgi", "text-fancy", "as-xml", "pending", "disable-ncurses")
	if code, done := f.parse(joinOptional(oldOutput(args), "-L", "--neg-locations", "-m", "--fence-history")); done {
		return code
	}
	if o.bans = f.Changed("neg-locations"); o.view.BanPrefix == "\x00" {
		o.view.BanPrefix = ""
	}
	if err := o.sections(); err != nil {
		return f.usage("%v", err)
	}
	if _, err := cib.ParseDuration(o.interval); err != nil {
		return f.usage("Invalid value for -i: %s\n  %v", o.interval, err)
	}
	switch {
	case o.asXML:
		o.format = "xml"
	case *webCGI || strings.HasSuffix(env.Name, ".cgi"):
		o.format, o.page.CGI = "html", true
	}
	if err := o.sink.check(); err != nil {
		return f.usage("%v", err)
	}
	if parent, err := o.sink.detach(env, args); parent || err != nil {
		return say(env, err)
	}
	watching := o.sink.daemonize || o.sink.agent != ""
	o.once = o.once || o.simple || !watching && o.format != "text" || env.CIBFile() != ""
	if d, err := cib.ParseDuration(o.interval); err == nil && !o.once {
		o.page.Refresh = itoa(int(d.Seconds()))
	}
	return monSay(env, o.run(ctx, env))
}

func monSay(env *face.Env, err error) face.Code {
	var none *face.NoCIB
	if errors.As(err, &none) {
		env.Errorf("%s\n  %v\n", noCIBText(none), none)
		return face.CodeOf(err)
	}
	if errors.Is(err, client.ErrNoDaemon) {
		env.Errorf("%s: Error: cluster is not available on this node\n", env.Name)
		return face.Disconnected
	}
	return say(env, err)
}

// sections turns options into a choice of sections.
func (o *monOptions) sections() error {
	s := view.DefaultSections()
	for section, on := range map[view.Section]bool{view.Operations: o.ops || o.view.Timing, view.Failcounts: o.failcounts || o.ops,
		view.Attributes: o.attributes, view.Bans: o.bans, view.Tickets: o.tickets} {
		if on {
			s[section] = true
		}
	}
	s[view.FencingFailures], s[view.FencingPendings] = o.fencing != "0", o.fencing != "0"
	s[view.FencingSuccesses], o.view.FullFencing = o.fencing == "2" || o.fencing == "3", o.fencing == "3"
	o.view.Pending = true
	o.view.Sections = s
	for _, c := range o.changes {
		if err := choose(s, c.name, c.on); err != nil {
			return err
		}
	}
	return nil
}

// sectionChange switches one section, or a set of them.
type sectionChange struct {
	name string
	on   bool
}

// sectionList is --include or --exclude: of what both say about a section, the last
// counts.
type sectionList struct {
	to *[]sectionChange
	on bool
}

// String implements pflag.Value.
func (l *sectionList) String() string { return "" }

// Type implements pflag.Value.
func (l *sectionList) Type() string { return "strings" }

// Set implements pflag.Value.
func (l *sectionList) Set(v string) error {
	for _, name := range strings.Split(v, ",") {
		*l.to = append(*l.to, sectionChange{name, l.on})
	}
	return nil
}

// choose switches one section, or a set of them, on or off.
func choose(s map[view.Section]bool, name string, on bool) error {
	every := []view.Section{view.Attributes, view.Bans, view.Counts, view.DC, view.Failcounts, view.Failures, view.FencingFailures,
		view.FencingPendings, view.FencingSuccesses, view.MaintMode, view.Nodes, view.Operations, view.ClusterOptions, view.Resources,
		view.Stack, view.Tickets, view.Times}
	switch name {
	case "all", "none":
		for _, e := range every {
			s[e] = on == (name == "all")
		}
		return nil
	case "default":
		for e := range view.DefaultSections() {
			s[e] = on
		}
		return nil
	case "summary":
		for _, e := range []view.Section{view.Stack, view.DC, view.Times, view.Counts, view.MaintMode, view.ClusterOptions} {
			s[e] = on
		}
		return nil
	case "fencing":
		for _, e := range []view.Section{view.FencingFailures, view.FencingPendings, view.FencingSuccesses} {
			s[e] = on
		}
		return nil
	}
	for _, e := range every {
		if string(e) == name {
			s[e] = on
			return nil
		}
	}
	return fmt.Errorf("no section %q", name)
}

// run shows the state once, or again after every change.
func (o *monOptions) run(ctx context.Context, env *face.Env) error {
	if !o.once {
		return o.watch(ctx, env)
	}
	text, err := o.render(ctx, env)
	if err != nil {
		return err
	}
	return o.sink.put(env, text)
}

func (o *monOptions) render(ctx context.Context, env *face.Env) (string, error) {
	f, err := Frame(ctx, env)
	if err != nil {
		return "", err
	}
	if o.simple {
		return simpleStatus(f), nil
	}
	opt := o.view
	if o.format == "xml" && len(o.changes) == 0 {
		opt.Sections = nil // everything
	}
	return Render(f, o.format, "crm_mon "+strings.Join(o.args, " "), opt, o.page)
}

// simpleStatus is the one line that monitoring plug-ins read.
func simpleStatus(f *view.Frame) string {
	online, offline := 0, ""
	for _, n := range f.Cluster.Nodes {
		switch {
		case n.Online:
			online++
		default:
			offline += " offline node: " + n.Name + ","
		}
	}
	warn := ""
	if f.Cluster.DC == "" {
		warn = " No DC,"
	}
	if warn+offline != "" {
		text := warn + offline
		return "CLUSTER WARN:" + text[:len(text)-1] + "\n"
	}
	return fmt.Sprintf("CLUSTER OK: %d node%s online, %d resource instance%s configured\n", online, plural(online), f.Cluster.Instances, plural(f.Cluster.Instances))
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
