package linux

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"

	"mainstay/internal/host"
)

// unitTimeout is for a unit action that sets no timeout.
const unitTimeout = time.Minute

// unit carries out an action on a systemd unit over D-Bus. Start and stop end
// with code 0 or 1; status with 0 (active), 3 (not), as "systemctl is-active".
func (p *procs) unit(tag host.Tag, x *process, c host.Cmd) {
	began := time.Now()
	limit := c.Timeout
	if limit <= 0 {
		limit = unitTimeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	p.mu.Lock()
	x.cancel = cancel
	if x.killed {
		cancel()
	}
	p.mu.Unlock()
	e := host.Exited{Tag: tag}
	text, code, err := p.units.act(ctx, c.Unit, c.UnitAction)
	e.Code, e.Stdout = code, []byte(text)
	if err != nil {
		e.Stderr = []byte(err.Error() + "\n")
		e.TimedOut = errors.Is(ctx.Err(), context.DeadlineExceeded)
	}
	e.Took = time.Since(began)
	p.finish(tag, e)
}

// units carries out actions on systemd's units.
type units struct {
	jobs string // directory that names the jobs under way, "" for none
	dir  string // of systemd's units that a boot forgets
	own  string // unit of the daemon
	log  *slog.Logger
}

// The usual places.
const (
	runtimeUnits = "/run/systemd/system"
	daemonUnit   = "mainstay.service"
)

func (u *units) act(ctx context.Context, unit, action string) (string, int, error) {
	limit := unitTimeout
	if at, ok := ctx.Deadline(); ok {
		limit = time.Until(at)
	}
	life, end := context.WithTimeout(context.WithoutCancel(ctx), limit+cancelWithin) // the connection dies with its context
	defer end()
	conn, err := dbus.NewSystemConnectionContext(life)
	if err != nil {
		return "", 1, fmt.Errorf("systemd cannot be reached on this machine: %w", err)
	}
	defer conn.Close()
	if !strings.Contains(unit, ".") {
		unit += ".service"
	}
	if action == "status" || action == "monitor" {
		return unitState(ctx, conn, unit)
	}
	if action == "start" {
		u.adopt(ctx, conn, unit)
	}
	done := make(chan string, 1)
	job, err := enqueue(ctx, conn, unit, action, done)
	if err != nil {
		if action == "start" {
			u.disown(ctx, conn, unit)
		}
		return "", codeOf(err), err
	}
	defer u.begun(job, unit)()
	select {
	case result := <-done:
		if result != "done" {
			return result, 1, fmt.Errorf("systemd: %s of %s: %s", action, unit, result)
		}
		if action == "stop" {
			u.disown(ctx, conn, unit)
		}
		return result, 0, nil
	case <-ctx.Done():
		u.cancel(job)
		return "", 1, fmt.Errorf("systemd: %s of %s took too long", action, unit)
	}
}

// unknownAction is an action that units do not have.
type unknownAction string

func (a unknownAction) Error() string {
	return fmt.Sprintf("a systemd unit knows start, stop, restart, reload and status, not %q", string(a))
}

func codeOf(err error) int {
	var unknown unknownAction
	if errors.As(err, &unknown) {
		return 3
	}
	return 1
}

// enqueue gives systemd a job. That call is waited for even when the action is given
// up meanwhile: a job whose number is not known could not be cancelled.
func enqueue(ctx context.Context, conn *dbus.Conn, unit, action string, done chan<- string) (int, error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelWithin)
	defer stop()
	switch action {
	case "start":
		return conn.StartUnitContext(ctx, unit, "replace", done)
	case "stop":
		return conn.StopUnitContext(ctx, unit, "replace", done)
	case "restart":
		return conn.RestartUnitContext(ctx, unit, "replace", done)
	case "reload":
		return conn.ReloadUnitContext(ctx, unit, "replace", done)
	case "force-reload":
		return conn.ReloadOrRestartUnitContext(ctx, unit, "replace", done)
	}
	return 0, unknownAction(action)
}

// begun notes a job, so that a later daemon can end it; the result takes that back.
func (u *units) begun(job int, unit string) func() {
	if u.jobs == "" {
		return func() {}
	}
	name := filepath.Join(u.jobs, strconv.Itoa(job))
	err := os.MkdirAll(u.jobs, 0o700)
	if err == nil {
		err = os.WriteFile(name, []byte(unit+"\n"), 0o600)
	}
	if err != nil {
		u.log.Warn("a job of systemd cannot be noted; it would outlive this daemon", "unit", unit, "error", err)
	}
	return func() { _ = os.Remove(name) } // a job that is gone cannot be cancelled twice
}

// cancelWithin is how long systemd may take to drop a job.
const cancelWithin = 5 * time.Second

// cancel takes jobs out of systemd's queue, if they are still there.
func (u *units) cancel(jobs ...int) {
	ctx, stop := context.WithTimeout(context.Background(), cancelWithin)
	defer stop()
	bus, err := godbus.ConnectSystemBus(godbus.WithContext(ctx))
	if err != nil {
		u.log.Warn("jobs of systemd cannot be cancelled", "error", err)
		return
	}
	defer bus.Close()
	manager := bus.Object("org.freedesktop.systemd1", "/org/freedesktop/systemd1")
	for _, j := range jobs {
		if err := manager.CallWithContext(ctx, "org.freedesktop.systemd1.Manager.CancelJob", 0, uint32(j)).Err; err != nil {
			u.log.Debug("a job of systemd was over already", "job", j, "error", err)
		}
	}
}

// EndJobs cancels the jobs that an earlier daemon gave systemd and that have not
// ended: one that waits in systemd's queue would start its unit after this daemon
// has found it stopped. A unit that is already starting shows when it is looked at.
// It returns how many jobs there were.
func EndJobs(dir string, log *slog.Logger) int {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	var jobs []int
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			jobs = append(jobs, n)
		}
	}
	if len(jobs) == 0 {
		return 0
	}
	(&units{log: log}).cancel(jobs...)
	if err := os.RemoveAll(dir); err != nil {
		log.Warn("noted jobs cannot be forgotten", "error", err)
	}
	return len(jobs)
}

// adopt has the machine's shutdown stop the daemon before the unit, so that the
// cluster stops it and not systemd behind its back.
func (u *units) adopt(ctx context.Context, conn *dbus.Conn, unit string) {
	if st, err := os.Stat(u.dir); err != nil || !st.IsDir() {
		return
	}
	text := "# Written while the cluster runs this unit.\n[Unit]\nBefore=" + u.own + "\n"
	name := u.dropIn(unit)
	if have, err := os.ReadFile(name); err == nil && string(have) == text {
		return
	}
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, []byte(text), 0o644)
	}
	if err == nil {
		err = conn.ReloadContext(ctx)
	}
	if err != nil {
		u.log.Warn("systemd may stop the unit before the cluster does when this machine shuts down", "unit", unit, "error", err)
	}
}

// disown takes adopt back.
func (u *units) disown(ctx context.Context, conn *dbus.Conn, unit string) {
	name := u.dropIn(unit)
	if os.Remove(name) != nil {
		return // it is not there
	}
	_ = os.Remove(filepath.Dir(name)) // others may have put something there
	if err := conn.ReloadContext(ctx); err != nil {
		u.log.Warn("systemd does not read its units again", "error", err)
	}
}

func (u *units) dropIn(unit string) string {
	return filepath.Join(u.dir, unit+".d", "50-mainstay.conf")
}

// exit codes of "systemctl status" (LSB)
const (
	unitNotActive  = 3
	unitNotThere   = 4
	unitActivating = 0
)

func unitState(ctx context.Context, conn *dbus.Conn, unit string) (string, int, error) {
	units, err := conn.ListUnitsByNamesContext(ctx, []string{unit})
	if err != nil {
		return "", 1, err
	}
	for _, u := range units {
		switch {
		case u.LoadState == "not-found":
			return u.LoadState, unitNotThere, nil
		case u.ActiveState == "active" || u.ActiveState == "reloading":
			return u.ActiveState, 0, nil
		case u.ActiveState == "activating":
			return u.ActiveState, unitActivating, nil
		}
		return u.ActiveState, unitNotActive, nil
	}
	return "", unitNotThere, nil
}
