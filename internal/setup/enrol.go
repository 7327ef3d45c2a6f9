package setup

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"mainstay/conf"
	"mainstay/internal/web"
)

// Times of the exchange.
const (
	joinTimeout = 90 * time.Second // adding a node waits for every member's disk
	deskPoll    = time.Second      // how soon a new invitation opens the port
)

// Adder is the cluster as enrolment needs it.
type Adder interface {
	AddNode(ctx context.Context, p web.Peer) error
}

// Enrolment answers machines that hold an invitation.
type Enrolment struct {
	Desk       *Desk
	Cluster    Adder
	ConfigFile string
	KeyFile    string
	Log        *slog.Logger

	one sync.Mutex // nodes are added one after the other
}

// joinRequest is what a joining machine sends.
type joinRequest struct {
	Secret []byte   `json:"secret"`
	Name   string   `json:"name"`
	Addrs  []string `json:"addrs"` // per link; the first may be missing: where it comes from
}

// joinReply is what it gets.
type joinReply struct {
	Config string `json:"config"`
	Key    []byte `json:"key"`
	ID     uint32 `json:"id"`
}

// Serve answers on a port whenever there is an open invitation, until ctx ends.
func (e *Enrolment) Serve(ctx context.Context, port int) error {
	tick := time.NewTicker(deskPoll)
	defer tick.Stop()
	for {
		if e.Desk.Open() {
			if err := e.serveWhileOpen(ctx, port); err != nil {
				e.Log.Warn("joining nodes cannot be answered", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// serveWhileOpen listens until no invitation is left.
func (e *Enrolment) serveWhileOpen(ctx context.Context, port int) error {
	cert, err := e.Desk.certificate()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", net.JoinHostPort("", fmt.Sprint(port)))
	if err != nil {
		return fmt.Errorf("listen for joining nodes: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		tick := time.NewTicker(deskPoll)
		defer tick.Stop()
		for e.Desk.Open() {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
		cancel()
	}()
	return e.serveOn(ctx, l, cert)
}

// serveOn answers on a listener until ctx ends.
func (e *Enrolment) serveOn(ctx context.Context, l net.Listener, cert tls.Certificate) error {
	s := &http.Server{
		Handler:           e,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		ErrorLog:          slog.NewLogLogger(e.Log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() {
		// Answers under way are finished; an error means that they were cut off.
		_ = s.Shutdown(context.WithoutCancel(ctx))
	})
	defer stop()
	if err := s.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer joining nodes: %w", err)
	}
	return nil
}

// ServeHTTP implements http.Handler: one endpoint, POST /v1/join.
func (e *Enrolment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply, err := e.join(r)
	if err != nil {
		p := web.AsProblem(err)
		e.Log.Warn("a machine was not let in", "address", r.RemoteAddr, "error", p.Msg)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		json.NewEncoder(w).Encode(p) // an error here means that the asker left
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(reply) // an error here means that the asker left
}

func (e *Enrolment) join(r *http.Request) (*joinReply, error) {
	if r.Method != http.MethodPost || r.URL.Path != "/v1/join" {
		return nil, web.Problemf(web.NotFound, "this port answers POST /v1/join only")
	}
	var q joinRequest
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&q); err != nil {
		return nil, web.Problemf(web.Invalid, "request: %v", err)
	}
	e.one.Lock()
	defer e.one.Unlock()
	if !e.Desk.known(q.Secret) {
		return nil, &web.Problem{Kind: web.Denied, Msg: "this invitation is not known here, was used, or has expired",
			Remedy: "\"mainstay invite\" on a member prints a new one"}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return nil, fmt.Errorf("address of the joining machine: %w", err)
	}
	return e.admit(r.Context(), q, host)
}

// admit adds the machine to the cluster and hands out configuration and key.
func (e *Enrolment) admit(ctx context.Context, q joinRequest, from string) (*joinReply, error) {
	text, err := os.ReadFile(e.ConfigFile)
	if err != nil {
		return nil, fmt.Errorf("read this member's configuration: %w", err)
	}
	key, err := os.ReadFile(e.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read the cluster's key: %w", err)
	}
	c, problems := conf.Parse(text, e.ConfigFile)
	if conf.Failed(problems) {
		return nil, fmt.Errorf("this member's configuration: %v", problems)
	}
	peer, err := newcomer(c, q, from)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	if err := e.Cluster.AddNode(ctx, peer); err != nil {
		return nil, fmt.Errorf("add node %s: %w", peer.Name, err)
	}
	// What AddNode makes of the file, whether it is on this member's disk by now or not.
	if text, err = conf.AddNode(text, conf.Node{ID: peer.ID, Name: peer.Name, Addrs: peer.Addrs, Votes: peer.Votes}); err != nil {
		return nil, fmt.Errorf("add node %s: %w", peer.Name, err)
	}
	if err := e.Desk.spend(q.Secret); err != nil {
		return nil, err
	}
	e.Log.Info("a node was let in", "node", peer.Name, "id", peer.ID, "addresses", peer.Addrs)
	return &joinReply{Config: string(text), Key: key, ID: uint32(peer.ID)}, nil
}

// newcomer judges a joining machine and gives it an id: its old one if it comes
// back under the same name and addresses.
func newcomer(c *conf.Config, q joinRequest, from string) (web.Peer, error) {
	addrs := q.Addrs
	if len(addrs) == 0 {
		addrs = []string{from}
	}
	if q.Name == "" {
		return web.Peer{}, web.Problemf(web.Invalid, "the joining machine gave no name")
	}
	if len(addrs) != c.Links() {
		return web.Peer{}, &web.Problem{Kind: web.Invalid, Msg: fmt.Sprintf("the cluster has %d links, but node %s gave %d addresses", c.Links(), q.Name, len(addrs)),
			Remedy: "join with --addr and one address per link, separated by commas"}
	}
	id := nextID(c.Nodes)
	if n, there := c.ByName(q.Name); there {
		for i, a := range n.Addrs {
			if a != addrs[i] {
				return web.Peer{}, &web.Problem{Kind: web.Exists, Msg: fmt.Sprintf("there is a node %q with address %s already", q.Name, a),
					Remedy: "join with another --name, or remove the old one: mainstay node remove " + q.Name}
			}
		}
		id = n.ID
	}
	for _, n := range c.Nodes {
		for i, a := range n.Addrs {
			if n.Name != q.Name && i < len(addrs) && a == addrs[i] {
				return web.Peer{}, web.Problemf(web.Exists, "address %s belongs to node %q", a, n.Name)
			}
		}
	}
	return web.Peer{ID: id, Name: q.Name, Addrs: addrs, Votes: 1}, nil
}
