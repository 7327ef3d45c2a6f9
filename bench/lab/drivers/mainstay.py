"""Mainstay in the lab of its peers.

MAINSTAY names the program (default: bin/mainstay of the repository this file is in).
The nodes see it as /usr/sbin/mainstay, with the names of Pacemaker's tools beside it
in a directory of their own, so that resource agents find them.
"""
import datetime, json, os, re, shutil, subprocess, tempfile, time
from lab import NETS
from drivers import base, commands

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
HERE = os.path.dirname(os.path.abspath(__file__))


class Driver(base.Driver):
    name = "mainstay"
    state_dirs = [("/etc/mainstay", "root", 0o755), ("/var/lib/mainstay", "root", 0o755),
                  ("/var/log/mainstay", "root", 0o755)]
    run_dirs = [("/run/resource-agents", "root", 0o1755), ("/run/lock", "root", 0o1777)]
    daemons = ("mainstay",)

    def __init__(self, opts):
        super().__init__(opts)
        program = os.environ.get("MAINSTAY", os.path.join(REPO, "bin", "mainstay"))
        if not os.access(program, os.X_OK):
            raise SystemExit("%s: not there; build it with: make build" % program)
        self.tools = tempfile.mkdtemp(prefix="mainstay-tools.")
        os.chmod(self.tools, 0o755)
        # The lab copies these files at each boot of a node. The program itself must
        # not be among them: it would be written over while other nodes run it.
        self.program = program
        with open(os.path.join(self.tools, "mainstay"), "w") as out:
            out.write('#!/bin/sh\nexec /run/lab/mainstay "$@"\n')
        subprocess.run([program, "install-tools", "--program", "/usr/sbin/mainstay", self.tools],
                       check=True, stdout=subprocess.DEVNULL)
        import lab
        # links are copied as what they point to, so the lab only gets plain files
        for f in os.listdir(self.tools):
            p = os.path.join(self.tools, f)
            if os.path.islink(p):
                os.unlink(p)
                with open(p, "w") as out:
                    out.write('#!/bin/bash\nexec -a %s /run/lab/mainstay "$@"\n' % f)
        self.add_files = {"/usr/sbin": [os.path.join(self.tools, f) for f in sorted(os.listdir(self.tools))] +
                          [os.path.join(lab.HERE, "fence_lab")]}

    def configure(self):
        o, key = self.opts, os.urandom(256)
        shutil.copy(self.program, os.path.join(self.lab.shared, "mainstay"))
        totem = ["version: 2", "cluster_name: lab", "transport: knet", "token: %d" % o.token]
        if not o.crypto and os.environ.get("MAINSTAY_PLAIN"):
            totem.append("secauth: off")
        totem += [kv.replace("=", ": ") for kv in o.totem]
        nodes = "".join("    node {\n        name: %s\n        nodeid: %d\n%s    }\n" % (
            n.name, n.i, "".join("        ring%d_addr: %s\n" % kv for kv in enumerate(n.addrs))) for n in self.lab.nodes)
        conf = ("totem {\n%s}\nnodelist {\n%s}\nquorum {\n    provider: corosync_votequorum\n}\n"
                % ("".join("    %s\n" % t for t in totem), nodes))
        for n in self.lab.nodes:
            d = os.path.join(n.dir, "etc_mainstay")
            os.makedirs(d, exist_ok=True)
            with open(d + "/cluster.conf", "w") as f:
                f.write(conf)
            with open(d + "/authkey", "wb") as f:
                f.write(key)
            os.chmod(d + "/authkey", 0o400)

    def start(self, node):
        node.spawn(["/run/lab/mainstay", "run"] + (["--debug"] if self.opts.debug else []), "daemons.out")

    def stop(self, node, timeout=60):
        node.run(["/bin/sh", "-c", "p=$(pgrep -x mainstay) && { kill $p; while kill -0 $p 2>/dev/null; do sleep 0.02; done; }; true"],
                 timeout=timeout)

    # -- configuration

    def load(self, w):
        out, m = [], w["monitor"]
        ops = 'op monitor interval="%s" timeout="20" op start interval="0" timeout="20" op stop interval="0" timeout="20"' % m

        def prim(name, agent, params):
            out.append("primitive %s %s %s%s" % (name, agent, "params " + params + " " if params else "", ops))
        if w.get("vip"):
            prim("vip", "ocf:heartbeat:IPaddr2", 'ip="%s" cidr_netmask="%s" nic="%s"' % (
                w["vip"], w.get("vip_prefix", 24), w.get("vip_dev", "r0")))
        for i in range(1, w.get("dummies", 0) + 1):
            prim("d%d" % i, "ocf:heartbeat:Dummy", "")
        for i in range(1, w.get("procs", 0) + 1):
            prim("p%d" % i, "ocf:heartbeat:anything", 'binfile="/bin/sleep" cmdline_options="1000000"')
        if w.get("vip") and w.get("dummies"):
            out.append("group g1 vip d1")
        if w.get("fencing"):
            out.append('primitive pdu stonith:fence_lab params pcmk_host_list="%s" op monitor interval="60" timeout="20"'
                       % " ".join(n.name for n in self.lab.nodes))
        props = {"stonith-enabled": "true" if w.get("fencing") else "false"}
        props.update(kv.split("=", 1) for kv in self.opts.prop)
        out.append("property " + " ".join('%s="%s"' % kv for kv in props.items()))
        out.append('rsc_defaults resource-stickiness="100"')
        self.lab.alive()[0].run(["/usr/sbin/mainstay", "configure", "load", "-"], input="\n".join(out) + "\n")

    # -- state

    def _api(self, node, path="/v1/status"):
        """The daemon's API, asked through the node's own socket from outside."""
        import socket
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        try:
            s.connect(node.path("/run/mainstay/api.sock"))
            s.sendall(("GET %s HTTP/1.0\r\nHost: node\r\n\r\n" % path).encode())
            data = b""
            while True:
                b = s.recv(65536)
                if not b:
                    break
                data += b
        finally:
            s.close()
        head, _, body = data.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            return None
        return json.loads(body)

    def status(self, node=None):
        n = node or self.lab.alive()[0]
        try:
            r = self._api(n)
            if r and r["node"]["coordinator"] and not r["node"]["transition"]["known"] and node is None:
                lead = next((x for x in self.lab.alive() if x.name == r["node"]["coordinator"]), None)
                if lead:
                    r = self._api(lead)
        except (OSError, ValueError, KeyError):
            return None
        if not r or not r.get("cluster"):
            return None
        c, me = r["cluster"], r["node"]
        if not me["coordinator"]:
            return {"leader": None, "nodes": {}, "resources": {}, "idle": False, "quorate": False}
        nodes = {}
        for x in c["Nodes"]:
            nodes[x["Name"]] = ("pending" if x["Pending"] else "offline" if not x["Online"] else
                                "standby" if x["Standby"] else "online")
        res = {}

        def walk(rs):
            for x in rs or []:
                if x["Kind"] == "primitive":
                    up = len(x["Places"] or []) == 1 and x["Role"] == "Started" and not x["Pending"]
                    res[x["ID"]] = x["Places"][0]["Node"] if up else None
                walk(x["Children"])
        walk(c["Resources"])
        return {"leader": me["coordinator"], "nodes": nodes, "resources": res,
                "idle": me["transition"]["known"] and not me["transition"]["busy"], "quorate": me["quorum"]["quorate"]}

    # -- commands

    def move(self, rsc, node):
        self.lab.alive()[0].run(["/usr/sbin/crm_resource", "--move", "-r", self._top(rsc), "-N", node])

    def unmove(self, rsc):
        self.lab.alive()[0].run(["/usr/sbin/crm_resource", "--clear", "-r", self._top(rsc)])

    @staticmethod
    def _top(rsc):
        return "g1" if rsc in ("vip", "d1") else rsc

    def standby(self, node, on):
        self.lab.alive()[0].run(["/usr/sbin/mainstay", "node", "standby" if on else "online", node])

    KINDS = commands.kinds("cib-bootstrap-options")

    def updates(self, node, count, kind="cibadmin"):
        # The daemon's own links to the tools; those that the lab could copy are scripts.
        t = time.monotonic()
        node.run(["/bin/sh", "-ec", "PATH=/run/mainstay/tools:$PATH; i=0; while [ $i -lt %d ]; do i=$((i+1)); %s >/dev/null; done"
                  % (count, self.KINDS[kind])])
        return time.monotonic() - t

    def converged(self, value):
        for n in self.lab.alive():
            r = n.run(["/usr/sbin/cibadmin", "--query", "--local", "--scope", "crm_config"])
            if 'name="lab-counter" value="%s"' % value not in r.stdout:
                return False
        return True

    # -- logs

    def _events(self, node):
        path = os.path.join(node.dir, "var_log_mainstay", "mainstay.log")
        if self.opts.state == "tmpfs":
            path = path.replace(self.lab.dir, "/dev/shm/" + os.path.basename(self.lab.dir), 1)
        shift = time.time() - time.monotonic()
        res = []
        try:
            with open(path, errors="replace") as f:
                for line in f:
                    try:
                        e = json.loads(line)
                        at = re.sub(r"(\.\d{1,6})\d*Z$", r"\1+00:00", e["time"])
                        t = datetime.datetime.fromisoformat(at).timestamp()
                    except (ValueError, KeyError):
                        continue
                    res.append((t - shift, e))
        except OSError:
            pass
        return res

    def membership_events(self, node, since=0):
        res = []
        for t, e in self._events(node):
            if t < since:
                continue
            if e.get("event") == "view":
                res.append((t, "A new membership " + e["msg"]))
            elif e.get("event") == "link" and e.get("up") is False:
                res.append((t, "link: %s is down" % e.get("link")))
        return res

    def timeline(self, t0, t1):
        first = {}

        def put(k, t):
            if t0 - 0.001 <= t <= t1 + 0.5 and (k not in first or t - t0 < first[k]):
                first[k] = t - t0
        for n in self.lab.alive():
            for t, e in self._events(n)[-2000:]:
                k = e.get("event")
                if k == "view" and e.get("left"):
                    put("membership", t)
                elif k == "planned":
                    put("calculated", t)
                elif k == "fence":
                    put("fence_asked", t)
                elif k == "fenced":
                    put("fence_done", t)
                elif k == "operation" and e.get("key") == "vip_start_0":
                    put("start_done", t)
        return first
