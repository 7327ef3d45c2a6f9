package tools

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/view"
)

// reply is how a tool with --output-as answers: as text while it works, or as one
// XML document when it ends.
type reply struct {
	env     *face.Env
	format  string // "text" or "xml"
	to      string // file, "" and "-" are standard output
	quiet   bool   // tables of text are left out
	request string
	text    bytes.Buffer // what goes into the file
	kids    []*cib.Elem
	notes   []string // remarks that stand among the errors
	// verbatim texts stand in the document unchanged, as character data.
	verbatim []string
	html     bool          // there is a form as a page
	page     view.Page     // its head
	blocks   []*view.Block // its body
}

// withOutput gives a tool the options of tools that can answer in XML.
func (f *flags) withOutput(args []string) *reply {
	r := &reply{env: f.env, request: strings.Join(append([]string{f.env.Name}, args...), " ")}
	f.StringVar(&r.format, "output-as", "text", "output format: text or xml")
	f.StringVar(&r.to, "output-to", "", "output file (\"-\" is standard output)")
	f.Bool("text-fancy", false, "more highly formatted text")
	f.out = r
	return r
}

// withHTML adds the options of tools that can answer with a page, too.
func (r *reply) withHTML(f *flags) {
	r.html, r.page.Title = true, r.request
	f.BoolVar(&r.page.CGI, "html-cgi", false, "with the header that a web server expects of a program (with --output-as=html)")
	f.StringVar(&r.page.Stylesheet, "html-stylesheet", "", "address of a style sheet (with --output-as=html)")
	f.StringVar(&r.page.Title, "html-title", r.request, "title of the page (with --output-as=html)")
}

// xml tells whether the answer is a document, made whole at the end: XML or a page.
func (r *reply) xml() bool { return r.format == "xml" || r.format == "html" }

// show puts blocks into a page; elsewhere they do not show.
func (r *reply) show(blocks ...*view.Block) { r.blocks = append(r.blocks, blocks...) }

// printf writes text, where the answer is text.
func (r *reply) printf(format string, args ...any) {
	switch {
	case r.xml():
	case r.to != "" && r.to != "-":
		fmt.Fprintf(&r.text, format, args...)
	default:
		r.env.Printf(format, args...)
	}
}

// warnf writes text to standard error, where the answer is text.
func (r *reply) warnf(format string, args ...any) {
	if !r.xml() {
		r.env.Errorf(format, args...)
	}
}

// note remarks something on standard error, or among the errors of a document.
func (r *reply) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.notes = append(r.notes, text)
	r.warnf("%s\n", text)
}

// add puts elements into the document; as text they do not show.
func (r *reply) add(kids ...*cib.Elem) { r.kids = append(r.kids, kids...) }

// known refuses a format that there is not.
func (r *reply) known() error {
	if r.format == "text" || r.format == "xml" || r.format == "html" && r.html {
		return nil
	}
	r.env.Errorf("%s: Error creating output format %s: Unknown output format\n", r.env.Name, r.format)
	if r.env.Name == "crm_resource" { // as the peer's
		r.env.Errorf("Error performing operation: Error occurred\n")
	}
	r.format = "text"
	return face.Silent(face.Error)
}

// finish is end for tools that as text tell an error in the words of say.
func (r *reply) finish(err error) face.Code {
	if !r.xml() {
		code := say(r.env, err)
		r.end(face.Silent(code))
		return code
	}
	var silent *face.Failure
	if err == nil || errors.As(err, &silent) && silent.Err == nil {
		return r.end(err)
	}
	word, _ := reason(err)
	r.note("%s: Error performing operation: %s", r.env.Name, word)
	return r.end(face.Silent(face.CodeOf(err)))
}

// end completes the answer and returns the exit code that stands for an error.
func (r *reply) end(err error) face.Code {
	code := face.CodeOf(err)
	if err != nil {
		r.quiet = false
	}
	text := r.errorText(err)
	if r.format == "html" {
		notes := r.notes
		if text != "" {
			notes = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		}
		if len(notes) > 0 {
			r.show(view.ListBlock("", "", notes)...)
		}
		r.write(view.HTMLPage(r.page, r.blocks...))
	} else if r.xml() {
		reply := view.Reply{Request: r.request, Code: int(code), Message: exitText(code)}
		reply.Errors = r.notes
		if text != "" {
			reply.Errors = []string{strings.TrimSuffix(text, "\n")}
		}
		doc := view.XMLReply(reply, r.kids...)
		doc = errorElem.ReplaceAllStringFunc(doc, func(e string) string { return strings.ReplaceAll(e, "&#10;", "\n") })
		for i, text := range r.verbatim {
			text = strings.ReplaceAll(text, "]]>", "]]]]><![CDATA[>")
			doc = strings.Replace(doc, fmt.Sprintf(">verbatim-%d-text<", i), "><![CDATA["+text+"]]><", 1)
		}
		r.write(doc)
	} else {
		r.env.Errorf("%s", text)
	}
	if r.to != "" && r.to != "-" {
		if err := os.WriteFile(r.to, r.text.Bytes(), 0o644); err != nil {
			r.env.Errorf("%s: %v\n", r.env.Name, err)
			return face.CantCreate
		}
	}
	return code
}

// write writes a whole document.
func (r *reply) write(doc string) {
	if r.to == "" || r.to == "-" {
		r.env.Printf("%s", doc)
		return
	}
	r.text.WriteString(doc)
}

// errorText is an error in the words of the peer's tools: what happened, then what
// the exit code means.
func (r *reply) errorText(err error) string {
	var f *face.Failure
	code := face.CodeOf(err)
	tail := "Error performing operation: " + exitText(code) + "\n"
	switch {
	case err == nil:
		return ""
	case errors.As(err, &f) && f.Err == nil:
		return "" // all was said
	case errors.As(err, &f) && f.Err == errNoMore:
		return r.env.Name + ": " + tail
	case code == face.Usage:
		return r.env.Name + ": " + err.Error() + "\n"
	}
	return r.env.Name + ": " + message(err) + "\n" + tail
}

// message is an error's text without what its exit code tells.
func message(err error) string {
	var p *web.Problem
	var missing *intent.NotFound
	var none *face.NoCIB
	switch {
	case errors.As(err, &none):
		return noCIBText(none) + "\n  " + none.Error()
	case errors.Is(err, client.ErrNoDaemon):
		return "Error connecting to the cluster: Transport endpoint is not connected"
	case errors.As(err, &missing) && missing.Kind == "resource":
		return fmt.Sprintf("Resource '%s' not found", missing.Name)
	case errors.As(err, &missing) && missing.Kind == "node":
		return fmt.Sprintf("Node '%s' not found", missing.Name)
	case errors.As(err, &p):
		return strings.Join(append([]string{p.Error()}, p.Details...), "\n")
	}
	return err.Error()
}

// errorElem is an error in a document; its lines stay lines.
var errorElem = regexp.MustCompile(`<error>[^<]*</error>`)

// errNoMore marks a failure about which only its exit code's meaning is said.
var errNoMore = errors.New("see the exit code")

// refuse makes a failure that is told as "TOOL: message", with the exit code's
// meaning below unless the command line was wrong.
func refuse(code face.Code, format string, args ...any) error {
	return face.Failf(code, format, args...)
}

// fail makes a failure about which only the exit code's meaning is told.
func fail(code face.Code) error { return &face.Failure{Code: code, Err: errNoMore} }

// element makes an element from names and values.
func element(name string, kv ...string) *cib.Elem {
	attrs := make([]cib.Attr, 0, len(kv)/2)
	for i := 0; i+1 < len(kv); i += 2 {
		attrs = append(attrs, cib.Attr{Name: kv[i], Value: kv[i+1]})
	}
	return cib.New(name, attrs...)
}

// items is a <list> of <item>s; name, if not "", is each item's.
func items(list, name string, values []string) *cib.Elem {
	kids := make([]*cib.Elem, 0, len(values))
	for _, v := range values {
		kids = append(kids, named("item", name, v))
	}
	return element("list", "name", list, "count", fmt.Sprint(len(values))).WithKids(kids)
}

// named is an element with text, and with a name if it has one.
func named(tag, name, text string) *cib.Elem {
	e := cib.New(tag)
	if name != "" {
		e = e.With("name", name)
	}
	return e.WithText(text)
}

// cdata makes an element whose text is a document: it is written as it is.
func (r *reply) cdata(tag, text string) *cib.Elem {
	mark := fmt.Sprintf("verbatim-%d-text", len(r.verbatim))
	r.verbatim = append(r.verbatim, text)
	return cib.New(tag).WithText(mark)
}

// texts makes an element of each value.
func texts(tag string, values []string) []*cib.Elem {
	kids := make([]*cib.Elem, 0, len(values))
	for _, v := range values {
		kids = append(kids, named(tag, "", v))
	}
	return kids
}
