#!/usr/bin/env python3
"""The crash matrix: everything that a handler can ruin itself with, and what is acknowledged after it.

test_matrix.py [BUILD FOLDER] [--sanitized] [--only TEXT]

Each row is one deed (tests/e2e/handlers/deeds.h) at one record of a batch of seven, through `ddbstream serve`, in one
column and one report mode:

    record    isolated; records are finished in their callbacks, the deed is done there
    queue     isolated; with on_batch_end, the deed in a callback: nothing is finished yet
    flush     isolated; with on_batch_end, the deed in it, without commits
    commit    the same with a commit after each record
    none      DDBS_ISOLATION=none: as "record", in one process

The handler writes each finished record's number to a journal before it returns. After the deed a clean batch must be
answered by the same supervisor; then the processes are counted. --sanitized is for builds with sanitizers: rows that
touch the allocator or the dispositions of signals are left out. --only runs the rows whose line contains TEXT.
"""
import base64
import contextlib
import itertools
import json
import os
import re
import resource
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from serve_harness import BIN, INVOKE, Server, alive, children

SANITIZED = "--sanitized" in sys.argv
ONLY = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
BOOTSTRAP = os.path.join(BIN, "tests", "handlers", "matrix")
RECORDS = 7
PLACES = {"first": 0, "middle": RECORDS // 2, "last": RECORDS - 1}
COLUMNS = ("record", "queue", "flush", "commit", "none")
LANES = 3  # at the same time; lanes that hang take no time of the machine and run all at once
TIMEOUT_S, HANG_TIMEOUT_S = 8, 2
SPARE_MS = 100  # so long before its deadline a hanging handler must be answered for
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-10-19T00:00:00.000"
SUCCESS = {"batchItemFailures": []}
SECRETS = (b"attribute-9c1f77e0-not-for-logs", b"environment-51ab0d2e-not-for-logs")

CRASHED, EXITED = "Function.HandlerCrashed", "Function.HandlerExited"
LATE, MEMORY = "Function.DeadlineExceeded", "Function.OutOfMemory"


# The deeds, and what is expected of them

class Deed:
    """`kind`: "dies": the worker is lost at the record; "fails": the record fails; "holds": nothing happens;
    "survives": what comes after the record may be done or not. `words`: what an isolated answer says, a regular
    expression; `alone`: what `serve` says without isolation, or a kind. `place`: the log says where it crashed."""

    def __init__(self, name, kind, types=(), words="", alone="", place=False, sanitized=True):
        self.name, self.kind, self.types, self.words, self.alone = name, kind, types, words, alone
        self.place, self.sanitized = place, sanitized


def crash(name, number, alone, place=True, sanitized=True):
    return Deed(name, "dies", (CRASHED,), number, alone, place, sanitized)


def leave(name, status, alone, types=(EXITED,), sanitized=True):
    return Deed(name, "dies", types, status, alone, False, sanitized)


SEGV = ("SIGSEGV", "signal: segmentation fault")
ABORT = ("SIGABRT", "signal: aborted")
QUIET = "without providing a reason"
UNHEARD = (EXITED, CRASHED)  # it cannot tell anybody how it is

DEEDS = [
    crash("null-pointer", *SEGV),
    crash("overflow-main", *SEGV),
    crash("overflow-thread", *SEGV, place=False),
    crash("abort", *ABORT),
    crash("fpe", "SIGFPE", "signal: floating point exception"),
    crash("ill", "SIGILL", "signal: illegal instruction"),
    crash("bus", "SIGBUS", "signal: bus error"),
    leave("exit-0", r"exit status 0\b", QUIET),
    leave("exit-3", r"exit status 3\b", "exit status 3"),
    leave("_exit-0", r"exit status 0\b", QUIET),
    leave("execve", r"exit status 0\b", QUIET),
    crash("sigkill", "SIGKILL", "signal: killed", place=False),
    crash("signals-default", *SEGV, place=False, sanitized=False),
    crash("signals-ignored", *SEGV, place=False, sanitized=False),
    Deed("hang", "dies", (LATE,), "", "Task timed out"),
    Deed("hang-blocked", "dies", (LATE,), "", "Task timed out"),
    crash("double-free", *ABORT, sanitized=False),
    crash("heap-smash", *ABORT, sanitized=False),
    Deed("memory-null", "fails", (MEMORY,), "DDBS_E_MEMORY", "fails", sanitized=False),
    crash("memory-unchecked", *SEGV, sanitized=False),
    Deed("leak", "holds", alone="holds", sanitized=False),
    Deed("wild", "survives", UNHEARD, "", "survives", sanitized=False),
    crash("wild-crash", *SEGV, place=False, sanitized=False),
    crash("wild-event", "SIGSEGV", "signal: aborted"),
    crash("forge-ones", *SEGV),
    crash("forge-sizes", *SEGV),
    crash("forge-words", *SEGV),
    leave("forge-exit", r"exit status 0\b", QUIET),
    Deed("forge-only", "holds", alone=None),  # alone it is the event that lies there
    leave("close", "", "survives", UNHEARD),
    crash("close-crash", *SEGV),
    # Alone it would write into the conversation with Lambda.
    Deed("garbage", "survives", (*UNHEARD, "Function.ProgressMismatch"), "", None),
    crash("garbage-crash", *SEGV),
    Deed("fork-return", "holds", alone="holds"),
    crash("fork-first", *SEGV),
    Deed("fork-crash", "holds", alone="holds"),
    crash("orphan", *SEGV),
    leave("jump-main", r"exit status 0\b", QUIET, sanitized=False),  # what it leaves behind is a leak
    leave("jump-again", "", None, UNHEARD),
    leave("jump-start", "", None, UNHEARD, sanitized=False),
]
HANGS = ("hang", "hang-blocked")


class Row:
    def __init__(self, deed, place, column, report):
        self.deed, self.place, self.column, self.report = deed, place, column, report
        self.index = PLACES[place]
        self.alone = column == "none"
        self.kind = deed.kind
        if self.alone:
            self.kind = deed.alone if deed.alone in ("fails", "holds", "survives") else "dies"
        self.notes = []

    def checkpoint(self):
        """Up to where everything was reported before the deed. Behind a failure on_batch_end is called all the same."""
        flushed = self.column == "queue" and self.kind == "fails"
        return self.index if self.column in ("record", "commit", "none") or flushed else 0

    def expected(self):
        if self.kind == "holds":
            return "all done"
        if self.alone and self.kind == "dies":
            return f"nothing done; {self.deed.alone}"
        at = f"{self.checkpoint()} done; " if self.report == "items" else f"error at {self.checkpoint() + 1}; "
        if self.kind == "survives":
            return at + "or more, if finished"
        return at + " ".join(filter(None, ["|".join(kind.split(".")[1] for kind in self.deed.types),
                                            self.deed.words.replace(r"\b", "")]))

    def line(self):
        return f"{self.deed.name:16} {self.place:6} {self.column:6} {self.report:5}  {self.expected():52}"


def rows():
    for report, column, deed, place in itertools.product(("items", "error"), COLUMNS, DEEDS, PLACES):
        row = Row(deed, place, column, report)
        if (deed.sanitized or not SANITIZED) and not (row.alone and deed.alone is None) and ONLY in row.line():
            yield row


# Events

numbers = itertools.count(10 ** 23, 100)


def sequences():
    base = next(numbers)
    return [str(base + i) for i in range(RECORDS)]


def record(sequence, key):
    return {"eventID": "id-" + sequence, "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1", "eventSourceARN": ARN,
            "dynamodb": {"ApproximateCreationDateTime": 1792399200, "Keys": {"id": {"S": key}},
                         "NewImage": {"id": {"S": key}, "note": {"S": SECRETS[0].decode()},
                                      "bytes": {"B": base64.b64encode(SECRETS[0]).decode()}},
                         "SequenceNumber": sequence, "SizeBytes": 90, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


def event(order, deed=None, index=0):
    return json.dumps({"Records": [record(number, deed if deed and i == index else "fine")
                                   for i, number in enumerate(order)]}).encode()


def forms(secret):
    """The secret as it would be found inside of longer text: plain, hexadecimal, base64 at each of three places."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + secret)
        yield encoded[-(-shift * 8 // 6):(shift + len(secret)) * 8 // 6]


FORBIDDEN = [form for secret in SECRETS for form in forms(secret)]


# A function that lives through many deeds

class Wrong(Exception):
    """What does not hold in a row."""


def need(condition, text):
    if not condition:
        raise Wrong(text)


def carriers(journal):
    """Every process that has this journal in its environment, wherever it hangs in the tree."""
    wanted, found = f"TEST_JOURNAL={journal}".encode(), set()
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                if wanted in file.read().split(b"\0"):
                    found.add(int(entry))
        except OSError:
            pass  # it is gone, or somebody else's
    return found


def soon(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


class Function:
    def __init__(self, column, report, timeout, **more):
        self.column, self.report = column, report
        self.journal = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"matrix-{os.getpid()}-{id(self)}")
        options = {"TEST_JOURNAL": self.journal, "MATRIX_MODE": "record" if column == "none" else column,
                   "DDBS_REPORT": report, "MATRIX_SECRET": SECRETS[1].decode(),
                   "DDBS_ISOLATION": "none" if column == "none" else "worker", **more}
        with open(self.journal, "wb"):
            pass
        self.server = Server("--timeout", str(timeout), *(f"--env={name}={value}" for name, value in options.items()),
                             program=[BOOTSTRAP])
        self.log_at = self.journal_at = 0

    def close(self):
        self.server.__exit__()
        for pid in carriers(self.journal):  # what a failed row has left
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.unlink(self.journal)

    def turn_page(self):
        """From here on log() and words() tell of what is new."""
        self.log_at = os.path.getsize(self.server.errors_path)
        self.journal_at = os.path.getsize(self.journal)

    def log(self):
        with open(self.server.errors_path, "rb") as file:
            file.seek(self.log_at)
            return file.read()

    def words(self, word):
        with open(self.journal, encoding="ascii") as file:
            file.seek(self.journal_at)
            return [line.split()[1:] for line in file if line.startswith(word + " ")]

    def supervisor(self):
        found = children(self.server.process.pid)
        return found[0] if len(found) == 1 else None

    def invoke(self, body):
        """(is an error, answer as JSON, when it came)"""
        status, headers, answer = self.server.request("POST", INVOKE, body)
        at = time.time() * 1000
        need(status == 200, f"status {status}: {answer[:200]}")
        everything = answer + json.dumps(headers).encode() + self.log()
        need(not any(form in everything for form in FORBIDDEN), "a secret in the log or the answer")
        try:
            return "x-amz-function-error" in headers, json.loads(answer), at
        except ValueError:
            raise Wrong(f"no JSON: {answer[:200]}") from None


# Judging

def acknowledged(report, is_error, answer, order):
    """How many records a mapping takes as done. One without ReportBatchItemFailures takes any response so."""
    if is_error:
        return 0
    if report == "error" or answer == SUCCESS:
        return RECORDS
    need(list(answer) == ["batchItemFailures"] and len(answer["batchItemFailures"]) == 1, f"odd answer {answer}")
    entry = answer["batchItemFailures"][0]
    need(list(entry) == ["itemIdentifier"], f"odd answer {answer}")
    need(entry["itemIdentifier"] in order, "an identifier that is none of the batch")
    return order.index(entry["itemIdentifier"])


def judge_alone(row, is_error, answer):
    """Without isolation the process is gone, and only `serve` can say so."""
    need(is_error, f"no error: {answer}")
    wanted = "Sandbox.Timedout" if row.deed.name in HANGS else "Runtime.ExitError"
    need(answer["errorType"] == wanted, f"{answer}")
    said = answer["errorMessage"]
    by_sanitizer = SANITIZED and "exit status 1" in said  # it takes signals for itself
    need(row.deed.alone in said or by_sanitizer, said)
    return "nothing done; " + said.partition("Error: ")[2].removeprefix("Runtime exited with error: ")


def judge_failure(row, function, is_error, answer, order, done):
    """One record is named, by identifier or in the message; the log says the same."""
    log = function.log().decode("utf-8", "replace")
    if row.report == "items":
        need(not is_error, f"an error: {answer}")
        at = acknowledged(row.report, is_error, answer, order)
        said = log
    else:
        need(is_error, "no error")
        said = answer["errorMessage"]
        named = re.search(r"; record (\d+)/(\d+) seq=(\d+)", said)
        need(named and int(named[2]) == RECORDS, "no record is named: " + said)
        at = int(named[1]) - 1
        need(order[at] == named[3], "another record's number: " + said)
        need(said.startswith(answer["errorType"] + ": ") and answer["stackTrace"] == [], f"{answer}")
        need(said in log, "the log says something else than the answer")
    kinds = [kind for kind in row.deed.types if kind + ": " in said]
    need(kinds, f"none of {row.deed.types}: {said[-600:]}")
    need(re.search(row.deed.words, said), f"no {row.deed.words}: {said[-600:]}")
    need(order[at] in log, "the log does not name the record")
    limit = len(done) if row.kind == "survives" and row.column in ("record", "commit", "none") else row.checkpoint()
    need(row.checkpoint() <= at <= limit, f"stops at record {at + 1}, {len(done)} were finished")
    if row.deed.place and not row.alone:
        need(re.search(r"\b(bootstrap|libc\S*)\+0x[0-9a-f]+.* build-id [0-9a-f]+", log), "no place in the log")
    word = re.search(r"SIG[A-Z]+|exit status \d+", said if kinds[0] != LATE else "")
    text = f"{at} done; " if row.report == "items" else f"error at {at + 1}; "
    return text + " ".join([kinds[0].split(".")[1]] + ([word[0]] if word else []))


def judge(row, function, is_error, answer, order):
    """What came of the deed, in words."""
    done = [number for number, *_ in function.words("done")]
    deeds = function.words("deed")
    count = acknowledged(row.report, is_error, answer, order)
    need(set(order[:count]) <= set(done), f"{count} acknowledged, {len(done)} finished")
    need([deed for deed, *_ in deeds] == [row.deed.name], f"deeds done: {deeds}")
    need({pid for _, pid, _ in function.words("done")} <= {deeds[0][1]}, "a child went on with the batch")
    for how in function.words("child"):
        need(row.deed.name == "fork-crash" or how == ["exit", "70"], f"the child ended with {how}")
    if row.kind == "dies" and row.alone:
        return judge_alone(row, is_error, answer)
    success = not is_error and answer == SUCCESS
    if row.kind == "holds":
        need(success, f"{answer} {function.log()[-300:]}")
    if success and row.kind in ("holds", "survives"):
        return "all done"
    if row.kind == "survives" and row.alone and is_error:
        return "nothing done; " + str(answer.get("errorType"))
    return judge_failure(row, function, is_error, answer, order, done)


def judge_aftermath(row, function, supervisor, worker):
    """A clean batch, the same supervisor, and nothing else that lives."""
    order = sequences()
    is_error, answer, _ = function.invoke(event(order))
    need(not is_error and answer == SUCCESS, f"the next batch: {answer}")
    done = function.words("done")[-RECORDS:]
    need([number for number, *_ in done] == order, "the next batch was not finished")
    pid, parent = int(done[0][1]), int(done[0][2])
    now = function.supervisor()
    if row.alone:
        need(pid == now, "not in one process")
        need(row.kind != "dies" or pid != worker, "the process lives")
    else:
        need(parent == now == supervisor, f"supervisor {supervisor} before, {now} after")
        need(row.kind != "dies" and row.deed.name != "leak" or pid != worker, "the same worker again")
    wanted = {pid} if row.alone else {pid, now}
    need(soon(lambda: carriers(function.journal) == wanted), f"left over: {carriers(function.journal) - wanted}")
    need(children(now) == ([] if row.alone else [pid]), f"children of the supervisor: {children(now)}, not {pid}")
    need(children(function.server.process.pid) == [now], "children of serve")
    need(children(pid) == [] and alive(pid), "children of the worker")


def play(row, function):
    """The row's deed and a clean batch after it. What came of it, in words."""
    supervisor = function.supervisor()
    order = sequences()
    function.turn_page()
    is_error, answer, at = function.invoke(event(order, row.deed.name, row.index))
    got = judge(row, function, is_error, answer, order)
    if row.deed.name in HANGS and not row.alone:
        spare = int(function.words("deadline")[0][0]) - at
        need(spare >= SPARE_MS, f"late: {spare:.0f} ms before the deadline")
        got += f", {spare:.0f} ms left"
    judge_aftermath(row, function, supervisor, int(function.words("deed")[0][1]))
    return got


def run_row(row, function):
    """(holds, what came of it); a busy machine may be late once."""
    for attempt in (1, 2):
        try:
            return True, play(row, function) + (", late before" if attempt > 1 else "")
        except Wrong as wrong:
            if not str(wrong).startswith("late: ") or attempt > 1:
                return False, str(wrong)
        except Exception as error:  # a broken answer, a function that is gone: the row has failed, others can go on
            return False, f"{type(error).__name__}: {error}"
    return False, "unreachable"


# Lanes

class Table:
    def __init__(self):
        self.lock = threading.Lock()
        self.failed = 0

    def add(self, row, holds, got):
        with self.lock:
            self.failed += not holds
            got = got.replace("\n", "\\n")[:900]
            print(f"{'ok' if holds else 'not ok'} - {row.line()}  {got}", flush=True)


def fresh(lane, timeout):
    """A function that has answered a clean batch; without that there is nothing to try."""
    function = Function(lane[0].column, lane[0].report, timeout)
    try:
        is_error, answer, _ = function.invoke(event(sequences()))
        need(not is_error and answer == SUCCESS, f"the first batch: {answer}: {function.log()[-600:]}")
    except Exception:
        function.close()
        raise
    return function


def run_lane(lane, table, timeout):
    """All rows of one column and mode, by one function as long as it lives up to its promises."""
    function, broken = None, None
    try:
        for row in lane:
            try:
                function = function or (None if broken else fresh(lane, timeout))
            except (Wrong, AssertionError, OSError) as error:
                broken = f"no function: {error}"
            holds, got = (False, broken) if broken else run_row(row, function)
            table.add(row, holds, got)
            if not holds and function is not None:
                function.close()
                function = None
    finally:
        if function is not None:
            function.close()


def run_lanes(lanes, table, timeout, width):
    with ThreadPoolExecutor(width) as pool:
        for done in [pool.submit(run_lane, lane, table, timeout) for lane in lanes]:
            done.result()


def lanes_of(chosen):
    return [list(lane) for _, lane in itertools.groupby(chosen, lambda row: (row.report, row.column))]


def main():
    table = Table()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    everything = list(rows())
    left_out = ", ".join(deed.name for deed in DEEDS if SANITIZED and not deed.sanitized)
    print(f"# {len(everything)} rows" + (f"; left out with sanitizers: {left_out}" if left_out else ""))
    print(f"#    {'deed':16} {'record':6} {'column':6} {'mode':5}  {'expected':52}  got", flush=True)
    quick = [row for row in everything if row.deed.name not in HANGS]
    run_lanes(lanes_of(quick), table, TIMEOUT_S, LANES)
    hanging = lanes_of(row for row in everything if row.deed.name in HANGS)
    run_lanes(hanging, table, HANG_TIMEOUT_S, len(hanging) or 1)
    return 1 if table.failed or not everything else 0


if __name__ == "__main__":
    sys.exit(main())
