// Package face is what every command of the program sees of the world: its
// streams, its environment, the node it talks to, and the exit codes by which it
// answers. A command is a function of these, so it can be tested without a process.
package face

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/internal/client"
	"mainstay/internal/web"
)

// Env is the world of one command.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Now    func() time.Time
	// Socket is where the node listens; "" is $MAINSTAY_SOCKET or the usual place.
	Socket string
	// User is in whose name root and hacluster ask the node, "" for their own.
	User string
	// Name is the name that the program was called by: "mainstay", "cibadmin".
	Name string
	// Version is the program's own.
	Version string
	// Terminal tells whether Stdout is one.
	Terminal bool
}

// System is the world of this process.
func System() *Env {
	info, err := os.Stdout.Stat()
	return &Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		Terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// Client returns a client of this machine's node.
func (e *Env) Client() *client.Client {
	socket := e.Socket
	if socket == "" {
		socket = e.Getenv("MAINSTAY_SOCKET")
	}
	return client.New(socket, e.Name).As(e.User)
}

// Printf writes to standard output.
func (e *Env) Printf(format string, args ...any) { fmt.Fprintf(e.Stdout, format, args...) }

// Errorf writes to standard error.
func (e *Env) Errorf(format string, args ...any) { fmt.Fprintf(e.Stderr, format, args...) }

// CIBFile is the file that stands for the cluster, "" if there is none: tools work
// on it offline ($CIB_file, or the copy that $CIB_shadow names).
func (e *Env) CIBFile() string {
	if name := e.Getenv("CIB_file"); name != "" {
		return name
	}
	if name := e.Getenv("CIB_shadow"); name != "" {
		return ShadowFile(e.Getenv, name)
	}
	return ""
}

// peerCIBDir is where programs that list shadow copies look for them.
const peerCIBDir = "/var/lib/pacemaker/cib"

// ShadowFile is where a shadow copy is kept: in $CIB_shadow_dir, else where other
// programs look for it if that directory is there, else among Mainstay's own files.
func ShadowFile(getenv func(string) string, name string) string {
	dir := getenv("CIB_shadow_dir")
	if dir == "" {
		dir = peerCIBDir
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			dir = "/var/lib/mainstay"
		}
	}
	return filepath.Join(dir, "shadow."+filepath.Base(name))
}

// CIB returns the whole document: of the file named by $CIB_file, else the node's.
func (e *Env) CIB(ctx context.Context) (*cib.Elem, error) {
	if name := e.CIBFile(); name != "" {
		root, err := OpenCIB(name)
		if err != nil || e.User == "" {
			return root, err
		}
		return web.Readable(root, e.User)
	}
	return e.Client().CIB(ctx)
}

// NoCIB is the error of a file that was to stand for the cluster and does not hold
// a document.
type NoCIB struct {
	Missing bool // there is no such file
	Err     error
}

// Error implements error.
func (n *NoCIB) Error() string { return n.Err.Error() }

// Unwrap returns the error inside.
func (n *NoCIB) Unwrap() error { return n.Err }

// OpenCIB is ReadCIB for the file that stands for the cluster; errors are of type *NoCIB.
func OpenCIB(name string) (*cib.Elem, error) {
	root, err := ReadCIB(name)
	if err != nil {
		return nil, &NoCIB{errors.Is(err, fs.ErrNotExist), err}
	}
	return root, nil
}

// ReadCIB reads a document from a file.
func ReadCIB(name string) (*cib.Elem, error) { return readCIB(name, cib.ParseString) }

// ReadDraft is ReadCIB for a document whose elements nobody compares: they have no hashes.
func ReadDraft(name string) (*cib.Elem, error) { return readCIB(name, cib.ParseDraft) }

func readCIB(name string, parse func(string) (*cib.Elem, error)) (*cib.Elem, error) {
	text, err := readText(name)
	if err != nil {
		return nil, &Failure{NoInput, err}
	}
	root, err := parse(text)
	if err != nil {
		return nil, &Failure{BadData, fmt.Errorf("%s: %w", name, err)}
	}
	return root, nil
}

// readText reads a file into a string at once: a CIB may have a hundred
// megabytes, and is not to be in memory twice.
func readText(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var b strings.Builder
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		b.Grow(int(info.Size()))
	}
	from := io.Reader(file)
	if compressedName(name) {
		if from, err = decompressing(file); err != nil {
			return "", err
		}
	}
	if _, err = io.Copy(&b, from); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return b.String(), nil
}

// Input returns the content of a file, or of standard input if the name is "-".
func (e *Env) Input(name string) ([]byte, error) {
	var text []byte
	var err error
	if name == "-" {
		text, err = io.ReadAll(e.Stdin)
	} else {
		text, err = readFile(name)
	}
	if err != nil {
		return nil, &Failure{NoInput, err}
	}
	return text, nil
}

// Confirm asks a question that must be answered with yes; it fails when there is
// nobody to ask.
func (e *Env) Confirm(question string) error {
	e.Errorf("%s [yes/no] ", question)
	line, err := bufio.NewReader(e.Stdin).ReadString('\n')
	if err != nil && line == "" {
		return Failf(Unsafe, "nobody answered; give --yes if you are sure")
	}
	if a := strings.ToLower(strings.TrimSpace(line)); a != "yes" && a != "y" {
		return Failf(Unsafe, "not confirmed; nothing was done")
	}
	return nil
}

// EditFile applies edits to the document in a file, if what results is valid. The file
// stays the same one, as under Pacemaker's tools: pcs holds it open and reads it again.
// The user of the stamp, if there is one, must be allowed to.
func EditFile(name string, edits []cib.Edit, stamp cib.Stamp) error {
	before, err := OpenCIB(name)
	if err != nil {
		return err
	}
	root, _, err := cib.Commit(before, edits, stamp)
	if err != nil {
		return err
	}
	if stamp.User != "" {
		if err := cib.CheckWrite(before, root, web.AccountOf(stamp.User), edits...); err != nil {
			return &web.Problem{Kind: web.Denied, Msg: err.Error()}
		}
	}
	if err := web.Refuse(before, root); err != nil {
		return err
	}
	text := root.AppendXML(nil, true)
	if compressedName(name) {
		if text, err = Compress(text); err != nil {
			return &Failure{CantCreate, err}
		}
	}
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return &Failure{CantCreate, fmt.Errorf("write the CIB: %w", err)}
	}
	return nil
}
