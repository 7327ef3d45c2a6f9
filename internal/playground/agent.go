package playground

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"
)

// FenceAgentName is the name by which the program is a fence agent.
const FenceAgentName = "fence_playground"

// Exit codes of fence agents.
const (
	fenceOK  = 0
	fenceBad = 1
	fenceOff = 2 // status: the plug is off
)

// metadata describes the agent as fence agents do.
const metadata = `<?xml version="1.0" ?>
<resource-agent name="fence_playground" shortdesc="power switch of the playground">
<longdesc>fence_playground presses the power switch of a playground: it cuts a node's links and ends all its processes at one stroke, and boots it again.</longdesc>
<vendor-url></vendor-url>
<parameters>
	<parameter name="action" unique="0" required="1">
		<getopt mixed="-o, --action=[action]"/>
		<content type="string" default="reboot"/>
		<shortdesc lang="en">Fencing action</shortdesc>
	</parameter>
	<parameter name="plug" unique="0" required="1" obsoletes="port">
		<getopt mixed="-n, --plug=[name]"/>
		<content type="string"/>
		<shortdesc lang="en">Name of the node</shortdesc>
	</parameter>
	<parameter name="port" unique="0" required="1" deprecated="1">
		<getopt mixed="-n, --plug=[name]"/>
		<content type="string"/>
		<shortdesc lang="en">Name of the node</shortdesc>
	</parameter>
	<parameter name="socket" unique="0" required="0">
		<getopt mixed="-s, --socket=[path]"/>
		<content type="string" default="/run/playground/power.sock"/>
		<shortdesc lang="en">Socket of the power switch</shortdesc>
	</parameter>
	<parameter name="login_timeout" unique="0" required="0">
		<getopt mixed="--login-timeout=[seconds]"/>
		<content type="second" default="30"/>
		<shortdesc lang="en">Wait this long for the power switch</shortdesc>
	</parameter>
</parameters>
<actions>
	<action name="on" automatic="0"/>
	<action name="off"/>
	<action name="reboot"/>
	<action name="status"/>
	<action name="list"/>
	<action name="list-status"/>
	<action name="monitor"/>
	<action name="metadata"/>
	<action name="validate-all"/>
</actions>
</resource-agent>
`

// fenceParams reads name=value lines, or options if there are any.
func fenceParams(args []string, stdin io.Reader) (map[string]string, error) {
	p := map[string]string{"action": "reboot", "socket": filepath.Join(switchDir, switchSocket)}
	if len(args) == 0 {
		lines := bufio.NewScanner(stdin)
		for lines.Scan() {
			name, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "=")
			if ok && !strings.HasPrefix(name, "#") {
				p[name] = value
			}
		}
		return p, lines.Err()
	}
	long := map[string]string{"-o": "action", "-n": "plug", "-s": "socket"}
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		key := long[name]
		if strings.HasPrefix(name, "--") {
			key = strings.ReplaceAll(name[2:], "-", "_")
		}
		if key == "" {
			return nil, fmt.Errorf("unknown option %q", args[i])
		}
		if !joined {
			if i++; i == len(args) {
				return nil, fmt.Errorf("option %s needs a value", name)
			}
			value = args[i]
		}
		p[key] = value
	}
	return p, nil
}

// FenceAgent is the fence agent: parameters as name=value lines on stdin, or as
// options. It returns the exit code.
func FenceAgent(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p, err := fenceParams(args, stdin)
	if err == nil && p["action"] == "metadata" {
		fmt.Fprint(stdout, metadata)
		return fenceOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", FenceAgentName, err)
		return fenceBad
	}
	code, err := fenceDo(p, stdout)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %s: %v\n", FenceAgentName, p["action"], err)
		return fenceBad
	}
	return code
}

func fenceDo(p map[string]string, stdout io.Writer) (int, error) {
	node := p["plug"]
	if node == "" {
		node = p["port"]
	}
	if node == "" {
		node = p["nodename"]
	}
	timeout, err := time.ParseDuration(p["login_timeout"] + "s")
	if err != nil {
		timeout = 30 * time.Second
	}
	ask := func(line string) (string, error) { return askSwitch(p["socket"], line, timeout) }
	switch a := p["action"]; a {
	case "validate-all":
		return fenceOK, nil
	case "monitor", "list", "list-status":
		names, err := ask("list")
		for _, n := range strings.Fields(names) {
			switch a {
			case "list":
				fmt.Fprintf(stdout, "%s,\n", n)
			case "list-status":
				state, err := ask("status " + n)
				if err != nil {
					return fenceBad, err
				}
				fmt.Fprintf(stdout, "%s,,%s\n", n, state)
			}
		}
		return fenceOK, err
	case "status", "on", "off", "reboot":
		if node == "" {
			return fenceBad, fmt.Errorf("which node? Give plug=NAME")
		}
		state, err := ask(a + " " + node)
		if err == nil && state == "off" {
			return fenceOff, nil
		}
		return fenceOK, err
	default:
		return fenceBad, fmt.Errorf("there is no such action")
	}
}

// askSwitch sends one line to the power switch and returns what follows "ok".
func askSwitch(socket, line string, timeout time.Duration) (string, error) {
	c, err := net.DialTimeout("unix", socket, timeout)
	if err != nil {
		return "", fmt.Errorf("the power switch does not answer: %w", err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(timeout)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintln(c, line); err != nil {
		return "", err
	}
	answer, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the power switch does not answer: %w", err)
	}
	answer = strings.TrimSpace(answer)
	if rest, ok := strings.CutPrefix(answer, "error "); ok {
		return "", fmt.Errorf("%s", rest)
	}
	return strings.TrimSpace(strings.TrimPrefix(answer, "ok")), nil
}
