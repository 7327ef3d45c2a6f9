# allow-migrate moves without a stop first.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s allow-migrate=true
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
location l ip b 100
----
Migrate ip (a -> b)
  ip_migrate_from_0 b <- ip_migrate_to_0 a
  ip_migrate_to_0 a
  ip_monitor_10000 b <- ip_start_0
  ip_start_0 (milestone) <- ip_stop_0 a, ip_migrate_from_0 b
  ip_stop_0 a <- ip_migrate_from_0 b

# A failed resource is not migrated.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s allow-migrate=true
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
ran ip a monitor 7 10000
location l ip b 100
----
Recover ip (a -> b)
  ip_monitor_10000 b <- ip_start_0 b
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# With a clone that only leaves the old node, it still migrates.
plan
option stonith-enabled false
nodes a b
standby a
rsc vm allow-migrate=true
rsc net
clone nets net interleave=true
order o nets vm
ran vm a start 0
ran net a start 0
ran net b start 0
ran vm b monitor 7
----
Migrate vm (a -> b)
Stop net:0 (a) due to node availability
  vm_migrate_from_0 b <- vm_migrate_to_0 a
  vm_migrate_to_0 a
  vm_start_0 (milestone) <- vm_stop_0 a, vm_migrate_from_0 b
  vm_stop_0 a <- vm_migrate_from_0 b
  net_stop_0 a <- nets_stop_0
  nets_stopped_0 (milestone) <- net_stop_0 a, nets_stop_0
  nets_stop_0 (milestone) <- vm_stop_0 a

# A pending start cannot migrate.
plan
option stonith-enabled false
nodes a b
standby a
rsc vm allow-migrate=true
pending vm a start
ran vm b monitor 7
----
Move vm (a -> b)
  vm_stop_0 a
  vm_start_0 b <- vm_stop_0 a

# A failed migration, then a stop at the source: at the target it starts anew.
plan
option stonith-enabled false
nodes a b
rsc vm allow-migrate=true
standby a
ran vm b monitor 7
ran vm a start 0
ran vm a migrate_to 1 migrate_source=a migrate_target=b
ran vm a stop 0
----
Restart vm (b)
  vm_start_0 b

# That it once came to the target and left it again says nothing of the migration
# that is under way.
plan
nodes a b c
rsc fence stonith:fence_x
ran fence b start 0
rsc vm allow-migrate=true
ran vm c monitor 7
ran vm b migrate_from 0 transition-magic=0:0;9:3:0:x migrate_source=a migrate_target=b
ran vm b migrate_to 0 transition-magic=0:0;9:4:0:x migrate_source=b migrate_target=a
ran vm b stop 0 transition-magic=0:0;8:4:0:x
ran vm a migrate_from 0 transition-magic=0:0;7:4:0:x migrate_source=b migrate_target=a
ran vm a migrate_to 0 transition-magic=0:0;9:7:0:x migrate_source=a migrate_target=b
location l vm c 100
----
Move vm (b -> c)
  fence_monitor_0 c
  fence_monitor_0 a
  vm_start_0 c <- vm_stop_0 b, vm_stop_0 a
  vm_stop_0 a
  vm_stop_0 b

# Nor of one that failed.
plan
nodes a b c
rsc fence stonith:fence_x
ran fence b start 0
rsc vm allow-migrate=true
ran vm c monitor 7
ran vm b migrate_from 0 transition-magic=0:0;9:3:0:x migrate_source=a migrate_target=b
ran vm b migrate_to 0 transition-magic=0:0;9:4:0:x migrate_source=b migrate_target=a
ran vm b stop 0 transition-magic=0:0;8:4:0:x
ran vm a migrate_from 0 transition-magic=0:0;7:4:0:x migrate_source=b migrate_target=a
ran vm a migrate_to 1 transition-magic=4:1;9:7:0:x migrate_source=a migrate_target=b
location l vm c 100
----
Recover vm (b -> c)
  fence_monitor_0 c
  fence_monitor_0 a
  vm_start_0 c <- vm_stop_0 a, vm_stop_0 b
  vm_stop_0 b
  vm_stop_0 a

# What comes to the old node waits until the resource has left, which by their order
# may arrive only behind it: a live migration would wait for itself, so it is stopped first.
plan
option stonith-enabled false
nodes a b c
standby a
rsc db
rsc vm allow-migrate=true
colocation apart vm db -INFINITY
order o db vm kind=Optional
ran db a start 0
ran vm b start 0
ran vm a monitor 7
ran vm c monitor 7
ran db b monitor 7
ran db c monitor 7
----
Move db (a -> b)
Move vm (b -> c)
  db_start_0 b <- db_stop_0 a, vm_stop_0 b
  db_stop_0 a <- vm_stop_0 b
  vm_start_0 c <- db_start_0 b, vm_stop_0 b
  vm_stop_0 b
warning vm: its live migration would wait for itself: it is stopped and started instead; see which orders and colocations tie it to what comes to its node
