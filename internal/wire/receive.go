package wire

import "encoding/binary"

// incoming judges a datagram, the cheapest test first: what is not from a peer's
// address with an epoch in use and a new counter never reaches the cipher.
func (m *Mux) incoming(link int, addr string, data []byte) {
	if !ours(data) {
		m.foreign(addr, data)
		return
	}
	h := readHeader(data)
	if h.from == m.cfg.Self {
		m.myself(addr, h, data)
		return
	}
	p := m.peer(h.from)
	m.touched = p
	if p == nil {
		m.alarm(UnknownNode, addr, "node id %d is not in the nodelist of this node", h.from)
		return
	}
	if h.to != 0 && h.to != m.cfg.Self {
		return // a recording of a packet to somebody else
	}
	k := m.key(h.key)
	if k == nil {
		m.wrongKey(addr, h, data)
		return
	}
	if o, ok := m.owners[addr]; !ok || o.peer != p || link < 0 || link >= len(p.paths) || p.paths[link].addr == "" {
		m.elsewhere(p, addr, h, k, data)
		return
	}
	if h.kind == kindHello {
		if body, ok := m.openHello(addr, h, k, data); ok {
			m.onHello(p, link, addr, h, k, body)
		}
		return
	}
	m.inSession(p, link, addr, h, data)
}

// inSession judges a packet that claims to belong to a session.
func (m *Mux) inSession(p *peer, link int, addr string, h header, data []byte) {
	if h.epoch != p.epoch {
		m.stranger(p, link)
		return
	}
	if !p.seen.fresh(h.counter) {
		return // it came over another link already, or is a recording
	}
	for _, s := range p.seals {
		if s.key != h.key {
			continue
		}
		body, ok := s.open(data, headerSize, h)
		if !ok {
			m.alarm(Damaged, addr, "a packet was changed on its way, or somebody forges packets")
			return
		}
		p.seen.mark(h.counter)
		m.authentic(p, link, addr, h, body)
		return
	}
}

// authentic takes the body of a packet that is the peer's, and new.
func (m *Mux) authentic(p *peer, link int, addr string, h header, body []byte) {
	m.sign(p, link)
	switch h.kind {
	case kindData:
		m.emit(Received{p.id, body})
	case kindProbe:
		in, ok := readProbe(body)
		if !ok {
			m.alarm(Damaged, addr, "a heartbeat could not be read")
			return
		}
		m.onProbe(p, link, in)
	case kindPiece:
		if !m.takePiece(p, body) {
			m.alarm(Damaged, addr, "a piece of a payload could not be read")
		}
	case kindBye:
		m.bye(p)
	}
}

// openHello checks a hello; it has a key of its own, since it comes before the session.
func (m *Mux) openHello(addr string, h header, k *clusterKey, data []byte) ([]byte, bool) {
	if len(data) < headerSize+helloClear {
		m.alarm(Damaged, addr, "a hello is cut off")
		return nil, false
	}
	body, ok := k.hello.open(data, headerSize+helloClear, h)
	if !ok {
		m.alarm(Damaged, addr, "a hello was changed on its way, or somebody forges packets")
	}
	return body, ok
}

// foreign reports a datagram that has not our format.
func (m *Mux) foreign(addr string, data []byte) {
	if len(data) > 2 && data[0] == 'M' && data[1] == 'S' {
		if data[2] != version {
			m.alarm(Foreign, addr, "packets of version %d of the protocol; this node speaks version %d", data[2], version)
			return
		}
		m.alarm(Damaged, addr, "a packet is cut off")
		return
	}
	m.alarm(Foreign, addr, "packets of another program (an old Corosync?) come in on the cluster's port")
}

// wrongKey reports a packet under a key that we do not have.
func (m *Mux) wrongKey(addr string, h header, data []byte) {
	switch {
	case h.kind == kindHello && len(data) >= headerSize+helloClear && binary.BigEndian.Uint32(data[headerSize:]) != m.tag:
		m.alarm(WrongCluster, addr, "a node of another cluster: its cluster_name is not %q", m.cfg.Cluster)
	case h.key == plainID:
		m.alarm(NotSealed, addr, "a node sends plain packets (secauth: off), this one protects them")
	case m.cfg.Plain:
		m.alarm(Sealed, addr, "a node protects its packets, this one does not (secauth: off)")
	default:
		m.alarm(WrongKey, addr, "a node has another cluster key: copy this cluster's key file to it")
	}
}

// myself takes a packet that says it is from this node: a reflection, or another
// machine with our node id. Only hellos can be told apart with certainty.
func (m *Mux) myself(addr string, h header, data []byte) {
	k := m.key(h.key)
	if h.epoch == m.epoch || h.kind != kindHello || k == nil {
		return
	}
	if _, ok := m.openHello(addr, h, k, data); ok {
		m.alarm(DuplicateID, addr, "another machine says that it is node %s, as this one: give it a nodeid of its own", m.cfg.Self)
	}
}

// elsewhere takes a peer's packet from an address that is not in the nodelist.
func (m *Mux) elsewhere(p *peer, addr string, h header, k *clusterKey, data []byte) {
	if h.kind != kindHello {
		m.alarm(UnknownAddress, addr, "packets in the name of node %s, whose addresses in the nodelist are others", p.id)
		return
	}
	if _, ok := m.openHello(addr, h, k, data); ok {
		m.alarm(DuplicateID, addr, "a machine at this address says that it is node %s, which has another address: correct the nodelist, or give the machine a nodeid of its own", p.id)
	}
}
