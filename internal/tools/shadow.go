package tools

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/google/renameio/v2"

	"mainstay/cib"
	"mainstay/internal/face"
)

// shadowOptions are crm_shadow's.
type shadowOptions struct {
	env                *face.Env
	command, name      string
	force, batch, all  bool
	validateWith, home string
}

// crmShadow is crm_shadow: copies of the configuration to try changes on. A copy is
// a file that all tools work on while $CIB_shadow names it.
func crmShadow(ctx context.Context, env *face.Env, args []string) face.Code {
	o := &shadowOptions{env: env}
	f := newFlags(env, "try changes of the configuration on a copy")
	for _, c := range [][4]string{
		{"which", "w", "", "name the active copy"}, {"display", "p", "", "print the active copy"},
		{"edit", "E", "", "edit the active copy with $EDITOR"}, {"diff", "d", "", "print the changes in the active copy"},
		{"file", "F", "", "print where the active copy is"}, {"create", "c", "=", "make a copy of the configuration"},
		{"create-empty", "e", "=", "make a copy that is empty"}, {"commit", "C", "=", "put a copy in the place of the configuration"},
		{"delete", "D", "=", "delete a copy"}, {"reset", "r", "=", "copy the configuration anew"}, {"switch", "s", "=", "use another copy"},
	} {
		f.command(c, func(v string) { o.command, o.name = c[0], v })
	}
	f.BoolVarP(&o.force, "force", "f", false, "do it in spite of doubts")
	f.BoolVarP(&o.batch, "batch", "b", false, "do not start a shell")
	f.BoolVarP(&o.all, "all", "a", false, "with --commit: the status, too")
	f.StringVarP(&o.validateWith, "validate-with", "v", "", "with --create-empty: the vocabulary")
	if code, done := f.parse(args); done {
		return code
	}
	if o.command == "" {
		env.Errorf("%s", f.helpText())
		return face.Usage
	}
	err := o.run(ctx)
	if err != nil && !silent(err) {
		env.Errorf("%s\n", message(err))
	}
	return face.CodeOf(err)
}

// run does what was asked.
func (o *shadowOptions) run(ctx context.Context) error {
	live := *o.env
	live.Getenv = func(name string) string {
		if name == "CIB_shadow" {
			return ""
		}
		return o.env.Getenv(name)
	}
	switch o.command {
	case "create", "create-empty", "reset":
		return o.create(ctx, &live)
	case "commit":
		return o.commit(ctx, &live)
	case "delete":
		return o.remove()
	case "switch":
		if _, err := face.ReadCIB(o.path(o.name)); err != nil {
			return refuse(face.NoSuch, "Could not access shadow instance '%s': No such file or directory", o.name)
		}
		o.hint("To switch to the named shadow instance")
		return nil
	}
	active := o.env.Getenv("CIB_shadow")
	if active == "" {
		return refuse(face.NoSuch, "No active shadow configuration defined")
	}
	switch o.command {
	case "which":
		o.env.Printf("%s\n", active)
		return nil
	case "file":
		o.env.Printf("%s\n", o.path(active))
		return nil
	case "edit":
		return o.edit(ctx, o.path(active))
	}
	root, err := face.ReadCIB(o.path(active))
	if err != nil {
		return refuse(face.NoSuch, "Could not access shadow instance '%s': %v", active, err)
	}
	if o.command == "display" {
		o.env.Printf("%s", root.AppendXML(nil, true))
		return nil
	}
	return o.diff(ctx, &live, root)
}

// path is where a copy is.
func (o *shadowOptions) path(name string) string { return face.ShadowFile(o.env.Getenv, name) }

// create makes a copy.
func (o *shadowOptions) create(ctx context.Context, live *face.Env) error {
	_, err := os.Stat(o.path(o.name))
	there := err == nil
	switch {
	case o.command == "reset" && !there && !o.force:
		return refuse(face.NoSuch, "Could not access shadow instance '%s': No such file or directory", o.name)
	case o.command != "reset" && there && !o.force:
		return refuse(face.CantCreate, "A shadow instance '%s' already exists.\n  To prevent accidental destruction of the cluster, the --force flag is required in order to proceed.", o.name)
	}
	var root *cib.Elem
	if o.command == "create-empty" {
		root = cib.Empty()
		if o.validateWith != "" {
			root = root.With("validate-with", o.validateWith)
		}
	} else if root, err = live.CIB(ctx); err != nil {
		return err
	}
	if err := renameio.WriteFile(o.path(o.name), root.AppendXML(nil, true), 0o600); err != nil {
		return refuse(face.CantCreate, "Could not write the shadow instance: %v", err)
	}
	o.hint("A new shadow instance was created.  To begin using it")
	return nil
}

// hint tells how a copy becomes the active one.
func (o *shadowOptions) hint(what string) {
	o.env.Printf("Setting up shadow instance\n")
	o.env.Printf("%s paste the following into your shell:\n  CIB_shadow=%s ; export CIB_shadow\n", what, o.name)
}

// commit makes a copy the configuration.
func (o *shadowOptions) commit(ctx context.Context, live *face.Env) error {
	if !o.force {
		o.env.Errorf("The supplied command is considered dangerous.  To prevent accidental destruction of the cluster, the --force flag is required in order to proceed.\n")
		return face.Silent(face.Usage)
	}
	root, err := face.ReadCIB(o.path(o.name))
	if err != nil {
		return refuse(face.NoSuch, "Could not access shadow instance '%s': No such file or directory", o.name)
	}
	e := cib.Edit{Op: cib.OpReplace, Scope: "configuration", Elem: root.Child("configuration")}
	if o.all {
		e = cib.Edit{Op: cib.OpReplace, Elem: root}
	}
	return edit(ctx, live, []cib.Edit{e})
}

// remove deletes a copy.
func (o *shadowOptions) remove() error {
	if !o.force {
		o.env.Errorf("The supplied command is considered dangerous.  To prevent accidental destruction of the cluster, the --force flag is required in order to proceed.\n")
		return face.Silent(face.Usage)
	}
	if err := os.Remove(o.path(o.name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return refuse(face.CantCreate, "Could not remove shadow instance '%s': %v", o.name, err)
	}
	o.env.Printf("Please remember to unset the CIB_shadow variable by pasting the following into your shell:\n  unset CIB_shadow\n")
	return nil
}

// edit lets the user change a copy.
func (o *shadowOptions) edit(ctx context.Context, file string) error {
	editor := o.env.Getenv("EDITOR")
	if editor == "" {
		return refuse(face.NotConfigured, "No value for EDITOR defined")
	}
	c := exec.CommandContext(ctx, "/bin/sh", "-c", editor+" \"$1\"", editor, file)
	c.Stdin, c.Stdout, c.Stderr = o.env.Stdin, o.env.Stdout, o.env.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("the editor %s failed: %w", editor, err)
	}
	return nil
}

// diff prints what a copy has changed.
func (o *shadowOptions) diff(ctx context.Context, live *face.Env, root *cib.Elem) error {
	before, err := live.CIB(ctx)
	if err != nil {
		return err
	}
	d := cib.Diff(before, root)
	if d == nil {
		return nil
	}
	o.env.Printf("%s", d.AppendXML(nil, true))
	return face.Silent(face.Error)
}
