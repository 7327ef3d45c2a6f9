package cib

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseScore(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int
		ok   bool
	}{
		{"0", 0, true}, {"100", 100, true}, {"-5", -5, true}, {"+7", 7, true},
		{"INFINITY", Infinity, true}, {"+INFINITY", Infinity, true}, {"-INFINITY", -Infinity, true},
		{"infinity", Infinity, true}, {"inf", Infinity, true}, {"-inf", -Infinity, true},
		{"1000000", Infinity, true}, {"99999999999999999999", Infinity, true}, {"-99999999999999999999", -Infinity, true},
		{"red", -Infinity, true}, {"yellow", 0, true}, {"green", 0, true}, {" 12 ", 12, true},
		{"", 0, false}, {"abc", 0, false}, {"10x", 10, false}, {"1.5", 1, false}, {"-", 0, false}, {"INFINIT", 0, false},
	} {
		got, err := ParseScore(c.in)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("ParseScore(%q) = %d, %v; want %d, ok %v", c.in, got, err, c.want, c.ok)
		}
	}
}

func TestAddScores(t *testing.T) {
	for _, c := range [][3]int{
		{1, 2, 3}, {Infinity, -5, Infinity}, {-5, Infinity, Infinity}, {Infinity, -Infinity, -Infinity},
		{-Infinity, Infinity, -Infinity}, {999999, 999999, Infinity}, {-999999, -999999, -Infinity}, {Infinity, Infinity, Infinity},
	} {
		if got := AddScores(c[0], c[1]); got != c[2] {
			t.Errorf("AddScores(%d, %d) = %d, want %d", c[0], c[1], got, c[2])
		}
	}
}

func TestScoreRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(-Infinity, Infinity).Draw(t, "n")
		got, err := ParseScore(FormatScore(n))
		if err != nil || got != n {
			t.Fatalf("%d → %q → %d, %v", n, FormatScore(n), got, err)
		}
		m := rapid.IntRange(-Infinity, Infinity).Draw(t, "m")
		if AddScores(n, m) != AddScores(m, n) {
			t.Fatalf("adding %d and %d depends on their order", n, m)
		}
	})
}

func TestParseBool(t *testing.T) {
	for _, s := range []string{"true", "TRUE", "on", "Yes", "y", "1"} {
		if v, err := ParseBool(s); !v || err != nil {
			t.Errorf("ParseBool(%q) = %v, %v", s, v, err)
		}
	}
	for _, s := range []string{"false", "OFF", "no", "N", "0"} {
		if v, err := ParseBool(s); v || err != nil {
			t.Errorf("ParseBool(%q) = %v, %v", s, v, err)
		}
	}
	for _, s := range []string{"", "2", "truee", "maybe"} {
		if v, err := ParseBool(s); v || err == nil {
			t.Errorf("ParseBool(%q) = %v, %v; want an error", s, v, err)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for _, c := range []struct {
		in   string
		want time.Duration
		ok   bool
	}{
		{"10", 10 * time.Second, true}, {"10s", 10 * time.Second, true}, {" 10 sec ", 10 * time.Second, true},
		{"5min", 5 * time.Minute, true}, {"5m", 5 * time.Minute, true}, {"2h", 2 * time.Hour, true}, {"2hr", 2 * time.Hour, true},
		{"100ms", 100 * time.Millisecond, true}, {"100MSEC", 100 * time.Millisecond, true}, {"7us", 7 * time.Microsecond, true},
		{"0", 0, true}, {"-1", -time.Second, true},
		{"PT1M", time.Minute, true}, {"PT1M30S", 90 * time.Second, true}, {"P1DT2H", 26 * time.Hour, true},
		{"P1W", 7 * 24 * time.Hour, true}, {"P1M", 30 * 24 * time.Hour, true}, {"P1Y", 365 * 24 * time.Hour, true}, {"P10S", 10 * time.Second, true}, {"P1H", time.Hour, true},
		{"99999999999999999999", math.MaxInt64, true}, {"P99999999999YT99999999999H", math.MaxInt64, true},
		{"", 0, false}, {"10x", 0, false}, {"s", 0, false}, {"1d", 0, false}, {"1.5s", 0, false},
		{"P", 0, false}, {"PT", 0, false}, {"PT1", 0, false}, {"P1X", 0, false}, {"PTM", 0, false},
	} {
		got, err := ParseDuration(c.in)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v, ok %v", c.in, got, err, c.want, c.ok)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"10", "5min", "PT1M30S", "P1Y2M3DT4H5M6S", "-3ms", "9223372036854775807h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil && d != 0 {
			t.Fatalf("%q: %v with an error", s, d)
		}
	})
}
