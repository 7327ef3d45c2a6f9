package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/conf"
)

func TestLogGoesWhereItIsToGo(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "cluster.conf")
	named := filepath.Join(dir, "sub", "named.log")
	if err := os.WriteFile(config, []byte("logging {\n to_logfile: yes\n logfile: "+named+"\n debug: on\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	log, err := openLog("", false, loggingOf(config))
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("fine", "key", 7)
	given := filepath.Join(dir, "given.log")
	if log, err = openLog(given, false, loggingOf(config)); err != nil {
		t.Fatal(err)
	}
	log.Debug("too fine")
	log.Info("coarse")
	for file, want := range map[string]string{named: `"msg":"fine","key":7`, given: `"msg":"coarse"`} {
		b, err := os.ReadFile(file)
		if err != nil || strings.Count(string(b), "\n") != 1 || !strings.Contains(string(b), want) {
			t.Errorf("%s: %s %v", file, b, err)
		}
	}
	if _, err := openLog("", false, conf.Logging{ToFile: true, File: "/dev/null/x"}); err == nil {
		t.Error("a log below a file was opened")
	}
	if err := os.WriteFile(config, []byte("system {\n engine: corosync\n}\nlogging {\n to_logfile: yes\n logfile: "+named+"\n debug: on\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if l := loggingOf(config); l != (conf.Logging{Debug: true}) {
		t.Errorf("Corosync's log file is used: %+v", l)
	}
	if l := loggingOf(filepath.Join(dir, "none")); l != (conf.Logging{}) {
		t.Errorf("%+v", l)
	}
}
