package tools

import (
	"context"
	"fmt"
	"strconv"

	"mainstay/internal/face"
)

// crmError is crm_error: what a code means.
func crmError(_ context.Context, env *face.Env, args []string) face.Code {
	var name, list, exit, rc bool
	f := newFlags(env, "say what an error code means")
	r := f.withOutput(args)
	f.BoolVarP(&name, "name", "n", false, "show the name of the code with its meaning")
	f.BoolVarP(&list, "list", "l", false, "show all codes (also if none is given)")
	f.BoolVarP(&exit, "exit", "X", false, "an exit code of a tool")
	f.BoolVarP(&rc, "rc", "r", false, "the result of a function")
	if code, done := f.parse(args); done {
		return code
	}
	table, unknown := systemAnd(legacyCodes), "Unknown error %d"
	switch {
	case exit:
		table, unknown = exitCodes, "Unknown exit status"
	case rc:
		table, unknown = systemAnd(returnCodes), "Unknown error"
	}
	if list {
		listCodes(r, table, name, "%5d: ")
		return r.end(nil)
	}
	if f.NArg() == 0 {
		listCodes(r, table, name, "%5d: ")
		return r.end(nil)
	}
	for _, a := range f.Args() {
		n, err := strconv.Atoi(a)
		if err != nil {
			n, table = -1001, returnCodes
			if exit {
				n, table = -1, nil
			}
		}
		if !exit && !rc && n < 0 && n > -lastErrno { // results of old functions are negative
			n = -n
		}
		c, ok := findCode(table, n)
		if !ok {
			c = codeName{n, "Unknown", unknown}
			if !exit && !rc {
				c.text = fmt.Sprintf(unknown, n)
			}
		}
		showCode(r, c, name, "")
	}
	return r.end(nil)
}

// listCodes shows every code of a table, behind its number.
func listCodes(r *reply, table []codeName, name bool, number string) {
	for _, c := range table {
		showCode(r, c, name, number)
	}
}

// showCode shows one code; in a list its name has a column of its own.
func showCode(r *reply, c codeName, name bool, number string) {
	e := element("result-code", "code", strconv.Itoa(c.code), "description", c.text)
	if name {
		e = e.With("name", c.name)
	}
	r.add(e)
	switch {
	case number == "" && name:
		r.printf("%s - %s\n", c.name, c.text)
	case number == "":
		r.printf("%s\n", c.text)
	case name:
		r.printf(number+"%-26s  %s\n", c.code, c.name, c.text)
	default:
		r.printf(number+"%s\n", c.code, c.text)
	}
}
