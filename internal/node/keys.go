package node

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

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

// keyPath is where the cluster key is; "" if it stands in the configuration file.
func keyPath(cfg Config, c *conf.Config) string {
	path := cfg.KeyFile
	if path == "" {
		path = c.Totem.KeyFile
	}
	if path == "" && c.Totem.Key != "" {
		return ""
	}
	if path == "" {
		path = "authkey"
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(cfg.ConfigFile), path)
	}
	return path
}

// readKeys reads the cluster keys, the newest first.
func readKeys(cfg Config, c *conf.Config) ([][]byte, error) {
	path := keyPath(cfg, c)
	if path == "" {
		key, err := checkKey("totem.key", []byte(c.Totem.Key))
		return [][]byte{key}, err
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

// keyMode is who may read the key files: root.
const keyMode = 0o400

// writeKey puts a new key in the place of the present one, which is kept beside
// it, so that a node that ends in between knows both when it is back.
func writeKey(path string, fresh, present []byte) error {
	if err := renameio.WriteFile(path+oldSuffix, present, keyMode); err != nil {
		return fmt.Errorf("old cluster key: %w", err)
	}
	if err := renameio.WriteFile(path, fresh, keyMode); err != nil {
		return fmt.Errorf("cluster key: %w", err)
	}
	return nil
}

// forgetOldKey removes the key before the present one.
func forgetOldKey(path string) error {
	if err := os.Remove(path + oldSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("old cluster key: %w", err)
	}
	return nil
}

// withPrevious adds to keys that were read the one in use before, if it is not
// among them: until the next reload packets under it are taken, since not all
// members change over at the same instant.
func withPrevious(keys [][]byte, previous []byte) [][]byte {
	for _, k := range keys {
		if bytes.Equal(k, previous) {
			return keys
		}
	}
	return append(keys, previous)
}

func checkKey(where string, key []byte) ([]byte, error) {
	if len(key) < minKey {
		return nil, fmt.Errorf("cluster key %s: %d bytes are too few; it needs at least %d random bytes", where, len(key), minKey)
	}
	return key, nil
}
