package tools

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/internal/face"
)

// reportFiles are copied into a report where they are there.
var reportFiles = []string{"/etc/mainstay/cluster.conf", "/etc/corosync/corosync.conf", "/var/log/mainstay/*", "/etc/os-release"}

// maxReportFile bounds what a report takes of one file: its end, in bytes.
const maxReportFile = 8 << 20

// crmReport is crm_report: an archive of what is needed to understand a problem, on
// this node. Nodes hold the same configuration and state, so one report tells most;
// logs of other nodes have to be fetched there.
func crmReport(ctx context.Context, env *face.Env, args []string) face.Code {
	f := newFlags(env, "archive what is needed to report a problem of the cluster")
	from := f.StringP("from", "f", "", "time before the problem")
	to := f.StringP("to", "t", "", "time after the problem (default: now)")
	dest := f.String("dest", "", "file or directory to write, without extension")
	plain := f.BoolP("as-directory", "d", false, "leave a directory instead of an archive")
	hide := f.StringArrayP("sanitize", "p", []string{"passw.*"}, "pattern of names whose values are blotted out")
	for _, name := range []string{"nodes n", "logfile l", "cluster c", "user u", "rsh e", "max-depth D", "cts T", "analysis L"} {
		long, short, _ := strings.Cut(name, " ")
		f.StringArrayP(long, short, nil, "")
		f.hide(long)
	}
	for _, name := range []string{"single-node S", "no-search M", "corosync C", "sos-mode ", "features ", "cts-log "} {
		long, short, _ := strings.Cut(name, " ")
		f.BoolP(long, short, false, "")
		f.hide(long)
	}
	f.BoolVarP(&f.version, "old-version", "v", false, "")
	f.hide("old-version")
	if code, done := f.parse(args); done {
		return code
	}
	if *from == "" {
		return f.usage("you have to specify a start time with --from")
	}
	for _, text := range []string{*from, *to} {
		if _, err := cib.ParseTime(strings.TrimSpace(text), env.Now().Location()); err != nil && text != "" && !clock(text) {
			return f.usage("%v", err)
		}
	}
	name := *dest
	if name == "" && f.NArg() > 0 {
		name = f.Arg(0)
	}
	if name == "" {
		name = "pcmk-" + env.Now().Format("Mon-02-Jan-2006")
	}
	parts := gather(ctx, env, *hide)
	var err error
	if *plain {
		err = writeTree(name, parts)
	} else {
		name += ".tar.gz"
		err = writeArchive(name, parts, env.Now())
	}
	if err != nil {
		env.Errorf("%s: %v\n", env.Name, err)
		return face.CantCreate
	}
	env.Printf("Collected results are available in %s\n", name)
	return face.OK
}

// clock tells whether a text is a time of day alone.
func clock(text string) bool {
	_, err := time.Parse("15:04:05", text)
	_, err2 := time.Parse("15:04", text)
	return err == nil || err2 == nil
}

// gather collects the parts of a report by name.
func gather(ctx context.Context, env *face.Env, hide []string) map[string][]byte {
	parts := map[string][]byte{}
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
		parts[c.file] = blot(out.Bytes(), hide)
		if root, err := cib.Parse(out.Bytes()); err == nil {
			parts[c.file] = blotPairs(root, hide).AppendXML(nil, true)
		}
	}
	for _, pattern := range reportFiles {
		// An error means a malformed pattern, and these are not.
		list, _ := filepath.Glob(pattern)
		for _, file := range list {
			text, err := os.ReadFile(file)
			if err != nil {
				text = []byte(err.Error() + "\n")
			}
			parts[strings.TrimPrefix(file, "/")] = blot(text[max(0, len(text)-maxReportFile):], hide)
		}
	}
	host, _ := os.Hostname() // a report without it is still one
	parts["description.txt"] = fmt.Appendf(nil, "Date: %s\nBy: crm_report of Mainstay %s on %s\n", env.Now().Format(time.UnixDate), env.Version, host)
	past, err := pastParts(ctx, env, host, hide)
	if err != nil {
		past = map[string][]byte{"history.txt": []byte(face.Describe(err) + "\n")}
	} else if len(past) > 0 {
		past[host+"/cib.xml"] = parts["cib.xml"]
	}
	maps.Copy(parts, past)
	return parts
}

// blot replaces the values of nvpairs and settings whose names are secret.
func blot(text []byte, names []string) []byte {
	for _, n := range names {
		for _, form := range []string{`(name="(?i:` + n + `)" value=")[^"]*`, `((?i:\b` + n + `)=)\S+`} {
			re, err := regexp.Compile(form)
			if err != nil {
				continue // a pattern of the user's that means nothing hides nothing
			}
			text = re.ReplaceAll(text, []byte("${1}******"))
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

// writeArchive writes a report as a compressed archive, only for its owner.
func writeArchive(file string, parts map[string][]byte, now time.Time) error {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	z := gzip.NewWriter(out)
	w := tar.NewWriter(z)
	top := strings.TrimSuffix(filepath.Base(file), ".tar.gz")
	// Who reads reports finds their directory by the first entry.
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: top + "/", Mode: 0o700, ModTime: now}); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	for _, name := range sortedNames(parts) {
		h := &tar.Header{Name: top + "/" + name, Mode: int64(fs.FileMode(0o600)), Size: int64(len(parts[name])), ModTime: now}
		if err := w.WriteHeader(h); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		if _, err := w.Write(parts[name]); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	for _, end := range []func() error{w.Close, z.Close, out.Close} {
		if err := end(); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return nil
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
