package cib

// BootstrapSet is the id of the property set that Pacemaker's tools write to and
// that wins over all others.
const BootstrapSet = "cib-bootstrap-options"

// Property returns the value of a cluster option (crm_config), or def if no
// property set has it. Rules of property sets are not judged: use the
// scheduler's unpacked options where they matter.
func Property(root *Elem, name, def string) string {
	conf := root.Path("configuration", "crm_config")
	value, found := def, false
	for set := range conf.Named("cluster_property_set") {
		for nv := range set.Named("nvpair") {
			if nv.Get("name") != name {
				continue
			}
			if set.ID() == BootstrapSet {
				return nv.Get("value")
			}
			if !found {
				value, found = nv.Get("value"), true
			}
		}
	}
	return value
}
