package conf

import (
	"fmt"
	"strconv"
	"strings"
)

// SetDevice returns the text of a configuration file with a net device in its quorum
// section, in place of one that is there; two_node, which a device replaces, is
// taken out. Everything else, comments too, stays as it is.
func SetDevice(text []byte, n Net) ([]byte, error) {
	section := []string{"    device {", "        model: net", "        net {", "            host: " + n.Host}
	if n.Port != 0 && n.Port != defaultPort {
		section = append(section, "            port: "+strconv.Itoa(n.Port))
	}
	for _, k := range []struct{ name, value string }{{"algorithm", n.Algorithm}, {"tie_breaker", n.TieBreaker}, {"tls", n.TLS}, {"fingerprint", n.Fingerprint}} {
		if k.value != "" {
			section = append(section, "            "+k.name+": "+k.value)
		}
	}
	section = append(section, "        }", "    }")
	out, at := withoutDevice(strings.Split(string(text), "\n"))
	if at < 0 {
		out = append(strings.Split(strings.TrimRight(strings.Join(out, "\n"), "\n"), "\n"), "quorum {", "    provider: corosync_votequorum", "}", "")
		at = len(out) - 2
	}
	out = append(out[:at:at], append(section, out[at:]...)...)
	after := []byte(strings.Join(out, "\n"))
	if _, problems := Parse(after, "configuration"); Failed(problems) {
		return nil, fmt.Errorf("the configuration with this device has errors: %v", problems)
	}
	return after, nil
}

// RemoveDevice returns the text without a device section.
func RemoveDevice(text []byte) []byte {
	out, _ := withoutDevice(strings.Split(string(text), "\n"))
	return []byte(strings.Join(out, "\n"))
}

// withoutDevice leaves the device section and two_node out of the quorum section,
// and tells in which line that ends; -1 if there is none.
func withoutDevice(lines []string) (out []string, at int) {
	depth, inQuorum, inDevice := 0, false, false
	at = -1
	for _, raw := range lines {
		line := strings.TrimSpace(raw)
		key, _, _ := strings.Cut(line, ":")
		skip := inDevice || inQuorum && depth == 1 && strings.TrimSpace(key) == "two_node"
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.HasSuffix(line, "{"):
			name := strings.TrimSpace(strings.TrimSuffix(line, "{"))
			if depth == 0 {
				inQuorum = name == "quorum"
			} else if inQuorum && depth == 1 && name == "device" {
				inDevice, skip = true, true
			}
			depth++
		case line == "}":
			depth--
			if inQuorum && depth == 0 {
				inQuorum, at = false, len(out)
			} else if inDevice && depth == 1 {
				inDevice = false
			}
		}
		if !skip {
			out = append(out, raw)
		}
	}
	return out, at
}
