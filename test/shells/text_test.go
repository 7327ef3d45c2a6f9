//go:build e2e

package shells

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mainstay/cib"
	"mainstay/shell/crm"
)

var (
	cases = flag.String("cases", "", "directory of CIBs whose texts are compared with crmsh's, besides those of shell/crm")
	every = flag.Int("every", 1, "compare every Nth of them")
)

// TestText has Debian's crmsh and Mainstay write the same configurations as text. Each
// statement must be the same, or differ in a way that was judged; and what crmsh wrote
// must be read here to the configuration that it was written of.
func TestText(t *testing.T) {
	total := map[string]int{}
	for name, root := range documents(t) {
		file := filepath.Join(t.TempDir(), "cib.xml")
		if err := os.WriteFile(file, root.AppendXML(nil, true), 0o600); err != nil {
			t.Fatal(err)
		}
		theirs, ok := shown(t, file)
		if !ok {
			total["configurations that crmsh does not read"]++
			continue
		}
		total["configurations"]++
		ours := crm.Format(root)
		written := statements(ours)
		for k := range compareText(t, name, statements(theirs), written, total) {
			delete(written, k)
		}
		readBack(t, name, theirs, written, total)
	}
	for _, what := range slices.Sorted(maps.Keys(total)) {
		t.Logf("%5d %s", total[what], what)
	}
}

// documents are the CIBs by name: what the golden files of the language hold, and what
// is in the directory of the flag.
func documents(t *testing.T) map[string]*cib.Elem {
	t.Helper()
	out := map[string]*cib.Elem{}
	golden, err := filepath.Glob("../../shell/crm/testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range golden {
		text, err := os.ReadFile(g)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, ok := strings.Cut(string(text), "\n-- cib --\n")
		conf, _, _ := strings.Cut(rest, "\n-- ")
		if !ok {
			continue
		}
		e, err := cib.Parse([]byte(conf))
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(g)] = cib.Empty().Put(e)
	}
	if *cases == "" {
		t.Log("no -cases: only the configurations of shell/crm are compared")
		return out
	}
	files, err := filepath.Glob(filepath.Join(*cases, "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no CIBs in %s: %v", *cases, err)
	}
	for i, f := range files {
		if i%*every != 0 {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		root, err := cib.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if root, err = cib.UpgradeTo(root, cib.FreshVocabulary); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		out[filepath.Base(f)] = root
	}
	return out
}

// warned are warnings among what crmsh writes.
var warned = regexp.MustCompile(`(?m)^\x1b\[\d+mWARNING\x1b.*\n`)

// shown is what Debian's crmsh writes of a CIB in a file; false if it cannot.
func shown(t *testing.T, file string) (string, bool) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "/usr/sbin/crm", "configure", "show")
	c.Env = append(os.Environ(), "CIB_file="+file, "TERM=dumb", "HOME="+filepath.Dir(file))
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Logf("%v: %s", err, errs.String())
		return "", false
	}
	return warned.ReplaceAllString(out.String(), ""), true
}

// What means the same in a statement if it differs: ids of sets, which are shown by
// either where the other does not find them worth it, quotes, and lists without values.
var (
	unmarked = regexp.MustCompile(` \$?id="?[^ "]*"?`)
	plain    = strings.NewReplacer(`"`, "", "\\\n", " ", "\t", " ")
	blanks   = regexp.MustCompile(` +`)
	// A list without values.
	bare = regexp.MustCompile(` (?:meta|params|utilization|attributes|operations)( (?:meta|params|utilization|attributes|op|operations)\b|$)`)
)

// statements takes a text apart: by "KIND NAME" each statement in a normal form.
func statements(text string) map[string]string {
	out := map[string]string{}
	var whole string
	for line := range strings.Lines(text) {
		whole += line
		if strings.HasSuffix(strings.TrimRight(line, " \t\n"), `\`) {
			continue
		}
		if strings.Count(whole, `"`)%2 == 1 { // a value of several lines; crmsh writes \n in it
			whole = strings.TrimSuffix(whole, "\n") + `\n`
			continue
		}
		id := regexp.MustCompile(`\bid="?([^" />]+)`).FindStringSubmatch(whole)
		s := blanks.ReplaceAllString(plain.Replace(whole), " ")
		s = strings.TrimSpace(unmarked.ReplaceAllString(" "+strings.TrimSpace(s), ""))
		for bare.MatchString(s) {
			s = bare.ReplaceAllString(s, "$1")
		}
		whole = ""
		f := strings.Fields(s)
		switch {
		case s == "" || s[0] == '#':
			continue
		case f[0] == "xml" && len(f) > 2:
			f[1] = "?"
			if id != nil {
				f[1] = id[1]
			}
		case len(f) == 1:
			f = append(f, "")
		case f[0] == "fencing_topology":
			f[1] = ""
		}
		out[f[0]+" "+strings.TrimSuffix(f[1], ":")] = s
	}
	return out
}

// judgement is a difference that was looked at: a rewriting of crmsh's statement and of
// ours after which they must be equal, or, where one is XML, what must hold of both.
type judgement struct {
	reason string
	theirs func(string) string
	ours   func(string) string
	holds  func(theirs, ours string) bool
}

// swap rewrites a statement by a pattern.
func swap(pattern, to string) func(string) string {
	re := regexp.MustCompile(pattern)
	return func(s string) string { return re.ReplaceAllString(s, to) }
}

// fits tells whether a judgement explains a difference.
func (j judgement) fits(theirs, ours string) bool {
	if j.holds != nil {
		return j.holds(theirs, ours)
	}
	same := func(s string) string { return s }
	if j.theirs == nil {
		j.theirs = same
	}
	if j.ours == nil {
		j.ours = same
	}
	return j.theirs(theirs) == j.ours(ours)
}

var (
	asXML    = regexp.MustCompile(`^xml `)
	pairName = regexp.MustCompile(`<nvpair [^>]*name=([^ />]+)`)
	hidden   = regexp.MustCompile(`\*{6}`)
)

// twice tells whether a statement in XML has a name twice among its values.
func twice(ours string) bool {
	seen := map[string]bool{}
	for _, m := range pairName.FindAllStringSubmatch(ours, -1) {
		if seen[m[1]] {
			return true
		}
		seen[m[1]] = true
	}
	return false
}

// sorted writes the words of a statement in order.
func sorted(s string) string {
	words := strings.Fields(s)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// judged are the differences that were looked at.
var judged = []judgement{
	{reason: "written as XML by crmsh, as a statement here (that both mean the same is seen when crmsh's is read)",
		holds: func(theirs, ours string) bool { return asXML.MatchString(theirs) && !asXML.MatchString(ours) }},
	{reason: "the name of a single value is not written by crmsh, though others refer to it", ours: swap(` \$[^ :]+:([^ =]+=)`, " $1")},
	{reason: "a rule's score of INFINITY is written here", theirs: swap(`rule (\$\S+ )?inf: `, "rule $1"), ours: swap(`rule (\$\S+ )?inf: `, "rule $1")},
	{reason: "the type of a comparison is not written by crmsh", ours: swap(` string:(eq|ne|lt|lte|gt|gte) `, " $1 ")},
	{reason: "a location's unordered set", theirs: swap(`\{ \( (.*?) \) \}`, "{ $1 sequential=false }")},
	{reason: "the mark of an ordered set, which is the default, is kept here, as XML",
		holds: func(theirs, ours string) bool {
			return !asXML.MatchString(theirs) && asXML.MatchString(ours) && strings.Contains(ours, "sequential=true")
		}},
	{reason: "a rule behind the values that depend on it keeps its place here, as XML",
		holds: func(_, ours string) bool { return regexp.MustCompile(`^xml .*<nvpair .*<rule `).MatchString(ours) }},
	{reason: "a name that a list has twice is kept here, as XML; crmsh does not read its own text", holds: func(_, ours string) bool { return asXML.MatchString(ours) && twice(ours) }},
	{reason: "crmsh hides what it takes for a password; a text to be loaded again needs it",
		holds: func(theirs, ours string) bool {
			re, err := regexp.Compile("^" + hidden.ReplaceAllString(regexp.QuoteMeta(hidden.ReplaceAllString(theirs, "HIDDEN")), "") + "$")
			if err != nil || !hidden.MatchString(theirs) {
				return false
			}
			return regexp.MustCompile(strings.ReplaceAll(re.String(), "HIDDEN", `\S+`)).MatchString(ours)
		}},
	{reason: "a score of +INFINITY is inf here", theirs: swap(`\+(inf|INFINITY)`, "inf")},
	{reason: "crmsh writes the recipient of an alert without its braces, and does not read that with values behind it", theirs: swap(`[{}] ?`, ""), ours: swap(` ?[{}]`, "")},
	{reason: "an agent whose type is a path has its class here; crmsh does not read its own text", ours: swap(`^(primitive \S+) ocf:heartbeat:/`, "$1 /")},
	{reason: "fencing levels that crmsh leaves out are kept here",
		holds: func(theirs, ours string) bool { return theirs == "" && strings.HasPrefix(ours, "fencing_topology") }},
	{reason: "order of the ends of a date", ours: swap(`date in end=(\S+) start=(\S+)`, "date in start=$2 end=$1"), theirs: swap(`date in end=(\S+) start=(\S+)`, "date in start=$2 end=$1")},
	{reason: "the operator of a rule that is the default is kept here", ours: swap(` boolean-op=and`, "")},
	{reason: "order of the parts of a bundle",
		holds: func(theirs, ours string) bool {
			return strings.HasPrefix(ours, "bundle ") && sorted(theirs) == sorted(ours)
		}},
}

// compareText compares two texts, statement by statement, and returns which differ.
func compareText(t *testing.T, name string, theirs, ours map[string]string, total map[string]int) map[string]bool {
	t.Helper()
	differ := map[string]bool{}
	byName := map[string]string{}
	for k, s := range theirs {
		_, id, _ := strings.Cut(k, " ")
		byName[id] = s
	}
	for _, k := range slices.Sorted(maps.Keys(ours)) {
		_, id, _ := strings.Cut(k, " ")
		other, ok := theirs[k]
		if !ok {
			other = byName[id]
		}
		total["statements"]++
		if other == ours[k] {
			total["statements that are the same"]++
			continue
		}
		differ[k] = true
		i := slices.IndexFunc(judged, func(j judgement) bool { return j.fits(other, ours[k]) })
		if i < 0 {
			total["statements that differ"]++
			t.Errorf("%s:\ncrmsh: %s\nhere:  %s", name, other, ours[k])
			continue
		}
		total["statements judged: "+judged[i].reason]++
	}
	return differ
}

// refused are texts of crmsh's that it does not read itself, or that are an error here:
// a cluster option that nobody knows, names or operations that are there twice.
var refused = regexp.MustCompile(`<meta_attributes> is not an object|\$id-ref=|"/\S+" is not an agent|unknown cluster option|set twice in one list|has two operations|is not a boolean`)

// modern are statements in old words, which are loaded as what they mean today.
var modern = regexp.MustCompile(`^ms |role=(Master|Slave)\b`)

// readBack loads what crmsh wrote, and compares what comes of it with the statements
// that both write alike.
func readBack(t *testing.T, name, theirs string, want map[string]string, total map[string]int) {
	t.Helper()
	root, _, problems := crm.Load(theirs, cib.Empty(), crm.Replace)
	if root == nil && refused.MatchString(fmt.Sprint(problems)) {
		total["texts of crmsh that nobody reads"]++
		return
	}
	if root == nil {
		total["texts of crmsh that are refused"]++
		t.Errorf("%s: crmsh's text is refused: %v\n%s", name, problems, theirs)
		return
	}
	again := statements(crm.Format(root))
	total["texts of crmsh that are read"]++
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if again[k] != want[k] && modern.MatchString(want[k]) {
			total["statements in old words, read as new ones"]++
			continue
		}
		if again[k] != want[k] {
			total["statements of crmsh read otherwise"]++
			t.Errorf("%s: crmsh's text leads to\n%s\nnot to\n%s", name, again[k], want[k])
		}
	}
}
