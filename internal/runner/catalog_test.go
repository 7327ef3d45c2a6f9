package runner

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mainstay/agent"
)

// TestCatalogOfThisMachine lists what Debian's packages brought.
func TestCatalogOfThisMachine(t *testing.T) {
	c := NewCatalog(Config{})
	if got := c.Classes(); !slices.Contains(got, "ocf") || !slices.Contains(got, "stonith") {
		t.Errorf("classes: %v", got)
	}
	if got := c.Providers(""); !slices.Contains(got, "heartbeat") || !slices.Contains(got, "pacemaker") {
		t.Errorf("providers: %v", got)
	}
	if got := c.Providers("ping"); !slices.Equal(got, []string{"pacemaker"}) {
		t.Errorf("providers of ping: %v", got)
	}
	if got := c.Agents("ocf", "heartbeat"); !slices.Contains(got, "IPaddr2") || !slices.IsSorted(got) {
		t.Errorf("agents: %v", got)
	}
	if got := c.Agents("stonith", ""); !slices.Contains(got, "fence_ipmilan") {
		t.Errorf("fence agents: %v", got)
	}
	if got := c.Agents("nosuch", ""); len(got) != 0 {
		t.Errorf("agents of no class: %v", got)
	}
	for _, n := range []agent.Name{{Class: "ocf", Provider: "heartbeat", Type: "Dummy"}, {Class: "stonith", Type: "fence_dummy"}} {
		text, err := c.Metadata(t.Context(), n)
		if err != nil || !strings.Contains(string(text), "<resource-agent") {
			t.Errorf("%s: %v, %.100s", n, err, text)
		}
	}
}

func TestCatalog(t *testing.T) {
	dir := t.TempDir()
	script(t, dir, "init/web", `#!/bin/sh
### BEGIN INIT INFO
# Provides:          web www
# Required-Start:    $network
# Default-Start:     2 3
# Short-Description: serves <pages>
# Description:       It serves pages
#                    all day.
### END INIT INFO
# Description: not this
`)
	script(t, dir, "init/bare", "#!/bin/sh\n")
	if err := os.WriteFile(filepath.Join(dir, "init", "README"), []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
	script(t, dir, "ocf/resource.d/x/broken", "#!/bin/sh\necho no XML; echo sorry >&2; exit 1\n")
	script(t, dir, "ocf/resource.d/x/silent", "#!/bin/sh\n")
	c := NewCatalog(Config{InitDir: filepath.Join(dir, "init"), OCFRoot: filepath.Join(dir, "ocf"), FenceDirs: []string{filepath.Join(dir, "none")}, HeartbeatDir: dir + "/none"})
	if got := c.Agents("lsb", ""); !slices.Equal(got, []string{"bare", "web"}) {
		t.Errorf("init scripts: %v", got)
	}
	text, err := c.Metadata(t.Context(), agent.Name{Class: "lsb", Type: "web"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := agent.ParseMetadata(text)
	if err != nil {
		t.Fatal(err)
	}
	if m.Short != "serves <pages>" || m.Long != "It serves pages all day." || m.Action("status") == nil {
		t.Errorf("%+v", m)
	}
	if !strings.Contains(string(text), "<Provides>web www</Provides>") {
		t.Errorf("%s", text)
	}
	if _, err := c.Metadata(t.Context(), agent.Name{Class: "lsb", Type: "bare"}); err != nil {
		t.Error(err)
	}
	for _, n := range []agent.Name{{Class: "lsb", Type: "absent"}, {Class: "ocf", Provider: "x", Type: "absent"},
		{Class: "stonith", Type: "fence_absent"}, {Class: "systemd", Type: "mainstay-absent"}} {
		if _, err := c.Metadata(t.Context(), n); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", n, err)
		}
	}
	for _, kind := range []string{"broken", "silent"} {
		if text, err := c.Metadata(t.Context(), agent.Name{Class: "ocf", Provider: "x", Type: kind}); err == nil {
			t.Errorf("%s: %s", kind, text)
		}
	}
	if _, err := c.Metadata(t.Context(), agent.Name{Class: "lsb", Type: "../web"}); err == nil {
		t.Error("leaves the directory")
	}
}
