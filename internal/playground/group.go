package playground

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// group is the control group of a node, by which it can be frozen as a whole. Where
// there is none (no cgroup v2, or read-only), dir is "" and nodes are frozen by
// signals.
type group struct{ dir string }

// groupRoot is where cgroup v2 is mounted, "" if it is not.
func groupRoot(mountinfo string) string {
	for line := range strings.Lines(mountinfo) {
		left, right, _ := strings.Cut(line, " - ")
		f := strings.Fields(left)
		if len(f) > 4 && strings.HasPrefix(right, "cgroup2 ") {
			return f[4]
		}
	}
	return ""
}

// newGroup makes a control group of that name, or none if the machine does not let it.
func newGroup(name string) group {
	text, err := os.ReadFile("/proc/self/mountinfo")
	root := groupRoot(string(text))
	if err != nil || root == "" {
		return group{}
	}
	g := group{filepath.Join(root, name)}
	removeGroup(g.dir)
	if os.Mkdir(g.dir, 0o755) != nil {
		return group{}
	}
	if _, err := os.Stat(filepath.Join(g.dir, "cgroup.freeze")); err != nil {
		removeGroup(g.dir)
		return group{}
	}
	return g
}

// open returns a descriptor to start processes in the group with; nil if there is
// no group.
func (g group) open() (*os.File, error) {
	if g.dir == "" {
		return nil, nil
	}
	return os.Open(g.dir)
}

// freezeTimeout bounds the wait for the kernel to have stopped every process.
const freezeTimeout = 5 * time.Second

// freeze stops every process of the group, or lets them go on.
func (g group) freeze(on bool) error {
	val, want := "0", "frozen 0"
	if on {
		val, want = "1", "frozen 1"
	}
	if err := os.WriteFile(filepath.Join(g.dir, "cgroup.freeze"), []byte(val), 0); err != nil {
		return err
	}
	return poll(freezeTimeout, "the kernel to report "+want, func() bool {
		text, err := os.ReadFile(filepath.Join(g.dir, "cgroup.events"))
		return err != nil || strings.Contains(string(text), want)
	})
}

// removeGroup kills what is left in a group and removes it.
func removeGroup(dir string) {
	if dir == "" || !strings.Contains(dir, groupPrefix) {
		return
	}
	// Whether there was anything to kill does not matter; rmdir tells the end.
	_ = os.WriteFile(filepath.Join(dir, "cgroup.kill"), []byte("1"), 0)
	_ = poll(2*time.Second, "the group to become empty", func() bool {
		err := removeGroups(dir)
		return err == nil || errors.Is(err, fs.ErrNotExist)
	})
}

// removeGroups removes a group and those within it, which a node's systemd makes.
func removeGroups(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeGroups(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(dir)
}

// groupPrefix begins the names of all our control groups.
const groupPrefix = "mainstay-playground-"

// groupName is the name of a node's group. Several playgrounds, also of one process,
// run at a time; each has a directory of its own.
func groupName(dir, node string) string {
	h := fnv.New32a()
	h.Write([]byte(dir))
	return fmt.Sprintf("%s%d-%08x-%s", groupPrefix, os.Getpid(), h.Sum32(), node)
}

// stopAll freezes a node without a control group: it stops every process of the pid
// namespace, again and again until no new one appears.
func stopAll(init int) error {
	var before int
	return poll(freezeTimeout, "all processes to stop", func() bool {
		pids := members(init)
		for _, p := range pids {
			unix.Kill(p, unix.SIGSTOP)
		}
		same := len(pids) == before
		before = len(pids)
		return same
	})
}

// continueAll is the opposite of stopAll.
func continueAll(init int) {
	for _, p := range members(init) {
		unix.Kill(p, unix.SIGCONT)
	}
}

// members lists the processes in the pid namespace of a process and in those made
// within it, as numbered here.
func members(init int) []int {
	want, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", init))
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if ns, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid)); err == nil && (ns == want || within(pid, want)) {
			out = append(out, pid)
		}
	}
	return out
}

// within tells whether the pid namespace that a process's own was made in is that
// one, named as in its link (ioctl_ns(2)).
func within(pid int, namespace string) bool {
	f, err := os.Open(fmt.Sprintf("/proc/%d/ns/pid", pid))
	if err != nil {
		return false
	}
	defer f.Close()
	parent, err := unix.IoctlRetInt(int(f.Fd()), unix.NS_GET_PARENT)
	if err != nil {
		return false // there is none, or we may not see it
	}
	defer unix.Close(parent)
	var st unix.Stat_t
	return unix.Fstat(parent, &st) == nil && namespace == fmt.Sprintf("pid:[%d]", st.Ino)
}

// pollStep is how often poll looks.
const pollStep = 5 * time.Millisecond

// poll waits until done says so.
func poll(timeout time.Duration, what string, done func() bool) error {
	end := time.Now().Add(timeout)
	for !done() {
		if time.Now().After(end) {
			return fmt.Errorf("waited %v in vain for %s", timeout, what)
		}
		time.Sleep(pollStep)
	}
	return nil
}
