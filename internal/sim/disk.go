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
	pending []pendingWrite
	fault   diskFault
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
		for _, p := range d.pending[:w.rng.IntN(n+1)] {
			d.files[p.name] = p.data
			d.last = p.name
		}
	}
	d.pending = nil
	if power && d.tear && len(d.files[d.last]) > 0 {
		w.tell("scenario: the disk damages %s", d.last)
		d.files[d.last] = slices.Clone(d.files[d.last][:w.rng.IntN(len(d.files[d.last]))])
		d.tear = false
	}
}

// Read implements host.Disk.
func (m *Machine) Read(name string) ([]byte, error) {
	if b, ok := m.disk.files[name]; ok {
		return slices.Clone(b), nil
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
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
	took := 500*time.Microsecond + time.Duration(m.world.rng.Int64N(int64(2*time.Millisecond))) + m.disk.slow
	m.after(took, func() {
		if m.life != life {
			return
		}
		p := m.disk.pending[0]
		m.disk.pending = m.disk.pending[1:]
		if len(m.disk.pending) > 0 {
			m.writeNext()
		}
		if why := m.disk.fault; why != diskWell {
			m.feed(host.Written{Tag: p.tag, Err: diskError{p.name, why}})
			return
		}
		m.disk.files[p.name], m.disk.last = p.data, p.name
		m.feed(host.Written{Tag: p.tag})
	})
}

// Keep implements host.Disk.
func (m *Machine) Keep(tag host.Tag, name string, data []byte) { m.Write(tag, name, data) }

// Remove implements host.Disk.
func (m *Machine) Remove(name string) {
	if m.acts(doesWrite) {
		delete(m.disk.files, name)
	}
}
