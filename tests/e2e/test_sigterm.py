#!/usr/bin/env python3
"""SIGTERM while an event is worked on: the answer says what is done, as without it, and no further event is taken.

test_sigterm.py [BUILD FOLDER]
"""
import os
import signal
import sys

from concurrent_api import Live
from runtime_harness import ITEMS, expect, expect_error, expect_item, expect_success, main, record, seq, test

ON_STOP = {"TEST_ON_STOP": "1"}


def interrupted(keys, env, everywhere=False):
    """SIGTERM in the middle of a batch, to the program or to each of its processes; the answer and what was done."""
    with Live("slots", env=dict(ON_STOP, **env)) as live:
        live.give({"Records": [record(index, key) for index, key in enumerate(keys)]})
        live.until_begun(2)
        worker = int(live.journal("begin")[0].split()[1])
        done_before = live.journal("done")
        expect(live.posts(), {})
        snapshots = []
        live.api.on_post = lambda request: snapshots.append(live.journal("done"))
        live.signal()
        if everywhere and env.get("DDBS_ISOLATION") != "none":
            os.kill(worker, signal.SIGTERM)
        live.give({"Records": [record(9)]})
        live.go()
        status = live.wait()
        expect(sum(1 for request in live.api.of("next") if "runtime" in request.path), 1, "requests for an event")
        expect(done_before, [seq(0)])
        return status, live.posts().get(0), snapshots, live


@test
def a_busy_worker_finishes_its_batch():
    for env in ({}, ITEMS):
        for everywhere in (False, True):
            status, answer, snapshots, live = interrupted(["k", "hold", "k"], env, everywhere)
            expect(status, 0)
            expect_success(answer)
            expect(snapshots, [[seq(0), seq(1), seq(2)]])


@test
def a_worker_that_crashes_then_is_answered_for_with_what_is_done():
    status, answer, snapshots, live = interrupted(["k", "hold-and-crash", "k"], ITEMS)
    expect(status, 0)
    expect_item(answer, seq(1))
    expect(snapshots, [[seq(0)]])
    status, answer, snapshots, live = interrupted(["k", "hold-and-crash", "k"], {})
    expect(status, 0)
    message = expect_error(answer, "Function.HandlerCrashed")
    assert f"record 2/3 seq={seq(1)}" in message, message


@test
def in_one_process_it_ends_without_an_answer():
    status, answer, snapshots, live = interrupted(["k", "hold", "k"], {"DDBS_ISOLATION": "none"})
    expect((status, answer, snapshots), (-signal.SIGTERM, None, []))


if __name__ == "__main__":
    sys.exit(main())
