package view

import (
	"slices"
	"strings"
	"testing"
)

// shown lists the sections of a request, sorted.
func shown(r MonRequest) string {
	var out []string
	for s, on := range r.Options.Sections {
		if on {
			out = append(out, string(s))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

const usual = "counts dc failures fencing-failed fencing-pending maint-mode nodes resources stack times"

func TestMonOptions(t *testing.T) {
	for _, c := range []struct {
		args  string
		check func(MonRequest) bool
		shown string
	}{
		{"", func(r MonRequest) bool { return r.Format == FormatConsole && !r.OneShot && r.IntervalS == 5 }, usual},
		{"-1", func(r MonRequest) bool { return r.Format == FormatText && r.OneShot }, usual},
		{"-1rnR", func(r MonRequest) bool { return r.Options.Inactive && r.Options.GroupByNode && r.Options.Detail }, usual},
		{"-1 -f -A", func(r MonRequest) bool { return r.OneShot }, "attributes counts dc failcounts failures fencing-failed fencing-pending maint-mode nodes resources stack times"},
		{"-1t", func(r MonRequest) bool { return r.Options.Timing }, "counts dc failures fencing-failed fencing-pending maint-mode nodes operations resources stack times"},
		{"-1Lcli-ban", func(r MonRequest) bool { return r.Options.BanPrefix == "cli-ban" }, "bans " + usual},
		{"-1 --neg-locations=x", func(r MonRequest) bool { return r.Options.BanPrefix == "x" }, "bans " + usual},
		{"-1 -D", func(r MonRequest) bool { return r.Options.HideHeaders }, "failures fencing-failed fencing-pending nodes resources"},
		{"-1 --include=none,nodes", func(r MonRequest) bool { return true }, "nodes"},
		{"-1 --exclude=all --include=nodes,bans:cli", func(r MonRequest) bool { return r.Options.BanPrefix == "cli" }, "bans nodes"},
		{"-1 -U summary", func(r MonRequest) bool { return true }, "failures fencing-failed fencing-pending nodes resources"},
		{"-1 -U all -I default", func(r MonRequest) bool { return true }, usual},
		{"-1 -m0", func(r MonRequest) bool { return true }, "counts dc failures maint-mode nodes resources stack times"},
		{"-1 -m", func(r MonRequest) bool { return !r.Options.FullFencing }, "counts dc failures fencing-failed fencing-pending fencing-succeeded maint-mode nodes resources stack times"},
		{"-1 --fence-history=3", func(r MonRequest) bool { return r.Options.FullFencing }, "counts dc failures fencing-failed fencing-pending fencing-succeeded maint-mode nodes resources stack times"},
		{"--output-as=xml", func(r MonRequest) bool { return r.Format == FormatXML && r.OneShot },
			"attributes bans counts dc failcounts failures fencing-failed fencing-pending fencing-succeeded maint-mode nodes operations options resources stack tickets times"},
		{"-X --exclude=all --include=nodes", func(r MonRequest) bool { return r.Format == FormatXML }, "nodes"},
		{"-h /tmp/x.html -i 10s", func(r MonRequest) bool {
			return r.Format == FormatHTML && r.OutputTo == "/tmp/x.html" && r.IntervalS == 10
		}, usual},
		{"-s", func(r MonRequest) bool { return r.Format == FormatSimple && r.OneShot }, usual},
		{"--daemonize --pid-file /run/x.pid -E /bin/true -e me -W", func(r MonRequest) bool {
			return r.Daemon && r.PidFile == "/run/x.pid" && r.Agent == "/bin/true" && r.Recipient == "me" && r.Watch
		}, usual},
		{"-1 --node n1 --resource=vip", func(r MonRequest) bool { return r.Options.Node == "n1" && r.Options.Resource == "vip" }, usual},
	} {
		r, err := MonOptions(strings.Fields(c.args))
		if err != nil {
			t.Errorf("%q: %v", c.args, err)
			continue
		}
		if !c.check(r) {
			t.Errorf("%q: %+v", c.args, r)
		}
		if got := shown(r); got != c.shown {
			t.Errorf("%q shows %s, want %s", c.args, got, c.shown)
		}
	}
}

func TestMonOptionsRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"--what":            "unknown option --what",
		"-1z":               "unknown option -z",
		"more":              "unexpected argument",
		"-i":                "needs a value",
		"-i soon":           "time span",
		"--one-shot=1":      "takes no value",
		"--output-as=pdf":   "want console, text",
		"-m7":               "want 0, 1, 2 or 3",
		"--include=weather": "no section is called",
		"--exclude=default": "not excluded",
	} {
		if _, err := MonOptions(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", args, err, want)
		}
	}
}

func FuzzMonOptions(f *testing.F) {
	f.Add("-1rf --include=all")
	f.Add("-m -L x -i 5")
	f.Fuzz(func(t *testing.T, line string) {
		r, err := MonOptions(strings.Fields(line))
		if err == nil && r.Format == "" {
			t.Error("no format")
		}
	})
}
