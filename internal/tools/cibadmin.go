package tools

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strings"

	"mainstay/cib"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/web"
)

// cibOptions are cibadmin's.
type cibOptions struct {
	query, erase, bump, create, modify, patch, replace, remove, removeAll bool
	empty, digest, versionedDigest, upgrade                               bool

	text, file, scope, xpath                        string
	pipe, allowCreate, noChildren, nodePath, forced bool
}

// cibadmin is cibadmin: query and edit the CIB.
func cibadmin(ctx context.Context, env *face.Env, args []string) face.Code {
	var o cibOptions
	f := newFlags(env, "query and edit the configuration")
	f.BoolVarP(&o.upgrade, "upgrade", "u", false, "bring the configuration to the newest syntax")
	f.BoolVarP(&o.query, "query", "Q", false, "print the CIB")
	f.BoolVarP(&o.erase, "erase", "E", false, "erase the configuration")
	f.BoolVarP(&o.bump, "bump", "B", false, "raise the epoch")
	f.BoolVarP(&o.create, "create", "C", false, "create an element (which must not be there)")
	f.BoolVarP(&o.modify, "modify", "M", false, "update an element (which must be there, but for -c)")
	f.BoolVarP(&o.patch, "patch", "P", false, "apply a diff of crm_diff(8)")
	f.BoolVarP(&o.replace, "replace", "R", false, "replace an element and all below it")
	f.BoolVarP(&o.remove, "delete", "D", false, "delete the first element that matches")
	f.BoolVarP(&o.removeAll, "delete-all", "d", false, "delete all elements that match --xpath")
	f.BoolVarP(&o.empty, "empty", "a", false, "print an empty CIB")
	f.BoolVarP(&o.digest, "md5-sum", "5", false, "print the digest of a CIB on disk")
	f.BoolVarP(&o.versionedDigest, "md5-sum-versioned", "6", false, "print the digest of a CIB on the wire")
	f.StringVarP(&o.text, "xml-text", "X", "", "XML")
	f.StringVarP(&o.file, "xml-file", "x", "", "file with XML")
	f.BoolVarP(&o.pipe, "xml-pipe", "p", false, "XML from standard input")
	f.StringVarP(&o.scope, "scope", "o", "", "section")
	f.StringVarP(&o.xpath, "xpath", "A", "", "XPath instead of a section")
	f.BoolVarP(&o.nodePath, "node-path", "e", false, "print the paths of what matches")
	f.BoolVarP(&o.noChildren, "no-children", "n", false, "print elements without what is in them")
	f.BoolVarP(&o.allowCreate, "allow-create", "c", false, "let --modify create")
	f.BoolVarP(&o.forced, "force", "f", false, "do what is dangerous")
	f.BoolP("local", "l", false, "")
	f.BoolP("sync-call", "s", false, "")
	f.StringP("timeout", "t", "", "")
	f.StringVarP(&env.User, "user", "U", "", "with the permissions of this user (asked as root or hacluster)")
	f.StringP("node", "N", "", "")
	f.StringP("show-access", "S", "", "")
	f.optional("show-access", "auto")
	f.hide("local", "sync-call", "timeout", "node", "show-access")
	if code, done := f.parse(args); done {
		return code
	}
	call := "Call"
	if env.CIBFile() == "" { // the peer names the call where it waits for a daemon's answer
		call = "Call " + o.call()
	}
	return cibSay(env, call, o.run(ctx, f))
}

// call is the peer's name for what is asked of the CIB.
func (o *cibOptions) call() string {
	for _, c := range []struct {
		chosen bool
		name   string
	}{
		{o.query, "cib_query"}, {o.upgrade, "cib_upgrade"}, {o.erase, "cib_erase"}, {o.bump, "cib_bump"}, {o.create, "cib_create"},
		{o.modify, "cib_modify"}, {o.patch, "cib_apply_diff"}, {o.replace, "cib_replace"}, {o.remove || o.removeAll, "cib_delete"},
	} {
		if c.chosen {
			return c.name
		}
	}
	return "cib_noop"
}

// cibSay writes an error in cibadmin's words; call is what failed.
func cibSay(env *face.Env, call string, err error) face.Code {
	var f *face.Failure
	code := face.CodeOf(err)
	switch {
	case err == nil:
		return face.OK
	case errors.As(err, &f):
		if f.Err != nil {
			env.Errorf("%v\n", f.Err)
		}
		return code
	case errors.Is(err, client.ErrNoDaemon):
		env.Errorf("Signon to CIB failed: Transport endpoint is not connected\nInit failed, could not perform requested operations\n")
		return face.Disconnected
	}
	var p *web.Problem
	if errors.As(err, &p) && p.Kind == web.Invalid && len(p.Details) > 0 {
		env.Errorf("%s\n%s failed: Update does not conform to the configured schema\n", strings.Join(p.Details, "\n"), call)
		return face.BadConfig
	}
	word, detail := reason(err)
	env.Errorf("%s failed: %s\n", call, word)
	if detail != "" {
		env.Errorf("  %s\n", strings.ReplaceAll(detail, "\n", "\n  "))
	}
	return code
}

// failedUpdate is what is printed of an element that is there already.
func failedUpdate(e *cib.Elem) *cib.Elem {
	update := element("failed_update", "id", e.ID(), "object_type", e.Name(), "operation", "cib_create", "reason", "File exists")
	return cib.New("failed").Append(update.Append(e))
}

func (o *cibOptions) run(ctx context.Context, f *flags) error {
	env := f.env
	switch {
	case o.empty:
		env.Printf("%s", cib.Empty().AppendXML(nil, true))
		return nil
	case o.digest, o.versionedDigest:
		return o.printDigest(env)
	case o.query:
		if f.Changed("show-access") && env.User == "" {
			env.Errorf("The supplied command requires -U user specified.\n")
			return face.Silent(face.Usage)
		}
		return o.print(ctx, env)
	}
	op, code := o.op(f)
	if code != face.OK {
		return face.Silent(code)
	}
	e := cib.Edit{Op: op, Scope: o.scope, XPath: o.xpath}
	if op == cib.OpUpgrade {
		return o.upgradeCIB(ctx, env)
	}
	if o.create || o.modify || o.patch || o.replace || o.remove && o.xpath == "" {
		elem, err := o.input(env)
		if err != nil {
			return err
		}
		e.Elem = elem
	}
	if e.Scope == "all" || e.Scope == "cib" {
		e.Scope = ""
	}
	err := edit(ctx, env, []cib.Edit{e})
	if op == cib.OpCreate && face.CodeOf(err) == face.Exists {
		env.Printf("%s", failedUpdate(e.Elem).AppendXML(nil, true))
	}
	return err
}

// upgradeCIB brings the configuration to the newest vocabulary that the other
// programs of this machine read.
func (o *cibOptions) upgradeCIB(ctx context.Context, env *face.Env) error {
	root, err := env.CIB(ctx)
	if err != nil {
		return err
	}
	name := newestVocabulary(env)
	next, err := cib.UpgradeTo(root, name)
	if err != nil {
		return web.Problemf(web.Invalid, "%v", err)
	}
	if next.Equal(root) || root.Get("validate-with") == "none" { // which asks for no vocabulary
		env.Errorf("Upgrade unnecessary: Schema is already the latest available\n")
		return nil
	}
	return edit(ctx, env, []cib.Edit{{Op: cib.OpUpgrade, Elem: cib.New("cib", cib.Attr{Name: "validate-with", Value: name})}})
}

// schemaDir is where the schemas are that other programs validate with.
const schemaDir = "/usr/share/pacemaker"

// newestVocabulary is the newest one that has a schema on this machine, because
// crmsh and pcs can work with no other; without any schema it is our newest.
func newestVocabulary(env *face.Env) string {
	dir := env.Getenv("PCMK_schema_directory")
	if dir == "" {
		dir = schemaDir
	}
	// An error means a malformed pattern, and this one is not.
	files, _ := filepath.Glob(filepath.Join(dir, "pacemaker-[0-9]*.rng"))
	best := ""
	for _, f := range files {
		v := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "pacemaker-"), ".rng")
		if best == "" || cib.CompareVersions(v, best) > 0 {
			best = v
		}
	}
	if best == "" || cib.CompareVersions(best, strings.TrimPrefix(cib.ValidateWith, "pacemaker-")) > 0 {
		return cib.ValidateWith
	}
	return "pacemaker-" + best
}

// op is the edit that the options ask for.
func (o *cibOptions) op(f *flags) (cib.EditOp, face.Code) {
	dangerous := func(op cib.EditOp, is bool) (cib.EditOp, face.Code) {
		if is && !o.forced {
			f.env.Errorf("The supplied command is considered dangerous.  To prevent accidental destruction of the cluster, the --force flag is required in order to proceed.\n")
			return "", face.Unsafe
		}
		return op, face.OK
	}
	switch {
	case o.upgrade:
		return dangerous(cib.OpUpgrade, true)
	case o.erase:
		return dangerous(cib.OpErase, true)
	case o.removeAll:
		return dangerous(cib.OpDeleteAll, true)
	case o.bump:
		return cib.OpBump, face.OK
	case o.create:
		return cib.OpCreate, face.OK
	case o.modify && o.allowCreate:
		return cib.OpModify, face.OK
	case o.modify:
		return cib.OpUpdate, face.OK
	case o.patch:
		return cib.OpPatch, face.OK
	case o.replace:
		return cib.OpReplace, face.OK
	case o.remove:
		return cib.OpDelete, face.OK
	}
	f.env.Errorf("%s", f.helpText())
	return "", face.Usage
}

// input reads the XML that a command is given.
func (o *cibOptions) input(env *face.Env) (*cib.Elem, error) {
	var text []byte
	switch {
	case o.text != "":
		text = []byte(o.text)
	case o.file != "" || o.pipe:
		name := o.file
		if o.pipe {
			name = "-"
		}
		var err error
		if text, err = env.Input(name); err != nil {
			return nil, face.Failf(face.BadConfig, "Couldn't parse input from %s.\n  %v", name, err)
		}
	default:
		return nil, face.Failf(face.Software, "Call failed: Invalid argument")
	}
	e, err := cib.Parse(text)
	if err != nil {
		return nil, face.Failf(face.BadData, "Couldn't parse input: %v", err)
	}
	return e, nil
}

func (o *cibOptions) printDigest(env *face.Env) error {
	e, err := o.input(env)
	if err != nil {
		return err
	}
	if o.digest {
		env.Errorf("Digest: ")
		env.Printf("%s\n", cib.Digest(e))
		return nil
	}
	set := e.Get("crm_feature_set")
	env.Errorf("Versioned (%s) digest: ", cmp.Or(set, "(null)")) // as the peer has it
	env.Printf("%s\n", cib.VersionedDigest(e, set))
	return nil
}

// print is the query.
func (o *cibOptions) print(ctx context.Context, env *face.Env) error {
	if o.nodePath && o.xpath != "" {
		root, err := env.CIB(ctx)
		if err != nil {
			return err
		}
		places, err := cib.FindPlaces(root, o.xpath)
		if err != nil {
			return err
		}
		if len(places) == 0 {
			return web.Problemf(web.NotFound, "nothing matches %s", o.xpath)
		}
		for _, p := range places {
			env.Printf("%s\n", p.Path())
		}
		return nil
	}
	e, err := o.fetch(ctx, env)
	if err != nil {
		return err
	}
	if o.noChildren {
		e = e.WithKids(nil)
	}
	text := string(e.AppendXML(nil, true))
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	env.Printf("%s", text)
	return nil
}

func (o *cibOptions) fetch(ctx context.Context, env *face.Env) (*cib.Elem, error) {
	if env.CIBFile() == "" {
		return env.Client().Query(ctx, o.scope, o.xpath)
	}
	root, err := env.CIB(ctx)
	if err != nil {
		return nil, err
	}
	return web.Select(root, o.scope, o.xpath)
}
