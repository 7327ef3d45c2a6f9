package node

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/client"
)

// alarmed waits until a node names a trouble in its status.
func (d *daemon) alarmed(t *testing.T, text string) {
	t.Helper()
	d.eventually(t, "an alarm about "+text, func(c *client.Client) bool {
		s, err := c.Node(context.Background())
		if err != nil {
			return false
		}
		for _, a := range s.Alarms {
			if strings.Contains(a.Text, text) {
				return true
			}
		}
		return false
	})
}

// A damaged configuration file is set aside, named, and healed from the others.
func TestDamagedFileIsHealed(t *testing.T) {
	c := newTestCluster(t, 2)
	dir := filepath.Join(c.dir, "t2")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cib.xml"), []byte("<cib epoch=\"7\"><configurat"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, b := c.start(1), c.start(2)
	a.member(t, 2)
	b.member(t, 2)
	b.alarmed(t, "the file is damaged")
	aside, err := os.ReadDir(filepath.Join(dir, "damaged"))
	if err != nil || len(aside) != 1 {
		t.Errorf("the damaged file was not set aside: %v %v", aside, err)
	}
	for _, d := range []*daemon{a, b} {
		d.stop()
	}
	for _, d := range []*daemon{a, b} {
		if err := <-d.ended; err != nil {
			t.Error(err)
		}
	}
}
