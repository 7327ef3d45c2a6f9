package tools

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/internal/face"
)

// reportFiles are copied into a report where they are there, under these names.
var reportFiles = [][2]string{{"/etc/mainstay/cluster.conf", "cluster.conf"}, {"/etc/corosync/corosync.conf", "corosync.conf"}, {"/etc/os-release", "os-release"},
	{"/etc/drbd.conf", "drbd.conf"}, {"/proc/meminfo", "meminfo.txt"}, {"/proc/loadavg", "loadavg.txt"}}

// maxReportFile bounds what a report takes of one file: its end, in bytes.
const maxReportFile = 8 << 20

// reportOptions are crm_report's.
type reportOptions struct {
	from, to          time.Time
	dest, rsh, user   string
	hide, logs, marks []string // patterns of names to blot out; further logs; patterns of what is wrong
	nodes             []string
	plain, alone      bool
	noSearch, toPipe  bool
}

// crmReport is crm_report: an archive of what is needed to understand a problem. Nodes
// hold the same configuration and state, which this one tells; what else they have,
// their logs above all, each collects by itself when it is called over ssh.
func crmReport(ctx context.Context, env *face.Env, args []string) face.Code {
	var o reportOptions
	f := newFlags(env, "archive what is needed to report a problem of the cluster")
	from, to := o.declare(f)
	if code, done := f.parse(args); done {
		return code
	}
	if *from == "" {
		return f.usage("you have to specify a start time with --from")
	}
	var err error
	if o.from, err = reportTime(*from, env.Now()); err != nil {
		return f.usage("%v", err)
	}
	o.to = env.Now()
	if *to != "" {
		if o.to, err = reportTime(*to, env.Now()); err != nil {
			return f.usage("%v", err)
		}
	}
	for _, pattern := range slices.Concat(o.hide, o.marks) {
		if _, err := regexp.Compile("(?i:" + pattern + ")"); err != nil { // it would hide nothing, or find nothing
			return f.usage("%q is not a pattern: %v", pattern, err)
		}
	}
	if o.dest == "" && f.NArg() > 0 {
		o.dest = f.Arg(0)
	}
	if o.dest == "" {
		o.dest = "pcmk-" + env.Now().Format("Mon-02-Jan-2006")
	}
	o.hide = append(o.hide, "passw.*")
	return o.run(ctx, env)
}

// declare adds the options.
func (o *reportOptions) declare(f *flags) (from, to *string) {
	from = f.StringP("from", "f", "", "time before the problem")
	to = f.StringP("to", "t", "", "time after the problem (default: now)")
	f.StringVar(&o.dest, "dest", "", "file or directory to write, without extension")
	f.BoolVarP(&o.plain, "as-directory", "d", false, "leave a directory instead of an archive")
	f.StringArrayVarP(&o.hide, "sanitize", "p", nil, "pattern of names whose values are blotted out, besides passw.*")
	f.StringArrayVarP(&o.nodes, "nodes", "n", nil, "names of the nodes (default: those of the cluster)")
	f.BoolVarP(&o.alone, "single-node", "S", false, "from this node only")
	f.StringArrayVarP(&o.logs, "logfile", "l", nil, "log to collect, too")
	f.BoolVarP(&o.noSearch, "no-search", "M", false, "only the logs that are named")
	f.StringArrayVarP(&o.marks, "analysis", "L", nil, "pattern of what is wrong in logs, besides CRIT: and ERROR:")
	f.StringVarP(&o.user, "user", "u", "root", "user on the other nodes")
	f.StringVarP(&o.rsh, "rsh", "e", "ssh -T", "command that runs a command on another node")
	f.BoolVar(&o.toPipe, "to-standard-output", false, "")
	for _, name := range []string{"cluster c", "max-depth D", "cts T"} {
		long, short, _ := strings.Cut(name, " ")
		f.StringArrayP(long, short, nil, "")
		f.hide(long)
	}
	for _, name := range []string{"corosync C", "sos-mode ", "features ", "cts-log "} {
		long, short, _ := strings.Cut(name, " ")
		f.BoolP(long, short, false, "")
		f.hide(long)
	}
	f.BoolVarP(&f.version, "old-version", "v", false, "")
	f.hide("old-version", "to-standard-output")
	return from, to
}

// run collects and writes.
func (o *reportOptions) run(ctx context.Context, env *face.Env) face.Code {
	host, _ := os.Hostname() // a report without it is still one
	parts := o.gather(ctx, env, host)
	if o.toPipe {
		if err := writeTar(env.Stdout, "", parts, env.Now()); err != nil {
			env.Errorf("%s: %v\n", env.Name, err)
			return face.IOError
		}
		return face.OK
	}
	if !o.alone {
		o.others(ctx, env, host, parts)
	}
	o.summarize(env, host, parts)
	name := o.dest
	var err error
	if o.plain {
		err = writeTree(name, parts)
	} else {
		name, err = writeArchive(ctx, name, parts, env.Now())
	}
	if err != nil {
		env.Errorf("%s: %v\n", env.Name, err)
		return face.CantCreate
	}
	env.Printf("Collected results are available in %s\n", name)
	return face.OK
}

// reportTime reads a time; one of the day alone is of today.
func reportTime(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, form := range []string{"15:04:05", "15:04"} {
		if t, err := time.Parse(form, text); err == nil {
			return time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), 0, now.Location()), nil
		}
	}
	return cib.ParseTime(text, now.Location())
}

// gather collects what this node has; names begin with the node's.
func (o *reportOptions) gather(ctx context.Context, env *face.Env, host string) map[string][]byte {
	parts := map[string][]byte{}
	put := func(name string, text []byte) { parts[host+"/"+name] = blot(text, o.hide) }
	for _, c := range []struct {
		file string
		argv []string
	}{
		{"crm_mon.txt", []string{"crm_mon", "-1", "-r", "-n", "-f", "-o", "-t", "-A", "-c", "-L"}},
		{"crm_mon.xml", []string{"crm_mon", "--output-as=xml"}},
		{"members.txt", []string{"crm_node", "-l"}},
		{"crm_verify.txt", []string{"crm_verify", "-L", "-VV"}},
		{"fencing.txt", []string{"stonith_admin", "-H", "*", "-V"}},
		{"cib.xml", []string{"cibadmin", "-Q"}},
	} {
		var out bytes.Buffer
		e := *env
		e.Name, e.Stdout, e.Stderr, e.Terminal = c.argv[0], &out, &out, false
		if code := Lookup(c.argv[0])(ctx, &e, c.argv[1:]); code != face.OK {
			fmt.Fprintf(&out, "exit code %d\n", code)
		}
		text := out.Bytes()
		if root, err := cib.Parse(text); err == nil {
			text = blotPairs(root, o.hide).AppendXML(nil, true)
		} else {
			text = blot(text, o.hide)
		}
		parts[host+"/"+c.file] = text
	}
	for _, file := range reportFiles {
		if text, err := os.ReadFile(file[0]); err == nil {
			put(file[1], text)
		}
	}
	put("sysinfo.txt", sysinfo(ctx))
	for name, text := range o.logTexts(ctx, host) {
		put(name, text)
	}
	past, err := pastParts(ctx, env, host, o.hide)
	if err != nil {
		past = map[string][]byte{host + "/history.txt": []byte(face.Describe(err) + "\n")}
	}
	maps.Copy(parts, past)
	return parts
}

// blot replaces the values of nvpairs and settings whose names are secret.
func blot(text []byte, names []string) []byte {
	for _, n := range names {
		for _, form := range []string{`(name="(?i:` + n + `)" value=")[^"]*`, `((?i:\b` + n + `)=)\S+`} {
			text = regexp.MustCompile(form).ReplaceAll(text, []byte("${1}******"))
		}
	}
	return text
}

// writeTree writes a report as a directory.
func writeTree(dir string, parts map[string][]byte) error {
	for name, text := range parts {
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return nil
}

// writeArchive writes a report as a compressed archive, only for its owner, and returns
// its name: by bzip2 where that is installed, as others have it, else by gzip.
func writeArchive(ctx context.Context, name string, parts map[string][]byte, now time.Time) (string, error) {
	bzip, missing := exec.LookPath("bzip2")
	top := filepath.Base(name)
	name += ".tar.bz2"
	if missing != nil {
		name = strings.TrimSuffix(name, ".bz2") + ".gz"
	}
	out, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return name, fmt.Errorf("write the report: %w", err)
	}
	defer out.Close()
	if missing != nil {
		z := gzip.NewWriter(out)
		if err := errors.Join(writeTar(z, top, parts, now), z.Close()); err != nil {
			return name, fmt.Errorf("write the report: %w", err)
		}
		return name, nil
	}
	c := exec.CommandContext(ctx, bzip, "-9c")
	var text bytes.Buffer
	if err := writeTar(&text, top, parts, now); err != nil {
		return name, fmt.Errorf("write the report: %w", err)
	}
	c.Stdin, c.Stdout = &text, out
	if err := c.Run(); err != nil {
		return name, fmt.Errorf("compress the report: %w", err)
	}
	return name, nil
}

// writeTar writes the parts as an archive below a directory, "" for none.
func writeTar(to io.Writer, top string, parts map[string][]byte, now time.Time) error {
	w := tar.NewWriter(to)
	if top != "" { // who reads reports finds their directory by the first entry
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: top + "/", Mode: 0o700, ModTime: now}); err != nil {
			return err
		}
	}
	for _, name := range sortedNames(parts) {
		h := &tar.Header{Name: path.Join(top, name), Mode: int64(fs.FileMode(0o600)), Size: int64(len(parts[name])), ModTime: now}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := w.Write(parts[name]); err != nil {
			return err
		}
	}
	return w.Close()
}

// sortedNames are the names of a report's parts, in order.
func sortedNames(parts map[string][]byte) []string {
	out := make([]string, 0, len(parts))
	for n := range parts {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
