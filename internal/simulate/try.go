package simulate

import (
	"fmt"
	"strings"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/internal/face"
)

// Try plans for a document and returns what crm_simulate would print of it and the
// plan; with play the plan is carried out in pretence, and the text ends with what is
// then. A document that no schema can read is an error.
func Try(env *face.Env, root *cib.Elem, play bool) (string, *graph.Graph, error) {
	root, err := cib.Upgrade(root)
	if err != nil {
		return "", nil, fmt.Errorf("plan for the document: %w", err)
	}
	if root.Child("status") == nil {
		root = root.Append(cib.New("status"))
	}
	o := &options{run: true, execute: play}
	var text strings.Builder
	s := &session{o: o, env: env, root: root, out: newTextOutput(o, &text)}
	if err := s.simulate(); err != nil {
		return "", nil, err
	}
	if err := s.out.finish(face.OK); err != nil {
		return "", nil, err
	}
	return text.String(), s.done.result.Graph, nil
}
