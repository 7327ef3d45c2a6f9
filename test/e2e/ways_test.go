//go:build e2e

package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mainstay/internal/playground"
	"mainstay/internal/web"
)

// desk is a fence agent that keeps minutes on the shared storage: when, where, which
// device, what, which plug. It fails the first times if it is told to, or hangs; the
// device "paper" only says that it has done it. Called fence_plain it cannot list.
const desk = `#!/bin/sh
action=; plug=; id=; fail=0; hang=no
if [ "$1" = -o ]; then action=$2; else
while IFS='=' read -r k v; do case "$k" in action) action=$v;; plug|port|outlet) plug=$v;; id) id=$v;; fail) fail=$v;; hang) hang=$v;; esac; done
fi
case $action in
metadata)
echo '<resource-agent name="desk"><parameters>'
for p in id fail hang outlet plug port; do echo "<parameter name='$p'><content type='string'/></parameter>"; done
echo '</parameters><actions><action name="on"/><action name="off"/><action name="reboot"/><action name="status"/><action name="monitor"/><action name="metadata"/>'
case $0 in *fence_desk) echo '<action name="list"/>';; esac
echo '</actions></resource-agent>'
exit 0;;
monitor) exit 0;;
esac
echo "$(date +%s.%N) $(hostname) $id $action $plug" >>/srv/san/minutes
node=${plug#plug-}
case $action in
list) for n in 1 2 3; do echo "$n,node$n"; done; exit 0;;
status) case $node in node*) exit 0;; esac; exit 1;;
esac
[ $hang = yes ] && exec sleep 31536002
n=$(cat /srv/san/failed-$id 2>/dev/null || echo 0)
[ $n -lt $fail ] && { echo $((n+1)) >/srv/san/failed-$id; exit 1; }
[ $id = paper ] || exec fence_playground -o $action -n "$node"
`

// way is one configuration of fencing, and what the devices are to be told when node3
// is fenced. A device is a name, its agent if that is not fence_desk, and parameters; a
// level is target, index and devices.
type way struct {
	name    string
	devices []string
	levels  []string
	want    string        // device, action and plug of each call
	least   time.Duration // from the request to the last of them
}

var ways = []way{
	{name: "host list", devices: []string{"a pcmk_host_list=node1,node3", "b pcmk_host_list=node2"}, want: "a reboot node3"},
	{name: "host map", devices: []string{"a pcmk_host_map=node1:plug-node1;node3:plug-node3"}, want: "a reboot plug-node3"},
	{name: "host argument", devices: []string{"a pcmk_host_list=node3 pcmk_host_argument=outlet"}, want: "a reboot node3"},
	{name: "dynamic list", devices: []string{"a"}, want: "a list node3, a reboot node3"},
	{name: "status", devices: []string{"a=fence_plain"}, want: "a status node3, a reboot node3"},
	{name: "none", devices: []string{"a pcmk_host_check=none"}, want: "a reboot node3"},
	{name: "another action", devices: []string{"a pcmk_host_list=node3 pcmk_reboot_action=off"}, want: "a off node3"},
	{name: "retries", devices: []string{"a pcmk_host_list=node3 fail=2 pcmk_reboot_retries=3"}, want: "a reboot node3, a reboot node3, a reboot node3"},
	{name: "delay", devices: []string{"a pcmk_host_list=node3 pcmk_delay_base=node1:30;node3:2"}, want: "a reboot node3", least: 2 * time.Second},
	{name: "priority", devices: []string{"a pcmk_host_list=node3", "b pcmk_host_list=node3 priority=10"}, want: "b reboot node3"},
	{name: "two at once", devices: []string{"a pcmk_host_list=node3", "paper pcmk_host_list=node3"}, levels: []string{"target=node3 1 paper,a"},
		want: "paper off node3, a off node3, paper on node3, a on node3"},
	{name: "levels", devices: []string{"a pcmk_host_list=node3 hang=yes pcmk_reboot_timeout=2s", "other pcmk_host_list=node1", "c pcmk_host_list=node3"},
		levels: []string{"target-pattern=node[1-3] 9 other", "target=node3 1 a", "target=node3 2 other", "target=node3 3 c"}, want: "a reboot node3, a reboot node3, c reboot node3"},
	{name: "pattern", devices: []string{"a pcmk_host_list=node3", "b pcmk_host_list=node3"}, levels: []string{"target-pattern=node[3-9] 1 b"}, want: "b reboot node3"},
	{name: "attribute", devices: []string{"a pcmk_host_list=node3", "b pcmk_host_list=node3"}, levels: []string{"target-attribute=rack 1 b"}, want: "b reboot node3"},
	{name: "unfencing", devices: []string{"a pcmk_host_list=node3", "paper pcmk_host_list=node1,node2,node3 provides=unfencing"}, levels: []string{"target=node3 1 a"},
		want: "a reboot node3, paper on node3"},
}

// configuration is that of a way.
func (w way) configuration() string {
	var b strings.Builder
	pair := func(id, name, value string) {
		fmt.Fprintf(&b, `<nvpair id="%s" name="%s" value="%s"/>`, id, name, value)
	}
	b.WriteString(`<configuration><crm_config><cluster_property_set id="o">`)
	pair("o-1", "stonith-enabled", "true")
	pair("o-2", "stonith-timeout", "20s")
	b.WriteString(`</cluster_property_set></crm_config><nodes><node id="1" uname="node1"/><node id="2" uname="node2"/><node id="3" uname="node3"><instance_attributes id="n">`)
	pair("n-1", "rack", "seven")
	b.WriteString(`</instance_attributes></node></nodes><resources>`)
	for _, d := range w.devices {
		f := strings.Fields(d)
		id, agent, other := strings.Cut(f[0], "=")
		if !other {
			agent = "fence_desk"
		}
		fmt.Fprintf(&b, `<primitive id="%s" class="stonith" type="%s">`, id, agent)
		if strings.Contains(d, "provides=") {
			fmt.Fprintf(&b, `<meta_attributes id="%s-m">`, id)
			pair(id+"-m1", "provides", "unfencing")
			b.WriteString(`</meta_attributes>`)
		}
		fmt.Fprintf(&b, `<instance_attributes id="%s-i">`, id)
		pair(id+"-id", "id", id)
		for _, p := range f[1:] {
			if k, v, _ := strings.Cut(p, "="); k != "provides" {
				pair(id+"-"+k, k, v)
			}
		}
		b.WriteString(`</instance_attributes></primitive>`)
	}
	b.WriteString(`</resources><constraints/><fencing-topology>`)
	for i, l := range w.levels {
		f := strings.Fields(l)
		kind, target, _ := strings.Cut(f[0], "=")
		if kind == "target-attribute" {
			target += `" target-value="seven`
		}
		fmt.Fprintf(&b, `<fencing-level id="l%d" %s="%s" index="%s" devices="%s"/>`, i, kind, target, f[1], f[2])
	}
	b.WriteString(`</fencing-topology></configuration>`)
	return b.String()
}

// TestFenceWays fences a node in each of the ways that devices and topology can be
// configured in, and reads what the agents were told.
func TestFenceWays(t *testing.T) {
	t.Parallel()
	g := &rig{Room: openIn(t, *dir+"-ways", playground.Options{Plain: true}), ctx: t.Context()}
	for _, n := range g.Nodes() {
		g.put(t, n, "/usr/sbin/fence_desk", desk)
		g.sh(t, n, "chmod 755 /usr/sbin/fence_desk && ln -sf fence_desk /usr/sbin/fence_plain")
	}
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) { w.fence(t, g) })
	}
}

// minutes are the calls that the agents noted.
var minutes = regexp.MustCompile(`(?m)^([0-9]+)\.([0-9]{3})[0-9]* \S+ (.*)$`)

// fence has an operator fence node3.
func (w way) fence(t *testing.T, g *rig) {
	const node = "node3"
	g.sh(t, "node1", "rm -f /srv/san/minutes")
	if out, err := g.ExecInput(g.ctx, "node1", []byte(w.configuration()), tools+"cibadmin", "--replace", "--scope", "configuration", "--xml-pipe"); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	rested := func(s *web.StatusReply) bool { return allOnline(s) && calm(s) }
	if strings.Contains(strings.Join(w.devices, " "), "provides=unfencing") {
		g.says(t, time.Minute, "node1", "node1 node2 node3", "grep ' on ' /srv/san/minutes | cut -d' ' -f5 | sort -u | paste -sd' '") // as soon as it is configured
	}
	g.cluster(t, time.Minute, "all to be there", rested)
	g.sh(t, "node1", "rm -f /srv/san/minutes /srv/san/failed-*")
	was, err := g.HealthOf(node)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if out, err := g.Exec(g.ctx, "node1", tools+"stonith_admin", "--reboot", node, "--timeout", "50"); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if now, err := g.HealthOf(node); err != nil || now.PID == was.PID {
		t.Errorf("fenced, but the machine has not gone (%v)", err)
	}
	g.restorePower(t, node) // if it is off
	g.cluster(t, time.Minute, "all to be there again", rested)
	var calls []string
	g.eventually(t, 30*time.Second, "the devices to be told "+w.want, func() bool {
		calls = calls[:0]
		text := g.sh(t, "node1", "cat /srv/san/minutes")
		for _, m := range minutes.FindAllStringSubmatch(text, -1) {
			if call := m[3]; !strings.HasSuffix(call, node) || len(calls) > 0 && call == calls[len(calls)-1] && strings.HasPrefix(call, "paper on") {
				continue // who is let back to the disks once more suffers nothing
			}
			calls = append(calls, m[3])
			ms, err := strconv.ParseInt(m[1]+m[2], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			if at := time.UnixMilli(ms); len(calls) == strings.Count(w.want, ",")+1 && at.Sub(began) < w.least {
				t.Errorf("%s came %v after the request, before %v", m[3], at.Sub(began), w.least)
			}
		}
		if len(calls) > strings.Count(w.want, ",")+1 {
			t.Fatalf("the devices were told %v, want %s", calls, w.want)
		}
		return slices.Equal(calls, strings.Split(w.want, ", "))
	})
}
