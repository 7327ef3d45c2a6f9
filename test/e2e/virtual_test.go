//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mainstay/internal/web"
)

// counter is the boot sector of a guest: each tick of its clock it adds one to a
// number in its memory and writes that to its serial line, as four hexadecimal digits.
// So what it wrote tells whether it was started again or went on elsewhere.
const counter = "\x31\xc0\x8e\xd8\x31\xdb\x8b\x36\x6c\x04\xfb\xf4\x3b\x36\x6c\x04\x74\xf8\x43\xba\xf8\x03\xbf\x04" +
	"\x00\xc1\xc3\x04\x88\xd8\x24\x0f\x3c\x0a\x72\x02\x04\x27\x04\x30\xee\x4f\x75\xed\xb0\x0a\xee\xeb" +
	"\xd5"

// counterDisk is a floppy disk with that.
var counterDisk = counter + strings.Repeat("\x00", 510-len(counter)) + "\x55\xaa" + strings.Repeat("\x00", 1474560-512)

// domain is the guest as libvirt describes it; disk and log are on the shared storage.
const domain = `<domain type='qemu'>
  <name>counter</name>
  <uuid>11111111-2222-4333-8444-555555555555</uuid>
  <memory unit='MiB'>16</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='fd'/></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='floppy'><driver name='qemu' type='raw'/><source file='/srv/san/counter.img'/><target dev='fda'/><readonly/></disk>
    <serial type='file'><source path='/srv/san/counter.log' append='on'/></serial>
    <memballoon model='none'/>
  </devices>
</domain>
`

// virtual is that guest under ocf:heartbeat:VirtualDomain, with a libvirt that systemd
// runs on every node.
var virtual = site{
	prepare: func(t *testing.T, g *rig, node string) {
		g.sh(t, node, "getent passwd libvirt-qemu >/dev/null || useradd -r -M -s /usr/sbin/nologin libvirt-qemu")
		g.put(t, node, "/etc/libvirt/libvirtd.conf", fmt.Sprintf("listen_tls = 0\nlisten_tcp = 1\nauth_tcp = \"none\"\nhost_uuid = \"0000000%s-1111-4222-8333-444444444444\"\n", node[len("node"):]))
		g.put(t, node, "/etc/libvirt/qemu.conf", "user = \"root\"\ngroup = \"root\"\nsecurity_driver = \"none\"\ncgroup_controllers = []\nnamespaces = []\nstdio_handler = \"file\"\n")
		g.put(t, node, "/etc/systemd/system/libvirtd.service", "[Unit]\nWants=dbus.service\nAfter=dbus.service\n[Service]\nType=notify\nExecStart=/usr/sbin/libvirtd --listen\nKillMode=process\nRestart=on-failure\n")
		g.systemctl(t, node, "daemon-reload")
		if node == g.Nodes()[0] {
			g.put(t, node, "/srv/san/counter.img", counterDisk)
			g.put(t, node, "/srv/san/counter.xml", domain)
		}
	},
	crm: `
primitive libvirt systemd:libvirtd op monitor interval=10 timeout=60 op start interval=0 timeout=60 op stop interval=0 timeout=60
clone libvirt-clone libvirt meta interleave=true
primitive guest ocf:heartbeat:VirtualDomain \
  params config=/srv/san/counter.xml hypervisor="qemu:///system" migration_transport=tcp force_stop=true autoset_utilization_cpu=false autoset_utilization_hv_memory=false \
  op monitor interval=3 timeout=30 op start interval=0 timeout=90 op stop interval=0 timeout=90 op migrate_to interval=0 timeout=120 op migrate_from interval=0 timeout=60 \
  meta allow-migrate=true
colocation guest-with-libvirt inf: guest libvirt-clone
order guest-after-libvirt Mandatory: libvirt-clone guest
location guest-first guest 50: node2
rsc_defaults resource-stickiness=100
`,
	ready:   func(s *web.StatusReply) bool { return place(s, "guest") != "" && started("libvirt", 3)(s) },
	limit:   2 * time.Minute,
	systemd: true,
}

// counted reads what the guest wrote: how often it began, and how far it is.
func (g *rig) counted(t *testing.T, node string) (begun int, now uint64) {
	t.Helper()
	f := strings.Fields(g.sh(t, node, "grep -xc 0001 /srv/san/counter.log; sed '$!d' /srv/san/counter.log"))
	if len(f) != 2 {
		return 0, 0 // not yet
	}
	begun, err := strconv.Atoi(f[0])
	if err != nil {
		t.Fatal(err)
	}
	if now, err = strconv.ParseUint(f[1], 16, 16); err != nil {
		return begun, 0 // half of a line
	}
	return begun, now
}

// TestVirtualDomain moves a guest alive, kills it, kills the daemons of its host, puts
// the host into standby, and cuts its power and that of all.
func TestVirtualDomain(t *testing.T) {
	t.Parallel()
	x, g := virtual, virtual.open(t)
	at := func() string { return g.at(t, "guest") }
	// counts waits until the guest runs on a node, and there only, began so often and
	// is beyond that number.
	counts := func(node string, begun int, beyond uint64) (now uint64) {
		t.Helper()
		g.eventually(t, time.Minute, fmt.Sprintf("the guest counts beyond %d on %s", beyond, node), func() bool {
			var b int
			b, now = g.counted(t, node)
			return b == begun && now > beyond
		})
		for _, n := range g.Nodes() {
			if here := len(g.Processes(n, "qemu-system-x86")); here > 1 || (here == 1) != (n == node) {
				t.Errorf("%d guests run on %s; it belongs on %s", here, n, node)
			}
		}
		return now
	}
	home := at()
	n := counts(home, 1, 10)

	to := g.others(home)[0]
	g.mainstay(t, "resource", "move", "guest", to)
	x.whole(t, g)
	n = counts(to, 1, n)
	g.mainstay(t, "resource", "clear", "guest")

	guests := g.Processes(to, "qemu-system-x86")
	for _, daemon := range []string{"mainstay", "libvirtd"} {
		before := g.Processes(to, daemon)
		g.kill(t, to, daemon)
		g.eventually(t, time.Minute, daemon+" is back", func() bool {
			now := g.Processes(to, daemon)
			_, err := g.StatusOf(g.ctx, to)
			return len(now) == 1 && !slices.Equal(now, before) && err == nil
		})
		x.whole(t, g)
		if now := g.Processes(to, "qemu-system-x86"); !slices.Equal(now, guests) {
			t.Errorf("%s was killed; the guest was process %v, now %v", daemon, guests, now)
		}
		n = counts(to, 1, n)
	}

	g.mainstay(t, "node", "standby", to, "--wait")
	home = at()
	counts(home, 1, n)
	g.mainstay(t, "node", "online", to, "--wait")
	x.whole(t, g)

	g.kill(t, home, "qemu-system-x86")
	g.failed(t, "guest", home)
	x.whole(t, g)
	counts(home, 2, 10)

	g.cutPower(t, home)
	g.cluster(t, x.limit, "the guest to run elsewhere", func(s *web.StatusReply) bool {
		p := place(s, "guest")
		return p != "" && p != home
	})
	counts(at(), 3, 10)
	g.restorePower(t, home)
	x.whole(t, g)

	g.cutPower(t, g.Nodes()...)
	g.restorePower(t, g.Nodes()...)
	x.whole(t, g)
	counts(at(), 4, 10)
}
