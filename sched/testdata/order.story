# One after the other.
plan
option stonith-enabled false
nodes a b
rsc one
rsc two
ran one a monitor 7
ran one b monitor 7
ran two a monitor 7
ran two b monitor 7
order o one two
----
Start one (a)
Start two (b)
  one_start_0 a
  two_start_0 b <- one_start_0 a

# A restart of the first restarts the second.
plan
option stonith-enabled false
nodes a b
rsc one mon=10s
rsc two
ran one a start 0
ran two b start 0
ran one b monitor 7
ran two a monitor 7
order o one two
ran one a monitor 7 10000
----
Recover one (a)
Restart two (b) due to required one start
  one_start_0 a <- one_stop_0 a
  one_stop_0 a <- two_stop_0 b
  one_monitor_10000 a <- one_start_0 a
  two_start_0 b <- one_start_0 a, two_stop_0 b
  two_stop_0 b

# Optional does not.
plan
option stonith-enabled false
nodes a b
rsc one mon=10s
rsc two
ran one a start 0
ran two b start 0
ran one b monitor 7
ran two a monitor 7
order o one two kind=Optional
ran one a monitor 7 10000
----
Recover one (a)
  one_start_0 a <- one_stop_0 a
  one_stop_0 a
  one_monitor_10000 a <- one_start_0 a

# What cannot start keeps the second from starting.
plan
option stonith-enabled false
nodes a b
rsc one
rsc two
ran one a monitor 7
ran one b monitor 7
ran two a monitor 7
ran two b monitor 7
location l1 one a -INFINITY
location l2 one b -INFINITY
order o one two
----
Start two (a) due to unrunnable one start blocked

# Stopping goes the other way round.
plan
option stonith-enabled false
nodes a b
rsc one target-role=Stopped
rsc two target-role=Stopped
ran one a start 0
ran two b start 0
ran one b monitor 7
ran two a monitor 7
order o one two
----
Stop one (a) due to node availability
Stop two (b) due to node availability
  one_stop_0 a <- two_stop_0 b
  two_stop_0 b

# A restart is passed on along the chain, with its reason.
plan
option stonith-enabled false
nodes a
rsc x mon=10s
rsc y
rsc z
order o1 x y
order o2 y z
ran x a start 0
ran y a start 0
ran z a start 0
ran x a monitor 7 10000
----
Recover x (a)
Restart y (a) due to required x start
Restart z (a) due to required y start
  x_start_0 a <- x_stop_0 a
  x_stop_0 a <- y_stop_0 a
  x_monitor_10000 a <- x_start_0 a
  y_start_0 a <- x_start_0 a, y_stop_0 a
  y_stop_0 a <- z_stop_0 a
  z_start_0 a <- y_start_0 a, z_stop_0 a
  z_stop_0 a

# symmetrical=false: only the starts are ordered.
plan
option stonith-enabled false
nodes a
rsc x target-role=Stopped
rsc y
order o x y symmetrical=false
ran x a start 0
ran y a start 0
----
Stop x (a) due to node availability
  x_stop_0 a

# kind=Optional: only if both happen.
plan
option stonith-enabled false
nodes a
rsc x target-role=Stopped
rsc y
order o x y kind=Optional
ran x a start 0
ran y a start 0
----
Stop x (a) due to node availability
  x_stop_0 a

# kind=Serialize: not at the same time.
plan
option stonith-enabled false
nodes a
rsc x
rsc y
order o x y kind=Serialize
ran x a monitor 7
ran y a monitor 7
----
Start x (a)
Start y (a)
  x_start_0 a
  y_start_0 a <- x_start_0 a

# A probe comes before the restart that it might cause.
plan
option stonith-enabled false
nodes a b
rsc x
rsc y
order o x y
ran x a start 0
ran y a start 0
ran y b monitor 7
----
Move y (a -> b)
  x_monitor_0 b
  y_start_0 b <- y_stop_0 a
  y_stop_0 a <- x_monitor_0 b

# A loop of orders: nothing is lost.
plan
option stonith-enabled false
nodes a
rsc x
rsc y
order o1 x y
order o2 y x
ran x a start 0
ran y a start 0
----

# An order with nothing is reported and ignored.
plan
option stonith-enabled false
nodes a
rsc x
order o x nobody
ran x a monitor 7
----
Start x (a)
  x_start_0 a
warning o: constraint names nobody, which does not exist; define it or remove the constraint

# What cannot start because of a colocation keeps what waits for it stopped, too: with
# a restart behind it the same plan came up for ever.
plan
option stonith-enabled false
nodes a
rsc gone target-role=Stopped
rsc near
rsc mid
rsc last
order o1 gone near
colocation c mid near INFINITY
order o2 mid last
ran gone a monitor 7
ran near a monitor 7
ran mid a monitor 7
ran last a start 0
----
Start near (a) due to unrunnable gone start blocked
Start mid (a) due to colocation with near blocked
Stop last (a) due to required mid start
  last_stop_0 a

# The same if it does not run: it does not start.
plan
option stonith-enabled false
nodes a
rsc gone target-role=Stopped
rsc near
rsc mid
rsc last
order o1 gone near
colocation c mid near INFINITY
order o2 mid last
ran gone a monitor 7
ran near a monitor 7
ran mid a monitor 7
ran last a monitor 7
----
Start near (a) due to unrunnable gone start blocked
Start mid (a) due to colocation with near blocked
Start last (a) due to unrunnable mid start blocked
