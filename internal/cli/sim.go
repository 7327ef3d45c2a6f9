package cli

import (
	"context"
	"fmt"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"mainstay/internal/face"
	"mainstay/internal/sim"
)

// simOptions are the flags of "sim".
type simOptions struct {
	seed     uint64
	commit   string
	only     []int
	drop     []string
	minimise bool
	config   bool
	log      bool
	search   time.Duration
	from     uint64
	years    float64
	seeds    uint64
}

// simCommand plays simulated clusters: one seed again, or ever new ones.
func (a *app) simCommand() *cobra.Command {
	var o simOptions
	c := &cobra.Command{
		Use: "sim", Short: "Play a simulated cluster under faults, by the number that names it", GroupID: "rehearse",
		Long: "A seed stands for a whole history: a cluster, its configuration, and the faults and\n" +
			"wishes that befall it. The same build plays it the same way, byte for byte. The laws of\n" +
			"the house are looked at in the simulated world; what breaks one is told, and the exit\n" +
			"code is 1. With --search, ever new seeds are played until one breaks a law.\n\n" +
			"With --years, clusters live for so long altogether, ten years each, under faults,\n" +
			"operators and upgrades as often as they happen in a machine room (internal/sim/rates.go).\n" +
			"While a cluster is at rest its clocks are moved on to shortly before the next thing\n" +
			"that happens or comes due.",
		Example: "  mainstay sim --seed 1514\n  mainstay sim --seed 1514 --commit 722d603 --minimise\n" +
			"  mainstay sim --seed 1514 --only 2,5 --drop n3,g1-0 --log\n  mainstay sim --seeds 100\n  mainstay sim --search 10m\n" +
			"  mainstay sim --years 100\n  mainstay sim --years 10 --seed 7",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := a.sameBuild(o.commit); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGTERM, syscall.SIGINT) // figures are told all the same
			defer stop()
			collect(a.Env, sim.Growth, rehearsalFrom)
			if err := o.check(c.Flags().Changed); err != nil {
				return err
			}
			if o.years > 0 {
				return a.simYears(ctx, o)
			}
			if o.search > 0 || o.seeds > 0 {
				return a.simSearch(ctx, o)
			}
			return a.simSeed(o)
		},
	}
	f := c.Flags()
	f.Uint64Var(&o.seed, "seed", 0, "the history to play")
	f.StringVar(&o.commit, "commit", "", "the build that it was found with; another one plays another history")
	f.IntSliceVar(&o.only, "only", nil, "play these steps only, by their numbers")
	f.StringSliceVar(&o.drop, "drop", nil, "leave out these parts of the cluster (nodes, links, resources, constraints, properties) and the steps about them")
	f.BoolVar(&o.minimise, "minimise", false, "leave out every step and every part of the cluster that is not needed for the problem")
	f.BoolVar(&o.config, "config", false, "show the cluster's configuration")
	f.BoolVar(&o.log, "log", false, "show what the daemons log")
	f.DurationVar(&o.search, "search", 0, "play new seeds for so long, or until one breaks a law")
	f.Uint64Var(&o.seeds, "seeds", 0, "play so many seeds, from --seed or --from on, or until one breaks a law")
	f.Uint64Var(&o.from, "from", 0, "the first seed of a search (default: the time)")
	f.Float64Var(&o.years, "years", 0, "let clusters live for so many years altogether, from --seed on; with --search, for so long at most")
	return c
}

// check refuses flags that do not go together, and values that mean nothing.
func (o simOptions) check(said func(string) bool) error {
	many := o.years > 0 || o.search > 0 || o.seeds > 0
	switch {
	case said("years") && !(o.years > 0):
		return face.Failf(face.Usage, "--years: %v is no number of years\n  remedy: a number above 0, such as 10", o.years)
	case said("search") && o.search <= 0:
		return face.Failf(face.Usage, "--search: %v is no time to search\n  remedy: a time span such as 10m", o.search)
	case said("seeds") && o.seeds == 0:
		return face.Failf(face.Usage, "--seeds: 0 seeds are none\n  remedy: a number above 0, such as 100")
	case o.years > 0 && o.seeds > 0:
		return face.Failf(face.Usage, "--seeds and --years do not go together: --years plays as many seeds as it needs")
	case !many && !said("seed"):
		return face.Failf(face.Usage, "say which --seed to play, how many --seeds, or how long to --search")
	}
	for _, one := range []string{"only", "drop", "minimise", "config"} {
		if many && said(one) {
			return face.Failf(face.Usage, "--%s is about one history; say which --seed, without --seeds, --search and --years", one)
		}
	}
	return nil
}

// sameBuild refuses a finding of another build: it is a different history here.
func (a *app) sameBuild(commit string) error {
	if commit == "" || commit == a.Version || strings.HasPrefix(a.Version, commit) || strings.HasSuffix(a.Version, "-g"+commit) {
		return nil
	}
	return face.Failf(face.Usage, "this is build %s; the seed was found with %s, where it stands for another history\n"+
		"  remedy: git checkout %s && make build, or leave --commit out to see what this build makes of the seed", a.Version, commit, commit)
}

// replay is the line that plays a scenario again.
func (a *app) replay(o simOptions) string {
	line := fmt.Sprintf("mainstay sim --seed %d --commit %s", o.seed, a.Version)
	if o.only != nil {
		words := make([]string, len(o.only))
		for i, n := range o.only {
			words[i] = strconv.Itoa(n)
		}
		line += " --only " + strings.Join(words, ",")
	}
	if len(o.drop) > 0 {
		line += " --drop " + strings.Join(o.drop, ",")
	}
	return line
}

// smaller checks what is to be left out of a scenario, and leaves it out.
func smaller(s sim.Scenario, o simOptions) (sim.Scenario, error) {
	for _, n := range o.only {
		if n < 1 || n > len(s.Steps) {
			return s, face.Failf(face.Usage, "--only: there is no step %d; seed %d has the steps 1 to %d", n, o.seed, len(s.Steps))
		}
	}
	parts := s.Parts()
	for _, p := range o.drop {
		if !slices.Contains(parts, p) {
			return s, face.Failf(face.Usage, "--drop: seed %d has no part %q\n  remedy: name some of %s", o.seed, p, strings.Join(parts, ", "))
		}
	}
	if o.only != nil {
		s = s.Only(o.only)
	}
	return s.Drop(o.drop), nil
}

func (a *app) simSeed(o simOptions) error {
	s := sim.Draw(o.seed, sim.Usual(o.seed))
	s.Options.Log = o.log
	if o.minimise {
		if o.only != nil || o.drop != nil {
			return face.Failf(face.Usage, "--minimise finds out itself what to leave out; say it without --only and --drop")
		}
		o.only, o.drop = s.Minimise(func(steps, parts int) { a.Errorf("%d steps and %d parts are left\n", steps, parts) })
	}
	s, err := smaller(s, o)
	if err != nil {
		return err
	}
	out := a.Stdout
	if o.config {
		fmt.Fprintf(out, "%s\n", s.Options.CIB.AppendXML(nil, true))
	}
	r := s.Play()
	fmt.Fprintf(out, "%d nodes on %d links, token %v; nodes, timings and resources: --config\n\n", s.Nodes(), s.Options.Links, s.Options.Token)
	fmt.Fprintf(out, "What befalls it, by the time since it came up (%.3f s from the beginning):\n%s\n", r.Up.Seconds(), s.List())
	fmt.Fprintf(out, "What happened, in seconds from the beginning:\n%s\n", r.Timeline)
	fmt.Fprintf(out, "%d events in %v of simulated time; history %s\nwhat struck: %s\n", r.Events, r.Virtual.Round(time.Millisecond), r.Hash, r.Struck)
	return a.simVerdict(o, r)
}

// simVerdict tells what a history broke.
func (a *app) simVerdict(o simOptions, r sim.Result) error {
	if len(r.Problems) == 0 {
		fmt.Fprintln(a.Stdout, "all laws held")
		return nil
	}
	for _, p := range r.Problems {
		fmt.Fprintln(a.Stdout, p)
	}
	remedy := ""
	if o.only == nil && o.drop == nil {
		remedy = "\n  smaller: " + a.replay(o) + " --minimise"
	}
	return face.Failf(face.Error, "seed %d breaks a law; again: %s%s", o.seed, a.replay(o), remedy)
}

// simSearch plays seeds until there were enough, the time is over, a law is broken, or
// it is interrupted; it tells in any case how much it played, and what struck.
func (a *app) simSearch(ctx context.Context, o simOptions) error {
	began := time.Now()
	seed := max(o.seed, o.from)
	switch {
	case seed == 0 && o.search > 0:
		seed = uint64(began.Unix()) * 1000
	case seed == 0:
		seed = 1
	}
	more := func(played int) bool {
		return ctx.Err() == nil && (o.search == 0 || time.Since(began) < o.search) && (o.seeds == 0 || uint64(played) < o.seeds)
	}
	mix := sim.NewMix()
	var virtual time.Duration
	verdict := "all laws held"
	var err error
	for ; more(mix.Histories) && err == nil; seed++ {
		s := sim.Draw(seed, sim.Usual(seed))
		r := s.Play()
		virtual += r.Virtual
		mix.Add(s, r)
		if len(r.Problems) > 0 {
			verdict = "the last one broke a law"
			err = a.simVerdict(simOptions{seed: seed}, r)
		}
	}
	fmt.Fprintf(a.Stdout, "%d histories, %d faults and wishes, %.4f cluster-years of simulated time, %.0f times as fast as real time: %s\n%s",
		mix.Histories, mix.Steps, float64(virtual)/float64(sim.Year), virtual.Seconds()/time.Since(began).Seconds(), verdict, mix)
	return err
}

// simYears lets clusters live one after the other; it tells in any case how long
// they did and what befell them.
func (a *app) simYears(ctx context.Context, o simOptions) error {
	began := time.Now()
	ended := func() bool { return ctx.Err() != nil || o.search > 0 && time.Since(began) > o.search }
	var sum sim.Totals
	var err error
	left := time.Duration(min(o.years, 290) * float64(sim.Year)) // one cluster lives for a generation at most
	for seed := max(o.seed, o.from, 1); left > 0 && err == nil && !ended(); seed++ {
		long := min(left, sim.Generation)
		r, t := sim.Live(seed, long, o.log, ended)
		sum.Add(t)
		o.years -= t.Years()
		left = time.Duration(min(o.years, 290) * float64(sim.Year))
		if len(r.Problems) > 0 {
			err = a.lifeVerdict(seed, r, t)
		}
	}
	took := time.Since(began)
	fmt.Fprintf(a.Stdout, "%s%v of real time, %.0f years an hour\n", sum, took.Round(time.Second), sum.Years()/took.Hours())
	if err == nil {
		fmt.Fprintln(a.Stdout, "all laws held")
	}
	return err
}

// lifeVerdict tells how a life ended that broke a law.
func (a *app) lifeVerdict(seed uint64, r sim.Result, t sim.Totals) error {
	fmt.Fprintf(a.Stdout, "%s\n", r.Timeline)
	for _, p := range r.Problems {
		fmt.Fprintln(a.Stdout, p)
	}
	return face.Failf(face.Error, "seed %d breaks a law after %.1f years; again: mainstay sim --years %d --seed %d --commit %s",
		seed, t.Years(), sim.Generation/sim.Year, seed, a.Version)
}
