package node

import (
	"context"
	"testing"

	"mainstay/cib"
	"mainstay/internal/client"
	"mainstay/internal/face"
)

// TestPastTransition asks a daemon about what it planned in an earlier life.
func TestPastTransition(t *testing.T) {
	c := newTestCluster(t, 1)
	d := c.start(1)
	d.member(t, 1)
	ctx := context.Background()
	edits := []cib.Edit{
		{Op: cib.OpModify, Scope: "crm_config", Elem: mustParse(t, `<crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>`)},
		{Op: cib.OpModify, Scope: "resources", Elem: mustParse(t, `<resources><primitive id="d" class="ocf" provider="pacemaker" type="Dummy"/></resources>`)},
	}
	if _, err := client.New(d.socket, "test").Edit(ctx, edits, nil); err != nil {
		t.Fatal(err)
	}
	number := 0
	d.eventually(t, "a transition that has ended", func(c *client.Client) bool {
		list, err := c.History(ctx)
		for _, h := range list {
			if !h.Ended.IsZero() && h.Actions > 0 {
				number = h.Number
			}
		}
		return err == nil && number > 0
	})
	before, err := client.New(d.socket, "test").Transition(ctx, number)
	if err != nil {
		t.Fatal(err)
	}
	d.stop()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	d = c.start(1)
	d.member(t, 1)
	after, err := client.New(d.socket, "test").Transition(ctx, number)
	if err != nil {
		t.Fatal(err)
	}
	if after.Trigger != before.Trigger || after.Outcome != before.Outcome || !after.Started.Equal(before.Started) || after.Actions != before.Actions {
		t.Errorf("transition %d was %+v\nand is %+v", number, before, after)
	}
	if len(after.Graph.Actions) != len(before.Graph.Actions) || !after.Input.Equal(before.Input) {
		t.Errorf("%d actions, planned again %d", len(before.Graph.Actions), len(after.Graph.Actions))
	}
	if _, err := client.New(d.socket, "test").Transition(ctx, 999); face.CodeOf(err) != face.NoSuch {
		t.Errorf("a transition that never was: %v", err)
	}
	d.stop()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
}
