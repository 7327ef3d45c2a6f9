package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// keepAlive is how often a silent event stream says that it is still there.
const keepAlive = 15 * time.Second

// events streams what happens as server-sent events until the reader leaves. The
// first one, "hello", says that everything later will be seen.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	if err := s.permit(r); err != nil {
		s.fail(w, r, err)
		return
	}
	ch := s.cluster.Watch(r.Context())
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	fmt.Fprint(w, "event: hello\ndata: {}\n\n")
	if out.Flush() != nil {
		return
	}
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
			fmt.Fprint(w, ": still here\n\n")
		case e, ok := <-ch:
			if !ok {
				return
			}
			data, err := json.Marshal(e)
			if err != nil {
				s.log.Error("event does not encode", "error", err)
				continue
			}
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.Kind, data)
		}
		if out.Flush() != nil {
			return
		}
	}
}
