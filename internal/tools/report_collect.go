package tools

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"mainstay/internal/face"
)

// Bounds of what is waited for.
const (
	commandPatience = 20 * time.Second // one command of this machine
	nodePatience    = 2 * time.Minute  // one other node
)

// output is what a command of this machine says, or why it says nothing.
func output(ctx context.Context, argv ...string) []byte {
	ctx, cancel := context.WithTimeout(ctx, commandPatience)
	defer cancel()
	text, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		text = fmt.Appendf(text, "%s: %v\n", argv[0], err)
	}
	return text
}

// sysinfo tells what machine this is.
func sysinfo(ctx context.Context) []byte {
	var b bytes.Buffer
	for _, argv := range [][]string{{"uname", "-a"}, {"uptime"}, {"df", "-h"}, {"ip", "addr"}, {"ip", "route"}, {"ps", "axo", "pid,ppid,stat,etime,args"}} {
		fmt.Fprintf(&b, "##### %s\n%s\n", strings.Join(argv, " "), output(ctx, argv...))
	}
	return b.Bytes()
}

// logTexts are the logs of this node between the two times, by name.
func (o *reportOptions) logTexts(ctx context.Context, host string) map[string][]byte {
	logs := map[string][]byte{}
	if !o.noSearch {
		const stamp = "2006-01-02 15:04:05"
		logs["journal.log"] = tail(output(ctx, "journalctl", "--no-pager", "--output=short-precise", "--since="+o.from.Local().Format(stamp), "--until="+o.to.Local().Format(stamp)))
		// An error means a malformed pattern, and these are not.
		list, _ := filepath.Glob("/var/log/mainstay/*")
		for _, file := range list {
			text, err := os.ReadFile(file)
			if err != nil {
				text = []byte(err.Error() + "\n")
			}
			logs[path.Base(file)] = tail(text)
			if path.Base(file) == "mainstay.log" {
				logs["pacemaker.log"] = tail(o.asPacemakerLog(text, host))
			}
		}
	}
	for _, file := range o.logs {
		text, err := os.ReadFile(file)
		if err != nil {
			text = []byte(err.Error() + "\n")
		}
		logs[path.Base(file)] = tail(text)
	}
	return logs
}

// tail bounds a text to its end.
func tail(text []byte) []byte { return text[max(0, len(text)-maxReportFile):] }

// asPacemakerLog writes the daemon's log, whose lines are JSON, as readers of
// Pacemaker's expect it, as far as it is of the time that is asked for.
func (o *reportOptions) asPacemakerLog(text []byte, host string) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		entry := map[string]any{}
		if json.Unmarshal(line, &entry) != nil {
			continue
		}
		stamp, _ := entry["time"].(string)
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil || at.Before(o.from) || at.After(o.to) {
			continue
		}
		level, message := strings.ToLower(fmt.Sprint(entry["level"])), fmt.Sprint(entry["msg"])
		if level == "warn" {
			level = "warning"
		}
		var keys []string
		for k := range entry {
			if k != "time" && k != "level" && k != "msg" {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		for _, k := range keys {
			message += fmt.Sprintf(" %s=%v", k, entry[k])
		}
		fmt.Fprintf(&b, "%s %s mainstay            [1] (mainstay) \t%s: %s\n", at.Local().Format("Jan 02 15:04:05.000"), host, level, message)
	}
	return b.Bytes()
}

// others has each other node collect what it has, and tells of those that cannot.
func (o *reportOptions) others(ctx context.Context, env *face.Env, host string, parts map[string][]byte) {
	var nodes []string
	for _, n := range o.nodes {
		nodes = append(nodes, strings.Fields(n)...)
	}
	if len(nodes) == 0 && env.CIBFile() == "" {
		if s, err := env.Client().Node(ctx); err == nil {
			for _, p := range s.Peers {
				nodes = append(nodes, p.Name)
			}
		}
	}
	for _, n := range nodes {
		if n == host {
			continue
		}
		more, err := o.ask(ctx, n)
		if err != nil {
			env.Errorf("%s: nothing was collected from %s: %v\n", env.Name, n, err)
			parts[n+"/missing.txt"] = fmt.Appendf(nil, "nothing was collected: %v\n", err)
			continue
		}
		maps.Copy(parts, more) // blotted there
	}
}

// ask runs this tool on another node and reads what it sends.
func (o *reportOptions) ask(ctx context.Context, node string) (map[string][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, nodePatience)
	defer cancel()
	argv := strings.Fields(o.rsh)
	if len(argv) == 0 {
		return nil, errors.New("no command to reach it by (--rsh)")
	}
	if path.Base(argv[0]) == "ssh" {
		argv = append(argv, "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-l", o.user)
	}
	remote := []string{"crm_report", "--single-node", "--to-standard-output", "--from", quoted(o.from.Format(time.RFC3339)), "--to", quoted(o.to.Format(time.RFC3339))}
	for _, p := range o.hide {
		remote = append(remote, "-p", quoted(p))
	}
	for _, l := range o.logs {
		remote = append(remote, "-l", quoted(l))
	}
	if o.noSearch {
		remote = append(remote, "-M")
	}
	c := exec.CommandContext(ctx, argv[0], append(argv[1:], node, strings.Join(remote, " "))...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	return readTar(&out)
}

// quoted is a word for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// readTar reads what another node sent: files below a directory of its name.
func readTar(from io.Reader) (map[string][]byte, error) {
	parts := map[string][]byte{}
	for r := tar.NewReader(from); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) && len(parts) > 0 {
			return parts, nil
		}
		if err != nil {
			return nil, fmt.Errorf("what it sent is no report: %w", err)
		}
		if !filepath.IsLocal(h.Name) || !strings.Contains(h.Name, "/") {
			return nil, fmt.Errorf("what it sent is no report: it has a file %q", h.Name)
		}
		if parts[h.Name], err = io.ReadAll(io.LimitReader(r, 2*maxReportFile)); err != nil {
			return nil, fmt.Errorf("read what it sent: %w", err)
		}
	}
}

// summarize adds what concerns the whole: who reported, and what in the logs looks wrong.
func (o *reportOptions) summarize(env *face.Env, host string, parts map[string][]byte) {
	var nodes []string
	var found bytes.Buffer
	wrong := []*regexp.Regexp{regexp.MustCompile("CRIT:|ERROR:|crit:|error:")}
	for _, m := range o.marks {
		wrong = append(wrong, regexp.MustCompile(m))
	}
	for _, name := range sortedNames(parts) {
		node, file, _ := strings.Cut(name, "/")
		if !slices.Contains(nodes, node) {
			nodes = append(nodes, node)
		}
		if !strings.HasSuffix(file, ".log") {
			continue
		}
		for line := range bytes.Lines(parts[name]) {
			if slices.ContainsFunc(wrong, func(re *regexp.Regexp) bool { return re.Match(line) }) {
				fmt.Fprintf(&found, "%s: %s", name, line)
			}
		}
	}
	parts["analysis.txt"] = found.Bytes()
	parts["members.txt"] = []byte(strings.Join(nodes, " ") + "\n")
	parts["report.summary"] = fmt.Appendf(nil, "report of %s, from %s to %s\nnodes: %s\n", env.Now().Format(time.RFC3339), o.from.Format(time.RFC3339), o.to.Format(time.RFC3339), strings.Join(nodes, " "))
	parts["description.txt"] = fmt.Appendf(nil, "Date: %s\nBy: crm_report of Mainstay %s on %s\n", env.Now().Format(time.UnixDate), env.Version, host)
}
