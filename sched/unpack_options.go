package sched

import (
	"strconv"
	"strings"
	"time"

	"mainstay/cib"
)

// options are the cluster options that matter to a decision
// ("Pacemaker Explained", Cluster Options).
type options struct {
	raw map[string]string

	fencing, startupFencing, haveWatchdog            bool
	fencingAction                                    string
	watchdogTimeout                                  time.Duration
	noQuorum                                         string // stop, freeze, ignore, demote, fence
	symmetric, maintenance                           bool
	startFatal, startupProbes                        bool
	stopAll, stopRemoved, stopRemovedOps             bool
	shutdownLock                                     bool
	shutdownLockLimit                                time.Duration
	priorityFencingDelay, nodePendingTimeout         time.Duration
	fencingTimeout                                   time.Duration
	placement                                        string
	healthStrategy                                   string
	healthBase, healthGreen, healthYellow, healthRed int
	concurrentFencing                                bool
	clusterDelay, fencingTimeoutText                 string
	batchLimit, migrationLimit                       string
}

// aliases are the older names of options.
var aliases = map[string]string{
	"fencing-enabled":          "stonith-enabled",
	"fencing-action":           "stonith-action",
	"fencing-timeout":          "stonith-timeout",
	"fencing-watchdog-timeout": "stonith-watchdog-timeout",
	"stop-removed-resources":   "stop-orphan-resources",
	"stop-removed-actions":     "stop-orphan-actions",
	"cluster-recheck-interval": "cluster-recheck-interval",
}

func (o *options) text(name, fallback string) string {
	if v, ok := o.raw[name]; ok {
		return v
	}
	if old := aliases[name]; old != "" {
		if v, ok := o.raw[old]; ok {
			return v
		}
	}
	return fallback
}

func (o *options) flag(name string, fallback bool) bool {
	v := o.text(name, "")
	b, err := cib.ParseBool(v)
	if err != nil {
		return fallback
	}
	return b
}

func (o *options) span(name, fallback string) time.Duration {
	d, err := cib.ParseDuration(o.text(name, fallback))
	if err != nil {
		d, _ = cib.ParseDuration(fallback)
	}
	return d
}

func (o *options) score(name string, fallback int) int {
	v := o.text(name, "")
	if v == "" {
		return fallback
	}
	n, _ := cib.ParseScore(v)
	return n
}

// unpackOptions reads crm_config.
func (p *planner) unpackOptions() {
	o := &p.opt
	o.raw = p.evalSets(p.conf.Child("crm_config"), "cluster_property_set", &cib.Facts{Now: p.now}, "cib-bootstrap-options")
	o.fencing = o.flag("fencing-enabled", true)
	o.startupFencing = o.flag("startup-fencing", true)
	o.haveWatchdog = o.flag("have-watchdog", false)
	o.watchdogTimeout = o.span("fencing-watchdog-timeout", "0")
	o.concurrentFencing = o.flag("concurrent-fencing", true)
	o.fencingAction = o.text("fencing-action", "reboot")
	if o.fencingAction == "poweroff" || o.fencingAction != "off" && o.fencingAction != "reboot" {
		o.fencingAction = map[string]string{"poweroff": "off"}[o.fencingAction]
		if o.fencingAction == "" {
			o.fencingAction = "reboot"
		}
	}
	o.symmetric = o.flag("symmetric-cluster", true)
	o.maintenance = o.flag("maintenance-mode", false)
	o.startFatal = o.flag("start-failure-is-fatal", true)
	o.startupProbes = o.flag("enable-startup-probes", true)
	o.stopAll = o.flag("stop-all-resources", false)
	o.stopRemoved = o.flag("stop-removed-resources", true)
	o.stopRemovedOps = o.flag("stop-removed-actions", true)
	o.shutdownLock = o.flag("shutdown-lock", false)
	o.shutdownLockLimit = o.span("shutdown-lock-limit", "0")
	o.priorityFencingDelay = o.span("priority-fencing-delay", "0")
	o.nodePendingTimeout = o.span("node-pending-timeout", "0")
	o.fencingTimeout = o.span("fencing-timeout", "60s")
	o.fencingTimeoutText = o.text("fencing-timeout", "60s")
	o.clusterDelay = o.text("cluster-delay", "60s")
	o.batchLimit = o.text("batch-limit", "0")
	o.migrationLimit = o.text("migration-limit", "-1")
	o.placement = strings.ToLower(o.text("placement-strategy", "default"))
	o.healthStrategy = strings.ToLower(o.text("node-health-strategy", "none"))
	o.healthBase = o.score("node-health-base", 0)
	o.healthGreen = o.score("node-health-green", 0)
	o.healthYellow = o.score("node-health-yellow", 0)
	o.healthRed = o.score("node-health-red", -cib.Infinity)
	quorum, err := cib.ParseBool(p.root.Get("have-quorum"))
	p.quorate = err != nil || quorum
	o.noQuorum = p.noQuorumPolicy(o.text("no-quorum-policy", "stop"))
}

// noQuorumPolicy reads the policy; fencing the partition needs fencing, and is for
// a partition that lost quorum, not for one that never had it: that one starts
// nothing.
func (p *planner) noQuorumPolicy(s string) string {
	switch strings.ToLower(s) {
	case "ignore", "freeze", "demote", "stop":
		return strings.ToLower(s)
	case "fence", "suicide":
		if !p.opt.fencing {
			p.warn("", "no-quorum-policy is to fence but fencing is disabled: stop is used", "enable fencing or choose another no-quorum-policy")
			return "stop"
		}
		if !p.quorate && !truthy(p.root.Get("no-quorum-panic")) {
			return "stop"
		}
		return "fence"
	}
	return "stop"
}

// seconds writes a duration as whole seconds.
func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }
