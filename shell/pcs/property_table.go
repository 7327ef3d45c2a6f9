package pcs

import (
	"slices"

	"mainstay/cib"
)

// defaults are the cluster options that pcs shows, with what holds where nothing is
// set (pacemaker-schedulerd(7), pacemaker-controld(7)).
var defaults = []pair{
	{"batch-limit", "0"},
	{"cluster-delay", "60s"},
	{"cluster-ipc-limit", "500"},
	{"cluster-name", ""},
	{"cluster-recheck-interval", "15min"},
	{"concurrent-fencing", "false"},
	{"dc-deadtime", "20s"},
	{"election-timeout", "2min"},
	{"enable-acl", "false"},
	{"enable-startup-probes", "true"},
	{"fence-reaction", "stop"},
	{"have-watchdog", "false"},
	{"join-finalization-timeout", "30min"},
	{"join-integration-timeout", "3min"},
	{"load-threshold", "80%"},
	{"maintenance-mode", "false"},
	{"migration-limit", "-1"},
	{"no-quorum-policy", "stop"},
	{"node-action-limit", "0"},
	{"node-health-base", "0"},
	{"node-health-green", "0"},
	{"node-health-red", "-INFINITY"},
	{"node-health-strategy", "none"},
	{"node-health-yellow", "0"},
	{"pe-error-series-max", "-1"},
	{"pe-input-series-max", "4000"},
	{"pe-warn-series-max", "5000"},
	{"placement-strategy", "default"},
	{"priority-fencing-delay", "0"},
	{"remove-after-stop", "false"},
	{"shutdown-escalation", "20min"},
	{"shutdown-lock", "false"},
	{"shutdown-lock-limit", "0"},
	{"start-failure-is-fatal", "true"},
	{"startup-fencing", "true"},
	{"stonith-action", "reboot"},
	{"stonith-enabled", "true"},
	{"stonith-max-attempts", "10"},
	{"stonith-timeout", "60s"},
	{"stonith-watchdog-timeout", "0"},
	{"stop-all-resources", "false"},
	{"stop-orphan-actions", "true"},
	{"stop-orphan-resources", "true"},
	{"symmetric-cluster", "true"},
	{"transition-delay", "0s"},
}

// choices are the values of options that have few.
func choices(name string) []string {
	o, _ := cib.ClusterOption(name)
	return slices.Clone(o.Choices)
}
