package witness

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mainstay/internal/device"
	"mainstay/member"
	"mainstay/qdevice"
	"mainstay/quorum"
)

// serve runs a witness on loopback; it ends with the test or by stop.
func serve(t *testing.T, store *Store) (port int, stop func()) {
	t.Helper()
	start := time.Now()
	s, err := New(Config{Store: store, TLS: qdevice.TLSRequired, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Duration { return time.Since(start) + time.Second }})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	stop = sync.OnceFunc(func() {
		s.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return l.Addr().(*net.TCPAddr).Port, stop
}

func newStore(t *testing.T) *Store {
	t.Helper()
	s := &Store{Dir: t.TempDir(), Now: time.Now}
	for range 2 { // the second time changes nothing
		if err := s.Init(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// node is a device client of a cluster that gathers verdicts.
func node(t *testing.T, cluster string, id member.NodeID, port int, ident *device.Identity, got chan<- string) *device.Device {
	start := time.Now()
	d := device.Start(device.Config{Host: "127.0.0.1", Port: port, Network: "tcp", Log: slog.New(slog.DiscardHandler),
		Now: func() time.Duration { return time.Since(start) + time.Second },
		TLS: func() (*tls.Config, error) { return ident.TLS(), nil },
		Client: qdevice.ClientConfig{Cluster: cluster, Self: id, Nodes: []member.NodeID{1, 2}, Algorithm: qdevice.FFSplit,
			KeepActive: true, TLS: qdevice.TLSRequired},
		Vote: func(ctx context.Context, v quorum.Device) {
			if v.Until != 0 && v.Verdict != quorum.Undecided {
				select {
				case got <- fmt.Sprintf("%s %s %x %d", cluster, id, v.Ring.Seq, v.Verdict):
				case <-ctx.Done():
				}
			}
		}})
	t.Cleanup(d.Stop)
	return d
}

// expect waits until each of the lines came, in any order.
func expect(t *testing.T, got <-chan string, lines ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, l := range lines {
		missing[l] = true
	}
	end := time.After(10 * time.Second)
	for len(missing) > 0 {
		select {
		case l := <-got:
			delete(missing, l)
		case <-end:
			t.Fatalf("not told: %v", missing)
		}
	}
}

func stand(d *device.Device, seq uint64, ids ...member.NodeID) {
	d.Stand(member.View{Ring: member.RingID{Rep: ids[0], Seq: seq}, Members: ids}, quorum.State{}, []member.NodeID{1, 2})
}

// TestClustersAreTakenIn: two clusters enrol by tokens, each gets one vote per
// partition, whoever is not known gets none, and a restart keeps who had the vote.
func TestClustersAreTakenIn(t *testing.T) {
	store := newStore(t)
	port, stop := serve(t, store)
	got := make(chan string, 100)
	key := []byte(strings.Repeat("k", 128))
	devs := map[string][]*device.Device{}
	begin := func(port int) {
		for _, cluster := range []string{"a", "b"} {
			print, err := device.ParseFingerprint(fingerprint(t, store))
			if err != nil {
				t.Fatal(err)
			}
			ident, err := device.ClusterIdentity(cluster, key, print)
			if err != nil {
				t.Fatal(err)
			}
			devs[cluster] = nil
			for id := range member.NodeID(2) {
				devs[cluster] = append(devs[cluster], node(t, cluster, id+1, port, ident, got))
			}
		}
	}
	for _, cluster := range []string{"a", "b"} {
		token, err := store.Invite(cluster, []string{"127.0.0.1"}, port, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if token, err = device.ParseToken(" " + token.String() + "\n"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := device.Enrol(t.Context(), token, cluster+"x", key); err == nil {
			t.Error("a token for another cluster was taken")
		}
		if _, print, err := device.Enrol(t.Context(), token, cluster, key); err != nil || print != fingerprint(t, store) {
			t.Fatal(print, err)
		}
		if _, _, err := device.Enrol(t.Context(), token, cluster, key); err == nil || !strings.Contains(err.Error(), "was used") {
			t.Errorf("a token was good twice: %v", err)
		}
	}
	begin(port)
	for _, c := range []string{"a", "b"} {
		stand(devs[c][0], 4, 1, 2)
		stand(devs[c][1], 4, 1, 2)
	}
	expect(t, got, "a 1 4 1", "a 2 4 1", "b 1 4 1", "b 2 4 1")
	stand(devs["a"][0], 8, 1)
	stand(devs["a"][1], 8, 2)
	expect(t, got, "a 1 8 1", "a 2 8 2")
	// Node 2 of b is alone with the witness, so it has the vote; after a restart of
	// the witness it keeps it, although the tie breaker is the lowest node.
	devs["b"][0].Stop()
	stand(devs["b"][1], 8, 2)
	expect(t, got, "b 2 8 1")
	stop()
	for _, c := range []string{"a", "b"} {
		devs[c][0].Stop()
		devs[c][1].Stop()
	}
	port, _ = serve(t, store)
	begin(port)
	stand(devs["b"][0], 12, 1)
	stand(devs["b"][1], 12, 2)
	expect(t, got, "b 1 c 2", "b 2 c 1")

	stranger, err := device.ClusterIdentity("a", []byte(strings.Repeat("x", 128)), devsPrint(t, store))
	if err != nil {
		t.Fatal(err)
	}
	refused := node(t, "a", 1, port, stranger, got)
	stand(refused, 4, 1)
	end := time.Now().Add(10 * time.Second)
	for refused.Status().Failure == "" {
		if time.Now().After(end) {
			t.Fatal("a stranger is let in")
		}
		<-time.After(10 * time.Millisecond)
	}
}

func fingerprint(t *testing.T, s *Store) string { return hex.EncodeToString(devsPrint(t, s)) }

func devsPrint(t *testing.T, s *Store) []byte {
	t.Helper()
	_, print, err := s.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	return print
}

// TestPeersRequestIsSigned: a request as the peer's tool makes it becomes a
// certificate by which the witness knows the cluster.
func TestPeersRequestIsSigned(t *testing.T) {
	s := newStore(t)
	dir := t.TempDir()
	run := exec.Command("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", filepath.Join(dir, "key"), "-subj", "/CN=lab", "-outform", "DER", "-out", filepath.Join(dir, "crq"))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	request, err := os.ReadFile(filepath.Join(dir, "crq"))
	if err != nil {
		t.Fatal(err)
	}
	der, err := s.SignRequest("lab", request)
	if err != nil {
		t.Fatal(err)
	}
	certs := parse(t, der)
	if got := s.Whose(certs); got != "lab" {
		t.Errorf("it is %q's", got)
	}
	if got := newStore(t).Whose(certs); got != "" {
		t.Errorf("another witness takes it for %q's", got)
	}
	if _, err := s.SignRequest("lab", request[:40]); err == nil {
		t.Error("a torn request was signed")
	}
}

func parse(t *testing.T, der []byte) []*x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return []*x509.Certificate{c}
}
