package agent

// String is the code in the words that crm_mon uses, "unknown" for others.
func (c Code) String() string {
	switch c {
	case OK:
		return "ok"
	case GenericError:
		return "error"
	case BadArgs:
		return "invalid parameter"
	case Unimplemented:
		return "unimplemented feature"
	case NoPermission:
		return "insufficient privileges"
	case NotInstalled:
		return "not installed"
	case NotConfigured:
		return "not configured"
	case NotRunning:
		return "not running"
	case RunningPromoted:
		return "promoted"
	case FailedPromoted:
		return "promoted (failed)"
	case Degraded:
		return "OCF_DEGRADED"
	case DegradedPromoted:
		return "promoted (degraded)"
	}
	return "unknown"
}

// String is the status in the words that crm_mon uses, "unknown" for others.
func (s Status) String() string {
	switch s {
	case Pending:
		return "pending"
	case Done:
		return "complete"
	case Cancelled:
		return "Cancelled"
	case TimedOut:
		return "Timed Out"
	case NotSupported:
		return "NOT SUPPORTED"
	case ExecError:
		return "Error"
	case HardError:
		return "Hard error"
	case FatalError:
		return "Fatal error"
	case NoAgent:
		return "Not installed"
	case NotConnected:
		return "Internal communication failure"
	case Invalid:
		return "Cannot execute now"
	case NoFenceDevice:
		return "No fence device"
	case NoSecrets:
		return "CIB secrets unavailable"
	}
	return "unknown"
}

// Severity is how far a failure reaches (Pacemaker Explained, "How OCF Return
// Codes Are Interpreted").
type Severity int

// The severities.
const (
	None  Severity = iota // no failure
	Soft                  // the resource is recovered, here if allowed
	Hard                  // the resource must leave this node
	Fatal                 // the resource must not run anywhere
)

// String is for messages.
func (s Severity) String() string {
	switch s {
	case Soft:
		return "soft"
	case Hard:
		return "hard"
	case Fatal:
		return "fatal"
	}
	return "none"
}

// Failed tells whether a result is other than its order expected. What is
// pending or was cancelled has not failed; a degraded service is a running one.
func Failed(status Status, rc, target Code) bool {
	switch status {
	case Pending, Cancelled:
		return false
	case Done:
		return plain(rc) != plain(target)
	}
	return true
}

// plain takes the "but something is amiss" off a code.
func plain(c Code) Code {
	switch c {
	case Degraded:
		return OK
	case DegradedPromoted:
		return RunningPromoted
	}
	return c
}

// Judge tells how far the result of an operation reaches. A probe (monitor
// without interval) that finds the resource in any state is no failure.
func Judge(op string, probe bool, status Status, rc, target Code) Severity {
	if !Failed(status, rc, target) {
		return None
	}
	if probe && op == "monitor" && status == Done {
		switch plain(rc) {
		case OK, NotRunning, RunningPromoted:
			return None
		}
	}
	switch status {
	case NoAgent, HardError, NotSupported:
		return Hard
	case FatalError:
		return Fatal
	case Done, ExecError:
		return rc.severity()
	}
	return Soft
}

func (c Code) severity() Severity {
	switch c {
	case BadArgs, Unimplemented, NoPermission, NotInstalled:
		return Hard
	case NotConfigured:
		return Fatal
	}
	return Soft
}
