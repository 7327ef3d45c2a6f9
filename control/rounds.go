package control

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"mainstay/graph"
)

// A cluster comes to rest when a plan that was carried out leaves nothing to do
// (law 8). It does not where what a plan does brings back what made it necessary:
// one plan follows another for ever, the same each time or several in turn, as when
// a rule sends a resource away from where its agent has set an attribute. So the
// control remembers what it planned since it was at rest for a while or something
// else changed than results and attributes, and does not carry out the same for
// ever: it says so, and waits for a change or until some time has passed. Failures
// that are counted are no such case: the same plan is right until
// migration-threshold is reached.

const (
	maxRepeats = 3                // how often a plan is tried before the control waits
	maxReturns = 2 * maxRepeats   // the same if there was nothing to do for moments in between
	remembered = 4 * maxReturns   // plans; so four that follow each other in turn are noticed
	calmTime   = 10 * time.Second // without anything to do: what comes then is something new
	firstPause = time.Minute      // how long a repeated plan waits if nothing changes; doubled each time
	longPause  = 16 * time.Minute // and never longer
	named      = 6                // actions of a plan that are told to the operator
)

// rounds are the digests of the last plans, oldest first.
type rounds struct {
	plans [][sha256.Size]byte
	idle  time.Duration // since when there is nothing to do, 0: there is
	rests bool          // there was nothing to do since the first of the plans
	told  bool          // that there is no rest; until there is
	pause time.Duration // the last wait before another try
	until time.Duration // its end
}

// begin forgets the plans: what comes now has another cause.
func (r *rounds) begin() { r.plans, r.rests = r.plans[:0], false }

// todo names the actions of a graph that do something.
func todo(g *graph.Graph) []string {
	var out []string
	for _, a := range g.Actions {
		if a.Kind != graph.Pseudo {
			out = append(out, a.Key+" on "+a.Node)
		}
	}
	return out
}

// calm notes that there is nothing to do; if that is not because of what was done
// just now, there is rest.
func (c *Control) calm() {
	r := &c.rounds
	if r.idle == 0 {
		r.idle = c.now.Mono
	}
	r.rests = len(r.plans) > 0
	if !r.told {
		return
	}
	if len(r.plans) > 0 {
		c.recheckIn(calmTime)
		return
	}
	c.rest()
}

// rest ends what was said about there being none.
func (c *Control) rest() {
	if c.rounds.told {
		c.emit(Restless{})
	}
	c.rounds = rounds{}
}

// recheckIn has the control plan again so much later, if it does not do so earlier.
func (c *Control) recheckIn(d time.Duration) {
	if at := c.now.Mono + d; c.recheck == 0 || at < c.recheck {
		c.recheck = at
	}
}

// restless notices a plan that was carried out again and again, and remembers it if
// it is to be tried.
func (c *Control) restless(doing []string) bool {
	r := &c.rounds
	if r.idle != 0 && c.now.Mono-r.idle >= calmTime {
		r.begin()
	}
	r.idle = 0
	sum := sha256.Sum256([]byte(strings.Join(doing, "\n")))
	n := 0
	for _, p := range r.plans {
		if p == sum {
			n++
		}
	}
	if n < maxRepeats || r.rests && n < maxReturns {
		r.plans = append(r.plans, sum)
		if len(r.plans) > remembered {
			r.plans = slices.Delete(r.plans, 0, 1)
		}
		return false
	}
	more := ""
	if n := len(doing) - named; n > 0 {
		doing, more = doing[:named], fmt.Sprintf(" and %d more", n)
	}
	plan := strings.Join(doing, ", ") + more
	if c.now.Mono >= r.until {
		r.pause = min(max(2*r.pause, firstPause), longPause)
		r.until = c.now.Mono + r.pause
		c.emit(Note{"error", fmt.Sprintf("the cluster does not come to rest: this was carried out %d times, came up again, and waits for a change or %v: %s", n, r.pause, plan)})
	}
	if !r.told {
		r.told = true
		c.emit(Restless{plan})
	}
	c.recheckIn(r.until - c.now.Mono)
	return true
}
