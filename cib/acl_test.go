package cib

import (
	"errors"
	"strings"
	"testing"
)

const aclDoc = `<cib epoch="1" num_updates="0" admin_epoch="0"><configuration>
<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="acl" name="enable-acl" value="true"/><nvpair id="se" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="n1"/></nodes>
<resources>
  <primitive id="A" class="ocf" provider="heartbeat" type="Dummy">
    <instance_attributes id="A-p"><nvpair id="A-p-secret" name="password" value="x"/></instance_attributes>
    <meta_attributes id="A-m"><nvpair id="A-m-tr" name="target-role" value="Started"/></meta_attributes></primitive>
  <primitive id="B" class="ocf" provider="heartbeat" type="Dummy"/>
</resources>
<constraints/>
<acls>
  <acl_role id="watcher"><acl_permission id="w1" kind="read" xpath="/cib"/><acl_permission id="w2" kind="deny" xpath="//nvpair[@name='password']"/></acl_role>
  <acl_role id="operator"><acl_permission id="o1" kind="write" xpath="//nvpair[@name='target-role']"/><acl_permission id="o2" kind="write" object-type="primitive" reference="B"/></acl_role>
  <acl_role id="narrow"><acl_permission id="n1" kind="read" object-type="meta_attributes" reference="A-m"/></acl_role>
  <acl_role id="admin"><acl_permission id="a1" kind="write" xpath="/cib/configuration"/></acl_role>
  <acl_target id="ada"><role id="admin"/></acl_target>
  <acl_target id="joe"><role id="watcher"/></acl_target>
  <acl_target id="u-ann" name="ann"><role id="watcher"/><role id="operator"/></acl_target>
  <acl_target id="eve"><role id="narrow"/></acl_target>
  <acl_group id="staff"><role id="operator"/></acl_group>
</acls></configuration><status/></cib>`

func TestReadable(t *testing.T) {
	root := mustParse(t, aclDoc)
	for _, c := range []struct {
		who        Account
		sees, lost string // XPaths separated by blanks
	}{
		{Account{Name: "root"}, "//nvpair[@name='password']", ""},
		{Account{Name: "hacluster"}, "//nvpair[@name='password']", ""},
		{Account{Name: "joe"}, "//primitive[@id='A'][@class] //instance_attributes //nvpair[@id='A-m-tr'] //node", "//nvpair[@name='password']"},
		{Account{Name: "eve"}, "//primitive[@id='A'][not(@class)] //nvpair[@id='A-m-tr'][@value]", "//instance_attributes //primitive[@id='B'] //node"},
	} {
		got := Readable(root, c.who)
		for _, x := range strings.Fields(c.sees) {
			if hits, err := Find(got, x); err != nil || len(hits) == 0 {
				t.Errorf("%s does not see %s (%v)\n%s", c.who.Name, x, err, got)
			}
		}
		for _, x := range strings.Fields(c.lost) {
			if hits, _ := Find(got, x); len(hits) != 0 {
				t.Errorf("%s sees %s\n%s", c.who.Name, x, got)
			}
		}
	}
	if Readable(root, Account{Name: "nobody"}) != nil {
		t.Error("an unknown account sees something")
	}
	off := mustParse(t, strings.Replace(aclDoc, `name="enable-acl" value="true"`, `name="enable-acl" value="false"`, 1))
	if Readable(off, Account{Name: "nobody"}) != off {
		t.Error("ACLs apply although they are switched off")
	}
}

func TestCheckWrite(t *testing.T) {
	root := mustParse(t, aclDoc)
	for _, c := range []struct {
		who Account
		op  EditOp
		doc string
		ok  bool
	}{
		{Account{Name: "joe"}, OpModify, `<nvpair id="A-m-tr" value="Stopped"/>`, false},
		{Account{Name: "ann"}, OpModify, `<nvpair id="A-m-tr" value="Stopped"/>`, true},
		{Account{Name: "bob", Groups: []string{"staff"}}, OpModify, `<nvpair id="A-m-tr" value="Stopped"/>`, true},
		{Account{Name: "ann"}, OpDelete, `<nvpair id="A-m-tr"/>`, true},
		{Account{Name: "ann"}, OpModify, `<nvpair id="se" value="true"/>`, false},
		{Account{Name: "ann"}, OpModify, `<primitive id="B" description="x"/>`, true},
		{Account{Name: "ann"}, OpDelete, `<primitive id="B"/>`, true},
		{Account{Name: "ann"}, OpDelete, `<primitive id="A"/>`, false},
		{Account{Name: "ann"}, OpModify, `<primitive id="B"><meta_attributes id="B-m"><nvpair id="B-m-x" name="x" value="1"/></meta_attributes></primitive>`, true},
		{Account{Name: "ann"}, OpCreate, `<primitive id="C" class="ocf" provider="heartbeat" type="Dummy"/>`, false},
		{Account{Name: "ann"}, OpModify, `<acl_role id="operator"><acl_permission id="o3" kind="write" xpath="/cib"/></acl_role>`, false},
		{Account{Name: "ada"}, OpModify, `<acl_role id="operator"><acl_permission id="o3" kind="write" xpath="/cib"/></acl_role>`, true},
		{Account{Name: "ada"}, OpCreate, `<primitive id="C" class="ocf" provider="heartbeat" type="Dummy"/>`, true},
		{Account{Name: "ada"}, OpModify, `<node_state id="9"/>`, false},
		{Account{Name: "root"}, OpDelete, `<primitive id="A"/>`, true},
	} {
		after, _, err := Commit(root, []Edit{edit(t, c.op, "", "", c.doc)}, Stamp{User: c.who.Name})
		if err != nil {
			t.Fatal(err)
		}
		err = CheckWrite(root, after, c.who)
		var denied *Denied
		if (err == nil) != c.ok || err != nil && !errors.As(err, &denied) {
			t.Errorf("%s: %s %s: %v, want allowed %v", c.who.Name, c.op, c.doc, err, c.ok)
		}
	}
}
