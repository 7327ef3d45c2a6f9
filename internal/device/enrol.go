package device

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mainstay/internal/token"
)

// tokenPrefix begins every witness token, so that one is recognised as such.
const tokenPrefix = "mainstay-witness1-"

// EnrolPath is where a witness takes clusters in, over HTTPS on its one port.
const EnrolPath = "/v1/enrol"

// enrolTimeout bounds the exchange with one address.
const enrolTimeout = 15 * time.Second

// Token is a witness's invitation to a cluster.
type Token struct {
	Addrs       []string `json:"a"`           // of the witness
	Port        int      `json:"p"`           // its TCP port
	Fingerprint []byte   `json:"f"`           // SHA-256 of its certificate
	Secret      []byte   `json:"s"`           // good once
	Cluster     string   `json:"c,omitempty"` // the only one that may use it; "": any
}

// String writes the token as one word that survives copying from a terminal.
func (t Token) String() string { return token.Write(tokenPrefix, t) }

// ParseToken reads what String writes; white space that copying added is ignored.
func ParseToken(s string) (Token, error) {
	var t Token
	if err := token.Read(tokenPrefix, "witness token", s, &t); err != nil {
		return Token{}, err
	}
	if len(t.Addrs) == 0 || len(t.Fingerprint) != sha256.Size || len(t.Secret) < 16 || t.Port <= 0 || t.Port > 65535 {
		return Token{}, errors.New("the token is incomplete")
	}
	return t, nil
}

// EnrolRequest is what a cluster sends; its certificate is shown by TLS.
type EnrolRequest struct {
	Secret  []byte `json:"secret"`
	Cluster string `json:"cluster"`
}

// Enrol makes a witness know a cluster by its key. It returns the address at which
// the witness answered, and its fingerprint.
func Enrol(ctx context.Context, t Token, cluster string, key []byte) (host, fingerprint string, err error) {
	if t.Cluster != "" && t.Cluster != cluster {
		return "", "", fmt.Errorf("this token is for cluster %q, and this one is %q", t.Cluster, cluster)
	}
	id, err := ClusterIdentity(cluster, key, t.Fingerprint)
	if err != nil {
		return "", "", err
	}
	body, err := json.Marshal(EnrolRequest{t.Secret, cluster})
	if err != nil {
		return "", "", err
	}
	client := http.Client{Timeout: enrolTimeout, Transport: &http.Transport{TLSClientConfig: id.TLS(), DisableKeepAlives: true}}
	var errs []error
	for _, a := range t.Addrs {
		url := "https://" + net.JoinHostPort(a, strconv.Itoa(t.Port)) + EnrolPath
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return "", "", err
		}
		resp, err := client.Do(req)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // it is only for the message
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return "", "", fmt.Errorf("the witness refuses: %s", strings.TrimSpace(string(text)))
		}
		return a, hex.EncodeToString(t.Fingerprint), nil
	}
	return "", "", fmt.Errorf("the witness is not reached: %w", errors.Join(errs...))
}
