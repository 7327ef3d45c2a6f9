package linux

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// journalFile is the journal's name in the state directory. It begins with a dot:
// whoever lists the directory sees the files, not how they are kept.
const journalFile = ".journal"

// The journal's size and the largest content that goes into it, in bytes.
const (
	journalSize = 1 << 20
	journalMost = 256 << 10
)

// journal makes contents durable that follow each other quickly. To replace a file
// takes two commits of the file system's own log (the file, then its name); to write
// over blocks that are there takes none, only the data has to reach the disk. So a
// file that was replaced a moment ago gets its next contents appended here, and is
// replaced itself when things have calmed down. What a crash leaves in the journal is
// put in place when the directory is opened again.
//
// A record is a header, the file's name and its content. Records have consecutive
// numbers from the start of the journal on; the first that is damaged or has another
// number ends it. Nothing in it is older than the file that it is about: the journal
// is voided before a file is replaced in another way.
type journal struct {
	dir  string
	file *os.File // nil: not there yet
	at   int64    // where the next record goes
	seq  uint64   // of the next record
}

// recordHead is what a record begins with: magic, number, lengths of name and
// content, and the SHA-256 of the rest of the header and of both.
type recordHead struct {
	Magic      [4]byte
	Name, Data uint32
	Seq        uint64
	Sum        [sha256.Size]byte
}

var recordMagic = [4]byte{'M', 'S', 'J', '1'}

const recordHeadLen = 4 + 4 + 4 + 8 + sha256.Size

func (h *recordHead) sum(name string, data []byte) [sha256.Size]byte {
	s := sha256.New()
	fmt.Fprintf(s, "%d %d %d\n%s", h.Seq, h.Name, h.Data, name) // a hash never fails
	s.Write(data)
	var out [sha256.Size]byte
	return [sha256.Size]byte(s.Sum(out[:0]))
}

// encodeRecord is a record as it stands in the journal.
func encodeRecord(seq uint64, name string, data []byte) []byte {
	h := recordHead{Magic: recordMagic, Name: uint32(len(name)), Data: uint32(len(data)), Seq: seq}
	h.Sum = h.sum(name, data)
	b := bytes.NewBuffer(make([]byte, 0, recordHeadLen+len(name)+len(data)))
	if err := binary.Write(b, binary.LittleEndian, &h); err != nil {
		panic(fmt.Sprintf("linux: a record's header: %v", err)) // fixed-size fields into memory
	}
	b.WriteString(name)
	b.Write(data)
	return b.Bytes()
}

// record is one content of a file.
type record struct {
	name string
	data []byte
}

// decodeJournal reads the records from the start on, to the first that is none.
func decodeJournal(text []byte) []record {
	var out []record
	var last uint64
	for len(text) >= recordHeadLen {
		var h recordHead
		if _, err := binary.Decode(text, binary.LittleEndian, &h); err != nil {
			panic(fmt.Sprintf("linux: a record's header: %v", err)) // it is long enough
		}
		rest := text[recordHeadLen:]
		if h.Magic != recordMagic || len(out) > 0 && h.Seq != last+1 ||
			uint64(h.Name)+uint64(h.Data) > uint64(len(rest)) {
			break
		}
		name, data := string(rest[:h.Name]), rest[h.Name:][:h.Data]
		if h.sum(name, data) != h.Sum || !filepath.IsLocal(name) {
			break
		}
		out = append(out, record{name, data})
		last, text = h.Seq, rest[h.Name+h.Data:]
	}
	return out
}

// recoverJournal puts in place what a crash left in the journal, and removes it.
func recoverJournal(dir string) error {
	path := filepath.Join(dir, journalFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	newest := map[string][]byte{}
	var order []string
	for _, r := range decodeJournal(text) {
		if _, known := newest[r.name]; !known {
			order = append(order, r.name)
		}
		newest[r.name] = r.data
	}
	for _, name := range order {
		if err := replace(filepath.Join(dir, name), newest[name]); err != nil {
			return fmt.Errorf("put %s of the journal in place: %w", name, err)
		}
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the journal: %w", err)
	}
	return syncDir(dir)
}

// room tells whether one more content fits.
func (j *journal) room(name string, data []byte) bool {
	return j.at+int64(recordHeadLen+len(name)+len(data)) <= journalSize
}

// open makes the journal, every block of it written, so that writing over them
// changes nothing but data.
func (j *journal) open() error {
	if j.file != nil {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(j.dir, journalFile), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return fmt.Errorf("make the journal: %w", err)
	}
	_, err = f.WriteAt(make([]byte, journalSize), 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(j.dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("make the journal: %w", err), f.Close(), removeIfThere(f.Name()))
	}
	j.file = f
	return nil
}

// add makes a content durable. After an error the journal holds what it held.
func (j *journal) add(name string, data []byte) error {
	if err := j.open(); err != nil {
		return err
	}
	b := encodeRecord(j.seq, name, data)
	if _, err := j.file.WriteAt(b, j.at); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	if err := unix.Fdatasync(int(j.file.Fd())); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	j.at += int64(len(b))
	j.seq++
	return nil
}

// void forgets all records; what they hold must be in place.
func (j *journal) void() error {
	if j.file == nil || j.at == 0 {
		return nil
	}
	if _, err := j.file.WriteAt(make([]byte, recordHeadLen), 0); err != nil {
		return fmt.Errorf("void the journal: %w", err)
	}
	if err := unix.Fdatasync(int(j.file.Fd())); err != nil {
		return fmt.Errorf("void the journal: %w", err)
	}
	j.at = 0
	j.seq++ // what stands behind the next record is not its continuation
	return nil
}

// remove ends the journal; what it holds must be in place.
func (j *journal) remove() error {
	if j.file == nil {
		return nil
	}
	path := j.file.Name()
	err := j.file.Close()
	j.file = nil
	return errors.Join(err, removeIfThere(path), syncDir(j.dir))
}
