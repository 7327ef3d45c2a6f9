package cib

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseTime reads an ISO 8601 instant as rules and options use it: a calendar
// (2019-09-20), ordinal (2005-020) or week (2005-W03-2) date, "T" or a blank, a
// time of day with optional minutes, seconds and offset. What is missing counts
// as its beginning; without an offset the instant is in zone.
func ParseTime(s string, zone *time.Location) (time.Time, error) {
	bad := fmt.Errorf("%q is not a date: expected ISO 8601 such as 2026-01-31 13:00:00Z", s)
	text := strings.TrimSpace(s)
	if strings.EqualFold(text, "epoch") {
		return time.Unix(0, 0).In(zone), nil
	}
	day, clock := text, ""
	if i := strings.IndexAny(text, "T "); i >= 0 {
		day, clock = text[:i], strings.TrimSpace(text[i+1:])
	}
	if strings.Contains(day, ":") && clock == "" {
		return time.Time{}, bad
	}
	clock, zone, ok := splitOffset(clock, zone)
	if !ok {
		return time.Time{}, bad
	}
	date, ok := parseDay(day, zone)
	if !ok {
		return time.Time{}, bad
	}
	h, m, sec, ok := parseClock(clock)
	if !ok {
		return time.Time{}, bad
	}
	return time.Date(date.Year(), date.Month(), date.Day(), h, m, sec, 0, zone), nil
}

// splitOffset takes a trailing Z or ±hh[[:]mm] off a time of day.
func splitOffset(clock string, zone *time.Location) (string, *time.Location, bool) {
	if strings.HasSuffix(clock, "Z") || strings.HasSuffix(clock, "z") {
		return strings.TrimSpace(clock[:len(clock)-1]), time.UTC, true
	}
	i := strings.LastIndexAny(clock, "+-")
	if i < 0 {
		return clock, zone, true
	}
	digits := strings.ReplaceAll(clock[i+1:], ":", "")
	if len(digits) == 2 {
		digits += "00"
	}
	n, err := strconv.Atoi(digits)
	if err != nil || len(digits) != 4 {
		return "", nil, false
	}
	secs := (n/100)*3600 + (n%100)*60
	if clock[i] == '-' {
		secs = -secs
	}
	return strings.TrimSpace(clock[:i]), time.FixedZone("", secs), true
}

// parseDay reads a calendar, ordinal or week date, with or without hyphens.
func parseDay(s string, zone *time.Location) (time.Time, bool) {
	if w := strings.IndexByte(s, 'W'); w >= 0 {
		return parseWeek(strings.Trim(s[:w], "-"), strings.ReplaceAll(s[w+1:], "-", ""), zone)
	}
	d := strings.ReplaceAll(s, "-", "")
	n, err := strconv.Atoi(d)
	if err != nil || n < 0 {
		return time.Time{}, false
	}
	switch len(d) {
	case 4:
		return time.Date(n, 1, 1, 0, 0, 0, 0, zone), true
	case 6:
		return time.Date(n/100, time.Month(n%100), 1, 0, 0, 0, 0, zone), n%100 >= 1 && n%100 <= 12
	case 7:
		return time.Date(n/1000, 1, n%1000, 0, 0, 0, 0, zone), n%1000 >= 1 && n%1000 <= 366
	case 8:
		month, day := n/100%100, n%100
		t := time.Date(n/10000, time.Month(month), day, 0, 0, 0, 0, zone)
		return t, t.Day() == day && int(t.Month()) == month
	}
	return time.Time{}, false
}

func parseWeek(year, rest string, zone *time.Location) (time.Time, bool) {
	y, err := strconv.Atoi(year)
	if err != nil || len(rest) < 2 {
		return time.Time{}, false
	}
	w, err := strconv.Atoi(rest[:2])
	if err != nil || w < 1 || w > 53 {
		return time.Time{}, false
	}
	d := 1
	if len(rest) > 2 {
		if d, err = strconv.Atoi(rest[2:]); err != nil || d < 1 || d > 7 {
			return time.Time{}, false
		}
	}
	// The fourth of January is always in week 1.
	jan4 := time.Date(y, 1, 4, 0, 0, 0, 0, zone)
	monday := jan4.AddDate(0, 0, -(isoWeekday(jan4) - 1))
	return monday.AddDate(0, 0, 7*(w-1)+d-1), true
}

func isoWeekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

func parseClock(s string) (h, m, sec int, ok bool) {
	if s == "" {
		return 0, 0, 0, true
	}
	if i := strings.IndexByte(s, '.'); i >= 0 {
		s = s[:i]
	}
	d := strings.ReplaceAll(s, ":", "")
	n, err := strconv.Atoi(d)
	if err != nil || n < 0 {
		return 0, 0, 0, false
	}
	switch len(d) {
	case 1, 2:
		h = n
	case 4:
		h, m = n/100, n%100
	case 6:
		h, m, sec = n/10000, n/100%100, n%100
	default:
		return 0, 0, 0, false
	}
	return h, m, sec, h <= 24 && m < 60 && sec <= 60
}

// inSpec tells whether t matches a date_spec: every range it names must hold t's value.
func inSpec(spec *Elem, t time.Time) bool {
	year, week := t.ISOWeek()
	for _, f := range []struct {
		names []string
		value int
	}{
		{[]string{"seconds"}, t.Second()},
		{[]string{"minutes"}, t.Minute()},
		{[]string{"hours"}, t.Hour()},
		{[]string{"monthdays"}, t.Day()},
		{[]string{"weekdays"}, isoWeekday(t)},
		{[]string{"yearsdays", "yeardays"}, t.YearDay()},
		{[]string{"weeks"}, week},
		{[]string{"months"}, int(t.Month())},
		{[]string{"years"}, t.Year()},
		{[]string{"weekyears"}, year},
	} {
		for _, name := range f.names {
			if r, ok := spec.Lookup(name); ok && !inRange(r, f.value) {
				return false
			}
		}
	}
	return true
}

// inRange reads "9", "9-16", "9-" or "-16".
func inRange(r string, v int) bool {
	lo, hi, isRange := strings.Cut(r, "-")
	l, errL := strconv.Atoi(strings.TrimSpace(lo))
	if !isRange {
		return errL == nil && v == l
	}
	h, errH := strconv.Atoi(strings.TrimSpace(hi))
	if errL != nil && errH != nil {
		return false
	}
	return (errL != nil || v >= l) && (errH != nil || v <= h)
}

// addDuration adds a <duration> element to an instant.
func addDuration(t time.Time, d *Elem) time.Time {
	n := func(name string) int { v, _ := strconv.Atoi(strings.TrimSpace(d.Get(name))); return v }
	t = addMonths(t, n("years")*12+n("months"))
	t = t.AddDate(0, 0, n("weeks")*7+n("days"))
	return t.Add(time.Duration(n("hours"))*time.Hour + time.Duration(n("minutes"))*time.Minute + time.Duration(n("seconds"))*time.Second)
}

// addMonths keeps the day of the month, or takes the month's last day if it is shorter.
func addMonths(t time.Time, months int) time.Time {
	if months == 0 {
		return t
	}
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), 0, t.Location()).AddDate(0, months, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}
