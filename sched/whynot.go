package sched

import (
	"strings"

	"mainstay/cib"
	"mainstay/status"
)

// WhyNot tells of each resource that should run and does not what keeps it from
// it, in one line: what holds everywhere, then the decisive veto of each node.
// The plan must have been made with Options.Reasons.
func WhyNot(r *Result) []status.Note {
	var out []status.Note
	var walk func(list []*status.Resource)
	walk = func(list []*status.Resource) {
		for _, res := range list {
			if idle(res) {
				if text := whyNot(r, res); text != "" {
					out = append(out, status.Note{About: res.ID, Text: "not running: " + text})
				}
			}
			if res.Kind == status.Group || anyActive(res.Children) {
				walk(res.Children)
			} else if len(res.Children) > 0 {
				walk(res.Children[:1]) // all instances have the same to tell
			}
		}
	}
	walk(r.Status.Resources)
	return out
}

// Idle tells whether there is something that should run and does not.
func Idle(list []*status.Resource) bool {
	for _, res := range list {
		if idle(res) || res.Kind != status.Primitive && !anyActive(res.Children) && !res.Disabled && Idle(res.Children) {
			return true
		}
	}
	return false
}

// idle tells whether a primitive is stopped although nobody asked for that.
func idle(res *status.Resource) bool {
	return res.Kind == status.Primitive && len(res.Places) == 0 && !res.Disabled && !res.Orphan
}

func anyActive(list []*status.Resource) bool {
	for _, res := range list {
		if len(res.Places) > 0 || anyActive(res.Children) {
			return true
		}
	}
	return false
}

// whyNot joins what keeps a resource from running.
func whyNot(r *Result, res *status.Resource) string {
	var general, vetoes []string
	told := map[string]bool{}
	for _, s := range r.Reasons {
		if s.Resource != res.ID && s.Resource != res.BaseID || s.Amount > -cib.Infinity && s.Node != "" {
			continue
		}
		switch {
		case s.Node == "" && s.Kind != CauseChosen:
			general = append(general, cause(r.Status, res, s))
		case s.Node != "" && !told[s.Node]:
			told[s.Node] = true
			vetoes = append(vetoes, s.Node+": "+cause(r.Status, res, s))
		}
	}
	return strings.Join(append(general, vetoes...), "; ")
}

// cause tells one reason: in the words of the failure behind it, if there is one.
func cause(c *status.Cluster, res *status.Resource, s Reason) string {
	if s.Text != "" {
		if s.Source != "" && !strings.Contains(s.Text, s.Source) {
			return s.Text + " [" + s.Source + "]"
		}
		return s.Text
	}
	for _, f := range c.Failures {
		if f.Node == s.Node && (f.Resource == res.ID || f.Resource == res.BaseID) {
			if f.ExitReason != "" {
				return f.ExitReason
			}
			return f.Task + " failed: " + f.RCText
		}
	}
	if s.Source != "" {
		return string(s.Kind) + " [" + s.Source + "]"
	}
	return string(s.Kind)
}
