// Package conformance measures how alike this scheduler and Pacemaker's plan:
// it runs the simulator over a directory of regression cases, compares what it
// prints with what is expected, level by level, and tells the rates.
//
// A directory of cases holds xml/NAME.xml (input), summary/NAME.summary (state,
// plan and outcome as text), scores/NAME.scores, exp/NAME.exp (graph) and
// dot/NAME.dot. The cases themselves are not part of this repository.
package conformance

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"mainstay/internal/face"
	"mainstay/internal/simulate"
)

// Outputs are the texts of one case, normalised as the peer's suite does.
type Outputs struct {
	Summary, Exp, Dot, Scores string
	Panic                     string // what went wrong instead
}

// dates are the cases that are planned for a moment of their own.
func dates() map[string]string {
	return map[string]string{
		"date-1": "2005-020", "date-2": "2005-020T12:30", "date-3": "2005-020T11:30", "origin": "2014-05-07 00:28:00",
	}
}

// Names lists the cases of a directory, sorted.
func Names(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "xml", "*.xml"))
	if err != nil {
		return nil, fmt.Errorf("list the cases: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no cases in %s: want files xml/*.xml there", dir)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".xml")
	}
	slices.Sort(files)
	return files, nil
}

// Expected reads what a case should print.
func Expected(dir, name string) (Outputs, error) {
	var o Outputs
	for _, part := range []struct {
		kind string
		into *string
	}{{"summary", &o.Summary}, {"exp", &o.Exp}, {"dot", &o.Dot}, {"scores", &o.Scores}} {
		text, err := os.ReadFile(filepath.Join(dir, part.kind, name+"."+part.kind))
		if err != nil {
			return o, fmt.Errorf("case %s: %w", name, err)
		}
		*part.into = string(text)
	}
	return o, nil
}

// Produce runs the simulator twice over a case, as the peer's suite does:
// once for the text, once for graph, dot file and scores. scratch is a
// directory for files.
func Produce(dir, name, scratch string) Outputs {
	var extra []string
	if d, ok := dates()[name]; ok {
		extra = []string{"-t", d}
	}
	return produce(filepath.Join(dir, "xml", name+".xml"), name, scratch, extra)
}

// produce does it with a file; extra are more arguments.
func produce(input, name, scratch string, extra []string) (o Outputs) {
	defer func() {
		if p := recover(); p != nil {
			stack := make([]byte, 4096)
			o.Panic = fmt.Sprintf("%v\n%s", p, stack[:runtime.Stack(stack, false)])
		}
	}()
	o.Summary = tool(append([]string{"-x", input, "-S"}, extra...))
	exp, dot := filepath.Join(scratch, name+".exp"), filepath.Join(scratch, name+".dot")
	o.Scores = sorted(tool(append([]string{"-x", input, "-D", dot, "-G", exp, "-sSQ"}, extra...)))
	o.Exp = normalExp(content(exp))
	o.Dot = normalDot(content(dot))
	return o
}

// tool runs the simulator and returns what it printed, errors behind the rest.
func tool(args []string) string {
	var out bytes.Buffer
	env := &face.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }, Now: time.Now}
	simulate.Tool(context.Background(), env, args)
	return out.String()
}

func content(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(text)
}

// Case is one case with its verdicts.
type Case struct {
	Name  string
	Agree map[Level]bool
	Panic string
	Want  Outputs
	Got   Outputs
}

// Run runs every case of a directory on all processors; the result is in the
// order of names. only restricts it to some names, nil to none.
func Run(dir, scratch string, only []string) ([]Case, error) {
	names, err := Names(dir)
	if err != nil {
		return nil, err
	}
	if only != nil {
		names = slices.DeleteFunc(names, func(n string) bool { return !slices.Contains(only, n) })
	}
	cases := make([]Case, len(names))
	errs := make([]error, len(names))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				cases[i], errs[i] = one(dir, names[i], scratch)
			}
		}()
	}
	for i := range names {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return cases, nil
}

// one runs and compares one case.
func one(dir, name, scratch string) (Case, error) {
	want, err := Expected(dir, name)
	if err != nil {
		return Case{}, err
	}
	got := Produce(dir, name, scratch)
	return Case{Name: name, Agree: Compare(want, got), Panic: got.Panic, Want: want, Got: got}, nil
}
