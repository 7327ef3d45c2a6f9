# Members start in order on one node.
plan
option stonith-enabled false
nodes a b
rsc ip
rsc db
group g ip db
ran ip a monitor 7
ran db a monitor 7
ran ip b monitor 7
ran db b monitor 7
----
Start ip (a)
Start db (a)
  g_running_0 (milestone) <- ip_start_0 a, db_start_0 a, g_start_0
  g_start_0 (milestone)
  ip_start_0 a <- g_start_0
  db_start_0 a <- ip_start_0 a, g_start_0

# A group moves as one.
plan
option stonith-enabled false
nodes a b
rsc ip
rsc db
group g ip db
ran ip a start 0
ran db a start 0
ran ip b monitor 7
ran db b monitor 7
location l g b 100
----
Move ip (a -> b)
Move db (a -> b)
  g_stopped_0 (milestone) <- ip_stop_0 a, db_stop_0 a, g_stop_0
  g_stop_0 (milestone)
  g_running_0 (milestone) <- ip_start_0 b, db_start_0 b, g_start_0
  g_start_0 (milestone) <- g_stopped_0
  ip_start_0 b <- ip_stop_0 a, g_start_0
  ip_stop_0 a <- db_stop_0 a, g_stop_0
  db_start_0 b <- ip_start_0 b, db_stop_0 a, g_start_0
  db_stop_0 a <- g_stop_0

# A ban on one member moves all.
plan
option stonith-enabled false
nodes a b
rsc ip
rsc db
group g ip db
ran ip a start 0
ran db a start 0
ran ip b monitor 7
ran db b monitor 7
location l db a -INFINITY
----
Move ip (a -> b)
Move db (a -> b)
  g_stopped_0 (milestone) <- ip_stop_0 a, db_stop_0 a, g_stop_0
  g_stop_0 (milestone)
  g_running_0 (milestone) <- ip_start_0 b, db_start_0 b, g_start_0
  g_start_0 (milestone) <- g_stopped_0
  ip_start_0 b <- ip_stop_0 a, g_start_0
  ip_stop_0 a <- db_stop_0 a, g_stop_0
  db_start_0 b <- ip_start_0 b, db_stop_0 a, g_start_0
  db_stop_0 a <- g_stop_0

# A failed member restarts those behind it.
plan
option stonith-enabled false
nodes a b
rsc ip mon=5s
rsc db
group g ip db
ran ip a start 0
ran db a start 0
ran ip b monitor 7
ran db b monitor 7
ran ip a monitor 7 5000
----
Recover ip (a)
Restart db (a) due to required ip start
  g_stopped_0 (milestone) <- ip_stop_0 a, db_stop_0 a, g_stop_0
  g_stop_0 (milestone)
  g_running_0 (milestone) <- ip_start_0 a, db_start_0 a, g_start_0
  g_start_0 (milestone) <- g_stopped_0
  ip_start_0 a <- ip_stop_0 a, g_start_0
  ip_stop_0 a <- db_stop_0 a, g_stop_0
  ip_monitor_5000 a <- ip_start_0 a
  db_start_0 a <- ip_start_0 a, db_stop_0 a, g_start_0
  db_stop_0 a <- g_stop_0

# Unordered members start at once.
plan
option stonith-enabled false
nodes a b
rsc ip
rsc db
group g ip db ordered=false
ran ip a monitor 7
ran db a monitor 7
ran ip b monitor 7
ran db b monitor 7
----
Start ip (a)
Start db (a)
  g_running_0 (milestone) <- ip_start_0 a, db_start_0 a, g_start_0
  g_start_0 (milestone)
  ip_start_0 a <- g_start_0
  db_start_0 a <- g_start_0

# Scores of a group lie on its first member.
scores
option stonith-enabled false
nodes a b
rsc ip
rsc db
group g ip db
ran ip a monitor 7
ran db a monitor 7
ran ip b monitor 7
ran db b monitor 7
location l g b 100
----
pcmk__group_assign: g allocation score on a: 0
pcmk__group_assign: g allocation score on b: 100
pcmk__group_assign: ip allocation score on a: 0
pcmk__group_assign: ip allocation score on b: 100
pcmk__group_assign: db allocation score on a: 0
pcmk__group_assign: db allocation score on b: 0
pcmk__primitive_assign: ip allocation score on a: 0
pcmk__primitive_assign: ip allocation score on b: 100
pcmk__primitive_assign: db allocation score on a: -INFINITY
pcmk__primitive_assign: db allocation score on b: 0
