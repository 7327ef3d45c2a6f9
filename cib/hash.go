package cib

import "crypto/sha256"

// Hash identifies the content of an element and everything below it: two
// elements are equal, byte for byte when written, if and only if their hashes
// are (up to a chance of 2^-128). It is computed once, when the element is
// made, from the hashes of its children, so it costs nothing to ask for; only a
// draft is hashed when asked, each time, for elements never change.
// It does not depend on the machine and may be compared between nodes.
func Hash(e *Elem) [16]byte {
	if e == nil {
		return [16]byte{}
	}
	return e.Sealed().hash
}

// Sealed returns the element with the hashes that drafts lack, itself if it is none.
func (e *Elem) Sealed() *Elem {
	if e == nil || !e.draft {
		return e
	}
	c := e.clone()
	c.draft = false
	if len(e.kids) > 0 {
		c.kids = make([]*Elem, len(e.kids))
		for i, k := range e.kids {
			c.kids[i] = k.Sealed()
		}
	}
	return c.seal()
}

// unhashed tells whether an element is a draft or has one among its children.
func (e *Elem) unhashed() bool {
	if e.draft {
		return true
	}
	for _, k := range e.kids {
		if k.draft {
			return true
		}
	}
	return false
}

// seal computes the hash, except of drafts; every constructor ends with it. Strings are closed by
// a zero byte, which XML cannot contain, so different contents never meet.
func (e *Elem) seal() *Elem {
	if e.unhashed() {
		e.draft = true
		return e
	}
	n := len(e.name) + len(e.text) + 3 + 16*len(e.kids)
	for i := range e.attrs {
		n += len(e.attrs[i].Name) + len(e.attrs[i].Value) + 2
	}
	if n > sealBuffer {
		return e.sealLarge()
	}
	var buf [sealBuffer]byte
	b := append(append(buf[:0], e.name...), 0)
	for i := range e.attrs {
		b = append(append(b, e.attrs[i].Name...), 0)
		b = append(append(b, e.attrs[i].Value...), 0)
	}
	b = append(append(append(b, 0), e.text...), 0)
	for _, k := range e.kids {
		b = append(b, k.hash[:]...)
	}
	sum := sha256.Sum256(b)
	copy(e.hash[:], sum[:])
	return e
}

const sealBuffer = 768

// sealLarge is seal for elements whose content does not fit the buffer on the stack.
func (e *Elem) sealLarge() *Elem {
	h := sha256.New()
	var buf [sealBuffer]byte
	b := buf[:0]
	put := func(s string) {
		for len(b)+len(s) >= sealBuffer {
			room := min(sealBuffer-len(b), len(s))
			h.Write(append(b, s[:room]...))
			b, s = buf[:0], s[room:]
		}
		b = append(b, s...)
	}
	put(e.name)
	put("\x00")
	for i := range e.attrs {
		put(e.attrs[i].Name)
		put("\x00")
		put(e.attrs[i].Value)
		put("\x00")
	}
	put("\x00")
	put(e.text)
	put("\x00")
	for _, k := range e.kids {
		if len(b)+16 > sealBuffer {
			h.Write(b)
			b = buf[:0]
		}
		b = append(b, k.hash[:]...)
	}
	h.Write(b)
	h.Sum(buf[:0])
	copy(e.hash[:], buf[:16])
	return e
}
