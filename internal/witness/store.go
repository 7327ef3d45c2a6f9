package witness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"mainstay/internal/device"
	"mainstay/qdevice"
)

// Store is a witness's directory: its CA and certificate, the clusters that it
// knows, invitations and decisions. The command that invites and the process that
// serves use it at the same time.
type Store struct {
	Dir string
	Now func() time.Time

	mu sync.Mutex
}

// The files of a store.
const (
	caFile      = "ca.pem"
	caKeyFile   = "ca-key.pem"
	certFile    = "cert.pem"
	keyFile     = "key.pem"
	clustersDir = "clusters"
	invitesFile = "invites.json"
	grantsFile  = "grants.json"
	lockFile    = "lock"
)

// Known is a cluster that was taken in by an invitation.
type Known struct {
	Cluster string    `json:"cluster"`
	Key     []byte    `json:"key"` // SHA-256 of its public key
	Since   time.Time `json:"since"`
}

// invite is a secret that was given out.
type invite struct {
	Hash    []byte    `json:"hash"` // SHA-256 of it
	Cluster string    `json:"cluster,omitempty"`
	Expires time.Time `json:"expires"`
}

// lifetime of certificates: a witness should outlive everything it watches.
const lifetime = 50 * 365 * 24 * time.Hour

// locked does something while no other process and no other goroutine changes the
// directory.
func (s *Store) locked(do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.OpenFile(s.path(lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() // the lock goes with it
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return do()
}

// Init makes what is not there yet.
func (s *Store) Init() error {
	if err := os.MkdirAll(filepath.Join(s.Dir, clustersDir), 0o700); err != nil {
		return err
	}
	return s.locked(s.init)
}

func (s *Store) init() error {
	if _, err := os.Stat(s.path(certFile)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	caKey, ca, err := newCertificate(&x509.Certificate{Subject: pkix.Name{CommonName: "QNet CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}, s.Now(), nil, nil)
	if err != nil {
		return err
	}
	key, cert, err := newCertificate(&x509.Certificate{Subject: pkix.Name{CommonName: qdevice.ServerName},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, s.Now(), ca, caKey)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		cert *x509.Certificate
		key  *ecdsa.PrivateKey
	}{{caFile, ca, nil}, {caKeyFile, nil, caKey}, {keyFile, nil, key}, {certFile, cert, nil}} {
		if err := s.writePEM(f.name, f.cert, f.key); err != nil {
			return err
		}
	}
	return nil
}

// newCertificate makes a key and its certificate, signed by parent or by itself.
func newCertificate(t *x509.Certificate, now time.Time, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if parent == nil {
		parent, signer = t, key
	}
	cert, err := sign(t, now, parent, key.Public(), signer)
	return key, cert, err
}

func sign(t *x509.Certificate, now time.Time, parent *x509.Certificate, public, signer any) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	t.SerialNumber, t.NotBefore, t.NotAfter = serial, now.Add(-time.Hour), now.Add(lifetime)
	der, err := x509.CreateCertificate(rand.Reader, t, parent, public, signer)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

func (s *Store) path(name string) string { return filepath.Join(s.Dir, name) }

func (s *Store) writePEM(name string, cert *x509.Certificate, key *ecdsa.PrivateKey) error {
	b := pem.Block{Type: "CERTIFICATE"}
	if cert != nil {
		b.Bytes = cert.Raw
	} else {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return err
		}
		b = pem.Block{Type: "PRIVATE KEY", Bytes: der}
	}
	return renameio.WriteFile(s.path(name), pem.EncodeToMemory(&b), 0o600)
}

// Certificate is the witness's own, with its fingerprint.
func (s *Store) Certificate() (tls.Certificate, []byte, error) {
	c, err := tls.LoadX509KeyPair(s.path(certFile), s.path(keyFile))
	if err != nil {
		return c, nil, err
	}
	ca, err := tls.LoadX509KeyPair(s.path(caFile), s.path(caKeyFile))
	if err != nil {
		return c, nil, err
	}
	sum := sha256.Sum256(c.Certificate[0])
	c.Certificate = append(c.Certificate, ca.Certificate[0])
	return c, sum[:], nil
}

// CA is the certificate that signed the witness's, as PEM, for peers that check by it.
func (s *Store) CA() ([]byte, error) { return os.ReadFile(s.path(caFile)) }

// SignRequest signs a cluster's certificate request, as "corosync-qdevice-net-certutil
// -r" makes one, for clusters that run the peer's device. It returns the certificate
// as the peer's tools want it (DER).
func (s *Store) SignRequest(cluster string, request []byte) ([]byte, error) {
	if b, _ := pem.Decode(request); b != nil {
		request = b.Bytes
	}
	req, err := x509.ParseCertificateRequest(request)
	if err == nil {
		err = req.CheckSignature()
	}
	if err != nil {
		return nil, fmt.Errorf("the certificate request: %w", err)
	}
	ca, err := tls.LoadX509KeyPair(s.path(caFile), s.path(caKeyFile))
	if err != nil {
		return nil, err
	}
	cert, err := sign(&x509.Certificate{Subject: pkix.Name{CommonName: cluster}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, s.Now(), ca.Leaf, req.PublicKey, ca.PrivateKey)
	if err != nil {
		return nil, err
	}
	return cert.Raw, nil
}

// Invite makes a token that is good once, for so long, for a cluster or any ("").
func (s *Store) Invite(cluster string, addrs []string, port int, valid time.Duration) (device.Token, error) {
	_, print, err := s.Certificate()
	if err != nil {
		return device.Token{}, err
	}
	secret := make([]byte, 16)
	rand.Read(secret) // never fails
	hash := sha256.Sum256(secret)
	err = s.locked(func() error {
		list, err := s.invites()
		if err != nil {
			return err
		}
		return s.write(invitesFile, append(list, invite{hash[:], cluster, s.Now().Add(valid)}))
	})
	if err != nil {
		return device.Token{}, err
	}
	return device.Token{Addrs: addrs, Port: port, Fingerprint: print, Secret: secret, Cluster: cluster}, nil
}

// invites are those that are still good.
func (s *Store) invites() ([]invite, error) {
	var list []invite
	if err := s.read(invitesFile, &list); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(i invite) bool { return s.Now().After(i.Expires) }), nil
}

// errNotInvited is said to whoever has no good token.
var errNotInvited = errors.New("this token is not known here, was used, is for another cluster, or has expired; \"mainstay witness invite\" prints a new one")

// Admit takes a cluster in: it will be known by its public key. The secret is good
// no more.
func (s *Store) Admit(secret []byte, cluster string, cert *x509.Certificate) error {
	return s.locked(func() error { return s.admit(secret, cluster, cert) })
}

func (s *Store) admit(secret []byte, cluster string, cert *x509.Certificate) error {
	list, err := s.invites()
	if err != nil {
		return err
	}
	hash := sha256.Sum256(secret)
	i := slices.IndexFunc(list, func(i invite) bool { return subtle.ConstantTimeCompare(i.Hash, hash[:]) == 1 })
	if i < 0 || list[i].Cluster != "" && list[i].Cluster != cluster {
		return errNotInvited
	}
	if cluster == "" || cluster != cert.Subject.CommonName || strings.ContainsAny(cluster, "/\x00") || strings.HasPrefix(cluster, ".") {
		return fmt.Errorf("the cluster calls itself %q, and its certificate is for %q", cluster, cert.Subject.CommonName)
	}
	if err := s.write(invitesFile, slices.Delete(list, i, i+1)); err != nil {
		return err
	}
	key := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return s.write(clusterFile(cluster), Known{cluster, key[:], s.Now()})
}

func clusterFile(name string) string { return filepath.Join(clustersDir, name+".json") }

// Forget no longer knows a cluster.
func (s *Store) Forget(cluster string) error { return os.Remove(s.path(clusterFile(cluster))) }

// Clusters lists those that are known by their keys, by name.
func (s *Store) Clusters() ([]Known, error) {
	files, err := os.ReadDir(s.path(clustersDir))
	if err != nil {
		return nil, err
	}
	var out []Known
	for _, f := range files {
		var k Known
		if err := s.read(filepath.Join(clustersDir, f.Name()), &k); err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// Whose tells to which cluster a certificate belongs: it was signed by the
// witness's CA, or its key is known. "" if to none.
func (s *Store) Whose(certs []*x509.Certificate) string {
	if len(certs) == 0 {
		return ""
	}
	name := certs[0].Subject.CommonName
	if ca, err := s.CA(); err == nil {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(ca)
		o := x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, CurrentTime: s.Now()}
		if _, err := certs[0].Verify(o); err == nil {
			return name
		}
	}
	var k Known
	key := sha256.Sum256(certs[0].RawSubjectPublicKeyInfo)
	if name == filepath.Base(name) && s.read(clusterFile(name), &k) == nil && k.Cluster == name && subtle.ConstantTimeCompare(k.Key, key[:]) == 1 {
		return name
	}
	return ""
}

// Grants are the decisions of an earlier run.
func (s *Store) Grants() ([]qdevice.Grant, error) {
	var g []qdevice.Grant
	return g, s.read(grantsFile, &g)
}

// KeepGrants writes decisions down.
func (s *Store) KeepGrants(g []qdevice.Grant) error { return s.write(grantsFile, g) }

func (s *Store) read(name string, into any) error {
	text, err := os.ReadFile(s.path(name))
	if errors.Is(err, fs.ErrNotExist) && !strings.HasPrefix(name, clustersDir) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", s.path(name), err)
	}
	return nil
}

func (s *Store) write(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return renameio.WriteFile(s.path(name), append(text, '\n'), 0o600)
}
