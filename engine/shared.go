package engine

import (
	"bytes"
	"fmt"
	"strconv"

	"mainstay/replica"
)

// Shared is what the engines of one process have in common, where a whole cluster
// runs in one (simulations): a message that is large or frequent goes from hand to
// hand and only its number over the links, the others are read once for all, and
// what an update makes of the CIB is worked out once. All may do without it, and
// none decides anything else with it; it is not for use by several goroutines.
type Shared struct {
	given    replica.Recent[uint64, message] // by number
	last     uint64
	read     replica.Recent[string, message] // by what was sent
	replicas *replica.Shared
}

// Bounds of what is remembered, in messages: of a view's members the last takes a
// message a few packets after the first, and the whole cluster can have some
// thousands on their way.
const (
	sharedGiven = 1 << 14
	sharedRead  = 1 << 10
)

// numbered begins a payload that is a message's number; JSON cannot begin so.
const numbered = '#'

// NewShared makes an empty Shared.
func NewShared() *Shared {
	return &Shared{given: replica.Recent[uint64, message]{Limit: sharedGiven}, read: replica.Recent[string, message]{Limit: sharedRead},
		replicas: replica.NewShared()}
}

// encode is what is sent for a message. The message must not be changed any more.
func (s *Shared) encode(m message) []byte {
	if s == nil || m.Head == nil && m.Part == nil && m.Update == nil && m.Order == nil {
		return encode(m)
	}
	if m.Update != nil {
		m.Update.Twin = s.replicas.Twin()
	}
	s.last++
	s.given.Put(s.last, m)
	return strconv.AppendUint([]byte{numbered}, s.last, 10)
}

// decode reads a message, or remembers it. What the message points to is shared.
func (s *Shared) decode(payload []byte) (message, error) {
	if s == nil {
		return decode(payload)
	}
	if number, ok := bytes.CutPrefix(payload, []byte{numbered}); ok {
		n, err := strconv.ParseUint(string(number), 10, 64)
		if m, have := s.given.Get(n); err == nil && have {
			return m, nil
		}
		return message{}, fmt.Errorf("message %s is forgotten", payload)
	}
	if m, ok := s.read.Get(string(payload)); ok {
		return m, nil
	}
	m, err := decode(payload)
	if err != nil {
		return m, err
	}
	s.read.Put(string(payload), m)
	return m, nil
}

// ofReplicas is the part for the replicas; nil if nothing is shared.
func (s *Shared) ofReplicas() *replica.Shared {
	if s == nil {
		return nil
	}
	return s.replicas
}
