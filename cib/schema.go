package cib

import "strings"

// shape says what may be at an element.
type shape struct {
	attrs []string
	kids  []string
	need  []string // attributes that must be there
	refs  bool     // its id names something else
	anyID bool     // its id need not be an XML name, nor unique among other elements
}

// shapes is the configuration's grammar, as far as validation goes.
var shapes = makeShapes()

func makeShapes() map[string]shape {
	nvset := "id id-ref score"
	rsc := "id description"
	sets := "meta_attributes instance_attributes"
	m := make(map[string]shape)
	put := func(name, attrs, kids, need string) {
		m[name] = shape{attrs: strings.Fields(attrs), kids: strings.Fields(kids), need: strings.Fields(need)}
	}
	put("configuration", "", "crm_config rsc_defaults op_defaults nodes resources constraints fencing-topology acls tags alerts", "")
	put("crm_config", "", "cluster_property_set", "")
	put("nodes", "", "node", "")
	put("resources", "", "primitive group clone master bundle template", "")
	put("constraints", "", "rsc_location rsc_colocation rsc_order rsc_ticket", "")
	put("fencing-topology", "", "fencing-level", "")
	put("acls", "", "acl_role acl_target acl_group acl_user", "")
	put("tags", "", "tag", "")
	put("alerts", "", "alert", "")
	put("rsc_defaults", "", "meta_attributes", "")
	put("op_defaults", "", "meta_attributes", "")
	for _, s := range []string{"cluster_property_set", "instance_attributes", "meta_attributes", "utilization"} {
		put(s, nvset, "nvpair rule attributes", "")
	}
	put("attributes", "", "nvpair", "")
	put("nvpair", "id id-ref name value", "", "")
	put("rule", "id id-ref score score-attribute score-attribute-mangle boolean-op role", "expression date_expression rsc_expression op_expression rule", "")
	put("expression", "id attribute operation value type value-source", "", "id attribute operation")
	put("date_expression", "id operation start end", "date_spec duration", "id")
	put("rsc_expression", "id class provider type", "", "id")
	put("op_expression", "id name interval", "", "id name")
	span := "id hours monthdays weekdays yearsdays yeardays months weeks years weekyears moon minutes seconds days"
	put("date_spec", span, "", "")
	put("duration", span, "", "")
	put("node", "id uname type description score", "instance_attributes utilization", "id uname")
	put("primitive", rsc+" class provider type template", sets+" operations utilization", "id")
	put("template", rsc+" class provider type", sets+" operations utilization", "id")
	put("group", rsc, sets+" primitive", "id")
	put("clone", rsc, sets+" primitive group template", "id")
	put("master", rsc, sets+" primitive group", "id")
	put("bundle", rsc, sets+" docker podman rkt network storage primitive", "id")
	for _, s := range []string{"docker", "podman", "rkt"} {
		put(s, "image replicas replicas-per-host promoted-max masters network options run-command", "", "image")
	}
	put("network", "ip-range-start host-netmask host-interface control-port add-host", "port-mapping", "")
	put("port-mapping", "id port internal-port range", "", "id")
	put("storage", "", "storage-mapping", "")
	put("storage-mapping", "id source-dir source-dir-root target-dir options", "", "id target-dir")
	put("operations", "id id-ref description", "op", "")
	put("op", "id id-ref name interval timeout start-delay interval-origin role on-fail requires enabled record-pending timestamp description prereq disabled",
		sets, "")
	constraintShapes(put)
	accessShapes(put)
	for _, s := range []string{"resource_ref", "obj_ref", "role", "role_ref"} {
		put(s, "id", "", "id")
		m[s] = shape{attrs: m[s].attrs, need: m[s].need, refs: true}
	}
	for _, s := range []string{"node", "acl_target", "acl_group", "acl_user"} {
		x := m[s]
		x.anyID = true
		m[s] = x
	}
	return m
}

func constraintShapes(put func(name, attrs, kids, need string)) {
	put("rsc_location", "id rsc rsc-pattern role score score-attribute node resource-discovery", "rule resource_set lifetime", "id")
	put("rsc_colocation", "id score score-attribute score-attribute-mangle rsc with-rsc rsc-role with-rsc-role node-attribute rsc-instance with-rsc-instance influence symmetrical",
		"resource_set lifetime", "id")
	put("rsc_order", "id symmetrical require-all score kind first then first-action then-action first-instance then-instance first-rsc-instance then-rsc-instance",
		"resource_set lifetime", "id")
	put("rsc_ticket", "id ticket rsc rsc-role loss-policy", "resource_set", "id ticket")
	put("resource_set", "id id-ref sequential require-all ordering action role score kind", "resource_ref", "")
	put("lifetime", "", "rule", "")
	put("fencing-level", "id target target-pattern target-attribute target-value index devices", "", "id index devices")
}

func accessShapes(put func(name, attrs, kids, need string)) {
	sets := "meta_attributes instance_attributes"
	put("tag", "id", "obj_ref", "id")
	put("acl_role", "id description", "acl_permission read write deny", "id")
	put("acl_permission", "id kind xpath reference object-type attribute description", "", "id kind")
	put("acl_target", "id name", "role", "id")
	put("acl_group", "id name", "role", "id")
	put("acl_user", "id", "role_ref read write deny", "id")
	put("alert", "id description path", sets+" select recipient", "id path")
	put("recipient", "id description value", sets, "id value")
	put("select", "", "select_nodes select_fencing select_resources select_attributes", "")
	put("select_attributes", "", "attribute", "")
	put("attribute", "id name", "", "id name")
	for _, s := range []string{"select_nodes", "select_fencing", "select_resources"} {
		put(s, "", "", "")
	}
	for _, s := range []string{"read", "write", "deny"} {
		put(s, "id xpath ref tag attribute", "", "id")
	}
}
