package cib

import (
	"strconv"
	"strings"
)

// Severity says how much a problem matters.
type Severity int

// The severities. An Error keeps a configuration from being loaded.
const (
	Error Severity = iota
	Warning
	Info
)

// String is the severity as messages show it.
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	}
	return "info"
}

// Problem is something wrong with a configuration, said so that its owner can
// find it and knows what to do.
type Problem struct {
	Line     int    // of the text it was read from, 0 if it was not read from a text
	Path     string // of the element, "" where there is none
	ID       string // of the object that the problem is about, if it has one
	Severity Severity
	Code     string // the kind of problem, where programs tell kinds apart; see the Code constants
	Msg      string // what is wrong, naming the thing
	Remedy   string // what to do about it, "" if that is plain
}

// CodeUnknownOption marks a cluster option that nobody knows. The cluster works
// with it, and agents keep data in such options, so it is only a warning here;
// where an operator writes it, it is an error.
const CodeUnknownOption = "unknown-option"

// String writes the problem on one line: line 3: error: …; remedy.
func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		b.WriteString("line " + strconv.Itoa(p.Line) + ": ")
	}
	b.WriteString(p.Severity.String() + ": " + p.Msg)
	if p.Remedy != "" {
		b.WriteString("; " + p.Remedy)
	}
	return b.String()
}

// HasErrors tells whether one of the problems is an Error.
func HasErrors(ps []Problem) bool {
	for _, p := range ps {
		if p.Severity == Error {
			return true
		}
	}
	return false
}

// Nearest returns the candidate that is most like a misspelt word, or "" if
// none is near enough to be meant.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", min(len(word)/3+2, len(word))
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c), bestDistance); d < bestDistance && c != word {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and exchanges of
// neighbours that turn a into b, giving up at limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	two, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], two[j-2]+1)
			}
		}
		two, prev, cur = prev, cur, two
	}
	return prev[len(b)]
}
