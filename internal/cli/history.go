package cli

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mainstay/graph"
	"mainstay/internal/face"
	"mainstay/internal/web"
)

// historyCommand shows what the cluster did, and why.
func (a *app) historyCommand() *cobra.Command {
	input, actions := false, false
	c := &cobra.Command{
		Use: "history [NUMBER]", Short: "Show what the cluster did and why: transitions with their reasons", GroupID: "look",
		Long: "Lists the transitions that this node keeps, newest last; with a number, tells one of\n" +
			"them in full. The node that coordinates keeps them.",
		Example: "  mainstay history\n  mainstay history 12\n  mainstay history 12 --input > before.xml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				list, err := a.Client().History(c.Context())
				if err != nil {
					return err
				}
				a.listHistory(list)
				if len(list) == 0 {
					a.noHistory(c.Context())
				}
				return nil
			}
			n, err := strconv.Atoi(args[0])
			if err != nil {
				return face.Failf(face.Usage, "transition %q: want a number; \"mainstay history\" lists them", args[0])
			}
			t, err := a.Client().Transition(c.Context(), n)
			if err != nil {
				return err
			}
			if input {
				a.Printf("%s", t.Input.AppendXML(nil, true))
				return nil
			}
			a.tellTransition(t, actions)
			return nil
		},
	}
	c.Flags().BoolVar(&input, "input", false, "print the CIB that the transition was computed from")
	c.Flags().BoolVar(&actions, "actions", false, "list every action with what it waits for")
	return c
}

// noHistory says where to ask.
func (a *app) noHistory(ctx context.Context) {
	if s, err := a.Client().Node(ctx); err == nil && s.Coordinator != s.Self && s.Coordinator != "" {
		a.Errorf("%s: this node keeps no transitions; ask on %s, which coordinates\n", Name, s.Coordinator)
	}
}

// listHistory prints one line per transition, oldest first.
func (a *app) listHistory(list []web.Transition) {
	for i := len(list) - 1; i >= 0; i-- {
		t := list[i]
		a.Printf("%5d  %s  %6s  %-10s  %3d actions  %s\n", t.Number, t.Started.Local().Format("2006-01-02 15:04:05"),
			tookOf(t), outcomeOf(t), t.Actions, t.Trigger)
	}
}

func outcomeOf(t web.Transition) string {
	if t.Ended.IsZero() {
		return "running"
	}
	outcome, _, _ := strings.Cut(t.Outcome, ":")
	return outcome
}

func tookOf(t web.Transition) string {
	if t.Ended.IsZero() {
		return "-"
	}
	return t.Ended.Sub(t.Started).Round(10 * time.Millisecond).String()
}

// tellTransition prints one transition in full.
func (a *app) tellTransition(t *web.Transition, actions bool) {
	a.Printf("Transition %d on %s, %s, took %s\n", t.Number, orDash(t.Coordinator), t.Started.Local().Format("2006-01-02 15:04:05.000"), tookOf(*t))
	a.Printf("  why:     %s\n  outcome: %s\n", t.Trigger, cmp.Or(t.Outcome, "running"))
	if len(t.Summary) > 0 {
		a.Printf("Decisions:\n")
		for _, s := range t.Summary {
			a.Printf("  * %s\n", s)
		}
	}
	if t.Graph == nil || len(t.Graph.Actions) == 0 {
		a.Printf("Actions: none\n")
		return
	}
	a.Printf("Actions:\n")
	for _, act := range t.Graph.Actions {
		if act.Kind == graph.Pseudo && !actions {
			continue
		}
		a.Printf("  %s\n", actionLine(act, actions))
	}
}

// actionLine tells an action: what, where, why, after what.
func actionLine(act *graph.Action, inputs bool) string {
	line := act.Key
	if line == "" {
		line = act.Task
	}
	if act.Node != "" {
		line += " on " + act.Node
	}
	if act.Reason != "" {
		line += ": " + act.Reason
	}
	if inputs {
		ids := make([]string, len(act.Inputs))
		for i, n := range act.Inputs {
			ids[i] = strconv.Itoa(n)
		}
		line = fmt.Sprintf("[%d] %s", act.ID, line)
		if len(ids) > 0 {
			line += " after " + strings.Join(ids, ",")
		}
	}
	return line
}
