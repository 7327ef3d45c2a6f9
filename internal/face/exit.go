package face

import (
	"errors"
	"fmt"
	"strings"

	"mainstay/intent"
	"mainstay/internal/client"
	"mainstay/internal/web"
)

// Code is an exit code of a program. The numbers are those of Pacemaker's tools
// (crm_error -X -l), which follow sysexits.h from 64 on, so that scripts keep
// working.
type Code int

// The exit codes that are in use.
const (
	OK            Code = 0
	Error         Code = 1
	BadParam      Code = 2
	Denied        Code = 4
	NotInstalled  Code = 5
	NotConfigured Code = 6
	Usage         Code = 64
	BadData       Code = 65
	NoInput       Code = 66
	NoHost        Code = 68
	Unavailable   Code = 69
	Software      Code = 70
	CantCreate    Code = 73
	IOError       Code = 74
	BadConfig     Code = 78
	Disconnected  Code = 102
	Old           Code = 103
	NoSuch        Code = 105
	NoQuorum      Code = 106
	Unsafe        Code = 107
	Exists        Code = 108
	Multiple      Code = 109
	Timeout       Code = 124
)

// Meaning is what a code tells, for help pages.
type Meaning struct {
	Code Code
	Name string // crm_error's
	Text string
}

// Meanings lists the codes in use, in ascending order.
func Meanings() []Meaning {
	return []Meaning{
		{OK, "OK", "done"},
		{Error, "ERROR", "tried, and it did not work; the message says why"},
		{BadParam, "INVALID_PARAM", "a parameter of the resource or option is wrong"},
		{Denied, "INSUFFICIENT_PRIV", "this user may not do that"},
		{NotInstalled, "NOT_INSTALLED", "a program that is needed is not installed"},
		{NotConfigured, "NOT_CONFIGURED", "something is not configured, or wrongly"},
		{Usage, "USAGE", "the command line is wrong; see --help"},
		{BadData, "DATAERR", "the configuration or input is malformed or invalid; nothing was changed"},
		{NoInput, "NOINPUT", "an input file is not there or cannot be read"},
		{NoHost, "NOHOST", "no such host"},
		{Unavailable, "UNAVAILABLE", "the node cannot answer yet"},
		{Software, "SOFTWARE", "a mistake of the program itself"},
		{CantCreate, "CANTCREAT", "a file cannot be created"},
		{IOError, "IOERR", "reading or writing failed"},
		{BadConfig, "CONFIG", "a document or the node's own configuration file is wrong"},
		{Disconnected, "DISCONNECT", "no node daemon answers on this machine"},
		{Old, "OLD", "the change was made against an old version; look and try again"},
		{NoSuch, "NOSUCH", "no such node, resource, attribute or element"},
		{NoQuorum, "QUORUM", "this partition has no quorum, so it may not act"},
		{Unsafe, "UNSAFE", "refused because it would be unsafe; --force, if there is one, overrides"},
		{Exists, "EXISTS", "it is there already"},
		{Multiple, "MULTIPLE", "several things match; say which"},
		{Timeout, "TIMEOUT", "not finished in time; whether it will be is not known"},
	}
}

// Failure is an error that carries an exit code.
type Failure struct {
	Code Code
	Err  error // nil: everything has been said already
}

// Error implements error.
func (f *Failure) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("exit code %d", f.Code)
	}
	return f.Err.Error()
}

// Unwrap returns the error inside.
func (f *Failure) Unwrap() error { return f.Err }

// Failf makes a failure with a message: thing, place, remedy.
func Failf(code Code, format string, args ...any) error {
	return &Failure{code, fmt.Errorf(format, args...)}
}

// Silent makes a failure about which nothing more is to be printed.
func Silent(code Code) error { return &Failure{Code: code} }

// CodeOf returns the exit code that stands for an error.
func CodeOf(err error) Code {
	var f *Failure
	var p *web.Problem
	var missing *intent.NotFound
	var none *NoCIB
	switch {
	case err == nil:
		return OK
	case errors.As(err, &none) && none.Missing:
		return NoSuch
	case errors.As(err, &none):
		return BadConfig
	case errors.As(err, &missing):
		return NoSuch
	case errors.As(err, &f):
		return f.Code
	case errors.As(err, &p):
		return problemCode(p.Kind)
	case errors.Is(err, client.ErrNoDaemon):
		return Disconnected
	}
	p = web.AsProblem(err)
	if p.Kind == web.Internal {
		return Error
	}
	return problemCode(p.Kind)
}

func problemCode(k web.ProblemKind) Code {
	switch k {
	case web.Invalid:
		return BadData
	case web.Stale:
		return Old
	case web.Exists:
		return Exists
	case web.NotFound:
		return NoSuch
	case web.Denied:
		return Denied
	case web.NoQuorum:
		return NoQuorum
	case web.Unavailable:
		return Unavailable
	case web.TimedOut:
		return Timeout
	case web.Failed:
		return Error
	}
	return Software
}

// Describe writes an error as its user should read it: the message, then details
// and the remedy on lines of their own.
func Describe(err error) string {
	var f *Failure
	if err == nil || errors.As(err, &f) && f.Err == nil {
		return ""
	}
	var b strings.Builder
	var p *web.Problem
	if !errors.As(err, &p) {
		b.WriteString(err.Error())
		if errors.Is(err, client.ErrNoDaemon) {
			b.WriteString("\n  remedy: start it with \"mainstay run\" (or its systemd unit), or make a cluster with \"mainstay init\"")
		}
		return b.String()
	}
	b.WriteString(p.Msg)
	for _, d := range p.Details {
		b.WriteString("\n  " + d)
	}
	if p.Remedy != "" {
		b.WriteString("\n  remedy: " + p.Remedy)
	}
	return b.String()
}
