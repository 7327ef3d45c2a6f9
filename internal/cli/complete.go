package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"mainstay/cib"
	"mainstay/intent"
)

// completionTime is how long completing a word may take.
const completionTime = time.Second

// complete asks the cluster for words; without one there are none.
func (a *app) complete(words func(*cib.Elem) []string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	root, err := a.CIB(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return words(root), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeResources(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(intent.Resources)
}

func (a *app) completeNodes(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(intent.Nodes)
}

// completeResourceNode completes a resource first, then a node.
func (a *app) completeResourceNode(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.complete(intent.Resources)
	}
	return a.complete(intent.Nodes)
}
