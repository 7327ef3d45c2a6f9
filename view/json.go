package view

import (
	"encoding/json"
	"time"

	"mainstay/status"
)

// JSONVersion is the version of the JSON document. Fields are added without
// raising it; it is raised when one changes its meaning or goes.
const JSONVersion = 1

// jsonDoc is the document.
type jsonDoc struct {
	Version    int             `json:"version"`
	Time       time.Time       `json:"time"`
	Cluster    jsonCluster     `json:"cluster"`
	Quorum     *jsonQuorum     `json:"quorum,omitempty"`
	Nodes      []jsonNode      `json:"nodes"`
	Resources  []jsonResource  `json:"resources"`
	Failures   []jsonFailure   `json:"failures"`
	FailCounts []jsonFailCount `json:"fail_counts"`
	Bans       []jsonBan       `json:"bans"`
	Tickets    []jsonTicket    `json:"tickets"`
	Fencing    []jsonFencing   `json:"fencing"`
	Links      []jsonLink      `json:"links"`
	Notes      []jsonNote      `json:"notes"`
	Alarms     []string        `json:"alarms"`
}

type jsonCluster struct {
	Name            string `json:"name"`
	Stack           string `json:"stack"`
	Coordinator     string `json:"coordinator"`
	Quorate         bool   `json:"quorate"`
	LastChange      string `json:"last_change"`
	LastChangeUser  string `json:"last_change_user,omitempty"`
	LastChangeTool  string `json:"last_change_tool,omitempty"`
	LastChangeNode  string `json:"last_change_node,omitempty"`
	Maintenance     bool   `json:"maintenance"`
	StopAll         bool   `json:"stop_all"`
	Fencing         bool   `json:"fencing_enabled"`
	Symmetric       bool   `json:"symmetric"`
	NoQuorumPolicy  string `json:"no_quorum_policy"`
	NodesConfigured int    `json:"nodes_configured"`
	Instances       int    `json:"resource_instances"`
	Disabled        int    `json:"disabled_instances"`
	Blocked         int    `json:"blocked_instances"`
}

type jsonQuorum struct {
	Quorate  bool   `json:"quorate"`
	Votes    int    `json:"votes"`
	Expected int    `json:"expected"`
	Needed   int    `json:"needed"`
	Why      string `json:"why,omitempty"`
	Ring     string `json:"ring,omitempty"`
}

type jsonNode struct {
	Name          string            `json:"name"`
	ID            string            `json:"id"`
	Kind          string            `json:"kind"`
	State         string            `json:"state"` // in words, as the text has it
	Online        bool              `json:"online"`
	Pending       bool              `json:"pending"`
	Unclean       bool              `json:"unclean"`
	Standby       bool              `json:"standby"`
	StandbyOnFail bool              `json:"standby_on_fail"`
	Maintenance   bool              `json:"maintenance"`
	Shutdown      bool              `json:"shutdown"`
	Coordinator   bool              `json:"coordinator"`
	Health        string            `json:"health"`
	Running       int               `json:"running"`
	Container     string            `json:"container,omitempty"`
	Attributes    map[string]string `json:"attributes"`
}

type jsonResource struct {
	ID          string         `json:"id"`
	BaseID      string         `json:"base_id"`
	Kind        string         `json:"kind"`
	Agent       string         `json:"agent,omitempty"`
	Role        string         `json:"role"`
	TargetRole  string         `json:"target_role,omitempty"`
	Nodes       []string       `json:"nodes"`
	Pending     string         `json:"pending,omitempty"`
	Managed     bool           `json:"managed"`
	Maintenance bool           `json:"maintenance"`
	Blocked     bool           `json:"blocked"`
	Failed      bool           `json:"failed"`
	FailIgnored bool           `json:"failure_ignored"`
	Orphan      bool           `json:"orphan"`
	Disabled    bool           `json:"disabled"`
	LockedTo    string         `json:"locked_to,omitempty"`
	Promotable  bool           `json:"promotable,omitempty"`
	Unique      bool           `json:"unique,omitempty"`
	Image       string         `json:"image,omitempty"`
	IP          string         `json:"ip,omitempty"`
	Part        string         `json:"part,omitempty"`
	Children    []jsonResource `json:"children,omitempty"`
}

type jsonFailure struct {
	Resource   string     `json:"resource"`
	Node       string     `json:"node"`
	Operation  string     `json:"operation"`
	Task       string     `json:"task"`
	IntervalMS int        `json:"interval_ms"`
	RC         int        `json:"rc"`
	RCText     string     `json:"rc_text"`
	Status     string     `json:"status"`
	ExitReason string     `json:"exit_reason"`
	Call       int        `json:"call"`
	Time       *time.Time `json:"time"`
	ExecMS     int        `json:"exec_ms"`
	QueueMS    int        `json:"queue_ms"`
}

type jsonFailCount struct {
	Resource    string     `json:"resource"`
	Node        string     `json:"node"`
	Count       int        `json:"count"` // 1000000 stands for INFINITY
	Threshold   int        `json:"migration_threshold"`
	LastFailure *time.Time `json:"last_failure"`
}

type jsonBan struct {
	ID           string `json:"id"`
	Resource     string `json:"resource"`
	Node         string `json:"node"`
	Score        int    `json:"score"`
	PromotedOnly bool   `json:"promoted_only"`
}

type jsonTicket struct {
	ID          string `json:"id"`
	Granted     bool   `json:"granted"`
	Standby     bool   `json:"standby"`
	LastGranted string `json:"last_granted,omitempty"`
}

type jsonFencing struct {
	Action     string     `json:"action"`
	Target     string     `json:"target"`
	State      string     `json:"state"`
	Delegate   string     `json:"delegate,omitempty"`
	Client     string     `json:"client"`
	Origin     string     `json:"origin"`
	Completed  *time.Time `json:"completed"`
	ExitReason string     `json:"exit_reason,omitempty"`
}

type jsonLink struct {
	Node  string  `json:"node"`
	Link  int     `json:"link"`
	Up    bool    `json:"up"`
	RTTms float64 `json:"rtt_ms"`
	Loss  float64 `json:"loss"`
}

type jsonNote struct {
	About string `json:"about"`
	Text  string `json:"text"`
}

// JSON is the cluster's state as a JSON document of version JSONVersion.
// Lists are never null; what is unknown is left out or null.
func JSON(f *Frame) string {
	s := newScreen(f, Options{})
	c := f.Cluster
	doc := jsonDoc{Version: JSONVersion, Time: f.Now, Cluster: jsonCluster{
		Name: c.Name, Stack: c.Stack, Coordinator: c.DC, Quorate: c.Quorate, LastChange: c.LastChange, LastChangeUser: c.LastChangeUser,
		LastChangeTool: c.LastChangeTool, LastChangeNode: c.LastChangeNode, Maintenance: c.Maintenance, StopAll: c.StopAll,
		Fencing: c.FencingEnabled, Symmetric: c.Symmetric, NoQuorumPolicy: c.NoQuorumPolicy, NodesConfigured: c.NodesConfigured,
		Instances: c.Instances, Disabled: c.Disabled, Blocked: c.Blocked,
	}}
	if q := f.Quorum; q != nil {
		doc.Quorum = &jsonQuorum{q.Quorate, q.Votes, q.Expected, q.Needed, q.Why, q.Ring}
	}
	doc.Nodes = each(sortedNodes(c), jsonNodeOf)
	doc.Resources = each(c.Resources, jsonResourceOf)
	doc.Failures = each(c.Failures, s.jsonFailureOf)
	doc.FailCounts = each(c.FailCounts, func(fc status.FailCount) jsonFailCount {
		return jsonFailCount{fc.Resource, fc.Node, fc.Count, fc.Threshold, s.moment(fc.LastFailure)}
	})
	doc.Bans = each(c.Bans, func(b status.Ban) jsonBan { return jsonBan(b) })
	doc.Tickets = each(c.Tickets, func(t status.Ticket) jsonTicket {
		return jsonTicket{t.ID, t.Granted, t.Standby, s.ticketTime(t.LastGranted)}
	})
	doc.Fencing = each(f.Fencing, jsonFencingOf)
	doc.Links = each(f.Links, func(l Link) jsonLink {
		return jsonLink{l.Node, l.Link, l.Up, float64(l.RTT) / float64(time.Millisecond), l.Loss}
	})
	doc.Notes = each(c.Notes, func(n status.Note) jsonNote { return jsonNote(n) })
	doc.Alarms = each(f.Alarms, func(a string) string { return a })
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil { // only NaN and infinite numbers cannot be written
		return `{"version": 1, "error": "` + err.Error() + `"}` + "\n"
	}
	return string(text) + "\n"
}

// each maps a list; the result is never nil.
func each[A, B any](list []A, f func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, a := range list {
		out = append(out, f(a))
	}
	return out
}

func jsonNodeOf(n *status.Node) jsonNode {
	out := jsonNode{
		Name: n.Name, ID: n.ID, Kind: string(n.Kind), State: nodeState(n), Online: n.Online, Pending: n.Pending, Unclean: n.Unclean,
		Standby: n.Standby, StandbyOnFail: n.StandbyOnFail, Maintenance: n.Maintenance, Shutdown: n.Shutdown, Coordinator: n.IsDC,
		Health: orElse(n.Health, "green"), Running: n.Running, Container: n.Container, Attributes: map[string]string{},
	}
	for _, a := range n.Attributes {
		out.Attributes[a.Name] = a.Value
	}
	return out
}

func jsonResourceOf(r *status.Resource) jsonResource {
	out := jsonResource{
		ID: r.ID, BaseID: r.BaseID, Kind: string(r.Kind), Agent: r.Agent, Role: string(r.Role), TargetRole: string(r.TargetRole),
		Nodes: []string{}, Pending: r.Pending, Managed: r.Managed, Maintenance: r.Maintenance, Blocked: r.Blocked, Failed: r.Failed,
		FailIgnored: r.FailIgnored, Orphan: r.Orphan, Disabled: r.Disabled, LockedTo: r.LockedTo, Promotable: r.Promotable, Unique: r.Unique,
		Image: r.Image, IP: r.IP, Part: string(r.Part),
	}
	if len(r.Children) > 0 {
		out.Nodes = append(out.Nodes, allPlaces(r)...)
		out.Children = each(r.Children, jsonResourceOf)
		return out
	}
	for _, p := range r.Places {
		out.Nodes = append(out.Nodes, p.Node)
	}
	return out
}

func (s *screen) jsonFailureOf(f status.Failure) jsonFailure {
	return jsonFailure{
		Resource: f.Resource, Node: f.Node, Operation: f.Key, Task: f.Task, IntervalMS: f.IntervalMS, RC: f.RC, RCText: f.RCText,
		Status: f.StatusText, ExitReason: f.ExitReason, Call: f.CallID, Time: s.moment(f.LastChange), ExecMS: f.ExecMS, QueueMS: f.QueueMS,
	}
}

func jsonFencingOf(f Fencing) jsonFencing {
	out := jsonFencing{f.Action, f.Target, string(f.State), f.Delegate, f.Client, f.Origin, nil, f.ExitReason}
	if !f.Completed.IsZero() {
		out.Completed = &f.Completed
	}
	return out
}

// moment is a time of Unix seconds, nil for 0.
func (s *screen) moment(sec int64) *time.Time {
	if sec <= 0 {
		return nil
	}
	t := time.Unix(sec, 0).In(s.location())
	return &t
}
