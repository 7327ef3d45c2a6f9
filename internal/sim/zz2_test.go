package sim

import (
	"mainstay/cib"
	"testing"
)

func TestZZ2(t *testing.T) {
	s := Draw(*seed, Profile{})
	t.Logf("%s", s.Options.CIB.AppendXML(nil, true))
	t.Logf("%+v policy %s", s.Options.Models, cib.Property(s.Options.CIB, "no-quorum-policy", "stop"))
}
