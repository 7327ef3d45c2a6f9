package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mainstay/conf"
)

// minKey is the least length of a cluster key, in bytes.
const minKey = 128

// oldSuffix ends the name of the file that holds the key before the present one.
// With it a cluster changes its key while it runs: on every node the key file is
// renamed to this name and the new key put in its place; a reload makes all nodes
// take both, and send with the newer one as soon as their peers have it; then the
// old files are removed and a second reload forgets the old key.
const oldSuffix = ".old"

// readKeys reads the cluster keys, the newest first.
func readKeys(cfg Config, c *conf.Config) ([][]byte, error) {
	path := cfg.KeyFile
	if path == "" {
		path = c.Totem.KeyFile
	}
	if path == "" && c.Totem.Key != "" {
		key, err := checkKey("totem.key", []byte(c.Totem.Key))
		return [][]byte{key}, err
	}
	if path == "" {
		path = filepath.Join(filepath.Dir(cfg.ConfigFile), "authkey")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(cfg.ConfigFile), path)
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cluster key: %w; copy it from another node, or make the cluster with \"mainstay init\"", err)
	}
	if key, err = checkKey(path, key); err != nil {
		return nil, err
	}
	keys := [][]byte{key}
	old, err := os.ReadFile(path + oldSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return keys, nil
	}
	if err == nil {
		old, err = checkKey(path+oldSuffix, old)
	}
	if err != nil {
		return nil, fmt.Errorf("old cluster key: %w", err)
	}
	return append(keys, old), nil
}

func checkKey(where string, key []byte) ([]byte, error) {
	if len(key) < minKey {
		return nil, fmt.Errorf("cluster key %s: %d bytes are too few; it needs at least %d random bytes", where, len(key), minKey)
	}
	return key, nil
}
