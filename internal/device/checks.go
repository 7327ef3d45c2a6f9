package device

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"mainstay/qdevice"
)

// Checks are the commands by which a node judges itself (quorum.device.heuristics).
type Checks struct {
	Commands    [][]string
	Timeout     time.Duration // of the regular ones
	SyncTimeout time.Duration // of those when the membership changed
}

// check runs all commands at once; all have to succeed in time.
func (d *Device) check(changed bool) {
	limit := d.cfg.Checks.Timeout
	if changed {
		limit = d.cfg.Checks.SyncTimeout
	}
	ctx, cancel := context.WithTimeout(d.life, limit)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, len(d.cfg.Checks.Commands))
	for i, c := range d.cfg.Checks.Commands {
		wg.Go(func() {
			cmd := exec.CommandContext(ctx, c[0], c[1:]...)
			cmd.WaitDelay = time.Second
			errs[i] = cmd.Run()
		})
	}
	wg.Wait()
	passed := true
	for i, err := range errs {
		if err != nil {
			passed = false
			d.cfg.Log.Warn("a check of this node failed", "event", "heuristics", "command", strings.Join(d.cfg.Checks.Commands[i], " "), "error", err)
		}
	}
	d.put(0, qdevice.Checked{Passed: passed}, nil)
}

// Split cuts a command line into words as corosync-qdevice(8) describes it: blanks
// part them, backslash and double quotes protect.
func Split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	begun, quoted, escaped := false, false, false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\':
			begun, escaped = true, true
		case r == '"':
			begun, quoted = true, !quoted
		case !quoted && (r == ' ' || r == '\t'):
			if begun {
				words = append(words, word.String())
				word.Reset()
				begun = false
			}
		default:
			begun = true
			word.WriteRune(r)
		}
	}
	if quoted || escaped {
		return nil, fmt.Errorf("command %q: a quote is not closed", line)
	}
	if begun {
		words = append(words, word.String())
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("the command is empty")
	}
	return words, nil
}
