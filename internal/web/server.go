package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"mainstay/cib"
)

// maxBody bounds what a request may carry, in bytes.
const maxBody = 64 << 20

// Config is what a server needs.
type Config struct {
	Cluster Cluster
	Log     *slog.Logger // nil: no log
}

// Server answers API requests about one node.
type Server struct {
	cluster Cluster
	log     *slog.Logger
	http    *http.Server
}

// New makes a server; Serve starts it.
func New(cfg Config) *Server {
	s := &Server{cluster: cfg.Cluster, log: cfg.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.http = &http.Server{
		Handler:           s.routes(),
		ConnContext:       withPeer,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return s
}

// Handler returns the API as a handler, for tests and other listeners. Requests
// that do not come over a Unix socket have no user and may only read.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Serve answers on a listener until Close; it returns nil then.
func (s *Server) Serve(l net.Listener) error {
	err := s.http.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close ends all connections, watchers included.
func (s *Server) Close() error { return s.http.Close() }

// Listen opens the API's Unix socket. A socket that a dead process left behind is
// replaced. It can be used by root and by the group, which must exist or be "".
func Listen(path, group string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the socket's directory: %w", err)
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return nil, fmt.Errorf("%s: another node daemon answers there; stop it first", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the old socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on the API's socket: %w", err)
	}
	if err := restrict(path, group); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// restrict gives a socket to root and one group.
func restrict(path, group string) error {
	if group != "" {
		if g, err := user.LookupGroup(group); err == nil {
			gid, err := strconv.Atoi(g.Gid)
			if err != nil {
				return fmt.Errorf("group %s has id %q: %w", group, g.Gid, err)
			}
			if err := os.Chown(path, -1, gid); err != nil {
				return fmt.Errorf("give the socket to group %s: %w", group, err)
			}
		}
	}
	return os.Chmod(path, 0o660)
}

// routes lists every endpoint; openapi.go describes them.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", s.serveMetrics)
	mux.HandleFunc("GET /v1/openapi.json", serveOpenAPI)
	mux.HandleFunc("GET /v1/events", s.events)
	for pattern, h := range map[string]handler{
		"GET /v1/cib":                     s.getCIB,
		"POST /v1/cib":                    s.postCIB,
		"GET /v1/status":                  s.getStatus,
		"GET /v1/node":                    s.getNode,
		"GET /v1/attributes":              s.getAttributes,
		"POST /v1/attributes":             s.postAttribute,
		"POST /v1/cleanup":                s.forget(true),
		"POST /v1/refresh":                s.forget(false),
		"POST /v1/resources/{id}/cleanup": s.forget(true),
		"POST /v1/resources/{id}/refresh": s.forget(false),
		"POST /v1/nodes":                  s.addNode,
		"DELETE /v1/nodes/{name}":         s.removeNode,
		"POST /v1/nodes/{name}/fence":     s.fence,
		"POST /v1/nodes/{name}/confirm":   s.confirm,
		"DELETE /v1/fencing":              s.forgetFencing,
		"POST /v1/nodes/{name}/kill":      s.kill,
		"POST /v1/leave":                  s.leave,
		"POST /v1/quorum":                 s.postQuorum,
		"POST /v1/device":                 s.postDevice,
		"DELETE /v1/device":               s.deleteDevice,
		"GET /v1/config":                  s.getConfig,
		"POST /v1/reload":                 s.reload,
		"POST /v1/rekey":                  s.rekey,
		"GET /v1/history":                 s.getHistory,
		"GET /v1/history/{number}":        s.getTransition,
	} {
		mux.HandleFunc(pattern, s.answer(h))
	}
	return mux
}

// handler answers a request with a value to be written as JSON, with raw XML
// (*cib.Elem), or with an error.
type handler func(r *http.Request) (any, error)

// answer turns a handler into HTTP: permission, body limit, encoding, errors.
func (s *Server) answer(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := s.permit(r); err != nil {
			s.fail(w, r, err)
			return
		}
		v, err := h(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if e, ok := v.(*cib.Elem); ok {
			w.Header().Set("Content-Type", "application/xml")
			w.Write(e.AppendXML(nil, true)) // an error here means that the asker left
			return
		}
		writeJSON(w, http.StatusOK, v)
	}
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v) // an error here means that the asker left
}

// fail writes an error as a Problem.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := AsProblem(err)
	if p.Kind == Internal {
		s.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	writeJSON(w, p.Kind.status(), p)
}

// AsProblem gives any error the form in which users see it.
func AsProblem(err error) *Problem {
	var p *Problem
	var edit *cib.EditError
	var syntax *cib.SyntaxError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &edit):
		return &Problem{Kind: editKind(edit), Msg: err.Error()}
	case errors.As(err, &syntax):
		return &Problem{Kind: Invalid, Msg: err.Error(), Line: syntax.Line}
	case errors.Is(err, context.DeadlineExceeded):
		return &Problem{Kind: TimedOut, Msg: "no answer in time; whether it was done is not known",
			Remedy: "look at the status, then try again"}
	case errors.Is(err, context.Canceled):
		return Problemf(Unavailable, "the request was given up")
	}
	return Problemf(Internal, "%v", err)
}

func editKind(e *cib.EditError) ProblemKind {
	switch {
	case errors.Is(e, cib.ErrExists):
		return Exists
	case errors.Is(e, cib.ErrNotFound):
		return NotFound
	case errors.Is(e, cib.ErrOld):
		return Stale
	}
	return Invalid
}

// decode reads a JSON body into v; an empty body leaves v as it is.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	return &Problem{Kind: Invalid, Msg: fmt.Sprintf("body of %s %s: %v", r.Method, r.URL.Path, err),
		Remedy: "GET /v1/openapi.json describes it"}
}
