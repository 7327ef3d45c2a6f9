package tools

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/pflag"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/internal/web"
)

// attributeOptions are crm_attribute's.
type attributeOptions struct {
	name, pattern, setName, id, promotion string
	update, def, lifetime, node, section  string
	query, remove, quiet, utilization     bool
	isSet, hasDefault, byPromotion        bool
	out                                   *reply // nil: text only
}

// crmAttribute is crm_attribute: node attributes and cluster options.
func crmAttribute(ctx context.Context, env *face.Env, args []string) face.Code {
	var o attributeOptions
	f := newFlags(env, "query and update cluster options and node attributes")
	o.out = f.withOutput(args)
	f.StringVarP(&o.name, "name", "n", "", "attribute or option")
	f.StringVarP(&o.pattern, "pattern", "P", "", "all attributes that match this pattern")
	f.StringVarP(&o.promotion, "promotion", "p", "", "promotion score of this resource ($OCF_RESOURCE_INSTANCE)")
	f.optional("promotion", "\x00")
	f.StringVarP(&o.setName, "set-name", "s", "", "within the set with this XML id")
	f.StringVarP(&o.id, "id", "i", "", "with this XML id")
	f.StringVarP(&o.update, "update", "v", "", "set to this value")
	f.BoolVarP(&o.remove, "delete", "D", false, "delete it")
	f.BoolVarP(&o.query, "query", "G", false, "print its value")
	f.StringVarP(&o.def, "default", "d", "", "print this if there is no value")
	f.StringVarP(&o.lifetime, "lifetime", "l", "", "reboot or forever")
	f.StringVarP(&o.node, "node", "N", "", "of this node")
	f.StringVarP(&o.section, "type", "t", "", "crm_config, rsc_defaults, op_defaults, nodes or status")
	f.BoolVarP(&o.utilization, "utilization", "z", false, "utilization of the node")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only the value")
	o.oldNames(f)
	f.StringVar(&o.name, "attr-name", "", "")
	f.BoolP("inhibit-policy-engine", "!", false, "")
	f.hide("attr-name", "inhibit-policy-engine")
	if code, done := f.parse(joinOptional(args, "-p", "--promotion")); done {
		return code
	}
	o.lastCommand(f)
	o.hasDefault, o.byPromotion = f.Changed("default"), f.Changed("promotion")
	if code := o.complete(f); code != face.OK {
		return code
	}
	return o.out.finish(runAttribute(ctx, env, o))
}

// lastCommand decides between setting, deleting and asking: of several, the last counts.
func (o *attributeOptions) lastCommand(f *flags) {
	last := "query"
	f.Visit(func(g *pflag.Flag) { // in the order of the command line
		switch g.Name {
		case "update", "attr-value", "delete", "delete-attr", "query", "get-value":
			last = g.Name
		}
	})
	o.isSet = last == "update" || last == "attr-value"
	o.remove = last == "delete" || last == "delete-attr"
}

// complete fills in what follows from other options.
func (o *attributeOptions) complete(f *flags) face.Code {
	if o.byPromotion {
		rsc := o.promotion
		if rsc == "\x00" || rsc == "" {
			rsc = f.env.Getenv("OCF_RESOURCE_INSTANCE")
		}
		if rsc == "" {
			return f.usage("-p/--promotion must be called from an OCF resource agent or with a resource ID specified")
		}
		o.name = "master-" + rsc
		if o.lifetime == "" {
			o.lifetime = "reboot"
		}
	}
	switch o.lifetime {
	case "reboot":
		o.section = "status"
	case "forever":
		o.section = "nodes"
	case "":
	default:
		return f.usage("Invalid lifetime '%s': want reboot or forever", o.lifetime)
	}
	if o.section == "" {
		o.section = "crm_config"
		if o.node != "" || o.utilization {
			o.section = "nodes"
		}
	}
	if o.name == "" && o.pattern == "" && (o.isSet || o.remove) && o.id == "" {
		return f.usage("Error: must specify attribute name or pattern to delete or update")
	}
	if o.pattern != "" {
		if _, err := regexp.Compile(o.pattern); err != nil {
			return f.usage("Invalid pattern: %v", err)
		}
	}
	return face.OK
}

func runAttribute(ctx context.Context, env *face.Env, o attributeOptions) error {
	if o.section == "nodes" || o.section == "status" {
		var err error
		if o.node, err = targetNode(ctx, env, o.node); err != nil {
			return err
		}
		if o.section == "status" && env.CIBFile() == "" && (o.isSet || o.remove) {
			return setTransient(ctx, env, o)
		}
	}
	root, err := env.CIB(ctx)
	if err != nil {
		return err
	}
	h, err := holderOf(root, o)
	var told *face.Failure
	switch {
	case errors.As(err, &told):
		env.Errorf("%s: %v\n", env.Name, err)
		return face.Silent(face.NoSuch)
	case err != nil:
		return &face.Failure{Code: face.NoSuch, Err: err}
	}
	switch {
	case o.isSet:
		pair := h.Set(o.name, o.update)
		return edit(ctx, env, pair.Edits)
	case o.remove:
		pair, ok := h.Unset(o.name)
		if !ok {
			return nil
		}
		if err := edit(ctx, env, pair.Edits); err != nil {
			return err
		}
		what := "attribute"
		if o.section != "nodes" && o.section != "status" {
			what = "option"
		}
		o.printf(env, "Deleted %s %s: id=%s name=%s\n", o.section, what, pair.ID, o.name)
		return nil
	}
	return queryAttribute(env, o, h)
}

// holderOf finds where the attribute lives.
func holderOf(root *cib.Elem, o attributeOptions) (intent.Holder, error) {
	var h intent.Holder
	switch o.section {
	case "nodes", "status":
		p, err := intent.NeedNode(root, o.node)
		if err != nil {
			return h, face.Failf(face.NoSuch, "Could not map name=%s to a UUID", o.node)
		}
		if o.section == "status" {
			h, ok := intent.OfTransient(root, p)
			if !ok {
				h = intent.OfNode(&cib.Place{Elem: cib.New("node")}, intent.Params) // holds nothing
			}
			return within(h, o), nil
		}
		kind := intent.Params
		if o.utilization {
			kind = intent.Utilization
		}
		h = intent.OfNode(p, kind)
	case "crm_config", "rsc_defaults", "op_defaults":
		h = intent.OfSection(root, intent.Section(o.section))
	default:
		return h, fmt.Errorf("no options in section %q: want crm_config, rsc_defaults, op_defaults, nodes or status", o.section)
	}
	return within(h, o), nil
}

func within(h intent.Holder, o attributeOptions) intent.Holder {
	if o.setName != "" {
		return h.In(o.setName)
	}
	return h
}

// queryAttribute prints one value, or all that match.
func queryAttribute(env *face.Env, o attributeOptions, h intent.Holder) error {
	var hits []intent.Pair
	pattern := regexp.MustCompile(o.pattern) // checked when options were read
	for _, p := range h.All() {
		switch {
		case o.id != "" && p.ID != o.id, o.name != "" && p.Name != o.name, o.pattern != "" && !pattern.MatchString(p.Name):
			continue
		}
		hits = append(hits, p)
	}
	if len(hits) == 0 {
		if !o.hasDefault {
			return face.Failf(face.NoSuch, "no %s named %q", o.section, o.name)
		}
		hits = []intent.Pair{{Name: o.name, Value: o.def}}
	}
	for _, p := range hits {
		if o.out != nil && o.out.xml() {
			o.out.add(element("attribute", "name", p.Name, "value", p.Value, "scope", o.section))
			continue
		}
		printAttribute(env, o.quiet, o.section, p.Name, p.Value)
	}
	return nil
}

// printf writes text, where the answer is text.
func (o attributeOptions) printf(env *face.Env, format string, args ...any) {
	if o.out == nil {
		env.Printf(format, args...)
		return
	}
	o.out.printf(format, args...)
}

func printAttribute(env *face.Env, quiet bool, section, name, value string) {
	if quiet {
		env.Printf("%s\n", value)
		return
	}
	env.Printf("scope=%s  name=%s value=%s\n", section, name, value)
}

// setTransient has the running cluster keep an attribute; it returns when the value
// is in every member's CIB, so that the next reader sees it.
func setTransient(ctx context.Context, env *face.Env, o attributeOptions) error {
	c := env.Client()
	names := []string{o.name}
	if o.pattern != "" {
		list, err := c.Attributes(ctx, o.node, "")
		if err != nil {
			return err
		}
		names = names[:0]
		pattern := regexp.MustCompile(o.pattern) // checked when options were read
		for _, a := range list {
			if pattern.MatchString(a.Name) {
				names = append(names, a.Name)
			}
		}
	}
	for _, n := range names {
		if err := c.SetAttribute(ctx, web.AttributeBody{Node: o.node, Name: n, Value: o.update, Delete: o.remove, Set: o.setName, Sync: true}); err != nil {
			return err
		}
	}
	return nil
}

// targetNode is the node that an attribute command is about: the one named, the one
// that the calling agent works for, or this one.
func targetNode(ctx context.Context, env *face.Env, name string) (string, error) {
	if name != "" && name != "auto" && name != "localhost" {
		return name, nil
	}
	if host := env.Getenv("OCF_RESKEY_CRM_meta_physical_host"); host != "" && env.Getenv("OCF_RESKEY_CRM_meta_container_attribute_target") == "host" {
		return host, nil
	}
	if n := env.Getenv("OCF_RESKEY_CRM_meta_on_node"); n != "" {
		return n, nil
	}
	if env.CIBFile() != "" {
		return firstNode(env)
	}
	s, err := env.Client().Node(ctx)
	if err != nil {
		return "", err
	}
	return s.Self, nil
}

// firstNode stands for "this node" when there is only a file.
func firstNode(env *face.Env) (string, error) {
	root, err := face.ReadCIB(env.CIBFile())
	if err != nil {
		return "", err
	}
	if names := intent.Nodes(root); len(names) > 0 {
		return names[0], nil
	}
	return "", face.Failf(face.NoSuch, "%s has no nodes; name one with -N", env.CIBFile())
}

// edit sends edits to the cluster, or applies them to the file that stands for it.
func edit(ctx context.Context, env *face.Env, edits []cib.Edit) error {
	if len(edits) == 0 {
		return nil
	}
	if name := env.CIBFile(); name != "" {
		return face.EditFile(name, edits, cib.Stamp{Client: env.Name, User: env.User, Wall: env.Now()})
	}
	_, err := env.Client().Edit(ctx, edits, nil)
	return err
}
