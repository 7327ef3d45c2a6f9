package tools

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/renameio/v2"

	"mainstay/cib"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/web"
)

// sink is where crm_mon puts what it sees besides standard output, and how it stays:
// what ocf:pacemaker:ClusterMon asks for.
type sink struct {
	daemonize bool
	pidFile   string // written once it watches
	file      string // rewritten at every change; "" is standard output
	agent     string // program to run at every result of an operation
	recipient string // handed to the agent
}

// background tells a process that it is the daemon which crm_mon -d left behind.
const background = "MAINSTAY_CRM_MON_BACKGROUND"

// declare adds the options of a sink to crm_mon's.
func (s *sink) declare(f *flags) {
	f.BoolVarP(&s.daemonize, "daemonize", "d", false, "go on in the background (needs --output-to or --external-agent)")
	f.StringVarP(&s.pidFile, "pid-file", "p", "/tmp/ClusterMon.pid", "file for the process id of the daemon")
	f.StringVar(&s.file, "output-to", "", "file to write to instead of standard output")
	f.StringVarP(&s.agent, "external-agent", "E", "", "program to run after each operation (its environment says which: CRM_notify_…)")
	f.StringVarP(&s.recipient, "external-recipient", "e", "", "who the program shall tell (CRM_notify_recipient)")
	f.BoolP("watch-fencing", "W", false, "")
	f.hide("watch-fencing")
}

// oldOutput replaces "-h FILE" and "--as-html=FILE", older forms of "--output-as=html
// --output-to=FILE". A -h alone asks for help.
func oldOutput(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		file, old := strings.CutPrefix(args[i], "--as-html=")
		if (args[i] == "-h" || args[i] == "--as-html") && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			i++
			file, old = args[i], true
		}
		if !old {
			out = append(out, args[i])
			continue
		}
		out = append(out, "--output-as=html", "--output-to="+file)
	}
	return out
}

// check says what is missing for a daemon, if one is asked for.
func (s *sink) check() error {
	if s.daemonize && s.file == "" && s.agent == "" {
		return errors.New("--daemonize needs --output-to=FILE or --external-agent=PROGRAM")
	}
	return nil
}

// detach starts this very command in a session of its own. The parent is told that
// it may go.
func (s *sink) detach(env *face.Env, args []string) (parent bool, err error) {
	if !s.daemonize || env.Getenv(background) != "" {
		return false, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return true, fmt.Errorf("find this program: %w", err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return true, err
	}
	defer null.Close()
	c := &exec.Cmd{Path: exe, Args: append([]string{env.Name}, args...), Env: append(os.Environ(), background+"=1"),
		Dir: "/", Stdin: null, Stdout: null, Stderr: null, SysProcAttr: &syscall.SysProcAttr{Setsid: true}}
	if err := c.Start(); err != nil {
		return true, fmt.Errorf("go to the background: %w", err)
	}
	// The file is written here, before the parent ends, so that whoever started it
	// finds the process at once.
	if err := renameio.WriteFile(s.pidFile, []byte(strconv.Itoa(c.Process.Pid)+"\n"), 0o644); err != nil {
		_ = c.Process.Kill()
		return true, fmt.Errorf("write the process id: %w", err)
	}
	return true, c.Process.Release()
}

// put writes one view of the cluster, whole or not at all.
func (s *sink) put(env *face.Env, text string) error {
	if s.file == "" {
		if env.Getenv(background) == "" {
			env.Printf("%s", text)
		}
		return nil
	}
	return renameio.WriteFile(s.file, []byte(text), 0o644)
}

// changes sends a nudge after every change until ctx ends, and connects again when
// the node was away.
func changes(ctx context.Context, env *face.Env, retry time.Duration) <-chan struct{} {
	nudge := make(chan struct{}, 1)
	tick := time.NewTicker(retry)
	go func() {
		defer tick.Stop()
		for ctx.Err() == nil {
			// Why it ended does not matter: the reader sees by itself whether a node answers.
			_ = env.Client().Watch(ctx, func(web.Event) bool {
				select {
				case nudge <- struct{}{}:
				default:
				}
				return true
			})
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	return nudge
}

// watch shows the state now and after every change; without a node it waits for one.
func (o *monOptions) watch(ctx context.Context, env *face.Env) error {
	every, err := cib.ParseDuration(o.interval)
	if err != nil || every <= 0 {
		every = 5 * time.Second
	}
	nudge, tick := changes(ctx, env, every), time.NewTicker(every)
	defer tick.Stop()
	told := newTeller(o.sink)
	for {
		if err := o.showOnce(ctx, env, told); err != nil && !(o.sink.daemonize && errors.Is(err, client.ErrNoDaemon)) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-nudge:
		case <-tick.C:
		}
	}
}

func (o *monOptions) showOnce(ctx context.Context, env *face.Env, told *teller) error {
	if o.sink.agent != "" {
		root, err := env.CIB(ctx)
		if err != nil {
			return err
		}
		told.tell(ctx, root)
	}
	text, err := o.render(ctx, env)
	if err != nil {
		return err
	}
	if env.Terminal {
		text = "\x1b[H\x1b[2J" + text
	}
	if o.format == "text" {
		text += "\n"
	}
	return o.sink.put(env, text)
}
