package sim

import "time"

// restart switches a machine on again when its reboot is over, unless something
// else happened to its power meanwhile.
func (m *Machine) restart() {
	w := m.world
	m.reboots++
	mine := m.reboots
	m.returns = w.Now + w.reboot
	w.after(w.reboot, func() {
		if m.reboots == mine {
			m.PowerOn()
		}
	})
}

// Rebooting tells whether a machine is off because it is rebooted.
func (m *Machine) Rebooting() bool { return m.returns != 0 && !m.powered && !m.dead }

// SkipReboot passes over the time until the next machine that reboots is back: for
// everybody else that time does not exist, their clocks stand still. It tells
// whether there was one. It is for clusters that have nothing else to do but wait,
// which costs as much to simulate as work does.
func (w *World) SkipReboot() bool {
	var next *Machine
	for _, m := range w.Machines {
		if m.Rebooting() && (next == nil || m.returns < next.returns) {
			next = m
		}
	}
	if next == nil {
		return false
	}
	if d := next.returns - w.Now; d > 0 {
		w.standStill(d)
	}
	next.PowerOn()
	return true
}

// standStill lets a time pass in which nothing happens.
func (w *World) standStill(d time.Duration) {
	for i := range w.events { // the same for all, so their order stays
		w.events[i].at += d
	}
	for _, m := range w.Machines {
		standing := m.clock.rate == 0
		m.clock.stop(w.Now)
		if !standing {
			m.clock.resume(w.Now + d)
		}
		if m.alarm != 0 {
			m.alarm += d
		}
		for _, p := range m.running { //order: each by itself
			p.started += d
		}
		m.trouble += d
	}
	w.Now += d
	w.stood += d
}
