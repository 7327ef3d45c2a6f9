package cib

import (
	"strconv"
	"time"
)

// Stamp says who made a change and when; equal stamps on all members make equal CIBs.
type Stamp struct {
	Origin string    // node name
	Client string    // program
	User   string    // account, "" if unknown
	Wall   time.Time // of the origin's clock; written in UTC
	// KeepStatus says that the status section belongs to the cluster: replacing
	// or erasing the whole document keeps the present one.
	KeepStatus bool
}

// Commit applies edits and counts the version up as Pacemaker does: a change of
// the configuration raises epoch, sets num_updates to 0 and writes who did it;
// a change of anything else raises num_updates. Without a change the root comes
// back as it was. On error the root comes back as it was, too.
func Commit(root *Elem, edits []Edit, stamp Stamp) (newRoot *Elem, configChanged bool, err error) {
	out, err := Apply(root, edits)
	if err != nil {
		return root, false, err
	}
	bumped := false
	for _, ed := range edits {
		bumped = bumped || ed.Op == OpBump || ed.Op == OpErase
	}
	if status := root.Child("status"); stamp.KeepStatus && status != nil && replacesAll(edits) {
		out = out.Put(status)
	}
	before, after := VersionOf(root), VersionOf(out)
	if after.Compare(before) < 0 {
		// A document merged in may be old; the version only ever rises.
		out, after = WithVersion(out, before), before
	}
	if !bumped && !ConfigDiffers(root, out) {
		if Hash(root) == Hash(out) {
			return root, false, nil
		}
		return out.With("num_updates", strconv.Itoa(max(before.NumUpdates, after.NumUpdates)+1)), false, nil
	}
	after.Epoch, after.NumUpdates = after.Epoch+1, 0
	return WithVersion(stamp.sign(out), after), true, nil
}

// replacesAll tells whether one of the edits puts another document in the place of the present one.
func replacesAll(edits []Edit) bool {
	for _, ed := range edits {
		if ed.Op == OpErase || ed.Op == OpReplace && ed.XPath == "" && ed.Elem.Name() == "cib" {
			return true
		}
	}
	return false
}

// sign writes the stamp into the root's attributes.
func (s Stamp) sign(root *Elem) *Elem {
	root = root.withAttrs(
		Attr{"cib-last-written", s.Wall.UTC().Format("Mon Jan _2 15:04:05 2006")},
		Attr{"update-origin", s.Origin},
		Attr{"update-client", s.Client})
	if s.User == "" {
		return root.Without("update-user")
	}
	return root.With("update-user", s.User)
}

// ConfigDiffers tells whether two CIBs differ in what is kept on disk: the
// configuration, its vocabulary, or an explicitly set admin_epoch or epoch.
func ConfigDiffers(a, b *Elem) bool {
	if a.Get("validate-with") != b.Get("validate-with") {
		return true
	}
	va, vb := VersionOf(a), VersionOf(b)
	if va.AdminEpoch != vb.AdminEpoch || va.Epoch != vb.Epoch {
		return true
	}
	return !a.Child("configuration").Equal(b.Child("configuration"))
}
