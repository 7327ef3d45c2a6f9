package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/internal/rehearse"
)

// rehearseOptions are the flags of "rehearse".
type rehearseOptions struct {
	conf     string
	nodes    []string
	phases   []string
	failOn   []string
	only     []string
	explain  string
	boot     time.Duration
	bootSaid bool
	json     bool
	list     bool
	run      rehearse.Options
}

// defaultBudget is how many pairs of faults are played unless --budget says otherwise.
const defaultBudget = 500

// defaultAlike is how many faults of services that are alike are played.
const defaultAlike = 3

// rehearseCommand plays every fault on a configuration.
func (a *app) rehearseCommand() *cobra.Command {
	var o rehearseOptions
	c := &cobra.Command{
		Use: "rehearse [CONFIG]", Short: "Play every fault on a configuration, simulated, and judge what comes of it", GroupID: "rehearse",
		Long: "Plays every single fault on a configuration (crm text or CIB XML; - is standard input;\n" +
			"without CONFIG that of the running cluster), on simulated machines that run this\n" +
			"program's own node loop: each node's power, links, daemon and disk, each service that\n" +
			"dies, does not start or does not stop, each fence device. Nothing real is touched.\n\n" +
			"Per fault it tells what stopped, what moved where, the longest outage, who was fenced\n" +
			"and what did not come back, and, in red, what the configuration is to blame for. An\n" +
			"outage that a monitor has to find counts from the monitor before: the worst case.\n\n" +
			"Kinds of findings:\n" + findingsHelp(),
		Example: "  mainstay rehearse examples/controllers.crm --nodes node1,node2,node3\n" +
			"  mainstay rehearse new.crm --conf /etc/corosync/corosync.conf --fail-on 'outage>30s,double-owner'\n" +
			"  mainstay rehearse new.crm --explain power:node1\n" +
			"  mainstay rehearse --pairs --budget 2000 --json > rehearsal.json",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.bootSaid = c.Flags().Changed("boot")
			if err := o.check(c.Flags().Changed); err != nil {
				return err
			}
			return a.playFaults(c.Context(), args, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.conf, "conf", "", "corosync.conf with links, timeouts and quorum (default: this node's own with a running cluster, else one is assumed)")
	f.StringSliceVar(&o.nodes, "nodes", nil, "names of the nodes (default: those that --conf or CONFIG names)")
	f.StringSliceVar(&o.phases, "phases", []string{string(rehearse.Idle), string(rehearse.Recovery)}, "when single faults happen: idle, recovery (while another service is being recovered)")
	f.BoolVar(&o.run.Pairs, "pairs", false, "play pairs of faults as well, the second during and after the recovery of the first")
	f.IntVar(&o.run.Budget, "budget", defaultBudget, "how many pairs to play at most; of more so many are drawn by --seed; 0: no limit")
	f.DurationVar(&o.boot, "boot", rehearse.UsualBoot, "how long a node takes from being rebooted, as by fencing, until its daemon runs again")
	f.IntVar(&o.run.Alike, "alike", defaultAlike, "of services that differ by name only, how many to play per fault, spread over the nodes; 0: all")
	f.Uint64Var(&o.run.Seed, "seed", 1, "seed of everything that is random")
	f.IntVar(&o.run.Workers, "jobs", runtime.GOMAXPROCS(0), "how many clusters to simulate at once")
	f.StringSliceVar(&o.failOn, "fail-on", nil, "exit with 1 if a row shows one of these: outage>TIME, fenced, red, or a kind of finding")
	f.StringArrayVar(&o.only, "only", nil, "play this ROW alone, such as stop:db@idle; may be given again")
	f.StringVar(&o.explain, "explain", "", "play this ROW alone and tell its story as a timeline")
	f.BoolVar(&o.list, "list", false, "list the rows that would be played")
	f.BoolVar(&o.json, "json", false, "write the result as JSON")
	return c
}

// check refuses values that mean nothing, and flags that do not go together: a gate
// that is told to look for nothing would let everything through.
func (o rehearseOptions) check(said func(string) bool) error {
	empty := func(list []string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return strings.TrimSpace(s) == "" })
	}
	for _, x := range []struct {
		flag   string
		wrong  bool
		remedy string
	}{
		{"fail-on", empty(o.failOn), "name what must not be, such as outage>30s,double-owner, or leave the flag out"},
		{"phases", empty(o.phases), "name idle, recovery or both"},
		{"nodes", empty(o.nodes), "name the nodes, such as n1,n2, or leave the flag out"},
		{"only", empty(o.only), "name a row, such as stop:db@idle; --list shows them"},
		{"explain", strings.TrimSpace(o.explain) == "", "name a row, such as stop:db@idle; --list shows them"},
	} {
		if said(x.flag) && x.wrong {
			return face.Failf(face.Usage, "--%s: a value is empty\n  remedy: %s", x.flag, x.remedy)
		}
	}
	for i, n := range o.nodes {
		if slices.Contains(o.nodes[:i], n) {
			return face.Failf(face.Usage, "--nodes: %s is named twice\n  remedy: give each node a name of its own", n)
		}
	}
	switch {
	case o.boot <= 0:
		return face.Failf(face.Usage, "--boot: %v is no time to boot\n  remedy: write a time span such as 30s or 4m", o.boot)
	case o.run.Workers < 1:
		return face.Failf(face.Usage, "--jobs: %d clusters at once play nothing\n  remedy: 1 or more, or leave the flag out", o.run.Workers)
	case o.run.Budget < 0:
		return face.Failf(face.Usage, "--budget: there are no %d pairs\n  remedy: how many pairs to play at most, or 0 for all", o.run.Budget)
	case o.run.Alike < 0:
		return face.Failf(face.Usage, "--alike: there are no %d services\n  remedy: how many to play of those that are alike, or 0 for all", o.run.Alike)
	case said("budget") && !o.run.Pairs:
		return face.Failf(face.Usage, "--budget: it bounds pairs of faults, and none are played\n  remedy: say --pairs, too")
	}
	for _, other := range []string{"only", "list", "pairs"} {
		if o.explain != "" && said(other) {
			return face.Failf(face.Usage, "--explain: it plays its row alone\n  remedy: leave --%s out", other)
		}
	}
	return nil
}

// findingsHelp lists the kinds of findings.
func findingsHelp() string {
	var b strings.Builder
	for _, k := range rehearse.Findings() {
		fmt.Fprintf(&b, "  %-15s %s\n", k[0], k[1])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// playFaults reads what is to be played, plays it and prints the result.
func (a *app) playFaults(ctx context.Context, args []string, o rehearseOptions) error {
	conditions, err := rehearse.ParseConditions(o.failOn)
	if err != nil {
		return face.Failf(face.Usage, "--fail-on: %v", err)
	}
	for _, p := range o.phases {
		if p != string(rehearse.Idle) && p != string(rehearse.Recovery) {
			return face.Failf(face.Usage, "--phases: there is no phase %q\n  remedy: name idle, recovery or both", p)
		}
		o.run.Phases = append(o.run.Phases, rehearse.Phase(p))
	}
	s, err := a.rehearsed(ctx, args, o)
	if err != nil {
		return err
	}
	flag := "--only"
	if o.explain != "" {
		o.only, flag = []string{o.explain}, "--explain"
	}
	for _, id := range o.only {
		c, err := s.ParseCase(id)
		if err != nil {
			return face.Failf(face.NoSuch, "%s: %v", flag, err)
		}
		o.run.Only = append(o.run.Only, c)
	}
	if o.list {
		faults, _ := s.Unlike(s.Faults(), o.run.Alike)
		for _, c := range rehearse.Singles(faults, o.run.Phases) {
			a.Printf("%-40s %s\n", c, c.Text())
		}
		return nil
	}
	collect(a.Env, rehearsalGrowth, rehearsalFrom)
	bar := a.progressBar()
	if bar.width > 0 || len(o.run.Only) == 0 {
		o.run.Progress = bar.show
	}
	rep, err := rehearse.Run(ctx, s, o.run)
	bar.end()
	if err != nil {
		return face.Failf(face.Error, "%v", err)
	}
	if err := a.printRehearsal(rep, o); err != nil {
		return err
	}
	return a.failOn(conditions, rep)
}

// rehearsed is what is to be played: configuration and machines.
func (a *app) rehearsed(ctx context.Context, args []string, o rehearseOptions) (*rehearse.Subject, error) {
	var root *cib.Elem
	m := rehearse.Machines{Nodes: o.nodes}
	if o.bootSaid {
		m.Boot = o.boot
	}
	if len(args) > 0 {
		text, err := a.Input(args[0])
		if err != nil {
			return nil, err
		}
		ch := readChange(cib.Empty(), text, false)
		ch.judge(cib.Empty(), agents{missing: true})
		if err := a.report(args[0], ch, loadOptions{quiet: true}); err != nil {
			return nil, face.Failf(face.BadData, "%s is not valid, so it is not rehearsed", args[0])
		}
		root = ch.withStatus(text)
	} else {
		var err error
		if root, err = a.CIB(ctx); err != nil {
			return nil, err
		}
	}
	m.File = o.conf
	if o.conf != "" || len(args) == 0 && a.CIBFile() == "" {
		text, _, err := readConfig(o.conf)
		var missing *face.Failure
		switch {
		case err == nil:
			m.Conf = text
		case o.conf == "" && errors.As(err, &missing) && missing.Code == face.NoInput:
		default:
			return nil, err
		}
	}
	s, err := rehearse.NewSubject(root, m)
	if err != nil {
		return nil, face.Failf(face.BadData, "%v", err)
	}
	return s, nil
}

// withStatus is the document of a change, with the status section of its text if
// that is a whole CIB: operations' times are read from it.
func (c *change) withStatus(text []byte) *cib.Elem {
	doc, err := cib.Parse(text)
	if err != nil || doc.Name() != "cib" || doc.Child("status") == nil {
		return c.after
	}
	return c.after.Put(doc.Child("status"))
}

// printRehearsal writes the result.
func (a *app) printRehearsal(rep *rehearse.Report, o rehearseOptions) error {
	switch {
	case o.json:
		e := json.NewEncoder(a.Stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(rep); err != nil {
			return face.Failf(face.IOError, "%v", err)
		}
	case o.explain != "" && len(rep.Rows) == 1:
		a.Printf("%s\n%s", rep.Rows[0].Timeline(), rep.Rows[0].Verdict())
	default:
		a.Printf("%s", rep.Table())
	}
	return nil
}

// failOn ends with an error if a row shows what must not be.
func (a *app) failOn(conditions []rehearse.Condition, rep *rehearse.Report) error {
	failed := false
	for _, c := range conditions {
		for _, line := range c.Broken(rep) {
			a.Errorf("--fail-on %s: %s\n", c, line)
			failed = true
		}
	}
	if failed {
		return face.Silent(face.Error)
	}
	return nil
}
