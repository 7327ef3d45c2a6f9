# The best wish is promoted.
plan
option stonith-enabled false
nodes a b
rsc db
clone dbs db promotable=true
ran db a start 0
ran db b start 0
attr a master-db 5
attr b master-db 10
----
Promote db:1 (Unpromoted -> Promoted b)
  db_promote_0 b <- dbs_promote_0
  dbs_promoted_0 (milestone) <- db_promote_0 b
  dbs_promote_0 (milestone)

# Without a wish nobody is promoted.
plan
option stonith-enabled false
nodes a b
rsc db
clone dbs db promotable=true
ran db a start 0
ran db b start 0
----

# The promoted one is demoted before it stops.
plan
option stonith-enabled false
nodes a b
rsc db
clone dbs db promotable=true
ran db a start 0
ran db a promote 0
ran db b start 0
attr a master-db 10
attr b master-db 5
standby a
----
Stop db:0 (Promoted a) due to node availability
Promote db:1 (Unpromoted -> Promoted b)
  db_stop_0 a <- db_demote_0 a, dbs_stop_0
  db_demote_0 a <- dbs_demote_0
  db_promote_0 b <- dbs_promote_0
  dbs_demoted_0 (milestone) <- db_demote_0 a, dbs_demote_0
  dbs_demote_0 (milestone)
  dbs_promoted_0 (milestone) <- db_promote_0 b
  dbs_promote_0 (milestone) <- dbs_stopped_0, dbs_demoted_0
  dbs_stopped_0 (milestone) <- db_stop_0 a, dbs_stop_0
  dbs_stop_0 (milestone) <- dbs_demoted_0

# A VIP follows the promoted instance.
plan
option stonith-enabled false
nodes a b
rsc db
clone dbs db promotable=true
rsc vip
ran db a start 0
ran db b start 0
ran vip a monitor 7
ran vip b monitor 7
attr b master-db 10
colocation c vip dbs INFINITY with-rsc-role=Promoted
order o dbs vip first-action=promote then-action=start
----
Promote db:1 (Unpromoted -> Promoted b)
Start vip (b)
  db_promote_0 b <- dbs_promote_0
  dbs_promoted_0 (milestone) <- db_promote_0 b
  dbs_promote_0 (milestone)
  vip_start_0 b <- dbs_promoted_0

# notify tells every instance before and after.
plan
option stonith-enabled false
nodes a b
rsc db
clone dbs db promotable=true notify=true
ran db a start 0
ran db b start 0
attr a master-db 5
----
Promote db:0 (Unpromoted -> Promoted a)
  db_post_notify_promote_0 a <- dbs_post_notify_promoted_0
  db_pre_notify_promote_0 a <- dbs_pre_notify_promote_0
  db_promote_0 a <- dbs_promote_0
  db_post_notify_promote_0 b <- dbs_post_notify_promoted_0
  db_pre_notify_promote_0 b <- dbs_pre_notify_promote_0
  dbs_confirmed-post_notify_promoted_0 (milestone) <- dbs_post_notify_promoted_0, db_post_notify_promote_0 a, db_post_notify_promote_0 b
  dbs_post_notify_promoted_0 (milestone) <- dbs_promoted_0, dbs_confirmed-pre_notify_promote_0
  dbs_confirmed-pre_notify_promote_0 (milestone) <- dbs_pre_notify_promote_0, db_pre_notify_promote_0 a, db_pre_notify_promote_0 b
  dbs_pre_notify_promote_0 (milestone)
  dbs_promoted_0 (milestone) <- db_promote_0 a
  dbs_promote_0 (milestone) <- dbs_confirmed-pre_notify_promote_0

# Without a score or a preference, nobody is promoted.
plan
option stonith-enabled false
nodes a
rsc db
clone m db promotable=true
ran db a start 0
----

# A preference for the promoted role is enough.
plan
option stonith-enabled false
nodes a b
rsc db
clone m db promotable=true
attr a master-db 5
attr b master-db 10
ran db a start 0
ran db b start 0
----
Promote db:1 (Unpromoted -> Promoted b)
  db_promote_0 b <- m_promote_0
  m_promoted_0 (milestone) <- db_promote_0 b
  m_promote_0 (milestone)

# The promoted role moves to the better node.
plan
option stonith-enabled false
nodes a b
rsc db
clone m db promotable=true
attr a master-db 5
attr b master-db 10
ran db a start 0
ran db a promote 0
ran db b start 0
----
Demote db:0 (Promoted -> Unpromoted a)
Promote db:1 (Unpromoted -> Promoted b)
  db_demote_0 a <- m_demote_0
  db_promote_0 b <- m_promote_0
  m_demoted_0 (milestone) <- db_demote_0 a, m_demote_0
  m_demote_0 (milestone)
  m_promoted_0 (milestone) <- db_promote_0 b
  m_promote_0 (milestone) <- m_demoted_0

# no-quorum-policy=demote: unpromoted, but not stopped.
plan
option stonith-enabled false
noquorum
option no-quorum-policy demote
nodes a
rsc db
clone m db promotable=true
attr a master-db 5
ran db a start 0
ran db a promote 0
----
Demote db:0 (Promoted -> Unpromoted a)
  db_demote_0 a <- m_demote_0
  m_demoted_0 (milestone) <- db_demote_0 a, m_demote_0
  m_demote_0 (milestone)

# target-role=Unpromoted.
plan
option stonith-enabled false
nodes a
rsc db
clone m db promotable=true target-role=Unpromoted
attr a master-db 5
ran db a start 0
ran db a promote 0
----
Demote db:0 (Promoted -> Unpromoted a)
  db_demote_0 a <- m_demote_0
  m_demoted_0 (milestone) <- db_demote_0 a, m_demote_0
  m_demote_0 (milestone)

# promoted-max limits.
plan
option stonith-enabled false
nodes a b
rsc db
clone m db promotable=true promoted-max=1
attr a master-db 5
attr b master-db 5
ran db a start 0
ran db b start 0
----
Promote db:0 (Unpromoted -> Promoted a)
  db_promote_0 a <- m_promote_0
  m_promoted_0 (milestone) <- db_promote_0 a
  m_promote_0 (milestone)

# A monitor for the role Started is not one for the unpromoted role.
plan
option stonith-enabled false
nodes a
rsc db mon:Started=10s mon:Unpromoted=11s
clone dbs db promotable=true
ran db a monitor 7
----
Start db:0 (a)
  db_monitor_11000 a <- db_start_0 a
  db_start_0 a <- dbs_start_0
  dbs_running_0 (milestone) <- db_start_0 a, dbs_start_0
  dbs_start_0 (milestone)

# What must be promoted where something is that is nowhere is not promoted.
plan
option stonith-enabled false
nodes a
attr a master-db 10
rsc db
clone dbs db promotable=true
rsc ip target-role=Stopped
colocation c dbs ip INFINITY rsc-role=Promoted
ran db a start 0
ran ip a monitor 7
----

# Its own wishes do not come back to a clone by way of what it is to be with.
scores
option stonith-enabled false
nodes a
attr a master-db 10
rsc db
clone dbs db promotable=true
rsc ip
clone ips ip
colocation c dbs ips INFINITY rsc-role=Promoted
ran db a start 0
ran ip a start 0
----
pcmk__clone_assign: ips allocation score on a: 0
pcmk__clone_assign: ip:0 allocation score on a: 1
pcmk__primitive_assign: ip:0 allocation score on a: 1
pcmk__clone_assign: dbs allocation score on a: 0
pcmk__clone_assign: db:0 allocation score on a: 11
pcmk__primitive_assign: db:0 allocation score on a: 11
db:0 promotion score on a: 10

# The id of what is inside of a clone means nothing while no history has it.
plan
option stonith-enabled false
nodes a b
rsc db
clone dbs db clone-max=1
rsc ip
colocation c ip db -INFINITY
location l ip a 100
location m dbs a 100
ran ip a monitor 7
ran ip b monitor 7
----
Start db:0 (a)
Start ip (a)
  db:0_start_0 a <- dbs_start_0
  db:0_monitor_0 b
  db:0_monitor_0 a
  dbs_running_0 (milestone) <- db:0_start_0 a, dbs_start_0
  dbs_start_0 (milestone) <- db:0_monitor_0 a, db:0_monitor_0 b
  ip_start_0 a
warning c: constraint names db, which does not exist; define it or remove the constraint

# Once a history has it, it means the clone.
plan
option stonith-enabled false
nodes a b
rsc db
clone dbs db clone-max=1
rsc ip
colocation c ip db -INFINITY
location l ip a 100
location m dbs a 100
ran db a monitor 7
ran db b monitor 7
ran ip a monitor 7
ran ip b monitor 7
----
Start db:0 (a)
Start ip (b)
  db_start_0 a <- dbs_start_0
  dbs_running_0 (milestone) <- db_start_0 a, dbs_start_0
  dbs_start_0 (milestone)
  ip_start_0 b

# A monitor of the other role is cancelled when the role stays …
plan
option stonith-enabled false
nodes a
rsc db mon:Promoted=10s
clone dbs db promotable=true
ran db a start 0
ran db a monitor 0 10000
----
  db_monitor_10000 a

# … but not where the start that comes will leave none.
plan
option stonith-enabled false
nodes a
rsc db mon:Promoted=10s
clone dbs db promotable=true
ran db a start 0 op-digest=0
ran db a monitor 0 10000
----
Restart db:0 (Unpromoted a) due to resource definition change
  db_stop_0 a <- dbs_stop_0
  db_start_0 a <- db_stop_0 a, dbs_start_0
  dbs_stopped_0 (milestone) <- db_stop_0 a, dbs_stop_0
  dbs_stop_0 (milestone)
  dbs_running_0 (milestone) <- db_start_0 a, dbs_start_0
  dbs_start_0 (milestone) <- dbs_stopped_0

# The first member of a cloned group is as urgent to promote as its colocation says.
attributes
option stonith-enabled false
nodes a b
rsc ip
rsc m1
rsc m2
group g m1 m2
clone gs g promotable=true
location l ip b INFINITY
colocation c gs ip INFINITY rsc-role=Promoted
attr a master-m1 5
attr b master-m1 5
attr a master-m2 5
attr b master-m2 5
ran m1 a start 0
ran m2 a start 0
ran m1 b start 0
ran m2 b start 0
ran ip b start 0
----
ip_monitor_0 a of ip: op_target_rc=7 timeout=20000
m1_promote_0 b of m1 m1:1 priority INFINITY: clone=1 clone_max=2 clone_node_max=1 globally_unique=false master_max=1 master_node_max=1 notify=false promoted_max=1 promoted_node_max=1 timeout=20000
m2_promote_0 b of m2 m2:1: clone=1 clone_max=2 clone_node_max=1 globally_unique=false master_max=1 master_node_max=1 notify=false promoted_max=1 promoted_node_max=1 timeout=20000

# A monitor of a role that the resource has no more is cancelled …
plan
option stonith-enabled false
nodes a
rsc db mon:Promoted=10s
clone dbs db promotable=true
ran db a start 0
ran db a monitor 0 10000
----
  db_monitor_10000 a

# … but not where its recovery ends it.
plan
option stonith-enabled false
nodes a
rsc db mon=11s mon:Promoted=10s
clone dbs db promotable=true
ran db a start 0
ran db a monitor 0 10000
ran db a monitor 1 11000
----
Recover db:0 (Unpromoted a)
  db_start_0 a <- db_stop_0 a, dbs_start_0
  db_stop_0 a <- dbs_stop_0
  db_monitor_11000 a <- db_start_0 a
  dbs_stopped_0 (milestone) <- db_stop_0 a, dbs_stop_0
  dbs_stop_0 (milestone)
  dbs_running_0 (milestone) <- db_start_0 a, dbs_start_0
  dbs_start_0 (milestone) <- dbs_stopped_0
