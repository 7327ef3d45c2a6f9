package node

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/engine"
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

// A daemon that finds a state file and cannot read it ends with what to do, leaves the
// file alone, and is not taken for one that ran.
func TestUnreadableFileEndsTheDaemon(t *testing.T) {
	for _, name := range []string{engine.CIBFile, engine.RingFile, engine.QuorumFile, engine.TransitionFile} {
		c := newTestCluster(t, 1)
		dir := filepath.Join(c.dir, "t1")
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil { // reading a directory fails
			t.Fatal(err)
		}
		err := <-c.start(1).ended
		if err == nil || !strings.Contains(err.Error(), "state file "+name+" cannot be read") || !strings.Contains(err.Error(), "move the file away") {
			t.Errorf("%s: the daemon ended with %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "run", booted)); err == nil {
			t.Errorf("%s: the next daemon takes itself for a second one", name)
		}
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || !st.IsDir() {
			t.Errorf("%s was touched: %v", name, err)
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		d := c.start(1)
		d.member(t, 1)
		d.stop()
		if err := <-d.ended; err != nil {
			t.Error(err)
		}
	}
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
