//go:build e2e

package e2e

import (
	"testing"
	"time"

	"mainstay/internal/web"
)

// guest is a virtual machine without disks under ocf:heartbeat:anything. Its monitor
// socket tells that it lives, besides its process.
var guest = site{
	crm: `
primitive vm ocf:heartbeat:anything params binfile=/usr/bin/qemu-system-x86_64 \
  cmdline_options="-accel tcg -machine pc -m 16 -nodefaults -display none -name guest -qmp unix:/run/guest.qmp,server=on,wait=off" \
  pidfile=/run/guest.pid \
  op monitor interval=3 timeout=30 op start interval=0 timeout=60 op stop interval=0 timeout=60
location vm-first vm 50: node2
rsc_defaults resource-stickiness=100
`,
	ready: func(s *web.StatusReply) bool { return place(s, "vm") != "" },
	limit: 2 * time.Minute,
}

// query asks a guest's monitor how it is.
const query = `(echo '{"execute":"qmp_capabilities"}{"execute":"query-status"}'; sleep 1) | socat - UNIX-CONNECT:/run/guest.qmp | grep -o '"status": "[a-z]*"'`

// TestGuest kills a virtual machine, then cuts the power of its host.
func TestGuest(t *testing.T) {
	t.Parallel()
	x, g := guest, guest.open(t)
	home := g.at(t, "vm")
	g.says(t, time.Minute, home, `"status": "running"`, query)

	before := g.Processes(home, "qemu-system-x86")
	g.kill(t, home, "qemu-system-x86")
	g.failed(t, "vm", home)
	x.whole(t, g)
	if now := g.at(t, "vm"); now != home {
		t.Errorf("the guest was killed on %s and runs on %s now", home, now)
	}
	if now := g.Processes(home, "qemu-system-x86"); len(before) != 1 || len(now) != 1 || now[0] == before[0] {
		t.Errorf("its processes were %v, now %v", before, now)
	}
	g.says(t, time.Minute, home, `"status": "running"`, query)

	g.cutPower(t, home)
	g.cluster(t, x.limit, "the guest to run elsewhere", func(s *web.StatusReply) bool {
		p := place(s, "vm")
		return p != "" && p != home
	})
	now := g.at(t, "vm")
	g.says(t, time.Minute, now, `"status": "running"`, query)
	g.restorePower(t, home)
	x.whole(t, g)
	if n := len(g.Processes(home, "qemu-system-x86")); n != 0 {
		t.Errorf("%d guests run on %s, which came back, besides that on %s", n, home, now)
	}
}
