# Without the ticket it stops.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
ticket t ip T
----
Stop ip (a) due to node availability
  ip_stop_0 a

# loss-policy=freeze leaves it.
plan
option stonith-enabled false
nodes a b
rsc ip mon=10s
ran ip a start 0
ran ip a monitor 0 10000
ran ip b monitor 7
ticket t ip T loss-policy=freeze
----
