package tools

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/internal/face"
)

// ticketOptions are crm_ticket's.
type ticketOptions struct {
	f                   *flags
	env                 *face.Env
	command, arg        string
	ticket, value, def  string
	force               bool
	hasValue, hasDefalt bool
	changes             []string // -g, -r, -s, -a in order
}

// crmTicket is crm_ticket: look at site tickets and change them.
func crmTicket(ctx context.Context, env *face.Env, args []string) face.Code {
	f := newFlags(env, "perform tasks related to cluster tickets")
	o := &ticketOptions{f: f, env: env}
	for _, c := range [][4]string{
		{"info", "l", "", "show tickets"}, {"details", "L", "", "show tickets with their attributes"},
		{"raw", "w", "", "show the ids of tickets"}, {"query-xml", "q", "", "print the state of tickets as XML"},
		{"constraints", "c", "", "print the constraints that depend on tickets"},
		{"get-attr", "G", "=", "print an attribute"}, {"set-attr", "S", "=", "set an attribute (-v)"},
		{"delete-attr", "D", "=", "delete an attribute"}, {"cleanup", "C", "", "delete all state of a ticket here"},
	} {
		f.command(c, func(v string) { o.command, o.arg = c[0], v })
	}
	for _, c := range [][4]string{{"grant", "g", "", "grant a ticket to this site"}, {"revoke", "r", "", "revoke a ticket from this site"},
		{"standby", "s", "", "make a ticket standby here"}, {"activate", "a", "", "make a ticket active here"}} {
		f.command(c, func(string) { o.command = "change"; o.changes = append(o.changes, c[0]) })
	}
	f.StringVarP(&o.value, "attr-value", "v", "", "value (with -S)")
	f.StringVarP(&o.def, "default", "d", "", "print this if there is no value (with -G)")
	f.BoolVarP(&o.force, "force", "f", false, "do it in spite of doubts")
	f.StringVarP(&o.ticket, "ticket", "t", "", "ticket")
	f.StringP("set-name", "n", "", "")
	f.StringP("nvpair", "i", "", "")
	f.StringP("xml-file", "x", "", "")
	f.BoolP("quiet", "Q", false, "")
	f.hide("set-name", "nvpair", "quiet", "xml-file")
	if code, done := f.parse(args); done {
		return code
	}
	o.hasValue, o.hasDefalt = f.Changed("attr-value"), f.Changed("default")
	if o.command == "" {
		return f.usage("Must supply a command")
	}
	root, err := env.CIB(ctx)
	if err == nil {
		err = o.run(ctx, root)
	}
	if text := face.CodeOf(err); err != nil && text != face.OK && message(err) != "" && !silent(err) {
		env.Errorf("%s: %s\n", env.Name, message(err))
	}
	return face.CodeOf(err)
}

// silent tells whether an error was told already.
func silent(err error) bool { return face.Describe(err) == "" }

// tickets lists the state of all tickets, or of one.
func (o *ticketOptions) tickets(root *cib.Elem) []*cib.Elem {
	all := slices.Collect(root.Path("status", "tickets").Named("ticket_state"))
	return slices.DeleteFunc(all, func(e *cib.Elem) bool { return o.ticket != "" && e.ID() != o.ticket })
}

func (o *ticketOptions) run(ctx context.Context, root *cib.Elem) error {
	list := o.tickets(root)
	switch o.command {
	case "info", "details", "raw":
		if len(list) == 0 && o.ticket != "" {
			return refuse(face.NoSuch, "No such ticket '%s'", o.ticket)
		}
		for _, t := range list {
			o.env.Printf("%s\n", o.describe(t))
		}
		return nil
	case "query-xml":
		return o.queryXML(root, list)
	case "constraints":
		return o.constraints(root)
	}
	if o.ticket == "" {
		return refuse(face.Usage, "Must supply ticket ID with -t")
	}
	var t *cib.Elem
	if len(list) > 0 {
		t = list[0]
	}
	switch o.command {
	case "get-attr":
		v, ok := t.Lookup(o.arg)
		if !ok {
			if !o.hasDefalt {
				return face.Silent(face.NoSuch)
			}
			v = o.def
		}
		o.env.Printf("%s\n", v)
		return nil
	case "cleanup":
		return o.cleanup(ctx, t)
	}
	return o.modify(ctx, root, t)
}

// describe is one ticket in words.
func (o *ticketOptions) describe(t *cib.Elem) string {
	if o.command == "raw" {
		return t.ID()
	}
	on := func(name string) bool { b, err := cib.ParseBool(t.Get(name)); return err == nil && b }
	text := t.ID() + "\t" + map[bool]string{true: "granted", false: "revoked"}[on("granted")]
	if on("standby") {
		text += " [standby]"
	} else {
		text += "          "
	}
	when := func() string {
		n, err := strconv.ParseInt(t.Get("last-granted"), 10, 64)
		if err != nil || n == 0 {
			return ""
		}
		return "last-granted='" + time.Unix(n, 0).In(o.env.Now().Location()).Format("Mon Jan _2 15:04:05 2006") + "'"
	}()
	if o.command == "info" {
		if when != "" {
			text += " " + when
		}
		return text
	}
	var parts []string
	for _, a := range t.Attrs() {
		if a.Name != "id" && a.Name != "last-granted" {
			parts = append(parts, a.Name+"="+a.Value)
		}
	}
	if when != "" {
		parts = append(parts, when)
	}
	return text + " (" + strings.Join(parts, ", ") + ")"
}

func (o *ticketOptions) queryXML(root *cib.Elem, list []*cib.Elem) error {
	e := root.Path("status", "tickets")
	if o.ticket != "" {
		e = nil
		if len(list) > 0 {
			e = list[0]
		}
	}
	if e == nil {
		return refuse(face.NoSuch, "Could not query ticket XML: No such device or address")
	}
	o.env.Printf("State XML:\n\n%s", e.AppendXML(nil, true))
	return nil
}

// constraints prints what depends on tickets.
func (o *ticketOptions) constraints(root *cib.Elem) error {
	var found []*cib.Elem
	for c := range root.Path("configuration", "constraints").Named("rsc_ticket") {
		if o.ticket == "" || c.Get("ticket") == o.ticket {
			found = append(found, c)
		}
	}
	switch {
	case len(found) == 0:
		return refuse(face.NoSuch, "Could not show ticket constraints: No such device or address")
	case len(found) == 1:
		o.env.Printf("Constraints XML:\n\n%s", found[0].AppendXML(nil, true))
	default:
		o.env.Printf("Constraints XML:\n\n%s", cib.New("xpath-query").WithKids(found).AppendXML(nil, true))
	}
	return nil
}

// cleanup deletes the state of a ticket.
func (o *ticketOptions) cleanup(ctx context.Context, t *cib.Elem) error {
	if t == nil {
		if !o.force {
			return refuse(face.NoSuch, "No such ticket '%s'", o.ticket)
		}
		return nil
	}
	if !o.force && t.Get("granted") == "true" {
		o.env.Printf("%s", revokeWarning(o.ticket))
		return face.Silent(face.Denied)
	}
	err := edit(ctx, o.env, []cib.Edit{{Op: cib.OpDelete, Scope: "status", XPath: "/cib/status/tickets/ticket_state[@id='" + o.ticket + "']"}})
	if err == nil {
		o.env.Printf("Cleaned up %s\n", o.ticket)
	}
	return err
}

// modify grants, revokes, sets and deletes.
func (o *ticketOptions) modify(ctx context.Context, root, t *cib.Elem) error {
	set := map[string]string{}
	switch {
	case o.command == "set-attr" && !o.hasValue:
		return refuse(face.Usage, "Must supply value with -v for -S %s", o.arg)
	case o.command == "set-attr":
		set[o.arg] = o.value
	}
	for _, c := range o.changes {
		switch c {
		case "grant", "revoke":
			set["granted"] = strconv.FormatBool(c == "grant")
		default:
			set["standby"] = strconv.FormatBool(c == "standby")
		}
	}
	if err := o.mayChange(set); err != nil {
		return err
	}
	now := t
	if now == nil {
		now = element("ticket_state", "id", o.ticket)
	}
	for _, name := range []string{"granted", "standby", o.arg} {
		if v, ok := set[name]; ok {
			now = now.With(name, v)
		}
	}
	if o.command == "delete-attr" {
		if t == nil {
			return nil // there is nothing to take away
		}
		now = now.Without(o.arg)
	}
	was, _ := cib.ParseBool(t.Get("granted"))
	if v, ok := set["granted"]; ok && v == "true" && !was {
		now = now.With("last-granted", strconv.FormatInt(o.env.Now().Unix(), 10))
	}
	return edit(ctx, o.env, []cib.Edit{ticketEdit(root, t, now)})
}

// mayChange asks for --force where granting or revoking by hand is dangerous.
func (o *ticketOptions) mayChange(set map[string]string) error {
	v, ok := set["granted"]
	on, err := cib.ParseBool(v)
	dangerous := ok && err == nil || o.command == "delete-attr" && o.arg == "granted"
	if !dangerous || o.force {
		return nil
	}
	o.env.Errorf("%s: Ticket modification not allowed\n", o.env.Name)
	if on {
		o.env.Printf("This command cannot help you verify whether '%s' has been already granted elsewhere.\n"+
			"If you really want to grant '%s' to this site now, and you know what you are doing,\nplease specify --force.\n", o.ticket, o.ticket)
	} else {
		o.env.Printf("%s", revokeWarning(o.ticket))
	}
	return face.Silent(face.Denied)
}

// revokeWarning tells what revoking a ticket may do.
func revokeWarning(id string) string {
	return fmt.Sprintf("Revoking '%s' can trigger the specified 'loss-policy'(s) relating to '%s'.\n\nYou can check that with:\n"+
		"crm_ticket --ticket %s --constraints\n\nOtherwise before revoking '%s', you may want to make '%s' standby with:\n"+
		"crm_ticket --ticket %s --standby\n\nIf you really want to revoke '%s' from this site now, and you know what you are doing,\n"+
		"please specify --force.\n", id, id, id, id, id, id, id)
}

// ticketEdit puts the state of a ticket into the status section.
func ticketEdit(root, old, now *cib.Elem) cib.Edit {
	switch {
	case old != nil:
		return cib.Edit{Op: cib.OpReplace, XPath: "/cib/status/tickets/ticket_state[@id='" + now.ID() + "']", Elem: now}
	case root.Path("status", "tickets") != nil:
		return cib.Edit{Op: cib.OpCreate, XPath: "/cib/status/tickets", Elem: now}
	}
	return cib.Edit{Op: cib.OpCreate, XPath: "/cib/status", Elem: cib.New("tickets").Append(now)}
}
