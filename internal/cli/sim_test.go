package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"mainstay/internal/face"
)

// simulated runs "mainstay sim" and returns all that it writes.
func simulated(t *testing.T, args ...string) (string, face.Code) {
	t.Helper()
	var out bytes.Buffer
	env := &face.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }, Now: time.Now}
	code := Run(t.Context(), env, append([]string{"mainstay", "sim"}, args...))
	return out.String(), code
}

// What is wrong with a flag is told with its name and what to write instead.
func TestSimRefuses(t *testing.T) {
	for _, x := range []struct{ says, args string }{
		{"say which --seed to play", ""},
		{"--only: there is no step 99; seed 3 has the steps 1 to ", "--seed 3 --only 99"},
		{"--drop: seed 3 has no part \"n9\"\n  remedy: name some of n", "--seed 3 --drop n9"},
		{"--minimise finds out itself what to leave out", "--seed 3 --minimise --only 1"},
		{"--drop is about one history", "--seeds 2 --drop n1"},
		{"--config is about one history", "--search 1s --config"},
		{"--seeds: 0 seeds are none", "--seeds 0"},
		{"--search: 0s is no time to search", "--search 0s"},
		{"--years: 0 is no number of years", "--years 0"},
		{"--seeds and --years do not go together", "--years 1 --seeds 3"},
		{"the seed was found with 0123abc", "--seed 3 --commit 0123abc"},
	} {
		if out, code := simulated(t, strings.Fields(x.args)...); code != face.Usage || !strings.Contains(out, x.says) {
			t.Errorf("%q: exit %d, want %q:\n%s", x.args, code, x.says, out)
		}
	}
}

// A part of a history is played again by the line that names it, and without what it
// leaves out.
func TestSimPlaysParts(t *testing.T) {
	whole, code := simulated(t, "--seed", "3")
	if code != face.OK || !strings.Contains(whole, "all laws held") || !strings.Contains(whole, "what struck: ") {
		t.Fatalf("exit %d:\n%s", code, whole)
	}
	part, _ := simulated(t, "--seed", "3", "--only", "1,2", "--drop", "link1")
	again, _ := simulated(t, "--seed", "3", "--only", "1,2", "--drop", "link1")
	if part != again || part == whole || !strings.Contains(part, "links, token") {
		t.Errorf("played again:\n%s\n%s", part, again)
	}
	a := &app{Env: &face.Env{Version: "v1"}}
	if got, want := a.replay(simOptions{seed: 3, only: []int{1, 2}, drop: []string{"link1", "n2"}}), "mainstay sim --seed 3 --commit v1 --only 1,2 --drop link1,n2"; got != want {
		t.Errorf("the line is %q, want %q", got, want)
	}
}

// What struck is told of so many seeds.
func TestSimCounts(t *testing.T) {
	out, code := simulated(t, "--seeds", "4", "--from", "10")
	for _, want := range []string{"4 histories, ", "what struck: ", "; never: ", "wishes: standby ", "clusters with: "} {
		if code != face.OK || !strings.Contains(out, want) {
			t.Errorf("exit %d, lacks %q:\n%s", code, want, out)
		}
	}
}
