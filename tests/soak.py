#!/usr/bin/env python3
"""Many invocations through `ddbstream serve`: what the processes of a function hold afterwards.

    soak.py BUILD [--invocations N] [--crashes N]

Batches of 1 to 10 records, among them records that fail, do not decode, are skipped or parked, events that are none,
windows with a state, and events of 5 MiB. Every answer is checked. Memory, descriptors and threads of supervisor and
worker are read after invocation 1,000 and after the last one; then the same for one process (DDBS_ISOLATION=none), and
for a supervisor whose workers crash, exit and are killed. At last: how many invocations a second there are with and
without isolation, in turns; that is a ratio to read, not a promise.
"""
import argparse
import collections
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time

WARM = 1000  # invocations before the first reading
GROWTH_MAX_KB = 256
DESCRIPTORS_MAX = 16  # of a process at any time: a leak may have reached its end before the first reading
MIB = 1024 * 1024
# Of an event of any size this much memory stays taken, and so may the pages of index and reply.
SHARED_MAX_KB = 1024 + 512
PATIENCE = 60  # seconds for one answer
INVOKE = b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: soak\r\nContent-Length: %d\r\n\r\n"
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-10-19T00:00:00.000"
NUMBER = "@@@@@@@@@@@@"  # in an event; the number of the invocation takes its place
SUCCESS = {"batchItemFailures": []}
DEATHS = ("abort", "exit", "null", "kill", "orphan")

# What a process holds. `rss` and `shared` (of it) in KiB.
Reading = collections.namedtuple("Reading", "rss shared descriptors threads")
# An event with NUMBER in it, and the answer: an object, or the type of an error.
Case = collections.namedtuple("Case", "event answer")


# Events

def sequence(index):
    return f"1{NUMBER}{index:08d}"


def record(index, key="k", note="", number="1.5e1"):
    return {"eventID": f"id-{index}", "eventName": ("INSERT", "MODIFY", "REMOVE")[index % 3], "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": "eu-west-1", "eventSourceARN": ARN,
            "dynamodb": {"ApproximateCreationDateTime": 1792399200, "Keys": {"id": {"S": key}},
                         "NewImage": {"id": {"S": key}, "n": {"N": number}, "note": {"S": note or "a \\u00e9 b"},
                                      "tags": {"SS": ["x", "y"]}, "bin": {"B": "AAEC"}},
                         "SequenceNumber": sequence(index), "SizeBytes": 20, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


def batch(count, at=None, **more):
    """`count` records; the one at `at` is special."""
    return {"Records": [record(i, **(more if at in (i, "all") else {})) for i in range(count)]}


def window(event, state, final=False):
    return dict(event, shardId="shardId-1", eventSourceARN=ARN, state=state, isFinalInvokeForWindow=final,
                window={"start": "2026-10-19T08:40:00Z", "end": "2026-10-19T08:42:00Z"}, isWindowTerminatedEarly=False)


def item(index):
    return {"batchItemFailures": [{"itemIdentifier": sequence(index)}]}


def case(event, answer=None):
    text = event if isinstance(event, str) else json.dumps(event, separators=(",", ":"))
    return Case(text.encode(), SUCCESS if answer is None else answer)


def usual_cases():
    """What every hundred invocations consist of, in turn with batches in which all goes well."""
    cases = []
    for size in range(1, 11):
        cases += [case(batch(size)), case(batch(size, size // 2, key="fail"), item(size // 2)),
                  case(batch(size, size - 1, number="12,5"), item(size - 1)), case(batch(size, 0, key="skip")),
                  case(batch(size, size // 3, key="park")), case(window(batch(size), {"n": "0"}),
                                                                 dict(SUCCESS, state={"n": str(min(size, 9))}))]
    cases += [case(json.dumps(batch(3))[:-7], "Runtime.EventMalformed"), case({"Records": []}),
              case({"hello": "world"}, "Runtime.UnexpectedEvent"),
              case(window({"Records": []}, {"n": "1"}, final=True), dict(SUCCESS, state={})),
              case(window(batch(2, 1, key="fail"), {"n": "0"}), "Function.HandlerFailed"),
              case(window(batch(1), {"n": "0" * 100_000}), dict(SUCCESS, state={"n": "1" * 100_000}))]
    while len(cases) < 100:
        cases.append(case(batch(len(cases) % 10 + 1)))
    # A step without a common divisor, so that the kinds are mixed.
    return [cases[i * 37 % 100] for i in range(100)]


def large_cases():
    half, all_of_it = "x" * (MIB // 2), "y" * (5 * MIB)
    return [case(batch(10, "all", note=half)), case(batch(1, "all", note=all_of_it)),
            case(batch(10, 4, key="fail", note=all_of_it), item(4)),
            case(batch(10, "all", note=half, number="1.2.3"), item(0))]


def case_at(number):
    return LARGE[number // 250 % 4] if number % 250 == 125 else USUAL[number % 100]


USUAL, LARGE = usual_cases(), large_cases()
SMALL = case(batch(3))


# Processes

def read_stat(pid):
    """(parent, process group, state) of a process; None where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            state, parent, group = file.read().rpartition(")")[2].split()[:3]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(parent), int(group), state


def processes(wanted):
    """The processes whose (parent, group, state) is wanted."""
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        stat = read_stat(pid)
        if stat and wanted(*stat):
            found.append(pid)
    return found


def children(pid):
    return processes(lambda parent, _, __: parent == pid)


def read(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        resident = re.search(r"^Rss:\s+(\d+) kB", file.read(), re.MULTILINE)
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        shared = re.search(r"^RssShmem:\s+(\d+) kB", file.read(), re.MULTILINE)
    return Reading(int(resident[1]), int(shared[1]), len(os.listdir(f"/proc/{pid}/fd")),
                   len(os.listdir(f"/proc/{pid}/task")))


class Function:
    """`ddbstream serve` with the handler of the soak, and a connection to its Invoke URL."""

    def __init__(self, build, isolation="worker"):
        variables = {key: value for key, value in os.environ.items() if not key.startswith(("DDBS_", "AWS_"))}
        variables.update(DDBS_REPORT="items", DDBS_ISOLATION=isolation)
        command = [os.path.join(build, "ddbstream"), "serve", "--", os.path.join(build, "tests", "handlers", "soak")]
        self.server = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        port = re.search(rb":(\d+)$", self.server.stdout.readline().strip())
        assert port, "ddbstream serve does not listen"
        self.connection = socket.create_connection(("127.0.0.1", int(port[1])), timeout=PATIENCE)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.isolated = isolation == "worker"
        self.number = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.server.stdout.close()
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(PATIENCE)

    def receive(self):
        """The answer: its head and its body."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.connection.recv(65536)
            assert more, f"invocation {self.number}: the server closed the connection"
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"\r\nContent-Length: (\d+)", head, re.IGNORECASE)[1])
        while len(body) < length:
            body += self.connection.recv(MIB)
        return head, body

    def invoke(self, what):
        """Run a case; its answer must be the one it has."""
        self.number += 1
        number = b"%012d" % self.number
        body = what.event.replace(NUMBER.encode(), number)
        self.connection.sendall(INVOKE % len(body) + body)
        head, body = self.receive()
        wanted = what.answer
        got = json.loads(body)
        if isinstance(wanted, str):
            right = b"X-Amz-Function-Error" in head and got.get("errorType") == wanted
        else:
            right = b"X-Amz-Function-Error" not in head and \
                got == json.loads(json.dumps(wanted).replace(NUMBER, number.decode()))
        assert right, f"invocation {self.number}: the answer is {body[:300]!r}, not {str(wanted)[:300]}"

    def pids(self):
        """{"supervisor": pid, "worker": pid}, or the one process that there is."""
        supervisor, = children(self.server.pid)
        if not self.isolated:
            return {"process": supervisor}
        worker, = children(supervisor)
        return {"supervisor": supervisor, "worker": worker}

    def readings(self):
        """A reading of each process, once they are at rest."""
        before, pids = None, None
        for _ in range(200):
            time.sleep(0.02)
            try:
                pids = self.pids()
                now = {name: read(pid) for name, pid in pids.items()}
            except (ValueError, FileNotFoundError, ProcessLookupError):
                continue  # a worker is being replaced
            if now == before:
                return now
            before = now
        raise AssertionError(f"the processes do not come to rest: {pids}")


# Tests

class Verdicts:
    def __init__(self):
        self.failed = 0

    def say(self, held, sentence, why=""):
        self.failed += not held
        print(f"ok - {sentence}" if held else f"not ok - {sentence}: {why}", flush=True)


def compare(verdicts, what, before, after):
    """Judge two readings of each process."""
    for name in after:
        first, last = before[name], after[name]
        print(f"# {what}, {name}: {first} at first, {last} at last", flush=True)
        verdicts.say(last.rss - first.rss <= GROWTH_MAX_KB, f"{what}: memory of the {name}",
                     f"{first.rss} KiB have become {last.rss} KiB")
        few = first.descriptors <= DESCRIPTORS_MAX and first.threads == 1
        verdicts.say(few and first[2:] == last[2:], f"{what}: descriptors and threads of the {name}",
                     f"{first[2:]} have become {last[2:]}")


def soak(verdicts, build, isolation, count):
    what = f"{count} invocations, isolation {isolation}"
    with Function(build, isolation) as function:
        for _ in range(WARM):
            function.invoke(case_at(function.number))
        before = function.readings()
        pids = function.pids()
        started = time.monotonic()
        while function.number < count:
            function.invoke(case_at(function.number))
        print(f"# {what}: {(count - WARM) / (time.monotonic() - started):.0f} a second", flush=True)
        compare(verdicts, what, before, function.readings())
        verdicts.say(function.pids() == pids, f"{what}: the processes are the same", f"{pids}, {function.pids()}")
        function.invoke(LARGE[1])
        shared = {name: reading.shared for name, reading in function.readings().items()}
        verdicts.say(max(shared.values()) <= SHARED_MAX_KB, f"{what}: the memory of a large event is given back",
                     f"{shared} KiB are shared after it")


def crash_case(number):
    """Nine invocations of ten as ever, and one that its worker does not survive."""
    if number % 10 != 7:
        return case_at(number)
    size = number // 10 % 10 + 1
    at = number // 100 % size
    return case(batch(size, at, key=DEATHS[number // 10 % len(DEATHS)]), item(at))


def leftovers(supervisor, groups):
    """Zombies of the supervisor, and processes that live on in the groups of workers that are gone. What was killed
    takes a moment, and then waits for the init process."""
    for _ in range(100):
        left = processes(lambda parent, group, state: state == "Z" if parent == supervisor
                         else group in groups and state not in "ZX")
        if not left:
            break
        time.sleep(0.02)
    return left


def crash(verdicts, build, count):
    what = f"{count} invocations, of which one in ten ends its worker"
    groups = set()
    with Function(build) as function:
        while function.number < count:
            if function.number == count // 2:
                before, supervisor = function.readings(), function.pids()["supervisor"]
            function.invoke(crash_case(function.number))
            if function.number % 10 == 8:
                function.readings()
                groups.add(function.pids()["worker"])
        after = function.readings()
        pids = function.pids()
        verdicts.say(len(groups) == count // 10, f"{what}: each time there is a new worker", f"{len(groups)} workers")
        compare(verdicts, what, before, after)
        verdicts.say(pids["supervisor"] == supervisor, f"{what}: the supervisor is the same", f"{supervisor}, {pids}")
        groups.discard(pids["worker"])
        left = leftovers(supervisor, groups)
        verdicts.say(not left, f"{what}: no child of a worker and no zombie is left", f"{left}")


def speed(build, rounds=15, each=300):
    """Small batches, in turns with and without isolation."""
    with Function(build) as isolated, Function(build, "none") as alone:
        rates = {isolated: [], alone: []}
        for _ in range(rounds):
            for function, found in rates.items():
                started = time.perf_counter()
                for _ in range(each):
                    function.invoke(SMALL)
                found.append(each / (time.perf_counter() - started))
        one, other = (statistics.median(found) for found in rates.values())
        print(f"# three records: {one:.0f} invocations a second isolated, {other:.0f} in one process: "
              f"{one / other:.2f} times as many, {1e6 / one - 1e6 / other:.0f} us more for each", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--invocations", type=int, default=100_000, help="at least 2000")
    parser.add_argument("--crashes", type=int, default=2000, help="invocations with crashes among them; at least 2000")
    options = parser.parse_args()
    verdicts = Verdicts()
    for run in (lambda: soak(verdicts, options.build, "worker", options.invocations),
                lambda: soak(verdicts, options.build, "none", max(options.invocations // 5, 2000)),
                lambda: crash(verdicts, options.build, options.crashes),
                lambda: speed(options.build)):
        try:
            run()
        except (AssertionError, OSError, ValueError) as error:
            verdicts.say(False, "the function answers as it should", f"{type(error).__name__}: {error}")
    return 1 if verdicts.failed else 0


if __name__ == "__main__":
    sys.exit(main())
