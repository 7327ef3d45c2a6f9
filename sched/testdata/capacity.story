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

# Where capacity only limits, what is alike stays where it is.
plan
option stonith-enabled false
option placement-strategy utilization
nodes a b
room a cpu=4
room b cpu=8
rsc x use:cpu=1 mon=10s
rsc y
colocation c x y INFINITY
ran x a start 0
ran y a start 0
ran x a monitor 0 10000
ran x b monitor 7
ran y b monitor 7
----
  load_stopped_b (milestone)
  load_stopped_a (milestone)

# Two that change places cannot both wait for the other one's room.
plan
option stonith-enabled false
option placement-strategy utilization
nodes a b
room a cpu=8
room b cpu=8
rsc x use:cpu=2 allow-migrate=true
rsc y use:cpu=2 allow-migrate=true
ran x a start 0
ran y b start 0
ran x b monitor 7
ran y a monitor 7
location lx x b 100
location ly y a 100
----
Migrate y (b -> a)
Migrate x (a -> b)
  y_migrate_from_0 a <- y_migrate_to_0 b
  y_migrate_to_0 b <- load_stopped_a
  y_start_0 (milestone) <- load_stopped_a, y_stop_0 b, y_migrate_from_0 a
  y_stop_0 b <- y_migrate_from_0 a
  x_migrate_from_0 b <- x_migrate_to_0 a
  x_migrate_to_0 a
  x_start_0 (milestone) <- load_stopped_b, x_stop_0 a, x_migrate_from_0 b
  x_stop_0 a <- x_migrate_from_0 b
  load_stopped_b (milestone) <- y_stop_0 b
  load_stopped_a (milestone) <- x_stop_0 a

# What follows a clone does not say how much room the clone's instances need.
plan
option stonith-enabled false
option placement-strategy utilization
nodes a b
room a cpu=1
room b cpu=2
rsc fs
clone fss fs interleave=true
rsc vm use:cpu=2
rsc far use:cpu=2
colocation c vm fss INFINITY
colocation d far fss INFINITY
ran fs a start 0
ran fs b start 0
ran vm a monitor 7
ran vm b monitor 7
ran far a monitor 7
ran far b monitor 7
----
Start vm (b)
  vm_start_0 b <- load_stopped_b
  load_stopped_b (milestone)
  load_stopped_a (milestone)

# What runs inside of a container takes its room from the container's host.
plan
option stonith-enabled false
option placement-strategy utilization
nodes a b
room a cpu=1
room b cpu=2
rsc web use:cpu=2
bundle box web 192.168.9.1 replicas=1
ran box-podman-0 a monitor 7
ran box-ip-192.168.9.1 a monitor 7
ran box-podman-0 b monitor 7
ran box-ip-192.168.9.1 b monitor 7
----
Start box-ip-192.168.9.1 (b)
Start box-podman-0 (b)
Start box-0 (b)
Start web:0 (box-0)
  web:0_start_0 box-0 <- box-podman-0_start_0 b, box-0_start_0 b, box-clone_start_0
  box-clone_running_0 (milestone) <- web:0_start_0 box-0, box-clone_start_0
  box-clone_start_0 (milestone) <- box_start_0
  box-ip-192.168.9.1_monitor_60000 b <- box-ip-192.168.9.1_start_0 b
  box-ip-192.168.9.1_start_0 b
  box-podman-0_monitor_60000 b <- box-podman-0_start_0 b
  box-podman-0_start_0 b <- load_stopped_b, box-ip-192.168.9.1_start_0 b, box_start_0
  box-0_monitor_30000 b <- box-0_start_0 b
  box-0_start_0 b <- box-0_monitor_0 a, box-0_monitor_0 b, box-podman-0_start_0 b
  box-0_monitor_0 b <- box-podman-0_start_0 b
  box-0_monitor_0 a <- box-podman-0_start_0 b
  box_running_0 (milestone) <- box-podman-0_start_0 b, box-clone_running_0
  box_start_0 (milestone)
  load_stopped_b (milestone)
  load_stopped_a (milestone)
