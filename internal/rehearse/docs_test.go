package rehearse

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The manual knows every key of the JSON, every finding and every kind of fault.
func TestManual(t *testing.T) {
	data, err := os.ReadFile("../../docs/rehearse.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	want := func(what string) {
		if !strings.Contains(text, what) {
			t.Errorf("docs/rehearse.md lacks %s", what)
		}
	}
	seen := map[reflect.Type]bool{}
	var walk func(ty reflect.Type)
	walk = func(ty reflect.Type) {
		for ty.Kind() == reflect.Slice || ty.Kind() == reflect.Pointer {
			ty = ty.Elem()
		}
		if ty.Kind() != reflect.Struct || seen[ty] {
			return
		}
		seen[ty] = true
		for i := range ty.NumField() {
			f := ty.Field(i)
			if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); f.IsExported() && key != "-" {
				want(`"` + key + `"`)
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[Report]())
	for _, f := range Findings() {
		want("| `" + f[0] + "` |")
	}
	for _, k := range []Kind{Power, Isolate, Daemon, Disk, Monitor, Start, Stop, Fence} {
		want("`" + string(k) + ":")
	}
	for _, l := range []Level{Green, Yellow, Red, Void} {
		want(`"` + string(l) + `"`)
	}
}

// The manual tells what becomes of each example.
func TestManualOnExamples(t *testing.T) {
	data, err := os.ReadFile("../../docs/rehearse.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../examples/*.crm")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var want strings.Builder
	want.WriteString("| --- | --- | --- | --- | --- | --- |\n")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		rep, err := Run(t.Context(), subject(t, string(text), Machines{}), Options{Seed: 1, Phases: []Phase{Idle}, Alike: 3})
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		count, kinds := map[Level]int{}, map[string]bool{}
		for _, list := range [][]Finding{rep.Findings, findings(rep.Rows)} {
			for _, x := range list {
				kinds["`"+string(x.Kind)+"`"] = true
			}
		}
		for _, r := range rep.Rows {
			count[r.Level]++
		}
		fmt.Fprintf(&want, "| `%s` | %d | %d | %d | %d | %s |\n", filepath.Base(f), len(rep.Rows), count[Green], count[Yellow], count[Red],
			strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	if !strings.Contains(string(data), want.String()+"\n") {
		t.Errorf("docs/rehearse.md does not have this table:\n%s", want.String())
	}
}

// findings lists those of all rows.
func findings(rows []*Row) []Finding {
	var out []Finding
	for _, r := range rows {
		out = append(out, r.Findings...)
	}
	return out
}
