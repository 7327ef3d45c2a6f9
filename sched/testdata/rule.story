# A rule on a node attribute bans the nodes for which it holds.
plan
option stonith-enabled false
nodes a b
attr a disk full
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="-INFINITY"><expression id="e" attribute="disk" operation="eq" value="full"/></rule></rsc_location>
----
Start ip (b)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# An attribute that is not there is not equal to anything, but different from all.
plan
option stonith-enabled false
nodes a b
attr a disk fast
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="-INFINITY"><expression id="e" attribute="disk" operation="ne" value="fast"/></rule></rsc_location>
----
Start ip (a)
  ip_start_0 a <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# defined and not_defined ask only whether it is there.
plan
option stonith-enabled false
nodes a b
attr b disk x
rsc ip
rsc db
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="100"><expression id="e" attribute="disk" operation="defined"/></rule></rsc_location>
raw constraints <rsc_location id="m" rsc="db"><rule id="s" score="100"><expression id="f" attribute="disk" operation="not_defined"/></rule></rsc_location>
----
Start ip (b)
Start db (a)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a
  db_start_0 a <- db_monitor_0 a, db_monitor_0 b
  db_monitor_0 b
  db_monitor_0 a

# Numbers compare as numbers: 9 is less than 10.
plan
option stonith-enabled false
nodes a b
attr a cpu 9
attr b cpu 10
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="-INFINITY"><expression id="e" attribute="cpu" operation="lt" type="number" value="10"/></rule></rsc_location>
----
Start ip (b)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# Versions compare part by part.
plan
option stonith-enabled false
nodes a b
attr a sw 1.9.1
attr b sw 1.10.0
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="-INFINITY"><expression id="e" attribute="sw" operation="lt" type="version" value="1.10"/></rule></rsc_location>
----
Start ip (b)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# All expressions of a rule must hold …
plan
option stonith-enabled false
nodes a b
attr a disk fast
attr a net slow
attr b disk fast
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="-INFINITY" boolean-op="and"><expression id="e" attribute="disk" operation="eq" value="fast"/><expression id="f" attribute="net" operation="eq" value="slow"/></rule></rsc_location>
----
Start ip (b)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# … or one of them.
plan
option stonith-enabled false
nodes a b c
attr a disk fast
attr b net slow
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="-INFINITY" boolean-op="or"><expression id="e" attribute="disk" operation="eq" value="fast"/><expression id="f" attribute="net" operation="eq" value="slow"/></rule></rsc_location>
----
Start ip (c)
  ip_start_0 c <- ip_monitor_0 a, ip_monitor_0 b, ip_monitor_0 c
  ip_monitor_0 c
  ip_monitor_0 b
  ip_monitor_0 a

# A rule inside of a rule.
plan
option stonith-enabled false
nodes a b
attr a disk fast
attr a net slow
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="-INFINITY" boolean-op="or"><expression id="e" attribute="x" operation="defined"/><rule id="s" boolean-op="and"><expression id="f" attribute="disk" operation="eq" value="fast"/><expression id="g" attribute="net" operation="eq" value="slow"/></rule></rule></rsc_location>
----
Start ip (b)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# A rule by the node's name.
plan
option stonith-enabled false
nodes a b
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="100"><expression id="e" attribute="#uname" operation="eq" value="b"/></rule></rsc_location>
----
Start ip (b)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# score-attribute: the score stands in the node's attribute; a node without it is banned.
scores
option stonith-enabled false
nodes a b c
attr a wish 5
attr b wish 50
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score-attribute="wish"><expression id="e" attribute="#kind" operation="eq" value="cluster"/></rule></rsc_location>
----
pcmk__primitive_assign: ip allocation score on a: 5
pcmk__primitive_assign: ip allocation score on b: 50
pcmk__primitive_assign: ip allocation score on c: -INFINITY

# Before its date, a rule does not hold (now is 2023-11-14 22:13:20).
plan
option stonith-enabled false
nodes a b
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="-INFINITY"><expression id="e" attribute="#uname" operation="eq" value="a"/><date_expression id="d" operation="gt" start="2023-11-15"/></rule></rsc_location>
----
Start ip (a)
  ip_start_0 a <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# After it, it does.
plan
option stonith-enabled false
nodes a b
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="-INFINITY"><expression id="e" attribute="#uname" operation="eq" value="a"/><date_expression id="d" operation="gt" start="2023-11-14"/></rule></rsc_location>
----
Start ip (b)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# A range holds to the end of its duration: four hours from 20:00.
plan
option stonith-enabled false
nodes a b
rsc ip
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="-INFINITY"><expression id="e" attribute="#uname" operation="eq" value="a"/><date_expression id="d" operation="in_range" start="2023-11-14 20:00:00"><duration id="du" hours="4"/></date_expression></rule></rsc_location>
----
Start ip (b)
  ip_start_0 b <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a

# Office hours: a date specification by hours and days of the week (a Tuesday).
plan
option stonith-enabled false
nodes a b
rsc ip
rsc db
raw constraints <rsc_location id="l" rsc="ip"><rule id="r" score="-INFINITY"><expression id="e" attribute="#uname" operation="eq" value="a"/><date_expression id="d" operation="date_spec"><date_spec id="ds" hours="9-17" weekdays="1-5"/></date_expression></rule></rsc_location>
raw constraints <rsc_location id="m" rsc="db"><rule id="s" score="-INFINITY"><expression id="f" attribute="#uname" operation="eq" value="a"/><date_expression id="g" operation="date_spec"><date_spec id="gs" hours="18-23" weekdays="2"/></date_expression></rule></rsc_location>
----
Start ip (a)
Start db (b)
  ip_start_0 a <- ip_monitor_0 a, ip_monitor_0 b
  ip_monitor_0 b
  ip_monitor_0 a
  db_start_0 b <- db_monitor_0 a, db_monitor_0 b
  db_monitor_0 b
  db_monitor_0 a

# Stickiness by date: outside of working hours, things may move.
plan
option stonith-enabled false
nodes a b
rsc ip
ran ip a start 0
ran ip b monitor 7
location l ip b 50
raw rsc_defaults <meta_attributes id="day" score="2"><rule id="r" score="0"><date_expression id="d" operation="date_spec"><date_spec id="ds" hours="9-17"/></date_expression></rule><nvpair id="day-s" name="resource-stickiness" value="INFINITY"/></meta_attributes>
raw rsc_defaults <meta_attributes id="night" score="1"><nvpair id="night-s" name="resource-stickiness" value="0"/></meta_attributes>
----
Move ip (a -> b)
  ip_start_0 b <- ip_stop_0 a
  ip_stop_0 a

# rsc_expression: defaults for one kind of agent.
scores
option stonith-enabled false
nodes a b
rsc ip ocf:heartbeat:Dummy
rsc db ocf:heartbeat:Stateful
ran ip a start 0
ran ip b monitor 7
ran db b start 0
ran db a monitor 7
raw rsc_defaults <meta_attributes id="m"><rule id="r" score="0"><rsc_expression id="x" class="ocf" provider="heartbeat" type="Stateful"/></rule><nvpair id="m-s" name="resource-stickiness" value="77"/></meta_attributes>
----
pcmk__primitive_assign: ip allocation score on a: 0
pcmk__primitive_assign: ip allocation score on b: 0
pcmk__primitive_assign: db allocation score on a: 0
pcmk__primitive_assign: db allocation score on b: 77

# op_expression: a default for monitors that fail.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
ran ip a monitor 7 10000
raw op_defaults <meta_attributes id="m"><rule id="r" score="0"><op_expression id="x" name="monitor"/></rule><nvpair id="m-f" name="on-fail" value="block"/></meta_attributes>
----

# A pattern names several resources; what it matched can be used in the rule.
plan
option stonith-enabled false
nodes a b
attr b site-east yes
rsc east-ip
raw constraints <rsc_location id="l" rsc-pattern="^([a-z]+)-ip$"><rule id="r" score="100"><expression id="e" attribute="site-%1" operation="defined"/></rule></rsc_location>
----
Start east-ip (b)
  east-ip_start_0 b <- east-ip_monitor_0 a, east-ip_monitor_0 b
  east-ip_monitor_0 b
  east-ip_monitor_0 a
