# A node of real Corosync and Pacemaker, on the playground's networks.
ulimit -c 0
sed 's/transport: knet/transport: knet\n    crypto_cipher: none\n    crypto_hash: none/' /etc/mainstay/cluster.conf >/etc/corosync/corosync.conf
cat >>/etc/corosync/corosync.conf <<END
logging {
    to_stderr: no
    to_syslog: no
    to_logfile: yes
    logfile: /var/log/corosync/corosync.log
}
END
mkdir -p /run/crm /var/log/corosync /var/log/pacemaker
chown hacluster:haclient /run/crm /var/log/pacemaker
rm -rf /var/lib/pacemaker/cib/*
corosync -f >/var/log/corosync/stderr 2>&1 &
until corosync-cmapctl -g totem.version >/dev/null 2>&1; do sleep 0.1; done
export PCMK_logfile=/var/log/pacemaker/pacemaker.log PCMK_logfacility=none
exec pacemakerd
