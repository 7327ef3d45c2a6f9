# A loop of colocations is broken where it closes; everything still has a place.
plan
option stonith-enabled false
nodes a b
rsc x
rsc y
rsc z
colocation c1 x y INFINITY
colocation c2 y z INFINITY
colocation c3 z x INFINITY
----
Start x (a)
Start y (a)
Start z (a)
  x_start_0 a <- x_monitor_0 a, x_monitor_0 b
  x_monitor_0 b
  x_monitor_0 a
  y_start_0 a <- y_monitor_0 a, y_monitor_0 b
  y_monitor_0 b
  y_monitor_0 a
  z_start_0 a <- z_monitor_0 a, z_monitor_0 b
  z_monitor_0 b
  z_monitor_0 a
warning c3: the colocation of z with x closes a loop, which is broken here; remove one colocation of the loop

# Two that each must be with the other.
plan
option stonith-enabled false
nodes a b
rsc x
rsc y
location l y b 10
colocation c1 x y INFINITY
colocation c2 y x INFINITY
----
Start x (b)
Start y (b)
  x_start_0 b <- x_monitor_0 a, x_monitor_0 b
  x_monitor_0 b
  x_monitor_0 a
  y_start_0 b <- y_monitor_0 a, y_monitor_0 b
  y_monitor_0 b
  y_monitor_0 a
warning c2: the colocation of y with x closes a loop, which is broken here; remove one colocation of the loop

# A colocation with itself.
plan
option stonith-enabled false
nodes a
rsc x
colocation c x x INFINITY
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning c: x is to be where it is itself: that is ignored; name another resource or remove the constraint

# An order of something with itself.
plan
option stonith-enabled false
nodes a
rsc x
order o x x
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning o: x cannot start after itself: that is ignored; name another resource or remove the constraint

# A colocation with nothing.
plan
option stonith-enabled false
nodes a
rsc x
colocation c x gone INFINITY
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning c: constraint names gone, which does not exist; define it or remove the constraint

# A ticket for nothing.
plan
option stonith-enabled false
nodes a
rsc x
ticket t gone site
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning t: constraint names gone, which does not exist; define it or remove the constraint

# A location on a node that is not there is of no use, and does no harm.
plan
option stonith-enabled false
nodes a
rsc x
location l x nowhere INFINITY
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning l: node nowhere does not exist; the constraint has no effect; correct the name or remove the constraint

# A set without members.
plan
option stonith-enabled false
nodes a
rsc x
raw constraints <rsc_colocation id="c" score="INFINITY"><resource_set id="s"/></rsc_colocation>
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning s: the set has no members and is ignored; name resources in it or remove it

# A set without members between two others separates them.
plan
option stonith-enabled false
nodes a
rsc x
rsc y
raw constraints <rsc_order id="o"><resource_set id="s1"><resource_ref id="x"/></resource_set><resource_set id="s2"/><resource_set id="s3"><resource_ref id="y"/></resource_set></rsc_order>
----
Start x (a)
Start y (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
  y_start_0 a <- y_monitor_0 a
  y_monitor_0 a
warning s2: the set has no members and is ignored; name resources in it or remove it

# A score that is no number, in a colocation.
plan
option stonith-enabled false
nodes a b
rsc x
rsc y
location l y b 10
colocation c x y lots
----
Start x (a)
Start y (b)
  x_start_0 a <- x_monitor_0 a, x_monitor_0 b
  x_monitor_0 b
  x_monitor_0 a
  y_start_0 b <- y_monitor_0 a, y_monitor_0 b
  y_monitor_0 b
  y_monitor_0 a
warning c: "lots" is not a score: expected an integer, INFINITY or -INFINITY; 0 is used; correct the score

# A role that does not exist, in a location.
plan
option stonith-enabled false
nodes a b
rsc x
raw constraints <rsc_location id="l" rsc="x" role="Boss" node="b" score="100"/>
----
Start x (b)
  x_start_0 b <- x_monitor_0 a, x_monitor_0 b
  x_monitor_0 b
  x_monitor_0 a
warning l: role Boss does not exist and is ignored; use Started, Promoted, Unpromoted or Stopped

# A role that does not exist, as target-role.
plan
option stonith-enabled false
nodes a
rsc x target-role=Boss
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning x: role Boss does not exist and is ignored; use Started, Promoted, Unpromoted or Stopped

# A kind of order that does not exist.
plan
option stonith-enabled false
nodes a
rsc x
rsc y
order o x y kind=Sometimes
----
Start x (a)
Start y (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
  y_start_0 a <- y_monitor_0 a, x_start_0 a
  y_monitor_0 a
warning o: order kind Sometimes is unknown; Mandatory is used; use Mandatory, Optional or Serialize

# An order of a task that has no opposite.
plan
option stonith-enabled false
nodes a
rsc x
rsc y
order o x y first-action=monitor
----
Start x (a)
Start y (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
  y_start_0 a <- y_monitor_0 a
  y_monitor_0 a <- x_monitor_0 a
warning o: order cannot be inverted; set symmetrical=false

# A number that is no number, as migration-threshold.
plan
option stonith-enabled false
nodes a b
rsc x migration-threshold=some
attr a fail-count-x#monitor_10000 3
----
Start x (a)
  x_start_0 a <- x_monitor_0 a, x_monitor_0 b
  x_monitor_0 b
  x_monitor_0 a
warning x: migration-threshold some is no number and is ignored; set it to how many failures are borne, or remove it

# A time that is no time, as interval: the monitor never runs.
plan
option stonith-enabled false
nodes a
rsc x mon=soon
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning x-mon-soon: interval "soon" is not a duration: expected a number with one of the units us, ms, s, min, h (none means seconds), or ISO 8601 such as PT1M30S; the operation is not repeated; correct the interval

# Two operations with the same name and interval: neither is run, and it is said.
plan
option stonith-enabled false
nodes a
rsc x mon=10s mon=10000ms
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning x-mon-10s: another operation has the same name and interval; both are ignored; remove it or change its interval
warning x-mon-10000ms: another operation has the same name and interval; both are ignored; remove it or change its interval

# A clone of nothing.
plan
option stonith-enabled false
nodes a
raw resources <clone id="c"/>
----
warning c: clone has nothing to clone; put a primitive or a group into it

# A constraint without an id.
plan
option stonith-enabled false
nodes a
rsc x
raw constraints <rsc_location rsc="x" node="a" score="100"/>
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning : rsc_location without id is ignored; give it an id

# A constraint of a kind that nobody knows.
plan
option stonith-enabled false
nodes a
rsc x
raw constraints <rsc_friendship id="f" rsc="x" with="y"/>
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning f: unknown kind of constraint rsc_friendship; remove it

# A ticket constraint without a ticket.
plan
option stonith-enabled false
nodes a
rsc x
raw constraints <rsc_ticket id="t" rsc="x"/>
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning t: rsc_ticket without ticket is ignored; name a ticket

# A pattern that is not one.
plan
option stonith-enabled false
nodes a
rsc x
raw constraints <rsc_location id="l" rsc-pattern="(" node="a" score="-INFINITY"/>
----
Start x (a)
  x_start_0 a <- x_monitor_0 a
  x_monitor_0 a
warning l: rsc-pattern is not a regular expression: error parsing regexp: missing closing ): `(`; correct the pattern

# More instances than anybody can use.
plan
option stonith-enabled false
nodes a
rsc x
clone c x clone-max=INFINITY
----
Start x:0 (a)
  x:0_start_0 a <- c_start_0
  x:0_monitor_0 a
  c_running_0 (milestone) <- x:0_start_0 a, c_start_0
  c_start_0 (milestone) <- x:0_monitor_0 a
warning c: clone-max is INFINITY: 1000 is used; set clone-max to as many as there can be

# A group without members.
plan
option stonith-enabled false
nodes a
raw resources <group id="g"/>
----

# no-quorum-policy is to fence, and nobody can.
plan
option stonith-enabled false
option no-quorum-policy fence
nodes a
noquorum
rsc x
ran x a start 0
----
Stop x (a) due to no quorum
  x_stop_0 a
warning : no-quorum-policy is to fence but fencing is disabled: stop is used; enable fencing or choose another no-quorum-policy

# Two orders that wait for each other: neither begins, the others do.
plan
option stonith-enabled false
nodes a
rsc x
rsc y
rsc z
order o x y
order p y x
----
Start x (a)
Start y (a)
Start z (a)
  x_start_0 a <- x_monitor_0 a, y_start_0 a
  x_monitor_0 a
  y_start_0 a <- y_monitor_0 a, x_start_0 a
  y_monitor_0 a
  z_start_0 a <- z_monitor_0 a
  z_monitor_0 a
warning o: orders o, p wait for each other: y before x before y: none of them starts; remove one of these orders

# Three, by way of a group.
plan
option stonith-enabled false
nodes a
rsc x
rsc y
rsc z
group g x y
order o g z
order p z y
----
Start z (a)
Start x (a)
Start y (a)
  z_start_0 a <- z_monitor_0 a, g_running_0
  z_monitor_0 a
  g_running_0 (milestone) <- x_start_0 a, y_start_0 a, g_start_0
  g_start_0 (milestone)
  x_start_0 a <- x_monitor_0 a, g_start_0
  x_monitor_0 a
  y_start_0 a <- y_monitor_0 a, z_start_0 a, x_start_0 a, g_start_0
  y_monitor_0 a
warning p: orders p, o wait for each other: y before g before z before y: none of them starts; remove one of these orders

# An Optional order counts, too, when both are to begin at once.
# Once one of them runs, it does not.
plan
option stonith-enabled false
nodes a
rsc x
rsc y
order o x y
order p y x kind=Optional
----
Start x (a)
Start y (a)
  x_start_0 a <- x_monitor_0 a, y_start_0 a
  x_monitor_0 a
  y_start_0 a <- y_monitor_0 a, x_start_0 a
  y_monitor_0 a
warning o: orders o, p wait for each other: y before x before y: none of them starts; remove one of these orders

# A negative migration-threshold is 1, as ever.
plan
option stonith-enabled false
nodes a b
rsc x migration-threshold=-1
ran x a start 0
ran x b monitor 7
attr a fail-count-x#monitor_10000 1
attr a last-failure-x#monitor_10000 1699990000
----
Move x (a -> b)
  x_start_0 b <- x_stop_0 a
  x_stop_0 a
warning x: migration-threshold -1 is negative: 1 is used; set it to how many failures are borne, or remove it

# One that is no number is none.
plan
option stonith-enabled false
nodes a b
rsc x migration-threshold=often
ran x a start 0
ran x b monitor 7
attr a fail-count-x#monitor_10000 5
attr a last-failure-x#monitor_10000 1699990000
----
warning x: migration-threshold often is no number and is ignored; set it to how many failures are borne, or remove it
