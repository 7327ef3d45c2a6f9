# A constraint on a tag is one on each resource that has it.
plan
option stonith-enabled false
nodes a b
rsc ip
rsc db
raw tags <tag id="t"><obj_ref id="ip"/><obj_ref id="db"/></tag>
location l t a -INFINITY
----
Start ip (b)
Start db (b)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a
  db_start_0 b <- db_monitor_0 a, db_monitor_0 b
  db_monitor_0 b
  db_monitor_0 a

# A colocation with a tag.
plan
option stonith-enabled false
nodes a b
rsc ip
rsc db
rsc web
raw tags <tag id="t"><obj_ref id="db"/><obj_ref id="web"/></tag>
location l ip b 100
colocation c t ip INFINITY
----
Start ip (b)
Start db (b)
Start web (b)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a
  db_start_0 b <- db_monitor_0 a, db_monitor_0 b
  db_monitor_0 b
  db_monitor_0 a
  web_start_0 b <- web_monitor_0 a, web_monitor_0 b
  web_monitor_0 b
  web_monitor_0 a

# An order of a tag.
plan
option stonith-enabled false
nodes a
rsc ip
rsc db
rsc web
raw tags <tag id="t"><obj_ref id="db"/><obj_ref id="web"/></tag>
order o ip t
----
Start ip (a)
Start db (a)
Start web (a)
  ip_start_0 a <- ip_monitor_0 a
  ip_monitor_0 a
  db_start_0 a <- db_monitor_0 a, ip_start_0 a
  db_monitor_0 a
  web_start_0 a <- web_monitor_0 a, ip_start_0 a
  web_monitor_0 a

# A tag of something that is not there is reported.
plan
option stonith-enabled false
nodes a b
rsc ip
raw tags <tag id="t"><obj_ref id="ip"/><obj_ref id="gone"/></tag>
location l t b 100
----
Start ip (b)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a
warning l: tag t names gone, which does not exist; remove the reference

# A template in a constraint stands for what is made of it.
plan
option stonith-enabled false
nodes a b
raw resources <template id="vm" class="ocf" provider="heartbeat" type="Dummy"/>
raw resources <primitive id="v1" template="vm"/>
raw resources <primitive id="v2" template="vm"/>
location l vm a -INFINITY
----
Start v1 (b)
Start v2 (b)
  v1_start_0 b <- v1_monitor_0 a, v1_monitor_0 b
  v1_monitor_0 b
  v1_monitor_0 a
  v2_start_0 b <- v2_monitor_0 a, v2_monitor_0 b
  v2_monitor_0 b
  v2_monitor_0 a
