# With the ticket it runs.
plan
option stonith-enabled false
nodes a
granted east
rsc x
ticket t x east loss-policy=stop
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a

# A ticket in standby: what depends on it stops in good order, whatever the policy for a loss.
plan
option stonith-enabled false
nodes a
asleep east
rsc x
rsc y
ran x a start 0
ticket t x east loss-policy=freeze
ticket u y east loss-policy=freeze
----
Stop x (a) due to node availability
  x_stop_0 a
  y_monitor_0 a

# loss-policy=demote: without the ticket it is unpromoted at most.
plan
option stonith-enabled false
nodes a b
revoked east
attr a master-db 10
rsc db
clone dbs db promotable=true
ran db a promote 0
ran db b start 0
raw constraints <rsc_ticket id="t" rsc="dbs" rsc-role="Promoted" ticket="east" loss-policy="demote"/>
----
Demote db:0 (Promoted -> Unpromoted a)
  db_demote_0 a <- dbs_demote_0
  dbs_demoted_0 (milestone) <- db_demote_0 a, dbs_demote_0
  dbs_demote_0 (milestone)

# loss-policy=fence: the nodes that had it are fenced.
plan
nodes a b
revoked east
rsc power stonith:fence_dummy
rsc x
ran power b start 0
ran x a start 0
ran x b monitor 7
ran power a monitor 7
ticket t x east loss-policy=fence
----
Fence a () due to deadman ticket was lost
Stop x (a) due to node availability
  x_stop_0 (milestone) <- stonith-a-reboot a
  stonith-a-reboot a

# … but without fencing, it only stops.
plan
option stonith-enabled false
nodes a
revoked east
rsc x
ran x a start 0
ticket t x east loss-policy=fence
----
Stop x (a) due to node availability
  x_stop_0 a

# A group loses its ticket.
plan
option stonith-enabled false
nodes a
revoked east
rsc x
rsc y
group g x y
ran x a start 0
ran y a start 0
ticket t g east
----
Stop x (a) due to node availability
Stop y (a) due to node availability
  g_stopped_0 (milestone) <- x_stop_0 a, y_stop_0 a, g_stop_0
  g_stop_0 (milestone)
  x_stop_0 a <- y_stop_0 a, g_stop_0
  y_stop_0 a <- g_stop_0
