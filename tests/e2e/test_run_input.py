#!/usr/bin/env python3
"""What `ddbstream run` is given: programs, mappings and sources that are not as they should be, and what it says then.

    python3 tests/e2e/test_run_input.py [BIN]      BIN holds ddbstream (default: build)
"""
import gzip
import json
import os
import sys
import tempfile

from cases import Cases, check, equal, write
from test_run import RUNTIME, call, lines_of, mapping, play, record

test = Cases("run input")


# A runtime whose output has no newline at the end of an invocation.
UNENDED = """#!%s
import os, sys
from http.client import HTTPConnection
base = "/2018-06-01/runtime/invocation/"
http = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
for number in range(1, 100):
    http.request("GET", base + "next")
    answer = http.getresponse()
    answer.read()
    sys.stdout.write("begin\\nunended %%d" %% number)
    sys.stdout.flush()
    http.request("POST", base + answer.getheader("Lambda-Runtime-Aws-Request-Id") + "/response", "{}")
    http.getresponse().read()
""" % sys.executable


def program(folder, name, text):
    path = write(folder, name, text)
    os.chmod(path, 0o700)
    return path


def ways(folder, cases):
    """A folder of its own for each case, so that nothing is left over from the one before."""
    for case in cases:
        yield tempfile.mkdtemp(dir=folder), case


# ---- Programs --------------------------------------------------------------------------------------------------------

@test
def a_name_without_a_slash_is_the_file_of_the_current_folder(folder):
    for inner, name in ways(folder, ["boom", "true"]):  # one that PATH does not have, and one that it has
        program(inner, name, RUNTIME)
        played = play(inner, mapping(), [record(1)], {"MODE": "ok"}, bootstrap=name)
        equal(played.status, 0, name + played.err)
        equal(len(played.given), 1, f"{name}: deliveries")


@test
def a_program_is_not_looked_for_anywhere_else(folder):
    played = play(folder, mapping(), [record(1)], {"MODE": "ok"}, bootstrap="true")
    equal(played.status, 2, played.err)
    check("ddbstream run: true: No such file or directory" in played.err, played.err)


@test
def what_the_kernel_cannot_run_is_not_handed_to_a_shell(folder):
    for inner, name in ways(folder, ["plain", "./plain"]):
        program(inner, "plain", "touch was-run\n")
        played = play(inner, mapping(), [record(1)], {"MODE": "ok"}, bootstrap=name)
        equal(played.status, 1, played.err)
        check(f"cannot run {name}: Exec format error" in played.err, played.err)
        check(not os.path.exists(os.path.join(inner, "was-run")), "a shell has run it")


@test
def a_folder_is_no_program(folder):
    for inner, name in ways(folder, ["made", "./made", "/"]):
        os.mkdir(os.path.join(inner, "made"))
        played = play(inner, mapping(), [record(1)], {"MODE": "ok"}, bootstrap=name)
        check(played.status == 2, played.out)
        check(f"{name}: Is a directory" in played.err, played.err)


@test
def output_without_a_newline_is_shown_with_its_invocation(folder):
    played = play(folder, mapping(BatchSize=1), [record(1), record(2)], {},
                  bootstrap=program(folder, "unended", UNENDED))
    equal(played.status, 0, played.err)
    first, second = played.out.split("#2  ")
    check("    | begin\n    | unended 1\n" in first, played.out)
    check("    | begin\n    | unended 2\n" in second, played.out)


# ---- esm.json --------------------------------------------------------------------------------------------------------

def stream(partition="aws", region="eu-west-1", account="111122223333", rest="table/T/stream/L"):
    return f"arn:{partition}:dynamodb:{region}:{account}:{rest}"


@test
def an_arn_that_names_no_stream_is_refused(folder):
    wrong = ["arn:aws:dynamodb:::table//stream/", "arn:awsX:dynamodb::table/T/stream/x", stream("awsX"), stream("aws-"),
             stream(""), stream(region=""), stream(account=""), stream(account="11112222333"),
             stream(account="1111222233334"), stream(account="11112222333x"), stream(rest="table//stream/L"),
             stream(rest="table/T/stream/"), stream(rest="table/T"), stream(rest="table/T/index/I/stream/L"),
             stream(rest="x:table/T/stream/L"), stream(rest="tables/T/stream/L"), stream()[:-2]]
    for inner, arn in ways(folder, wrong):
        played = play(inner, mapping(EventSourceArn=arn), [record(1)], {"MODE": "ok"})
        equal((arn, played.status, played.given), (arn, 2, []), played.err)
        check("EventSourceArn: expected the ARN of a DynamoDB stream" in played.err, played.err)


@test
def the_streams_of_all_partitions_are_accepted(folder):
    for inner, arn in ways(folder, [stream("aws-cn", "cn-north-1"), stream("aws-us-gov", "us-gov-west-1"),
                                    stream(rest="table/a.b_c-D/stream/2026-10-19T08:35:12.417")]):
        played = play(inner, mapping(EventSourceArn=arn), [record(1)], {"MODE": "ok"})
        equal((arn, played.status, len(played.given)), (arn, 0, 1), played.err)


def function(account="111122223333", name="f", partition="aws", region="eu-west-1"):
    return f"arn:{partition}:lambda:{region}:{account}:function:{name}"


@test
def a_name_that_no_function_has_is_refused(folder):
    wrong = ["abcdefghijkl:function:f", "11112222333:function:f", "1111222233334:function:f", "n" * 65, "n" * 65 + ":7",
             "f.g", "f g", "f:", "f:7:8", "111122223333:function:", function(""), function("11112222333"),
             function("abcdefghijkl"), function(region=""), function(partition="awsX"), function(name=""),
             function(name="f:"), function(name="f:7:8"), function() + "/", "arn:aws:lambda:eu-west-1:111122223333:f"]
    for inner, name in ways(folder, wrong):
        played = play(inner, mapping(FunctionName=name), [record(1)], {"MODE": "ok"})
        equal((name, played.status, played.given), (name, 2, []), played.err)
        check("FunctionName: expected a function's name" in played.err, played.err)


@test
def names_that_functions_have_are_accepted(folder):
    on_failure = {"OnFailure": {"Destination": "arn:aws:s3:::failed"}}
    right = {"n" * 64: function(name="n" * 64 + ":$LATEST"), "a_b-C9:live": function(name="a_b-C9:live"),
             "myfunction:7": function(name="myfunction:7"), "f:$LATEST": function(name="f:$LATEST"),
             "444455556666:function:f:7": function("444455556666", "f:7"),
             function("444455556666", partition="aws-cn", region="cn-north-1"):
                 function("444455556666", "f:$LATEST", "aws-cn", "cn-north-1")}
    for inner, (name, arn) in ways(folder, right.items()):
        played = play(inner, mapping(FunctionName=name, MaximumRetryAttempts=0, DestinationConfig=on_failure),
                      [record(1)], {"MODE": "error"})
        equal((name, played.status), (name, 0), played.err)
        failed = os.path.join(inner, "failed")
        with open(os.path.join(failed, os.listdir(failed)[0]), encoding="utf-8") as file:
            equal(json.load(file)["requestContext"]["functionArn"], arn, name)


# ---- Sources ---------------------------------------------------------------------------------------------------------

@test
def bad_content_is_1_and_what_cannot_be_read_is_2(folder):
    event = gzip.compress(json.dumps({"Records": [record(i) for i in range(1, 200)]}).encode())
    cases = {
        "bad.jsonl": (b"{}\n", 1, "bad.jsonl:1: not a record"),
        "bad.json": (b'{"Records":7}', 1, "bad.json: byte 11: Records: expected an array"),
        "no-event.json": (b"x", 1, "no-event.json: byte 0: "),
        "empty.json": (b"", 1, "empty.json: byte 0: "),
        "lines.json": (lines_of([record(1), record(2)]).encode(), 1, "is named *.jsonl"),
        "bad.json.gz": (gzip.compress(b'{"Records":7}'), 1, "bad.json.gz: byte 11: "),
        "cut.json.gz": (event[:-40], 2, "cut.json.gz: the gzip data ends too early"),
        "damaged.json.gz": (event[:40] + b"\xff" * 20 + event[60:], 2, "damaged.json.gz: the gzip data is damaged"),
        "missing.jsonl": (None, 2, "missing.jsonl: No such file"),
        "missing.json": (None, 2, "missing.json: No such file"),
    }
    for inner, (name, (content, status, reason)) in ways(folder, cases.items()):
        path = os.path.join(inner, name) if content is None else write(inner, name, content)
        played = play(inner, mapping(), path, {"MODE": "ok"})
        equal((name, played.status, played.given), (name, status, []), played.err)
        check(reason in played.err, f"{name}: {played.err}")


@test
def a_folder_is_no_source(folder):
    for inner, name in ways(folder, ["folder", "folder.json", "folder.jsonl", "folder.jsonl.gz"]):
        os.mkdir(os.path.join(inner, name))
        played = play(inner, mapping(), os.path.join(inner, name), {"MODE": "ok"})
        equal((name, played.status, played.out), (name, 2, ""), played.err)
        check(f"/{name}: is a folder\n" in played.err, played.err)
        got = call("decode", os.path.join(inner, name))
        equal((got.returncode, got.stdout), (2, ""), got.stderr)
        check(f"/{name}: is a folder\n" in got.stderr, got.stderr)


@test
def lines_whose_gzip_data_ends_too_early_are_played_up_to_there(folder):
    whole = gzip.compress(lines_of([record(i) for i in range(1, 200)]).encode())
    played = play(folder, mapping(), write(folder, "cut.jsonl.gz", whole[:-40]), {"MODE": "ok"})
    check(played.status == 2, played.err)
    check("cut.jsonl.gz:" in played.err and "the gzip data ends too early\n" in played.err, played.err)
    check("<fd:" not in played.err, played.err)
    check(played.given != [], "nothing was played of what could be read")


@test
def a_record_that_was_cut_off_is_said_to_end_too_early(folder):
    listed = json.dumps(record(1, more=[1]))
    for inner, line in ways(folder, ['{"a":1', '{"a":', '{', listed[:-1], listed[:-2]]):
        played = play(inner, mapping(), write(inner, "cut.jsonl", line + "\n"), {"MODE": "ok"})
        equal((line, played.status, played.given), (line, 1, []), played.err)
        check(f"cut.jsonl:1: not a record of a DynamoDB stream: the record ends too early (at byte {len(line)})\n"
              in played.err, f"{line}: {played.err}")
    played = play(folder, mapping(), write(folder, "crossed.jsonl", '{"a":[1}]}\n'), {"MODE": "ok"})
    check("closing bracket of the other kind (at byte 7 of the record)" in played.err, played.err)


@test
def decode_says_who_takes_lines(folder):
    for name, content in (("s.jsonl", lines_of([record(1), record(2)]).encode()), ("one.jsonl", b"{}"),
                          ("s.jsonl.gz", gzip.compress(lines_of([record(1)]).encode()))):
        got = call("decode", write(folder, name, content))
        equal((name, got.returncode, got.stdout), (name, 1, ""), got.stderr)
        check("decode takes one event" in got.stderr and "`ddbstream run --source`" in got.stderr, got.stderr)
    got = call("decode", write(folder, "bad.json", "{}"))
    equal((got.returncode, "--source" in got.stderr), (1, False), got.stderr)


@test
def a_source_without_records_is_warned_about(folder):
    for inner, (name, content) in ways(folder, [("empty.jsonl", b""), ("blank.jsonl", b"\n  \n\r\n"),
                                                ("empty.jsonl.gz", gzip.compress(b"")), ("e.json", b'{"Records":[]}')]):
        path = write(inner, name, content)
        played = play(inner, mapping(), path, {"MODE": "ok"})
        equal((name, played.status, played.given), (name, 0, []), played.err)
        equal(played.err, f"WARNING: {path} has no records\n", name)
    played = play(folder, mapping(), [record(1)], {"MODE": "ok"})
    equal((played.status, played.err), (0, ""), "a source with a record")


if __name__ == "__main__":
    sys.exit(test.run())
