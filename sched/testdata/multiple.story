# Active twice: stopped on both, started once.
plan
option stonith-enabled false
nodes a b
rsc db
ran db a start 0
ran db b start 0
----
Restart db (a)
  db_start_0 a <- db_stop_0 a, db_stop_0 b
  db_stop_0 b
  db_stop_0 a

# multiple-active=stop_only.
plan
option stonith-enabled false
nodes a b
rsc db multiple-active=stop_only
ran db a start 0
ran db b start 0
----
Stop db (a) due to node availability
Stop db (b) due to node availability
  db_stop_0 b
  db_stop_0 a

# multiple-active=block.
plan
option stonith-enabled false
nodes a b
rsc db multiple-active=block
ran db a start 0
ran db b start 0
----

# multiple-active=stop_unexpected: it stays where it belongs.
plan
option stonith-enabled false
nodes a b
rsc db multiple-active=stop_unexpected
location l db a 10
ran db a start 0
ran db b start 0
----
Restart db (a)
  db_start_0 (milestone) <- db_stop_0 b
  db_stop_0 b
