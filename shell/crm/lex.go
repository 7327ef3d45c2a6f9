package crm

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"mainstay/cib"
)

// token is one word of a statement.
type token struct {
	text   string
	line   int
	quoted bool // some part of it was in quotes
}

// logical is one statement as written: its words, whatever lines they stood on,
// and the comment lines before it.
type logical struct {
	line     int
	toks     []token
	comments []string
	raw      string // of an xml statement: what follows the word xml, as written
}

// lexer cuts a text into statements.
type lexer struct {
	lines    []string
	problems []cib.Problem
	out      []logical
	comments []string
}

// lex splits a text into statements. A backslash at the end of a line continues
// the statement; a line whose first character is # is a comment. Words are
// split as a shell does it: '…' takes everything literally, in "…" a backslash
// escapes " and itself, elsewhere it escapes any character. What follows a # that
// stands by itself is a comment, also behind a backslash that continues the statement.
func lex(text string) ([]logical, []cib.Problem) {
	l := &lexer{lines: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")}
	l.checkCharacters()
	for n := 0; n < len(l.lines); {
		line := strings.TrimSpace(stripPrompt(l.lines[n]))
		switch {
		case line == "":
			n++
		case line[0] == '#':
			l.comments = append(l.comments, line)
			n++
		default:
			n = l.statement(n)
		}
	}
	return l.out, l.problems
}

// checkCharacters refuses what a CIB cannot hold.
func (l *lexer) checkCharacters() {
	for n, line := range l.lines {
		bad := strings.IndexFunc(line, func(r rune) bool { return r < 0x20 && r != '\t' || r == 0xFFFE || r == 0xFFFF })
		switch {
		case !utf8.ValidString(line):
			l.problems = append(l.problems, cib.Problem{Line: n + 1, Severity: cib.Error, Msg: "this line is not UTF-8", Remedy: "convert the text to UTF-8"})
		case bad >= 0:
			l.problems = append(l.problems, cib.Problem{Line: n + 1, Severity: cib.Error, Msg: fmt.Sprintf("character 0x%02x is not allowed", line[bad]), Remedy: "remove it"})
		}
	}
}

// stripPrompt cuts the shell's prompt from a line pasted from a session.
func stripPrompt(line string) string {
	rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), "crm(")
	if !ok {
		return line
	}
	if i := strings.Index(rest, "# "); i > 0 && !strings.ContainsAny(rest[:i], " =\"'") {
		return rest[i+2:]
	}
	return line
}

// statement reads one statement from line n on and returns the line after it.
func (l *lexer) statement(n int) int {
	st := logical{line: n + 1, comments: l.comments}
	l.comments = nil
	if body, ok := strings.CutPrefix(strings.TrimSpace(stripPrompt(l.lines[n])), "xml "); ok {
		return l.xml(st, body, n+1)
	}
	w := &words{lexer: l}
	for first := true; n < len(l.lines); first = false {
		line := l.lines[n]
		if first {
			line = stripPrompt(line)
		} else if t := strings.TrimSpace(line); t != "" && t[0] == '#' && w.quote == 0 {
			// A comment within a statement does not end it.
			st.comments = append(st.comments, t)
			n++
			continue
		}
		n++
		more := w.add(line, n)
		if !more {
			break
		}
	}
	if w.quote != 0 {
		l.problems = append(l.problems, cib.Problem{Line: w.quoteLine, Severity: cib.Error,
			Msg: "the quote " + string(w.quote) + " is never closed", Remedy: "close it on the same line"})
		return n
	}
	st.toks = w.toks
	st.comments = append(st.comments, w.comments...)
	if len(st.toks) == 0 {
		return n
	}
	if l.joinLost(&st) {
		return n
	}
	l.out = append(l.out, st)
	return n
}

// xml reads an xml statement, in which only the backslash at the end of a line counts.
func (l *lexer) xml(st logical, body string, n int) int {
	st.toks = []token{{"xml", n, false}}
	for {
		line, more := strings.CutSuffix(body, "\\")
		st.raw += strings.TrimSuffix(line, " ")
		if !more || n >= len(l.lines) {
			break
		}
		st.raw += "\n"
		body = strings.TrimRight(l.lines[n], "\t\r ")
		n++
	}
	l.out = append(l.out, st)
	return n
}

// clauseWords begin parts of a statement, never a statement.
var clauseWords = map[string]bool{"params": true, "meta": true, "op": true, "operations": true, "utilization": true,
	"attributes": true, "op_params": true, "op_meta": true, "rule": true, "storage": true, "network": true, "port-mapping": true, "storage-mapping": true}

// Unfinished tells whether a line ends in a backslash, maybe with a comment behind it,
// so that the statement goes on in the next one.
func Unfinished(line string) bool {
	w := &words{}
	t := strings.TrimRight(w.cutComment(line), " \t\r")
	return strings.HasSuffix(t, "\\") && !strings.HasSuffix(t, "\\\\")
}

// Continues tells whether a line can only be the continuation of the statement before
// it, even if that lacks its backslash.
func Continues(line string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return continues(first)
}

func continues(first string) bool {
	name, _, isPair := strings.Cut(first, "=")
	return clauseWords[first] || isPair && name != "" && !strings.ContainsAny(name, "<(/: ")
}

// joinLost recognises a line that can only be the continuation of the statement
// before it, whose last line lacks its backslash.
func (l *lexer) joinLost(st *logical) bool {
	if len(l.out) == 0 {
		return false
	}
	first := st.toks[0].text
	prev := &l.out[len(l.out)-1]
	if !continues(first) {
		return false
	}
	if prev.toks[0].text == "xml" || len(st.comments) > 0 {
		return false
	}
	last := prev.toks[len(prev.toks)-1].line
	if st.line != last+1 {
		return false
	}
	l.problems = append(l.problems, cib.Problem{Line: last, Severity: cib.Warning,
		Msg:    "a backslash is missing at the end of this line: " + first + " on line " + itoa(st.line) + " continues " + naming(prev.toks),
		Remedy: "it was read as if the backslash were there; add it"})
	prev.toks = append(prev.toks, st.toks...)
	return true
}

// words collects the words of a statement line by line.
type words struct {
	lexer     *lexer
	toks      []token
	cur       strings.Builder
	open      bool // a word has begun
	quoted    bool
	quote     byte
	quoteLine int
	comments  []string // at the ends of lines
}

// cutComment takes a comment off the end of a line: a # between blanks, outside of
// quotes. (#uname and its like are words.)
func (w *words) cutComment(line string) string {
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0:
			if c == '\\' && quote == '"' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') && (i+1 == len(line) || line[i+1] == ' ' || line[i+1] == '\t'):
			if text := strings.TrimSpace(line[i:]); text != "#" {
				w.comments = append(w.comments, text)
			}
			return strings.TrimRight(line[:i], " \t")
		}
	}
	return line
}

// add splits one line and tells whether the statement goes on after it.
func (w *words) add(line string, n int) bool {
	if w.quote == 0 {
		line = w.cutComment(line)
		if t := strings.TrimRight(line, " \t"); strings.HasSuffix(t, "\\") && !strings.HasSuffix(t, "\\\\") {
			w.split(t[:len(t)-1], n)
			w.end(n)
			return true
		}
	}
	w.split(line, n)
	if w.quote != 0 && n-w.quoteLine < 200 && w.closesLater(n) {
		w.cur.WriteByte('\n')
		return true
	}
	w.end(n)
	return false
}

// closesLater tells whether an open quote is closed on a later line of the
// same paragraph, so that a value may span lines.
func (w *words) closesLater(n int) bool {
	for _, line := range w.lexer.lines[min(n, len(w.lexer.lines)):] {
		if strings.TrimSpace(line) == "" {
			return false
		}
		first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, isStatement := kinds[first]; isStatement {
			return false
		}
		if strings.IndexByte(line, w.quote) >= 0 {
			return true
		}
	}
	return false
}

func (w *words) split(line string, n int) {
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case w.quote != 0:
			switch {
			case c == w.quote:
				w.quote = 0
			case c == '\\' && w.quote == '"' && i+1 < len(line) && (line[i+1] == '"' || line[i+1] == '\\'):
				i++
				w.cur.WriteByte(line[i])
			default:
				w.cur.WriteByte(c)
			}
		case c == ' ' || c == '\t':
			w.end(n)
		case c == '"' || c == '\'':
			w.quote, w.quoteLine, w.open, w.quoted = c, n, true, true
		case c == '\\' && i+1 < len(line):
			i++
			w.cur.WriteByte(line[i])
			w.open = true
		default:
			w.cur.WriteByte(c)
			w.open = true
		}
	}
}

// end finishes the current word, if there is one and it is not within quotes.
func (w *words) end(n int) {
	if !w.open || w.quote != 0 {
		return
	}
	w.toks = append(w.toks, token{w.cur.String(), n, w.quoted})
	w.cur.Reset()
	w.open, w.quoted = false, false
}

// naming is what a statement is called in messages: its keyword and its name.
func naming(toks []token) string {
	if len(toks) > 1 && validID(toks[1].text) {
		return toks[0].text + " " + toks[1].text
	}
	return toks[0].text
}
