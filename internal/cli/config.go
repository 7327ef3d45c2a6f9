package cli

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"mainstay/conf"
	"mainstay/internal/face"
)

// The places of the node's own configuration file, in the order of looking.
const (
	configFile    = "/etc/mainstay/cluster.conf"
	corosyncFile  = "/etc/corosync/corosync.conf"
	configDefault = configFile + ", else " + corosyncFile
)

// configCommand is "mainstay config …": the node's own file.
func (a *app) configCommand() *cobra.Command {
	return family("make", "config", "Check the node's own configuration file (corosync.conf syntax)",
		&cobra.Command{
			Use: "check [FILE]", Short: "Explain every setting in effect, and what is wrong or not obeyed", Args: cobra.MaximumNArgs(1),
			Example: "  mainstay config check\n  mainstay config check /etc/corosync/corosync.conf",
			RunE: func(_ *cobra.Command, args []string) error {
				name := ""
				if len(args) > 0 {
					name = args[0]
				}
				return a.checkConfig(name)
			},
		})
}

func (a *app) checkConfig(name string) error {
	text, name, err := readConfig(name)
	if err != nil {
		return err
	}
	c, problems := conf.Parse(text, name)
	settings, _ := conf.Explain(text, name)
	bad := false
	for _, p := range problems {
		a.Printf("%s\n", p)
		bad = bad || p.Severity == conf.Error
	}
	if bad {
		return face.Failf(face.BadConfig, "%s is not usable\n  remedy: mend the errors above", name)
	}
	a.Printf("%s: cluster %q, %d nodes, %d links\n\n%s", name, c.Totem.ClusterName, len(c.Nodes), c.Links(), conf.Table(settings))
	return nil
}

// readConfig reads the node's configuration file; "" looks in the usual places.
func readConfig(name string) (text []byte, where string, err error) {
	places := []string{name}
	if name == "" {
		places = []string{configFile, corosyncFile}
	}
	for _, p := range places {
		text, err = os.ReadFile(p)
		if err == nil {
			return text, p, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if name == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, "", face.Failf(face.NoInput, "no configuration file (%s)\n  remedy: \"mainstay init\" makes one", configDefault)
	}
	return nil, "", &face.Failure{Code: face.NoInput, Err: err}
}
