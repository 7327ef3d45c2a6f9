# Without a strategy, health is not looked at.
plan
option stonith-enabled false
nodes a b
attr a #health-disk red
rsc ip
----
Start ip (a)
  ip_start_0 a <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# migrate-on-red: nothing stays on a red node.
plan
option stonith-enabled false
option node-health-strategy migrate-on-red
nodes a b
attr a #health-disk red
rsc ip
ran ip a start 0
ran ip b monitor 7
----
Move ip (a -> b)
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# migrate-on-red: yellow is well enough.
plan
option stonith-enabled false
option node-health-strategy migrate-on-red
nodes a b
attr a #health-disk yellow
rsc ip
ran ip a start 0
ran ip b monitor 7
----

# only-green: yellow is not.
plan
option stonith-enabled false
option node-health-strategy only-green
nodes a b
attr a #health-disk yellow
rsc ip
ran ip a start 0
ran ip b monitor 7
----
Move ip (a -> b)
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# progressive: the scores of the colours add up.
scores
option stonith-enabled false
option node-health-strategy progressive
option node-health-yellow -10
option node-health-green 5
nodes a b
attr a #health-disk yellow
attr a #health-net yellow
attr b #health-disk green
rsc ip
----
pcmk__primitive_assign: ip allocation score on a: -20
pcmk__primitive_assign: ip allocation score on b: 5

# progressive: node-health-base is what a node begins with.
scores
option stonith-enabled false
option node-health-strategy progressive
option node-health-base 20
option node-health-yellow -10
nodes a b
attr a #health-disk yellow
rsc ip
----
pcmk__primitive_assign: ip allocation score on a: 10
pcmk__primitive_assign: ip allocation score on b: 20

# custom: numbers are taken as they are.
scores
option stonith-enabled false
option node-health-strategy custom
nodes a b
attr a #health-disk -30
rsc ip
----
pcmk__primitive_assign: ip allocation score on a: -30
pcmk__primitive_assign: ip allocation score on b: 0

# allow-unhealthy-nodes: what measures health goes on running there.
plan
option stonith-enabled false
option node-health-strategy only-green
nodes a b
attr a #health-disk red
rsc probe allow-unhealthy-nodes=true
ran probe a start 0
ran probe b monitor 7
----
