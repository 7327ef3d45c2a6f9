// Package pcs is the command language of pcs: a command line in, text and a changed
// configuration out. It knows the vocabulary of pcs 0.11 and that of 0.9, which older
// documents are written in. What it writes into the configuration has the ids and
// shapes that pcs 0.11 gives it, and what it prints has its layout (pcs(8)), so that
// both can undo each other's work and scripts can read either.
//
// The package decides and changes nothing itself: the caller carries out what a Reply
// asks for.
package pcs

import (
	"errors"
	"fmt"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
)

// Cluster is what the language has to know of the cluster.
type Cluster interface {
	// CIB is the document that commands work on: the cluster's or a file's.
	CIB() (*cib.Elem, error)
	// Metadata asks an agent what it takes. The error says why it does not answer.
	Metadata(n agent.Name) (*agent.Metadata, error)
	// Agents lists the installed agents.
	Agents() []agent.Name
	// Call runs one of Pacemaker's tools on the same document.
	Call(tool string, args ...string) Called
	// Foresee tells what the cluster would do with a document, and with play where
	// everything would be afterwards.
	Foresee(root *cib.Elem, play bool) (Foreseen, error)
	// File reads a file that the user named.
	File(name string) ([]byte, error)
	// Local is the name of this node.
	Local() string
}

// Called is what a tool answered.
type Called struct {
	Out, Err string
	Code     int
}

// Reply is what a command line comes to.
type Reply struct {
	Out    string    // for standard output
	Err    string    // for standard error
	Code   int       // exit code: 0 or 1 as pcs has them, or an agent's
	Root   *cib.Elem // what the document shall be; nil if it stays as it is
	Effect Effect    // what else is to be done; nil if nothing
	Wait   *Wait     // what to wait for when the change is made; nil if nothing
}

// Wait asks to wait until the cluster has nothing left to do, for so many seconds.
type Wait struct {
	Seconds int
	Tell    []string // resources of which it is to be told where they run then
}

// Effect is something that the caller has to do.
type Effect interface{ effect() }

// The effects of commands.
type (
	// Save asks to write a file.
	Save struct{ Name, Text string }
	// Push asks to make the document of the cluster another one; Config leaves
	// everything but the configuration alone.
	Push struct {
		Root   *cib.Elem
		Config bool
	}
	// Power asks to start, stop, enable, disable, kill or destroy the cluster's
	// daemon on nodes; without nodes and All it is this one.
	Power struct {
		Verb  string
		Nodes []string
		All   bool
	}
	// Setup asks to write the configuration of a new cluster.
	Setup struct {
		Name          string
		Nodes         []SetupNode
		Start, Enable bool
		Force         bool
	}
	// Auth asks to make nodes known to each other.
	Auth struct{ Nodes []string }
	// Config asks for the membership layer's own file.
	Config struct{ Node string }
	// Own asks for a command of Mainstay's own; Before is to be printed before what
	// that prints.
	Own struct {
		Before string
		Args   []string
	}
	// Edit asks to have the user edit the configuration as XML.
	Edit struct{ Scope string }
)

// SetupNode is a node of a new cluster with its addresses, one a link.
type SetupNode struct {
	Name  string
	Addrs []string
}

func (Save) effect()   {}
func (Push) effect()   {}
func (Power) effect()  {}
func (Setup) effect()  {}
func (Auth) effect()   {}
func (Config) effect() {}
func (Edit) effect()   {}
func (Own) effect()    {}

// shell is one command line on its way.
type shell struct {
	c      Cluster
	opt    options
	base   *cib.Elem // as it was
	root   *cib.Elem // as it shall be
	out    strings.Builder
	err    strings.Builder
	wrong  int // errors said so far
	effect Effect
	wait   *Wait
}

// The ways to fail that have no message of their own.
var (
	errSaid = errors.New("said already") // with the closing line that pcs has for several errors
	errDone = errors.New("exit code 1")  // without it
)

// exitCode ends a command with the exit code of what it ran, about which all is said.
type exitCode int

// Error implements error.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// usageError asks for the usage of a command, named by its words.
type usageError struct{ of string }

// Error implements error.
func (e usageError) Error() string { return "usage of pcs " + e.of }

// Run carries out one command line, without the program's name.
func Run(c Cluster, args []string) Reply {
	s := &shell{c: c}
	words, err := s.opt.read(args)
	if err == nil {
		err = s.run(words)
	}
	var usage usageError
	var code exitCode
	switch {
	case err == nil:
		r := Reply{Out: s.out.String(), Err: s.err.String(), Effect: s.effect}
		if s.root != s.base {
			r.Root = s.root
			r.Wait = s.wait
		}
		return r
	case errors.As(err, &code):
		return Reply{Out: s.out.String(), Err: s.err.String(), Code: int(code)}
	case errors.As(err, &usage):
		s.err.WriteString(usageText(usage.of))
	case errors.Is(err, errSaid):
		s.err.WriteString("Error: Errors have occurred, therefore pcs is unable to continue\n")
	case !errors.Is(err, errDone):
		fmt.Fprintf(&s.err, "Error: %v\n", err)
	}
	return Reply{Out: s.out.String(), Err: s.err.String(), Code: 1}
}

// run finds the command and carries it out.
func (s *shell) run(words []string) error {
	if s.opt.has("version") {
		s.print("0.11.5\n")
		return nil
	}
	if len(words) == 0 || s.opt.has("help") && len(words) < 2 {
		text := usageText(strings.Join(words, " "))
		if s.opt.has("help") || len(words) == 0 {
			s.print("%s", text)
			return nil
		}
	}
	c, args, path := lookup(words)
	if c == nil {
		return usageError{path}
	}
	if s.opt.has("help") {
		s.print("%s", usageText(path))
		return nil
	}
	if c.instead != "" {
		s.warn("Deprecation Warning: This command is deprecated and will be removed. Please use '%s' instead.", c.instead)
	}
	if !c.apart {
		root, err := s.c.CIB()
		if err != nil {
			return err
		}
		s.base, s.root = root, root
	}
	return c.run(s, args)
}

// print writes to standard output.
func (s *shell) print(format string, args ...any) { fmt.Fprintf(&s.out, format, args...) }

// warn writes a line to standard error.
func (s *shell) warn(format string, args ...any) { fmt.Fprintf(&s.err, format+"\n", args...) }

// fault says one error among several.
func (s *shell) fault(format string, args ...any) {
	s.wrong++
	s.warn("Error: "+format, args...)
}

// doubt says an error that --force makes a warning.
func (s *shell) doubt(format string, args ...any) {
	if s.opt.has("force") {
		s.warn("Warning: "+format, args...)
		return
	}
	s.fault(format+", use --force to override", args...)
}

// verdict is the error that ends a command after which faults were said.
func (s *shell) verdict() error {
	if s.wrong > 0 {
		return errSaid
	}
	return nil
}

// refuse says one error and ends.
func (s *shell) refuse(format string, args ...any) error {
	s.fault(format, args...)
	return errSaid
}

// call runs a tool and passes its output on.
func (s *shell) call(tool string, args ...string) Called { return s.c.Call(tool, args...) }
