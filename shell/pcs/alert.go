package pcs

import (
	"fmt"
	"slices"

	"mainstay/cib"
)

// alertCommands are those about alerts.
func alertCommands() []command {
	return []command{
		{path: "alert", usage: "[config]", run: (*shell).alerts},
		{path: "alert config", usage: "-", run: (*shell).alerts},
		replaced("alert show", "alert config", (*shell).alerts),
		{path: "alert create", usage: "path=<path> [id=<alert-id>] [description=<description>] [options [<option>=<value>]...] [meta [<meta-option>=<value>]...]", run: (*shell).createAlert},
		{path: "alert update", usage: "<alert-id> [path=<path>] [description=<description>] [options [<option>=<value>]...] [meta [<meta-option>=<value>]...]", run: (*shell).updateAlert},
		{path: "alert delete", usage: "<alert-id> ...", run: (*shell).deleteAlerts},
		{path: "alert remove", usage: "<alert-id> ...", run: (*shell).deleteAlerts},
		{path: "alert recipient add", usage: "<alert-id> value=<recipient-value> [id=<recipient-id>] [description=<description>] [options [<option>=<value>]...] [meta [<meta-option>=<value>]...]", run: (*shell).addRecipient},
		{path: "alert recipient update", usage: "<recipient-id> [value=<recipient-value>] [description=<description>] [options [<option>=<value>]...] [meta [<meta-option>=<value>]...]", run: (*shell).updateRecipient},
		{path: "alert recipient delete", usage: "<recipient-id> ...", run: (*shell).deleteRecipients},
		{path: "alert recipient remove", usage: "<recipient-id> ...", run: (*shell).deleteRecipients},
	}
}

// alerts shows the alerts.
func (s *shell) alerts([]string) error {
	s.print("%s", s.alertsText())
	return nil
}

// alertsText are the alerts with their recipients.
func (s *shell) alertsText() string {
	b := "Alerts:\n"
	any := false
	for a := range s.conf("alerts").Named("alert") {
		any = true
		b += " Alert: " + a.ID() + " (path=" + a.Get("path") + ")\n" + alertBody(a, "  ")
		head := "  Recipients:\n"
		for r := range a.Named("recipient") {
			b += head + "   Recipient: " + r.ID() + " (value=" + r.Get("value") + ")\n" + alertBody(r, "    ")
			head = ""
		}
	}
	if !any {
		b += " No alerts defined\n"
	}
	return b
}

// alertBody are what alerts and recipients have in common.
func alertBody(e *cib.Elem, indent string) string {
	b := ""
	if d := e.Get("description"); d != "" {
		b += indent + "Description: " + d + "\n"
	}
	if ps := pairsOf(e, "instance_attributes"); len(ps) > 0 {
		b += indent + "Options: " + joined(ps) + "\n"
	}
	if ps := pairsOf(e, "meta_attributes"); len(ps) > 0 {
		b += indent + "Meta options: " + joined(ps) + "\n"
	}
	return b
}

// alertParts reads attributes, options and meta options.
func alertParts(words []string, known ...string) (attrs, options, metas []pair, err error) {
	head, parts := split(words, "options", "meta")
	if attrs, err = pairs(head); err != nil {
		return nil, nil, nil, err
	}
	for _, a := range attrs {
		if !slices.Contains(known, a.name) {
			return nil, nil, nil, fmt.Errorf("Unexpected parameter '%s=%s'", a.name, a.value)
		}
	}
	for _, p := range parts {
		ps, err := pairs(p.words)
		if err != nil {
			return nil, nil, nil, err
		}
		if p.key == "options" {
			options = append(options, ps...)
		} else {
			metas = append(metas, ps...)
		}
	}
	return attrs, options, metas, nil
}

// withAlert writes the parts of an alert or recipient.
func (s *shell) withAlert(e *cib.Elem, attrs, options, metas []pair) *cib.Elem {
	e = withAttrs(e, without(attrs, "id"))
	e = s.withPairs(e, "meta_attributes", e.ID()+"-meta_attributes", metas)
	return s.withPairs(e, "instance_attributes", e.ID()+"-instance_attributes", options)
}

// newAlertID is the id that was given, or a free one.
func (s *shell) newAlertID(attrs []pair, want, what string) (string, error) {
	id, ok := value(attrs, "id")
	if !ok {
		return s.fresh(want), nil
	}
	if s.newID(id, what); s.wrong > 0 {
		return "", errDone
	}
	return id, nil
}

// createAlert makes an alert.
func (s *shell) createAlert(args []string) error {
	attrs, options, metas, err := alertParts(args, "id", "path", "description")
	if err != nil {
		return err
	}
	if path, _ := value(attrs, "path"); path == "" {
		if len(args) == 0 {
			return usageError{"alert create"}
		}
		return s.refuse("required option 'path' is missing")
	}
	id, err := s.newAlertID(attrs, "alert", "alert-id")
	if err != nil {
		return err
	}
	s.putConf(s.conf("alerts").Append(s.withAlert(cib.New("alert", attr("id", id)), attrs, options, metas)))
	return nil
}

// updateAlert changes an alert.
func (s *shell) updateAlert(args []string) error {
	if len(args) == 0 {
		return usageError{"alert update"}
	}
	attrs, options, metas, err := alertParts(args[1:], "path", "description")
	if err != nil {
		return err
	}
	a := s.conf("alerts").ChildID("alert", args[0])
	if a == nil {
		return fmt.Errorf("alert '%s' does not exist", args[0])
	}
	s.putConf(replaceKid(s.conf("alerts"), s.withAlert(a, attrs, options, metas)))
	return nil
}

// deleteAlerts removes alerts.
func (s *shell) deleteAlerts(args []string) error {
	if len(args) == 0 {
		return usageError{"alert delete"}
	}
	for _, id := range args {
		if s.conf("alerts").ChildID("alert", id) == nil {
			s.fault("alert '%s' does not exist", id)
		}
	}
	if err := s.verdict(); err != nil {
		return err
	}
	s.drop("alerts", func(e *cib.Elem) bool { return slices.Contains(args, e.ID()) })
	return nil
}

// addRecipient gives an alert a recipient.
func (s *shell) addRecipient(args []string) error {
	if err := need(args, 2, -1, "alert recipient add"); err != nil {
		return err
	}
	attrs, options, metas, err := alertParts(args[1:], "id", "value", "description")
	if err != nil {
		return err
	}
	v, ok := value(attrs, "value")
	if !ok {
		return s.refuse("required option 'value' is missing")
	}
	a := s.conf("alerts").ChildID("alert", args[0])
	if a == nil {
		return fmt.Errorf("alert '%s' does not exist", args[0])
	}
	if s.sameRecipient(a, v, ""); s.wrong > 0 {
		return errSaid
	}
	id, err := s.newAlertID(attrs, args[0]+"-recipient", "recipient-id")
	if err != nil {
		return err
	}
	r := s.withAlert(cib.New("recipient", attr("id", id)), attrs, options, metas)
	s.putConf(replaceKid(s.conf("alerts"), a.Append(r)))
	return nil
}

// sameRecipient says if an alert has a recipient of that value already.
func (s *shell) sameRecipient(a *cib.Elem, v, but string) {
	for r := range a.Named("recipient") {
		if r.Get("value") == v && r.ID() != but {
			s.doubt("Recipient '%s' in alert '%s' already exists", v, a.ID())
		}
	}
}

// recipient finds a recipient and its alert.
func (s *shell) recipient(id string) (a, r *cib.Elem) {
	for a := range s.conf("alerts").Named("alert") {
		if r := a.ChildID("recipient", id); r != nil {
			return a, r
		}
	}
	return nil, nil
}

// updateRecipient changes a recipient.
func (s *shell) updateRecipient(args []string) error {
	if len(args) == 0 {
		return usageError{"alert recipient update"}
	}
	attrs, options, metas, err := alertParts(args[1:], "value", "description")
	if err != nil {
		return err
	}
	a, r := s.recipient(args[0])
	if r == nil {
		return fmt.Errorf("recipient '%s' does not exist", args[0])
	}
	if v, ok := value(attrs, "value"); ok {
		if s.sameRecipient(a, v, r.ID()); s.wrong > 0 {
			return errSaid
		}
	}
	s.putConf(replaceKid(s.conf("alerts"), replaceKid(a, s.withAlert(r, attrs, options, metas))))
	return nil
}

// deleteRecipients removes recipients.
func (s *shell) deleteRecipients(args []string) error {
	if len(args) == 0 {
		return usageError{"alert recipient delete"}
	}
	for _, id := range args {
		if _, r := s.recipient(id); r == nil {
			s.fault("recipient '%s' does not exist", id)
		}
	}
	if err := s.verdict(); err != nil {
		return err
	}
	for _, id := range args {
		if a, r := s.recipient(id); r != nil {
			s.putConf(replaceKid(s.conf("alerts"), a.Drop(func(e *cib.Elem) bool { return e.ID() == id && e.Name() == "recipient" })))
		}
	}
	return nil
}
