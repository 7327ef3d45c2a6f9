package tools

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/status"
)

// execTimeout is how long an agent that is run past the cluster may take, unless
// --timeout says otherwise (the peer's default).
const execTimeout = 20 * time.Second

// execute runs an agent here, past the cluster: --force-… and --validate.
func (o *resourceOptions) execute(ctx context.Context, w *world, p *cib.Place) error {
	n := agent.Name{Class: o.class, Provider: o.provider, Type: o.agent}
	params, rsc := map[string]string{}, ""
	if p != nil {
		switch {
		case p.Elem.Name() == "group", p.Elem.Name() == "bundle":
			o.warnf("Sorry, the %s option doesn't support %s resources\n", o.command, p.Elem.Name())
			return fail(3)
		case p.Elem.Name() != "primitive":
			inner := innermost(p.Elem)
			if inner == nil {
				o.warnf("Sorry, the %s option doesn't support %s resources\n", o.command, p.Elem.Name())
				return fail(3)
			}
			params = parameters(w, inner, "")
			n = nameOf(expanded(w.root, inner))
		default:
			params = parameters(w, p.Elem, "")
			n = nameOf(expanded(w.root, p.Elem))
		}
		rsc = o.rsc
		if err := o.mayForce(w, p); err != nil {
			return err
		}
	}
	for _, x := range o.options {
		name, value, ok := strings.Cut(x, "=")
		if !ok {
			return refuse(face.Usage, "Error parsing option --option\n  '%s' is no name=value pair", x)
		}
		params[name] = value
	}
	if p == nil {
		if _, err := catalog(o.env).Metadata(ctx, n); err != nil || n.Class == "ocf" && n.Provider == "" {
			return refuse(face.Usage, "%s:%s:%s is not a known resource", o.class, o.provider, o.agent)
		}
	}
	return o.runAgent(ctx, n, rsc, params)
}

// innermost is the first primitive in a collection.
func innermost(e *cib.Elem) *cib.Elem {
	var found *cib.Elem
	e.Walk(func(k *cib.Elem) bool {
		if k.Name() == "primitive" {
			found = k
		}
		return found == nil
	})
	return found
}

// nameOf is the agent of a primitive.
func nameOf(e *cib.Elem) agent.Name {
	return agent.Name{Class: e.Get("class"), Provider: e.Get("provider"), Type: e.Get("type")}
}

// mayForce refuses to start or promote what the cluster believes to run here as one
// of several instances.
func (o *resourceOptions) mayForce(w *world, p *cib.Place) error {
	changes := slices.Contains([]string{"force-start", "force-demote", "force-promote"}, o.command)
	outer := intent.Outermost(p)
	if !changes || o.force || outer.Elem.Name() != "clone" && outer.Elem.Name() != "master" || o.env.CIBFile() != "" {
		return nil
	}
	all, _ := activeOn(w, o.rsc)
	if len(all) == 0 {
		return nil
	}
	return refuse(face.Unsafe, "It is not safe to %s %s here: the cluster claims it is already active\nTry setting target-role=Stopped first or specifying the force option",
		strings.TrimPrefix(o.command, "force-"), o.rsc)
}

// runAgent runs one operation and tells how it ended.
func (o *resourceOptions) runAgent(ctx context.Context, n agent.Name, rsc string, params map[string]string) error {
	op := map[string]string{"force-check": "monitor", "validate": "validate-all"}[o.command]
	if op == "" {
		op = strings.TrimPrefix(o.command, "force-")
	}
	call := agent.Call{Name: n, Rsc: rsc, Op: op, Timeout: execTimeout}
	if d, err := cib.ParseDuration(o.timeout); err == nil && o.timeout != "" {
		call.Timeout = d
	}
	if call.Rsc == "" {
		call.Rsc = "test"
	}
	if o.arg != "" {
		params["OCF_CHECK_LEVEL"] = o.arg
	}
	// as Pacemaker's crm_resource tells an agent what the executor would
	params["CRM_meta_timeout"] = strconv.FormatInt(call.Timeout.Milliseconds(), 10)
	params["crm_feature_set"] = cib.FeatureSet
	for _, k := range slices.Sorted(maps.Keys(params)) {
		call.Params = append(call.Params, cib.Attr{Name: k, Value: params[k]})
	}
	var res agent.Result
	if slices.Contains([]string{"systemd", "stonith"}, n.Class) { // which have tools of their own for that: systemctl, stonith_admin
		res = agent.Result{Status: agent.ExecError, RC: agent.Unimplemented, Reason: "Manual execution of the " + n.Class + " standard is unsupported"}
	} else {
		res = catalog(o.env).Run(ctx, call)
	}
	o.tellAction(n, rsc, res)
	if res.RC != agent.OK {
		return fail(face.Code(res.RC))
	}
	return nil
}

// tellAction tells how an operation ended.
func (o *resourceOptions) tellAction(n agent.Name, rsc string, res agent.Result) {
	of := n.Class + ":"
	if n.Provider != "" {
		of += n.Provider + ":"
	}
	of += n.Type
	who := " "
	if rsc != "" {
		who = " for " + rsc + " "
	}
	reason := ""
	if res.Reason != "" {
		reason = ": " + res.Reason
	}
	if res.Status == agent.Done {
		o.printf("Operation %s%s(%s) returned %d (%s%s)\n", o.command, who, of, int(res.RC), res.RC, reason)
	} else {
		o.warnf("Operation %s%s(%s) could not be executed (%s%s)\n", o.command, who, of, res.Status, reason)
	}
	if len(res.Output) > 0 && (res.RC != agent.OK || o.f.Changed("verbose")) {
		o.printf("%s", res.Output)
	}
	e := element("resource-agent-action", "action", o.command, "class", n.Class, "type", n.Type)
	if rsc != "" {
		e = e.With("rsc", rsc)
	}
	if n.Provider != "" {
		e = e.With("provider", n.Provider)
	}
	state := element("agent-status", "code", itoa(int(res.RC)), "message", res.RC.String(), "execution_code", itoa(int(res.Status)),
		"execution_message", res.Status.String())
	if res.Reason != "" {
		state = state.With("reason", res.Reason)
	}
	o.add(e.WithKids([]*cib.Elem{cib.New("overrides"), state}))
}

// nodeAttr looks up the attributes of a node, as rules do.
func nodeAttr(n status.Node) func(name string) (string, bool) {
	return func(name string) (string, bool) {
		if name == "#uname" {
			return n.Name, true
		}
		for _, a := range n.Attributes {
			if a.Name == name {
				return a.Value, true
			}
		}
		return "", false
	}
}

// parameters are the values that a resource's agent is given, on a node where a rule
// depends on one.
func parameters(w *world, rsc *cib.Elem, node string) map[string]string {
	now := w.f.Now
	var attr func(string) (string, bool)
	for _, n := range w.c.Nodes {
		if n.Name != node {
			continue
		}
		attr = nodeAttr(n)
	}
	facts := &cib.Facts{Now: now, Node: attr}
	e := expanded(w.root, rsc)
	sets := slices.Collect(e.Named("instance_attributes"))
	score := func(s *cib.Elem) int { n, _ := cib.ParseScore(s.Get("score")); return n }
	// Of sets with the same score the last counts: a resource's own sets come
	// after those of its template, and win.
	slices.Reverse(sets)
	slices.SortStableFunc(sets, func(a, b *cib.Elem) int { return score(b) - score(a) })
	out := map[string]string{}
	for _, s := range sets {
		if s.Child("rule") != nil && !cib.RulesHold(s, facts) {
			continue
		}
		for nv := range s.Named("nvpair") {
			if _, ok := out[nv.Get("name")]; !ok {
				out[nv.Get("name")] = nv.Get("value")
			}
		}
	}
	return out
}

// digests is --digests.
func (o *resourceOptions) digests(w *world, p *cib.Place) error {
	if p.Elem.Name() != "primitive" {
		return fail(3)
	}
	params := parameters(w, p.Elem, o.node)
	for _, x := range o.f.Args() {
		name, value, ok := strings.Cut(x, "=")
		if !ok {
			return refuse(face.Usage, "Error parsing '%s' as a name=value pair", x)
		}
		params[name] = value
	}
	public := maps.Clone(params)
	maps.DeleteFunc(public, func(k, _ string) bool { return k == "passwd" })
	name := o.rsc
	if inst := w.of(o.rsc); len(inst) > 0 {
		name = inst[0].Name
	}
	e := element("digests", "resource", name, "node", o.node, "task", "start", "interval", "0ms")
	for _, d := range []struct {
		kind, text string
		params     map[string]string
	}{{"all", "all parameters", params}, {"nonprivate", "non-private parameters", public}} {
		doc, sum := digestOf(d.params)
		o.printf("%s (%s)\n", sum, d.text)
		e = e.Append(element("digest", "type", d.kind, "hash", sum).Append(doc))
	}
	o.add(e)
	return nil
}

// digestOf is the digest by which changes of parameters are noticed.
func digestOf(params map[string]string) (*cib.Elem, string) {
	doc := cib.New("parameters")
	for _, k := range slices.Sorted(maps.Keys(params)) {
		doc = doc.With(k, params[k])
	}
	sum := md5.Sum(append(doc.AppendXML([]byte(" "), false), '\n'))
	return doc, hex.EncodeToString(sum[:])
}
