package cli

import (
	"context"
	"fmt"
	"os/signal"
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
	minimise bool
	config   bool
	log      bool
	search   time.Duration
	from     uint64
	years    float64
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
			"  mainstay sim --seed 1514 --only 2,5 --log\n  mainstay sim --search 10m\n" +
			"  mainstay sim --years 100\n  mainstay sim --years 10 --seed 7",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := a.sameBuild(o.commit); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGTERM, syscall.SIGINT) // figures are told all the same
			defer stop()
			collect(a.Env, sim.Growth, rehearsalFrom)
			if o.years > 0 {
				return a.simYears(ctx, o)
			}
			if o.search > 0 {
				return a.simSearch(ctx, o)
			}
			if !c.Flags().Changed("seed") {
				return face.Failf(face.Usage, "say which --seed to play, or how long to --search")
			}
			return a.simSeed(o)
		},
	}
	f := c.Flags()
	f.Uint64Var(&o.seed, "seed", 0, "the history to play")
	f.StringVar(&o.commit, "commit", "", "the build that it was found with; another one plays another history")
	f.IntSliceVar(&o.only, "only", nil, "play these steps only, by their numbers")
	f.BoolVar(&o.minimise, "minimise", false, "leave out every step that is not needed for the problem")
	f.BoolVar(&o.config, "config", false, "show the cluster's configuration")
	f.BoolVar(&o.log, "log", false, "show what the daemons log")
	f.DurationVar(&o.search, "search", 0, "play new seeds for so long, or until one breaks a law")
	f.Uint64Var(&o.from, "from", 0, "the first seed of a search (default: the time)")
	f.Float64Var(&o.years, "years", 0, "let clusters live for so many years altogether, from --seed on; with --search, for so long at most")
	return c
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
func (a *app) replay(seed uint64, only []int) string {
	line := fmt.Sprintf("mainstay sim --seed %d --commit %s", seed, a.Version)
	if only == nil {
		return line
	}
	words := make([]string, len(only))
	for i, n := range only {
		words[i] = strconv.Itoa(n)
	}
	return line + " --only " + strings.Join(words, ",")
}

func (a *app) simSeed(o simOptions) error {
	s := sim.Draw(o.seed, sim.Usual(o.seed))
	s.Options.Log = o.log
	if o.minimise {
		o.only = s.Minimise(func(left int) { a.Errorf("%d steps are left\n", left) })
	}
	out := a.Stdout
	if o.config {
		fmt.Fprintf(out, "%s\n", s.Options.CIB.AppendXML(nil, true))
	}
	if o.only != nil {
		s = s.Only(o.only)
	}
	r := s.Play()
	fmt.Fprintf(out, "%d nodes on %d links, token %v; nodes, timings and resources: --config\n\n", s.Options.Nodes, s.Options.Links, s.Options.Token)
	fmt.Fprintf(out, "What befalls it, by the time since it came up (%.3f s from the beginning):\n%s\n", r.Up.Seconds(), s.List())
	fmt.Fprintf(out, "What happened, in seconds from the beginning:\n%s\n", r.Timeline)
	fmt.Fprintf(out, "%d events in %v of simulated time; history %s\n", r.Events, r.Virtual.Round(time.Millisecond), r.Hash)
	return a.simVerdict(o.seed, o.only, r)
}

// simVerdict tells what a history broke.
func (a *app) simVerdict(seed uint64, only []int, r sim.Result) error {
	if len(r.Problems) == 0 {
		fmt.Fprintln(a.Stdout, "all laws held")
		return nil
	}
	for _, p := range r.Problems {
		fmt.Fprintln(a.Stdout, p)
	}
	return face.Failf(face.Error, "seed %d breaks a law; again: %s", seed, a.replay(seed, only))
}

// simSearch plays new seeds until the time is over, a law is broken, or it is
// interrupted; it tells in any case how much it played.
func (a *app) simSearch(ctx context.Context, o simOptions) error {
	began := time.Now()
	seed := o.from
	if seed == 0 {
		seed = uint64(began.Unix()) * 1000
	}
	var virtual time.Duration
	steps, played := 0, 0
	verdict := "all laws held"
	var err error
	for ; time.Since(began) < o.search && ctx.Err() == nil && err == nil; seed++ {
		s := sim.Draw(seed, sim.Usual(seed))
		r := s.Play()
		virtual += r.Virtual
		steps += len(s.Steps)
		played++
		if len(r.Problems) > 0 {
			verdict = "the last one broke a law"
			err = a.simVerdict(seed, nil, r)
		}
	}
	fmt.Fprintf(a.Stdout, "%d histories, %d faults and wishes, %.4f cluster-years of simulated time, %.0f times as fast as real time: %s\n",
		played, steps, float64(virtual)/float64(sim.Year), virtual.Seconds()/time.Since(began).Seconds(), verdict)
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
