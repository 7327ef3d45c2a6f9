package cib

import (
	"slices"
	"strings"
)

// OptionType is the type of an option's value.
type OptionType int

// The types of values.
const (
	TypeText OptionType = iota
	TypeBool
	TypeInt      // an integer
	TypeScore    // an integer or ±INFINITY
	TypeDuration // what ParseDuration reads
	TypePercent  // an integer with or without %
	TypeChoice   // one of Choices
)

// Option describes a cluster option or meta attribute.
type Option struct {
	Name    string
	Type    OptionType
	Choices []string // of TypeChoice
	Modern  string   // its present name, where it has another one now
}

// clusterOptions are the options that crm_config may have, in both vocabularies.
var clusterOptions = []Option{
	{Name: "dc-version"}, {Name: "cluster-infrastructure"}, {Name: "cluster-name"},
	{Name: "dc-deadtime", Type: TypeDuration},
	{Name: "cluster-recheck-interval", Type: TypeDuration},
	{Name: "fence-reaction", Type: TypeChoice, Choices: []string{"stop", "panic"}},
	{Name: "election-timeout", Type: TypeDuration},
	{Name: "shutdown-escalation", Type: TypeDuration},
	{Name: "join-integration-timeout", Type: TypeDuration},
	{Name: "join-finalization-timeout", Type: TypeDuration},
	{Name: "transition-delay", Type: TypeDuration},
	{Name: "crmd-integration-timeout", Type: TypeDuration, Modern: "join-integration-timeout"},
	{Name: "crmd-finalization-timeout", Type: TypeDuration, Modern: "join-finalization-timeout"},
	{Name: "crmd-transition-delay", Type: TypeDuration, Modern: "transition-delay"},
	{Name: "no-quorum-policy", Type: TypeChoice, Choices: []string{"stop", "freeze", "ignore", "demote", "suicide", "fence"}},
	{Name: "shutdown-lock", Type: TypeBool}, {Name: "shutdown-lock-limit", Type: TypeDuration},
	{Name: "enable-acl", Type: TypeBool}, {Name: "symmetric-cluster", Type: TypeBool}, {Name: "maintenance-mode", Type: TypeBool},
	{Name: "start-failure-is-fatal", Type: TypeBool}, {Name: "enable-startup-probes", Type: TypeBool},
	{Name: "stonith-enabled", Type: TypeBool}, {Name: "fencing-enabled", Type: TypeBool},
	{Name: "stonith-action", Type: TypeChoice, Choices: []string{"reboot", "off", "poweroff"}},
	{Name: "fencing-action", Type: TypeChoice, Choices: []string{"reboot", "off", "poweroff"}},
	{Name: "stonith-timeout", Type: TypeDuration}, {Name: "fencing-timeout", Type: TypeDuration},
	{Name: "have-watchdog", Type: TypeBool}, {Name: "concurrent-fencing", Type: TypeBool},
	{Name: "stonith-watchdog-timeout", Type: TypeDuration}, {Name: "fencing-watchdog-timeout", Type: TypeDuration},
	{Name: "stonith-max-attempts", Type: TypeScore}, {Name: "fencing-max-attempts", Type: TypeScore},
	{Name: "startup-fencing", Type: TypeBool}, {Name: "priority-fencing-delay", Type: TypeDuration},
	{Name: "node-pending-timeout", Type: TypeDuration}, {Name: "cluster-delay", Type: TypeDuration},
	{Name: "load-threshold", Type: TypePercent}, {Name: "node-action-limit", Type: TypeInt},
	{Name: "batch-limit", Type: TypeInt}, {Name: "migration-limit", Type: TypeInt}, {Name: "cluster-ipc-limit", Type: TypeInt},
	{Name: "stop-all-resources", Type: TypeBool}, {Name: "stop-orphan-resources", Type: TypeBool}, {Name: "stop-orphan-actions", Type: TypeBool},
	{Name: "remove-after-stop", Type: TypeBool},
	{Name: "pe-error-series-max", Type: TypeInt}, {Name: "pe-warn-series-max", Type: TypeInt}, {Name: "pe-input-series-max", Type: TypeInt},
	{Name: "node-health-strategy", Type: TypeChoice, Choices: []string{"none", "migrate-on-red", "only-green", "progressive", "custom"}},
	{Name: "node-health-base", Type: TypeScore}, {Name: "node-health-green", Type: TypeScore},
	{Name: "node-health-yellow", Type: TypeScore}, {Name: "node-health-red", Type: TypeScore},
	{Name: "placement-strategy", Type: TypeChoice, Choices: []string{"default", "utilization", "minimal", "balanced"}},
	// Former options, and those that tools keep here.
	{Name: "default-resource-stickiness", Type: TypeScore}, {Name: "default-resource-failure-stickiness", Type: TypeScore},
	{Name: "default-action-timeout", Type: TypeDuration}, {Name: "is-managed-default", Type: TypeBool},
	{Name: "default-migration-threshold", Type: TypeScore}, {Name: "last-lrm-refresh"}, {Name: "expected-quorum-votes"},
	{Name: "no-quorum-panic"}, {Name: "notification-agent"}, {Name: "notification-recipient"}, {Name: "crmd_log_priority"},
	{Name: "stonith_timeout", Type: TypeDuration}, {Name: "stonith_enabled", Type: TypeBool}, {Name: "symmetric_cluster", Type: TypeBool},
	{Name: "no_quorum_policy"}, {Name: "transition_idle_timeout"}, {Name: "default_resource_stickiness"}, {Name: "stop_orphan_resources"},
	{Name: "stop_orphan_actions"}, {Name: "remove_after_stop"}, {Name: "is_managed_default"}, {Name: "default_action_timeout"}, {Name: "startup_fencing"},
	{Name: "stonith_action"}, {Name: "cluster_recheck_interval"}, {Name: "pe-input-max"}, {Name: "require-all"},
}

// metaOptions are the meta attributes of resources.
var metaOptions = []Option{
	{Name: "priority", Type: TypeScore}, {Name: "critical", Type: TypeBool},
	{Name: "target-role", Type: TypeChoice, Choices: []string{"Started", "Stopped", "Promoted", "Unpromoted", "Master", "Slave"}},
	{Name: "is-managed", Type: TypeBool}, {Name: "maintenance", Type: TypeBool},
	{Name: "resource-stickiness", Type: TypeScore},
	{Name: "requires", Type: TypeChoice, Choices: []string{"nothing", "quorum", "fencing", "unfencing"}},
	{Name: "migration-threshold", Type: TypeScore}, {Name: "failure-timeout", Type: TypeDuration},
	{Name: "multiple-active", Type: TypeChoice, Choices: []string{"block", "stop_only", "stop_start", "stop_unexpected"}},
	{Name: "allow-migrate", Type: TypeBool}, {Name: "allow-unhealthy-nodes", Type: TypeBool},
	{Name: "container-attribute-target", Type: TypeChoice, Choices: []string{"host"}},
	{Name: "remote-node"}, {Name: "remote-addr"}, {Name: "remote-port", Type: TypeInt}, {Name: "remote-connect-timeout", Type: TypeDuration},
	{Name: "remote-allow-migrate", Type: TypeBool},
	{Name: "clone-max", Type: TypeInt}, {Name: "clone-node-max", Type: TypeInt}, {Name: "clone-min", Type: TypeInt},
	{Name: "notify", Type: TypeBool}, {Name: "globally-unique", Type: TypeBool}, {Name: "ordered", Type: TypeBool}, {Name: "interleave", Type: TypeBool},
	{Name: "promotable", Type: TypeBool}, {Name: "promoted-max", Type: TypeInt}, {Name: "promoted-node-max", Type: TypeInt},
	{Name: "master-max", Type: TypeInt, Modern: "promoted-max"}, {Name: "master-node-max", Type: TypeInt, Modern: "promoted-node-max"},
	{Name: "resource-failure-stickiness", Type: TypeScore}, {Name: "container"}, {Name: "restart-type"}, {Name: "collocated", Type: TypeBool},
	{Name: "isolation"}, {Name: "isolation-instance"}, {Name: "isolation-wrapper"}, {Name: "isolation-host"}, {Name: "description"},
	{Name: "globally_unique"}, {Name: "clone_max"}, {Name: "clone_node_max"}, {Name: "target_role"}, {Name: "is_managed"}, {Name: "resource_stickiness"},
	{Name: "timeout", Type: TypeDuration}, {Name: "timestamp-format"}, {Name: "enabled", Type: TypeBool}, {Name: "internal_attr"},
	{Name: "allow_migrate"}, {Name: "multiple_active"}, {Name: "start_prereq"}, {Name: "on_stopfail"}, {Name: "restart_type"}, {Name: "failure_timeout"}, {Name: "migration_threshold"},
}

// opOptions are the attributes of operations whose values can be judged.
var opOptions = []Option{
	{Name: "interval", Type: TypeDuration}, {Name: "timeout", Type: TypeDuration}, {Name: "start-delay", Type: TypeDuration},
	{Name: "enabled", Type: TypeBool}, {Name: "record-pending", Type: TypeBool},
	{Name: "on-fail", Type: TypeChoice, Choices: []string{"ignore", "block", "stop", "restart", "fence", "standby", "restart-container", "demote"}},
	{Name: "requires", Type: TypeChoice, Choices: []string{"nothing", "quorum", "fencing", "unfencing"}},
	{Name: "role", Type: TypeChoice, Choices: []string{"Started", "Stopped", "Promoted", "Unpromoted", "Master", "Slave"}},
}

// ClusterOption finds a cluster option by name in either vocabulary.
func ClusterOption(name string) (Option, bool) { return findOption(clusterOptions, name) }

// MetaOption finds a meta attribute of resources by name.
func MetaOption(name string) (Option, bool) { return findOption(metaOptions, name) }

// OpOption finds an attribute of operations whose values can be judged, by name.
func OpOption(name string) (Option, bool) { return findOption(opOptions, name) }

func findOption(list []Option, name string) (Option, bool) {
	i := slices.IndexFunc(list, func(o Option) bool { return o.Name == name })
	if i < 0 {
		return Option{}, false
	}
	return list[i], true
}

// optionNames lists the present names, for suggestions.
func optionNames(list []Option) []string {
	var out []string
	for _, o := range list {
		if o.Modern == "" && !strings.Contains(o.Name, "_") {
			out = append(out, o.Name)
		}
	}
	return out
}

// ClusterOptionNames lists all cluster options, for completion.
func ClusterOptionNames() []string { return optionNames(clusterOptions) }

// MetaOptionNames lists all meta attributes, for completion.
func MetaOptionNames() []string { return optionNames(metaOptions) }
