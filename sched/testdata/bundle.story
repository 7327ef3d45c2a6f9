# A bundle starts container, address, connection, then what is inside.
plan
option stonith-enabled false
nodes a
rsc web
bundle box web 192.168.9.1 replicas=1
----
Start box-ip-192.168.9.1 (a)
Start box-podman-0 (a)
Start box-0 (a)
Start web:0 (box-0)
  web:0_start_0 box-0 <- box-podman-0_start_0 a, box-0_start_0 a, box-clone_start_0
  box-clone_running_0 (milestone) <- web:0_start_0 box-0, box-clone_start_0
  box-clone_start_0 (milestone) <- box-podman-0_monitor_0 a, box_start_0
  box-ip-192.168.9.1_monitor_60000 a <- box-ip-192.168.9.1_start_0 a
  box-ip-192.168.9.1_start_0 a <- box-ip-192.168.9.1_monitor_0 a
  box-ip-192.168.9.1_monitor_0 a
  box-podman-0_monitor_60000 a <- box-podman-0_start_0 a
  box-podman-0_start_0 a <- box-podman-0_monitor_0 a, box-ip-192.168.9.1_start_0 a, box_start_0
  box-podman-0_monitor_0 a
  box-0_monitor_30000 a <- box-0_start_0 a
  box-0_start_0 a <- box-0_monitor_0 a, box-podman-0_start_0 a
  box-0_monitor_0 a <- box-podman-0_start_0 a
  box_running_0 (milestone) <- box-podman-0_start_0 a, box-clone_running_0
  box_start_0 (milestone)

# One replica on each host.
plan
option stonith-enabled false
nodes a b
rsc web
bundle box web 192.168.9.1 replicas=2
----
Start box-ip-192.168.9.1 (a)
Start box-podman-0 (a)
Start box-0 (a)
Start web:0 (box-0)
Start box-ip-192.168.9.2 (b)
Start box-podman-1 (b)
Start box-1 (b)
Start web:1 (box-1)
  web:0_start_0 box-0 <- box-podman-0_start_0 a, box-0_start_0 a, box-clone_start_0
  web:1_start_0 box-1 <- box-podman-1_start_0 b, box-1_start_0 b, web:0_start_0 box-0, box-clone_start_0
  box-clone_running_0 (milestone) <- web:0_start_0 box-0, web:1_start_0 box-1, box-clone_start_0
  box-clone_start_0 (milestone) <- box-podman-0_monitor_0 a, box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, box-podman-1_monitor_0 b, box_start_0
  box-ip-192.168.9.1_monitor_60000 a <- box-ip-192.168.9.1_start_0 a
  box-ip-192.168.9.1_start_0 a <- box-ip-192.168.9.1_monitor_0 a, box-ip-192.168.9.1_monitor_0 b
  box-ip-192.168.9.1_monitor_0 b
  box-ip-192.168.9.1_monitor_0 a
  box-podman-0_monitor_60000 a <- box-podman-0_start_0 a
  box-podman-0_start_0 a <- box-podman-0_monitor_0 a, box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, box-ip-192.168.9.1_start_0 a, box_start_0
  box-podman-0_monitor_0 b
  box-podman-0_monitor_0 a
  box-0_monitor_30000 a <- box-0_start_0 a
  box-0_start_0 a <- box-0_monitor_0 a, box-0_monitor_0 b, box-podman-0_start_0 a
  box-0_monitor_0 b <- box-podman-0_start_0 a
  box-0_monitor_0 a <- box-podman-0_start_0 a
  box-ip-192.168.9.2_monitor_60000 b <- box-ip-192.168.9.2_start_0 b
  box-ip-192.168.9.2_start_0 b <- box-ip-192.168.9.2_monitor_0 a, box-ip-192.168.9.2_monitor_0 b
  box-ip-192.168.9.2_monitor_0 b
  box-ip-192.168.9.2_monitor_0 a
  box-podman-1_monitor_60000 b <- box-podman-1_start_0 b
  box-podman-1_start_0 b <- box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, box-podman-1_monitor_0 b, box-ip-192.168.9.2_start_0 b, box_start_0
  box-podman-1_monitor_0 b
  box-podman-1_monitor_0 a
  box-1_monitor_30000 b <- box-1_start_0 b
  box-1_start_0 b <- box-1_monitor_0 a, box-1_monitor_0 b, box-podman-1_start_0 b
  box-1_monitor_0 b <- box-podman-1_start_0 b
  box-1_monitor_0 a <- box-podman-1_start_0 b
  box_running_0 (milestone) <- box-podman-0_start_0 a, box-podman-1_start_0 b, box-clone_running_0
  box_start_0 (milestone)

# Nothing else is looked for inside of a container.
plan
option stonith-enabled false
nodes a
rsc web
bundle box web 192.168.9.1 replicas=1
rsc ip
ran ip a monitor 7
----
Start box-ip-192.168.9.1 (a)
Start box-podman-0 (a)
Start box-0 (a)
Start web:0 (box-0)
Start ip (a)
  web:0_start_0 box-0 <- box-podman-0_start_0 a, box-0_start_0 a, box-clone_start_0
  box-clone_running_0 (milestone) <- web:0_start_0 box-0, box-clone_start_0
  box-clone_start_0 (milestone) <- box-podman-0_monitor_0 a, box_start_0
  box-ip-192.168.9.1_monitor_60000 a <- box-ip-192.168.9.1_start_0 a
  box-ip-192.168.9.1_start_0 a <- box-ip-192.168.9.1_monitor_0 a
  box-ip-192.168.9.1_monitor_0 a
  box-podman-0_monitor_60000 a <- box-podman-0_start_0 a
  box-podman-0_start_0 a <- box-podman-0_monitor_0 a, box-ip-192.168.9.1_start_0 a, box_start_0
  box-podman-0_monitor_0 a
  box-0_monitor_30000 a <- box-0_start_0 a
  box-0_start_0 a <- box-0_monitor_0 a, box-podman-0_start_0 a
  box-0_monitor_0 a <- box-podman-0_start_0 a
  ip_start_0 a
  box_running_0 (milestone) <- box-podman-0_start_0 a, box-clone_running_0
  box_start_0 (milestone)

# A bundle that is to be stopped.
plan
option stonith-enabled false
nodes a
rsc web target-role=Stopped
bundle box web 192.168.9.1 replicas=1
----
Start box-ip-192.168.9.1 (a)
Start box-podman-0 (a)
Start box-0 (a)
  box-ip-192.168.9.1_monitor_60000 a <- box-ip-192.168.9.1_start_0 a
  box-ip-192.168.9.1_start_0 a <- box-ip-192.168.9.1_monitor_0 a
  box-ip-192.168.9.1_monitor_0 a
  box-podman-0_monitor_60000 a <- box-podman-0_start_0 a
  box-podman-0_start_0 a <- box-podman-0_monitor_0 a, box-ip-192.168.9.1_start_0 a, box_start_0
  box-podman-0_monitor_0 a
  box-0_monitor_30000 a <- box-0_start_0 a
  box-0_start_0 a <- box-0_monitor_0 a, box-podman-0_start_0 a
  box-0_monitor_0 a <- box-podman-0_start_0 a
  box_running_0 (milestone) <- box-podman-0_start_0 a
  box_start_0 (milestone)

# What notifies inside of a bundle is up later than the bundle: who waits for
# the bundle waits for the beginning of its start.
plan
option stonith-enabled false
nodes a
rsc web
bundle box web 192.168.9.1 replicas=1 meta:notify=true
rsc after
order o box after
----
Start box-ip-192.168.9.1 (a)
Start box-podman-0 (a)
Start box-0 (a)
Start web:0 (box-0)
Start after (a)
  web:0_post_notify_start_0 box-0 <- box-clone_post_notify_running_0
  web:0_start_0 box-0 <- box-podman-0_start_0 a, box-0_start_0 a, box-clone_start_0
  box-clone_confirmed-post_notify_running_0 (milestone) <- box-clone_post_notify_running_0, web:0_post_notify_start_0 box-0
  box-clone_post_notify_running_0 (milestone) <- box-clone_running_0, box-clone_confirmed-pre_notify_start_0
  box-clone_confirmed-pre_notify_start_0 (milestone) <- box-clone_pre_notify_start_0
  box-clone_pre_notify_start_0 (milestone)
  box-clone_running_0 (milestone) <- web:0_start_0 box-0, box-clone_start_0
  box-clone_start_0 (milestone) <- box-podman-0_monitor_0 a, box_start_0, box-clone_confirmed-pre_notify_start_0
  box-ip-192.168.9.1_monitor_60000 a <- box-ip-192.168.9.1_start_0 a
  box-ip-192.168.9.1_start_0 a <- box-ip-192.168.9.1_monitor_0 a
  box-ip-192.168.9.1_monitor_0 a
  box-podman-0_monitor_60000 a <- box-podman-0_start_0 a
  box-podman-0_start_0 a <- box-podman-0_monitor_0 a, box-ip-192.168.9.1_start_0 a, box_start_0
  box-podman-0_monitor_0 a
  box-0_monitor_30000 a <- box-0_start_0 a
  box-0_start_0 a <- box-0_monitor_0 a, box-podman-0_start_0 a
  box-0_monitor_0 a <- box-podman-0_start_0 a
  after_start_0 a <- after_monitor_0 a, box_start_0
  after_monitor_0 a
  box_running_0 (milestone) <- box-podman-0_start_0 a, box-clone_confirmed-post_notify_running_0
  box_start_0 (milestone)

# What is promoted inside of a container that must stop is demoted; its monitor
# is cancelled first, without waiting for a connection that cannot be made again.
plan
option stonith-enabled false
nodes a b
guest box-0 box-1
attr box-0 master-db 10
attr box-1 master-db 5
rsc db mon:Promoted=15s
bundle box db 192.168.9.1 replicas=2 promoted-max=1
location l box a -INFINITY
ran box-podman-0 a start 0
ran box-ip-192.168.9.1 a start 0
ran box-0 a start 0
ran db box-0 start 0
ran db box-0 promote 0
ran db box-0 monitor 8 15000
ran box-podman-1 b start 0
ran box-ip-192.168.9.2 b start 0
ran box-1 b start 0
ran db box-1 start 0
----
Stop box-ip-192.168.9.1 (a) due to node availability
Stop box-podman-0 (a) due to node availability
Stop box-0 (a) due to unrunnable box-podman-0 start
Stop db:0 (Promoted box-0) due to unrunnable box-podman-0 start
Promote db:1 (Unpromoted -> Promoted box-1)
  db_demote_0 box-0 <- db_monitor_15000 box-0, box-master_demote_0
  db_stop_0 box-0 <- box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, box_stop_0, db_demote_0 box-0, box-master_stop_0
  db_monitor_15000 box-0
  db_monitor_15000 box-1 <- db_promote_0 box-1
  db_promote_0 box-1 <- box-master_promote_0
  box-master_demoted_0 (milestone) <- db_demote_0 box-0, box-master_demote_0
  box-master_demote_0 (milestone) <- box_demote_0
  box-master_promoted_0 (milestone) <- db_promote_0 box-1
  box-master_promote_0 (milestone) <- box-master_running_0, box-master_stopped_0, box-master_demoted_0, box_promote_0
  box-master_stopped_0 (milestone) <- db_stop_0 box-0, box-master_stop_0
  box-master_stop_0 (milestone) <- box_stop_0, box-master_demoted_0
  box-master_running_0 (milestone) <- box-master_start_0
  box-master_start_0 (milestone) <- box-master_stopped_0, box-master_demoted_0
  box-ip-192.168.9.1_stop_0 a <- box-podman-0_monitor_0 b, box-podman-0_stop_0 a
  box-ip-192.168.9.1_monitor_0 b
  box-podman-0_stop_0 a <- box-podman-1_monitor_0 a, box-0_stop_0 a, box_stop_0
  box-podman-0_monitor_0 b
  box-0_stop_0 a <- db_stop_0 box-0, box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, db_demote_0 box-0
  box-0_monitor_0 b
  box-ip-192.168.9.2_monitor_60000 b
  box-ip-192.168.9.2_monitor_0 a
  box-podman-1_monitor_60000 b
  box-podman-1_monitor_0 a
  box-1_monitor_30000 b
  box-1_monitor_0 a
  box_demoted_0 (milestone) <- box-master_demoted_0, box_demote_0
  box_demote_0 (milestone)
  box_promoted_0 (milestone) <- box-master_promoted_0
  box_promote_0 (milestone) <- box_running_0, box_stopped_0, box_demoted_0
  box_stopped_0 (milestone) <- box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, box-podman-0_stop_0 a, box-master_stopped_0
  box_stop_0 (milestone) <- box_demoted_0
  box_running_0 (milestone) <- box-master_running_0

# What is about to stop inside of its container is not told of another's promotion.
plan
option stonith-enabled false
nodes a b
guest box-0 box-1
attr box-1 master-db 5
rsc db
bundle box db 192.168.9.1 replicas=2 promoted-max=1 meta:notify=true
location l box a -INFINITY
ran box-podman-0 a start 0
ran box-ip-192.168.9.1 a start 0
ran box-0 a start 0
ran db box-0 start 0
ran box-podman-1 b start 0
ran box-ip-192.168.9.2 b start 0
ran box-1 b start 0
ran db box-1 start 0
----
Stop box-ip-192.168.9.1 (a) due to node availability
Stop box-podman-0 (a) due to node availability
Stop box-0 (a) due to unrunnable box-podman-0 start
Stop db:0 (Unpromoted box-0) due to unrunnable box-podman-0 start
Promote db:1 (Unpromoted -> Promoted box-1)
  db_post_notify_promote_0 box-1 <- box-master_post_notify_promoted_0
  db_pre_notify_promote_0 box-1 <- box-master_pre_notify_promote_0
  db_post_notify_stop_0 box-1 <- box-master_post_notify_stopped_0
  db_pre_notify_stop_0 box-1 <- box-master_pre_notify_stop_0
  db_promote_0 box-1 <- box-master_promote_0
  db_pre_notify_stop_0 box-0 <- box-master_pre_notify_stop_0
  db_stop_0 box-0 <- box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, box_stop_0, box-master_stop_0
  box-master_confirmed-post_notify_promoted_0 (milestone) <- box-master_post_notify_promoted_0, db_post_notify_promote_0 box-1
  box-master_post_notify_promoted_0 (milestone) <- box-master_promoted_0, box-master_confirmed-pre_notify_promote_0
  box-master_confirmed-pre_notify_promote_0 (milestone) <- box-master_pre_notify_promote_0, db_pre_notify_promote_0 box-1
  box-master_pre_notify_promote_0 (milestone) <- box-master_confirmed-post_notify_running_0, box-master_confirmed-post_notify_stopped_0
  box-master_promoted_0 (milestone) <- db_promote_0 box-1
  box-master_promote_0 (milestone) <- box-master_running_0, box-master_stopped_0, box-master_confirmed-pre_notify_promote_0, box_promote_0
  box-master_confirmed-post_notify_stopped_0 (milestone) <- box-master_post_notify_stopped_0, db_post_notify_stop_0 box-1
  box-master_post_notify_stopped_0 (milestone) <- box-master_stopped_0, box-master_confirmed-pre_notify_stop_0
  box-master_confirmed-pre_notify_stop_0 (milestone) <- box-master_pre_notify_stop_0, db_pre_notify_stop_0 box-1, db_pre_notify_stop_0 box-0
  box-master_pre_notify_stop_0 (milestone)
  box-master_confirmed-post_notify_running_0 (milestone) <- box-master_post_notify_running_0
  box-master_post_notify_running_0 (milestone) <- box-master_running_0, box-master_confirmed-pre_notify_start_0
  box-master_confirmed-pre_notify_start_0 (milestone) <- box-master_pre_notify_start_0
  box-master_pre_notify_start_0 (milestone) <- box-master_confirmed-post_notify_stopped_0
  box-master_stopped_0 (milestone) <- db_stop_0 box-0, box-master_stop_0
  box-master_stop_0 (milestone) <- box_stop_0, box-master_confirmed-pre_notify_stop_0
  box-master_running_0 (milestone) <- box-master_start_0
  box-master_start_0 (milestone) <- box-master_stopped_0, box-master_confirmed-pre_notify_start_0
  box-ip-192.168.9.1_stop_0 a <- box-podman-0_monitor_0 b, box-podman-0_stop_0 a
  box-ip-192.168.9.1_monitor_0 b
  box-podman-0_stop_0 a <- box-podman-1_monitor_0 a, box-0_stop_0 a, box_stop_0
  box-podman-0_monitor_0 b
  box-0_stop_0 a <- box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, db_stop_0 box-0
  box-0_monitor_0 b
  box-ip-192.168.9.2_monitor_60000 b
  box-ip-192.168.9.2_monitor_0 a
  box-podman-1_monitor_60000 b
  box-podman-1_monitor_0 a
  box-1_monitor_30000 b
  box-1_monitor_0 a
  box_promoted_0 (milestone) <- box-master_confirmed-post_notify_promoted_0
  box_promote_0 (milestone) <- box_running_0, box_stopped_0
  box_stopped_0 (milestone) <- box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, box-podman-0_stop_0 a, box-master_confirmed-post_notify_stopped_0
  box_stop_0 (milestone)
  box_running_0 (milestone) <- box-master_confirmed-post_notify_running_0

# A guest node that is listed among the nodes counts for a clone from the start:
# there is an instance for it, even if none may run there.
scores
option stonith-enabled false
nodes a
raw nodes <node id="box-0" uname="box-0" type="remote"/>
rsc x
clone c x
rsc web
bundle box web 192.168.9.1 replicas=1
----
pcmk__clone_assign: c allocation score on a: 0
pcmk__clone_assign: c allocation score on box-0: -INFINITY
pcmk__clone_assign: x:0 allocation score on a: 0
pcmk__clone_assign: x:0 allocation score on box-0: -INFINITY
pcmk__clone_assign: x:1 allocation score on a: 0
pcmk__clone_assign: x:1 allocation score on box-0: -INFINITY
pcmk__primitive_assign: x:0 allocation score on a: 0
pcmk__primitive_assign: x:0 allocation score on box-0: -INFINITY
pcmk__primitive_assign: x:1 allocation score on a: -INFINITY
pcmk__primitive_assign: x:1 allocation score on box-0: -INFINITY
pcmk__bundle_assign: box allocation score on a: 0
pcmk__bundle_assign: box-podman-0 allocation score on a: 0
pcmk__bundle_assign: box-podman-0 allocation score on box-0: 0
pcmk__bundle_assign: box-ip-192.168.9.1 allocation score on a: 0
pcmk__bundle_assign: box-ip-192.168.9.1 allocation score on box-0: 0
pcmk__bundle_assign: box-0 allocation score on a: 0
pcmk__bundle_assign: box-clone allocation score on a: 0
pcmk__bundle_assign: box-clone allocation score on box-0: -INFINITY
pcmk__bundle_assign: web:0 allocation score on box-0: 500
pcmk__primitive_assign: box-podman-0 allocation score on a: 0
pcmk__primitive_assign: box-podman-0 allocation score on box-0: -INFINITY
pcmk__primitive_assign: box-ip-192.168.9.1 allocation score on a: 0
pcmk__primitive_assign: box-ip-192.168.9.1 allocation score on box-0: -INFINITY
pcmk__primitive_assign: box-0 allocation score on a: 10000
pcmk__primitive_assign: web:0 allocation score on box-0: INFINITY
pcmk__clone_assign: box-clone allocation score on a: -INFINITY
pcmk__clone_assign: box-clone allocation score on box-0: 0
pcmk__clone_assign: web:0 allocation score on box-0: INFINITY

# A container's address goes with the container, never into it.
plan
option stonith-enabled false
nodes a b
guest box-0
raw nodes <node id="box-0" uname="box-0" type="remote"/>
rsc web
bundle box web 192.168.9.1 replicas=1
location l box a -INFINITY
ran box-podman-0 a start 0
ran box-ip-192.168.9.1 a start 0
ran box-0 a start 0
ran web box-0 start 0
ran box-podman-0 b monitor 7
ran box-ip-192.168.9.1 b monitor 7
ran box-0 b monitor 7
----
Move box-ip-192.168.9.1 (a -> b)
Move box-podman-0 (a -> b)
Move box-0 (a -> b)
Restart web:0 (box-0) due to required box-podman-0 start
  web_start_0 box-0 <- box-podman-0_start_0 b, box-0_start_0 b, web_stop_0 box-0, box-clone_start_0
  web_stop_0 box-0 <- box_stop_0, box-clone_stop_0
  box-clone_stopped_0 (milestone) <- web_stop_0 box-0, box-clone_stop_0
  box-clone_stop_0 (milestone) <- box_stop_0
  box-clone_running_0 (milestone) <- web_start_0 box-0, box-clone_start_0
  box-clone_start_0 (milestone) <- box_start_0, box-clone_stopped_0
  box-ip-192.168.9.1_monitor_60000 b <- box-ip-192.168.9.1_start_0 b
  box-ip-192.168.9.1_start_0 b <- box-ip-192.168.9.1_stop_0 a, box-podman-0_stop_0 a
  box-ip-192.168.9.1_stop_0 a <- box-podman-0_stop_0 a
  box-podman-0_monitor_60000 b <- box-podman-0_start_0 b
  box-podman-0_start_0 b <- box-ip-192.168.9.1_start_0 b, box-podman-0_stop_0 a, box_start_0
  box-podman-0_stop_0 a <- box-0_stop_0 a, box_stop_0
  box-0_monitor_30000 b <- box-0_start_0 b
  box-0_start_0 b <- box-podman-0_start_0 b, box-0_stop_0 a
  box-0_stop_0 a <- web_stop_0 box-0
  box_stopped_0 (milestone) <- box-podman-0_stop_0 a, box-clone_stopped_0
  box_stop_0 (milestone)
  box_running_0 (milestone) <- box-podman-0_start_0 b, box-clone_running_0
  box_start_0 (milestone)

# What a guest node has on record of an address is not about what runs inside.
plan
option stonith-enabled false
nodes a
guest box-0
raw nodes <node id="box-0" uname="box-0" type="remote"/>
rsc web
bundle box web 192.168.9.1 replicas=1
ran box-podman-0 a start 0
ran box-podman-0 a monitor 0 60000
ran box-ip-192.168.9.1 a start 0
ran box-ip-192.168.9.1 a monitor 0 60000
ran box-0 a start 0
ran box-0 a monitor 0 30000
ran web box-0 start 0
ran box-ip-192.168.9.1 box-0 monitor 7
----

# What a bundle must be with was heeded when its containers were placed: the
# instances inside keep the order of their numbers when roles are chosen.
scores
option stonith-enabled false
nodes a b
guest box-0 box-1
rsc fs
clone fss fs
rsc db
bundle box db 192.168.9.1 replicas=2 promoted-max=1
colocation c box fss INFINITY
location l fss a -INFINITY
ran fs a start 0
ran fs b start 0
ran box-podman-0 a start 0
ran box-ip-192.168.9.1 a start 0
ran box-0 a start 0
ran db box-0 start 0
ran box-podman-1 b start 0
ran box-ip-192.168.9.2 b start 0
ran box-1 b start 0
ran db box-1 start 0
----
pcmk__clone_assign: fss allocation score on a: -INFINITY
pcmk__clone_assign: fss allocation score on b: 0
pcmk__clone_assign: fs:0 allocation score on a: -INFINITY
pcmk__clone_assign: fs:0 allocation score on b: 0
pcmk__clone_assign: fs:1 allocation score on a: -INFINITY
pcmk__clone_assign: fs:1 allocation score on b: 1
pcmk__primitive_assign: fs:1 allocation score on a: -INFINITY
pcmk__primitive_assign: fs:1 allocation score on b: 1
pcmk__primitive_assign: fs:0 allocation score on a: -INFINITY
pcmk__primitive_assign: fs:0 allocation score on b: -INFINITY
pcmk__bundle_assign: box allocation score on a: 0
pcmk__bundle_assign: box allocation score on b: 0
pcmk__bundle_assign: box-podman-0 allocation score on a: 0
pcmk__bundle_assign: box-podman-0 allocation score on b: 0
pcmk__bundle_assign: box-ip-192.168.9.1 allocation score on a: 0
pcmk__bundle_assign: box-ip-192.168.9.1 allocation score on b: 0
pcmk__bundle_assign: box-0 allocation score on a: 0
pcmk__bundle_assign: box-0 allocation score on b: 0
pcmk__bundle_assign: box-podman-1 allocation score on a: 0
pcmk__bundle_assign: box-podman-1 allocation score on b: 0
pcmk__bundle_assign: box-ip-192.168.9.2 allocation score on a: 0
pcmk__bundle_assign: box-ip-192.168.9.2 allocation score on b: 0
pcmk__bundle_assign: box-1 allocation score on a: 0
pcmk__bundle_assign: box-1 allocation score on b: 0
pcmk__bundle_assign: box-master allocation score on a: 0
pcmk__bundle_assign: box-master allocation score on b: 0
pcmk__bundle_assign: box-master allocation score on box-0: -INFINITY
pcmk__bundle_assign: box-master allocation score on box-1: -INFINITY
pcmk__bundle_assign: db:0 allocation score on box-0: 501
pcmk__bundle_assign: db:1 allocation score on box-1: 501
pcmk__primitive_assign: box-podman-1 allocation score on a: -INFINITY
pcmk__primitive_assign: box-podman-1 allocation score on b: 0
pcmk__primitive_assign: box-podman-0 allocation score on a: -INFINITY
pcmk__primitive_assign: box-podman-0 allocation score on b: -INFINITY
pcmk__primitive_assign: box-podman-0 allocation score on a: -INFINITY
pcmk__primitive_assign: box-podman-0 allocation score on b: -INFINITY
pcmk__primitive_assign: box-ip-192.168.9.1 allocation score on a: -INFINITY
pcmk__primitive_assign: box-ip-192.168.9.1 allocation score on b: -INFINITY
pcmk__primitive_assign: box-0 allocation score on a: 0
pcmk__primitive_assign: box-0 allocation score on b: 0
pcmk__primitive_assign: db:0 allocation score on box-0: INFINITY
pcmk__primitive_assign: box-ip-192.168.9.2 allocation score on a: -INFINITY
pcmk__primitive_assign: box-ip-192.168.9.2 allocation score on b: 0
pcmk__primitive_assign: box-1 allocation score on a: 0
pcmk__primitive_assign: box-1 allocation score on b: 10000
pcmk__primitive_assign: db:1 allocation score on box-1: INFINITY
pcmk__clone_assign: box-master allocation score on a: -INFINITY
pcmk__clone_assign: box-master allocation score on b: -INFINITY
pcmk__clone_assign: box-master allocation score on box-0: 0
pcmk__clone_assign: box-master allocation score on box-1: 0
pcmk__clone_assign: db:0 allocation score on box-0: INFINITY
pcmk__clone_assign: db:1 allocation score on box-1: INFINITY
db:0 promotion score on box-0: -1
db:1 promotion score on box-1: -1
