package playground

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"mainstay/examples"
)

// Rehearsal says what is rehearsed: the power of the node that holds a virtual IP is
// cut while a client outside uses it.
type Rehearsal struct {
	Options
	Resource string        // the virtual IP; "" for the example's public one
	Address  netip.Addr    // of it; zero for the example's
	Rounds   int           // 0: one
	Step     time.Duration // of the probe; 0: 5 ms
}

// Round is what one cut of the power did, as seen from outside and from the logs.
// Times are counted from the cut; zero means that it was not seen.
type Round struct {
	Victim, Successor string
	Coordinator       bool          // the victim was the coordinator
	Detected          time.Duration // a view without the victim
	Planned           time.Duration // what to do about it was decided
	Fenced            time.Duration // the victim was confirmed off
	Started           time.Duration // the virtual IP's start was reported
	Answered          time.Duration // the first answer from elsewhere
	Outage            time.Duration // from the victim's last answer to that
	Row               time.Duration // the first row acknowledged after the cut
	RowOutage         time.Duration // longest time without an acknowledged row
	Acked, Failed     int
	Lost              int
	Overlap           int // answers of two owners at once
}

// The example's public address.
const publicVIP = "vip__public_old"

func (h Rehearsal) defaults() Rehearsal {
	if h.Resource == "" {
		h.Resource = publicVIP
	}
	if !h.Address.IsValid() {
		h.Address = netip.MustParseAddr("172.18.94.46")
	}
	if h.Rounds == 0 {
		h.Rounds = 1
	}
	if h.Step == 0 {
		h.Step = 5 * time.Millisecond
	}
	if h.Out == nil {
		h.Out = io.Discard
	}
	if h.Config == "" && h.Text == nil {
		h.Text = examples.Controllers
	}
	return h
}

// Rehearse rehearses on the playground that is running, or on one that it makes and
// removes. It prints what happened as a table and returns an error if acknowledged
// rows are missing or two nodes had the address at once.
func Rehearse(ctx context.Context, h Rehearsal) error {
	h = h.defaults()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if _, err := Status(h.Dir); errors.Is(err, ErrNone) {
		r, err := Open(h.Options)
		if err != nil {
			return err
		}
		h.Dir = r.Dir()
		err = r.Bring(ctx)
		if err == nil {
			err = h.run(ctx)
		}
		r.step("down", "removing everything")
		return errors.Join(err, r.Close())
	} else if err != nil {
		return err
	}
	return h.run(ctx)
}

// run does the rounds and prints their tables.
func (h Rehearsal) run(ctx context.Context) error {
	var bad []error
	for i := 1; i <= h.Rounds; i++ {
		fmt.Fprintf(h.Out, "\nrehearsal %d of %d: a client asks every %v who has %s, and writes rows through %s:3306\n",
			i, h.Rounds, h.Step, h.Address, h.Address)
		r, err := h.Cut(ctx)
		if err != nil {
			return err
		}
		WriteRound(h.Out, r)
		bad = append(bad, r.Verdict())
	}
	return errors.Join(bad...)
}

// Verdict is an error if what must never happen did.
func (r *Round) Verdict() error {
	var errs []error
	if r.Lost > 0 {
		errs = append(errs, fmt.Errorf("%d rows that were acknowledged are missing", r.Lost))
	}
	if r.Overlap > 0 {
		errs = append(errs, fmt.Errorf("two nodes answered for the address at once, %d times", r.Overlap))
	}
	return errors.Join(errs...)
}

// How long a rehearsal waits before it gives up.
const (
	calmTime    = 500 * time.Millisecond // of use before the cut
	answerLimit = 60 * time.Second
	returnLimit = 2 * time.Minute
	ownerWindow = 100 * time.Millisecond
	rowStep     = 5 * time.Millisecond
)

// Cut is one round on the playground that is running: it cuts the power, watches,
// restores it, and returns when the node is back and the cluster is at rest.
func (h Rehearsal) Cut(ctx context.Context) (*Round, error) {
	h = h.defaults()
	rep, err := Status(h.Dir)
	if err != nil {
		return nil, err
	}
	ns, err := openNetns(rep.Client)
	if err != nil {
		return nil, fmt.Errorf("the client's network: %w", err)
	}
	defer ns.close()
	probe, err := startProbe(ns, h.network(), h.Address, h.Step)
	if err != nil {
		return nil, err
	}
	defer probe.Stop()
	writer, err := startWriter(ns, netip.AddrPortFrom(h.Address, 3306), rowStep)
	if err != nil {
		return nil, err
	}
	defer writer.Stop()
	limit, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	begin := time.Now()
	if _, err := writer.WaitAck(limit, begin); err != nil {
		return nil, fmt.Errorf("before the cut: %w", err)
	}
	return h.watchCut(ctx, probe, writer)
}

// network is the one that the address belongs to.
func (h Rehearsal) network() Network {
	for _, n := range Networks() {
		if n.Prefix.Contains(h.Address) {
			return n
		}
	}
	return Networks()[1]
}

// watchCut cuts the power of the address's owner and gathers what happens.
func (h Rehearsal) watchCut(ctx context.Context, probe *Probe, writer *Writer) (*Round, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(calmTime):
	}
	r := &Round{Victim: probe.Owner(ownerWindow)}
	if r.Victim == "" {
		return nil, fmt.Errorf("nobody answers for %s", h.Address)
	}
	far := outsider{dir: h.Dir}
	r.Coordinator = far.coordinator(ctx) == r.Victim
	fmt.Fprintf(h.Out, "%s has it; its power is cut now\n", r.Victim)
	cut := time.Now()
	if err := Power(h.Dir, r.Victim, false); err != nil {
		return nil, err
	}
	limit, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	a, err := probe.WaitFor(limit, cut, func(n string) bool { return n != r.Victim })
	if err != nil {
		return nil, err
	}
	r.Successor, r.Answered = a.Node, a.At.Sub(cut)
	row, err := writer.WaitAck(limit, a.At)
	if err != nil {
		return nil, fmt.Errorf("after the cut: %w", err)
	}
	r.Row = row.At.Sub(cut)
	if err := far.settled(ctx, returnLimit); err != nil {
		return nil, err
	}
	fmt.Fprintf(h.Out, "%s has it now; the power of %s is restored\n", r.Successor, r.Victim)
	if err := Power(h.Dir, r.Victim, true); err != nil {
		return nil, err
	}
	if err := far.whole(ctx, returnLimit); err != nil {
		return nil, err
	}
	return r, h.count(ctx, r, cut, probe, writer, far)
}

// count fills in what is known afterwards.
func (h Rehearsal) count(ctx context.Context, r *Round, cut time.Time, probe *Probe, writer *Writer, far outsider) error {
	writer.Pause()
	answers := probe.Answers(cut.Add(-time.Second))
	r.Overlap = Overlap(answers, ownerWindow)
	var last time.Time
	for _, a := range answers {
		if a.Node == r.Victim && a.At.Before(cut.Add(r.Answered)) {
			last = a.At
		}
	}
	if !last.IsZero() {
		r.Outage = cut.Add(r.Answered).Sub(last)
	}
	acks, failed, _ := writer.Acked()
	r.Acked, r.Failed = len(acks), failed
	for i := 1; i < len(acks); i++ {
		r.RowOutage = max(r.RowOutage, acks[i].At.Sub(acks[i-1].At))
	}
	lost, err := writer.Lost(ctx)
	if err != nil {
		return err
	}
	r.Lost = len(lost)
	return far.phases(r, h.Resource, cut)
}

// WriteRound prints a round as a table.
func WriteRound(w io.Writer, r *Round) {
	who := r.Victim
	if r.Coordinator {
		who += " (the coordinator)"
	}
	fmt.Fprintf(w, "\npower cut of %s; %s took over\n", who, r.Successor)
	fmt.Fprintf(w, "  %-37s %10s %10s\n", "", "took", "after")
	before := time.Duration(0)
	for _, p := range []struct {
		name string
		at   time.Duration
	}{{"detection: a view without it", r.Detected}, {"decision: what to do is planned", r.Planned},
		{"fencing: it is confirmed off", r.Fenced}, {"start: the address answers elsewhere", r.Answered},
		{"start: its agent reports success", r.Started}} {
		if p.at == 0 {
			fmt.Fprintf(w, "  %-37s %10s %10s\n", p.name, "-", "-")
			continue
		}
		fmt.Fprintf(w, "  %-37s %8.3f s %8.3f s\n", p.name, max(0, p.at-before).Seconds(), p.at.Seconds())
		before = p.at
	}
	fmt.Fprintf(w, "  %-37s %8.3f s\n", "total outage of the address", r.Outage.Seconds())
	fmt.Fprintf(w, "  %-37s %8.3f s\n", "longest time without a new row", r.RowOutage.Seconds())
	fmt.Fprintf(w, "  %-37s %8d\n", "rows acknowledged", r.Acked)
	fmt.Fprintf(w, "  %-37s %8d\n", "writes that failed meanwhile", r.Failed)
	fmt.Fprintf(w, "  %-37s %8d\n", "rows lost", r.Lost)
	fmt.Fprintf(w, "  %-37s %8d\n", "answers of two owners at once", r.Overlap)
}
