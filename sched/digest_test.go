package sched

import "testing"

// TestParamsDigest: what a record's sum leaves out does not make parameters look
// changed; all else does, whatever order it comes in.
func TestParamsDigest(t *testing.T) {
	base := paramsDigest(map[string]string{"ip": "10.0.0.1", "nic": "eth0"})
	for _, c := range []struct {
		m    map[string]string
		same bool
	}{
		{map[string]string{"nic": "eth0", "ip": "10.0.0.1"}, true},
		{map[string]string{"ip": "10.0.0.1", "nic": "eth0", "id": "7", "crm_feature_set": "3.20.1"}, true},
		{map[string]string{"ip": "10.0.0.1", "nic": "eth1"}, false},
		{map[string]string{"ip": "10.0.0.1", "nic": "eth0", "ids": "7"}, false},
	} {
		if got := paramsDigest(c.m) == base; got != c.same {
			t.Errorf("%v: the same %v, want %v", c.m, got, c.same)
		}
	}
}
