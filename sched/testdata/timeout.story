# Before its failure-timeout is over, a failure keeps the resource away.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s migration-threshold=1 failure-timeout=1h
ran ip b start 0
ran ip b monitor 0 10000
ran ip a monitor 7
attr a fail-count-ip#monitor_10000 1
attr a last-failure-ip#monitor_10000 1699999000
location l ip a 100
----

# Afterwards it may go back.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s migration-threshold=1 failure-timeout=1min
ran ip b start 0
ran ip b monitor 0 10000
ran ip a monitor 7
attr a fail-count-ip#monitor_10000 1
attr a last-failure-ip#monitor_10000 1699999000
location l ip a 100
----
Move ip (b -> a)
  ip_monitor_10000 a <- ip_start_0 a
  ip_start_0 a <- ip_stop_0 b
  ip_stop_0 b
  ip_clear_failcount_0 a

# The failures of several operations add up.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s migration-threshold=3
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
attr a fail-count-ip#monitor_10000 2
attr a fail-count-ip#start_0 1
----
Move ip (a -> b)
  ip_monitor_10000 b <- ip_start_0 b
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# One below the threshold it stays.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s migration-threshold=3
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
attr a fail-count-ip#monitor_10000 2
----

# A failed start counts as INFINITY.
plan
option stonith-enabled false
nodes a b
rsc ip
ran ip a start 1
ran ip b monitor 7
attr a fail-count-ip#start_0 INFINITY
----
Recover ip (a -> b)
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# … unless start-failure-is-fatal=false: then it is tried again.
plan
option stonith-enabled false
option start-failure-is-fatal false
nodes a b
rsc ip migration-threshold=5
ran ip a start 1
ran ip b monitor 7
attr a fail-count-ip#start_0 1
----
Recover ip (a)
  ip_start_0 a <- ip_stop_0 a
  ip_stop_0 a

# A group leaves with the member that failed too often.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s migration-threshold=1
rsc db
group g ip db
ran ip a start 0
ran ip a monitor 7 10000
ran db a start 0
ran ip b monitor 7
ran db b monitor 7
attr a fail-count-ip#monitor_10000 1
----
Recover ip (a -> b)
Move db (a -> b)
  g_stopped_0 (milestone) <- ip_stop_0 a, db_stop_0 a, g_stop_0
  g_stop_0 (milestone)
  g_running_0 (milestone) <- ip_start_0 b, db_start_0 b, g_start_0
  g_start_0 (milestone) <- g_stopped_0
  ip_monitor_10000 b <- ip_start_0 b
  ip_start_0 b <- ip_stop_0 a, g_start_0
  ip_stop_0 a <- db_stop_0 a, g_stop_0
  db_start_0 b <- ip_start_0 b, db_stop_0 a, g_start_0
  db_stop_0 a <- g_stop_0
