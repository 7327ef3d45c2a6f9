package view

import "fmt"

// Simple is the one line that monitoring systems want (crm_mon -s), and
// whether all is well.
func Simple(f *Frame) (string, bool) {
	c := f.Cluster
	if c.DC == "" {
		return "CLUSTER CRIT: No DC\n", false
	}
	var offline []string
	online, standby, maintenance := 0, 0, 0
	for _, n := range sortedNodes(c) {
		switch {
		case n.Standby && n.Online:
			standby++
		case n.Maintenance && n.Online:
			maintenance++
		case n.Online:
			online++
		default:
			offline = append(offline, n.Name)
		}
	}
	if len(offline) > 0 {
		text := "CLUSTER WARN:"
		for i, n := range offline {
			text += either(i > 0, ",", "") + " offline node: " + n
		}
		return text + "\n", false
	}
	text := fmt.Sprintf("CLUSTER OK: %s online", plural(online, "node"))
	if standby > 0 {
		text += fmt.Sprintf(", %s", plural(standby, "standby node"))
	}
	if maintenance > 0 {
		text += fmt.Sprintf(", %s", plural(maintenance, "maintenance node"))
	}
	return text + fmt.Sprintf(", %s configured\n", plural(c.Instances, "resource instance")), true
}
