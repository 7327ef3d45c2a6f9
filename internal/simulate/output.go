package simulate

import (
	"bufio"
	"io"

	"mainstay/graph"
	"mainstay/internal/face"
	"mainstay/sched"
	"mainstay/status"
	"mainstay/view"
)

// output is where a run tells what it does, phase by phase.
type output interface {
	remark(text string)                 // a line of its own
	states() bool                       // whether states are shown at all
	before(f *view.Frame)               // the state at first
	injecting()                         // changes on demand follow
	injected(text string)               // one of them
	plan(res *sched.Result)             // scores and summary
	executing()                         // actions follow
	action(a *graph.Action, rsc string) // one of them
	note(text string)                   // about the last action
	after(f *view.Frame)                // the state in the end
	raw(text string)                    // a file that goes to standard output
	finish(code face.Code) error        // write what is not written yet
}

// textOutput is the familiar text.
type textOutput struct {
	o       *options
	b       *bufio.Writer
	inBlock bool // a list is open: the next block begins after an empty line
}

func (t *textOutput) remark(text string) {
	if !t.o.quiet {
		t.line(text)
	}
}

func newTextOutput(o *options, w io.Writer) *textOutput {
	return &textOutput{o: o, b: bufio.NewWriterSize(w, 16<<10)}
}

// line writes the parts of a line.
func (t *textOutput) line(parts ...string) {
	for _, p := range parts {
		t.b.WriteString(p)
	}
	t.b.WriteByte('\n')
}

// block writes a block after an empty line.
func (t *textOutput) block(text string) {
	if t.inBlock {
		t.b.WriteString("\n")
	}
	t.b.WriteString(text)
	t.inBlock = true
}

// options are how states are shown.
func (t *textOutput) options() view.Options {
	s := map[view.Section]bool{view.Nodes: true, view.Resources: true}
	s[view.Attributes] = t.o.attrs
	s[view.Failcounts] = t.o.failCounts
	return view.Options{Sections: s, Inactive: true, Pending: t.o.pending}
}

func (t *textOutput) states() bool { return !t.o.quiet }

func (t *textOutput) before(f *view.Frame) {
	if t.o.quiet {
		return
	}
	if line := view.MaintenanceNotice(f.Cluster); line != "" && f.Cluster.Maintenance {
		t.b.WriteString(line)
		t.inBlock = true
	}
	if line := view.SimCounts(f.Cluster); line != "" {
		t.b.WriteString(line)
		t.inBlock = true
	}
	t.block(view.SimStatus(f, "Current cluster status", t.options()))
}

func (t *textOutput) injecting() {
	if !t.o.quiet {
		t.block("Performing Requested Modifications:\n")
	}
}

func (t *textOutput) injected(text string) {
	if !t.o.quiet {
		t.line("  * ", text)
	}
}

func (t *textOutput) plan(res *sched.Result) {
	if t.o.scores {
		t.scores(res)
	}
	if !t.o.quiet {
		t.block(view.Summary(changes(res), t.o.allActions))
	}
}

// scores writes the scores; without --quiet below a title.
func (t *textOutput) scores(res *sched.Result) {
	bullet := ""
	if !t.o.quiet {
		title := "Assignment Scores"
		if t.o.utilization {
			title = "Assignment Scores and Utilization Information"
		}
		t.block(title + ":\n")
		bullet = "  * "
	} else {
		t.b.WriteString("\n")
	}
	for _, s := range res.Scores {
		if s.Text != "" && !t.o.utilization && !t.o.quiet {
			continue
		}
		t.line(bullet, s.String())
	}
}

// changes are the summary's lines in the speakers' words.
func changes(res *sched.Result) []status.Change {
	out := make([]status.Change, len(res.Summary))
	for i, l := range res.Summary {
		out[i] = status.Change(l)
	}
	return out
}

func (t *textOutput) executing() {
	if !t.o.quiet {
		t.block("Executing Cluster Transition:\n")
	}
}

func (t *textOutput) action(a *graph.Action, rsc string) {
	if !t.o.quiet {
		t.line("  * ", view.Executing(a, rsc))
	}
}

func (t *textOutput) note(text string) { t.remark(text) }

func (t *textOutput) after(f *view.Frame) {
	settled(f)
	if !t.o.quiet {
		t.block(view.SimStatus(f, "Revised Cluster Status", t.options()))
	}
}

func (t *textOutput) raw(text string) { t.b.WriteString(text) }

func (t *textOutput) finish(face.Code) error { return t.b.Flush() } // the first error, if there was one

// settled drops what was under way: once a transition was carried out, nothing is.
func settled(f *view.Frame) {
	var clear func(list []*status.Resource)
	clear = func(list []*status.Resource) {
		for _, r := range list {
			r.Pending, r.PendingNode = "", ""
			clear(r.Children)
		}
	}
	clear(f.Cluster.Resources)
}
