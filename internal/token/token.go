// Package token writes invitations as one word that survives copying from a terminal,
// and reads them back: a prefix that says what it invites to, then JSON in base64.
package token

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// Write makes the word. It panics if v has fields that JSON does not know.
func Write(prefix string, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return prefix + base64.RawURLEncoding.EncodeToString(text)
}

// Read fills v from a word that Write made; white space that copying added is
// ignored. Kind is what the error calls the token: "join token".
func Read(prefix, kind, word string, v any) error {
	body, ok := strings.CutPrefix(strings.Join(strings.Fields(word), ""), prefix)
	if !ok {
		return fmt.Errorf("not a %s: it must begin with %q", kind, prefix)
	}
	text, err := base64.RawURLEncoding.DecodeString(body)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return fmt.Errorf("the %s is damaged (copied in part?): %w", kind, err)
	}
	return nil
}
