//go:build e2e

package e2e

import (
	"regexp"
	"strings"
	"testing"

	"mainstay/internal/playground"
)

// documentAgents makes stand-ins for the OpenStack agents that a document's resources
// name: the dummy agent under their names, with their parameters.
const documentAgents = `mkdir -p /usr/lib/ocf/resource.d/openstack
cd /usr/lib/ocf/resource.d/openstack
for a in keystone glance-api glance-registry cinder-api cinder-volume nova-api nova-scheduler nova-vnc; do
    sed -e 's#^</parameters>#<parameter name="config"><content type="string"/></parameter><parameter name="os_password"><content type="string"/></parameter><parameter name="os_username"><content type="string"/></parameter><parameter name="os_tenant_name"><content type="string"/></parameter><parameter name="os_auth_url"><content type="string"/></parameter></parameters>#' \
        /usr/lib/ocf/resource.d/pacemaker/Dummy >$a
    chmod 755 $a
done`

// documentResources are commands as the document has them, with the lines joined that
// it breaks.
var documentResources = []string{
	`resource create p_keystone ocf:openstack:keystone params config="/etc/keystone/keystone.conf" os_password="secret" os_username="admin" os_tenant_name="admin" os_auth_url="http://192.168.42.103:5000/v2.0/" op monitor interval="30s" timeout="30s"`,
	`resource create p_glance-api ocf:openstack:glance-api params config="/etc/glance/glance-api.conf" os_password="secrete" os_username="admin" os_tenant_name="admin" os_auth_url="http://192.168.42.103:5000/v2.0/" op monitor interval="30s" timeout="30s"`,
	`resource create p_glance-registry ocf:openstack:glance-registry params config="/etc/glance/glance-registry.conf" os_password="secrete" os_username="admin" os_tenant_name="admin" os_auth_url="http://192.168.42.103:5000/v2.0/" op monitor interval="30s" timeout="30s"`,
	`resource create p_cinder-api ocf:openstack:cinder-api params config="/etc/cinder/api-paste.conf" os_password="secrete" os_username="admin" os_tenant_name="admin" os_auth_url="http://192.168.42.103:5000/v2.0/" op monitor interval="30s" timeout="30s"`,
	`resource create p_cinder-volume ocf:openstack:cinder-volume params config="/etc/cinder/cinder.conf" os_password="secrete" os_username="admin" os_tenant_name="admin" os_auth_url="http://192.168.42.103:5000/v2.0/" op monitor interval="30s" timeout="30s"`,
	`resource create p_nova_api ocf:openstack:nova-api params config="/etc/nova/nova.conf" op monitor interval="5s" timeout="5s"`,
	`resource create p_scheduler ocf:openstack:nova-scheduler params config="/etc/nova/nova.conf" op monitor interval="30s" timeout="30s"`,
	`resource create p_novnc ocf:openstack:nova-vnc params config="/etc/nova/nova.conf" op monitor interval="30s" timeout="30s"`,
}

// TestPcsDocument makes a cluster of two bare machines with the pcs commands that a
// document walks through, and a third by "cluster node add"; creates its resources,
// looks at their status, and takes a node out again.
func TestPcsDocument(t *testing.T) {
	if *provide != "ring" {
		t.Log("pcs cluster setup makes clusters with the ring of Mainstay's own")
		return
	}
	r := open(t, playground.Options{Plain: true, Payload: []string{"/bin/sleep", "infinity"}})
	g := &rig{Room: r, ctx: t.Context()}
	pcs := func(node, line string) string {
		t.Helper()
		return g.run(t, node, "sh", "-c", "MAINSTAY_NAME="+node+" mainstay pcs "+line)
	}
	says := func(got string, patterns ...string) {
		t.Helper()
		for _, p := range patterns {
			if !regexp.MustCompile(`(?m)` + p).MatchString(got) {
				t.Errorf("no %q in:\n%s", p, got)
			}
		}
	}
	addr := func(node string) string {
		f := strings.Fields(g.run(t, node, "ip", "-4", "-o", "addr", "show", "scope", "global"))
		a, _, _ := strings.Cut(f[3], "/")
		return a
	}
	for _, n := range []string{"node1", "node2", "node3"} {
		g.run(t, n, "sh", "-c", documentAgents)
	}
	says(pcs("node1", "cluster auth node1 node2"), `^node1: Authorized$`, `^node2: Authorized by the token`)
	out := pcs("node1", "cluster setup --force mycluster node1 addr="+addr("node1")+" node2 addr="+addr("node2"))
	says(out, `^node1: Succeeded$`, `^node2: within an hour of "pcs cluster start" here, run there: mainstay join mainstay1-`)
	says(pcs("node1", "cluster start --all"), `^node1: Starting Cluster\.\.\.$`)
	g.run(t, "node2", "mainstay", "join", "--force", "--name", "node2", "--addr", addr("node2"), tokenIn(t, out))
	g.members(t, "node1", "node2")
	says(pcs("node2", "cluster start"), `^Starting Cluster\.\.\.$`)
	says(pcs("node1", "cluster auth node1 node2"), `^node1: Authorized\nnode2: Authorized$`)
	pcs("node1", "property set stonith-enabled=false")
	for i, line := range documentResources {
		pcs([]string{"node1", "node2"}[i%2], line)
	}
	g.run(t, "node1", "mainstay", "wait", "--timeout", "60s")
	for _, n := range []string{"node1", "node2"} {
		says(pcs(n, "status"), `^Cluster name: mycluster$`, `Current DC: node[12] .* - partition with quorum`, `2 nodes configured`, `8 resource instances configured`,
			`Online: \[ node1 node2 \]`, `p_keystone\s+\(ocf:openstack:keystone\):\s+Started node[12]$`, `p_nova_api\s+\(ocf:openstack:nova-api\):\s+Started node[12]$`)
		says(pcs(n, "cluster status"), `^Cluster Status:$`, `2 nodes configured`, `Online: \[ node1 node2 \]`)
	}
	says(pcs("node1", "resource config p_keystone"), `os_password=secret`, `os_auth_url=http://192.168.42.103:5000/v2.0/`, `interval=30s\n\s+timeout=30s$`)
	takeOut(t, g, pcs, says, addr)
}

// takeOut has a third node join and leave again.
func takeOut(t *testing.T, g *rig, pcs func(node, line string) string, says func(got string, patterns ...string), addr func(string) string) {
	t.Helper()
	out := pcs("node1", "cluster node add node3")
	says(out, `^node3: within an hour, run there: mainstay join mainstay1-`)
	g.run(t, "node3", "mainstay", "join", "--force", "--name", "node3", "--addr", addr("node3"), tokenIn(t, out))
	g.members(t, "node1", "node2", "node3")
	if text, err := g.Exec(t.Context(), "node1", "sh", "-c", "mainstay pcs cluster stop node3 2>&1"); err == nil || !strings.Contains(string(text), `node3: no way from here: run "mainstay pcs cluster stop" there`) {
		t.Errorf("node3 is stopped from node1: %v\n%s", err, text)
	}
	says(pcs("node3", "cluster stop"), `^Stopping Cluster\.\.\.$`)
	g.members(t, "node1", "node2")
	pcs("node1", "cluster node remove node3")
	if nodes := g.run(t, "node2", "mainstay", "pcs", "status", "nodes"); strings.Contains(nodes, "node3") {
		t.Errorf("node3 is still there:\n%s", nodes)
	}
	says(g.run(t, "node1", "sh", "-c", "mainstay pcs booth status 2>&1 || true"), `^Error: pcs booth is not done here: `)
}
