// Package simulate is crm_simulate: it plans what the cluster would do with a
// configuration and state, pretends to carry the plan out, and shows the
// outcome. The plan is the scheduler's and the order of execution the
// transition machine's, as on a real coordinator; only the results are made up.
package simulate

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/sched"
	"mainstay/status"
	"mainstay/view"
)

// Tool is the program crm_simulate: arguments without the name in, exit code out.
func Tool(ctx context.Context, env *face.Env, args []string) face.Code {
	o, err := parse(args)
	if err == nil {
		err = run(ctx, env, o)
	}
	var f *face.Failure
	var format *unknownFormat
	if errors.As(err, &format) { // as the peer has it
		env.Errorf("%v\n", err)
		return face.NoSuch
	}
	if err != nil && !(errors.As(err, &f) && f.Err == nil) {
		env.Errorf("crm_simulate: %v\n", err)
	}
	return face.CodeOf(err)
}

// Run is crm_simulate on the process's own files, for callers that have no
// face.Env: a plain function of arguments and streams.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	env := &face.Env{Stdin: stdin, Stdout: stdout, Stderr: stderr, Getenv: os.Getenv, Now: time.Now, Name: "crm_simulate"}
	return int(Tool(context.Background(), env, args))
}

// session is one run.
type session struct {
	o    *options
	env  *face.Env
	out  output
	root *cib.Elem // as it is at this point
	now  time.Time
	// planner plans and unpacks; what did not change in between it unpacks once.
	planner sched.Planner
	done    outcome
	// unchecked: the input asks not to be checked against a schema.
	unchecked bool
	// stuck: actions of the plan wait for each other.
	stuck bool
}

// outcome is what a run left behind, for those who call it as a function.
type outcome struct {
	result *sched.Result
	final  *cib.Elem
}

func run(ctx context.Context, env *face.Env, o *options) error {
	switch {
	case o.help:
		env.Printf("%s", usage())
		return nil
	case o.version:
		env.Printf("crm_simulate, Mainstay %s\n", env.Version)
		return nil
	case o.profile != "":
		return profile(env, o)
	}
	s := &session{o: o, env: env}
	stdout := env.Stdout
	if o.outputTo != "" && o.outputTo != "-" {
		file, err := os.Create(o.outputTo)
		if err != nil {
			return face.Failf(face.CantCreate, "--output-to: %w", err)
		}
		defer file.Close()
		stdout = file
	}
	if o.xml {
		s.out = newXMLOutput(o, stdout)
	} else {
		s.out = newTextOutput(o, stdout)
	}
	var err error
	if s.root, err = s.load(ctx); err != nil {
		return err
	}
	err = s.simulate()
	if werr := s.out.finish(face.CodeOf(err)); werr != nil && err == nil {
		err = face.Failf(face.IOError, "write the output: %w", werr)
	}
	return err
}

// load reads the input and makes sure that it is a CIB.
func (s *session) load(ctx context.Context) (*cib.Elem, error) {
	var root *cib.Elem
	var err error
	name := s.o.file
	switch {
	case s.o.pipe, name == "-":
		name = "standard input"
		var text []byte
		if text, err = s.env.Input("-"); err == nil {
			if root, err = cib.Parse(text); err != nil {
				err = face.Failf(face.BadData, "%s: %w", name, err)
			}
		}
	case name != "":
		root, err = face.ReadDraft(name)
	default:
		name = "the running cluster"
		root, err = s.env.CIB(ctx)
		var none *face.NoCIB
		if errors.As(err, &none) {
			err = face.Failf(face.NoInput, "CIB query failed: Input file not available\n  %v", none)
		}
	}
	if err != nil {
		return nil, err
	}
	if root.Name() != "cib" {
		return nil, face.Failf(face.BadData, "%s: the root element is <%s>, want <cib>", name, root.Name())
	}
	s.unchecked = root.Get("validate-with") == "none"
	if root, err = cib.Upgrade(root); err != nil {
		return nil, face.Failf(face.BadConfig, "%s: %w", name, err)
	}
	if root.Child("status") == nil {
		root = root.Append(cib.New("status"))
	}
	return root, nil
}

// simulate goes through the phases: state, changes on demand, plan, execution, outcome.
func (s *session) simulate() error {
	if s.unchecked && !s.o.quiet {
		s.env.Errorf("Schema validation of configuration is disabled (support for validate-with set to \"none\" is deprecated and will be removed in a future release)\n")
	}
	if err := s.setTime(true); err != nil {
		return err
	}
	res, err := s.first()
	if err != nil {
		return err
	}
	if err := s.saveCIB(s.o.saveInput); err != nil {
		return err
	}
	if !s.o.plans() {
		return s.saveCIB(s.o.saveOutput)
	}
	if res == nil {
		res = s.planner.Schedule(s.input(true))
	}
	s.done.result = res
	s.out.plan(res)
	if err := s.artifacts(res); err != nil {
		return err
	}
	if s.o.execute {
		if err := s.pretend(res); err != nil {
			return err
		}
	}
	if err := s.saveCIB(s.o.saveOutput); err != nil || !s.stuck {
		return err
	}
	return face.Silent(face.Error)
}

// first shows the state as it is and makes the changes that are asked for. If
// there are none, what is shown is the state that the plan begins with: planning
// finds it out anyway, and the plan is returned.
func (s *session) first() (*sched.Result, error) {
	if !s.o.changes() && s.o.plans() {
		res := s.planner.Schedule(s.input(true))
		s.out.before(s.frame(res.Status))
		return res, nil
	}
	if s.out.states() {
		s.out.before(s.frame(s.planner.Unpack(s.input(false))))
	}
	if !s.o.changes() {
		return nil, nil
	}
	if err := s.inject(); err != nil {
		return nil, err
	}
	return nil, s.setTime(false)
}

// pretend carries the plan out and shows the outcome.
func (s *session) pretend(res *sched.Result) error {
	s.root = s.execute(res)
	s.done.final = s.root
	if err := s.setTime(true); err != nil {
		return err
	}
	if s.out.states() {
		s.out.after(s.frame(s.planner.Unpack(s.input(false))))
	}
	if s.o.inPlace {
		if err := s.saveCIB(s.o.file); err != nil {
			return err
		}
	}
	if s.stuck { // for a loop of orders, say: the peer's words, and its exit code
		s.env.Errorf("Transition failed: terminated\nAn invalid transition was produced\n")
	}
	return nil
}

// input is what the scheduler is asked.
func (s *session) input(full bool) sched.Input {
	return sched.Input{CIB: s.root, Now: s.now, Options: sched.Options{Scores: full && s.o.scores, Dot: full && s.o.saveDot != "", Sanitized: true}}
}

// frame is what the displays show.
func (s *session) frame(c *status.Cluster) *view.Frame {
	return &view.Frame{Cluster: c, Now: s.now, CIB: s.root}
}

// setTime decides the effective time: the one asked for, the one at which the
// input was made, or the present.
func (s *session) setTime(tell bool) error {
	zone := time.UTC
	if tz := s.env.Getenv("TZ"); tz != "" {
		if loc, err := time.LoadLocation(tz); err == nil {
			zone = loc
		}
	}
	if s.o.date != "" {
		t, err := cib.ParseTime(s.o.date, zone)
		if err != nil {
			return face.Failf(face.Usage, "--set-datetime: %w", err)
		}
		s.now = t
		if tell {
			s.out.remark("Setting effective cluster time: " + s.o.date)
		}
		return nil
	}
	if sec, ok := unixAttr(s.root, "execution-date"); ok {
		s.now = time.Unix(sec, 0).In(zone)
		if tell {
			s.out.remark("Using the original execution date of: " + s.now.Format("2006-01-02 15:04:05Z07:00"))
		}
		return nil
	}
	s.now = s.env.Now().In(zone)
	return nil
}

// artifacts writes the files that were asked for.
func (s *session) artifacts(res *sched.Result) error {
	if err := s.save(s.o.saveGraph, res.Graph.WriteXML); err != nil {
		return err
	}
	return s.save(s.o.saveDot, func(w io.Writer) error { return dot(w, res) })
}

// saveCIB writes the CIB as it is at this point.
func (s *session) saveCIB(name string) error {
	return s.save(name, func(w io.Writer) error {
		_, err := w.Write(s.root.AppendXML(nil, true))
		return err
	})
}

// save writes a file, "-" being standard output; no name, no file.
func (s *session) save(name string, write func(io.Writer) error) error {
	switch name {
	case "":
		return nil
	case "-":
		var b strings.Builder
		err := write(&b)
		s.out.raw(b.String())
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return face.Failf(face.CantCreate, "save: %w", err)
	}
	if err = errors.Join(write(file), file.Close()); err != nil {
		return face.Failf(face.CantCreate, "save: %w", err)
	}
	return nil
}

// dot writes the DOT file.
func dot(out io.Writer, res *sched.Result) error {
	w := bufio.NewWriter(out)
	w.WriteString(" digraph \"g\" {\n")
	for _, line := range res.Dot {
		w.WriteString(line)
		w.WriteByte('\n')
	}
	w.WriteString("}\n")
	return w.Flush() // the first error, if there was one
}
