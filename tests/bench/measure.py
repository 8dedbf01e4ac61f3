"""What the benchmark measures: each task is one measurement of a few hundredths of a second, done once a round, in turns
with all others. Its samples are kept under its name, "decode/typical/simdjson"."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import time
import zipfile

import corpora
import count
import peers

SECONDS = 0.05          # of one measurement of a decoder, after it is warm
SETTLE_S = 0.5          # before the memory of idle processes is read
PATIENCE_S = 300
NOOP_INVOCATIONS, BATCH_INVOCATIONS, STARTS = 4000, 300, 20
LARGE_SIZE = 6 * corpora.MIB - 64 * corpora.KIB
SHARE_OF_LARGE = {"tiny-records": 0.6, "spaces": 0.8, "unicode-escapes": 0.9}
REAL_LARGE = ("large", "wide", "binary", "numbers", "random")
OWN_MODES = {"index": ("typical",), "diff": ("typical",), "filter": ("typical",),
             "bind": ("items",), "decode": ("items",)}


class Mismatch(Exception):
    """A peer decoded something else than the others."""


class Task:
    def __init__(self, name, once, function):
        self.name, self.once, self.function = name, once, function


class Bench:
    def __init__(self, build, seed, prefix, static):
        self.place = peers.Place(build)
        self.seed, self.prefix, self.static = seed, prefix, static
        self.folder = os.path.join(self.place.bench, "corpora")
        self.cpu = max(os.sched_getaffinity(0))
        self.missing, self.commands, self.checksums, self.sizes, self.notes = {}, {}, {}, {}, {}

    def corpus(self, name, size=None):
        path = corpora.path_of(self.folder, name, self.seed, size)
        self.sizes[os.path.basename(path)[:-len(".json")]] = os.path.getsize(path)
        return path

    def command_of(self, peer, make):
        """The command of a peer, or None, and then it is noted as missing."""
        if peer not in self.commands and peer not in self.missing:
            try:
                self.commands[peer] = make(self.place)
            except peers.Missing as why:
                self.missing[peer] = str(why)
        return self.commands.get(peer)

    def output(self, command, pinned=True, **more):
        """What a command prints; on one core, so that helper threads (of garbage collectors) are not free."""
        pin = (lambda: os.sched_setaffinity(0, {self.cpu})) if pinned else None
        process = subprocess.run([*self.prefix, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 timeout=PATIENCE_S, preexec_fn=pin, **more)
        if process.returncode != 0:
            raise peers.Missing(process.stderr.strip()[-300:] or f"ended with status {process.returncode}")
        return process.stdout

    # Decoders

    def decoder(self, peer, corpus):
        def measure():
            found = json.loads(self.output([*self.commands[peer], self.corpus(corpus), str(SECONDS)]))
            first = self.checksums.setdefault(corpus, (peer, found["checksum"]))
            if first[1] != found["checksum"]:
                raise Mismatch(f"{corpus}: {peer} has {found['checksum']}, {first[0]} has {first[1]}")
            if found["allocations"] is not None:
                self.notes.setdefault("allocations", {})[f"{corpus}/{peer}"] = found["allocations"]
            return found["ns"]
        return Task(f"decode/{corpus}/{peer}", False, measure)

    def decoders(self):
        for corpus in (*corpora.REAL, *corpora.ADVERSARIAL):
            for peer, make in peers.DECODERS.items():
                if self.command_of(peer, make):
                    yield self.decoder(peer, corpus)

    def own(self):
        program = self.command_of("ours", peers.DECODERS["ours"])
        for mode, names in OWN_MODES.items():
            for corpus in names if program else ():
                yield Task(f"own/{mode}/{corpus}", False, lambda mode=mode, corpus=corpus: json.loads(
                    self.output([program[0], mode, self.corpus(corpus), str(SECONDS)]))["ns"])

    # The runtime

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DDBS_", "AWS_"))}
        return dict(kept, AWS_LAMBDA_FUNCTION_NAME="bench", DDBS_REPORT="items", CJSON_ARENA="1", **more)

    def noop(self):
        """The function that does nothing: the static program that would be deployed, where there is one."""
        if not self.static:
            return [self.place.made("loop/noop")]
        try:
            return [static_program(self.static, os.path.join(self.place.loop, "noop-static"))]
        except (OSError, KeyError, zipfile.BadZipFile) as why:
            self.missing["static bootstrap"] = f"{why}; the dynamic one is measured in its place"
            self.static = ""
            return self.noop()

    def runtimes(self):
        """name: (command, environment) of the programs that do nothing with an event."""
        found = {}
        raw = self.command_of("raw", peers.raw)
        if raw:
            found["raw"] = (raw[0], {})
            self.notes["raw"] = raw[1]
        ours = self.command_of("noop", lambda place: self.noop())
        self.notes["bootstrap"] = "static: " + os.path.basename(self.static) if self.static else "as built here, dynamic"
        if ours:
            found["isolated"], found["alone"] = (ours, {}), (ours, {"DDBS_ISOLATION": "none"})
        ric = self.command_of("ric", peers.ric)
        if ric:
            found["ric"] = (ric, {})
        return found

    def loop(self, name, command, corpus, invocations, **variables):
        def measure():
            api = [self.place.made("loop/api"), "loop", self.corpus(corpus), str(invocations), *command]
            return json.loads(self.output(api, False, env=self.environment(**variables),
                                          stdin=subprocess.DEVNULL))["ns"]
        return Task(f"loop/{name}", False, measure)

    def loops(self):
        runtimes = self.runtimes()
        for name, (command, variables) in runtimes.items():
            yield self.loop(f"noop/{name}", command, "empty", NOOP_INVOCATIONS, **variables)
        for name in ("isolated", "alone", "ric"):
            if name in runtimes:
                command, variables = runtimes[name]
                yield self.loop(f"batch/{name}", command, "batch", BATCH_INVOCATIONS, **variables)
        serde = self.command_of("serde", peers.DECODERS["serde"])
        if serde:
            yield self.loop("batch/raw-serde", [*serde, "loop", "decode"], "batch", BATCH_INVOCATIONS)
        cjson = self.command_of("raw-cjson", lambda place: [place.made("loop/raw-cjson")])
        if cjson:
            yield self.loop("batch/raw-cjson-arena", cjson, "batch", BATCH_INVOCATIONS)

    def starts(self):
        runtimes = self.runtimes()
        for name, (command, variables) in runtimes.items():
            def measure(command=command, variables=variables, name=name):
                times = 3 if name == "ric" else STARTS
                api = [self.place.made("loop/api"), "start", str(times), *command]
                found = json.loads(self.output(api, False, env=self.environment(**variables)))["start_ns"]
                return sorted(found)[len(found) // 2]
            yield Task(f"start/{name}", False, measure)

    def idle(self, corpus, invocations):
        """Private kilobytes of supervisor and worker when they wait, after events of that corpus."""
        def measure():
            api = [*self.prefix, self.place.made("loop/api"), "loop", self.corpus(corpus), str(invocations),
                   *self.commands["noop"]]
            with subprocess.Popen(api, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  env=self.environment()) as process:
                pid = json.loads(process.stdout.readline())["pid"]
                time.sleep(SETTLE_S)
                private = [private_kb(one) for one in (pid, *children_of(pid))]
                process.stdin.close()
            self.notes.setdefault("idle processes", {})[corpus] = private
            return sum(private)
        return Task(f"idle/{corpus}", True, measure)

    def idles(self):
        if self.runtimes().get("isolated"):
            yield self.idle("empty", 200)
            yield self.idle("large", 3)

    def serve(self):
        """`ddbstream serve` with a function that does nothing, invoked on one connection."""
        def measure():
            command = [*self.prefix, os.path.join(self.place.build, "ddbstream"), "serve", "--",
                       *self.commands["noop"]]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  env=self.environment()) as server:
                try:
                    port = re.search(r":(\d+)$", server.stdout.readline().strip())[1]
                    return float(self.output([self.place.made("loop/invoke"), port, self.corpus("empty"), "2000"], False))
                finally:
                    server.send_signal(signal.SIGTERM)
        if self.command_of("noop", lambda place: self.noop()):
            yield Task("serve/noop", False, measure)

    def million(self):
        """`ddbstream run` with a million small records: nanoseconds a record; its peak memory goes to another task."""
        command = [*self.prefix, os.path.join(self.place.build, "ddbstream"), "run", *self.commands["noop"], "--esm",
                   corpora.million_mapping(self.folder), "--source", corpora.million_records(self.folder), "--time", "skip",
                   "--quiet"]
        begun, peak = time.monotonic_ns(), 0
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment()) as process:
            while process.poll() is None:  # not ru_maxrss: that remembers what it was forked from
                peak = peak_kb(process.pid) or peak
                time.sleep(0.02)
            took, said = time.monotonic_ns() - begun, process.stdout.read()
        if process.returncode != 0 or b"1000000 records polled = 1000000 done" not in said:
            raise peers.Missing(said.decode()[-300:])
        return took / corpora.MILLION, peak

    def runs(self):
        found = []

        def records():
            found.append(self.million())
            return found[0][0]
        if self.command_of("noop", lambda place: self.noop()):
            yield Task("run/million", True, records)
            yield Task("run/memory", True, lambda: found[0][1])

    # Calls of AWS

    def calls(self):
        """10,000 records to Firehose: processor time a record; and the same requests without the library."""
        program, requests = self.place.made("calls/calls"), []

        def measure(mode):
            found = json.loads(self.output([program, mode, self.corpus("ten-thousand"), str(SECONDS)],
                                           env=self.environment()))
            if mode == "firehose":
                requests[:] = [found["requests"] / found["least"]]
            return found["ns"]
        for mode in ("firehose", "curl"):
            yield Task(f"calls/{mode}", False, lambda mode=mode: measure(mode))
        yield Task("calls/requests", True, lambda: requests[0])

    # Memory and instructions

    def memory(self):
        def measure(path):
            program = self.commands["ours"][0]
            bare = int(self.output([program, "memory"]))
            return (int(self.output([program, "memory", path])) - bare) * 1024 / os.path.getsize(path)
        if self.command_of("ours", peers.DECODERS["ours"]):
            for name in (*REAL_LARGE, *corpora.ADVERSARIAL):
                size = None if name == "large" else large_size(name)
                yield Task(f"memory/{name}", True, lambda name=name, size=size: measure(self.corpus(name, size)))

    def counts(self):
        if shutil.which("valgrind") is None:
            self.missing["callgrind"] = "valgrind is not installed"
            return

        def per_byte():
            path = self.corpus("typical")
            return sum(count.instructions(self.place.build, "decode", path).values()) / os.path.getsize(path)
        yield Task("count/decode/typical", True, per_byte)
        for name in corpora.ADVERSARIAL:
            yield Task(f"count/doubling/{name}", True,
                       lambda name=name: count.doubling(self.place.build, self.folder, name, self.seed))

    def tasks(self):
        for group in (self.decoders, self.own, self.loops, self.starts, self.serve, self.runs, self.calls, self.idles,
                      self.memory, self.counts):
            yield from group()


def large_size(name):
    """Near the limit of an event; the shapes in steps, or written with spaces, stay below it."""
    return int(LARGE_SIZE * SHARE_OF_LARGE.get(name, 0.97))


def static_program(path, target):
    """The program of a package, or the one that `path` is, ready to be started."""
    if path.endswith(".zip"):
        with zipfile.ZipFile(path) as package, open(target, "wb") as file:
            file.write(package.read("bootstrap"))
    else:
        shutil.copy(path, target)
    os.chmod(target, 0o755)
    return target


def private_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(kb) for kb in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", file.read(), re.MULTILINE))


def peak_kb(pid):
    """The most memory that a process had so far; None when it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            found = re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) if found else None


def children_of(pid):
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path, encoding="ascii") as file:
            found += map(int, file.read().split())
    return found
