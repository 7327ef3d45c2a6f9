package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"mainstay/internal/host"
)

// temporary ends the names of files that are being written.
const temporary = ".new"

// Files that are replaced again within hot go by the journal; calm is how long
// nothing must have gone there before they are put in place.
const (
	hot  = time.Second
	calm = 200 * time.Millisecond
)

// disk keeps files below a directory. One goroutine does the writes, in order;
// who asks for one never waits.
type disk struct {
	dir   string
	put   func(host.Completion)
	plain bool          // without a journal
	wake  chan struct{} // holds one token when there may be jobs
	done  chan struct{}

	mu      sync.Mutex
	jobs    []job
	closed  bool
	pending map[string][]byte // contents that are in the journal and not yet in place

	// The rest belongs to the goroutine.
	journal journal
	written map[string]time.Time // when files were last replaced, if that was a moment ago
}

type job struct {
	tag    host.Tag
	name   string
	data   []byte
	remove bool
}

func openDisk(dir string, put func(host.Completion)) (*disk, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	if err := sweep(dir); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	if err := recoverJournal(dir); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	return startDisk(dir, put, false), nil
}

// startDisk starts the goroutine that does the writes. A plain disk has no journal:
// several may work on one directory, on different files, if all but one are plain.
func startDisk(dir string, put func(host.Completion), plain bool) *disk {
	d := &disk{dir: dir, put: put, plain: plain, wake: make(chan struct{}, 1), done: make(chan struct{}),
		pending: map[string][]byte{}, journal: journal{dir: dir, seq: 1}, written: map[string]time.Time{}}
	go d.work()
	return d
}

// sweep removes what a power cut left half written.
func sweep(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && strings.HasSuffix(path, temporary) {
			return os.Remove(path)
		}
		return err
	})
}

// close waits until all is written.
func (d *disk) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.rouse()
	<-d.done
}

// add queues a job.
func (d *disk) add(j job) {
	d.mu.Lock()
	d.jobs = append(d.jobs, j)
	d.mu.Unlock()
	d.rouse()
}

func (d *disk) rouse() {
	select {
	case d.wake <- struct{}{}:
	default: // it is awake
	}
}

// take takes all jobs; over says that there will be none after them.
func (d *disk) take() (jobs []job, over bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	jobs, d.jobs = d.jobs, nil
	return jobs, d.closed
}

func (d *disk) work() {
	defer close(d.done)
	quiet := time.NewTimer(calm)
	defer quiet.Stop()
	for {
		select {
		case <-d.wake:
		case <-quiet.C:
			if err := d.settle(); err != nil {
				quiet.Reset(hot) // it is durable as it is; try again
			}
			continue
		}
		jobs, over := d.take()
		for len(jobs) > 0 {
			n := 1
			// Of several writes to one file in a row only the last has to reach the disk.
			for n < len(jobs) && jobs[n].name == jobs[0].name && !jobs[n].remove && !jobs[0].remove {
				n++
			}
			d.do(jobs[:n])
			jobs = jobs[n:]
		}
		if over {
			// What cannot be put in place now is when the directory is opened again.
			if err := d.settle(); err == nil {
				_ = d.journal.remove() // it is void
			}
			return
		}
		quiet.Reset(calm)
	}
}

// do carries out jobs for one file.
func (d *disk) do(jobs []job) {
	last := jobs[len(jobs)-1]
	path, err := d.path(last.name)
	if err == nil {
		err = d.carryOut(last, path)
	}
	for _, j := range jobs {
		if !j.remove {
			d.put(host.Written{Tag: j.tag, Err: err})
		}
	}
}

// carryOut writes or removes a file. A content goes to the journal if the file was
// replaced a moment ago, or is in the journal already.
func (d *disk) carryOut(j job, path string) error {
	now := time.Now()
	_, journaled := d.pending[j.name] // written by this goroutine only
	if !d.plain && !j.remove && len(j.data) <= journalMost && (journaled || now.Sub(d.written[j.name]) < hot) {
		if d.journal.room(j.name, j.data) || d.settle() == nil {
			if d.journal.add(j.name, j.data) == nil {
				d.keep(j.name, j.data)
				return nil
			}
		}
	}
	// A journal that knows the file must not outlive what comes now.
	if journaled {
		if err := d.settle(); err != nil {
			return err
		}
	}
	if j.remove {
		delete(d.written, j.name)
		return os.Remove(path)
	}
	if err := replace(path, j.data); err != nil {
		return err
	}
	maps.DeleteFunc(d.written, func(_ string, at time.Time) bool { return now.Sub(at) >= hot })
	d.written[j.name] = now
	return nil
}

// keep notes a content that is in the journal.
func (d *disk) keep(name string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending[name] = data
}

// settle puts what is in the journal in place, and voids it.
func (d *disk) settle() error {
	for _, name := range slices.Sorted(maps.Keys(d.pending)) {
		if err := replace(filepath.Join(d.dir, name), d.pending[name]); err != nil {
			return err
		}
	}
	if err := d.journal.void(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.pending)
	return nil
}

// path is the place of a file; names must not leave the directory.
func (d *disk) path(name string) (string, error) {
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("file name %q leaves the state directory", name)
	}
	return filepath.Join(d.dir, name), nil
}

// replace makes data the content of a file so that a power cut at any moment
// leaves the old content or the new: written beside, synced, renamed, and the
// directory synced.
func replace(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	if err := makeDir(dir); err != nil {
		return err
	}
	f, err := os.OpenFile(path+temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(path+temporary, path)
	}
	if err != nil {
		return errors.Join(err, removeIfThere(path+temporary))
	}
	return syncDir(dir)
}

// makeDir makes a directory that survives a power cut, unless it is there.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (d *disk) read(name string) ([]byte, error) {
	path, err := d.path(name)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	data, journaled := d.pending[name]
	d.mu.Unlock()
	if journaled {
		return slices.Clone(data), nil
	}
	return os.ReadFile(path)
}

func (d *disk) list(dir string) ([]string, error) {
	path, err := d.path(dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasSuffix(e.Name(), temporary) && e.Name() != journalFile {
			out = append(out, e.Name())
		}
	}
	slices.Sort(out)
	return out, nil
}

func (d *disk) write(tag host.Tag, name string, data []byte) {
	d.add(job{tag: tag, name: name, data: slices.Clone(data)})
}

func (d *disk) remove(name string) { d.add(job{name: name, remove: true}) }
