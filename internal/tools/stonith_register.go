package tools

import (
	"context"
	"errors"
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/internal/web"
)

// parameters are those of -o and -e.
func (o *fencingOptions) parameters() (map[string]string, error) {
	params := map[string]string{}
	for _, x := range o.options {
		name, value, ok := strings.Cut(x, "=")
		if !ok {
			return nil, refuse(face.Usage, "Invalid option: -o %s: Operation not permitted", x)
		}
		params[name] = value
	}
	for _, name := range o.environment {
		params[name] = o.env.Getenv("OCF_RESKEY_" + name)
	}
	return params, nil
}

// registerDevice has the cluster use a device that is not in the configuration.
func (o *fencingOptions) registerDevice(ctx context.Context) error {
	params, err := o.parameters()
	if err != nil {
		return err
	}
	if o.agent == "" {
		o.warnf("Please specify an agent to query using -a,--agent [value]\n%s", o.f.helpText())
		return face.Silent(face.Usage)
	}
	set := element("instance_attributes", "id", o.arg+"-params")
	for _, p := range sortedParams(params) {
		set = set.Append(element("nvpair", "id", o.arg+"-params-"+p.Name, "name", p.Name, "value", p.Value))
	}
	return o.registration(ctx, element("primitive", "id", o.arg, "class", "stonith", "type", o.agent).Append(set))
}

// registerLevel has the cluster use a level of the topology, or not any more.
func (o *fencingOptions) registerLevel(ctx context.Context) error {
	name := "removed"
	if o.command == "register-level" {
		name = "fencing-level"
		if o.index < 1 || o.index > 9 || len(o.devices) == 0 {
			return refuse(face.Usage, "--register-level needs --index from 1 to 9 and at least one --device")
		}
	}
	e := element(name, "index", itoa(o.index))
	attribute, value, pair := strings.Cut(o.arg, "=")
	pattern, isPattern := strings.CutPrefix(o.arg, "@")
	switch {
	case isPattern:
		e = e.With("target-pattern", pattern)
	case pair:
		e = e.With("target-attribute", attribute).With("target-value", value)
	default:
		e = e.With("target", o.arg)
	}
	if name == "fencing-level" {
		e = e.With("devices", strings.Join(o.devices, ","))
	}
	return o.registration(ctx, e)
}

// registration puts an entry among the registrations of the cluster, in the place of
// one about the same.
func (o *fencingOptions) registration(ctx context.Context, e *cib.Elem) error {
	c := o.env.Client()
	for {
		root, err := c.CIB(ctx)
		if err != nil {
			return err
		}
		list, op, path := cib.Registered(root), cib.OpReplace, "/cib/status/"+cib.Registrations
		if list == nil {
			list, op, path = cib.New(cib.Registrations), cib.OpCreate, "/cib/status"
		}
		list = list.Drop(func(k *cib.Elem) bool { return sameRegistration(k, e) }).Append(e)
		base := cib.VersionOf(root)
		_, err = c.Edit(ctx, []cib.Edit{{Op: op, XPath: path, Elem: list}}, &base)
		var p *web.Problem
		if errors.As(err, &p) && p.Kind == web.Stale { // somebody was quicker
			continue
		}
		return err
	}
}

// sameRegistration tells whether two entries are about the same device or level.
func sameRegistration(a, b *cib.Elem) bool {
	for _, name := range []string{"id", "index", "target", "target-pattern", "target-attribute", "target-value"} {
		if a.Get(name) != b.Get(name) {
			return false
		}
	}
	return true
}

// registeredDevices lays what was registered by hand over the devices of the configuration.
func registeredDevices(root *cib.Elem, list []device) []device {
	for _, k := range cib.Registered(root).Kids() {
		list = slices.DeleteFunc(list, func(d device) bool { return k.ID() != "" && d.id == k.ID() })
		if k.Name() != "primitive" {
			continue
		}
		params := map[string]string{}
		for nv := range k.Child("instance_attributes").Named("nvpair") {
			params[nv.Get("name")] = nv.Get("value")
		}
		list = append(list, device{k.ID(), k.Get("type"), params})
	}
	return list
}
