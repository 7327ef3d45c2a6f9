package cib

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Facts are what a rule may ask about ("Pacemaker Explained", Rules). A nil
// function means that the rule stands where such facts are not to be had.
type Facts struct {
	Now            time.Time
	Node           func(name string) (string, bool) // node attributes, #uname and its like among them
	Param          func(name string) (string, bool) // value-source="param"
	Meta           func(name string) (string, bool) // value-source="meta"
	Match          []string                         // submatches of an rsc-pattern, for %0 to %9
	Class          string                           // rsc_expression
	Provider, Type string
	IsRsc          bool
	Op             string // op_expression
	IntervalMS     int64
	IsOp           bool
	Find           func(id string) *Elem // resolves id-ref
	Next           *time.Time            // set to the earliest instant at which a date expression's answer changes
}

// EvalRule tells whether a rule holds.
func EvalRule(rule *Elem, f *Facts) bool {
	if ref := rule.Get("id-ref"); ref != "" && f.Find != nil {
		if rule = f.Find(ref); rule == nil {
			return false
		}
	}
	or := strings.EqualFold(rule.Get("boolean-op"), "or")
	any := false
	for _, k := range rule.Kids() {
		holds := false
		switch k.Name() {
		case "rule":
			holds = EvalRule(k, f)
		case "expression":
			holds = evalAttr(k, f)
		case "date_expression":
			holds = evalDate(k, f)
		case "rsc_expression":
			holds = f.IsRsc && same(k, "class", f.Class) && same(k, "provider", f.Provider) && same(k, "type", f.Type)
		case "op_expression":
			holds = evalOp(k, f)
		default:
			continue
		}
		any = true
		if holds == or {
			return or
		}
	}
	return any && !or
}

// RulesHold tells whether the first rule below an element holds; an element without one is always in force.
func RulesHold(owner *Elem, f *Facts) bool {
	for k := range owner.Named("rule") {
		return EvalRule(k, f)
	}
	return true
}

func same(e *Elem, name, value string) bool {
	want, ok := e.Lookup(name)
	return !ok || want == value
}

func evalOp(e *Elem, f *Facts) bool {
	if !f.IsOp || e.Get("name") != f.Op {
		return false
	}
	iv, ok := e.Lookup("interval")
	if !ok {
		return true
	}
	d, err := ParseDuration(iv)
	return err == nil && d.Milliseconds() == f.IntervalMS
}

// evalDate judges a date_expression and notes when its answer will change.
func evalDate(e *Elem, f *Facts) bool {
	start, errS := ParseTime(e.Get("start"), f.Now.Location())
	end, errE := ParseTime(e.Get("end"), f.Now.Location())
	hasStart, hasEnd := e.Get("start") != "" && errS == nil, e.Get("end") != "" && errE == nil
	if d := e.Child("duration"); d != nil && hasStart && !hasEnd {
		end, hasEnd = addDuration(start, d), true
	}
	now := f.Now.Truncate(time.Second)
	switch e.Get("operation") {
	case "", "in_range":
		if !hasStart && !hasEnd {
			return false
		}
		if hasStart && now.Before(start) {
			f.note(start)
			return false
		}
		if hasEnd && now.After(end) {
			return false
		}
		if hasEnd {
			f.note(end.Add(time.Second))
		}
		return true
	case "date_spec":
		spec := e.Child("date_spec")
		if spec == nil {
			return false
		}
		in := inSpec(spec, now)
		if in && spec.Get("years") != "" {
			f.noteYears(spec, now)
		}
		return in
	case "gt":
		if hasStart && !now.After(start) {
			f.note(start.Add(time.Second))
		}
		return hasStart && now.After(start)
	case "lt":
		if hasEnd && now.Before(end) {
			f.note(end)
		}
		return hasEnd && now.Before(end)
	}
	return false
}

func (f *Facts) note(t time.Time) {
	if f.Next != nil && t.After(f.Now) && (f.Next.IsZero() || t.Before(*f.Next)) {
		*f.Next = t
	}
}

// noteYears notes the end of a range of years, the one part of a date_spec whose end is sure.
func (f *Facts) noteYears(spec *Elem, now time.Time) {
	_, hi, _ := strings.Cut(spec.Get("years"), "-")
	if y, err := strconv.Atoi(hi); err == nil {
		f.note(time.Date(y+1, 1, 1, 0, 0, 0, 0, now.Location()))
	}
}

// evalAttr judges an expression on a node attribute.
func evalAttr(e *Elem, f *Facts) bool {
	if f.Node == nil {
		return false
	}
	name := expandMatch(e.Get("attribute"), f.Match)
	got, have := f.Node(name)
	want, wanted := e.Lookup("value")
	switch e.Get("value-source") {
	case "param":
		want, wanted = ask(f.Param, want)
	case "meta":
		want, wanted = ask(f.Meta, want)
	}
	switch op := e.Get("operation"); op {
	case "defined":
		return have
	case "not_defined":
		return !have
	case "eq", "ne":
		equal := have && wanted && compareAs(e, op, got, want) == 0
		if !have && !wanted {
			equal = true
		}
		return equal == (op == "eq")
	case "lt", "lte", "gt", "gte":
		if !have || !wanted {
			return false
		}
		c := compareAs(e, op, got, want)
		switch op {
		case "lt":
			return c < 0
		case "lte":
			return c <= 0
		case "gt":
			return c > 0
		}
		return c >= 0
	}
	return false
}

func ask(get func(string) (string, bool), name string) (string, bool) {
	if get == nil {
		return "", false
	}
	return get(name)
}

// compareAs compares two values in the expression's type. Without one, order is
// by number (by fraction if either has a point) and equality is of text.
func compareAs(e *Elem, op, a, b string) int {
	typ := e.Get("type")
	if typ == "" {
		switch {
		case op == "eq" || op == "ne":
			typ = "string"
		case strings.Contains(a, ".") || strings.Contains(b, "."):
			typ = "number"
		default:
			typ = "integer"
		}
	}
	switch typ {
	case "integer":
		x, okX := leadingNumber(a)
		y, okY := leadingNumber(b)
		if okX && okY {
			return compareBy(math.Trunc(x), math.Trunc(y))
		}
	case "number":
		x, okX := leadingNumber(a)
		y, okY := leadingNumber(b)
		if okX && okY {
			return compareBy(x, y)
		}
	case "version":
		return CompareVersions(a, b)
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

func compareBy(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

var number = regexp.MustCompile(`^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?`)

// leadingNumber reads the number that the text begins with.
func leadingNumber(s string) (float64, bool) {
	m := number.FindString(s)
	if m == "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(m), 64)
	return v, err == nil || !math.IsNaN(v)
}

// CompareVersions compares dotted version numbers part by part; a missing part counts as 0.
func CompareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := 0; i < len(as) || i < len(bs); i++ {
		var x, y int64
		if i < len(as) {
			x, _ = leadingInt(as[i])
		}
		if i < len(bs) {
			y, _ = leadingInt(bs[i])
		}
		if x != y {
			return compareBy(float64(x), float64(y))
		}
	}
	return 0
}

// expandMatch replaces %0 to %9 by the submatches of an rsc-pattern.
func expandMatch(s string, match []string) string {
	if len(match) == 0 || !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' {
			if n := int(s[i+1] - '0'); n < len(match) {
				b.WriteString(match[n])
			}
			i++
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
