package playground

import (
	"bytes"
	_ "embed" // the services' configuration
	"fmt"
	"os"
	"strings"
	"text/template"
)

// Templates of the nodes' files.
var (
	//go:embed files/cluster.conf
	clusterConf string
	//go:embed files/haproxy.cfg
	haproxyCfg string
	//go:embed files/mariadb.cnf
	mariadbCnf string
	//go:embed files/faulty
	faultyAgent string
)

// Where things are inside of a node.
const (
	sharedDir   = "/srv/san"                       // the shared storage, the same for all nodes
	switchDir   = "/run/playground"                // the power switch's socket is here
	programPath = "/usr/sbin/mainstay"             // the program under test
	fencePath   = "/usr/sbin/" + FenceAgentName    // its face as a fence agent
	daemonLog   = "/var/log/mainstay/mainstay.log" // JSON lines
	apiSocket   = "/run/mainstay/api.sock"
)

// facts are what the templates know.
type facts struct {
	Nodes    []factNode
	TokenMS  int64
	Corosync bool // does membership
}

type factNode struct {
	ID    int
	Name  string
	Addrs []string
}

func factsOf(o Options) facts {
	f := facts{TokenMS: o.Token.Milliseconds(), Corosync: o.Engine == engineCorosync}
	for i := 1; i <= o.Nodes; i++ {
		n := factNode{ID: i, Name: nodeName(i)}
		for _, net := range Networks() {
			n.Addrs = append(n.Addrs, net.Address(i).String())
		}
		f.Nodes = append(f.Nodes, n)
	}
	return f
}

// fill fills a template in.
func fill(name, text string, f facts) (string, error) {
	t, err := template.New(name).Parse(text)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, f)
	return b.String(), err
}

// nodeFiles are the files of a node's first boot.
func nodeFiles(o Options, number int, key string) ([]file, error) {
	f := factsOf(o)
	conf, err := fill("cluster.conf", clusterConf, f)
	if err != nil {
		return nil, err
	}
	etc, name := "/etc/mainstay/", "cluster.conf"
	if o.Engine == engineCorosync {
		etc, name = "/etc/corosync/", "corosync.conf"
	}
	var hosts strings.Builder
	hosts.WriteString("127.0.0.1 localhost\n::1 localhost\n")
	for _, n := range f.Nodes {
		fmt.Fprintf(&hosts, "%s %s\n", n.Addrs[0], n.Name)
	}
	out := []file{
		{Path: "/etc/hostname", Mode: 0o644, Text: nodeName(number) + "\n"},
		{Path: "/etc/hosts", Mode: 0o644, Text: hosts.String()},
		{Path: etc + name, Mode: 0o644, Text: conf},
		{Path: etc + "authkey", Mode: 0o400, Text: key},
		{Path: fencePath, Mode: os.ModeSymlink, Text: programPath},
		{Path: "/usr/lib/ocf/resource.d/playground/faulty", Mode: 0o755, Text: faultyAgent},
	}
	if o.Plain || !hasDatabase() {
		return out, nil
	}
	proxy, err := fill("haproxy.cfg", haproxyCfg, f)
	if err != nil {
		return nil, err
	}
	return append(out,
		file{Path: "/etc/haproxy/haproxy.cfg", Mode: 0o644, Text: proxy},
		file{Path: "/var/log/mysql", Mode: os.ModeDir | 0o750, Owner: "mysql:adm"},
		file{Path: "/etc/mysql/mariadb.conf.d/99-playground.cnf", Mode: 0o644, Text: mariadbCnf}), nil
}
