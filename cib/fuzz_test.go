package cib

import (
	"testing"
	"time"
)

// FuzzDocument holds that no document, however strange, upsets what is done
// with documents: validation, upgrade, access control, edits, patches, digests.
func FuzzDocument(f *testing.F) {
	for _, s := range []string{baseDoc, digestDoc, xpathDoc, aclDoc, faulty("", ""),
		`<diff format="2"><change operation="delete" path="/cib/configuration/resources/primitive[@id='A']"/></diff>`,
		`<diff format="2"><version><source epoch="5" num_updates="3" admin_epoch="1"/><target epoch="6"/></version><change operation="create" path="/cib/configuration/resources" position="0"><x/></change></diff>`,
		`<diff format="2"><change operation="move" path="/cib/status" position="0"/></diff>`,
		`<cib validate-with="pacemaker-1.0"><configuration><crm_config/><resources><master id="a"/></resources><acls><acl_user id="x"><read/></acl_user></acls></configuration></cib>`,
		`<cib><configuration><crm_config/><nodes/><resources><group id="A"><primitive id="A"/><primitive id="B"/></group></resources><constraints><rsc_order id="o" first="A" then="B"/><rsc_order id="p" first="B" then="A"/></constraints></configuration></cib>`,
		`<resources><primitive id="A" description="x++"/></resources>`} {
		f.Add([]byte(s))
	}
	base, err := Parse([]byte(baseDoc))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4096 {
			return
		}
		doc, err := Parse(text)
		if err != nil {
			return
		}
		Validate(doc)
		if up, err := Upgrade(doc); err == nil {
			Validate(up)
			if again, err := Upgrade(up); err != nil || !again.Equal(up) {
				t.Fatalf("a second upgrade: %v\n%s\n%s", err, up, again)
			}
		}
		Readable(doc, Account{Name: "x"})
		VersionedDigest(doc, "3.20.0")
		for _, op := range []EditOp{OpCreate, OpModify, OpUpdate, OpReplace, OpDelete, OpPatch} {
			next, changed, err := Commit(base, []Edit{{Op: op, Elem: doc}}, Stamp{Wall: time.Unix(0, 0)})
			if err != nil {
				if next != base || changed {
					t.Fatalf("%s failed and changed something: %v", op, err)
				}
				continue
			}
			if next != base && op != OpPatch && VersionOf(next).Compare(VersionOf(base)) <= 0 {
				t.Fatalf("%s changed something, version %s", op, VersionOf(next))
			}
			if d := Diff(base, next); d != nil {
				got, err := Patch(base, d)
				if err != nil || !got.Equal(next) {
					t.Fatalf("%s: the patch gives %v\n%s\nwant\n%s\nby\n%s", op, err, got, next, d)
				}
			}
			if err := CheckWrite(base, next, Account{Name: "x"}); err != nil && !Restricted(base, Account{Name: "x"}) {
				t.Fatal(err)
			}
		}
	})
}
