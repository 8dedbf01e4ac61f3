#!/usr/bin/env python3
"""The runtime as a client of the Runtime API: bytes on the wire, limits, and every fault of the other side.

test_runtime_api.py [BUILD FOLDER]
"""
import copy
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time

from runtime_harness import (
    EVENT_MAX, HANDLERS, ITEMS, PATIENCE, Run, batch, event_of_size, expect, expect_error, expect_item,
    expect_success, main, seq, serve, test, window)
from mock_api import ID, MockApi, Reply, accepted, event_reply, refused


# The wire

@test
def every_request_is_as_it_should_be():
    run = serve("fail_on_key", batch(2), batch(2, r1="bad"), {"x": 1})
    expect([request.method for request in run.api.requests], ["GET", "POST"] * 3 + ["GET"])
    for request in run.api.requests:
        expect(request.version, "HTTP/1.1")
        expect(request.header("Host"), run.api.address)
        assert re.fullmatch(r"ddbstream/\d+\.\d+\.\d+", request.header("User-Agent")), request.headers
        for name in ("Expect", "Transfer-Encoding", "Upgrade", "Proxy-Connection", "Authorization"):
            expect(request.header(name), None, name)
    for request in run.posts:
        expect(request.header("Content-Type"), "application/json")
        expect(request.header("Content-Length"), str(len(request.body)))
        request.json()
    for request in run.api.of("next"):
        expect((request.path, request.body), ("/2018-06-01/runtime/invocation/next", b""))
        expect(request.header("Content-Type"), None)


@test
def one_connection_serves_many_invocations():
    run = serve("accept_all", *[batch(1) for _ in range(100)])
    expect({request.connection for request in run.api.requests}, {0})


@test
def a_large_body_is_posted_without_expect():
    state = {"s": "x" * 2000000}
    run = serve("accept_all", window(batch(1), state))
    expect(run.posts[0].json()["state"], state)
    expect(run.posts[0].header("Expect"), None)


@test
def proxies_are_ignored():
    proxy = {name: "http://127.0.0.1:9" for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")}
    expect_success(serve("accept_all", batch(1), env=dict(proxy, no_proxy="", NO_PROXY="")).posts[0])


@test
def the_address_is_used_as_it_is():
    api = MockApi([event_reply(batch(1))])
    run = Run("accept_all", api=api, address=api.address + "/some/../prefix")
    expect({request.path.split("/2018-06-01/")[0] for request in run.api.requests}, {"/some/../prefix"})
    expect_success(run.posts[0])
    try:
        api = MockApi([event_reply(batch(1))], family=socket.AF_INET6)
    except OSError:
        return  # no IPv6 on this machine
    expect_success(Run("accept_all", api=api).posts[0])


@test
def a_chunked_event_is_read():
    run = serve("accept_all", event_reply(batch(500), chunked=True), env=ITEMS)
    expect_success(run.posts[0])
    expect(len(run.snapshots[0]), 500)


@test
def the_largest_event_is_served_and_one_byte_more_is_refused():
    for chunked in (False, True):
        replies = [event_reply(event_of_size(EVENT_MAX), 0, chunked=chunked),
                   event_reply(event_of_size(EVENT_MAX + 1), 1, chunked=chunked),
                   event_reply(event_of_size(3 * EVENT_MAX), 2, chunked=chunked),
                   event_reply(batch(1), 3)]
        run = serve("accept_all", *replies, env=ITEMS)
        expect_success(run.posts[0])
        expect(run.snapshots[0], [seq(0), seq(1), seq(2)])
        for request in run.posts[1:3]:
            assert "larger" in expect_error(request, "Runtime.EventMalformed")
        expect_success(run.posts[3])
        expect({request.connection for request in run.api.requests}, {0})


@test
def an_event_that_never_ends_is_refused():
    run = serve("accept_all", event_reply(b"[", chunked=True, endless=True), batch(1))
    expect_error(run.posts[0], "Runtime.EventMalformed")
    expect_success(run.posts[1])


@test
def an_event_cut_on_its_way_is_refused_and_serving_goes_on():
    for chunked in (False, True):
        for cut in (0, 1, 400):
            run = serve("accept_all", event_reply(batch(3), chunked=chunked, cut=cut), batch(1))
            message = expect_error(run.posts[0], "Runtime.EventMalformed")
            assert "cut off" in message and f"offset {cut}" in message, message
            expect_success(run.posts[1])
            expect(len(run.journal("done")), 1)


@test
def memory_that_is_not_there_refuses_the_event_only():
    def limit(extra):
        def change(api):
            with open(f"/proc/{api.pid}/task/{api.pid}/children", encoding="ascii") as file:
                worker = int(file.read().split()[0])
            with open(f"/proc/{worker}/statm", encoding="ascii") as file:
                size = int(file.read().split()[0]) * resource.getpagesize()
            if size < 1 << 40:  # a sanitizer's shadow memory cannot be limited
                resource.prlimit(worker, resource.RLIMIT_AS,
                                 (size + extra if extra else resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                limited.append(extra)
        return change
    limited = []
    run = serve("accept_all", batch(1), event_reply(event_of_size(EVENT_MAX), 1, before=limit(1 << 20)),
                event_reply(batch(1), 2), event_reply(event_of_size(EVENT_MAX), 3, before=limit(0)))
    if limited:
        expect_error(run.posts[1], "Function.OutOfMemory")
    for request in [run.posts[0]] + run.posts[2:]:
        expect_success(request)


@test
def neither_memory_nor_descriptors_grow():
    seen = []

    def measure(api):
        with open(f"/proc/{api.pid}/status", encoding="ascii") as file:
            rss = int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))
        seen.append((rss, len(os.listdir(f"/proc/{api.pid}/fd"))))
    count = 3000
    event = json.dumps(batch(3, r2="bad"))
    replies = [event_reply(event, i, {"Lambda-Runtime-Trace-Id": "Root=1-%0900d" % i},
                           before=measure if i in (500, count - 1) else None) for i in range(count)]
    serve("fail_on_key", *replies, snapshots=False)
    (rss, descriptors), (rss_after, descriptors_after) = seen
    expect(descriptors_after, descriptors)
    with open(os.path.join(HANDLERS, "fail_on_key"), "rb") as file:
        sanitized = b"__asan_init" in file.read()
    assert sanitized or rss_after - rss < 512, f"{rss} kB grew to {rss_after} kB"


# Faults of the Runtime API

@test
def no_content_and_resets_are_tried_again():
    for reply in (Reply(204), Reply(None), Reply(None, reset=True)):
        four = [copy.copy(reply) for _ in range(4)]
        run = Run("accept_all", four + [event_reply(batch(1), 0)] + four + [event_reply(batch(1), 1)])
        expect(len(run.posts), 2)
        for request in run.posts:
            expect_success(request)


@test
def five_tries_are_all():
    for reply in (Reply(204), Reply(None), Reply(None, reset=True)):
        run = Run("accept_all", [copy.copy(reply) for _ in range(5)] + [event_reply(batch(1))])
        expect((run.status, len(run.api.requests), len(run.posts)), (1, 5, 0))
        expect(len(run.log(ending=False)), 1)


@test
def an_endpoint_that_is_not_there_ends_the_process():
    started = time.monotonic()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        run = Run("accept_all", address="127.0.0.1:%d" % unused.getsockname()[1])
    expect((run.status, len(run.log(ending=False))), (1, 1))
    assert time.monotonic() - started > 0.14, "the pauses of 10, 20, 40 and 80 ms were not made"


@test
def a_reply_without_a_usable_request_id_ends_the_process():
    for value in (None, "", "x" * 2000, "a b", "../../init/error", "a/b", "a?b", "a%2fb", "a#b", "..", "\xe9"):
        run = Run("accept_all", [event_reply(batch(1), headers={"Lambda-Runtime-Aws-Request-Id": value}),
                                 event_reply(batch(1))])
        expect((run.status, len(run.api.requests), run.journal("done")), (1, 1, []), f"id {value!r}")
        assert "Lambda-Runtime-Aws-Request-Id" in run.stderr, run.stderr


@test
def a_refusal_of_next_ends_the_process():
    for status in (301, 400, 403, 404, 500, 502, 503):
        run = Run("accept_all", [refused(status), event_reply(batch(1))])
        expect((run.status, len(run.api.requests)), (1, 1))
        line, = run.log(ending=False)
        assert f"status {status}" in line, line


@test
def an_odd_answer_to_next_never_gets_into_the_log():
    for status in (201, 206, 302):
        event = event_reply(json.dumps({"Records": [{"card": "4111-1111"}]}))
        event.status = status
        run = Run("accept_all", [event])
        expect(run.status, 1)
        line, = run.log(ending=False)
        assert f"status {status}" in line and "4111" not in line and "Records" not in line, line


@test
def what_is_not_http_ends_the_process():
    for raw in (b"\r\n\r\n", b"220 smtp ready\r\n", b"HTTP/9.9 200 OK\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Re", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2000000):
        run = Run("accept_all", [Reply(raw=raw), event_reply(batch(1))])
        expect((run.status, len(run.api.requests), run.journal("done")), (1, 1, []), repr(raw[:20]))


@test
def a_refused_answer_is_not_repeated_and_serving_goes_on():
    for status in (400, 403, 404, 410, 413):
        for env in ({}, ITEMS):
            run = Run("fail_on_key", [event_reply(batch(2, r1="bad")), event_reply(batch(1), 1)], [refused(status)],
                      env=env)
            expect([request.path.split("/")[-2] for request in run.posts], [ID % 0, ID % 1])
            expect_success(run.posts[1])
            expect(len([line for line in run.log() if f"status {status}" in line]), 1)


@test
def a_server_error_on_an_answer_ends_the_process():
    for status in (500, 503):
        run = Run("accept_all", [event_reply(batch(1)), event_reply(batch(1), 1)], [refused(status)])
        expect((run.status, len(run.posts), len(run.api.requests)), (1, 1, 2))


@test
def an_answer_of_unknown_fate_is_repeated_once_with_the_same_bytes():
    for lost in (Reply(None), Reply(None, reset=True)):
        run = Run("fail_on_key", [event_reply(batch(2, r1="bad")), event_reply(batch(1), 1)], [lost], env=ITEMS)
        expect(len(run.posts), 3)
        expect((run.posts[0].path, run.posts[0].body), (run.posts[1].path, run.posts[1].body))
        expect_item(run.posts[0], seq(1))
        expect_success(run.posts[2])
        expect(run.journal("done"), [seq(0), seq(0)])


@test
def an_answer_of_unknown_fate_that_is_then_refused_ends_the_process():
    for second in (refused(400), refused(403), refused(410), Reply(None), Reply(None, reset=True)):
        run = Run("fail_on_key", [event_reply(batch(2, r1="bad")), event_reply(batch(1), 1)],
                  [Reply(None, reset=True), second])
        expect((run.status, len(run.posts), len(run.api.of("next"))), (1, 2, 1))
        expect((run.posts[0].path, run.posts[0].body), (run.posts[1].path, run.posts[1].body))


@test
def an_accepted_answer_whose_reply_breaks_off_is_accepted():
    reply = accepted()
    reply.cut = 3
    run = serve("accept_all", batch(1), batch(1), posts=[reply])
    expect_success(run.posts[1])


@test
def an_answer_that_reaches_nobody_is_given_up():
    reply = event_reply(batch(1), headers={"Connection": "close"}, before=lambda api: api.close(), close=True)
    run = Run("accept_all", [reply])
    expect((run.status, len(run.posts), len(run.log(ending=False))), (1, 0, 2))
    assert "not delivered" in run.log(ending=False)[0], run.stderr


@test
def an_interim_response_to_an_answer_is_none():
    run = Run("accept_all", [event_reply(batch(1))], [Reply(raw=b"HTTP/1.1 100 Continue\r\n\r\n")])
    expect((run.posts[0].path, run.posts[0].body), (run.posts[1].path, run.posts[1].body))
    expect(len(run.posts), 2)
    expect(run.log(), [])


def stop(api):
    os.kill(api.pid, signal.SIGSTOP)


def go_on(api):
    os.kill(api.pid, signal.SIGCONT)


@test
def a_connection_that_died_in_a_frozen_process_is_replaced():
    run = serve("accept_all", event_reply(batch(1), 0, close=True, before=stop, after=go_on), batch(1),
                posts=[Reply(202, "{}", close=True, before=stop, after=go_on)])
    expect([request.connection for request in run.api.requests], [0, 1, 2, 2, 2])


@test
def a_frozen_process_goes_on():
    def freeze(api):
        stop(api)
        time.sleep(0.5)
        go_on(api)
    run = serve("accept_all", event_reply(batch(1), before=freeze), batch(1))
    expect({request.connection for request in run.api.requests}, {0})


@test
def a_log_without_a_reader_changes_nothing():
    api = MockApi([event_reply(batch(1, r0="bad"), i) for i in range(3)])
    reader, writer = os.pipe()
    os.close(reader)
    env = dict(os.environ, AWS_LAMBDA_RUNTIME_API=api.address)
    done = subprocess.run([os.path.join(HANDLERS, "fail_on_key")], env=env, stderr=writer, timeout=PATIENCE)
    os.close(writer)
    api.close()
    expect((done.returncode, len(api.of("error"))), (1, 3))


def parts():
    """The tests of handlers/parts.c, which print their own lines."""
    done = subprocess.run([os.path.join(HANDLERS, "parts")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          timeout=PATIENCE)
    print(done.stdout.decode(), end="")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main() | parts())
