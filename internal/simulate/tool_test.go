package simulate

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/internal/face"
)

const input = "../conformance/testdata/cases/xml/standby-moves.xml"

// call runs the program on a directory of its own.
func call(t *testing.T, stdin string, args ...string) (string, string, face.Code) {
	t.Helper()
	var out, errs bytes.Buffer
	env := &face.Env{Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" },
		Now: func() time.Time { return time.Unix(1700000000, 0) }}
	code := Tool(context.Background(), env, args)
	return out.String(), errs.String(), code
}

// wants checks that a text has all of some parts, in order.
func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, p := range parts {
		i := strings.Index(rest, p)
		if i < 0 {
			t.Fatalf("there is no %q (in this order) in:\n%s", p, text)
		}
		rest = rest[i+len(p):]
	}
}

func TestFailingOperation(t *testing.T) {
	after := filepath.Join(t.TempDir(), "after.xml")
	out, _, code := call(t, "", "-x", input, "-S", "-F", "vip_start_0@n2=1", "-O", after)
	if code != face.OK {
		t.Fatal(code)
	}
	wants(t, out, "Move       vip     ( n1 -> n2 )", "stop on n1", "start on n2", "Pretending action", "rc=1", "Revised Cluster Status", "FAILED n2")
	if strings.Contains(out, "monitor=10000") {
		t.Errorf("what waits for the failed start was carried out:\n%s", out)
	}
	text, err := os.ReadFile(after)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, string(text), `rc-code="1"`, `name="fail-count-vip#start_0" value="INFINITY"`)
	// The next plan sees the failure.
	out, _, _ = call(t, string(text), "-p", "-R")
	wants(t, out, "FAILED n2", "Transition Summary", "Stop       vip")
}

func TestInjections(t *testing.T) {
	out, _, code := call(t, "", "-x", input, "-R", "-d", "n2", "-q", "0", "-g", "tA", "-i", "vip_monitor_10000@n1=7")
	if code != face.OK {
		t.Fatal(code)
	}
	wants(t, out, "Performing Requested Modifications:", "* Setting quorum: 0", "* Taking node n2 offline", "* Granting ticket tA",
		"* Injecting vip_monitor_10000@n1=7 into the configuration", "Transition Summary:")
}

func TestQuietScores(t *testing.T) {
	out, _, _ := call(t, "", "-x", input, "-sSQ")
	if out != "\npcmk__primitive_assign: vip allocation score on n1: 0\npcmk__primitive_assign: vip allocation score on n2: 0\n" {
		t.Errorf("%q", out)
	}
}

func TestXMLOutput(t *testing.T) {
	out, _, _ := call(t, "", "-x", input, "-S", "--output-as=xml", "-i", "vip_monitor_10000@n1=7")
	wants(t, out, "<cluster_status>", `<inject_spec spec="vip_monitor_10000@n1=7"/>`, `<rsc_action action="recover" resource="vip" source="n1" dest="n2"/>`,
		"<transition>", `<rsc_action resource="vip" op="stop" node="n1"/>`, "<revised_cluster_status>", `<status code="0" message="OK"/>`)
}

func TestGraphToStandardOutput(t *testing.T) {
	out, _, _ := call(t, "", "-x", input, "-RQ", "-G", "-")
	wants(t, out, "<transition_graph", `operation_key="vip_stop_0"`)
}

func TestInPlace(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cib.xml")
	text, err := os.ReadFile(input)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, code := call(t, "", "-x", name, "-X"); code != face.OK {
		t.Fatal(code)
	}
	// Law 8: what was carried out need not be done again.
	out, _, _ := call(t, "", "-x", name, "-R")
	wants(t, out, "Started n2", "Transition Summary:\n")
	if strings.Contains(out[strings.Index(out, "Transition Summary:"):], "*") {
		t.Errorf("there is still something to do:\n%s", out)
	}
}

func TestProfile(t *testing.T) {
	out, _, code := call(t, "", "--profile", filepath.Dir(input), "--repeat", "2")
	if code != face.OK {
		t.Fatal(code)
	}
	wants(t, out, "Timings:", "* Testing ", "standby-moves.xml ... 0.00 secs")
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, c := range []struct {
		args []string
		code face.Code
		says string
	}{
		{[]string{"-x", filepath.Join(dir, "none.xml")}, face.NoInput, "none.xml"},
		{[]string{"-x", put("text.xml", "hello")}, face.BadData, "text.xml"},
		{[]string{"-x", put("other.xml", "<other/>")}, face.BadData, "want <cib>"},
		{[]string{"-x", input, "-t", "soon"}, face.Usage, "--set-datetime"},
		{[]string{"-x", input, "-i", "db_monitor_0@n1=7"}, face.NoSuch, "no such resource"},
		{[]string{"-x", input, "-R", "-G", filepath.Join(dir, "no", "graph")}, face.CantCreate, "save"},
		{[]string{"--profile", dir + "/nothing"}, face.NoInput, "no XML files"},
		{[]string{"--what"}, face.Usage, "Unknown option --what"},
	} {
		_, errs, code := call(t, "", c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: code %d, %q; want %d, %q", c.args, code, errs, c.code, c.says)
		}
	}
}
