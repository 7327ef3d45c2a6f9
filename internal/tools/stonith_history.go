package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/internal/web"
	"mainstay/view"
)

// events are the fencings of a node, or of all, newest first.
func (o *fencingOptions) events(ctx context.Context) ([]web.FenceEvent, error) {
	s, err := o.env.Client().Node(ctx)
	if err != nil {
		return nil, err
	}
	target := o.arg
	if o.nodeID {
		for _, p := range s.Peers {
			if p.ID.String() == target {
				target = p.Name
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(s.Fencing), func(e web.FenceEvent) bool {
		return target != "*" && target != "" && e.Node != target
	}), nil
}

// last tells when a node was last fenced.
func (o *fencingOptions) last(ctx context.Context) error {
	events, err := o.events(ctx)
	if err != nil {
		return err
	}
	for _, e := range events {
		if !e.Done || !e.OK {
			continue
		}
		text := fmt.Sprintf("Node %s last fenced at: %s", o.arg, e.Ended.In(o.env.Now().Location()).Format("Mon Jan _2 15:04:05 2006"))
		o.printf("%s\n", text)
		o.show(view.TextBlock(text, "div"))
		o.add(element("last-fenced", "target", o.arg, "when", stamp(e.Ended)))
		return nil
	}
	text := fmt.Sprintf("Node %s has never been fenced", o.arg)
	o.printf("%s\n", text)
	o.show(view.TextBlock(text, "div"))
	o.add(element("last-fenced", "target", o.arg))
	return nil
}

// stamp writes a time as XML answers do.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// fencingWords are what is told of the actions.
var fencingWords = map[string]string{"off": "turning off", "on": "unfencing", "reboot": "reboot"}

// history tells how nodes were fenced.
func (o *fencingOptions) history(ctx context.Context) error {
	if o.cleanup {
		if !o.quiet {
			o.printf("cleaning up fencing-history for node %s\n", o.arg)
		}
		node := o.arg
		if node == "*" {
			node = ""
		}
		return o.env.Client().ForgetFencing(ctx, node)
	}
	if o.broadcast && !o.quiet {
		o.printf("gather fencing-history from all nodes\n")
	}
	events, err := o.events(ctx)
	if err != nil {
		return err
	}
	verbose := o.f.verbosity() > 0
	var list []*cib.Elem
	var told []string
	seen := map[string]bool{}
	for _, e := range events {
		if !verbose {
			if !e.Done || !e.OK || seen[e.Node] {
				continue
			}
			seen[e.Node] = true
		}
		x, line := o.event(e, verbose)
		list, told = append(list, x), append(told, line)
	}
	if o.quiet {
		list = nil
	}
	o.show(view.ListBlock("Fencing History", "", told)...)
	o.printf("%d event%s found\n", len(list), plural(len(list)))
	o.add(element("list", "name", "fencing history", "count", itoa(len(list))).WithKids(list))
	return nil
}

// event tells one fencing, and returns it as an element and in words.
func (o *fencingOptions) event(e web.FenceEvent, verbose bool) (*cib.Elem, string) {
	state, tail := "success", "last-successful"
	switch {
	case !e.Done:
		state, tail = "pending", ""
	case !e.OK:
		state, tail = "failed", "completed"
	case verbose:
		tail = "completed"
	}
	x := element("fence_event", "action", e.Action, "target", e.Node, "client", e.Client, "origin", e.Origin, "status", state)
	who := ""
	if e.Agent != "" {
		x, who = x.With("delegate", e.Agent), "delegate="+e.Agent+", "
	}
	if o.quiet {
		o.printf("%d\n", e.Ended.Unix())
		return x, ""
	}
	word := fencingWords[e.Action]
	if word == "" {
		word = e.Action
	}
	if !e.Done {
		text := fmt.Sprintf("%s of %s pending: client=%s, origin=%s", word, e.Node, e.Client, e.Origin)
		o.printf("%s\n", text)
		return x, text
	}
	if !e.OK && e.Output != "" {
		x = x.With("exit-reason", strings.TrimSpace(e.Output))
	}
	words := map[string]string{"success": "successful", "failed": "failed"}[state]
	text := fmt.Sprintf("%s of %s %s: %sclient=%s, origin=%s, %s='%s'", word, e.Node, words, who, e.Client, e.Origin, tail, stamp(e.Ended))
	o.printf("%s\n", text)
	return x.With("completed", stamp(e.Ended)), text
}
