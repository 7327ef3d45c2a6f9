# One instance on each node.
plan
option stonith-enabled false
nodes a b
rsc web
clone all web interleave=true
ran web a monitor 7
ran web b monitor 7
----
Start web:0 (a)
Start web:1 (b)
  web_start_0 a <- all_start_0
  web:1_start_0 b <- all_start_0
  all_running_0 (milestone) <- web_start_0 a, web:1_start_0 b, all_start_0
  all_start_0 (milestone)

# clone-max limits.
plan
option stonith-enabled false
nodes a b
rsc web
clone all web clone-max=1
ran web a monitor 7
ran web b monitor 7
----
Start web:0 (a)
  web_start_0 a <- all_start_0
  all_running_0 (milestone) <- web_start_0 a, all_start_0
  all_start_0 (milestone)

# An instance that runs stays.
plan
option stonith-enabled false
nodes a b
rsc web
clone all web clone-max=1
ran web a monitor 7
ran web b start 0
----

# Interleaved clones wait for the instance beside them.
plan
option stonith-enabled false
nodes a b
rsc web
clone all web interleave=true
rsc app
clone apps app interleave=true
order o all apps
ran web a monitor 7
ran web b monitor 7
ran app a monitor 7
ran app b monitor 7
----
Start web:0 (a)
Start web:1 (b)
Start app:0 (a)
Start app:1 (b)
  web_start_0 a <- all_start_0
  web:1_start_0 b <- all_start_0
  all_running_0 (milestone) <- web_start_0 a, web:1_start_0 b, all_start_0
  all_start_0 (milestone)
  app_start_0 a <- web_start_0 a, apps_start_0
  app:1_start_0 b <- web:1_start_0 b, apps_start_0
  apps_running_0 (milestone) <- app_start_0 a, app:1_start_0 b, apps_start_0
  apps_start_0 (milestone) <- all_running_0

# Not interleaved, for all instances.
plan
option stonith-enabled false
nodes a b
rsc web
clone all web
rsc app
clone apps app
order o all apps
ran web a monitor 7
ran web b monitor 7
ran app a monitor 7
ran app b monitor 7
----
Start web:0 (a)
Start web:1 (b)
Start app:0 (a)
Start app:1 (b)
  web_start_0 a <- all_start_0
  web:1_start_0 b <- all_start_0
  all_running_0 (milestone) <- web_start_0 a, web:1_start_0 b, all_start_0
  all_start_0 (milestone)
  app_start_0 a <- apps_start_0
  app:1_start_0 b <- apps_start_0
  apps_running_0 (milestone) <- app_start_0 a, app:1_start_0 b, apps_start_0
  apps_start_0 (milestone) <- all_running_0

# What follows a clone is not disturbed by an instance lost elsewhere.
plan
nodes a b c
rsc power stonith:fence_lab
ran power c start 0
ran power a monitor 7
ran power b monitor 7
rsc web
clone all web
rsc vip
order o all vip
ran web a start 0
ran web b start 0
ran web c start 0
ran vip b start 0
ran vip a monitor 7
ran vip c monitor 7
unclean a
----
Fence a () due to peer is no longer part of the cluster
Stop web:0 (a) due to node availability
  web_stop_0 (milestone) <- stonith-a-reboot a, all_stop_0
  all_stopped_0 (milestone) <- web_stop_0, all_stop_0
  all_stop_0 (milestone) <- stonith-a-reboot a
  stonith-a-reboot a
