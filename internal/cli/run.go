package cli

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/node"
	"mainstay/internal/setup"
)

// runCommand is the node daemon.
func (a *app) runCommand() *cobra.Command {
	cfg := node.Config{Version: a.Version}
	var logFile string
	var debug bool
	var enrolPort int
	c := &cobra.Command{
		Use: "run", Short: "Run the node daemon in the foreground", GroupID: "make",
		Long: "Run the node daemon in the foreground until it is asked to leave the cluster\n" +
			"(SIGTERM or SIGINT): then it first stops or hands over what it runs. A daemon\n" +
			"that is killed leaves its services running and finds them again when it returns.",
		Example: "  mainstay run\n  mainstay run --config /etc/corosync/corosync.conf --name node1",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			// First of all: one who is told to end while it starts has to leave in
			// order, too, if an earlier daemon left services running here.
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGTERM, syscall.SIGINT)
			defer stop()
			if cfg.ConfigFile == "" {
				cfg.ConfigFile = presentConfig()
			}
			if !c.Flags().Changed("log") {
				logFile = ""
			}
			log, err := openLog(logFile, debug, loggingOf(cfg.ConfigFile))
			if err != nil {
				return face.Failf(face.Error, "log: %v", err)
			}
			if cfg.Socket = a.Socket; cfg.Socket == "" {
				cfg.Socket = node.DefaultSocket
			}
			cfg.Log = log
			go a.enrol(ctx, cfg, enrolPort)
			if err := node.Run(ctx, cfg); err != nil {
				log.Error("the node daemon cannot run", "error", err)
				return face.Failf(face.Error, "%v", err)
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&cfg.ConfigFile, "config", "", "configuration file (default "+node.DefaultConfig+", else "+node.CorosyncConfig+")")
	f.StringVar(&cfg.KeyFile, "key", "", "cluster key (default: authkey beside the configuration file)")
	f.StringVar(&cfg.StateDir, "state", node.DefaultStateDir, "directory of the configuration and history")
	f.StringVar(&cfg.RunDir, "run-dir", node.DefaultRunDir, "directory of what a boot forgets")
	f.StringVar(&cfg.Group, "group", "haclient", "group whose members may use the API besides root, if there is one of that name")
	f.StringVar(&cfg.Name, "name", "", "name of this node (default: found by host name, then by address)")
	f.IntVar(&enrolPort, "enrol-port", setup.Port, "TCP port for joining nodes, open only while an invitation is; 0: never")
	f.StringVar(&logFile, "log", node.DefaultLog, "log file, JSON lines; - for standard error; overrides the logging section of the configuration")
	f.BoolVar(&debug, "debug", false, "log the reason of every planned action and each change of state")
	return c
}

// enrol answers machines that join by an invitation, while the daemon runs.
func (a *app) enrol(ctx context.Context, cfg node.Config, port int) {
	if port == 0 {
		return
	}
	key := cfg.KeyFile
	if key == "" {
		key = filepath.Join(filepath.Dir(cfg.ConfigFile), "authkey")
	}
	e := &setup.Enrolment{Desk: desk(cfg.StateDir, a.Now), Cluster: client.New(cfg.Socket, Name),
		ConfigFile: cfg.ConfigFile, KeyFile: key, Log: cfg.Log}
	if err := e.Serve(ctx, port); err != nil {
		cfg.Log.Error("joining nodes are not answered", "error", err)
	}
}

// presentConfig is the configuration file that is there.
func presentConfig() string {
	if _, err := os.Stat(node.DefaultConfig); err != nil {
		if _, err := os.Stat(node.CorosyncConfig); err == nil {
			return node.CorosyncConfig
		}
	}
	return node.DefaultConfig
}
