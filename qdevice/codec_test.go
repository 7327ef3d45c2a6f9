package qdevice

import (
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"mainstay/member"
)

// trace is what a corosync-qdevice 3.0.3 (node 1 of 4, ffsplit, tls: off) and a
// corosync-qnetd 3.0.3 said to each other, with what it means.
func trace() []struct {
	bytes string
	want  Message
} {
	all := func(n int) (m []MessageType) {
		for i := range n {
			m = append(m, MessageType(i))
		}
		return m
	}
	opts := func(n int) (o []Option) {
		for i := range n {
			o = append(o, Option(i))
		}
		return o
	}
	ring := member.RingID{Rep: 1, Seq: 5}
	return []struct {
		bytes string
		want  Message
	}{
		{"00000000000f0000000400000001000100036c6162", Message{Type: Preinit, Seq: 1, Cluster: "lab"}.With(OptSeq, OptCluster)},
		{"000100000012000000040000000100020001000003000101",
			Message{Type: PreinitReply, Seq: 1, TLS: TLSOff, CertRequired: true}.With(OptSeq, OptTLS, OptCertRequired)},
		{"0003000000930000000400000002000400240000000100020003000400050006000700080009000a000b000c000d000e000f00100011000500300000000100020003000400050006000700080009000a000b000c000d000e000f001000110012001300140015001600170009000400000001000b00020001000c000400001f40001500050100000000000d000c000000010000000000000005",
			Message{Type: Init, Seq: 2, Messages: all(18), Options: opts(24), Node: 1, Algorithm: FFSplit, Heartbeat: 8 * time.Second,
				TieBreaker: TieBreaker{Mode: Lowest}, Ring: ring}.With(OptSeq, OptMessages, OptOptions, OptNode, OptAlgorithm, OptHeartbeat, OptTieBreaker, OptRing)},
		{"000400000086000600020000000400240000000100020003000400050006000700080009000a000b000c000d000e000f00100011000500300000000100020003000400050006000700080009000a000b000c000d000e000f00100011001200130014001500160017000000040000000200070004000080000008000400008000000a00080000000100020003",
			Message{Type: InitReply, Seq: 2, Messages: all(18), Options: opts(24), MaxRequest: 32768, MaxReply: 32768, Algorithms: []Algorithm{0, 1, 2, 3}}.
				With(OptError, OptMessages, OptOptions, OptSeq, OptMaxRequest, OptMaxReply, OptAlgorithms)},
		{"00060000000d00000004000000030017000101", Message{Type: SetOption, Seq: 3, KeepActive: true}.With(OptSeq, OptKeepActive)},
		{"000a0000002900000004000000050012000102000d000c000000010000000000000005001100080009000400000001",
			Message{Type: NodeList, Seq: 5, ListType: Membership, Ring: ring, Nodes: []NodeInfo{{Node: 1}}}.With(OptSeq, OptListType, OptRing, OptNodeInfo)},
		{"000a000000340000000400000008001200010300140001010011000d000900040000000400100001010011000d00090004000000010010000101",
			Message{Type: NodeList, Seq: 8, ListType: QuorumList, Quorate: true, Nodes: []NodeInfo{{4, 0, Member}, {1, 0, Member}}}.
				With(OptSeq, OptListType, OptQuorate, OptNodeInfo)},
		{"000b0000002200000004000000040012000100000d000c0000000100000000000000050013000103",
			Message{Type: NodeListReply, Seq: 4, ListType: InitialConfig, Ring: ring, Vote: AskLater}.With(OptSeq, OptListType, OptRing, OptVote)},
		{"000e0000001d00000004000000010013000102000d000c000000010000000000000005",
			Message{Type: VoteInfo, Seq: 1, Vote: Nack, Ring: ring}.With(OptSeq, OptVote, OptRing)},
		{"000f000000080000000400000001", Message{Type: VoteInfoReply, Seq: 1}.With(OptSeq)},
		{"0008000000080000000400000001", Message{Type: EchoRequest, Seq: 1}.With(OptSeq)},
	}
}

func TestTraceIsUnderstood(t *testing.T) {
	for _, c := range trace() {
		raw, err := hex.DecodeString(c.bytes)
		if err != nil {
			t.Fatal(err)
		}
		got, n, err := Cut(append(raw, 0xff))
		if err != nil || n != len(raw) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %d of %d bytes, %v\n got %+v\nwant %+v", c.want.Type, n, len(raw), err, got, c.want)
		}
		again, _, err := Cut(got.Append(nil))
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: written and read again: %v %+v", c.want.Type, err, again)
		}
		for i := range raw {
			if _, n, err := Cut(raw[:i]); n != 0 || err != nil {
				t.Fatalf("%s cut off at %d: %d bytes, %v", c.want.Type, i, n, err)
			}
		}
	}
}

func TestDamageIsRefused(t *testing.T) {
	for name, s := range map[string]string{
		"too long":              "000000010000",
		"option cut off":        "00000000000300000004",
		"value cut off":         "0000000000050000000400",
		"short number":          "0000000000060000000200010002",
		"odd list":              "00030000000700040003000000",
		"vote out of range":     "000e0000000500130001090000",
		"node without a number": "000a000000090011000500100001010000",
		"stray node state":      "000a000000050010000101",
		"node option too long":  "000a0000000c00110008000900050000000100",
	} {
		raw, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(name, err)
		}
		if m, _, err := Cut(raw); err == nil {
			t.Errorf("%s: taken as %+v", name, m)
		}
	}
	if m, n, err := Cut([]byte{0, 8, 0, 0, 0, 5, 0x7f, 0xff, 0, 1, 9}); err != nil || n != 11 || m.Type != EchoRequest {
		t.Errorf("an option of the future: %+v %d %v", m, n, err)
	}
}

// FuzzCut: no stream breaks the reader, and what it took is the same after it was
// written and read again.
func FuzzCut(f *testing.F) {
	for _, c := range trace() {
		raw, _ := hex.DecodeString(c.bytes)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		m, n, err := Cut(stream)
		if err != nil || n == 0 {
			return
		}
		again, _, err := Cut(m.Append(nil))
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("%v\n%+v\n%+v", err, m, again)
		}
	})
}
