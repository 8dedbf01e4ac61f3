#!/usr/bin/env python3
"""Lanes through `ddbstream serve`: what is acknowledged when a lane's thread is lost, and that lanes run at once.

test_lanes.py [BUILD FOLDER]

The crash matrix (test_matrix.py) with four lanes and a key of its own for each record. The deed waits until the other
lanes have done what they can, so that the record it is done at is the first one that is not done.
"""
import functools
import itertools
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import test_matrix as matrix
from runtime_harness import expect, expect_error, expect_item, expect_success, main, record, seq, serve, test
from serve_harness import alive

SANITIZED = "--sanitized" in sys.argv
RECORDS = 16
PLACES = {"first": 0, "middle": RECORDS // 2 - 1, "last": RECORDS - 1}
WAIT_MS = 200
TIMEOUT_S = 3
BUSY = 3  # a busy machine may need longer than the deed waits so often

# name: (how it ends, what is said, whether the log says where)
LOST = {
    "null-pointer": ("Function.HandlerCrashed", "SIGSEGV", True),
    "overflow-main": ("Function.HandlerCrashed", "SIGSEGV", True),  # of the lane's own stack
    "abort": ("Function.HandlerCrashed", "SIGABRT", True),
    "sigkill": ("Function.HandlerCrashed", "SIGKILL", False),
    "exit-0": ("Function.HandlerExited", r"exit status 0\b", False),
    "exit-3": ("Function.HandlerExited", r"exit status 3\b", False),
    "orphan": ("Function.HandlerCrashed", "SIGSEGV", True),
    "hang": ("Function.DeadlineExceeded", "", False),
    "hang-blocked": ("Function.DeadlineExceeded", "", False),
    "end-thread": ("Function.HandlerFailed", "ended its thread", False),
}
HOLDS = ("fork-return", "fork-crash")
SURVIVES = ("end-thread", *HOLDS)


def batch(deed, index):
    order = [next(matrix.numbers) for _ in range(RECORDS)]
    records = [matrix.record(str(number), deed if i == index else f"fine-{i}") for i, number in enumerate(order)]
    return [str(number) for number in order], json.dumps({"Records": records}).encode()


class Untimely(Exception):
    """The machine was busy: another lane was not through when the deed was done, or the answer came late."""


def judge(function, deed, index, is_error, answer, order):
    """The record that is named is the first one that is not done."""
    done = {number for number, *_ in function.words("done")}
    kind, words, place = LOST[deed]
    log = function.log().decode("utf-8", "replace")
    if function.report == "items":
        assert not is_error, answer
        (entry,) = answer["batchItemFailures"]
        at, said = order.index(entry["itemIdentifier"]), log
    else:
        assert is_error, answer
        said = answer["errorMessage"]
        named = re.search(r"; record (\d+)/(\d+) seq=(\d+)", said)
        at = int(named[1]) - 1
        expect((order[at], int(named[2])), (named[3], RECORDS))
    wanted = index if function.column == "record" else 0
    if function.column == "queue" and deed == "end-thread":
        wanted = index  # on_batch_end is called all the same
    assert set(order[:at]) <= done, f"{at} acknowledged, done: {sorted(map(order.index, done))}"
    if at < wanted:
        raise Untimely(f"record {at + 1}, not {wanted + 1}")
    expect(at, wanted)
    assert order[index] not in done, "the deed's record cannot be done"
    assert kind + ": " in said and re.search(words, said), said[-600:]
    assert order[at] in log, log[-600:]
    if place:
        assert re.search(r"\b(bootstrap|libc\S*)\+0x[0-9a-f]+.* build-id [0-9a-f]+", log), "no place: " + log[-600:]
        assert index == at or f"it came in record {index + 1}" in log, log[-600:]


def judge_aftermath(function, deed, supervisor, worker):
    order, body = batch("fine", 0)
    is_error, answer, _ = function.invoke(body)
    assert not is_error and answer == matrix.SUCCESS, answer
    done = function.words("done")[-RECORDS:]
    expect(sorted(number for number, *_ in done), sorted(order))
    pid, parent = int(done[0][1]), int(done[0][2])
    expect((parent, function.supervisor()), (supervisor, supervisor))
    assert deed in SURVIVES or pid != worker, "the same worker"
    assert matrix.soon(lambda: matrix.carriers(function.journal) == {pid, supervisor}), "left over"
    assert alive(pid)


def play(function, deed, index):
    supervisor = function.supervisor()
    order, body = batch(deed, index)
    function.turn_page()
    is_error, answer, at = function.invoke(body)
    deeds = function.words("deed")
    expect([name for name, *_ in deeds], [deed])
    if deed in HOLDS:
        assert not is_error and answer == matrix.SUCCESS, f"{answer} {function.log()[-400:]}"
        expect(sorted(number for number, *_ in function.words("done")), sorted(order))
        assert deed == "fork-crash" or function.words("child") == [["exit", "70"]], function.words("child")
    else:
        judge(function, deed, index, is_error, answer, order)
    judge_aftermath(function, deed, supervisor, int(deeds[0][1]))
    if deed.startswith("hang"):
        spare = int(function.words("deadline")[0][0]) - at
        if spare < matrix.SPARE_MS:
            raise Untimely(f"late: {spare:.0f} ms before the deadline")


def patient(function, deed, index):
    for attempt in range(BUSY):
        try:
            return play(function, deed, index)
        except Untimely:
            if attempt == BUSY - 1:
                raise


def sweep(column, report):
    """All deeds at all places in one column and mode: what does not hold."""
    wrong = []
    function = matrix.Function(column, report, TIMEOUT_S, MATRIX_LANES="4", MATRIX_WAIT_MS=str(WAIT_MS))
    try:
        _, body = batch("fine", 0)
        expect(function.invoke(body)[:2], (False, matrix.SUCCESS))
        for deed in (*LOST, *HOLDS):
            for place, index in PLACES.items():
                try:
                    patient(function, deed, index)
                except Exception as error:
                    wrong.append(f"{deed} at the {place} record: {type(error).__name__} {str(error)[:400]}")
    finally:
        function.close()
    return wrong


@functools.cache
def sweeps():
    """What does not hold in each column; all of them at once, for they mostly wait."""
    plays = list(itertools.product(("record", "queue"), ("items", "error")))
    with ThreadPoolExecutor(len(plays)) as pool:
        found = zip(plays, pool.map(lambda one: sweep(*one), plays))
    wrong = {"record": [], "queue": []}
    for (column, _), texts in found:
        wrong[column] += texts
    return wrong


def all_hold(column):
    wrong = sweeps()[column]
    assert not wrong, "; ".join(wrong)


if not SANITIZED:
    @test
    def a_lost_lane_is_answered_for_with_the_first_record_that_is_not_done():
        all_hold("record")

    @test
    def a_lost_lane_leaves_nothing_done_where_on_batch_end_did_not_come():
        all_hold("queue")


# Lanes at once

def keyed(*keys):
    return {"Records": [record(i, key) for i, key in enumerate(keys)]}


def spans(run):
    """Where in the journal each record began and ended."""
    with open(run.journal_file.name, encoding="utf-8") as file:
        lines = [line.split() for line in file]
    return {word: {number: at for at, (what, number) in enumerate(lines) if what == word} for word in ("begin", "end")}


@test
def eight_lanes_run_at_once_and_keep_each_items_order():
    keys = [f"item-{i % 24}" for i in range(120)]
    run = serve("lanes", keyed(*keys), env={"DDBS_REPORT": "items"})
    expect_success(run.posts[0])
    seen = spans(run)
    changes = sorted([(at, 1) for at in seen["begin"].values()] + [(at, -1) for at in seen["end"].values()])
    running = most = 0
    for _, change in changes:
        running += change
        most = max(most, running)
    assert 1 < most <= 8, f"at most {most} at once"
    for item in set(keys):
        mine = [seq(i) for i, key in enumerate(keys) if key == item]
        times = [at for number in mine for at in (seen["begin"][number], seen["end"][number])]
        expect(times, sorted(times), item)


@test
def a_record_that_crashes_is_parked_and_its_slow_neighbour_is_not():
    event = keyed("slow-1", "crash-1", "fine-1")
    run = serve("lanes", event, event, event, env={"DDBS_REPORT": "items"})
    for post in run.posts[:2]:
        expect_item(post, seq(0))
    expect_success(run.posts[2])
    expect(run.journal("parked"), [seq(1)])
    expect(run.journal("done").count(seq(0)), 1)


@test
def without_isolation_lanes_run_at_once_too():
    event = keyed(*(f"item-{i}" for i in range(40)))
    run = serve("lanes", event, env={"DDBS_REPORT": "items", "DDBS_ISOLATION": "none"})
    expect_success(run.posts[0])
    seen = spans(run)
    assert any(seen["begin"][seq(k)] < seen["end"][seq(i)] for i in range(40) for k in range(i + 1, 40)), "one by one"


@test
def in_error_mode_the_message_names_the_first_record_that_is_not_done():
    run = serve("lanes", keyed("fine-1", "crash-1"), env={"DDBS_REPORT": "error"})
    message = expect_error(run.posts[0], "Function.HandlerCrashed")
    assert "record 2/2 seq=" + seq(1) in message, message


if __name__ == "__main__":
    sys.exit(main())
