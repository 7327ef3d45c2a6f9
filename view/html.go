package view

import (
	"html"
	"strings"
)

// style is the page's look; classes name conditions.
const style = `body { font-family: sans-serif; margin: 2em; }
h2 { margin-bottom: .3em; font-size: 1.1em; }
ul { margin-top: .2em; }
li { white-space: pre-wrap; }
.ok { color: #197319; } .bad { color: #b00020; font-weight: bold; } .warn { color: #9a6700; }
`

// HTML is the cluster's state as a page of its own: the text's blocks as
// headings and lists, with conditions in colours.
func HTML(f *Frame, opt Options) string {
	var b strings.Builder
	name := orElse(f.Cluster.Name, "Cluster")
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + html.EscapeString(name) +
		" Status</title>\n<style>" + style + "</style>\n</head>\n<body>\n")
	depth := 0
	to := func(n int) {
		for ; depth < n; depth++ {
			b.WriteString("<ul>\n")
		}
		for ; depth > n; depth-- {
			b.WriteString("</ul>\n")
		}
	}
	for _, line := range strings.Split(Text(f, opt), "\n") {
		trimmed := strings.TrimLeft(line, " ")
		item, isItem := strings.CutPrefix(trimmed, "* ")
		switch {
		case trimmed == "":
			to(0)
		case isItem:
			to((len(line) - len(trimmed)) / 2)
			b.WriteString("<li" + class(item) + ">" + html.EscapeString(item) + "</li>\n")
		case len(line) == len(trimmed):
			to(0)
			b.WriteString("<h2>" + html.EscapeString(strings.TrimSuffix(line, ":")) + "</h2>\n")
		default:
			to(0)
			b.WriteString("<p class=\"warn\">" + html.EscapeString(trimmed) + "</p>\n")
		}
	}
	to(0)
	b.WriteString("</body>\n</html>\n")
	return b.String()
}

// class is the class attribute of an item, "" if it needs none.
func class(item string) string {
	for _, c := range []struct{ name, words string }{
		{"bad", "FAILED|UNCLEAN|OFFLINE|WITHOUT quorum|NOT quorate|DOWN|could not be executed|returned '|BLOCKED|blocked"},
		{"warn", "standby|maintenance|unmanaged|disabled|pending|ORPHANED|Stopped"},
		{"ok", "Online: |Started|Promoted|: online|: up"},
	} {
		for _, w := range strings.Split(c.words, "|") {
			if strings.Contains(item, w) {
				return ` class="` + c.name + `"`
			}
		}
	}
	return ""
}
