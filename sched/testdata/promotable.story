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
