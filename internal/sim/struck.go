package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Struck counts how often faults did something: a packet that was lost, a write that
// failed, an agent that hung. A fault that was asked for and met nobody does not count.
type Struck map[Kind]int

// lostWrite is what every crash may bring: a write that was under way is not there.
const lostWrite Kind = "lost-write"

func (s Struck) add(k Kind, n int) {
	if n > 0 {
		s[k] += n
	}
}

// when counts one if something holds.
func (s Struck) when(did bool, k Kind) {
	if did {
		s[k]++
	}
}

// Add adds the counts of another history.
func (s Struck) Add(o Struck) {
	for k, n := range o { //order: sums
		s[k] += n
	}
}

// String lists the kinds of faults that struck, with how often.
func (s Struck) String() string {
	var out []string
	for _, k := range append(Kinds(), lostWrite) {
		if s[k] > 0 {
			out = append(out, fmt.Sprintf("%s %d", k, s[k]))
		}
	}
	return cmp.Or(strings.Join(out, ", "), "nothing")
}

// never lists the kinds of faults that never struck, as the end of a sentence.
func (s Struck) never() string {
	var out []string
	for _, k := range append(Kinds(), lostWrite) {
		if s[k] == 0 {
			out = append(out, string(k))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "; never: " + strings.Join(out, ", ")
}

// Mix counts what histories were made of.
type Mix struct {
	Histories int
	Steps     int // faults and wishes that were asked for
	Wishes    map[WishKind]int
	Shapes    map[string]int // of configurations: how many clusters have it
	Struck    Struck
}

// NewMix is that of no history.
func NewMix() Mix {
	return Mix{Wishes: map[WishKind]int{}, Shapes: map[string]int{}, Struck: Struck{}}
}

// Add counts a scenario and how it went.
func (m *Mix) Add(s Scenario, r Result) {
	m.Histories++
	m.Steps += len(s.Steps)
	m.Struck.Add(r.Struck)
	for _, st := range s.Steps {
		if st.Fault.Kind == "" {
			m.Wishes[st.Wish.Kind]++
		}
	}
	for _, shape := range s.shapes() {
		m.Shapes[shape]++
	}
}

// String tells it in a line each for faults, wishes and configurations.
func (m Mix) String() string {
	var wishes, shapes []string
	for _, k := range WishKinds() {
		wishes = append(wishes, fmt.Sprintf("%s %d", k, m.Wishes[k]))
	}
	for _, k := range slices.Sorted(maps.Keys(m.Shapes)) {
		shapes = append(shapes, fmt.Sprintf("%s %d", k, m.Shapes[k]))
	}
	return fmt.Sprintf("what struck: %s%s\nwishes: %s\nclusters with: %s\n", m.Struck, m.Struck.never(), strings.Join(wishes, ", "), strings.Join(shapes, ", "))
}

// shapes are the things that a scenario's cluster has.
func (s Scenario) shapes() []string {
	doc := string(s.Options.CIB.AppendXML(nil, false))
	out := []string{fmt.Sprintf("%d nodes", s.Options.Nodes), fmt.Sprintf("%d links", s.Options.Links)}
	for _, x := range []struct{ mark, name string }{
		{"<group ", "groups"}, {"<clone ", "clones"}, {`name="globally-unique" value="true"`, "unique clones"}, {`name="promotable" value="true"`, "promotables"},
		{`name="allow-migrate" value="true"`, "live migration"}, {"<rsc_order ", "orders"}, {"<rsc_colocation ", "colocations"}, {"<rsc_location ", "locations"},
		{"<rule ", "rules"}, {"<date_expression ", "rules on dates"}, {`name="no-quorum-policy"`, "a quorum policy"}, {`name="placement-strategy"`, "a placement strategy"},
	} {
		if strings.Contains(doc, x.mark) {
			out = append(out, x.name)
		}
	}
	if s.Options.Features != 0 {
		out = append(out, "two message versions")
	}
	return out
}
