package fence

import (
	"strconv"
	"strings"
	"time"

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
	Disabled  bool            // target-role Stopped
	Unfencing bool            // must switch a node on when it joins (provides=unfencing)
	Priority  int             // of devices without topology, the highest is tried first
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

// Param returns the value of a parameter, or "".
func (d *Device) Param(name string) string {
	for _, p := range d.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// isWatchdog tells whether a device stands for the nodes' own watchdogs: it
// presses no switch, it says which nodes have one.
func (d *Device) isWatchdog() bool { return d.Agent.Type == "fence_watchdog" }

// hostCheck is how it is found out whom a device can fence.
type hostCheck int

const (
	checkAuto    hostCheck = iota // by what the agent can do
	checkStatic                   // pcmk_host_list and pcmk_host_map
	checkDynamic                  // the agent lists its plugs
	checkStatus                   // the agent can tell the status of the plug
	checkNone                     // it fences everybody
)

// check reads pcmk_host_check.
func (d *Device) check() hostCheck {
	switch d.Param("pcmk_host_check") {
	case "static-list":
		return checkStatic
	case "dynamic-list":
		return checkDynamic
	case "status":
		return checkStatus
	case "none":
		return checkNone
	}
	switch {
	case d.Param("pcmk_host_list") != "" || d.Param("pcmk_host_map") != "":
		return checkStatic
	case d.isWatchdog():
		return checkNone
	}
	return checkAuto
}

// mayFence tells whether a device can fence a node, as far as the configuration
// knows: a device that has to be asked may.
func (d *Device) mayFence(target string) bool {
	if d.check() != checkStatic {
		return true
	}
	if _, ok := d.alias(target); ok {
		return true
	}
	for _, h := range strings.FieldsFunc(d.Param("pcmk_host_list"), isSeparator) {
		if strings.EqualFold(h, target) {
			return true
		}
	}
	return false
}

func isSeparator(c rune) bool { return c == ',' || c == ';' || c == ' ' || c == '\t' || c == '\n' }

// alias finds a node in pcmk_host_map ("node:plug;node:plug"): the name by which the device knows it.
func (d *Device) alias(target string) (string, bool) {
	for _, pair := range splitMap(d.Param("pcmk_host_map")) {
		if strings.EqualFold(pair[0], target) {
			return pair[1], true
		}
	}
	return "", false
}

// plug is what the agent is told to fence.
func (d *Device) plug(target string) string {
	if a, ok := d.alias(target); ok {
		return a
	}
	return target
}

// splitMap reads "name:value;name=value name:value". A backslash takes the
// meaning from the character after it.
func splitMap(s string) [][2]string {
	var pairs [][2]string
	var cur [2]strings.Builder
	part := 0
	end := func() {
		if part == 1 && cur[0].Len() > 0 {
			pairs = append(pairs, [2]string{cur[0].String(), cur[1].String()})
		}
		cur[0].Reset()
		cur[1].Reset()
		part = 0
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			cur[part].WriteByte(s[i])
		case c == ';' || c == ' ' || c == '\t' || c == '\n':
			end()
		case (c == ':' || c == '=') && part == 0:
			part = 1
		default:
			cur[part].WriteByte(c)
		}
	}
	end()
	return pairs
}

// delays are pcmk_delay_base, which may be a map by node, and pcmk_delay_max.
func (d *Device) delays(target string) (base, limit time.Duration) {
	b := d.Param("pcmk_delay_base")
	if strings.ContainsAny(b, ":=") {
		text := ""
		for _, pair := range splitMap(b) {
			if strings.EqualFold(pair[0], target) {
				text = pair[1]
			}
		}
		b = text
	}
	return span(b), span(d.Param("pcmk_delay_max"))
}

// timeout is pcmk_<action>_timeout, or def.
func (d *Device) timeout(action string, def time.Duration) time.Duration {
	if t := span(d.Param("pcmk_" + action + "_timeout")); t > 0 {
		return t
	}
	return def
}

// retries is pcmk_<action>_retries, or def; at least 1.
func (d *Device) retries(action string, def int) int {
	n, err := strconv.Atoi(strings.TrimSpace(d.Param("pcmk_" + action + "_retries")))
	if err != nil {
		n = def
	}
	return max(n, 1)
}

// limit is pcmk_action_limit: how many actions the device takes at once, -1 for any number.
func (d *Device) limit() int {
	n, err := strconv.Atoi(strings.TrimSpace(d.Param("pcmk_action_limit")))
	if err != nil || n == 0 {
		return 1
	}
	return n
}

func span(s string) time.Duration {
	d, err := cib.ParseDuration(s)
	if err != nil || d < 0 {
		return 0
	}
	return d
}
