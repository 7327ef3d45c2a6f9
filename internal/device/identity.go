package device

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"mainstay/qdevice"
)

// The files of a certificate: as PEM, or as corosync-qdevice-net-certutil leaves it.
const (
	CAFile   = "ca.pem"
	CertFile = "cert.pem"
	KeyFile  = "key.pem"
	P12File  = "qdevice-net-node.p12"
)

// Identity is what a node shows to an arbiter, and how it knows the arbiter.
type Identity struct {
	Certificate tls.Certificate
	CA          *x509.CertPool // signed the arbiter's certificate; or …
	Fingerprint []byte         // … SHA-256 of the arbiter's certificate
}

// LoadIdentity looks for a certificate in directories, in their order. It returns
// fs.ErrNotExist if there is none.
func LoadIdentity(dirs ...string) (*Identity, error) {
	for _, dir := range dirs {
		id, err := fromPEM(dir)
		if errors.Is(err, fs.ErrNotExist) {
			id, err = fromP12(filepath.Join(dir, P12File))
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return id, err
		}
	}
	return nil, fmt.Errorf("a certificate for the quorum device in %v: %w", dirs, fs.ErrNotExist)
}

func fromPEM(dir string) (*Identity, error) {
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, CertFile), filepath.Join(dir, KeyFile))
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(filepath.Join(dir, CAFile))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s holds no certificate", filepath.Join(dir, CAFile))
	}
	return &Identity{Certificate: cert, CA: pool}, nil
}

// fromP12 reads what "corosync-qdevice-net-certutil -M" exports: key, certificate
// and the arbiter's CA, without a password.
func fromP12(path string) (*Identity, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if data, err = derP12(data); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key, cert, cas, err := pkcs12.DecodeChain(data, "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	id := &Identity{CA: x509.NewCertPool()}
	for _, c := range append(cas, cert) { // in any order
		if c.IsCA {
			id.CA.AddCert(c)
		} else {
			id.Certificate = tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: key, Leaf: c}
		}
	}
	if len(cas) == 0 || id.Certificate.Leaf == nil {
		return nil, fmt.Errorf("%s does not hold both a CA's and a cluster's certificate: export it anew with corosync-qdevice-net-certutil -M", path)
	}
	return id, nil
}

// ClusterIdentity derives the identity that all nodes of a cluster have in common
// from its key; the arbiter, a witness, is known by its fingerprint.
func ClusterIdentity(cluster string, key, fingerprint []byte) (*Identity, error) {
	seed, err := hkdf.Key(sha256.New, key, nil, "mainstay witness client "+cluster, ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("derive the key for the witness: %w", err)
	}
	private := ed25519.NewKeyFromSeed(seed)
	// The same on all nodes, so that the witness can know it by its public key.
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: cluster},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(nil, t, t, private.Public(), private)
	if err != nil {
		return nil, fmt.Errorf("make the certificate for the witness: %w", err)
	}
	return &Identity{Certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, Fingerprint: fingerprint}, nil
}

// ParseFingerprint reads the SHA-256 of a certificate in hexadecimal, with or
// without colons.
func ParseFingerprint(s string) ([]byte, error) {
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(s), []byte(":"), nil)))
	if err != nil || len(b) != sha256.Size {
		return nil, fmt.Errorf("%q is not the SHA-256 fingerprint of a certificate (64 hexadecimal digits)", s)
	}
	return b, nil
}

// TLS makes the client's side of a connection. The arbiter's certificate is checked
// as qnetd's are: by the CA that signed it and the name that all arbiters have (it
// has no host name in it), or by its fingerprint.
func (id *Identity) TLS() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // the check below replaces that of host names
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &id.Certificate, nil
		},
		VerifyConnection: id.verify,
	}
}

func (id *Identity) verify(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the arbiter shows no certificate")
	}
	leaf := s.PeerCertificates[0]
	if id.Fingerprint != nil {
		if sum := sha256.Sum256(leaf.Raw); !bytes.Equal(sum[:], id.Fingerprint) {
			return fmt.Errorf("the arbiter's certificate has the fingerprint %x, and the configuration says %x", sum, id.Fingerprint)
		}
		return nil
	}
	o := x509.VerifyOptions{Roots: id.CA, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	if _, err := leaf.Verify(o); err != nil {
		return fmt.Errorf("the arbiter's certificate: %w", err)
	}
	if leaf.Subject.CommonName != qdevice.ServerName {
		return fmt.Errorf("the arbiter's certificate is for %q, want %q", leaf.Subject.CommonName, qdevice.ServerName)
	}
	return nil
}

// PEM writes a key and its certificate.
func PEM(cert []byte, key any) (certPEM, keyPEM []byte, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
