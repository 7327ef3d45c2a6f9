package ring

import "mainstay/member"

// join is a node's proposal for the next view.
type join struct {
	inc     uint64          // incarnation of the sender
	count   uint64          // grows with each join that the sender sends
	ringSeq uint64          // highest ring sequence that the sender knows of
	fresh   bool            // the sender has had no view yet
	paused  bool            // the sender was paused, which excuses it
	waits   bool            // only a sign of life: the sender waits for the ring to form
	tenure  int             // with how many others the sender has been together for long
	who     proposal        // whom it knows of
	claims  []member.NodeID // nodes that it cannot work with: silent, refusing or sick
}

func (j *join) encode() []byte {
	var flags byte
	if j.fresh {
		flags = flagFresh
	}
	if j.waits {
		flags |= flagWaits
	}
	if j.paused {
		flags |= flagPaused
	}
	w := newWriter(kindJoin, flags, 48+14*len(j.who)+5*len(j.claims))
	w.u64(j.inc)
	w.uv(j.count)
	w.uv(j.ringSeq)
	w.uv(uint64(j.tenure))
	w.uv(uint64(len(j.who)))
	for _, c := range j.who {
		w.seat(c.seat)
		w.u8(boolByte(c.failed) | boolByte(c.out)<<1 | boolByte(c.sick)<<2)
	}
	w.ids(j.claims)
	return w.b
}

func parseJoin(flags byte, body []byte) (*join, bool) {
	r := reader{b: body}
	j := &join{inc: r.u64(), count: r.uv(), ringSeq: r.uv(), fresh: flags&flagFresh != 0, waits: flags&flagWaits != 0, paused: flags&flagPaused != 0}
	j.tenure = r.count(MaxMembers)
	for range r.count(MaxMembers) {
		c := candidate{seat: r.seat()}
		bits := r.u8()
		c.failed, c.out, c.sick = bits&1 != 0, bits&2 != 0, bits&4 != 0
		if c.id == 0 || (len(j.who) > 0 && j.who[len(j.who)-1].id >= c.id) {
			return nil, false
		}
		j.who = append(j.who, c)
	}
	j.claims = r.ids()
	return j, r.done()
}

// boolByte is 1 for true.
func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// account is what a member brings along from its previous ring.
type account struct {
	seat
	filled bool
	old    member.RingID // zero if it had none
	aru    uint64        // it has all packets of that ring up to here …
	high   uint64        // … and none beyond this one
	safe   uint64        // it knows that all members of that ring have all up to here
	owes   uint64        // members of that ring, by place, of whom others may have delivered all (see ringState.owes)
}

// commit is the commit token: it goes round the new ring twice, first to
// collect the accounts, then to show them to all.
type commit struct {
	ring     member.RingID
	tseq     uint64
	round    byte // 1 or 2
	accounts []account
	goodbye  []member.NodeID // who is known to have left on purpose
}

func (c *commit) encode() []byte {
	w := newWriter(kindCommit, 0, 48+40*len(c.accounts))
	w.ring(c.ring)
	w.uv(c.tseq)
	w.u8(c.round)
	w.uv(uint64(len(c.accounts)))
	for _, a := range c.accounts {
		w.seat(a.seat)
		w.u8(boolByte(a.filled))
		w.ring(a.old)
		w.uv(a.aru)
		w.uv(a.high - a.aru)
		w.uv(a.aru - a.safe)
		w.uv(a.owes)
	}
	w.ids(c.goodbye)
	return w.b
}

func parseCommit(body []byte) (*commit, bool) {
	r := reader{b: body}
	c := &commit{ring: r.ring(), tseq: r.uv(), round: r.u8()}
	for range r.count(MaxMembers) {
		a := account{seat: r.seat(), filled: r.u8() != 0, old: r.ring(), aru: r.uv()}
		span, lag := r.uv(), r.uv()
		a.owes = r.uv()
		if span > maxSpan || lag > a.aru || a.id == 0 || (len(c.accounts) > 0 && c.accounts[len(c.accounts)-1].id >= a.id) {
			return nil, false
		}
		a.high, a.safe = a.aru+span, a.aru-lag
		c.accounts = append(c.accounts, a)
	}
	c.goodbye = r.ids()
	return c, r.done() && len(c.accounts) > 0 && (c.round == 1 || c.round == 2)
}

// roster returns the members of the new ring.
func (c *commit) roster() roster {
	out := make(roster, len(c.accounts))
	for i, a := range c.accounts {
		out[i] = a.seat
	}
	return out
}

// announce tells absent nodes of a ring.
type announce struct {
	inc    uint64
	ring   member.RingID
	who    []member.NodeID // members of the ring
	claims []member.NodeID // nodes that some of them cannot work with
}

func (a *announce) encode() []byte {
	w := newWriter(kindAnnounce, 0, 48+5*len(a.who)+5*len(a.claims))
	w.u64(a.inc)
	w.ring(a.ring)
	w.ids(a.who)
	w.ids(a.claims)
	return w.b
}

func parseAnnounce(body []byte) (*announce, bool) {
	r := reader{b: body}
	a := &announce{inc: r.u64(), ring: r.ring(), who: r.ids(), claims: r.ids()}
	return a, r.done()
}

// goodbye says that the sender leaves.
type goodbye struct{ inc uint64 }

func (g goodbye) encode() []byte {
	w := newWriter(kindGoodbye, 0, 16)
	w.u64(g.inc)
	return w.b
}

func parseGoodbye(body []byte) (goodbye, bool) {
	r := reader{b: body}
	g := goodbye{inc: r.u64()}
	return g, r.done()
}

// claimList tells the members of the view whom the sender cannot work with.
type claimList struct {
	inc    uint64
	claims []member.NodeID
}

func (c claimList) encode() []byte {
	w := newWriter(kindClaims, 0, 16+5*len(c.claims))
	w.u64(c.inc)
	w.ids(c.claims)
	return w.b
}

func parseClaims(body []byte) (claimList, bool) {
	r := reader{b: body}
	c := claimList{inc: r.u64(), claims: r.ids()}
	return c, r.done()
}
