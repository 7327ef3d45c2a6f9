package lrm

import (
	"strconv"
	"time"

	"mainstay/agent"
	"mainstay/graph"
)

// FromAction turns an action of a transition graph into the input that carries
// it out: an Order, a Cancel or a Forget. Actions without a resource give nil.
// The action's target node must already have been found to be this one.
func FromAction(a *graph.Action, key string, wall int64) Input {
	if a.Rsc == nil {
		return nil
	}
	rsc := a.Rsc.ID
	meta := func(name string) time.Duration {
		ms, err := strconv.ParseInt(a.Attr("CRM_meta_"+name), 10, 64)
		if err != nil || ms < 0 {
			return 0
		}
		return time.Duration(ms) * time.Millisecond
	}
	switch a.Task {
	case "cancel":
		return Cancel{Key: key, Rsc: rsc, Op: a.Attr("CRM_meta_operation"), Interval: meta("interval"), Wall: wall}
	case "delete", "lrm_delete":
		return Forget{Key: key, Rsc: rsc, Wall: wall}
	}
	return Order{
		Key: key, Rsc: rsc,
		Agent:      agent.Name{Class: a.Rsc.Class, Provider: a.Rsc.Provider, Type: a.Rsc.Type},
		Container:  a.Attr("CRM_meta_container"),
		Op:         a.Task,
		Interval:   meta("interval"),
		Timeout:    meta("timeout"),
		StartDelay: meta("start_delay"),
		Params:     a.Attrs,
		Wall:       wall,
	}
}
