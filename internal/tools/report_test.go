package tools

import (
	"archive/tar"
	"bytes"
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
	if code := crmReport(t.Context(), env, []string{"-f", "2026-11-21 10:00:00", filepath.Join(dir, "report")}); code != face.OK {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	parts := unpack(t, filepath.Join(dir, "report.tar.gz"))
	cibText := parts["report/cib.xml"]
	if !strings.Contains(cibText, `id="d1"`) || strings.Contains(cibText, "hunter2") {
		t.Errorf("the configuration is not there, or tells a password:\n%s", cibText)
	}
	if !strings.Contains(parts["report/crm_mon.txt"], "node1") {
		t.Errorf("the state is not there: %v", parts["report/crm_mon.txt"])
	}
}

// unpack reads an archive.
func unpack(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
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
