package tools

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/internal/face"
)

// isoOptions are iso8601's.
type isoOptions struct {
	env                                  *face.Env
	seconds, epoch, local, ordinal, week bool
}

// iso8601 is iso8601: read and show dates, durations and periods.
func iso8601(_ context.Context, env *face.Env, args []string) face.Code {
	o := isoOptions{env: env}
	var now bool
	var date, period, duration, expected string
	f := newFlags(env, "show and read ISO 8601 dates and times")
	f.BoolVarP(&now, "now", "n", false, "the present time")
	f.StringVarP(&date, "date", "d", "", "a date")
	f.StringVarP(&period, "period", "p", "", "a period: start/end, start/duration or duration/end")
	f.StringVarP(&duration, "duration", "D", "", "a duration")
	f.StringVarP(&expected, "expected", "E", "", "fail if the result is not this text")
	f.BoolVarP(&o.seconds, "seconds", "s", false, "in seconds since the year 0")
	f.BoolVarP(&o.epoch, "epoch", "S", false, "in seconds since 1970")
	f.BoolVarP(&o.local, "local", "L", false, "in local time")
	f.BoolVarP(&o.ordinal, "ordinal", "O", false, "with the day of the year")
	f.BoolVarP(&o.week, "week", "W", false, "with the week of the year")
	if code, done := f.parse(args); done {
		return code
	}
	bad := func(what, text string) face.Code {
		env.Errorf("%s: Invalid %s specified: %s\n", env.Name, what, text)
		return face.BadParam
	}
	var at time.Time
	switch {
	case f.Changed("date"):
		var ok bool
		if at, ok = o.parse(date); !ok {
			return bad("date/time", date)
		}
		env.Printf("Date: %s\n", o.show(at))
	case now:
		at = env.Now()
		env.Printf("Current date/time: %s\n", o.show(at))
	}
	if duration != "" {
		span, err := parseSpan(duration)
		if err != nil {
			return bad("duration", duration)
		}
		env.Printf("Duration: %s\n", span)
		if !at.IsZero() {
			at = span.after(at)
			env.Printf("Duration ends at: %s\n", o.show(at))
		}
	}
	if period != "" {
		from, to, ok := o.period(period)
		if !ok {
			return bad("interval", period)
		}
		env.Printf("Period: %s to %s\n", o.show(from), o.show(to))
	}
	if expected != "" && o.show(at) != expected {
		return face.Error
	}
	return face.OK
}

// parse reads a date, or a time of today.
func (o isoOptions) parse(text string) (time.Time, bool) {
	now := o.env.Now()
	if day, _, _ := strings.Cut(text, ":"); strings.Contains(text, ":") && !strings.ContainsAny(day, "-T ") && len(day) <= 2 {
		text = now.Format("2006-01-02 ") + text
	}
	at, err := cib.ParseTime(text, now.Location())
	return at, err == nil
}

// show writes a time as the options ask.
func (o isoOptions) show(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	zone := "Z"
	if o.local {
		at = at.In(o.env.Now().Location())
		if _, off := at.Zone(); off != 0 {
			zone = at.Format(" -07:00")
		}
	} else {
		at = at.UTC()
	}
	switch {
	case o.epoch:
		return fmt.Sprint(at.Unix())
	case o.seconds:
		return fmt.Sprint(at.Unix() + sinceYearZero)
	case o.ordinal:
		return fmt.Sprintf("%04d-%03d %s%s", at.Year(), at.YearDay(), at.Format("15:04:05"), zone)
	case o.week:
		year, week := at.ISOWeek()
		return fmt.Sprintf("%04d-W%02d-%d %s%s", year, week, (int(at.Weekday())+6)%7+1, at.Format("15:04:05"), zone)
	}
	return at.Format("2006-01-02 15:04:05") + zone
}

// sinceYearZero is how many seconds the peer counts from its beginning to 1970.
const sinceYearZero = 63930852672 - 1795255872

// period reads start/end, start/duration or duration/end.
func (o isoOptions) period(text string) (from, to time.Time, ok bool) {
	a, b, both := strings.Cut(text, "/")
	if !both {
		return from, to, false
	}
	switch {
	case strings.HasPrefix(a, "P"):
		s, err := parseSpan(a)
		to, ok = o.parse(b)
		return s.before(to), to, ok && err == nil
	case strings.HasPrefix(b, "P"):
		s, err := parseSpan(b)
		from, ok = o.parse(a)
		return from, s.after(from), ok && err == nil
	}
	from, ok1 := o.parse(a)
	to, ok2 := o.parse(b)
	return from, to, ok1 && ok2
}

// span is an ISO 8601 duration by its parts.
type span struct{ years, months, days, seconds int }

// parseSpan reads a duration such as P1Y2M3DT4H5M6S or P2W.
func parseSpan(text string) (span, error) {
	var s span
	rest, clock, parts := text, false, 0
	if !strings.HasPrefix(rest, "P") {
		return s, fmt.Errorf("%q does not begin with P", text)
	}
	for rest = rest[1:]; rest != ""; {
		if rest[0] == 'T' && !clock {
			clock, rest = true, rest[1:]
			continue
		}
		n, i := 0, 0
		for ; i < len(rest) && rest[i] >= '0' && rest[i] <= '9' && i < 9; i++ {
			n = n*10 + int(rest[i]-'0')
		}
		if i == 0 || i == len(rest) || !s.add(n, rest[i], clock) {
			return s, fmt.Errorf("%q: a number and a unit are missing at %q", text, rest)
		}
		rest, parts = rest[i+1:], parts+1
	}
	if parts == 0 {
		return s, fmt.Errorf("%q is empty", text)
	}
	return s, nil
}

// add takes in one number with its unit.
func (s *span) add(n int, unit byte, clock bool) bool {
	switch {
	case unit == 'Y' && !clock:
		s.years += n
	case unit == 'M' && !clock:
		s.months += n
	case unit == 'W' && !clock:
		s.days += 7 * n
	case unit == 'D' && !clock:
		s.days += n
	case unit == 'H':
		s.seconds += 3600 * n
	case unit == 'M':
		s.seconds += 60 * n
	case unit == 'S':
		s.seconds += n
	default:
		return false
	}
	return true
}

// after is the time that lies a span after another; a day that the month does not
// have becomes its last.
func (s span) after(t time.Time) time.Time { return s.shift(t, 1) }

// before is the time that lies a span before another.
func (s span) before(t time.Time) time.Time { return s.shift(t, -1) }

func (s span) shift(t time.Time, sign int) time.Time {
	first := time.Date(t.Year()+sign*s.years, t.Month()+time.Month(sign*s.months), 1, t.Hour(), t.Minute(), t.Second(), 0, t.Location())
	last := first.AddDate(0, 1, -1).Day()
	at := first.AddDate(0, 0, min(t.Day(), last)-1)
	return at.AddDate(0, 0, sign*s.days).Add(time.Duration(sign*s.seconds) * time.Second)
}

// String writes the parts in words.
func (s span) String() string {
	var b strings.Builder
	part := func(n int, unit string, width int) {
		if n != 0 {
			fmt.Fprintf(&b, "%*d %s%s ", width, n, unit, plural(n))
		}
	}
	part(s.years, "year", 4)
	part(s.months, "month", 2)
	part(s.days, "day", 2)
	if s.seconds == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "%d second%s", s.seconds, plural(s.seconds))
	var words []string
	for _, u := range []struct {
		n    int
		unit string
	}{{s.seconds / 3600, "hour"}, {s.seconds / 60 % 60, "minute"}, {s.seconds % 60, "second"}} {
		if u.n != 0 && s.seconds >= 60 {
			words = append(words, fmt.Sprintf("%d %s%s", u.n, u.unit, plural(u.n)))
		}
	}
	if len(words) > 0 {
		b.WriteString(" (" + strings.Join(words, " ") + ")")
	}
	return b.String()
}
