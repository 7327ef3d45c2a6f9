package playground

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Writer is a client outside of the cluster that keeps writing rows into the
// database behind an address, and remembers which ones were acknowledged.
type Writer struct {
	db   *sql.DB
	stop context.CancelFunc
	done sync.WaitGroup

	mu     sync.Mutex
	acks   []Ack
	failed int
	last   error
}

// Ack is a row that the database said it has.
type Ack struct {
	ID int64
	At time.Time
}

// Limits of one write: after that the client gives up and tries the next row over
// a new connection.
const (
	dialTimeout  = 300 * time.Millisecond
	writeTimeout = time.Second
)

// StartWriter writes rows one after the other, step apart; Stop ends it.
func (r *Room) StartWriter(addr netip.AddrPort, step time.Duration) (*Writer, error) {
	return startWriter(r.hub.client, addr, step)
}

// openDatabase connects from the client's namespace.
func openDatabase(ns space, addr netip.AddrPort) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName = dbUser, dbPassword, dbName
	cfg.Net, cfg.Addr = "tcp", addr.String()
	cfg.Timeout, cfg.ReadTimeout, cfg.WriteTimeout = dialTimeout, writeTimeout, writeTimeout
	cfg.Logger = &mysql.NopLogger{}
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		var c net.Conn
		return c, ns.do(func() (err error) {
			d := net.Dialer{Timeout: dialTimeout}
			c, err = d.DialContext(ctx, network, addr)
			return err
		})
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("database at %s: %w", addr, err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

func startWriter(ns space, addr netip.AddrPort, step time.Duration) (*Writer, error) {
	db, err := openDatabase(ns, addr)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	w := &Writer{db: db, stop: stop}
	w.done.Go(func() { w.write(ctx, step) })
	return w, nil
}

func (w *Writer) write(ctx context.Context, step time.Duration) {
	tick := time.NewTicker(step)
	defer tick.Stop()
	// Ids continue where no earlier writer can have been.
	for id := time.Now().UnixMicro(); ; id++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := w.db.ExecContext(ctx, "INSERT INTO line (id) VALUES (?)", id)
		w.mu.Lock()
		if err == nil {
			w.acks = append(w.acks, Ack{id, time.Now()})
		} else if ctx.Err() == nil {
			w.failed++
			w.last = err
		}
		w.mu.Unlock()
	}
}

// Acked returns the rows acknowledged so far, how many writes failed, and the last
// failure.
func (w *Writer) Acked() (acks []Ack, failed int, last error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Ack(nil), w.acks...), w.failed, w.last
}

// WaitAck waits for a row that is acknowledged after a moment.
func (w *Writer) WaitAck(ctx context.Context, after time.Time) (Ack, error) {
	tick := time.NewTicker(pollStep)
	defer tick.Stop()
	for {
		acks, _, last := w.Acked()
		for i := len(acks); i > 0 && acks[i-1].At.After(after); i-- {
			if i == 1 || !acks[i-2].At.After(after) {
				return acks[i-1], nil
			}
		}
		select {
		case <-ctx.Done():
			return Ack{}, fmt.Errorf("no row was acknowledged; the last error was: %v", last)
		case <-tick.C:
		}
	}
}

// Lost returns the acknowledged rows that the database does not have.
func (w *Writer) Lost(ctx context.Context) ([]Ack, error) {
	acks, _, _ := w.Acked()
	if len(acks) == 0 {
		return nil, nil
	}
	have, err := w.rows(ctx, acks[0].ID)
	if err != nil {
		return nil, err
	}
	var lost []Ack
	for _, a := range acks {
		if !have[a.ID] {
			lost = append(lost, a)
		}
	}
	return lost, nil
}

// rows reads the ids of the rows from one on; a connection that died in the meantime
// is replaced.
func (w *Writer) rows(ctx context.Context, from int64) (map[int64]bool, error) {
	rows, err := w.db.QueryContext(ctx, "SELECT id FROM line WHERE id >= ?", from)
	if err != nil {
		return nil, fmt.Errorf("read the rows back: %w", err)
	}
	defer rows.Close()
	have := map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		have[id] = true
	}
	return have, rows.Err()
}

// Pause ends the writing; Lost may still be asked. Stop must follow.
func (w *Writer) Pause() {
	w.stop()
	w.done.Wait()
}

// Stop ends the writer.
func (w *Writer) Stop() {
	w.Pause()
	w.db.Close()
}
