package playground

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// request is what the command line asks of the machine room, one JSON value per
// connection.
type request struct {
	Op    string        `json:"op"`
	Node  string        `json:"node,omitempty"`
	Link  int           `json:"link,omitempty"`
	Count int           `json:"count,omitempty"`
	Delay time.Duration `json:"delay_ns,omitempty"`
}

// reply is the answer.
type reply struct {
	Err    string  `json:"err,omitempty"`
	Report *Report `json:"report,omitempty"`
}

// Report is what the machine room says of itself.
type Report struct {
	Dir     string    `json:"dir"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Client  string    `json:"client"` // network namespace of the client outside: a path to enter
	Nodes   []Health  `json:"nodes"`
}

// serve answers one request of the command line.
func (r *Room) serve(c net.Conn) {
	var q request
	var a reply
	err := json.NewDecoder(c).Decode(&q)
	if err == nil {
		a.Report, err = r.obey(q)
	}
	if err != nil {
		a.Err = err.Error()
	}
	// A client that went away does not want the answer.
	_ = json.NewEncoder(c).Encode(a)
}

func (r *Room) obey(q request) (*Report, error) {
	switch q.Op {
	case "status":
		return r.Report(), nil
	case "on":
		return nil, r.PowerOn(q.Node)
	case "off":
		return nil, r.PowerOff(q.Node)
	case "cut":
		return nil, r.Cut(q.Node, q.Link)
	case "heal":
		return nil, r.Heal(q.Node)
	case "freeze":
		return nil, r.Freeze(q.Node)
	case "thaw":
		return nil, r.Thaw(q.Node)
	case "start":
		return nil, r.StartDaemon(q.Node)
	case "stop":
		return nil, r.StopDaemon(q.Node)
	case "fail-fencing":
		r.FailFencing(q.Count, q.Delay)
		return nil, nil
	case "down":
		r.leave()
		return nil, nil
	}
	return nil, fmt.Errorf("the machine room does not know %q", q.Op)
}

// Report tells the state of all machines.
func (r *Room) Report() *Report {
	out := &Report{Dir: r.base.dir, PID: os.Getpid(), Started: r.started, Client: r.hub.client.path()}
	for _, m := range r.machines {
		out.Nodes = append(out.Nodes, m.health())
	}
	return out
}

// askTimeout bounds a request: an orderly stop of a daemon is the longest.
const askTimeout = daemonTimeout + 10*time.Second

// ask sends a request to the machine room of a directory.
func (b base) ask(q request) (*Report, error) {
	if b.dir == "" {
		return nil, ErrNone
	}
	c, err := net.Dial("unix", b.path("room.sock"))
	if err != nil {
		return nil, ErrNone
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(askTimeout)); err != nil {
		return nil, err
	}
	if err := json.NewEncoder(c).Encode(q); err != nil {
		return nil, fmt.Errorf("ask the machine room: %w", err)
	}
	var a reply
	if err := json.NewDecoder(c).Decode(&a); err != nil {
		return nil, fmt.Errorf("the machine room does not answer: %w", err)
	}
	if a.Err != "" {
		return nil, errors.New(a.Err)
	}
	return a.Report, nil
}

// switchSocket is the file name of the power switch's socket. Requests are lines
// "list", "status NODE", "off NODE", "on NODE", "reboot NODE"; answers are "ok …" or
// "error …".
const switchSocket = "power.sock"

// serveSwitch answers fence agents.
func (r *Room) serveSwitch(c net.Conn) {
	line, err := bufio.NewReader(io.LimitReader(c, 300)).ReadString('\n')
	if err != nil {
		return
	}
	verb, node, _ := strings.Cut(strings.TrimSpace(line), " ")
	answer, err := r.press(verb, node)
	if err != nil {
		answer = "error " + strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	// An agent that was killed does not want the answer.
	_, _ = fmt.Fprintln(c, strings.TrimSpace(answer))
}

// press does what a fence agent asks.
func (r *Room) press(verb, node string) (string, error) {
	if verb == "list" {
		return "ok " + strings.Join(r.Nodes(), " "), nil
	}
	m, err := r.machine(node)
	if err != nil {
		return "", err
	}
	if verb == "status" {
		if m.health().PID != 0 {
			return "ok on", nil
		}
		return "ok off", nil
	}
	if err := r.mishap(); err != nil {
		return "", err
	}
	r.step("switch", "%s %s", verb, node)
	switch verb {
	case "off":
		err = m.powerOff(false)
	case "on":
		err = m.restore()
	case "reboot":
		// As with a power strip: that the mains are back is all it knows.
		if err = m.powerOff(false); err == nil {
			r.work.Go(func() { r.comeBack(m) })
		}
	default:
		return "", fmt.Errorf("the power switch does not know %q", verb)
	}
	return "ok", errors.Join(err, r.save())
}

// comeBack boots a machine after its power was switched off and on.
func (r *Room) comeBack(m *machine) {
	if r.gone() {
		return
	}
	if err := errors.Join(m.restore(), r.save()); err != nil {
		r.step("switch", "%s stays off: %v", m.name, err)
		return
	}
	r.step("switch", "%s boots", m.name)
}

// mishap is the failure or the delay that was asked for.
func (r *Room) mishap() error {
	r.mu.Lock()
	f := r.faults
	if r.faults.Fail > 0 {
		r.faults.Fail--
	}
	r.mu.Unlock()
	if f.Delay > 0 {
		time.Sleep(f.Delay)
	}
	if f.Fail > 0 {
		return errors.New("the power switch was told to fail")
	}
	return nil
}
