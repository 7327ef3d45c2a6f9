package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/tools"
	"mainstay/internal/web"
	"mainstay/sched"
	"mainstay/status"
	"mainstay/view"
)

// statusOptions are the flags of "status".
type statusOptions struct {
	watch  bool
	links  bool
	format string
	view   view.Options
	// sections that a flag adds
	failcounts, attributes, operations, bans, tickets, plain bool
}

// statusCommand shows the state of the cluster.
func (a *app) statusCommand() *cobra.Command {
	var o statusOptions
	c := &cobra.Command{
		Use: "status", Short: "Show nodes, resources, failures, fencing, and why things do not run", GroupID: "look",
		Example: "  mainstay status\n  mainstay status --watch\n  mainstay status -o json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.watch {
				return a.watchStatus(c.Context(), o)
			}
			if o.links {
				return a.showLinks(c.Context(), o.format)
			}
			text, err := a.renderStatus(c.Context(), o)
			if err != nil {
				return err
			}
			a.Printf("%s", text)
			return nil
		},
	}
	f := c.Flags()
	f.BoolVarP(&o.watch, "watch", "w", false, "stay and show every change as it happens")
	f.BoolVar(&o.links, "links", false, "only this node's links to its peers: state, round trip, loss, MTU")
	f.StringVarP(&o.format, "output", "o", "text", "text, json, xml or html")
	f.BoolVarP(&o.view.Inactive, "inactive", "r", true, "show resources that run nowhere")
	f.BoolVarP(&o.view.GroupByNode, "group-by-node", "n", false, "show resources below their nodes")
	f.BoolVarP(&o.view.Brief, "brief", "b", false, "count resources instead of listing them")
	f.BoolVarP(&o.view.Detail, "show-detail", "R", false, "show node ids and single clone instances")
	f.BoolVarP(&o.view.Timing, "timing-details", "t", false, "show times in the operation history")
	f.BoolVarP(&o.operations, "operations", "O", false, "show the operation history")
	f.BoolVarP(&o.failcounts, "failcounts", "f", false, "show fail counts")
	f.BoolVarP(&o.attributes, "show-node-attributes", "A", false, "show node attributes")
	f.BoolVarP(&o.bans, "neg-locations", "L", false, "show bans")
	f.BoolVarP(&o.tickets, "tickets", "c", false, "show tickets")
	f.BoolVar(&o.plain, "plain", false, "only what crm_mon -1 shows")
	f.StringVar(&o.view.Node, "node", "", "only this node")
	f.StringVar(&o.view.Resource, "resource", "", "only this resource")
	return c
}

// options completes the view's options from the flags.
func (o statusOptions) options() view.Options {
	v := o.view
	v.Sections = view.DefaultSections()
	v.Pending = true
	v.Sections[view.Notes] = !o.plain
	v.Sections[view.Connections] = !o.plain
	v.Sections[view.Failcounts] = o.failcounts
	v.Sections[view.Attributes] = o.attributes
	v.Sections[view.Operations] = o.operations || v.Timing
	v.Sections[view.Bans] = o.bans
	v.Sections[view.Tickets] = o.tickets
	return v
}

func (a *app) renderStatus(ctx context.Context, o statusOptions) (string, error) {
	f, err := tools.Frame(ctx, a.Env)
	if err != nil {
		return "", a.noConfigurationYet(ctx, err)
	}
	return tools.Render(f, o.format, Name+" status", o.options(), view.Page{})
}

// noConfigurationYet adds to the refusal of a node without a CIB what it knows:
// whom it sees, and why it does not go on.
func (a *app) noConfigurationYet(ctx context.Context, err error) error {
	var p *web.Problem
	if !errors.As(err, &p) || p.Kind != web.Unavailable {
		return err
	}
	n, nodeErr := a.Client().Node(ctx)
	if nodeErr != nil {
		return err
	}
	more := *p
	more.Details = append(more.Details, fmt.Sprintf("view %s, quorate: %t %s", n.View, n.Quorum.Quorate, n.Quorum.WhyNot))
	for _, l := range n.Links {
		state := "down"
		if l.Up {
			state = "up"
		}
		more.Details = append(more.Details, fmt.Sprintf("link %d to %s (%s) is %s", l.Link, l.Node, l.Addr, state))
	}
	for _, al := range n.Alarms {
		more.Details = append(more.Details, al.Kind+": "+al.Text)
	}
	return &more
}

// watchStatus shows every change until interrupted. On a terminal it repaints, in a
// pipe it prints one screen after the other.
func (a *app) watchStatus(ctx context.Context, o statusOptions) error {
	c := a.Client()
	for ctx.Err() == nil {
		err := c.Watch(ctx, func(web.Event) bool {
			text, err := a.renderStatus(ctx, o)
			if err != nil {
				text = Name + ": " + face.Describe(err) + "\n"
			}
			a.paint(text)
			return ctx.Err() == nil
		})
		if !errors.Is(err, client.ErrNoDaemon) {
			return ignoreEnd(ctx, err)
		}
		a.paint(fmt.Sprintf("%s: %s\n(waiting for it to come back; %s)\n", Name, err, a.Now().Format(time.TimeOnly)))
		select {
		case <-ctx.Done():
		case <-time.After(poll):
		}
	}
	return nil
}

// ignoreEnd turns the end of watching into success.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// paint shows a screen.
func (a *app) paint(text string) {
	if !a.Terminal {
		a.Printf("%s\n", text)
		return
	}
	var b strings.Builder
	b.WriteString("\x1b[H")
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSuffix(line, "\n") + "\x1b[K\r\n")
	}
	b.WriteString("\x1b[J")
	a.Printf("%s", b.String())
}

// clusterStatus is the state of the cluster as the scheduler sees it.
func (a *app) clusterStatus(ctx context.Context) (*status.Cluster, error) {
	root, err := a.CIB(ctx)
	if err != nil {
		return nil, err
	}
	return sched.Unpack(sched.Input{CIB: root, Now: a.Now()}), nil
}
