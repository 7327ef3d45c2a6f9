# Together with INFINITY.
plan
option stonith-enabled false
nodes a b
rsc one
rsc two
ran one a monitor 7
ran one b monitor 7
ran two a monitor 7
ran two b monitor 7
colocation c two one INFINITY
----
Start one (a)
Start two (a)
  one_start_0 a
  two_start_0 a

# Never together.
plan
option stonith-enabled false
nodes a b
rsc one
rsc two
ran one a monitor 7
ran one b monitor 7
ran two a monitor 7
ran two b monitor 7
colocation c two one -INFINITY
----
Start one (a)
Start two (b)
  one_start_0 a
  two_start_0 b

# Together if possible: the dependent is banned from there.
scores
option stonith-enabled false
nodes a b
rsc one
rsc two
ran one a monitor 7
ran one b monitor 7
ran two a monitor 7
ran two b monitor 7
colocation c two one 100
location l two a -INFINITY
----
pcmk__primitive_assign: one allocation score on a: -100
pcmk__primitive_assign: one allocation score on b: 0
pcmk__primitive_assign: two allocation score on a: -INFINITY
pcmk__primitive_assign: two allocation score on b: 100

# The dependent has a say in where the primary goes.
scores
option stonith-enabled false
nodes a b
rsc one
rsc two
ran one a monitor 7
ran one b monitor 7
ran two a monitor 7
ran two b monitor 7
colocation c two one INFINITY
location l two b 50
----
pcmk__primitive_assign: one allocation score on a: 0
pcmk__primitive_assign: one allocation score on b: 50
pcmk__primitive_assign: two allocation score on a: -INFINITY
pcmk__primitive_assign: two allocation score on b: 50

# A loop of colocations is broken.
plan
option stonith-enabled false
nodes a b
rsc one
rsc two
ran one a monitor 7
ran one b monitor 7
ran two a monitor 7
ran two b monitor 7
colocation c1 two one INFINITY
colocation c2 one two INFINITY
----
Start one (a)
Start two (a)
  one_start_0 a
  two_start_0 a
warning c1: the colocation of two with one closes a loop, which is broken here; remove one colocation of the loop

# Mandatory colocations count before others, whatever their order.
scores
option stonith-enabled false
nodes a b
rsc db
rsc ip
rsc log
location l1 ip b 50
location l2 log a 900
colocation a-opt db log 500
colocation b-must db ip INFINITY
ran db a monitor 7
ran db b monitor 7
----
pcmk__primitive_assign: ip allocation score on a: 0
pcmk__primitive_assign: ip allocation score on b: 50
pcmk__primitive_assign: log allocation score on a: 400
pcmk__primitive_assign: log allocation score on b: 0
pcmk__primitive_assign: db allocation score on a: -INFINITY
pcmk__primitive_assign: db allocation score on b: 0

# Apart if possible: with one node left, together.
plan
option stonith-enabled false
nodes a b
standby b
rsc db
rsc ip
colocation apart db ip -500
ran db a monitor 7
ran ip a monitor 7
ran db b monitor 7
ran ip b monitor 7
----
Start db (a)
Start ip (a)
  db_start_0 a
  ip_start_0 a

# Never together: with one node left, one of them waits.
plan
option stonith-enabled false
nodes a b
standby b
rsc db
rsc ip
colocation apart db ip -INFINITY
ran db a monitor 7
ran ip a monitor 7
ran db b monitor 7
ran ip b monitor 7
----
Start ip (a)
  ip_start_0 a

# A primary that is not sticky makes room for a dependent with one place left.
plan
option stonith-enabled false
nodes a b
rsc db
rsc ip
location l db b -INFINITY
colocation apart db ip -INFINITY
ran ip a start 0
ran ip b monitor 7
ran db a monitor 7
ran db b monitor 7
----
Start db (a)
Move ip (a -> b)
  db_start_0 a <- ip_stop_0 a
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# A sticky one does not, if the wish is weaker.
plan
option stonith-enabled false
nodes a b
rsc db
rsc ip resource-stickiness=1000
location l db b -100
colocation apart db ip -500
ran ip a start 0
ran ip b monitor 7
ran db a monitor 7
ran db b monitor 7
----
Start db (a)
  db_start_0 a

# influence=false: the dependent does not pull the primary, once that is active.
plan
option stonith-enabled false
nodes a b
rsc db
rsc ip
location l db b 500
colocation c db ip INFINITY influence=false
ran ip a start 0
ran ip b monitor 7
ran db a start 0
ran db b monitor 7
----

# With influence, it does.
plan
option stonith-enabled false
nodes a b
rsc db
rsc ip
location l db b 500
colocation c db ip INFINITY
ran ip a start 0
ran ip b monitor 7
ran db a start 0
ran db b monitor 7
----
Move db (a -> b)
Move ip (a -> b)
  db_start_0 b <- db_stop_0 a
  db_stop_0 a
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# A later member's own colocation brings the group's preferences along.
plan
option stonith-enabled false
nodes a b
rsc g1
rsc g2
group g g1 g2
rsc ip
location ban g a -INFINITY
colocation c g2 ip INFINITY
ran g1 a start 0
ran g2 a start 0
ran ip a start 0
ran g1 b monitor 7
ran g2 b monitor 7
ran ip b monitor 7
----
Move g1 (a -> b)
Move g2 (a -> b)
Move ip (a -> b)
  g_stopped_0 (milestone) <- g1_stop_0 a, g2_stop_0 a, g_stop_0
  g_stop_0 (milestone)
  g_running_0 (milestone) <- g1_start_0 b, g2_start_0 b, g_start_0
  g_start_0 (milestone) <- g_stopped_0
  g1_start_0 b <- g1_stop_0 a, g_start_0
  g1_stop_0 a <- g2_stop_0 a, g_stop_0
  g2_start_0 b <- g1_start_0 b, g2_stop_0 a, g_start_0
  g2_stop_0 a <- g_stop_0
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# A colocation with what is inside of a clone is one with the clone.
plan
option stonith-enabled false
nodes a b
rsc db
clone all db clone-max=1
rsc ip
colocation c ip db INFINITY
location l db b 100
ran db a monitor 7
ran db b monitor 7
ran ip a monitor 7
ran ip b monitor 7
----
Start db:0 (b)
Start ip (b)
  db_start_0 b <- all_start_0
  all_running_0 (milestone) <- db_start_0 b, all_start_0
  all_start_0 (milestone)
  ip_start_0 b

# With the promoted instance.
plan
option stonith-enabled false
nodes a b
rsc db
clone m db promotable=true
rsc ip
colocation c ip m INFINITY with-rsc-role=Promoted
attr b master-db 10
ran db a start 0
ran db b start 0
ran ip a monitor 7
ran ip b monitor 7
----
Promote db:1 (Unpromoted -> Promoted b)
Start ip (b)
  db_promote_0 b <- m_promote_0
  m_promoted_0 (milestone) <- db_promote_0 b
  m_promote_0 (milestone)
  ip_start_0 b

# What cannot start blocks what must be with it.
plan
option stonith-enabled false
noquorum
option no-quorum-policy stop
nodes a
rsc db
rsc ip requires=nothing
colocation c ip db INFINITY
ran db a monitor 7
ran ip a monitor 7
----
Start db (a) due to no quorum blocked
Start ip (a) due to colocation with db blocked

# A loop of colocations is broken, and all start.
plan
option stonith-enabled false
nodes a b
rsc x
rsc y
colocation c1 x y INFINITY
colocation c2 y x INFINITY
ran x a monitor 7
ran y a monitor 7
ran x b monitor 7
ran y b monitor 7
----
Start x (a)
Start y (a)
  x_start_0 a
  y_start_0 a
warning c2: the colocation of y with x closes a loop, which is broken here; remove one colocation of the loop

# A colocation with nothing is reported and ignored.
plan
option stonith-enabled false
nodes a
rsc x
colocation c x nobody INFINITY
ran x a monitor 7
----
Start x (a)
  x_start_0 a
warning c: constraint names nobody, which does not exist; define it or remove the constraint

# One tag with another says nothing.
plan
option stonith-enabled false
nodes a b
rsc x
rsc y
rsc z
tag t x y
tag u z y
colocation c t u -INFINITY
ran x a monitor 7
ran y a monitor 7
ran z a monitor 7
ran x b monitor 7
ran y b monitor 7
ran z b monitor 7
----
Start x (a)
Start y (b)
Start z (a)
  x_start_0 a
  y_start_0 b
  z_start_0 a
warning c: a colocation of one tag or template with another is ignored; use resource sets

# Of several that must be with something, all alike, the ids say who is heard first.
scores
option stonith-enabled false
nodes a b c
standby b
rsc w resource-stickiness=1000
rsc x resource-stickiness=1000
rsc z resource-stickiness=1000
rsc y resource-stickiness=1000
colocation c1 x w -INFINITY
colocation c2 z w -INFINITY
colocation c3 z x -INFINITY
colocation c4 y w -INFINITY
colocation c5 y x -INFINITY
colocation c6 y z -INFINITY
ran w a start 0
ran x b start 0
ran y c start 0
----
pcmk__primitive_assign: w allocation score on a: 1000
pcmk__primitive_assign: w allocation score on b: -INFINITY
pcmk__primitive_assign: w allocation score on c: 0
pcmk__primitive_assign: x allocation score on a: -INFINITY
pcmk__primitive_assign: x allocation score on b: -INFINITY
pcmk__primitive_assign: x allocation score on c: 1000
pcmk__primitive_assign: z allocation score on a: -INFINITY
pcmk__primitive_assign: z allocation score on b: 0
pcmk__primitive_assign: z allocation score on c: -INFINITY
pcmk__primitive_assign: y allocation score on a: -INFINITY
pcmk__primitive_assign: y allocation score on b: 0
pcmk__primitive_assign: y allocation score on c: -INFINITY

# What must be where something unmanaged is promoted is not, once that node goes down.
scores
option stonith-enabled false
nodes a
shutdown a
rsc db
clone dbs db promotable=true is-managed=false
rsc ip is-managed=false
colocation c ip dbs INFINITY with-rsc-role=Promoted
ran db a start 0
ran db a promote 0
ran ip a start 0
----
pcmk__clone_assign: dbs allocation score on a: 0
pcmk__clone_assign: db:0 allocation score on a: INFINITY
pcmk__primitive_assign: db:0 allocation score on a: -INFINITY
db:0 promotion score on a: INFINITY
pcmk__primitive_assign: ip allocation score on a: -INFINITY

# What must be with something that cannot start is not watched where it does not run.
plan
option stonith-enabled false
nodes a b
rsc base target-role=Stopped
rsc db mon=10s
rsc disk
rsc app mon=10s
location l app a 100
order o1 base db kind=Mandatory
order o2 db app kind=Mandatory
order o3 disk app kind=Mandatory
colocation c app db INFINITY
ran disk b start 0
ran base a monitor 7
ran base b monitor 7
ran db a monitor 7
ran db b monitor 7
ran app a monitor 7
ran app b monitor 7
ran disk a monitor 7
----
Start db (a) due to unrunnable base start blocked
Start app (a) due to colocation with db blocked
