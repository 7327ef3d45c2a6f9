package tools

import (
	"context"
	"errors"
	"os"
	"strings"

	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/sched"
)

// crmVerify is crm_verify: judge a configuration.
func crmVerify(ctx context.Context, env *face.Env, args []string) face.Code {
	var live, pipe bool
	var file, text, save string
	f := newFlags(env, "check a configuration for errors")
	r := f.withOutput(args)
	f.BoolVarP(&live, "live-check", "L", false, "the configuration of the running cluster")
	f.StringVarP(&file, "xml-file", "x", "", "the configuration in this file")
	f.BoolVarP(&pipe, "xml-pipe", "p", false, "the configuration on standard input")
	f.StringVarP(&text, "xml-text", "X", "", "this configuration")
	f.StringVarP(&save, "save-xml", "S", "", "write what was checked to this file")
	if code, done := f.parse(args); done {
		return code
	}
	v := verification{reply: r, loud: f.verbosity()}
	var root *cib.Elem
	var err error
	switch {
	case live:
		root, err = env.CIB(ctx)
		var none *face.NoCIB
		if errors.As(err, &none) {
			err = refuse(face.NoInput, "CIB query failed: Input file not available\n  %v", none)
		}
	case file != "":
		root, err = v.read(file, "file")
	case f.Changed("xml-text"):
		root, err = v.parse([]byte(text), "string: "+text)
	case pipe:
		root, err = v.read("-", "stdin")
	default:
		err = refuse(face.Error, "No configuration source specified.  Use --help for usage information.")
	}
	if err != nil {
		return v.over(err)
	}
	if save != "" {
		if err := os.WriteFile(save, root.AppendXML(nil, true), 0o644); err != nil {
			return v.over(refuse(face.CantCreate, "Could not write %s: %v", save, err))
		}
	}
	return v.over(v.judge(root))
}

// notCIB is the exit code for a document that is something else: PROTOCOL, as crm_error calls it.
const notCIB face.Code = 76

// verification is one run of crm_verify.
type verification struct {
	*reply
	loud int // how often -V was given
}

// read parses a document from a file, or standard input.
func (v verification) read(name, what string) (*cib.Elem, error) {
	text, err := v.env.Input(name)
	if err != nil {
		return nil, refuse(face.Error, "Couldn't parse input %s: %s", what, name)
	}
	if what == "file" {
		what += ": " + name
	}
	return v.parse(text, what)
}

func (v verification) parse(text []byte, what string) (*cib.Elem, error) {
	root, err := cib.Parse(text)
	markup := strings.HasPrefix(strings.TrimSpace(string(text)), "<")
	if err != nil && len(text) > 0 {
		v.warnf("%v\n", err)
	}
	switch {
	case err != nil && !markup:
		return nil, refuse(face.Error, "Couldn't parse input %s", what)
	case err != nil:
		return nil, v.invalid()
	}
	if root.Name() != "cib" {
		return nil, refuse(notCIB, "This tool can only check complete configurations (i.e. those starting with <cib>).")
	}
	return root, nil
}

// judge validates the document, then has the scheduler look at it.
func (v verification) judge(root *cib.Elem) error {
	if root.Child("status") == nil {
		root = root.Append(cib.New("status"))
	}
	invalid := false
	for _, p := range cib.Validate(root) {
		switch p.Severity {
		case cib.Error:
			invalid = true
			v.say(0, "validate", "error", p.String())
		case cib.Warning:
			v.say(2, "validate", "warning", p.String())
		default:
			v.say(3, "validate", "info", p.String())
		}
	}
	var upgraded *cib.Elem
	if !invalid {
		var err error
		if upgraded, err = cib.Upgrade(root); err != nil {
			invalid = true
			v.say(0, "upgrade", "error", err.Error())
		}
	}
	if invalid {
		v.say(1, "validate", "error", "CIB did not pass schema validation")
		return v.invalid()
	}
	res := sched.Schedule(sched.Input{CIB: upgraded, Now: v.env.Now()})
	for _, w := range res.Warnings {
		text := w.Text
		if w.ID != "" {
			text = w.ID + ": " + text
		}
		if w.Fix != "" {
			text += "; " + w.Fix
		}
		v.say(2, "schedule", "warning", text)
	}
	if unfenced(upgraded) {
		v.say(1, "fencing", "error", "Resource start-up disabled since no STONITH resources have been defined")
		v.say(1, "fencing", "error", "configure a fence device, or switch fencing off with stonith-enabled=false if no data is shared")
		return v.invalid()
	}
	if !res.Status.FencingEnabled {
		v.say(2, "fencing", "warning", "nodes that vanish are not fenced (stonith-enabled is false)")
	}
	return nil
}

// unfenced tells whether fencing is wanted and there is nothing to fence with, so
// that no resource is started.
func unfenced(root *cib.Elem) bool {
	on, err := cib.ParseBool(cib.Property(root, "stonith-enabled", cib.Property(root, "fencing-enabled", "true")))
	if err == nil && !on || cib.Property(root, "have-watchdog", "false") == "true" && cib.Property(root, "stonith-watchdog-timeout", "0") != "0" {
		return false
	}
	found := false
	root.Path("configuration", "resources").Walk(func(e *cib.Elem) bool {
		found = found || (e.Name() == "primitive" || e.Name() == "template") && e.Get("class") == "stonith"
		return !found
	})
	return !found
}

// say tells something if it was asked for loudly enough.
func (v verification) say(level int, where, severity, text string) {
	if v.loud < level {
		return
	}
	if level == 0 && v.loud == 0 {
		v.env.Errorf("%s\n", text)
		return
	}
	v.env.Errorf("(%s) \t%s: %s\n", where, severity, strings.ReplaceAll(text, "\n", " "))
}

// invalid is the end of a check that found errors.
func (v verification) invalid() error {
	text := "Errors found during check: config not valid"
	if v.loud == 0 {
		text += "\n-V may provide more details"
	}
	return refuse(face.BadConfig, "%s", text)
}

// over ends the tool: its errors are told without what the exit code means.
func (v verification) over(err error) face.Code {
	if err != nil { // the document tells the code, standard error the words
		v.env.Errorf("%s: %s\n", v.env.Name, message(err))
		code := face.CodeOf(err)
		v.end(face.Silent(code))
		return code
	}
	return v.end(err)
}
