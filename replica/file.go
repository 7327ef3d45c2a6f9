package replica

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"mainstay/cib"
)

const seal = "<!-- sha256 "

// EncodeFile is a CIB as it stands on disk: XML without the status section, and
// a last line with the digest of what comes before it, so that a torn or
// corrupted file is noticed.
func EncodeFile(root *cib.Elem) []byte {
	doc := root.Drop(func(e *cib.Elem) bool { return e.Name() == "status" }).AppendXML(nil, true)
	sum := sha256.Sum256(doc)
	return append(doc, seal+hex.EncodeToString(sum[:])+" -->\n"...)
}

// DecodeFile reads what EncodeFile wrote. A file without the last line is one
// that an operator put there, and is accepted as it stands.
func DecodeFile(file []byte) (*cib.Elem, error) {
	doc := file
	if at := bytes.LastIndex(file, []byte(seal)); at >= 0 {
		doc = file[:at]
		sum := sha256.Sum256(doc)
		want := seal + hex.EncodeToString(sum[:]) + " -->"
		if got := string(bytes.TrimSpace(file[at:])); got != want {
			return nil, fmt.Errorf("the file is damaged: its digest does not match its content")
		}
	}
	root, err := cib.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("the file is damaged: %w", err)
	}
	if root.Name() != "cib" {
		return nil, fmt.Errorf("the file holds <%s>, not <cib>", root.Name())
	}
	if root.Child("status") == nil {
		root = root.Append(cib.New("status"))
	}
	return root, nil
}
