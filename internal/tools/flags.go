package tools

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/web"
)

// peerVersion is the version of Pacemaker whose tools these follow; scripts compare
// it to find out what they may ask for.
const peerVersion = "2.1.5"

// flags are the options of one tool.
type flags struct {
	*pflag.FlagSet
	env     *face.Env
	about   string
	version bool
	help    bool
	helpAll bool
	out     *reply // of tools that can answer in XML
}

// newFlags makes the options that every tool has.
func newFlags(env *face.Env, about string) *flags { return newFlagsFor(env, about, "h") }

// newFlagsFor is newFlags for a tool with another letter for --help.
func newFlagsFor(env *face.Env, about, help string) *flags {
	f := &flags{FlagSet: pflag.NewFlagSet(env.Name, pflag.ContinueOnError), env: env, about: about}
	f.SetOutput(io.Discard)
	f.SortFlags = false
	f.BoolVarP(&f.help, "help", help, false, "show this text")
	if help != "?" {
		f.BoolVarP(&f.help, "help-too", "?", false, "")
		f.hide("help-too")
	}
	f.BoolVar(&f.helpAll, "help-all", false, "show this text")
	f.BoolVarP(&f.version, "version", "$", false, "show the version")
	f.CountP("verbose", "V", "say more (accepted for compatibility)")
	return f
}

// hide keeps an option out of the help text: an old name, or one that is accepted
// because scripts give it.
func (f *flags) hide(names ...string) {
	for _, n := range names {
		if err := f.MarkHidden(n); err != nil {
			panic(err) // an option that was not declared
		}
	}
}

// optional lets a string option stand without a value.
func (f *flags) optional(name, without string) { f.Lookup(name).NoOptDefVal = without }

// command declares an option that chooses what the tool does: name, shorthand,
// whether it has a value ("=", or "?" if it may), and what it is.
func (f *flags) command(c [4]string, chosen func(value string)) {
	switch c[2] {
	case "":
		f.BoolFuncP(c[0], c[1], c[3], func(string) error { chosen(""); return nil })
	default:
		f.FuncP(c[0], c[1], c[3], func(v string) error { chosen(strings.TrimPrefix(v, "\x00")); return nil })
		if c[2] == "?" {
			f.optional(c[0], "\x00")
		}
	}
}

// parse reads the arguments; done means that there is nothing more to do.
func (f *flags) parse(args []string) (code face.Code, done bool) {
	err := f.Parse(args)
	if f.out != nil {
		if unknown := f.out.known(); unknown != nil {
			return f.out.end(unknown), true
		}
	}
	switch {
	case errors.Is(err, pflag.ErrHelp), err == nil && (f.help || f.helpAll):
		f.env.Printf("%s", f.helpText())
		return face.OK, true
	case err != nil:
		return f.refused(face.OptionText(err, args)), true
	case f.version:
		f.env.Printf("Pacemaker %s\nMainstay %s answers in its place\n", peerVersion, f.env.Version)
		return face.OK, true
	}
	return face.OK, false
}

// helpText describes the tool and its options.
func (f *flags) helpText() string {
	return fmt.Sprintf("%s - %s\n\nUsage: %s [options]\n\n%s", f.env.Name, f.about, f.env.Name, f.FlagUsages())
}

// refused ends a tool whose command line cannot be understood.
func (f *flags) refused(text string) face.Code {
	if f.out != nil && f.out.xml() {
		return f.out.end(face.Failf(face.Usage, "%s", text))
	}
	f.env.Errorf("%s: %s\n", f.env.Name, text)
	return face.Usage
}

// joinOptional puts the value of an option that may stand alone right behind it:
// "-p rsc" becomes "-p=rsc", as getopt's users are used to.
func joinOptional(args []string, names ...string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		for _, n := range names {
			if a == n && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				i++
				a = n + "=" + args[i]
				break
			}
		}
		out = append(out, a)
	}
	return out
}

// verbosity is how often -V was given.
func (f *flags) verbosity() int {
	n, _ := f.GetCount("verbose")
	return n
}

// usage refuses a combination of options.
func (f *flags) usage(format string, args ...any) face.Code {
	f.env.Errorf("%s: %s\n", f.env.Name, fmt.Sprintf(format, args...))
	return face.Usage
}

// say writes an error as the peer's tools do and returns its exit code.
func say(env *face.Env, err error) face.Code {
	var f *face.Failure
	code := face.CodeOf(err)
	switch {
	case err == nil:
		return face.OK
	case errors.As(err, &f) && f.Err == nil:
		return code
	case errors.Is(err, client.ErrNoDaemon):
		env.Errorf("%s: Error connecting to the cluster: Transport endpoint is not connected\n", env.Name)
		return face.Disconnected
	}
	var none *face.NoCIB
	if errors.As(err, &none) {
		env.Errorf("%s: %s\n  %v\n", env.Name, noCIBText(none), none)
		return code
	}
	env.Errorf("%s: Error performing operation: %s\n", env.Name, reasonText(err))
	return code
}

// noCIBText is the peer's words for a file that cannot stand for the cluster.
func noCIBText(none *face.NoCIB) string {
	if none.Missing {
		return "Could not connect to the CIB: No such device or address"
	}
	return "Could not connect to the CIB: Update does not conform to the configured schema"
}

// reasonText is the peer's word for a kind of error; our message follows.
func reasonText(err error) string {
	word, detail := reason(err)
	if detail == "" {
		return word
	}
	return word + "\n  " + strings.ReplaceAll(detail, "\n", "\n  ")
}

// reason is the peer's word for a kind of error, and what we know beyond it.
func reason(err error) (word, detail string) {
	word = map[face.Code]string{
		face.NoSuch: "No such device or address", face.Exists: "File exists", face.Denied: "Permission denied",
		face.BadData: "Invalid argument", face.Old: "Update was older than existing configuration", face.NoQuorum: "Operation requires quorum",
		face.Timeout: "Timer expired",
	}[face.CodeOf(err)]
	var p *web.Problem
	detail = err.Error()
	if errors.As(err, &p) {
		detail = p.Error()
	}
	if word == "" {
		return detail, ""
	}
	return word, detail
}
