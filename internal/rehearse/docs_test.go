package rehearse

import (
	"os"
	"reflect"
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
