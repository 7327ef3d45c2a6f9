# A new resource is looked for everywhere, then started on the first node.
plan
option stonith-enabled false
nodes a b
rsc ip
----
Start ip (a)
  ip_start_0 a <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# Monitors begin after the start.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s
ran ip a monitor 7
ran ip b monitor 7
----
Start ip (a)
  ip_monitor_10000 a <- ip_start_0 a
  ip_start_0 a

# What runs and is wanted is left alone.
plan
option stonith-enabled false
nodes a b
rsc ip
ran ip a start 0
ran ip b monitor 7
----

# Resources spread over the nodes.
plan
option stonith-enabled false
nodes a b
rsc one
rsc two
ran one a monitor 7
ran one b monitor 7
ran two a monitor 7
ran two b monitor 7
----
Start one (a)
Start two (b)
  one_start_0 a
  two_start_0 b

# target-role Stopped stops.
plan
option stonith-enabled false
nodes a b
rsc ip target-role=Stopped
ran ip a start 0
ran ip b monitor 7
----
Stop ip (a) due to node availability
  ip_stop_0 a

# An unmanaged resource is left where it is.
plan
option stonith-enabled false
nodes a b
rsc ip is-managed=false target-role=Stopped
ran ip a start 0
ran ip b monitor 7
----

# A higher priority is placed first.
scores
option stonith-enabled false
nodes a b
rsc low priority=1
rsc high priority=5
ran low a monitor 7
ran low b monitor 7
ran high a monitor 7
ran high b monitor 7
----
pcmk__primitive_assign: high allocation score on a: 0
pcmk__primitive_assign: high allocation score on b: 0
pcmk__primitive_assign: low allocation score on a: 0
pcmk__primitive_assign: low allocation score on b: 0

# stop-all-resources stops everything.
plan
option stonith-enabled false
nodes a b
option stop-all-resources true
rsc ip
ran ip a start 0
ran ip b monitor 7
----
Stop ip (a) due to node availability
  ip_stop_0 a

# Changed parameters: it starts anew, and says why.
plan
option stonith-enabled false
nodes a
rsc x
ran x a start 0 op-digest=0
----
Restart x (a) due to resource definition change
  x_stop_0 a
  x_start_0 a <- x_stop_0 a

# Where nothing is fenced and quorum does not matter, starts need neither and say less.
plan
option stonith-enabled false
option no-quorum-policy ignore
nodes a
rsc x
ran x a start 0 op-digest=0
----
Restart x (a)
  x_stop_0 a
  x_start_0 a <- x_stop_0 a

# An action carries all properties of its operation, also those that only its agent
# knows.
attributes
option stonith-enabled false
nodes a
rsc ip mon=10s
opdefaults all colour=blue
opdefaults start taste=sweet
----
ip_monitor_10000 a of ip: colour=blue interval=10000 name=monitor timeout=20000
ip_start_0 a of ip: colour=blue taste=sweet timeout=20000
ip_monitor_0 a of ip: colour=blue op_target_rc=7 timeout=20000
