package tools

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/web"
)

// cibOptions are cibadmin's.
type cibOptions struct {
	action string // the last command option given, one of cibCommands

	text, file, scope, xpath                        string
	pipe, allowCreate, noChildren, nodePath, forced bool
}

// cibCommands are the options that choose what cibadmin does, and the peer's names
// for what is asked of the CIB.
var cibCommands = []struct {
	option [4]string
	call   string
}{
	{[4]string{"upgrade", "u", "", "bring the configuration to the newest syntax"}, "cib_upgrade"},
	{[4]string{"query", "Q", "", "print the CIB"}, "cib_query"},
	{[4]string{"erase", "E", "", "erase the configuration"}, "cib_erase"},
	{[4]string{"bump", "B", "", "raise the epoch"}, "cib_bump"},
	{[4]string{"create", "C", "", "create an element (which must not be there)"}, "cib_create"},
	{[4]string{"modify", "M", "", "update an element (which must be there, but for -c)"}, "cib_modify"},
	{[4]string{"patch", "P", "", "apply a diff of crm_diff(8)"}, "cib_apply_diff"},
	{[4]string{"replace", "R", "", "replace an element and all below it"}, "cib_replace"},
	{[4]string{"delete", "D", "", "delete the first element that matches"}, "cib_delete"},
	{[4]string{"delete-all", "d", "", "delete all elements that match --xpath"}, "cib_delete"},
	{[4]string{"empty", "a", "", "print an empty CIB"}, "cib_noop"},
	{[4]string{"md5-sum", "5", "", "print the digest of a CIB on disk"}, "cib_noop"},
	{[4]string{"md5-sum-versioned", "6", "", "print the digest of a CIB on the wire"}, "cib_noop"},
}

// cibadmin is cibadmin: query and edit the CIB.
func cibadmin(ctx context.Context, env *face.Env, args []string) face.Code {
	var o cibOptions
	f := newFlags(env, "query and edit the configuration")
	for _, c := range cibCommands {
		f.command(c.option, func(string) { o.action = c.option[0] })
	}
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
	if f.NArg() > 0 {
		env.Printf("non-option ARGV-elements: %s \n", strings.Join(f.Args(), " "))
		env.Errorf("%s", f.helpText())
		return face.Usage
	}
	call := "Call"
	if env.CIBFile() == "" { // the peer names the call where it waits for a daemon's answer
		call = "Call " + o.call()
	}
	return cibSay(env, call, o.run(ctx, f))
}

// call is the peer's name for what is asked of the CIB.
func (o *cibOptions) call() string {
	for _, c := range cibCommands {
		if c.option[0] == o.action {
			return c.call
		}
	}
	return "cib_noop"
}

// cibSay writes an error in cibadmin's words; call is what failed.
func cibSay(env *face.Env, call string, err error) face.Code {
	var f *face.Failure
	var none *face.NoCIB
	code := face.CodeOf(err)
	switch {
	case err == nil:
		return face.OK
	case errors.As(err, &none):
		env.Errorf("%s\n  %v\nInit failed, could not perform requested operations\n", noCIBText(none), none)
		return code
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
	if code == face.BadData { // the peer's code for what it calls an invalid argument
		code = face.Software
	}
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
	if f.Changed("xpath") { // one that means nothing selects nothing, as the peer has it
		if _, err := cib.FindPlaces(cib.Empty(), o.xpath); err != nil {
			return web.Problemf(web.NotFound, "%v", err)
		}
	}
	switch o.action {
	case "empty":
		env.Printf("%s", cib.Empty().AppendXML(nil, true))
		return nil
	case "md5-sum", "md5-sum-versioned":
		return o.printDigest(env, f)
	case "query":
		if f.Changed("show-access") && env.User == "" {
			env.Errorf("The supplied command requires -U user specified.\n")
			return face.Silent(face.Usage)
		}
		return o.print(ctx, f)
	}
	op, code := o.op(f)
	if code != face.OK {
		return face.Silent(code)
	}
	e := cib.Edit{Op: op, Scope: o.scope, XPath: o.xpath}
	if op == cib.OpUpgrade {
		return o.upgradeCIB(ctx, env)
	}
	if slices.Contains([]string{"create", "modify", "patch", "replace"}, o.action) || o.action == "delete" && o.xpath == "" {
		elem, err := o.input(env, f)
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
	switch o.action {
	case "upgrade":
		return dangerous(cib.OpUpgrade, true)
	case "erase":
		return dangerous(cib.OpErase, true)
	case "delete-all":
		return dangerous(cib.OpDeleteAll, true)
	case "bump":
		return cib.OpBump, face.OK
	case "create":
		return cib.OpCreate, face.OK
	case "modify":
		if o.allowCreate {
			return cib.OpModify, face.OK
		}
		return cib.OpUpdate, face.OK
	case "patch":
		return cib.OpPatch, face.OK
	case "replace":
		return cib.OpReplace, face.OK
	case "delete":
		return cib.OpDelete, face.OK
	}
	f.env.Errorf("%s", f.helpText())
	return "", face.Usage
}

// input reads the XML that a command is given.
func (o *cibOptions) input(env *face.Env, f *flags) (*cib.Elem, error) {
	var text []byte
	var err error
	from := ""
	switch {
	case f.Changed("xml-text"):
		text, from = []byte(o.text), "input string"
	case o.pipe:
		from = "STDIN"
		text, err = env.Input("-")
	case o.file != "":
		from = o.file
		text, err = env.Input(o.file)
	default:
		return nil, face.Failf(face.Software, "Call failed: Invalid argument")
	}
	var e *cib.Elem
	if err == nil {
		e, err = cib.Parse(text)
	}
	if err != nil {
		return nil, face.Failf(face.BadConfig, "Couldn't parse input from %s.\n  %v", from, err)
	}
	return e, nil
}

func (o *cibOptions) printDigest(env *face.Env, f *flags) error {
	if !f.Changed("xml-text") && o.file == "" && !o.pipe {
		return face.Failf(face.Usage, "Please supply XML to process with -X, -x or -p")
	}
	e, err := o.input(env, f)
	if err != nil {
		return err
	}
	if o.action == "md5-sum" {
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
func (o *cibOptions) print(ctx context.Context, f *flags) error {
	env := f.env
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
