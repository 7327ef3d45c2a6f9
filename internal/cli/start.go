package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"mainstay/internal/face"
	"mainstay/internal/node"
)

// startMode is how init and join start the node daemon.
type startMode string

const (
	startNothing startMode = ""
	startHere    startMode = "here"       // in this process
	startSystemd startMode = "systemd"    // as a unit
	startDetach  startMode = "background" // where there is no systemd
)

// unitFile is the node daemon's systemd unit.
const unitFile = "/etc/systemd/system/mainstay.service"

// unit starts the daemon at boot. Agents outlive it: only the daemon itself is
// killed, and it is given time to hand over what it runs.
const unit = `[Unit]
Description=Mainstay cluster node
After=network-online.target time-sync.target corosync.service
Wants=network-online.target

[Service]
ExecStart=%s run
KillMode=process
TimeoutStopSec=15min
Restart=on-failure
RestartSec=100ms
OOMScoreAdjust=-1000
TasksMax=infinity
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`

// bestStart tells how this machine starts services.
func bestStart() startMode {
	if exists("/run/systemd/system") {
		return startSystemd
	}
	return startDetach
}

// startNode starts the node daemon; startHere returns when it ends.
func (a *app) startNode(ctx context.Context, o *setupOptions) error {
	if o.engine == "corosync" {
		if err := a.startCorosync(ctx, o); err != nil {
			return err
		}
	}
	switch o.start {
	case startHere:
		root := a.root()
		root.SetArgs(a.runArgs(o))
		return root.ExecuteContext(ctx)
	case startSystemd:
		return a.startUnit(ctx, o)
	case startDetach:
		return a.startDetached(o)
	}
	a.Printf("start the node with: %s %s\n", Name, strings.Join(a.runArgs(o), " "))
	return nil
}

// runArgs is the command that runs the node: options only where they are unusual.
func (a *app) runArgs(o *setupOptions) []string {
	args := []string{"run"}
	found := o.configFile() == node.DefaultConfig || o.configFile() == node.CorosyncConfig && !exists(node.DefaultConfig)
	if !found {
		args = append(args, "--config", o.configFile())
	}
	if o.state != node.DefaultStateDir {
		args = append(args, "--state", o.state, "--run-dir", filepath.Join(o.state, "run"))
	}
	if a.Socket != "" {
		args = append(args, "--socket", a.Socket)
	}
	return append(args, "--name", o.name)
}

// startCorosync starts the Corosync below a node, or again with its new file.
func (a *app) startCorosync(ctx context.Context, o *setupOptions) error {
	commands := [][]string{{"corosync", "-c", o.configFile()}}
	switch o.start {
	case startNothing:
		a.Printf("start Corosync with: systemctl enable --now corosync\n")
		return nil
	case startSystemd:
		commands = [][]string{{"systemctl", "enable", "corosync"}, {"systemctl", "restart", "corosync"}}
	}
	for _, c := range commands {
		if out, err := exec.CommandContext(ctx, c[0], c[1:]...).CombinedOutput(); err != nil {
			return face.Failf(face.Error, "%s: %v: %s\n  remedy: corosync must be installed; its log says what it minds", strings.Join(c, " "), err, out)
		}
	}
	a.Printf("started Corosync\n")
	return nil
}

func (a *app) startUnit(ctx context.Context, o *setupOptions) error {
	if len(a.runArgs(o)) > 3 {
		return face.Failf(face.Usage, "the systemd unit knows the usual places only\n  remedy: leave --etc, --state and --socket out, or use --foreground or --no-start")
	}
	program, err := executable()
	if err != nil {
		return fmt.Errorf("where is this program: %w", err)
	}
	if !exists(unitFile) {
		if err := os.WriteFile(unitFile, fmt.Appendf(nil, unit, program), 0o644); err != nil {
			return &face.Failure{Code: face.CantCreate, Err: err}
		}
		a.Printf("wrote %s\n", unitFile)
	}
	for _, args := range [][]string{{"daemon-reload"}, {"enable", "--now", "mainstay.service"}} {
		if out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput(); err != nil {
			return face.Failf(face.Error, "systemctl %s: %v: %s", strings.Join(args, " "), err, out)
		}
	}
	a.Printf("started mainstay.service\n")
	return nil
}

// startDetached starts the daemon in a session of its own.
func (a *app) startDetached(o *setupOptions) error {
	program, err := executable()
	if err != nil {
		return fmt.Errorf("where is this program: %w", err)
	}
	args := a.runArgs(o)
	c := exec.Command(program, args...)
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return face.Failf(face.Error, "start the node daemon: %v", err)
	}
	a.Printf("no systemd here: started \"%s %s\" in the background, pid %d\n", Name, strings.Join(args, " "), c.Process.Pid)
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	a.ended = ended
	return nil
}
