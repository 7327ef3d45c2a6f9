package linux

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fakeTimer is a watchdog device whose food is counted.
type fakeTimer struct {
	mu       sync.Mutex
	fed      chan struct{}
	least    int
	timeout  int
	pre      int
	disarmed bool
	slow     chan struct{} // a feeding waits for it, if it is not nil
}

func (f *fakeTimer) configure(timeout, pre int) (int, int, error) {
	f.timeout, f.pre = max(timeout, f.least), pre
	return f.timeout, f.pre, nil
}

func (f *fakeTimer) feed() error {
	if f.slow != nil {
		<-f.slow
	}
	f.fed <- struct{}{}
	return nil
}

func (f *fakeTimer) disarm() error { f.disarmed = true; return nil }

func newFakeDog(t *testing.T, f *fakeTimer, mark string) (*watchdog, *time.Duration) {
	t.Helper()
	now := new(time.Duration)
	*now = time.Minute
	w := newWatchdog("/dev/null", mark, func() time.Duration { return *now }, slog.New(slog.NewTextHandler(io.Discard, nil)))
	w.open = func(string) (timer, error) { return f, nil }
	f.fed = make(chan struct{}, 8)
	return w, now
}

func TestWatchdogIsFedAndDisarmed(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "watchdog")
	f := &fakeTimer{}
	w, _ := newFakeDog(t, f, mark)
	w.feed(true) // not armed: nothing to feed
	if s := w.state(); !s.Present || s.Abandoned {
		t.Errorf("before: %+v", s)
	}
	if err := w.arm(3*time.Second, time.Second); err != nil {
		t.Fatal(err)
	}
	if f.timeout != 3 || f.pre != 1 {
		t.Errorf("timeout %d, pretimeout %d", f.timeout, f.pre)
	}
	w.feed(false)
	<-f.fed
	if s := w.state(); s.Abandoned {
		t.Error("nothing is at stake yet")
	}
	w.feed(true)
	<-f.fed
	if s := w.state(); !s.Abandoned {
		t.Error("a later daemon would not know what is at stake")
	}
	w.disarm()
	if s := w.state(); !f.disarmed || s.Abandoned {
		t.Errorf("disarmed %v, %+v", f.disarmed, s)
	}
	w.disarm()
}

// TestWatchdogRemembers: daemons that die one after the other do not each get the
// whole time.
func TestWatchdogRemembers(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "watchdog")
	first, now := newFakeDog(t, &fakeTimer{}, mark)
	if err := first.arm(3*time.Second, 0); err != nil {
		t.Fatal(err)
	}
	first.feed(true)
	*now += time.Hour
	for range 3 {
		f := &fakeTimer{}
		next, at := newFakeDog(t, f, mark)
		*at = *now
		if s := next.state(); !s.Abandoned || s.Since != time.Minute+time.Hour {
			t.Errorf("%+v", s)
		}
		if err := next.arm(3*time.Second, 0); err != nil {
			t.Fatal(err)
		}
		*now += time.Second
		*at = *now
		if s := next.state(); s.Since != time.Minute+time.Hour {
			t.Errorf("after arming: %+v", s)
		}
		*now = time.Minute + time.Hour
	}
	last, _ := newFakeDog(t, &fakeTimer{}, mark)
	if err := last.arm(3*time.Second, 0); err != nil {
		t.Fatal(err)
	}
	last.feed(true)
	if text, err := os.ReadFile(mark); err != nil || strings.TrimSpace(string(text)) != fed {
		t.Errorf("mark %q, %v", text, err)
	}
}

// TestWatchdogDeviceThatHangs: a device that takes long holds nobody up, and does not
// get food that has become old.
func TestWatchdogDeviceThatHangs(t *testing.T) {
	f := &fakeTimer{slow: make(chan struct{})}
	w, _ := newFakeDog(t, f, "")
	if err := w.arm(3*time.Second, 0); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		w.feed(true)
	}
	stalest := time.Now().Add(2 * stale)
	timer := time.NewTimer(2 * stale)
	<-timer.C
	close(f.slow)
	<-f.fed // the one that hung
	w.disarm()
	if n := len(f.fed); n > 0 {
		t.Errorf("%d feedings from before %v reached the device", n, stalest)
	}
}

func TestWatchdogTooSlow(t *testing.T) {
	w, _ := newFakeDog(t, &fakeTimer{least: 60}, "")
	if err := w.arm(3*time.Second, 0); err == nil || !strings.Contains(err.Error(), "stonith-watchdog-timeout") {
		t.Errorf("%v", err)
	}
}

func TestWatchdogIsNone(t *testing.T) {
	if _, err := openTimer("/dev/null"); err == nil || !strings.Contains(err.Error(), "is not a watchdog") {
		t.Errorf("%v", err)
	}
	path := filepath.Join(t.TempDir(), "none")
	if _, err := openTimer(path); !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), "modprobe") {
		t.Errorf("%v", err)
	}
	w := newWatchdog(path, "", boottime, slog.Default())
	if s := w.state(); s.Present {
		t.Error("there is none")
	}
	if w = newWatchdog("off", "", boottime, slog.Default()); w.state().Present {
		t.Error("off is none")
	}
}
