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
