package setup

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
	"sync"
	"time"

	"github.com/google/renameio/v2"
)

// Desk is where a member keeps its invitations: a directory with its certificate
// and the hashes of the secrets that it gave out. Two processes may use it: the
// command that invites, and the daemon that answers.
type Desk struct {
	Dir string
	Now func() time.Time

	mu sync.Mutex
}

// invitation is one secret that was given out.
type invitation struct {
	Hash    []byte    `json:"hash"` // SHA-256 of the secret
	Expires time.Time `json:"expires"`
}

// Invite makes a token that is good once, for so long. Addrs are this member's, per
// link; port 0 is Port.
func (d *Desk) Invite(addrs []string, port int, valid time.Duration) (Token, error) {
	cert, err := d.certificate()
	if err != nil {
		return Token{}, err
	}
	secret := newSecret()
	hash := sha256.Sum256(secret)
	d.mu.Lock()
	defer d.mu.Unlock()
	list, err := d.load()
	if err != nil {
		return Token{}, err
	}
	if err := d.store(append(list, invitation{hash[:], d.Now().Add(valid)})); err != nil {
		return Token{}, err
	}
	print := sha256.Sum256(cert.Certificate[0])
	return Token{Addrs: addrs, Port: port, Fingerprint: print[:], Secret: secret}, nil
}

// Open tells whether an invitation is still good.
func (d *Desk) Open() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	list, err := d.load()
	return err == nil && len(list) > 0
}

// known tells whether a secret was given out and is still good.
func (d *Desk) known(secret []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	list, err := d.load()
	return err == nil && find(list, secret) >= 0
}

// spend takes a secret back, so that it is good no more.
func (d *Desk) spend(secret []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	list, err := d.load()
	if err != nil {
		return err
	}
	i := find(list, secret)
	if i < 0 {
		return errors.New("the invitation was used in the meantime")
	}
	return d.store(append(list[:i], list[i+1:]...))
}

// find compares in constant time: an answer's delay must not tell a secret.
func find(list []invitation, secret []byte) int {
	hash := sha256.Sum256(secret)
	found := -1
	for i, inv := range list {
		if subtle.ConstantTimeCompare(inv.Hash, hash[:]) == 1 {
			found = i
		}
	}
	return found
}

func (d *Desk) file() string { return filepath.Join(d.Dir, "invitations.json") }

// load returns the invitations that have not expired.
func (d *Desk) load() ([]invitation, error) {
	text, err := os.ReadFile(d.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var list []invitation
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("read the invitations: %w", err)
	}
	var good []invitation
	for _, inv := range list {
		if d.Now().Before(inv.Expires) {
			good = append(good, inv)
		}
	}
	return good, nil
}

func (d *Desk) store(list []invitation) error {
	text, err := json.Marshal(list)
	if err == nil {
		err = renameio.WriteFile(d.file(), text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the invitations: %w", err)
	}
	return nil
}

// certificate returns the member's certificate; the first call makes it.
func (d *Desk) certificate() (tls.Certificate, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := filepath.Join(d.Dir, "enrol.pem")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = newCertificate(d.Now()); err != nil {
			return tls.Certificate{}, err
		}
		if err = os.MkdirAll(d.Dir, 0o700); err == nil {
			err = renameio.WriteFile(name, text, 0o600)
		}
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate for joining nodes: %w", err)
	}
	cert, err := tls.X509KeyPair(text, text)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate for joining nodes: %s: %w", name, err)
	}
	return cert, nil
}

// newCertificate makes a self-signed certificate and its key as PEM. Nobody checks
// its names or dates: its fingerprint is what a token pins.
func newCertificate(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	t := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mainstay"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(20, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, &t, &t, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode a key: %w", err)
	}
	out := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return append(out, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...), nil
}
