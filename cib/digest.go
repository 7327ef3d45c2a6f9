package cib

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"strings"
)

// Digest is the checksum that Pacemaker keeps beside the CIB on disk
// (cibadmin --md5-sum), as 32 hex digits.
func Digest(e *Elem) string {
	b := append(make([]byte, 0, 1024), ' ')
	b = append(appendDigest(b, e, false), '\n')
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// VersionedDigest is the checksum that Pacemaker's nodes compare
// (cibadmin --md5-sum-versioned): who wrote the document last does not count.
// Feature sets before 3.0.5, and documents that name none, use the plain one.
func VersionedDigest(e *Elem, featureSet string) string {
	if featureSet == "" || CompareFeatureSets(featureSet, "3.0.5") < 0 {
		return Digest(e)
	}
	sum := md5.Sum(appendDigest(make([]byte, 0, 1024), e, true))
	return hex.EncodeToString(sum[:])
}

// CompareFeatureSets compares dotted numbers, returning -1, 0 or 1.
func CompareFeatureSets(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := 0; i < len(as) || i < len(bs); i++ {
		var x, y int
		if i < len(as) {
			x, _ = strconv.Atoi(as[i])
		}
		if i < len(bs) {
			y, _ = strconv.Atoi(bs[i])
		}
		if x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	return 0
}

// appendDigest writes an element as Pacemaker feeds it to MD5: no white space
// between elements, and an escaping of its own.
func appendDigest(dst []byte, e *Elem, filtered bool) []byte {
	if e.Name() == CommentName {
		return append(append(append(dst, "<!--"...), e.text...), "-->"...)
	}
	dst = append(append(dst, '<'), e.Name()...)
	for _, a := range e.Attrs() {
		if filtered && untracked(a.Name) {
			continue
		}
		dst = append(append(append(dst, ' '), a.Name...), `="`...)
		dst = append(digestEscape(dst, a.Value), '"')
	}
	if len(e.Kids()) == 0 {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	for _, k := range e.kids {
		dst = appendDigest(dst, k, filtered)
	}
	return append(append(append(dst, "</"...), e.name...), '>')
}

// untracked are the attributes that say who wrote something, not what is so.
func untracked(name string) bool {
	switch name {
	case "crm-debug-origin", "cib-last-written", "update-origin", "update-client", "update-user":
		return true
	}
	return false
}

func digestEscape(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&quot;"...)
		case '\'':
			dst = append(dst, "&apos;"...)
		case '\t':
			dst = append(dst, "    "...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
