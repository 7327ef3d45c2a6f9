package fake

import (
	"path/filepath"
	"testing"

	"mainstay/internal/web"
)

// Serve has a cluster answer on a socket until the test ends, and returns its path.
func Serve(t testing.TB, c *Cluster) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "run", "api.sock")
	l, err := web.Listen(socket, "")
	if err != nil {
		t.Fatal(err)
	}
	s := web.New(web.Config{Cluster: c})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return socket
}
