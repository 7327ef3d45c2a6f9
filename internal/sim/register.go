package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"mainstay/attr"
	"mainstay/cib"
	"mainstay/engine"
)

// Clients at all nodes write and read registers while faults happen, one of each kind
// of state that is acknowledged: a property of the configuration, a ticket, and an
// attribute of a node. What they were answered must be explained by one register
// each, whose value changes and is read at one moment between question and answer
// (Herlihy and Wing, "Linearizability", TOPLAS 1990).

// The registers.
const (
	inProperty  = "property"
	inTicket    = "ticket"
	inAttribute = "attribute" // of the first machine
)

const registerID = "sim-register"

// access is one question of a client, and what became of it.
type access struct {
	register, node string
	put            bool // else get
	value          string
	asked          time.Duration
	answered       time.Duration // 0: never, or it is not known whether it was done
}

// access has a client put or get a value.
func (c *Cluster) access(w Wish) {
	x := &access{register: w.Name, node: w.By, put: w.Kind == Put, value: w.Value, asked: c.Now}
	c.operator.accesses = append(c.operator.accesses, x)
	if !x.put {
		c.Ask(w.By, engine.Read{}, func(r engine.Reply) {
			if root, ok := r.Body.(*cib.Elem); ok && r.Err == nil {
				x.answered, x.value = c.Now, c.held(root, w.Name)
			}
		})
		return
	}
	done := func(r engine.Reply) {
		at := c.Now
		c.after(0, func() { // when the step is over in which it may have lost quorum
			if s := c.state[w.By]; r.Err == nil && s != nil && s.Quorum.Quorate { // else others need not know of it
				x.answered = at
			}
		})
	}
	switch w.Name {
	case inAttribute:
		c.Ask(w.By, engine.SetAttribute{Sync: true, Set: attr.Set{Node: c.Machines[0].Name, Name: registerID, Value: w.Value, Delay: -1}}, done)
	case inTicket:
		c.Ask(w.By, engine.Edit{User: "operator", Client: "sim", Edits: []cib.Edit{edit(cib.OpModify, "status",
			`<status><tickets><ticket_state id="`+registerID+`" granted="true" last-granted="`+w.Value+`"/></tickets></status>`)}}, done)
	default:
		c.Ask(w.By, engine.Edit{User: "operator", Client: "sim", Edits: []cib.Edit{propertyEdit(registerID, w.Value)}}, done)
	}
}

// held is the value of a register in a CIB, "" if it has none.
func (c *Cluster) held(root *cib.Elem, register string) string {
	switch register {
	case inTicket:
		return root.Path("status", "tickets").ChildID("ticket_state", registerID).Get("last-granted")
	case inAttribute:
		for ns := range root.Child("status").Named("node_state") {
			if ns.Get("uname") != c.Machines[0].Name {
				continue
			}
			for ia := range ns.Child("transient_attributes").Named("instance_attributes") {
				for nv := range ia.Named("nvpair") {
					if nv.Get("name") == registerID {
						return nv.Get("value")
					}
				}
			}
		}
		return ""
	}
	return cib.Property(root, registerID, "")
}

// value is a register as porcupine sees it.
func value() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, _ any) (bool, any) {
			if x := input.(*access); x.put {
				return true, x.value
			} else if x.answered == 0 { // says nothing
				return true, state
			} else {
				return state == x.value, state
			}
		},
		Equal: func(a, b any) bool { return a == b },
	}
}

// unexplained tells of a register whose answers cannot be explained, or returns "".
func (c *Cluster) unexplained() string {
	for _, r := range []string{inProperty, inTicket, inAttribute} {
		of := c.forgotten(r)
		for _, x := range c.operator.accesses {
			if x.register == r && (x.put || x.answered != 0) {
				of = append(of, x)
			}
		}
		if c.explained(of) {
			continue
		}
		slices.SortStableFunc(of, func(a, b *access) int { return cmp.Compare(a.asked, b.asked) })
		n := 1
		for c.explained(of[:n]) {
			n++
		}
		return fmt.Sprintf("answers about the %s are not those of one register: %s", r, listed(of[max(0, n-8):n]))
	}
	return ""
}

// explained tells whether one register can have given these answers.
func (c *Cluster) explained(of []*access) bool {
	var ops []porcupine.Operation
	for i, x := range of {
		end := int64(x.answered)
		if x.answered == 0 { // it may happen at any time from here on, or never
			end = int64(c.Now) + 1
		}
		ops = append(ops, porcupine.Operation{ClientId: i, Input: x, Call: int64(x.asked), Return: end})
	}
	result, _ := porcupine.CheckOperationsVerbose(value(), ops, time.Minute)
	return result != porcupine.Illegal
}

// forgotten are the moments from which on a register that is in memory only may be
// empty: tickets when no daemon ran, the attribute of the first machine when it left
// or joined a view.
func (c *Cluster) forgotten(register string) []*access {
	var out []*access
	if register == inTicket {
		for _, at := range c.dark {
			out = append(out, &access{register: inTicket, put: true, asked: at})
		}
	}
	told := map[string]bool{}
	for _, e := range c.entries {
		if register != inAttribute {
			break
		}
		if e.Kind != "view" {
			continue
		}
		args := map[string]string{}
		for i := 0; i+1 < len(e.Args); i += 2 {
			args[fmt.Sprint(e.Args[i])] = fmt.Sprint(e.Args[i+1])
		}
		moved := strings.Fields(args["left"] + " " + args["joined"])
		if !told[args["ring"]] && slices.Contains(moved, c.Machines[0].Name) {
			told[args["ring"]] = true
			out = append(out, &access{register: inAttribute, put: true, asked: e.At})
		}
	}
	return out
}

// listed tells what clients did.
func listed(of []*access) string {
	var out []string
	for _, x := range of {
		verb, end := "gets", "never"
		if x.put {
			verb = "puts"
		}
		if x.answered != 0 {
			end = fmt.Sprintf("%.4f", x.answered.Seconds())
		}
		out = append(out, fmt.Sprintf("%.4f-%s %s %s %q", x.asked.Seconds(), end, x.node, verb, x.value))
	}
	return strings.Join(out, ", ")
}

// clients draws faults, one after the other, and what clients at all nodes do
// shortly before and after each.
func (d *drawer) clients() []Step {
	const around = 25
	var out []Step
	at, values := time.Duration(0), 0
	for range d.profile.Clients {
		at += d.time(20*time.Second, 40*time.Second)
		f, long := d.faultOf(d.profile.Kinds)
		out = append(out, Step{At: at, For: min(long, 5*time.Second), Fault: f})
		for range around {
			w := Wish{Kind: pick(d, Get, Put), By: pick(d, d.nodes...), Name: pick(d, inProperty, inTicket, inAttribute)}
			if f.Node != "" && d.rng.IntN(2) == 0 { // who is hit is likeliest to be wrong
				w.By = f.Node
			}
			if w.Kind == Put {
				values++
				w.Value = fmt.Sprint(values)
			}
			out = append(out, Step{At: max(0, at+d.time(-200*time.Millisecond, pick(d, 100*time.Millisecond, 4*time.Second))), Wish: w})
		}
	}
	slices.SortStableFunc(out, func(a, b Step) int { return int(a.At - b.At) })
	for i := range out {
		out[i].Number = i + 1
	}
	return out
}
