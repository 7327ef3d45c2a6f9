package playground

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMembersWithin finds processes of a pid namespace that was made in another one.
func TestMembersWithin(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("making a pid namespace needs root; nothing to look at")
		return
	}
	c := exec.Command("/bin/sh", "-c", "unshare --pid --fork --kill-child sh -c 'echo ready; read x'; exit 0")
	c.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		in.Close()
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	pids := members(c.Process.Pid)
	if !slices.Contains(pids, c.Process.Pid) || len(pids) != 3 { // the shell, unshare, the shell within
		t.Errorf("members %v of %d", pids, c.Process.Pid)
	}
	inner := 0
	for _, p := range pids {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(p) + "/status")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); f[0] == "NSpid:" && len(f) == 4 && f[3] == "1" {
				inner = p
			}
		}
	}
	if inner == 0 {
		t.Errorf("the namespace within has no first process among %v", pids)
	}
	if slices.Contains(pids, os.Getpid()) {
		t.Error("this process is a member")
	}
}

// TestRemoveGroups removes a tree of groups from the inside out, and says if it cannot.
func TestRemoveGroups(t *testing.T) {
	dir := t.TempDir() + "/g"
	if err := os.MkdirAll(dir+"/systemd/system.slice", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/systemd/busy", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := removeGroups(dir); err == nil {
		t.Error("removed what is not empty")
	}
	if err := os.Remove(dir + "/systemd/busy"); err != nil {
		t.Fatal(err)
	}
	if err := removeGroups(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error(err)
	}
}
