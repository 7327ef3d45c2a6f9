package agent

import (
	"strings"

	"mainstay/cib"
)

// LSBMetadata makes metadata for an init script out of the comment block that
// LSB 5.0 prescribes ("### BEGIN INIT INFO"), so that it can be shown like any
// other agent. A script without the block gets metadata without descriptions.
func LSBMetadata(name string, script []byte) []byte {
	info := initInfo(string(script))
	short := info["Short-Description"]
	if short == "" {
		short = "init script " + name
	}
	long := info["Description"]
	if long == "" {
		long = short
	}
	actions := []cib.Attr{{Name: "meta-data", Value: "5s"}, {Name: "start", Value: "15s"}, {Name: "stop", Value: "15s"},
		{Name: "status", Value: "15s"}, {Name: "restart", Value: "15s"}, {Name: "force-reload", Value: "15s"}, {Name: "monitor", Value: "15s"}}
	root := describe(name, short, long, actions)
	special := cib.New("special", cib.Attr{Name: "tag", Value: "LSB"})
	for _, k := range []string{"Provides", "Required-Start", "Required-Stop", "Should-Start", "Should-Stop", "Default-Start", "Default-Stop"} {
		special = special.Append(textElem(k, info[k]))
	}
	return document(root.Append(special))
}

// UnitMetadata makes metadata for a systemd unit.
func UnitMetadata(unit, description string) []byte {
	if description == "" {
		description = "systemd unit " + unit
	}
	return document(describe(unit, description, description, []cib.Attr{{Name: "start", Value: "100s"}, {Name: "stop", Value: "100s"},
		{Name: "status", Value: "100s"}, {Name: "monitor", Value: "100s"}, {Name: "reload", Value: "100s"}, {Name: "meta-data", Value: "5s"}}))
}

// describe makes the common part; actions are names with timeouts.
func describe(name, short, long string, actions []cib.Attr) *cib.Elem {
	list := cib.New("actions")
	for _, a := range actions {
		attrs := []cib.Attr{{Name: "name", Value: a.Name}, {Name: "timeout", Value: a.Value}}
		if a.Name == "monitor" {
			attrs = append(attrs, cib.Attr{Name: "interval", Value: a.Value})
		}
		list = list.Append(cib.New("action", attrs...))
	}
	lang := cib.Attr{Name: "lang", Value: "en"}
	return cib.New("resource-agent", cib.Attr{Name: "name", Value: name}, cib.Attr{Name: "version", Value: "0.1"}).Append(
		textElem("version", "1.1"), textElem("longdesc", long, lang), textElem("shortdesc", short, lang), cib.New("parameters"), list)
}

func document(root *cib.Elem) []byte {
	return root.AppendXML([]byte("<?xml version=\"1.0\"?>\n"), true)
}

// textElem makes an element with character data.
func textElem(name, text string, attrs ...cib.Attr) *cib.Elem {
	return cib.New(name, attrs...).WithText(text)
}

// initInfo reads the keywords of an INIT INFO block; Description may go on over lines.
func initInfo(script string) map[string]string {
	info := map[string]string{}
	inside, last := false, ""
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, " \t\r\n")
		switch {
		case line == "### BEGIN INIT INFO":
			inside = true
			continue
		case line == "### END INIT INFO":
			return info
		case !inside || !strings.HasPrefix(line, "#"):
			continue
		}
		text := line[1:]
		if last == "Description" && (strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "  ")) {
			info[last] = strings.TrimSpace(info[last] + " " + strings.TrimSpace(text))
			continue
		}
		key, value, ok := strings.Cut(strings.TrimSpace(text), ":")
		if ok && key != "" && !strings.ContainsAny(key, " \t") {
			last = key
			info[key] = strings.TrimSpace(value)
		}
	}
	return info
}
