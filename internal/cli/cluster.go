package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mainstay/internal/web"
)

// clusterCommand is "mainstay cluster …": what concerns all members at once.
func (a *app) clusterCommand() *cobra.Command {
	return family("change", "cluster", "Have all members take over a changed configuration file, or a new key",
		&cobra.Command{
			Use: "reload", Short: "Have all members take over this node's configuration file as it stands now", Args: cobra.NoArgs,
			Long: "Checks this node's configuration file, gives it to all members, and has them take it\n" +
				"over while they run: nodes, addresses, links, timing, votes. Each member reads its key\n" +
				"file again, too; packets under the key before are taken until the next reload.",
			RunE: func(c *cobra.Command, _ []string) error {
				if err := a.Client().Reload(c.Context()); err != nil {
					return err
				}
				a.Printf("all members have this node's configuration file\n")
				return nil
			},
		},
		&cobra.Command{
			Use: "rekey", Short: "Give all members a new cluster key while the cluster runs", Args: cobra.NoArgs,
			Long: "Makes a new cluster key, gives it to all members over the encrypted links, and when all\n" +
				"use it has them forget the old one. All nodes must be members. Who has the old key can\n" +
				"read the new one: after a theft put a new key file on every node by hand (the old one\n" +
				"beside it, as authkey.old), and run \"mainstay cluster reload\".",
			RunE: func(c *cobra.Command, _ []string) error {
				if err := a.Client().Rekey(c.Context()); err != nil {
					return err
				}
				a.Printf("all members use a new cluster key\n")
				return nil
			},
		})
}

// showLinks prints the links of this node to its peers.
func (a *app) showLinks(ctx context.Context, format string) error {
	n, err := a.Client().Node(ctx)
	if err != nil {
		return err
	}
	if format == "json" {
		text, err := json.MarshalIndent(n.Links, "", "  ")
		if err != nil {
			return err
		}
		a.Printf("%s\n", text)
		return nil
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "node\tlink\taddress\tstate\tround trip\tlost\tmtu")
	for _, l := range n.Links {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", l.Node, l.Link, l.Addr, measured(l))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	a.Printf("%s", b.String())
	return nil
}

// measured is a link's state and measurements as columns.
func measured(l web.Link) string {
	if !l.Up {
		return "DOWN\t-\t-\t-"
	}
	rtt, mtu := "-", "-"
	if l.RTT > 0 {
		rtt = l.RTT.Round(time.Microsecond).String()
	}
	if l.MTU > 0 {
		mtu = fmt.Sprint(l.MTU)
	}
	return fmt.Sprintf("up\t%s\t%.1f %%\t%s", rtt, 100*l.Loss, mtu)
}
