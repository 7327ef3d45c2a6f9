package group

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"mainstay/member"
)

// A frame is one message of the service: a byte that tells its kind, then
//
//	state     JSON, so that newer versions can add fields
//	fragment  representative (4 bytes) and number (8) of the view in which it was
//	          sent, offset (4) in the message, size (4) of the message, bytes;
//	          all numbers big-endian
const (
	kindState    = 1
	kindFragment = 2
)

// fragment header after the kind, in bytes.
const fragmentHeader = 4 + 8 + 4 + 4

// state is what a process tells of itself in an exchange.
type state struct {
	Ring    member.RingID // with Procs the key that it sees
	Procs   []Proc
	Prev    member.RingID   // the view that it comes from; zero: none
	Members []member.NodeID // of that view
	Seq     uint64          // highest number of a view that it knows
}

// fragment is a part of a message, or all of it.
type fragment struct {
	View         member.RingID
	Offset, Size uint32
	Data         []byte
}

func encodeState(s state) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic("group: encoding an own state failed: " + err.Error())
	}
	return append([]byte{kindState}, b...)
}

func encodeFragment(f fragment) []byte {
	b := make([]byte, 0, 1+fragmentHeader+len(f.Data))
	b = append(b, kindFragment)
	b = binary.BigEndian.AppendUint32(b, uint32(f.View.Rep))
	b = binary.BigEndian.AppendUint64(b, f.View.Seq)
	b = binary.BigEndian.AppendUint32(b, f.Offset)
	b = binary.BigEndian.AppendUint32(b, f.Size)
	return append(b, f.Data...)
}

// decode reads a frame: a state or a fragment.
func decode(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, errors.New("an empty message")
	}
	kind, b := b[0], b[1:]
	switch kind {
	case kindState:
		var s state
		if err := json.Unmarshal(b, &s); err != nil {
			return nil, fmt.Errorf("a state: %w", err)
		}
		return s, nil
	case kindFragment:
		if len(b) < fragmentHeader {
			return nil, fmt.Errorf("a fragment of %d bytes", len(b))
		}
		f := fragment{View: member.RingID{Rep: member.NodeID(binary.BigEndian.Uint32(b)), Seq: binary.BigEndian.Uint64(b[4:])},
			Offset: binary.BigEndian.Uint32(b[12:]), Size: binary.BigEndian.Uint32(b[16:]), Data: b[fragmentHeader:]}
		if f.Size > MaxPayload || uint64(f.Offset)+uint64(len(f.Data)) > uint64(f.Size) {
			return nil, fmt.Errorf("a fragment of %d bytes at %d of %d", len(f.Data), f.Offset, f.Size)
		}
		return f, nil
	}
	return nil, fmt.Errorf("a message of the unknown kind %d", kind)
}
