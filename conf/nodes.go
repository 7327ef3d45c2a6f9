package conf

import (
	"fmt"
	"slices"
	"strings"
)

// AddNode returns the text of a configuration file with one more node at the end
// of its nodelist; everything else, comments too, stays as it is. A node that is
// there already, the same in every field, changes nothing.
func AddNode(text []byte, n Node) ([]byte, error) {
	c, problems := Parse(text, "configuration")
	if Failed(problems) {
		return nil, fmt.Errorf("the present configuration has errors: %v", problems)
	}
	for _, have := range c.Nodes {
		if have.Name == n.Name && have.ID == n.ID && slices.Equal(have.Addrs, n.Addrs) {
			return text, nil
		}
		if have.Name == n.Name || have.ID == n.ID {
			return nil, fmt.Errorf("node %s (id %s) is in the nodelist already, with addresses %v; remove it first", have.Name, have.ID, have.Addrs)
		}
	}
	if want := c.Links(); len(n.Addrs) != want {
		return nil, fmt.Errorf("node %s has %d addresses; the cluster has %d links", n.Name, len(n.Addrs), want)
	}
	return edit(text, func(lines []string, list span, _ []nodeSpan) []string {
		return slices.Insert(lines, list.end, nodeLines(n)...)
	})
}

// RemoveNode returns the text without a node.
func RemoveNode(text []byte, name string) ([]byte, error) {
	found := false
	out, err := edit(text, func(lines []string, _ span, nodes []nodeSpan) []string {
		for _, n := range nodes {
			if n.name == name {
				found = true
				return slices.Delete(lines, n.begin, n.end+1)
			}
		}
		return lines
	})
	if err == nil && !found {
		err = fmt.Errorf("node %s is not in the nodelist", name)
	}
	return out, err
}

func nodeLines(n Node) []string {
	out := []string{"    node {", "        name: " + n.Name, "        nodeid: " + n.ID.String()}
	for i, a := range n.Addrs {
		out = append(out, fmt.Sprintf("        ring%d_addr: %s", i, a))
	}
	if n.Votes != 1 {
		out = append(out, fmt.Sprintf("        quorum_votes: %d", n.Votes))
	}
	return append(out, "    }")
}

// span is the lines of a section, from its head to its closing brace.
type span struct{ begin, end int }

type nodeSpan struct {
	span
	name string
}

// edit finds the nodelist and its nodes in the lines of a file.
func edit(text []byte, change func(lines []string, list span, nodes []nodeSpan) []string) ([]byte, error) {
	lines := strings.Split(string(text), "\n")
	list, inside := span{-1, -1}, 0
	var nodes []nodeSpan
	depth := 0
	for i, raw := range lines {
		line := strings.TrimSpace(raw)
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.HasSuffix(line, "{"):
			name := strings.TrimSpace(strings.TrimSuffix(line, "{"))
			if depth == 0 && name == "nodelist" {
				list.begin, inside = i, 1
			} else if depth == 1 && inside == 1 && name == "node" {
				nodes = append(nodes, nodeSpan{span: span{i, -1}})
				inside = 2
			}
			depth++
		case line == "}":
			depth--
			if inside == 2 && depth == 1 {
				nodes[len(nodes)-1].end, inside = i, 1
			} else if inside == 1 && depth == 0 {
				list.end, inside = i, 0
			}
		case inside == 2:
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "name" {
				nodes[len(nodes)-1].name = strings.TrimSpace(v)
			}
		}
	}
	if list.end < 0 {
		return nil, fmt.Errorf("the configuration has no nodelist")
	}
	return []byte(strings.Join(change(lines, list, nodes), "\n")), nil
}
