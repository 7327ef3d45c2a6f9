package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Step is one thing that happens in a scenario: a fault or an operator's wish.
type Step struct {
	Number int           // in the scenario as it was drawn, from 1; it tells the step in the story
	At     time.Duration // after the cluster came up
	For    time.Duration // until a fault is repaired; 0: at the end of the scenario
	Fault  Fault         // if its Kind is not ""
	Wish   Wish          // else
}

// String tells the step in a line.
func (s Step) String() string {
	if s.Fault.Kind == "" {
		return fmt.Sprintf("%7.3f s  %s", s.At.Seconds(), s.Wish)
	}
	if s.For == 0 {
		return fmt.Sprintf("%7.3f s  %s", s.At.Seconds(), s.Fault)
	}
	return fmt.Sprintf("%7.3f s  %s, for %.3f s", s.At.Seconds(), s.Fault, s.For.Seconds())
}

// Scenario is a history in the making: a cluster, and what happens to it.
type Scenario struct {
	Seed    uint64
	Options Options
	Steps   []Step // by time
	// Without is a machine that stays off after the steps, until everything is seen to
	// run on the others; "": none.
	Without string
}

// Only keeps the steps with the given numbers, counted from 1.
func (s Scenario) Only(numbers []int) Scenario {
	var kept []Step
	for i, st := range s.Steps {
		if slices.Contains(numbers, i+1) {
			kept = append(kept, st)
		}
	}
	s.Steps = kept
	return s
}

// Result is how a scenario went.
type Result struct {
	Problems []string // what was wrong; nil: all laws held
	Virtual  time.Duration
	Events   int
	Up       time.Duration // when the cluster had come up: what the times of steps count from
	Story    string        // a line per thing that happened
	Timeline string        // the same with views, plans and their reasons
	Struck   Struck        // how often faults did something
	Hash     string        // of the whole history: the same for the same scenario
}

// The limits within which a cluster has to become quiet.
const (
	upLimit     = 2 * time.Minute
	quietLimit  = 6 * time.Minute
	answerLimit = time.Minute
	expiry      = time.Minute // failures expire meanwhile, and what they kept away may return
)

// Play runs a scenario to its end: the cluster comes up, the steps happen,
// everything is mended, the operator takes back what keeps services away, and the
// laws are looked at.
func (s Scenario) Play() Result {
	c, err := NewCluster(s.Seed, s.Options)
	if err != nil {
		return Result{Problems: []string{err.Error()}}
	}
	problems := c.play(s)
	sum := sha256.Sum256([]byte(c.Story()))
	return Result{Problems: problems, Virtual: c.Now, Events: c.handled, Up: c.up, Story: c.Story(), Timeline: c.Timeline(), Struck: c.struck,
		Hash: fmt.Sprintf("%s-%d-%d", hex.EncodeToString(sum[:8]), c.handled, c.Now)}
}

func (c *Cluster) play(s Scenario) []string {
	c.Boot()
	fail := func(what string) []string {
		if c.stopped() { // that is why it ended
			what = "a law was broken"
		}
		return append([]string{what}, texts(c.broken)...)
	}
	if !c.Settle(upLimit) {
		return fail("the cluster does not come up")
	}
	c.up = c.Now
	c.perform(s.Steps)
	if c.stopped() {
		return fail("")
	}
	c.Mend()
	if s.Without != "" {
		if out := c.lack(s.Without); out != nil {
			return out
		}
	}
	if !c.Settle(quietLimit) {
		return fail("the cluster does not become quiet when all is mended")
	}
	if !c.Undo(answerLimit) {
		return fail("the operator gets no answer")
	}
	c.Run(c.Now + expiry)
	if !c.Settle(quietLimit) {
		return fail("the cluster does not stay quiet")
	}
	out := c.Verify()
	if !c.manyAnswered() && !c.linear() {
		out = append(out, "changes of the configuration did not happen one after the other")
	}
	if what := c.unexplained(); what != "" && !c.manyAnswered() {
		out = append(out, what)
	}
	return out
}

// lack takes a machine away for good and looks whether the others take over all
// that it ran; then it is given back.
func (c *Cluster) lack(name string) []string {
	dead := Fault{Kind: Dead, Node: name}
	c.Inject(dead)
	c.whole = false
	c.Run(c.Now + expiry)
	if !c.Settle(quietLimit) {
		return append([]string{"the cluster does not become quiet without " + name}, texts(c.broken)...)
	}
	for _, s := range c.Agents.services.list {
		if s.Max == 1 && s.Watched && len(c.Agents.Owners(s.ID)) == 0 {
			return []string{s.ID + " does not run without " + name}
		}
	}
	c.Repair(dead)
	c.whole = true
	return nil
}

// texts are breaches as text.
func texts(list []Breach) []string {
	var out []string
	for _, b := range list {
		out = append(out, b.String())
	}
	return out
}

// perform lets the steps happen at their times.
func (c *Cluster) perform(steps []Step) {
	began := c.Now
	end := began
	for _, s := range steps {
		end = max(end, began+s.At+time.Second)
		if s.Wish.Kind == Expel {
			end = max(end, began+s.At+s.Wish.After)
		}
		c.at(began+s.At, func() { c.step(s) })
	}
	c.Run(end)
}

// at plans something at a time.
func (c *Cluster) at(t time.Duration, do func()) { c.after(t-c.Now, do) }

func (c *Cluster) step(s Step) {
	c.stepping = s.Number
	defer func() { c.stepping = 0 }()
	if s.Fault.Kind == "" {
		c.wish(s.Wish)
		return
	}
	c.Inject(s.Fault)
	if s.For > 0 {
		c.after(s.For, func() {
			if !c.whole {
				c.stepping = s.Number
				c.Repair(s.Fault)
				c.stepping = 0
			}
		})
	}
}

// scene introduces what a scenario does in the story.
func (c *Cluster) scene() string {
	if c.stepping > 0 {
		return fmt.Sprintf("STEP %d: ", c.stepping)
	}
	return "scenario: "
}

// Mend ends all faults and brings every machine back.
func (c *Cluster) Mend() {
	c.tell("scenario: everything is mended")
	c.whole = true
	c.Heal()
	c.Net.Loss, c.Net.Duplicate, c.Net.Reorder, c.Net.Corrupt, c.Net.Latency = 0, 0, 0, 0, usualLatency
	c.Agents.faults, c.Agents.devices = map[opKey]*OpFault{}, map[string]*DeviceFault{}
	for _, m := range c.Machines {
		m.disk.fault, m.disk.unread, m.disk.slow, m.disk.tear = diskWell, false, 0, false
		m.clock.run(c.Now, 1)
		m.alarm = 0
		m.Skew = 0
		m.Thaw()
		m.dead, m.breaks = false, nil
		m.PowerOn()
		m.StartDaemon()
		if m.asked && m.back == 0 { // it is about to leave
			m.back = time.Second
		}
		m.poke()
	}
}

// List tells the steps with their numbers, a line each.
func (s Scenario) List() string {
	var b strings.Builder
	for _, st := range s.Steps {
		fmt.Fprintf(&b, "%3d  %s\n", st.Number, st)
	}
	return b.String()
}
