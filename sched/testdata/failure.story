# A failed monitor restarts.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
ran ip a monitor 7 10000
----
Recover ip (a)
  ip_start_0 a <- ip_stop_0 a
  ip_stop_0 a
  ip_monitor_10000 a <- ip_start_0 a

# At migration-threshold it moves.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s migration-threshold=1
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
ran ip a monitor 7 10000
attr a fail-count-ip#monitor_10000 1
----
Recover ip (a -> b)
  ip_monitor_10000 b <- ip_start_0 b
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# on-fail=block leaves it and says so.
plan
option stonith-enabled false
nodes a b
rsc ip on-fail:start=block
ran ip a start 1
ran ip b monitor 7
----

# on-fail=ignore goes on.
plan
option stonith-enabled false
nodes a b
rsc ip on-fail:start=ignore
ran ip a start 1
ran ip b monitor 7
----

# A missing agent keeps it away from that node.
plan
option stonith-enabled false
nodes a b
rsc ip
ran ip a monitor 5
ran ip b monitor 7
----
Start ip (b)
  ip_start_0 b

# After failure-timeout the count is cleared.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s failure-timeout=60s migration-threshold=1
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
ran ip a monitor 7 10000
attr a fail-count-ip#monitor_10000 1
attr a last-failure-ip#monitor_10000 1699990000
----
  ip_monitor_10000 a
  ip_clear_failcount_0 a

# A demotion without a configuration of its own fails as the promoted role's monitor says.
plan
option stonith-enabled false
nodes a b
rsc db mon:Promoted=10s,stop
clone dbs db promotable=true
ran db a start 0
ran db a promote 0
ran db a demote 1
ran db b monitor 7
----
Stop db:0 (Unpromoted a) due to node availability
  db_stop_0 a <- dbs_stop_0
  dbs_stopped_0 (milestone) <- db_stop_0 a, dbs_stop_0
  dbs_stop_0 (milestone)

# Too many failures of a member ban its whole group, where the group is a clone's.
scores
option stonith-enabled false
nodes a
rsc x migration-threshold=1
rsc y
group g x y
clone gs g
attr a fail-count-x#monitor_10000 1
attr a last-failure-x#monitor_10000 1699999999
ran x a start 0
ran y a start 0
----
pcmk__clone_assign: gs allocation score on a: -INFINITY
pcmk__clone_assign: g:0 allocation score on a: -INFINITY
pcmk__clone_assign: x:0 allocation score on a: -INFINITY
pcmk__clone_assign: y:0 allocation score on a: -INFINITY
pcmk__group_assign: g:0 allocation score on a: -INFINITY
pcmk__group_assign: x:0 allocation score on a: -INFINITY
pcmk__group_assign: y:0 allocation score on a: -INFINITY
pcmk__primitive_assign: x:0 allocation score on a: -INFINITY
pcmk__primitive_assign: y:0 allocation score on a: -INFINITY
