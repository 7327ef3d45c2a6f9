package engine

import (
	"strings"
	"testing"
	"time"

	"mainstay/conf"
)

// TestWatchdogTimeout: the timeout is what keeps the promise to the others, and what
// cannot keep it is refused.
func TestWatchdogTimeout(t *testing.T) {
	for _, x := range []struct {
		patience, token, set, want time.Duration
		err                        string
	}{
		{10 * time.Second, time.Second, 0, 3 * time.Second, ""},
		{30 * time.Second, time.Second, 0, 13 * time.Second, ""},
		{30 * time.Second, time.Second, 5 * time.Second, 5 * time.Second, ""},
		{10 * time.Second, time.Second, 5 * time.Second, 0, "set stonith-watchdog-timeout to 12.2s"},
		{4 * time.Second, time.Second, 0, 0, "at least 4.2s"},
		{10 * time.Second, 5 * time.Second, 0, 0, "at least 13s"},
	} {
		c := &conf.Config{}
		c.Totem.Token, c.Watchdog.Timeout = x.token, x.set
		e := &Engine{cfg: Config{Conf: c, Watchdog: true}}
		got, err := e.watchdogTimeout(x.patience)
		if err == nil {
			if x.err != "" || got != x.want {
				t.Errorf("%+v: %v", x, got)
			}
			if 2*got+x.token+e.consensus() > x.patience {
				t.Errorf("%+v: %v is too long", x, got)
			}
			continue
		}
		if x.err == "" || !strings.Contains(err.Error(), x.err) {
			t.Errorf("%+v: %v", x, err)
		}
	}
}

// TestNoWatchdogNoPromise: a node without a device says so.
func TestNoWatchdogNoPromise(t *testing.T) {
	c := &conf.Config{}
	c.Totem.Token = time.Second
	e := &Engine{cfg: Config{Conf: c}}
	if err := e.checkPatience(0); err != nil {
		t.Error(err)
	}
	if err := e.checkPatience(10 * time.Second); err == nil || !strings.Contains(err.Error(), "no watchdog device") {
		t.Error(err)
	}
}
