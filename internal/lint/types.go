package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Typed is a module whose packages, without their tests, went through go/types.
type Typed struct {
	*Module
	Info map[string]*types.Info // by package path

	pkgs  map[string]*types.Package
	byDir map[string]*Package
	std   types.Importer
	errs  []Finding
}

// Exports asks the go command for the compiled export data of every package that
// the module at root, and the packages named in more, depend on; by import path.
func Exports(root string, more ...string) (map[string]string, error) {
	args := []string{"list", "-e", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", "./..."}
	cmd := exec.Command("go", append(args, more...)...)
	cmd.Dir = root
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -export: %w: %s", err, errs.Bytes())
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		p, file, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if ok && file != "" {
			files[p] = file
		}
	}
	return files, nil
}

// Check type-checks the module; exports has the compiled packages of others.
// Packages that do not type-check become findings of rule "types".
func (m *Module) Check(exports map[string]string) *Typed {
	t := &Typed{Module: m, Info: map[string]*types.Info{}, pkgs: map[string]*types.Package{}, byDir: map[string]*Package{}}
	t.std = importer.ForCompiler(m.Fset, "gc", func(p string) (io.ReadCloser, error) {
		name, ok := exports[p]
		if !ok {
			return nil, fmt.Errorf("no export data for %s", p)
		}
		return os.Open(name)
	})
	for _, p := range m.Packages {
		t.byDir[p.Path] = p
	}
	for _, p := range m.Packages {
		if len(p.Code()) > 0 {
			t.check(p)
		}
	}
	return t
}

// Import implements types.Importer: our own packages from source, others from
// export data.
func (t *Typed) Import(p string) (*types.Package, error) {
	own, ours := strings.CutPrefix(p, ModuleName+"/")
	if !ours {
		return t.std.Import(p)
	}
	dir := t.byDir[own]
	if dir == nil {
		return nil, fmt.Errorf("no package %s", p)
	}
	return t.check(dir), nil
}

// check type-checks one package once.
func (t *Typed) check(p *Package) *types.Package {
	if done := t.pkgs[p.Path]; done != nil {
		return done
	}
	var files []*ast.File
	for _, f := range p.Code() {
		if built(f) {
			files = append(files, f.AST)
		}
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}
	var first error
	cfg := types.Config{Importer: t, FakeImportC: true, Error: func(err error) {
		if first == nil {
			first = err
		}
	}}
	pkg, _ := cfg.Check(ModuleName+"/"+p.Path, t.Fset, files, info) // errors arrive by cfg.Error
	if first != nil {
		t.errs = append(t.errs, Finding{"types", p.Path, 1, first.Error()})
	}
	t.pkgs[p.Path], t.Info[p.Path] = pkg, info
	return pkg
}

// built tells whether a file takes part in the build on linux/amd64: its build
// constraint, if any, is judged by the few words that the house uses.
func built(f *File) bool {
	for _, g := range f.AST.Comments {
		if g.Pos() > f.AST.Package {
			break
		}
		for _, c := range g.List {
			expr, ok := strings.CutPrefix(c.Text, "//go:build ")
			if ok {
				return strings.TrimSpace(expr) == "linux" || strings.HasPrefix(expr, "!race")
			}
		}
	}
	return true
}
