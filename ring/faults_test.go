package ring

import (
	"slices"
	"time"

	"mainstay/member"
)

// fault is something bad that happens to a cluster, or the end of it.
type fault struct {
	name   string
	weight int
	do     func(s *sim, id, other int)
}

// faults is all that chance may do.
func faults() []fault {
	return []fault{
		{"crash", 2, func(s *sim, id, _ int) { s.crash(id) }},
		{"crash, and its host refuses packets", 2, func(s *sim, id, _ int) { s.crash(id); s.refuse(id) }},
		{"crash and start at once", 2, func(s *sim, id, _ int) { s.crash(id); s.start(id) }},
		{"crash of two", 2, func(s *sim, id, other int) { s.crash(id); s.crash(other) }},
		{"crash, and the disk is lost", 1, func(s *sim, id, _ int) { s.crash(id); s.loseDisk(id); s.startSoon(id) }},
		{"power loss of all", 1, (*sim).powerLoss},
		{"start of all", 4, func(s *sim, _, _ int) { s.startAll() }},
		{"pause of a process", 2, func(s *sim, id, _ int) {
			s.freeze(id)
			s.at(time.Duration(s.rng.Intn(3000))*time.Millisecond, func() { s.thaw(id) })
		}},
		{"pause of a machine with its clock", 2, func(s *sim, id, _ int) {
			s.stall(id)
			s.at(time.Duration(s.rng.Intn(3000))*time.Millisecond, func() { s.thaw(id) })
		}},
		{"clock drifts", 1, func(s *sim, id, _ int) { s.setRate(s.node(id), 0.9+0.2*s.rng.Float64()) }},
		{"partition", 2, func(s *sim, _, _ int) {
			mask := s.rng.Int63()
			s.partition(func(id int) bool { return mask>>id&1 == 1 })
		}},
		{"one-way partition", 2, func(s *sim, _, _ int) {
			mask := s.rng.Int63()
			s.oneWay(func(id int) bool { return mask>>id&1 == 1 })
		}},
		{"one-way cut", 2, func(s *sim, id, other int) { s.links[id-1][other-1].cut = true }},
		{"loss", 2, func(s *sim, _, _ int) {
			loss := s.rng.Float64() * 0.3
			s.everyLink(func(l *simLink) { l.loss = loss })
		}},
		{"one-way loss", 1, func(s *sim, id, _ int) { s.toOthers(id, func(l *simLink) { l.loss = 0.3 + 0.7*s.rng.Float64() }) }},
		{"delay", 2, func(s *sim, id, other int) {
			s.both(id, other, func(l *simLink) { l.delay = time.Duration(s.rng.Intn(80)) * time.Millisecond })
		}},
		{"duplicates", 2, func(s *sim, id, other int) {
			s.both(id, other, func(l *simLink) { l.dup = 0.3 })
			s.jitter = time.Duration(1+s.rng.Intn(2000)) * time.Microsecond
		}},
		{"reordering", 2, func(s *sim, id, _ int) {
			p := s.rng.Float64()
			s.toOthers(id, func(l *simLink) { l.reorder = p })
		}},
		{"very late packets", 2, func(s *sim, _, _ int) {
			late := s.rng.Float64() * 0.2
			s.everyLink(func(l *simLink) { l.late = late })
		}},
		{"garbled packets", 1, func(s *sim, id, _ int) {
			p := s.rng.Float64() * 0.5
			s.toOthers(id, func(l *simLink) { l.corrupt = p })
		}},
		{"leave", 2, func(s *sim, id, _ int) {
			if nd := s.node(id); nd.up {
				s.step(nd, Leave{})
			}
		}},
		{"takes no token", 2, func(s *sim, id, _ int) { s.node(id).deaf = func(b []byte) bool { return b[2] == kindToken } }},
		{"takes nothing of one kind", 1, func(s *sim, id, _ int) {
			kind := byte(kindData + s.rng.Intn(kindClaims))
			s.node(id).deaf = func(b []byte) bool { return b[2] == kind }
		}},
		{"false alarm", 1, func(s *sim, id, other int) {
			if id != other {
				s.step(s.node(id), []Input{Silence{member.NodeID(other)}, Unreachable{member.NodeID(other)}}[s.rng.Intn(2)])
			}
		}},
		{"node taken out or added", 2, func(s *sim, id, _ int) { s.reconfigure(id) }},
		{"other timing", 1, (*sim).retime},
		{"healing", 8, func(s *sim, _, _ int) { s.heal(); s.everyLink(s.weather) }},
	}
}

// fault lets chance choose.
func (s *sim) fault() {
	all := faults()
	sum := 0
	for _, f := range all {
		sum += f.weight
	}
	k := s.rng.Intn(sum)
	for _, f := range all {
		if k -= f.weight; k < 0 {
			id, other := 1+s.rng.Intn(len(s.nodes)), 1+s.rng.Intn(len(s.nodes))
			if s.trace != nil {
				s.trace("%10.3fms fault: %s (%d, %d)", float64(s.now-time.Second)/1e6, f.name, id, other)
			}
			s.happened[f.name]++
			f.do(s, id, other)
			return
		}
	}
}

// powerLoss ends all nodes at once; some lose their disks.
func (s *sim) powerLoss(_, _ int) {
	for id := range s.nodes {
		s.crash(id + 1)
		if s.rng.Intn(4) == 0 {
			s.loseDisk(id + 1)
		}
	}
	for id := range s.nodes {
		s.startSoon(id + 1)
	}
}

// startSoon starts a node some time later.
func (s *sim) startSoon(id int) {
	s.at(time.Duration(s.rng.Intn(1000))*time.Millisecond, func() { s.start(id) })
}

func (s *sim) startAll() {
	for id := range s.nodes {
		s.start(id + 1)
	}
}

// loseDisk makes a node forget what it kept.
func (s *sim) loseDisk(id int) {
	if n := s.node(id); !n.up {
		s.disksLost = s.disksLost || n.disk != 0
		n.disk = 0
	}
}

// reconfigure takes a node out of the configuration of all, itself included, or
// puts it back; the new configuration reaches the nodes at different times.
func (s *sim) reconfigure(id int) {
	who := member.NodeID(id)
	nodes := slices.DeleteFunc(slices.Clone(s.cfg.Nodes), func(o member.NodeID) bool { return o == who })
	if len(nodes) == len(s.cfg.Nodes) {
		nodes = append(nodes, who)
	}
	if len(nodes) == 0 {
		return
	}
	s.cfg.Nodes = nodes
	s.spread()
}

// retime changes the token time of all.
func (s *sim) retime(_, _ int) {
	s.cfg = Config{
		Nodes: s.cfg.Nodes, Window: s.cfg.Window,
		Token: []time.Duration{100, 200, 500, 1000}[s.rng.Intn(4)] * time.Millisecond,
	}.withDefaults()
	s.cfg.Nodes = slices.DeleteFunc(s.cfg.Nodes, func(o member.NodeID) bool { return o == 0 })
	s.spread()
}

// spread gives all nodes the configuration, at different times.
func (s *sim) spread() {
	for _, n := range s.nodes {
		s.at(time.Duration(s.rng.Intn(300))*time.Millisecond, func() {
			if n.up {
				s.step(n, Configure{s.cfg})
			}
		})
	}
}

// everyoneIn configures all nodes everywhere.
func (s *sim) everyoneIn() {
	s.cfg.Nodes = nil
	for _, n := range s.nodes {
		s.cfg.Nodes = append(s.cfg.Nodes, n.id)
	}
	for _, n := range s.nodes {
		if n.up {
			s.step(n, Configure{s.cfg})
		}
	}
}

// traffic submits some messages here and there.
func (s *sim) traffic() {
	if s.rng.Intn(6) == 0 { // a steady stream from all, into whatever happens next
		gap := 1 + s.rng.Intn(20)
		for id := 1; id <= len(s.nodes); id++ {
			for k := range 400 / gap {
				s.at(time.Duration(k*gap)*time.Millisecond, func() { s.submit(id, 200) })
			}
		}
	}
	for range s.rng.Intn(6) {
		id := 1 + s.rng.Intn(len(s.nodes))
		size := []int{8, 20, 100, 1000, 5000, 100_000}[s.rng.Intn(6)]
		if size == 100_000 {
			size = 50
			switch s.rng.Intn(60) {
			case 0:
				size = MaxPayload
			case 1, 2, 3, 4, 5, 6:
				size = 100_000
			}
		}
		for range 1 + s.rng.Intn(12) {
			s.at(time.Duration(s.rng.Intn(300_000))*time.Microsecond, func() { s.submit(id, size) })
			if size > 5000 {
				break
			}
		}
	}
}
