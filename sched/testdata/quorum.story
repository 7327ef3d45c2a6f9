# Without quorum everything stops.
plan
option stonith-enabled false
nodes a b
noquorum
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
----
Stop ip (a) due to no quorum
  ip_stop_0 a

# Frozen, what runs goes on.
plan
option stonith-enabled false
nodes a b
noquorum
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
option no-quorum-policy freeze
----

# Ignored, nothing changes.
plan
option stonith-enabled false
nodes a b
noquorum
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
option no-quorum-policy ignore
----

# A partition that never had quorum is not fenced and starts nothing.
plan
nodes a b
noquorum
rsc f stonith:fence_dummy
ran f a monitor 7
ran f b monitor 7
rsc ip mon=10s
ran ip a monitor 7
ran ip b monitor 7
option no-quorum-policy fence
----
Start f (a) due to no quorum blocked
Start ip (b) due to no quorum blocked

# Without fencing and with the loss of quorum ignored a start needs nothing.
plan
option stonith-enabled false
option no-quorum-policy ignore
noquorum
nodes a
rsc web
----
Start web (a)
  web_start_0 a <- web_monitor_0 a
  web_monitor_0 a
