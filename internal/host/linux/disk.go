package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"mainstay/internal/host"
)

// disk keeps files below a directory. One goroutine does the writes, in order.
type disk struct {
	dir  string
	put  func(host.Completion)
	jobs chan job
	done chan struct{}
}

type job struct {
	tag    host.Tag
	name   string
	data   []byte
	remove bool
}

// jobsWaiting bounds the writes that may wait; more make the loop wait for the disk.
const jobsWaiting = 1024

func openDisk(dir string, put func(host.Completion)) (*disk, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	d := &disk{dir: dir, put: put, jobs: make(chan job, jobsWaiting), done: make(chan struct{})}
	go d.work()
	return d, nil
}

func (d *disk) close() {
	close(d.jobs)
	<-d.done
}

func (d *disk) work() {
	defer close(d.done)
	for j := range d.jobs {
		if j.remove {
			os.Remove(filepath.Join(d.dir, j.name))
			continue
		}
		d.put(host.Written{Tag: j.tag, Err: replace(filepath.Join(d.dir, j.name), j.data)})
	}
}

// replace makes data the content of a file so that a power cut at any moment
// leaves the old content or the new: written beside, synced, renamed, and the
// directory synced.
func replace(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
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
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return errors.Join(err, removeIfThere(path+".new"))
	}
	return syncDir(dir)
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

func (d *disk) read(name string) ([]byte, error) { return os.ReadFile(filepath.Join(d.dir, name)) }

func (d *disk) list(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(d.dir, dir))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() {
			out = append(out, e.Name())
		}
	}
	slices.Sort(out)
	return out, nil
}

func (d *disk) write(tag host.Tag, name string, data []byte) {
	d.jobs <- job{tag: tag, name: name, data: slices.Clone(data)}
}

func (d *disk) remove(name string) { d.jobs <- job{name: name, remove: true} }
