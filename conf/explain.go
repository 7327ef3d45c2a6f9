package conf

import (
	"fmt"
	"strconv"
	"strings"
)

// Setting is one setting in effect.
type Setting struct {
	Key    string // "totem.token", "nodelist.node.n1.nodeid"
	Value  string
	Source string // "line 5", "default", or "default: " and what it follows from
	What   string // what it means
}

// Explain reads a file and tells every setting in effect, with its source and
// meaning, in the order of the manual page; and the problems as Parse does.
func Explain(text []byte, file string) ([]Setting, []Problem) {
	b := build(text, file)
	e := &explainer{lines: b.lines}
	c := b.c
	explain(e, "totem", "totem", totemKeys(), &c.Totem)
	for link := range MaxLinks {
		f, described := c.Totem.Interfaces[link]
		if link >= max(c.Links(), 1) && !described {
			continue
		}
		f.Link = link
		path := "totem.interface." + strconv.Itoa(link)
		explain(e, path, path, interfaceKeys(), &f)
	}
	for i := range c.Nodes {
		n := &c.Nodes[i]
		explain(e, "nodelist.node."+n.Name, "nodelist.node."+n.ID.String(), nodeKeys(), n)
		for link, a := range n.Addrs {
			line := ""
			for _, cl := range b.claimed {
				if cl.addr == a && cl.link == link {
					line = "line " + strconv.Itoa(cl.line)
				}
			}
			e.out = append(e.out, Setting{fmt.Sprintf("nodelist.node.%s.ring%d_addr", n.Name, link), a, line, fmt.Sprintf("address of the node on link %d", link)})
		}
	}
	explain(e, "quorum", "quorum", quorumKeys(), &c.Quorum)
	if d := c.Quorum.Device; d != nil {
		explain(e, "quorum.device", "quorum.device", deviceKeys(), d)
		explain(e, "quorum.device.net", "quorum.device.net", netKeys(), &d.Net)
		if h := &d.Heuristics; h.Mode != "off" || len(h.Exec) > 0 {
			explain(e, "quorum.device.heuristics", "quorum.device.heuristics", heuristicsKeys(), h)
			for _, x := range h.Exec {
				key := "quorum.device.heuristics.exec_" + x.Name
				e.out = append(e.out, Setting{key, x.Command, "line " + strconv.Itoa(b.lines[key]), "a command that has to succeed"})
			}
		}
	}
	explain(e, "logging", "logging", loggingKeys(), &c.Logging)
	explain(e, "system", "system", systemKeys(), &c.System)
	explain(e, "resources", "resources", watchdogKeys(), &c.Watchdog)
	e.token(c)
	return e.out, b.problems
}

type explainer struct {
	lines map[string]int
	out   []Setting
}

// explain tells the settings of one section: path is for people, at is where
// their lines are kept.
func explain[T any](e *explainer, path, at string, specs []spec[T], v *T) {
	for _, k := range specs {
		if k.gone {
			continue
		}
		val, from := k.get(v)
		line, set := e.lines[at+"."+k.name]
		source := "default"
		switch {
		case val == "":
			continue
		case set:
			source = "line " + strconv.Itoa(line)
		case from != "":
			source = "default: " + from
		}
		e.out = append(e.out, Setting{path + "." + k.name, val, source, k.what})
	}
}

// token says where the coefficient is in it.
func (e *explainer) token(c *Config) {
	if c.Totem.TokenCoefficient == 0 || len(c.Nodes) < 3 {
		return
	}
	for i := range e.out {
		if e.out[i].Key == "totem.token" {
			e.out[i].Source += fmt.Sprintf(", plus %d * token_coefficient", len(c.Nodes)-2)
		}
	}
}

// Table writes settings in columns.
func Table(settings []Setting) string {
	var key, value, source int
	for _, s := range settings {
		key, value, source = max(key, len(s.Key)), max(value, len(s.Value)), max(source, len(s.Source))
	}
	var out strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&out, "%-*s  %-*s  %-*s  %s\n", key, s.Key, value, s.Value, source, s.Source, s.What)
	}
	return out.String()
}
