package control

import (
	"time"

	"mainstay/replica"
)

// A failure is counted by an update of its own, behind the failed result. A plan
// made in between would not know of the failure, and the update would abort it
// half way: the resource, stopped already, would then be placed as if it had
// never run anywhere. So the next plan waits for the count.

// countPatience bounds the wait; an update is applied within milliseconds.
const countPatience = time.Second

// count submits the fail counts of a result.
func (c *Control) count(attrs []replica.Attribute) {
	c.counted = c.now.Mono + countPatience
	c.emit(Submit{replica.Update{Attributes: attrs, Counts: true, Wall: c.now.Wall.Unix()}})
}

// counting tells whether a count is still under way.
func (c *Control) counting() bool { return c.counted != 0 }
