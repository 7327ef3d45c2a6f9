package engine

import (
	"reflect"
	"testing"

	"mainstay/cib"
	"mainstay/fence"
	"mainstay/graph"
	"mainstay/member"
	"mainstay/quorum"
	"mainstay/replica"
)

func samples() []message {
	yes := true
	return []message{
		{Votes: &quorum.Peer{Node: 1, Votes: 1, Expected: 3}},
		{Head: &replica.Head{Ring: member.RingID{Rep: 1, Seq: 9}, Name: "n1", LRM: `<lrm id="1"/>`, Version: cib.Version{Epoch: 4}}},
		{Part: &replica.Part{Index: 1, Of: 2, Data: []byte{0, 1, 255}}},
		{Persisted: &replica.Persisted{Index: 7}},
		{Update: &replica.Update{Origin: 2, Seq: 3, Base: &cib.Version{Epoch: 1}, Quorate: &yes, Gone: []string{"n3"},
			Edits:      []replica.WireEdit{{Op: cib.OpModify, Scope: "resources", XML: `<resources a="&lt;&amp;"/>`}},
			Records:    []replica.Record{{Node: "n1", Rsc: "vip", Attrs: []cib.Attr{{Name: "class", Value: "ocf"}}}},
			Attributes: []replica.Attribute{{Node: "n1", Name: "x", Value: "1"}}}},
		{Order: &order{Node: "n1", Key: "1:2:0:u", Action: graph.Action{ID: 1, Kind: graph.Resource, Task: "start",
			Rsc: &graph.Rsc{ID: "vip"}, Attrs: []cib.Attr{{Name: "CRM_meta_timeout", Value: "20000"}}}}},
		{Fence: &fence.Request{ID: "1.2.3", Target: "n2", Action: "reboot"}},
		{Clean: &clean{Rsc: "vip", FailuresOnly: true}},
		{Goodbye: &goodbye{Node: "n2", Clean: true}},
	}
}

func TestMessagesSurviveTheWire(t *testing.T) {
	for _, m := range samples() {
		got, err := decode(encode(m))
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v became %+v, %v", m, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range samples() {
		f.Add(encode(m))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, err := decode(payload)
		if err != nil {
			return
		}
		if _, err := decode(encode(m)); err != nil {
			t.Fatalf("what was read cannot be written and read again: %v", err)
		}
	})
}
