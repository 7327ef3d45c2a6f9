package setup

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"mainstay/conf"
	"mainstay/member"
)

// keyBytes is the length of a cluster key.
const keyBytes = 256

// onCorosync is what Corosync needs in the totem section to encrypt, and where
// Mainstay reads that it is to use it.
const (
	corosyncTotem  = "\tversion: 2\n\ttransport: knet\n\tcrypto_cipher: aes256\n\tcrypto_hash: sha256\n"
	corosyncSystem = "system {\n\tengine: corosync\n}\n\n"
)

// NewConfig writes the configuration file of a cluster of one node; engine is
// "ring" or "corosync".
func NewConfig(cluster, engine string, n conf.Node) string {
	var totem, system string
	if engine == "corosync" {
		totem, system = corosyncTotem, corosyncSystem
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Made by \"mainstay init\"; the syntax is corosync.conf's. Changes that \"mainstay join\"\n# makes are written on every node.\n"+
		"totem {\n\tcluster_name: %s\n%s}\n\n%squorum {\n\tprovider: corosync_votequorum\n}\n\nnodelist {\n\tnode {\n\t\tname: %s\n\t\tnodeid: %d\n", cluster, totem, system, n.Name, n.ID)
	for i, a := range n.Addrs {
		fmt.Fprintf(&b, "\t\tring%d_addr: %s\n", i, a)
	}
	b.WriteString("\t}\n}\n")
	return b.String()
}

// NewKey makes a cluster key.
func NewKey() []byte {
	b := make([]byte, keyBytes)
	rand.Read(b) // never fails
	return b
}

// ErrExists says that the machine is a node already.
var ErrExists = errors.New("this machine has a cluster configuration already")

// WriteFiles writes a node's configuration file and key. Files that are there stay,
// unless overwrite is set, and are an ErrExists.
func WriteFiles(configFile, keyFile string, config string, key []byte, overwrite bool) error {
	for _, name := range []string{configFile, keyFile} {
		if _, err := os.Lstat(name); !overwrite && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %s", ErrExists, name)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("make the directory of %s: %w", name, err)
		}
	}
	// The key first: a configuration without a key would look like a node.
	if err := renameio.WriteFile(keyFile, key, 0o400); err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	if err := renameio.WriteFile(configFile, []byte(config), 0o644); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}

// nextID is the smallest id that no node has.
func nextID(nodes []conf.Node) member.NodeID {
	id := member.NodeID(1)
	for taken := true; taken; {
		taken = false
		for _, n := range nodes {
			if n.ID == id {
				taken = true
				id++
			}
		}
	}
	return id
}

// OwnAddrs guesses the addresses by which other nodes reach this machine: for each
// given address of a peer, an own one in the same network; without peers, the
// machine's first global address. It returns as many as it finds for the first
// links without a gap.
func OwnAddrs(peers []string) ([]string, error) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list this machine's addresses: %w", err)
	}
	var own []*net.IPNet
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok {
			own = append(own, n)
		}
	}
	return matchAddrs(own, peers), nil
}

// matchAddrs is OwnAddrs for given addresses.
func matchAddrs(own []*net.IPNet, peers []string) []string {
	if len(peers) == 0 {
		for _, n := range own {
			if n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
				return []string{n.IP.String()}
			}
		}
		return nil
	}
	var out []string
	for _, p := range peers {
		ip := net.ParseIP(p)
		found := ""
		for _, n := range own {
			if ip != nil && n.Contains(ip) && !n.IP.Equal(ip) {
				found = n.IP.String()
				break
			}
		}
		if found == "" {
			break
		}
		out = append(out, found)
	}
	return out
}
