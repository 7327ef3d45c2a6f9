// Package setup makes clusters: the first node's files, invitations for further
// nodes, and the exchange by which a machine that holds an invitation gets the
// cluster's configuration and key. No ssh is involved: the joining machine talks
// TLS to a member, whose certificate the invitation pins.
package setup

import (
	"crypto/rand"
	"fmt"
	"net"
	"strconv"

	"mainstay/internal/token"
)

// Port is the TCP port on which members answer to invitations.
const Port = 7630

// tokenPrefix begins every join token, so that one is recognised as such.
const tokenPrefix = "mainstay1-"

// Token is an invitation to join a cluster, as it is handed to a new machine.
type Token struct {
	Addrs       []string `json:"a"`           // of the inviting member, per link
	Port        int      `json:"p,omitempty"` // 0 is Port
	Fingerprint []byte   `json:"f"`           // SHA-256 of the member's certificate
	Secret      []byte   `json:"s"`           // good once
}

// String writes the token as one word that survives copying from a terminal.
func (t Token) String() string { return token.Write(tokenPrefix, t) }

// ParseToken reads what String writes; white space that copying added is ignored.
func ParseToken(s string) (Token, error) {
	var t Token
	if err := token.Read(tokenPrefix, "join token", s, &t); err != nil {
		return Token{}, err
	}
	if len(t.Addrs) == 0 || len(t.Fingerprint) != 32 || len(t.Secret) < 16 {
		return Token{}, fmt.Errorf("the join token is incomplete")
	}
	return t, nil
}

// urls lists where the inviting member may be reached.
func (t Token) urls() []string {
	port := t.Port
	if port == 0 {
		port = Port
	}
	out := make([]string, len(t.Addrs))
	for i, a := range t.Addrs {
		out[i] = "https://" + net.JoinHostPort(a, strconv.Itoa(port)) + "/v1/join"
	}
	return out
}

// newSecret makes the one-time part of a token.
func newSecret() []byte {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return b
}
