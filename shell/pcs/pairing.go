package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// pairCommands are those about orders, colocations and tickets.
func pairCommands() []command {
	show := func(tag, title string, words func(*cib.Elem) string) func(*shell, []string) error {
		return func(s *shell, _ []string) error {
			s.print("%s Constraints:\n%s", title, s.kindText(tag, s.opt.has("full"), words))
			return nil
		}
	}
	orders := show("rsc_order", "Ordering", orderWords)
	colocations := show("rsc_colocation", "Colocation", colocationWords)
	tickets := show("rsc_ticket", "Ticket", ticketWords)
	return []command{
		{path: "constraint order", usage: "[config] [--full] | [action] <resource id> then [action] <resource id> [options]", run: func(s *shell, args []string) error {
			if len(args) == 0 {
				return orders(s, args)
			}
			return s.order(args)
		}},
		{path: "constraint order config", usage: "-", run: orders},
		replaced("constraint order show", "constraint order config", orders),
		replaced("constraint order list", "constraint order config", orders),
		{path: "constraint order delete", usage: "<resource1> [resourceN]...", run: (*shell).deleteOrders},
		{path: "constraint order remove", usage: "<resource1> [resourceN]...", run: (*shell).deleteOrders},
		{path: "constraint colocation", usage: "[config] [--full]", run: colocations},
		{path: "constraint colocation config", usage: "-", run: colocations},
		replaced("constraint colocation show", "constraint colocation config", colocations),
		replaced("constraint colocation list", "constraint colocation config", colocations),
		{path: "constraint colocation add", usage: "[<role>] <source resource id> with [<role>] <target resource id> [score] [options] [id=constraint-id]", run: (*shell).colocate},
		{path: "constraint colocation delete", usage: "<source resource id> <target resource id>", run: (*shell).deleteColocations},
		{path: "constraint colocation remove", usage: "<source resource id> <target resource id>", run: (*shell).deleteColocations},
		{path: "constraint ticket", usage: "[config] [--full]", run: tickets},
		{path: "constraint ticket config", usage: "-", run: tickets},
		replaced("constraint ticket show", "constraint ticket config", tickets),
		replaced("constraint ticket list", "constraint ticket config", tickets),
		{path: "constraint ticket add", usage: "<ticket> [<role>] <resource id> [<options>] [id=<constraint-id>]", run: (*shell).addTicket},
		{path: "constraint ticket delete", usage: "<ticket> <resource id>", run: (*shell).deleteTicket},
		{path: "constraint ticket remove", usage: "<ticket> <resource id>", run: (*shell).deleteTicket},
	}
}

// twin refuses a constraint that is there already.
func (s *shell) twin(tag string, same func(*cib.Elem) bool, words func(*cib.Elem) string) error {
	if s.opt.has("force") {
		return nil
	}
	var lines []string
	for c := range s.conf("constraints").Named(tag) {
		if c.Child("resource_set") == nil && same(c) {
			lines = append(lines, "  "+words(c)+tail(c, true))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("duplicate constraint already exists, use --force to override\n%s", strings.Join(lines, "\n"))
}

// orderActions are what an order may be about.
var orderActions = []string{"start", "promote", "demote", "stop"}

// order makes an order of two.
func (s *shell) order(args []string) error {
	at := slices.Index(args, "then")
	if at < 1 || at+1 >= len(args) || at > 2 {
		return usageError{"constraint order"}
	}
	side := func(words []string) (action, id string, rest []string) {
		if slices.Contains(orderActions, words[0]) && len(words) > 1 && !strings.Contains(words[1], "=") {
			return words[0], words[1], words[2:]
		}
		return "start", words[0], words[1:]
	}
	firstAction, first, extra := side(args[:at])
	thenAction, then, rest := side(args[at+1:])
	if len(extra) > 0 {
		return usageError{"constraint order"}
	}
	for _, id := range []string{first, then} {
		if err := s.constrainable(id); err != nil {
			return err
		}
	}
	opts, err := pairs(rest)
	if err != nil {
		return err
	}
	opts = append([]pair{{"first-action", firstAction}, {"then-action", thenAction}}, opts...)
	kind, id := "", ""
	for _, p := range opts {
		switch p.name {
		case "kind":
			kinds := []string{"Optional", "Mandatory", "Serialize"}
			i := slices.IndexFunc(kinds, func(k string) bool { return strings.EqualFold(k, p.value) })
			if i < 0 {
				return fmt.Errorf("invalid kind value '%s', allowed values are: Optional, Mandatory, Serialize", p.value)
			}
			kind = kinds[i]
		case "id":
			if id = p.value; id != "" {
				if s.newID(id, "constraint id"); s.wrong > 0 {
					return errDone
				}
			}
		case "symmetrical":
			if _, err := cib.ParseBool(p.value); err != nil {
				return fmt.Errorf("invalid symmetrical value '%s', allowed values are: true, false", p.value)
			}
		case "first-action", "then-action", "require-all", "score":
		default:
			s.doubt("invalid option '%s', allowed options are: 'id', 'kind', 'require-all', 'symmetrical'", p.name)
			if s.wrong > 0 {
				return errDone
			}
		}
	}
	if err := s.twin("rsc_order", func(c *cib.Elem) bool { return c.Get("first") == first && c.Get("then") == then }, orderWords); err != nil {
		return err
	}
	s.putOrder(first, then, kind, id, opts)
	return nil
}

// putOrder writes an order, and says so as pcs does.
func (s *shell) putOrder(first, then, kind, id string, opts []pair) {
	if id == "" {
		word := kind
		if word == "" {
			word = "mandatory"
		}
		id = s.fresh("order-" + first + "-" + then + "-" + word)
	}
	shown := kind
	if shown == "" {
		shown = "Mandatory"
	}
	s.warn("Adding %s %s (kind: %s) (Options: %s)", first, then, shown, orderOptions(without(opts, "kind")))
	e := cib.New("rsc_order", attr("id", id), attr("first", first), attr("then", then))
	for _, p := range without(opts, "id", "kind") {
		e = e.With(p.name, p.value)
	}
	if kind != "" {
		e = e.With("kind", kind)
	}
	s.putConf(s.conf("constraints").Append(e))
}

// orderOptions are the options of an order as pcs shows them: those of the actions
// between what comes before and after them in the alphabet.
func orderOptions(opts []pair) string {
	rank := func(p pair) string {
		switch p.name {
		case "first-action", "then-action":
			return "j" + p.name // behind id, before symmetrical
		}
		return p.name
	}
	list := slices.Clone(opts)
	slices.SortStableFunc(list, func(a, b pair) int { return strings.Compare(rank(a), rank(b)) })
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = p.name + "=" + p.value
	}
	return strings.Join(words, " ")
}

// deleteOrders removes resources from all orders.
func (s *shell) deleteOrders(args []string) error {
	if len(args) == 0 {
		return usageError{"constraint order delete"}
	}
	found := false
	var kept []*cib.Elem
	for _, c := range s.conf("constraints").Kids() {
		if c.Name() != "rsc_order" {
			kept = append(kept, c)
			continue
		}
		next := c
		for _, id := range args {
			if next != nil && (next.Get("first") == id || next.Get("then") == id) {
				next = nil
			}
			if next != nil {
				next = s.silently().unset(next, id)
			}
		}
		found = found || next != c
		if next != nil {
			kept = append(kept, next)
		}
	}
	if !found {
		return fmt.Errorf("No matching resources found in ordering list")
	}
	s.putConf(s.conf("constraints").WithKids(kept))
	return nil
}

// silently is a shell whose messages nobody hears.
func (s *shell) silently() *shell { return &shell{c: s.c, opt: s.opt, base: s.base, root: s.root} }

// colocate makes a colocation of two.
func (s *shell) colocate(args []string) error {
	side := func(words []string) (role, id string, rest []string) {
		if len(words) > 1 && slices.Contains([]string{"master", "slave", "promoted", "unpromoted", "started", "stopped"}, strings.ToLower(words[0])) {
			return words[0], words[1], words[2:]
		}
		if len(words) == 0 {
			return "", "", nil
		}
		return "", words[0], words[1:]
	}
	role, rsc, rest := side(args)
	if len(rest) == 0 || rest[0] != "with" || len(rest) < 2 {
		return usageError{"constraint colocation add"}
	}
	withRole, with, rest := side(rest[1:])
	if role != "" {
		role = s.role(role)
	}
	if withRole != "" {
		withRole = s.role(withRole)
	}
	for _, id := range []string{rsc, with} {
		if err := s.constrainable(id); err != nil {
			return err
		}
	}
	score := "INFINITY"
	if len(rest) > 0 && !strings.Contains(rest[0], "=") {
		score, rest = rest[0], rest[1:]
		if _, err := cib.ParseScore(score); err != nil {
			return fmt.Errorf("invalid score '%s', use integer or INFINITY or -INFINITY", score)
		}
	}
	opts, err := pairs(rest)
	if err != nil {
		return err
	}
	if err := s.twin("rsc_colocation", func(c *cib.Elem) bool {
		return c.Get("rsc") == rsc && c.Get("with-rsc") == with && roleOr(c, "rsc-role") == orStarted(role) && roleOr(c, "with-rsc-role") == orStarted(withRole)
	}, colocationWords); err != nil {
		return err
	}
	return s.putColocation(rsc, role, with, withRole, score, opts)
}

// roleOr is a role attribute, Started if it is not there.
func roleOr(c *cib.Elem, name string) string { return orStarted(c.Get(name)) }

func orStarted(role string) string {
	if role == "" {
		return "Started"
	}
	return role
}

// putColocation writes a colocation.
func (s *shell) putColocation(rsc, role, with, withRole, score string, opts []pair) error {
	id, named := value(opts, "id")
	if named {
		s.newID(id, "constraint id")
	} else {
		id = s.fresh(idWord("colocation-" + rsc + "-" + with + "-" + score))
	}
	if s.wrong > 0 {
		return errDone
	}
	e := cib.New("rsc_colocation", attr("id", id), attr("rsc", rsc), attr("with-rsc", with), attr("score", score))
	if role != "" || withRole != "" {
		e = e.With("rsc-role", orStarted(role)).With("with-rsc-role", orStarted(withRole))
	}
	for _, p := range without(opts, "id") {
		e = e.With(p.name, p.value)
	}
	s.putConf(s.conf("constraints").Append(e))
	return nil
}

// deleteColocations removes the colocations of two resources.
func (s *shell) deleteColocations(args []string) error {
	if err := need(args, 2, 2, "constraint colocation delete"); err != nil {
		return err
	}
	if s.drop("constraints", func(c *cib.Elem) bool {
		return c.Name() == "rsc_colocation" && (c.Get("rsc") == args[0] && c.Get("with-rsc") == args[1] || c.Get("rsc") == args[1] && c.Get("with-rsc") == args[0])
	}) == 0 {
		return fmt.Errorf("No matching resources found in ordering list")
	}
	return nil
}

// lossPolicies are what may happen to resources whose ticket is lost.
var lossPolicies = []string{"fence", "stop", "freeze", "demote"}

// addTicket makes a resource depend on a ticket.
func (s *shell) addTicket(args []string) error {
	if err := need(args, 2, -1, "constraint ticket add"); err != nil {
		return err
	}
	ticket, rest := args[0], args[1:]
	role := ""
	if len(rest) > 1 && !strings.Contains(rest[1], "=") {
		role, rest = s.modern("option role", rest[0]), rest[1:]
	}
	rsc := rest[0]
	opts, err := pairs(rest[1:])
	if err != nil {
		return err
	}
	if err := s.constrainable(rsc); err != nil {
		return err
	}
	id, named := value(opts, "id")
	if named {
		s.newID(id, "constraint id")
	} else {
		id = "ticket-" + ticket + "-" + rsc
		if role != "" {
			id += "-" + role
		}
		id = s.fresh(idWord(id))
	}
	policy, has := value(opts, "loss-policy")
	if has && !slices.Contains(lossPolicies, policy) {
		s.fault("'%s' is not a valid loss-policy value, use %s", policy, quote(lossPolicies))
	}
	if bad := without(opts, "id", "loss-policy"); len(bad) > 0 {
		s.fault("invalid option '%s', allowed options are: 'id', 'loss-policy', 'rsc', 'rsc-role', 'ticket'", bad[0].name)
	}
	if err := s.verdict(); err != nil {
		return err
	}
	e := cib.New("rsc_ticket", attr("id", id), attr("ticket", ticket), attr("rsc", rsc))
	if role != "" {
		e = e.With("rsc-role", role)
	}
	if has {
		e = e.With("loss-policy", policy)
	}
	s.putConf(s.conf("constraints").Append(e))
	return nil
}

// deleteTicket removes a resource's dependence on a ticket.
func (s *shell) deleteTicket(args []string) error {
	if err := need(args, 2, 2, "constraint ticket delete"); err != nil {
		return err
	}
	n := s.drop("constraints", func(c *cib.Elem) bool {
		return c.Name() == "rsc_ticket" && c.Get("ticket") == args[0] && c.Get("rsc") == args[1]
	})
	var kept []*cib.Elem
	for _, c := range s.conf("constraints").Kids() {
		if c.Name() == "rsc_ticket" && c.Get("ticket") == args[0] {
			next := s.silently().unset(c, args[1])
			if next != c {
				n++
			}
			if c = next; c == nil {
				continue
			}
		}
		kept = append(kept, c)
	}
	if n == 0 {
		return fmt.Errorf("no matching ticket constraint found")
	}
	s.putConf(s.conf("constraints").WithKids(kept))
	return nil
}
