package engine

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"mainstay/cib"
	"mainstay/control"
	"mainstay/graph"
	"mainstay/sched"
)

// Transition is one run of the coordinator's plan, as it is kept.
type Transition struct {
	Number  int
	Trigger string // what made it necessary
	Started time.Time
	Ended   time.Time // zero while it runs
	Took    time.Duration
	Outcome string // "complete", "aborted: …", "" while it runs
	Failed  []string
	Summary []sched.SummaryLine
	Actions int
	Input   *cib.Elem
	Graph   *graph.Graph
}

// keepInMemory is how many transitions a node holds with input and graph.
const keepInMemory = 100

// keepForgetful is the same of a node that keeps none on disk.
const keepForgetful = 4

// history is what this node planned as coordinator.
type history struct {
	number int
	kept   []*Transition // oldest first; shared with published states, so it is replaced and not changed
}

func (e *Engine) planned(x control.Planned) {
	t := &Transition{Number: x.Number, Trigger: x.Trigger, Started: x.At, Took: x.Took,
		Summary: x.Result.Summary, Actions: len(x.Result.Graph.Actions), Input: x.Input, Graph: x.Result.Graph}
	e.history.kept = append(slices.Clone(e.history.kept), t)
	keep := keepInMemory
	if e.cfg.Forgetful {
		keep = keepForgetful
	}
	if len(e.history.kept) > keep {
		e.history.kept = e.history.kept[1:]
	}
	e.dirty = true
	e.emit(Write{Name: TransitionFile, Data: fmt.Appendf(nil, "%d\n", x.Number), Derived: true})
	e.event("planned", fmt.Sprintf("transition %d: %s", x.Number, x.Trigger),
		"transition", x.Number, "trigger", x.Trigger, "actions", t.Actions, "took_us", x.Took.Microseconds())
	for _, a := range x.Result.Graph.Actions {
		if a.Kind != graph.Pseudo {
			e.note(Debug, "an action is planned", "transition", x.Number, "action", a.Key, "node", a.Node, "reason", a.Reason)
		}
	}
}

func (e *Engine) ended(x control.Ended) {
	for i, t := range e.history.kept {
		if t.Number == x.Number && t.Ended.IsZero() {
			over := *t
			over.Ended = x.At
			over.Outcome = string(x.Outcome)
			if x.Reason != "" {
				over.Outcome += ": " + x.Reason
			}
			over.Failed = x.Failed
			e.history.kept = slices.Clone(e.history.kept)
			e.history.kept[i] = &over
			e.keep(&over)
		}
	}
	e.dirty = true
	e.event("transition", fmt.Sprintf("transition %d %s", x.Number, x.Outcome),
		"transition", x.Number, "outcome", x.Outcome, "reason", x.Reason, "failed", x.Failed)
}

// keepOnDisk is how many transitions stay on disk; older files are written over.
const keepOnDisk = 1000

// keep writes a finished transition to disk, so that its decision can be asked
// about and replayed later.
func (e *Engine) keep(t *Transition) {
	if e.cfg.Forgetful {
		return
	}
	doc := cib.New("transition",
		cib.Attr{Name: "number", Value: fmt.Sprint(t.Number)},
		cib.Attr{Name: "trigger", Value: t.Trigger},
		cib.Attr{Name: "started", Value: t.Started.UTC().Format(time.RFC3339Nano)},
		cib.Attr{Name: "ended", Value: t.Ended.UTC().Format(time.RFC3339Nano)},
		cib.Attr{Name: "outcome", Value: t.Outcome},
		cib.Attr{Name: "coordinator", Value: e.name},
	).Append(t.Input)
	for _, a := range t.Graph.Actions {
		if a.Kind != graph.Pseudo {
			doc = doc.Append(cib.New("action", cib.Attr{Name: "key", Value: a.Key},
				cib.Attr{Name: "node", Value: a.Node}, cib.Attr{Name: "reason", Value: a.Reason}))
		}
	}
	e.emit(Write{Name: PastFile(t.Number), Data: doc.AppendXML(nil, false), Derived: true})
}

// PastFile names the file that a finished transition is kept in; later ones write
// over it in time.
func PastFile(number int) string { return fmt.Sprintf("transitions/%03d.xml", number%keepOnDisk) }

// A Past transition is one that was read from its file.
type Past struct {
	Number                        int
	Coordinator, Trigger, Outcome string
	Started, Ended                time.Time
	Input                         *cib.Elem
}

// ReadPast reads a transition's file.
func ReadPast(text []byte) (*Past, error) {
	doc, err := cib.Parse(text)
	if err != nil {
		return nil, err
	}
	p := &Past{Coordinator: doc.Get("coordinator"), Trigger: doc.Get("trigger"), Outcome: doc.Get("outcome"), Input: doc.Child("cib")}
	if doc.Name() != "transition" || p.Input == nil {
		return nil, fmt.Errorf("a <%s> is not a transition", doc.Name())
	}
	if p.Number, err = strconv.Atoi(doc.Get("number")); err != nil {
		return nil, fmt.Errorf("number of a transition: %w", err)
	}
	if p.Started, err = time.Parse(time.RFC3339Nano, doc.Get("started")); err != nil {
		return nil, fmt.Errorf("transition %d: %w", p.Number, err)
	}
	if p.Ended, err = time.Parse(time.RFC3339Nano, doc.Get("ended")); err != nil {
		return nil, fmt.Errorf("transition %d: %w", p.Number, err)
	}
	return p, nil
}

// Event is something that happened, with the time at which this node saw it.
type Event struct {
	At   Time
	Kind string // view, synced, planned, transition, operation, fence, fenced, goodbye
	Text string
	Args []any // key, value, …
}

// keepEvents bounds the events that wait for the loop to take them.
const keepEvents = 1000

// event logs something that watchers want to hear of too.
func (e *Engine) event(kind, text string, args ...any) {
	e.dirty = true
	e.note(Info, text, append([]any{"event", kind}, args...)...)
	if len(e.events) < keepEvents {
		e.events = append(e.events, Event{e.now, kind, text, args})
	}
}
