package playground

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// Up makes a playground, brings the cluster on it up and loads the configuration.
// It stays until it is interrupted, then removes everything; with detach a machine
// room in the background stays instead.
func Up(ctx context.Context, o Options, detach bool) error {
	o, err := o.defaults()
	if err != nil {
		return err
	}
	if detach {
		return o.detach()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	r, err := Open(o)
	if err != nil {
		return err
	}
	if err := r.Bring(ctx); err != nil {
		return errors.Join(err, r.Close())
	}
	r.step("up", "Ctrl-C ends it; another terminal: mainstay playground exec node1 -- mainstay status")
	err = r.watch(ctx)
	r.step("down", "removing everything")
	return errors.Join(err, r.Close())
}

// readyLine is how the machine room in the background says that all is up.
const readyLine = "READY"

// detach starts the machine room in the background and returns when all is up.
func (o Options) detach() error {
	args, err := json.Marshal(o)
	if err != nil {
		return err
	}
	pr, pw, err := os.Pipe()
	if err != nil {
		return err
	}
	defer pr.Close()
	c := exec.Command("/proc/self/exe", roomCommand, string(args))
	c.Stdout, c.Stderr = pw, pw
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = c.Start()
	pw.Close()
	if err != nil {
		return fmt.Errorf("start the machine room: %w", err)
	}
	lines := bufio.NewScanner(pr)
	for lines.Scan() {
		if lines.Text() == readyLine {
			return c.Process.Release()
		}
		fmt.Fprintln(o.Out, lines.Text())
	}
	return fmt.Errorf("the playground did not come up: %w", c.Wait())
}

// runRoom is the machine room in the background.
func runRoom(args []string) error {
	var o Options
	if len(args) != 1 {
		return errors.New("this command is given by mainstay playground --detach only")
	}
	if err := json.Unmarshal([]byte(args[0]), &o); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	withstand(syscall.SIGHUP, syscall.SIGPIPE)
	o.Out = os.Stdout
	r, err := Open(o)
	if err != nil {
		return err
	}
	if err := r.Bring(ctx); err != nil {
		return errors.Join(err, r.Close())
	}
	if err := r.background(); err != nil {
		return errors.Join(err, r.Close())
	}
	select {
	case <-ctx.Done():
	case <-r.Over():
	}
	return r.Close()
}

// background says that all is up and turns the process's output to the log.
func (r *Room) background() error {
	log, err := os.OpenFile(r.base.path("room.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	if _, err := io.WriteString(os.Stdout, readyLine+"\n"); err != nil {
		return err
	}
	for _, fd := range []int{1, 2} {
		if err := syscall.Dup3(int(log.Fd()), fd, 0); err != nil {
			return err
		}
	}
	return nil
}
