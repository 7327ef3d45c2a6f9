package cib

// ModernMetaName is the present name of a meta attribute: master-max is now
// promoted-max, and so on. A name that did not change comes back as it is.
func ModernMetaName(name string) string {
	switch name {
	case "master-max", "master_max":
		return "promoted-max"
	case "master-node-max", "master_node_max":
		return "promoted-node-max"
	case "clone_max":
		return "clone-max"
	case "clone_node_max":
		return "clone-node-max"
	}
	return name
}

// ModernRole is the present name of a resource role: Master is now Promoted,
// Slave is Unpromoted.
func ModernRole(role string) string {
	switch role {
	case "Master", "master":
		return "Promoted"
	case "Slave", "slave":
		return "Unpromoted"
	}
	return role
}
