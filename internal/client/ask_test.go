package client

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mainstay/cib"
	"mainstay/internal/web"
	"mainstay/internal/web/fake"
)

// ask sends a request without a socket, hence without credentials.
func ask(t *testing.T, h http.Handler, method, path string) int {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader("{}")))
	return w.Code
}

func TestStrangersMayOnlyRead(t *testing.T) {
	h := web.New(web.Config{Cluster: fake.New(cib.Empty(), "node1")}).Handler()
	if got := ask(t, h, http.MethodGet, "/v1/cib"); got != http.StatusOK {
		t.Errorf("GET: %d", got)
	}
	if got := ask(t, h, http.MethodPost, "/v1/cib"); got != http.StatusForbidden {
		t.Errorf("POST: %d, want 403", got)
	}
}

func TestNoConfigurationYet(t *testing.T) {
	h := web.New(web.Config{Cluster: fake.New(nil, "node1")}).Handler()
	if got := ask(t, h, http.MethodGet, "/v1/status"); got != http.StatusServiceUnavailable {
		t.Errorf("status without a CIB: %d, want 503", got)
	}
	if got := ask(t, h, http.MethodGet, "/v1/node"); got != http.StatusOK {
		t.Errorf("node without a CIB: %d, want 200", got)
	}
}

// TestOpenAPI checks that the description names every endpoint that answers.
func TestOpenAPI(t *testing.T) {
	h := web.New(web.Config{Cluster: fake.New(cib.Empty(), "node1")}).Handler()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/openapi.json", nil))
	var page struct {
		Paths map[string]map[string]struct{ Summary string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	n := 0
	for path, methods := range page.Paths {
		if path == "/v1/events" {
			continue // does not end
		}
		for method, op := range methods {
			n++
			if op.Summary == "" {
				t.Errorf("%s %s has no summary", method, path)
			}
			if code := ask(t, h, strings.ToUpper(method), strings.NewReplacer("{id}", "a", "{name}", "n", "{number}", "1").Replace(path)); code == http.StatusMethodNotAllowed {
				t.Errorf("%s %s is described but not served", method, path)
			}
		}
	}
	if n < 18 {
		t.Errorf("only %d operations described", n)
	}
}
