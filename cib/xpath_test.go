package cib

import (
	"errors"
	"strings"
	"testing"
)

const xpathDoc = `<cib epoch="1"><configuration>
  <crm_config><cluster_property_set id="s"><nvpair id="s-a" name="a" value="1"/><nvpair id="s-b" name="b" value="2"/></cluster_property_set></crm_config>
  <!-- note -->
  <resources>
    <group id="G"><primitive id="A" class="ocf" type="Dummy"><meta_attributes id="A-m"><nvpair id="A-m-t" name="target-role" value="Stopped"/></meta_attributes></primitive>
      <primitive id="B" class="ocf" type="IPaddr2"/></group>
    <primitive id="C" class="systemd" type="x"/>
    <clone id="K"><primitive id="D" class="ocf" type="Dummy"/></clone>
    <longdesc>some text</longdesc>
  </resources>
</configuration><status><node_state id="1" uname="n1"><lrm id="1"><lrm_resources><lrm_resource id="A"/><lrm_resource id="B"/></lrm_resources></lrm></node_state>
<node_state id="2" uname="n2"><lrm id="2"><lrm_resources><lrm_resource id="A"/></lrm_resources></lrm></node_state></status></cib>`

// The answers are libxml2's (xmllint --xpath) of the same document.
func TestFind(t *testing.T) {
	root := mustParse(t, xpathDoc)
	for _, c := range []struct{ xpath, want string }{
		{"/cib", "cib"},
		{"/", ""},
		{"/cib/configuration/resources/primitive", "C"},
		{"//primitive", "A B C D"},
		{"//resources//primitive", "A B C D"},
		{"//primitive[@id='B']", "B"},
		{`//primitive[@class="ocf" and @type='Dummy']`, "A D"},
		{"//primitive[@class='ocf'][@type='Dummy']", "A D"},
		{"//primitive[@id='A' or @id='C']", "A C"},
		{"//primitive[not(@class='ocf')]", "C"},
		{"//primitive[1]", "A C D"},
		{"(//primitive)[1]", "A"},
		{"(//primitive)[last()]", "D"},
		{"//group/primitive[2]", "B"},
		{"//group/primitive[position()=2]", "B"},
		{"//group/primitive[last()]", "B"},
		{"//primitive[meta_attributes]", "A"},
		{"//primitive[meta_attributes/nvpair[@name='target-role']/@value='Stopped']", "A"},
		{"//nvpair[@name='target-role']/..", "A-m"},
		{"//nvpair[@name='target-role']/../..", "A"},
		{"//nvpair[@name='target-role']/ancestor::group", "G"},
		{"//node_state[@uname='n2']//lrm_resource", "A"},
		{"//node_state[@uname='n1']//lrm_resource[@id='A']", "A"},
		{"//lrm_resource[@id='A']/ancestor::node_state", "1 2"},
		{"//*[@id='A']", "A A A"},
		{"//*[@id='K']/*", "D"},
		{"/cib/configuration/*", "crm_config resources"},
		{"//@uname", "1 2"},
		{"//node_state/@uname", "1 2"},
		{"//nvpair[@name='a']|//nvpair[@name='b']", "s-a s-b"},
		{"//nvpair[@name='b'] | //nvpair[@name='a']", "s-a s-b"},
		{"//nvpair[contains(@name,'role')]", "A-m-t"},
		{"//nvpair[starts-with(@id,'s-')]", "s-a s-b"},
		{"//nvpair[@value>1]", "s-b"},
		{"//nvpair[@value<=1]", "s-a"},
		{"//nvpair[@value!='1']", "s-b A-m-t"},
		{"//primitive[@missing]", ""},
		{"//primitive[@missing='']", ""},
		{"//nothing", ""},
		{"//comment()", "#comment"},
		{"//longdesc[text()='some text']", "longdesc"},
		{"//group[count(primitive)=2]", "G"},
		{"//*[name()='group']", "G"},
		{"//group/primitive[@id='A']/following-sibling::*", "B"},
		{"//group/primitive[@id='B']/preceding-sibling::primitive", "A"},
		{"/cib/descendant::clone", "K"},
		{"//clone/descendant-or-self::*", "K D"},
		{"//clone/child::primitive", "D"},
		{"//clone/.", "K"},
		{"configuration", ""},
		{"cib/configuration/crm_config", "crm_config"},
		{"//primitive[string-length(@id)=1 and @type='x']", "C"},
		{"//primitive[concat(@class,':',@type)='systemd:x']", "C"},
		{"//nvpair[normalize-space(@name)='a']", "s-a"},
		{"//primitive[true()]", "A B C D"},
		{"//primitive[@id=//lrm_resource/@id]", "A B"},
		{"//primitive[position()+1=last()+1]", "B C D"},
	} {
		found, err := Find(root, c.xpath)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		var ids []string
		for _, e := range found {
			if e.ID() != "" {
				ids = append(ids, e.ID())
			} else {
				ids = append(ids, e.Name())
			}
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.xpath, got, c.want)
		}
	}
}

func TestFindPlacesSet(t *testing.T) {
	root := mustParse(t, xpathDoc)
	places, err := FindPlaces(root, "//node_state[@uname='n2']//lrm_resource[@id='A']")
	if err != nil || len(places) != 1 {
		t.Fatal(err, len(places))
	}
	p := places[0]
	if got := p.Path(); got != "/cib/status/node_state[@id='2']/lrm[@id='2']/lrm_resources/lrm_resource[@id='A']" {
		t.Error(got)
	}
	next := p.Set(p.Elem.With("class", "ocf"))
	if n, _ := Find(next, "//lrm_resource[@class]"); len(n) != 1 {
		t.Errorf("%s", next)
	}
	if next.Child("configuration") != root.Child("configuration") {
		t.Error("the configuration was copied")
	}
	if p.Set(p.Elem) != root {
		t.Error("setting the same element made a new root")
	}
}

func TestXPathErrors(t *testing.T) {
	for _, x := range []string{"", "//", "//a[", "//a]", "//a[@b='c]", "//a[@b=]", "foo(", "//a[contains(@b)]", "//a[)]", "'x'", "1", "//a[@b='c'", "/cib/@",
		strings.Repeat("(", 200)} {
		_, err := Find(New("cib"), x)
		var xe *XPathError
		if !errors.As(err, &xe) {
			t.Errorf("%q: %v", x, err)
		}
	}
}

func FuzzXPath(f *testing.F) {
	root, err := Parse([]byte(xpathDoc))
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"//primitive[@id='A']/..", "(//a|//b)[1]/@x", "//a[not(contains(@b,'c')) and position()<3]", "ancestor::x/following-sibling::*[2]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, x string) {
		if len(x) > 60 {
			return
		}
		places, err := FindPlaces(root, x)
		if err != nil {
			return
		}
		for _, p := range places {
			if p.Root() != root {
				t.Fatalf("%q: a place outside of the tree", x)
			}
		}
	})
}
