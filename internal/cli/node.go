package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/status"
)

// nodeCommand is "mainstay node …".
func (a *app) nodeCommand() *cobra.Command {
	return family("change", "node", "Standby, maintenance and attributes of nodes",
		a.nodeAttrCommand("standby", "Move everything off nodes and start nothing there", "standby", "on"),
		a.nodeAttrCommand("online", "Let nodes run resources again", "standby", ""),
		a.nodeAttrCommand("maintenance", "Leave everything on nodes as it is, whatever happens", "maintenance", "true"),
		a.nodeAttrCommand("ready", "End maintenance of nodes", "maintenance", ""),
		a.attributeCommand(),
		a.nodeListCommand(),
		a.removeCommand(),
	)
}

// nodeAttrCommand makes a command that sets (or, with value "", removes) a
// permanent attribute of nodes.
func (a *app) nodeAttrCommand(use, short, name, value string) *cobra.Command {
	all := false
	c := &cobra.Command{
		Use: use + " [NODE...]", Short: short, ValidArgsFunction: a.completeNodes,
		Long:    short + ". Without a node: this one.",
		Example: "  mainstay node " + use + " node2 --wait",
		RunE: func(c *cobra.Command, args []string) error {
			root, err := a.CIB(c.Context())
			if err != nil {
				return err
			}
			if all {
				args = intent.Nodes(root)
			}
			if len(args) == 0 {
				self, err := a.self(c.Context())
				if err != nil {
					return err
				}
				args = []string{self}
			}
			edits, err := nodeEdits(root, args, name, value)
			if err != nil {
				return err
			}
			return a.change(c.Context(), edits)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "all nodes")
	return a.waitFlags(c)
}

func nodeEdits(root *cib.Elem, nodes []string, name, value string) ([]cib.Edit, error) {
	var edits []cib.Edit
	for _, n := range nodes {
		p, err := intent.NeedNode(root, n)
		if err != nil {
			return nil, err
		}
		if value != "" {
			edits = append(edits, intent.SetNode(p, intent.Params, name, value).Edits...)
		} else if pair, ok := intent.UnsetNode(p, intent.Params, name); ok {
			edits = append(edits, pair.Edits...)
		}
	}
	return edits, nil
}

// self asks the node daemon for its name.
func (a *app) self(ctx context.Context) (string, error) {
	s, err := a.Client().Node(ctx)
	if err != nil {
		return "", err
	}
	return s.Self, nil
}

// attributeOptions are the flags of "node attribute".
type attributeOptions struct {
	transient, remove bool
}

// attributeCommand shows, sets and removes node attributes.
func (a *app) attributeCommand() *cobra.Command {
	var o attributeOptions
	c := &cobra.Command{
		Use: "attribute NODE [NAME[=VALUE]]", Short: "Show, set or remove attributes of a node",
		Example: "  mainstay node attribute node1\n  mainstay node attribute node1 rack=7\n  mainstay node attribute node1 rack --delete",
		Args:    cobra.RangeArgs(1, 2), ValidArgsFunction: a.completeNodes,
		RunE: func(c *cobra.Command, args []string) error {
			root, err := a.CIB(c.Context())
			if err != nil {
				return err
			}
			p, err := intent.NeedNode(root, args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return a.showAttributes(c.Context(), p)
			}
			name, value, set := strings.Cut(args[1], "=")
			if !set && !o.remove {
				return a.showAttribute(root, p, name)
			}
			return a.setAttribute(c.Context(), root, p, name, value, o)
		},
	}
	c.Flags().BoolVar(&o.transient, "transient", false, "of the running cluster only: gone when the node leaves")
	c.Flags().BoolVar(&o.remove, "delete", false, "remove it")
	return a.waitFlags(c)
}

func (a *app) setAttribute(ctx context.Context, root *cib.Elem, p *cib.Place, name, value string, o attributeOptions) error {
	if o.transient {
		err := a.Client().SetAttribute(ctx, web.AttributeBody{Node: p.Elem.Get("uname"), Name: name, Value: value, Delete: o.remove, Sync: true})
		if err != nil {
			return err
		}
		return a.settle(ctx)
	}
	if !o.remove {
		return a.change(ctx, intent.SetNode(p, intent.Params, name, value).Edits)
	}
	pair, ok := intent.UnsetNode(p, intent.Params, name)
	if !ok {
		return noAttribute(p, name)
	}
	return a.change(ctx, pair.Edits)
}

func noAttribute(p *cib.Place, name string) error {
	return face.Failf(face.NoSuch, "node %q has no attribute %q", p.Elem.Get("uname"), name)
}

func (a *app) showAttribute(root *cib.Elem, p *cib.Place, name string) error {
	pair, ok := intent.GetTransient(root, p, name)
	if !ok {
		pair, ok = intent.GetNode(p, intent.Params, name)
	}
	if !ok {
		return noAttribute(p, name)
	}
	a.Printf("%s\n", pair.Value)
	return nil
}

func (a *app) showAttributes(ctx context.Context, p *cib.Place) error {
	st, err := a.clusterStatus(ctx)
	if err != nil {
		return err
	}
	for _, n := range st.Nodes {
		if n.ID == p.Elem.ID() || n.Name == p.Elem.Get("uname") {
			for _, at := range n.Attributes {
				a.Printf("%s=%s\n", at.Name, at.Value)
			}
		}
	}
	return nil
}

// nodeListCommand lists nodes and their state.
func (a *app) nodeListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List nodes: name, id, state, running resources", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := a.clusterStatus(c.Context())
			if err != nil {
				return err
			}
			for _, n := range st.Nodes {
				a.Printf("%s\n", strings.TrimRight(fmt.Sprintf("%-16s %-6s %-28s %d", n.Name, n.ID, nodeState(n), n.Running), " "))
			}
			return nil
		},
	}
}

// nodeState says in a few words how a node is.
func nodeState(n status.Node) string {
	var words []string
	switch {
	case n.Unclean && n.Online:
		words = append(words, "unclean", "online")
	case n.Unclean:
		words = append(words, "unclean", "offline")
	case n.Pending:
		words = append(words, "pending")
	case n.Online:
		words = append(words, "online")
	default:
		words = append(words, "offline")
	}
	for _, s := range []struct {
		on   bool
		word string
	}{{n.Standby, "standby"}, {n.StandbyOnFail, "standby-on-fail"}, {n.Maintenance, "maintenance"}, {n.Shutdown, "leaving"}, {n.IsDC, "coordinator"}} {
		if s.on {
			words = append(words, s.word)
		}
	}
	return strings.Join(words, ",")
}

// removeCommand takes a node out of the cluster.
func (a *app) removeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NODE", Short: "Remove a node that has left from the cluster's configuration",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeNodes,
		RunE: func(c *cobra.Command, args []string) error {
			return a.Client().RemoveNode(c.Context(), args[0])
		},
	}
}
