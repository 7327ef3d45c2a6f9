package lrm

import (
	"slices"
	"time"

	"mainstay/agent"
)

// fact is what is known of an agent: its metadata says which parameters it can
// reload and which are secret, so digests depend on it.
type fact struct {
	name    agent.Name
	rsc     string // a resource of that kind
	loading bool
	known   bool
	meta    *agent.Metadata // nil if the agent has none
	held    []heldResult    // results that wait for it, in order
}

type heldResult struct {
	job  *job
	done Done
}

const (
	// metadataTimeout bounds how long a result may wait for its digests.
	metadataTimeout = 10 * time.Second
	// leisureAfter is how long after meeting an agent its metadata is read, if
	// nothing needed it before: a node that starts has better things to do.
	leisureAfter = 5 * time.Second
	// leisurePause is between two such readings.
	leisurePause = time.Second
)

// meet takes note of the agent of an order. What an operation that changes the
// resource records needs the metadata, so it is read beside it.
func (m *Machine) meet(now time.Duration, o Order) {
	if o.Agent.Class != "ocf" && o.Agent.Class != "stonith" {
		return
	}
	f := m.facts[o.Agent]
	if f == nil {
		f = &fact{name: o.Agent, rsc: o.Rsc}
		m.facts[o.Agent] = f
		if m.unread = append(m.unread, f); len(m.unread) == 1 {
			m.leisure = now + leisureAfter
		}
	}
	if f.name.Class == "ocf" && o.Interval == 0 && changesState(o.Op) {
		m.fetch(f)
	}
}

// needsFacts tells whether a result is to be recorded with digests by metadata:
// that of a fence agent never is, as it cannot reload; a probe only if it found
// the resource running, since what runs may be reloaded some day.
func needsFacts(j *job, res agent.Result) bool {
	if j.Agent.Class != "ocf" || j.Interval > 0 || j.Op == "notify" {
		return false
	}
	return j.Op != "monitor" || res.RC == agent.OK || res.RC == agent.RunningPromoted
}

// fetch reads an agent's metadata, once.
func (m *Machine) fetch(f *fact) {
	m.unread = slices.DeleteFunc(m.unread, func(u *fact) bool { return u == f })
	if f.loading || f.known {
		return
	}
	f.loading = true
	m.tag++
	m.probes[m.tag] = f
	m.emit(Run{Tag: m.tag, Call: agent.Call{Name: f.name, Rsc: f.rsc, Op: "meta-data", Timeout: metadataTimeout}})
}

// study reads, when nothing else is under way, what has not been needed yet.
func (m *Machine) study(now time.Duration) {
	if len(m.unread) == 0 || m.leisure > now {
		return
	}
	m.leisure = now + leisurePause
	if m.active == 0 && len(m.probes) == 0 {
		m.fetch(m.unread[0])
	}
}

// learned takes the end of a metadata call.
func (m *Machine) learned(now time.Duration, f *fact, d Done) {
	f.known = true
	if d.Result.Status == agent.Done && d.Result.RC == agent.OK {
		// an agent without readable metadata is used without reload, as before it had any
		f.meta, _ = agent.ParseMetadata([]byte(d.Result.Output))
	}
	held := f.held
	f.held = nil
	for _, h := range held {
		m.finish(now, h.job, h.done)
	}
}

// unlearn has all metadata read again: agents may have been upgraded.
func (m *Machine) unlearn() {
	for a, f := range m.facts {
		if f.known {
			delete(m.facts, a)
		}
	}
}

// secrets lists, sorted, the parameters of a job that are secret, and whether
// there is anything to say about them.
func (f *fact) secrets(j *job) []string {
	if f != nil && f.meta != nil {
		return f.meta.SecretParams()
	}
	if j.Agent.Class != "stonith" {
		return nil
	}
	// by the names alone: a fence agent's metadata is not waited for
	var m agent.Metadata
	for _, p := range j.Params {
		m.Parameters = append(m.Parameters, agent.Parameter{Name: p.Name})
	}
	return m.SecretParams()
}
