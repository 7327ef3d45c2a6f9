package lint

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// impure names the standard packages that reach the machine, another goroutine,
// a random source or a log. A subpackage counts as its parent unless listed in
// harmless.
var (
	impure   = []string{"os", "net", "sync", "context", "math/rand", "syscall", "log", "runtime", "unsafe", "plugin", "testing", "crypto/rand"}
	harmless = []string{"net/netip", "net/url"}
	// thirdParty lists code of others that is pure itself.
	thirdParty = []string{"go.etcd.io/raft", "github.com/klauspost/compress"}
	clockCalls = []string{"Now", "After", "Sleep", "NewTimer", "NewTicker", "Tick", "AfterFunc", "Since", "Until"}
)

// checkPurity looks for what a pure package must not import or say.
func checkPurity(m *Module) []Finding {
	var out []Finding
	for _, p := range m.Packages {
		if !p.Pure() {
			continue
		}
		for _, f := range p.Code() {
			for _, imp := range f.AST.Imports {
				if why := impurity(imp.Path.Value); why != "" {
					out = append(out, m.at("purity", imp.Pos(), "pure package imports %s: %s", imp.Path.Value, why))
				}
			}
			ast.Inspect(f.AST, func(n ast.Node) bool {
				if what := impureWord(n); what != "" {
					out = append(out, m.at("purity", n.Pos(), "pure package says %s; take it as an input or return it as an effect", what))
				}
				return true
			})
		}
	}
	return out
}

// impurity says why a pure package must not import a path, or "".
func impurity(quoted string) string {
	s, err := strconv.Unquote(quoted)
	if err != nil {
		return "unreadable path"
	}
	under := func(root string) bool { return s == root || strings.HasPrefix(s, root+"/") }
	if to, ours := strings.CutPrefix(s, ModuleName+"/"); ours {
		if strings.HasPrefix(to, "internal/") || strings.HasPrefix(to, "cmd/") {
			return "it is a hand"
		}
		return ""
	}
	if slices.Contains(harmless, s) {
		return ""
	}
	if slices.ContainsFunc(impure, under) {
		return "it reaches the machine"
	}
	first, _, _ := strings.Cut(s, "/")
	if strings.Contains(first, ".") && !slices.ContainsFunc(thirdParty, under) {
		return "third-party code is for hands"
	}
	return ""
}

// impureWord names what a syntax node says that a decider must not, or "".
func impureWord(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "go"
	case *ast.SelectStmt:
		return "select"
	case *ast.ChanType:
		return "chan"
	case *ast.SendStmt:
		return "<-"
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			return "<-"
		}
	case *ast.SelectorExpr:
		x, ok := n.X.(*ast.Ident)
		if ok && x.Name == "time" && slices.Contains(clockCalls, n.Sel.Name) {
			return "time." + n.Sel.Name
		}
	}
	return ""
}
