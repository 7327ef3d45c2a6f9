# Standby moves resources away.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
standby a
----
Move ip (a -> b)
  ip_monitor_10000 b <- ip_start_0 b
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# A node that leaves is emptied first.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
shutdown a
----
Move ip (a -> b)
  ip_monitor_10000 b <- ip_start_0 b
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a
  do_shutdown-a a <- ip_stop_0 a

# Nothing is touched on a node in maintenance.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
maintenance a
----
  ip_monitor_10000 a

# A node that is down and known to be so needs no fencing.
plan
option stonith-enabled false
nodes a b
rsc ip
offline b
ran ip a start 0
----

# A pending monitor elsewhere does not hold up the rest.
plan
option stonith-enabled false
nodes a b
rsc db
ran db a monitor 7
pending db b monitor
----
Start db (a)
  db_start_0 a <- db_monitor_0 b
  db_monitor_0 b

# A node in maintenance keeps what it has.
plan
option stonith-enabled false
nodes a b
maintenance a
rsc db
ran db a start 0
ran db b monitor 7
----

# A node that leaves with what it runs.
plan
option stonith-enabled false
nodes a b
shutdown a
rsc db
ran db a start 0
ran db b monitor 7
----
Move db (a -> b)
  db_start_0 b <- db_stop_0 a
  db_stop_0 a
  do_shutdown-a a <- db_stop_0 a

# Without fencing, who was shutting down and is silent is off; who was not is unclean.
plan
option stonith-enabled false
option no-quorum-policy ignore
nodes a b c
silent b
shutdown b
silent c
rsc x
ran x b start 0
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
