package pcs

import (
	"encoding/json"
	"fmt"
	"strings"

	"mainstay/cib"
)

// resourcesJSON writes resources as JSON.
func resourcesJSON(list []*cib.Elem) (string, error) {
	out := map[string][]map[string]any{"primitives": {}, "groups": {}, "clones": {}, "bundles": {}}
	for _, e := range list {
		collectJSON(e, out)
	}
	text, err := json.Marshal(out)
	if err != nil {
		return "", fmt.Errorf("JSON: %w", err)
	}
	return string(text), nil
}

// collectJSON adds a resource and what is in it.
func collectJSON(e *cib.Elem, out map[string][]map[string]any) {
	var ids []string
	for _, k := range inner(e) {
		ids = append(ids, k.ID())
		collectJSON(k, out)
	}
	m := map[string]any{"id": e.ID(), "description": orNull(e, "description"),
		"meta_attributes": setsJSON(e, "meta_attributes"), "instance_attributes": setsJSON(e, "instance_attributes")}
	kind := e.Name() + "s"
	switch e.Name() {
	case "primitive":
		m["agent_name"] = map[string]any{"standard": e.Get("class"), "provider": orNull(e, "provider"), "type": e.Get("type")}
		m["utilization"] = setsJSON(e, "utilization")
		ops := []map[string]any{}
		for op := range e.Child("operations").Named("op") {
			o := map[string]any{"id": op.ID(), "name": op.Get("name"), "interval": op.Get("interval"),
				"meta_attributes": setsJSON(op, "meta_attributes"), "instance_attributes": setsJSON(op, "instance_attributes")}
			for _, a := range []string{"description", "start-delay", "interval-origin", "timeout", "enabled", "record-pending", "role", "on-fail"} {
				o[strings.ReplaceAll(a, "-", "_")] = orNull(op, a)
			}
			ops = append(ops, o)
		}
		m["operations"] = ops
	case "group":
		m["member_ids"] = ids
	default:
		m["member_id"] = nil
		if len(ids) > 0 {
			m["member_id"] = ids[0]
		}
		if e.Name() == "master" {
			kind = "clones"
		}
	}
	out[kind] = append(out[kind], m)
}

// orNull is an attribute, null if it is not there.
func orNull(e *cib.Elem, name string) any {
	if v, ok := e.Lookup(name); ok {
		return v
	}
	return nil
}

// setsJSON are the sets of a kind.
func setsJSON(e *cib.Elem, tag string) []map[string]any {
	out := []map[string]any{}
	for set := range e.Named(tag) {
		list := []map[string]any{}
		for nv := range set.Named("nvpair") {
			list = append(list, map[string]any{"id": nv.ID(), "name": nv.Get("name"), "value": nv.Get("value")})
		}
		opts := map[string]any{}
		if v := set.Get("score"); v != "" {
			opts["score"] = v
		}
		out = append(out, map[string]any{"id": set.ID(), "options": opts, "rule": nil, "nvpairs": list})
	}
	return out
}
