package rehearse

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
)

// Condition is one thing that a rehearsal must not show, such as "outage>30s" or
// "double-owner".
type Condition struct {
	Kind  string        // of finding, "outage", "fenced" or "red"
	Limit time.Duration // of an outage
}

// String writes the condition as ParseConditions reads it.
func (c Condition) String() string {
	if c.Kind == "outage" && c.Limit > 0 {
		return "outage>" + c.Limit.String()
	}
	return c.Kind
}

// ParseConditions reads a list such as "outage>30s,double-owner,fence-loop".
func ParseConditions(list []string) ([]Condition, error) {
	known := []string{"outage", "fenced", "red"}
	for _, k := range Findings() {
		known = append(known, k[0])
	}
	var out []Condition
	for _, text := range list {
		kind, limit, has := strings.Cut(strings.TrimSpace(text), ">")
		c := Condition{Kind: strings.TrimSpace(kind)}
		if !slices.Contains(known, c.Kind) {
			hint := "one of " + strings.Join(known, ", ")
			if near := cib.Nearest(c.Kind, known); near != "" {
				hint = "did you mean " + near + "?"
			}
			return nil, fmt.Errorf("condition %q is not known\n  remedy: %s", text, hint)
		}
		if has {
			d, err := cib.ParseDuration(strings.TrimSpace(limit))
			if err != nil || d < 0 || c.Kind != "outage" {
				return nil, fmt.Errorf("condition %q: only outage takes a limit, a time span such as outage>30s", text)
			}
			c.Limit = d
		}
		out = append(out, c)
	}
	return out, nil
}

// Broken lists what of a report a condition forbids: rows, as "ROW: what", and what
// is wrong without a fault.
func (c Condition) Broken(rep *Report) []string {
	var out []string
	for _, f := range rep.Findings {
		if c.Kind == "red" || c.Kind == f.Kind {
			out = append(out, fmt.Sprintf("%s: %s: %s", f.Kind, f.Subject(), f.Why))
		}
	}
	for _, r := range rep.Rows {
		if what := c.of(r); what != "" {
			out = append(out, r.ID+": "+what)
		}
	}
	return out
}

// of tells what of a row the condition forbids, "" if nothing.
func (c Condition) of(r *Row) string {
	switch c.Kind {
	case "red":
		if r.Level == Red {
			return r.Findings[0].Kind
		}
		return ""
	case "fenced":
		for _, f := range r.Fenced {
			if f.OK {
				return f.Node + " was fenced"
			}
		}
		return ""
	case "outage":
		for _, o := range r.Outages {
			if o.Lasts {
				return o.Service + " was away for good"
			}
			if time.Duration(o.Long) > c.Limit {
				return fmt.Sprintf("%s was away for %s", o.Service, o.Long)
			}
		}
		return ""
	}
	for _, f := range r.Findings {
		if f.Kind == c.Kind {
			return f.Why
		}
	}
	return ""
}
