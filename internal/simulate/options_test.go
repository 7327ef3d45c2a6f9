package simulate

import (
	"strings"
	"testing"
)

func TestParseOp(t *testing.T) {
	for spec, want := range map[string]opSpec{
		"vip_monitor_10000@n1=7":      {"vip", "monitor", 10000, "n1", 7},
		"my_vip_start_0@n1.example=1": {"my_vip", "start", 0, "n1.example", 1},
		"db:0_promote_0@n2=9":         {"db:0", "promote", 0, "n2", 9},
		"my_vm_migrate_to_0@n2=1":     {"my_vm", "migrate_to", 0, "n2", 1},
		"vm_migrate_from_0@n2=1":      {"vm", "migrate_from", 0, "n2", 1},
		"a_reload-agent_0@n2=1":       {"a", "reload-agent", 0, "n2", 1},
	} {
		if got, err := parseOp(spec); err != nil || got != want {
			t.Errorf("%s: %+v %v, want %+v", spec, got, err, want)
		}
	}
	for spec, want := range map[string]string{
		"vip":                    "no @NODE",
		"vip_monitor_0@n1":       "no NODE=RC",
		"vip_monitor_0@=1":       "no NODE=RC",
		"vip_monitor_0@n1=x":     "no number",
		"vip@n1=1":               "no interval",
		"vip_monitor_x@n1=1":     "no number of milliseconds",
		"vip_monitor_-1@n1=1":    "no number of milliseconds",
		"monitor_0@n1=1":         "no task",
		"_monitor_0@n1=1":        "no task",
		"_migrate_to_0@n1=1":     "", // a resource "_migrate" with the task "to" is what it reads as
		"vip_monitor_10s@n1=not": "no number",
	} {
		if _, err := parseOp(spec); want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", spec, err, want)
		}
	}
}

func TestParseOptions(t *testing.T) {
	o, err := parse(strings.Fields("-x in.xml -sSQ -D a.dot -G a.exp -t 2005-020 -u n1 -u n2 -i vip_monitor_10000@n1=7 --output-as=xml"))
	if err != nil {
		t.Fatal(err)
	}
	if o.file != "in.xml" || !o.scores || !o.execute || !o.quiet || o.saveDot != "a.dot" || o.saveGraph != "a.exp" || o.date != "2005-020" ||
		len(o.up) != 2 || !o.changes() || !o.xml {
		t.Errorf("%+v", o)
	}
	for args, want := range map[string]string{
		"--what":          "Unknown option --what",
		"-x":              "Missing argument for -x",
		"more":            "unexpected argument",
		"-x a -p":         "exclude each other",
		"-X":              "needs --xml-file",
		"-x a -i nothing": "no @NODE",
		"--output-as=pdf": "Unknown output format",
		"--repeat=0":      "at least 1",
	} {
		if _, err := parse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", args, err, want)
		}
	}
}
