package setup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"mainstay/internal/web"
)

// Joined is what a machine gets that was let in.
type Joined struct {
	Config string
	Key    []byte
}

// ErrStranger says that whoever answered is not the member that gave the token.
var ErrStranger = errors.New("who answers there is not the member that made this token: its certificate differs")

// Join asks the member that a token names to let this machine in. Addrs are this
// machine's, one per link; none leaves it to the member, if there is one link.
func Join(ctx context.Context, t Token, name string, addrs []string) (*Joined, error) {
	body, err := json.Marshal(joinRequest{Secret: t.Secret, Name: name, Addrs: addrs})
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	c := &http.Client{Timeout: joinTimeout + 10*time.Second, Transport: &http.Transport{
		DialContext:     (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSClientConfig: pinned(t.Fingerprint),
	}}
	began := time.Now()
	for {
		j, err := askAll(ctx, c, t.urls(), body)
		if !errors.Is(err, syscall.ECONNREFUSED) || time.Since(began) > opening {
			return j, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(opening / 20):
		}
	}
}

// opening is how long the port of a member may stay shut after an invitation.
const opening = 5 * time.Second

// askAll asks one address after the other until one answers.
func askAll(ctx context.Context, c *http.Client, urls []string, body []byte) (*Joined, error) {
	var failures []error
	for _, u := range urls {
		j, err := ask(ctx, c, u, body)
		var refused *web.Problem
		switch {
		case err == nil:
			return j, nil
		case errors.As(err, &refused), errors.Is(err, ErrStranger):
			return nil, err
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// pinned accepts the one certificate with a fingerprint, whatever it says.
func pinned(fingerprint []byte) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		// Names and issuers mean nothing here; VerifyPeerCertificate decides.
		InsecureSkipVerify: true,
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 {
				return ErrStranger
			}
			print := sha256.Sum256(raw[0])
			if subtle.ConstantTimeCompare(print[:], fingerprint) != 1 {
				return ErrStranger
			}
			return nil
		},
	}
}

func ask(ctx context.Context, c *http.Client, url string, body []byte) (*Joined, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return nil, fmt.Errorf("answer of %s: %w", url, err)
	}
	if resp.StatusCode != http.StatusOK {
		p := &web.Problem{}
		if json.Unmarshal(text, p) != nil || p.Msg == "" {
			return nil, fmt.Errorf("%s answered %s", url, resp.Status)
		}
		return nil, p
	}
	var reply joinReply
	if err := json.Unmarshal(text, &reply); err != nil || len(reply.Key) == 0 || reply.Config == "" {
		return nil, fmt.Errorf("%s answered nonsense: %w", url, err)
	}
	return &Joined{Config: reply.Config, Key: reply.Key}, nil
}
