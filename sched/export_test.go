package sched

import "mainstay/cib"

// What the tests of laws, which carry plans out and so live in a package of their
// own, need of the stories.
var (
	Tell      = tell
	Subjects  = subjects
	PlanText  = planText
	LawInput  = lawInput
	Disturbed = disturbed
	Reported  = reported
	Outcome   = outcome
)

// Name tells subjects apart.
func (s subjectCIB) Name() string { return s.name }

// Root is its content.
func (s subjectCIB) Root() *cib.Elem { return s.root }
