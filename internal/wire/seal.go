package wire

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"mainstay/member"
)

// plainSize is the length of the checksum that takes the place of the seal.
const plainSize = 4

// plainID is the key id of packets that are not sealed.
const plainID = 0

// clusterKey is what is derived from one cluster key and the cluster's name:
// nodes that differ in either do not understand each other.
type clusterKey struct {
	id    uint32 // shown in the clear; plainID: no protection
	prk   []byte // pseudorandom key (RFC 5869)
	salt  uint32 // of the checksum, if there is no protection
	hello seal
	send  seal // of this node's epoch
}

// seal protects packets. Nonces are the packets' counters, so a seal must not
// be used for two epochs.
type seal struct {
	aead  cipher.AEAD // nil: a checksum only
	nonce *[12]byte   // scratch
	salt  uint32
}

const protocol = "mainstay wire 1"

// newKey derives a cluster key; a nil secret means no protection.
func newKey(secret []byte, cluster string) (*clusterKey, error) {
	if secret == nil {
		salt := crc32.Checksum([]byte(protocol+"\x00"+cluster), castagnoli())
		plain := seal{salt: salt}
		return &clusterKey{id: plainID, salt: salt, hello: plain, send: plain}, nil
	}
	if len(secret) < 16 {
		return nil, fmt.Errorf("wire: the cluster key has %d bytes, want at least 16", len(secret))
	}
	prk, err := hkdf.Extract(sha256.New, secret, []byte(protocol+"\x00"+cluster))
	if err != nil {
		return nil, fmt.Errorf("wire: deriving from the cluster key: %w", err)
	}
	k := &clusterKey{prk: prk}
	k.id = binary.BigEndian.Uint32(k.expand("id", 4)) | 1 // never plainID
	k.hello = newSeal(k.expand("hello", 32))
	return k, nil
}

// expand derives n bytes for a purpose. Asked for so few bytes it cannot fail.
func (k *clusterKey) expand(purpose string, n int) []byte {
	b, err := hkdf.Expand(sha256.New, k.prk, purpose, n)
	if err != nil {
		panic("wire: HKDF: " + err.Error())
	}
	return b
}

// session is the seal of the packets of one life of a node.
func (k *clusterKey) session(from member.NodeID, epoch uint64) seal {
	if k.id == plainID {
		return seal{salt: k.salt}
	}
	purpose := binary.BigEndian.AppendUint32([]byte("session"), uint32(from))
	purpose = binary.BigEndian.AppendUint64(purpose, epoch)
	return newSeal(k.expand(string(purpose), 32))
}

func newSeal(key []byte) seal {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("wire: AES: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("wire: GCM: " + err.Error())
	}
	return seal{aead: aead, nonce: new([12]byte)}
}

// number sets the nonce: the packet's counter; of a hello also its epoch, since
// all lives of all nodes share that key.
func (s seal) number(h header) []byte {
	n := s.nonce
	if h.kind == kindHello {
		binary.BigEndian.PutUint64(n[:], h.epoch)
		binary.BigEndian.PutUint32(n[8:], uint32(h.counter))
		return n[:]
	}
	binary.BigEndian.PutUint32(n[:], 0)
	binary.BigEndian.PutUint64(n[4:], h.counter)
	return n[:]
}

// size is what the seal adds to a packet.
func (s seal) size() int {
	if s.aead == nil {
		return plainSize
	}
	return sealSize
}

// close seals a packet in place: its first clear bytes stay readable. The
// packet's capacity must have room for the seal.
func (s seal) close(packet []byte, clear int, h header) []byte {
	if s.aead == nil {
		return binary.BigEndian.AppendUint32(packet, s.sum(packet))
	}
	return s.aead.Seal(packet[:clear], s.number(h), packet[clear:], packet[:clear])
}

// open checks a packet and returns its body, decrypted in place.
func (s seal) open(packet []byte, clear int, h header) ([]byte, bool) {
	if len(packet) < clear+s.size() {
		return nil, false
	}
	if s.aead == nil {
		end := len(packet) - plainSize
		return packet[clear:end:end], binary.BigEndian.Uint32(packet[end:]) == s.sum(packet[:end])
	}
	body, err := s.aead.Open(packet[clear:clear], s.number(h), packet[clear:], packet[:clear])
	return body, err == nil
}

func (s seal) sum(b []byte) uint32 { return crc32.Update(s.salt, castagnoli(), b) }

// castagnoli returns the table for which processors have an instruction;
// the library makes it once.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// nameTag lets nodes of clusters with different names tell that from different keys.
func nameTag(cluster string) uint32 {
	sum := sha256.Sum256([]byte(protocol + "\x00name\x00" + cluster))
	return binary.BigEndian.Uint32(sum[:])
}
