# A bundle starts container, address, connection, then what is inside.
plan
option stonith-enabled false
nodes a
rsc web
bundle box web 192.168.9.1 replicas=1
----
Start box-ip-192.168.9.1 (a)
Start box-podman-0 (a)
Start box-0 (a)
Start web:0 (box-0)
  web:0_start_0 box-0 <- box-podman-0_start_0 a, box-0_start_0 a, box-clone_start_0
  box-clone_running_0 (milestone) <- web:0_start_0 box-0, box-clone_start_0
  box-clone_start_0 (milestone) <- box_start_0
  box-ip-192.168.9.1_monitor_60000 a <- box-ip-192.168.9.1_start_0 a
  box-ip-192.168.9.1_start_0 a <- box-ip-192.168.9.1_monitor_0 a
  box-ip-192.168.9.1_monitor_0 a
  box-podman-0_monitor_60000 a <- box-podman-0_start_0 a
  box-podman-0_start_0 a <- box-podman-0_monitor_0 a, box-ip-192.168.9.1_start_0 a, box_start_0
  box-podman-0_monitor_0 a
  box-0_monitor_30000 a <- box-0_start_0 a
  box-0_start_0 a <- box-0_monitor_0 a, box-podman-0_start_0 a
  box-0_monitor_0 a <- box-podman-0_start_0 a
  box_running_0 (milestone) <- box-podman-0_start_0 a, box-clone_running_0
  box_start_0 (milestone) <- box-podman-0_monitor_0 a

# One replica on each host.
plan
option stonith-enabled false
nodes a b
rsc web
bundle box web 192.168.9.1 replicas=2
----
Start box-ip-192.168.9.1 (a)
Start box-podman-0 (a)
Start box-0 (a)
Start web:0 (box-0)
Start box-ip-192.168.9.2 (b)
Start box-podman-1 (b)
Start box-1 (b)
Start web:1 (box-1)
  web:0_start_0 box-0 <- box-podman-0_start_0 a, box-0_start_0 a, box-clone_start_0
  web:1_start_0 box-1 <- box-podman-1_start_0 b, box-1_start_0 b, web:0_start_0 box-0, box-clone_start_0
  box-clone_running_0 (milestone) <- web:0_start_0 box-0, web:1_start_0 box-1, box-clone_start_0
  box-clone_start_0 (milestone) <- box_start_0
  box-ip-192.168.9.1_monitor_60000 a <- box-ip-192.168.9.1_start_0 a
  box-ip-192.168.9.1_start_0 a <- box-ip-192.168.9.1_monitor_0 a, box-ip-192.168.9.1_monitor_0 b
  box-ip-192.168.9.1_monitor_0 b
  box-ip-192.168.9.1_monitor_0 a
  box-podman-0_monitor_60000 a <- box-podman-0_start_0 a
  box-podman-0_start_0 a <- box-podman-0_monitor_0 a, box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, box-ip-192.168.9.1_start_0 a, box_start_0
  box-podman-0_monitor_0 b
  box-podman-0_monitor_0 a
  box-0_monitor_30000 a <- box-0_start_0 a
  box-0_start_0 a <- box-0_monitor_0 a, box-0_monitor_0 b, box-podman-0_start_0 a
  box-0_monitor_0 b <- box-podman-0_start_0 a
  box-0_monitor_0 a <- box-podman-0_start_0 a
  box-ip-192.168.9.2_monitor_60000 b <- box-ip-192.168.9.2_start_0 b
  box-ip-192.168.9.2_start_0 b <- box-ip-192.168.9.2_monitor_0 a, box-ip-192.168.9.2_monitor_0 b
  box-ip-192.168.9.2_monitor_0 b
  box-ip-192.168.9.2_monitor_0 a
  box-podman-1_monitor_60000 b <- box-podman-1_start_0 b
  box-podman-1_start_0 b <- box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, box-podman-1_monitor_0 b, box-ip-192.168.9.2_start_0 b, box_start_0
  box-podman-1_monitor_0 b
  box-podman-1_monitor_0 a
  box-1_monitor_30000 b <- box-1_start_0 b
  box-1_start_0 b <- box-1_monitor_0 a, box-1_monitor_0 b, box-podman-1_start_0 b
  box-1_monitor_0 b <- box-podman-1_start_0 b
  box-1_monitor_0 a <- box-podman-1_start_0 b
  box_running_0 (milestone) <- box-podman-0_start_0 a, box-podman-1_start_0 b, box-clone_running_0
  box_start_0 (milestone) <- box-podman-0_monitor_0 a, box-podman-1_monitor_0 a, box-podman-0_monitor_0 b, box-podman-1_monitor_0 b

# Nothing else is looked for inside of a container.
plan
option stonith-enabled false
nodes a
rsc web
bundle box web 192.168.9.1 replicas=1
rsc ip
ran ip a monitor 7
----
Start box-ip-192.168.9.1 (a)
Start box-podman-0 (a)
Start box-0 (a)
Start web:0 (box-0)
Start ip (a)
  web:0_start_0 box-0 <- box-podman-0_start_0 a, box-0_start_0 a, box-clone_start_0
  box-clone_running_0 (milestone) <- web:0_start_0 box-0, box-clone_start_0
  box-clone_start_0 (milestone) <- box_start_0
  box-ip-192.168.9.1_monitor_60000 a <- box-ip-192.168.9.1_start_0 a
  box-ip-192.168.9.1_start_0 a <- box-ip-192.168.9.1_monitor_0 a
  box-ip-192.168.9.1_monitor_0 a
  box-podman-0_monitor_60000 a <- box-podman-0_start_0 a
  box-podman-0_start_0 a <- box-podman-0_monitor_0 a, box-ip-192.168.9.1_start_0 a, box_start_0
  box-podman-0_monitor_0 a
  box-0_monitor_30000 a <- box-0_start_0 a
  box-0_start_0 a <- box-0_monitor_0 a, box-podman-0_start_0 a
  box-0_monitor_0 a <- box-podman-0_start_0 a
  ip_start_0 a
  box_running_0 (milestone) <- box-podman-0_start_0 a, box-clone_running_0
  box_start_0 (milestone) <- box-podman-0_monitor_0 a

# A bundle that is to be stopped.
plan
option stonith-enabled false
nodes a
rsc web target-role=Stopped
bundle box web 192.168.9.1 replicas=1
----
Start box-ip-192.168.9.1 (a)
Start box-podman-0 (a)
Start box-0 (a)
  box-ip-192.168.9.1_monitor_60000 a <- box-ip-192.168.9.1_start_0 a
  box-ip-192.168.9.1_start_0 a <- box-ip-192.168.9.1_monitor_0 a
  box-ip-192.168.9.1_monitor_0 a
  box-podman-0_monitor_60000 a <- box-podman-0_start_0 a
  box-podman-0_start_0 a <- box-podman-0_monitor_0 a, box-ip-192.168.9.1_start_0 a, box_start_0
  box-podman-0_monitor_0 a
  box-0_monitor_30000 a <- box-0_start_0 a
  box-0_start_0 a <- box-0_monitor_0 a, box-podman-0_start_0 a
  box-0_monitor_0 a <- box-podman-0_start_0 a
  box_running_0 (milestone) <- box-podman-0_start_0 a
  box_start_0 (milestone) <- box-podman-0_monitor_0 a
