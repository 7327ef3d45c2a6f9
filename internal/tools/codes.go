package tools

import (
	"cmp"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"mainstay/internal/face"
)

// codeName is one code with the name and the text by which scripts know it.
type codeName struct {
	code       int
	name, text string
}

// exitCodes are the exit codes of the tools (crm_error -X).
var exitCodes = []codeName{
	{0, "CRM_EX_OK", "OK"},
	{1, "CRM_EX_ERROR", "Error occurred"},
	{2, "CRM_EX_INVALID_PARAM", "Invalid parameter"},
	{3, "CRM_EX_UNIMPLEMENT_FEATURE", "Unimplemented"},
	{4, "CRM_EX_INSUFFICIENT_PRIV", "Insufficient privileges"},
	{5, "CRM_EX_NOT_INSTALLED", "Not installed"},
	{6, "CRM_EX_NOT_CONFIGURED", "Not configured"},
	{7, "CRM_EX_NOT_RUNNING", "Not running"},
	{8, "CRM_EX_PROMOTED", "Promoted"},
	{9, "CRM_EX_FAILED_PROMOTED", "Failed in promoted role"},
	{64, "CRM_EX_USAGE", "Incorrect usage"},
	{65, "CRM_EX_DATAERR", "Invalid data given"},
	{66, "CRM_EX_NOINPUT", "Input file not available"},
	{67, "CRM_EX_NOUSER", "User does not exist"},
	{68, "CRM_EX_NOHOST", "Host does not exist"},
	{69, "CRM_EX_UNAVAILABLE", "Necessary service unavailable"},
	{70, "CRM_EX_SOFTWARE", "Internal software bug"},
	{71, "CRM_EX_OSERR", "Operating system error occurred"},
	{72, "CRM_EX_OSFILE", "System file not available"},
	{73, "CRM_EX_CANTCREAT", "Cannot create output file"},
	{74, "CRM_EX_IOERR", "I/O error occurred"},
	{75, "CRM_EX_TEMPFAIL", "Temporary failure, try again"},
	{76, "CRM_EX_PROTOCOL", "Protocol violated"},
	{77, "CRM_EX_NOPERM", "Insufficient privileges"},
	{78, "CRM_EX_CONFIG", "Invalid configuration"},
	{100, "CRM_EX_FATAL", "Fatal error occurred, will not respawn"},
	{101, "CRM_EX_PANIC", "System panic required"},
	{102, "CRM_EX_DISCONNECT", "Not connected"},
	{103, "CRM_EX_OLD", "Update was older than existing configuration"},
	{104, "CRM_EX_DIGEST", "Digest mismatch"},
	{105, "CRM_EX_NOSUCH", "No such object"},
	{106, "CRM_EX_QUORUM", "Quorum required"},
	{107, "CRM_EX_UNSAFE", "Operation not safe"},
	{108, "CRM_EX_EXISTS", "Requested item already exists"},
	{109, "CRM_EX_MULTIPLE", "Multiple items match request"},
	{110, "CRM_EX_EXPIRED", "Requested item has expired"},
	{111, "CRM_EX_NOT_YET_IN_EFFECT", "Requested item is not yet in effect"},
	{112, "CRM_EX_INDETERMINATE", "Could not determine status"},
	{113, "CRM_EX_UNSATISFIED", "Not applicable under current conditions"},
	{124, "CRM_EX_TIMEOUT", "Timeout occurred"},
	{190, "CRM_EX_DEGRADED", "Service is active but might fail soon"},
	{191, "CRM_EX_DEGRADED_PROMOTED", "Service is promoted but might fail soon"},
	{193, "CRM_EX_NONE", "No exit status available"},
}

// legacyCodes are the results of old functions beyond those of the system (crm_error).
var legacyCodes = []codeName{
	{201, "pcmk_err_generic", "Error"},
	{202, "pcmk_err_no_quorum", "Operation requires quorum"},
	{203, "pcmk_err_schema_validation", "Update does not conform to the configured schema"},
	{204, "pcmk_err_transform_failed", "Schema transform failed"},
	{205, "pcmk_err_old_data", "Update was older than existing configuration"},
	{206, "pcmk_err_diff_failed", "Application of update diff failed"},
	{207, "pcmk_err_diff_resync", "Application of update diff failed, requesting full refresh"},
	{208, "pcmk_err_cib_modified", "On-disk configuration was manually modified"},
	{209, "pcmk_err_cib_backup", "Could not archive previous configuration"},
	{210, "pcmk_err_cib_save", "Could not save new configuration to disk"},
	{212, "pcmk_err_cib_corrupt", "Could not parse on-disk configuration"},
	{213, "pcmk_err_multiple", "Resource active on multiple nodes"},
	{214, "pcmk_err_node_unknown", "Node not found"},
	{215, "pcmk_err_already", "Already in requested state"},
	{216, "pcmk_err_bad_nvpair", "Bad name/value pair given"},
	{217, "pcmk_err_unknown_format", "Unknown output format"},
}

// returnCodes are the results of functions beyond those of the system (crm_error -r).
var returnCodes = []codeName{
	{-1033, "pcmk_rc_duplicate_id", "Two or more XML elements have the same ID"},
	{-1032, "pcmk_rc_unpack_error", "Unable to parse CIB XML"},
	{-1031, "pcmk_rc_invalid_transition", "Cluster simulation produced invalid transition"},
	{-1030, "pcmk_rc_graph_error", "Error writing graph file"},
	{-1029, "pcmk_rc_dot_error", "Error writing dot(1) file"},
	{-1028, "pcmk_rc_underflow", "Value too small to be stored in data type"},
	{-1027, "pcmk_rc_no_input", "Input file not available"},
	{-1026, "pcmk_rc_no_output", "Output message produced no output"},
	{-1025, "pcmk_rc_after_range", "Result occurs after given range"},
	{-1024, "pcmk_rc_within_range", "Result occurs within given range"},
	{-1023, "pcmk_rc_before_range", "Result occurs before given range"},
	{-1022, "pcmk_rc_undetermined", "Result undetermined"},
	{-1021, "pcmk_rc_op_unsatisfied", "Not applicable under current conditions"},
	{-1020, "pcmk_rc_ipc_pid_only", "IPC server process is active but not accepting connections"},
	{-1019, "pcmk_rc_ipc_unresponsive", "IPC server is unresponsive"},
	{-1018, "pcmk_rc_ipc_unauthorized", "IPC server is blocked by unauthorized process"},
	{-1017, "pcmk_rc_no_quorum", "Operation requires quorum"},
	{-1016, "pcmk_rc_schema_validation", "Update does not conform to the configured schema"},
	{-1015, "pcmk_rc_schema_unchanged", "Schema is already the latest available"},
	{-1014, "pcmk_rc_transform_failed", "Schema transform failed"},
	{-1013, "pcmk_rc_old_data", "Update was older than existing configuration"},
	{-1012, "pcmk_rc_diff_failed", "Application of update diff failed"},
	{-1011, "pcmk_rc_diff_resync", "Application of update diff failed, requesting full refresh"},
	{-1010, "pcmk_rc_cib_modified", "On-disk configuration was manually modified"},
	{-1009, "pcmk_rc_cib_backup", "Could not archive previous configuration"},
	{-1008, "pcmk_rc_cib_save", "Could not save new configuration to disk"},
	{-1007, "pcmk_rc_cib_corrupt", "Could not parse on-disk configuration"},
	{-1006, "pcmk_rc_multiple", "Resource active on multiple nodes"},
	{-1005, "pcmk_rc_node_unknown", "Node not found"},
	{-1004, "pcmk_rc_already", "Already in requested state"},
	{-1003, "pcmk_rc_bad_nvpair", "Bad name/value pair given"},
	{-1002, "pcmk_rc_unknown_format", "Unknown output format"},
	{-1001, "pcmk_rc_error", "Error"},
}

// lastErrno is the highest number of a system error that is listed.
const lastErrno = 129

// unlisted are the system errors that the peer's lists leave out.
var unlisted = []int{48, 50, 55, 59, 68, 69, 73, 109, 118, 119}

// errnoNames are the names that the peer uses where there are several.
var errnoNames = map[int]string{35: "EDEADLOCK", 95: "EOPNOTSUPP", 117: "EUCLEAN"}

// errnoCode is a system error's name and text; ok is false if there is none.
func errnoCode(n int) (codeName, bool) {
	if n == 0 {
		return codeName{0, "pcmk_rc_ok", "OK"}, true
	}
	name := unix.ErrnoName(syscall.Errno(n))
	if n < 0 || name == "" {
		return codeName{}, false
	}
	if own, ok := errnoNames[n]; ok {
		name = own
	}
	text := syscall.Errno(n).Error()
	return codeName{n, name, strings.ToUpper(text[:1]) + text[1:]}, true
}

// findCode looks a code up in a table.
func findCode(table []codeName, n int) (codeName, bool) {
	i := slices.IndexFunc(table, func(c codeName) bool { return c.code == n })
	if i < 0 {
		return codeName{}, false
	}
	return table[i], true
}

// systemAnd is a table with the system's errors among its codes, in ascending order.
func systemAnd(table []codeName) []codeName {
	out := slices.Clone(table)
	for n := range lastErrno + 1 {
		if c, ok := errnoCode(n); ok && !slices.Contains(unlisted, n) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b codeName) int { return cmp.Compare(a.code, b.code) })
	return out
}

// exitText is what an exit code means.
func exitText(code face.Code) string {
	if c, ok := findCode(exitCodes, int(code)); ok {
		return c.text
	}
	return "Unknown exit status"
}
