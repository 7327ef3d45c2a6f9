package playground

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// plan is what pid 1 of a node is told before it does anything.
type plan struct {
	Name    string
	Dir     string   // of the node: upper layers, work directories, mount point
	Layers  []string // directories of the machine to overlay, "/" first
	Binds   []bind
	Files   []file     // written at the first boot only
	Install [][]string // commands of the first boot
	Payload []string
	Beside  [][]string // programs that run from boot on
}

// bind makes a directory or file of the machine appear in the node.
type bind struct {
	From, To string
	ReadOnly bool
}

// file is something that is put on the node's disk at its first boot.
type file struct {
	Path  string
	Mode  os.FileMode // permissions; with os.ModeSymlink, Text is the target; os.ModeDir
	Text  string
	Owner string // user name; "" is root
}

// layers lists the file systems of the machine that a node's root is made of: "/"
// and whatever ordinary file system is mounted below it.
func layers(mountinfo string) []string {
	ordinary := []string{"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "bcachefs", "zfs", "squashfs", "erofs", "overlay", "fuse.overlayfs"}
	apart := []string{"/run", "/tmp", "/dev", "/proc", "/sys", "/var/tmp", "/boot", "/mnt", "/media", "/home"}
	out := []string{"/"}
	for line := range strings.Lines(mountinfo) {
		left, right, ok := strings.Cut(strings.TrimSpace(line), " - ")
		f, g := strings.Fields(left), strings.Fields(right)
		if !ok || len(f) < 5 || len(g) < 1 || !slices.Contains(ordinary, g[0]) {
			continue
		}
		at := strings.ReplaceAll(f[4], `\040`, " ")
		below := func(dir string) bool { return at == dir || strings.HasPrefix(at, dir+"/") }
		if slices.ContainsFunc(apart, below) || slices.Contains(out, at) {
			continue
		}
		if info, err := os.Stat(at); err == nil && info.IsDir() {
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return out
}

// machineLayers is layers of this machine.
func machineLayers() ([]string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	return layers(string(text)), err
}

// layerDirs are upper and work directory of one layer of a node.
func layerDirs(dir, layer string) (upper, work string) {
	name := strings.ReplaceAll(strings.Trim(layer, "/"), "/", "_")
	if name == "" {
		name = "root"
	}
	return filepath.Join(dir, "upper", name), filepath.Join(dir, "work", name)
}

// overlay mounts one layer of the machine, writable for the node alone.
func overlay(dir, layer, at string) error {
	upper, work := layerDirs(dir, layer)
	for _, d := range []string{upper, work} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	opts := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", layer, upper, work)
	if err := unix.Mount("overlay", at, "overlay", 0, opts); err != nil {
		return explain(fmt.Sprintf("overlay of %s at %s", layer, at), err)
	}
	return nil
}

// mountAll makes the node's root and moves into it. It runs in the node's own mount
// namespace.
func (p *plan) mountAll() error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return explain("make mounts private", err)
	}
	root := filepath.Join(p.Dir, "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	for _, l := range p.Layers {
		if err := overlay(p.Dir, l, filepath.Join(root, l)); err != nil {
			return err
		}
	}
	for _, m := range []struct{ fs, at, opts string }{
		{"proc", "/proc", ""}, {"sysfs", "/sys", ""}, {"tmpfs", "/run", "mode=755"},
		{"tmpfs", "/tmp", "mode=1777"}, {"tmpfs", "/dev", "mode=755"},
		{"tmpfs", filepath.Dir(p.Dir), "mode=755"}, // a node must not see the playground that it is in
	} {
		if err := mountAt(m.fs, root+m.at, m.opts); err != nil {
			return err
		}
	}
	if err := devices(root + "/dev"); err != nil {
		return err
	}
	for _, d := range []string{"/run/lock", "/run/resource-agents"} {
		if err := os.MkdirAll(root+d, 0o1777); err != nil {
			return err
		}
		if err := os.Chmod(root+d, 0o777|os.ModeSticky); err != nil {
			return err
		}
	}
	for _, b := range p.Binds {
		if err := b.mount(root); err != nil {
			return err
		}
	}
	return pivot(root)
}

func mountAt(fstype, at, opts string) error {
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(fstype, at, fstype, 0, opts); err != nil {
		return explain("mount "+fstype, err)
	}
	return nil
}

// devices fills /dev with what programs expect.
func devices(dev string) error {
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty", "kvm", "fuse", "net/tun"} {
		if _, err := os.Stat("/dev/" + name); err != nil {
			continue // the last few are not on every machine
		}
		at := filepath.Join(dev, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, nil, 0o666); err != nil {
			return err
		}
		if err := unix.Mount("/dev/"+name, at, "", unix.MS_BIND, ""); err != nil {
			return explain("bind /dev/"+name, err)
		}
	}
	if err := mountAt("tmpfs", dev+"/shm", "mode=1777"); err != nil {
		return err
	}
	if err := mountAt("devpts", dev+"/pts", "newinstance,ptmxmode=0666,mode=620"); err != nil {
		return err
	}
	for name, to := range map[string]string{"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0",
		"stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"} {
		if err := os.Symlink(to, filepath.Join(dev, name)); err != nil {
			return err
		}
	}
	return nil
}

func (b bind) mount(root string) error {
	at := filepath.Join(root, b.To)
	info, err := os.Stat(b.From)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(at, 0o755)
	} else if _, err = os.Lstat(at); err != nil {
		err = os.WriteFile(at, nil, 0o755)
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(b.From, at, "", unix.MS_BIND, ""); err != nil {
		return explain("bind "+b.To, err)
	}
	if b.ReadOnly {
		return unix.Mount("", at, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
	return nil
}

// pivot makes root the root directory and lets go of the machine's.
func pivot(root string) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return explain("change the root directory", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return explain("let go of the machine's root directory", err)
	}
	return os.Chdir("/")
}

// write puts a file on the node's disk.
func (f file) write() error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return err
	}
	if f.Mode.IsDir() {
		if err := os.MkdirAll(f.Path, f.Mode.Perm()); err != nil {
			return err
		}
		return f.own()
	}
	if err := os.Remove(f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if f.Mode&os.ModeSymlink != 0 {
		return os.Symlink(f.Text, f.Path)
	}
	if err := os.WriteFile(f.Path, []byte(f.Text), f.Mode.Perm()); err != nil {
		return err
	}
	return f.own()
}

// own sets permissions and owner.
func (f file) own() error {
	if err := os.Chmod(f.Path, f.Mode.Perm()); err != nil || f.Owner == "" {
		return err
	}
	if out, err := exec.Command("chown", f.Owner, f.Path).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %s", f.Path, strings.TrimSpace(string(out)))
	}
	return nil
}

// overlayWorks tries whether dir can hold the upper layer of an overlay of "/".
func overlayWorks(dir string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("the playground needs root; try: sudo mainstay playground")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	trial, err := os.MkdirTemp(dir, "node0-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(trial)
	return onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
			return explain("make a mount namespace", err)
		}
		if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return explain("make mounts private", err)
		}
		at := filepath.Join(trial, "root")
		if err := os.Mkdir(at, 0o755); err != nil {
			return err
		}
		return overlay(trial, "/", at)
	})
}
