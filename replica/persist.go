package replica

import (
	"errors"
	"fmt"
	"slices"
)

// flush starts a write if something is not on disk and no write is under way;
// changes that come meanwhile share the next one.
func (r *Replica) flush(out []Effect) []Effect {
	if !r.dirty || r.writing {
		return out
	}
	r.dirty, r.writing, r.inWrite = false, true, r.index
	return append(out, WriteFile{r.cfg.Shared.file(r.root.With(lineageAttr, r.lineage.String()))})
}

func (r *Replica) written(in Written) []Effect {
	r.writing = false
	if in.Err != nil {
		// What is not on disk is not acknowledged; the next change tries again.
		r.dirty = true
		return []Effect{Note{"error", fmt.Sprintf("the configuration could not be written to disk: %v", in.Err)}}
	}
	var out []Effect
	if r.inWrite > r.onDisk {
		r.onDisk = r.inWrite
		out = append(out, Multicast{Body: Persisted{Ring: r.view.Ring, Index: r.onDisk}})
	}
	return r.flush(out)
}

// Retry writes again after a failed write; the loop calls it from time to time.
func (r *Replica) Retry() []Effect { return r.flush(nil) }

func (r *Replica) persistedFrom(in PersistedFrom) []Effect {
	if in.Persisted.Ring != r.view.Ring || r.phase == alone {
		return nil
	}
	r.persisted[in.From] = max(r.persisted[in.From], in.Persisted.Index)
	return r.answer(nil)
}

// answer tells the clients whose change is on the disk of every member.
func (r *Replica) answer(out []Effect) []Effect {
	if r.phase != synced {
		return out
	}
	safe := r.index
	for _, m := range r.view.Members {
		safe = min(safe, r.persisted[m])
	}
	if safe == r.index && r.durable < safe {
		r.durable = safe
		out = append(out, Durable{})
	}
	left := r.waiting[:0]
	for _, w := range r.waiting {
		if w.index > safe {
			left = append(left, w)
			continue
		}
		out = append(out, Answered{Seq: w.seq, Version: w.version})
	}
	r.waiting = slices.Clip(left)
	return out
}

// abandon answers the waiting clients when a view took on another CIB than the one
// that their change is in: all of them, or those who changed the status only, if
// nothing of the configuration was lost.
func (r *Replica) abandon(out []Effect, status bool) []Effect {
	why := "the partitions merged and the other side's configuration won; the change is kept with the lost configuration"
	if status {
		why = "the members changed before all had the change, and it may be lost; look and try again"
	}
	left := r.waiting[:0]
	for _, w := range r.waiting {
		if status && !w.status {
			left = append(left, w)
			continue
		}
		out = append(out, Answered{Seq: w.seq, Err: errors.New(why)})
	}
	r.waiting = slices.Clip(left)
	return out
}
