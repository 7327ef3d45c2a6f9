package conf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity tells how bad a problem is.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the file cannot be used
	Warning Severity = "warning" // it is used, but not quite as written
	Info    Severity = "info"    // it is used; the key means nothing here
)

// Problem is something that the reader of a file has to say.
type Problem struct {
	File     string
	Line     int // from 1; 0: the whole file
	Severity Severity
	Key      string // "totem.token"
	Msg      string
	Remedy   string
}

// String is "FILE:LINE: error: KEY: MESSAGE; REMEDY".
func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d: %s: ", p.File, p.Line, p.Severity)
	if p.Line == 0 {
		s = fmt.Sprintf("%s: %s: ", p.File, p.Severity)
	}
	if p.Key != "" {
		s += p.Key + ": "
	}
	s += p.Msg
	if p.Remedy != "" {
		s += "; " + p.Remedy
	}
	return s
}

// Failed tells whether a problem makes the file unusable.
func Failed(ps []Problem) bool {
	for _, p := range ps {
		if p.Severity == Error {
			return true
		}
	}
	return false
}

// section is a parsed section: its keys and the sections in it, in file order.
type section struct {
	name string
	line int
	keys []entry
	subs []*section
}

type entry struct {
	name, value string
	line        int
}

// reader gathers problems while it reads.
type reader struct {
	file     string
	problems []Problem
}

func (r *reader) say(line int, sev Severity, key, remedy, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.file, line, sev, key, fmt.Sprintf(format, args...), remedy})
}

// tree reads the syntax: sections in braces, "key: value" lines, comments.
func (r *reader) tree(text []byte) *section {
	root := &section{}
	open := []*section{root}
	for i, raw := range strings.Split(string(text), "\n") {
		n := i + 1
		line := strings.TrimSpace(raw)
		top := open[len(open)-1]
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasSuffix(line, "{"):
			name := strings.TrimSpace(strings.TrimSuffix(line, "{"))
			if name == "" {
				r.say(n, Error, "", "write the section's name before the brace", "a section without a name")
			}
			s := &section{name: name, line: n}
			top.subs = append(top.subs, s)
			open = append(open, s)
		case line == "}":
			if len(open) == 1 {
				r.say(n, Error, "", "remove it", "a closing brace without an open section")
				continue
			}
			open = open[:len(open)-1]
		default:
			key, value, ok := strings.Cut(line, ":")
			if !ok {
				r.say(n, Error, "", `write "key: value", "section {" or "}"`, "%q is neither a key nor a section", line)
				continue
			}
			top.keys = append(top.keys, entry{strings.TrimSpace(key), strings.TrimSpace(value), n})
		}
	}
	for _, s := range open[1:] {
		r.say(s.line, Error, s.name, "add the missing brace", "the section is never closed")
	}
	return root
}

// Parse reads a configuration file. The Config is usable unless Failed(problems).
func Parse(text []byte, file string) (*Config, []Problem) {
	b := build(text, file)
	return b.c, b.problems
}

func build(text []byte, file string) *builder {
	r := &reader{file: file}
	root := r.tree(text)
	b := &builder{reader: r, c: &Config{Engine: "ring"}}
	b.build(root)
	slices.SortStableFunc(r.problems, func(x, y Problem) int { return cmp.Compare(x.Line, y.Line) })
	return b
}
