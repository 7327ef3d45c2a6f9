package wire

import (
	"fmt"
	"time"
)

// Limits of what alarms cost when somebody floods us.
const (
	alarmPeriod  = 10 * time.Second
	alarmSources = 64 // told apart at the same time
)

// alarms counts what should not be.
type alarms struct {
	items []counted
}

type counted struct {
	kind   Kind
	source string
	told   time.Duration
	count  int // since then
}

// alarm reports something that should not be, or counts it until it may be
// reported again. Sources beyond the limit share an entry without a name.
func (m *Mux) alarm(kind Kind, source, format string, args ...any) {
	c := m.alarms.find(kind, source, m.now)
	c.count++
	if c.told != 0 && m.now-c.told < alarmPeriod {
		return
	}
	m.emit(Alarm{Kind: kind, Source: c.source, Count: c.count, Text: fmt.Sprintf(format, args...)})
	c.told, c.count = m.now, 0
}

// find returns the entry for a kind and source, if need be in the place of one
// that has been quiet.
func (a *alarms) find(kind Kind, source string, now time.Duration) *counted {
	free := -1
	for i := range a.items {
		c := &a.items[i]
		if c.kind == kind && c.source == source {
			return c
		}
		if c.count == 0 && now-c.told >= alarmPeriod {
			free = i
		}
	}
	switch {
	case len(a.items) < alarmSources || source == "":
		a.items = append(a.items, counted{kind: kind, source: source})
		return &a.items[len(a.items)-1]
	case free >= 0:
		a.items[free] = counted{kind: kind, source: source}
		return &a.items[free]
	}
	return a.find(kind, "", now)
}
