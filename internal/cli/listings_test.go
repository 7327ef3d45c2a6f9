package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/internal/face/facetest"
)

// listing is the text that a golden file of the crm language loads.
func listing(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "shell", "crm", "testdata", name+".golden"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "-- update --\n")
	body, _, ok := strings.Cut(rest, "\n-- ")
	if !ok {
		t.Fatalf("%s has no listing", name)
	}
	return body + "\n"
}

// ways are the ways into the configuration: the arguments, and whether the listing
// stands on standard input as part of a session.
var ways = []struct {
	name    string
	args    string
	session bool
}{
	{"configure load", "configure load --missing-agents FILE", false},
	{"crm configure load", "crm configure load update FILE", false},
	{"crm session", "crm", true},
}

// load loads a listing into an empty document and returns what it said, the exit code
// and the configuration.
func load(t *testing.T, text, args string, session bool) (said string, code face.Code, conf *cib.Elem) {
	t.Helper()
	dir := t.TempDir()
	doc, file := filepath.Join(dir, "cib.xml"), filepath.Join(dir, "listing.crm")
	for name, content := range map[string][]byte{doc: cib.Empty().AppendXML(nil, true), file: []byte(text)} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := ""
	if session {
		in = "configure\n" + text + "verify\ncommit\nquit\n"
	}
	var out bytes.Buffer
	env := &face.Env{Stdin: strings.NewReader(in), Stdout: &out, Stderr: &out, Now: facetest.Now, Version: "test",
		Getenv: func(name string) string { return map[string]string{"CIB_file": doc, "OCF_ROOT": dir}[name] }}
	code = Run(t.Context(), env, append([]string{"mainstay"}, strings.Fields(strings.ReplaceAll(args, "FILE", file))...))
	root, err := face.ReadCIB(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), code, root.Child("configuration")
}

// The guide's two groups of services, each with a member that no listing defines.
const (
	apiGroup = "group g_services_api p_api-ip p_keystone p_glance-api p_cinder-api \\\n" +
		"p_neutron-server p_glance-registry p_ceilometer-agent-central\n"
	networkGroup = "group g_services_network p_neutron-l3-agent p_neutron-dhcp-agent \\\np_neutron-metadata_agent\n"
)

// The listings of the documents load as they are written, by every way and to the same
// configuration. What is wrong in four of them is named.
func TestListings(t *testing.T) {
	rabbitmq, services := listing(t, "guide-rabbitmq"), listing(t, "guide-services")
	for _, c := range []struct {
		name, text string
		ok         bool
		says       string
	}{
		{"fuel", listing(t, "fuel"), true, ""},
		{"properties", listing(t, "guide-properties"), true, ""},
		{"mysql", listing(t, "guide-mysql"), true, "a backslash is missing at the end of this line: config=/etc/mysql/my.cnf"},
		{"services", services, true, ""},
		{"API group", services + apiGroup, false, "there is no resource p_glance-registry"},
		{"API group mended", strings.Replace(services+apiGroup, " p_glance-registry", "", 1), true, ""},
		{"network group", services + networkGroup, false, "there is no resource p_neutron-metadata_agent"},
		{"network group mended", strings.Replace(services+networkGroup, "metadata_agent\n", "metadata-agent\n", 1), true, ""},
		{"rabbitmq", rabbitmq, false, "there is no resource p_ip_rabbitmq"},
		{"rabbitmq mended", strings.Replace(rabbitmq, "p_ip_rabbitmp", "p_ip_rabbitmq", 1), true, ""},
	} {
		var first *cib.Elem
		for _, w := range ways {
			said, code, conf := load(t, c.text, w.args, w.session)
			if (code == face.OK) != c.ok {
				t.Errorf("%s by %s: exit %d\n%s", c.name, w.name, code, said)
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("%s by %s does not say %q:\n%s", c.name, w.name, c.says, said)
			}
			switch {
			case !c.ok && !w.session && !conf.Equal(cib.Empty().Child("configuration")):
				t.Errorf("%s by %s is refused, and half of it is there", c.name, w.name)
			case !c.ok: // in a session each statement stands for itself
			case first == nil:
				first = conf
			case !first.Equal(conf):
				t.Errorf("%s by %s makes another configuration:\n%s", c.name, w.name, cib.DiffUnversioned(cib.Empty().Put(first), cib.Empty().Put(conf)))
			}
		}
	}
}
