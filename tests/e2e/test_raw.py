#!/usr/bin/env python3
"""Functions that are no consumers: bytes in, bytes out, and the same care for crashes, hangs and limits.

test_raw.py [BUILD FOLDER]
"""
import os
import subprocess
import sys
import tempfile
import time

from concurrent_api import Live
from mock_api import ID, MockApi, event_reply, refused
from runtime_harness import ERROR_TYPE, EVENT_MAX, HANDLERS, PATIENCE, Run, expect, expect_error, main, serve, test

ALONE = {"DDBS_ISOLATION": "none"}
BOTH = ({}, ALONE)
ARN = "arn:aws:lambda:eu-west-1:111122223333:function:test"


def expect_result(request, body):
    expect(request.verdict, "response", "verdict of " + repr(request.body[:200]))
    expect(request.header(ERROR_TYPE), None)
    assert request.body == body, (len(request.body), request.body[:100])


def within(ms):
    return {"Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + ms)}


@test
def bytes_come_back_as_they_are():
    events = [b'{"a": 1}', b"", b"\0\xff\xfe not JSON \n", b'"' + b"e" * (EVENT_MAX - 2) + b'"', b"7"]
    for env in BOTH:
        run = serve("raw", *events, env=env)
        for request, event in zip(run.posts, events):
            expect_result(request, event if event else b"null")
        expect((run.journal("start"), len(run.journal("call"))), (["mine"], 5))
        expect(run.log(), [])
        assert "batch" not in run.stderr and "_aws" not in run.stderr, run.stderr


@test
def a_function_knows_its_invocation():
    for env in BOTH:
        run = serve("raw", "look", env=env)
        trace = "Root=1-6ad5d760-1a2b3c4d5e6f708192a3b4c5;Parent=53995c3f42cd8ad8;Sampled=0"
        expect_result(run.posts[0], f"{ID % 0}|{ARN}|mine|1|1|{trace}|1".encode())


@test
def a_failure_is_an_error_with_its_reason():
    for env in BOTH:
        run = serve("raw", "refuse", "skip", "memory", "after", env=env)
        message = expect_error(run.posts[0], "Function.HandlerFailed")
        expect(message, 'Function.HandlerFailed: of "that" size\\x0a')
        assert "the function returned DDBS_SKIP" in expect_error(run.posts[1], "Function.HandlerFailed")
        assert "DDBS_E_MEMORY" in expect_error(run.posts[2], "Function.OutOfMemory")
        expect_result(run.posts[3], b"after")
        expect(len(run.log()), 3)


@test
def a_result_at_the_limit_passes_and_one_byte_more_is_an_error_before_the_post():
    for env in BOTH:
        run = serve("raw", f"size {EVENT_MAX}", f"size {EVENT_MAX + 1}", "size 8388608", "size 20000000", "after", env=env)
        expect_result(run.posts[0], b"7" * EVENT_MAX)
        for request, size in zip(run.posts[1:4], (EVENT_MAX + 1, 8388608, 20000000)):
            message = expect_error(request, "Function.ResponseTooLarge")
            assert f"the result has {size} bytes, and Lambda takes at most {EVENT_MAX}" in message, message
        expect_result(run.posts[4], b"after")


@test
def a_413_all_the_same_is_no_second_answer():
    run = Run("raw", [event_reply("first"), event_reply("second", 1)], [refused(413, "RequestEntityTooLarge")])
    expect([request.path.split("/")[-2:] for request in run.posts], [[ID % 0, "response"], [ID % 1, "response"]])


@test
def a_crash_is_an_error_and_the_next_event_finds_a_new_worker():
    for word, error_type, text in (("crash secret-in-the-event", "Function.HandlerCrashed", "SIGSEGV"),
                                   ("overwrite", "Function.HandlerCrashed", "SIGSEGV"),
                                   ("die", "Function.HandlerCrashed", "SIGKILL"),
                                   ("leave", "Function.HandlerExited", "exit status 0")):
        run = serve("raw", "before", word, "after")
        expect_result(run.posts[0], b"before")
        message = expect_error(run.posts[1], error_type)
        assert text in message and "record" not in message, message
        expect_result(run.posts[2], b"after")
        expect((run.journal("start"), len(run.journal("call"))), (["mine", "mine"], 3))
        assert "worker lost (number 1): " in run.stderr and "seq=" not in run.stderr, run.stderr
        assert "secret-in-the-event" not in run.stderr, run.stderr


@test
def in_one_process_a_death_ends_it_without_an_answer():
    for word, status in (("die", -9), ("leave", 0)):
        run = Run("raw", [event_reply("before"), event_reply(word, 1)], env=ALONE)
        expect((run.status, len(run.posts)), (status, 1))
        expect_result(run.posts[0], b"before")


@test
def a_hang_is_answered_for_before_the_deadline():
    late = []
    ends = time.time() + 2
    api = MockApi([event_reply("hang", headers=within(2000)), event_reply("after", 1)],
                  on_post=lambda request: late.append(time.time() > ends - 0.1))
    run = Run("raw", api=api, snapshots=False)
    expect(late[0], False)  # the event after it has its own deadline
    message = expect_error(run.posts[0], "Function.DeadlineExceeded")
    assert "did not return in time" in message and "hint: a larger timeout" in message, message
    expect_result(run.posts[1], b"after")


@test
def a_child_of_the_function_answers_nothing():
    for env in BOTH:
        run = serve("raw", "fork", "after", env=env)
        expect_result(run.posts[0], b"fork")
        expect_result(run.posts[1], b"after")


@test
def an_initialization_that_fails_is_an_init_error():
    for env in BOTH:
        run = Run("raw", env=dict(env, START_FAILS="1"), snapshots=False)
        request, = run.posts
        expect((request.path, run.status), ("/2018-06-01/runtime/init/error", 1))
        assert "told to fail" in request.json()["errorMessage"], request.body


@test
def an_event_over_the_limit_is_refused():
    run = serve("raw", b"x" * (EVENT_MAX + 1), "after")
    expect_error(run.posts[0], "Runtime.EventMalformed")
    expect_result(run.posts[1], b"after")
    expect(len(run.journal("call")), 1)


@test
def memory_of_a_large_result_is_given_back():
    with Live("raw") as live:
        for number in range(3):
            live.give(f"size {EVENT_MAX}")
            live.until_answered(number + 1)
        live.give("small")
        live.until_answered(4)
        with open(f"/proc/{live.process.pid}/smaps", encoding="ascii") as file:
            shared = [block for block in file.read().split("rw-s ")[1:] if "/dev/zero" in block.split("\n")[0]]
        sizes = [int(block.split("\nRss:")[1].split()[0]) for block in shared]
        assert sizes and max(sizes) <= 1100, sizes
        expect(live.end(), 1)


@test
def on_stop_of_a_function_and_several_at_once():
    env = {"TEST_ON_STOP": "1", "AWS_LAMBDA_MAX_CONCURRENCY": "2"}
    with Live("raw", env=env) as live:
        live.give("one", "two", "three")
        live.until_answered(3)
        expect(sorted(request.body for request in live.posts().values()), [b"one", b"three", b"two"])
        live.signal()
        expect(live.wait(), 0)
        expect(live.journal("stop"), ["mine", "mine"])


def play(event, *arguments):
    """`--event` with this event: status, stdout, stderr."""
    with tempfile.NamedTemporaryFile() as journal:
        env = dict(os.environ, TEST_JOURNAL=journal.name)
        done = subprocess.run([os.path.join(HANDLERS, "raw"), *(arguments or ("--event", "-"))], input=event, env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        return done.returncode, done.stdout, done.stderr


@test
def the_command_line_plays_one_event():
    expect(play(b"\0bytes\n"), (0, b"\0bytes\n", b""))
    expect(play(b""), (0, b"null", b""))
    status, out, err = play(b"refuse")
    expect(status, 1)
    assert out.startswith(b'{"errorMessage":"Function.HandlerFailed: of \\"that\\" size') and out.endswith(b"}\n"), out
    assert err.startswith(b"ERROR ") and b"records" not in err, err
    status, out, err = play(b"", "--help")
    assert status == 0 and b"An AWS Lambda function, written with" in out, out
    expect(play(b"", "--other")[0], 2)


if __name__ == "__main__":
    sys.exit(main())
