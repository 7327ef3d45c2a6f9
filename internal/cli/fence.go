package cli

import (
	"time"

	"github.com/spf13/cobra"

	"mainstay/intent"
	"mainstay/internal/face"
)

// fenceCommand is "mainstay fence NODE" with its relatives below it.
func (a *app) fenceCommand() *cobra.Command {
	var action string
	var yes bool
	var timeout time.Duration
	c := &cobra.Command{
		Use: "fence NODE", Short: "Cut a node off: power it off or reboot it by its fence device", GroupID: "change",
		Example: "  mainstay fence node3\n  mainstay fence node3 --action off\n  mainstay fence history",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: a.completeNodes,
		RunE: func(c *cobra.Command, args []string) error {
			root, err := a.Client().CIB(c.Context())
			if err != nil {
				return err
			}
			p, err := intent.NeedNode(root, args[0])
			if err != nil {
				return err
			}
			name := p.Elem.Get("uname")
			if !yes {
				if err := a.Confirm("Fence (" + action + ") node " + name + "? What it runs is stopped hard and recovered elsewhere."); err != nil {
					return err
				}
			}
			e, err := a.Client().Fence(c.Context(), name, action, timeout)
			if err != nil {
				return err
			}
			if !e.OK {
				return face.Failf(face.Error, "fencing (%s) of %s failed: %s\n  remedy: \"mainstay fence history\" shows every attempt", action, name, e.Output)
			}
			a.Printf("%s: %s by %s\n", name, action, e.Device)
			return nil
		},
	}
	c.Flags().StringVar(&action, "action", "reboot", "off, reboot or on")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.Flags().DurationVar(&timeout, "timeout", 150*time.Second, "how long one device may take")
	c.AddCommand(a.fenceHistoryCommand(), a.confirmCommand())
	return c
}

func (a *app) fenceHistoryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "history [NODE]", Short: "Show who was fenced when, by what, for whom", Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeNodes,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := a.Client().Node(c.Context())
			if err != nil {
				return err
			}
			for _, e := range s.Fencing {
				if len(args) > 0 && e.Node != args[0] {
					continue
				}
				result, when := "pending", e.Started
				switch {
				case e.Done && e.OK:
					result, when = "done", e.Ended
				case e.Done:
					result, when = "failed", e.Ended
				}
				a.Printf("%s  %-6s %s of %s by %s on %s, asked by %s on %s\n", when.Local().Format(time.DateTime), result,
					e.Action, e.Node, orDash(e.Device), orDash(e.Agent), orDash(e.Client), orDash(e.Origin))
				if e.Output != "" && !e.OK {
					a.Printf("    %s\n", e.Output)
				}
			}
			return nil
		},
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// confirmCommand takes an operator's word that a node is off.
func (a *app) confirmCommand() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "confirm NODE", Short: "Confirm that a node is off, seen with your own eyes", Args: cobra.ExactArgs(1),
		Long: "Tells the cluster that a node is off although no device said so. Its resources are\n" +
			"started elsewhere at once: if it still runs, data will be damaged.",
		ValidArgsFunction: a.completeNodes,
		RunE: func(c *cobra.Command, args []string) error {
			if !yes {
				if err := a.Confirm("Is node " + args[0] + " off, or cut off from all shared storage, for certain?"); err != nil {
					return err
				}
			}
			return a.Client().ConfirmOff(c.Context(), args[0])
		},
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}
