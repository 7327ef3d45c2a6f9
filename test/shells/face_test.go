//go:build e2e

package shells

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// word is where the shell's name stands in a command.
var word = regexp.MustCompile(`(^|[ ;|(])pcs `)

// TestFace has "mainstay pcs" carry out the sessions of Debian's pcs, and compares its
// answers with those that pcs gave on real Pacemaker, but for the commands that are
// listed as answered otherwise.
func TestFace(t *testing.T) {
	text, err := os.ReadFile("testdata/face.different")
	if err != nil {
		t.Fatal(err)
	}
	different := strings.Split(string(text), "\n")
	for _, name := range []string{"pcs", "pcs-more", "pcs-wrong"} {
		if *only != "" && *only != name {
			continue
		}
		t.Run(name, func(t *testing.T) {
			steps := readSession(t, name)
			ours := make([]step, len(steps))
			for i, s := range steps {
				if slices.Contains(different, s.command) {
					steps[i].how = "-"
				}
				ours[i] = step{word.ReplaceAllString(s.command, "${1}mainstay pcs "), steps[i].how}
			}
			compareRecord(t, filepath.Join("testdata", name+".peer"), steps, session(t, name, ours, false))
		})
	}
}
