package playground

import _ "embed"

// systemdScript starts systemd as the first process of a pid namespace in the node.
//
//go:embed files/systemd.sh
var systemdScript string

// Where systemd is, and what starts it in a node.
const (
	systemdPath    = "/lib/systemd/systemd"
	systemdStarter = "/usr/local/sbin/playground-systemd"
)

// awaitSystemd holds a program back until systemd answers on the node's message bus,
// as a boot would: what the payload looks for must not be missing yet.
const awaitSystemd = `until busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.DBus.Peer Ping >/dev/null 2>&1; do sleep 0.05; done; exec "$0" "$@"`

// addSystemd gives a node systemd. It is not the node's pid 1, which the playground
// needs for itself, but pid 1 of a namespace within; its units see the node's files
// and networks.
func (p *plan) addSystemd() {
	p.Files = append(p.Files, file{Path: systemdStarter, Mode: 0o755, Text: systemdScript})
	p.Beside = append(p.Beside, []string{systemdStarter})
	p.Payload = append([]string{"/bin/sh", "-c", awaitSystemd}, p.Payload...)
}
