package cli

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"mainstay/internal/face"
	"mainstay/internal/playground"
)

// playgroundCommand is "mainstay playground …": whole nodes on this machine.
func (a *app) playgroundCommand() *cobra.Command {
	var o playground.Options
	detach := false
	c := family("rehearse", "playground [CONFIG]", "Whole cluster nodes on this machine, with a power switch")
	c.Long = "Brings up whole nodes as namespaces over this machine's own root file system, joins\n" +
		"them by two networks, loads CONFIG (crm text or CIB XML), and shows the cluster live\n" +
		"until Ctrl-C. Needs root. Everything is removed at the end."
	c.Example = "  mainstay playground examples/controllers.crm\n" +
		"  mainstay playground --detach --nodes 5\n" +
		"  mainstay playground exec node1 -- mainstay status\n" +
		"  mainstay playground power off node2\n" +
		"  mainstay playground cut node1 0\n" +
		"  mainstay playground down"
	c.Args = cobra.MaximumNArgs(1)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			if !exists(args[0]) {
				return unknownCommand(c, args[0])
			}
			o.Config = args[0]
		}
		o.Out = a.Stdout
		return playgroundError(playground.Up(c.Context(), o, detach))
	}
	f := c.Flags()
	f.IntVar(&o.Nodes, "nodes", 3, "how many nodes")
	f.DurationVar(&o.Token, "token", 0, "totem token of the cluster (0: the default)")
	f.BoolVar(&o.Systemd, "systemd", false, "give each node a systemd of its own, for resources of class systemd")
	f.StringVar(&o.Engine, "engine", "ring", "who does membership and messages: ring (built in) or corosync (the installed one)")
	f.BoolVar(&o.Plain, "plain", false, "nodes without database and proxy")
	f.BoolVar(&detach, "detach", false, "leave it running in the background")
	c.PersistentFlags().StringVar(&o.Dir, "dir", "", "directory of the playground (default $MAINSTAY_PLAYGROUND or the usual place)")
	c.AddCommand(a.playgroundCommands(&o.Dir)...)
	return c
}

// playgroundError gives the absence of a playground its exit code.
func playgroundError(err error) error {
	if errors.Is(err, playground.ErrNone) {
		return face.Failf(face.NoSuch, "%v\n  remedy: \"mainstay playground --detach\" makes one", err)
	}
	return err
}

// nodeOf makes a command about one node of the playground.
func nodeOf(use, short string, do func(node string) error) *cobra.Command {
	return &cobra.Command{Use: use + " NODE", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return playgroundError(do(args[0])) }}
}

func (a *app) playgroundCommands(dir *string) []*cobra.Command {
	return []*cobra.Command{
		a.playgroundExec(dir),
		a.rehearse(dir),
		family("", "power", "Cut or restore a node's power",
			nodeOf("off", "Cut a node's power: its processes and links are gone at once, its disk stays", func(n string) error { return playground.Power(*dir, n, false) }),
			nodeOf("on", "Boot a node", func(n string) error { return playground.Power(*dir, n, true) })),
		family("", "daemon", "Start or stop a node's daemon",
			nodeOf("start", "Start it", func(n string) error { return playground.Daemon(*dir, n, true) }),
			nodeOf("stop", "Have it leave the cluster in good order", func(n string) error { return playground.Daemon(*dir, n, false) })),
		{Use: "cut NODE LINK", Short: "Cut a link of a node (0 or 1)", Args: cobra.ExactArgs(2),
			RunE: func(_ *cobra.Command, args []string) error {
				n, err := strconv.Atoi(args[1])
				if err != nil {
					return face.Failf(face.Usage, "link %q: want 0 or 1", args[1])
				}
				return playgroundError(playground.Cut(*dir, args[0], n))
			}},
		{Use: "heal [NODE]", Short: "Bring the links of a node, or of all, up again", Args: cobra.MaximumNArgs(1),
			RunE: func(_ *cobra.Command, args []string) error {
				return playgroundError(playground.Heal(*dir, append(args, "")[0]))
			}},
		nodeOf("freeze", "Stop every process of a node", func(n string) error { return playground.Freeze(*dir, n) }),
		nodeOf("thaw", "Let a frozen node go on", func(n string) error { return playground.Thaw(*dir, n) }),
		a.failFencing(dir),
		{Use: "status", Short: "Show the machines: power, links, processes", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				r, err := playground.Status(*dir)
				if err != nil {
					return playgroundError(err)
				}
				playground.WriteReport(a.Stdout, r)
				return nil
			}},
		{Use: "down", Short: "End the playground and remove every trace of it", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				if err := playground.Down(*dir); !errors.Is(err, playground.ErrNone) {
					return err
				}
				a.Printf("there is no playground\n")
				return nil
			}},
	}
}

func (a *app) failFencing(dir *string) *cobra.Command {
	var delay time.Duration
	c := &cobra.Command{Use: "fail-fencing COUNT", Short: "Let the next requests of fence agents fail", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[0])
			if err != nil {
				return face.Failf(face.Usage, "count %q: want a number", args[0])
			}
			return playgroundError(playground.FailFencing(*dir, n, delay))
		}}
	c.Flags().DurationVar(&delay, "delay", 0, "let each request take so much longer")
	return c
}

func (a *app) playgroundExec(dir *string) *cobra.Command {
	c := &cobra.Command{
		Use: "exec NODE [--] COMMAND...", Short: "Run a command inside a node", Args: cobra.MinimumNArgs(1),
		Example: "  mainstay playground exec node1 -- ip addr",
		RunE: func(c *cobra.Command, args []string) error {
			return a.execIn(c.Context(), *dir, args[0], args[1:])
		},
	}
	c.Flags().SetInterspersed(false)
	return c
}

// execIn runs a command inside a node and ends with its exit code.
func (a *app) execIn(ctx context.Context, dir, node string, args []string) error {
	if len(args) == 0 {
		args = []string{"bash"}
	}
	code, err := playground.Exec(ctx, dir, node, args)
	if err != nil {
		return playgroundError(err)
	}
	if code != 0 {
		return face.Silent(face.Code(code))
	}
	return nil
}

// rehearse cuts the power of the node that holds a virtual IP and tells what that did.
func (a *app) rehearse(dir *string) *cobra.Command {
	var h playground.Rehearsal
	c := &cobra.Command{
		Use: "rehearse [CONFIG]", Short: "Cut the power under a virtual IP while a client uses it, and tell what happened",
		Long: "Cuts the power of the node that holds the public virtual IP while a client outside\n" +
			"asks every 5 ms who has it and writes rows through it into the database. Prints when\n" +
			"what happened, and whether rows that were acknowledged are missing. Uses the\n" +
			"playground that is running, else makes one and removes it afterwards.",
		Example: "  mainstay playground rehearse\n  mainstay playground rehearse --rounds 10 --token 1s",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				h.Config = args[0]
			}
			h.Dir, h.Out = *dir, a.Stdout
			return playgroundError(playground.Rehearse(c.Context(), h))
		},
	}
	f := c.Flags()
	f.IntVar(&h.Nodes, "nodes", 3, "how many nodes, if a playground is made")
	f.DurationVar(&h.Token, "token", 0, "totem token, if a playground is made (0: the default)")
	f.IntVar(&h.Rounds, "rounds", 1, "how often")
	return c
}
