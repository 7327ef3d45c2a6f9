// Package agent holds the words of resource and fence agents: their names,
// operations, result codes and metadata (OCF Resource Agent API 1.1, LSB init
// scripts, systemd units, fence-agents' API). It runs nothing.
package agent

import (
	"fmt"
	"strings"
)

// Name names an agent: class, provider (ocf only) and type.
type Name struct{ Class, Provider, Type string }

// String writes "ocf:heartbeat:IPaddr2" or "systemd:nginx".
func (n Name) String() string {
	if n.Provider != "" {
		return n.Class + ":" + n.Provider + ":" + n.Type
	}
	return n.Class + ":" + n.Type
}

// ParseName reads class[:provider]:type; "IPaddr2" alone means ocf:heartbeat:IPaddr2.
func ParseName(s string) (Name, error) {
	w := strings.Split(s, ":")
	for _, p := range w {
		if p == "" {
			return Name{}, fmt.Errorf("agent %q: want class:provider:type or class:type", s)
		}
	}
	switch len(w) {
	case 1:
		return Name{"ocf", "heartbeat", w[0]}, nil
	case 2:
		if w[0] == "ocf" {
			return Name{}, fmt.Errorf("agent %q: an ocf agent needs a provider, as in ocf:heartbeat:%s", s, w[1])
		}
		return Name{Class: w[0], Type: w[1]}, nil
	case 3:
		return Name{w[0], w[1], w[2]}, nil
	}
	return Name{}, fmt.Errorf("agent %q: want class:provider:type or class:type", s)
}

// Code is an OCF return code (OCF Resource Agent API 1.1, section 3.4, and
// Pacemaker Explained, "OCF Return Codes").
type Code int

// The return codes.
const (
	OK               Code = 0
	GenericError     Code = 1
	BadArgs          Code = 2
	Unimplemented    Code = 3
	NoPermission     Code = 4
	NotInstalled     Code = 5
	NotConfigured    Code = 6
	NotRunning       Code = 7
	RunningPromoted  Code = 8
	FailedPromoted   Code = 9
	Degraded         Code = 190
	DegradedPromoted Code = 191
	Unknown          Code = 193 // pending: no result yet
)

// Status is how the execution itself went, apart from what the agent said
// (op-status of a CIB's lrm_rsc_op).
type Status int

// The execution states, with Pacemaker's numbers.
const (
	Pending      Status = -1
	Done         Status = 0
	Cancelled    Status = 1
	TimedOut     Status = 2
	NotSupported Status = 3
	ExecError    Status = 4
	HardError    Status = 5
	FatalError   Status = 6
	NoAgent      Status = 7 // the agent is not installed here
	NotConnected Status = 8
	Invalid      Status = 9

	NoFenceDevice Status = 10
	NoSecrets     Status = 11
)
