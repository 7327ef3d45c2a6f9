package runner

import (
	"bytes"
	"slices"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/internal/host"
)

// exitReasonPrefix marks the line of an OCF agent's standard error that says
// why it failed (resource-agents, ocf_exit_reason).
const exitReasonPrefix = "ocf-exit-reason:"

// ocf makes the command of an OCF resource agent (OCF Resource Agent API 1.1,
// sections 4 and 5).
func (r *Runner) ocf(c agent.Call) (host.Cmd, error) {
	path := r.cfg.OCFRoot + "/resource.d/" + c.Name.Provider + "/" + c.Name.Type
	if !r.cfg.Exists(path) {
		return host.Cmd{}, notInstalled(c.Name, path)
	}
	env := append(r.baseEnv(),
		"OCF_ROOT="+r.cfg.OCFRoot,
		"OCF_RA_VERSION_MAJOR=1",
		"OCF_RA_VERSION_MINOR=1",
		outputFormat,
		"OCF_EXIT_REASON_PREFIX="+exitReasonPrefix,
		"OCF_RESOURCE_TYPE="+c.Name.Type,
		"OCF_RESOURCE_PROVIDER="+c.Name.Provider,
	)
	switch {
	case isMetadata(c.Op): // it is about the agent, not about a resource
		env = append(env, "OCF_RESOURCE_INSTANCE="+c.Name.Type)
	case c.Rsc != "":
		env = append(env, "OCF_RESOURCE_INSTANCE="+c.Rsc)
	}
	for _, p := range c.Params {
		value := strings.ReplaceAll(p.Value, "\x00", "")
		switch {
		case !envName(p.Name), p.Name == "CRM_meta_op_target_rc": // what the cluster expects is its own matter
		case p.Name == "OCF_CHECK_LEVEL":
			if value != "" {
				env = append(env, p.Name+"="+value)
			}
		default:
			env = append(env, "OCF_RESKEY_"+p.Name+"="+value)
		}
	}
	return host.Cmd{Path: path, Args: []string{c.Op}, Env: r.finish(env), Timeout: c.Timeout}, nil
}

// outputFormat has the tools that an agent calls write for people, whatever is set elsewhere.
const outputFormat = "OCF_OUTPUT_FORMAT=text"

// envName tells whether a parameter's name can be part of a variable's name.
func envName(s string) bool { return s != "" && !strings.ContainsAny(s, "=\x00") }

// baseEnv is what every agent finds in its environment: what Debian's and the
// projects' own agents read, with the values that a running cluster gives them.
func (r *Runner) baseEnv() []string {
	debug := "0"
	if r.cfg.Debug {
		debug = "1"
	}
	path := "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	if r.cfg.ToolDir != "/usr/sbin" {
		path = r.cfg.ToolDir + ":" + path
	}
	return []string{
		"PATH=" + path,
		"HOME=/root",
		"LC_ALL=C",
		"HA_RSCTMP=/run/resource-agents",
		"HA_RSCTMP_OLD=/run/resource-agents",
		"HA_VARRUN=/run",
		"HA_VARLIB=/var/lib/heartbeat",
		"HA_SBIN_DIR=" + r.cfg.ToolDir,
		"HA_LOGD=no",
		"HA_debug=" + debug,
		"HA_logfacility=daemon",
		"HA_LOGFACILITY=daemon",
		"HA_cluster_type=corosync",
		"HA_quorum_type=corosync",
		"HA_mcp=true",
		"HA_CURHOST=" + r.cfg.Node,
		"PCMK_cluster_type=corosync",
		"PCMK_quorum_type=corosync",
		"PCMK_mcp=true",
		"PCMK_debug=" + debug,
		"PCMK_logfacility=daemon",
		"PCMK_service=pacemaker-execd",
		"OCF_RESOURCE_HOSTNAME=" + r.cfg.Node,
	}
}

// finish adds the configured variables; of a repeated name the last one counts.
func (r *Runner) finish(env []string) []string {
	env = append(env, r.cfg.Env...)
	at := make(map[string]int, len(env))
	out := env[:0:0]
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		if i, ok := at[name]; ok {
			out[i] = e
			continue
		}
		at[name] = len(out)
		out = append(out, e)
	}
	return out
}

// exitReason finds the last reason that an agent gave.
func exitReason(stderr []byte) string {
	i := bytes.LastIndex(stderr, []byte(exitReasonPrefix))
	if i < 0 {
		return ""
	}
	line, _, _ := bytes.Cut(stderr[i+len(exitReasonPrefix):], []byte{'\n'})
	return clean(string(line))
}

// own drops what is the cluster's business from parameters: meta attributes,
// pcmk_ settings and the feature set.
func own(params []cib.Attr) []cib.Attr {
	return slices.DeleteFunc(slices.Clone(params), func(p cib.Attr) bool {
		return strings.HasPrefix(p.Name, "CRM_meta_") || strings.HasPrefix(p.Name, "pcmk_") || p.Name == "crm_feature_set"
	})
}
