package sim

import (
	"time"

	"mainstay/internal/host"
)

// dog is a machine's watchdog: hardware, so neither a frozen daemon nor a stopped
// clock holds it up.
type dog struct {
	timeout time.Duration // 0: not armed
	fed     int           // counts feedings
	stakes  bool
	since   time.Duration // when a daemon found it abandoned, 0: it is not
}

// WatchdogState implements host.Watchdog: every machine has one.
func (m *Machine) WatchdogState() host.WatchdogState {
	if m.dog.stakes && m.dog.since == 0 {
		m.dog.since = m.Now()
	}
	return host.WatchdogState{Present: true, Abandoned: m.dog.stakes, Since: m.dog.since}
}

// Arm implements host.Watchdog.
func (m *Machine) Arm(timeout, _ time.Duration) error {
	m.dog.timeout = timeout
	m.watch()
	return nil
}

// Feed implements host.Watchdog.
func (m *Machine) Feed(stakes bool) {
	m.dog.stakes, m.dog.since = m.dog.stakes || stakes, 0
	m.watch()
}

// Disarm implements host.Watchdog.
func (m *Machine) Disarm() { m.dog = dog{fed: m.dog.fed + 1} }

// watch resets the machine unless it is fed again in time.
func (m *Machine) watch() {
	m.dog.fed++
	fed := m.dog.fed
	m.world.after(m.dog.timeout, func() {
		if m.dog.fed != fed || !m.powered || m.dog.timeout == 0 {
			return
		}
		if m.world.well(m) && m.world.Now-m.trouble >= m.world.laws.quietTime+m.dog.timeout { // it was well when it was fed last
			m.world.breakLaw("reset without need", "%s ran and was connected for %.1f s", m.Name, (m.world.Now - m.trouble).Seconds())
		}
		m.PowerOff("its watchdog")
		m.restart()
	})
}
