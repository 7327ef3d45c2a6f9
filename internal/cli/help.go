package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mainstay/internal/face"
)

// helpTopics are help pages that are not about one command.
func helpTopics() []*cobra.Command {
	var codes strings.Builder
	codes.WriteString("Exit codes, the same as those of Pacemaker's tools:\n\n")
	for _, m := range face.Meanings() {
		fmt.Fprintf(&codes, "  %3d  %-18s %s\n", m.Code, m.Name, m.Text)
	}
	return []*cobra.Command{
		{Use: "exit-codes", Short: "What the exit codes mean", Long: codes.String()},
		{Use: "environment", Short: "Variables that are obeyed", Long: `Environment variables:

  MAINSTAY_SOCKET  the node daemon's API socket, instead of /run/mainstay/api.sock
  CIB_file         work on this file instead of on the cluster (offline)
  NO_COLOR         write without colours
`},
		{Use: "files", Short: "Where things are", Long: `Files:

  /etc/mainstay/cluster.conf   the cluster, in corosync.conf syntax
                               (else /etc/corosync/corosync.conf)
  /etc/mainstay/authkey        the cluster's key, mode 0400
  /var/lib/mainstay/           configuration, history: the node's memory
  /run/mainstay/api.sock       the API's socket
`},
	}
}
