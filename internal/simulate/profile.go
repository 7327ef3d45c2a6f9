package simulate

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/sched"
)

// profile plans every XML file of a directory and prints how long it took.
func profile(env *face.Env, o *options) error {
	files, err := filepath.Glob(filepath.Join(o.profile, "*.xml"))
	if err != nil || len(files) == 0 {
		return face.Failf(face.NoInput, "--profile %s: there are no XML files", o.profile)
	}
	slices.Sort(files)
	env.Printf("Timings:\n")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return face.Failf(face.NoInput, "--profile: %w", err)
		}
		begin := env.Now()
		for range o.repeat {
			if err := planOnce(env, text); err != nil {
				return face.Failf(face.BadData, "%s: %w", name, err)
			}
		}
		env.Printf("  * Testing %s ... %.2f secs\n", name, env.Now().Sub(begin).Seconds())
	}
	return nil
}

// planOnce reads a CIB and plans.
func planOnce(env *face.Env, text []byte) error {
	root, err := cib.Parse(text)
	if err != nil {
		return err
	}
	if root, err = cib.Upgrade(root); err != nil {
		return err
	}
	now := env.Now()
	if sec, ok := unixAttr(root, "execution-date"); ok {
		now = time.Unix(sec, 0).UTC()
	}
	sched.Schedule(sched.Input{CIB: root, Now: now})
	return nil
}
