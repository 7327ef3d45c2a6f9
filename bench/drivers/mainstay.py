"""Mainstay, as built by `make build` (MAINSTAY=path of another binary)."""
import http.client, json, os, re, shutil, socket, time
from lab import NETS
from drivers import base

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.environ.get("MAINSTAY", os.path.join(HERE, "..", "..", "bin", "mainstay"))
TOOLS = "/run/mainstay-tools"
# Copied once and seen by all nodes: a copy at each boot would write over the
# program while other nodes run it.
PROGRAM = "/run/lab/mainstay"

# What systemd does for the packaged unit: start it again when it dies.
START = r"""
mkdir -p %(tools)s && %(program)s install-tools %(tools)s --program %(program)s >/dev/null
exec %(program)s run 2>>/var/log/mainstay/stderr
""" % {"tools": TOOLS, "program": PROGRAM}


class Connection(http.client.HTTPConnection):
    """HTTP to a node's API socket, seen from outside of the node."""

    def __init__(self, path):
        super().__init__("node", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


class Driver(base.Driver):
    name = "mainstay"
    state_dirs = [("/etc/mainstay", "root", 0o755), ("/var/lib/mainstay", "root", 0o755),
                  ("/var/log/mainstay", "root", 0o755)]
    run_dirs = [("/run/resource-agents", "root", 0o1755), ("/run/lock", "root", 0o1777)]
    daemons = ("mainstay",)

    def __init__(self, opts):
        super().__init__(opts)
        import lab
        self.add_files = {"/usr/sbin": [os.path.join(lab.HERE, "fence_lab")]}
        # the paths below do not exist on a machine without the package
        for path, _, _ in self.state_dirs:
            os.makedirs(path, exist_ok=True)

    def configure(self):
        o, key = self.opts, os.urandom(256)
        shutil.copy(BINARY, os.path.join(self.lab.shared, "mainstay"))
        totem = ["version: 2", "cluster_name: lab", "token: %d" % o.token if o.token else "# token: default"]
        totem += [kv.replace("=", ": ") for kv in o.totem]
        if o.iface:
            for k in range(len(NETS)):
                totem += ["interface {", "linknumber: %d" % k] + [kv.replace("=", ": ") for kv in o.iface] + ["}"]
        nodes = ""
        for n in self.lab.nodes:
            nodes += "    node {\n        name: %s\n        nodeid: %d\n%s    }\n" % (
                n.name, n.i, "".join("        ring%d_addr: %s\n" % kv for kv in enumerate(n.addrs)))
        text = "totem {\n%s}\nnodelist {\n%s}\nquorum {\n    provider: corosync_votequorum\n}\n" % (
            "".join("    %s\n" % t for t in totem), nodes)
        for n in self.lab.nodes:
            d = os.path.join(n.dir, "etc_mainstay")
            os.makedirs(d, exist_ok=True)
            with open(d + "/cluster.conf", "w") as f:
                f.write(text)
            with open(d + "/authkey", "wb") as f:
                f.write(key)
            os.chmod(d + "/authkey", 0o400)

    def start(self, node):
        node.spawn(["/bin/sh", "-c", START], "daemons.out")

    def stop(self, node, timeout=60):
        for pid, comm in node.pids().items():
            if comm in self.daemons:
                os.kill(pid, 15)
        end = time.monotonic() + timeout
        while any(c in self.daemons for c in node.pids().values()):
            if time.monotonic() > end:
                raise TimeoutError("%s does not stop" % node.name)
            time.sleep(0.02)

    # -- configuration

    def load(self, w):
        m = w["monitor"]

        def prim(i, agent, params=""):
            return "primitive %s %s %s op monitor interval=%ss timeout=20s op start interval=0 timeout=20s op stop interval=0 timeout=20s\n" % (
                i, agent, "params " + params if params else "", m)
        text, group = "", []
        if w.get("vip"):
            text += prim("vip", "ocf:heartbeat:IPaddr2", "ip=%s cidr_netmask=%s nic=%s" % (
                w["vip"], w.get("vip_prefix", 24), w.get("vip_dev", "r0")))
            group.append("vip")
        for i in range(1, w.get("dummies", 0) + 1):
            text += prim("d%d" % i, "ocf:heartbeat:Dummy")
            if i == 1 and group:
                group.append("d1")
        for i in range(1, w.get("procs", 0) + 1):
            text += prim("p%d" % i, "ocf:heartbeat:anything", 'binfile=/bin/sleep cmdline_options=1000000')
        if group:
            text += "group g1 %s\n" % " ".join(group)
        if w.get("fencing"):
            text += 'primitive pdu stonith:fence_lab params pcmk_host_list="%s" op monitor interval=60s timeout=20s\n' % (
                " ".join(n.name for n in self.lab.nodes))
        props = {"stonith-enabled": "true" if w.get("fencing") else "false"}
        props.update(kv.split("=", 1) for kv in self.opts.prop)
        text += "property %s\n" % " ".join("%s=%s" % kv for kv in props.items())
        text += "rsc_defaults resource-stickiness=100\n"
        n = self.lab.alive()[0]
        with open(n.path("/tmp/workload.crm"), "w") as f:
            f.write(text)
        n.run([PROGRAM, "configure", "load", "/tmp/workload.crm"])

    # -- state

    def ask(self, node, path):
        c = Connection(node.path("/run/mainstay/api.sock"))
        try:
            c.request("GET", path)
            r = c.getresponse()
            body = r.read()
            return json.loads(body) if r.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            c.close()

    def status(self, node=None):
        n = node or self.lab.alive()[0]
        r = self.ask(n, "/v1/status")
        if not r:
            return None
        here, cluster = r["node"], r["cluster"]
        leader = here.get("coordinator") or None
        idle = False
        if leader and self.lab.node(leader).up():
            at = self.ask(self.lab.node(leader), "/v1/node")
            idle = bool(at) and at["transition"]["known"] and not at["transition"]["busy"]
        members = {p["name"]: p["member"] for p in here["peers"]}
        nodes = {x["Name"]: "standby" if x["Standby"] else "online" if x["Online"] and members.get(x["Name"]) else "offline"
                 for x in cluster["Nodes"] or []}
        res = {}

        def walk(rs):
            for x in rs or []:
                if x["Kind"] == "primitive":
                    at = [p["Node"] for p in x["Places"] or []]
                    res[x["ID"]] = at[0] if len(at) == 1 and x["Role"] == "Started" and not x["Pending"] else None
                walk(x["Children"])
        walk(cluster["Resources"])
        return {"leader": leader, "nodes": nodes, "resources": res, "idle": idle,
                "quorate": here["quorum"]["quorate"]}

    # -- commands

    @staticmethod
    def _top(rsc):
        return "g1" if rsc in ("vip", "d1") else rsc

    def move(self, rsc, node):
        self.lab.alive()[0].run([PROGRAM, "resource", "move", "--pin", self._top(rsc), node])

    def unmove(self, rsc):
        self.lab.alive()[0].run([PROGRAM, "resource", "clear", self._top(rsc)])

    def standby(self, node, on):
        self.lab.alive()[0].run([PROGRAM, "node", "standby" if on else "online", node])

    KINDS = {"cibadmin": 'cibadmin --modify --scope crm_config --xml-text '
                         '"<cluster_property_set id=\\"opt\\"><nvpair id=\\"opt-lab-counter\\" name=\\"lab-counter\\" '
                         'value=\\"$i\\"/></cluster_property_set>"',
             "crm_attribute": 'crm_attribute -q -n lab-counter -v $i',
             "crm_attribute_node": 'crm_attribute -q -N n1 -n lab-nodeattr -v $i',
             "attrd_updater": 'attrd_updater -Q -n lab-transient -U $i >/dev/null',
             "query": 'cibadmin --query --scope crm_config >/dev/null'}

    def updates(self, node, count, kind="cibadmin"):
        t = time.monotonic()
        node.run(["/bin/sh", "-ec", "PATH=%s:$PATH; i=0; while [ $i -lt %d ]; do i=$((i+1)); %s >/dev/null; done"
                  % (TOOLS, count, self.KINDS[kind])])
        return time.monotonic() - t

    def converged(self, value):
        for n in self.lab.alive():
            r = n.run([TOOLS + "/cibadmin", "--query", "--local", "--scope", "crm_config"])
            if 'value="%d"' % value not in r.stdout:
                return False
        return True

    # -- logs

    def _log(self, node):
        try:
            with open(os.path.join(node.dir, "var_log_mainstay", "mainstay.log")) as f:
                for line in f:
                    try:
                        yield json.loads(line)
                    except ValueError:
                        pass
        except OSError:
            pass

    @staticmethod
    def _mono(rec):
        """Monotonic time of a log line: all nodes share this machine's clocks."""
        stamp = re.sub(r"(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$", "", rec["time"])
        frac = re.search(r"\.(\d{1,9})", rec["time"])
        wall = time.mktime(time.strptime(stamp, "%Y-%m-%dT%H:%M:%S")) + (float("0." + frac.group(1)) if frac else 0)
        return wall - (time.time() - time.monotonic())

    def membership_events(self, node, since=0):
        return [(self._mono(r), r["msg"]) for r in self._log(node)
                if r.get("event") == "view" and self._mono(r) >= since]

    def timeline(self, t0, t1):
        out = {}
        names = {"view": "view", "fenced": "fenced", "planned": "planned"}
        for n in self.lab.nodes:
            for r in self._log(n):
                t = self._mono(r)
                if not t0 <= t <= t1 + 0.5:
                    continue
                phase = names.get(r.get("event"))
                if r.get("event") == "operation" and r.get("key") == "vip_start_0":
                    phase = "vip_started"
                if phase:
                    out.setdefault(phase, t - t0)
        return out
