package tools

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/sched"
	"mainstay/view"
)

// fencingOptions are stonith_admin's.
type fencingOptions struct {
	*reply
	f                    *flags
	command, arg         string
	agent                string
	options, environment []string
	devices              []string
	timeout, tolerance   string
	index, delay         int
	cleanup, broadcast   bool
	quiet, nodeID        bool
}

// fencingCommands are the options that choose what stonith_admin does.
var fencingCommands = [][4]string{
	{"register", "R", "=", "use a device (-a, -o) besides those of the configuration, until the cluster stops"},
	{"deregister", "D", "=", "do not use a device any more"},
	{"register-level", "r", "=", "use a level of the topology (-i, -v) for NODE, @PATTERN or ATTRIBUTE=VALUE"},
	{"deregister-level", "d", "=", "do not use a level any more (-i)"},
	{"list", "l", "=", "list the devices that can fence a node"},
	{"list-registered", "L", "", "list all devices that are in use"},
	{"list-installed", "I", "", "list the fence agents that are installed"},
	{"list-targets", "s", "=", "list the targets of a device"},
	{"metadata", "M", "", "print the metadata of an agent (-a)"},
	{"query", "Q", "=", "check a device"},
	{"history", "H", "=", "show how a node was fenced (* for all)"},
	{"last", "h", "=", "tell when a node was last fenced"},
	{"validate", "K", "", "check the parameters of an agent (-a, -o)"},
	{"fence", "F", "=", "fence a node: off"},
	{"unfence", "U", "=", "unfence a node: on"},
	{"reboot", "B", "=", "fence a node: reboot"},
	{"confirm", "C", "=", "tell the cluster that a node is off"},
}

// stonithAdmin is stonith_admin: fence devices, fencing and its history.
func stonithAdmin(ctx context.Context, env *face.Env, args []string) face.Code {
	o := &fencingOptions{}
	f := newFlagsFor(env, "look at fencing and fence nodes", "?")
	o.f, o.reply = f, f.withOutput(args)
	o.withHTML(f)
	for _, c := range fencingCommands {
		f.command(c, func(v string) { o.command, o.arg = c[0], v })
	}
	f.BoolVarP(&o.cleanup, "cleanup", "c", false, "forget the history (with -H)")
	f.BoolVarP(&o.broadcast, "broadcast", "b", false, "of all nodes: it is the same on all")
	f.StringVarP(&o.agent, "agent", "a", "", "agent")
	f.StringArrayVarP(&o.options, "option", "o", nil, "NAME=VALUE, a parameter")
	f.StringArrayVarP(&o.environment, "env-option", "e", nil, "a parameter from the environment")
	f.StringP("tag", "T", "", "a remark for logs")
	f.StringArrayVarP(&o.devices, "device", "v", nil, "device of a level")
	f.IntVarP(&o.index, "index", "i", 0, "level")
	f.StringVarP(&o.timeout, "timeout", "t", "", "how long to wait (default 120 s)")
	f.IntVarP(&o.delay, "delay", "y", 0, "seconds to wait before the fencing, besides the delays of the devices; -1 for none at all")
	f.BoolVarP(&o.nodeID, "as-node-id", "n", false, "the node is given by its id (with -h)")
	f.StringVar(&o.tolerance, "tolerance", "", "do nothing if the same was done less than this long ago")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say less")
	if code, done := f.parse(args); done {
		return code
	}
	if o.command == "" {
		env.Errorf("%s", f.helpText())
		return face.Usage
	}
	err := o.run(ctx)
	if errors.Is(err, client.ErrNoDaemon) {
		o.note("Could not connect to fencer: Transport endpoint is not connected")
		err = face.Silent(face.Disconnected)
	}
	return o.end(err)
}

// run does what the last command option asked for.
func (o *fencingOptions) run(ctx context.Context) error {
	switch o.command {
	case "register":
		return o.registerDevice(ctx)
	case "deregister":
		return o.registration(ctx, element("removed", "id", o.arg))
	case "register-level", "deregister-level":
		return o.registerLevel(ctx)
	case "list", "list-registered":
		return o.listDevices(ctx)
	case "list-installed":
		list := catalog(o.env).Agents("stonith", "")
		o.listing("installed fence devices", "fence device", list)
		return nil
	case "list-targets":
		return o.listTargets(ctx)
	case "metadata":
		return o.metadata(ctx)
	case "query":
		return o.query(ctx)
	case "history":
		return o.history(ctx)
	case "last":
		return o.last(ctx)
	case "validate":
		return o.validate(ctx)
	case "confirm":
		err := o.env.Client().ConfirmOff(ctx, o.arg)
		return o.failed("confirm", err)
	}
	return o.fence(ctx)
}

// listing prints names and how many there are.
func (o *fencingOptions) listing(title, thing string, list []string) {
	for _, s := range list {
		o.printf("%s\n", s)
	}
	o.printf("%d %s%s found\n", len(list), thing, plural(len(list)))
	class := thing[strings.LastIndexByte(thing, ' ')+1:] // device or target
	o.show(view.ListBlock(strings.ToUpper(title[:1])+title[1:], class, list)...)
	o.add(items(title, map[bool]string{true: "target", false: "device"}[thing == "fence target"], list))
}

// device is a fence device of the configuration.
type device struct {
	id     string
	agent  string
	params map[string]string
}

// devicesOf lists the fence devices that are in use.
func (o *fencingOptions) devicesOf(ctx context.Context) ([]device, error) {
	root, err := o.env.Client().CIB(ctx)
	if err != nil {
		return nil, err
	}
	c := sched.Unpack(sched.Input{CIB: root, Now: o.env.Now()})
	w := &world{root: root, c: c, f: &view.Frame{Cluster: c, CIB: root, Now: o.env.Now()}}
	var out []device
	root.Path("configuration", "resources").Walk(func(e *cib.Elem) bool {
		full := expanded(root, e)
		if e.Name() != "primitive" || full.Get("class") != "stonith" {
			return true
		}
		if r := find(c.Resources, e.ID()); r == nil || !r.Disabled {
			out = append(out, device{e.ID(), full.Get("type"), parameters(w, e, "")})
		}
		return true
	})
	return registeredDevices(root, out), nil
}

// covers tells whether a device's parameters name a target; a device that names
// none is asked by the cluster and may cover all.
func (d device) covers(target string) bool {
	if d.params["pcmk_host_check"] == "none" {
		return true
	}
	names := splitNames(d.params["pcmk_host_list"])
	for _, m := range strings.Split(d.params["pcmk_host_map"], ";") {
		name, _, _ := strings.Cut(strings.TrimSpace(m), ":")
		if name != "" {
			names = append(names, name)
		}
	}
	return len(names) == 0 || slices.Contains(names, target)
}

// splitNames splits a list of hosts.
func splitNames(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,;\t\n", r) })
}

func (o *fencingOptions) listDevices(ctx context.Context) error {
	all, err := o.devicesOf(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, d := range all {
		if o.command == "list-registered" || d.covers(o.arg) {
			names = append(names, d.id)
		}
	}
	o.listing("registered fence devices", "fence device", names)
	return nil
}

// listTargets asks a device what it can fence.
func (o *fencingOptions) listTargets(ctx context.Context) error {
	res, err := o.ask(ctx, "list")
	if err != nil {
		return err
	}
	var names []string
	for line := range strings.Lines(string(res.Output)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), ",")
		if name != "" && !strings.ContainsAny(name, " =<") {
			names = append(names, name)
		}
	}
	o.listing("fence targets", "fence target", names)
	return nil
}

// query checks a device.
func (o *fencingOptions) query(ctx context.Context) error {
	res, err := o.ask(ctx, "monitor")
	if err != nil {
		return err
	}
	if res.RC != agent.OK {
		return fail(face.Error)
	}
	return nil
}

// ask runs one operation of a device here.
func (o *fencingOptions) ask(ctx context.Context, op string) (agent.Result, error) {
	all, err := o.devicesOf(ctx)
	if err != nil {
		return agent.Result{}, err
	}
	i := slices.IndexFunc(all, func(d device) bool { return d.id == o.arg })
	if i < 0 {
		return agent.Result{}, face.Silent(face.NoSuch)
	}
	return catalog(o.env).Run(ctx, agent.Call{Name: agent.Name{Class: "stonith", Type: all[i].agent}, Rsc: o.arg, Op: op,
		Timeout: o.patience(), Params: sortedParams(all[i].params)}), nil
}

// sortedParams writes parameters as a call has them.
func sortedParams(m map[string]string) []cib.Attr {
	var out []cib.Attr
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, cib.Attr{Name: k, Value: m[k]})
	}
	return out
}

// patience is --timeout.
func (o *fencingOptions) patience() time.Duration {
	if d, err := cib.ParseDuration(o.timeout); err == nil && d > 0 {
		return d
	}
	return 120 * time.Second
}

// metadata prints what an agent says of itself.
func (o *fencingOptions) metadata(ctx context.Context) error {
	if o.agent == "" {
		o.warnf("Please specify an agent to query using -a,--agent [value]\n%s", o.f.helpText())
		return face.Silent(face.Usage)
	}
	text, err := describe(ctx, catalog(o.env), agent.Name{Class: "stonith", Type: o.agent})
	if err != nil {
		o.note("Can't get fence agent meta-data: No such device")
		return face.Silent(face.NoSuch)
	}
	o.printf("%s\n", strings.TrimSuffix(string(text), "\n"))
	o.show(view.TextBlock(string(text), "pre", "lang", "xml"))
	o.add(o.cdata("metadata", string(text)))
	return nil
}

// validate has an agent check parameters.
func (o *fencingOptions) validate(ctx context.Context) error {
	if o.agent == "" {
		o.warnf("Please specify an agent to validate with --agent\n%s", o.f.helpText())
		return face.Silent(face.Usage)
	}
	params, err := o.parameters()
	if err != nil {
		return err
	}
	n := agent.Name{Class: "stonith", Type: o.agent}
	e := element("validate", "agent", o.agent)
	if _, err := catalog(o.env).Metadata(ctx, n); err != nil {
		o.printf("Validation of %s failed\nAgent %s not found\n", o.agent, o.agent)
		o.add(e.With("valid", "false"))
		o.show(view.TextBlock("Validation of "+o.agent+" failed", "div"), view.TextBlock("Command Output", "h2"), view.TextBlock("Return code: -2", "div"),
			view.TextBlock("Stderr", "div"), view.TextBlock("Agent "+o.agent+" not found", "div", "class", "output"))
		return face.Silent(face.NoSuch)
	}
	res := catalog(o.env).Run(ctx, agent.Call{Name: n, Rsc: "test", Op: "validate-all", Timeout: o.patience(), Params: sortedParams(params)})
	good := res.RC == agent.OK
	e = e.With("valid", yes(good))
	if len(res.Output) == 0 {
		o.add(e.Append(element("command", "code", itoa(int(res.RC)))))
	} else {
		o.add(e.Append(element("command", "code", itoa(int(res.RC))).Append(element("output", "source", "stderr").WithText(string(res.Output)))))
	}
	verdict := fmt.Sprintf("Validation of %s %s", o.agent, map[bool]string{true: "succeeded", false: "failed"}[good])
	o.printf("%s\n", verdict)
	o.show(view.TextBlock(verdict, "div"), view.TextBlock("Command Output", "h2"), view.TextBlock("Return code: "+itoa(int(res.RC)), "div"))
	if len(res.Output) > 0 {
		o.show(view.TextBlock("Stderr", "div"), view.TextBlock(string(res.Output), "div", "class", "output"))
	}
	if len(res.Output) > 0 {
		o.printf("%s\n", res.Output)
	}
	if !good {
		return face.Silent(face.Error)
	}
	return nil
}

// fence fences, unfences or reboots a node.
func (o *fencingOptions) fence(ctx context.Context) error {
	action := map[string]string{"fence": "off", "unfence": "on", "reboot": "reboot"}[o.command]
	if d, err := cib.ParseDuration(o.tolerance); err == nil && o.tolerance != "" {
		s, err := o.env.Client().Node(ctx)
		if err != nil {
			return err
		}
		for _, e := range s.Fencing {
			if e.Node == o.arg && e.Action == action && e.OK && o.env.Now().Sub(e.Ended) < d {
				return nil
			}
		}
	}
	e, err := o.env.Client().FenceAfter(ctx, o.arg, action, o.patience(), time.Duration(o.delay)*time.Second)
	if err == nil && !e.OK {
		err = refuse(face.Error, "%s", strings.TrimSpace(e.Output))
	}
	what := "fence" // also to reboot, in the peer's words
	if o.command == "unfence" {
		what = "unfence"
	}
	return o.failed(what, err)
}

// failed tells why something about a node did not work.
func (o *fencingOptions) failed(what string, err error) error {
	if err == nil || errors.Is(err, client.ErrNoDaemon) {
		return err
	}
	var p *web.Problem
	why := message(err)
	if errors.As(err, &p) && p.Kind == web.NotFound {
		why = "No such device"
	}
	if o.xml() {
		return refuse(face.CodeOf(err), "Couldn't %s %s: %s", what, o.arg, why)
	}
	o.env.Errorf("%s: Couldn't %s %s: %s\n", o.env.Name, what, o.arg, why)
	return face.Silent(face.CodeOf(err))
}
