package sim

import (
	"fmt"
	"testing"
	"time"

	"mainstay/cib"
)

// A migration that is called back while it is under way ends in one place, although
// the history tells times by the second only.
func TestMigrationIsCalledBack(t *testing.T) {
	for after := time.Duration(0); after <= 200*time.Millisecond; after += 10 * time.Millisecond {
		c := settledRich(t, Options{Log: *logs})
		home, away := c.Agents.Owners("vm")[0], "n1"
		if home == away {
			away = "n2"
		}
		constraint := fmt.Sprintf(`<rsc_location id="away" rsc="vm" node="%s" score="500"/>`, away)
		c.Edit("n1", func(error) {}, edit(cib.OpCreate, "constraints", constraint))
		c.Run(c.Now + after)
		c.Edit("n1", func(error) {}, edit(cib.OpDelete, "constraints", constraint), edit(cib.OpCreate, "constraints", fmt.Sprintf(`<rsc_location id="home" rsc="vm" node="%s" score="500"/>`, home)))
		c.Run(c.Now + 5*time.Second)
		if !c.Settle(time.Minute) || len(c.Broken()) > 0 {
			t.Errorf("called back after %v: not quiet: %v", after, c.Broken())
		}
		for _, p := range c.Verify() {
			t.Errorf("called back after %v: %s", after, p)
		}
		if t.Failed() {
			return
		}
	}
}
