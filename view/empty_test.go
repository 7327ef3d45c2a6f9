package view

import (
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/status"
)

// A list with nothing in it has its title, and says so below it, as crm_mon does.
func TestEmptyLists(t *testing.T) {
	f := &Frame{Cluster: &status.Cluster{}, Now: time.Unix(0, 0), CIB: cib.Empty()}
	for want, inactive := range map[string]bool{
		"Active Resources:\n  * No active resources\n": false,
		"Full List of Resources:\n  * No resources\n":  true,
	} {
		if got := Text(f, Options{Sections: map[Section]bool{Resources: true}, Inactive: inactive}); !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}
