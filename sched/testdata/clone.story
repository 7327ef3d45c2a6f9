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

# Each instance wants to stay where it is.
scores
option stonith-enabled false
nodes a b
rsc w
clone all w clone-max=1
ran w a start 0
ran w b monitor 7
----
pcmk__clone_assign: all allocation score on a: 0
pcmk__clone_assign: all allocation score on b: 0
pcmk__clone_assign: w:0 allocation score on a: 1
pcmk__clone_assign: w:0 allocation score on b: 0
pcmk__primitive_assign: w:0 allocation score on a: 1
pcmk__primitive_assign: w:0 allocation score on b: 0

# Instances move as little as possible: one place goes to the better node.
scores
option stonith-enabled false
nodes a b c
rsc w
clone all w clone-max=2
location l all c 100
ran w a start 0
ran w b start 0
ran w c monitor 7
----
pcmk__clone_assign: all allocation score on a: 0
pcmk__clone_assign: all allocation score on b: 0
pcmk__clone_assign: all allocation score on c: 100
pcmk__clone_assign: w:0 allocation score on a: 1
pcmk__clone_assign: w:0 allocation score on b: 0
pcmk__clone_assign: w:0 allocation score on c: 100
pcmk__clone_assign: w:1 allocation score on a: 0
pcmk__clone_assign: w:1 allocation score on b: 1
pcmk__clone_assign: w:1 allocation score on c: 100
pcmk__primitive_assign: w:0 allocation score on a: 1
pcmk__primitive_assign: w:0 allocation score on b: 0
pcmk__primitive_assign: w:0 allocation score on c: 100
pcmk__primitive_assign: w:0 allocation score on a: 1
pcmk__primitive_assign: w:0 allocation score on b: 0
pcmk__primitive_assign: w:0 allocation score on c: -INFINITY
pcmk__primitive_assign: w:1 allocation score on a: -INFINITY
pcmk__primitive_assign: w:1 allocation score on b: 1
pcmk__primitive_assign: w:1 allocation score on c: 100
pcmk__primitive_assign: w:1 allocation score on a: -INFINITY
pcmk__primitive_assign: w:1 allocation score on b: 1
pcmk__primitive_assign: w:1 allocation score on c: 100

# An instance too many is stopped.
plan
option stonith-enabled false
nodes a b
rsc w
clone all w clone-max=1
ran w a start 0
ran w b start 0
----
Stop w:1 (b) due to node availability
  w_stop_0 b <- all_stop_0
  all_stopped_0 (milestone) <- w_stop_0 b, all_stop_0
  all_stop_0 (milestone)

# Unique instances are probed one by one.
plan
option stonith-enabled false
nodes a
rsc w
clone all w globally-unique=true clone-max=2 clone-node-max=2
----
Start w:0 (a)
Start w:1 (a)
  w:0_start_0 a <- all_start_0
  w:0_monitor_0 a
  w:1_start_0 a <- all_start_0
  w:1_monitor_0 a
  all_running_0 (milestone) <- w:0_start_0 a, w:1_start_0 a, all_start_0
  all_start_0 (milestone) <- w:0_monitor_0 a, w:1_monitor_0 a

# A clone waits for enough instances of another (clone-min).
plan
option stonith-enabled false
nodes a b
rsc w
clone all w clone-min=1
rsc x
order o all x
ran w a monitor 7
ran w b monitor 7
ran x a monitor 7
ran x b monitor 7
----
Start w:0 (a)
Start w:1 (b)
Start x (a)
  w_start_0 a <- all_start_0
  w:1_start_0 b <- all_start_0
  all_running_0 (milestone) <- w_start_0 a, w:1_start_0 b, all_start_0
  all_start_0 (milestone)
  x_start_0 a <- clone-one-or-more:o
  clone-one-or-more:o (milestone) <- w_start_0 a, w:1_start_0 b

# The other instances are told of a start (notify).
plan
option stonith-enabled false
nodes a b
rsc w
clone all w notify=true
ran w a start 0
ran w b monitor 7
----
Start w:1 (b)
  w_post_notify_start_0 a <- all_post_notify_running_0
  w_pre_notify_start_0 a <- all_pre_notify_start_0
  w_post_notify_start_0 b <- all_post_notify_running_0
  w_start_0 b <- all_start_0
  all_confirmed-post_notify_running_0 (milestone) <- all_post_notify_running_0, w_post_notify_start_0 a, w_post_notify_start_0 b
  all_post_notify_running_0 (milestone) <- all_running_0, all_confirmed-pre_notify_start_0
  all_confirmed-pre_notify_start_0 (milestone) <- all_pre_notify_start_0, w_pre_notify_start_0 a
  all_pre_notify_start_0 (milestone)
  all_running_0 (milestone) <- w_start_0 b, all_start_0
  all_start_0 (milestone) <- all_confirmed-pre_notify_start_0

# They are told of a stop, too.
plan
option stonith-enabled false
nodes a b
standby b
rsc w
clone all w notify=true
ran w a start 0
ran w b start 0
----
Stop w:1 (b) due to node availability
  w_post_notify_stop_0 a <- all_post_notify_stopped_0
  w_pre_notify_stop_0 a <- all_pre_notify_stop_0
  w_pre_notify_stop_0 b <- all_pre_notify_stop_0
  w_stop_0 b <- all_stop_0
  all_confirmed-post_notify_stopped_0 (milestone) <- all_post_notify_stopped_0, w_post_notify_stop_0 a
  all_post_notify_stopped_0 (milestone) <- all_stopped_0, all_confirmed-pre_notify_stop_0
  all_confirmed-pre_notify_stop_0 (milestone) <- all_pre_notify_stop_0, w_pre_notify_stop_0 a, w_pre_notify_stop_0 b
  all_pre_notify_stop_0 (milestone)
  all_stopped_0 (milestone) <- w_stop_0 b, all_stop_0
  all_stop_0 (milestone) <- all_confirmed-pre_notify_stop_0

# A cloned group is told, member by member.
plan
option stonith-enabled false
nodes a
rsc g1
rsc g2
group g g1 g2
clone all g notify=true
ran g1 a monitor 7
ran g2 a monitor 7
----
Start g1:0 (a)
Start g2:0 (a)
  g:0_running_0 (milestone) <- g1_start_0 a, g2_start_0 a, g:0_start_0
  g:0_start_0 (milestone) <- all_start_0
  g1_post_notify_start_0 a <- all_post_notify_running_0
  g1_start_0 a <- g:0_start_0
  g2_post_notify_start_0 a <- all_post_notify_running_0
  g2_start_0 a <- g1_start_0 a, g:0_start_0
  all_confirmed-post_notify_running_0 (milestone) <- all_post_notify_running_0, g1_post_notify_start_0 a, g2_post_notify_start_0 a
  all_post_notify_running_0 (milestone) <- all_running_0, all_confirmed-pre_notify_start_0
  all_confirmed-pre_notify_start_0 (milestone) <- all_pre_notify_start_0
  all_pre_notify_start_0 (milestone)
  all_running_0 (milestone) <- g:0_running_0, all_start_0
  all_start_0 (milestone) <- all_confirmed-pre_notify_start_0

# An optional order of interleaved clones holds instance by instance.
plan
option stonith-enabled false
nodes a b
rsc r
clone first r interleave=true
rsc s
clone then s interleave=true
order o first then kind=Optional
----
Start r:0 (a)
Start r:1 (b)
Start s:0 (a)
Start s:1 (b)
  r:0_start_0 a <- first_start_0
  r:0_monitor_0 a
  r:1_start_0 b <- first_start_0
  r:1_monitor_0 b
  first_running_0 (milestone) <- r:0_start_0 a, r:1_start_0 b, first_start_0
  first_start_0 (milestone) <- r:0_monitor_0 a, r:1_monitor_0 b
  s:0_start_0 a <- r:0_start_0 a, then_start_0
  s:0_monitor_0 a
  s:1_start_0 b <- r:1_start_0 b, then_start_0
  s:1_monitor_0 b
  then_running_0 (milestone) <- s:0_start_0 a, s:1_start_0 b, then_start_0
  then_start_0 (milestone) <- s:0_monitor_0 a, s:1_monitor_0 b, first_running_0

# An ordered clone that may have more instances than there are nodes.
plan
option stonith-enabled false
nodes a b
rsc r
clone c r ordered=true clone-max=3
----
Start r:0 (a)
Start r:1 (b)
  r:0_start_0 a <- c_start_0
  r:0_monitor_0 a
  r:1_start_0 b <- r:0_start_0 a, c_start_0
  r:1_monitor_0 b
  c_running_0 (milestone) <- r:0_start_0 a, r:1_start_0 b, c_start_0
  c_start_0 (milestone) <- r:0_monitor_0 a, r:1_monitor_0 b

# A node that joins cannot be asked: no other instance starts meanwhile, those that are active stay.
plan
nodes a b c
joining b
rsc st stonith:fence_x
ran st a start 0
ran st c monitor 7
rsc web
clone webs web
ran web a start 0
ran web c monitor 7
----
Start web:1 (c) due to unrunnable web:0 monitor blocked
  webs_running_0 (milestone) <- webs_start_0
  webs_start_0 (milestone)

# A monitor under way when its resource was stopped is no longer under way.
plan
option stonith-enabled false
nodes a b
rsc web
clone webs web clone-max=1
pending web a monitor 10000
ran web a stop 0 transition-magic=0:0;1:10:0:x
ran web b start 0
----

# No instances at all: nothing to look for, nothing to place.
plan
option stonith-enabled false
nodes a b
rsc w
clone all w clone-max=0
----

# No instances any more: those that run are stopped.
plan
option stonith-enabled false
nodes a b
rsc w
clone all w clone-max=0
ran w a start 0
ran w b start 0
----
Stop w:0 (a) due to node availability
Stop w:1 (b) due to node availability
  w_stop_0 a <- all_stop_0
  w_stop_0 b <- all_stop_0
  all_stopped_0 (milestone) <- w_stop_0 a, w_stop_0 b, all_stop_0
  all_stop_0 (milestone)
