package tools

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/internal/face"
	"mainstay/internal/face/facetest"
)

// TestStories runs tools against a cluster in memory and against files. The output
// was compared with that of Pacemaker 2.1.5's tools on the same documents.
func TestStories(t *testing.T) {
	facetest.Walk(t, "testdata", func(ctx context.Context, env *face.Env, args []string) face.Code {
		env.Name = filepath.Base(args[0])
		return Lookup(env.Name)(ctx, env, args[1:])
	})
}

func TestInstall(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "mainstay")
	if err := os.WriteFile(filepath.Join(dir, "crm_mon"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := Install(dir, program, false, "crm_extra")
	if face.CodeOf(err) != face.Exists {
		t.Errorf("a file that is not ours: got %v", err)
	}
	for _, name := range append(slices.DeleteFunc(Names(), func(n string) bool { return n == "crm_mon" }), "crm_extra") {
		if to, err := os.Readlink(filepath.Join(dir, name)); err != nil || to != program {
			t.Errorf("%s links to %q, %v", name, to, err)
		}
	}
	for range 2 {
		if err := Install(dir, program, true); err != nil {
			t.Errorf("by force: %v", err)
		}
	}
	if to, err := os.Readlink(filepath.Join(dir, "crm_mon")); err != nil || to != program {
		t.Errorf("crm_mon links to %q, %v", to, err)
	}
}

// TestHelp asks every tool for help: its options must be declared without contradiction.
func TestHelp(t *testing.T) {
	for _, name := range Names() {
		var out bytes.Buffer
		env := &face.Env{Name: name, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, Getenv: func(string) string { return "" }}
		if code := Lookup(name)(t.Context(), env, []string{"--help"}); code != face.OK || !strings.Contains(out.String(), "--") {
			t.Errorf("%s --help: exit code %d: %s", name, code, out.String())
		}
	}
}
