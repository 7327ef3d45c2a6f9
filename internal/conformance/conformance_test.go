package conformance

import (
	"flag"
	"os"
	"strings"
	"testing"
)

// The flags of "make conformance".
var (
	cases = flag.String("cases", os.Getenv("SCHEDULER_CASES"), "directory of regression cases")
	out   = flag.String("out", os.Getenv("SCHEDULER_OUT"), "directory for the report and what differs")
	names = flag.String("names", "", "only these cases, separated by commas")
)

// TestCases runs the cases of a directory and fails when a rate falls below
// the floor. Without -cases it runs those in testdata/cases.
func TestCases(t *testing.T) {
	dir := *cases
	if dir == "" {
		dir = "testdata/cases"
	}
	var only []string
	if *names != "" {
		only = strings.Split(*names, ",")
	}
	list, err := Run(dir, t.TempDir(), only)
	if err != nil {
		t.Fatal(err)
	}
	if *out != "" {
		if err := Save(*out, list); err != nil {
			t.Fatal(err)
		}
	}
	if *cases == "" {
		if d := Differences(list); d != "" {
			t.Errorf("our own cases differ:\n%s", d)
		}
		return
	}
	t.Logf("\n%s", Report(list))
	text, err := os.ReadFile("floor.txt")
	if err != nil {
		t.Fatal(err)
	}
	floor, err := ParseFloor(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if only == nil {
		for _, b := range floor.Below(list) {
			t.Error(b)
		}
	}
}
