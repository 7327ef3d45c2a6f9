package tools

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/web"
)

// crmMaster is crm_master: promotion scores, as crm_attribute --promotion. Old
// agents call it, and rely on the score being permanent unless they say otherwise.
func crmMaster(ctx context.Context, env *face.Env, args []string) face.Code {
	rest := []string{"--promotion"}
	rsc := env.Getenv("OCF_RESOURCE_INSTANCE")
	lifetime := "forever"
	for i := 0; i < len(args); i++ {
		a := args[i]
		value := func() string {
			if _, v, ok := strings.Cut(a, "="); ok {
				return v
			}
			i++
			if i < len(args) {
				return args[i]
			}
			return ""
		}
		if len(a) > 2 && (a[:2] == "-r" || a[:2] == "-l") { // with the value right behind it
			a = a[:2] + "=" + a[2:]
		}
		switch name, _, _ := strings.Cut(a, "="); name {
		case "-r", "--resource":
			rsc = value()
		case "-l", "--lifetime":
			lifetime = value()
		default:
			rest = append(rest, a)
		}
	}
	if rsc == "" && slices.ContainsFunc(args, func(a string) bool {
		return a == "--help" || a == "--help-all" || a == "-?" || a == "-$" || a == "--version"
	}) {
		return crmAttribute(ctx, env, args)
	}
	if rsc == "" {
		env.Errorf("error: No resource specified\n  call it from an agent, or give -r\n")
		return face.Error
	}
	rest[0] = "--promotion=" + rsc
	return crmAttribute(ctx, env, append(rest, "--lifetime", lifetime))
}

// crmStandby is crm_standby: a node's standby attribute.
func crmStandby(ctx context.Context, env *face.Env, args []string) face.Code {
	var o attributeOptions
	f := newFlags(env, "query, set or delete a node's standby state")
	f.BoolVarP(&o.query, "query", "G", false, "print whether the node is in standby")
	f.StringVarP(&o.update, "update", "v", "", "true or false")
	f.BoolVarP(&o.remove, "delete", "D", false, "let the default decide")
	f.StringVarP(&o.node, "node", "N", "", "which node (default: this one)")
	f.StringVarP(&o.lifetime, "lifetime", "l", "", "reboot or forever")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only the value")
	f.StringVarP(&o.id, "id", "i", "", "with this XML id")
	o.oldNames(f)
	if code, done := f.parse(args); done {
		if code == face.Usage { // the peer's is a script, and ends so
			code = face.Error
		}
		return code
	}
	o.name, o.isSet = "standby", f.Changed("update") || f.Changed("attr-value")
	if !o.isSet && !o.remove {
		o.def, o.hasDefault = "off", true
		if o.lifetime == "" {
			o.lifetime = standbyLifetime(ctx, env, o)
		}
	} else if o.lifetime == "" {
		o.lifetime = "forever"
	}
	if code := o.complete(f); code != face.OK {
		return code
	}
	env.Name = "crm_attribute" // does the work at the peer, and speaks
	return say(env, runAttribute(ctx, env, o))
}

// oldNames declares what options of scripts of long ago are called.
func (o *attributeOptions) oldNames(f *flags) {
	f.StringVarP(&o.node, "uname", "U", "", "")
	f.StringVar(&o.update, "attr-value", "", "")
	f.StringVar(&o.id, "attr-id", "", "")
	f.BoolVar(&o.query, "get-value", false, "")
	f.BoolVar(&o.remove, "delete-attr", false, "")
	f.BoolVarP(&o.quiet, "old-quiet", "Q", false, "")
	f.hide("uname", "attr-value", "attr-id", "get-value", "delete-attr", "old-quiet")
}

// standbyLifetime is where a node's standby attribute is: permanent, else transient.
func standbyLifetime(ctx context.Context, env *face.Env, o attributeOptions) string {
	root, err := env.CIB(ctx)
	if err != nil {
		return "reboot"
	}
	name, err := targetNode(ctx, env, o.node)
	if err != nil {
		return "reboot"
	}
	if p := intent.Node(root, name); p != nil {
		if _, ok := intent.GetNode(p, intent.Params, "standby"); ok {
			return "forever"
		}
	}
	return "reboot"
}

// crmFailcount is crm_failcount: how often a resource failed, per node.
func crmFailcount(ctx context.Context, env *face.Env, args []string) face.Code {
	var query, remove, quiet bool
	var rsc, op, interval, node string
	f := newFlags(env, "query or delete a resource's fail count")
	f.BoolVarP(&query, "query", "G", false, "print the fail count")
	f.BoolVarP(&remove, "delete", "D", false, "forget the failures")
	f.StringVarP(&rsc, "resource", "r", "", "which resource")
	f.StringVarP(&op, "operation", "n", "", "only this operation")
	f.StringVarP(&interval, "interval", "I", "", "only the operation with this interval")
	f.StringVarP(&node, "node", "N", "", "on this node (default: this one)")
	f.BoolVarP(&quiet, "quiet", "q", false, "print only the number")
	f.StringVarP(&node, "uname", "U", "", "")
	f.StringP("lifetime", "l", "", "")
	f.BoolVarP(&quiet, "old-quiet", "Q", false, "")
	f.BoolVar(&query, "get-value", false, "")
	f.BoolVar(&remove, "delete-attr", false, "")
	f.String("attr-value", "", "")
	f.String("attr-id", "", "")
	f.hide("uname", "lifetime", "old-quiet", "get-value", "delete-attr", "attr-value", "attr-id")
	if code, done := f.parse(args); done {
		return code
	}
	if rsc == "" || query == remove {
		return f.usage("a resource (-r) and one of -G and -D are needed")
	}
	node, err := targetNode(ctx, env, node)
	if err != nil {
		return say(env, err)
	}
	if remove {
		if err := env.Client().Cleanup(ctx, rsc, web.ForgetBody{Node: node, Operation: op, Interval: interval}); err != nil {
			return say(env, err)
		}
		env.Printf("Cleaned up %s on %s\n", rsc, node)
		return face.OK
	}
	root, err := env.CIB(ctx)
	if err != nil {
		return say(env, err)
	}
	p, err := intent.NeedNode(root, node)
	if err != nil {
		return say(env, &face.Failure{Code: face.NoSuch, Err: err})
	}
	printAttribute(env, quiet, "status", "fail-count-"+rsc, cib.FormatScore(failures(root, p, rsc, op, interval)))
	return face.OK
}

// failures adds up the fail counts of a resource's operations on a node.
func failures(root *cib.Elem, node *cib.Place, rsc, op, interval string) int {
	h, ok := intent.OfTransient(root, node)
	if !ok {
		return 0
	}
	prefix := "fail-count-" + rsc
	if op != "" {
		ms := time.Duration(0)
		if d, err := cib.ParseDuration(interval); err == nil {
			ms = d
		}
		prefix += "#" + op + "_" + strconv.FormatInt(ms.Milliseconds(), 10)
	}
	sum := 0
	for _, a := range h.All() {
		if a.Name != prefix && !strings.HasPrefix(a.Name, prefix+"#") {
			continue
		}
		if n, err := cib.ParseScore(a.Value); err == nil {
			sum = cib.AddScores(sum, n)
		}
	}
	return sum
}

// attrdUpdater is attrd_updater: transient attributes with dampening.
func attrdUpdater(ctx context.Context, env *face.Env, args []string) face.Code {
	var b web.AttributeBody
	var query, refresh, all, delayOnly, quiet bool
	var both, delay, section, wait string
	f := newFlags(env, "query and update transient node attributes")
	out := f.withOutput(args)
	f.StringVarP(&b.Name, "name", "n", "", "attribute")
	f.StringVarP(&b.Value, "update", "U", "", "set to this value")
	f.StringVarP(&both, "update-both", "B", "", "set to this value and use this dampening from now on (-d)")
	f.BoolVarP(&delayOnly, "update-delay", "Y", false, "use this dampening from now on (-d)")
	f.BoolVarP(&query, "query", "Q", false, "print its value")
	f.BoolVarP(&b.Delete, "delete", "D", false, "delete it")
	f.BoolVarP(&refresh, "refresh", "R", false, "write all values to the CIB again (nothing to do here: they are there)")
	f.StringVarP(&delay, "delay", "d", "", "dampening")
	f.StringVarP(&b.Set, "set", "s", "", "attribute set")
	f.StringVarP(&b.Node, "node", "N", "", "of this node (default: this one)")
	f.BoolVarP(&all, "all", "A", false, "of all nodes (with -Q)")
	f.BoolVarP(&b.Private, "private", "p", false, "never write it to the CIB")
	f.StringVarP(&section, "lifetime", "l", "", "ignored")
	f.BoolVarP(&quiet, "quiet", "q", false, "ignored")
	f.StringVarP(&b.Value, "old-update", "v", "", "")
	f.StringVarP(&section, "section", "S", "", "")
	f.StringVarP(&wait, "wait", "W", "", "local or cluster: return when the value is there")
	f.hide("old-update", "section", "quiet")
	if code, done := f.parse(args); done {
		return code
	}
	if refresh {
		return out.end(nil)
	}
	if b.Name == "" {
		return f.usage("Command requires --name argument")
	}
	changes := f.Changed("update") || f.Changed("old-update") || f.Changed("update-both") || b.Delete || delayOnly
	if query && !changes { // scripts give -Q for "quiet" where they update
		return out.finish(attrdQuery(ctx, out, b, all))
	}
	if f.Changed("update-both") {
		b.Value = both
	}
	if !changes {
		return f.usage("nothing to do: give one of -U, -B, -Y, -Q and -D")
	}
	if delay != "" {
		d, err := cib.ParseDuration(delay)
		if err != nil {
			return f.usage("-d: %v", err)
		}
		ms := int(d.Milliseconds())
		b.DelayMS = &ms
	}
	b.Sync = wait != ""
	return out.finish(attrdUpdate(ctx, env, b, delayOnly))
}

func attrdUpdate(ctx context.Context, env *face.Env, b web.AttributeBody, keepValue bool) error {
	var err error
	if b.Node, err = targetNode(ctx, env, b.Node); err != nil {
		return err
	}
	if keepValue {
		list, err := env.Client().Attributes(ctx, b.Node, b.Name)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return face.Failf(face.NoSuch, "attribute %s is not set on %s", b.Name, b.Node)
		}
		b.Value = list[0].Value
	}
	return env.Client().SetAttribute(ctx, b)
}

func attrdQuery(ctx context.Context, out *reply, b web.AttributeBody, all bool) error {
	env, node := out.env, ""
	if !all {
		var err error
		if node, err = targetNode(ctx, env, b.Node); err != nil {
			return err
		}
	}
	list, err := env.Client().Attributes(ctx, node, b.Name)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		out.note("%s: Could not query value of %s: attribute does not exist", env.Name, b.Name)
		return face.Silent(face.BadConfig)
	}
	slices.SortStableFunc(list, func(x, y web.Attribute) int { return strings.Compare(x.Node, y.Node) })
	for _, a := range list {
		out.printf("name=\"%s\" host=\"%s\" value=\"%s\"\n", a.Name, a.Node, a.Value)
		out.add(element("attribute", "name", a.Name, "value", a.Value, "host", a.Node))
	}
	return nil
}

// crmNode is crm_node: who is who in the cluster.
func crmNode(ctx context.Context, env *face.Env, args []string) face.Code {
	var id, list, name, partition, quorum, quiet, force bool
	var nameFor, remove string
	f := newFlags(env, "low-level information on nodes")
	f.BoolVarP(&id, "cluster-id", "i", false, "this node's id")
	f.BoolVarP(&list, "list", "l", false, "all known nodes: id, name, state")
	f.BoolVarP(&name, "name", "n", false, "this node's name")
	f.BoolVarP(&partition, "partition", "p", false, "names of the members of this partition")
	f.BoolVarP(&quorum, "quorum", "q", false, "1 if this partition has quorum, else 0")
	f.StringVarP(&nameFor, "name-for-id", "N", "", "the name of the node with this id")
	f.StringVarP(&remove, "remove", "R", "", "remove the stopped node with this name")
	f.BoolVarP(&quiet, "quiet", "Q", false, "be brief")
	f.BoolVarP(&force, "force", "f", false, "")
	f.hide("force")
	if code, done := f.parse(args); done {
		return code
	}
	if own := env.Getenv("OCF_RESKEY_CRM_meta_on_node"); name && own != "" {
		env.Printf("%s\n", own)
		return face.OK
	}
	if !(id || list || name || partition || quorum) && nameFor == "" && remove == "" || f.NArg() > 0 {
		env.Errorf("%s", f.helpText())
		return face.Usage
	}
	if remove != "" && !force {
		env.Errorf("The supplied command is considered dangerous.  To prevent accidental destruction of the cluster, the --force flag is required in order to proceed.\n")
		return face.Usage
	}
	var s *web.Snapshot
	var err error
	if remove != "" {
		err = env.Client().RemoveNode(ctx, remove)
	} else {
		s, err = env.Client().Node(ctx)
	}
	switch {
	case errors.Is(err, client.ErrNoDaemon):
		env.Errorf("error: Could not connect to controller: Connection refused\n")
		return face.Disconnected
	case err != nil || remove != "":
		return say(env, err)
	}
	switch {
	case id:
		env.Printf("%s\n", s.SelfID)
	case name:
		env.Printf("%s\n", s.Self)
	case list:
		for _, p := range s.Peers {
			env.Printf("%s %s %s\n", p.ID, p.Name, memberWord(p.Member))
		}
	case partition:
		for _, p := range s.Peers {
			if p.Member {
				env.Printf("%s ", p.Name)
			}
		}
		env.Printf("\n")
	case quorum:
		env.Printf("%d\n", oneIf(s.Quorum.Quorate))
	default:
		return nodeNamed(env, s, nameFor)
	}
	return face.OK
}

// nodeNamed tells the name of the node with an id.
func nodeNamed(env *face.Env, s *web.Snapshot, id string) face.Code {
	for _, p := range s.Peers {
		if p.ID.String() == id {
			env.Printf("%s\n", p.Name)
			return face.OK
		}
	}
	env.Errorf("Node is not known to cluster\n")
	return face.NoHost
}

func memberWord(in bool) string {
	if in {
		return "member"
	}
	return "lost"
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
