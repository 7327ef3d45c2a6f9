package web

import (
	"mainstay/cib"
)

// Refuse judges a change of a document: what it would break that was not broken
// before is a problem of kind Invalid that lists it, one detail each.
func Refuse(before, after *cib.Elem) error {
	if after.Child("configuration") == before.Child("configuration") && after.Get("validate-with") == before.Get("validate-with") {
		return nil
	}
	var wrong []cib.Problem
	for _, p := range cib.Validate(after) {
		if p.Severity == cib.Error {
			wrong = append(wrong, p)
		}
	}
	if wrong == nil {
		return nil // as nearly always: what was wrong before does not matter
	}
	known := map[string]bool{}
	for _, p := range cib.Validate(before) {
		known[p.Msg] = true
	}
	var details []string
	for _, p := range wrong {
		if !known[p.Msg] {
			details = append(details, p.String())
		}
	}
	if details == nil {
		return nil
	}
	return &Problem{Kind: Invalid, Msg: "the configuration would not be valid", Details: details}
}
