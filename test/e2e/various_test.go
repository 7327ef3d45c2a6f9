//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"mainstay/internal/web"
	"mainstay/status"
)

// various is a handful of small services, each by another agent of Debian's packages,
// an init script, and a script of Heartbeat's first version.
var various = site{
	prepare: func(t *testing.T, g *rig, node string) {
		g.put(t, node, "/srv/www/index.html", "hello from "+node+"\n")
		g.put(t, node, "/etc/apache2/conf-enabled/site.conf", "ServerName site\nAlias / /srv/www/\n<Directory /srv/www>\nRequire all granted\n</Directory>\n<Location /server-status>\nSetHandler server-status\nRequire local\n</Location>\n")
		g.put(t, node, "/etc/nginx/site.conf", "pid /run/nginx.pid;\nerror_log /var/log/nginx/error.log;\nevents {}\nhttp { server { listen 8081; root /srv/www; location /nginx_status { stub_status; } } }\n")
		g.sh(t, node, "sed -i 's#^PidFile .*#PidFile /run/apache2/apache2.pid#' /etc/apache2/apache2.conf && mkdir -p /srv/data /srv/files && touch /srv/files/here")
		g.put(t, node, "/etc/haproxy/haproxy.cfg", "global\n daemon\ndefaults\n mode http\n timeout connect 1s\n timeout client 5s\n timeout server 5s\nlisten site\n bind :8082\n http-request return status 200 content-type text/plain string balanced\n")
		g.put(t, node, "/etc/init.d/pulse", pulse)
		g.put(t, node, "/etc/ha.d/resource.d/mark", mark)
		g.sh(t, node, "chmod 755 /etc/init.d/pulse /etc/ha.d/resource.d/mark")
	},
	crm: `
primitive web ocf:heartbeat:apache params configfile=/etc/apache2/apache2.conf statusurl="http://127.0.0.1/server-status" \
  op monitor interval=3 timeout=20 op start interval=0 timeout=40 op stop interval=0 timeout=60
primitive web-ip ocf:heartbeat:IPaddr2 params ip=10.107.2.243 cidr_netmask=24 nic=br-mgmt op monitor interval=5 timeout=20
group site web-ip web
primitive proxy ocf:heartbeat:nginx params configfile=/etc/nginx/site.conf httpd=/usr/sbin/nginx status10url="http://127.0.0.1:8081/nginx_status" \
  op monitor interval=3 timeout=20 op start interval=0 timeout=60 op stop interval=0 timeout=60
primitive balance lsb:haproxy op monitor interval=3 timeout=30 op start interval=0 timeout=60 op stop interval=0 timeout=60
primitive pulse lsb:pulse op monitor interval=2 timeout=15
primitive mark heartbeat:mark params 1=blue 2=sky op monitor interval=5 timeout=15
primitive pair ocf:pacemaker:Stateful op monitor interval=5 timeout=20 op monitor interval=6 role=Promoted timeout=20
clone pair-clone pair meta promotable=true
primitive reach ocf:pacemaker:ping params host_list="10.107.2.11 10.107.2.12 10.107.2.13" multiplier=100 dampen=1s attempts=1 timeout=1 \
  op monitor interval=3 timeout=30 op start interval=0 timeout=60
clone reach-clone reach
primitive info ocf:pacemaker:SysInfo params delay=1s op monitor interval=5 timeout=20
clone info-clone info
primitive watch ocf:pacemaker:ClusterMon params htmlfile=/run/watch.html update=1000 op monitor interval=5 timeout=20
primitive vm ocf:heartbeat:anything params binfile=/usr/bin/tail cmdline_options="-f /dev/null" pidfile=/run/vm.pid \
  op monitor interval=3 timeout=20
primitive data ocf:heartbeat:Filesystem params device=/srv/files directory=/srv/data fstype=none options=bind \
  op monitor interval=5 timeout=40 op start interval=0 timeout=60 op stop interval=0 timeout=60
location web-first site 50: node1
location proxy-first proxy 50: node2
location vm-first vm 50: node3
rsc_defaults resource-stickiness=100
location web-where-network-is site rule -inf: not_defined pingd or pingd lt 200
`,
	ready: func(s *web.StatusReply) bool {
		for _, id := range []string{"web", "web-ip", "proxy", "balance", "pulse", "mark", "watch", "vm", "data"} {
			if place(s, id) == "" {
				return false
			}
		}
		return roles("pair", 1, 2)(s) && started("reach", 3)(s) && started("info", 3)(s)
	},
	limit: 2 * time.Minute,
}

// pulse is an init script as the LSB asks for (start, stop, status with its codes).
const pulse = `#!/bin/sh
pid=/run/pulse.pid
alive() { [ -f $pid ] && kill -0 "$(cat $pid)" 2>/dev/null; }
case "$1" in
start) alive || { setsid sleep 100000 </dev/null >/dev/null 2>&1 & echo $! >$pid; }; exit 0 ;;
stop) alive && kill "$(cat $pid)"; rm -f $pid; exit 0 ;;
status) alive && exit 0; [ -f $pid ] && exit 1; exit 3 ;;
*) exit 2 ;;
esac
`

// mark is a script as haresources lists them: its arguments come before the action,
// and status is said in words.
const mark = `#!/bin/sh
file=/run/mark-$1-$2
case "$3" in
start) touch "$file" ;;
stop) rm -f "$file" ;;
status) [ -f "$file" ] && echo running || echo stopped ;;
esac
exit 0
`

// TestVarious kills each service, then cuts the power of the node that has the site, and of all.
func TestVarious(t *testing.T) {
	t.Parallel()
	x, g := various, various.open(t)
	at := func(id string) string { return g.at(t, id) }

	g.says(t, time.Minute, "node2", "hello from "+at("web"), "curl -s http://10.107.2.243/")
	g.says(t, time.Minute, at("proxy"), "hello from "+at("proxy"), "curl -s http://127.0.0.1:8081/")
	g.says(t, time.Minute, at("balance"), "balanced", "curl -s http://127.0.0.1:8082/")
	g.says(t, time.Minute, at("mark"), "yes", "[ -f /run/mark-blue-sky ] && echo yes")
	g.says(t, time.Minute, at("watch"), "yes", "grep -q node1 /run/watch.html && echo yes")
	g.says(t, time.Minute, at("data"), "yes", "[ -f /srv/data/here ] && echo yes")
	for _, n := range g.Nodes() {
		g.says(t, time.Minute, n, "300", "crm_attribute -t status -n pingd -G -q")
		g.says(t, time.Minute, n, "Linux", "crm_attribute -t status -n os -G -q | cut -d- -f1")
	}

	for id, comm := range map[string]string{"web": "apache2", "proxy": "nginx", "balance": "haproxy", "vm": "tail"} {
		node := at(id)
		g.kill(t, node, comm)
		g.failed(t, id, node)
		x.whole(t, g)
		if now := at(id); now != node {
			t.Errorf("%s was killed on %s and runs on %s now", id, node, now)
		}
	}
	x.outlive(t, g, at("web"), "apache2")
	x.outlive(t, g, at("proxy"), "nginx")
	x.outlive(t, g, at("vm"), "tail")
	g.sh(t, at("pulse"), "kill $(cat /run/pulse.pid)")
	g.failed(t, "pulse", at("pulse"))
	x.whole(t, g)
	g.sh(t, at("mark"), "rm /run/mark-blue-sky")
	g.failed(t, "mark", at("mark"))
	x.whole(t, g)
	g.says(t, time.Minute, at("mark"), "yes", "[ -f /run/mark-blue-sky ] && echo yes")

	node := at("web")
	g.run(t, node, "crm_resource", "-r", "web-ip", "-p", "ip", "-v", "10.107.2.245")
	g.says(t, time.Minute, g.outside(node), "hello from "+node, "curl -s http://10.107.2.245/")
	x.whole(t, g)
	if got := g.sh(t, node, "ip -o -4 addr show dev br-mgmt"); strings.Contains(got, "10.107.2.243/") {
		t.Errorf("the address was changed, and %s still has the old one, which it was started with:\n%s", node, got)
	}
	g.cutPower(t, node)
	g.cluster(t, x.limit, "everything to run elsewhere", func(s *web.StatusReply) bool {
		for _, id := range []string{"web", "web-ip", "proxy", "balance", "pulse", "mark", "watch", "vm", "data"} {
			if p := place(s, id); p == "" || p == node {
				return false
			}
		}
		return len(in(s, "pair", status.Promoted)) == 1
	})
	g.says(t, time.Minute, g.outside(node), "hello from "+at("web"), "curl -s http://10.107.2.245/")
	g.restorePower(t, node)
	x.whole(t, g)

	x.allOff(t, g)
	g.says(t, time.Minute, g.outside(at("web")), "hello from "+at("web"), "curl -s http://10.107.2.245/")
	g.says(t, time.Minute, at("data"), "yes", "[ -f /srv/data/here ] && echo yes")
	g.says(t, time.Minute, at("mark"), "yes", "[ -f /run/mark-blue-sky ] && echo yes")
}
