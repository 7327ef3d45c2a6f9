package tools

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/internal/face"
	"mainstay/internal/web"
)

// schedulerInputs is where Pacemaker keeps its scheduler's inputs: log lines name them so.
const schedulerInputs = "/var/lib/pacemaker/pengine/"

// pastParts are the transitions that this node keeps as parts of a report, in the way
// that crmsh's "history" reads: each one's input, compressed as crm_simulate reads it,
// and a log in syslog's form of what was planned and carried out. The daemons in it
// have their names of Pacemaker 1, the only ones by which crmsh 4.4 finds transitions.
// Without a daemon, and on a node that never coordinated, there are none.
func pastParts(ctx context.Context, env *face.Env, host string, hide []string) (map[string][]byte, error) {
	list, err := env.Client().History(ctx)
	if err != nil {
		return nil, fmt.Errorf("transitions: %w", err)
	}
	parts := map[string][]byte{}
	l := &pastLog{host: host, zone: env.Now().Location()}
	for i := len(list) - 1; i >= 0; i-- { // the newest comes first
		t, err := env.Client().Transition(ctx, list[i].Number)
		if err != nil {
			return nil, fmt.Errorf("transition %d: %w", list[i].Number, err)
		}
		name := fmt.Sprintf("pe-input-%d.bz2", t.Number)
		input, err := face.Compress(blotPairs(t.Input, hide).AppendXML(nil, true))
		if err != nil {
			return nil, err
		}
		parts[host+"/pengine/"+name] = input
		l.transition(t, schedulerInputs+name)
	}
	if len(parts) == 0 {
		return nil, nil
	}
	parts[host+"/ha-log.txt"] = l.text.Bytes()
	return parts, nil
}

// blotPairs replaces the values of nvpairs whose names are secret. (In the text of a
// document, blot would also hit attributes that list the names of parameters.)
func blotPairs(e *cib.Elem, names []string) *cib.Elem {
	if e.Name() == "nvpair" {
		for _, n := range names {
			if regexp.MustCompile(`^(?i:` + n + `)$`).MatchString(e.Get("name")) {
				return e.With("value", "******")
			}
		}
		return e
	}
	kids := slices.Clone(e.Kids())
	for i, k := range kids {
		kids[i] = blotPairs(k, names)
	}
	if slices.Equal(kids, e.Kids()) {
		return e
	}
	return e.WithKids(kids)
}

// pastLog writes a log of transitions.
type pastLog struct {
	text bytes.Buffer
	host string
	zone *time.Location
}

// line writes a line as syslog does; RFC 3164, 4.1.2 has the form of its time.
func (l *pastLog) line(at time.Time, daemon, format string, args ...any) {
	fmt.Fprintf(&l.text, "%s %s %s[1]: %s\n", at.In(l.zone).Format(time.Stamp), l.host, daemon, fmt.Sprintf(format, args...))
}

// transition tells of one: why, what, and how it ended.
func (l *pastLog) transition(t *web.Transition, input string) {
	l.line(t.Started, "crmd", "info: %s", t.Trigger)
	for _, s := range t.Summary {
		l.line(t.Started, "pengine", "notice: %s", strings.TrimSpace(s))
	}
	l.line(t.Started, "pengine", "notice: Calculated transition %d, saving inputs in %s", t.Number, input)
	l.line(t.Started, "crmd", "info: Processing graph %d derived from %s", t.Number, input)
	var actions []*graph.Action
	if t.Graph != nil {
		actions = slices.SortedFunc(slices.Values(t.Graph.Actions), func(a, b *graph.Action) int { return a.ID - b.ID })
	}
	for _, a := range actions {
		switch {
		case a.Kind == graph.Resource:
			l.line(t.Started, "crmd", "notice: Initiating %s operation %s on %s | action %d", a.Task, a.Key, a.Node, a.ID)
		case a.Task == "stonith":
			l.line(t.Started, "pengine", "warning: Scheduling Node %s for STONITH: %s", a.Node, a.Reason)
			l.line(t.Started, "crmd", "notice: Executing %s fencing operation (%d) on %s", a.Attr("stonith_action"), a.ID, a.Node)
		}
	}
	if t.Ended.IsZero() {
		return
	}
	outcome, done := "Complete", t.Actions
	if !strings.HasPrefix(t.Outcome, "complete") {
		outcome = "Stopped"
		l.line(t.Ended, "crmd", "info: Transition %d: %s", t.Number, t.Outcome)
	}
	l.line(t.Ended, "crmd", "notice: Transition %d (Complete=%d, Pending=0, Fired=0, Skipped=0, Incomplete=0, Source=%s): %s", t.Number, done, input, outcome)
}
