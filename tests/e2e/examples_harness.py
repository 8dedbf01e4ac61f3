"""What the tests of the examples share: a scene is played by its run script, as it is, or against a stand-in for AWS that
the test holds, twice over, and with the function's worker killed in the middle of a call.

A test program takes the build folder as its argument."""
import importlib.util
import os
import re
import signal
import subprocess
import sys
from collections import Counter

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "tests", "awsfake"), os.path.join(ROOT, "examples", "scenes")]

from awsfake import AwsFake  # noqa: E402, its place is only known now

BIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
DDBSTREAM = os.path.join(BIN, "ddbstream")
PATIENCE = 120
EXAMPLES = sorted(name for name in os.listdir(os.path.join(ROOT, "examples"))
                  if os.path.exists(os.path.join(ROOT, "examples", name, "run.sh")))


# ---- Killing a worker ------------------------------------------------------------------------------------------------

def children_of(root):
    """The processes below `root`."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            pass  # it has ended
    found, fresh = set(), {root}
    while fresh:
        found |= fresh
        fresh = {pid for pid, parent in parents.items() if parent in fresh} - found
    return found - {root}


def socket_of(port, peer):
    """The inode of the socket from this port to that of its peer."""
    with open("/proc/net/tcp", encoding="utf-8") as file:
        for fields in (line.split() for line in file.readlines()[1:]):
            ports = [int(address.split(":")[1], 16) for address in fields[1:3]]
            if ports == [port, peer] and fields[9] != "0":
                return f"socket:[{fields[9]}]"
    return None


def owns(pid, inode):
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{name}") == inode for name in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False


class Killer(AwsFake):
    """A stand-in that kills who calls it, as {(operation, number): "before" or "after" it is done}; calls of an
    operation are counted from 1."""

    def __init__(self, kills, rules=()):
        super().__init__(rules)
        self.kills, self.killed, self.counts, self.root = dict(kills), [], Counter(), None

    def call(self, service, operation, parsed, path, headers, body, rule):
        self.counts[operation] += 1
        moment = self.kills.get((operation, self.counts[operation]))
        if moment == "before":
            self.kill(moment)
        answer = super().call(service, operation, parsed, path, headers, body, rule)
        if moment == "after":
            self.kill(moment)
        return answer

    def kill(self, moment):
        inode = socket_of(self.requests[-1]["port"], self.port)
        workers = [pid for pid in children_of(self.root) if inode and owns(pid, inode)]
        assert len(workers) == 1, f"{len(workers)} processes have called"
        os.kill(workers[0], signal.SIGKILL)
        self.killed.append(moment)
        if moment == "before":
            raise ConnectionError


# ---- Playing ---------------------------------------------------------------------------------------------------------

class Scene:
    """The scene of an example."""

    def __init__(self, name):
        self.name, self.folder = name, os.path.join(ROOT, "examples", name)
        spec = importlib.util.spec_from_file_location(f"{name}_scene", os.path.join(self.folder, "scene.py"))
        self.script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.script)

    def run(self, *options, aws=None, env=None):
        """Run its script, which asserts its claim; what it prints."""
        everything = {name: value for name, value in os.environ.items() if not name.startswith(("DDBS_", "AWS_"))}
        everything.update(env or {})
        process = subprocess.Popen(["sh", os.path.join(self.folder, "run.sh"), "--build", BIN, *options], env=everything,
                                   text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if aws is not None:
            aws.root = process.pid
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.communicate()
            raise AssertionError(f"{self.name} did not end within {PATIENCE} s") from None
        assert process.returncode == 0, f"status {process.returncode}: {out} {err}"
        assert "Sanitizer" not in err, err
        return out, err

    def play(self, aws, *options, env=None):
        """The same with services that the test holds."""
        out, err = self.run(*options, aws=aws, env=dict(env or {}, AWS_ENDPOINT_URL=aws.url))
        assert [r for r in aws.requests if r["status"] == 403 or "Signature" in r["type"]] == [], "a bad signature"
        return out, err

    def expected(self):
        with open(os.path.join(self.folder, "expected.txt"), encoding="utf-8") as file:
            return file.read()

    def play_times(self, times):
        """The whole stream, so many times."""
        with AwsFake() as aws:
            for _ in range(times):
                self.play(aws)
            return aws

    def play_killing(self, kills, *options, rules=(), env=None):
        """With workers killed; every one of `kills` must have come."""
        with Killer(kills, rules) as aws:
            out, _ = self.play(aws, *options, env=env)
            assert sorted(aws.killed) == sorted(kills.values()), f"killed {aws.killed}"
            assert "+ 0 discarded" in out, out
            return aws

    def play_faults(self, *faults, env=None):
        """With what `ddbstream run` lets go wrong, each of which must have come."""
        with AwsFake() as aws:
            out, _ = self.play(aws, "--fault", ",".join(faults), "--seed", "1", env=env)
            for kind in {fault.partition(":")[0] for fault in faults}:
                assert re.search(rf" faults?, seed 1, .*\b{kind} [1-9]", out), f"no {kind}: {out}"
            assert "+ 0 discarded" in out, out
            return aws


def lint(name):
    """The warnings and errors of ddbstream lint about an example's mapping and template."""
    folder = os.path.join(ROOT, "examples", name)
    process = subprocess.run([DDBSTREAM, "lint", "--strict", "--env", "DDBS_REPORT=items", os.path.join(folder, "esm.json"),
                              os.path.join(folder, "template.yaml")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, timeout=PATIENCE, check=False)
    return process.returncode, process.stdout
