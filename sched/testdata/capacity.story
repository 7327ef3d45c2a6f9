# What does not fit does not start.
plan
option stonith-enabled false
option placement-strategy balanced
nodes a
room a cpu=1
rsc db use:cpu=2
ran db a monitor 7
----
  load_stopped_a (milestone)

# It goes where there is room.
plan
option stonith-enabled false
option placement-strategy balanced
nodes a b
room a cpu=1
room b cpu=2
rsc db use:cpu=2
ran db a monitor 7
ran db b monitor 7
----
Start db (b)
  db_start_0 b <- load_stopped_b
  load_stopped_b (milestone)
  load_stopped_a (milestone)

# Balanced: to the node with more room.
plan
option stonith-enabled false
option placement-strategy balanced
nodes a b
room a cpu=4
room b cpu=8
rsc db use:cpu=2
ran db a monitor 7
ran db b monitor 7
----
Start db (b)
  db_start_0 b <- load_stopped_b
  load_stopped_b (milestone)
  load_stopped_a (milestone)

# Minimal: as few nodes as possible.
plan
option stonith-enabled false
option placement-strategy minimal
nodes a b
room a cpu=4
room b cpu=8
rsc x use:cpu=1
rsc y use:cpu=1
ran x a monitor 7
ran y a monitor 7
ran x b monitor 7
ran y b monitor 7
----
Start x (a)
Start y (a)
  x_start_0 a <- load_stopped_a
  y_start_0 a <- load_stopped_a
  load_stopped_b (milestone)
  load_stopped_a (milestone)

# The more important one gets the room.
plan
option stonith-enabled false
option placement-strategy balanced
nodes a
room a cpu=2
rsc x use:cpu=2
rsc y use:cpu=2 priority=5
ran x a monitor 7
ran y a monitor 7
----
Start y (a)
  y_start_0 a <- load_stopped_a
  load_stopped_a (milestone)

# A start waits for the stop that makes room.
plan
option stonith-enabled false
option placement-strategy balanced
nodes a
room a cpu=2
rsc x use:cpu=2 target-role=Stopped
rsc y use:cpu=2
ran x a start 0
ran y a monitor 7
----
Stop x (a) due to node availability
Start y (a)
  x_stop_0 a
  y_start_0 a <- load_stopped_a
  load_stopped_a (milestone) <- x_stop_0 a

# What must be together needs room together.
plan
option stonith-enabled false
option placement-strategy balanced
nodes a b
room a cpu=3
room b cpu=4
rsc x use:cpu=2
rsc y use:cpu=2
colocation c x y INFINITY
ran x a monitor 7
ran y a monitor 7
ran x b monitor 7
ran y b monitor 7
----
Start x (b)
Start y (b)
  x_start_0 b <- load_stopped_b
  y_start_0 b <- load_stopped_b
  load_stopped_b (milestone)
  load_stopped_a (milestone)

# Utilization without a strategy is not looked at.
plan
option stonith-enabled false
nodes a
room a cpu=1
rsc db use:cpu=2
ran db a monitor 7
----
Start db (a)
  db_start_0 a
