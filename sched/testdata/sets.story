# Of two sets of meta-attributes with the same score the last counts.
plan
option stonith-enabled false
nodes a
rsc web target-role=Started
set web target-role=Stopped
----
  web_monitor_0 a

# A primitive's own sets come behind those of its template.
plan
option stonith-enabled false
nodes a
rsc web target-role=Stopped
template base web
set web target-role=Started
----
Start web (a)
  web_start_0 a <- web_monitor_0 a
  web_monitor_0 a

# A later set of defaults for operations overrides an earlier one.
attributes
option stonith-enabled false
nodes a
rsc web mon=10s
opdefaults all timeout=31s
opdefaults monitor timeout=32s
----
web_monitor_10000 a of web: interval=10000 name=monitor timeout=32000
web_start_0 a of web: timeout=31000
web_monitor_0 a of web: op_target_rc=7 timeout=32000
