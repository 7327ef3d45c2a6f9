package web

import (
	"fmt"
	"net/http"

	"mainstay/cib"
)

// ProblemKind sorts errors by what the asker can do about them.
type ProblemKind string

// The kinds of problem.
const (
	Invalid     ProblemKind = "invalid"     // the request makes no sense; change it
	Stale       ProblemKind = "stale"       // made against an old version; look and try again
	Exists      ProblemKind = "exists"      // already there
	NotFound    ProblemKind = "not-found"   // no such thing
	Denied      ProblemKind = "denied"      // not allowed to this user
	NoQuorum    ProblemKind = "no-quorum"   // this partition may not act
	Unavailable ProblemKind = "unavailable" // not now: no view yet, leaving
	TimedOut    ProblemKind = "timed-out"   // outcome unknown
	Failed      ProblemKind = "failed"      // tried, did not work
	Internal    ProblemKind = "internal"    // our mistake
)

// Problem is an error that tells its reader what, where and what to do.
type Problem struct {
	Kind    ProblemKind `json:"kind"`
	Msg     string      `json:"message"`          // names the thing and the place
	Remedy  string      `json:"remedy,omitempty"` // what to do about it
	Line    int         `json:"line,omitempty"`   // of the submitted text, from 1
	Details []string    `json:"details,omitempty"`
	// Now is the version that a stale request met.
	Now *cib.Version `json:"now,omitempty"`
}

// Error implements error: message and remedy on one line.
func (p *Problem) Error() string {
	if p.Remedy == "" {
		return p.Msg
	}
	return p.Msg + " (" + p.Remedy + ")"
}

// Problemf makes a problem without a remedy.
func Problemf(kind ProblemKind, format string, args ...any) *Problem {
	return &Problem{Kind: kind, Msg: fmt.Sprintf(format, args...)}
}

// status returns the HTTP status that stands for a kind of problem.
func (k ProblemKind) status() int {
	switch k {
	case Invalid:
		return http.StatusBadRequest
	case Stale, Exists:
		return http.StatusConflict
	case NotFound:
		return http.StatusNotFound
	case Denied:
		return http.StatusForbidden
	case NoQuorum, Unavailable:
		return http.StatusServiceUnavailable
	case TimedOut:
		return http.StatusGatewayTimeout
	case Failed:
		return http.StatusBadGateway
	}
	return http.StatusInternalServerError
}
