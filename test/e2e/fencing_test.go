//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mainstay/internal/playground"
	"mainstay/internal/web"
)

// chassis is what the simulated management boards (ipmi_sim of OpenIPMI, which speaks
// IPMI over the network) call: it presses the playground's switch for the node that it
// is given, and keeps the minutes.
const chassis = `#!/bin/sh
node=$1; shift
case "$1 $2" in
"get power") fence_playground -o status -n "$node" >/dev/null; [ $? = 2 ] && echo power:0 || echo power:1 ;;
"set power") [ "$3" = 1 ] && what=on || what=off; echo "ipmi $node $what" >>/var/log/presses; fence_playground -o $what -n "$node" >/dev/null ;;
esac
`

// board is one of them: where it listens, whom it lets in, what it calls.
const board = `name "board%[1]d"
set_working_mc 0x20
  startlan 1
    addr 192.0.2.%[1]d 623
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcde%[1]d
  endlan
  chassis_control "/usr/local/sbin/chassis node%[1]d"
  user 2 true "admin" "secret" admin 10 none md2 md5 straight
`

// boards lets a node reach the boards of all nodes, at addresses of its own.
func (g *rig) boards(t *testing.T, node string) {
	t.Helper()
	g.put(t, node, "/usr/local/sbin/chassis", chassis)
	g.put(t, node, "/etc/ipmi/board.emu", "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n")
	g.sh(t, node, "chmod 755 /usr/local/sbin/chassis; mkdir -p /run/ipmi; ip link set lo up")
	for n := range g.Nodes() {
		g.put(t, node, fmt.Sprintf("/etc/ipmi/board%d.conf", n+1), fmt.Sprintf(board, n+1))
		g.sh(t, node, "ip addr add 192.0.2.%[1]d/32 dev lo; setsid ipmi_sim -n -p -c /etc/ipmi/board%[1]d.conf -f /etc/ipmi/board.emu -s /run/ipmi </dev/null >/dev/null 2>&1 &", n+1)
	}
}

// hypervisor stands in for ssh to a machine that has virsh: a shell that knows one
// command. Its guests have names of their own.
const hypervisor = `#!/bin/sh
printf 'password: '
read -r password
printf '[EXPECT]# '
while read -r sudo cmd guest rest; do
  [ "$sudo" = virsh ] || exit 0
  node=node${guest#guest}
  case "$cmd" in
  list) printf ' Id   Name      State\n'; for n in 1 2 3; do printf ' %s    guest%s   running\n' $n $n; done ;;
  domstate) fence_playground -o status -n "$node" >/dev/null; [ $? = 2 ] && echo "shut off" || echo running ;;
  destroy) echo "virsh $node off" >>/var/log/presses; fence_playground -o off -n "$node" ;;
  start) echo "virsh $node on" >>/var/log/presses; fence_playground -o on -n "$node" ;;
  esac
  printf '[EXPECT]# '
done
`

// realDevices are fence agents of Debian's package: one board per machine, and a
// hypervisor that is asked whom it has. The topology names a machine by a pattern,
// one by itself, one by an attribute; the dummy has to be told of each node that joins.
const realDevices = `
node node1 attributes host=big
primitive board1 stonith:fence_ipmilan params ip=192.0.2.1 username=admin password=secret lanplus=1 cipher=3 pcmk_host_list=node1 power_wait=0 op monitor interval=0
primitive board2 stonith:fence_ipmilan params ip=192.0.2.2 username=admin password=secret lanplus=1 cipher=3 pcmk_host_list=node2 power_wait=0 pcmk_reboot_timeout=70 op monitor interval=0
primitive broken stonith:fence_ipmilan params ip=192.0.2.9 username=admin password=secret lanplus=1 ipmitool_timeout=2 pcmk_host_list=node2 pcmk_reboot_retries=1 op monitor interval=0
primitive guests stonith:fence_virsh params ip=192.0.2.100 username=root password=x ssh_path=/usr/local/bin/hypervisor pcmk_host_map="node1:guest1;node3:guest3" op monitor interval=0
primitive switch stonith:fence_dummy params pcmk_host_list="node1 node2 node3" status_file=/run/switch.status meta provides=unfencing op monitor interval=0
primitive work ocf:pacemaker:Dummy op monitor interval=10
location work-first work 10: node2
fencing_topology node2: broken board2 pattern:node[3-9] guests attr:host=big guests
property stonith-enabled=true stonith-timeout=60
`

// fenced has an operator fence a node, waits until it is back, and returns what the
// history and the simulated devices say of it.
func (g *rig) fenced(t *testing.T, node string) (device, presses string) {
	t.Helper()
	was, err := g.HealthOf(node)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range g.Nodes() {
		g.sh(t, n, "rm -f /var/log/presses")
	}
	g.run(t, g.others(node)[0], "mainstay", "fence", node, "--yes")
	g.eventually(t, time.Minute, node+" has booted", func() bool {
		now, err := g.HealthOf(node)
		return err == nil && now.PID != was.PID
	})
	g.cluster(t, time.Minute, "all to be back", func(s *web.StatusReply) bool { return allOnline(s) && calm(s) })
	for _, n := range g.Nodes() {
		presses += g.sh(t, n, "cat /var/log/presses 2>/dev/null || true")
	}
	s, err := g.StatusOf(g.ctx, g.others(node)[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Node.Fencing {
		if f.Node == node && f.Action != "on" && f.OK {
			return f.Device, strings.Join(strings.Fields(presses), " ")
		}
	}
	return "", presses
}

// TestFenceAgents: unmodified fence agents of Debian press simulated devices, by the
// ways that the topology names.
func TestFenceAgents(t *testing.T) {
	t.Parallel()
	g := &rig{Room: openIn(t, *dir+"-fencing", playground.Options{Plain: true}), ctx: t.Context()}
	for _, n := range g.Nodes() {
		g.boards(t, n)
		g.put(t, n, "/usr/local/bin/hypervisor", hypervisor)
		g.sh(t, n, "chmod 755 /usr/local/bin/hypervisor")
	}
	g.load(t, realDevices)
	g.cluster(t, time.Minute, "the service", func(s *web.StatusReply) bool { return calm(s) && place(s, "work") == "node2" })

	for _, x := range []struct{ node, device, presses string }{
		{"node2", "board2", "ipmi node2 off"},
		{"node3", "guests", "virsh node3 off virsh node3 on"},
		{"node1", "guests", "virsh node1 off virsh node1 on"},
	} {
		device, presses := g.fenced(t, x.node)
		if device != x.device || !strings.Contains(presses, x.presses) {
			t.Errorf("%s was fenced by %q, pressing %q; want %q, %q", x.node, device, presses, x.device, x.presses)
		}
	}

	// Nothing reaches this one any more: it waits for the operator's word.
	for _, n := range g.Nodes() {
		for _, p := range g.Processes(n, "ipmi_sim") {
			if err := unix.Kill(p, unix.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	g.cluster(t, time.Minute, "the service", func(s *web.StatusReply) bool { return calm(s) && place(s, "work") == "node2" })
	if err := g.PowerOff("node2"); err != nil {
		t.Fatal(err)
	}
	g.cluster(t, time.Minute, "the fencing to fail", func(s *web.StatusReply) bool {
		return slices.ContainsFunc(s.Node.Fencing, func(f web.FenceEvent) bool { return f.Node == "node2" && f.Done && !f.OK })
	})
	if p := place(g.look(t), "work"); p != "node2" && p != "" {
		t.Errorf("the service runs on %s, though nobody knows that node2 is off", p)
	}
	out := g.run(t, "node1", "stonith_admin", "--confirm", "node2")
	g.cluster(t, time.Minute, "the service to run elsewhere", func(s *web.StatusReply) bool {
		p := place(s, "work")
		return p == "node1" || p == "node3"
	})
	if out = g.run(t, "node1", "stonith_admin", "--history", "node2"); !strings.Contains(out, "node2") {
		t.Errorf("the history does not tell of node2:\n%s", fmt.Sprint(out))
	}
}
