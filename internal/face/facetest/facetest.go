// Package facetest runs commands as stories: a file holds a document, commands and
// what they print, one after the other against one cluster in memory.
package facetest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/internal/face"
	"mainstay/internal/simulate"
	"mainstay/internal/web"
	"mainstay/internal/web/fake"
	"mainstay/sched"
	"mainstay/status"
)

// Program is what is under test: args[0] is the name it is called by.
type Program func(ctx context.Context, env *face.Env, args []string) face.Code

// Walk runs every story in a directory. Directives:
//
//	cluster [offline]  a cluster of the nodes in the document that follows; it starts
//	                   and stops things as the scheduler says, and nothing fails.
//	                   offline: the document is a file that $CIB_file names
//	file NAME          a file with the content that follows; $DIR/NAME in commands
//	env                variables for all that follows, NAME=VALUE on each line
//	run [stdin…]       the commands that follow, one a line; prints what they print
//	                   and, if it is not 0, the exit code
//	asked              what was asked of the cluster since the last time
//	keep NUMBER        the cluster keeps its present state as what this transition was
//	                   planned from
//	show [XPATH]       the document, or what matches
func Walk(t *testing.T, dir string, program Program) {
	datadriven.Walk(t, dir, func(t *testing.T, path string) {
		s := &story{t: t, program: program, dir: t.TempDir(), vars: map[string]string{}}
		s.vars["TMPDIR"] = s.dir
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return s.directive(d)
		})
	})
}

type story struct {
	t       *testing.T
	program Program
	dir     string
	vars    map[string]string
	cluster *fake.Cluster
	socket  string
	asked   int
	n       int
}

func (s *story) directive(d *datadriven.TestData) string {
	switch d.Cmd {
	case "cluster":
		return s.begin(d.Input, len(d.CmdArgs) > 0)
	case "file":
		name := filepath.Join(s.dir, d.CmdArgs[0].Key)
		s.must(os.MkdirAll(filepath.Dir(name), 0o755))
		s.must(os.WriteFile(name, []byte(d.Input+"\n"), 0o755))
	case "env":
		for line := range strings.Lines(d.Input) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			s.vars[name] = strings.ReplaceAll(value, "$DIR", s.dir)
		}
	case "run":
		var out strings.Builder
		for line := range strings.Lines(d.Input) {
			out.WriteString(s.run(strings.TrimSpace(line)))
		}
		return out.String()
	case "asked":
		all := s.cluster.Asked()
		news := all[s.asked:]
		s.asked = len(all)
		return strings.Join(append(news, ""), "\n")
	case "keep":
		n, err := strconv.Atoi(d.CmdArgs[0].Key)
		s.must(err)
		s.cluster.Keep(web.Transition{Number: n, Started: Now(), Input: s.cluster.CIB(), Graph: &graph.Graph{}})
	case "show":
		return s.show(d)
	default:
		s.t.Fatalf("%s: unknown directive %q", d.Pos, d.Cmd)
	}
	return ""
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// begin makes the cluster.
func (s *story) begin(doc string, offline bool) string {
	root, err := cib.Parse([]byte(doc))
	s.must(err)
	if offline {
		s.vars["CIB_file"] = filepath.Join(s.dir, "cib.xml")
		s.must(os.WriteFile(s.vars["CIB_file"], root.AppendXML(nil, true), 0o600))
		return ""
	}
	var names []string
	for n := range root.Path("configuration", "nodes").Named("node") {
		names = append(names, n.Get("uname"))
	}
	s.cluster = fake.New(root, names...)
	s.cluster.Unpack = func(root *cib.Elem) *status.Cluster { return sched.Unpack(sched.Input{CIB: root, Now: Now()}) }
	s.cluster.Settle = settle
	s.n++
	s.socket = filepath.Join(s.dir, "api"+strconv.Itoa(s.n)+".sock")
	l, err := web.Listen(s.socket, "")
	s.must(err)
	server := web.New(web.Config{Cluster: s.cluster})
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	s.t.Cleanup(func() {
		s.must(server.Close())
		s.must(<-done)
	})
	return ""
}

// settle carries out what the scheduler plans until it plans nothing.
func settle(root *cib.Elem) *cib.Elem {
	for range 10 {
		in := sched.Input{CIB: root, Now: Now()}
		r := sched.Schedule(in)
		if len(r.Graph.Actions) == 0 {
			break
		}
		root = simulate.Outcome(in, r.Graph)
	}
	return root
}

// Now is the time at which all stories happen.
func Now() time.Time { return time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC) }

// run runs one command line; words may be quoted with '.
func (s *story) run(line string) string {
	var out bytes.Buffer
	env := &face.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: Now, Socket: s.socket, Version: "test",
		Getenv: func(name string) string { return s.vars[name] }}
	if env.Socket == "" {
		env.Socket = filepath.Join(s.dir, "none.sock")
	}
	if before, text, ok := strings.Cut(line, " <<< "); ok {
		line, env.Stdin = before, strings.NewReader(unquote(text)+"\n")
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	code := s.program(ctx, env, words(strings.ReplaceAll(line, "$DIR", s.dir)))
	text := strings.ReplaceAll(out.String(), s.dir, "$DIR")
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if code != face.OK {
		text += fmt.Sprintf("exit %d\n", code)
	}
	return text
}

func unquote(s string) string { return strings.Trim(s, "'") }

// words splits a command line at blanks outside of single quotes.
func words(line string) []string {
	var out []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out[len(out)-1] += part
			continue
		}
		f := strings.Fields(part)
		if i > 0 && len(f) > 0 && !strings.HasPrefix(part, " ") {
			out[len(out)-1] += f[0]
			f = f[1:]
		}
		out = append(out, f...)
		if strings.HasSuffix(part, " ") && i%2 == 0 {
			out = append(out, "")
		}
	}
	return slices.DeleteFunc(out, func(w string) bool { return w == "" })
}

// show prints the document or a part of it.
func (s *story) show(d *datadriven.TestData) string {
	root := s.document()
	if d.Input == "" {
		return root.Child("configuration").String()
	}
	var out strings.Builder
	list, err := cib.Find(root, strings.TrimSpace(d.Input))
	s.must(err)
	for _, e := range list {
		out.WriteString(strings.TrimSuffix(e.String(), "\n") + "\n")
	}
	return out.String()
}

func (s *story) document() *cib.Elem {
	if name := s.vars["CIB_file"]; name != "" {
		root, err := face.ReadCIB(name)
		s.must(err)
		return root
	}
	return s.cluster.CIB()
}
