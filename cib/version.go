package cib

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version orders CIBs: admin_epoch first, then epoch, then num_updates.
type Version struct{ AdminEpoch, Epoch, NumUpdates int }

// VersionOf reads the version of a CIB; an attribute that is missing or not a number counts as 0.
func VersionOf(root *Elem) Version {
	return Version{intAttr(root, "admin_epoch"), intAttr(root, "epoch"), intAttr(root, "num_updates")}
}

func intAttr(e *Elem, name string) int {
	n, err := strconv.Atoi(e.Get(name))
	if err != nil {
		return 0
	}
	return n
}

// Compare returns -1, 0 or 1 when v is older than, the same as, or newer than o.
func (v Version) Compare(o Version) int {
	return cmp.Or(cmp.Compare(v.AdminEpoch, o.AdminEpoch), cmp.Compare(v.Epoch, o.Epoch), cmp.Compare(v.NumUpdates, o.NumUpdates))
}

// String writes the version as the tools do: admin_epoch.epoch.num_updates.
func (v Version) String() string {
	return strconv.Itoa(v.AdminEpoch) + "." + strconv.Itoa(v.Epoch) + "." + strconv.Itoa(v.NumUpdates)
}

// ParseVersion reads what String writes.
func ParseVersion(s string) (Version, error) {
	var v Version
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return v, fmt.Errorf("%q is not a CIB version: expected ADMIN_EPOCH.EPOCH.NUM_UPDATES", s)
	}
	for i, to := range []*int{&v.AdminEpoch, &v.Epoch, &v.NumUpdates} {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 {
			return Version{}, fmt.Errorf("%q is not a CIB version: %q is not a number", s, parts[i])
		}
		*to = n
	}
	return v, nil
}

// WithVersion returns a copy of a CIB root that carries a version.
func WithVersion(root *Elem, v Version) *Elem {
	return root.withAttrs(
		Attr{"admin_epoch", strconv.Itoa(v.AdminEpoch)},
		Attr{"epoch", strconv.Itoa(v.Epoch)},
		Attr{"num_updates", strconv.Itoa(v.NumUpdates)})
}

// withAttrs is With for several attributes at once.
func (e *Elem) withAttrs(set ...Attr) *Elem {
	attrs := make([]Attr, len(e.attrs), len(e.attrs)+len(set))
	copy(attrs, e.attrs)
	for _, a := range set {
		attrs = setAttr(attrs, a)
	}
	return e.WithAttrs(attrs)
}

func setAttr(attrs []Attr, a Attr) []Attr {
	for i := range attrs {
		if attrs[i].Name == a.Name {
			attrs[i].Value = a.Value
			return attrs
		}
	}
	return append(attrs, a)
}

// The words that a fresh CIB says of itself.
const (
	FeatureSet   = "3.20.0"        // crm_feature_set: the peer's level of features that this house follows
	ValidateWith = "pacemaker-4.0" // the newest vocabulary, which Upgrade leads to
	// FreshVocabulary is what new documents are written in: the newest that the
	// installed base of other tools (crmsh, pcs) reads.
	FreshVocabulary = "pacemaker-3.9"
)

// Empty makes a fresh CIB of version 0.0.0: the sections without content.
// Its attributes may be completed or overridden.
func Empty(attrs ...Attr) *Elem {
	root := New("cib",
		Attr{"crm_feature_set", FeatureSet}, Attr{"validate-with", FreshVocabulary},
		Attr{"epoch", "0"}, Attr{"num_updates", "0"}, Attr{"admin_epoch", "0"})
	conf := New("configuration").WithKids([]*Elem{New("crm_config"), New("nodes"), New("resources"), New("constraints")})
	return root.withAttrs(attrs...).WithKids([]*Elem{conf, New("status")})
}
