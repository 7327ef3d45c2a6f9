// Package sim is a whole cluster on simulated machines in one process under one
// seed: the shipped loop, engine and links run unchanged on virtual time, a
// virtual network that loses and partitions, disks that forget what was not
// synced, agents that are small models, and power that can be cut at any moment.
// The same seed gives the same history. Checkers look at the world, not at logs.
//
// # What can go wrong
//
//	clocks     clock-step, clock-drift (both clocks, by a rate), pause (they stand)         clock.go
//	links      loss, duplicate, reorder, corrupt, delay of all packets; link: cut between   network.go
//	           one and all or one other, both ways or one way, all links or one of them;
//	           unplug: no carrier, and the system says so
//	disks      what was not synced may be lost with every crash, a write never without      disk.go
//	           those before it; disk-torn (the file written last is cut short),
//	           disk-error (EIO on writes), disk-read (EIO on reads: a daemon that starts
//	           ends, and is started again), disk-full (ENOSPC), disk-slow
//	daemon     daemon (killed), daemon-mid (between two effects of a step), leave (asked),  machine.go
//	           freeze (all processes stand); restarted or not; agents outlive it            midstep.go
//	power      power, blackout (of all), power-mid, dead (no device gives it back);         machine.go
//	           a watchdog that is not fed resets its machine                                watchdog.go
//	agents     fails (any code), hangs until its timeout, slow, lies (says that it did),    agents.go
//	           crash of the service; start, stop, monitor, promote, demote, migrate,
//	           systemd units and init scripts; a database has rows, and a replica the       database.go
//	           position that it reached; an address is a service with one owner
//	fencing    fence-fails, fence-slow, fence-lies; the device presses a real switch        fencing.go
//
// How often each did something is counted (struck.go), and mainstay sim tells it. Draw
// mixes them by seed (draw.go, drawsteps.go), except fence-lies, which tests ask for:
// nobody can keep the laws when a device lies.
//
// # What is looked at
//
//	one owner, one promoted                    after every change of a role                 laws.go
//	fence before recover                       at every start, even where who had it        laws.go
//	                                           gave it up unseen
//	no quorum, no start; stop in time          at every start; every half second            laws.go
//	one history                                CIBs of a view and version are equal         laws.go
//	what was acknowledged stays                in the end and at every rest; lost/ counts   wish.go
//	changes one after the other                porcupine on the configuration's version     history.go
//	                                           and on what clients put and get at all nodes register.go
//	what is answered, all members have         when a change is answered                    wish.go
//	the manager is not the service             daemons killed one by one and all at once    sim_test.go
//	no action without a reason                 every plan that is published                 laws.go
//	it ends                                    quiet in time, the plan of the result is     verify.go
//	                                           empty, all runs, beliefs are true, no alarm
//	                                           about plans that come up again and again
//	nobody healthy and connected is fenced     when a device is pressed; by a watchdog      laws.go
//	a node leaves in order                     nothing runs on it                           laws.go
//
// # What is done meanwhile
//
// Configurations are drawn: primitives, groups, clones, unique clones, promotables,
// orders, colocations, preferences, rules on attributes and, in lives, on dates
// (draw.go). Operators put nodes in standby, restart, fence and upgrade them, one or
// all in turn, stop, start, add and remove resources, set properties and attributes,
// clean up, switch to maintenance, add nodes and take them out (nodes.go), and make
// edits that hold for one version only (wish.go). In lives of years (years.go,
// rates.go) all daemons are replaced in turn by ones of the other message version.
package sim
