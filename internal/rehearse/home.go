package rehearse

import (
	"fmt"
	"time"

	"mainstay/cib"
	"mainstay/engine"
	"mainstay/internal/sim"
)

// pinScore makes a service go where a rehearsal wants it, unless it must not be there.
const pinScore = "100000"

// sendHome moves services back to where they were at rest, by constraints that are
// removed again when they have arrived.
func (st *stage) sendHome() {
	var add, remove []cib.Edit
	now := st.present()
	for i, v := range st.subject.Services {
		for _, m := range st.Machines {
			want := st.rest[v.ID][m.Name]
			if want == sim.Stopped || now[v.ID][m.Name] == want {
				continue
			}
			id := fmt.Sprintf("rehearse-home-%d-%s", i, m.Name)
			rsc, role := v.ID, ""
			if v.Clone != "" {
				rsc = v.Clone
			}
			if want == sim.Promoted {
				role = "Promoted"
			}
			e := cib.New("rsc_location", cib.Attr{Name: "id", Value: id}, cib.Attr{Name: "rsc", Value: rsc},
				cib.Attr{Name: "node", Value: m.Name}, cib.Attr{Name: "score", Value: pinScore})
			if role != "" {
				e = e.With("role", role)
			}
			add = append(add, cib.Edit{Op: cib.OpCreate, Scope: "constraints", Elem: e})
			remove = append(remove, cib.Edit{Op: cib.OpDelete, Scope: "constraints", Elem: cib.New("rsc_location", cib.Attr{Name: "id", Value: id})})
		}
	}
	if len(add) == 0 {
		return
	}
	st.edit(add)
	st.settle(repairLimit)
	st.edit(remove)
	st.settle(repairLimit)
}

// edit changes the configuration and waits for the answer.
func (st *stage) edit(edits []cib.Edit) {
	at, answered := st.coordinator(), false
	if at == "" {
		return
	}
	st.Ask(at, engine.Edit{Edits: edits, User: "rehearse", Client: "rehearse"}, func(engine.Reply) { answered = true })
	for end := st.Now + 10*time.Second; !answered && st.Now < end; {
		st.Run(st.Now + step/4)
	}
}
