#!/usr/bin/env python3
"""Failures in tumbling windows: an error, or in part with the state of what is done, where that is asked for and known.

test_window.py [BUILD FOLDER]
"""
import sys
import time

from mock_api import event_reply
from runtime_harness import ITEMS, batch, expect, expect_error, expect_success, main, seq, serve, test, window

PARTIAL = dict(ITEMS, WINDOW_PARTIAL="1")
ALONE = {"DDBS_ISOLATION": "none"}
OPEN = {"counted": 0}


def expect_part(request, state, index):
    expect(request.verdict, "response")
    expect(request.json(), {"state": state, "batchItemFailures": [{"itemIdentifier": seq(index)}]})


@test
def a_failure_is_an_error_unless_asked_otherwise():
    for env in ({}, ITEMS, {"WINDOW_PARTIAL": "1"}, dict(ITEMS, **ALONE)):
        run = serve("window", window(batch(4, r2="bad"), OPEN), env=env)
        expect_error(run.posts[0], "Function.HandlerFailed")


@test
def in_part_it_brings_the_state_of_the_records_that_are_done():
    for env in (PARTIAL, dict(PARTIAL, **ALONE)):
        run = serve("window", window(batch(4, r2="bad"), OPEN), window(batch(2, r0="bad"), {"of": "before"}),
                    window(batch(2), OPEN), env=env)
        expect_part(run.posts[0], {"counted": 2}, 2)
        expect_part(run.posts[1], {"of": "before"}, 0)
        expect_success(run.posts[2], b'{"state":{"counted":4},"batchItemFailures":[]}')


@test
def a_state_that_is_not_certain_is_never_answered_in_part():
    for env in (PARTIAL, dict(PARTIAL, **ALONE)):
        run = serve("window", window(batch(4, r2="touch"), OPEN), window(batch(4, r2="bad"), OPEN, final=True), env=env)
        for request in run.posts:
            expect_error(request, "Function.HandlerFailed")
    soon = {"Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 2000)}
    run = serve("window", window(batch(4, r2="crash"), OPEN), event_reply(window(batch(4, r2="hang"), OPEN), 1, soon),
                env=PARTIAL)
    expect_error(run.posts[0], "Function.HandlerCrashed")
    expect_error(run.posts[1], "Function.DeadlineExceeded")


if __name__ == "__main__":
    sys.exit(main())
