package simulate

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"mainstay/internal/face"
)

// options is the command line, as crm_simulate(8) names it.
type options struct {
	file    string
	pipe    bool
	live    bool
	run     bool // -R: plan
	execute bool // -S: and pretend to carry the plan out
	inPlace bool // -X: and write the outcome back

	quiet, scores, utilization, attrs, failCounts bool
	allActions, pending                           bool
	verbose                                       int
	xml                                           bool
	outputTo                                      string

	up, down, fail                 []string
	inject, failing                []string
	grant, revoke, standby, active []string
	quorum, watchdog, date         string

	saveInput, saveOutput, saveGraph, saveDot string
	profile                                   string
	repeat                                    int
	help, version                             bool
	raw                                       []string // as typed, for the XML head
}

// parse reads the command line.
func parse(args []string) (*options, error) {
	o := &options{raw: args, repeat: 1}
	f := pflag.NewFlagSet("crm_simulate", pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.SortFlags = false
	format := o.declare(f)
	if err := f.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			o.help = true
			return o, nil
		}
		return nil, face.Failf(face.Usage, "%s", face.OptionText(err, args))
	}
	if f.NArg() > 0 {
		return nil, face.Failf(face.Usage, "unexpected argument %q; see --help", f.Arg(0))
	}
	switch *format {
	case "text", "":
	case "xml":
		o.xml = true
	default:
		return nil, &unknownFormat{*format}
	}
	return o, o.check()
}

// unknownFormat is the error of an output format that there is not.
type unknownFormat struct{ name string }

// Error implements error, in the peer's words.
func (u *unknownFormat) Error() string {
	return "Error creating output format " + u.name + ": Unknown output format"
}

// declare names the options.
func (o *options) declare(f *pflag.FlagSet) *string {
	f.BoolVarP(&o.run, "run", "R", false, "plan what the cluster will do with the input")
	f.BoolVarP(&o.execute, "simulate", "S", false, "plan, pretend to carry the plan out, and show the outcome")
	f.BoolVarP(&o.inPlace, "in-place", "X", false, "as --simulate, and store the outcome in the input file")
	f.BoolVarP(&o.attrs, "show-attrs", "A", false, "show node attributes")
	f.BoolVarP(&o.failCounts, "show-failcounts", "c", false, "show failure counts")
	f.BoolVarP(&o.scores, "show-scores", "s", false, "show the scores of the placement")
	f.BoolVarP(&o.utilization, "show-utilization", "U", false, "show the utilization of the nodes")
	f.StringVarP(&o.profile, "profile", "P", "", "time the planning of every XML file in this directory")
	f.IntVarP(&o.repeat, "repeat", "N", 1, "with --profile, how often to plan each file")
	f.BoolVarP(&o.pending, "pending", "j", false, "show operations under way")
	f.StringArrayVarP(&o.up, "node-up", "u", nil, "bring a node online")
	f.StringArrayVarP(&o.down, "node-down", "d", nil, "take a node offline")
	f.StringArrayVarP(&o.fail, "node-fail", "f", nil, "let a node fail")
	f.StringArrayVarP(&o.inject, "op-inject", "i", nil, "let an operation have failed: RSC_TASK_INTERVALms@NODE=RC")
	f.StringArrayVarP(&o.failing, "op-fail", "F", nil, "let an operation fail when it is carried out")
	f.StringVarP(&o.date, "set-datetime", "t", "", "the time, in ISO 8601")
	f.StringVarP(&o.quorum, "quorum", "q", "", "whether the partition has quorum")
	f.StringVarP(&o.watchdog, "watchdog", "w", "", "whether there is a watchdog device")
	f.StringArrayVarP(&o.grant, "ticket-grant", "g", nil, "grant a ticket")
	f.StringArrayVarP(&o.revoke, "ticket-revoke", "r", nil, "revoke a ticket")
	f.StringArrayVarP(&o.standby, "ticket-standby", "b", nil, "make a ticket standby")
	f.StringArrayVarP(&o.active, "ticket-activate", "e", nil, "activate a ticket")
	f.StringVarP(&o.saveInput, "save-input", "I", "", "save the input to this file")
	f.StringVarP(&o.saveOutput, "save-output", "O", "", "save the outcome to this file")
	f.StringVarP(&o.saveGraph, "save-graph", "G", "", "save the transition graph (XML) to this file")
	f.StringVarP(&o.saveDot, "save-dotfile", "D", "", "save the transition graph (DOT) to this file")
	f.BoolVarP(&o.allActions, "all-actions", "a", false, "show also what stays as it is")
	f.BoolVarP(&o.live, "live-check", "L", false, "take the input from the running cluster")
	f.StringVarP(&o.file, "xml-file", "x", "", "take the input from this file")
	f.BoolVarP(&o.pipe, "xml-pipe", "p", false, "take the input from standard input")
	f.BoolVarP(&o.quiet, "quiet", "Q", false, "only the essential output")
	f.CountVarP(&o.verbose, "verbose", "V", "say more; may be repeated")
	f.BoolVarP(&o.version, "version", "$", false, "print the version")
	f.StringVar(&o.outputTo, "output-to", "", "write to this file")
	f.Bool("text-fancy", false, "accepted; the text is always in lists")
	return f.String("output-as", "text", "text or xml")
}

// check refuses combinations that mean nothing.
func (o *options) check() error {
	if o.repeat < 1 {
		return face.Failf(face.Usage, "--repeat %d: want at least 1", o.repeat)
	}
	if o.inPlace {
		o.execute = true
		if o.file == "" {
			return face.Failf(face.Usage, "--in-place needs --xml-file: there is no file to write the outcome to")
		}
	}
	n := 0
	for _, b := range []bool{o.file != "", o.pipe, o.live} {
		if b {
			n++
		}
	}
	if n > 1 {
		return face.Failf(face.Usage, "--xml-file, --xml-pipe and --live-check exclude each other")
	}
	for _, spec := range append(append([]string(nil), o.inject...), o.failing...) {
		if _, err := parseOp(spec); err != nil {
			return err
		}
	}
	return nil
}

// opSpec is one operation with the result that it is to have.
type opSpec struct {
	rsc, task string
	interval  int // ms
	node      string
	rc        int
}

// parseOp reads RSC_TASK_INTERVAL@NODE=RC; the resource may contain underscores.
func parseOp(spec string) (opSpec, error) {
	bad := func(why string) (opSpec, error) {
		return opSpec{}, face.Failf(face.Usage, "operation %q: %s; want RSC_TASK_INTERVAL@NODE=RC, as in vip_monitor_10000@n1=7", spec, why)
	}
	key, rest, ok := strings.Cut(spec, "@")
	if !ok {
		return bad("no @NODE")
	}
	node, code, ok := strings.Cut(rest, "=")
	if !ok || node == "" {
		return bad("no NODE=RC")
	}
	rc, err := strconv.Atoi(code)
	if err != nil {
		return bad("the return code is no number")
	}
	at := strings.LastIndexByte(key, '_')
	if at < 0 {
		return bad("no interval")
	}
	ms, err := strconv.Atoi(key[at+1:])
	if err != nil || ms < 0 {
		return bad("the interval is no number of milliseconds")
	}
	key = key[:at]
	for _, task := range []string{"_migrate_to", "_migrate_from", "_reload-agent"} {
		if rsc, ok := strings.CutSuffix(key, task); ok && rsc != "" {
			return opSpec{rsc, task[1:], ms, node, rc}, nil
		}
	}
	at = strings.LastIndexByte(key, '_')
	if at <= 0 || at == len(key)-1 {
		return bad("no task")
	}
	return opSpec{key[:at], key[at+1:], ms, node, rc}, nil
}

// usage is the help text.
func usage() string {
	f := pflag.NewFlagSet("crm_simulate", pflag.ContinueOnError)
	f.SortFlags = false
	(&options{}).declare(f)
	return fmt.Sprintf(`crm_simulate - show how the cluster would respond to events

Usage: crm_simulate [options]

%s
Examples:
  crm_simulate -x cib.xml -S                         plan, pretend, show the outcome
  crm_simulate -L -S -d n1                           what if n1 were switched off
  crm_simulate -L -S -i vip_monitor_10000@n2=7       what if vip's monitor found it gone on n2
  crm_simulate -x cib.xml -S -F vip_start_0@n2=1 -O after.xml
`, f.FlagUsages())
}
