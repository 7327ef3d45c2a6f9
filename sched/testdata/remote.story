# A remote node never seen: its connection is tried, nobody is fenced.
plan
nodes a b
rsc f stonith:fence_x
rsc r1 ocf:pacemaker:remote
ran f a start 0
ran f b monitor 7
ran r1 a monitor 7
ran r1 b monitor 7
----
Move f (a -> b)
Start r1 (a)
  f_start_0 b <- f_stop_0 a
  f_stop_0 a
  r1_start_0 a

# What is to run on a remote node waits for its connection.
plan
option stonith-enabled false
nodes a
rsc r1 ocf:pacemaker:remote
rsc web
location l web r1 INFINITY
ran r1 a monitor 7
ran web a monitor 7
----
Start r1 (a)
Start web (r1)
  r1_start_0 a
  web_start_0 r1 <- web_monitor_0 r1, r1_start_0 a
  web_monitor_0 r1 <- r1_start_0 a

# A connection moves without a stop.
plan
option stonith-enabled false
nodes a b
standby a
rsc r1 ocf:pacemaker:remote
ran r1 a start 0
ran r1 b monitor 7
----
Migrate r1 (a -> b)
  r1_migrate_from_0 b <- r1_migrate_to_0 a
  r1_migrate_to_0 a
  r1_start_0 (milestone) <- r1_stop_0 a, r1_migrate_from_0 b
  r1_stop_0 a <- r1_migrate_from_0 b

# A failed connection with nobody to fence: it is recovered.
plan
option stonith-enabled false
nodes a b
rsc r1 ocf:pacemaker:remote mon=10s
ran r1 a start 0
ran r1 a monitor 1 10000
ran r1 b monitor 7
----
Recover r1 (a)
  r1_start_0 a <- r1_stop_0 a
  r1_stop_0 a
  r1_monitor_10000 a <- r1_start_0 a

# A failed connection: its node is fenced.
plan
nodes a b
rsc f stonith:fence_x
rsc r1 ocf:pacemaker:remote mon=10s
ran f a start 0
ran f b monitor 7
ran r1 a start 0
ran r1 a monitor 1 10000
ran r1 b monitor 7
----
Fence r1 () due to remote connection is unrecoverable
Move f (a -> b)
Recover r1 (a)
  f_start_0 b <- stonith-r1-reboot r1, f_stop_0 a
  f_stop_0 a
  r1_start_0 a <- stonith-r1-reboot r1, r1_stop_0 a
  r1_stop_0 a
  r1_monitor_10000 a <- r1_start_0 a
  stonith-r1-reboot r1

# A guest and the connection to it.
plan
option stonith-enabled false
nodes a
rsc vm remote-node=g1
ran vm a monitor 7
----
Start vm (a)
Start g1 (a)
  vm_start_0 a
  g1_monitor_30000 a <- g1_start_0 a
  g1_start_0 a <- g1_monitor_0 a, vm_start_0 a
  g1_monitor_0 a

# A guest whose resource failed is recovered with it.
plan
option stonith-enabled false
nodes a
rsc vm remote-node=g1 mon=10s
ran vm a start 0
ran g1 a start 0
ran vm a monitor 7 10000
----
Fence g1 (vm) due to guest is unclean
Recover vm (a)
Restart g1 (a) due to required vm start
  vm_start_0 a <- vm_stop_0 a, stonith-g1-reboot g1
  vm_stop_0 a <- g1_stop_0 a
  vm_monitor_10000 a <- vm_start_0 a
  g1_monitor_30000 a <- g1_start_0 a
  g1_start_0 a <- g1_stop_0 a, g1_delete_0 a, vm_start_0 a, stonith-g1-reboot g1
  g1_delete_0 a <- g1_stop_0 a
  g1_stop_0 a
  stonith-g1-reboot g1 (milestone) <- vm_stop_0 a

# Nothing is looked for on a guest that stops.
plan
option stonith-enabled false
nodes a
rsc vm remote-node=g1 target-role=Stopped
rsc web
ran vm a start 0
ran web a monitor 7
----
Stop vm (a) due to node availability
Start web (a)
  vm_stop_0 a
  web_start_0 a
  g1_monitor_0 a

# A lost member held a connection: it is made anew elsewhere without waiting for
# the fencing, since a connection twice does no harm.
plan
nodes a b c
unclean a
rsc st stonith:fence_x
ran st b start 0
rsc r1 ocf:pacemaker:remote
ran r1 a start 0
ran r1 b monitor 7
ran r1 c monitor 7
----
Fence a () due to peer is no longer part of the cluster
Move st (b -> c)
Move r1 (a -> b)
  st_start_0 c <- stonith-a-reboot a, st_monitor_0 c, st_stop_0 b
  st_stop_0 b
  st_monitor_0 c
  r1_start_0 b <- r1_stop_0
  r1_stop_0 (milestone)
  stonith-a-reboot a

# A guest whose host is lost is down once the host is fenced.
plan
nodes a b
unclean a
rsc st stonith:fence_x
ran st b start 0
rsc vm remote-node=g1
ran vm a start 0
ran g1 a start 0
ran vm b monitor 7
----
Fence g1 (vm) due to guest is unclean
Fence a () due to peer is no longer part of the cluster
Move vm (a -> b)
Move g1 (a -> b)
  vm_start_0 b <- stonith-a-reboot a, vm_stop_0, stonith-g1-reboot g1
  vm_stop_0 (milestone) <- stonith-a-reboot a, g1_stop_0
  g1_monitor_30000 b <- g1_start_0 b
  g1_start_0 b <- g1_monitor_0 b, vm_start_0 b, g1_stop_0, stonith-g1-reboot g1
  g1_stop_0 (milestone)
  g1_monitor_0 b
  stonith-g1-reboot g1 (milestone) <- stonith-a-reboot a
  stonith-a-reboot a

# A remote node that was fenced waits for its reconnect interval; it is not fenced again.
plan
nodes a b
rsc f stonith:fence_x
rsc r1 ocf:pacemaker:remote mon=60s par:reconnect_interval=86400s
state r1 node_fenced=1699999999
ran f b start 0
ran f a monitor 7
ran r1 a start 0
ran r1 a monitor 1 60000
ran r1 a stop 0
ran r1 b monitor 7
----

# The failures of a connection expire with its reconnect interval, those of what came before too.
plan
nodes a b
rsc f stonith:fence_x
rsc r1 ocf:pacemaker:remote mon=60s par:reconnect_interval=60s
state r1 node_fenced=0
ran f b start 0
ran f a monitor 7
attr a fail-count-r1#monitor_60000 1
attr a last-failure-r1#monitor_60000 1699990003
ran r1 a start 0
ran r1 a monitor 1 60000
ran r1 b monitor 7
----
Fence r1 () due to remote connection is unrecoverable
Stop r1 (a) due to node availability
  r1_stop_0 a
  r1_clear_failcount_0 a <- stonith-r1-reboot r1
  stonith-r1-reboot r1
