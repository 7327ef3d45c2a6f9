package engine

import (
	"errors"
	"fmt"
	"time"

	"mainstay/cib"
	"mainstay/fence"
	"mainstay/group"
	"mainstay/replica"
	"mainstay/ring"
)

// Watchdog is what the node wants of its machine's watchdog.
type Watchdog struct {
	Timeout    time.Duration // without food until the reset; 0: none is wanted
	Pretimeout time.Duration
	Live       bool // it may be fed
	Stakes     bool // others may take over what runs here once it is not
	Overdue    bool // an earlier daemon should not have left it for so long: the machine must be reset now
	Err        error
}

// lifeline is what decides about the watchdog.
//
// The others take a lost node for fenced stonith-watchdog-timeout after they asked,
// which they do as soon as they have a view without it. By then it must be reset,
// whatever happened to it. The worst is a daemon that stood still for just less than
// the watchdog's timeout, believes on waking that nothing happened, and then needs
// the token timeout and the consensus to find out: it is fed last that much later,
// and reset one timeout after that. Therefore
//
//	stonith-watchdog-timeout ≥ 2 × timeout + token + consensus.
type lifeline struct {
	patience  time.Duration // stonith-watchdog-timeout, 0: the others do not count on a reset
	stakes    bool          // this node had quorum, so it may run something
	seeking   time.Duration // since when it looks for a view, 0: it has one
	abandoned bool          // an earlier daemon left the watchdog
	since     time.Duration // …at the latest then
}

// usualWatchdog is the timeout where only the configuration file asks for a watchdog.
const usualWatchdog = 6 * time.Second

func newLifeline(cfg Config) lifeline {
	return lifeline{patience: patienceIn(fence.FromCIB(cfg.Saved)), stakes: cfg.Abandoned, abandoned: cfg.Abandoned, since: cfg.AbandonedSince}
}

// patienceIn is how long the others wait for a node's watchdog by this configuration.
func patienceIn(s fence.Setup) time.Duration {
	if !s.Enabled {
		return 0
	}
	return s.Watchdog
}

// WatchdogAsked tells whether a watchdog is wanted: how long the others wait for it,
// negative if only the configuration file asks, 0 if nobody does.
func (e *Engine) WatchdogAsked() time.Duration {
	if e.lifeline.patience == 0 && e.cfg.Conf.Watchdog.Asked() {
		return -1
	}
	return e.lifeline.patience
}

// Watchdog tells what the node wants of its watchdog at a monotonic time.
func (e *Engine) Watchdog(now time.Duration) Watchdog {
	l, c := &e.lifeline, e.cfg.Conf.Watchdog
	w := Watchdog{Pretimeout: c.Pretimeout, Stakes: l.stakes}
	switch {
	case l.patience > 0:
		w.Timeout, w.Err = e.watchdogTimeout(l.patience)
	case c.Asked():
		if w.Timeout = c.Timeout; w.Timeout == 0 {
			w.Timeout = usualWatchdog
		}
		w.Live = true // it guards against a stuck daemon only
		return w
	default:
		return Watchdog{}
	}
	w.Live = e.entitled(now) || !l.stakes
	w.Overdue = l.abandoned && !w.Live && now-l.since > w.Timeout
	return w
}

// entitled tells whether no other part of the cluster can be about to take over.
func (e *Engine) entitled(now time.Duration) bool {
	if !e.votes.Quorate || e.votes.Pending || e.lifeline.seeking != 0 && now-e.lifeline.seeking > e.consensus() {
		return false
	}
	if !e.cfg.Conf.Quorum.TwoNode {
		return true
	}
	for _, n := range e.cfg.Conf.Nodes { // both halves of two have quorum; who is not known to be off may fence us
		if e.lost(n.ID) {
			return false
		}
	}
	return true
}

// consensus is how long the ring may look for a view after the token was lost.
func (e *Engine) consensus() time.Duration {
	if c := e.cfg.Conf.Totem.Consensus; c > 0 {
		return c
	}
	return e.cfg.Conf.Totem.Token * 6 / 5 // ring.Config.Consensus
}

// watchdogTimeout is the timeout that stonith-watchdog-timeout allows.
func (e *Engine) watchdogTimeout(patience time.Duration) (time.Duration, error) {
	slack := e.cfg.Conf.Totem.Token + e.consensus()
	t := ((patience - slack) / 2).Truncate(time.Second)
	set := e.cfg.Conf.Watchdog.Timeout
	switch {
	case t < time.Second:
		return 0, fmt.Errorf("stonith-watchdog-timeout of %v is too short: with a token timeout of %v it takes at least %v until a machine is surely reset",
			patience, e.cfg.Conf.Totem.Token, slack+2*time.Second)
	case set > t:
		return 0, fmt.Errorf("watchdog_timeout of %v is too long for stonith-watchdog-timeout of %v: at most %v, or set stonith-watchdog-timeout to %v",
			set, patience, t, 2*set+slack)
	case set > 0:
		t = set
	}
	return t, nil
}

// errNoWatchdog is why a node cannot be part of a cluster that counts on watchdogs.
var errNoWatchdog = errors.New("stonith-watchdog-timeout is set, so the others would take this node for reset when they lose it, but this machine has no watchdog device; load its driver (modprobe softdog, where there is no hardware), or name it with watchdog_device in section resources")

// CheckWatchdog tells why this machine cannot do what is asked of its watchdog.
func (e *Engine) CheckWatchdog() error { return e.checkPatience(e.lifeline.patience) }

func (e *Engine) checkPatience(patience time.Duration) error {
	if patience == 0 {
		return nil
	}
	if !e.cfg.Watchdog {
		return errNoWatchdog
	}
	_, err := e.watchdogTimeout(patience)
	return err
}

// watchSelf keeps up what the watchdog is fed by; it follows every step.
func (e *Engine) watchSelf() {
	l := &e.lifeline
	switch {
	case e.hasView():
		l.seeking = 0
	case l.seeking == 0:
		l.seeking = e.now.Mono
	}
	if l.patience > 0 && e.entitled(e.now.Mono) {
		l.stakes, l.abandoned = true, false
	}
}

// hasView tells whether the members are agreed on, and not being looked for.
func (e *Engine) hasView() bool {
	if e.group != nil {
		return e.group.State() == group.Installed
	}
	r, ok := e.ring.(*ring.Machine)
	return ok && r.State() == ring.Operational
}

// rely takes over what the cluster's configuration says of watchdogs; the coordinator
// writes down that there are some, because fencing is possible then.
func (e *Engine) rely(s fence.Setup) { e.lifeline.patience = patienceIn(s) }

// declareWatchdog has the coordinator keep the property have-watchdog.
func (e *Engine) declareWatchdog() {
	if e.replica.Coordinator() != e.cfg.Self || !e.replica.Synced() {
		return
	}
	root := e.replica.Root()
	have := cib.Property(root, "have-watchdog", "")
	want := e.lifeline.patience > 0
	if want == (have == "true") || !want && have == "" {
		return
	}
	value := "false"
	if want {
		value = "true"
	}
	set, id := cib.BootstrapSet, cib.BootstrapSet+"-have-watchdog"
	for s := range root.Path("configuration", "crm_config").Named("cluster_property_set") {
		for nv := range s.Named("nvpair") {
			if nv.Get("name") == "have-watchdog" {
				set, id = s.ID(), nv.ID()
			}
		}
	}
	pair := cib.New("nvpair", cib.Attr{Name: "id", Value: id}, cib.Attr{Name: "name", Value: "have-watchdog"}, cib.Attr{Name: "value", Value: value})
	elem := cib.New("crm_config").Append(cib.New("cluster_property_set", cib.Attr{Name: "id", Value: set}).Append(pair))
	e.submit(replica.Update{Edits: replica.WireEdits([]cib.Edit{{Op: cib.OpModify, Scope: "crm_config", Elem: elem}}), Client: "coordinator"})
}
