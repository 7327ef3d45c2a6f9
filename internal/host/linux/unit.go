package linux

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"

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
	text, code, err := unitAction(ctx, c.Unit, c.UnitAction)
	e.Code, e.Stdout = code, []byte(text)
	if err != nil {
		e.Stderr = []byte(err.Error() + "\n")
		e.TimedOut = errors.Is(ctx.Err(), context.DeadlineExceeded)
	}
	e.Took = time.Since(began)
	p.finish(tag, e)
}

func unitAction(ctx context.Context, unit, action string) (string, int, error) {
	conn, err := dbus.NewSystemConnectionContext(ctx)
	if err != nil {
		return "", 1, fmt.Errorf("systemd cannot be reached on this machine: %w", err)
	}
	defer conn.Close()
	if !strings.Contains(unit, ".") {
		unit += ".service"
	}
	done := make(chan string, 1)
	switch action {
	case "start":
		_, err = conn.StartUnitContext(ctx, unit, "replace", done)
	case "stop":
		_, err = conn.StopUnitContext(ctx, unit, "replace", done)
	case "restart":
		_, err = conn.RestartUnitContext(ctx, unit, "replace", done)
	case "reload":
		_, err = conn.ReloadUnitContext(ctx, unit, "replace", done)
	case "force-reload":
		_, err = conn.ReloadOrRestartUnitContext(ctx, unit, "replace", done)
	case "status", "monitor":
		return unitState(ctx, conn, unit)
	default:
		return "", 3, fmt.Errorf("a systemd unit knows start, stop, restart, reload and status, not %q", action)
	}
	if err != nil {
		return "", 1, err
	}
	select {
	case result := <-done:
		if result != "done" {
			return result, 1, fmt.Errorf("systemd: %s of %s: %s", action, unit, result)
		}
		return result, 0, nil
	case <-ctx.Done():
		return "", 1, fmt.Errorf("systemd: %s of %s took too long", action, unit)
	}
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
