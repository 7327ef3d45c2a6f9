#!/bin/sh
# systemd as first process of a pid namespace within the node, in a control group of
# its own. It starts what it is asked to over the node's message bus, and nothing else.
set -eu
if [ "${1-}" != inside ]; then
  mkdir -p /run/playground-groups
  mount -t cgroup2 none /run/playground-groups
  mkdir -p /run/playground-groups/systemd
  echo $$ >/run/playground-groups/systemd/cgroup.procs
  umount /run/playground-groups
  exec unshare --pid --mount --cgroup --fork --kill-child "$0" inside
fi
mount --make-rprivate /
mount -t proc none /proc
mount -o remount,bind,ro /sys
mount -t cgroup2 none /sys/fs/cgroup
exec env -i container=playground PATH="$PATH" /lib/systemd/systemd --system --unit=basic.target --log-target=console --show-status=0
