package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"mainstay/cib"
)

// Profile says what a drawn scenario is made of. Zero values leave the choice to
// the seed.
type Profile struct {
	Nodes   int
	Items   int  // primitives, groups and clones
	Steps   int  // faults and wishes
	Calm    bool // no faults, only wishes
	NoWish  bool // no wishes, only faults
	Upgrade bool // all nodes begin with the oldest message version, and are upgraded one after the other
	Mid     bool // daemons and machines also die in the middle of a step
	Rolling bool // nodes join and are taken out, all are restarted in turn, rules on attributes come into force
	// Kinds, Ops and Wishes are all that is drawn of faults, of operations that go
	// wrong, and of wishes; nil: any.
	Kinds  []Kind
	Ops    []string
	Wishes []WishKind
	// Together has what is worst together always come together: a fence device fails
	// when it is needed, all power fails when something was just acknowledged.
	Together bool
	Clients  int  // nothing but so many faults, and clients who write and read registers around each
	Years    bool // a cluster that lives for long: failures expire within hours, rules name dates
}

// Draw makes a scenario of a seed: a random configuration, random timings, and
// random faults and wishes. What happens does not depend on how the simulation
// goes, so that steps can be left out.
func Draw(seed uint64, p Profile) Scenario {
	d := &drawer{rng: rand.New(rand.NewPCG(seed, 0x64726177)), profile: p}
	s := Scenario{Seed: seed, Options: d.options()}
	if p.Clients > 0 {
		s.Steps = d.clients()
		return s
	}
	s.Steps = d.steps()
	if p.NoWish && len(d.nodes) > 2 {
		s.Without = pick(d, d.nodes...)
	}
	return s
}

// drawer draws a scenario.
type drawer struct {
	rng     *rand.Rand
	profile Profile
	nodes   []string
	links   int
	singles []string // primitives that run once
	all     []string // and those in clones
	alive   string   // the primitive that was drawn last and moves while it runs
	bound   string   // the resource that was last tied to another one's place
	torn    bool
	notes   int
}

// between draws a whole number from lo to hi.
func (d *drawer) between(lo, hi int) int { return lo + d.rng.IntN(hi-lo+1) }

// time draws a duration from lo to hi.
func (d *drawer) time(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(d.rng.Int64N(int64(hi-lo)+1))
}

// pick draws one of a list.
func pick[T any](d *drawer, list ...T) T { return list[d.rng.IntN(len(list))] }

func (d *drawer) options() Options {
	n := d.profile.Nodes
	if d.profile.Years {
		n = pick(d, 2, 3, 3, 3, 3, 5)
	}
	if n == 0 {
		n = pick(d, 2, 3, 3, 3, 3, 3, 4, 5, 5, 7)
	}
	d.links = pick(d, 1, 2, 2, 2, 3)
	for i := 1; i <= n; i++ {
		d.nodes = append(d.nodes, fmt.Sprintf("n%d", i))
	}
	o := Options{Nodes: n, Links: d.links, Token: pick(d, time.Second, time.Second, 3*time.Second), BootTime: d.time(0, 3*time.Second)}
	if d.profile.Upgrade {
		o.Features = 1
	}
	o.CIB = d.cib()
	o.Models = d.models()
	return o
}

// models draws how long operations take.
func (d *drawer) models() map[string]Model {
	out := map[string]Model{}
	for _, id := range d.all {
		if d.rng.IntN(2) == 0 {
			continue // the usual
		}
		out[id] = Model{Spread: 0.5, Took: map[string]time.Duration{
			"": d.time(10*time.Millisecond, 300*time.Millisecond), "start": d.time(10*time.Millisecond, 3*time.Second),
			"stop": d.time(10*time.Millisecond, 2*time.Second), "promote": d.time(10*time.Millisecond, 2*time.Second)}}
	}
	return out
}

// parse parses XML that this package wrote.
func parse(doc string) *cib.Elem {
	e, err := cib.Parse([]byte(doc))
	if err != nil {
		panic("sim: a drawn configuration does not parse: " + err.Error() + "\n" + doc)
	}
	return e
}

// pairs writes a set of name-value pairs.
func pairs(tag, id string, kv ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<%s id="%s">`, tag, id)
	for i := 0; i < len(kv); i += 2 {
		fmt.Fprintf(&b, `<nvpair id="%s-%s" name="%s" value="%s"/>`, id, kv[i], kv[i], kv[i+1])
	}
	return b.String() + "</" + tag + ">"
}

// primitive writes a resource; every is its monitor's interval in seconds, 0: none.
func primitive(id string, every int, more string) string {
	ops := fmt.Sprintf(`<op id="%[1]s-start" name="start" interval="0" timeout="20s"/><op id="%[1]s-stop" name="stop" interval="0" timeout="20s"/>`, id)
	if every > 0 {
		ops += fmt.Sprintf(`<op id="%s-monitor" name="monitor" interval="%ds" timeout="10s"/>`, id, every)
	}
	return fmt.Sprintf(`<primitive id="%s" class="ocf" provider="sim" type="Dummy">%s<operations>%s</operations></primitive>`, id, more, ops)
}

// cib draws a configuration in which everything can run.
func (d *drawer) cib() *cib.Elem {
	items := d.profile.Items
	if items == 0 {
		items = d.between(2, 6)
	}
	resources := d.fencing()
	constraints := ""
	var ids, kinds []string
	for i := range items {
		kind := pick(d, "primitive", "primitive", "primitive", "group", "clone", "unique", "promotable")
		id := fmt.Sprintf("%c%d", kind[0], i)
		resources += d.item(kind, id)
		for j := range ids { // towards earlier ones only, so that nothing goes round
			constraints += d.tie(id, kind, ids[j], kinds[j])
		}
		if d.rng.IntN(3) == 0 {
			constraints += d.place(id)
		}
		ids, kinds = append(ids, id), append(kinds, kind)
	}
	timeout := "30s"
	if d.profile.Years {
		timeout = pick(d, "30s", "10min", "1h", "12h")
		for i := range d.between(1, 4) {
			constraints += d.season(i, pick(d, ids...))
		}
	}
	return parse(`<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>` +
		d.properties() + `</crm_config><nodes/><resources>` + resources + `</resources><constraints>` + constraints +
		`</constraints><rsc_defaults>` + pairs("meta_attributes", "rd", "resource-stickiness", pick(d, "0", "1", "100", "INFINITY"),
		"migration-threshold", pick(d, "1", "3", "1000000"), "failure-timeout", timeout) + `</rsc_defaults></configuration><status/></cib>`)
}

func (d *drawer) properties() string {
	kv := []string{"stonith-enabled", "true", "dc-deadtime", "5s"}
	if d.rng.IntN(3) == 0 {
		kv = append(kv, "no-quorum-policy", pick(d, "freeze", "suicide", "demote", "stop"))
	}
	if d.rng.IntN(4) == 0 {
		kv = append(kv, "priority-fencing-delay", "2s")
	}
	if d.rng.IntN(4) == 0 {
		kv = append(kv, "start-failure-is-fatal", "false")
	}
	if d.rng.IntN(4) == 0 {
		kv = append(kv, "placement-strategy", pick(d, "balanced", "utilization"))
	}
	return pairs("cluster_property_set", "cib-bootstrap-options", kv...)
}

// fencing draws fence devices that together reach every node.
func (d *drawer) fencing() string {
	device := func(id, hosts string, kv ...string) string {
		return `<primitive id="` + id + `" class="stonith" type="fence_sim">` +
			pairs("instance_attributes", id+"-p", append([]string{"pcmk_host_list", hosts, "device", id}, kv...)...) + `</primitive>`
	}
	if d.rng.IntN(2) == 0 {
		return device("switch", strings.Join(d.nodes, " "))
	}
	out := ""
	for i, n := range d.nodes {
		delay := "0s"
		if i == 0 && len(d.nodes) == 2 {
			delay = "2s"
		}
		out += device("fence-"+n, n, "pcmk_delay_base", delay)
	}
	return out
}

// item draws one resource of a kind.
func (d *drawer) item(kind, id string) string {
	one := func(id string, more string) string {
		d.all = append(d.all, id)
		return primitive(id, pick(d, 0, 5, 5, 10), more)
	}
	migrates := pairs("meta_attributes", id+"-m", "allow-migrate", "true")
	switch kind {
	case "group":
		out := `<group id="` + id + `">`
		for i := range d.between(2, 3) {
			member := fmt.Sprintf("%s-%d", id, i)
			d.singles = append(d.singles, member)
			out += one(member, "")
		}
		return out + "</group>"
	case "clone":
		return `<clone id="` + id + `">` + pairs("meta_attributes", id+"-m", "interleave", pick(d, "true", "false")) + one(id+"-c", "") + "</clone>"
	case "unique":
		return `<clone id="` + id + `">` + pairs("meta_attributes", id+"-m", "globally-unique", "true", "clone-max", "2", "clone-node-max", "2") + one(id+"-c", "") + "</clone>"
	case "promotable":
		d.all = append(d.all, id+"-c")
		return `<clone id="` + id + `">` + pairs("meta_attributes", id+"-m", "promotable", "true", "notify", pick(d, "true", "false"), "interleave", "true") +
			fmt.Sprintf(`<primitive id="%[1]s" class="ocf" provider="sim" type="Db"><operations><op id="%[1]s-m1" name="monitor" interval="5s" role="Promoted" timeout="10s"/>`+
				`<op id="%[1]s-m2" name="monitor" interval="6s" role="Unpromoted" timeout="10s"/></operations></primitive></clone>`, id+"-c")
	}
	d.singles = append(d.singles, id)
	if d.rng.IntN(4) == 0 {
		d.alive = id
		return one(id, migrates)
	}
	return one(id, "")
}

// tie draws constraints between a resource and an earlier one.
func (d *drawer) tie(id, kind, first, firstKind string) string {
	out := ""
	role, action := "", ""
	if firstKind == "promotable" {
		role, action = ` with-rsc-role="Promoted"`, ` first-action="promote" then-action="start"`
	}
	// An instance of an interleaved clone waits for one of the other clone on its own
	// node, where there need not be any.
	everywhere := (kind != "clone" && kind != "promotable" || firstKind != "unique" && firstKind != "promotable")
	if d.rng.IntN(5) == 0 && everywhere {
		out += fmt.Sprintf(`<rsc_order id="o-%[1]s-%[2]s" first="%[2]s" then="%[1]s" kind="%[3]s"%[4]s/>`, id, first, pick(d, "Mandatory", "Mandatory", "Optional"), action)
	}
	plain := (kind == "primitive" || kind == "group") && !(d.alive == id && role != "")
	if plain && (firstKind == "primitive" || firstKind == "group" || role != "") && d.rng.IntN(5) == 0 {
		score := pick(d, "INFINITY", "100")
		if d.bound == id { // bound to two places it might have none
			score = "100"
		} else if score == "INFINITY" {
			d.bound = id
		}
		out += fmt.Sprintf(`<rsc_colocation id="c-%[1]s-%[2]s" rsc="%[1]s" with-rsc="%[2]s" score="%[3]s"%[4]s/>`, id, first, score, role)
	}
	return out
}

// favour is the attribute that some rules ask for.
const favour = "favour"

// place draws a preference for a node, or a rule that has one.
func (d *drawer) place(id string) string {
	n := pick(d, d.nodes...)
	score := pick(d, "50", "200")
	if d.rng.IntN(2) == 0 {
		return fmt.Sprintf(`<rsc_location id="l-%[1]s" rsc="%[1]s" node="%[2]s" score="%[3]s"/>`, id, n, score)
	}
	return fmt.Sprintf(`<rsc_location id="l-%[1]s" rsc="%[1]s"><rule id="l-%[1]s-r" score="%[3]s" boolean-op="or"><expression id="l-%[1]s-e" attribute="#uname" operation="eq" value="%[2]s"/>`+
		`<expression id="l-%[1]s-f" attribute="%[4]s" operation="defined"/></rule></rsc_location>`, id, n, score, favour)
}

// season draws a preference that holds for a part of a cluster's life.
func (d *drawer) season(i int, id string) string {
	begin := time.Unix(epoch, 0).UTC().Add(d.time(0, Generation))
	return fmt.Sprintf(`<rsc_location id="s-%[1]d" rsc="%[2]s"><rule id="s-%[1]d-r" score="%[3]s" boolean-op="and"><expression id="s-%[1]d-e" attribute="#uname" operation="eq" value="%[4]s"/>`+
		`<date_expression id="s-%[1]d-d" operation="in_range" start="%[5]s" end="%[6]s"/></rule></rsc_location>`, i, id, pick(d, "120", "500"), pick(d, d.nodes...),
		begin.Format(time.RFC3339), begin.Add(d.time(time.Hour, Year)).Format(time.RFC3339))
}
