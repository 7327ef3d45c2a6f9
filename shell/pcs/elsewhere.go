package pcs

import (
	"fmt"
	"strings"
)

// elsewhere are the commands of pcs that speak to pcsd or change what Mainstay has
// otherwise, each with what to do instead. A path stands for all that begins with it,
// as far as no longer one is a command.
var elsewhere = []struct{ path, instead string }{
	{"booth", "booth's daemon is set up by its own files in /etc/booth; \"crm_ticket --ticket T --grant\" and \"--revoke\" decide over a ticket in this cluster"},
	{"client", "there is no pcsd to be known to: root and the group haclient may use the cluster's socket, \"pcs acl\" says what for"},
	{"cluster authkey", "\"mainstay cluster rekey\" gives all members a new key while the cluster runs"},
	{"cluster config update", "edit the configuration file, see \"mainstay config check\", then \"mainstay cluster reload\" has all members take it over"},
	{"cluster config uuid", "a cluster is known by its name and key; it needs no other mark"},
	{"cluster destroy", "\"pcs cluster stop\", then remove /etc/mainstay and /var/lib/mainstay of this machine; the others forget it by \"mainstay node remove NODE\""},
	{"cluster link", "links are the ringN_addr of each node in the configuration file (up to eight); \"mainstay cluster reload\" has all members take them over"},
	{"cluster node add-guest", "\"pcs resource update RESOURCE meta remote-node=NAME\" makes a resource a guest node; /etc/pacemaker/authkey has to be the same there"},
	{"cluster node add-remote", "\"pcs resource create NAME ocf:pacemaker:remote server=ADDRESS\" makes a remote node; /etc/pacemaker/authkey has to be the same there"},
	{"cluster node delete-guest", "\"pcs resource meta RESOURCE remote-node=\" makes it an ordinary resource again"},
	{"cluster node delete-remote", "\"pcs resource delete NAME\" removes a remote node"},
	{"cluster node remove-guest", "\"pcs resource meta RESOURCE remote-node=\" makes it an ordinary resource again"},
	{"cluster node remove-remote", "\"pcs resource delete NAME\" removes a remote node"},
	{"cluster pcsd-status", "there is no pcsd; \"mainstay status --links\" tells who reaches whom"},
	{"cluster uidgid", "no program speaks to the membership layer directly; root and the group haclient may use the cluster's socket"},
	{"config backup", "\"pcs cluster cib FILE\" saves the configuration; the membership's is a file of its own, the same on all nodes"},
	{"config checkpoint", "every plan is kept with the configuration it was made for: \"mainstay history\" lists them"},
	{"config restore", "\"pcs cluster cib-push --config FILE\" restores a configuration that \"pcs cluster cib FILE\" saved"},
	{"dr", "there are no recovery sites; another cluster is asked by \"mainstay status\" there"},
	{"host deauth", "nodes are not known by passwords; \"mainstay node remove NODE\" has the cluster forget one"},
	{"pcsd", "there is no pcsd: nodes trust each other by the cluster's key, its console by its own certificate"},
	{"qdevice", "\"mainstay witness\" is an arbiter, an installed corosync-qnetd is set up by its own tools"},
	{"quorum device add", "\"mainstay witness invite\" on the arbiter and \"mainstay witness join TOKEN\" here, or quorum { device { … } } in the configuration file and \"mainstay cluster reload\""},
	{"quorum device", "\"corosync-quorumtool\" shows the device's vote, \"mainstay witness leave\" takes it out, the configuration file has its settings"},
	{"quorum unblock", "wait_for_all is a setting of the configuration file: change it there and start the nodes that are to go on"},
	{"quorum update", "edit quorum { … } in the configuration file, then \"mainstay cluster reload\" has all members take it over"},
	{"status booth", "booth's daemon is asked by \"booth status\", tickets are shown by \"crm_ticket --info\""},
	{"status pcsd", "there is no pcsd; \"mainstay status --links\" tells who reaches whom"},
	{"status qdevice", "\"mainstay witness status\" on the arbiter tells which clusters it knows"},
	{"stonith sbd", "the daemon feeds the watchdog itself: set stonith-watchdog-timeout, and resources { watchdog_device } in the configuration file"},
	{"stonith update-scsi-devices", "\"pcs stonith update ID devices=…\" changes them; what runs is unfenced anew"},
}

// elsewhereCommands answer what is done in another way.
func elsewhereCommands() []command {
	out := []command{
		{path: "cluster node add", usage: "<node name>", run: (*shell).addNode, apart: true},
		{path: "cluster node remove", usage: "<node name>", run: (*shell).removeNode, apart: true},
		{path: "cluster node delete", usage: "<node name>", run: (*shell).removeNode, apart: true},
		{path: "quorum expected-votes", usage: "<votes>", run: (*shell).expectedVotes, apart: true},
	}
	for _, e := range elsewhere {
		out = append(out, command{path: e.path, usage: "-", apart: true, run: func(*shell, []string) error {
			return fmt.Errorf("pcs %s is not done here: %s", e.path, e.instead)
		}})
	}
	return out
}

// addNode prints the command by which a further machine joins.
func (s *shell) addNode(args []string) error {
	if len(args) == 0 {
		return usageError{"cluster node add"}
	}
	if strings.Contains(args[0], "=") {
		return fmt.Errorf("the name of the node is missing before '%s'", args[0])
	}
	s.effect = Own{Before: args[0] + ": within an hour, run there: mainstay join ", Args: []string{"invite"}}
	return nil
}

// removeNode has the cluster forget a node that has left.
func (s *shell) removeNode(args []string) error {
	if len(args) != 1 {
		return usageError{"cluster node remove"}
	}
	s.effect = Own{Args: []string{"node", "remove", args[0]}}
	return nil
}

// expectedVotes changes how many votes are expected while the cluster runs.
func (s *shell) expectedVotes(args []string) error {
	if len(args) != 1 {
		return usageError{"quorum expected-votes"}
	}
	r := s.call("corosync-quorumtool", "-e", args[0])
	if r.Code != 0 {
		return fmt.Errorf("%s", strings.TrimSpace(r.Err+r.Out))
	}
	s.print("%s", r.Out)
	return nil
}
