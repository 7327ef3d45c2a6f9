package tools

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/internal/face"
	"mainstay/internal/simulate"
)

var rewriteOptions = flag.Bool("rewrite-options", false, "write docs/tool-options.md anew")

const optionsPage = "../../docs/tool-options.md"

// option is one that a tool of the peer has.
type option struct{ short, long string }

func (o option) String() string { return strings.TrimSpace(o.short + " " + o.long) }

var optionLine = regexp.MustCompile(`^(?: {1,4}|\t)(-[^-\s])?(?:, ?|\s+)?(--[a-z0-9][a-z0-9_-]*)?`)

// peersOptions reads a tool's help.
func peersOptions(t *testing.T, tool string) []option {
	t.Helper()
	if tool == "crm_master" { // its help names none
		return []option{{"-V", "--verbose"}, {"-q", "--quiet"}, {"-G", "--query"}, {"-v", "--update"}, {"-D", "--delete"},
			{"-N", "--node"}, {"-l", "--lifetime"}, {"-i", "--id"}, {"-r", "--resource"}, {"-U", "--uname"}, {"-Q", "--get-value"}}
	}
	var out []option
	for _, help := range []string{"--help-all", "--help"} {
		text, err := exec.CommandContext(t.Context(), filepath.Join(peerDir, tool), help).CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			m := optionLine.FindStringSubmatch(line)
			if m == nil || m[1] == "" && m[2] == "" {
				continue
			}
			if o := (option{m[1], m[2]}); !slices.Contains(out, o) && !strings.HasPrefix(o.long, "--help-") {
				out = append(out, o)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	t.Fatalf("%s tells no options", tool)
	return nil
}

// known tells whether our tool takes a word for an option. The tool is asked for its
// help in the same breath, so it does nothing.
func known(t *testing.T, tool, word string) bool {
	t.Helper()
	arg := word + "=1"
	if !strings.HasPrefix(word, "--") {
		arg = word + "1"
	}
	run := Lookup(tool)
	if tool == "crm_simulate" {
		run = simulate.Tool
	}
	var out bytes.Buffer
	env := &face.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Name: tool, Now: time.Now,
		Socket: filepath.Join(t.TempDir(), "none.sock"), Getenv: func(string) string { return "" }}
	run(t.Context(), env, []string{arg, "--help"})
	unknown := regexp.MustCompile(`(?i)unknown (option|flag:) ` + regexp.QuoteMeta(word) + `(\W|$)|unknown shorthand flag: '` + regexp.QuoteMeta(word[1:]) + "'")
	return !unknown.MatchString(out.String())
}

// remarks are the options that do not do the same as the peer's, and why.
func remarks(t *testing.T) map[string][2]string {
	t.Helper()
	text, err := os.ReadFile("peer/options.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][2]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		what, why, ok := strings.Cut(line, ": ")
		words := strings.Fields(what)
		if !ok || len(words) != 3 || !slices.Contains([]string{"different", "ignored", "missing"}, words[2]) {
			t.Fatalf("options.txt: %q: want TOOL OPTION different|ignored|missing: WHY", line)
		}
		out[words[0]+" "+words[1]] = [2]string{words[2], why}
	}
	return out
}

// TestOptionsAsThePeer asks the peer's tools and ours for every option, and compares
// what is found with the page that tells users.
func TestOptionsAsThePeer(t *testing.T) {
	names := append(Names(), "crm_simulate")
	slices.Sort(names)
	notes, used := remarks(t), map[string]bool{}
	count := map[string]int{}
	var rows strings.Builder
	for _, tool := range names {
		fmt.Fprintf(&rows, "\n## %s\n\n| option | here | |\n| --- | --- | --- |\n", tool)
		for _, o := range peersOptions(t, tool) {
			name := strings.TrimLeft(o.long, "-")
			if name == "" {
				name = o.short
			}
			note, remarked := notes[tool+" "+name]
			used[tool+" "+name] = remarked
			here := "same"
			if remarked {
				here = map[string]string{"different": "different on purpose", "ignored": "accepted, has no effect", "missing": "not there"}[note[0]]
			}
			count[here]++
			fmt.Fprintf(&rows, "| `%s` | %s | %s |\n", o, here, note[1])
			for _, word := range []string{o.short, o.long} {
				if word != "" && known(t, tool, word) == (note[0] == "missing") {
					t.Errorf("%s %s: the page says %q, the tool does not agree", tool, word, here)
				}
			}
		}
	}
	for key := range notes {
		if !used[key] {
			t.Errorf("options.txt: %s: the peer has no such option", key)
		}
	}
	page := fmt.Sprintf("# Options of Pacemaker's tools, one by one\n\nEvery option that the tools of Pacemaker %s name in their help, and what becomes of it here: %d are the same,\n"+
		"%d different on purpose, %d accepted without effect, %d not there. A test asks both programs and compares this page\n"+
		"(`go test ./internal/tools -run OptionsAsThePeer`). How the tools differ beyond single options: [tools.md](tools.md).\n%s",
		peerVersion, count["same"], count["different on purpose"], count["accepted, has no effect"], count["not there"], rows.String())
	if *rewriteOptions {
		if err := os.WriteFile(optionsPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(optionsPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != page {
		t.Errorf("%s is not what the tools say; run with -rewrite-options and read the difference", optionsPage)
	}
}
