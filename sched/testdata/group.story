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

# A new member in the middle: what comes after it makes way first.
plan
option stonith-enabled false
nodes a
rsc g1
rsc g2
rsc g3
group g g1 g2 g3
ran g1 a start 0
ran g2 a monitor 7
ran g3 a start 0
----
Start g2 (a)
Restart g3 (a) due to required g2 start
  g_stopped_0 (milestone) <- g3_stop_0 a, g_stop_0
  g_stop_0 (milestone)
  g_running_0 (milestone) <- g2_start_0 a, g3_start_0 a, g_start_0
  g_start_0 (milestone) <- g_stopped_0
  g2_start_0 a <- g3_stop_0 a, g_start_0
  g3_start_0 a <- g2_start_0 a, g3_stop_0 a, g_start_0
  g3_stop_0 a <- g_stop_0

# … and if that is unmanaged, the new member must wait.
plan
option stonith-enabled false
nodes a
rsc g1
rsc g2
rsc g3 is-managed=false
group g g1 g2 g3
ran g1 a start 0
ran g2 a monitor 7
ran g3 a start 0
----
Start g2 (a) due to unrunnable g3 stop blocked
  g_start_0 (milestone)

# A failed first member restarts all that follow.
plan
option stonith-enabled false
nodes a
rsc g1 mon=10s
rsc g2
rsc g3
group g g1 g2 g3
ran g1 a start 0
ran g2 a start 0
ran g3 a start 0
ran g1 a monitor 7 10000
----
Recover g1 (a)
Restart g2 (a) due to required g1 start
Restart g3 (a) due to required g2 start
  g_stopped_0 (milestone) <- g1_stop_0 a, g2_stop_0 a, g3_stop_0 a, g_stop_0
  g_stop_0 (milestone)
  g_running_0 (milestone) <- g1_start_0 a, g2_start_0 a, g3_start_0 a, g_start_0
  g_start_0 (milestone) <- g_stopped_0
  g1_start_0 a <- g1_stop_0 a, g_start_0
  g1_stop_0 a <- g2_stop_0 a, g_stop_0
  g1_monitor_10000 a <- g1_start_0 a
  g2_start_0 a <- g1_start_0 a, g2_stop_0 a, g_start_0
  g2_stop_0 a <- g3_stop_0 a, g_stop_0
  g3_start_0 a <- g2_start_0 a, g3_stop_0 a, g_start_0
  g3_stop_0 a <- g_stop_0

# A failed last member restarts alone.
plan
option stonith-enabled false
nodes a
rsc g1
rsc g2 mon=10s
group g g1 g2
ran g1 a start 0
ran g2 a start 0
ran g2 a monitor 7 10000
----
Recover g2 (a)
  g_stopped_0 (milestone) <- g2_stop_0 a, g_stop_0
  g_stop_0 (milestone)
  g_running_0 (milestone) <- g2_start_0 a, g_start_0
  g_start_0 (milestone) <- g_stopped_0
  g2_start_0 a <- g2_stop_0 a, g_start_0
  g2_stop_0 a <- g_stop_0
  g2_monitor_10000 a <- g2_start_0 a

# A partly active group stops in its order.
plan
option stonith-enabled false
nodes a
rsc g1 target-role=Stopped
rsc g2
rsc g3
group g g1 g2 g3
ran g1 a start 0
ran g2 a monitor 7
ran g3 a start 0
----
Stop g1 (a) due to node availability
Stop g3 (a) due to node availability
  g_stopped_0 (milestone) <- g1_stop_0 a, g3_stop_0 a, g_stop_0
  g_stop_0 (milestone)
  g1_stop_0 a <- g3_stop_0 a, g_stop_0
  g3_stop_0 a <- g_stop_0

# Only the first member bears the scores of the group.
scores
option stonith-enabled false
nodes a b
rsc g1
rsc g2
group g g1 g2
location l g a 50
ran g1 a monitor 7
ran g2 a monitor 7
ran g1 b monitor 7
ran g2 b monitor 7
----
pcmk__group_assign: g allocation score on a: 50
pcmk__group_assign: g allocation score on b: 0
pcmk__group_assign: g1 allocation score on a: 50
pcmk__group_assign: g1 allocation score on b: 0
pcmk__group_assign: g2 allocation score on a: 0
pcmk__group_assign: g2 allocation score on b: 0
pcmk__primitive_assign: g1 allocation score on a: 50
pcmk__primitive_assign: g1 allocation score on b: 0
pcmk__primitive_assign: g2 allocation score on a: 0
pcmk__primitive_assign: g2 allocation score on b: -INFINITY

# What comes after a member that cannot stop is not restarted for it.
plan
option stonith-enabled false
nodes a b
rsc x
rsc y
rsc z on-fail:stop=block
group g x y
order o x z
ran x a start 0
ran y a start 0
ran x b monitor 7
ran y b monitor 7
ran z b start 0
ran z b stop 1
ran z a monitor 7
----
