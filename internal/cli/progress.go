package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"mainstay/internal/rehearse"
)

// bar shows how far a rehearsal is, on standard error: a line that is drawn anew on a
// terminal, else a line per tenth.
type bar struct {
	*app
	width int // of the terminal in characters, 0: it is none
	tenth int
	shown bool
	began time.Time // when the first row began: until then a cluster comes up
}

// barWidth is how many characters the bar itself has at most.
const barWidth = 40

// usualWidth is that of a terminal that does not tell.
const usualWidth = 80

func (a *app) progressBar() *bar {
	b := &bar{app: a}
	if f, ok := a.Stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.width = usualWidth
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			b.width = w
		}
	}
	return b
}

// show takes in how far the rehearsal is.
func (b *bar) show(p rehearse.Progress) {
	if b.began.IsZero() {
		b.began = b.Now()
	}
	if b.width > 0 {
		b.Errorf("\r\x1b[K%s", b.line(p))
		b.shown = true
		return
	}
	if t := 10 * p.Done / p.All; t > b.tenth {
		b.tenth = t
		b.Errorf("%d of %d rows after %s\n", p.Done, p.All, b.Now().Sub(b.began).Round(100*time.Millisecond))
	}
}

// line is the bar, the rows that are done and that are to be played, how long the
// others may take, and what is being played. It is one character shorter than the
// terminal is wide, so that it never becomes two lines.
func (b *bar) line(p rehearse.Progress) string {
	width := min(barWidth, b.width/4)
	full := width * p.Done / p.All
	text := fmt.Sprintf("%s%s %d of %d rows", strings.Repeat("█", full), strings.Repeat("░", width-full), p.Done, p.All)
	if left := b.left(p); left > 0 {
		text += fmt.Sprintf(", about %s left", left)
	}
	if len(p.Playing) > 0 {
		text += ": " + strings.Join(p.Playing, ", ")
	}
	if chars := []rune(text); len(chars) > b.width-1 {
		text = string(chars[:max(b.width-2, 0)]) + "…"
	}
	return text
}

// left is how long the rows that are not done will take if they take as long as those
// that are; 0 if that cannot be told yet.
func (b *bar) left(p rehearse.Progress) time.Duration {
	took := b.Now().Sub(b.began)
	if p.Done == 0 || took <= 0 {
		return 0
	}
	left := took / time.Duration(p.Done) * time.Duration(p.All-p.Done)
	return left.Round(time.Second)
}

// end takes the bar away.
func (b *bar) end() {
	if b.shown {
		b.Errorf("\r\x1b[K")
	}
}
