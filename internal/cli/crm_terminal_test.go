package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"mainstay/internal/face"
	"mainstay/internal/face/facetest"
)

// typist is somebody at a terminal on which the crm shell runs.
type typist struct {
	t      *testing.T
	master *os.File
	code   chan face.Code

	lock  sync.Mutex
	shown bytes.Buffer
	more  chan struct{} // something was shown
	seen  int           // how much of it was waited for
}

// sit opens the shell on a terminal, over a document in a file.
func sit(t *testing.T, env map[string]string) *typist {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(slave, &pty.Winsize{Rows: 40, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	p := &typist{t: t, master: master, code: make(chan face.Code, 1), more: make(chan struct{}, 1)}
	go p.watch()
	go func() {
		e := &face.Env{Stdin: slave, Stdout: slave, Stderr: slave, Terminal: true, Now: facetest.Now, Version: "test",
			Getenv: func(name string) string { return env[name] }}
		p.code <- Run(t.Context(), e, []string{"mainstay", "crm"})
		slave.Close()
	}()
	t.Cleanup(func() { master.Close() })
	return p
}

// watch collects what is shown until the terminal closes.
func (p *typist) watch() {
	buf := make([]byte, 4096)
	for {
		n, err := p.master.Read(buf)
		p.lock.Lock()
		p.shown.Write(buf[:n])
		p.lock.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)

// see waits until a text is shown behind what was waited for before, and returns what
// came before it.
func (p *typist) see(want string) string {
	p.t.Helper()
	late := time.After(time.Minute)
	for {
		p.lock.Lock()
		text := escapes.ReplaceAllString(p.shown.String(), "")
		p.lock.Unlock()
		if i := strings.Index(text[min(p.seen, len(text)):], want); i >= 0 {
			before := text[p.seen : p.seen+i]
			p.seen += i + len(want)
			return before
		}
		select {
		case <-p.more:
		case <-late:
			p.t.Fatalf("%q is not shown, but\n%s", want, text[min(p.seen, len(text)):])
		}
	}
}

// key presses keys.
func (p *typist) key(keys string) {
	p.t.Helper()
	if _, err := p.master.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// enter types a line and waits for the prompt behind it; it returns what was answered.
func (p *typist) enter(line, prompt string) string {
	p.t.Helper()
	p.key(line + "\r")
	return p.see("\r\n" + prompt + "# ")
}

// left waits for the shell's end.
func (p *typist) left() {
	p.t.Helper()
	select {
	case code := <-p.code:
		if code != face.OK {
			p.t.Errorf("the shell ends with %d", code)
		}
	case <-time.After(time.Minute):
		p.t.Fatalf("the shell does not end:\n%s", p.shown.String())
	}
}

// bench is a document in a file, agents and a home: what sit takes.
func bench(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	doc := `<cib crm_feature_set="3.20.0" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1"><configuration>` +
		`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="cib-bootstrap-options-stonith-enabled" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
		`<nodes><node id="1" uname="alpha"/><node id="2" uname="beta"/></nodes><resources/><constraints/></configuration><status>` +
		`<node_state id="1" uname="alpha" in_ccm="true" crmd="online" join="member" expected="member"/></status></cib>`
	meta := `<?xml version="1.0"?><resource-agent name="Lamp"><version>1.0</version><parameters><parameter name="colour"><content type="string"/></parameter>` +
		`<parameter name="watts"><content type="integer"/></parameter></parameters><actions><action name="start" timeout="20s"/><action name="monitor" timeout="20s" interval="7s"/></actions></resource-agent>`
	for file, text := range map[string]string{
		"cib.xml": doc, "ocf/resource.d/heartbeat/Lamp": "#!/bin/sh\ncat <<END\n" + meta + "\nEND\n",
		"editor": "#!/bin/sh\nsed -i 's/watts=60/wats 70/; s/watts=40/watts=60/; s/wats 80/watts=80/; s/wats 70/wats 80/' \"$1\"\n",
	} {
		to := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{"CIB_file": filepath.Join(dir, "cib.xml"), "OCF_ROOT": filepath.Join(dir, "ocf"), "HOME": dir, "TMPDIR": dir,
		"EDITOR": filepath.Join(dir, "editor"), "dir": dir}
}

// document is the configuration in the file of a bench.
func document(t *testing.T, env map[string]string) string {
	t.Helper()
	text, err := os.ReadFile(env["CIB_file"])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const configure = "crm(live)configure"

// A user defines a resource with the tabulator's help, changes it by an editor, saves,
// looks at what would happen, and commits.
func TestTerminalCompletesAndCommits(t *testing.T) {
	env := bench(t)
	p := sit(t, env)
	p.see("crm(live)# ")
	p.key("conf\t")
	p.see("configure ")
	p.enter("", configure)
	p.key("prim\t")
	p.see("primitive ")
	p.key("lamp ocf:heart\t")
	p.see("ocf:heartbeat:") // and the only agent there
	p.key("\t")
	p.see("Lamp ")
	p.key("par\t")
	p.see("params ")
	p.key("\t\t")
	if list := p.see("watts="); !strings.Contains(list, "colour=") {
		t.Errorf("the parameters are not listed: %q", list)
	}
	p.key("wa\t40 op mon\t")
	p.see("monitor ")
	p.key("interval=\t")
	p.see("interval=7s ")
	if said := p.enter("", configure); strings.Contains(said, "ERROR") {
		t.Errorf("the statement is refused: %s", said)
	}
	if text := document(t, env); strings.Contains(text, "lamp") {
		t.Error("the change is there before it is committed")
	}
	p.enter("edit lamp", configure)
	if said := p.enter("show lamp", configure); !strings.Contains(said, "watts=60") {
		t.Errorf("the editor changed nothing: %s", said)
	}
	p.key("edit lamp\r") // the editor makes a mistake, and mends it
	p.see("Do you want to edit it again (y/n)? ")
	p.enter("y", configure)
	if said := p.enter("show lamp", configure); !strings.Contains(said, "watts=80") {
		t.Errorf("the second try changed nothing: %s", said)
	}
	file := filepath.Join(env["dir"], "saved.crm")
	p.enter("save "+file, configure)
	if saved, err := os.ReadFile(file); err != nil || !strings.Contains(string(saved), "primitive lamp Lamp") {
		t.Errorf("saved: %v\n%s", err, saved)
	}
	if said := p.enter("verify", configure); strings.Contains(said, "ERROR") {
		t.Errorf("verify: %s", said)
	}
	if said := p.enter("simulate", configure); !strings.Contains(said, "Start      lamp") {
		t.Errorf("simulate: %s", said)
	}
	p.enter("commit", configure)
	if text := document(t, env); !strings.Contains(text, `id="lamp"`) {
		t.Error("the change is not there after the commit")
	}
	p.enter("erase", configure)
	p.enter("load update "+file, configure)
	if said := p.enter("show changed", configure); strings.TrimSpace(strings.TrimPrefix(said, "show changed")) != "" {
		t.Errorf("what was saved is not what was there: %s", said)
	}
	p.enter("up", "crm(live)")
	p.key("resource sto\t")
	p.see("stop ")
	p.key("la\t")
	p.see("lamp ")
	p.enter("", "crm(live)")
	if text := document(t, env); !strings.Contains(text, `name="target-role" value="Stopped"`) {
		t.Error("the resource is not stopped")
	}
	p.key("\x04")
	p.left()
}

// Levels are entered and left as crmsh's are, and each has its help.
func TestTerminalLevels(t *testing.T) {
	p := sit(t, bench(t))
	p.see("crm(live)# ")
	p.enter("cd resource", "crm(live)resource")
	p.enter("cd ../node", "crm(live)node")
	if said := p.enter("help standby", "crm(live)node"); !strings.Contains(said, "standby NODE") || strings.Contains(said, "fence") {
		t.Errorf("help standby: %s", said)
	}
	p.key("standby \t\t")
	p.see("alpha  beta")
	p.key("\x03")
	p.see("^C\r\ncrm(live)node# ")
	if said := p.enter("cd configure", "crm(live)node"); !strings.Contains(said, `did you mean "cd ../configure"?`) {
		t.Errorf("cd configure: %s", said)
	}
	p.enter("..", "crm(live)")
	if said := p.enter("ls", "crm(live)"); !strings.Contains(said, "configure") || !strings.Contains(said, "status") {
		t.Errorf("ls: %s", said)
	}
	p.enter("configure", configure)
	if said := p.enter("help group", configure); !strings.Contains(said, "group NAME RESOURCE…") {
		t.Errorf("help group: %s", said)
	}
	if said := p.enter("ra classes", configure); !strings.Contains(said, "ocf") {
		t.Errorf("ra classes: %s", said)
	}
	p.enter("cd", "crm(live)")
	if said := p.enter("nosuch", "crm(live)"); !strings.Contains(said, `there is no command "nosuch" here`) {
		t.Errorf("nosuch: %s", said)
	}
	p.key("quit\r")
	p.left()
}

// Lines come back by arrow and by Ctrl-R, also in the next shell.
func TestTerminalHistory(t *testing.T) {
	env := bench(t)
	p := sit(t, env)
	p.see("crm(live)# ")
	p.enter("node list", "crm(live)")
	p.enter("resource list", "crm(live)")
	p.key("\x1b[A\x1b[A")
	p.see("node list")
	p.enter("", "crm(live)")
	p.key("quit\r")
	p.left()
	p = sit(t, env)
	p.see("crm(live)# ")
	p.key("ource\x12")
	p.see("resource list")
	p.key("\x03")
	p.see("^C\r\ncrm(live)# ")
	p.key("\x1b[A")
	p.see("quit")
	p.key("\r")
	p.left()
}

// Ctrl-C drops the line and nothing else; leaving with changes asks; a commit that is
// refused says why and loses nothing.
func TestTerminalLosesNothing(t *testing.T) {
	env := bench(t)
	p := sit(t, env)
	p.see("crm(live)# ")
	p.enter("configure", configure)
	p.enter("primitive a Lamp", configure)
	p.key("primitive b Lamp \\\r")
	p.see("   > ")
	p.key("params\x03")
	p.see("^C\r\n" + configure + "# ")
	if said := p.enter("show", configure); !strings.Contains(said, "primitive a") || strings.Contains(said, "primitive b") {
		t.Errorf("after Ctrl-C: %s", said)
	}
	p.key("\x04")
	p.see("There are changes pending. Do you want to commit them (y/n)? ")
	p.key("perhaps\r")
	p.see("(y/n)? ")
	p.key("\x03")
	p.see(configure + "# ")
	p.enter("location l a 5: alpha", configure)
	before := document(t, env)
	if err := os.WriteFile(env["CIB_file"], []byte(strings.Replace(before, "<constraints/>", `<constraints/><tags><tag id="a"><obj_ref id="b"/></tag></tags>`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	before = document(t, env)
	if said := p.enter("commit", configure); !strings.Contains(said, "ERROR") || !strings.Contains(said, "your changes are still here") {
		t.Errorf("the commit is not refused: %s", said)
	}
	if document(t, env) != before {
		t.Error("a refused commit changed something")
	}
	if said := p.enter("show changed", configure); !strings.Contains(said, "primitive a") || !strings.Contains(said, "location l") {
		t.Errorf("after the refusal: %s", said)
	}
	p.key("quit\r")
	p.see("(y/n)? ")
	p.enter("y", configure) // it is refused again, so the level is not left
	p.key("refresh\r")
	p.see("All changes will be dropped. Do you want to proceed (y/n)? ")
	p.enter("n", configure)
	p.key("\x04")
	p.see("(y/n)? ")
	p.key("n\r")
	p.left()
	if document(t, env) != before {
		t.Error("what was not to be committed is there")
	}
}

// When nobody can be asked any more, the changes are in a file.
func TestTerminalRescue(t *testing.T) {
	env := bench(t)
	p := sit(t, env)
	p.see("crm(live)# ")
	p.enter("configure", configure)
	p.enter("primitive a Lamp", configure)
	p.key("\x04")
	p.see("(y/n)? ")
	p.key("\x04")
	p.see("your changes are not committed")
	if code := <-p.code; code != face.Error {
		t.Errorf("the shell ends with %d", code)
	}
	files, err := filepath.Glob(filepath.Join(env["dir"], "mainstay-*.crm"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	if text, err := os.ReadFile(files[0]); err != nil || !strings.Contains(string(text), "primitive a Lamp") {
		t.Errorf("%v\n%s", err, text)
	}
}

// Several lines that arrive at once, as from a clipboard, are carried out one by one.
func TestTerminalPaste(t *testing.T) {
	env := bench(t)
	p := sit(t, env)
	p.see("crm(live)# ")
	p.key("configure\rprimitive a Lamp \\\r  params watts=40\rprimitive b Lamp\rgroup g a b\rcommit\rup\r")
	p.see("up\r\ncrm(live)# ")
	if text := document(t, env); !strings.Contains(text, `<group id="g">`) || !strings.Contains(text, `value="40"`) {
		t.Errorf("what was pasted is not there:\n%s", text)
	}
	p.key("quit\r")
	p.left()
}
