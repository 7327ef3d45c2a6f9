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
	given    replica.Recent[uint64, *given] // by number
	large    replica.Recent[uint64, *given] // heads and parts, which are of use in one view only
	last     uint64
	unread   int                             // given ones that nobody has taken yet
	read     replica.Recent[string, message] // by what was sent
	replicas *replica.Shared
}

// given is a message that goes from hand to hand.
type given struct {
	message
	taken bool // by somebody
}

// Bounds of what is remembered, in messages: of a view's members the last takes a
// message a few packets after the first. While more than maxUnread wait to be sent,
// others are sent whole, so that none is forgotten before it is taken.
const (
	sharedGiven = 1 << 13
	sharedLarge = 1 << 7
	sharedRead  = 1 << 10
	maxUnread   = sharedGiven / 4
)

// numbered begins a payload that is a message's number; JSON cannot begin so.
const numbered = '#'

// NewReadings makes a Shared by which engines have nothing in common but that what a
// message says is read once for all of them. What it says follows from its bytes, so
// each comes to what it would come to alone, and a copy of the CIB that went another
// way is seen.
func NewReadings() *Shared {
	return &Shared{read: replica.Recent[string, message]{Limit: sharedRead}}
}

// NewShared makes an empty Shared.
func NewShared() *Shared {
	return &Shared{given: replica.Recent[uint64, *given]{Limit: sharedGiven}, large: replica.Recent[uint64, *given]{Limit: sharedLarge}, read: replica.Recent[string, message]{Limit: sharedRead},
		replicas: replica.NewShared()}
}

// encode is what is sent for a message. The message must not be changed any more.
func (s *Shared) encode(m message) []byte {
	large := m.Head != nil || m.Part != nil
	if s == nil || s.replicas == nil || !large && (m.Update == nil && m.Order == nil || s.unread >= maxUnread) {
		return encode(m)
	}
	if m.Update != nil {
		m.Update.Twin = s.replicas.Twin()
	}
	s.last++
	if large {
		s.large.Put(s.last, &given{message: m})
	} else {
		s.unread++
		s.given.Put(s.last, &given{message: m})
	}
	return strconv.AppendUint([]byte{numbered}, s.last, 10)
}

// decode reads a message, or remembers it. What the message points to is shared.
func (s *Shared) decode(payload []byte) (message, error) {
	if s == nil {
		return decode(payload)
	}
	if number, ok := bytes.CutPrefix(payload, []byte{numbered}); ok {
		n, err := strconv.ParseUint(string(number), 10, 64)
		if m, have := s.large.Get(n); err == nil && have {
			return m.message, nil
		}
		if m, have := s.given.Get(n); err == nil && have {
			if !m.taken {
				m.taken = true
				s.unread--
			}
			return m.message, nil
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
	if m.Update != nil && s.replicas != nil {
		m.Update.Twin = s.replicas.Twin()
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
