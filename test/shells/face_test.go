//go:build e2e

package shells

import (
	"flag"
	"path/filepath"
	"regexp"
	"testing"
)

var face = flag.Bool("face", false, "have mainstay pcs carry out the sessions of pcs, too")

// word is where the shell's name stands in a command.
var word = regexp.MustCompile(`(^|[ ;|(])pcs `)

// TestFace has "mainstay pcs" carry out the sessions of Debian's pcs, and compares its
// answers with those that pcs gave on real Pacemaker.
func TestFace(t *testing.T) {
	if !*face {
		t.Log("not without -face: it takes as long as the sessions of pcs")
		return
	}
	for _, name := range []string{"pcs", "pcs-more", "pcs-wrong"} {
		if *only != "" && *only != name {
			continue
		}
		t.Run(name, func(t *testing.T) {
			steps := readSession(t, name)
			ours := make([]step, len(steps))
			for i, s := range steps {
				ours[i] = step{word.ReplaceAllString(s.command, "${1}mainstay pcs "), s.how}
			}
			compareRecord(t, filepath.Join("testdata", name+".peer"), steps, session(t, name, ours, false))
		})
	}
}
