package conf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind is what a key's value looks like.
type kind int

const (
	text   kind = iota
	number      // lo to hi
	millis      // a number of milliseconds, lo to hi
	yesNo       // yes, no and their like
	word        // one of words
)

// value is a value that was read as its kind.
type value struct {
	text string
	n    int
	d    time.Duration
	yes  bool
}

// spec is one key of a section that becomes a T.
type spec[T any] struct {
	name   string
	kind   kind
	lo, hi int
	words  []string
	// what is the meaning of the key, or why it is not needed here.
	what string
	// gone marks keys that other stacks need and this one does not; bad is how
	// serious it is if one stands there, Info by default.
	gone bool
	bad  Severity
	// set takes the value over; nil with gone.
	set func(*T, value)
	// get is the value in effect, "" if there is nothing to say; and, if the file
	// does not set it, where it comes from ("" for a plain default).
	get func(*T) (value, from string)
}

// gone declares a key that has no effect.
func gone[T any](name, why string) spec[T] { return spec[T]{name: name, gone: true, what: why} }

// read takes the keys of a section over.
func read[T any](b *builder, s *section, path string, specs []spec[T], into *T) {
	seen := map[string]int{}
	for _, e := range s.keys {
		i := slices.IndexFunc(specs, func(k spec[T]) bool { return k.name == e.name })
		if i < 0 {
			b.unknown(e, path, specNames(specs))
			continue
		}
		k := specs[i]
		if line, twice := seen[e.name]; twice && !k.gone {
			b.say(e.line, Warning, path+"."+e.name, "remove one of them", "the key stands in line %d too; this one counts", line)
		}
		seen[e.name] = e.line
		v, ok := parse(b, e, path, k)
		if !ok {
			continue
		}
		if k.gone {
			bad := k.bad
			if bad == "" {
				bad = Info
			}
			b.say(e.line, bad, path+"."+e.name, "it can be removed", "not needed: %s", k.what)
			continue
		}
		b.lines[path+"."+e.name] = e.line
		k.set(into, v)
	}
}

func specNames[T any](specs []spec[T]) []string {
	var out []string
	for _, k := range specs {
		if !k.gone {
			out = append(out, k.name)
		}
	}
	return out
}

// parse reads a value as its kind.
func parse[T any](b *builder, e entry, path string, k spec[T]) (v value, ok bool) {
	v.text = e.value
	bad := func(remedy, format string, args ...any) (value, bool) {
		if strings.Contains(e.value, "#") {
			remedy += "; a comment needs a line of its own"
		}
		b.say(e.line, Error, path+"."+e.name, remedy, format, args...)
		return v, false
	}
	switch k.kind {
	case number, millis:
		n, err := strconv.Atoi(e.value)
		v.n, v.d = n, time.Duration(n)*time.Millisecond
		switch {
		case err != nil && k.kind == millis:
			return bad("write a number without a unit; it counts milliseconds", "%q is not a number of milliseconds", e.value)
		case err != nil:
			return bad("write a number", "%q is not a number", e.value)
		case n < k.lo || k.hi > 0 && n > k.hi:
			return bad(fmt.Sprintf("write a number %s", rangeText(k.lo, k.hi)), "%d is out of range", n)
		}
	case yesNo:
		switch strings.ToLower(e.value) {
		case "1", "yes", "on", "true":
			v.yes = true
		case "0", "no", "off", "false":
		default:
			return bad("write yes or no", "%q is neither yes nor no", e.value)
		}
	case word:
		v.text = strings.ToLower(e.value)
		if !slices.Contains(k.words, v.text) {
			return bad("write "+choice(k.words), "%q is not a value of this key", e.value)
		}
	case text:
		if e.value == "" && !k.gone {
			return bad("write a value, or remove the key", "the value is missing")
		}
	}
	return v, true
}

// choice lists words as people do.
func choice(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func rangeText(lo, hi int) string {
	if hi == 0 {
		return fmt.Sprintf("from %d", lo)
	}
	return fmt.Sprintf("from %d to %d", lo, hi)
}

// ms writes a duration as the file has it.
func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func yes(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}

// near suggests the known word that differs least, if one is close.
func near(word string, known []string) string {
	best, dist := "", 3
	for _, k := range known {
		if d := distance(word, k); d < dist && d < len(word) {
			best, dist = k, d
		}
	}
	if best == "" {
		return "remove it"
	}
	return "did you mean " + best + "?"
}

// distance is the number of letters to change, add or remove (Levenshtein).
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		left := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			d := left
			if a[i-1] != b[j-1] {
				d++
			}
			left = row[j]
			row[j] = min(d, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
