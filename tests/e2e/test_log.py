#!/usr/bin/env python3
"""The log and the metrics of the runtime, as Lambda gets them.

test_log.py [BUILD FOLDER]
"""
import base64
import json
import re
import time

from mock_api import ID, event_reply
from runtime_harness import ITEMS, SECRET, Run, broken, expect, expect_item, main, record, seq, serve, test

JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}
ALL = {"DDBS_METRICS": "all"}
FORGED = "x\nERROR RequestId: forged\r\x1b[31m\u2028\u202e\",\"level\":\"FATAL\" \x00 \u00e9"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
OWN = ("RecordsFailed", "WorkerCrashes", "DeadlineStops")
COUNTS = ("records", "done", "skipped", "parked", "ignored", "poison", "failed", "retry")


def batch(*keys):
    event = {"Records": [record(i, key) for i, key in enumerate(keys)]}
    for item in event["Records"]:
        if item["dynamodb"]["Keys"]["id"]["S"] == "forge":
            item["dynamodb"]["NewImage"]["forged"] = {"S": FORGED}
    return event


def lines(run):
    """Every line but the last, which tells of the 500 that ends the script; none has a control byte in it."""
    text = run.stderr
    assert text.endswith("\n"), text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", text), repr(text)
    found = text[:-1].split("\n")
    assert "GET next: status 500" in found[-1], found[-1]
    return found[:-1]


def objects(run):
    """The lines of a JSON log: metrics apart."""
    parsed = [json.loads(line, object_pairs_hook=unique) for line in lines(run)]
    for line in parsed:
        assert STAMP.fullmatch(line["timestamp"]), line
    return [line for line in parsed if "_aws" not in line], [line for line in parsed if "_aws" in line]


def unique(pairs):
    expect(len(dict(pairs)), len(pairs), f"members of {pairs!r}")
    return dict(pairs)


def metrics(run):
    return [json.loads(line, object_pairs_hook=unique) for line in lines(run) if line.startswith('{"_aws":')]


def batch_line(run):
    """The one line of the batch, as a dictionary."""
    line, = [line for line in lines(run) if re.match(r"INFO RequestId: \S+ batch ", line)]
    return dict(word.split("=", 1) for word in line.split(" batch ", 1)[1].split(" "))


@test
def a_text_line_tells_what_it_is_about():
    run = serve("log_lines", batch("a", "skip"))
    found = lines(run)
    expect(found[0], "WARN starting")
    expect(found[1:3], [f"WARN RequestId: {ID % 0} record {i + 1}/2 seq={seq(i)}: at work" for i in range(2)])
    assert "done" not in found[3], "a line below INFO"


@test
def a_json_line_tells_the_same():
    run = serve("log_lines", batch("a", "fail"), env=dict(JSON, **ITEMS))
    logged, _ = objects(run)
    expect({"level": "WARN", "message": "starting"}, {key: logged[0][key] for key in logged[0] if key != "timestamp"})
    del logged[2]["timestamp"]
    expect(logged[2], {"level": "WARN", "requestId": ID % 0, "record": 2, "records": 2, "sequenceNumber": seq(1),
                       "message": "at work"})
    failure, = [line for line in logged if "HandlerFailed" in line["message"]]
    expect((failure["level"], failure["requestId"]), ("WARN", ID % 0))
    assert "no such\\x0acustomer" in failure["message"] and f"record 2/2 seq={seq(1)}" in failure["message"], failure


@test
def the_level_is_obeyed_by_runtime_and_handler():
    for level, at_work, done, batches, failures in (
            ("TRACE", 2, 1, 1, 1), ("DEBUG", 2, 1, 1, 1), ("INFO", 2, 0, 1, 1), ("WARN", 2, 0, 0, 1),
            ("ERROR", 0, 0, 0, 0), ("FATAL", 0, 0, 0, 0)):
        for form in ("Text", "JSON"):
            run = serve("log_lines", batch("a", "fail"), snapshots=False,
                        env=dict(ITEMS, DDBS_METRICS="off", AWS_LAMBDA_LOG_FORMAT=form, AWS_LAMBDA_LOG_LEVEL=level))
            found = [run.stderr.count(text) for text in ("at work", "done\"}" if form == "JSON" else ": done\n",
                                                         '"batch"' if form == "JSON" else " batch records",
                                                         "HandlerFailed")]
            expect(found, [at_work, done, batches, failures], f"{form} at {level}")


@test
def what_ends_the_process_is_said_at_every_level():
    for form in ("Text", "JSON"):
        run = Run("start_fails", [event_reply(batch("a"))],
                  env={"AWS_LAMBDA_LOG_FORMAT": form, "AWS_LAMBDA_LOG_LEVEL": "FATAL"})
        said, = [line for line in run.stderr.split("\n") if 'table' in line and "exiting" in line]
        assert said.startswith("FATAL ") or json.loads(said)["level"] == "FATAL", said


@test
def what_a_stranger_wrote_cannot_forge_a_line():
    run = serve("log_lines", batch("forge"))
    expect(len([line for line in lines(run) if line.startswith("ERROR")]), 0)
    assert "x\\x0aERROR RequestId: forged\\x0d\\x1b[31m\\xe2\\x80\\xa8" in run.stderr, run.stderr
    logged, _ = objects(serve("log_lines", batch("forge"), env=JSON))
    expect({line["level"] for line in logged}, {"WARN", "INFO"})
    said, = [line for line in logged if "forged" in line["message"]]
    expect(said["message"], FORGED.split("\x00")[0])  # %s ends there
    noted, = [line for line in logged if line["message"] == "noted"]
    expect((noted["note"], noted["size"]), (FORGED, 20))


@test
def one_line_tells_of_each_batch():
    event = batch("a", "skip", "a", "fail", "a")
    event["Records"][1]["eventName"] = "MODIFY"
    event["Records"][2]["eventName"] = "REMOVE"
    event["Records"][3]["eventName"] = "MERGE"
    run = serve("log_lines", event, env=ITEMS)
    line = batch_line(run)
    expect([line[name] for name in COUNTS], ["5", "2", "1", "0", "0", "0", "1", "2"])
    expect([line[name] for name in ("insert", "modify", "remove", "other")], ["1", "1", "1", "1"])
    expect((line["first"], line["last"]), (seq(0), seq(4)))
    expect((line["crashes"], line["deadlineStops"]), ("0", "0"))
    age = int(line["iteratorAgeMs"]) / 1000
    want = max(time.time() - 1792399200, 0)
    assert abs(age - want) < 600, (age, want)
    assert 0 <= float(line["decodeMs"]) + float(line["handlerMs"]) <= float(line["ms"]), line


@test
def times_are_the_batches_own():
    now = time.time()
    event = batch("a", "hang")
    for item in event["Records"]:
        item["dynamodb"]["ApproximateCreationDateTime"] = int(now) - 60
    reply = event_reply(event, 0, {"Lambda-Runtime-Deadline-Ms": str(int((now + 2) * 1000))})
    run = serve("log_lines", reply, env=ITEMS)
    expect_item(run.posts[0], seq(1))
    line = batch_line(run)
    expect((line["failed"], line["retry"], line["crashes"], line["deadlineStops"]), ("1", "1", "0", "1"))
    assert float(line["handlerMs"]) > 1000, line  # also of the worker that was ended
    assert 60000 <= int(line["iteratorAgeMs"]) < 120000, line
    assert 0 < int(line["remainingMs"]) < 1000, line


@test
def an_undecodable_record_is_no_operation():
    run = serve("log_lines", broken(3, 1), env=ITEMS)
    line = batch_line(run)
    expect([line[name] for name in COUNTS], ["3", "2", "0", "0", "0", "1", "0", "0"])
    expect(line["insert"], "2")
    assert f"record 2/3 seq={seq(1)}: cannot read it" in run.stderr, run.stderr


@test
def a_crash_is_counted_and_the_worker_after_it_logs():
    run = serve("log_lines", batch("a", "crash", "a"), batch("a"), env=dict(ITEMS, **ALL))
    expect_item(run.posts[0], seq(1))
    own = [line for line in metrics(run) if "RecordsFailed" in line]
    expect([[line[name] for name in OWN] for line in own], [[1, 1, 0], [0, 0, 0]])
    seen = [line for line in metrics(run) if "RecordsSeen" in line]
    expect([(line["requestId"], line["RecordsSeen"]) for line in seen], [(ID % 1, 1)])  # the crash took its own along
    expect(run.stderr.count("WARN starting\n"), 2)
    first = [line for line in lines(run) if " batch " in line][0]
    assert " insert=2 " in first and " failed=1 retry=2 " in first and " crashes=1 " in first, first


@test
def metrics_are_as_cloudwatch_wants_them():
    for form in ({}, JSON):
        run = serve("log_lines", batch("a", "skip"),
                    env=dict(form, **ALL, AWS_LAMBDA_FUNCTION_NAME="orders", AWS_LAMBDA_LOG_LEVEL="WARN"))
        found = metrics(run)
        expect(len(found), 2)
        for line in found:
            directive, = line["_aws"]["CloudWatchMetrics"]
            expect(directive["Namespace"], "Shop")
            expect(directive["Dimensions"], [["FunctionName", "service"]])
            expect((line["FunctionName"], line["service"], line["requestId"]), ("orders", "shop", ID % 0))
            assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 600, line
            for metric in directive["Metrics"]:
                assert isinstance(line[metric["Name"]], (int, float, list)), line
            expect(line.get("level"), "WARN" if form else None)  # or Lambda would drop it
        expect((found[0]["RecordsSeen"], found[0]["Size"]), (2, [20, 20]))
        expect([found[1][name] for name in OWN + ("Records", "RecordsSkipped", "RecordsToRetry")], [0, 0, 0, 2, 1, 0])
        assert found[1]["HandlerTime"] >= 0 and found[1]["DecodeTime"] > 0 and found[1]["IteratorAge"] >= 0, found


@test
def failures_are_measured_unless_that_is_off():
    for mode, events, own, seen in (({}, 1, 2, 2), ({"DDBS_METRICS": "failures"}, 1, 2, 2), (ALL, 1, 2, 2),
                                    ({"DDBS_METRICS": "off"}, 0, 0, 0)):
        run = serve("log_lines", batch("a"), batch("fail"), env=dict(ITEMS, **mode), snapshots=False)
        found = metrics(run)
        expect(len([line for line in found if "RecordsFailed" in line]), own, str(mode))
        expect(len([line for line in found if "RecordsSeen" in line]), seen, str(mode))
        expect(sum(line.get("RecordsFailed", 0) for line in found), events, str(mode))


@test
def an_unknown_mode_of_metrics_is_named():
    run = Run("log_lines", [event_reply(batch("a"))], env={"DDBS_METRICS": "some"})
    expect(run.status, 1)
    assert 'DDBS_METRICS is "some"; legal are "failures", "all" and "off"' in run.stderr, run.stderr


@test
def without_isolation_it_is_the_same():
    run = serve("log_lines", batch("a", "fail"), env=dict(ITEMS, **ALL, DDBS_ISOLATION="none"))
    assert f"WARN RequestId: {ID % 0} record 2/2 seq={seq(1)}: at work" in lines(run), run.stderr
    expect([line["RecordsSeen"] for line in metrics(run) if "RecordsSeen" in line], [2])
    expect([line["RecordsFailed"] for line in metrics(run) if "RecordsFailed" in line], [1])
    expect(batch_line(run)["failed"], "1")


@test
def no_secret_gets_into_a_line():
    secrets = {"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI-a", "AWS_SESSION_TOKEN": "tok-99-b", "DB_PASSWORD": "hunter2-c"}
    keys = ("a", "crash", "a")
    for form in ({}, JSON):
        run = serve("log_lines", batch(*keys), batch("fail"), broken(2, 0), env=dict(secrets, **form, **ALL, **ITEMS))
        for secret in list(secrets.values()) + [SECRET]:
            raw = secret.encode()
            for text in (secret, base64.b64encode(raw).decode().rstrip("="), raw.hex()):
                assert text not in run.stderr and text.encode() not in run.stdout, text


@test
def lines_of_several_writers_do_not_mix():
    run = serve("log_lines", *[batch(*["a"] * 200) for _ in range(20)], env=dict(JSON, **ALL), snapshots=False)
    logged, measured = objects(run)
    expect(len([line for line in logged if line["message"] == "at work"]), 4000)
    expect(sum(line.get("RecordsSeen", 0) for line in measured), 4000)
    expect(sum(len(line["Size"]) for line in measured if "Size" in line), 4000)


if __name__ == "__main__":
    raise SystemExit(main())
