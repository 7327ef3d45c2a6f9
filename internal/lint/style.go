package lint

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/token"
	"path"
	"slices"
	"strings"
)

// Limits of length, in lines, blanks and comments included.
const (
	MaxFileLines = 600
	MaxFuncLines = 70
)

// checkSize finds files and functions that have outgrown the house. Functions of
// tests are spared: a table of cases is not a function that has to be understood.
func checkSize(m *Module) []Finding {
	var out []Finding
	for _, p := range m.Packages {
		for _, f := range p.Files {
			if n := bytes.Count(f.Text, []byte("\n")); n > MaxFileLines {
				out = append(out, m.at("size", f.AST.Package, "file has %d lines, at most %d; split it by phase", n, MaxFileLines))
			}
			if f.Test {
				continue
			}
			for _, d := range f.AST.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				n := m.Fset.Position(fn.End()).Line - m.Fset.Position(fn.Pos()).Line + 1
				if n > MaxFuncLines {
					out = append(out, m.at("size", fn.Pos(), "function %s has %d lines, at most %d", fn.Name.Name, n, MaxFuncLines))
				}
			}
		}
	}
	return out
}

// vague are package names that say nothing about what is inside.
var vague = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "lib"}

// checkNames finds vague package names and init functions.
func checkNames(m *Module) []Finding {
	var out []Finding
	for _, p := range m.Packages {
		if slices.Contains(vague, path.Base(p.Path)) {
			out = append(out, m.at("names", p.Files[0].AST.Package, "package %s: name it after what it holds", p.Path))
		}
		for _, f := range p.Files {
			for _, d := range f.AST.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					out = append(out, m.at("names", fn.Pos(), "init function: make it a value that the caller builds"))
				}
			}
		}
	}
	return out
}

// checkTests finds tests that sleep or that skip themselves.
func checkTests(m *Module) []Finding {
	var out []Finding
	for _, p := range m.Packages {
		for _, f := range p.Files {
			if !f.Test {
				continue
			}
			ast.Inspect(f.AST, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				x, ok := s.X.(*ast.Ident)
				switch {
				case !ok:
				case x.Name == "time" && s.Sel.Name == "Sleep":
					out = append(out, m.at("tests", n.Pos(), "time.Sleep in a test; wait for what is meant to happen"))
				case (x.Name == "t" || x.Name == "b" || x.Name == "tb") && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, s.Sel.Name):
					out = append(out, m.at("tests", n.Pos(), "a test that skips itself proves nothing"))
				}
				return true
			})
		}
	}
	return out
}

// checkDocs finds packages and exported names without a comment.
func checkDocs(m *Module) []Finding {
	var out []Finding
	for _, p := range m.Packages {
		code := p.Code()
		if len(code) == 0 {
			continue
		}
		if !slices.ContainsFunc(code, func(f *File) bool { return f.AST.Doc != nil }) {
			out = append(out, m.at("docs", code[0].AST.Package, "package %s has no comment", p.Path))
		}
		for _, f := range code {
			for _, d := range f.AST.Decls {
				out = append(out, m.docsOf(d)...)
			}
		}
	}
	return out
}

// docsOf checks one top-level declaration.
func (m *Module) docsOf(d ast.Decl) []Finding {
	var out []Finding
	missing := func(id *ast.Ident) {
		if id.IsExported() {
			out = append(out, m.at("docs", id.Pos(), "exported %s has no comment", id.Name))
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && receiverExported(d) {
			missing(d.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Doc == nil && s.Comment == nil && (d.Doc == nil || len(d.Specs) > 1) {
					missing(s.Name)
				}
			case *ast.ValueSpec:
				if d.Doc == nil && s.Doc == nil && s.Comment == nil {
					for _, id := range s.Names {
						missing(id)
					}
				}
			}
		}
	}
	return out
}

// receiverExported tells whether a function is reachable from outside: it has no
// receiver, or one whose type is exported.
func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// unfinished are the words by which an author says that work is left.
var unfinished = []string{"TO" + "DO", "FIX" + "ME", "X" + "XX", "HACK"}

// checkText finds files that gofmt would change and comments that promise work.
func checkText(m *Module) []Finding {
	var out []Finding
	for _, p := range m.Packages {
		for _, f := range p.Files {
			if want, err := format.Source(f.Text); err == nil && !bytes.Equal(want, f.Text) {
				out = append(out, m.at("text", f.AST.Package, "not as gofmt writes it (line %d)", firstDifference(want, f.Text)))
			}
			for _, g := range f.AST.Comments {
				for _, c := range g.List {
					if w := unfinishedWord(c.Text); w != "" {
						out = append(out, m.at("text", c.Pos(), "comment says %s; do it or drop it", w))
					}
				}
			}
		}
	}
	return out
}

// unfinishedWord returns the first word of a comment that promises work.
func unfinishedWord(text string) string {
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r < 'A' || r > 'Z' }) {
		if slices.Contains(unfinished, w) {
			return w
		}
	}
	return ""
}

// firstDifference returns the first line, from 1, in which two texts differ.
func firstDifference(a, b []byte) int {
	line := 1
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '\n' {
			line++
		}
	}
	return line
}

// commentLines maps the lines of a file to the text of comments that end on them.
func (m *Module) commentLines(f *File) map[int]string {
	out := map[int]string{}
	for _, g := range f.AST.Comments {
		for _, c := range g.List {
			out[m.Fset.Position(c.End()).Line] += c.Text
		}
	}
	return out
}

// lineOf returns the line of a position.
func (m *Module) lineOf(pos token.Pos) int { return m.Fset.Position(pos).Line }
