package linux

import (
	"os/exec"
	"syscall"
	"testing"
)

// An agent that outlived its daemon is ended; a service that it started is not,
// and neither is anything of somebody else.
func TestEndOrphans(t *testing.T) {
	mark := "MAINSTAY_SOCKET=" + t.TempDir()
	begin := func(env string, attr *syscall.SysProcAttr) *exec.Cmd {
		c := exec.Command("sleep", "100")
		c.Env, c.SysProcAttr = []string{"A=b", env, "C=d"}, attr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill() })
		return c
	}
	agent := begin(mark, &syscall.SysProcAttr{Setpgid: true})
	service := begin(mark, &syscall.SysProcAttr{Setsid: true})
	stranger := begin(mark+"x", &syscall.SysProcAttr{Setpgid: true})
	if n := EndOrphans(mark); n != 1 {
		t.Errorf("%d were ended, want 1", n)
	}
	if err := agent.Wait(); err == nil {
		t.Error("the agent lives")
	}
	for _, c := range []*exec.Cmd{service, stranger} {
		if err := c.Process.Signal(syscall.Signal(0)); err != nil {
			t.Errorf("%v was ended: %v", c.Env, err)
		}
		if err := c.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = c.Wait()
	}
}
