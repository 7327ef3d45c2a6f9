package linux

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Limits of nice(1).
const (
	niceMost  = -20
	niceLeast = 19
	realtime  = 1 // enough to come before all that is not realtime, and after the kernel
)

// Hasten asks the kernel to run this process before others: with realtime
// round-robin scheduling if roundRobin is set, else with a priority as nice(1)
// has it ("max", "min", a number, or "" for none). It applies to the threads that
// there are; children, so agents and what they start, get the usual scheduling.
// Memory is kept from being swapped out. What was refused is in the error, the
// rest is done.
func Hasten(roundRobin bool, priority string) error {
	var errs []error
	if err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		errs = append(errs, fmt.Errorf("memory cannot be kept from being swapped out: %w", err))
	}
	attr, err := scheduling(roundRobin, priority)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	if attr == nil {
		return errors.Join(errs...)
	}
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, t := range tasks {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if err := unix.SchedSetAttr(id, attr, 0); err != nil && err != unix.ESRCH {
			return errors.Join(append(errs, fmt.Errorf("scheduling cannot be changed: %w", err))...)
		}
	}
	return errors.Join(errs...)
}

// scheduling is what is asked for; nil: nothing.
func scheduling(roundRobin bool, priority string) (*unix.SchedAttr, error) {
	a := &unix.SchedAttr{Size: unix.SizeofSchedAttr, Flags: unix.SCHED_FLAG_RESET_ON_FORK}
	if roundRobin {
		a.Policy, a.Priority = unix.SCHED_RR, realtime
		return a, nil
	}
	switch priority {
	case "":
		return nil, nil
	case "max":
		a.Nice = niceMost
	case "min":
		a.Nice = niceLeast
	default:
		n, err := strconv.Atoi(priority)
		if err != nil || n < niceMost || n > niceLeast {
			return nil, fmt.Errorf("priority %q: want max, min, or a number from %d to %d", priority, niceMost, niceLeast)
		}
		a.Nice = int32(n)
	}
	return a, nil
}
