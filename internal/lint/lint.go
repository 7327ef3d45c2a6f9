// Package lint is the style of the house as tests: which package may import
// which, what pure packages must not say, how long files and functions get,
// that names are documented and that no map's order reaches a decision. It runs
// under "go test ./internal/lint" and reads the module's source only.
package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// ModuleName is the import path of the module that the rules are about.
const ModuleName = "mainstay"

// Finding is one place that breaks a rule.
type Finding struct {
	Rule string // name of the rule, e.g. "imports"
	File string // relative to the module's root
	Line int    // from 1
	Msg  string // what is wrong and what to do
}

// String writes "file:line: rule: message", as compilers do.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Rule, f.Msg)
}

// File is one parsed source file.
type File struct {
	Name string // relative to the module's root, with slashes
	Text []byte
	AST  *ast.File
	Test bool // ends in _test.go
}

// Package is the files of one directory that belong to one package; files of
// the external test package (name_test) are listed in it too.
type Package struct {
	Path  string // relative to the module's root: "internal/host"
	Files []*File
}

// Pure tells whether the package may neither touch the machine nor read a clock:
// everything that is not below internal, cmd, test or examples.
func (p *Package) Pure() bool {
	top, _, _ := strings.Cut(p.Path, "/")
	return !slices.Contains([]string{"internal", "cmd", "test", "examples", "."}, top)
}

// Code returns the files that are not tests.
func (p *Package) Code() []*File {
	var out []*File
	for _, f := range p.Files {
		if !f.Test {
			out = append(out, f)
		}
	}
	return out
}

// Module is the source that the rules look at.
type Module struct {
	Fset     *token.FileSet
	Packages []*Package // sorted by path
	broken   []Finding
}

// Load parses every Go file below root, but for testdata and hidden folders.
// Files that do not parse become findings of rule "parse".
func Load(root string) (*Module, error) {
	src := map[string][]byte{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if name != root && (base == "testdata" || strings.HasPrefix(base, ".") || base == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(name)
		src[filepath.ToSlash(rel)] = text
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the module at %s: %w", root, err)
	}
	return FromFiles(src), nil
}

// FromFiles makes a module from file contents by name.
func FromFiles(src map[string][]byte) *Module {
	m := &Module{Fset: token.NewFileSet()}
	byPath := map[string]*Package{}
	names := make([]string, 0, len(src))
	for name := range src {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		tree, err := parser.ParseFile(m.Fset, name, src[name], parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			m.broken = append(m.broken, Finding{"parse", name, 1, err.Error()})
			continue
		}
		dir := path.Dir(name)
		p := byPath[dir]
		if p == nil {
			p = &Package{Path: dir}
			byPath[dir] = p
			m.Packages = append(m.Packages, p)
		}
		p.Files = append(p.Files, &File{Name: name, Text: src[name], AST: tree,
			Test: strings.HasSuffix(name, "_test.go")})
	}
	slices.SortFunc(m.Packages, func(a, b *Package) int { return strings.Compare(a.Path, b.Path) })
	return m
}

// Rule is a named check of a module.
type Rule struct {
	Name  string
	Check func(*Module) []Finding
}

// Rules returns all rules that need the source only; the order rule needs types
// as well, see Typed.
func Rules() []Rule {
	return []Rule{
		{"parse", func(m *Module) []Finding { return m.broken }},
		{"imports", checkImports},
		{"purity", checkPurity},
		{"size", checkSize},
		{"names", checkNames},
		{"tests", checkTests},
		{"docs", checkDocs},
		{"text", checkText},
	}
}

// at makes a finding at a node's place.
func (m *Module) at(rule string, pos token.Pos, format string, args ...any) Finding {
	p := m.Fset.Position(pos)
	return Finding{rule, p.Filename, p.Line, fmt.Sprintf(format, args...)}
}
