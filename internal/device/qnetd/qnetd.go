// Package qnetd runs the peer's arbiter, corosync-qnetd, for tests: in a directory
// of its own, with certificates that the peer's own tools made.
package qnetd

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Server is a running corosync-qnetd.
type Server struct {
	Host string
	Port int
	dir  string
	cmd  *exec.Cmd
}

// makeCertificates has certutil's front ends make the database of an arbiter and
// a cluster's certificate. They know fixed places only, so these are given to them
// in a mount namespace.
const makeCertificates = `set -e
mount -t tmpfs none /etc/corosync
mkdir -p /etc/corosync/qnetd /etc/corosync/qdevice/net
mount --bind "$1/qnetd" /etc/corosync/qnetd
mount --bind "$1/qdevice" /etc/corosync/qdevice/net
corosync-qnetd-certutil -i -G
corosync-qdevice-net-certutil -i -c /etc/corosync/qnetd/nssdb/qnetd-cacert.crt
corosync-qdevice-net-certutil -r -n "$2"
corosync-qnetd-certutil -s -c /etc/corosync/qdevice/net/nssdb/qdevice-net-node.crq -n "$2"
corosync-qdevice-net-certutil -M -c "/etc/corosync/qnetd/nssdb/cluster-$2.crt"
`

// Certificates makes them in a directory for a cluster, and returns where the
// cluster's own are (qdevice-net-node.p12 and the database).
func Certificates(t testing.TB, dir, cluster string) string {
	t.Helper()
	for _, d := range []string{"qnetd", "qdevice"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("/etc/corosync", 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "-m", "bash", "-c", makeCertificates, "bash", dir, cluster)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("certificates: %v\n%s", err, out)
	}
	return filepath.Join(dir, "qdevice", "nssdb")
}

// Command is the peer's arbiter in a directory.
func Command(dir, host string, port int, tls string) *exec.Cmd {
	settings := fmt.Sprintf("nss_db_dir=%s/qnetd/nssdb,lock_file=%s/lock,local_socket_file=%s/socket", dir, dir, dir)
	return exec.Command("corosync-qnetd", "-f", "-d", "-l", host, "-p", fmt.Sprint(port), "-s", tls, "-S", settings)
}

// Start runs an arbiter on a free port of an address; with tls "off" it needs no
// certificates, else those that Certificates made in the directory. It ends with
// the test.
func Start(t testing.TB, dir, host, tls string) *Server {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Host: host, Port: l.Addr().(*net.TCPAddr).Port, dir: dir}
	l.Close()
	s.cmd = Command(dir, host, s.Port, tls)
	log, err := os.Create(filepath.Join(dir, "qnetd.log"))
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr, s.cmd.Stdout = log, log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		log.Close()
	})
	end := time.Now().Add(10 * time.Second)
	for {
		c, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(s.Port)))
		if err == nil {
			c.Close()
			return s
		}
		if time.Now().After(end) {
			t.Fatalf("corosync-qnetd does not listen: %v\n%s", err, s.Log())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Log is what it logged.
func (s *Server) Log() string {
	b, err := os.ReadFile(filepath.Join(s.dir, "qnetd.log"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// List is what corosync-qnetd-tool -l shows.
func (s *Server) List(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("corosync-qnetd-tool", "-l", "-v", "-p", filepath.Join(s.dir, "socket")).CombinedOutput()
	if err != nil {
		t.Fatalf("corosync-qnetd-tool: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}
