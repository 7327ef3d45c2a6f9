package linux

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// initialPIDs names the first pid namespace of a Linux machine; the kernel gives
// it this number (PROC_PID_INIT_INO).
const initialPIDs = "pid:[4026531836]"

// syncTime is how long the disks may take to write what is in memory, before the
// machine is stopped.
const syncTime = 100 * time.Millisecond

// Panic implements host.Power. The machine is stopped by the kernel's reset
// button (sysrq-trigger "b" or "o"), or if there is none by reboot(2). In a pid
// namespace that is not the machine's first one the button would hit the wrong
// machine; there reboot(2) makes the kernel kill the namespace's first process
// and all others with it. Panic does not return: if everything fails, the daemon
// ends, so that at least it decides nothing more.
func (m *Machine) Panic(reason string, reboot bool) {
	m.cfg.Log.Error("this machine is stopped at once", "event", "panic", "reason", reason, "reboot", reboot)
	trigger, how := "o", unix.LINUX_REBOOT_CMD_POWER_OFF
	if reboot {
		trigger, how = "b", unix.LINUX_REBOOT_CMD_RESTART
	}
	synced := make(chan struct{})
	go func() {
		defer close(synced)
		unix.Sync()
	}()
	select {
	case <-synced:
	case <-time.After(syncTime):
	}
	var failed []error
	if ns, err := os.Readlink("/proc/self/ns/pid"); err == nil && ns == initialPIDs {
		_ = os.WriteFile("/dev/kmsg", []byte("<0>mainstay: this machine is stopped: "+reason+"\n"), 0) // best effort
		if err := os.WriteFile("/proc/sysrq-trigger", []byte(trigger), 0); err != nil {
			failed = append(failed, err)
		} else {
			time.Sleep(time.Second) // power off takes the kernel a moment
		}
	}
	failed = append(failed, unix.Reboot(how))
	fmt.Fprintln(os.Stderr, "the machine could not be stopped:", failed)
	os.Exit(70)
}
