package lrm

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mainstay/agent"
	"mainstay/cib"
)

// checker follows a Machine's effects and holds it to its promises:
// one run per resource, the node's limit, every order answered once, and a
// history that is the sum of what it told the cluster.
type checker struct {
	t        *rapid.T
	m        *Machine
	now      time.Duration
	parallel int
	runs     map[uint64]agent.Call
	used     map[uint64]bool
	owed     map[string]bool // keys of orders without an answer
	keys     map[string]bool // all keys
	copy     map[string]map[string]*cib.Elem
	stopped  map[string]bool // no recurring operation may run: the resource was stopped last
}

func (c *checker) step(in Input) {
	for _, e := range c.m.Step(c.now, in) {
		switch e := e.(type) {
		case Run:
			c.run(e)
		case Kill:
			if _, ok := c.runs[e.Tag]; !ok {
				c.t.Fatalf("kills #%d, which does not run", e.Tag)
			}
		case Record:
			c.record(e)
		case Erase:
			for _, id := range e.Ops {
				if c.copy[e.Rsc][id] == nil {
					c.t.Fatalf("erases %s, which is not there", id)
				}
				delete(c.copy[e.Rsc], id)
			}
			if len(e.Ops) == 0 {
				delete(c.copy, e.Rsc)
			}
		case Answer:
			c.answered(e.Key)
		}
	}
	c.compare()
}

func (c *checker) run(e Run) {
	if c.used[e.Tag] {
		c.t.Fatalf("tag %d twice", e.Tag)
	}
	c.used[e.Tag] = true
	oneOff := 0
	for _, r := range c.runs {
		if r.Op == "meta-data" {
			continue
		}
		if r.Rsc == e.Call.Rsc && e.Call.Op != "meta-data" {
			c.t.Fatalf("%s runs %s and %s at once", r.Rsc, r.Op, e.Call.Op)
		}
		if r.Interval == 0 {
			oneOff++
		}
	}
	if e.Call.Interval == 0 && e.Call.Op != "meta-data" && oneOff >= c.parallel {
		c.t.Fatalf("%d operations at once, %d allowed", oneOff+1, c.parallel)
	}
	if e.Call.Interval > 0 && c.stopped[e.Call.Rsc] {
		c.t.Fatalf("%s is watched after it was stopped", e.Call.Rsc)
	}
	c.runs[e.Tag] = e.Call
}

func (c *checker) record(e Record) {
	id := e.Elem.ID()
	if c.copy[e.Rsc] == nil {
		c.copy[e.Rsc] = map[string]*cib.Elem{}
	}
	c.copy[e.Rsc][id] = e.Elem
	if !strings.HasSuffix(e.Elem.Get("transition-magic"), ";"+e.Key) {
		c.t.Fatalf("magic %q without key %q", e.Elem.Get("transition-magic"), e.Key)
	}
	if !e.Pending && !strings.HasSuffix(id, "_last_failure_0") && e.Elem.Get("interval") == "0" {
		c.answered(e.Key)
	} else if !e.Pending {
		delete(c.owed, e.Key)
	}
}

func (c *checker) answered(key string) {
	if !c.owed[key] {
		c.t.Fatalf("an answer to %q that nobody waits for", key)
	}
	delete(c.owed, key)
}

// compare holds the history against the sum of the records.
func (c *checker) compare() {
	n := 0
	for lr := range c.m.History().Child("lrm_resources").Named("lrm_resource") {
		for op := range lr.Named("lrm_rsc_op") {
			n++
			got := c.copy[lr.ID()][op.ID()]
			if got.Get("op-status") == "-1" && got.Get("operation") != "start" && op.Get("op-status") != "-1" {
				continue // under way: the history says what was before it
			}
			if got != op {
				c.t.Fatalf("history has %s, the cluster was told %s", op, got)
			}
		}
	}
	told := 0
	for _, ops := range c.copy {
		told += len(ops)
	}
	if n != told {
		c.t.Fatalf("history has %d records, the cluster was told of %d", n, told)
	}
}

func (c *checker) tags() []uint64 {
	var tags []uint64
	for t := range c.runs {
		tags = append(tags, t)
	}
	slices.Sort(tags)
	return tags
}

func (c *checker) done(tag uint64, res agent.Result) {
	delete(c.runs, tag)
	c.step(Done{Tag: tag, Result: res, Wall: int64(c.now / time.Second)})
}

func TestPromises(t *testing.T) {
	const metadata = `<resource-agent name="x"><version>1.1</version><parameters><parameter name="p" reloadable="1"/></parameters><actions><action name="reload-agent"/></actions></resource-agent>`
	rapid.Check(t, func(t *rapid.T) {
		c := &checker{t: t, parallel: rapid.IntRange(1, 3).Draw(t, "parallel"), runs: map[uint64]agent.Call{}, used: map[uint64]bool{},
			owed: map[string]bool{}, keys: map[string]bool{}, copy: map[string]map[string]*cib.Elem{}, stopped: map[string]bool{}}
		c.m = New(Config{NodeID: "1", NodeName: "n1", Parallel: c.parallel})
		agents := []agent.Name{{Class: "lsb", Type: "a"}, {Class: "ocf", Provider: "x", Type: "b"}, {Class: "stonith", Type: "f"}}
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		for i := range steps {
			c.now += time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond
			rsc := rapid.SampledFrom([]string{"r1", "r2", "r3", "r4"}).Draw(t, "rsc")
			key := fmt.Sprintf("%d:1:%d:u", i, rapid.SampledFrom([]int{0, 7, 8}).Draw(t, "target"))
			interval := time.Duration(rapid.SampledFrom([]int{0, 2, 10}).Draw(t, "interval")) * time.Second
			switch rapid.SampledFrom([]string{"order", "order", "order", "done", "done", "done", "tick", "cancel", "forget", "fail", "limit", "cleared"}).Draw(t, "what") {
			case "order":
				o := Order{Key: key, Rsc: rsc, Agent: agents[int(rsc[1]-'1')%3], Timeout: time.Minute}
				o.Op = rapid.SampledFrom([]string{"start", "stop", "monitor", "monitor", "notify", "promote", "reload-agent", "migrate_to"}).Draw(t, "op")
				if o.Op == "monitor" {
					o.Interval = interval
				}
				if rapid.IntRange(0, 4).Draw(t, "delayed") == 0 {
					o.StartDelay = 3 * time.Second
				}
				o.Params = []cib.Attr{{Name: "p", Value: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "p")}}
				c.owed[key] = true
				if o.Interval > 0 {
					c.stopped[rsc] = false
				}
				twin := c.m.rscs[rsc] != nil && c.m.rscs[rsc].twin(o) != nil
				if changesState(o.Op) && !twin {
					// one that is merged into what was ordered before ends nothing ordered since
					c.stopped[rsc] = true
				}
				c.step(o)
			case "done":
				if tags := c.tags(); len(tags) > 0 {
					tag := rapid.SampledFrom(tags).Draw(t, "tag")
					res := agent.Result{RC: agent.Code(rapid.SampledFrom([]int{0, 0, 0, 1, 7, 8}).Draw(t, "rc")), Status: rapid.SampledFrom([]agent.Status{0, 0, 0, 2}).Draw(t, "status")}
					if c.runs[tag].Op == "meta-data" {
						res.Output = metadata
					}
					c.done(tag, res)
				}
			case "tick":
				c.step(Tick{})
			case "cancel":
				c.owed[key] = true
				c.step(Cancel{Key: key, Rsc: rsc, Op: "monitor", Interval: interval})
			case "forget":
				c.owed[key] = true
				c.step(Forget{Key: key, Rsc: rsc, Op: rapid.SampledFrom([]string{"", "monitor", "start"}).Draw(t, "op"), Interval: interval})
			case "cleared":
				delete(c.copy[rsc], rsc+"_last_failure_0")
				c.step(Cleared{Rsc: rsc})
			case "fail":
				c.step(Fail{Rsc: rsc, Reason: "said so"})
			case "limit":
				c.parallel = rapid.IntRange(1, 3).Draw(t, "parallel")
				c.step(Limit{Parallel: c.parallel})
			}
		}
		c.settle()
	})
}

// settle lets everything end; then nobody may wait for an answer, and no record
// may say that something is under way.
func (c *checker) settle() {
	for range 500 {
		if tags := c.tags(); len(tags) > 0 {
			c.done(tags[0], agent.Result{})
			continue
		}
		if len(c.owed) == 0 {
			c.finished()
			return
		}
		w := c.m.Wake()
		if w == 0 {
			break
		}
		c.now = max(c.now, w)
		c.step(Tick{})
	}
	c.t.Fatalf("never answered: %v; %+v", c.owed, c.m.Activities())
}

// TestDigest pins the byte format to digests out of recorded histories.
func TestDigest(t *testing.T) {
	all := func(string) bool { return true }
	for _, c := range []struct {
		what   string
		params []cib.Attr
		keep   func(string) bool
		want   string
	}{
		{"nothing", nil, all, "f2317cad3d54cec5d7d7aa7d0bf35cf8"},
		{"a monitor's timeout", []cib.Attr{{Name: "CRM_meta_timeout", Value: "20000"}}, all, "4811cef7f7f94e3a35a70be7916cb2fd"},
		{"quotes", []cib.Attr{{Name: "set_policy", Value: `HA ^(?!amq\.).* {"ha-mode":"all"}`}}, all, "2ebdda5ddce91e8c3b822256678ca77e"},
		{"a fence device without its secrets", []cib.Attr{{Name: "privlvl", Value: "administrator"}, {Name: "ipaddr", Value: "172.16.0.8"},
			{Name: "ipport", Value: "6230"}, {Name: "lanplus", Value: "true"}, {Name: "login", Value: "admin"}, {Name: "passwd", Value: "password"},
			{Name: "pcmk_host_list", Value: "messaging-1"}},
			func(n string) bool { return n != "passwd" && n != "pcmk_host_list" }, "121bce21cad5e00c48a5c51be26c7522"},
	} {
		if got := digest(digested(c.params, true), c.keep); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

// BenchmarkMonitors measures a node that watches many resources: one round of
// all of them per 10 s must cost next to nothing.
func BenchmarkMonitors(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := New(Config{NodeID: "1", NodeName: "n1", Parallel: 4})
			finish := func(now time.Duration, effects []Effect) {
				for len(effects) > 0 {
					e := effects[0]
					effects = effects[1:]
					if r, ok := e.(Run); ok {
						effects = append(effects, m.Step(now, Done{Tag: r.Tag})...)
					}
				}
			}
			for i := range n {
				finish(0, m.Step(0, Order{Key: "1:1:0:u", Rsc: fmt.Sprintf("r%04d", i), Agent: agent.Name{Class: "lsb", Type: "x"},
					Op: "monitor", Interval: 10 * time.Second}))
			}
			now := time.Duration(0)
			for b.Loop() {
				now = m.Wake()
				finish(now, m.Step(now, Tick{}))
			}
			b.ReportMetric(float64(n), "monitors/round")
		})
	}
}

func (c *checker) finished() {
	for rsc, ops := range c.copy {
		for id, op := range ops {
			if op.Get("op-status") == "-1" {
				c.t.Fatalf("nothing runs, and the record %s of %s says that it does: %s", id, rsc, op)
			}
		}
	}
}
