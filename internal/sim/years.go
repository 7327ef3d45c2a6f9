package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// A life is a cluster over years: faults, operators and upgrades come at the rates
// of rates.go, each independent of the others. While the cluster is at rest its
// time is skipped: the wall clocks of all machines are moved on to shortly before
// the next thing that is to happen or comes due (a failure that expires, a rule on
// dates), the monotonic ones stand. What is left out are turns of the token and
// monitors that find nothing new. All checkers look on.

// Year is 365 days.
const Year = 365 * 24 * time.Hour

// Generation is how long a drawn cluster lives before another takes its place.
const Generation = 10 * Year

const (
	lead      = time.Second      // what is played before a thing happens
	watched   = 12 * time.Second // how long a cluster at rest is watched: every monitor has looked once
	glanced   = 2 * time.Second  // the same, if nothing happened to services and machines
	unrest    = 10 * time.Minute // after that long without rest all that is broken is repaired
	attended  = time.Minute      // after that long somebody looks after machines that are off
	breath    = 100 * time.Millisecond
	maxDue    = 1000 // how often time alone may wake a cluster between two happenings
	dueMargin = 2 * time.Second
	jumped    = 10 * time.Second // shorter gaps are played: daemons notice a clock that jumps by more than 5 s
)

// Totals are the figures of lives.
type Totals struct {
	Lived       time.Duration // of clusters
	Played      time.Duration // of it in detail
	Clusters    int
	Faults      map[Kind]int
	Wishes      map[WishKind]int
	Struck      Struck // how often faults did something
	Due         int    // times that a rest ended because something came due
	Views       int
	Transitions int
	Fencings    int // machines that lost their power to a fence device
	Events      int
	Hash        string // of all histories
}

// Years is how long clusters lived.
func (t Totals) Years() float64 { return float64(t.Lived) / float64(Year) }

// Add adds the figures of another life.
func (t *Totals) Add(o Totals) {
	t.Lived, t.Played, t.Clusters, t.Due = t.Lived+o.Lived, t.Played+o.Played, t.Clusters+o.Clusters, t.Due+o.Due
	t.Views, t.Transitions, t.Fencings, t.Events = t.Views+o.Views, t.Transitions+o.Transitions, t.Fencings+o.Fencings, t.Events+o.Events
	if t.Faults == nil {
		t.Faults, t.Wishes, t.Struck = map[Kind]int{}, map[WishKind]int{}, Struck{}
	}
	t.Struck.Add(o.Struck)
	for k, n := range o.Faults { //order: sums
		t.Faults[k] += n
	}
	for k, n := range o.Wishes { //order: sums
		t.Wishes[k] += n
	}
	sum := sha256.Sum256([]byte(t.Hash + o.Hash))
	t.Hash = hex.EncodeToString(sum[:8])
}

// String tells the figures in a few lines.
func (t Totals) String() string {
	var b strings.Builder
	faults, wishes := 0, 0
	list := func(title string, lines []string) { fmt.Fprintf(&b, "%s: %s\n", title, strings.Join(lines, ", ")) }
	var f, w []string
	for _, k := range slices.Sorted(maps.Keys(t.Faults)) {
		faults += t.Faults[k]
		f = append(f, fmt.Sprintf("%s %d", k, t.Faults[k]))
	}
	for _, k := range slices.Sorted(maps.Keys(t.Wishes)) {
		wishes += t.Wishes[k]
		w = append(w, fmt.Sprintf("%s %d", k, t.Wishes[k]))
	}
	fmt.Fprintf(&b, "%.1f cluster-years of %d clusters, %.1f hours of them played in detail\n", t.Years(), t.Clusters, t.Played.Hours())
	list(fmt.Sprintf("%d faults", faults), f)
	fmt.Fprintf(&b, "what struck: %s%s\n", t.Struck, t.Struck.never())
	list(fmt.Sprintf("%d wishes", wishes), w)
	fmt.Fprintf(&b, "%d views, %d transitions, %d fencings; time alone ended %d rests; history %s\n", t.Views, t.Transitions, t.Fencings, t.Due, t.Hash)
	return b.String()
}

// life is one cluster's life.
type life struct {
	*Cluster
	rng    *rand.Rand
	todo   events
	rank   uint64
	open   []*trouble // faults that are not repaired
	held   int        // wishes that are to be taken back
	totals Totals
	rings  map[string]bool
	story  hash.Hash
	notes  int
	prefer []string // constraints that are to stay
	joined []string // machines that joined and are to be taken out some day
	wary   bool     // since the last rest something happened that a monitor may have to find
	moved  int      // role changes until the last rest
}

// trouble is a fault that was injected.
type trouble struct {
	fault Fault
	over  bool
}

// Live lets the cluster that a seed draws live for so long, or until a law is
// broken; the result's story is that of its last days. ended, if not nil, is asked
// now and then whether to stop.
func Live(seed uint64, long time.Duration, log bool, ended func() bool) (Result, Totals) {
	d := &drawer{rng: rand.New(rand.NewPCG(seed, 0x79656172)), profile: Profile{Years: true}}
	o := d.options()
	o.Forgetful, o.Log = true, log
	c, err := NewCluster(seed, o)
	if err != nil {
		return Result{Problems: []string{err.Error()}}, Totals{}
	}
	l := &life{Cluster: c, rng: rand.New(rand.NewPCG(seed, 0x6c696665)), rings: map[string]bool{}, story: sha256.New(),
		totals: Totals{Clusters: 1, Faults: map[Kind]int{}, Wishes: map[WishKind]int{}}}
	problems := l.live(long, ended)
	l.count()
	l.totals.Lived, l.totals.Played, l.totals.Events, l.totals.Struck = l.age(), c.Now, c.handled, c.struck
	l.totals.Hash = hex.EncodeToString(l.story.Sum(nil)[:8])
	return Result{Problems: problems, Virtual: c.Now, Events: c.handled, Story: c.Story(), Timeline: c.Timeline(), Hash: l.totals.Hash}, l.totals
}

// age is how long the cluster has lived.
func (l *life) age() time.Duration { return l.Now + l.skipped }

// in has something happen later in the cluster's life.
func (l *life) in(d time.Duration, do func()) {
	l.rank++
	l.todo.push(event{l.age() + d, l.rank, do})
}

func (l *life) live(long time.Duration, ended func() bool) []string {
	l.Boot()
	if !l.Settle(upLimit) {
		return append([]string{"the cluster does not come up"}, texts(l.broken)...)
	}
	l.expect()
	due := 0
	for l.age() < long && (ended == nil || !ended()) {
		if out := l.rest(); out != nil {
			return out
		}
		wake, own := l.waking()
		if own {
			due = 0
		} else if due++; due > maxDue {
			return []string{"it does not end: time alone wakes the cluster again and again"}
		}
		l.Forget()
		l.wary, l.moved = false, l.Agents.moves
		l.sleep(wake)
	}
	return nil
}

// sleep skips time and plays the last of it, and what is due then.
func (l *life) sleep(until time.Duration) {
	if gap := until - l.age(); gap > jumped {
		l.skipped += gap - lead
		for _, m := range l.Machines {
			m.poke()
		}
	}
	l.run(until - l.age() + dueMargin)
}

// run plays for so long, with all that is to happen meanwhile.
func (l *life) run(d time.Duration) {
	end := l.Now + d
	for len(l.todo) > 0 && l.todo[0].at-l.skipped <= end && !l.stopped() {
		h := l.todo.pop()
		l.Run(max(h.at-l.skipped, l.Now))
		if !l.stopped() {
			h.do()
		}
	}
	l.Run(end)
}

// waking is when the next thing happens or comes due; own tells whether it is a
// happening.
func (l *life) waking() (at time.Duration, own bool) {
	at = l.todo[0].at
	if r := l.Plan(); !r.RecheckAt.IsZero() {
		if due := l.age() + max(r.RecheckAt.Sub(l.planner().Wall()), 0); due < at {
			l.totals.Due++
			return due, false
		}
	}
	return at, true
}

// rest plays until the cluster has nothing to do, and looks at it then; it returns
// what is wrong.
func (l *life) rest() []string {
	began := l.Now
	mended := false
	for {
		l.whole = len(l.open) == 0
		l.run(breath)
		if l.stopped() {
			return append([]string{"a law was broken"}, texts(l.broken)...)
		}
		if l.Quiet() && l.calm() {
			return l.look()
		}
		switch awake := l.Now - began; {
		case awake > unrest && !mended:
			mended = true
			l.mendAll()
		case awake > unrest+quietLimit:
			return append([]string{"the cluster does not become quiet when all is mended"}, texts(l.broken)...)
		case awake > attended:
			l.attend()
		}
	}
}

// calm watches a quiet cluster, until every monitor has looked if need be.
func (l *life) calm() bool {
	moves, plans, todo := l.Agents.moves, len(l.plans), l.rank
	if l.wary || moves != l.moved {
		l.run(watched)
	} else {
		l.run(glanced)
	}
	return !l.stopped() && l.Quiet() && moves == l.Agents.moves && plans == len(l.plans) && todo == l.rank
}

// attend switches on machines and daemons that are off for no fault.
func (l *life) attend() {
	for _, m := range l.Machines {
		if slices.ContainsFunc(l.open, func(t *trouble) bool { return t.fault.Node == m.Name || t.fault.Kind == Blackout }) || l.held > 0 {
			continue
		}
		m.PowerOn()
		if m.boots > 0 && m.powered && m.daemon == nil && l.Now-m.trouble > m.bootTime+time.Second {
			m.StartDaemon()
		}
	}
}

// mendAll repairs everything at once.
func (l *life) mendAll() {
	for _, t := range slices.Clone(l.open) {
		l.repair(t)
	}
}

// repair ends a fault, once.
func (l *life) repair(t *trouble) {
	if t.over {
		return
	}
	t.over = true
	l.open = slices.DeleteFunc(l.open, func(o *trouble) bool { return o == t })
	l.Repair(t.fault)
}

// look is what has to be true of a cluster at rest.
func (l *life) look() []string {
	var out []string
	for _, id := range l.Unkept() {
		out = append(out, "what was acknowledged stays: "+id+" is gone")
	}
	if len(l.open) > 0 {
		return out
	}
	if l.held == 0 {
		l.laws.excused = false
	}
	if l.held == 0 && !l.failures() {
		out = append(out, l.Verify()...)
	}
	out = append(out, l.unordered()...)
	return out
}

// failures tells whether a failure is on record, which may keep something from
// running until it expires.
func (l *life) failures() bool {
	doc := string(l.state[l.Running()[0].Name].CIB.Child("status").AppendXML(nil, false))
	return strings.Contains(doc, `_last_failure_0"`) || strings.Contains(doc, `name="fail-count-`)
}

// unordered looks whether the changes since the last look happened one after the
// other, and forgets them.
func (l *life) unordered() []string {
	many := l.manyAnswered()
	for _, m := range l.Machines {
		if names, err := m.List("lost"); err == nil {
			for _, n := range names {
				m.Remove("lost/" + n)
			}
		}
	}
	ok := many || l.linear()
	l.operator.log, l.operator.apart = nil, false
	if !ok {
		return []string{"changes of the configuration did not happen one after the other"}
	}
	return nil
}

// Forget adds up what was observed and drops it.
func (l *life) Forget() {
	l.count()
	l.Cluster.Forget()
}

func (l *life) count() {
	for _, e := range l.entries {
		switch e.Kind {
		case "planned":
			l.totals.Transitions++
		case "view":
			if i := slices.Index(e.Args, any("ring")); !l.rings[e.Args[i+1].(string)] {
				l.rings[e.Args[i+1].(string)] = true
				l.totals.Views++
			}
		}
	}
	if len(l.rings) > 1000 { // the oldest are not heard of again
		clear(l.rings)
	}
	for _, f := range l.fencing {
		if f.Done && f.Action != "on" {
			l.totals.Fencings++
		}
	}
	l.story.Write([]byte(l.Story()))
}
