package tools

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"mainstay/internal/face"
)

// fenceWatchdog is fence_watchdog: an agent that only describes itself, because the
// node's own watchdog does the fencing.
func fenceWatchdog(_ context.Context, env *face.Env, args []string) face.Code {
	f := newFlags(env, "describe the watchdog as a fence device")
	action := f.StringP("action", "o", "", "metadata")
	f.StringP("nodename", "N", "", "ignored")
	f.StringP("plug", "n", "", "ignored")
	if err := f.Parse(args); err != nil && !errors.Is(err, pflag.ErrHelp) {
		env.Errorf("Parse error: %s\nPlease use '-h' for usage\n", agentOptionText(err))
		return face.Error
	}
	if code, done := f.parse(args); done {
		return code
	}
	if *action == "" && len(args) == 0 {
		text, err := env.Input("-")
		if err != nil && !errors.Is(err, os.ErrClosed) {
			env.Errorf("%s: %v\n", env.Name, err)
			return face.Error
		}
		for line := range strings.Lines(string(text)) {
			if v, ok := strings.CutPrefix(strings.TrimSpace(line), "action="); ok {
				*action = v
			}
		}
	}
	switch *action {
	case "metadata", "meta-data":
		env.Printf("%s", watchdogMetadata)
		return face.OK
	}
	env.Errorf("Watchdog fencing may be initiated only by the cluster, not this agent.\n  only \"metadata\" is answered here\n")
	return face.Error
}

// agentOptionText says what is wrong with an option as fence agents say it.
func agentOptionText(err error) string {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return "option -" + unknown.GetSpecifiedName() + " not recognized"
	case errors.As(err, &unknown):
		return "option --" + unknown.GetSpecifiedName() + " not recognized"
	case errors.As(err, &missing) && missing.GetSpecifiedShortnames() != "":
		return "option -" + missing.GetSpecifiedName() + " requires argument"
	case errors.As(err, &missing):
		return "option --" + missing.GetSpecifiedName() + " requires argument"
	}
	return err.Error()
}

// watchdogMetadata is what fence_watchdog says of itself.
const watchdogMetadata = `<?xml version="1.0" ?>
<resource-agent name="fence_watchdog" shortdesc="A node's own watchdog">
<longdesc>Stands for the watchdog of each node, by which a node that must be gone resets itself. The agent only describes itself; the node daemon counts on the watchdog.</longdesc>
<vendor-url></vendor-url>
<parameters>
	<parameter name="action" required="1">
		<getopt mixed="-o, --action=[action]" />
		<content type="string" default="metadata" />
		<shortdesc lang="en">What to do</shortdesc>
	</parameter>
	<parameter name="nodename" required="0">
		<getopt mixed="-N, --nodename" />
		<content type="string" />
		<shortdesc lang="en">Ignored</shortdesc>
	</parameter>
	<parameter name="plug" required="1">
		<getopt mixed="-n, --plug=[id]" />
		<content type="string" />
		<shortdesc lang="en">Ignored</shortdesc>
	</parameter>
</parameters>
<actions>
	<action name="reboot" />
	<action name="off" />
	<action name="on" />
	<action name="monitor" />
	<action name="status" />
	<action name="list" />
	<action name="metadata" />
</actions>
</resource-agent>
`
