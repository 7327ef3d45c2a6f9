package corosync

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// request is a request being built: numbers in the machine's order, each in a place
// of 8 bytes unless said otherwise.
type request struct {
	id int32
	b  []byte
}

func newRequest(id int32) *request {
	r := &request{id: id, b: make([]byte, requestHeader)}
	binary.NativeEndian.PutUint32(r.b, uint32(id))
	return r
}

// number adds a number of 4 bytes in a place of 8.
func (r *request) number(v uint32) *request {
	r.b = binary.NativeEndian.AppendUint32(r.b, v)
	r.b = append(r.b, 0, 0, 0, 0)
	return r
}

// pair adds two numbers of 4 bytes.
func (r *request) pair(a, b uint32) *request {
	r.b = binary.NativeEndian.AppendUint32(r.b, a)
	r.b = binary.NativeEndian.AppendUint32(r.b, b)
	return r
}

// long adds a number of 8 bytes.
func (r *request) long(v uint64) *request {
	r.b = binary.NativeEndian.AppendUint64(r.b, v)
	return r
}

// text adds a length and a field of fixed size.
func (r *request) text(s string, size int) *request {
	r.number(uint32(len(s)))
	return r.raw(append([]byte(s), make([]byte, size-len(s))...))
}

func (r *request) raw(p []byte) *request {
	r.b = append(r.b, p...)
	return r
}

func (r *request) bytes() []byte {
	binary.NativeEndian.PutUint32(r.b[8:], uint32(len(r.b)))
	return r.b
}

// reply is an answer or an event, with its bytes behind the header.
type reply struct {
	id   int32
	code code
	b    []byte
	bad  bool // something was read beyond the end
}

// errShort says that an answer ends too early.
var errShort = errors.New("corosync: an answer is shorter than it must be")

// parseReply reads the header; a code other than success is an error.
func parseReply(p []byte) (*reply, error) {
	r, err := parseEvent(p)
	if err == nil && r.code != codeOK {
		return nil, r.code
	}
	return r, err
}

// parseEvent reads the header; the code of an event says nothing.
func parseEvent(p []byte) (*reply, error) {
	if len(p) < replyHeader {
		return nil, errShort
	}
	return &reply{id: int32(binary.NativeEndian.Uint32(p)), code: code(binary.NativeEndian.Uint32(p[16:])), b: p[replyHeader:]}, nil
}

// skip passes bytes over.
func (r *reply) skip(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

// u32 reads a number of 4 bytes.
func (r *reply) u32() uint32 {
	p := r.skip(4)
	if p == nil {
		return 0
	}
	return binary.NativeEndian.Uint32(p)
}

// number reads a number of 4 bytes in a place of 8.
func (r *reply) number() uint32 {
	v := r.u32()
	r.skip(4)
	return v
}

// long reads a number of 8 bytes.
func (r *reply) long() uint64 {
	p := r.skip(8)
	if p == nil {
		return 0
	}
	return binary.NativeEndian.Uint64(p)
}

func (r *reply) err() error {
	if r.bad {
		return errShort
	}
	return nil
}

func cString(p []byte) string {
	if i := bytes.IndexByte(p, 0); i >= 0 {
		p = p[:i]
	}
	return string(p)
}

// code is the result of a request (corotypes.h).
type code uint32

// The results that matter here.
const (
	codeOK       code = 1
	codeTryAgain code = 6
	codeAccess   code = 11
	codeNotExist code = 12
	codeExist    code = 14
	codeNoMore   code = 27
)

// Error names the result.
func (c code) Error() string {
	switch c {
	case codeTryAgain:
		return "corosync is busy, try again"
	case codeAccess:
		return "corosync does not allow that"
	case codeNotExist:
		return "corosync does not know that"
	case codeExist:
		return "corosync has that already"
	}
	return fmt.Sprintf("corosync answers with error %d", uint32(c))
}
