package corosync

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// fakeDaemon is the daemon's side of the connections, as a running Corosync has it:
// enough of the five services for one node that is alone in its ring.
type fakeDaemon struct {
	t       *testing.T
	sockets string
	node    uint32
	nodes   int // in the node list
	quorum  uint32
	mu      sync.Mutex
	ln      []net.Listener
	conns   []net.Conn
	work    sync.WaitGroup
	killed  []uint32
	reloads int
	busy    int // so many of the next requests are answered with "try again"
	seq     uint64
}

func startFake(t *testing.T, sockets string, seq uint64) *fakeDaemon {
	t.Helper()
	d := &fakeDaemon{t: t, sockets: sockets, node: 1, nodes: 2, quorum: 1, seq: seq, busy: 2}
	for _, service := range []string{"cpg", "quorum", "votequorum", "cmap", "cfg"} {
		l, err := net.Listen("unix", filepath.Join(sockets, service))
		if err != nil {
			t.Fatal(err)
		}
		d.ln = append(d.ln, l)
		d.work.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				d.mu.Lock()
				d.conns = append(d.conns, c)
				d.mu.Unlock()
				d.work.Go(func() { d.serve(service, c) })
			}
		})
	}
	t.Cleanup(d.stop)
	return d
}

func (d *fakeDaemon) stop() {
	d.mu.Lock()
	for _, l := range d.ln {
		l.Close()
	}
	for _, c := range d.conns {
		c.Close()
	}
	d.mu.Unlock()
	d.work.Wait()
}

// fakeWords is the size of a buffer in words: a little more than the largest message.
const fakeWords = 1<<18 + 1<<10

// makeBuffer makes the files of a buffer.
func makeBuffer(t *testing.T, path string) *buffer {
	t.Helper()
	head := make([]byte, headerMin)
	binary.NativeEndian.PutUint32(head[atWords:], fakeWords)
	for name, b := range map[string][]byte{path + "-header": head, path + "-data": make([]byte, 4*fakeWords)} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := openBuffer(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fakeConn is one connection at the daemon's end.
type fakeConn struct {
	*fakeDaemon
	sock                     net.Conn
	request, response, event *buffer
	pid                      uint32
}

func (d *fakeDaemon) serve(service string, sock net.Conn) {
	hello := make([]byte, requestHeader+8)
	if _, err := io.ReadFull(sock, hello); err != nil {
		return
	}
	dir := d.t.TempDir()
	w := make([]byte, welcomeSize)
	binary.NativeEndian.PutUint32(w[24:], bySharedMem)
	c := &fakeConn{fakeDaemon: d, sock: sock}
	for i, b := range []**buffer{&c.request, &c.response, &c.event} {
		path := filepath.Join(dir, []string{"request", "response", "event"}[i])
		*b = makeBuffer(d.t, path)
		defer (*b).close()
		copy(w[replyHeader+16+i*pathMax:], path)
	}
	if _, err := sock.Write(w); err != nil {
		return
	}
	ring := make([]byte, 64)
	for {
		if _, err := sock.Read(ring); err != nil {
			return
		}
		for {
			p, err := c.request.read()
			if err != nil {
				d.t.Error(err)
			}
			if p == nil {
				break
			}
			c.handle(service, p)
		}
	}
}

// place is a number in a place of 8 bytes.
func place(v uint32) []byte { return binary.NativeEndian.AppendUint64(nil, uint64(v)) }

func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func message(id uint32, parts ...[]byte) []byte {
	p := join(parts...)
	return join(place(id), place(uint32(len(p)+16)), p)
}

func (c *fakeConn) answer(id uint32, code code, parts ...[]byte) {
	if err := c.response.write(message(id, place(uint32(code)), join(parts...))); err != nil {
		c.t.Error(err)
	}
}

func (c *fakeConn) tell(id uint32, parts ...[]byte) {
	if err := c.event.write(message(id, place(1), join(parts...))); err != nil {
		c.t.Error(err)
	}
	_, _ = c.sock.Write([]byte{0}) // the client may be gone
}

func field(s string, size int) []byte { return append([]byte(s), make([]byte, size-len(s))...) }

func (c *fakeConn) handle(service string, p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, body := binary.NativeEndian.Uint32(p), p[requestHeader:]
	if c.busy > 0 && !(service == "cpg" && id == cpgMulticast) {
		c.busy--
		c.answer(id, codeTryAgain)
		return
	}
	switch service {
	case "cpg":
		c.cpg(id, body)
	case "quorum":
		c.answer(id, codeOK, place(c.quorum))
		if id == quorumTrack {
			c.tell(7, place(1), place(0)) // the node list, which says nothing new
			c.tell(quorumCounted, place(1), place(1), binary.NativeEndian.AppendUint64(nil, c.seq), place(0))
		}
	case "votequorum":
		b := make([]byte, 300)
		for i, v := range []uint32{1, 1, 1, 2, 2, 1, 2, flagQuorate | flagTwoNode} {
			binary.NativeEndian.PutUint32(b[4*i:], v)
		}
		c.answer(id, codeOK, b)
	case "cmap":
		c.cmap(id, body)
	case "cfg":
		c.cfg(id, body)
	}
}

func (c *fakeConn) cpg(id uint32, body []byte) {
	name := join(place(uint32(len(groupName))), field(groupName, cpgNameSize))
	switch id {
	case cpgLocalNode:
		c.answer(id, codeOK, place(c.node))
	case cpgJoin:
		c.pid = binary.NativeEndian.Uint32(body[8+cpgNameSize:])
		c.answer(id, codeOK)
		me := join(place(c.node), place(c.pid), place(1))
		c.tell(cpgChanged, name, place(1), place(1), place(0), me, me)
		c.tell(cpgRing, place(1), binary.NativeEndian.AppendUint64(nil, c.seq), []byte{1, 0, 0, 0, 1, 0, 0, 0})
	case cpgMulticast:
		size := binary.NativeEndian.Uint32(body[16:])
		c.tell(cpgMessage, name, place(size), place(c.node), place(c.pid), body[24:24+size])
	case cpgLeave:
		c.answer(id, codeOK)
	default:
		c.t.Errorf("request %d to cpg", id)
	}
}

func (c *fakeConn) cmap(id uint32, body []byte) {
	keys := []string{"nodelist.local_node_pos", "nodelist.node.1.ring1_addr", "nodelist.node.0.nodeid", "nodelist.node.0.name",
		"nodelist.node.1.name", "nodelist.node.1.nodeid", "nodelist.node.1.quorum_votes", "nodelist.node.0.ring0_addr", "nodelist.node.1.ring0_addr"}
	switch id {
	case mapIterate:
		c.reloads = 0
		c.answer(id, codeOK, place(9))
	case mapNext:
		if c.reloads == len(keys) {
			c.answer(id, codeNoMore)
			return
		}
		k := keys[c.reloads]
		c.reloads++
		c.answer(id, codeOK, place(uint32(len(k))), field(k, mapKeySize), place(4), place(typeU32))
	case mapDone:
		c.answer(id, codeOK)
	case mapTrack:
		c.answer(id, codeOK, place(1))
		c.tell(mapEvent)
	case mapGet:
		k := cString(body[8:])
		v, number := map[string]uint32{"nodelist.node.0.nodeid": 1, "nodelist.node.1.nodeid": 2, "nodelist.node.1.quorum_votes": 3, "runtime.config.totem.token": 1234}[k]
		if number {
			c.answer(id, codeOK, place(4), place(typeU32), binary.NativeEndian.AppendUint32(nil, v))
			return
		}
		text := map[string]string{"nodelist.node.0.name": "a", "nodelist.node.1.name": "b", "nodelist.node.0.ring0_addr": "10.0.0.1",
			"nodelist.node.1.ring0_addr": "10.0.0.2", "nodelist.node.1.ring1_addr": "10.1.0.2"}[k]
		c.answer(id, codeOK, place(uint32(len(text)+1)), place(typeString), []byte(text+"\x00"))
	}
}

func (c *fakeConn) cfg(id uint32, body []byte) {
	switch id {
	case cfgKill:
		c.killed = append(c.killed, binary.NativeEndian.Uint32(body))
		c.answer(id, codeOK)
	case cfgReload:
		c.answer(id, codeOK)
	case cfgStatus:
		b := make([]byte, 16+8*(8+2*cfgHostSize))
		b[16], b[17] = 1, 1
		b[16+8+2*cfgHostSize] = 1
		c.answer(id, codeOK, b)
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(10 * time.Second)
	for !ok() {
		select {
		case <-end:
			t.Fatal("waited in vain: " + what)
		case <-tick.C:
		}
	}
}
