package cib

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Infinity is the score that beats every other; scores never leave ±Infinity.
const Infinity = 1000000

// valueError says that a text is not what it should be. Its words are put
// together only when somebody reads them: deciders ask about missing values all
// the time and only want to know that there is none.
type valueError struct{ text, want string }

func (e valueError) Error() string { return strconv.Quote(e.text) + " is not " + e.want }

// ParseScore reads a score: an integer, or INFINITY with or without a sign.
// The health colours red, yellow and green read as their defaults (-INFINITY, 0, 0).
// A number beyond ±Infinity becomes ±Infinity. On error the returned score is
// what Pacemaker would use: the integer that the text begins with, else 0.
func ParseScore(s string) (int, error) {
	s = strings.TrimSpace(s)
	switch {
	case strings.EqualFold(s, "INFINITY"), strings.EqualFold(s, "+INFINITY"), strings.EqualFold(s, "inf"), strings.EqualFold(s, "+inf"):
		return Infinity, nil
	case strings.EqualFold(s, "-INFINITY"), strings.EqualFold(s, "-inf"), strings.EqualFold(s, "red"):
		return -Infinity, nil
	case strings.EqualFold(s, "yellow"), strings.EqualFold(s, "green"):
		return 0, nil
	}
	n, rest := leadingInt(s)
	score := int(max(-Infinity, min(Infinity, n)))
	if rest == s || rest != "" {
		return score, valueError{s, "a score: expected an integer, INFINITY or -INFINITY"}
	}
	return score, nil
}

// AddScores adds as the scheduler does: -Infinity beats everything, Infinity
// beats every finite score, and finite sums stay within the two.
func AddScores(a, b int) int {
	switch {
	case a <= -Infinity || b <= -Infinity:
		return -Infinity
	case a >= Infinity || b >= Infinity:
		return Infinity
	}
	return max(-Infinity, min(Infinity, a+b))
}

// FormatScore writes a score as the tools print it: an integer, INFINITY or -INFINITY.
func FormatScore(n int) string {
	switch {
	case n >= Infinity:
		return "INFINITY"
	case n <= -Infinity:
		return "-INFINITY"
	}
	return strconv.Itoa(n)
}

// leadingInt reads the integer that s begins with, saturating, and returns what follows it.
func leadingInt(s string) (int64, string) {
	i, neg := 0, false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		neg = s[i] == '-'
		i++
	}
	digits := i
	var n int64
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		d := int64(s[i] - '0')
		if n > (math.MaxInt64-d)/10 {
			n = math.MaxInt64
			continue
		}
		n = n*10 + d
	}
	if i == digits {
		return 0, s
	}
	if neg {
		n = -n
	}
	return n, s[i:]
}

// ParseBool reads a boolean in any spelling that Pacemaker takes, in any case:
// true on yes y 1, false off no n 0.
func ParseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "on", "yes", "y", "1":
		return true, nil
	case "false", "off", "no", "n", "0":
		return false, nil
	}
	return false, valueError{s, "a boolean: expected true or false (also yes/no, on/off, y/n, 1/0)"}
}

// ParseDuration reads a time span: an integer number of seconds, or one with a
// unit (us ms s m h and their long names, in any case), or an ISO 8601
// duration such as PT1M30S. A year counts 365 days and a month 30.
// The result may be negative if the text says so; callers judge that.
func ParseDuration(s string) (time.Duration, error) {
	t := strings.TrimSpace(s)
	if strings.HasPrefix(t, "P") {
		return parseISODuration(t)
	}
	n, rest := leadingInt(t)
	if rest == t {
		return 0, durationError(s)
	}
	unit, ok := durationUnit(strings.ToLower(strings.TrimSpace(rest)))
	if !ok {
		return 0, durationError(s)
	}
	return scale(n, unit), nil
}

func durationError(s string) error {
	return valueError{s, "a duration: expected a number with one of the units us, ms, s, min, h (none means seconds), or ISO 8601 such as PT1M30S"}
}

func durationUnit(u string) (time.Duration, bool) {
	switch u {
	case "", "s", "sec", "secs", "second", "seconds":
		return time.Second, true
	case "ms", "msec", "msecs", "millisecond", "milliseconds":
		return time.Millisecond, true
	case "us", "usec", "usecs", "microsecond", "microseconds":
		return time.Microsecond, true
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute, true
	case "h", "hr", "hrs", "hour", "hours":
		return time.Hour, true
	}
	return 0, false
}

// scale multiplies, saturating instead of wrapping around.
func scale(n int64, unit time.Duration) time.Duration {
	switch {
	case n > math.MaxInt64/int64(unit):
		return math.MaxInt64
	case n < math.MinInt64/int64(unit):
		return math.MinInt64
	}
	return time.Duration(n) * unit
}

func parseISODuration(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	// Hours and seconds are taken without the T as well, as the peer does.
	date := map[byte]time.Duration{'Y': 365 * day, 'M': 30 * day, 'W': 7 * day, 'D': day, 'H': time.Hour, 'S': time.Second}
	clock := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}
	rest, units, parts := s[1:], date, 0
	var sum time.Duration
	for rest != "" {
		if rest[0] == 'T' {
			units, rest = clock, rest[1:]
			continue
		}
		n, after := leadingInt(rest)
		if after == rest || after == "" {
			return 0, durationError(s)
		}
		unit, ok := units[after[0]]
		if !ok {
			return 0, durationError(s)
		}
		part := scale(n, unit)
		if sum > math.MaxInt64-max(part, 0) {
			part = math.MaxInt64 - sum
		}
		sum, rest, parts = sum+part, after[1:], parts+1
	}
	if parts == 0 {
		return 0, durationError(s)
	}
	return sum, nil
}
