package tools

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/internal/face"
)

func TestReport(t *testing.T) {
	dir := t.TempDir()
	doc, err := os.ReadFile("peer/cib.xml")
	if err != nil {
		t.Fatal(err)
	}
	doc = bytes.Replace(doc, []byte(`name="fake" value="two"`), []byte(`name="password" value="hunter2"`), 1)
	file := filepath.Join(dir, "cib.xml")
	if err := os.WriteFile(file, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	env := &face.Env{Name: "crm_report", Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, Socket: filepath.Join(dir, "none.sock"),
		Getenv: func(name string) string { return map[string]string{"CIB_file": file}[name] }}
	if code := crmReport(t.Context(), env, []string{filepath.Join(dir, "x")}); code != face.Usage {
		t.Errorf("without --from: exit code %d", code)
	}
	for _, args := range [][]string{{"-p", "secret("}, {"-p", `\Qsecret`}, {"-L", "[wrong"}} {
		out.Reset()
		args = append(args, "-f", "10:00", "-S", filepath.Join(dir, "x"))
		if code := crmReport(t.Context(), env, args); code != face.Usage || !strings.Contains(out.String(), "is not a pattern") {
			t.Errorf("%v: exit code %d: %s", args, code, out.String())
		}
	}
	out.Reset()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	more := filepath.Join(dir, "more.log")
	if err := os.WriteFile(more, []byte("all is well\nERROR: password=hunter2 was refused\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Stands for ssh: one node answers with what it has, the other cannot be reached.
	var sent bytes.Buffer
	if err := writeTar(&sent, "", map[string][]byte{"far/journal.log": []byte("crit: it broke\n")}, env.Now()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sent"), sent.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	shell := filepath.Join(dir, "reach")
	script := "#!/bin/sh\ncase \"$1\" in far) case \"$2\" in 'crm_report --single-node '*) cat " + dir + "/sent ;; esac ;; *) echo no route >&2; exit 255 ;; esac\n"
	if err := os.WriteFile(shell, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	args := []string{"-f", "2026-11-21 10:00:00", "-n", "far away", "-e", shell, "-M", "-l", more, filepath.Join(dir, "report")}
	if code := crmReport(t.Context(), env, args); code != face.OK {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	parts := unpack(t, filepath.Join(dir, "report"))
	if !strings.Contains(out.String(), "nothing was collected from away") || !strings.Contains(parts["report/away/missing.txt"], "no route") {
		t.Errorf("a node that cannot be reached is not told of: %s", out.String())
	}
	if parts["report/far/journal.log"] != "crit: it broke\n" || len(strings.Fields(parts["report/members.txt"])) != 3 {
		t.Errorf("members %q, and from far: %q", parts["report/members.txt"], parts["report/far/journal.log"])
	}
	if a := parts["report/analysis.txt"]; !strings.Contains(a, "far/journal.log: crit: it broke") || !strings.Contains(a, "more.log: ERROR: password=******") || strings.Contains(a, "well") {
		t.Errorf("analysis: %s", a)
	}
	cibText := parts["report/"+host+"/cib.xml"]
	if !strings.Contains(cibText, `id="d1"`) || strings.Contains(cibText, "hunter2") {
		t.Errorf("the configuration is not there, or tells a password:\n%s", cibText)
	}
	if !strings.Contains(parts["report/"+host+"/crm_mon.txt"], "node1") {
		t.Errorf("the state is not there: %v", parts["report/"+host+"/crm_mon.txt"])
	}
}

// TestReportLog writes the daemon's log as readers of Pacemaker's expect it.
func TestReportLog(t *testing.T) {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.Local)
	o := reportOptions{from: at, to: at.Add(time.Hour)}
	line := func(at time.Time, rest string) string {
		return `{"time":"` + at.Format(time.RFC3339Nano) + `",` + rest + "}\n"
	}
	got := string(o.asPacemakerLog([]byte(line(at.Add(-time.Second), `"level":"INFO","msg":"too early"`)+"no JSON\n"+
		line(at.Add(time.Minute), `"level":"WARN","msg":"node lost","node":"n2","ms":1000`)+line(at.Add(2*time.Hour), `"level":"INFO","msg":"too late"`)), "n1"))
	if want := "Nov 21 10:01:00.000 n1 mainstay            [1] (mainstay) \twarning: node lost ms=1000 node=n2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// unpack reads an archive of either kind.
func unpack(t *testing.T, file string) map[string]string {
	t.Helper()
	var z io.Reader
	f, err := os.Open(file + ".tar.bz2")
	if err == nil {
		z = bzip2.NewReader(f)
	} else {
		if f, err = os.Open(file + ".tar.gz"); err != nil {
			t.Fatal(err)
		}
		if z, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	defer f.Close()
	out := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[h.Name] = string(text)
	}
}
