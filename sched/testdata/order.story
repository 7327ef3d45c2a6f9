# One after the other.
plan
option stonith-enabled false
nodes a b
rsc one
rsc two
ran one a monitor 7
ran one b monitor 7
ran two a monitor 7
ran two b monitor 7
order o one two
----
Start one (a)
Start two (b)
  one_start_0 a
  two_start_0 b <- one_start_0 a

# A restart of the first restarts the second.
plan
option stonith-enabled false
nodes a b
rsc one mon=10s
rsc two
ran one a start 0
ran two b start 0
ran one b monitor 7
ran two a monitor 7
order o one two
ran one a monitor 7 10000
----
Recover one (a)
Restart two (b) due to required one start
  one_start_0 a <- one_stop_0 a
  one_stop_0 a <- two_stop_0 b
  one_monitor_10000 a <- one_start_0 a
  two_start_0 b <- one_start_0 a, two_stop_0 b
  two_stop_0 b

# Optional does not.
plan
option stonith-enabled false
nodes a b
rsc one mon=10s
rsc two
ran one a start 0
ran two b start 0
ran one b monitor 7
ran two a monitor 7
order o one two kind=Optional
ran one a monitor 7 10000
----
Recover one (a)
  one_start_0 a <- one_stop_0 a
  one_stop_0 a
  one_monitor_10000 a <- one_start_0 a

# What cannot start keeps the second from starting.
plan
option stonith-enabled false
nodes a b
rsc one
rsc two
ran one a monitor 7
ran one b monitor 7
ran two a monitor 7
ran two b monitor 7
location l1 one a -INFINITY
location l2 one b -INFINITY
order o one two
----
Start two (a) due to unrunnable one start blocked

# Stopping goes the other way round.
plan
option stonith-enabled false
nodes a b
rsc one target-role=Stopped
rsc two target-role=Stopped
ran one a start 0
ran two b start 0
ran one b monitor 7
ran two a monitor 7
order o one two
----
Stop one (a) due to node availability
Stop two (b) due to node availability
  one_stop_0 a <- two_stop_0 b
  two_stop_0 b
