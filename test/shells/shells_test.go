//go:build e2e

// Package shells has the shells of the distribution drive a cluster: Debian's crmsh
// and pcs, unmodified, as their users do.
package shells

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mainstay/internal/playground"
)

var (
	program = flag.String("program", "", "mainstay program to test (default: build it)")
	dir     = flag.String("dir", "/var/tmp/mainstay-shells", "directory of the playground")
	record  = flag.Bool("record", false, "run the sessions on real Pacemaker and record what it answers")
	only    = flag.String("session", "", "run this session only, by the name of its file")
)

func TestMain(m *testing.M) {
	if code, handled := playground.Entry(os.Args); handled {
		os.Exit(code)
	}
	flag.Parse()
	os.Exit(m.Run())
}

// peerNode is what a node runs when Pacemaker itself is recorded: Corosync with the
// playground's own configuration, then Pacemaker.
//
//go:embed testdata/peer.sh
var peerNode string

// sessionScript runs the commands on its standard input one after the other, each
// when the cluster has nothing left to do, and marks what each of them answered.
//
//go:embed testdata/session.sh
var sessionScript string

// step is one command of a session.
type step struct {
	command string
	how     string // "": all lines count; "~": in any order; "@": that, and places do not count; "rc": only the exit code; "-": not compared
}

// reply is what a command answered.
type reply struct {
	rc   string
	text string
}

// TestShells has Debian's own crmsh and pcs, unmodified, drive a Mainstay cluster
// through the tools, and compares their answers with those that were recorded on
// Pacemaker 2.1.5. With -record it records them. Each session has a fresh cluster;
// there are several a shell, so that what is new can be recorded by itself.
func TestShells(t *testing.T) {
	for _, shell := range []string{"crmsh", "pcs", "crmsh-more", "pcs-more", "crmsh-wrong", "pcs-wrong", "scripts"} {
		if *only != "" && *only != shell {
			continue
		}
		t.Run(shell, func(t *testing.T) {
			steps := readSession(t, shell)
			file := filepath.Join("testdata", shell+".peer")
			if *record {
				writeRecord(t, file, steps, session(t, shell, steps, true))
				return
			}
			compareRecord(t, file, steps, session(t, shell, steps, false))
		})
	}
}

// readSession reads the commands of a session.
func readSession(t *testing.T, shell string) []step {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", shell+".session"))
	if err != nil {
		t.Fatal(err)
	}
	var out []step
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		s := step{command: line}
		if how, rest, ok := strings.Cut(line, " "); ok && slices.Contains([]string{"~", "@", "rc", "-"}, how) {
			s = step{rest, how}
		}
		out = append(out, s)
	}
	return out
}

// build makes the program under test.
func build(t *testing.T) string {
	t.Helper()
	if *program != "" {
		return *program
	}
	out := filepath.Join(t.TempDir(), "mainstay")
	c := exec.Command("go", "build", "-o", out, "mainstay/cmd/mainstay")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
	return out
}

// session runs the commands of a session on a fresh cluster of three nodes.
func session(t *testing.T, name string, steps []step, peer bool) []reply {
	t.Helper()
	o := playground.Options{Plain: true, Binary: build(t), Dir: *dir}
	if peer {
		o.Payload = []string{"/bin/sh", "-c", peerNode}
	}
	r, err := playground.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Errorf("close the playground: %v", err)
		}
	}()
	if err := r.Bring(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Minute)
	defer cancel()
	var commands bytes.Buffer
	for _, s := range steps {
		commands.WriteString(s.command + "\n")
	}
	settle := "yes" // what is wrong changes nothing that would have to be waited for
	if strings.HasSuffix(name, "-wrong") {
		settle = "no"
	}
	out, err := r.ExecInput(ctx, "node1", commands.Bytes(), "/bin/bash", "-c", sessionScript, "session", settle)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return answers(t, string(out), steps)
}

// answers takes what a session printed apart.
func answers(t *testing.T, out string, steps []step) []reply {
	t.Helper()
	parts := strings.Split(out, "\n### ")[1:]
	if len(parts) != len(steps) {
		t.Fatalf("%d answers to %d commands:\n%s", len(parts), len(steps), out)
	}
	var replies []reply
	for i, p := range parts {
		text, rc, ok := strings.Cut(p, "\n=== ")
		if !ok {
			t.Fatalf("no end of the answer to %q: %s", steps[i].command, p)
		}
		_, text, _ = strings.Cut(text, "\n")
		replies = append(replies, reply{strings.TrimSpace(rc), normal(text, steps[i].how)})
	}
	return replies
}

// The parts of answers that may differ: times and counters, the name and version of
// the cluster manager, how the shells are told of a configuration that is not valid,
// which of three equal instances is promoted (whose start ends first is chance),
// and what the two versions of crm_mon call their sections.
var (
	leftOut = regexp.MustCompile(`^ *Status of pacemakerd|^ *\* Stack:|Last updated:|Last change:|^WARNING: \(|^ERROR: \(|^ERROR: element|^ERROR: +\w+ \(\d+\): |^ERROR: crm_verify|` +
		`dc-version|cluster-infrastructure|have-watchdog|last-lrm-refresh|cluster-name|^<cib |^\.\.\. got reply|^Waiting for \d+ repl|^(Full List of|Active|Inactive) Resources:|` +
		`No (active )?resources$|^Warning: .*\(\w+\) |^\(\w+\) |[Ww]arning: \(`)
	replaced = []struct {
		from *regexp.Regexp
		to   string
	}{
		{regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`), ""},
		{regexp.MustCompile(`(Sun|Mon|Tue|Wed|Thu|Fri|Sat) [A-Z][a-z][a-z] +\d+ [0-9:]+ \d{4}`), "DATE"},
		{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`), "DATE"},
		{regexp.MustCompile(`(exec|queue)(-time)?="?\d+ms`), "$1=N"},
		{regexp.MustCompile(`call=\d+`), "call=N"},
		{regexp.MustCompile(`version [^ )]+\)`), "version VERSION)"},
		{regexp.MustCompile(`Current DC: node\d( \(\d\))?`), "Current DC: NODE"},
		{regexp.MustCompile(`/var/run/`), "/run/"},
		{regexp.MustCompile(`, feature set [0-9.]+`), ""},
		{regexp.MustCompile(`Ring ID: +\S+`), "Ring ID: RING"},
		{regexp.MustCompile(`Promoted: \[ node\d \]`), "Promoted: [ ONE ]"},
		{regexp.MustCompile(`Unpromoted: \[ node\d node\d \]`), "Unpromoted: [ OTHERS ]"},
		{regexp.MustCompile(`resource ms1 is running on: node\d`), "resource ms1 is running on: NODE"},
		{regexp.MustCompile(`(?m)^(      \* )\(\d+\)`), "$1(N)"},
		{regexp.MustCompile(`\d+\.\d+ ?s(econds)?`), "TIME"},
	}
)

// place is where something runs.
var place = regexp.MustCompile(`\b(Started|Promoted|Unpromoted) node\d`)

// failedOn is where something failed: in the order in which the nodes wrote their results.
var failedOn = regexp.MustCompile(`FAILED \(blocked\) \[ [^]]* \]`)

// normal leaves of an answer what must agree.
func normal(text, how string) string {
	for _, r := range replaced {
		text = r.from.ReplaceAllString(text, r.to)
	}
	text = failedOn.ReplaceAllStringFunc(text, func(part string) string {
		head, nodes, _ := strings.Cut(strings.TrimSuffix(part, " ]"), "[ ")
		list := strings.Fields(nodes)
		slices.Sort(list)
		return head + "[ " + strings.Join(list, " ") + " ]"
	})
	if how == "@" {
		text = place.ReplaceAllString(text, "$1 NODE")
	}
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\n")
		if line != "" && !leftOut.MatchString(line) {
			lines = append(lines, line)
		}
	}
	if how == "~" || how == "@" {
		for i, l := range lines {
			lines[i] = strings.TrimSpace(l)
		}
		slices.Sort(lines)
		lines = slices.Compact(lines)
	}
	return strings.Join(lines, "\n")
}

// digest stands for an answer in the record.
func digest(s step, r reply) string {
	if s.how == "rc" {
		return "-"
	}
	sum := sha256.Sum256([]byte(r.text))
	return hex.EncodeToString(sum[:6])
}

// writeRecord writes down what Pacemaker answered, and leaves the texts in a
// temporary directory for whoever looks into a difference.
func writeRecord(t *testing.T, file string, steps []step, replies []reply) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# What real Pacemaker answered: exit code and digest of the normal form of each answer. Made by make record-shells.\n")
	for i, s := range steps {
		if s.how != "-" {
			fmt.Fprintf(&b, "%s %s %s\n", replies[i].rc, digest(s, replies[i]), s.command)
		}
		keepText(t, "peer", file, i, s, replies[i])
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// keepText leaves an answer where it can be looked at.
func keepText(t *testing.T, who, file string, i int, s step, r reply) {
	t.Helper()
	to := filepath.Join(os.TempDir(), "mainstay-shells", who+"-"+filepath.Base(file))
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	text := s.command + "\nrc " + r.rc + "\n" + r.text + "\n"
	if err := os.WriteFile(filepath.Join(to, fmt.Sprintf("%03d", i+1)), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// compareRecord compares what a Mainstay cluster answered with the record.
func compareRecord(t *testing.T, file string, steps []step, replies []reply) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if len(f) == 3 && f[0] != "#" {
			want[f[2]] = append(want[f[2]], f[0]+" "+f[1])
		}
	}
	compared, same := 0, 0
	for i, s := range steps {
		keepText(t, "ours", file, i, s, replies[i])
		if s.how == "-" {
			continue
		}
		list := want[s.command]
		if len(list) == 0 {
			t.Errorf("%s: not in the record; make record-shells", s.command)
			continue
		}
		want[s.command] = list[1:]
		compared++
		rc, sum, _ := strings.Cut(list[0], " ")
		switch {
		case rc != replies[i].rc:
			t.Errorf("%s: exit code %s, Pacemaker's is %s\n%s", s.command, replies[i].rc, rc, replies[i].text)
		case sum != digest(s, replies[i]):
			t.Errorf("%s: the answer is not Pacemaker's:\n%s", s.command, replies[i].text)
		default:
			same++
		}
	}
	t.Log(strconv.Itoa(same) + " of " + strconv.Itoa(compared) + " answers agree with Pacemaker's")
}
