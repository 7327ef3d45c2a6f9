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
