# One resource in maintenance is left alone, whatever is wanted of it.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s maintenance=true
ran ip a start 0
ran ip a monitor 7 10000
ran ip b monitor 7
location l ip b INFINITY
----

# The whole cluster in maintenance.
plan
option stonith-enabled false
option maintenance-mode true
nodes a b
rsc ip
rsc db
ran ip a start 0
ran ip b monitor 7
----
  db_monitor_0 b
  db_monitor_0 a

# is-managed=false: not stopped when its node is to be in standby.
plan
option stonith-enabled false
nodes a b
standby a
rsc ip is-managed=false
ran ip a start 0
ran ip b monitor 7
----

# What is ordered after something unmanaged that runs can start.
plan
option stonith-enabled false
nodes a
rsc ip is-managed=false
rsc db
ran ip a start 0
order o ip db
----
Start db (a)
  db_start_0 a <- db_monitor_0 a
  db_monitor_0 a

# A group in maintenance: none of its members is touched.
plan
option stonith-enabled false
nodes a b
standby a
rsc ip
rsc db
group g ip db maintenance=true
ran ip a start 0
ran db a start 0
ran ip b monitor 7
ran db b monitor 7
----

# A node in maintenance and one in standby are not the same: from this one things move.
plan
option stonith-enabled false
nodes a b c
maintenance a
standby b
rsc ip
rsc db
ran ip a start 0
ran db b start 0
ran ip b monitor 7
ran db a monitor 7
ran ip c monitor 7
ran db c monitor 7
----
Move db (b -> c)
  db_start_0 c <- db_stop_0 b
  db_stop_0 b

# With nothing to manage nobody is fenced: neither in maintenance mode …
plan
option maintenance-mode true
nodes a b
unclean b
rsc power stonith:fence_x
rsc x
ran x b start 0
ran x a monitor 7
ran power a start 0
----

# … nor when all resources are in other hands.
plan
nodes a b
unclean b
rsc power stonith:fence_x is-managed=false
rsc x is-managed=false
ran x b start 0
ran x a monitor 7
ran power a start 0
----

# One that is managed is enough.
plan
nodes a b
unclean b
rsc power stonith:fence_x
rsc x is-managed=false
ran x b start 0
ran x a monitor 7
ran power a start 0
----
Fence b () due to peer is no longer part of the cluster
  stonith-b-reboot b
