package node

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mainstay/conf"
	"mainstay/engine"
	"mainstay/fence"
	"mainstay/internal/host"
	"mainstay/internal/web"
)

// slowHost answers every request after a while.
type slowHost struct {
	host.Host
	after time.Duration
	reply engine.Reply
}

func (h *slowHost) Inject(c host.Completion) {
	time.AfterFunc(h.after, func() { c.(Call).Answer(h.reply) })
}

// Fencing is waited for as long as its devices take, anything else for a minute, and
// nothing once the asker is gone.
func TestHowLongClientsWait(t *testing.T) {
	late := func(after time.Duration) *Cluster {
		c := &Cluster{host: &slowHost{after: after, reply: engine.Reply{Body: fence.Outcome{Target: "n2", OK: true}}}}
		c.file.Store(&configFile{conf: &conf.Config{}})
		return c
	}
	synctest.Test(t, func(t *testing.T) {
		e, err := late(140*time.Second).Fence(t.Context(), web.FenceRequest{Node: "n2", Action: "off"})
		if err != nil || !e.OK || e.Node != "n2" {
			t.Errorf("fencing that took 140 s was answered with %+v, %v", e, err)
		}
		err = late(140*time.Second).ConfirmOff(t.Context(), "n2", "root")
		if err == nil || !strings.Contains(err.Error(), "did not answer within 1m0s") {
			t.Errorf("an answer that took 140 s: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err = late(140*time.Second).ConfirmOff(ctx, "n2", "root"); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "answer") {
			t.Errorf("the asker gave up after a second: %v", err)
		}
		if _, err = late(140*time.Second).Fence(ctx, web.FenceRequest{Node: "n2"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the asker of a fencing gave up: %v", err)
		}
	})
}
