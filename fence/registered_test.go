package fence

import (
	"fmt"
	"strings"
	"testing"

	"mainstay/cib"
)

// TestRegistered lays registrations by hand over a configuration.
func TestRegistered(t *testing.T) {
	for _, c := range []struct{ registered, devices, levels string }{
		{``, "a b c d", "n1/2:[a b]"},
		{`<primitive id="x" class="stonith" type="fence_x"><instance_attributes id="xp"><nvpair id="xp-ip" name="ip" value="7"/></instance_attributes></primitive>`, "a b c d x", "n1/2:[a b]"},
		{`<primitive id="a" class="stonith" type="fence_other"/>`, "a b c d", "n1/2:[a b]"},
		{`<removed id="b"/>`, "a c d", "n1/2:[a b]"},
		{`<removed id="nosuch"/><primitive id="web" class="systemd" type="nginx"/>`, "a b c d", "n1/2:[a b]"},
		{`<fencing-level target="n1" index="1" devices="c"/>`, "a b c d", "n1/1:[c] n1/2:[a b]"},
		{`<fencing-level target="n1" index="2" devices="c,d"/>`, "a b c d", "n1/2:[c d]"},
		{`<fencing-level target="n2" index="2" devices="c"/>`, "a b c d", "n1/2:[a b] n2/2:[c]"},
		{`<removed target="n1" index="2"/>`, "a b c d", ""},
		{`<removed target="n1" index="0"/>`, "a b c d", ""},
		{`<removed target="n1" index="3"/><removed target="n2" index="2"/>`, "a b c d", "n1/2:[a b]"},
	} {
		root, err := cib.Parse([]byte(strings.Replace(fullCIB, "<status>", "<status><registrations>"+c.registered+"</registrations>", 1)))
		if err != nil {
			t.Fatal(err)
		}
		s := FromCIB(root)
		var devices, levels []string
		for _, d := range s.Devices {
			devices = append(devices, d.ID)
			if d.ID == "x" && d.Param("ip") != "7" || d.ID == "a" && strings.Contains(c.registered, "other") != (d.Agent.Type == "fence_other") {
				t.Errorf("%s: device %+v", c.registered, d)
			}
		}
		for _, l := range s.Levels {
			levels = append(levels, fmt.Sprintf("%s/%d:%v", l.Target, l.Index, l.Devices))
		}
		if got := strings.Join(devices, " "); got != c.devices {
			t.Errorf("%s: devices %s, want %s", c.registered, got, c.devices)
		}
		if got := strings.Join(levels, " "); got != c.levels {
			t.Errorf("%s: levels %s, want %s", c.registered, got, c.levels)
		}
	}
}
