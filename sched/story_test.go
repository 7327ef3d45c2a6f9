package sched

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"mainstay/cib"
	"mainstay/graph"
)

// TestStories runs testdata/*.story: each story describes a small cluster and
// shows the plan, the scores, the reasons or the attributes. The words of the description:
//
//	nodes n1 n2 …                       members, all online
//	guest g1 g2 …                       guest nodes with records of what ran there
//	offline n1 | joining n1 | unclean n1 | silent n1 (a member whose manager does not answer) | standby n1 | shutdown n1 | maintenance n1
//	option NAME VALUE
//	rsc ID [AGENT] [NAME=VALUE …]       a primitive; mon=10s adds a monitor, mon:Promoted=10s one of a role, =10s,stop with on-fail,
//	                                    par:NAME=VALUE a parameter
//	group ID MEMBER … | clone ID RSC [NAME=VALUE …]
//	location ID RSC NODE SCORE | colocation ID RSC WITH SCORE [NAME=VALUE …]
//	order ID FIRST THEN [NAME=VALUE …]
//	bundle ID RSC ADDRESS [NAME=VALUE …] addresses from ADDRESS on; replicas=2 and so on; meta:NAME=VALUE
//	set RSC NAME=VALUE …                another set of meta-attributes of a primitive
//	template ID RSC                     what the primitive RSC says becomes a template's, and RSC uses that
//	opdefaults OP NAME=VALUE …          another set of defaults for an operation, or for all
//	tag ID RSC …
//	ran RSC NODE OP RC [INTERVAL] [NAME=VALUE …] a record, in order, with more attributes
//	pending RSC NODE OP [INTERVAL]      an operation that has begun
//	room NODE NAME=VALUE …              capacity; use:NAME=VALUE on rsc what it takes
//	attr NODE NAME VALUE                a transient attribute
//	state NODE NAME=VALUE …             the state of a remote node
//	granted TICKET | revoked TICKET | asleep TICKET   (granted, and in standby)
//	raw SECTION XML                     an element of the configuration, as it is
//	noquorum
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			in := Input{CIB: tell(d.Input), Now: time.Unix(1700000000, 0).UTC()}
			in.Options.Scores, in.Options.Reasons = d.Cmd == "scores", d.Cmd == "reasons"
			res := Schedule(in)
			switch d.Cmd {
			case "plan":
				return planText(res)
			case "scores":
				return scoreText(res)
			case "attributes":
				return attributeText(res)
			case "reasons":
				return reasonText(res)
			}
			t.Fatalf("unknown command %q", d.Cmd)
			return ""
		})
	})
}

func planText(res *Result) string {
	var b strings.Builder
	for _, l := range res.Summary {
		if l.Leave {
			continue
		}
		fmt.Fprintf(&b, "%s %s%s (%s)", l.Verb, l.Resource, l.Node, l.Detail)
		if l.Reason != "" {
			b.WriteString(" due to " + l.Reason)
		}
		if l.Blocked {
			b.WriteString(" blocked")
		}
		b.WriteString("\n")
	}
	names := map[int]string{}
	for _, a := range res.Graph.Actions {
		names[a.ID] = strings.TrimSpace(a.Key + " " + a.Node)
	}
	for _, a := range res.Graph.Actions {
		fmt.Fprintf(&b, "  %s", names[a.ID])
		if a.Kind == graph.Pseudo {
			b.WriteString(" (milestone)")
		}
		for i, in := range a.Inputs {
			b.WriteString([]string{" <- ", ", "}[min(i, 1)] + names[in])
		}
		b.WriteString("\n")
	}
	for _, w := range res.Warnings {
		fmt.Fprintf(&b, "warning %s: %s; %s\n", w.ID, w.Text, w.Fix)
	}
	return b.String()
}

func scoreText(res *Result) string {
	var b strings.Builder
	for _, s := range res.Scores {
		b.WriteString(s.String() + "\n")
	}
	return b.String()
}

// attributeText is what the actions carry to the agents' machines, but for what
// all of them do.
func attributeText(res *Result) string {
	var b strings.Builder
	for _, a := range res.Graph.Actions {
		if a.Kind == graph.Pseudo {
			continue
		}
		b.WriteString(strings.TrimSpace(a.Key + " " + a.Node))
		if a.Rsc != nil {
			b.WriteString(" of " + strings.TrimSpace(a.Rsc.ID+" "+a.Rsc.LongID))
		}
		if a.Priority != 0 {
			b.WriteString(" priority " + cib.FormatScore(a.Priority))
		}
		b.WriteString(":")
		for _, x := range a.Attrs {
			if x.Name != "crm_feature_set" && !strings.HasPrefix(x.Name, "CRM_meta_on_node") {
				b.WriteString(" " + strings.TrimPrefix(x.Name, "CRM_meta_") + "=" + x.Value)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func reasonText(res *Result) string {
	var b strings.Builder
	for _, r := range res.Reasons {
		fmt.Fprintf(&b, "%s on %s: %s %s %s %s\n", r.Resource, r.Node, cib.FormatScore(r.Amount), r.Kind, r.Source, r.Text)
	}
	return b.String()
}

// teller builds a CIB from the words of a story.
type teller struct {
	opts, nodes, res, cons []*cib.Elem
	opDefaults             []*cib.Elem
	tags, remotes          []*cib.Elem
	states                 map[string]*cib.Elem
	attrs                  map[string][]cib.Attr
	order                  []string
	ops                    map[string][]*cib.Elem // node/rsc → records
	rscOn                  map[string][]string
	prims                  map[string]*cib.Elem
	quorum                 string
	raw                    []*cib.Elem // sections with one element each
	tickets                []*cib.Elem
	calls                  int
}

func attrs(kv ...string) []cib.Attr {
	var out []cib.Attr
	for i := 0; i+1 < len(kv); i += 2 {
		out = append(out, cib.Attr{Name: kv[i], Value: kv[i+1]})
	}
	return out
}

func nvset(name, id string, pairs []string) *cib.Elem {
	e := cib.New(name, attrs("id", id)...)
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		e = e.Append(cib.New("nvpair", attrs("id", id+"-"+k, "name", k, "value", v)...))
	}
	return e
}

func tell(text string) *cib.Elem {
	t := &teller{states: map[string]*cib.Elem{}, attrs: map[string][]cib.Attr{}, ops: map[string][]*cib.Elem{}, rscOn: map[string][]string{}, prims: map[string]*cib.Elem{}, quorum: "1"}
	for _, line := range strings.Split(text, "\n") {
		if w := strings.SplitN(line, " ", 3); w[0] == "raw" {
			t.rawElem(w[1], w[2])
		} else if w := strings.Fields(line); len(w) > 0 && w[0][0] != '#' {
			t.word(w)
		}
	}
	return t.cib()
}

func (t *teller) word(w []string) {
	switch w[0] {
	case "nodes":
		for i, n := range w[1:] {
			t.order = append(t.order, n)
			t.nodes = append(t.nodes, cib.New("node", attrs("id", strconv.Itoa(i+1), "uname", n, "type", "member")...))
			t.states[n] = cib.New("node_state", attrs("id", strconv.Itoa(i+1), "uname", n, "in_ccm", "true", "crmd", "online", "join", "member", "expected", "member")...)
		}
	case "guest":
		for _, n := range w[1:] {
			t.order = append(t.order, n)
			t.states[n] = cib.New("node_state", attrs("id", n, "uname", n, "remote_node", "true")...)
		}
	case "offline":
		t.states[w[1]] = t.states[w[1]].With("in_ccm", "false").With("crmd", "offline").With("join", "down").With("expected", "down")
	case "joining":
		t.states[w[1]] = t.states[w[1]].With("crmd", "offline").With("join", "down").With("expected", "down")
	case "unclean":
		t.states[w[1]] = t.states[w[1]].With("in_ccm", "false").With("crmd", "offline")
	case "silent":
		t.states[w[1]] = t.states[w[1]].With("crmd", "offline").With("join", "down")
	case "standby", "maintenance":
		t.attrs[w[1]] = append(t.attrs[w[1]], cib.Attr{Name: w[0], Value: "true"})
	case "shutdown":
		t.attrs[w[1]] = append(t.attrs[w[1]], cib.Attr{Name: w[0], Value: "1"})
	case "attr":
		t.attrs[w[1]] = append(t.attrs[w[1]], cib.Attr{Name: w[2], Value: w[3]})
	case "option":
		t.opts = append(t.opts, cib.New("nvpair", attrs("id", "opt-"+w[1], "name", w[1], "value", w[2])...))
	case "tag":
		tag := cib.New("tag", attrs("id", w[1])...)
		for _, r := range w[2:] {
			tag = tag.Append(cib.New("obj_ref", attrs("id", r)...))
		}
		t.tags = append(t.tags, tag)
	case "state":
		t.remotes = append(t.remotes, with(cib.New("node_state", attrs("id", w[1], "uname", w[1], "remote_node", "true")...), w[2:]))
	case "granted", "revoked", "asleep":
		t.tickets = append(t.tickets, cib.New("ticket_state", attrs("id", w[1], "granted", fmt.Sprint(w[0] != "revoked"), "standby", fmt.Sprint(w[0] == "asleep"))...))
	case "noquorum":
		t.quorum = "0"
	case "room":
		for i, n := range t.order {
			if n == w[1] {
				t.nodes[i] = t.nodes[i].Append(nvset("utilization", "room-"+n, w[2:]))
			}
		}
	case "ran":
		t.ran(w[1:])
	case "pending":
		t.pending(w[1:])
	default:
		t.configure(w)
	}
}

func (t *teller) configure(w []string) {
	switch w[0] {
	case "rsc":
		t.res = append(t.res, t.primitive(w[1:]))
	case "group":
		g := cib.New("group", attrs("id", w[1])...)
		for _, m := range w[2:] {
			if k, v, ok := strings.Cut(m, "="); ok {
				g = g.Append(nvset("meta_attributes", w[1]+"-meta-"+k, []string{k + "=" + v}))
				continue
			}
			g = g.Append(t.take(m))
		}
		t.res = append(t.res, g)
	case "clone":
		t.res = append(t.res, cib.New("clone", attrs("id", w[1])...).Append(nvset("meta_attributes", w[1]+"-meta", w[3:]), t.take(w[2])))
	case "bundle":
		var meta, engine []string
		for _, x := range w[4:] {
			if m, ok := strings.CutPrefix(x, "meta:"); ok {
				meta = append(meta, m)
			} else {
				engine = append(engine, x)
			}
		}
		b := cib.New("bundle", attrs("id", w[1])...).Append(nvset("meta_attributes", w[1]+"-meta", meta),
			with(cib.New("podman", attrs("image", "img")...), engine), cib.New("network", attrs("ip-range-start", w[3])...))
		t.res = append(t.res, b.Append(t.take(w[2])))
	case "set":
		for i, e := range t.res {
			if e.ID() == w[1] {
				t.res[i] = e.Append(nvset("meta_attributes", fmt.Sprintf("%s-meta%d", w[1], len(e.Kids())), w[2:]))
			}
		}
	case "template":
		e := t.take(w[2])
		kids := e.Kids()
		t.res = append(t.res, cib.New("template", e.Attrs()...).With("id", w[1]).WithKids(kids))
		t.res = append(t.res, cib.New("primitive", attrs("id", w[2], "template", w[1])...))
	case "opdefaults":
		id := fmt.Sprintf("opdefaults%d", len(t.opDefaults))
		set := nvset("meta_attributes", id, w[2:])
		if w[1] != "all" {
			set = set.WithKids(append([]*cib.Elem{cib.New("rule", attrs("id", id+"-rule", "score", "INFINITY")...).Append(
				cib.New("op_expression", attrs("id", id+"-op", "name", w[1])...))}, set.Kids()...))
		}
		t.opDefaults = append(t.opDefaults, set)
	case "location":
		t.cons = append(t.cons, cib.New("rsc_location", attrs("id", w[1], "rsc", w[2], "node", w[3], "score", w[4])...))
	case "colocation":
		t.cons = append(t.cons, with(cib.New("rsc_colocation", attrs("id", w[1], "rsc", w[2], "with-rsc", w[3], "score", w[4])...), w[5:]))
	case "order":
		t.cons = append(t.cons, with(cib.New("rsc_order", attrs("id", w[1], "first", w[2], "then", w[3])...), w[4:]))
	case "ticket":
		t.cons = append(t.cons, with(cib.New("rsc_ticket", attrs("id", w[1], "rsc", w[2], "ticket", w[3])...), w[4:]))
	default:
		panic("story: unknown word " + w[0])
	}
}

func with(e *cib.Elem, pairs []string) *cib.Elem {
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		e = e.With(k, v)
	}
	return e
}

// take removes a resource from the top level to put it into a collection.
func (t *teller) take(id string) *cib.Elem {
	for i, e := range t.res {
		if e.ID() == id {
			t.res = append(t.res[:i], t.res[i+1:]...)
			return e
		}
	}
	panic("story: no resource " + id)
}

func (t *teller) primitive(w []string) *cib.Elem {
	class, provider, typ := "ocf", "heartbeat", "Dummy"
	ops := cib.New("operations")
	var meta, use, par []string
	for _, x := range w[1:] {
		k, v, pair := strings.Cut(x, "=")
		switch {
		case !pair:
			p := strings.Split(x, ":")
			class, typ, provider = p[0], p[len(p)-1], ""
			if len(p) == 3 {
				provider = p[1]
			}
		case k == "mon":
			ops = ops.Append(cib.New("op", attrs("id", w[0]+"-mon-"+v, "name", "monitor", "interval", v)...))
		case strings.HasPrefix(k, "mon:"):
			iv, fail, does := strings.Cut(v, ",")
			op := cib.New("op", attrs("id", w[0]+"-"+k, "name", "monitor", "interval", iv, "role", k[4:])...)
			if does {
				op = op.With("on-fail", fail)
			}
			ops = ops.Append(op)
		case strings.HasPrefix(k, "use:"):
			use = append(use, x[4:])
		case strings.HasPrefix(k, "par:"):
			par = append(par, x[4:])
		case strings.HasPrefix(k, "on-fail:"):
			ops = ops.Append(cib.New("op", attrs("id", w[0]+"-"+k, "name", k[8:], "interval", "0", "on-fail", v)...))
		default:
			meta = append(meta, x)
		}
	}
	e := cib.New("primitive", attrs("id", w[0], "class", class)...)
	if provider != "" {
		e = e.With("provider", provider)
	}
	e = e.With("type", typ).Append(nvset("meta_attributes", w[0]+"-meta", meta), ops)
	if use != nil {
		e = e.Append(nvset("utilization", w[0]+"-use", use))
	}
	if par != nil {
		e = e.Append(nvset("instance_attributes", w[0]+"-par", par))
	}
	t.prims[w[0]] = e
	return e
}

// pending records an operation that has begun: RSC NODE OP [INTERVAL].
func (t *teller) pending(w []string) {
	iv, id := "0", w[0]+"_last_0"
	if len(w) > 3 {
		iv, id = w[3], w[0]+"_"+w[2]+"_"+w[3]
	}
	key := w[1] + "/" + w[0]
	if t.ops[key] == nil {
		t.rscOn[w[1]] = append(t.rscOn[w[1]], w[0])
	}
	t.ops[key] = append(t.ops[key], cib.New("lrm_rsc_op", attrs("id", id, "operation_key", w[0]+"_"+w[2]+"_"+iv,
		"operation", w[2], "interval", iv, "rc-code", "193", "op-status", "-1", "call-id", "-1",
		"transition-key", "1:9:0:x", "transition-magic", "-1:193;1:9:0:x")...))
}

// ran records an operation: RSC NODE OP RC [INTERVAL] [NAME=VALUE …].
func (t *teller) ran(w []string) {
	var more []string
	for strings.Contains(w[len(w)-1], "=") {
		more, w = append(more, w[len(w)-1]), w[:len(w)-1]
	}
	t.calls++
	iv, want := "0", "0"
	if len(w) > 4 {
		iv = w[4]
	}
	if w[2] == "monitor" && iv == "0" {
		want = "7"
	}
	status := "0"
	if w[3] != want && !(w[2] == "monitor" && iv == "0") {
		status = "4"
	}
	key := w[1] + "/" + w[0]
	if t.ops[key] == nil {
		t.rscOn[w[1]] = append(t.rscOn[w[1]], w[0])
	}
	t.ops[key] = append(t.ops[key], with(cib.New("lrm_rsc_op", attrs("id", w[0]+"_"+w[2]+"_"+iv+"_"+strconv.Itoa(t.calls), "operation_key", w[0]+"_"+w[2]+"_"+iv,
		"operation", w[2], "interval", iv, "rc-code", w[3], "op-status", status, "call-id", strconv.Itoa(t.calls),
		"last-rc-change", strconv.Itoa(1699990000+t.calls), "transition-key", "1:1:"+want+":x", "transition-magic", status+":"+w[3]+";1:1:"+want+":x")...), more))
}

// implied is the record of what nobody configured as a primitive: a part of a bundle,
// or a fence device that was taken out.
func (t *teller) implied(id string) *cib.Elem {
	provider, typ := "heartbeat", "Dummy"
	switch {
	case strings.Contains(id, "-podman-"):
		typ = "podman"
	case strings.Contains(id, "-ip-"):
		typ = "IPaddr2"
	case t.states[id] != nil:
		provider, typ = "pacemaker", "remote"
	case id == "power":
		return cib.New("lrm_resource", attrs("id", id, "class", "stonith", "type", "fence_x")...)
	}
	return cib.New("lrm_resource", attrs("id", id, "class", "ocf", "provider", provider, "type", typ)...)
}

// rawElem takes an element as it is written.
func (t *teller) rawElem(section, text string) {
	e, err := cib.Parse([]byte(text))
	if err != nil {
		panic("story: " + err.Error() + ": " + text)
	}
	t.raw = append(t.raw, cib.New(section).Append(e))
}

func (t *teller) cib() *cib.Elem {
	conf := cib.New("configuration").Append(
		cib.New("crm_config").Append(cib.New("cluster_property_set", attrs("id", "cib-bootstrap-options")...).Append(t.opts...)),
		cib.New("nodes").Append(t.nodes...), cib.New("resources").Append(t.res...), cib.New("constraints").Append(t.cons...),
		cib.New("op_defaults").Append(t.opDefaults...), cib.New("tags").Append(t.tags...))
	for _, section := range t.raw {
		if at := conf.Child(section.Name()); at != nil {
			conf = replaced(conf, at, at.Append(section.Kids()...))
		} else {
			conf = conf.Append(section)
		}
	}
	st := cib.New("status").Append(t.remotes...)
	if len(t.tickets) > 0 {
		st = st.Append(cib.New("tickets").Append(t.tickets...))
	}
	for _, n := range t.order {
		e := t.states[n]
		if len(t.attrs[n]) > 0 {
			set := cib.New("instance_attributes", attrs("id", "status-"+n)...)
			for _, a := range t.attrs[n] {
				set = set.Append(cib.New("nvpair", attrs("id", "status-"+n+"-"+a.Name, "name", a.Name, "value", a.Value)...))
			}
			e = e.Append(cib.New("transient_attributes", attrs("id", n)...).Append(set))
		}
		list := cib.New("lrm_resources")
		for _, r := range t.rscOn[n] {
			p := t.prims[r]
			lr := t.implied(r)
			if p != nil {
				lr = cib.New("lrm_resource", attrs("id", r, "class", p.Get("class"), "type", p.Get("type"))...)
				if p.Get("provider") != "" {
					lr = lr.With("provider", p.Get("provider"))
				}
			}
			list = list.Append(lr.Append(t.ops[n+"/"+r]...))
		}
		st = st.Append(e.Append(cib.New("lrm", attrs("id", e.ID())...).Append(list)))
	}
	return cib.New("cib", attrs("dc-uuid", "1", "have-quorum", t.quorum)...).Append(conf, st)
}
