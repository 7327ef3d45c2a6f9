package fence

import (
	"mainstay/agent"
	"mainstay/cib"
	"mainstay/member"
)

// Device is one configured fence device.
type Device struct {
	ID        string
	Agent     agent.Name
	Params    []cib.Attr      // all instance attributes, pcmk_* among them
	Banned    []member.NodeID // members that may not run it, sorted
	Started   []member.NodeID // members on which it is monitored, sorted
	Disabled  bool            // target-role Stopped
	Unfencing bool            // meta attribute or agent says provides=unfencing
}

// Level is one level of the topology.
type Level struct {
	Target    string // node name, or "" if Pattern or Attribute is set
	Pattern   string // regular expression for node names
	Attribute string // node attribute
	Value     string // its value
	Index     int    // 1 to 9
	Devices   []string
}
