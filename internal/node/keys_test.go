package node

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/conf"
)

func TestReadKeys(t *testing.T) {
	dir := t.TempDir()
	cfg, c := Config{ConfigFile: filepath.Join(dir, "cluster.conf")}, &conf.Config{}
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	young, old := bytes.Repeat([]byte("y"), minKey), bytes.Repeat([]byte("o"), minKey)
	want := func(what string, err string, keys ...[]byte) {
		t.Helper()
		got, e := readKeys(cfg, c)
		if err != "" {
			if e == nil || !strings.Contains(e.Error(), err) {
				t.Errorf("%s: %v, want %q", what, e, err)
			}
			return
		}
		if e != nil || !bytes.Equal(bytes.Join(got, nil), bytes.Join(keys, nil)) {
			t.Errorf("%s: %q %v", what, got, e)
		}
	}
	want("no key", "mainstay init")
	write("authkey", young)
	want("one key", "", young)
	write("authkey.old", old)
	want("two keys", "", young, old)
	write("other", old)
	c.Totem.KeyFile = filepath.Join(dir, "other")
	want("named in the file", "", old)
	c.Totem.KeyFile = "other"
	want("named beside the file", "", old)
	c.Totem.Key = string(young)
	want("keyfile counts before key", "", old)
	c.Totem.KeyFile = ""
	want("in the file", "", young)
	c.Totem.Key = "short"
	want("short", "5 bytes are too few")
	cfg.KeyFile = filepath.Join(dir, "authkey")
	want("told on the command line", "", young, old)
	if err := os.Chmod(filepath.Join(dir, "authkey.old"), 0o600); err != nil {
		t.Fatal(err)
	}
	write("authkey.old", nil)
	want("a torn old key", "old cluster key")
}
