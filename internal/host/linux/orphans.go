package linux

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// orphanWait bounds how long EndOrphans waits for what it killed.
const orphanWait = 2 * time.Second

// EndOrphans kills the agents that an earlier daemon started and that outlived it,
// with all that they are waiting for; what they left running as a service goes on.
// A start that is still under way would otherwise not be seen by the new daemon's
// probe, and the service come up here after it was started elsewhere. mark is a
// NAME=value in the agents' environment that no other program has. It returns how
// many it killed.
func EndOrphans(mark string) int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	var killed []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && pid != os.Getpid() && isAgent(pid, mark) && syscall.Kill(-pid, syscall.SIGKILL) == nil {
			killed = append(killed, pid)
		}
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(orphanWait); anyAlive(killed) && time.Now().Before(end); {
		<-tick.C
	}
	return len(killed)
}

// isAgent tells whether a process was started as an agent and is not a service that
// an agent left behind: it leads a process group, as every agent does, but no
// session, as daemons do.
func isAgent(pid int, mark string) bool {
	dir := "/proc/" + strconv.Itoa(pid)
	env, err := os.ReadFile(dir + "/environ")
	if err != nil || !bytes.Contains(append([]byte{0}, env...), []byte("\x00"+mark+"\x00")) {
		return false
	}
	_, group, session, ok := stat(dir)
	return ok && group == pid && session != pid
}

// stat reads state, process group and session (proc_pid_stat(5)).
func stat(dir string) (state string, group, session int, ok bool) {
	text, err := os.ReadFile(dir + "/stat")
	at := bytes.LastIndexByte(text, ')') // the name before it may hold anything
	if err != nil || at < 0 {
		return "", 0, 0, false
	}
	w := strings.Fields(string(text[at+1:]))
	if len(w) < 4 {
		return "", 0, 0, false
	}
	group, err = strconv.Atoi(w[2])
	if err != nil {
		return "", 0, 0, false
	}
	session, err = strconv.Atoi(w[3])
	return w[0], group, session, err == nil
}

func anyAlive(pids []int) bool {
	for _, pid := range pids {
		if state, _, _, ok := stat("/proc/" + strconv.Itoa(pid)); ok && state != "Z" {
			return true
		}
	}
	return false
}
