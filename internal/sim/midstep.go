package sim

// A daemon's step is many effects: packets, writes, agents that are started,
// answers to clients. A crash may come between any two of them; some of what the
// step decided has then happened, and the rest never will.

// The effects of a step, as Fault.Op names them.
const (
	doesPacket = "packet"
	doesWrite  = "write" // or removes a file
	doesAgent  = "agent" // starts or ends one
	doesAnswer = "answer"
	doesPanic  = "panic"
)

// breakOff is a crash that waits in the middle of a step.
type breakOff struct {
	fault Fault
	left  int  // effects of the kind that are still carried out
	now   bool // it has come: the rest of the step does not happen
}

// acts tells whether the daemon still does what it has just decided to do; every
// effect asks.
func (m *Machine) acts(effect string) bool {
	b := m.breaks
	switch {
	case b == nil:
		return true
	case b.now:
		return false
	case b.fault.Op != "" && b.fault.Op != effect:
		return true
	case b.left > 0:
		b.left--
		return true
	}
	b.now = true
	return false
}

// brokeOff carries out the crash that came in the step that ended.
func (m *Machine) brokeOff() bool {
	b := m.breaks
	if b == nil || !b.now {
		return false
	}
	m.breaks = nil
	m.world.struck.add(b.fault.Kind, 1)
	m.world.tell("%s: in the middle of a step", m.Name)
	if b.fault.Kind == PowerMid {
		m.PowerOff("fault")
	} else {
		m.KillDaemon()
	}
	return true
}

// midFault has a crash wait for the middle of a step, or brings back what it ended.
func (m *Machine) midFault(f Fault, on bool) {
	if on && m.daemon != nil {
		m.breaks = &breakOff{fault: f, left: f.Times}
		return
	}
	m.breaks = nil
	if f.Kind == PowerMid {
		m.PowerOn()
	}
	m.StartDaemon()
}
