package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/sched"
)

// moment is a line of a timeline.
type moment struct {
	at   time.Duration
	text string
}

// Timeline is the story with what the daemons thought of it: who formed a view,
// what a coordinator planned and why, how fencing ended. It is for people; the
// story alone is what a history is told from others by.
func (c *Cluster) Timeline() string {
	var list []moment
	for _, line := range c.story {
		list = append(list, moment{told(line), line[min(stampWidth, len(line)):]})
	}
	list = append(list, c.agreed()...)
	for _, p := range c.plans {
		if p.last == nil {
			continue
		}
		list = append(list, moment{p.at + c.skipped, fmt.Sprintf("%s: plan %d, because %s", p.node, p.last.Number, p.last.Trigger)})
		for i, l := range busy(p.last.Summary) {
			if i == planLines {
				list = append(list, moment{p.at + c.skipped, fmt.Sprintf("    and %d more", len(busy(p.last.Summary))-i)})
				break
			}
			list = append(list, moment{p.at + c.skipped, "    " + summary(l)})
		}
	}
	slices.SortStableFunc(list, func(a, b moment) int { return cmp.Compare(a.at.Round(stampUnit), b.at.Round(stampUnit)) })
	var b strings.Builder
	for _, m := range list {
		fmt.Fprintf(&b, stampFormat+"%s\n", m.at.Seconds(), m.text)
	}
	return b.String()
}

// How a line of the story begins: its time in seconds.
const (
	stampFormat = "%10.4f  "
	stampWidth  = 12
	stampUnit   = 100 * time.Microsecond
	planLines   = 8 // of a plan that are told
)

// told reads the time of a line of the story.
func told(line string) time.Duration {
	s, err := strconv.ParseFloat(strings.TrimSpace(line[:min(stampWidth, len(line))]), 64)
	if err != nil {
		panic("sim: a line of the story has no time: " + line)
	}
	return time.Duration(s * float64(time.Second)).Round(stampUnit)
}

// agreed tells of views and fencings, each as the first who said so.
func (c *Cluster) agreed() []moment {
	var out []moment
	seen := map[string]bool{}
	for _, e := range c.entries {
		said := map[string]string{}
		for i := 0; i+1 < len(e.Args); i += 2 {
			said[fmt.Sprint(e.Args[i])] = fmt.Sprint(e.Args[i+1])
		}
		text := ""
		switch e.Kind {
		case "view":
			quorum := map[bool]string{true: "with quorum", false: "without quorum"}[said["quorate"] == "true"]
			text = fmt.Sprintf("view %s: %s, %s", said["ring"], said["members"], quorum)
		case "fenced":
			text = fmt.Sprintf("%s: %s by %s with %s", e.Node, e.Text, said["by"], said["device"])
			if seen[e.Text+said["by"]+e.At.Round(time.Second).String()] {
				continue
			}
			seen[e.Text+said["by"]+e.At.Round(time.Second).String()] = true
		}
		if text == "" || seen[text] {
			continue
		}
		seen[text] = true
		out = append(out, moment{e.At + c.skipped, text})
	}
	return out
}

// busy are the lines of a plan about what is to be done.
func busy(lines []sched.SummaryLine) []sched.SummaryLine {
	return slices.DeleteFunc(slices.Clone(lines), func(l sched.SummaryLine) bool { return l.Leave })
}

// summary writes a line of a plan.
func summary(l sched.SummaryLine) string {
	w := []string{strings.ToLower(l.Verb)}
	if l.Action != "" {
		w = append(w, "("+l.Action+")")
	}
	w = append(w, cmp.Or(l.Resource, l.Node))
	if l.Detail != "" {
		w = append(w, "("+l.Detail+")")
	}
	if l.Reason != "" {
		w = append(w, "because of "+l.Reason)
	}
	if l.Blocked {
		w = append(w, "(blocked)")
	}
	return strings.Join(w, " ")
}
