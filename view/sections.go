package view

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/status"
)

// attributes is the block of node attributes.
func (s *screen) attributes() {
	if !s.opt.has(Attributes) {
		return
	}
	opened := false
	for _, n := range s.nodes() {
		if len(n.Attributes) == 0 || (!n.Online && !s.sim) {
			continue
		}
		if !opened {
			s.out.gap()
			s.out.open("Node Attributes")
			opened = true
		}
		s.out.openNode(s.nodeName(n))
		for _, a := range sortedAttributes(n.Attributes) {
			s.out.entry(fmt.Sprintf("%-32s\t: %-10s", a.Name, a.Value)+expectation(a), htmlAttribute(a)...)
		}
		s.out.close()
	}
	if opened {
		s.out.close()
	}
}

// sortedAttributes returns the attributes that are worth showing, by name.
func sortedAttributes(list []status.Attribute) []status.Attribute {
	var out []status.Attribute
	for _, a := range list {
		if !hiddenAttribute(a.Name) {
			out = append(out, a)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// hiddenAttribute tells whether an attribute is shown in another block, or is
// the cluster's own business.
func hiddenAttribute(name string) bool {
	for _, p := range []string{"fail-count-", "last-failure-", "shutdown", "terminate", "standby", "#"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// expectation is the remark on a connectivity attribute below what it should be.
func expectation(a status.Attribute) string {
	if a.Expected == "" || a.Value == a.Expected {
		return ""
	}
	if a.Value == "" || a.Value == "0" {
		return "\t: Connectivity is lost"
	}
	return "\t: Connectivity is degraded (Expected=" + a.Expected + ")"
}

// failures is the block of failed operations.
func (s *screen) failures() {
	opened := false
	for i := range s.c.Failures {
		f := &s.c.Failures[i]
		if !s.shows(f.Node) || (s.opt.Resource != "" && f.Resource != s.opt.Resource) {
			continue
		}
		if !opened {
			s.out.gap()
			s.out.open("Failed Resource Actions")
			opened = true
		}
		if s.opt.Detail {
			s.out.item(s.failureDetail(f))
		} else {
			s.out.item(s.failure(f))
		}
	}
	if opened {
		s.out.close()
	}
}

// failure tells a failed operation in a sentence.
func (s *screen) failure(f *status.Failure) string {
	text := f.Resource + " "
	if f.IntervalMS > 0 {
		text += millis(f.IntervalMS) + "-interval "
	}
	task := f.Task
	if task == "monitor" && f.IntervalMS == 0 {
		task = "probe"
	}
	text += task + " on " + f.Node
	switch {
	case f.Status == 0:
		text += " returned '" + f.RCText + "'"
	case f.StatusText == "Timed Out" || f.Status > 0:
		text += " could not be executed (" + f.StatusText + ")"
	default:
		text += " is pending"
	}
	if f.ExitReason != "" {
		text = insertReason(text, f)
	}
	if f.LastChange > 0 {
		text += " at " + s.stampUnix(f.LastChange)
		if f.ExecMS > 0 {
			text += " after " + millis(f.ExecMS)
		}
	}
	return text
}

// insertReason adds what the agent said.
func insertReason(text string, f *status.Failure) string {
	if f.Status == 0 {
		return text + " (" + f.ExitReason + ")"
	}
	return strings.TrimSuffix(text, ")") + ": " + f.ExitReason + ")"
}

// failureDetail tells a failed operation with all its fields.
func (s *screen) failureDetail(f *status.Failure) string {
	text := fmt.Sprintf("%s on %s '%s' (%d): call=%d, status='%s'", f.Key, f.Node, f.RCText, f.RC, f.CallID, f.StatusText)
	if f.ExitReason != "" {
		text += ", exitreason='" + f.ExitReason + "'"
	}
	if f.LastChange > 0 {
		text += fmt.Sprintf(", last-rc-change='%s', queued=%dms, exec=%dms", s.stampUnix(f.LastChange), f.QueueMS, f.ExecMS)
	}
	return text
}

// millis writes a span of milliseconds as operators say it: 20ms, 2s, 1m30s.
func millis(ms int) string {
	if ms <= 0 {
		return "0s"
	}
	var b strings.Builder
	d := time.Duration(ms) * time.Millisecond
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		if d >= u.size {
			fmt.Fprintf(&b, "%d%s", d/u.size, u.name)
			d %= u.size
		}
	}
	switch {
	case d == 0:
	case d%time.Second == 0:
		fmt.Fprintf(&b, "%ds", d/time.Second)
	case b.Len() == 0 && d < time.Second:
		fmt.Fprintf(&b, "%dms", d/time.Millisecond)
	default:
		fmt.Fprintf(&b, "%d.%03ds", d/time.Second, d%time.Second/time.Millisecond)
	}
	return b.String()
}

// tickets is the block of site tickets.
func (s *screen) tickets() {
	if len(s.c.Tickets) == 0 {
		return
	}
	s.out.gap()
	s.out.open("Tickets")
	defer s.out.close()
	for i := range s.c.Tickets {
		t := &s.c.Tickets[i]
		text := either(t.Granted, "granted", "revoked")
		if t.Standby {
			text += " [standby]"
		}
		if at := s.ticketTime(t.LastGranted); at != "" {
			text += ` last-granted="` + at + `"`
		}
		s.out.entry(t.ID+": "+text, &tag{text: t.ID + ":\t" + text})
	}
}

// ticketTime reads when a ticket was granted: Unix seconds, or a text as it is.
func (s *screen) ticketTime(text string) string {
	var sec int64
	if _, err := fmt.Sscanf(text, "%d", &sec); err == nil && fmt.Sprint(sec) == text {
		if sec <= 0 {
			return ""
		}
		return s.stampUnix(sec)
	}
	return text
}

// bans is the block of constraints that keep a resource off a node.
func (s *screen) bans() {
	opened := false
	for _, b := range s.c.Bans {
		if !strings.HasPrefix(b.ID, s.opt.BanPrefix) || !s.shows(b.Node) {
			continue
		}
		if !opened {
			s.out.gap()
			s.out.open("Negative Location Constraints")
			opened = true
		}
		s.out.item(b.ID + "\tprevents " + b.Resource + " from running" + either(b.PromotedOnly, " in Promoted role", "") + " on " + s.banned(b.Node))
	}
	if opened {
		s.out.close()
	}
}

// banned is the node of a ban, with its id if details are wanted.
func (s *screen) banned(node string) string {
	if n := s.where[node]; n != nil {
		return s.nodeName(n)
	}
	return node
}

// notes is the block on why things are as they are.
func (s *screen) notes() {
	if !s.opt.has(Notes) || len(s.c.Notes) == 0 {
		return
	}
	s.out.gap()
	s.out.open("Notes")
	defer s.out.close()
	for _, n := range s.c.Notes {
		if n.About == "" {
			s.out.item(n.Text)
			continue
		}
		s.out.item(n.About + ": " + n.Text)
	}
}

// connections is the block on votes, links and alarms.
func (s *screen) connections() {
	if !s.opt.has(Connections) {
		return
	}
	if q := s.f.Quorum; q != nil {
		s.out.gap()
		s.out.open("Quorum")
		text := fmt.Sprintf("%d of %d votes, %d needed: %s", q.Votes, q.Expected, q.Needed, either(q.Quorate, "quorate", "NOT quorate"))
		if q.Why != "" {
			text += " (" + q.Why + ")"
		}
		s.out.item(text)
		s.out.close()
	}
	if len(s.f.Links) > 0 {
		s.out.gap()
		s.out.open("Links")
		for _, l := range s.f.Links {
			s.out.item(linkLine(l))
		}
		s.out.close()
	}
	if len(s.f.Alarms) > 0 {
		s.out.gap()
		s.out.open("Alarms")
		for _, a := range s.f.Alarms {
			s.out.item(a)
		}
		s.out.close()
	}
}

// linkLine tells how one link does.
func linkLine(l Link) string {
	if !l.Up {
		return fmt.Sprintf("%s link %d: DOWN", l.Node, l.Link)
	}
	text := fmt.Sprintf("%s link %d: up", l.Node, l.Link)
	if l.RTT > 0 {
		text += ", round trip " + l.RTT.Round(10*time.Microsecond).String()
	}
	if l.Loss > 0 {
		text += fmt.Sprintf(", %.1f %% lost", 100*l.Loss)
	}
	return text
}

// score writes a score for machines: a plain number.
func score(n int) string {
	if n > cib.Infinity {
		n = cib.Infinity
	}
	return itoa(n)
}
