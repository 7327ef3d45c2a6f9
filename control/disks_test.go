package control

import (
	"testing"

	"mainstay/cib"
	"mainstay/replica"
)

// A change of the configuration reaches all disks before it is planned with, unless
// that takes long or something fails meanwhile.
func TestAPlanWaitsForTheDisks(t *testing.T) {
	edit := func(s *stage, name string) {
		v := cib.VersionOf(s.root)
		s.update(replica.Update{Base: &v, Edits: replica.WireEdits([]cib.Edit{{Op: cib.OpModify, Scope: "crm_config",
			Elem: cib.New("cluster_property_set", cib.Attr{Name: "id", Value: "o"}).Append(cib.New("nvpair",
				cib.Attr{Name: "id", Value: "o-" + name}, cib.Attr{Name: "name", Value: name}, cib.Attr{Name: "value", Value: "true"}))}})})
	}
	for _, c := range []struct {
		name string
		then func(s *stage)
	}{
		{"all have it", func(s *stage) { s.step(Durable{}) }},
		{"a disk is slow", func(s *stage) { s.wait(diskTime) }},
		{"something fails", func(s *stage) { s.monitorFails(s.owner()) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := running(t, "", "")
			s.slow = true
			n := count[Planned](s)
			edit(s, "maintenance-mode")
			edit(s, "stop-all-resources")
			s.wait(diskTime / 2)
			if count[Planned](s) != n || s.c.Wake() == 0 {
				t.Fatal("it was planned with before it was on all disks")
			}
			edit(s, "symmetric-cluster")
			s.update(replica.Update{Edits: replica.WireEdits([]cib.Edit{{Op: cib.OpDelete, Scope: "crm_config",
				Elem: cib.New("nvpair", cib.Attr{Name: "id", Value: "o-maintenance-mode"})}})})
			c.then(s)
			if count[Planned](s) == n {
				t.Error("nothing was planned")
			}
		})
	}
}
