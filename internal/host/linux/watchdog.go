package linux

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"mainstay/internal/host"
)

// DefaultWatchdog is the device of the kernel's first watchdog.
const DefaultWatchdog = "/dev/watchdog"

// options of a watchdog's identity (linux/watchdog.h).
const (
	optMagicClose = 0x0100
	optPretimeout = 0x0200
)

// timer is an open watchdog, as the kernel's "Linux Watchdog driver API" has it.
type timer interface {
	// configure sets the times, in seconds; it returns those in effect.
	configure(timeout, pretimeout int) (int, int, error)
	feed() error
	// disarm stops the timer and closes it; a kernel built or booted with nowayout
	// goes on all the same.
	disarm() error
}

// watchdog feeds the machine's watchdog from a goroutine of its own: a write to
// some devices takes seconds, and the loop must not wait for it.
type watchdog struct {
	path string // "off": none
	mark string // file that tells a later daemon of this boot that lives may be at stake
	open func(path string) (timer, error)
	now  func() time.Duration
	log  *slog.Logger

	mu      sync.Mutex
	timer   timer
	timeout time.Duration
	noted   string // what the mark says
	food    chan time.Time
	ended   chan struct{}
}

func newWatchdog(path, mark string, now func() time.Duration, log *slog.Logger) *watchdog {
	if path == "" {
		path = DefaultWatchdog
	}
	return &watchdog{path: path, mark: mark, open: openTimer, now: now, log: log}
}

// The words of the mark: the time since which nobody has fed, 0 while somebody does.
const fed = "0"

// state tells what there is before anything is armed.
func (w *watchdog) state() host.WatchdogState {
	var s host.WatchdogState
	if w.path == "off" {
		return s
	}
	st, err := os.Stat(w.path)
	s.Present = err == nil && st.Mode()&os.ModeCharDevice != 0
	text, err := os.ReadFile(w.mark)
	if w.mark == "" || err != nil {
		return s
	}
	s.Abandoned = true
	if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 {
		s.Since = time.Duration(n)
	} else {
		s.Since = w.now()
	}
	return s
}

func (w *watchdog) arm(timeout, pretimeout time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil {
		if err := w.abandoned(); err != nil {
			return err
		}
		t, err := w.open(w.path)
		if err != nil {
			return err
		}
		w.timer, w.food, w.ended = t, make(chan time.Time, 1), make(chan struct{})
		go w.run(t, w.food, w.ended)
	}
	got, pre, err := w.timer.configure(int(timeout/time.Second), int(pretimeout/time.Second))
	if err != nil {
		return fmt.Errorf("watchdog %s: %w", w.path, err)
	}
	if time.Duration(got)*time.Second > timeout {
		return fmt.Errorf("watchdog %s: its shortest timeout is %d s, wanted are %v; set stonith-watchdog-timeout higher", w.path, got, timeout)
	}
	if pretimeout > 0 && pre == 0 {
		w.log.Warn("the watchdog knows no pretimeout", "device", w.path)
	}
	w.timeout = time.Duration(got) * time.Second
	w.log.Info("the watchdog is armed", "event", "watchdog", "device", w.path, "timeout_ms", w.timeout.Milliseconds(), "pretimeout_s", pre)
	return nil
}

// abandoned notes, before the device is opened and so fed, that an earlier daemon
// left it.
func (w *watchdog) abandoned() error {
	text, err := os.ReadFile(w.mark)
	if w.mark == "" || err != nil {
		return nil
	}
	if w.noted = strings.TrimSpace(string(text)); w.noted != fed {
		return nil
	}
	return w.note(strconv.FormatInt(int64(w.now()), 10))
}

func (w *watchdog) note(what string) error {
	if w.mark == "" || w.noted == what {
		return nil
	}
	if err := os.WriteFile(w.mark, []byte(what+"\n"), 0o600); err != nil {
		return fmt.Errorf("watchdog: %w", err)
	}
	w.noted = what
	return nil
}

// feed puts the reset off. With stakes, a daemon that comes after this one must
// not feed before it may.
func (w *watchdog) feed(stakes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil {
		return
	}
	if stakes {
		if err := w.note(fed); err != nil {
			w.log.Error("the watchdog is not fed, because that cannot be noted", "error", err)
			return
		}
	}
	select {
	case w.food <- time.Now():
	default: // the last one is still on its way
	}
}

// stale is how old food may get on its way to the device.
const stale = time.Second / 4

// boottime is CLOCK_BOOTTIME; unlike Machine.Now it may be read by any goroutine.
func boottime() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) // it cannot fail on a kernel that Go supports
	return time.Duration(ts.Nano())
}

// run carries food to the device; what got stale on the way is not given.
func (w *watchdog) run(t timer, food <-chan time.Time, ended chan<- struct{}) {
	defer close(ended)
	failed := false
	for at := range food {
		if time.Since(at) > stale {
			continue
		}
		err := t.feed()
		if err != nil && !failed {
			w.log.Error("the watchdog cannot be fed", "device", w.path, "error", err)
		}
		failed = err != nil
	}
}

func (w *watchdog) disarm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil {
		return
	}
	close(w.food)
	<-w.ended
	if err := w.timer.disarm(); err != nil {
		w.log.Error("the watchdog cannot be disarmed", "device", w.path, "error", err)
	} else {
		w.log.Info("the watchdog is disarmed", "event", "watchdog", "device", w.path)
	}
	w.timer, w.noted = nil, ""
	if w.mark != "" {
		if err := os.Remove(w.mark); err != nil && !errors.Is(err, os.ErrNotExist) {
			w.log.Error("a mark cannot be removed", "file", w.mark, "error", err)
		}
	}
}

// deviceTimer is a real device.
type deviceTimer struct {
	file *os.File
	info *unix.WatchdogInfo
}

func openTimer(path string) (timer, error) {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.EBUSY):
		return nil, fmt.Errorf("watchdog %s is in use by another program (sbd, watchdogd, or systemd with RuntimeWatchdogSec); only one can feed it", path)
	case err != nil:
		return nil, fmt.Errorf("watchdog %s: %w; load its driver (modprobe softdog, where there is no hardware), or set resources.watchdog_device", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	info, err := unix.IoctlGetWatchdogInfo(fd)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s is not a watchdog: %w", filepath.Clean(path), err), f.Close())
	}
	return &deviceTimer{f, info}, nil
}

func (d *deviceTimer) configure(timeout, pretimeout int) (int, int, error) {
	fd := int(d.file.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.WDIOC_SETTIMEOUT, timeout); err != nil && err != unix.EOPNOTSUPP && err != unix.ENOTTY {
		return 0, 0, fmt.Errorf("timeout of %d s: %w", timeout, err)
	}
	got, err := unix.IoctlGetInt(fd, unix.WDIOC_GETTIMEOUT)
	if err != nil {
		return 0, 0, fmt.Errorf("its timeout cannot be read: %w", err)
	}
	if d.info.Options&optPretimeout == 0 {
		return got, 0, nil
	}
	if err := unix.IoctlSetPointerInt(fd, unix.WDIOC_SETPRETIMEOUT, min(pretimeout, max(got-1, 0))); err != nil {
		return got, 0, nil
	}
	pre, err := unix.IoctlGetInt(fd, unix.WDIOC_GETPRETIMEOUT)
	if err != nil {
		pre = 0
	}
	return got, pre, nil
}

func (d *deviceTimer) feed() error { return unix.IoctlWatchdogKeepalive(int(d.file.Fd())) }

func (d *deviceTimer) disarm() error {
	if d.info.Options&optMagicClose == 0 {
		return errors.Join(errors.New("it cannot be stopped: this machine will be reset"), d.file.Close())
	}
	_, err := d.file.Write([]byte("V"))
	return errors.Join(err, d.file.Close())
}
