package cli

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"mainstay/internal/face"
	"mainstay/internal/node"
	"mainstay/internal/web"
	"mainstay/internal/witness"
	"mainstay/qdevice"
)

// witnessOptions are the flags of the witness's commands.
type witnessOptions struct {
	dir, listen, tls, logFile string
	debug                     bool
	addrs                     []string
	valid                     time.Duration
	device                    web.WitnessRequest
}

// statusSocket is where a running witness tells who is connected, in its directory.
const statusSocket = "status.sock"

// witnessCommand is "mainstay witness …": a vote from outside of the cluster.
func (a *app) witnessCommand() *cobra.Command {
	o := &witnessOptions{}
	c := &cobra.Command{
		Use: "witness", Short: "Give clusters of two or four nodes a deciding vote from a third place", GroupID: "make",
		Long: "Run an arbiter for quorum devices in the foreground: of a cluster that falls into equal\n" +
			"parts, exactly one gets its vote. It needs no node of its own, little memory, and one\n" +
			"TCP port; it watches any number of clusters, and speaks the protocol of corosync-qnetd,\n" +
			"so that clusters with corosync-qdevice can use it, too.\n\n" +
			"On the witness:  mainstay witness &  mainstay witness invite\n" +
			"On one node:     mainstay witness join TOKEN",
		Example: "  mainstay witness --listen :5403\n  mainstay witness invite --addr 192.0.2.9\n  mainstay witness join mainstay-witness1-…",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.serveWitness(c.Context(), o) },
	}
	f := c.PersistentFlags()
	f.StringVar(&o.dir, "dir", filepath.Join(node.DefaultStateDir, "witness"), "directory of the witness's certificates and memory")
	f.StringVar(&o.listen, "listen", ":"+strconv.Itoa(qdevice.Port), "address and TCP port of the witness")
	c.Flags().StringVar(&o.tls, "tls", "required", "TLS with nodes: required or off")
	c.Flags().StringVar(&o.logFile, "log", "-", "log file, JSON lines; - for standard error")
	c.Flags().BoolVar(&o.debug, "debug", false, "log more")
	c.AddCommand(a.witnessInvite(o), a.witnessJoin(o), a.witnessLeave(), a.witnessSign(o), a.witnessStatus(o), a.witnessForget(o))
	return c
}

// store is the witness's directory, with everything in it that it needs.
func (a *app) store(o *witnessOptions) (*witness.Store, error) {
	s := &witness.Store{Dir: o.dir, Now: a.Now}
	if err := s.Init(); err != nil {
		return nil, face.Failf(face.CantCreate, "the witness's directory: %v", err)
	}
	return s, nil
}

func (a *app) serveWitness(ctx context.Context, o *witnessOptions) error {
	mode, ok := map[string]qdevice.TLS{"required": qdevice.TLSRequired, "off": qdevice.TLSOff}[o.tls]
	if !ok {
		return face.Failf(face.Usage, "--tls %s: want required or off", o.tls)
	}
	store, err := a.store(o)
	if err != nil {
		return err
	}
	log, err := openLog(o.logFile, o.debug, loggingOf(""))
	if err != nil {
		return face.Failf(face.Error, "log: %v", err)
	}
	s, err := witness.New(witness.Config{Store: store, TLS: mode, Now: bootTime, Log: log})
	if err != nil {
		return face.Failf(face.Error, "%v", err)
	}
	defer s.Close()
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return face.Failf(face.Error, "listen: %v", err)
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	defer context.AfterFunc(ctx, s.Close)()
	path := filepath.Join(o.dir, statusSocket)
	os.Remove(path) // of a process that is gone; if it is not, Listen fails below
	look, err := net.Listen("unix", path)
	if err != nil {
		return face.Failf(face.Error, "status socket: %v", err)
	}
	defer look.Close()
	go tellSeats(look, s)
	if err := s.Serve(l); err != nil {
		return face.Failf(face.Error, "%v", err)
	}
	return nil
}

// tellSeats answers every connection with who is connected.
func tellSeats(l net.Listener, s *witness.Server) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		json.NewEncoder(c).Encode(s.Seats()) // an error here means that the asker left
		c.Close()
	}
}

// bootTime is a clock that does not stop while the machine is suspended.
func bootTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic("cli: CLOCK_BOOTTIME cannot be read: " + err.Error())
	}
	return time.Duration(ts.Nano())
}

func (a *app) witnessInvite(o *witnessOptions) *cobra.Command {
	c := &cobra.Command{
		Use: "invite [CLUSTER]", Short: "Print a token by which a cluster takes this witness", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			_, port, err := net.SplitHostPort(o.listen)
			n, bad := strconv.Atoi(port)
			if err != nil || bad != nil {
				return face.Failf(face.Usage, "--listen %s: want ADDRESS:PORT", o.listen)
			}
			store, err := a.store(o)
			if err != nil {
				return err
			}
			if len(o.addrs) == 0 {
				o.addrs = ownAddrs()
			}
			if len(o.addrs) == 0 {
				return face.Failf(face.NoHost, "at which address is this machine reached?\n  remedy: give --addr")
			}
			token, err := store.Invite(strings.Join(args, ""), o.addrs, n, o.valid)
			if err != nil {
				return face.Failf(face.Error, "%v", err)
			}
			a.Printf("%s\n", token)
			return nil
		},
	}
	c.Flags().StringSliceVar(&o.addrs, "addr", nil, "addresses at which this witness is reached (default: found)")
	c.Flags().DurationVar(&o.valid, "valid", time.Hour, "how long the token is good")
	return c
}

// ownAddrs are the addresses of this machine that others may reach.
func ownAddrs() []string {
	var out []string
	have, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range have {
		if p, ok := a.(*net.IPNet); ok && p.IP.IsGlobalUnicast() {
			out = append(out, p.IP.String())
		}
	}
	return out
}

func (a *app) witnessJoin(o *witnessOptions) *cobra.Command {
	c := &cobra.Command{
		Use: "join TOKEN", Short: "Have this cluster take a witness as its quorum device", Args: cobra.ExactArgs(1),
		Long: "Makes the witness know this cluster by its key, and writes the device into the\n" +
			"configuration file of all members, which ask it from then on. two_node, which a device\n" +
			"replaces, is taken out.",
		RunE: func(c *cobra.Command, args []string) error {
			o.device.Token = args[0]
			if err := a.Client().JoinWitness(c.Context(), o.device); err != nil {
				return err
			}
			a.Printf("the witness is this cluster's quorum device\n")
			return nil
		},
	}
	c.Flags().StringVar(&o.device.Algorithm, "algorithm", "ffsplit", "who gets the vote: ffsplit (the larger part, half at least) or lms (the last one)")
	c.Flags().StringVar(&o.device.TieBreaker, "tie-breaker", "lowest", "of equal parts: lowest, highest, or a node id")
	return c
}

func (a *app) witnessLeave() *cobra.Command {
	return &cobra.Command{
		Use: "leave", Short: "Take the quorum device out of this cluster's configuration", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.Client().RemoveDevice(c.Context()) },
	}
}

func (a *app) witnessSign(o *witnessOptions) *cobra.Command {
	return &cobra.Command{
		Use: "sign CLUSTER REQUEST", Short: "Sign the certificate request of a cluster that runs corosync-qdevice", Args: cobra.ExactArgs(2),
		Long: "REQUEST is what \"corosync-qdevice-net-certutil -r -n CLUSTER\" makes, where the witness's\n" +
			"ca.pem was given to \"corosync-qdevice-net-certutil -i -c\" before. The certificate is\n" +
			"written beside it, as cluster-CLUSTER.crt, for \"corosync-qdevice-net-certutil -M -c\".",
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := a.store(o)
			if err != nil {
				return err
			}
			request, err := os.ReadFile(args[1])
			if err != nil {
				return &face.Failure{Code: face.NoInput, Err: err}
			}
			cert, err := store.SignRequest(args[0], request)
			if err != nil {
				return face.Failf(face.BadData, "%v", err)
			}
			out := filepath.Join(filepath.Dir(args[1]), "cluster-"+args[0]+".crt")
			if err := os.WriteFile(out, cert, 0o644); err != nil {
				return &face.Failure{Code: face.CantCreate, Err: err}
			}
			a.Printf("%s\n", out)
			return nil
		},
	}
}

func (a *app) witnessForget(o *witnessOptions) *cobra.Command {
	return &cobra.Command{
		Use: "forget CLUSTER", Short: "No longer give a cluster that was invited a vote", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := a.store(o)
			if err != nil {
				return err
			}
			if err := store.Forget(args[0]); err != nil {
				return face.Failf(face.NoSuch, "%v", err)
			}
			return nil
		},
	}
}

func (a *app) witnessStatus(o *witnessOptions) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Tell which clusters the witness knows and which nodes are connected", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			store, err := a.store(o)
			if err != nil {
				return err
			}
			_, print, err := store.Certificate()
			if err != nil {
				return face.Failf(face.Error, "%v", err)
			}
			a.Printf("fingerprint %s\n", hex.EncodeToString(print))
			known, err := store.Clusters()
			if err != nil {
				return face.Failf(face.Error, "%v", err)
			}
			for _, k := range known {
				a.Printf("cluster %s, invited %s\n", k.Cluster, k.Since.Format(time.DateTime))
			}
			return a.showSeats(filepath.Join(o.dir, statusSocket))
		},
	}
}

// showSeats prints who is connected to the running witness.
func (a *app) showSeats(socket string) error {
	c, err := net.Dial("unix", socket)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return face.Failf(face.Disconnected, "no witness serves here\n  remedy: start it with \"mainstay witness\"")
	}
	if err != nil {
		return face.Failf(face.Error, "%v", err)
	}
	defer c.Close()
	var seats []qdevice.Seat
	if err := json.NewDecoder(c).Decode(&seats); err != nil {
		return face.Failf(face.Error, "the witness's answer: %v", err)
	}
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	for _, s := range seats {
		var ids []string
		for _, id := range s.Members {
			ids = append(ids, id.String())
		}
		tls := "TLS"
		if !s.Secure {
			tls = "no TLS"
		}
		w.Write([]byte(strings.Join([]string{"cluster " + s.Cluster, "node " + s.Node.String(), s.Algorithm.String(),
			"ring " + s.Ring.String(), "members " + strings.Join(ids, ","), "vote " + s.Vote.String(), tls}, "\t") + "\n"))
	}
	return w.Flush()
}
