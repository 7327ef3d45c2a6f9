package corosync

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"mainstay/group"
	"mainstay/member"
)

// session is one life of the connections to all services.
type session struct {
	config                        Config
	cpg, quorum, votes, cmap, cfg *conn
	gone                          chan struct{} // closed when one of them is broken
	once                          sync.Once

	mu    sync.Mutex
	nodes []member.NodeID // to watch links to
}

// open connects to all services and checks that they fit.
func open(c Config) (*session, error) {
	s := &session{config: c, gone: make(chan struct{})}
	for _, x := range []struct {
		to      **conn
		service string
	}{{&s.cpg, "cpg"}, {&s.quorum, "quorum"}, {&s.cmap, "cmap"}, {&s.cfg, "cfg"}, {&s.votes, "votequorum"}} {
		var err error
		if *x.to, err = dial(c.sockets, x.service); err != nil {
			if x.service == "votequorum" && s.cpg != nil {
				err = fmt.Errorf("corosync does not count votes: write provider: corosync_votequorum into the quorum section of corosync.conf (%w)", err)
			}
			s.close()
			return nil, err
		}
	}
	if err := s.check(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// check compares what Corosync says with the configuration.
func (s *session) check() error {
	id, err := s.cpg.localNode()
	if err != nil {
		return err
	}
	if id != s.config.Self {
		return fmt.Errorf("corosync says that this machine is node %s, the configuration file that it is node %s; give both the same node list", id, s.config.Self)
	}
	if err := s.settings(); err != nil {
		return err
	}
	if err := s.cmap.trackReload(); err != nil {
		return err
	}
	counts, err := s.quorum.trackQuorum()
	if err == nil && !counts {
		err = errors.New("corosync does not count votes: write provider: corosync_votequorum into the quorum section of corosync.conf")
	}
	return err
}

// settings tells what Corosync works with.
func (s *session) settings() error {
	nodes, err := s.cmap.nodes()
	if err != nil {
		return err
	}
	token, err := s.cmap.get("runtime.config.totem.token")
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.nodes = nil
	for _, n := range nodes {
		if n.ID != s.config.Self {
			s.nodes = append(s.nodes, n.ID)
		}
	}
	s.mu.Unlock()
	s.config.Tell(Settings{nodes, time.Duration(token.number) * time.Millisecond})
	return nil
}

func (s *session) conns() []*conn { return []*conn{s.cpg, s.quorum, s.cmap, s.cfg, s.votes} }

// failed ends the session because of an error.
func (s *session) failed(err error) {
	if err != nil && !errors.Is(err, errGone) {
		s.config.Log.Error("the connection to Corosync is given up", "error", err)
	}
	s.hangUp()
}

// hangUp breaks all connections, so that nobody waits on them any more.
func (s *session) hangUp() {
	s.once.Do(func() { close(s.gone) })
	for _, c := range s.conns() {
		if c != nil {
			c.hangUp()
		}
	}
}

// close releases everything. Nobody may use the session any more but by ask.
func (s *session) close() {
	for _, c := range s.conns() {
		if c != nil {
			c.close()
		}
	}
}

// readGroup passes on what happens in the group.
func (s *session) readGroup() error {
	for {
		p, err := s.cpg.next()
		if err != nil {
			return err
		}
		in, err := parseCPG(p)
		if err != nil {
			return err
		}
		if in != nil {
			s.config.Tell(Group{in})
		}
	}
}

// readVotes passes on each count of the votes: first the verdict, then that the
// ring has one.
func (s *session) readVotes() error {
	for {
		p, err := s.quorum.next()
		if err != nil {
			return err
		}
		x, ok, err := parseCounted(p)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		state, err := s.votes.votes(s.config.Self)
		if err != nil {
			return err
		}
		if state.Quorate = x.quorate; !x.quorate {
			state.WhyNot = fmt.Sprintf("Corosync counts %d of %d votes, %d are needed", state.Votes, state.Expected, state.Quorum)
		}
		s.config.Tell(Votes{state})
		s.config.Tell(Group{group.Counted{Ring: x.ring, Quorate: x.quorate}})
	}
}

// readMap reads the settings again when Corosync did.
func (s *session) readMap() error {
	for {
		p, err := s.cmap.next()
		if err != nil {
			return err
		}
		r, err := parseEvent(p)
		if err != nil {
			return err
		}
		if r.id != mapEvent {
			continue
		}
		if err := s.settings(); err != nil {
			s.config.Log.Error("corosync's new node list cannot be used; the present one stays", "error", err)
		}
	}
}

// linkInterval is how often the states of the links are asked for; Corosync does
// not tell them by itself.
const linkInterval = time.Second

// watchLinks tells the states of the links, and when they change.
func (s *session) watchLinks() {
	tick := time.NewTicker(linkInterval)
	defer tick.Stop()
	type key struct {
		node member.NodeID
		link int
	}
	known := map[key]bool{}
	for {
		s.mu.Lock()
		nodes := s.nodes
		s.mu.Unlock()
		for _, n := range nodes {
			links, err := s.cfg.links(n)
			if err != nil {
				if !errors.Is(err, errGone) {
					s.config.Log.Debug("the links to a node are not known", "node", n, "error", err)
				}
				continue
			}
			for _, l := range links {
				was, told := known[key{n, l.link}]
				if !told || was != l.up {
					known[key{n, l.link}] = l.up
					s.config.Tell(Link{n, l.link, l.up})
				}
			}
		}
		select {
		case <-s.gone:
			return
		case <-tick.C:
		}
	}
}
