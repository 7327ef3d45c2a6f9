// Package tools answers to the names of Pacemaker's tools, with their options,
// output and exit codes, for the agents and scripts that call them.
package tools

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mainstay/internal/face"
)

// Tool is a program: its arguments without its name, in; an exit code, out.
type Tool func(ctx context.Context, env *face.Env, args []string) face.Code

// all maps names to tools.
func all() map[string]Tool {
	return map[string]Tool{
		"attrd_updater":  attrdUpdater,
		"cibadmin":       cibadmin,
		"crm_attribute":  crmAttribute,
		"crm_diff":       crmDiff,
		"crm_error":      crmError,
		"crm_failcount":  crmFailcount,
		"crm_master":     crmMaster,
		"crm_mon":        crmMon,
		"crm_node":       crmNode,
		"crm_resource":   crmResource,
		"crm_report":     crmReport,
		"crm_rule":       crmRule,
		"crm_shadow":     crmShadow,
		"crm_standby":    crmStandby,
		"crm_ticket":     crmTicket,
		"crm_verify":     crmVerify,
		"crmadmin":       crmadmin,
		"fence_watchdog": fenceWatchdog,
		"iso8601":        iso8601,
		"stonith_admin":  stonithAdmin,
	}
}

// Lookup returns the tool of a name, nil if there is none.
func Lookup(name string) Tool { return all()[name] }

// Names lists the names that are answered to, sorted.
func Names() []string { return slices.Sorted(maps.Keys(all())) }

// Install links every name in a directory to the program; more names than these
// tools' own may be given. Files that are not links to a program of ours are left
// alone and reported, unless force has them replaced.
func Install(dir, program string, force bool, more ...string) error {
	var kept []string
	for _, name := range append(Names(), more...) {
		link := filepath.Join(dir, name)
		old, err := os.Readlink(link)
		if ours := err == nil && filepath.Base(old) == filepath.Base(program); ours || force {
			if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
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
		return face.Failf(face.Exists, "not ours, left alone: %s\n  remedy: --force replaces them", strings.Join(kept, " "))
	}
	return nil
}
