package agent

import (
	"time"

	"mainstay/cib"
)

// Call is one run of an agent: everything that a hand must know to start the
// program, and nothing about who asked for it.
type Call struct {
	Name     Name
	Rsc      string        // resource or fence device; OCF_RESOURCE_INSTANCE
	Op       string        // "start", "monitor", "meta-data", "off", …
	Interval time.Duration // of a recurring operation, else 0
	Timeout  time.Duration // afterwards the process group is ended; 0: none
	Params   []cib.Attr    // parameters without OCF_RESKEY_, among them CRM_meta_*; sorted by name
}

// Param returns the value of a parameter, or "".
func (c Call) Param(name string) string {
	for _, p := range c.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// Result is the end of a Call.
type Result struct {
	RC     Code
	Status Status
	Reason string        // the agent's own words for a failure (ocf-exit-reason), one line
	Output string        // what a metadata, list or status call wrote, else the end of its messages
	Took   time.Duration // from start to end
}
