// Package rehearse plays every fault on a user's own configuration before it goes
// live: on a simulated cluster with the nodes, constraints, timeouts and fence
// devices that the configuration says, running the shipped node loop in virtual
// time. It tells per fault what stopped, what moved where, how long each service
// was away, who was fenced and what did not come back, and judges the
// configuration: two owners of one service, an outage without end, a fence loop,
// no room left.
package rehearse
