package agent

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
)

// Metadata is what an agent says about itself.
type Metadata struct {
	Name         string
	AgentVersion string // of the agent
	API          string // of the standard that it follows: "1.0", "1.1"
	Short, Long  string
	VendorURL    string
	Parameters   []Parameter // in the agent's order
	Actions      []Action    // in the agent's order
}

// Parameter is one parameter that an agent takes.
type Parameter struct {
	Name        string
	Short, Long string
	Type        string // "string", "integer", "boolean", "select", …; "" if not said
	Default     string
	HasDefault  bool
	Options     []string // of a select
	Unique      bool     // OCF 1.0: two resources may not share a value
	UniqueGroup string   // OCF 1.1: the same for a combination
	Reloadable  bool     // OCF 1.1: a change needs no restart
	Required    bool
	Deprecated  bool
	ReplacedBy  []string // OCF 1.1: what to use instead
	Obsoletes   string   // fence agents: the old name of this one
}

// Action is one operation that an agent offers.
type Action struct {
	Name       string
	Timeout    time.Duration // advised
	Interval   time.Duration // advised
	StartDelay time.Duration // advised
	Depth      string        // OCF_CHECK_LEVEL
	Role       string
	Automatic  bool // fence agents: "on" must run when a node joins (unfencing)
	OnTarget   bool // fence agents: must run on the node itself
}

// ParseMetadata reads the XML that an agent writes for meta-data (fence agents:
// metadata). Lines around the document are tolerated, since agents chatter.
// An unreadable advised duration counts as 0.
func ParseMetadata(doc []byte) (*Metadata, error) {
	from, to := bytes.IndexByte(doc, '<'), bytes.LastIndexByte(doc, '>')
	if from < 0 || to < from {
		return nil, fmt.Errorf("agent metadata: no XML in %d bytes", len(doc))
	}
	root, err := cib.Parse(doc[from : to+1])
	if err != nil {
		return nil, fmt.Errorf("agent metadata: %w", err)
	}
	if root.Name() != "resource-agent" {
		return nil, fmt.Errorf("agent metadata: root element is <%s>, want <resource-agent>", root.Name())
	}
	m := &Metadata{
		Name:         root.Get("name"),
		AgentVersion: root.Get("version"),
		API:          "1.0",
		Short:        described(root, "shortdesc"),
		Long:         described(root, "longdesc"),
		VendorURL:    strings.TrimSpace(root.Child("vendor-url").Text()),
	}
	if m.Short == "" {
		m.Short = root.Get("shortdesc")
	}
	if v := strings.TrimSpace(root.Child("version").Text()); v == "1.1" {
		m.API = v
	}
	for p := range root.Child("parameters").Named("parameter") {
		m.Parameters = append(m.Parameters, parseParameter(p))
	}
	for a := range root.Child("actions").Named("action") {
		m.Actions = append(m.Actions, parseAction(a))
	}
	return m, nil
}

func parseParameter(e *cib.Elem) Parameter {
	c := e.Child("content")
	def, has := c.Lookup("default")
	p := Parameter{
		Name: e.Get("name"), Short: described(e, "shortdesc"), Long: described(e, "longdesc"),
		Type: c.Get("type"), Default: def, HasDefault: has,
		Unique: yes(e, "unique"), UniqueGroup: e.Get("unique-group"), Reloadable: yes(e, "reloadable"),
		Required: yes(e, "required"), Deprecated: yes(e, "deprecated"), Obsoletes: e.Get("obsoletes"),
	}
	for o := range c.Named("option") {
		p.Options = append(p.Options, o.Get("value"))
	}
	if d := e.Child("deprecated"); d != nil {
		p.Deprecated = true
		for r := range d.Named("replaced-with") {
			p.ReplacedBy = append(p.ReplacedBy, r.Get("name"))
		}
	}
	return p
}

func parseAction(e *cib.Elem) Action {
	return Action{
		Name: e.Get("name"), Timeout: span(e, "timeout"), Interval: span(e, "interval"),
		StartDelay: span(e, "start-delay"), Depth: e.Get("depth"), Role: e.Get("role"),
		Automatic: yes(e, "automatic"), OnTarget: yes(e, "on_target"),
	}
}

// described prefers the English text, as most agents write only that.
func described(e *cib.Elem, name string) string {
	text, found := "", false
	for d := range e.Named(name) {
		lang := d.Get("lang")
		if t := strings.TrimSpace(d.Text()); !found || lang == "en" {
			text, found = t, true
		}
	}
	return text
}

func yes(e *cib.Elem, name string) bool {
	b, err := cib.ParseBool(e.Get(name))
	return err == nil && b
}

func span(e *cib.Elem, name string) time.Duration {
	d, err := cib.ParseDuration(e.Get(name))
	if err != nil || d < 0 {
		return 0
	}
	return d
}

// Parameter finds a parameter by name, nil if the agent has none such.
func (m *Metadata) Parameter(name string) *Parameter {
	if m == nil {
		return nil
	}
	for i := range m.Parameters {
		if m.Parameters[i].Name == name {
			return &m.Parameters[i]
		}
	}
	return nil
}

// Action finds an operation by name, nil if the agent has none such.
func (m *Metadata) Action(name string) *Action {
	if m == nil {
		return nil
	}
	for i := range m.Actions {
		if m.Actions[i].Name == name {
			return &m.Actions[i]
		}
	}
	return nil
}

// ReloadOp is the operation that takes up changed parameters without a
// restart: "reload-agent" (OCF 1.1), "reload" (agents of OCF 1.0 that use it
// so), or "" if the agent has none.
func (m *Metadata) ReloadOp() string {
	switch {
	case m == nil:
		return ""
	case m.Action("reload-agent") != nil:
		return "reload-agent"
	case m.API == "1.0" && m.Action("reload") != nil:
		return "reload"
	}
	return ""
}

// RestartParams lists, sorted, the parameters whose change needs a restart,
// of an agent that can reload others; ok is false if it cannot reload.
func (m *Metadata) RestartParams() (names []string, ok bool) {
	op := m.ReloadOp()
	if op == "" {
		return nil, false
	}
	for _, p := range m.Parameters {
		if keep := p.Reloadable; (op == "reload-agent" && !keep) || (op == "reload" && p.Unique) {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return names, true
}

// SecretParams lists, sorted, the parameters that carry secrets, going by the
// names that Pacemaker treats so.
func (m *Metadata) SecretParams() []string {
	var names []string
	if m == nil {
		return nil
	}
	for _, p := range m.Parameters {
		switch p.Name {
		case "password", "passwd", "user":
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Unfences tells whether a fence agent must switch a node on when it joins.
func (m *Metadata) Unfences() bool {
	on := m.Action("on")
	return on != nil && on.Automatic
}
