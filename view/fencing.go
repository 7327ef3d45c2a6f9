package view

import "strings"

// fencingFailures is the block on fencing that did not work.
func (s *screen) fencingFailures() {
	if s.opt.has(FencingFailures) {
		s.fencingBlock("Failed Fencing Actions", FencingFailed)
	}
}

// fencingRest are the blocks on fencing under way and done.
func (s *screen) fencingRest() {
	if s.opt.has(FencingPendings) {
		s.fencingBlock("Pending Fencing Actions", FencingPending)
	}
	if s.opt.has(FencingSuccesses) {
		s.fencingBlock("Fencing History", FencingSuccess)
	}
}

// fencingBlock writes the entries of one state. Without the full history only
// the newest of each action, target and asker is told.
func (s *screen) fencingBlock(title string, state FencingState) {
	opened := false
	seen := map[string]bool{}
	for _, f := range s.f.Fencing {
		key := f.Action + "\x00" + f.Target + "\x00" + f.Delegate + "\x00" + f.Client + "\x00" + f.Origin
		if f.State != state || !s.shows(f.Target) || (seen[key] && !s.opt.FullFencing) {
			continue
		}
		seen[key] = true
		if !opened {
			s.out.gap()
			s.out.open(title)
			opened = true
		}
		s.out.item(s.fencingLine(f))
	}
	if opened {
		s.out.close()
	}
}

// fencingLine tells one entry.
func (s *screen) fencingLine(f Fencing) string {
	text := f.Action + " of " + f.Target + " " + map[FencingState]string{
		FencingPending: "pending", FencingSuccess: "successful", FencingFailed: "failed",
	}[f.State]
	if f.State == FencingFailed && f.ExitReason != "" {
		text += " (" + f.ExitReason + ")"
	}
	var parts []string
	if f.Delegate != "" {
		parts = append(parts, "delegate="+f.Delegate)
	}
	parts = append(parts, "client="+f.Client, "origin="+f.Origin)
	if !f.Completed.IsZero() {
		word := "completed"
		if !s.opt.FullFencing {
			word = map[FencingState]string{FencingSuccess: "last-successful", FencingFailed: "last-failed"}[f.State]
		}
		parts = append(parts, word+"='"+f.Completed.In(s.location()).Format("2006-01-02 15:04:05Z07:00")+"'")
	}
	return text + ": " + strings.Join(parts, ", ")
}
