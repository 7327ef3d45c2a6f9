package conformance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mainstay/cib"
)

// Peer is an installed crm_simulate of Pacemaker 2.1, whose plans ours are
// compared with where no case tells what Pacemaker 3 plans.
type Peer struct {
	Program string // path of the binary
	Scratch string // directory for its files
}

// peerTime bounds one run of the peer: on some inputs it does not end.
const peerTime = 10 * time.Second

// Produce runs the peer over an information base as Produce runs ours. name
// tells the files apart; extra are more arguments.
func (p Peer) Produce(ctx context.Context, name string, root *cib.Elem, extra []string) (Outputs, error) {
	input := filepath.Join(p.Scratch, name+".peer.xml")
	exp, dot := filepath.Join(p.Scratch, name+".peer.exp"), filepath.Join(p.Scratch, name+".peer.dot")
	defer func() {
		for _, f := range []string{input, exp, dot} {
			_ = os.Remove(f) // what is not there need not go
		}
	}()
	var o Outputs
	if err := os.WriteFile(input, OldNames(root).AppendXML(nil, true), 0o600); err != nil {
		return o, fmt.Errorf("input of the peer: %w", err)
	}
	var err error
	if o.Summary, err = p.run(ctx, append([]string{"-x", input, "-S"}, extra...)); err != nil {
		return o, err
	}
	scores, err := p.run(ctx, append([]string{"-x", input, "-D", dot, "-G", exp, "-sSQ"}, extra...))
	if err != nil {
		return o, err
	}
	o.Scores, o.Exp, o.Dot = sorted(scores), normalExp(content(exp)), normalDot(content(dot))
	return o, nil
}

// run is one run of the peer: what it printed on standard output.
func (p Peer) run(ctx context.Context, args []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, peerTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Program, args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "CIB_shadow_dir=" + p.Scratch}
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", p.Program, strings.Join(args, " "), err)
	}
	return string(out), nil
}

// OldNames is an information base in the words that Pacemaker 2.1 knows:
// options of fencing and of removed resources by their former names, no schema
// younger than its own, and the attributes that it insists on.
func OldNames(root *cib.Elem) *cib.Elem {
	if major, minor, ok := schemaVersion(root.Get("validate-with")); ok && (major > 3 || major == 3 && minor > 9) {
		root = root.With("validate-with", "pacemaker-3.9")
	}
	for _, must := range [][2]string{{"validate-with", "pacemaker-3.9"}, {"admin_epoch", "0"}, {"epoch", "1"}, {"num_updates", "0"}} {
		if root.Get(must[0]) == "" {
			root = root.With(must[0], must[1])
		}
	}
	root = root.With("crm_feature_set", "3.16.1") // of older ones it expects failure counts by older names
	if conf := root.Path("configuration", "crm_config"); conf != nil && !strings.Contains(conf.String(), `"concurrent-fencing"`) {
		now := withSet(conf, "cluster_property_set", "concurrent-fencing", "true") // Pacemaker 3's default
		root = replace(root, func(e *cib.Elem) *cib.Elem {
			if e == conf {
				return now
			}
			return e
		})
	}
	return replace(root, func(e *cib.Elem) *cib.Elem {
		if e.Name() == "lrm_rsc_op" && e.Get("op-digest") == "" { // it restarts what has none
			e = e.With("op-digest", cib.Digest(cib.New("parameters")))
			for _, key := range []string{"transition-key", "transition-magic"} { // and complains about short ones
				if k, ok := strings.CutSuffix(e.Get(key), ":x"); ok {
					e = e.With(key, k+":12345678-1234-1234-1234-123456789012")
				}
			}
		}
		if e.Name() == "node_state" { // since when, instead of whether
			for _, name := range [][3]string{{"in_ccm", "false", "true"}, {"crmd", "offline", "online"}} {
				if n, err := strconv.Atoi(e.Get(name[0])); err == nil {
					e = e.With(name[0], name[1+min(n, 1)])
				}
			}
		}
		if old := oldOptions()[e.Get("name")]; e.Name() == "nvpair" && old != "" {
			return e.With("name", old)
		}
		return e
	})
}

func schemaVersion(name string) (major, minor int, ok bool) {
	n, err := fmt.Sscanf(name, "pacemaker-%d.%d", &major, &minor)
	return major, minor, n == 2 && err == nil
}

// oldOptions are the options whose name changed with Pacemaker 3.
func oldOptions() map[string]string {
	return map[string]string{
		"fencing-enabled":          "stonith-enabled",
		"fencing-action":           "stonith-action",
		"fencing-timeout":          "stonith-timeout",
		"fencing-watchdog-timeout": "stonith-watchdog-timeout",
		"fencing-max-attempts":     "stonith-max-attempts",
		"stop-removed-resources":   "stop-orphan-resources",
		"stop-removed-actions":     "stop-orphan-actions",
	}
}

// replace rebuilds a tree from the leaves up. What change answers takes an
// element's place; nil takes it out.
func replace(e *cib.Elem, change func(*cib.Elem) *cib.Elem) *cib.Elem {
	kids, same := make([]*cib.Elem, 0, len(e.Kids())), true
	for _, k := range e.Kids() {
		n := replace(k, change)
		same = same && n == k
		if n != nil {
			kids = append(kids, n)
		}
	}
	if !same {
		e = e.WithKids(kids)
	}
	return change(e)
}
