#!/usr/bin/env python3
"""Several invocations at once in one environment, as Managed Instances ask for.

test_slots.py [BUILD FOLDER]
"""
import os
import signal
import sys
import time

from concurrent_api import Live
from runtime_harness import ITEMS, expect, expect_item, expect_success, main, record, seq, test
from serve_harness import alive, children

TWO = {"AWS_LAMBDA_MAX_CONCURRENCY": "2", "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances"}
ALONE = {"DDBS_ISOLATION": "none"}


def one(key, index=0):
    return {"Records": [record(index, key)]}


def starts(live):
    """[(pid, parent)] of the processes that ran on_start."""
    return [tuple(map(int, line.split()[1:3])) for line in live.journal("start")]


def asked(live):
    return len(live.api.of("next")) - sum(1 for request in live.api.requests if "extension/event" in request.path)


def until_ready(live, count):
    live.until(lambda: asked(live) >= count, f"{count} requests for an event")


def expect_gone(pids):
    end = time.monotonic() + 10
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < end, f"{[pid for pid in pids if alive(pid)]} live on"
        time.sleep(0.01)


def meet(env):
    with Live("slots", env=dict(TWO, **env)) as live:
        live.give(one("meet-2", 0), one("meet-2", 1))
        live.until_answered(2)
        for number in (0, 1):
            expect_success(live.posts()[number])
        begun = [line.split() for line in live.journal("begin")]
        assert begun[0][1] != begun[1][1], f"one process took both: {begun}"
        expect(sorted(line[3] for line in begun), sorted(
            f"Root=1-6ad5d760-1a2b3c4d5e6f708192a3b4c5;Parent=53995c3f42cd8ad8;Sampled={n}" for n in (0, 1)))
        expect(live.end(), 1)
        expect_gone([pid for line in begun for pid in map(int, line[1:3])])


@test
def two_events_are_worked_on_at_the_same_time_each_in_its_own_process():
    meet({})


@test
def without_isolation_too():
    meet(ALONE)


@test
def each_slot_is_an_environment_of_its_own_under_a_parent_that_only_waits():
    with Live("slots", env=dict(TWO, AWS_LAMBDA_MAX_CONCURRENCY="3")) as live:
        until_ready(live, 3)
        slots = set(children(live.process.pid))
        expect(len(slots), 3)
        expect({parent for _, parent in starts(live)}, slots)
        expect(len({request.connection for request in live.api.of("next")}), 3)
        live.signal()
        expect(live.wait(), 0)
        expect_gone(slots)


@test
def a_crash_in_one_slot_does_not_touch_the_others():
    with Live("slots", env=dict(TWO, **ITEMS)) as live:
        live.give(one("hold", 0))
        live.until_begun(1)
        for number in range(1, 4):
            live.give({"Records": [record(7, "k"), record(8, "crash"), record(9, "k")]})
            live.until_answered(number)
            expect_item(live.posts()[number], seq(8))
        assert 0 not in live.posts()
        holder = live.journal("begin")[0].split()[1]
        live.go()
        live.until_answered(4)
        expect_success(live.posts()[0])
        expect(live.journal("done").count(seq(0)), 1)
        assert alive(int(holder))
        expect(len(children(live.process.pid)), 2)
        expect(live.end(), 1)
        expect(live.stderr.count("worker lost"), 3)


@test
def no_event_is_taken_before_the_last_slot_is_ready_and_an_init_error_is_posted_once():
    for env in ({}, ALONE):
        for number in range(1, 5):
            with Live("slots", env=dict(TWO, AWS_LAMBDA_MAX_CONCURRENCY="4", START_FAILS=str(number), **env)) as live:
                live.give(one("k"))
                expect(live.wait(), 1)
                errors = [request for request in live.api.requests if request.path.endswith("/init/error")]
                expect(len(errors), 1, f"init errors with {env}")
                expect(errors[0].json()["errorType"], "Runtime.InitFailed")
                assert f"start number {number} is told to fail" in errors[0].json()["errorMessage"], errors[0].body
                expect(asked(live), 0, "requests for an event")
                expect(live.stderr.count("is told to fail"), 1, live.stderr)
                expect_gone([pid for pair in starts(live) for pid in pair if pid != live.process.pid])


@test
def a_slot_that_is_lost_during_the_initialization_is_an_init_error():
    with Live("slots", env=dict(TWO, START_DIES="2")) as live:
        expect(live.wait(), 1)
        error, = [request for request in live.api.requests if request.path.endswith("/init/error")]
        assert "of 2 ended during its initialization, signal 9" in error.json()["errorMessage"], error.body
        expect(asked(live), 0)


@test
def a_slot_that_is_lost_ends_all_and_nothing_open_is_acknowledged():
    with Live("slots", env=TWO) as live:
        live.give(one("hold", 0), one("hold", 1))
        live.until_begun(2)
        lost = children(live.process.pid)
        workers = [int(line.split()[1]) for line in live.journal("begin")]
        os.kill(lost[0], signal.SIGKILL)
        expect(live.wait(), 1)
        expect(live.posts(), {})
        assert "slot " in live.stderr and "ended, signal 9; ending the others and exiting" in live.stderr, live.stderr
        expect_gone(lost + workers)


@test
def the_slots_die_with_their_parent():
    with Live("slots", env=TWO) as live:
        until_ready(live, 2)
        pids = children(live.process.pid) + [pid for pid, _ in starts(live)]
        expect(len(pids), 4)
        live.signal(signal.SIGKILL)
        live.process.communicate()
        live.stderr = ""
        expect_gone(pids)


@test
def sigterm_ends_all_slots_after_one_registration_and_each_on_stop():
    with Live("slots", env=dict(TWO, AWS_LAMBDA_MAX_CONCURRENCY="3", TEST_ON_STOP="1")) as live:
        until_ready(live, 3)
        live.signal()
        expect(live.wait(), 0)
        expect(len(live.journal("stop")), 3)
        expect(sum(request.path.endswith("/extension/register") for request in live.api.requests), 1)
        expect(sum("extension/event/next" in request.path for request in live.api.requests), 1)


@test
def sigterm_lets_a_busy_slot_finish_and_takes_no_more():
    with Live("slots", env=dict(TWO, TEST_ON_STOP="1")) as live:
        live.give(one("hold", 0))
        live.until_begun(1)
        live.signal()
        live.until(lambda: len(live.journal("stop")) == 1, "the idle slot to stop")
        live.give(one("k", 1))
        live.go()
        expect(live.wait(), 0)
        expect(sorted(live.posts()), [0])
        expect_success(live.posts()[0])
        expect(live.journal("done"), [seq(0)])


@test
def as_many_slots_as_asked_for_and_allowed():
    for asked_for, env, count in (("2", {}, 2), ("5", {"DDBS_MAX_WORKERS": "3"}, 3), ("5", {"TEST_MAX_WORKERS": "2"}, 2),
                                  ("5", {"TEST_MAX_WORKERS": "2", "DDBS_MAX_WORKERS": "4"}, 4),
                                  ("1", {}, 1), ("", {}, 1), ("0", {}, 1), ("-3", {}, 1), ("many", {}, 1), ("3x", {}, 1),
                                  ("8", {"DDBS_MAX_WORKERS": "1"}, 1), ("1600", {"DDBS_MAX_WORKERS": "6"}, 6)):
        with Live("slots", env=dict(env, AWS_LAMBDA_MAX_CONCURRENCY=asked_for,
                                    AWS_LAMBDA_INITIALIZATION_TYPE="of-the-future")) as live:
            until_ready(live, count)
            expect((asked(live), len(starts(live))), (count, count), f"slots with {asked_for!r} and {env}")
            live.signal()
            live.wait()


@test
def sixty_four_are_the_most():
    with Live("slots", env={"AWS_LAMBDA_MAX_CONCURRENCY": "1600", **ALONE}) as live:
        until_ready(live, 64)
        expect(len(children(live.process.pid)), 64)
        live.signal()
        expect(live.wait(), 0)


@test
def an_illegal_number_of_workers_is_an_init_error():
    for name, value, legal in (("DDBS_MAX_WORKERS", "0", "1 to 64"), ("DDBS_MAX_WORKERS", "65", "1 to 64"),
                               ("DDBS_MAX_WORKERS", "two", "1 to 64"), ("DDBS_MAX_WORKERS", "", "1 to 64"),
                               ("TEST_MAX_WORKERS", "65", "0 to 64")):
        for env in ({}, TWO):
            with Live("slots", env=dict(env, **{name: value})) as live:
                expect(live.wait(), 1)
                error, = [request for request in live.api.requests if request.path.endswith("/init/error")]
                assert f"legal are {legal}" in error.json()["errorMessage"], error.body
                expect(live.journal("start"), [])


if __name__ == "__main__":
    sys.exit(main())
