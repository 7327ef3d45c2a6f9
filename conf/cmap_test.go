package conf

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEntriesAreThePeers: the keys of a file, their types and order, as a Corosync
// 3.1.7 that runs with the file shows them. It derives bindnetaddr from the nodelist
// and adds local_node_pos; the tool here does that.
func TestEntriesAreThePeers(t *testing.T) {
	text, err := os.ReadFile("testdata/cmap/corosync.conf")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/cmap/corosync-cmapctl")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, e := range Entries(text) {
		if !strings.HasPrefix(e.Name, "logging.") && !strings.HasSuffix(e.Name, ".bindnetaddr") {
			fmt.Fprintf(&got, "%s (%s) = %s\n", e.Name, e.Type, e.Value)
		}
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("want -, got +\n%s", d)
	}
}

func TestEntriesOfTwoLines(t *testing.T) {
	got := fmt.Sprint(Entries([]byte("totem {\ntoken: 1\ntoken: 2\ninterface {\nringnumber: 1\nmcastport: 7\n}\n}\nquorum {\ndevice {\nvotes: 1\nnet {\nport: 5403\n}\n}\n}\nlogging {\nlogger_subsys {\nsubsys: QUORUM\ndebug: on\n}\n}")))
	want := "[{logging.logger_subsys.QUORUM.debug str on} {logging.logger_subsys.QUORUM.subsys str QUORUM} {quorum.device.net.port str 5403} {quorum.device.votes u32 1} {totem.interface.1.mcastport u16 7} {totem.token u32 2}]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
