package face

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/dsnet/compress/bzip2"
)

// compressedName tells whether a document of this name is kept compressed, as the
// scheduler's inputs that Pacemaker's tools read (crm_simulate(8), $CIB_file).
func compressedName(name string) bool { return strings.HasSuffix(name, ".bz2") }

// Compress compresses by bzip2.
func Compress(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := bzip2.NewWriter(&out, nil)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress by bzip2: %w", err)
	}
	return out.Bytes(), nil
}

// decompressing reads what is compressed by bzip2.
func decompressing(from io.Reader) (io.Reader, error) {
	r, err := bzip2.NewReader(from, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress by bzip2: %w", err)
	}
	return r, nil
}

// readFile is the content of a file, as it was before it was compressed.
func readFile(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil || !compressedName(name) {
		return text, err
	}
	r, err := decompressing(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
