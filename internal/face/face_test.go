package face

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/client"
	"mainstay/internal/web"
)

func TestCodeOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Code
	}{
		{nil, OK},
		{errors.New("x"), Error},
		{Failf(Usage, "x"), Usage},
		{fmt.Errorf("wrapped: %w", Failf(BadData, "x")), BadData},
		{Silent(Unsafe), Unsafe},
		{&intent.NotFound{Kind: "node", Name: "n"}, NoSuch},
		{fmt.Errorf("wrapped: %w", client.ErrNoDaemon), Disconnected},
		{web.Problemf(web.Stale, "x"), Old},
		{web.Problemf(web.Exists, "x"), Exists},
		{web.Problemf(web.Denied, "x"), Denied},
		{web.Problemf(web.NoQuorum, "x"), NoQuorum},
		{web.Problemf(web.TimedOut, "x"), Timeout},
		{web.Problemf(web.Internal, "x"), Software},
		{context.DeadlineExceeded, Timeout},
		{&cib.EditError{Kind: cib.ErrExists}, Exists},
	} {
		if got := CodeOf(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}

// Every code that a problem can become is explained on the help page.
func TestMeaningsAreComplete(t *testing.T) {
	known := map[Code]bool{}
	for _, m := range Meanings() {
		known[m.Code] = true
	}
	for _, k := range []web.ProblemKind{web.Invalid, web.Stale, web.Exists, web.NotFound, web.Denied, web.NoQuorum, web.Unavailable, web.TimedOut, web.Failed, web.Internal} {
		if !known[problemCode(k)] {
			t.Errorf("code %d of %s is not explained", problemCode(k), k)
		}
	}
}

func TestDescribe(t *testing.T) {
	p := &web.Problem{Kind: web.Invalid, Msg: "it is bad", Details: []string{"line 1: this", "line 2: that"}, Remedy: "mend it"}
	if got, want := Describe(fmt.Errorf("load: %w", p)), "it is bad\n  line 1: this\n  line 2: that\n  remedy: mend it"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Describe(Silent(Error)); got != "" {
		t.Errorf("a silent failure says %q", got)
	}
	if got := Describe(fmt.Errorf("%w (/x)", client.ErrNoDaemon)); !strings.Contains(got, "mainstay run") {
		t.Errorf("no remedy in %q", got)
	}
}

func TestConfirm(t *testing.T) {
	for answer, ok := range map[string]bool{"yes\n": true, "Y\n": true, "no\n": false, "": false, "\n": false, "yes": true} {
		var out bytes.Buffer
		e := &Env{Stdin: strings.NewReader(answer), Stderr: &out}
		if err := e.Confirm("Really?"); (err == nil) != ok {
			t.Errorf("answer %q: %v", answer, err)
		}
	}
}

func TestEditFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cib.xml")
	if err := os.WriteFile(name, cib.Empty().AppendXML(nil, true), 0o600); err != nil {
		t.Fatal(err)
	}
	good := cib.Edit{Op: cib.OpCreate, Scope: "resources", Elem: cib.New("primitive", cib.Attr{Name: "id", Value: "a"},
		cib.Attr{Name: "class", Value: "ocf"}, cib.Attr{Name: "provider", Value: "heartbeat"}, cib.Attr{Name: "type", Value: "Dummy"})}
	held, err := os.Open(name) // as pcs does
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := EditFile(name, []cib.Edit{good}, cib.Stamp{}); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(held); err != nil || !strings.Contains(string(text), "primitive") {
		t.Errorf("who holds the file does not see the edit: %v\n%s", err, text)
	}
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for what, e := range map[string]cib.Edit{
		"again":    good,
		"dangling": {Op: cib.OpCreate, Scope: "constraints", Elem: cib.New("rsc_location", cib.Attr{Name: "id", Value: "l"}, cib.Attr{Name: "rsc", Value: "nobody"}, cib.Attr{Name: "node", Value: "n"}, cib.Attr{Name: "score", Value: "1"})},
	} {
		if err := EditFile(name, []cib.Edit{e}, cib.Stamp{}); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
	if after, err := os.ReadFile(name); err != nil || string(after) != string(before) {
		t.Errorf("a refused edit changed the file: %v", err)
	}
	if _, err := ReadCIB(name + "x"); CodeOf(err) != NoInput {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(name, []byte("<cib"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCIB(name); CodeOf(err) != BadData {
		t.Errorf("torn file: %v", err)
	}
}
