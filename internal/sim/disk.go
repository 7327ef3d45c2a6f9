package sim

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"mainstay/internal/host"
)

// disk is what a machine keeps without power.
type disk struct {
	files   map[string][]byte
	pending []pendingWrite // in their order
	later   []pendingWrite // that are in no order
	fault   diskFault
	unread  bool          // reads fail
	slow    time.Duration // how much longer a write takes
	tear    bool          // the next power cut damages the file that was written last
	last    string        // the file that was written last
}

// diskFault is what writes end with.
type diskFault string

// The disk's faults.
const (
	diskWell   diskFault = ""
	diskFull   diskFault = "no space left on device"
	diskBroken diskFault = "input/output error"
)

type pendingWrite struct {
	tag  host.Tag
	name string
	data []byte
}

func newDisk() disk { return disk{files: map[string][]byte{}} }

// diskError is what a disk that fails answers.
type diskError struct {
	name string
	why  diskFault
}

// Error implements error.
func (e diskError) Error() string { return e.name + ": " + string(e.why) }

// cut ends writes that are under way: each file has either content, and a write
// is never there without those before it.
func (d *disk) cut(w *World, power bool) {
	if n := len(d.pending); n > 0 && d.fault == diskWell {
		kept := w.rng.IntN(n + 1)
		for _, p := range d.pending[:kept] {
			d.files[p.name] = p.data
			d.last = p.name
		}
		w.struck.add(lostWrite, n-kept)
	}
	if d.fault == diskWell {
		for _, p := range d.later {
			if w.rng.IntN(2) == 0 {
				d.files[p.name] = p.data
			} else {
				w.struck.add(lostWrite, 1)
			}
		}
	}
	d.pending, d.later = nil, nil
	if power && d.tear && len(d.files[d.last]) > 0 {
		w.tell("scenario: the disk damages %s", d.last)
		w.struck.add(DiskTorn, 1)
		d.files[d.last] = slices.Clone(d.files[d.last][:w.rng.IntN(len(d.files[d.last]))])
		d.tear = false
	}
}

// Read implements host.Disk.
func (m *Machine) Read(name string) ([]byte, error) {
	b, ok := m.disk.files[name]
	switch {
	case !ok:
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	case m.disk.unread:
		m.world.struck.add(DiskUnread, 1)
		return nil, diskError{name, diskBroken}
	}
	return slices.Clone(b), nil
}

// List implements host.Disk.
func (m *Machine) List(dir string) ([]string, error) {
	var out []string
	for name := range m.disk.files {
		if path.Dir(name) == strings.TrimSuffix(dir, "/") {
			out = append(out, path.Base(name))
		}
	}
	slices.Sort(out)
	return out, nil
}

// Write implements host.Disk: the data is safe when Written comes, not before.
func (m *Machine) Write(tag host.Tag, name string, data []byte) {
	if !m.acts(doesWrite) {
		return
	}
	m.disk.pending = append(m.disk.pending, pendingWrite{tag, name, slices.Clone(data)})
	if len(m.disk.pending) == 1 {
		m.writeNext()
	}
}

// writeNext carries out the oldest write.
func (m *Machine) writeNext() {
	life := m.life
	m.after(m.writeTime(), func() {
		if m.life != life {
			return
		}
		p := m.disk.pending[0]
		m.disk.pending = m.disk.pending[1:]
		if len(m.disk.pending) > 0 {
			m.writeNext()
		}
		m.written(p)
	})
}

// writeTime draws how long a write takes.
func (m *Machine) writeTime() time.Duration {
	if m.disk.slow > 0 {
		m.world.struck.add(DiskSlow, 1)
	}
	return 500*time.Microsecond + time.Duration(m.world.rng.Int64N(int64(2*time.Millisecond))) + m.disk.slow
}

// written ends a write.
func (m *Machine) written(p pendingWrite) {
	switch m.disk.fault {
	case diskFull:
		m.world.struck.add(DiskFull, 1)
	case diskBroken:
		m.world.struck.add(DiskBroken, 1)
	default:
		m.disk.files[p.name], m.disk.last = p.data, p.name
		m.feed(host.Written{Tag: p.tag})
		return
	}
	m.feed(host.Written{Tag: p.tag, Err: diskError{p.name, m.disk.fault}})
}

// Keep implements host.Disk: it takes its time beside the writes, and a crash
// meanwhile finds either content whatever became of others.
func (m *Machine) Keep(tag host.Tag, name string, data []byte) {
	if !m.acts(doesWrite) {
		return
	}
	p := pendingWrite{tag, name, slices.Clone(data)}
	m.disk.later = append(m.disk.later, p)
	life := m.life
	m.after(m.writeTime(), func() {
		if m.life != life {
			return
		}
		m.disk.later = slices.DeleteFunc(m.disk.later, func(o pendingWrite) bool { return o.tag == tag })
		m.written(p)
	})
}

// Remove implements host.Disk.
func (m *Machine) Remove(name string) {
	if m.acts(doesWrite) {
		delete(m.disk.files, name)
	}
}

// set makes the disk fail, or mends it.
func (d *disk) set(f Fault, on bool) {
	switch {
	case f.Kind == DiskSlow && on:
		d.slow = f.By
	case f.Kind == DiskSlow:
		d.slow = 0
	case f.Kind == DiskTorn:
		d.tear = on
	case f.Kind == DiskUnread:
		d.unread = on
	case !on:
		d.fault = diskWell
	case f.Kind == DiskFull:
		d.fault = diskFull
	default:
		d.fault = diskBroken
	}
}
