package tools

import (
	"context"
	"os"
	"slices"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/internal/runner"
)

// catalog lists the agents of this machine.
func catalog(env *face.Env) *runner.Catalog {
	return runner.NewCatalog(runner.Config{OCFRoot: env.Getenv("OCF_ROOT")})
}

// standards are the classes of agents that can be managed here.
func standards() []string {
	out := []string{"ocf", "lsb", "service"}
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		out = append(out, "systemd")
	}
	return append(out, "stonith")
}

// catalogue answers questions about the agents that are installed.
func (o *resourceOptions) catalogue(ctx context.Context) error {
	c := catalog(o.env)
	switch o.command {
	case "list-standards":
		list := standards()
		o.lines(list)
		o.add(items("standards", "", list))
		return nil
	case "list-ocf-providers":
		list := c.Providers("")
		o.lines(list)
		o.add(element("providers", "standard", "ocf").WithKids(texts("provider", list)))
		return nil
	case "list-ocf-alternatives":
		list := c.Providers(o.arg)
		if len(list) == 0 {
			return refuse(face.NoSuch, "No OCF providers found for %s", o.arg)
		}
		o.lines(list)
		o.add(element("providers", "for", o.arg).WithKids(texts("provider", list)))
		return nil
	case "show-metadata":
		return o.showMetadata(ctx, c)
	}
	class, provider, _ := strings.Cut(o.arg, ":")
	list := c.Agents(class, provider)
	switch {
	case len(list) == 0 && provider != "":
		return refuse(face.Error, "No agents found for standard '%s' and provider '%s'", class, provider)
	case len(list) == 0:
		return refuse(face.Error, "No agents found for standard '%s'", class)
	}
	slices.Sort(list)
	o.lines(list)
	e := element("agents", "standard", class)
	if provider != "" {
		e = e.With("provider", provider)
	}
	o.add(e.WithKids(texts("agent", list)))
	return nil
}

// lines prints one thing a line.
func (o *resourceOptions) lines(list []string) {
	for _, s := range list {
		o.printf("%s\n", s)
	}
}

// showMetadata prints what an agent says of itself.
func (o *resourceOptions) showMetadata(ctx context.Context, c *runner.Catalog) error {
	n, ok := agentName(o.arg)
	if !ok {
		return refuse(face.NoSuch, "'%s' is not a valid agent specification", o.arg)
	}
	text, err := describe(ctx, c, n)
	if err != nil {
		return refuse(face.NoSuch, "Metadata query for %s failed: No such device or address", o.arg)
	}
	o.printf("%s\n", strings.TrimSuffix(string(text), "\n"))
	o.add(o.cdata("metadata", string(text)))
	return nil
}

// agentName reads class:provider:type, or class:type where the class has no providers.
func agentName(s string) (agent.Name, bool) {
	part := strings.Split(s, ":")
	switch {
	case len(part) == 3 && part[0] == "ocf":
		return agent.Name{Class: "ocf", Provider: part[1], Type: part[2]}, true
	case len(part) == 2 && part[0] != "ocf" && part[1] != "":
		return agent.Name{Class: part[0], Type: part[1]}, true
	case len(part) > 2 && part[0] != "ocf":
		return agent.Name{Class: part[0], Type: strings.Join(part[1:], ":")}, true
	}
	return agent.Name{}, false
}

// describe returns an agent's metadata as tools show them. A fence agent's is told
// as a resource's: the cluster chooses action and target, and what is managed has
// a start and a stop.
func describe(ctx context.Context, c *runner.Catalog, n agent.Name) ([]byte, error) {
	text, err := c.Metadata(ctx, n)
	if err != nil || n.Class != "stonith" {
		return text, err
	}
	root, err := cib.Parse(text)
	if err != nil {
		return text, nil // shown as the agent wrote it
	}
	kids := make([]*cib.Elem, 0, len(root.Kids()))
	for _, k := range root.Kids() {
		switch k.Name() {
		case "parameters":
			k = notRequired(k, "action", "plug", "port")
		case "actions":
			if k.Kids() != nil && !hasPlace(k.Kids(), element("action", "name", "start"), sameName) {
				k = k.Append(element("action", "name", "stop", "timeout", "20s"), element("action", "name", "start", "timeout", "20s"))
			}
		}
		kids = append(kids, k)
	}
	return root.WithKids(kids).AppendXML(nil, true), nil
}

// sameName tells whether two elements have the same name attribute.
func sameName(a, b *cib.Elem) bool { return a.Get("name") == b.Get("name") }

// notRequired makes parameters optional that the cluster fills in.
func notRequired(params *cib.Elem, names ...string) *cib.Elem {
	kids := slices.Clone(params.Kids())
	for i, p := range kids {
		if slices.Contains(names, p.Get("name")) && p.Get("required") != "" {
			kids[i] = p.With("required", "0")
		}
	}
	return params.WithKids(kids)
}
