package corosync

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"mainstay/conf"
	"mainstay/group"
	"mainstay/member"
	"mainstay/quorum"
)

// Config is what the hand needs.
type Config struct {
	Self member.NodeID // as the configuration file has it
	PID  uint32        // of this process
	Log  *slog.Logger
	// Tell takes what happened, one of the event types below, in order; it must not
	// block.
	Tell func(any)

	sockets string // see dial
}

// The events.
type (
	// Group is for the machine of package group.
	Group struct{ In group.Input }
	// Votes is a new count.
	Votes struct{ State quorum.State }
	// Link is the state of a link to a node, told when it changes.
	Link struct {
		Node member.NodeID
		Link int
		Up   bool
	}
	// Settings is what Corosync works with: told on connecting and whenever it has
	// read its configuration again.
	Settings struct {
		Nodes []conf.Node
		Token time.Duration // with its coefficient applied
	}
	// Trouble says why Corosync cannot be used, "" when it can again.
	Trouble struct{ Text string }
)

// Provider keeps the connections to Corosync, makes them again when they break, and
// carries messages both ways. Its methods may be called from any goroutine and do
// not block unless they say so.
type Provider struct {
	cfg    Config
	cancel context.CancelFunc
	done   chan struct{}

	mu   sync.Mutex
	out  [][]byte
	wake chan struct{} // out has something
	now  *session      // nil: not connected
}

// New makes a provider; Start connects it.
func New(cfg Config) *Provider {
	return &Provider{cfg: cfg, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// Start begins to connect.
func (p *Provider) Start() {
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	go p.run(ctx)
}

// Close ends the connections and waits for that. What was multicast before is
// handed to Corosync first.
func (p *Provider) Close() {
	p.cancel()
	<-p.done
}

// Multicast sends a message to the group.
func (p *Provider) Multicast(data []byte) {
	p.mu.Lock()
	p.out = append(p.out, data)
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// take takes the next message to send.
func (p *Provider) take() ([]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.out) == 0 {
		return nil, false
	}
	m := p.out[0]
	p.out = p.out[1:]
	return m, true
}

// errAway says that Corosync cannot be asked for anything now.
var errAway = errors.New("this node is not connected to Corosync")

func (p *Provider) session() (*session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil {
		return nil, errAway
	}
	return p.now, nil
}

// PutOut has Corosync end on a node.
func (p *Provider) PutOut(node member.NodeID, why string) {
	go func() {
		s, err := p.session()
		if err == nil {
			err = s.cfg.kill(node, why)
		}
		if err != nil {
			p.cfg.Log.Error("a node could not be put out", "node", node, "error", err)
		}
	}()
}

// Reload has Corosync on all nodes read its configuration file again. It blocks.
func (p *Provider) Reload() error {
	s, err := p.session()
	if err != nil {
		return err
	}
	return s.cfg.reload()
}

// retry is the pause before Corosync is looked for again.
const retry = 200 * time.Millisecond

// run connects, and connects again, until the end.
func (p *Provider) run(ctx context.Context) {
	defer close(p.done)
	trouble := "-"
	say := func(text string) {
		if text != trouble {
			trouble = text
			p.cfg.Tell(Trouble{text})
		}
	}
	for {
		s, err := open(p.cfg)
		if err == nil {
			say("")
			p.serve(ctx, s)
			if ctx.Err() == nil {
				p.cfg.Tell(Group{group.Lost{}})
				err = errors.New("corosync has ended, or closed the connection; this node is in no view until it runs again")
			}
		}
		if err != nil {
			say(err.Error())
		}
		t := time.NewTimer(retry)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// serve carries messages until the connection breaks or the end comes.
func (p *Provider) serve(ctx context.Context, s *session) {
	p.mu.Lock()
	p.now, p.out = s, nil
	p.mu.Unlock()
	var work sync.WaitGroup
	defer func() {
		p.mu.Lock()
		p.now = nil
		p.mu.Unlock()
		s.hangUp()
		work.Wait()
		s.close()
	}()
	p.cfg.Tell(Group{group.Connected{Self: group.Proc{Node: p.cfg.Self, PID: p.cfg.PID}}})
	for _, read := range []func() error{s.readGroup, s.readVotes, s.readMap} {
		work.Go(func() { s.failed(read()) })
	}
	work.Go(s.watchLinks)
	if err := s.cpg.join(p.cfg.PID); err != nil {
		s.failed(err)
		return
	}
	for {
		m, ok := p.take()
		if ok {
			if err := s.cpg.multicast(m); err != nil {
				s.failed(err)
				return
			}
			continue
		}
		select {
		case <-p.wake:
		case <-s.gone:
			return
		case <-ctx.Done():
			// It may be the end of Corosync, too: then there is nothing to leave.
			_ = s.cpg.leave(p.cfg.PID)
			return
		}
	}
}
