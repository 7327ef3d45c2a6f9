package device

import (
	"encoding/asn1"
	"errors"
	"fmt"
)

// errBER says that an encoding is damaged.
var errBER = errors.New("damaged encoding")

// node is one element of a BER encoding (X.690): a tag, and bytes or elements.
type node struct {
	tag      byte
	bytes    []byte // of a primitive element
	children []node // of a constructed one
}

// The tags that matter here.
const (
	tagOctets      = 0x04
	tagSequence    = 0x30
	tagContext0    = 0xa0
	tagConstructed = 0x20
)

// maxDepth bounds nesting.
const maxDepth = 32

// parseBER reads one element and returns what follows it.
func parseBER(b []byte, depth int) (n node, rest []byte, err error) {
	if len(b) < 2 || b[0]&0x1f == 0x1f || depth > maxDepth {
		return n, nil, errBER
	}
	n.tag = b[0]
	size, indefinite, body, err := berLength(b[1:])
	if err != nil {
		return n, nil, err
	}
	if n.tag&tagConstructed == 0 {
		if indefinite {
			return n, nil, errBER
		}
		n.bytes = body[:size]
		return n, body[size:], nil
	}
	in := body
	if !indefinite {
		in, rest = body[:size], body[size:]
	}
	for {
		switch {
		case !indefinite && len(in) == 0:
			return n, rest, nil
		case indefinite && len(in) >= 2 && in[0] == 0 && in[1] == 0:
			return n, in[2:], nil
		}
		var c node
		if c, in, err = parseBER(in, depth+1); err != nil {
			return n, nil, err
		}
		n.children = append(n.children, c)
	}
}

// berLength reads a length; body is what follows it.
func berLength(b []byte) (size int, indefinite bool, body []byte, err error) {
	first := int(b[0])
	b = b[1:]
	switch {
	case first == 0x80:
		return 0, true, b, nil
	case first < 0x80:
		size = first
	case first-0x80 > 3 || first-0x80 > len(b):
		return 0, false, nil, errBER
	default:
		for range first - 0x80 {
			size = size<<8 | int(b[0])
			b = b[1:]
		}
	}
	if size > len(b) {
		return 0, false, nil, errBER
	}
	return size, false, b, nil
}

// der writes an element in the one form that DER allows: definite lengths, strings
// in one piece. The third element of a sequence that is an implicit [0] is a string
// too (encryptedContent of RFC 5652).
func (n node) der(place int, parent byte) []byte {
	tag, body := n.tag, n.bytes
	switch {
	case n.tag == tagOctets|tagConstructed, n.tag == tagContext0 && place == 2 && parent == tagSequence:
		tag &^= tagConstructed
		for _, c := range n.children {
			body = append(body, c.flat()...)
		}
	case n.tag&tagConstructed != 0:
		for i, c := range n.children {
			body = append(body, c.der(i, n.tag)...)
		}
	}
	out, err := asn1.Marshal(asn1.RawValue{Class: int(tag >> 6), Tag: int(tag & 0x1f), IsCompound: tag&tagConstructed != 0, Bytes: body})
	if err != nil {
		panic(fmt.Sprintf("device: encoding what was decoded failed: %v", err))
	}
	return out
}

// flat is the content of a string that may be in pieces.
func (n node) flat() []byte {
	if n.tag&tagConstructed == 0 {
		return n.bytes
	}
	var out []byte
	for _, c := range n.children {
		out = append(out, c.flat()...)
	}
	return out
}

// derP12 rewrites a PKCS #12 file (RFC 7292) as NSS writes it, in BER, to DER. What
// its checksum is over changes by that, so the checksum is left out: it is one
// under an empty password, which protects nothing.
func derP12(file []byte) ([]byte, error) {
	pfx, _, err := parseBER(file, 0)
	if err != nil {
		return nil, err
	}
	if len(pfx.children) < 2 || len(pfx.children[1].children) < 2 || len(pfx.children[1].children[1].children) != 1 {
		return nil, errBER
	}
	pfx.children = pfx.children[:2]
	content := &pfx.children[1].children[1].children[0]
	safe, _, err := parseBER(content.flat(), 0)
	if err != nil {
		return nil, err
	}
	for i := range safe.children { // unencrypted bags are strings that hold BER again
		info := safe.children[i].children
		if len(info) == 2 && len(info[1].children) == 1 && info[1].children[0].tag&^tagConstructed == tagOctets {
			bags, _, err := parseBER(info[1].children[0].flat(), 0)
			if err != nil {
				return nil, err
			}
			info[1].children[0] = node{tag: tagOctets, bytes: bags.der(0, 0)}
		}
	}
	*content = node{tag: tagOctets, bytes: safe.der(0, 0)}
	return pfx.der(0, 0), nil
}
