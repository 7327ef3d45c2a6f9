package cli

import (
	"github.com/spf13/cobra"

	"mainstay/internal/face"
	"mainstay/internal/tools"
)

// commands lists the commands of the first level.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.statusCommand(),
		a.resourceCommand(),
		a.nodeCommand(),
		a.fenceCommand(),
		a.explainCommand(),
		a.historyCommand(),
		a.configureCommand(),
		a.crmCommand(),
		a.pcsCommand(),
		a.initCommand(),
		a.joinCommand(),
		a.inviteCommand(),
		a.configCommand(),
		a.clusterCommand(),
		a.witnessCommand(),
		a.runCommand(),
		a.simulateCommand(),
		a.rehearseCommand(),
		a.simCommand(),
		a.playgroundCommand(),
		a.installToolsCommand(),
		a.waitCommand(),
		{Use: "version", Short: "Print the version", GroupID: "look", Args: cobra.NoArgs,
			Run: func(*cobra.Command, []string) { a.Printf("%s %s\n", Name, a.Version) }},
	}
}

// installToolsCommand links the names of the tools to this program.
func (a *app) installToolsCommand() *cobra.Command {
	var program string
	force := false
	c := &cobra.Command{
		Use: "install-tools DIR", Short: "Link the names of Pacemaker's tools to this program", GroupID: "make",
		Example: "  mainstay install-tools /usr/sbin",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if program == "" {
				var err error
				if program, err = executable(); err != nil {
					return face.Failf(face.Error, "where is this program: %v", err)
				}
			}
			return tools.Install(args[0], program, force, faceNames()...)
		},
	}
	c.Flags().BoolVar(&force, "force", false, "replace files that are not ours")
	c.Flags().StringVar(&program, "program", "", "link to this path (default: where this program is)")
	return c
}
