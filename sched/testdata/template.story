# A primitive takes agent, operations and meta-attributes from its template.
plan
option stonith-enabled false
nodes a
raw resources <template id="vm" class="ocf" provider="heartbeat" type="Dummy"><meta_attributes id="vm-m"><nvpair id="vm-p" name="priority" value="7"/></meta_attributes><operations><op id="vm-mon" name="monitor" interval="30s"/></operations></template>
raw resources <primitive id="v1" template="vm"/>
----
Start v1 (a)
  v1_monitor_30000 a <- v1_start_0 a
  v1_start_0 a <- v1_monitor_0 a
  v1_monitor_0 a

# Its own operation of the same name counts, not the template's.
plan
option stonith-enabled false
nodes a
raw resources <template id="vm" class="ocf" provider="heartbeat" type="Dummy"><operations><op id="vm-mon" name="monitor" interval="30s"/></operations></template>
raw resources <primitive id="v1" template="vm"><operations><op id="v1-mon" name="monitor" interval="15s"/></operations></primitive>
----
Start v1 (a)
  v1_monitor_15000 a <- v1_start_0 a
  v1_start_0 a <- v1_monitor_0 a
  v1_monitor_0 a

# Its own meta-attribute counts.
plan
option stonith-enabled false
nodes a
raw resources <template id="vm" class="ocf" provider="heartbeat" type="Dummy"><meta_attributes id="vm-m"><nvpair id="vm-t" name="target-role" value="Stopped"/></meta_attributes></template>
raw resources <primitive id="v1" template="vm"><meta_attributes id="v1-m"><nvpair id="v1-t" name="target-role" value="Started"/></meta_attributes></primitive>
raw resources <primitive id="v2" template="vm"/>
----
Start v1 (a)
  v1_start_0 a <- v1_monitor_0 a
  v1_monitor_0 a
  v2_monitor_0 a

# A template that is not there: the primitive is left out, with a word why.
plan
option stonith-enabled false
nodes a
rsc ip
raw resources <primitive id="v1" template="vm"/>
----
Start ip (a)
  ip_start_0 a <- ip_monitor_0 a
  ip_monitor_0 a
warning v1: template vm does not exist; define the template or name another
