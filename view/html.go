package view

import (
	"html"
	"strings"

	"mainstay/status"
)

// Page is the head of an HTML document.
type Page struct {
	Title      string // "Cluster Status" if it is empty
	Stylesheet string // address of a style sheet of the user's, "" for none
	Refresh    string // seconds after which a browser loads it anew, "" for never
	CGI        bool   // with the header that a web server expects of a program
}

// style is the look of conditions: the classes are those of crm_mon, so that a style
// sheet made for its pages fits.
const style = `.bold { font-weight: bold }
.online { color: green }
.offline { color: red }
.maint { color: blue }
.standby { color: blue }
.health_red { color: red }
.health_yellow { color: GoldenRod }
.rsc-failed { color: red }
.rsc-failure-ignored { color: DarkGreen }
.rsc-managed { color: blue }
.rsc-multiple { color: orange }
.rsc-ok { color: green }
.warning { color: red; font-weight: bold }`

// tag is one element of a page, or a text if it has no name.
type tag struct {
	name  string
	attrs [][2]string
	text  string
	kids  []*tag
}

// newTag makes an element with what is in it.
func newTag(name string, kids ...*tag) *tag { return &tag{name: name, kids: kids} }

// words makes an element with a text.
func words(name, text string) *tag { return newTag(name, &tag{text: text}) }

// span is a text of a class, "" for none.
func span(class, text string) *tag {
	t := words("span", text)
	if class != "" {
		t.attrs = [][2]string{{"class", class}}
	}
	return t
}

// with gives an element an attribute.
func (t *tag) with(name, value string) *tag {
	t.attrs = append(t.attrs, [2]string{name, value})
	return t
}

// block tells whether an element stands on lines of its own.
func (t *tag) block() bool { return t.name != "" && t.name != "span" }

// write writes an element as browsers read it. What has several children has them on
// lines of their own, texts and spans excepted.
func (t *tag) write(b *strings.Builder, next *tag) {
	if t.name == "" {
		b.WriteString(escaped.Replace(t.text))
		return
	}
	b.WriteString("<" + t.name)
	for _, a := range t.attrs {
		b.WriteString(" " + a[0] + `="` + html.EscapeString(a[1]) + `"`)
	}
	b.WriteString(">")
	several := t.block() && len(t.kids) > 1
	if t.name == "style" {
		b.WriteString(t.text)
	}
	if several && t.kids[0].name != "" {
		b.WriteByte('\n')
	}
	for i, k := range t.kids {
		var after *tag
		if i+1 < len(t.kids) {
			after = t.kids[i+1]
		}
		k.write(b, after)
	}
	if several && t.kids[len(t.kids)-1].name != "" {
		b.WriteByte('\n')
	}
	if t.name != "meta" && t.name != "link" {
		b.WriteString("</" + t.name + ">")
	}
	if t.block() && next != nil && next.name != "" {
		b.WriteByte('\n')
	}
}

// escaped writes the characters of a text that have a meaning in HTML.
var escaped = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// HTMLPage writes a document around what a tool tells: each entry is an element of
// its body.
func HTMLPage(p Page, body ...*Block) string {
	tags := make([]*tag, len(body))
	for i, x := range body {
		tags[i] = x.tag
	}
	return p.document(tags)
}

// Block is a part of the body of a page.
type Block struct{ tag *tag }

// ListBlock is a title, if there is one, and a list; every item has the class, if there is one.
func ListBlock(title, class string, items []string) []*Block {
	list := newTag("ul")
	for _, i := range items {
		li := words("li", i)
		if class != "" {
			li.with("class", class)
		}
		list.kids = append(list.kids, li)
	}
	if title == "" {
		return []*Block{{list}}
	}
	return []*Block{{words("h2", title)}, {list}}
}

// TextBlock is a text of its own; name is the element, "div", "h2" or "pre", followed by
// names and values of its attributes.
func TextBlock(text, name string, attributes ...string) *Block {
	t := words(name, text)
	for i := 0; i+1 < len(attributes); i += 2 {
		t.with(attributes[i], attributes[i+1])
	}
	return &Block{t}
}

// document writes a whole page.
func (p Page) document(body []*tag) string {
	head := newTag("head", words("title", orElse(p.Title, "Cluster Status")), newTag("meta").with("charset", "utf-8"))
	if p.Refresh != "" {
		head.kids = append(head.kids, newTag("meta").with("http-equiv", "refresh").with("content", p.Refresh))
	}
	head.kids = append(head.kids, &tag{name: "style", text: style})
	if p.Stylesheet != "" {
		head.kids = append(head.kids, newTag("link").with("rel", "stylesheet").with("href", p.Stylesheet))
	}
	var b strings.Builder
	if p.CGI {
		b.WriteString("Content-Type: text/html\n\n")
	}
	b.WriteString("<!DOCTYPE html>\n")
	newTag("html", head, newTag("body", body...)).with("lang", "en").write(&b, nil)
	b.WriteString("\n")
	return b.String()
}

// HTML is the cluster's state as a page of its own, in the layout of crm_mon.
func HTML(f *Frame, opt Options, p Page) string {
	s := newScreen(f, opt)
	body := newTag("body")
	s.out.page = &htmlPage{stack: []*tag{body}}
	s.show()
	return p.document(body.kids)
}

// htmlPage is where an outline writes, if it is to become a page: the innermost
// element that is open is the last.
type htmlPage struct{ stack []*tag }

func (p *htmlPage) top() *tag { return p.stack[len(p.stack)-1] }

// add puts elements into the innermost one.
func (p *htmlPage) add(tags ...*tag) { t := p.top(); t.kids = append(t.kids, tags...) }

// open begins a list with a title.
func (p *htmlPage) open(title string) {
	list := newTag("ul")
	if len(p.stack) == 1 {
		p.add(words("h2", title), list)
	} else {
		p.add(newTag("li", words("h3", title), list))
	}
	p.stack = append(p.stack, list)
}

func (p *htmlPage) close() { p.stack = p.stack[:len(p.stack)-1] }

// htmlSummary is the block on the cluster as a whole, and that on its options.
func (s *screen) htmlSummary() {
	c := s.c
	var items []*tag
	item := func(title string, parts ...*tag) {
		items = append(items, newTag("li", append([]*tag{span("bold", title)}, parts...)...))
	}
	if s.opt.has(Stack) {
		item("Stack: ", span("", orElse(c.Stack, "unknown")+daemonState(s.f.Daemon)))
	}
	if s.opt.has(DC) {
		item("Current DC: ", s.htmlDC()...)
	}
	if s.opt.has(Times) {
		item("Last updated: ", span("", s.stamp(s.f.Now)))
		item("Last change: ", span("", lastChange(c)))
	}
	if s.opt.has(Counts) {
		items = append(items, newTag("li", span("", plural(c.NodesConfigured, "node")+" configured")), newTag("li", htmlInstances(c)...))
	}
	if len(items) > 0 {
		s.out.page.add(words("h2", "Cluster Summary"), newTag("ul", items...))
	}
	if s.opt.has(ClusterOptions) {
		s.out.open("Config Options")
		s.clusterOptions()
		if !s.c.Maintenance && !s.c.StopAll {
			s.out.item("Resource management: enabled")
		}
		s.out.close()
	}
}

// htmlDC names the coordinator and says whether the partition has quorum.
func (s *screen) htmlDC() []*tag {
	if s.c.DC == "" {
		return []*tag{span("warning", "NONE")}
	}
	who, _, _ := strings.Cut(s.dcLine(), " partition ")
	with := span("", " with")
	if !s.c.Quorate {
		with = span("warning", " WITHOUT")
	}
	return []*tag{span("", who), span("", " partition"), with, span("", " quorum")}
}

// htmlInstances counts the instances, and those that are disabled or blocked.
func htmlInstances(c *status.Cluster) []*tag {
	text := plural(c.Instances, "resource instance") + " configured"
	switch {
	case c.Disabled > 0 && c.Blocked > 0:
		return []*tag{span("", text+" ("+itoa(c.Disabled)+" "), span("bold", "DISABLED"), span("", ", "+itoa(c.Blocked)+" "), span("bold", "BLOCKED"),
			span("", " from further action due to failure)")}
	case c.Disabled > 0:
		return []*tag{span("", text+" ("+itoa(c.Disabled)+" "), span("bold", "DISABLED"), span("", ")")}
	case c.Blocked > 0:
		return []*tag{span("", text+" ("+itoa(c.Blocked)+" "), span("bold", "BLOCKED"), span("", " from further action due to failure)")}
	}
	return []*tag{span("", text)}
}

// htmlNodes is the block about nodes: each has an entry.
func (s *screen) htmlNodes() {
	if len(s.nodes()) == 0 {
		return
	}
	s.out.open("Node List")
	defer s.out.close()
	for _, n := range s.nodes() {
		if !s.opt.GroupByNode {
			s.out.page.add(newTag("li", append([]*tag{span("bold", s.nodeName(n)+":")}, s.htmlPlight(n)...)...))
			continue
		}
		s.out.open(s.nodeName(n) + ":")
		list := newTag("ul")
		entry := newTag("li", append([]*tag{span("", "Status:")}, s.htmlPlight(n)...)...)
		s.out.page.add(entry)
		if running := s.runningOn(n.Name); len(running) > 0 {
			entry.kids = append(entry.kids, newTag("li", words("h3", "Resources"), list))
			s.out.page.stack = append(s.out.page.stack, list)
			s.htmlRunning(n.Name, running)
			s.out.page.close()
		}
		s.out.close()
	}
}

// htmlRunning lists what runs on a node.
func (s *screen) htmlRunning(node string, running []*status.Resource) {
	if s.opt.Brief {
		s.countByAgent(running)
		return
	}
	for _, r := range running {
		s.out.classed(s.look(r), s.line(r, r.ID, node, false))
	}
}

// htmlPlight is a node's condition in words, each with its class.
func (s *screen) htmlPlight(n *status.Node) []*tag {
	var out []*tag
	switch {
	case n.Unclean && n.Pending:
		out = append(out, span("offline", " UNCLEAN (pending)"))
	case n.Unclean && n.Online:
		out = append(out, span("online", " UNCLEAN (online)"))
	case n.Unclean:
		out = append(out, span("offline", " UNCLEAN (offline)"))
	case n.Pending:
		out = append(out, span("standby", " pending"))
	case n.Online:
		out = append(out, span("online", " online"))
	default:
		out = append(out, span("offline", " OFFLINE"))
	}
	switch {
	case n.StandbyOnFail && n.Online:
		out = append(out, span("standby", " (in standby due to on-fail)"))
	case n.Standby && n.Online && n.Running > 0:
		out = append(out, span("standby", " (in standby, with active resources)"))
	case n.Standby:
		out = append(out, span("standby", " (in standby)"))
	case n.Maintenance:
		out = append(out, span("maint", " (in maintenance mode)"))
	}
	if n.Health == "red" || n.Health == "yellow" {
		out = append(out, span("health_"+n.Health, nodeHealth(n)))
	}
	if s.opt.Detail && featureSet(n) != "" {
		out = append(out, span("", featureSet(n)))
	}
	return out
}

// htmlAttribute is a node's attribute, and whether a connectivity is below what it should be.
func htmlAttribute(a status.Attribute) []*tag {
	text := a.Name + ": " + a.Value
	switch why := expectation(a); {
	case a.Expected == "":
		return []*tag{{text: text}}
	case why == "":
		return []*tag{span("", text)}
	case strings.Contains(why, "lost"):
		return []*tag{span("", text), span("bold", "(connectivity is lost)")}
	}
	return []*tag{span("", text), span("bold", "(connectivity is degraded -- expected "+a.Expected)} // without a closing bracket, as the peer
}

// look is the class of a line about an instance.
func (s *screen) look(r *status.Resource) string {
	switch {
	case !r.Managed:
		return "rsc-managed"
	case r.Failed, len(r.Places) == 0:
		return "rsc-failed"
	case len(r.Places) > 1:
		return "rsc-multiple"
	case r.FailIgnored:
		return "rsc-failure-ignored"
	}
	return "rsc-ok"
}
