package sched

// dotLines are the actions and orderings in the language of graphviz.
func (p *planner) dotLines() []string {
	var out []string
	emitted := map[*action]bool{}
	for _, a := range p.acts {
		if p.belongs(a) {
			emitted[a] = true
		}
	}
	shown := func(a *action) bool { return emitted[a] || !a.optional && (a.r == nil || a.r.managed) }
	for _, a := range p.acts {
		style, color, font := "dashed", "black", "black"
		if a.pseudo {
			font = "orange"
		}
		switch {
		case emitted[a]:
			style, color = "bold", "green"
		case a.optional || a.r != nil && !a.r.managed:
			continue
		default:
			color = "red"
		}
		out = append(out, `"`+dotName(a)+`" [ style=`+style+` color="`+color+`" fontcolor="`+font+`"]`)
	}
	for _, a := range p.acts {
		for i := range a.before {
			e := &a.before[i]
			style := "dashed"
			switch {
			case e.was&markInGraph != 0:
				style = "bold"
			case e.kind == 0:
				continue
			case shown(e.to) && shown(a) && e.kind != ordLoad:
			default:
				continue
			}
			out = append(out, `"`+dotName(e.to)+`" -> "`+dotName(a)+`" [ style = `+style+`]`)
		}
	}
	return out
}

// dotName names an action with its node.
func dotName(a *action) string {
	name := a.key()
	if a.r != nil && a.r.kind == primitive && a.r.seenAs != "" {
		if name = a.shownKey(); isNotify(a.task) {
			name = notifyKey(a.r.seenAs, a.meta["notify_key_type"], a.meta["notify_key_operation"])
		}
	}
	switch {
	case a.isStonith:
		return "stonith '" + a.meta["stonith_action"] + "' " + nodeName(a.n)
	case a.task == "do_shutdown":
		return "do_shutdown " + nodeName(a.n)
	case a.task == "cancel":
		return "Cancel " + name + " " + nodeName(a.n)
	}
	switch {
	case a.n != nil:
		return name + " " + a.n.name
	case a.pseudo:
		return name
	}
	return name + " <none>"
}
