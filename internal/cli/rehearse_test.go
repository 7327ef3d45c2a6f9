package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/internal/face"
)

// played runs a rehearsal in the repository's root and returns all that it writes.
func played(t *testing.T, args ...string) (string, face.Code) {
	t.Helper()
	var out bytes.Buffer
	env := &face.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }, Now: time.Now}
	code := Run(t.Context(), env, append([]string{"mainstay", "rehearse"}, args...))
	return out.String(), code
}

// shown finds a command that a document shows, and what it prints there.
func shown(t *testing.T, doc, command string) (args []string, output string) {
	t.Helper()
	data, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(data), "$ "+command)
	text, _, closed := strings.Cut(rest, "\n```")
	if !ok || !closed {
		t.Fatalf("%s does not show %q", doc, command)
	}
	first, output, _ := strings.Cut(strings.ReplaceAll(text, "\\\n", ""), "\n")
	for _, a := range strings.Fields(command + first)[2:] {
		args = append(args, strings.Trim(a, "'"))
	}
	return args, output + "\n"
}

// What the manual shows is what the program prints.
func TestManualShowsWhatIsPrinted(t *testing.T) {
	t.Chdir("../..")
	args, want := shown(t, "docs/rehearse.md", "mainstay rehearse examples/controllers.crm")
	if got, code := played(t, args...); got != want || code != face.Error {
		t.Errorf("exit %d; the program prints\n%s\nthe manual shows\n%s", code, got, want)
	}
	args, want = shown(t, "README.md", "mainstay rehearse examples/ha-guide-network.crm")
	got, _ := played(t, args...)
	rest := strings.Join(strings.Fields(got), " ")
	for part := range strings.SplitSeq(want, "…\n") {
		for line := range strings.Lines(part) {
			line = strings.Join(strings.Fields(line), " ")
			_, after, ok := strings.Cut(rest, line)
			if !ok {
				t.Fatalf("README.md shows %q, which the program does not print there:\n%s", line, got)
			}
			rest = after
		}
	}
}

// The two nodes of the HA guide, which ignore quorum and cannot cut each other off,
// fail a gate, with the sentence that says why and what to do, however it is asked for.
func TestGuideIsRed(t *testing.T) {
	t.Chdir("../..")
	const why, do = "no-quorum-policy=ignore lets each side of a split do so", "configure a fence device for every node and set stonith-enabled=true"
	guide := "examples/ha-guide-controller.crm"
	live := filepath.Join(t.TempDir(), "live.xml")
	data, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	doc := readChange(cib.Empty(), data, false).after.AppendXML(nil, true)
	if err := os.WriteFile(live, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		code  face.Code
		wants []string
		args  []string
	}{
		{face.OK, []string{"RED  isolate:node1@idle", why, do}, []string{guide, "--only", "isolate:node1"}},
		{face.OK, []string{"RED  isolate:node1@idle", why, do}, []string{live, "--only", "isolate:node1"}},
		{face.OK, []string{`"level": "red"`, `"kind": "double-owner"`, why, do}, []string{guide, "--only", "isolate:node1", "--json"}},
		{face.OK, []string{"p_mysql runs on node2", "double-owner", why, do}, []string{guide, "--explain", "isolate:node1"}},
		{face.Error, []string{"--fail-on double-owner: isolate:node1@idle: "}, []string{guide, "--only", "isolate:node1", "--fail-on", "double-owner"}},
		{face.Error, []string{"--fail-on red: isolate:node1@idle: "}, []string{guide, "--only", "isolate:node1", "--fail-on", "red"}},
		{face.OK, []string{"ok  daemon:node1@idle"}, []string{guide, "--only", "daemon:node1", "--fail-on", "double-owner,red"}},
	} {
		out, code := played(t, x.args...)
		if code != x.code {
			t.Errorf("%v: exit %d, want %d", x.args, code, x.code)
		}
		for _, want := range x.wants {
			if !strings.Contains(out, want) {
				t.Errorf("%v lacks %q:\n%s", x.args, want, out)
			}
		}
	}
}

// What is wrong with a flag is told with its name, its value and what to write instead;
// a gate that is told to look for nothing does not let everything through.
func TestRehearseRefuses(t *testing.T) {
	t.Chdir("../..")
	guide := "examples/ha-guide-network.crm"
	for _, x := range []struct {
		code face.Code
		says string
		args []string
	}{
		{face.Usage, "--fail-on: a value is empty", []string{"--fail-on", ""}},
		{face.Usage, `--fail-on: condition "tripped" is not known`, []string{"--fail-on", "tripped"}},
		{face.Usage, "--phases: a value is empty", []string{"--phases", ""}},
		{face.Usage, `--phases: there is no phase "late"`, []string{"--phases", "late"}},
		{face.Usage, "--nodes: a value is empty", []string{"--nodes", "a,,b"}},
		{face.Usage, "--nodes: a is named twice", []string{"--nodes", "a,b,a"}},
		{face.Usage, "--explain: a value is empty", []string{"--explain", ""}},
		{face.Usage, "--explain: it plays its row alone\n  remedy: leave --only out", []string{"--explain", "power:node1", "--only", "power:node2"}},
		{face.NoSuch, `--explain: there is no fault "power:node9"`, []string{"--explain", "power:node9"}},
		{face.NoSuch, "--only: row \"power:node1@degraded\": there is no phase \"degraded\" for one fault\n  remedy: write @idle or @recovery", []string{"--only", "power:node1@degraded"}},
		{face.Usage, "--boot: 0s is no time to boot", []string{"--boot", "0"}},
		{face.Usage, "--jobs: 0 clusters", []string{"--jobs", "0"}},
		{face.Usage, "--budget: there are no -1 pairs", []string{"--pairs", "--budget", "-1"}},
		{face.Usage, "--budget: it bounds pairs", []string{"--budget", "5"}},
		{face.Usage, "--alike: there are no -2 services", []string{"--alike", "-2"}},
		{face.BadData, guide + " cannot be used\n  " + guide + ":", []string{"--conf", guide}},
	} {
		out, code := played(t, append([]string{guide}, x.args...)...)
		if code != x.code || !strings.Contains(out, x.says) {
			t.Errorf("%v: exit %d, want %d and %q:\n%s", x.args, code, x.code, x.says, out)
		}
	}
}

// A row comes out the same alone as among others, however many are played at once.
func TestRowsReplay(t *testing.T) {
	t.Chdir("../..")
	guide := "examples/ha-guide-network.crm"
	rows := func(args ...string) map[string]string {
		out, _ := played(t, append([]string{guide, "--json"}, args...)...)
		_, doc, ok := strings.Cut(out, "{\n") // progress comes before
		var rep struct{ Rows []json.RawMessage }
		if err := json.Unmarshal([]byte("{\n"+doc), &rep); !ok || err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		by := map[string]string{}
		for _, r := range rep.Rows {
			var id struct{ ID string }
			if err := json.Unmarshal(r, &id); err != nil {
				t.Fatal(err)
			}
			by[id.ID] = string(r)
		}
		return by
	}
	all := rows("--jobs", "1")
	for id, row := range rows("--jobs", "3") { //order: each by itself
		if row != all[id] {
			t.Errorf("%s is another one with three clusters at once:\n%s\n%s", id, row, all[id])
		}
	}
	for _, id := range []string{"power:coordinator@idle", "isolate:node2@idle", "daemon:coordinator@recovery", "monitor:p_neutron-dhcp-agent@recovery", "stop:p_neutron-metadata-agent@recovery"} {
		if alone := rows("--only", id)[id]; alone == "" || alone != all[id] {
			t.Errorf("%s is another one alone:\n%s\n%s", id, alone, all[id])
		}
	}
}
