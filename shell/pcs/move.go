package pcs

import (
	"fmt"
	"slices"
	"strings"
)

// banWords are crm_resource's warning of a ban in pcs's words.
var banWords = strings.NewReplacer("WARNING: Creating rsc_location constraint", "Warning: Creating location constraint",
	" using the clear option or by editing the CIB with an appropriate tool", "")

// placing moves, bans or clears by crm_resource.
func placing(verb, path string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("must specify a resource to %s", strings.TrimPrefix(verb, "--"))
		}
		flags := []string{verb, "--resource", args[0]}
		for _, a := range args[1:] {
			if v, ok := strings.CutPrefix(a, "lifetime="); ok {
				if !strings.HasPrefix(v, "P") {
					v = "P" + v
				}
				flags = append(flags, "--lifetime", v)
				continue
			}
			if len(flags) > 3 && slices.Contains(flags, "--node") {
				return usageError{path}
			}
			flags = append(flags, "--node", a)
		}
		if s.opt.has("promoted") || s.opt.has("master") {
			flags = append(flags, "--promoted")
		}
		if s.opt.has("expired") {
			flags = append(flags, "--expired")
		}
		if s.exact(args[0]) == nil {
			return s.refuse("bundle/clone/group/resource '%s' does not exist", args[0])
		}
		if i := slices.Index(flags, "--node"); i > 0 && s.node(flags[i+1]) == nil {
			return s.refuse("Node '%s' does not appear to exist in configuration", flags[i+1])
		}
		r := s.call("crm_resource", flags...)
		if r.Code != 0 {
			return fmt.Errorf("cannot %s resource '%s'\n%s", strings.TrimPrefix(verb, "--"), args[0], strings.TrimSpace(r.Err+r.Out))
		}
		s.warnLines(banWords.Replace(r.Err + r.Out))
		return s.settle()
	}
}

// warnLines passes text on to standard error.
func (s *shell) warnLines(text string) {
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			s.warn("%s", strings.TrimRight(line, "\n"))
		}
	}
}

// settle waits, if asked, until the cluster has nothing left to do.
func (s *shell) settle() error {
	if !s.opt.has("wait") {
		return nil
	}
	flags := []string{"--wait"}
	if v := s.opt.get("wait"); v != "" {
		flags = append(flags, "--timeout="+v)
	}
	return s.tool("crm_resource", flags...)
}

// move moves a resource and takes the constraint away again when it is there.
func (s *shell) move(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("must specify a resource to move")
	}
	if len(args) > 2 {
		return usageError{"resource move"}
	}
	if s.exact(args[0]) == nil {
		return s.refuse("bundle/clone/group/resource '%s' does not exist", args[0])
	}
	flags := []string{"--move", "--resource", args[0]}
	if len(args) == 2 {
		if s.node(args[1]) == nil {
			return s.refuse("Node '%s' does not appear to exist in configuration", args[1])
		}
		flags = append(flags, "--node", args[1])
	}
	if s.opt.has("promoted") || s.opt.has("master") {
		flags = append(flags, "--promoted")
	}
	r := s.call("crm_resource", flags...)
	if r.Code != 0 {
		return fmt.Errorf("cannot move resource '%s'\n%s", args[0], strings.TrimSpace(r.Err+r.Out))
	}
	s.warn("Location constraint to move resource '%s' has been created", args[0])
	s.warn("Waiting for the cluster to apply configuration changes...")
	wait := []string{"--wait"}
	if v := s.opt.get("wait"); v != "" {
		wait = append(wait, "--timeout="+v)
	}
	waited := s.call("crm_resource", wait...)
	if r := s.call("crm_resource", "--clear", "--resource", args[0]); r.Code != 0 {
		return fmt.Errorf("cannot remove the location constraint of '%s'\n%s", args[0], strings.TrimSpace(r.Err+r.Out))
	}
	s.warn("Location constraint created to move resource '%s' has been removed", args[0])
	if waited.Code != 0 {
		return fmt.Errorf("waiting timeout\n%s", strings.TrimSpace(waited.Err))
	}
	return nil
}

// restart stops and starts a resource.
func (s *shell) restart(args []string) error {
	if err := need(args, 1, 2, "resource restart"); err != nil {
		return err
	}
	flags := []string{"--restart", "--resource", args[0]}
	if len(args) > 1 {
		flags = append(flags, "--node", args[1])
	}
	if v := s.opt.get("wait"); v != "" {
		flags = append(flags, "--timeout="+v)
	}
	r := s.call("crm_resource", flags...)
	if r.Code != 0 {
		return fmt.Errorf("%s", strings.TrimSpace(r.Err+r.Out))
	}
	s.print("%s successfully restarted\n", args[0])
	return nil
}

// forgetFlags reads what cleanup and refresh are about.
func (s *shell) forgetFlags(verb string, args []string) ([]string, error) {
	flags := []string{verb}
	for _, a := range args {
		name, v, ok := strings.Cut(a, "=")
		switch {
		case !ok && !slices.Contains(flags, "--resource"):
			flags = append(flags, "--resource", a)
		case ok && slices.Contains([]string{"node", "operation", "interval"}, name):
			flags = append(flags, "--"+name, v)
		default:
			return nil, usageError{"resource " + strings.TrimPrefix(verb, "--")}
		}
	}
	if s.opt.has("strict") || s.opt.has("full") {
		flags = append(flags, "--force")
	}
	return flags, nil
}

// cleanup forgets failed operations.
func (s *shell) cleanup(args []string) error { return s.forgetBy("--cleanup", args) }

// refresh forgets all operations, so that the cluster looks again.
func (s *shell) refresh(args []string) error { return s.forgetBy("--refresh", args) }

func (s *shell) forgetBy(verb string, args []string) error {
	flags, err := s.forgetFlags(verb, args)
	if err != nil {
		return err
	}
	r := s.call("crm_resource", flags...)
	if r.Code != 0 {
		what := "resources"
		if i := slices.Index(flags, "--resource"); i > 0 {
			what = "resource: " + flags[i+1]
		}
		return fmt.Errorf("Unable to forget failed operations of %s\n%s", what, strings.TrimSpace(r.Err+r.Out))
	}
	s.warnLines(r.Err + r.Out)
	return nil
}

// forced runs one operation of a resource here, past the cluster.
func forced(what string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("You must specify a resource to debug-%s", what)
		}
		flags := []string{"--resource", args[0], "--force-" + what}
		if s.opt.has("full") {
			flags = append(flags, "-V")
		}
		r := s.call("crm_resource", flags...)
		s.out.WriteString(r.Out)
		s.err.WriteString(r.Err)
		if r.Code != 0 {
			return exitCode(r.Code)
		}
		return nil
	}
}

// allFailcounts is failcount without a word behind it.
func (s *shell) allFailcounts(args []string) error {
	if len(args) > 0 {
		return usageError{"resource failcount"}
	}
	return s.failcount(nil)
}

// failcount lists the failures of resources by node.
func (s *shell) failcount(args []string) error {
	name, node := "", ""
	for _, a := range args {
		if v, ok := strings.CutPrefix(a, "node="); ok {
			node = v
		} else if !strings.Contains(a, "=") {
			name = a
		}
	}
	counts := map[string][]string{}
	var order []string
	for state := range s.root.Child("status").Named("node_state") {
		uname := state.Get("uname")
		if node != "" && node != uname {
			continue
		}
		for _, p := range pairsOf(state.Child("transient_attributes"), "instance_attributes") {
			rsc, ok := strings.CutPrefix(p.name, "fail-count-")
			rsc, _, _ = strings.Cut(rsc, "#")
			if !ok || name != "" && name != rsc {
				continue
			}
			if counts[rsc] == nil {
				order = append(order, rsc)
			}
			counts[rsc] = append(counts[rsc], "  "+uname+": "+strings.Replace(p.value, "1000000", "INFINITY", 1))
		}
	}
	if len(order) == 0 {
		text := "No failcounts"
		if name != "" {
			text += " for resource '" + name + "'"
		}
		if node != "" {
			text += " on node '" + node + "'"
		}
		s.print("%s\n", text)
		return nil
	}
	slices.Sort(order)
	for _, rsc := range order {
		slices.Sort(counts[rsc])
		s.print("Failcounts for resource '%s'\n%s\n", rsc, strings.Join(counts[rsc], "\n"))
	}
	return nil
}
