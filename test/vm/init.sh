#!/bin/busybox sh
# The first process of the test machine: runs the scenario that the kernel's command
# line names, and says on the console what it does and sees.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t tmpfs none /run
mkdir -p /tmp /var/lib /etc/mainstay
ip link set lo up
for n in 1 2; do ip addr add 10.0.0.$n/32 dev lo; done
hostname n1
set -- $(cat /proc/cmdline)
for w; do case $w in scenario=*) scenario=${w#scenario=} ;; esac; done
say() { echo "TEST: $*"; }
export MAINSTAY_SOCKET=/run/n1/api.sock
nodes=1
[ $scenario = quorum ] && nodes=2
configure() { # node, watchdog device if not the usual one
  mkdir -p /etc/n$1 /run/n$1 /var/lib/n$1
  {
    echo "totem {"; echo " cluster_name: vm"; echo " secauth: off"; echo " token: 2000"; echo "}"
    echo "nodelist {"
    for n in $(seq $nodes); do echo " node {"; echo "  name: n$n"; echo "  nodeid: $n"; echo "  ring0_addr: 10.0.0.$n"; echo " }"; done
    echo "}"
    echo "quorum {"; echo " provider: corosync_votequorum"; echo "}"
    [ -z "$2" ] || { echo "resources {"; echo " watchdog_device: $2"; echo "}"; }
  } >/etc/n$1/cluster.conf
}
run() { # node
  mainstay run --config /etc/n$1/cluster.conf --state /var/lib/n$1 --run-dir /run/n$1 --socket /run/n$1/api.sock --name n$1 --enrol-port 0 --log - >/run/n$1/log 2>&1 &
  eval "pid$1=$!"
}
await() { # what, command…: waits for up to a minute
  what=$1; shift
  for i in $(seq 300); do "$@" >/dev/null 2>&1 && return 0; usleep 200000; done
  say "FAILED: $what"; cat /run/n*/log; poweroff -f
}
quorate() { grep -q '"quorate":true' /run/n1/log; }
armed() { grep -q "the watchdog is armed" /run/n$1/log; }
ask() { # has the cluster count on watchdogs
  await "the option is not taken" mainstay crm configure property stonith-watchdog-timeout=20s
  for n in $(seq $nodes); do await "n$n does not arm" armed $n; done
}
alive() { # seconds, why
  for i in $(seq $1); do sleep 1; echo; done
  say "still alive $1 s after: $2"
}

insmod /watchdog.ko
case $scenario in
stuck)
  insmod /softdog.ko
  configure 1
  run 1; await "no quorum" quorate; ask
  alive 12 "the watchdog was armed"
  say "SIGSTOP"; kill -STOP $pid1
  alive 60 "the daemon was stopped" ;;
quorum)
  insmod /softdog.ko; insmod /i6300esb.ko
  configure 1 /dev/watchdog0
  configure 2 /dev/watchdog1
  run 1; run 2; await "no quorum" quorate; ask
  alive 12 "the watchdogs were armed"
  say "n2 dies"; kill -KILL $pid2
  alive 60 "quorum was lost" ;;
orderly)
  configure 1
  run 1; await "no quorum" quorate
  say "without a device: $(mainstay crm configure property stonith-watchdog-timeout=20s 2>&1 | tr '\n' ' ')"
  kill $pid1; wait $pid1
  insmod /softdog.ko
  run 1; await "no quorum" quorate; ask
  say "kill -9, and a new daemon"; kill -KILL $pid1; wait $pid1; usleep 100000; run 1; await "no quorum again" quorate
  alive 15 "the daemon was replaced"
  say "SIGTERM"; kill $pid1; wait $pid1
  grep -q "is disarmed" /run/n1/log && say "disarmed"
  alive 15 "an orderly stop"
  rmmod softdog
  run 1; wait $pid1
  say "without a device: exit $? $(grep -o 'this machine has no watchdog device' /run/n1/log)" ;;
esac
say "end"
poweroff -f
