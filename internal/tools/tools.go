// Package tools answers to the names of Pacemaker's tools, with their options,
// output and exit codes, for the agents and scripts that call them.
package tools

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"mainstay/internal/face"
)

// Tool is a program: its arguments without its name, in; an exit code, out.
type Tool func(ctx context.Context, env *face.Env, args []string) face.Code

// all maps names to tools.
func all() map[string]Tool {
	return map[string]Tool{
		"attrd_updater": attrdUpdater,
		"cibadmin":      cibadmin,
		"crm_attribute": crmAttribute,
		"crm_failcount": crmFailcount,
		"crm_master":    crmMaster,
		"crm_mon":       crmMon,
		"crm_node":      crmNode,
		"crm_resource":  crmResource,
		"crm_standby":   crmStandby,
	}
}

// Lookup returns the tool of a name, nil if there is none.
func Lookup(name string) Tool { return all()[name] }

// Names lists the names that are answered to, sorted.
func Names() []string { return slices.Sorted(maps.Keys(all())) }

// Install links every name in a directory to the program. Files that are not links
// to a program of ours are left alone and reported.
// More names than these tools' own may be given.
func Install(dir, program string, more ...string) error {
	var kept []string
	for _, name := range append(Names(), more...) {
		link := filepath.Join(dir, name)
		if old, err := os.Readlink(link); err == nil && filepath.Base(old) == filepath.Base(program) {
			if err := os.Remove(link); err != nil {
				return fmt.Errorf("replace the link: %w", err)
			}
		}
		if _, err := os.Lstat(link); err == nil {
			kept = append(kept, link)
			continue
		}
		if err := os.Symlink(program, link); err != nil {
			return fmt.Errorf("link the tool: %w", err)
		}
	}
	if len(kept) > 0 {
		return face.Failf(face.Exists, "not ours, left alone: %v", kept)
	}
	return nil
}
