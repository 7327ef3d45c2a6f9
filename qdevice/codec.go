package qdevice

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"mainstay/member"
)

// header is the length of type and length of a message, optHeader of an option.
const (
	header    = 6
	optHeader = 4
)

// MaxMessage is the largest message that is taken, in bytes without header.
const MaxMessage = 32768

// ErrTooLong says that a message is longer than MaxMessage.
var ErrTooLong = errors.New("qdevice: a message is too long")

// Append writes a message behind dst. Options are in the order of their numbers.
func (m *Message) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(m.Type))
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for o := range options {
		if m.Has(o) && o != OptNodeInfo {
			dst = m.option(dst, o)
		}
	}
	for _, n := range m.Nodes {
		dst = appendNode(dst, n)
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// option writes one option.
func (m *Message) option(dst []byte, o Option) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(o))
	at := len(dst)
	dst = append(dst, 0, 0)
	be := binary.BigEndian
	switch o {
	case OptSeq:
		dst = be.AppendUint32(dst, m.Seq)
	case OptCluster:
		dst = append(dst, m.Cluster...)
	case OptTLS:
		dst = append(dst, byte(m.TLS))
	case OptCertRequired:
		dst = append(dst, flag(m.CertRequired))
	case OptMessages:
		dst = words(dst, m.Messages)
	case OptOptions:
		dst = words(dst, m.Options)
	case OptError:
		dst = be.AppendUint16(dst, uint16(m.Error))
	case OptMaxRequest:
		dst = be.AppendUint32(dst, m.MaxRequest)
	case OptMaxReply:
		dst = be.AppendUint32(dst, m.MaxReply)
	case OptNode:
		dst = be.AppendUint32(dst, uint32(m.Node))
	case OptAlgorithms:
		dst = words(dst, m.Algorithms)
	case OptAlgorithm:
		dst = be.AppendUint16(dst, uint16(m.Algorithm))
	case OptHeartbeat:
		dst = be.AppendUint32(dst, uint32(m.Heartbeat/time.Millisecond))
	case OptRing:
		dst = be.AppendUint32(dst, uint32(m.Ring.Rep))
		dst = be.AppendUint64(dst, m.Ring.Seq)
	case OptConfigVersion:
		dst = be.AppendUint64(dst, m.ConfigVersion)
	case OptDataCenter:
		dst = be.AppendUint32(dst, m.DataCenter)
	case OptListType:
		dst = append(dst, byte(m.ListType))
	case OptVote:
		dst = append(dst, byte(m.Vote))
	case OptQuorate:
		dst = append(dst, flag(m.Quorate))
	case OptTieBreaker:
		dst = append(dst, byte(m.TieBreaker.Mode))
		dst = be.AppendUint32(dst, uint32(m.TieBreaker.Node))
	case OptHeuristics:
		dst = append(dst, byte(m.Heuristics))
	case OptKeepActive:
		dst = append(dst, flag(m.KeepActive))
	}
	be.PutUint16(dst[at:], uint16(len(dst)-at-2))
	return dst
}

func appendNode(dst []byte, n NodeInfo) []byte {
	in := Message{Node: n.Node, DataCenter: n.DataCenter}
	dst = binary.BigEndian.AppendUint16(dst, uint16(OptNodeInfo))
	at := len(dst)
	dst = in.option(append(dst, 0, 0), OptNode)
	if n.DataCenter != 0 {
		dst = in.option(dst, OptDataCenter)
	}
	if n.State != NotSet {
		dst = append(dst, 0, byte(OptNodeState), 0, 1, byte(n.State))
	}
	binary.BigEndian.PutUint16(dst[at:], uint16(len(dst)-at-2))
	return dst
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func words[T ~uint16](dst []byte, list []T) []byte {
	for _, w := range list {
		dst = binary.BigEndian.AppendUint16(dst, uint16(w))
	}
	return dst
}

// Cut takes the first whole message off a stream; n is how many bytes it had, 0
// if it is not complete yet.
func Cut(stream []byte) (m Message, n int, err error) {
	if len(stream) < header {
		return m, 0, nil
	}
	size := binary.BigEndian.Uint32(stream[2:])
	if size > MaxMessage {
		return m, 0, ErrTooLong
	}
	if len(stream) < header+int(size) {
		return m, 0, nil
	}
	m.Type = MessageType(binary.BigEndian.Uint16(stream))
	n = header + int(size)
	err = each(stream[header:n], m.read)
	return m, n, err
}

// each calls f for every option in a list.
func each(list []byte, f func(o Option, value []byte) error) error {
	for len(list) > 0 {
		if len(list) < optHeader {
			return errors.New("qdevice: an option is cut off")
		}
		o, size := Option(binary.BigEndian.Uint16(list)), int(binary.BigEndian.Uint16(list[2:]))
		if len(list) < optHeader+size {
			return fmt.Errorf("qdevice: option %d is cut off", o)
		}
		if err := f(o, list[optHeader:optHeader+size]); err != nil {
			return err
		}
		list = list[optHeader+size:]
	}
	return nil
}

// sizes are the lengths of the options that have a fixed one.
func sizes(o Option) (bytes int, fixed bool) {
	switch o {
	case OptTLS, OptCertRequired, OptNodeState, OptListType, OptVote, OptQuorate, OptHeuristics, OptKeepActive:
		return 1, true
	case OptError, OptAlgorithm:
		return 2, true
	case OptSeq, OptMaxRequest, OptMaxReply, OptNode, OptHeartbeat, OptDataCenter:
		return 4, true
	case OptTieBreaker:
		return 5, true
	case OptConfigVersion:
		return 8, true
	case OptRing:
		return 12, true
	}
	return 0, false
}

// read takes an option over; what is not known is passed over, as newer peers may
// have more.
func (m *Message) read(o Option, v []byte) error {
	if want, fixed := sizes(o); fixed && len(v) != want {
		return fmt.Errorf("qdevice: option %d has %d bytes, want %d", o, len(v), want)
	}
	if o >= options {
		return nil
	}
	m.has |= 1 << o
	be := binary.BigEndian
	switch o {
	case OptSeq:
		m.Seq = be.Uint32(v)
	case OptCluster:
		m.Cluster = string(v)
	case OptError:
		m.Error = ErrorCode(be.Uint16(v))
	case OptMaxRequest:
		m.MaxRequest = be.Uint32(v)
	case OptMaxReply:
		m.MaxReply = be.Uint32(v)
	case OptNode:
		m.Node = member.NodeID(be.Uint32(v))
	case OptAlgorithm:
		m.Algorithm = Algorithm(be.Uint16(v))
	case OptHeartbeat:
		m.Heartbeat = time.Duration(be.Uint32(v)) * time.Millisecond
	case OptRing:
		m.Ring = member.RingID{Rep: member.NodeID(be.Uint32(v)), Seq: be.Uint64(v[4:])}
	case OptConfigVersion:
		m.ConfigVersion = be.Uint64(v)
	case OptDataCenter:
		m.DataCenter = be.Uint32(v)
	case OptTieBreaker:
		m.TieBreaker = TieBreaker{TieMode(v[0]), member.NodeID(be.Uint32(v[1:]))}
		return within("tie breaker", v[0], byte(Lowest), byte(Named))
	case OptMessages, OptOptions, OptAlgorithms:
		return m.readList(o, v)
	case OptNodeInfo:
		return m.readNode(v)
	default:
		return m.readByte(o, v[0])
	}
	return nil
}

// readByte takes an option of one byte over.
func (m *Message) readByte(o Option, b byte) error {
	switch o {
	case OptTLS:
		m.TLS = TLS(b)
		return within("TLS", b, 0, byte(TLSRequired))
	case OptCertRequired:
		m.CertRequired = b == 1
	case OptListType:
		m.ListType = ListType(b)
		return within("node list", b, 0, byte(QuorumList))
	case OptVote:
		m.Vote = Vote(b)
		return within("vote", b, byte(Ack), byte(NoChange))
	case OptQuorate:
		m.Quorate = b == 1
	case OptHeuristics:
		m.Heuristics = Heuristics(b)
		return within("heuristics", b, 0, byte(Failed))
	case OptKeepActive:
		m.KeepActive = b == 1
	case OptNodeState:
		return errors.New("qdevice: a node state outside of a node")
	}
	return within("yes or no", b, 0, 1)
}

func within(what string, b, lo, hi byte) error {
	if b < lo || b > hi {
		return fmt.Errorf("qdevice: %s has the value %d", what, b)
	}
	return nil
}

// readList takes a list of numbers over.
func (m *Message) readList(o Option, v []byte) error {
	if len(v)%2 != 0 {
		return fmt.Errorf("qdevice: option %d has an odd length", o)
	}
	switch o {
	case OptMessages:
		m.Messages = numbers[MessageType](v)
	case OptOptions:
		m.Options = numbers[Option](v)
	case OptAlgorithms:
		m.Algorithms = numbers[Algorithm](v)
	}
	return nil
}

func numbers[T ~uint16](v []byte) []T {
	var out []T
	for ; len(v) >= 2; v = v[2:] {
		out = append(out, T(binary.BigEndian.Uint16(v)))
	}
	return out
}

// readNode takes a node of a list over.
func (m *Message) readNode(v []byte) error {
	var n NodeInfo
	err := each(v, func(o Option, v []byte) error {
		if want, fixed := sizes(o); fixed && len(v) != want {
			return fmt.Errorf("qdevice: option %d of a node has %d bytes, want %d", o, len(v), want)
		}
		switch o {
		case OptNode:
			n.Node = member.NodeID(binary.BigEndian.Uint32(v))
		case OptDataCenter:
			n.DataCenter = binary.BigEndian.Uint32(v)
		case OptNodeState:
			n.State = NodeState(v[0])
			return within("node state", v[0], byte(NotSet), byte(Leaving))
		}
		return nil
	})
	if err == nil && n.Node == 0 {
		err = errors.New("qdevice: a node without a number")
	}
	m.Nodes = append(m.Nodes, n)
	return err
}
