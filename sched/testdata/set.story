# A set of colocations: each with the one before it.
plan
option stonith-enabled false
nodes a b
rsc x
rsc y
rsc z
location l x b 10
raw constraints <rsc_colocation id="c" score="INFINITY"><resource_set id="s"><resource_ref id="x"/><resource_ref id="y"/><resource_ref id="z"/></resource_set></rsc_colocation>
----
Start x (b)
Start y (b)
Start z (b)
  x_start_0 b <- x_monitor_0 a, x_monitor_0 b
  x_monitor_0 b
  x_monitor_0 a
  y_start_0 b <- y_monitor_0 a, y_monitor_0 b
  y_monitor_0 b
  y_monitor_0 a
  z_start_0 b <- z_monitor_0 a, z_monitor_0 b
  z_monitor_0 b
  z_monitor_0 a

# Not sequential: the members do not depend on each other.
plan
option stonith-enabled false
nodes a b
rsc x
rsc y
location l x a 10
location m y b 10
raw constraints <rsc_colocation id="c" score="INFINITY"><resource_set id="s" sequential="false"><resource_ref id="x"/><resource_ref id="y"/></resource_set></rsc_colocation>
----
Start x (a)
Start y (b)
  x_start_0 a <- x_monitor_0 a, x_monitor_0 b
  x_monitor_0 b
  x_monitor_0 a
  y_start_0 b <- y_monitor_0 a, y_monitor_0 b
  y_monitor_0 b
  y_monitor_0 a

# Negative: nobody with anybody.
plan
option stonith-enabled false
nodes a b c
rsc x
rsc y
rsc z
raw constraints <rsc_colocation id="c" score="-INFINITY"><resource_set id="s"><resource_ref id="x"/><resource_ref id="y"/><resource_ref id="z"/></resource_set></rsc_colocation>
----
Start x (a)
Start y (b)
Start z (c)
  x_start_0 a <- x_monitor_0 a, y_monitor_0 a, z_monitor_0 a, x_monitor_0 b, x_monitor_0 c
  x_monitor_0 c
  x_monitor_0 b
  x_monitor_0 a
  y_start_0 b <- y_monitor_0 a, x_monitor_0 b, y_monitor_0 b, z_monitor_0 b, y_monitor_0 c
  y_monitor_0 c
  y_monitor_0 b
  y_monitor_0 a
  z_start_0 c <- z_monitor_0 a, z_monitor_0 b, x_monitor_0 c, y_monitor_0 c, z_monitor_0 c
  z_monitor_0 c
  z_monitor_0 b
  z_monitor_0 a

# Two sets: the first is with the second.
plan
option stonith-enabled false
nodes a b
rsc x
rsc y
rsc ip
location l ip b 10
raw constraints <rsc_colocation id="c" score="INFINITY"><resource_set id="s1" sequential="false"><resource_ref id="x"/><resource_ref id="y"/></resource_set><resource_set id="s2"><resource_ref id="ip"/></resource_set></rsc_colocation>
----
Start x (b)
Start y (b)
Start ip (b)
  x_start_0 b <- x_monitor_0 a, x_monitor_0 b
  x_monitor_0 b
  x_monitor_0 a
  y_start_0 b <- y_monitor_0 a, y_monitor_0 b
  y_monitor_0 b
  y_monitor_0 a
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# An order of sets: all of the first, then all of the second.
plan
option stonith-enabled false
nodes a
rsc x
rsc y
rsc ip
raw constraints <rsc_order id="o"><resource_set id="s1" sequential="false"><resource_ref id="x"/><resource_ref id="y"/></resource_set><resource_set id="s2"><resource_ref id="ip"/></resource_set></rsc_order>
----
Start x (a)
Start y (a)
Start ip (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
  y_start_0 a <- y_monitor_0 a
  y_monitor_0 a
  ip_start_0 a <- ip_monitor_0 a, x_start_0 a, y_start_0 a
  ip_monitor_0 a

# require-all=false: one of the first is enough.
plan
option stonith-enabled false
nodes a
rsc x target-role=Stopped
rsc y
rsc ip
raw constraints <rsc_order id="o"><resource_set id="s1" sequential="false" require-all="false"><resource_ref id="x"/><resource_ref id="y"/></resource_set><resource_set id="s2"><resource_ref id="ip"/></resource_set></rsc_order>
----
Start y (a)
Start ip (a)
  x_monitor_0 a
  y_start_0 a <- y_monitor_0 a
  y_monitor_0 a
  ip_start_0 a <- one-or-more:s1, ip_monitor_0 a
  ip_monitor_0 a
  one-or-more:s1 (milestone) <- y_start_0 a

# A set in a row: one after the other, and down the other way round.
plan
option stonith-enabled false
nodes a
rsc x target-role=Stopped
rsc y
rsc z
ran x a start 0
ran y a start 0
ran z a start 0
raw constraints <rsc_order id="o"><resource_set id="s"><resource_ref id="x"/><resource_ref id="y"/><resource_ref id="z"/></resource_set></rsc_order>
----
Stop x (a) due to node availability
Stop y (a) due to required x start
Stop z (a) due to required y start
  x_stop_0 a <- y_stop_0 a
  y_stop_0 a <- z_stop_0 a
  z_stop_0 a

# Serialize in a set: not at the same time, in no need of each other.
plan
option stonith-enabled false
nodes a
rsc x
rsc y
raw constraints <rsc_order id="o" kind="Serialize"><resource_set id="s"><resource_ref id="x"/><resource_ref id="y"/></resource_set></rsc_order>
----
Start x (a)
Start y (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
  y_start_0 a <- y_monitor_0 a, x_start_0 a
  y_monitor_0 a

# A location for a set.
plan
option stonith-enabled false
nodes a b
rsc x
rsc y
raw constraints <rsc_location id="l" node="a" score="-INFINITY"><resource_set id="s"><resource_ref id="x"/><resource_ref id="y"/></resource_set></rsc_location>
----
Start x (b)
Start y (b)
  x_start_0 b <- x_monitor_0 a, x_monitor_0 b
  x_monitor_0 b
  x_monitor_0 a
  y_start_0 b <- y_monitor_0 a, y_monitor_0 b
  y_monitor_0 b
  y_monitor_0 a

# A ticket for a set.
plan
option stonith-enabled false
nodes a
granted east
rsc x
rsc y
ran x a start 0
raw constraints <rsc_ticket id="t" ticket="east" loss-policy="stop"><resource_set id="s"><resource_ref id="x"/><resource_ref id="y"/></resource_set></rsc_ticket>
----
Start y (a)
  y_start_0 a <- y_monitor_0 a
  y_monitor_0 a
