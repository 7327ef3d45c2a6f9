package node

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"mainstay/cib"
	"mainstay/engine"
	"mainstay/internal/host"
	"mainstay/quorum"
	"mainstay/replica"
)

// booted is the file of the run directory that tells boots of the machine apart: it
// lasts as long as the machine runs.
const booted = "booted"

// bootOf names this boot of the machine; it tells whether an earlier daemon ran in it.
func bootOf(runDir string, r host.Rand) (string, bool) {
	if old, err := os.ReadFile(filepath.Join(runDir, booted)); err == nil {
		return string(old), true
	}
	return uuid(r), false
}

// markBoot says to later daemons of this boot that one ran. One that could not start
// must not say so: what the cluster remembers of the machine is of an earlier boot.
func markBoot(runDir, boot string) {
	// Without the mark a restarted daemon only forgets its node's attributes.
	_ = renameio.WriteFile(filepath.Join(runDir, booted), []byte(boot), 0o644)
}

// saved reads what an earlier daemon left on disk. A damaged CIB is set aside and
// healed from the other nodes. A file that is there and cannot be read is an error:
// who went on without it might call a ring by a used name, or, when nobody else is
// there, put an empty configuration in the place of one that may be read next time.
func saved(h host.Host, log *slog.Logger, boot string) (engine.Config, []engine.Alarm, error) {
	var c engine.Config
	var alarms []engine.Alarm
	c.Saved = cib.Empty()
	file, err := readSaved(h, engine.CIBFile)
	if err != nil {
		return c, nil, err
	}
	if file != nil {
		root, err := replica.DecodeFile(file)
		if err != nil {
			aside := fmt.Sprintf("damaged/cib-%d.xml", h.Wall().Unix())
			h.Write(0, aside, file)
			log.Error("the saved configuration is damaged and set aside", "event", "alarm", "error", err, "file", aside)
			alarms = append(alarms, engine.Alarm{Kind: "damaged configuration", Source: engine.CIBFile,
				Text: err.Error(), Remedy: "it is set aside as " + aside + "; the configuration is taken from the other nodes"})
		} else {
			c.Saved = root
		}
	}
	if c.RingSeq, err = savedNumber(h, log, engine.RingFile); err != nil {
		return c, nil, err
	}
	history, err := savedNumber(h, log, engine.TransitionFile)
	if err != nil {
		return c, nil, err
	}
	c.History = int(history)
	c.Quorum, err = savedQuorum(h, log, boot)
	return c, alarms, err
}

// readSaved is the content of a state file, nil if there is none.
func readSaved(h host.Host, name string) ([]byte, error) {
	file, err := h.Read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("state file %s cannot be read: %w; repair the disk, or move the file away and start again: "+
			"what it said is then taken from the other nodes, if there are any", name, err)
	case file == nil: // it is empty
		return []byte{}, nil
	}
	return file, nil
}

func savedNumber(h host.Host, log *slog.Logger, name string) (uint64, error) {
	file, err := readSaved(h, name)
	if file == nil {
		return 0, err
	}
	n, err := engine.DecodeNumber(file)
	if err != nil {
		log.Warn("a state file is damaged and ignored", "file", name, "error", err)
	}
	return n, nil
}

func savedQuorum(h host.Host, log *slog.Logger, boot string) (quorum.Saved, error) {
	file, err := readSaved(h, engine.QuorumFile)
	if file == nil {
		return quorum.Saved{}, err
	}
	s, err := engine.DecodeQuorum(file, boot)
	if err != nil {
		log.Warn("a state file is damaged and ignored", "file", engine.QuorumFile, "error", err)
	}
	return s, nil
}
