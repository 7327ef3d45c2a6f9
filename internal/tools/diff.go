package tools

import (
	"context"
	"strings"

	"mainstay/cib"
	"mainstay/internal/face"
)

// crmDiff is crm_diff: the difference between two documents, or a document after
// a difference.
func crmDiff(_ context.Context, env *face.Env, args []string) face.Code {
	var oldFile, oldText, newFile, newText, patch string
	var asCIB, unversioned, stdin bool
	f := newFlags(env, "compare two configurations, or apply a difference to one")
	f.StringVarP(&oldFile, "original", "o", "", "file with the original")
	f.StringVarP(&oldText, "original-string", "O", "", "the original")
	f.StringVarP(&newFile, "new", "n", "", "file to compare it with")
	f.StringVarP(&newText, "new-string", "N", "", "text to compare it with")
	f.StringVarP(&patch, "patch", "p", "", "file with a difference to apply")
	f.BoolVarP(&asCIB, "cib", "c", false, "they are CIBs: tell versions and digest")
	f.BoolVarP(&unversioned, "no-version", "u", false, "leave versions out")
	f.BoolVarP(&stdin, "stdin", "s", false, "")
	f.hide("stdin")
	if code, done := f.parse(args); done {
		return code
	}
	if patch != "" {
		newFile = patch
	}
	before, ok := fragment(env, oldFile, oldText, stdin)
	if !ok {
		env.Errorf("Could not parse the first XML fragment\n")
		return face.BadData
	}
	after, ok := fragment(env, newFile, newText, false)
	if !ok {
		env.Errorf("Could not parse the second XML fragment\n")
		return face.BadData
	}
	if patch != "" {
		return applyPatch(env, before, after, asCIB)
	}
	if before.Name() != after.Name() {
		env.Errorf("The documents have different roots: <%s> and <%s>\n", before.Name(), after.Name())
		return face.BadData
	}
	d := cib.Diff(before, after)
	if unversioned {
		d = cib.DiffUnversioned(before, after)
	}
	if d == nil {
		return face.OK
	}
	if asCIB {
		set := after.Get("crm_feature_set")
		if set == "" {
			set = cib.FeatureSet
		}
		d = d.With("digest", cib.VersionedDigest(after, set))
	}
	// The peer writes apostrophes as entities; scripts compare such texts.
	env.Printf("%s", strings.ReplaceAll(string(d.AppendXML(nil, true)), "'", "&apos;"))
	return face.Error // as diff(1): they differ
}

// fragment reads a document from a text, a file or standard input.
func fragment(env *face.Env, file, text string, stdin bool) (*cib.Elem, bool) {
	doc := []byte(text)
	switch {
	case text != "":
	case stdin:
		file = "-"
		fallthrough
	default:
		var err error
		if doc, err = env.Input(file); err != nil {
			return nil, false
		}
	}
	e, err := cib.Parse(doc)
	if err != nil {
		env.Errorf("  %v\n", err)
	}
	return e, err == nil
}

// applyPatch prints a document after a difference.
func applyPatch(env *face.Env, before, diff *cib.Elem, asCIB bool) face.Code {
	if !asCIB {
		diff = diff.Without("digest")
	}
	out, err := cib.Patch(before, diff)
	if err != nil {
		env.Errorf("Could not apply patch: Invalid argument\n  %v\n", err)
		return face.Software
	}
	env.Printf("%s", out.AppendXML(nil, true))
	return face.OK
}
