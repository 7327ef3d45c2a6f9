# A lost node is fenced, then its resource starts elsewhere.
plan
nodes a b c
rsc power stonith:fence_lab
ran power c start 0
ran power a monitor 7
ran power b monitor 7
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
unclean a
ran ip c monitor 7
----
Fence a () due to peer is no longer part of the cluster
Move ip (a -> b)
  ip_monitor_10000 b <- ip_start_0 b
  ip_start_0 b <- stonith-a-reboot a, ip_stop_0
  ip_stop_0 (milestone) <- stonith-a-reboot a
  stonith-a-reboot a

# A failed stop fences the node.
plan
nodes a b c
rsc power stonith:fence_lab
ran power c start 0
ran power a monitor 7
ran power b monitor 7
rsc ip
ran ip a start 0
ran ip a stop 1
ran ip b monitor 7
ran ip c monitor 7
----
Fence a () due to ip failed there
Recover ip (a -> b)
  ip_start_0 b <- stonith-a-reboot a, ip_stop_0
  ip_stop_0 (milestone) <- stonith-a-reboot a
  stonith-a-reboot a

# Without fencing a failed stop blocks.
plan
option stonith-enabled false
nodes a b
rsc ip
ran ip a start 0
ran ip a stop 1
ran ip b monitor 7
----

# Without quorum nobody is fenced who is gone.
plan
nodes a b c
rsc power stonith:fence_lab
ran power c start 0
ran power a monitor 7
ran power b monitor 7
noquorum
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
unclean a
ran ip c monitor 7
----
Stop power (c) due to no quorum
Stop ip (a) due to no quorum blocked
  power_stop_0 c

# requires=nothing does not wait for the fencing.
plan
nodes a b c
rsc power stonith:fence_lab
ran power c start 0
ran power a monitor 7
ran power b monitor 7
rsc ip requires=nothing
ran ip a start 0
ran ip b monitor 7
ran ip c monitor 7
unclean a
----
Fence a () due to peer is no longer part of the cluster
Move ip (a -> b)
  ip_start_0 b <- ip_stop_0
  ip_stop_0 (milestone)
  stonith-a-reboot a

# Fencing is on and nothing can fence: nothing starts, since nobody could end it elsewhere.
plan
nodes a b
rsc ip mon=10s
ran ip a monitor 7
ran ip b monitor 7
----

# What runs stays where it is, even if it is preferred elsewhere.
plan
nodes a b
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
location l ip b 100
----

# What could not be stopped is not started elsewhere.
plan
nodes a b
rsc ip mon=10s
ran ip a start 0
ran ip a stop 1
ran ip b monitor 7
----

# The reason is told.
reasons
nodes a b
rsc ip mon=10s
ran ip a monitor 7
ran ip b monitor 7
----
ip on : 0 unmanaged stonith-enabled fencing is enabled, and there is no fence device

# priority-fencing-delay: the fencing of the lost half that matters more waits.
attributes
option priority-fencing-delay 15s
nodes a b
rsc power stonith:fence_lab
ran power a start 0
rsc db priority=10
ran db b start 0
unclean b
----
db_start_0 a of db priority 10: timeout=20000
db_monitor_0 a of db priority 10: op_target_rc=7 timeout=20000
stonith-b-reboot b: priority_fencing_delay=15 stonith_action=reboot

# Halves that matter alike: nobody waits, also not for a delay of the device's own.
attributes
option priority-fencing-delay 15s
nodes a b
rsc power stonith:fence_lab
ran power a start 0
rsc db
ran db b start 0
unclean b
----
db_start_0 a of db: timeout=20000
db_monitor_0 a of db: op_target_rc=7 timeout=20000
stonith-b-reboot b: priority_fencing_delay=0 stonith_action=reboot

# The last fence device is taken out of the configuration: while it runs, all else goes on, and it is stopped.
plan
nodes a b
rsc x
ran x a start 0
ran x b monitor 7
ran power a start 0
raw resources <primitive id="y" class="ocf" provider="heartbeat" type="Dummy"/>
----
Start y (b)
Stop power (a) due to node availability
  y_start_0 b <- y_monitor_0 a, y_monitor_0 b
  y_monitor_0 b
  y_monitor_0 a
  power_stop_0 a
  power_delete_0 a <- power_stop_0 a
