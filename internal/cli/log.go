package cli

import (
	"io"
	"log/slog"
	"log/syslog"
	"os"
	"path/filepath"

	"mainstay/conf"
	"mainstay/internal/node"
)

// loggingOf is the logging section of a configuration file. What is wrong with
// the file is reported when the daemon reads it, so that it reaches the log. On an
// installed Corosync both daemons read the section; each has a log file of its own.
func loggingOf(file string) conf.Logging {
	text, err := os.ReadFile(file)
	if err != nil {
		return conf.Logging{}
	}
	c, _ := conf.Parse(text, file)
	if l := c.Logging; c.Engine == "corosync" {
		// The file it names is Corosync's own.
		return conf.Logging{ToSyslog: l.ToSyslog && !l.ToFile, Debug: l.Debug}
	}
	return c.Logging
}

// openLog opens the daemon's log: at path ("-" for standard error) if one was
// given, else where the configuration's logging section says, else at the usual
// place. Lines are JSON; in the system log they are key=value without the time,
// which it adds itself.
func openLog(path string, debug bool, l conf.Logging) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if debug || path == "" && l.Debug {
		options.Level = slog.LevelDebug
	}
	if path != "" {
		l = conf.Logging{ToFile: path != "-", File: path, ToStderr: path == "-"}
	} else if !l.ToFile && !l.ToSyslog && !l.ToStderr {
		l.ToFile, l.File = true, node.DefaultLog
	}
	var handlers []slog.Handler
	if l.ToStderr {
		handlers = append(handlers, slog.NewJSONHandler(os.Stderr, options))
	}
	if l.ToFile {
		f, err := appendTo(l.File)
		if err != nil {
			return nil, err
		}
		handlers = append(handlers, slog.NewJSONHandler(f, options))
	}
	if l.ToSyslog {
		w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, Name)
		if err != nil && len(handlers) == 0 {
			return nil, err // no system log here, and nothing else was asked for
		}
		if err == nil {
			handlers = append(handlers, slog.NewTextHandler(w, withoutTime(options)))
		}
	}
	return slog.New(slog.NewMultiHandler(handlers...)), nil
}

func withoutTime(o *slog.HandlerOptions) *slog.HandlerOptions {
	return &slog.HandlerOptions{Level: o.Level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
}

// appendTo opens a log file for appending.
func appendTo(path string) (io.Writer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
}
