package engine

import (
	"bytes"
	"encoding/json"
	"fmt"

	"mainstay/fence"
	"mainstay/graph"
	"mainstay/member"
	"mainstay/quorum"
	"mainstay/replica"
)

// message is one agreed message: exactly one of its fields is set. It is JSON, so
// that a newer member may add fields that an older one does not know.
type message struct {
	Votes     *quorum.Peer       `json:"votes,omitempty"`
	Head      *replica.Head      `json:"head,omitempty"`
	Part      *replica.Part      `json:"part,omitempty"`
	Persisted *replica.Persisted `json:"persisted,omitempty"`
	Update    *replica.Update    `json:"update,omitempty"`
	Order     *order             `json:"order,omitempty"`
	Fence     *fence.Request     `json:"fence,omitempty"`
	Attempted *fence.Attempted   `json:"attempted,omitempty"`
	Expired   *fence.Expired     `json:"expired,omitempty"`
	Confirm   *fence.Confirm     `json:"confirm,omitempty"`
	Withdraw  *fence.Withdraw    `json:"withdraw,omitempty"`
	Forget    *fence.Forget      `json:"forget,omitempty"`
	Remember  *fence.Remember    `json:"remember,omitempty"`
	Clean     *clean             `json:"clean,omitempty"`
	Goodbye   *goodbye           `json:"goodbye,omitempty"`
	Farewell  *goodbye           `json:"farewell,omitempty"`
	Config    *nodeConfig        `json:"config,omitempty"`
	Key       *keyChange         `json:"key,omitempty"`
	Ballot    *ballot            `json:"ballot,omitempty"`
	Unrest    *unrest            `json:"unrest,omitempty"`
}

// programs is the first byte of messages that are a program's own, not the
// engine's, whose JSON begins with a brace.
const programs = 0

// order is the coordinator's word to one node. It holds in the view in which it
// was sent and in no other.
type order struct {
	Ring member.RingID
	Node string
	// Key is the transition key "ACTION:TRANSITION:TARGETRC:UUID".
	Key    string
	Action graph.Action
}

// clean forgets the history of a resource (of all, if "") on a node (on all, if "").
type clean struct {
	Node, Rsc    string
	FailuresOnly bool
}

// goodbye is the last message of a node that leaves. Clean says that it stopped
// everything it ran; otherwise it has to be fenced.
type goodbye struct {
	Node  string
	Clean bool
}

// nodeConfig replaces the configuration file of all members. Seq is the sender's
// request, answered when the sender has come to it.
type nodeConfig struct {
	Text string
	Seq  uint64
}

// unrest tells all members what the coordinator plans again and again, or, if Plan is
// empty, that this is over.
type unrest struct{ Plan string }

// keyChange gives all members a new cluster key beside the present one, or, if
// Key is empty, has them forget the one before the present.
type keyChange struct {
	Key []byte
	Seq uint64
}

func encode(m message) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		panic("engine: encoding an own message failed: " + err.Error())
	}
	return b.Bytes()
}

func decode(payload []byte) (message, error) {
	var m message
	if err := json.Unmarshal(payload, &m); err != nil {
		return m, fmt.Errorf("agreed message: %w", err)
	}
	return m, nil
}
