package tools

import (
	"context"
	"time"

	"mainstay/cib"
	"mainstay/internal/face"
)

// The exit codes by which crm_rule tells how a rule and a time stand.
const (
	unimplemented  face.Code = 3
	expired        face.Code = 110
	notYetInEffect face.Code = 111
	indeterminate  face.Code = 112
)

// crmRule is crm_rule: is a rule in effect?
func crmRule(ctx context.Context, env *face.Env, args []string) face.Code {
	var check bool
	var text, date string
	var rules []string
	f := newFlags(env, "evaluate rules of the configuration")
	r := f.withOutput(args)
	f.BoolVarP(&check, "check", "c", false, "check whether a rule is in effect")
	f.StringVarP(&text, "xml-text", "X", "", "a document to take the rule from; - for standard input")
	f.StringVarP(&date, "date", "d", "", "at this date, instead of now")
	f.StringArrayVarP(&rules, "rule", "r", nil, "id of the rule; may be repeated")
	if code, done := f.parse(args); done {
		return code
	}
	switch {
	case !check:
		return r.end(refuse(face.Usage, "No mode operation given"))
	case len(rules) == 0:
		return r.end(refuse(face.Usage, "--check requires use of --rule="))
	}
	at := env.Now()
	if f.Changed("date") {
		var err error
		if at, err = cib.ParseTime(date, at.Location()); err != nil {
			env.Errorf("%s: Invalid date specified: '%s'\n", env.Name, date)
			return face.BadData
		}
	}
	root, err := ruleDocument(ctx, env, text, f.Changed("xml-text"))
	if err != nil {
		return r.end(err)
	}
	worst := face.OK
	for _, id := range rules {
		code, why := ruleState(root, id, at)
		r.add(element("rule-check", "rule-id", id, "rc", itoa(int(code))))
		if words := ruleWords(id, code, why); why != "" {
			r.warnf("%s", words)
		} else {
			r.printf("%s", words)
		}
		if code != face.OK {
			worst = code
		}
	}
	if worst == face.OK {
		return r.end(nil)
	}
	if r.xml() {
		return r.end(&face.Failure{Code: worst, Err: nil})
	}
	return worst
}

// ruleDocument is the document that rules are looked for in.
func ruleDocument(ctx context.Context, env *face.Env, text string, given bool) (*cib.Elem, error) {
	if !given {
		return env.CIB(ctx)
	}
	doc := []byte(text)
	if text == "-" {
		var err error
		if doc, err = env.Input("-"); err != nil {
			return nil, err
		}
	}
	root, err := cib.Parse(doc)
	if err != nil {
		env.Errorf("%s: Couldn't parse input string: %s\n\n  %v\n", env.Name, text, err)
		return nil, face.Silent(face.BadData)
	}
	return root, nil
}

// ruleWords tells how a rule stands.
func ruleWords(id string, code face.Code, why string) string {
	switch code {
	case face.OK:
		return "Rule " + id + " is still in effect\n"
	case expired:
		return "Rule " + id + " is expired\n"
	case notYetInEffect:
		return "Rule " + id + " has not yet taken effect\n"
	case indeterminate:
		return "Could not determine whether rule " + id + " is in effect\n"
	}
	return "Could not determine whether rule " + id + " is in effect: " + why + "\n"
}

// ruleState tells how a rule stands at a time, as an exit code; why explains one
// that cannot be told.
func ruleState(root *cib.Elem, id string, at time.Time) (code face.Code, why string) {
	var rule *cib.Elem
	root.Walk(func(e *cib.Elem) bool {
		if e.Name() == "rule" && e.ID() == id {
			rule = e
		}
		return rule == nil
	})
	if rule == nil {
		return face.NoSuch, "Rule not found"
	}
	var dates []*cib.Elem
	rule.Walk(func(e *cib.Elem) bool {
		if e.Name() == "date_expression" {
			dates = append(dates, e)
		}
		return true
	})
	switch len(dates) {
	case 0:
		return unimplemented, "Rule does not have a date expression"
	case 1:
	default:
		return unimplemented, "Rule has more than one date expression"
	}
	d := dates[0]
	if d.Get("operation") == "date_spec" {
		return dateSpecState(d, at)
	}
	if start, err := cib.ParseTime(d.Get("start"), at.Location()); err == nil && d.Get("start") != "" {
		if at.Before(start) || d.Get("operation") == "gt" && !at.After(start) {
			return notYetInEffect, ""
		}
		if span := d.Child("duration"); span != nil && d.Get("end") == "" && !cib.EvalRule(rule.WithKids([]*cib.Elem{d}), &cib.Facts{Now: at}) {
			return expired, ""
		}
	}
	if end, err := cib.ParseTime(d.Get("end"), at.Location()); err == nil && d.Get("end") != "" {
		if at.After(end) || d.Get("operation") == "lt" && !at.Before(end) {
			return expired, ""
		}
	}
	return face.OK, ""
}

// dateSpecState judges a date_spec: what names years can end, other specs come again.
func dateSpecState(d *cib.Elem, at time.Time) (face.Code, string) {
	spec := d.Child("date_spec")
	if spec == nil || spec.Get("years") == "" || spec.Get("moon") != "" {
		return unimplemented, "Rule must either not use date_spec, or use date_spec with years= but not moon="
	}
	if cib.EvalRule(cib.New("rule").Append(d), &cib.Facts{Now: at}) {
		return face.OK, ""
	}
	var next time.Time
	cib.EvalRule(cib.New("rule").Append(d), &cib.Facts{Now: at, Next: &next})
	for year := at.Year(); year < at.Year()+200; year++ {
		when := time.Date(year, 12, 31, 23, 59, 59, 0, at.Location())
		years := cib.New("date_expression", d.Attrs()...).Append(cib.New("date_spec", cib.Attr{Name: "id", Value: "y"}, cib.Attr{Name: "years", Value: spec.Get("years")}))
		if when.After(at) && cib.EvalRule(cib.New("rule").Append(years), &cib.Facts{Now: when}) {
			if year == at.Year() {
				return indeterminate, ""
			}
			return notYetInEffect, ""
		}
	}
	return expired, ""
}
