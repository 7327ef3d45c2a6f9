package rehearse

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/sched"
	"mainstay/status"
)

// doubled tells why a service ran on too many machines, and what to do.
func (s *Subject) doubled() (why, do string) {
	every := "configure a fence device for every node and set stonith-enabled=true"
	switch {
	case !s.Fencing:
		why = "fencing is off (stonith-enabled=false), so a node that lost touch with the other took over what still ran there"
		do = every
		if s.Policy == "ignore" {
			why += ", and no-quorum-policy=ignore lets each side of a split do so"
			do += "; then remove no-quorum-policy=ignore"
			if len(s.Nodes) == 2 {
				do += ": what it is meant for with two nodes, two_node: 1 in corosync.conf does safely"
			}
		}
	case len(s.Devices) == 0:
		why = "fencing is on, but there is no fence device, so nobody could make sure that it was stopped before it was started elsewhere"
		do = every
	case s.Policy == "ignore":
		why = "no-quorum-policy=ignore lets each side of a split go on"
		do = "remove no-quorum-policy=ignore"
	default:
		why = "the cluster started it elsewhere before it was stopped"
		do = "see --explain: if no fence device lied, report it as a bug of Mainstay"
	}
	return why, do
}

// why tells why a service does not run now, as far as the cluster's own state
// tells, and what to do about it.
func (st *stage) why(v Service) Down {
	d := Down{Service: v.ID, kind: EndlessOutage}
	res := st.plan()
	if res == nil {
		d.Why = fmt.Sprintf("none of the %d nodes is left", len(st.subject.Nodes))
		d.fix = "only one more node, with power and network of its own, would still be there"
		return d
	}
	if st.unwatched(v, res, &d) || st.fenceless(&d) || st.minority(res, &d) || st.unfenced(v, res, &d) || st.blocked(v, res, &d) {
		return d
	}
	if st.follows(v, res, &d) {
		return d
	}
	var causes []sched.Cause
	for _, r := range res.Reasons {
		if related(r.Resource, v) && r.Amount <= -cib.Infinity {
			causes = append(causes, r.Kind)
		}
	}
	d.Why = whyNot(res, func(id string) bool { return related(id, v) })
	if d.Why == "" {
		d.Why = whyNot(res, func(id string) bool { return v.Clone != "" && id == v.Clone || v.Group != "" && base(id) == v.Group })
	}
	if d.Why == "" {
		d.Why = st.failedOn(v)
	}
	d.Why = strings.ReplaceAll(d.Why, " [#group-members]", " of its group")
	d.Why = cmp.Or(downFirst(d.Why, res.Status.Nodes), "the cluster does not say why")
	d.remedy(causes)
	return d
}

// whyNot is the first thing that the scheduler says of what is not running.
func whyNot(res *sched.Result, about func(id string) bool) string {
	for _, n := range sched.WhyNot(res) {
		if about(n.About) {
			return strings.TrimPrefix(n.Text, "not running: ")
		}
	}
	for _, r := range res.Reasons {
		if about(r.Resource) && r.Node == "" && r.Text != "" && r.Amount <= 0 {
			return r.Text
		}
	}
	return ""
}

// failedOn says on which nodes a service failed, as far as the cluster remembers.
func (st *stage) failedOn(v Service) string {
	var parts []string
	for _, f := range st.failures() {
		if base(f.rsc) == v.ID {
			parts = append(parts, f.node+": it failed there")
		}
	}
	return strings.Join(parts, "; ")
}

// downFirst says of nodes that are not there just that: of what else keeps a service
// from them nothing would be different. Where some nodes are named, all that are not
// there are.
func downFirst(why string, nodes []status.Node) string {
	parts := strings.Split(why, "; ")
	var missing []string
	some := false
	for _, n := range nodes {
		i := slices.IndexFunc(parts, func(p string) bool { return strings.HasPrefix(p, n.Name+": ") })
		some = some || i >= 0
		switch {
		case n.Online:
		case i >= 0:
			parts[i] = n.Name + " is down"
		default:
			missing = append(missing, n.Name+" is down")
		}
	}
	if some {
		parts = append(parts, missing...)
	}
	return strings.Join(parts, "; ")
}

// fenceless tells whether nothing may start for want of fence devices.
func (st *stage) fenceless(d *Down) bool {
	if !st.subject.Fencing || len(st.subject.Devices) > 0 || st.subject.Watchdog {
		return false
	}
	d.Why = "fencing is on (stonith-enabled=true, the default), and there is no fence device, so the cluster starts nothing"
	d.fix = "configure a fence device for every node; stonith-enabled=false would start it without, and let it run twice one day"
	return true
}

func related(id string, v Service) bool { return base(id) == v.ID }

// remedy chooses what to do by what keeps a service from running.
func (d *Down) remedy(causes []sched.Cause) {
	has := func(c sched.Cause) bool { return slices.Contains(causes, c) }
	switch {
	case has(sched.CauseLimit):
		d.kind = NoRoom
		d.fix = "give the nodes more capacity, or let less important services stop first (priority)"
	case has(sched.CauseFailures):
		d.fix = "let it run on another node, or let failures expire (failure-timeout) so that it is tried again"
	case has(sched.CauseLocation), has(sched.CauseSymmetric):
		d.fix = "let it run on another node: a location constraint keeps it from the nodes that are left"
	case has(sched.CauseColocation), has(sched.CauseOrder):
		d.fix = "mend what it depends on, or make the dependency optional (a score below INFINITY)"
	case has(sched.CausePromotion):
		d.fix = "let another instance be promoted: raise clone-max, or look why it has no promotion score"
	default:
		d.fix = "see --explain for what the cluster decided"
	}
}

// unwatched finds services that the cluster believes to run.
func (st *stage) unwatched(v Service, res *sched.Result, d *Down) bool {
	if failed(res.Status.Resources, v.ID) {
		return false // the cluster knows
	}
	for _, at := range places(res.Status.Resources, v.ID) {
		if r, ok := st.role(v, at); ok && !r && !st.unclean(res, at) {
			d.kind = Unwatched
			d.Why = fmt.Sprintf("nobody noticed that it died on %s: it has no recurring monitor", at)
			d.fix = fmt.Sprintf("give %s a monitor: op monitor interval=10s", v.ID)
			if v.Monitored {
				d.kind, d.Why = EndlessOutage, fmt.Sprintf("the cluster believes that %s still has it", at)
				d.fix = "see --explain for what the cluster decided"
			}
			return true
		}
	}
	return false
}

// role tells whether a machine really has a service; ok is false for machines
// that are not of this cluster.
func (st *stage) role(v Service, machine string) (has, ok bool) {
	for _, m := range st.Machines {
		if m.Name == machine {
			ok = true
			for _, s := range st.Agents.On(machine) {
				has = has || base(s) == v.ID
			}
		}
	}
	return has, ok
}

// places lists where the cluster believes a primitive to be active.
func places(list []*status.Resource, id string) []string {
	var out []string
	for _, r := range list {
		if r.Kind == status.Primitive && r.BaseID == id {
			for _, p := range r.Places {
				out = append(out, p.Node)
			}
		}
		out = append(out, places(r.Children, id)...)
	}
	return out
}

// failed tells whether the cluster knows that a primitive failed where it was.
func failed(list []*status.Resource, id string) bool {
	return slices.ContainsFunc(list, func(r *status.Resource) bool {
		return r.Kind == status.Primitive && r.BaseID == id && r.Failed || failed(r.Children, id)
	})
}

func (st *stage) unclean(res *sched.Result, node string) bool {
	i := slices.IndexFunc(res.Status.Nodes, func(n status.Node) bool { return n.Name == node })
	return i >= 0 && res.Status.Nodes[i].Unclean
}

// unfenced finds nodes that must be cut off before anything can be recovered.
func (st *stage) unfenced(v Service, res *sched.Result, d *Down) bool {
	if !st.subject.Fencing {
		return false
	}
	for _, n := range res.Status.Nodes {
		if !n.Unclean {
			continue
		}
		d.kind = NotFenced
		covering := st.subject.covering(n.Name)
		switch {
		case len(st.subject.Devices) == 0:
			d.Why = fmt.Sprintf("%s is lost and must be cut off first, but no fence device is configured", n.Name)
			d.fix = "configure a fence device for every node"
		case len(covering) == 0:
			d.Why = fmt.Sprintf("%s is lost and must be cut off first, but no fence device covers it", n.Name)
			d.fix = fmt.Sprintf("configure a fence device whose pcmk_host_list has %s", n.Name)
		default:
			d.Why = fmt.Sprintf("%s is lost and must be cut off first, but %s could not do it", n.Name, names(covering))
			d.fix = secondWay
		}
		return true
	}
	return false
}

// covering lists the devices that can cut off a node, as far as they say.
func (s *Subject) covering(node string) []string {
	var out []string
	for _, d := range s.Devices {
		if len(d.Targets) == 0 || slices.Contains(d.Targets, node) {
			out = append(out, d.ID)
		}
	}
	return out
}

// minority tells whether the side that is left may not act.
func (st *stage) minority(res *sched.Result, d *Down) bool {
	if res.Status.Quorate || st.subject.Policy == "ignore" {
		return false
	}
	on := 0
	for _, n := range res.Status.Nodes {
		if n.Online {
			on++
		}
	}
	d.Why = fmt.Sprintf("%d of %d nodes are left, which is no quorum (no-quorum-policy=%s)", on, len(st.subject.Nodes), st.subject.Policy)
	d.fix = "add a node or a quorum device, so that the loss of one node leaves a majority"
	if lost := len(st.subject.Nodes) - on; lost > 1 {
		d.fix = fmt.Sprintf("add nodes or a quorum device, so that the loss of %d nodes leaves a majority", lost)
	}
	if len(st.subject.Nodes) == 2 {
		d.fix = "set two_node: 1 in the quorum section of corosync.conf, with fencing on"
	}
	return true
}

// follows finds services that cannot run because of another one that the cluster
// must leave as it is.
func (st *stage) follows(v Service, res *sched.Result, d *Down) bool {
	dependent := slices.ContainsFunc(res.Reasons, func(r sched.Reason) bool {
		return related(r.Resource, v) && (r.Kind == sched.CauseColocation || r.Kind == sched.CauseOrder)
	})
	for _, o := range st.subject.Services {
		var x Down
		mates := v.Group != "" && v.Group == o.Group
		if o.ID == v.ID || !dependent && !mates {
			continue
		}
		if st.blocked(o, res, &x) {
			d.Why, d.fix = fmt.Sprintf("it depends on %s, and of that: %s", o.ID, x.Why), x.fix
			if !dependent {
				d.Why = fmt.Sprintf("it cannot be started again before %s, which is with it in group %s, is stopped, and of that: %s", o.ID, v.Group, x.Why)
			}
			return true
		}
	}
	return false
}

// blocked finds services that the cluster must leave as they are.
func (st *stage) blocked(v Service, res *sched.Result, d *Down) bool {
	var find func(list []*status.Resource) bool
	find = func(list []*status.Resource) bool {
		return slices.ContainsFunc(list, func(r *status.Resource) bool {
			return r.Kind == status.Primitive && r.BaseID == v.ID && (r.Blocked || r.Failed && !r.Managed) || find(r.Children)
		})
	}
	if !find(res.Status.Resources) {
		return false
	}
	d.Why = "it could not be stopped, so the cluster does not know whether it still runs and must leave it alone"
	d.fix = "fencing would settle that: configure a fence device for every node and set stonith-enabled=true"
	if st.subject.Fencing {
		d.fix = "leave on-fail of its stop operation at fence"
	}
	return true
}

// judge makes the findings of a row and gives it its level.
func (p *performance) judge(r *Row) {
	for _, d := range r.Down {
		r.add(Finding{Kind: d.kind, Services: []string{d.Service}, Long: r.away(d.Service), Why: d.Why, Do: d.fix})
	}
	if node, n := p.fencedMost(); node != "" {
		r.add(p.looped(node, n))
	}
	if v, n := p.restless(); v != "" {
		r.add(Finding{Kind: Restless, Services: []string{v},
			Why: fmt.Sprintf("it started and stopped %d times, and would have gone on", n),
			Do:  "set migration-threshold, so that it moves to another node after some failures"})
	} else if !r.Settled && len(r.Findings) == 0 && len(r.Fenced) == 0 {
		r.add(Finding{Kind: Restless, Why: "the cluster still had something to do when nothing changed any more", Do: "see --explain for what it tried"})
	}
	for _, f := range r.Fenced {
		if (!f.OK || f.failing && !r.Settled) && !slices.ContainsFunc(r.Findings, func(x Finding) bool { return x.Kind == NotFenced }) {
			r.add(Finding{Kind: NotFenced, Nodes: []string{f.Node}, Why: "no device could cut it off", Do: secondWay})
		}
	}
	for _, d := range r.NotAgain {
		r.add(Finding{Kind: NeedsOperator, Services: []string{d.Service}, Why: d.Why, Do: d.fix})
	}
	switch {
	case p.void:
		r.Level = Void
	case len(r.Findings) > 0:
		r.Level = Red
	case len(r.Outages) > 0 || len(r.Stopped) > 0:
		r.Level = Yellow
	default:
		r.Level = Green
	}
}

// secondWay is what to do about a fence device that is alone.
const secondWay = "give it a second way: another fence device at level 2 of fencing_topology, or a watchdog (stonith-watchdog-timeout)"

// away is the longest outage of a service.
func (r *Row) away(service string) Seconds {
	for _, o := range r.Outages {
		if o.Service == service {
			return o.Long
		}
	}
	return 0
}

// add puts a finding among those of the row, together with one that has the same cause.
func (r *Row) add(f Finding) {
	for i := range r.Findings {
		if x := &r.Findings[i]; x.same(f) {
			x.join(f)
			return
		}
	}
	r.Findings = append(r.Findings, f)
}

// same tells whether two findings have the same cause.
func (f Finding) same(o Finding) bool { return f.Kind == o.Kind && f.Why == o.Why }

// join adds the services, nodes and the longer time of another finding.
func (f *Finding) join(o Finding) {
	f.Services = slices.Concat(f.Services, without(o.Services, f.Services))
	f.Nodes = slices.Concat(f.Nodes, without(o.Nodes, f.Nodes))
	f.Long = max(f.Long, o.Long)
	f.Lasts = f.Lasts || o.Lasts
}

// Subject names what a finding is about: services, else nodes.
func (f Finding) Subject() string {
	if len(f.Services) > 0 {
		return counted(f.Services)
	}
	return counted(f.Nodes)
}

// looped is the finding that a node is fenced again and again.
func (p *performance) looped(node string, n int) Finding {
	f := Finding{Kind: FenceLoop, Nodes: []string{node}}
	f.Why = fmt.Sprintf("it was fenced %d times: each time it came back, the same happened again", n)
	f.Do = "let fencing switch off rather than reboot (stonith-action=off), or do not start the cluster at boot"
	if len(p.subject.Nodes) == 2 {
		f.Do = "set wait_for_all: 1 (two_node implies it), so that a node that boots alone does not fence the other; " + f.Do
	}
	return f
}
