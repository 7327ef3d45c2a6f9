package replica

import (
	"fmt"
	"strconv"
	"strings"

	"mainstay/cib"
)

// A lineage is the recent past of a configuration: for each of its versions the
// digest, and whether an operator made it. It stands on disk beside the
// configuration and in every Head, so that at a merge the loser can tell, even
// after restarts, whether an edit of its own is missing from what won.
type lineage []mark

type mark struct {
	admin, epoch int
	digest       string
	edited       bool // not by the cluster itself
}

// maxLineage bounds a lineage; what is older is taken to be common.
const maxLineage = 64

// lineageAttr is where a lineage stands in the file.
const lineageAttr = "mainstay-lineage"

// add returns the lineage with the present configuration as its last mark.
func (l lineage) add(root *cib.Elem, edited bool) lineage {
	v := cib.VersionOf(root)
	m := mark{v.AdminEpoch, v.Epoch, hashOf(root.Child("configuration"))[:12], edited}
	if n := len(l); n > 0 && l[n-1].admin == m.admin && l[n-1].epoch == m.epoch && l[n-1].digest == m.digest {
		return l
	}
	out := append(l[:len(l):len(l)], m)
	return out[max(0, len(out)-maxLineage):]
}

// lacks tells whether another lineage holds an edit that is not in this one.
func (l lineage) lacks(other lineage) bool {
	for _, m := range other {
		if m.edited && !l.has(m) {
			return true
		}
	}
	return false
}

func (l lineage) has(m mark) bool {
	if len(l) == 0 || m.admin < l[0].admin || m.admin == l[0].admin && m.epoch < l[0].epoch {
		return true // out of sight
	}
	for _, x := range l {
		if x.admin == m.admin && x.epoch == m.epoch && x.digest == m.digest {
			return true
		}
	}
	return false
}

// String is the form on disk and in a Head: "ADMIN.EPOCH:DIGEST", followed by "!"
// if an operator made it, separated by spaces.
func (l lineage) String() string {
	var b strings.Builder
	for i, m := range l {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%d.%d:%s", m.admin, m.epoch, m.digest)
		if m.edited {
			b.WriteByte('!')
		}
	}
	return b.String()
}

// parseLineage reads String's form; what it does not understand it leaves out.
func parseLineage(s string) lineage {
	var l lineage
	for _, w := range strings.Fields(s) {
		version, digest, ok := strings.Cut(w, ":")
		a, e, ok2 := strings.Cut(version, ".")
		admin, err := strconv.Atoi(a)
		epoch, err2 := strconv.Atoi(e)
		if !ok || !ok2 || err != nil || err2 != nil {
			continue
		}
		digest, edited := strings.CutSuffix(digest, "!")
		l = append(l, mark{admin, epoch, digest, edited})
	}
	return l[max(0, len(l)-maxLineage):]
}
