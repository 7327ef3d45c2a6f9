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
}

// newFlags makes the options that every tool has.
func newFlags(env *face.Env, about string) *flags {
	f := &flags{FlagSet: pflag.NewFlagSet(env.Name, pflag.ContinueOnError), env: env, about: about}
	f.SetOutput(io.Discard)
	f.SortFlags = false
	f.BoolVarP(&f.help, "help", "h", false, "show this text")
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

// parse reads the arguments; done means that there is nothing more to do.
func (f *flags) parse(args []string) (code face.Code, done bool) {
	err := f.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp), err == nil && f.help:
		f.env.Printf("%s - %s\n\nUsage: %s [options]\n\n%s", f.env.Name, f.about, f.env.Name, f.FlagUsages())
		return face.OK, true
	case err != nil:
		f.env.Errorf("%s: %v\n", f.env.Name, err)
		return face.Usage, true
	case f.version:
		f.env.Printf("Pacemaker %s\nMainstay %s answers in its place\n", peerVersion, f.env.Version)
		return face.OK, true
	}
	return face.OK, false
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
	env.Errorf("%s: Error performing operation: %s\n", env.Name, reasonText(err))
	return code
}

// reasonText is the peer's word for a kind of error, followed by our message.
func reasonText(err error) string {
	word := map[face.Code]string{
		face.NoSuch: "No such device or address", face.Exists: "File exists", face.Denied: "Permission denied",
		face.BadData: "Invalid argument", face.Old: "Application has an older version", face.NoQuorum: "Quorum required",
		face.Timeout: "Timer expired",
	}[face.CodeOf(err)]
	var p *web.Problem
	text := err.Error()
	if errors.As(err, &p) {
		text = p.Error()
	}
	if word == "" {
		return text
	}
	return word + " (" + text + ")"
}
