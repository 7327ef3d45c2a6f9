package rehearse

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/internal/sim"
)

// narrate makes the timeline of a play, from what happened in the world and what
// the nodes said that they decided.
func (p *performance) narrate() []entry {
	out := slices.Clone(p.stories)
	for _, c := range p.Changes(p.start) {
		out = append(out, entry{c.At, changed(c)})
	}
	for _, f := range p.Fencings(p.start) {
		out = append(out, entry{f.At, pressedText(f)})
	}
	out = append(out, p.said()...)
	for _, t := range p.Transitions(p.start) {
		for _, s := range t.Summary {
			if s.Leave {
				continue
			}
			if line := decided(s.Verb, s.Resource, s.Node, s.Detail, s.Reason); line != "" {
				out = append(out, entry{t.At, t.Node + " decides: " + line})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b entry) int { return int(a.at - b.at) })
	return out
}

func changed(c sim.Change) string {
	switch c.Role {
	case sim.Stopped:
		return fmt.Sprintf("%s is stopped on %s", c.Service, c.Machine)
	case sim.Promoted:
		return fmt.Sprintf("%s is promoted on %s", c.Service, c.Machine)
	}
	return fmt.Sprintf("%s runs on %s", c.Service, c.Machine)
}

func pressedText(f sim.Fencing) string {
	if !f.Done {
		return fmt.Sprintf("fence device %s fails to %s %s", f.Device, f.Action, f.Target)
	}
	return fmt.Sprintf("fence device %s: %s of %s", f.Device, f.Action, f.Target)
}

// decided tells a line of a plan.
func decided(verb, rsc, node, detail, reason string) string {
	what := rsc
	if what == "" {
		what = node
	}
	line := strings.ToLower(verb) + " " + what
	if detail != "" {
		line += " (" + detail + ")"
	}
	if reason != "" {
		line += ", because " + reason
	}
	return line
}

// said lists what nodes said, each thing once: all members of a view say the same.
func (p *performance) said() []entry {
	var out []entry
	seen := map[string]bool{}
	for _, e := range p.Entries(p.start) {
		text := ""
		switch e.Kind {
		case "view":
			text = viewText(e)
		case "synced":
			text = e.Text
		case "fence", "fenced":
			text = e.Text
		case "operation":
			text = operationText(e)
		}
		if text != "" && !seen[text] {
			seen[text] = true
			out = append(out, entry{e.At, text})
		}
	}
	return out
}

// arg is a value that an event carries.
func arg(e sim.Entry, key string) any {
	for i := 0; i+1 < len(e.Args); i += 2 {
		if e.Args[i] == key {
			return e.Args[i+1]
		}
	}
	return nil
}

// keyOf is the resource that an operation's key names, such as "db" of "db_monitor_5000".
func keyOf(e sim.Entry) string {
	parts := strings.Split(fmt.Sprint(arg(e, "key")), "_")
	return strings.Join(parts[:max(0, len(parts)-2)], "_")
}

// taskOf is the operation that its key names.
func taskOf(e sim.Entry) string {
	parts := strings.Split(fmt.Sprint(arg(e, "key")), "_")
	return parts[max(0, len(parts)-2)]
}

// viewText tells of a new membership.
func viewText(e sim.Entry) string {
	text := fmt.Sprintf("in touch: %v", arg(e, "members"))
	if left := fmt.Sprint(arg(e, "left")); left != "" && left != "[]" {
		text += "; lost: " + left
	}
	if arg(e, "quorate") == false {
		text += "; no quorum"
	}
	return text
}

// operationText tells of operations that failed.
func operationText(e sim.Entry) string {
	if arg(e, "failed") != true {
		return ""
	}
	rsc, op := keyOf(e), taskOf(e)
	text := fmt.Sprintf("%s: the %s of %s fails", e.Node, op, rsc)
	if rc := fmt.Sprint(arg(e, "rc")); rc == "7" {
		text = fmt.Sprintf("%s: the %s of %s finds it stopped", e.Node, op, rsc)
	}
	return text
}

// Timeline tells the story of a row in words, a line per event, times in seconds
// since the play began.
func (r *Row) Timeline() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.ID, r.Fault)
	if len(r.story) == 0 {
		return b.String()
	}
	zero := r.story[0].at
	for _, e := range r.story {
		fmt.Fprintf(&b, "%9.3f s  %s\n", (e.at - zero).Seconds(), e.text)
	}
	return b.String()
}

// Verdict tells in sentences what came of a row.
func (r *Row) Verdict() string {
	if !r.Played() {
		return "nothing was played: what the fault is about does not run\n"
	}
	var b strings.Builder
	for _, o := range r.Outages {
		if !o.Lasts {
			fmt.Fprintf(&b, "%s was away for %s\n", o.Service, o.Long)
		}
	}
	for _, m := range r.Moved {
		fmt.Fprintf(&b, "%s moved from %s to %s\n", m.Service, m.From, m.To)
	}
	for _, d := range r.Down {
		fmt.Fprintf(&b, "%s did not come back: %s\n", d.Service, d.Why)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "RED  %s: %s\n     why: %s\n     do:  %s\n", f.Kind, f.about(), f.Why, f.Do)
	}
	if b.Len() == 0 {
		return "no service noticed\n"
	}
	return b.String()
}
