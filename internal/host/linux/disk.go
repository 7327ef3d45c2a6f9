package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"mainstay/internal/host"
)

// temporary ends the names of files that are being written.
const temporary = ".new"

// disk keeps files below a directory. One goroutine does the writes, in order;
// who asks for one never waits.
type disk struct {
	dir  string
	put  func(host.Completion)
	done chan struct{}

	mu     sync.Mutex
	more   sync.Cond
	jobs   []job
	closed bool
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
	d := &disk{dir: dir, put: put, done: make(chan struct{})}
	d.more.L = &d.mu
	if err := d.sweep(); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	go d.work()
	return d, nil
}

// sweep removes what a power cut left half written.
func (d *disk) sweep() error {
	return filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
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
	d.more.Signal()
	d.mu.Unlock()
	<-d.done
}

// add queues a job.
func (d *disk) add(j job) {
	d.mu.Lock()
	d.jobs = append(d.jobs, j)
	d.more.Signal()
	d.mu.Unlock()
}

// take waits for jobs and takes all of them; nil after the last.
func (d *disk) take() []job {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.jobs) == 0 {
		if d.closed {
			return nil
		}
		d.more.Wait()
	}
	jobs := d.jobs
	d.jobs = nil
	return jobs
}

func (d *disk) work() {
	defer close(d.done)
	for jobs := d.take(); jobs != nil; jobs = d.take() {
		for len(jobs) > 0 {
			n := 1
			// Of several writes to one file in a row only the last has to reach the disk.
			for n < len(jobs) && jobs[n].name == jobs[0].name && !jobs[n].remove && !jobs[0].remove {
				n++
			}
			d.do(jobs[:n])
			jobs = jobs[n:]
		}
	}
}

// do carries out jobs for one file.
func (d *disk) do(jobs []job) {
	last := jobs[len(jobs)-1]
	path, err := d.path(last.name)
	switch {
	case err != nil:
	case last.remove:
		err = os.Remove(path)
	default:
		err = replace(path, last.data)
	}
	for _, j := range jobs {
		if !j.remove {
			d.put(host.Written{Tag: j.tag, Err: err})
		}
	}
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
		if !e.IsDir() && !strings.HasSuffix(e.Name(), temporary) {
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
