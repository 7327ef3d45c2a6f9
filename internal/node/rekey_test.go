package node

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/client"
)

// ownKeys gives each node a key file of its own, as on real machines.
func (c *testCluster) ownKeys(nodes int) {
	c.t.Helper()
	key, err := os.ReadFile(filepath.Join(c.dir, "authkey"))
	if err != nil {
		c.t.Fatal(err)
	}
	for i := range nodes {
		dir := filepath.Join(c.dir, "t"+string(rune('1'+i)))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			c.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "authkey"), key, 0o400); err != nil {
			c.t.Fatal(err)
		}
	}
	c.keyFile = "authkey"
}

func (d *daemon) client() *client.Client { return client.New(d.socket, "test") }

// TestRekey: a new key is made and used by all while the cluster runs; the view
// stays, the old key is forgotten, links tell their measurements.
func TestRekey(t *testing.T) {
	c := newTestCluster(t, 3)
	c.ownKeys(3)
	ctx := context.Background()
	old, err := os.ReadFile(filepath.Join(c.dir, "authkey"))
	if err != nil {
		t.Fatal(err)
	}
	ds := []*daemon{c.start(1), c.start(2)}
	ds[0].member(t, 2)
	if err := ds[0].client().Rekey(ctx); err == nil || !strings.Contains(err.Error(), "t3 is not a member") {
		t.Errorf("rekey without t3: %v", err)
	}
	ds = append(ds, c.start(3))
	for _, d := range ds {
		d.member(t, 3)
	}
	before, err := ds[0].client().Node(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := ds[1].client().Rekey(ctx); err != nil {
		t.Fatal(err)
	}
	var keys [][]byte
	for _, d := range ds {
		key, err := os.ReadFile(filepath.Join(c.dir, d.name, "authkey"))
		if err != nil || bytes.Equal(key, old) {
			t.Errorf("%s has the old key: %v", d.name, err)
		}
		keys = append(keys, key)
		d.eventually(t, "the old key is gone", func(*client.Client) bool {
			_, err := os.Stat(filepath.Join(c.dir, d.name, "authkey.old"))
			return os.IsNotExist(err)
		})
	}
	if !bytes.Equal(keys[0], keys[1]) || !bytes.Equal(keys[0], keys[2]) {
		t.Error("the nodes have different keys")
	}
	ds[0].eventually(t, "links with measurements", func(c *client.Client) bool {
		n, err := c.Node(ctx)
		if err != nil || len(n.Links) != 4 {
			return false
		}
		for _, l := range n.Links {
			if !l.Up || l.RTT <= 0 || l.MTU == 0 {
				return false
			}
		}
		return true
	})
	if after, err := ds[0].client().Node(ctx); err != nil || after.View.Ring != before.View.Ring {
		t.Errorf("view %v became %v: %v", before.View, after.View, err)
	}
	for _, d := range ds {
		d.stop()
		<-d.ended
	}
}

// TestReload: what one node's file says is taken over by all, and a file that
// cannot be used is refused with the reason.
func TestReload(t *testing.T) {
	c := newTestCluster(t, 2)
	ctx := context.Background()
	ds := []*daemon{c.start(1), c.start(2)}
	for _, d := range ds {
		d.member(t, 2)
	}
	own := filepath.Join(c.dir, "t1", "cluster.conf")
	text, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(own, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("totem { cluster_name: test }")
	if err := ds[0].client().Reload(ctx); err == nil || !strings.Contains(err.Error(), "cannot be used") {
		t.Errorf("a bad file: %v", err)
	}
	changed := strings.Replace(string(text), "token: 1000", "token: 2500\n link_mode: active", 1)
	changed = strings.Replace(changed, "nodeid: 2\n", "nodeid: 2\n quorum_votes: 3\n", 1)
	write(changed)
	if err := ds[0].client().Reload(ctx); err != nil {
		t.Fatal(err)
	}
	for _, d := range ds {
		d.eventually(t, "the new votes", func(c *client.Client) bool {
			n, err := c.Node(ctx)
			return err == nil && n.Quorum.Expected == 4 && len(n.View.Members) == 2
		})
		if got, err := os.ReadFile(filepath.Join(c.dir, d.name, "cluster.conf")); err != nil || string(got) != changed {
			t.Errorf("%s has another file: %v", d.name, err)
		}
	}
	for _, d := range ds {
		d.stop()
		<-d.ended
	}
}
