//go:build vm

package vm

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var program = flag.String("program", "", "the program to test")

//go:embed init.sh
var initScript []byte

// limit is how long a machine may take: without acceleration, on a busy host.
const limit = 20 * time.Minute

// TestWatchdogStuck: a daemon that is stopped has its machine reset.
func TestWatchdogStuck(t *testing.T) {
	out := boot(t, "stuck")
	want(t, out, "TEST: still alive 12 s after: the watchdog was armed", "TEST: SIGSTOP", "softdog: Initiating system reboot")
	never(t, out, "after: the daemon was stopped")
}

// TestWatchdogQuorum: a node that loses quorum is reset. Its peer, in the same
// machine, has a second watchdog, whose bite QEMU is told to ignore.
func TestWatchdogQuorum(t *testing.T) {
	out := boot(t, "quorum")
	want(t, out, "TEST: still alive 12 s after: the watchdogs were armed", "TEST: n2 dies", "softdog: Initiating system reboot")
	never(t, out, "after: quorum was lost")
}

// TestWatchdogOrderly: neither a new daemon nor an orderly stop costs the machine, and
// without a device nobody promises anything.
func TestWatchdogOrderly(t *testing.T) {
	out := boot(t, "orderly")
	want(t, out, "TEST: without a device: ", "this machine has no watchdog device", "TEST: still alive 15 s after: the daemon was replaced", "TEST: SIGTERM",
		"TEST: disarmed", "TEST: still alive 15 s after: an orderly stop", "TEST: without a device: exit 1 this machine has no watchdog device", "TEST: end")
	never(t, out, "Initiating system reboot")
}

// want looks for texts in this order.
func want(t *testing.T, out string, texts ...string) {
	t.Helper()
	rest := out
	for _, w := range texts {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Fatalf("not on the console, or too early: %q\n%s", w, tail(out))
		}
		rest = after
	}
}

func never(t *testing.T, out, text string) {
	t.Helper()
	if strings.Contains(out, text) {
		t.Fatalf("on the console: %q\n%s", text, tail(out))
	}
}

func tail(s string) string { return s[max(0, len(s)-6000):] }

// boot runs a machine until it is reset or switched off; it returns its console.
func boot(t *testing.T, scenario string) string {
	t.Helper()
	kernels, err := filepath.Glob("/boot/vmlinuz-*")
	if err != nil || len(kernels) == 0 {
		t.Fatal("no kernel in /boot; install linux-image-amd64")
	}
	kernel := kernels[len(kernels)-1]
	disk := filepath.Join(t.TempDir(), "initramfs")
	if err := os.WriteFile(disk, initramfs(t, strings.TrimPrefix(kernel, "/boot/vmlinuz-")), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	begin := time.Now()
	c := exec.CommandContext(ctx, "qemu-system-x86_64", "-accel", "tcg", "-icount", "shift=2,sleep=off", "-m", "512", "-smp", "1", "-nographic", "-no-reboot", "-nic", "none",
		"-device", "i6300esb", "-action", "watchdog=none", "-kernel", kernel, "-initrd", disk,
		"-append", "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check nokaslr scenario="+scenario)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("qemu: %v\n%s", err, tail(string(out)))
	}
	t.Logf("%s: the machine ended after %.0f s", scenario, time.Since(begin).Seconds())
	return string(out)
}

// initramfs packs what the machine needs, in the format of newc(5).
func initramfs(t *testing.T, version string) []byte {
	t.Helper()
	var b bytes.Buffer
	drivers := "/lib/modules/" + version + "/kernel/drivers/watchdog/"
	for _, d := range []string{"bin", "dev", "proc", "sys", "run", "var", "etc"} {
		entry(&b, d, 0o40755, nil)
	}
	entry(&b, "init", 0o100755, initScript)
	for name, path := range map[string]string{"bin/busybox": "/bin/busybox", "bin/mainstay": *program,
		"watchdog.ko": drivers + "watchdog.ko", "softdog.ko": drivers + "softdog.ko", "i6300esb.ko": drivers + "i6300esb.ko"} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v; install busybox-static and linux-image-amd64, and give -program", err)
		}
		entry(&b, name, 0o100755, data)
	}
	entry(&b, "TRAILER!!!", 0, nil)
	return b.Bytes()
}

// entry writes one file of a cpio archive.
func entry(b *bytes.Buffer, name string, mode int, data []byte) {
	fmt.Fprintf(b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", b.Len()+1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0)
	b.WriteString(name + "\x00")
	pad(b)
	b.Write(data)
	pad(b)
}

func pad(b *bytes.Buffer) {
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
}
