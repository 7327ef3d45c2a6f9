# A preference against another: either may give way.
for ip b
node a
node b
property stonith-enabled=false
primitive ip ocf:heartbeat:Dummy
location likes-a ip 100: a
location likes-b ip 40: b
----
now on [a]
on b if location likes-a has score ≤ 39 (now 100)
on b if location likes-b has score ≥ 101 (now 40)

# Stickiness holds it; the preference must beat it.
for ip b
node a
node b
property stonith-enabled=false
rsc_defaults resource-stickiness=100
primitive ip ocf:heartbeat:Dummy
location likes-b ip 60: b
state:
run ip a
----
now on [a]
on b if location likes-b has score ≥ 101 (now 60)
on b if resource-stickiness of ip is ≤ 59 (now 100)

# A ban is gone or stays; a score of another constraint does not help.
for ip b
node a
node b
property stonith-enabled=false
primitive ip ocf:heartbeat:Dummy
location never-b ip -inf: b
location likes-a ip 10: a
----
now on [a]
on b if there is no location never-b and location likes-a has score ≤ -1 (now 10)

# It goes where it is asked about already.
for ip a
node a
node b
property stonith-enabled=false
primitive ip ocf:heartbeat:Dummy
location likes-a ip 10: a
----
now on [a]

# A node in standby.
for ip b
node a
node b attributes standby=on
property stonith-enabled=false
primitive ip ocf:heartbeat:Dummy
location likes-b ip 10: b
----
now on [a]
on b if node b is not in standby

# A node that is off.
for ip b
node a
node b
property stonith-enabled=false
primitive ip ocf:heartbeat:Dummy
location likes-b ip 10: b
state:
offline b
----
now on [a]
on b if node b is online

# It failed there too often.
for ip b
node a
node b
property stonith-enabled=false
primitive ip ocf:heartbeat:Dummy op monitor interval=10 meta migration-threshold=2
location likes-b ip 10: b
state:
run ip a
fail ip b 2
----
now on [a]
on b if its failures on b are forgotten (mainstay resource cleanup ip)

# It is told to be stopped.
for ip a
node a
node b
property stonith-enabled=false
primitive ip ocf:heartbeat:Dummy meta target-role=Stopped
location likes-a ip 10: a
----
now on []
on a if target-role of ip is not Stopped

# It has to be with another: of the two, the other's preference is decisive.
for ip b
node a
node b
property stonith-enabled=false
primitive web ocf:heartbeat:Dummy
primitive ip ocf:heartbeat:Dummy
location likes-a web 10: a
colocation ip-with-web inf: ip web
----
now on [a]
on b if location likes-a has score ≤ -1 (now 10)
on b if there is no colocation ip-with-web

# A group sticks with all its members.
for ip b
node a
node b
property stonith-enabled=false
rsc_defaults resource-stickiness=100
primitive ip ocf:heartbeat:Dummy
primitive web ocf:heartbeat:Dummy
group site ip web
location likes-b site 60: b
state:
run ip a
run web a
----
now on [a]
on b if location likes-b has score ≥ 201 (now 60)
on b if resource-stickiness of site is ≤ 29 (now 100)
