// Package client asks a running node through its API socket. Every method returns
// a *web.Problem if the node refused, and an error that wraps ErrNoDaemon if nobody
// answers.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"mainstay/cib"
	"mainstay/internal/web"
)

// Socket is where a node's API listens unless told otherwise.
const Socket = "/run/mainstay/api.sock"

// ErrNoDaemon says that no node daemon answers on this machine.
var ErrNoDaemon = errors.New("no node daemon answers on this machine")

// Client talks to one node. It is safe for concurrent use.
type Client struct {
	http   *http.Client
	socket string
	name   string
	as     string // whose permissions count, "" for the asker's own
}

// New makes a client of the node behind a socket ("" is Socket); name is the
// program's, which changes are recorded with.
func New(socket, name string) *Client {
	if socket == "" {
		socket = Socket
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial}}, socket: socket, name: name}
}

// As makes a client whose requests have the permissions of another user; nodes heed
// that if root or hacluster asks.
func (c *Client) As(user string) *Client {
	other := *c
	other.as = user
	return &other
}

// Close ends connections that are kept for the next request; the client may go on
// being used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// CIB fetches the whole document.
func (c *Client) CIB(ctx context.Context) (*cib.Elem, error) {
	return c.Query(ctx, "", "")
}

// Query fetches a section, or what an XPath selects, as the node has it.
func (c *Client) Query(ctx context.Context, scope, xpath string) (*cib.Elem, error) {
	return c.query(ctx, url.Values{}, scope, xpath)
}

// Agreed is Query with all that was answered anywhere before, as the members agree; it
// needs quorum.
func (c *Client) Agreed(ctx context.Context, scope, xpath string) (*cib.Elem, error) {
	return c.query(ctx, url.Values{"agreed": {"true"}}, scope, xpath)
}

func (c *Client) query(ctx context.Context, q url.Values, scope, xpath string) (*cib.Elem, error) {
	if scope != "" {
		q.Set("scope", scope)
	}
	if xpath != "" {
		q.Set("xpath", xpath)
	}
	body, err := c.do(ctx, http.MethodGet, "/v1/cib?"+q.Encode(), nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	doc, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("read the CIB from the node: %w", err)
	}
	return cib.Parse(doc)
}

// Edit changes the CIB. The base, if not nil, must still be the configuration's
// version.
func (c *Client) Edit(ctx context.Context, edits []cib.Edit, base *cib.Version) (cib.Version, error) {
	return c.edit(ctx, edits, base, false)
}

// TryEdit has the node judge edits without making them.
func (c *Client) TryEdit(ctx context.Context, edits []cib.Edit) error {
	_, err := c.edit(ctx, edits, nil, true)
	return err
}

func (c *Client) edit(ctx context.Context, edits []cib.Edit, base *cib.Version, dry bool) (cib.Version, error) {
	body := web.EditBody{Client: c.name, DryRun: dry}
	if base != nil {
		body.Base = base.String()
	}
	for _, e := range edits {
		d := web.EditDoc{Op: e.Op, Scope: e.Scope, XPath: e.XPath}
		if e.Elem != nil {
			d.XML = string(e.Elem.AppendXML(nil, false))
		}
		body.Edits = append(body.Edits, d)
	}
	var reply web.EditReply
	if err := c.json(ctx, http.MethodPost, "/v1/cib", body, &reply); err != nil {
		return cib.Version{}, err
	}
	return cib.ParseVersion(reply.Version)
}

// Status fetches the state of the cluster and of the node asked.
func (c *Client) Status(ctx context.Context) (*web.StatusReply, error) {
	var r web.StatusReply
	return &r, c.json(ctx, http.MethodGet, "/v1/status", nil, &r)
}

// Node fetches the state of the node's daemon.
func (c *Client) Node(ctx context.Context) (*web.Snapshot, error) {
	var s web.Snapshot
	return &s, c.json(ctx, http.MethodGet, "/v1/node", nil, &s)
}

// Attributes fetches transient node attributes; empty strings mean any.
func (c *Client) Attributes(ctx context.Context, node, name string) ([]web.Attribute, error) {
	q := url.Values{}
	if node != "" {
		q.Set("node", node)
	}
	if name != "" {
		q.Set("name", name)
	}
	var out []web.Attribute
	return out, c.json(ctx, http.MethodGet, "/v1/attributes?"+q.Encode(), nil, &out)
}

// SetAttribute sets or deletes a transient node attribute.
func (c *Client) SetAttribute(ctx context.Context, b web.AttributeBody) error {
	return c.json(ctx, http.MethodPost, "/v1/attributes", b, nil)
}

// Cleanup forgets failures of a resource ("" is all).
func (c *Client) Cleanup(ctx context.Context, rsc string, b web.ForgetBody) error {
	return c.json(ctx, http.MethodPost, resourcePath(rsc, "cleanup"), b, nil)
}

// Refresh forgets the history of a resource ("" is all).
func (c *Client) Refresh(ctx context.Context, rsc string, b web.ForgetBody) error {
	return c.json(ctx, http.MethodPost, resourcePath(rsc, "refresh"), b, nil)
}

func resourcePath(rsc, what string) string {
	if rsc == "" {
		return "/v1/" + what
	}
	return "/v1/resources/" + url.PathEscape(rsc) + "/" + what
}

// Fence has a node fenced and returns when that has ended.
func (c *Client) Fence(ctx context.Context, node, action string, timeout time.Duration) (web.FenceEvent, error) {
	return c.FenceAfter(ctx, node, action, timeout, 0)
}

// FenceAfter is Fence with a delay before it, besides those of the devices; a negative
// one does without any.
func (c *Client) FenceAfter(ctx context.Context, node, action string, timeout, delay time.Duration) (web.FenceEvent, error) {
	var e web.FenceEvent
	b := web.FenceBody{Action: action, TimeoutMS: int(timeout / time.Millisecond), DelayMS: int(delay / time.Millisecond), Client: c.name}
	return e, c.json(ctx, http.MethodPost, "/v1/nodes/"+url.PathEscape(node)+"/fence", b, &e)
}

// ConfirmOff records that an operator saw that a node is off.
func (c *Client) ConfirmOff(ctx context.Context, node string) error {
	return c.json(ctx, http.MethodPost, "/v1/nodes/"+url.PathEscape(node)+"/confirm", nil, nil)
}

// ForgetFencing drops what has ended from the history of fencing: of one node, or of
// all if it is "".
func (c *Client) ForgetFencing(ctx context.Context, node string) error {
	return c.json(ctx, http.MethodDelete, "/v1/fencing?node="+url.QueryEscape(node), nil, nil)
}

// AddNode adds a node to every member's configuration.
func (c *Client) AddNode(ctx context.Context, p web.Peer) error {
	return c.json(ctx, http.MethodPost, "/v1/nodes", p, nil)
}

// RemoveNode removes a node that is not a member.
func (c *Client) RemoveNode(ctx context.Context, name string) error {
	return c.json(ctx, http.MethodDelete, "/v1/nodes/"+url.PathEscape(name), nil, nil)
}

// Reload has all members take over the configuration file of the node asked.
func (c *Client) Reload(ctx context.Context) error {
	return c.json(ctx, http.MethodPost, "/v1/reload", nil, nil)
}

// Rekey gives all members a new cluster key.
func (c *Client) Rekey(ctx context.Context) error {
	return c.json(ctx, http.MethodPost, "/v1/rekey", nil, nil)
}

// ChangeVotes changes what is counted for quorum.
func (c *Client) ChangeVotes(ctx context.Context, v web.VotesChange) error {
	return c.json(ctx, http.MethodPost, "/v1/quorum", v, nil)
}

// JoinWitness takes a witness as the cluster's quorum device.
func (c *Client) JoinWitness(ctx context.Context, r web.WitnessRequest) error {
	return c.json(ctx, http.MethodPost, "/v1/device", r, nil)
}

// RemoveDevice takes the quorum device out of the configuration.
func (c *Client) RemoveDevice(ctx context.Context) error {
	return c.json(ctx, http.MethodDelete, "/v1/device", nil, nil)
}

// Kill ends the daemon of a member at once.
func (c *Client) Kill(ctx context.Context, node string) error {
	return c.json(ctx, http.MethodPost, "/v1/nodes/"+url.PathEscape(node)+"/kill", nil, nil)
}

// Leave has the node asked leave the cluster.
func (c *Client) Leave(ctx context.Context) error {
	return c.json(ctx, http.MethodPost, "/v1/leave", nil, nil)
}

// ConfigFile fetches the configuration that the node uses.
func (c *Client) ConfigFile(ctx context.Context) (web.ConfigFile, error) {
	var f web.ConfigFile
	return f, c.json(ctx, http.MethodGet, "/v1/config", nil, &f)
}

// History fetches the transitions that are kept, newest first.
func (c *Client) History(ctx context.Context) ([]web.Transition, error) {
	var out []web.Transition
	return out, c.json(ctx, http.MethodGet, "/v1/history", nil, &out)
}

// Transition fetches one transition with input and graph; 0 is the latest.
func (c *Client) Transition(ctx context.Context, number int) (*web.Transition, error) {
	var r web.TransitionReply
	if err := c.json(ctx, http.MethodGet, "/v1/history/"+strconv.Itoa(number), nil, &r); err != nil {
		return nil, err
	}
	t := r.Transition
	t.Graph = r.Graph
	if r.Input != "" {
		in, err := cib.Parse([]byte(r.Input))
		if err != nil {
			return nil, fmt.Errorf("input of transition %d: %w", t.Number, err)
		}
		t.Input = in
	}
	return &t, nil
}

// json sends a request and decodes the answer into out, if out is not nil.
func (c *Client) json(ctx context.Context, method, path string, in, out any) error {
	body, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(body).Decode(out); err != nil {
		return fmt.Errorf("answer to %s %s: %w", method, path, err)
	}
	return nil
}

// do sends a request; the caller closes the body.
func (c *Client) do(ctx context.Context, method, path string, in any) (io.ReadCloser, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode %s %s: %w", method, path, err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://node"+path, body)
	if err != nil {
		return nil, err
	}
	if c.as != "" {
		req.Header.Set(web.ActAs, c.as)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	p := &web.Problem{}
	if err := json.NewDecoder(resp.Body).Decode(p); err != nil || p.Msg == "" {
		return nil, fmt.Errorf("%s %s: node answered %s", method, path, resp.Status)
	}
	return nil, p
}

// unreachable names the socket when nobody listens there.
func (c *Client) unreachable(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return fmt.Errorf("%w (%s: %v)", ErrNoDaemon, c.socket, errors.Unwrap(op.Err))
	}
	return err
}
