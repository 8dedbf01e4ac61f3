#!/usr/bin/env python3
"""The runtime in one process: what is acknowledged, what is refused, and what a callback and an operator learn.

test_runtime.py [BUILD FOLDER]
"""
import base64
import json
import os
import resource
import socket
import subprocess
import sys
import time

from runtime_harness import (
    HANDLERS, ITEMS, PATIENCE, Run, batch, broken, expect, expect_error, expect_item, expect_success, kinesis, main,
    record, seq, serve, test, window)
from mock_api import ID, MockApi, Reply, event_reply, refused


# Batches

@test
def a_good_batch_is_acknowledged_after_all_of_it_is_done():
    run = serve("accept_all", batch(10))
    expect_success(run.posts[0])
    expect(run.snapshots, [[seq(i) for i in range(10)]])
    expect(run.journal("start"), [""])
    expect(run.log(), [])


@test
def a_good_batch_is_acknowledged_in_item_mode():
    run = serve("accept_all", batch(10), env=ITEMS)
    expect_success(run.posts[0])


@test
def a_failing_record_fails_the_batch_by_default():
    run = serve("fail_on_key", batch(10, r7="bad"))
    message = expect_error(run.posts[0], "Function.HandlerFailed")
    assert "the record was refused" in message and f"record 8/10 seq={seq(7)}" in message, message
    expect(run.journal("done"), [seq(i) for i in range(7)])


@test
def a_failing_record_is_named_in_item_mode():
    run = serve("fail_on_key", batch(10, r7="bad", r9="bad"), env=ITEMS)
    expect_item(run.posts[0], seq(7))
    expect(run.snapshots, [[seq(i) for i in range(7)]])
    line, = run.log()
    assert line.startswith(f"WARN RequestId: {ID % 0} Function.HandlerFailed: the record was refused"), line
    assert f"record 8/10 seq={seq(7)}" in line, line


@test
def a_failing_first_record_acknowledges_nothing():
    run = serve("fail_on_key", batch(3, r0="bad"), env=ITEMS)
    expect_item(run.posts[0], seq(0))
    expect(run.snapshots, [[]])


@test
def the_batch_after_a_failure_is_served():
    run = serve("fail_on_key", batch(3, r1="bad"), batch(2))
    expect_error(run.posts[0], "Function.HandlerFailed")
    expect_success(run.posts[1])
    expect(len(run.log()), 1)


@test
def a_skipped_record_counts_as_done():
    run = serve("fail_on_key", batch(3, r1="skip"))
    expect_success(run.posts[0])
    expect(run.snapshots, [[seq(0), seq(2)]])


@test
def an_undecodable_record_stops_the_batch_there():
    run = serve("accept_all", broken(10, 7))
    message = expect_error(run.posts[0], "Function.RecordUndecodable")
    assert "Records[7].dynamodb.NewImage.n" in message and f"record 8/10 seq={seq(7)}" in message, message
    expect(run.journal("done"), [seq(i) for i in range(7)])


@test
def an_undecodable_record_is_named_in_item_mode():
    run = serve("accept_all", broken(10, 7), env=ITEMS)
    expect_item(run.posts[0], seq(7))
    expect(run.snapshots, [[seq(i) for i in range(7)]])
    line, = run.log()
    assert "Function.RecordUndecodable: " in line and "Records[7].dynamodb.NewImage.n" in line, line


@test
def on_poison_takes_an_undecodable_record():
    run = serve("take_poison", broken(10, 7))
    expect_success(run.posts[0])
    expect(run.journal("poison"), [seq(7)])
    expect(run.journal("done"), [seq(i) for i in range(10) if i != 7])


@test
def an_unknown_event_name_without_a_callback_fails():
    event = batch(3)
    event["Records"][1]["eventName"] = "TRUNCATE"
    run = Run("fail_on_key", [event_reply(event)])
    expect_success(run.posts[0])  # on_any takes it
    run = Run("only_insert", [event_reply(event)])
    expect_error(run.posts[0], "Function.UnknownOperation")
    expect(run.journal("done"), [seq(0)])


@test
def an_empty_batch_is_a_success_without_a_call():
    run = serve("accept_all", {"Records": []}, [])
    for request in run.posts:
        expect_success(request)
    expect(run.journal("done"), [])


@test
def what_is_no_stream_event_calls_nothing():
    foreign = batch(2)
    foreign["Records"][0]["eventSource"] = "aws:sqs"
    run = serve("accept_all", {"hello": "world"}, {"Records": {}}, foreign, "\"text\"", "null")
    for request in run.posts:
        expect_error(request, "Runtime.UnexpectedEvent")
    expect(run.journal("done"), [])
    expect(len(run.log()), 5)


@test
def an_envelope_error_calls_nothing():
    good = json.dumps(batch(3)).encode()
    twice = good[:-1] + b',"Records":[]}'
    no_sequence = batch(3)
    del no_sequence["Records"][2]["dynamodb"]["SequenceNumber"]
    bad = [b"", b" ", good[:-1], good[:200], good + b"x", good.replace(b"orders", b"ord\xffrs", 1), twice,
           json.dumps(no_sequence).encode(), good[:-1] + b',"more":01}', b"[" * 2000]
    run = serve("accept_all", *[event_reply(event, i) for i, event in enumerate(bad)], env=ITEMS)
    for request in run.posts:
        expect_error(request, "Runtime.EventMalformed")
    expect(run.journal("done"), [])
    expect(len(run.log()), len(bad))


@test
def a_window_gets_its_state_back():
    run = serve("accept_all", window(batch(2), {"sum": 1.50, "names": ["a"]}), window({"Records": []}, {}, True))
    expect(run.posts[0].verdict, "response")
    expect(run.posts[0].json(), {"state": {"sum": 1.50, "names": ["a"]}, "batchItemFailures": []})
    expect(run.posts[1].json(), {"state": {}, "batchItemFailures": []})


@test
def a_failure_in_a_window_is_an_error_in_both_modes():
    for env in ({}, ITEMS):
        run = serve("fail_on_key", window(batch(3, r1="bad"), {"sum": 1}), env=env)
        expect_error(run.posts[0], "Function.HandlerFailed")


@test
def a_failure_out_of_order_is_an_error_in_item_mode():
    event = batch(3, r1="bad")
    event["Records"].append(event["Records"].pop(0))
    run = serve("fail_on_key", event, env=ITEMS)
    expect_error(run.posts[0], "Function.HandlerFailed")


@test
def pipes_names_the_event_id():
    event = batch(3, r1="bad")["Records"]
    run = serve("fail_on_key", event, event[:1], env=ITEMS)
    expect_item(run.posts[0], "id-1")
    expect_success(run.posts[1])
    run = serve("fail_on_key", event, env=dict(ITEMS, DDBS_PIPES_ID="sequence"))
    expect_item(run.posts[0], seq(1))


@test
def kinesis_names_the_outer_sequence_number():
    event = kinesis(3)
    run = serve("accept_all", event)
    expect_success(run.posts[0])
    expect(run.snapshots, [[seq(0), seq(1), seq(2)]])
    event["Records"][1]["kinesis"]["data"] = "e30"  # not padded
    run = serve("accept_all", event, env=ITEMS)
    expect_item(run.posts[0], seq(1))
    expect(run.snapshots, [[seq(0)]])


@test
def kinesis_binary_is_read_as_configured():
    inner = record(0)
    inner["dynamodb"]["NewImage"]["n"] = {"B": base64.b64encode(b"\xff").decode()}  # once; "twice" makes it undecodable
    event = kinesis(1)
    event["Records"][0]["kinesis"]["data"] = base64.b64encode(json.dumps(inner).encode()).decode()
    expect_error(serve("accept_all", event).posts[0], "Function.RecordUndecodable")
    expect_success(serve("accept_all", event, env={"DDBS_KINESIS_BINARY": "once"}).posts[0])


@test
def a_log_line_cannot_be_forged():
    run = serve("fail_on_key", batch(2, r1="rude"))
    line, = run.log()
    assert line.startswith(f"ERROR RequestId: {ID % 0} Function.HandlerFailed: first line\\x0aERROR forged"), line
    assert "\x1b" not in run.stderr, run.stderr


# The options and the environment

@test
def the_environment_wins_over_the_options():
    expect_item(serve("report_items", batch(2)).posts[0], seq(0))
    expect_error(serve("report_items", batch(2), env={"DDBS_REPORT": "error"}).posts[0], "Function.HandlerFailed")


def expect_init_error(run, *texts):
    expect(run.status, 1)
    expect([request.path for request in run.api.requests], ["/2018-06-01/runtime/init/error"])
    request = run.api.requests[0]
    expect(request.header("Content-Type"), "application/json")
    message = expect_error(request, "Runtime.InitFailed")
    for text in texts:
        assert text in message, message
    expect(len(run.log(ending=False)), 1)
    expect(run.journal("done"), [])


@test
def an_unknown_value_in_the_environment_is_an_init_error():
    for name, legal in (("DDBS_REPORT", ("error", "items")), ("DDBS_KINESIS_BINARY", ("twice", "once")),
                        ("DDBS_PIPES_ID", ("event", "sequence"))):
        for value in ("nonsense", "", legal[0].upper(), legal[1] + " "):
            run = Run("accept_all", [event_reply(batch(1))], env={name: value})
            expect_init_error(run, name, *[f'"{word}"' for word in legal])
            expect(run.journal("start"), [])


@test
def a_failing_start_is_an_init_error():
    run = Run("start_fails", [event_reply(batch(1))])
    expect_init_error(run, 'no "table" to write to')


@test
def workers_that_die_while_nothing_happens_are_not_made_for_ever():
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the request for an event and never answers it
        run = Run("dies_idle", address=f"127.0.0.1:{silent.getsockname()[1]}")
    expect(run.status, 1)
    expect(len([line for line in run.log(ending=False) if "5 workers in a row died" in line]), 1)


@test
def an_init_error_that_is_refused_still_ends_the_process():
    for reply in (refused(403), refused(500), Reply(None), Reply(None, reset=True)):
        run = Run("start_fails", [event_reply(batch(1))], [reply])
        expect(run.status, 1)
        expect(len(run.api.requests), 1)


@test
def without_a_runtime_api_it_says_what_this_is():
    for address in (None, ""):
        env = {key: value for key, value in os.environ.items() if key != "AWS_LAMBDA_RUNTIME_API"}
        if address is not None:
            env["AWS_LAMBDA_RUNTIME_API"] = address
        done = subprocess.run([os.path.join(HANDLERS, "accept_all")], env=env, capture_output=True, timeout=PATIENCE)
        expect((done.returncode, done.stdout), (1, b""))
        for text in (b"AWS_LAMBDA_RUNTIME_API", b"--event event.json", b"ddbstream run ./bootstrap --esm", b"Lambda"):
            assert text in done.stderr, done.stderr


@test
def an_address_that_is_far_too_long_is_refused():
    run = Run("accept_all", address="h" * 5000)
    expect((run.status, len(run.log(ending=False))), (1, 1))


# The context of a callback

@test
def request_id_deadline_and_trace_id_reach_the_callback():
    run = serve("context", batch(1), batch(1))
    expect(run.journal("request"), [ID % 0, ID % 1])
    expect([text.endswith(f"Sampled={i}") for i, text in enumerate(run.journal("trace"))], [True, True])
    for text in run.journal("remaining"):
        assert 0 < int(text) <= 60000, text


@test
def absent_and_empty_headers_are_unknown():
    for value in (None, "", " "):
        headers = {"Lambda-Runtime-Trace-Id": value, "Lambda-Runtime-Deadline-Ms": value}
        run = serve("context", batch(1), event_reply(batch(1), 1, headers), batch(1))
        expect(run.journal("trace")[1], "none")
        expect(run.journal("remaining")[1], "none")
        assert run.journal("trace")[2].endswith("Sampled=2") and run.journal("remaining")[2] != "none"
        expect([line.split("Runtime API: ")[1] for line in run.log()],
               ["no deadline came; going on without one (said once)"])


@test
def an_implausible_deadline_is_none_and_said_once():
    now = int(time.time() * 1000)
    values = ["soon", "-1", "0", str(now - 5000), str(now + 3600 * 1000), "9" * 30, "9" * 300, "1e13"]
    replies = [event_reply(batch(1), i, {"Lambda-Runtime-Deadline-Ms": value}) for i, value in enumerate(values)]
    run = serve("context", *replies)
    expect(run.journal("remaining"), ["none"] * len(values))
    line, = run.log()
    assert line.startswith("WARN ") and "deadline" in line, line


CLIENT = '{"client":{"installation_id":"i-1"},"custom":{"k":"v"},"env":{}}'
IDENTITY = '{"cognitoIdentityId":"eu-west-1:1","cognitoIdentityPoolId":"eu-west-1:2"}'
DETAILS = {"arn": "Lambda-Runtime-Invoked-Function-Arn", "client": "Lambda-Runtime-Client-Context",
           "identity": "Lambda-Runtime-Cognito-Identity", "tenant": "Lambda-Runtime-Aws-Tenant-Id"}


@test
def who_invoked_reaches_the_callback_and_only_of_its_own_invocation():
    arn = "arn:aws:lambda:eu-west-1:111122223333:function:test"
    values = {"arn": arn + ":live", "client": CLIENT, "identity": IDENTITY, "tenant": "acme/eu 1:a._=+-@"}
    for env in ({}, {"DDBS_ISOLATION": "none"}):
        headers = {DETAILS[word]: value for word, value in values.items()}
        run = serve("context", batch(1), event_reply(batch(1), 1, headers), batch(1), env=env)
        for word, value in values.items():
            absent = arn if word == "arn" else "none"
            expect(run.journal(word), [absent, value, absent], word)
        assert "acme" not in run.stderr and "i-1" not in run.stderr and "111122223333" not in run.stderr, run.stderr


@test
def who_invoked_is_absent_where_it_is_empty_too_long_or_no_text():
    limits = {"arn": 511, "client": 4095, "identity": 1023, "tenant": 511}
    for over in (0, 1):
        headers = {DETAILS[word]: "x" * (most + over) for word, most in limits.items()}
        run = serve("context", event_reply(batch(1), headers=headers))
        for word, most in limits.items():
            expect(run.journal(word), ["x" * most if over == 0 else "none"], word)
    for value in ("", " ", "\xff\xfe"):
        run = serve("context", event_reply(batch(1), headers=dict.fromkeys(DETAILS.values(), value)))
        expect([run.journal(word) for word in DETAILS], [["none"]] * 4)


@test
def header_names_have_no_case():
    names = ["Lambda-Runtime-Aws-Request-Id", "Lambda-Runtime-Deadline-Ms", "Lambda-Runtime-Trace-Id"]
    for change in (str.lower, str.upper, str.swapcase):
        reply = event_reply(batch(1))
        reply.headers = [(change(name) if name in names else name, f"\t {value} ") for name, value in reply.headers]
        run = serve("context", reply)
        expect(run.journal("request"), [ID % 0])
        assert run.journal("trace")[0].startswith("Root=") and run.journal("remaining") != ["none"]


@test
def a_header_over_its_limit_is_absent():
    headers = {"Lambda-Runtime-Trace-Id": "x" * 5000, "X-Other": "y" * 50000}
    run = serve("context", event_reply(batch(1), headers=headers))
    expect(run.journal("trace"), ["none"])


@test
def an_interim_response_is_not_the_response():
    reply = event_reply(batch(1))
    head = b"HTTP/1.1 103 Early Hints\r\nLambda-Runtime-Aws-Request-Id: early\r\nLambda-Runtime-Trace-Id: early\r\n\r\n"
    reply.headers = [item for item in reply.headers if item[0] != "Lambda-Runtime-Trace-Id"]
    whole = reply.send_response

    def send_response(connection):
        connection.sendall(head)
        whole(connection)
    reply.send_response = send_response
    run = serve("context", reply)
    expect(run.journal("request"), [ID % 0])
    expect(run.journal("trace"), ["none"])


# The first worker

def without_processes(handler):
    """A life of a handler that cannot fork: what the Runtime API saw, and the log. Root may always fork: it runs as
    somebody else, who need not be able to find the program."""
    api = MockApi()
    program = os.open(os.path.join(HANDLERS, handler), os.O_PATH)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("DDBS_", "AWS_", "TEST_"))}
    done = subprocess.run([handler], executable=f"/proc/self/fd/{program}", pass_fds=[program], timeout=PATIENCE,
                          user=65534 if os.getuid() == 0 else None, capture_output=True, text=True, check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)),
                          env=dict(env, AWS_LAMBDA_RUNTIME_API=api.address))
    os.close(program)
    until = time.monotonic() + 10
    while not api.requests and time.monotonic() < until:
        time.sleep(0.01)
    api.close()
    expect(done.returncode, 1, done.stderr)
    assert "no worker process can be made" in done.stderr, done.stderr
    return [request.path.split("/runtime/")[1] for request in api.requests]


@test
def an_on_start_that_cannot_run_is_an_init_error_and_no_event_is_asked_for():
    expect(without_processes("accept_all"), ["init/error"])


@test
def without_on_start_the_first_event_is_asked_for_before_there_is_a_worker():
    expect(without_processes("only_insert"), ["invocation/next"])


if __name__ == "__main__":
    sys.exit(main())
