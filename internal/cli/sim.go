package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
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
}

// simCommand plays simulated clusters: one seed again, or ever new ones.
func (a *app) simCommand() *cobra.Command {
	var o simOptions
	c := &cobra.Command{
		Use: "sim", Short: "Play a simulated cluster under faults, by the number that names it", GroupID: "rehearse",
		Long: "A seed stands for a whole history: a cluster, its configuration, and the faults and\n" +
			"wishes that befall it. The same build plays it the same way, byte for byte. The laws of\n" +
			"the house are looked at in the simulated world; what breaks one is told, and the exit\n" +
			"code is 1. With --search, ever new seeds are played until one breaks a law.",
		Example: "  mainstay sim --seed 1514\n  mainstay sim --seed 1514 --commit 722d603 --minimise\n" +
			"  mainstay sim --seed 1514 --only 2,5 --log\n  mainstay sim --search 10m",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := a.sameBuild(o.commit); err != nil {
				return err
			}
			if o.search > 0 {
				return a.simSearch(o)
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
	fmt.Fprintf(out, "%d nodes on %d links, token %v\n\n", s.Options.Nodes, s.Options.Links, s.Options.Token)
	for i, line := range strings.SplitAfter(s.List(), "\n") {
		if o.only == nil || slices.Contains(o.only, i+1) {
			fmt.Fprint(out, line)
		}
	}
	if o.only != nil {
		s = s.Only(o.only)
	}
	r := s.Play()
	fmt.Fprintf(out, "\n%s\n", r.Story)
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

// simSearch plays new seeds until the time is over or a law is broken.
func (a *app) simSearch(o simOptions) error {
	began := time.Now()
	seed := o.from
	if seed == 0 {
		seed = uint64(began.Unix()) * 1000
	}
	var virtual time.Duration
	steps, played := 0, 0
	for ; time.Since(began) < o.search; seed++ {
		s := sim.Draw(seed, sim.Usual(seed))
		r := s.Play()
		virtual += r.Virtual
		steps += len(s.Steps)
		played++
		if len(r.Problems) > 0 {
			return a.simVerdict(seed, nil, r)
		}
	}
	years := virtual.Hours() / (24 * 365)
	fmt.Fprintf(a.Stdout, "%d histories, %d faults and wishes, %.4f cluster-years of simulated time, %.0f times as fast as real time: all laws held\n",
		played, steps, years, virtual.Seconds()/time.Since(began).Seconds())
	return nil
}
