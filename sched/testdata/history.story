# What was started later counts, whatever a monitor said before.
plan
option stonith-enabled false
nodes a b
rsc db
ran db a monitor 0
ran db a stop 0
ran db b monitor 7
----
Start db (a)
  db_start_0 a

# A pending start comes last: the resource is starting there.
plan
option stonith-enabled false
nodes a b
rsc db
ran db a monitor 7
pending db a start
ran db b monitor 7
----
  db_start_0 a

# A pending stop leaves it where it was.
plan
option stonith-enabled false
nodes a b
rsc db mon=10s
ran db a start 0
pending db a stop
ran db b monitor 7
----
  db_monitor_10000 a

# A failed demotion leaves the resource unpromoted and to be stopped.
plan
option stonith-enabled false
nodes a b
rsc db
clone m db promotable=true
ran db a start 0
ran db a promote 0
ran db a demote 1
ran db b monitor 7
----
Recover db:0 (Unpromoted a)
Start db:1 (b)
  db_start_0 a <- db_stop_0 a, m_start_0
  db_stop_0 a <- m_stop_0
  db_start_0 b <- m_start_0
  m_stopped_0 (milestone) <- db_stop_0 a, m_stop_0
  m_stop_0 (milestone)
  m_running_0 (milestone) <- db_start_0 a, db_start_0 b, m_start_0
  m_start_0 (milestone) <- m_stopped_0

# A start after a failed monitor forgives it.
plan
option stonith-enabled false
nodes a b
rsc db mon=10s
ran db a start 0
ran db a monitor 1 10000
ran db a stop 0
ran db a start 0
ran db b monitor 7
----
  db_monitor_10000 a

# A stop that says "not configured" can never work: without fencing, hands off.
plan
option stonith-enabled false
nodes a b
rsc db
ran db a start 0
ran db a stop 2
ran db b monitor 7
----

# A probe that finds the resource promoted is believed.
plan
option stonith-enabled false
nodes a b
rsc db
clone m db promotable=true
ran db a monitor 8
ran db b monitor 7
----
Demote db:0 (Promoted -> Unpromoted a)
Start db:1 (b)
  db_demote_0 a <- m_demote_0
  db_start_0 b <- m_start_0
  m_demoted_0 (milestone) <- db_demote_0 a, m_demote_0
  m_demote_0 (milestone)
  m_running_0 (milestone) <- db_start_0 b, m_start_0
  m_start_0 (milestone) <- m_demoted_0

# A probe that finds no agent bans the node.
plan
option stonith-enabled false
nodes a b
rsc db
ran db a monitor 5
ran db b monitor 7
----
Start db (b)
  db_start_0 b

# A probe that fails makes the resource active and failed.
plan
option stonith-enabled false
nodes a b
rsc db
ran db a monitor 1
ran db b monitor 7
----
Recover db (a)
  db_start_0 a <- db_stop_0 a
  db_stop_0 a

# "Insufficient privileges" keeps the resource away from the node.
plan
option stonith-enabled false
nodes a b
rsc db
ran db a start 4
ran db b monitor 7
----
Recover db (a -> b)
  db_start_0 b <- db_stop_0 a
  db_stop_0 a

# "Not configured" keeps it away from all nodes.
plan
option stonith-enabled false
nodes a b
rsc db
ran db a start 6
ran db b monitor 7
----
Stop db (a) due to node availability
  db_stop_0 a

# A degraded result is a success.
plan
option stonith-enabled false
nodes a b
rsc db mon=10s
ran db a start 0
ran db a monitor 190 10000
ran db b monitor 7
----

# on-fail=ignore: as if nothing had failed.
plan
option stonith-enabled false
nodes a b
rsc db on-fail:start=ignore
ran db a start 1
ran db b monitor 7
----

# on-fail=block: nothing more is done.
plan
option stonith-enabled false
nodes a b
rsc db on-fail:start=block
ran db a start 1
ran db b monitor 7
----

# on-fail=stop: it stays stopped.
plan
option stonith-enabled false
nodes a b
rsc db on-fail:start=stop
ran db a start 1
ran db b monitor 7
----
Stop db (a) due to node availability
  db_stop_0 a

# on-fail=standby: everything leaves the node.
plan
option stonith-enabled false
nodes a b
rsc db on-fail:start=standby
rsc web
ran db a start 1
ran db b monitor 7
ran web a start 0
ran web b monitor 7
----
Recover db (a -> b)
Move web (a -> b)
  db_start_0 b <- db_stop_0 a
  db_stop_0 a
  web_start_0 b <- web_stop_0 a
  web_stop_0 a

# A failed stop cannot end in a stop: on-fail=stop is not heeded.
plan
nodes a b
rsc f stonith:fence_x
rsc db on-fail:stop=stop
ran f a start 0
ran f b monitor 7
ran db b start 0
ran db b stop 1
ran db a monitor 7
----
Fence b () due to db failed there
Recover db (b -> a)
  db_start_0 a <- stonith-b-reboot b, db_stop_0
  db_stop_0 (milestone) <- stonith-b-reboot b
  stonith-b-reboot b

# What no configuration explains is stopped and forgotten.
plan
option stonith-enabled false
nodes a
ran old a start 0
----
Stop old (a) due to node availability
  old_stop_0 a
  old_delete_0 a <- old_stop_0 a

# … unless stop-orphan-resources says otherwise.
plan
option stonith-enabled false
option stop-orphan-resources false
nodes a
ran old a start 0
----

# Its failures are forgotten, too.
plan
option stonith-enabled false
nodes a
attr a fail-count-old#start_0 3
ran old a start 0
----
Stop old (a) due to node availability
  old_stop_0 a <- old_clear_failcount_0 a
  old_clear_failcount_0 a
  old_delete_0 a <- old_stop_0 a

# A recurring monitor that is not configured any more is cancelled.
plan
option stonith-enabled false
nodes a
rsc db
ran db a start 0
ran db a monitor 0 10000
----
  db_monitor_10000 a

# … unless stop-orphan-actions says otherwise.
plan
option stonith-enabled false
option stop-orphan-actions false
nodes a
rsc db
ran db a start 0
ran db a monitor 0 10000
----

# In maintenance, recurring monitors end.
plan
option stonith-enabled false
option maintenance-mode true
nodes a
rsc db mon=10s
ran db a start 0
ran db a monitor 0 10000
----
  db_monitor_10000 a
