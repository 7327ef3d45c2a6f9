# A preference moves what has no stickiness.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
location l ip b 100
----
Move ip (a -> b)
  ip_monitor_10000 b <- ip_start_0 b
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# Stickiness holds against a weaker preference.
reasons
option stonith-enabled false
nodes a b
rsc ip mon=10s resource-stickiness=200
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
location l ip b 100
----
ip on b: 100 location l 
ip on a: 200 stickiness resource-stickiness 

# A ban beats stickiness.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s resource-stickiness=200
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
location l ip a -INFINITY
----
Move ip (a -> b)
  ip_monitor_10000 b <- ip_start_0 b
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# Without symmetric-cluster only named nodes count.
scores
option stonith-enabled false
nodes a b
option symmetric-cluster false
rsc ip
location l ip b 10
ran ip a monitor 7
ran ip b monitor 7
----
pcmk__primitive_assign: ip allocation score on b: 10

# A constraint on nothing is ignored with a warning.
plan
option stonith-enabled false
nodes a b
rsc ip
ran ip a monitor 7
ran ip b monitor 7
location l nobody a 10
----
Start ip (a)
  ip_start_0 a
warning l: constraint names nobody, which does not exist; define it or remove the constraint

# A score that is no number counts as nothing.
plan
option stonith-enabled false
nodes a b
rsc db
location l db b much
ran db a monitor 7
ran db b monitor 7
----
Start db (a)
  db_start_0 a
warning l: "much" is not a score: expected an integer, INFINITY or -INFINITY; 0 is used; correct the score

# A ban beats any preference.
plan
option stonith-enabled false
nodes a b
rsc db
location l1 db b INFINITY
location l2 db b -INFINITY
ran db a monitor 7
ran db b monitor 7
----
Start db (a)
  db_start_0 a

# An opt-in cluster: only where it is allowed.
plan
option stonith-enabled false
option symmetric-cluster false
nodes a b
rsc db
location l db b 0
ran db a monitor 7
ran db b monitor 7
----
Start db (b)
  db_start_0 b

# Stickiness beats a weaker preference.
plan
option stonith-enabled false
nodes a b
rsc db resource-stickiness=100
location l db b 50
ran db a start 0
ran db b monitor 7
----

# … and yields to a stronger one.
plan
option stonith-enabled false
nodes a b
rsc db resource-stickiness=100
location l db b 150
ran db a start 0
ran db b monitor 7
----
Move db (a -> b)
  db_start_0 b <- db_stop_0 a
  db_stop_0 a

# A negative stickiness drives nothing away: it does not count at all.
scores
option stonith-enabled false
nodes a b
rsc x resource-stickiness=-100
ran x a start 0
ran x b monitor 7
----
pcmk__primitive_assign: x allocation score on a: 0
pcmk__primitive_assign: x allocation score on b: 0
