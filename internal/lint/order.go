package lint

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Findings runs the rules that need types: "types", "order" and "globals".
func (t *Typed) Findings() []Finding {
	out := slices.Clone(t.errs)
	for _, p := range t.Packages {
		info := t.Info[p.Path]
		if info == nil {
			continue
		}
		for _, f := range p.Code() {
			if p.Pure() {
				out = append(out, t.checkOrder(f, info)...)
			}
			out = append(out, t.checkGlobals(f, info)...)
		}
	}
	return out
}

// checkOrder finds loops over maps in a file of a pure package whose body might
// let Go's random order out. A loop passes if its body only does what comes out
// the same in any order, if what it collects is sorted later in the function, or
// if a comment "//order: …" on its line or the line above says why it is harmless.
func (t *Typed) checkOrder(f *File, info *types.Info) []Finding {
	var out []Finding
	comments := t.commentLines(f)
	for _, d := range f.AST.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		o := orderCheck{info: info, fn: fn}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			line := 0
			switch n := n.(type) {
			case *ast.RangeStmt:
				if o.unordered(n.X) && !o.harmless(n.Body.List, n) {
					line = t.lineOf(n.Pos())
				}
			case *ast.CallExpr:
				if o.collects(n) && !o.sortedWith(fn.Body, n) {
					line = t.lineOf(n.Pos())
				}
			}
			if line != 0 && !excused(comments, line) {
				out = append(out, t.at("order", n.Pos(),
					"map order may reach a decision or an output: sort first, or say why not in a comment //order: …"))
			}
			return true
		})
	}
	return out
}

// excused tells whether an order comment stands on a line or right above it.
func excused(comments map[int]string, line int) bool {
	return strings.Contains(comments[line], "//order: ") || strings.Contains(comments[line-1], "//order: ")
}

// orderCheck judges the loops of one function.
type orderCheck struct {
	info *types.Info
	fn   *ast.FuncDecl
}

// unordered tells whether ranging over x has no fixed order: a map, or one of
// maps.Keys, maps.Values and maps.All.
func (o *orderCheck) unordered(x ast.Expr) bool {
	if call, ok := x.(*ast.CallExpr); ok && isMapsIter(call) {
		return true
	}
	tv, ok := o.info.Types[x]
	if !ok || tv.Type == nil {
		return false
	}
	_, isMap := tv.Type.Underlying().(*types.Map)
	return isMap
}

// collects tells whether a call is slices.Collect (or AppendSeq) of a map's keys
// or values.
func (o *orderCheck) collects(call *ast.CallExpr) bool {
	if !isPkgCall(call, "slices", "Collect", "AppendSeq") || len(call.Args) == 0 {
		return false
	}
	inner, ok := call.Args[len(call.Args)-1].(*ast.CallExpr)
	return ok && isMapsIter(inner)
}

// sortedWith tells whether the variable that a collecting call is assigned to is
// sorted in the body.
func (o *orderCheck) sortedWith(body *ast.BlockStmt, call *ast.CallExpr) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if ok && len(a.Rhs) == 1 && a.Rhs[0] == call && len(a.Lhs) == 1 {
			found = o.sortedAfter(types.ExprString(a.Lhs[0]), call.End())
		}
		return !found
	})
	return found
}

// harmless tells whether statements inside a loop over a map come out the same in
// any order.
func (o *orderCheck) harmless(list []ast.Stmt, loop *ast.RangeStmt) bool {
	for _, s := range list {
		if !o.harmlessStmt(s, loop) {
			return false
		}
	}
	return true
}

func (o *orderCheck) harmlessStmt(s ast.Stmt, loop *ast.RangeStmt) bool {
	switch s := s.(type) {
	case *ast.AssignStmt:
		return o.harmlessAssign(s, loop)
	case *ast.IncDecStmt, *ast.EmptyStmt, *ast.DeclStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok == token.CONTINUE
	case *ast.BlockStmt:
		return o.harmless(s.List, loop)
	case *ast.IfStmt:
		return (s.Init == nil || o.harmlessStmt(s.Init, loop)) && o.harmless(s.Body.List, loop) &&
			(s.Else == nil || o.harmlessStmt(s.Else, loop))
	case *ast.RangeStmt:
		return o.harmless(s.Body.List, loop)
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		return ok && (isBuiltin(call, "delete") || isBuiltin(call, "clear") || isBuiltin(call, "panic"))
	case *ast.ReturnStmt:
		return o.constantReturn(s)
	}
	return false
}

// constantReturn tells whether a return inside the loop gives literals only, so
// that it does not matter which element triggers it.
func (o *orderCheck) constantReturn(r *ast.ReturnStmt) bool {
	for _, e := range r.Results {
		if id, ok := e.(*ast.Ident); ok && id.Name == "nil" {
			continue
		}
		if tv, ok := o.info.Types[e]; !ok || tv.Value == nil {
			return false
		}
	}
	return true
}

// harmlessAssign accepts: new variables of the loop, entries of maps, integer and
// boolean accumulation, constants, and appends to a slice that is sorted later.
func (o *orderCheck) harmlessAssign(a *ast.AssignStmt, loop *ast.RangeStmt) bool {
	switch a.Tok {
	case token.DEFINE:
		return true
	case token.ADD_ASSIGN, token.SUB_ASSIGN, token.OR_ASSIGN, token.AND_ASSIGN, token.XOR_ASSIGN:
		return o.isInteger(a.Lhs[0])
	case token.ASSIGN:
		for i, l := range a.Lhs {
			if !o.harmlessTarget(l, a, i, loop) {
				return false
			}
		}
		return true
	}
	return false
}

func (o *orderCheck) harmlessTarget(l ast.Expr, a *ast.AssignStmt, i int, loop *ast.RangeStmt) bool {
	if id, ok := l.(*ast.Ident); ok {
		if id.Name == "_" {
			return true
		}
		if obj := o.info.Uses[id]; obj != nil && obj.Pos() > loop.Pos() && obj.Pos() < loop.End() {
			return true // a variable of the loop itself
		}
	}
	if ix, ok := l.(*ast.IndexExpr); ok {
		if tv, ok := o.info.Types[ix.X]; ok && tv.Type != nil {
			if _, isMap := tv.Type.Underlying().(*types.Map); isMap {
				return true
			}
		}
	}
	if len(a.Rhs) != len(a.Lhs) {
		return false
	}
	r := a.Rhs[i]
	if tv, ok := o.info.Types[r]; ok && tv.Value != nil {
		return true
	}
	call, ok := r.(*ast.CallExpr)
	if !ok {
		return false
	}
	if (isBuiltin(call, "min") || isBuiltin(call, "max")) && o.isInteger(l) {
		return true
	}
	return isBuiltin(call, "append") && o.sortedAfter(types.ExprString(l), loop.End())
}

// sortedAfter tells whether the function sorts an expression after a position.
func (o *orderCheck) sortedAfter(expr string, pos token.Pos) bool {
	found := false
	ast.Inspect(o.fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if ok && call.Pos() > pos && len(call.Args) > 0 && isSort(call) && types.ExprString(call.Args[0]) == expr {
			found = true
		}
		return !found
	})
	return found
}

func (o *orderCheck) isInteger(e ast.Expr) bool {
	tv, ok := o.info.Types[e]
	if !ok || tv.Type == nil {
		return false
	}
	b, ok := tv.Type.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0
}

func isSort(call *ast.CallExpr) bool {
	return isPkgCall(call, "slices", "Sort", "SortFunc", "SortStableFunc") ||
		isPkgCall(call, "sort", "Strings", "Ints", "Slice", "SliceStable", "Sort")
}

func isMapsIter(call *ast.CallExpr) bool { return isPkgCall(call, "maps", "Keys", "Values", "All") }

func isBuiltin(call *ast.CallExpr, name string) bool {
	id, ok := call.Fun.(*ast.Ident)
	return ok && id.Name == name
}

// isPkgCall tells whether a call is pkg.Name for one of the names.
func isPkgCall(call *ast.CallExpr, pkg string, names ...string) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg && slices.Contains(names, s.Sel.Name)
}

// checkGlobals finds assignments to package variables: they would be state that
// two nodes in one process share.
func (t *Typed) checkGlobals(f *File, info *types.Info) []Finding {
	var out []Finding
	flag := func(e ast.Expr) {
		if id := rootIdent(e); id != nil {
			v, ok := info.Uses[id].(*types.Var)
			if ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				out = append(out, t.at("globals", e.Pos(), "package variable %s is changed; hold it in a value", id.Name))
			}
		}
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, l := range n.Lhs {
					flag(l)
				}
			}
		case *ast.IncDecStmt:
			flag(n.X)
		}
		return true
	})
	return out
}

// rootIdent returns the variable that an assignable expression begins with: x in
// x.f[i], or pkg.X's X.
func rootIdent(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		default:
			return nil
		}
	}
}
