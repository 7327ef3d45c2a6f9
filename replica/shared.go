package replica

import (
	"mainstay/cib"
	"mainstay/member"
)

// Shared is what replicas in one process have in common, where a whole cluster runs
// in one: each CIB that they come to is held once, and an update that one of them
// has applied is not worked out again by the others. All may do without it, and
// none comes to anything else with it; it is not for use by several goroutines.
type Shared struct {
	roots   Recent[[16]byte, *cib.Elem]
	results Recent[step, result]
	pieces  Recent[string, *cib.Elem]
	files   Recent[[16]byte, []byte]
	last    uint64
}

// step is an update of a CIB in a view.
type step struct {
	ring member.RingID
	root *cib.Elem
	twin uint64
}

// result is what evaluate answered.
type result struct {
	root   *cib.Elem
	config bool
	err    error
}

// Bounds of what is remembered, in entries: of a view's members the last applies
// an update a few packets after the first.
const (
	sharedRoots   = 64
	sharedResults = 1024
	sharedPieces  = 16
	sharedFiles   = 4
)

// NewShared makes an empty Shared.
func NewShared() *Shared {
	return &Shared{roots: Recent[[16]byte, *cib.Elem]{Limit: sharedRoots}, results: Recent[step, result]{Limit: sharedResults},
		pieces: Recent[string, *cib.Elem]{Limit: sharedPieces}, files: Recent[[16]byte, []byte]{Limit: sharedFiles}}
}

// Twin is a new number for Update.Twin.
func (s *Shared) Twin() uint64 {
	s.last++
	return s.last
}

// same is a root that is equal to another one, the same for all replicas.
func (s *Shared) same(root *cib.Elem) *cib.Elem {
	if s == nil {
		return root
	}
	h := cib.Hash(root)
	if have, ok := s.roots.Get(h); ok {
		return have
	}
	s.roots.Put(h, root)
	return root
}

// parse is cib.Parse, remembered.
func (s *Shared) parse(xml string) (*cib.Elem, error) {
	if s == nil {
		return cib.Parse([]byte(xml))
	}
	if have, ok := s.pieces.Get(xml); ok {
		return have, nil
	}
	e, err := cib.Parse([]byte(xml))
	if err == nil {
		s.pieces.Put(xml, e)
	}
	return e, err
}

// file is EncodeFile, remembered.
func (s *Shared) file(root *cib.Elem) []byte {
	if s == nil {
		return EncodeFile(root)
	}
	h := cib.Hash(root)
	if have, ok := s.files.Get(h); ok {
		return have
	}
	data := EncodeFile(root)
	s.files.Put(h, data)
	return data
}

// evaluate is r.evaluate, remembered.
func (s *Shared) evaluate(r *Replica, u *Update) (*cib.Elem, bool, error) {
	if s == nil || u.Twin == 0 {
		return r.evaluate(u)
	}
	k := step{r.view.Ring, r.root, u.Twin}
	if have, ok := s.results.Get(k); ok {
		return have.root, have.config, have.err
	}
	var out result
	out.root, out.config, out.err = r.evaluate(u)
	s.results.Put(k, out)
	return out.root, out.config, out.err
}

// Recent is a map that forgets what was not asked for lately: it holds between Limit
// and twice as many entries once it is full.
type Recent[K comparable, V any] struct {
	Limit      int
	young, old map[K]V
}

// Get is the value of a key.
func (r *Recent[K, V]) Get(k K) (V, bool) {
	if v, ok := r.young[k]; ok {
		return v, true
	}
	v, ok := r.old[k]
	if ok {
		r.Put(k, v)
	}
	return v, ok
}

// Put gives a key a value.
func (r *Recent[K, V]) Put(k K, v V) {
	if len(r.young) >= r.Limit || r.young == nil {
		r.young, r.old = map[K]V{}, r.young
	}
	r.young[k] = v
}
