#!/usr/bin/env python3
"""What only `ddbstream run` with all settings of a mapping does: filters, tumbling windows, parallel lanes, the age of
records, batching windows, and the time that passes.

    python3 tests/e2e/test_run_mapping.py [BIN]      BIN holds ddbstream (default: build)
"""
import json
import os
import sys
import tempfile
import time

from cases import Cases, check, equal, write
from test_run import Played, arguments_of, call, failures, lines_of, mapping, name_of, play, record

test = Cases("run mapping")

CREATED = 1792399200  # of record 0, see test_run.record
ITEMS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
BUCKET = {"OnFailure": {"Destination": "arn:aws:s3:::failed"}}
QUEUE = {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:1:failed"}}

# A runtime for windows and lanes: it notes begin and end of each invocation with the time, counts records in the state,
# and fails or crashes where it is told to.
RUNTIME = """#!%s
import json, os, sys, time
from http.client import HTTPConnection
base = "/2018-06-01/runtime/invocation/"
http = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
bad, mode = os.environ.get("BAD"), os.environ.get("MODE", "")
while True:
    http.request("GET", base + "next")
    answer = http.getresponse()
    event = json.loads(answer.read())
    request = answer.getheader("Lambda-Runtime-Aws-Request-Id")
    names = [r["dynamodb"]["SequenceNumber"] for r in event["Records"]]
    begun = time.time()
    print("has", " ".join(names), flush=True)
    time.sleep(float(os.environ.get("PAUSE", "0")))
    if mode == "meet":  # go on when so many processes have a batch at the same time
        place = os.environ["PLACE"]
        open(os.path.join(place, str(os.getpid())), "w").close()
        while len(os.listdir(place)) < int(os.environ["MEET"]) and time.time() - begun < 60:
            time.sleep(0.01)
    note = {name: value for name, value in event.items() if name != "Records"}
    note.update(names=names, pid=os.getpid(), begun=begun, ended=time.time(), request=request)
    with open(os.environ["JOURNAL"], "a") as journal:
        journal.write(json.dumps(note) + "\\n")
    if mode == "crash" and bad in names:
        os._exit(3)
    state = dict(event.get("state") or {})
    state["count"] = state.get("count", 0) + len(names)
    if mode == "large" and bad in names:
        state["blob"] = "x" * 1048576
    body = {"batchItemFailures": [{"itemIdentifier": bad}] if mode == "items" and bad in names else []}
    if mode != "stateless":
        body["state"] = state
    path = "/error" if mode == "error" and (bad in names or event.get("isFinalInvokeForWindow")) else "/response"
    http.request("POST", base + request + path, json.dumps(body))
    http.getresponse().read()
""" % sys.executable


def run(folder, esm, records, env, *more, **options):
    bootstrap = write(folder, "counter", RUNTIME)
    os.chmod(bootstrap, 0o700)
    played = play(folder, esm, records, env, *more, bootstrap=bootstrap, **options)
    check(played.summary is not None, played.err)
    return played


def numbers(names):
    return [int(name) - int(name_of(0)) for name in names]


def adds_up(played):
    total = played.summary
    equal(total["polled"], total["filtered"] + total["done"] + total["lost"] + total["discarded"] + total["open"], "sum")
    equal(total["open"], 0, "open")


# ---- Filters ---------------------------------------------------------------------------------------------------------

def criteria(*patterns):
    return {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}


@test
def o8_filtered_records_are_not_delivered_and_not_counted_towards_the_batch(folder):
    records = [record(i, eventName="INSERT" if i % 3 else "REMOVE") for i in range(1, 14)]
    played = run(folder, mapping(BatchSize=2, FilterCriteria=criteria({"eventName": ["REMOVE"]})), records, {})
    equal(played.status, 0, played.err)
    equal([numbers(each["names"]) for each in played.given], [[3, 6], [9, 12]], "deliveries")
    equal((played.summary["filtered"], played.summary["done"], played.summary["polled"]), (9, 4, 13), "totals")
    check("13 records polled = 4 done + 9 filtered out + 0 discarded\n" in played.out, played.out)
    check("2 records from 3 to 6" in played.out, played.out)
    adds_up(played)


@test
def several_patterns_are_alternatives_and_no_pattern_lets_everything_pass(folder):
    keys = [{"dynamodb": {"Keys": {"OrderId": {"S": [f"o-{i}"]}}}} for i in (2, 5)]
    for patterns, want in ((keys, [2, 5]), ([], [1, 2, 3, 4, 5])):
        played = run(tempfile.mkdtemp(dir=folder), mapping(BatchSize=10, FilterCriteria=criteria(*patterns)),
                     [record(i) for i in range(1, 6)], {})
        equal([numbers(each["names"]) for each in played.given], [want], "deliveries")


@test
def where_everything_is_filtered_out_nothing_is_called(folder):
    played = run(folder, mapping(FilterCriteria=criteria({"eventName": ["REMOVE"]})), [record(1), record(2)], {})
    equal((played.status, played.given, played.summary["filtered"]), (0, [], 2), played.err)


@test
def o8_a_bad_pattern_is_refused_in_the_words_of_aws(folder):
    for pattern in ("{}", "x", '{"eventName":"INSERT"}', '{"eventName":[]}'):
        words = arguments_of(folder, mapping(FilterCriteria={"Filters": [{"Pattern": pattern}]}), "-", {})
        got = call(*words)
        equal(got.returncode, 2, pattern)
        check("FilterCriteria: Invalid filter pattern definition. Filters[0]" in got.stderr, got.stderr)


# ---- What does not go together, or not at all ------------------------------------------------------------------------

@test
def o12_o17_settings_that_aws_refuses_together_are_refused(folder):
    cases = [(dict(TumblingWindowInSeconds=60, ParallelizationFactor=2), "TumblingWindowInSeconds: "),
             (dict(TumblingWindowInSeconds=60, FilterCriteria=criteria({"eventName": ["INSERT"]})),
              "TumblingWindowInSeconds: "),
             (dict(TumblingWindowInSeconds=901), "TumblingWindowInSeconds: expected a whole number from 0 to 900"),
             (dict(ParallelizationFactor=11), "ParallelizationFactor: expected a whole number from 1 to 10"),
             (dict(ParallelizationFactor=0), "ParallelizationFactor: "),
             (dict(MaximumRecordAgeInSeconds=59), "either -1 (forever) or between 60 and 604800 (inclusive)"),
             (dict(MaximumRecordAgeInSeconds=604801), "MaximumRecordAgeInSeconds: ")]
    for changes, reason in cases:
        got = call(*arguments_of(folder, mapping(**changes), "-", {}))
        equal(got.returncode, 2, str(changes))
        check(reason in got.stderr, got.stderr)
    got = call(*arguments_of(folder, mapping(), "-", {}, "--now", "yesterday"))
    equal((got.returncode, "--now takes" in got.stderr), (2, True), got.stderr)
    got = call(*arguments_of(folder, mapping(), "-", {}, "--time", "warp"))
    equal((got.returncode, "--time takes" in got.stderr), (2, True), got.stderr)


# ---- Age -------------------------------------------------------------------------------------------------------------

@test
def o5_o6_an_expired_head_goes_to_the_destination_without_a_call(folder):
    played = run(folder, mapping(BatchSize=10, MaximumRecordAgeInSeconds=60, DestinationConfig=BUCKET),
                 [record(i) for i in range(1, 9)], {}, "--now", str(CREATED + 64))
    equal(played.status, 0, played.err)
    equal([numbers(each["names"]) for each in played.given], [[4, 5, 6, 7, 8]], "deliveries")
    (name, content), = failures(played).items()
    equal(list(content), ["requestContext", "version", "payload", "timestamp", "DDBStreamBatchInfo"], "members")
    request = content["requestContext"]
    equal((request["condition"], request["approximateInvokeCount"]), ("RecordAgeExceeded", 1), "condition")
    equal(content["DDBStreamBatchInfo"]["batchSize"], 3, "batch")
    equal(content["timestamp"][:19], "2026-10-19T08:41:04", "the clock began at --now")
    expired = [turn for turn in played.turns if turn.get("expired")]
    equal([(turn["first"], turn["last"], os.path.basename(turn["file"])) for turn in expired], [(1, 3, name)], "lines")
    check("discarded as too old: records 1-3 -> " in played.out, played.out)
    equal((played.summary["expired"], played.summary["discarded"]), (3, 3), "totals")
    adds_up(played)


@test
def o5_retries_without_a_limit_end_when_the_record_is_too_old(folder):
    played = run(folder, mapping(MaximumRetryAttempts=-1, MaximumRecordAgeInSeconds=60, DestinationConfig=QUEUE),
                 [record(1), record(2)], {"MODE": "error", "BAD": name_of(1)})
    equal(played.status, 0, played.err)
    content, = failures(played).values()
    equal(content["requestContext"]["condition"], "RecordAgeExceeded", "condition")
    tries = content["requestContext"]["approximateInvokeCount"]
    equal([turn["waitMs"] for turn in played.turns if "waitMs" in turn][:tries],
          [0, 200, 400, 800, 1600, 3200, 6400, 12800, 25600][:tries], "waits")
    check(tries in (8, 9), f"{tries} tries in 60 seconds")
    check("responseContext" not in content, content)
    adds_up(played)


@test
def a_recorded_stream_is_not_too_old_unless_the_real_clock_is_asked_for(folder):
    old = [record(i) for i in range(1, 4)]
    for each in old:
        each["dynamodb"]["ApproximateCreationDateTime"] = 1500000000
    for more, count in (((), 1), (("--now", "first"), 1), (("--now", "real"), 0)):
        played = run(tempfile.mkdtemp(dir=folder), mapping(MaximumRecordAgeInSeconds=60), old, {}, *more)
        equal((played.status, len(played.given)), (0, count), str(more) + played.err)


# ---- Windows ---------------------------------------------------------------------------------------------------------

def windows(played):
    return [(each["window"]["start"][11:16], numbers(each["names"]), each["state"], each["isFinalInvokeForWindow"],
             each["isWindowTerminatedEarly"]) for each in played.given]


@test
def o18_windows_carry_their_state_and_are_closed_by_later_records_and_the_end(folder):
    records = [record(i) for i in (1, 2, 3, 70, 250)]
    played = run(folder, mapping(BatchSize=2, TumblingWindowInSeconds=60, DestinationConfig=BUCKET), records, {})
    equal(played.status, 0, played.err)
    equal(windows(played), [("08:40", [1, 2], {}, False, False), ("08:40", [3], {"count": 2}, False, False),
                            ("08:40", [], {"count": 3}, True, False), ("08:41", [70], {}, False, False),
                            ("08:41", [], {"count": 1}, True, False), ("08:44", [250], {}, False, False),
                            ("08:44", [], {"count": 1}, True, False)], "invocations")
    equal(played.summary["windows"], 3, "windows")
    finals = [turn for turn in played.turns if turn["cause"] == "final"]
    equal([turn["window"]["final"] for turn in finals], [True] * 3, "JSON")
    check("the final call of the window" in played.out and "3 windows closed\n" in played.out, played.out)
    adds_up(played)


@test
def o11_a_response_without_state_fails_and_a_final_call_that_fails_has_its_own_record(folder):
    played = run(folder, mapping(TumblingWindowInSeconds=60, MaximumRetryAttempts=1, DestinationConfig=BUCKET),
                 [record(1)], {"MODE": "stateless"})
    equal([turn["step"] for turn in played.turns], ["retry", "discard", "retry", "discard"], "steps")
    check("has no state" in played.turns[0]["reason"], played.turns[0]["reason"])
    found = failures(played)
    equal(len(found), 2, "on-failure records")
    final, = [content for name, content in found.items() if "-window-2026-10-19T08:40:00Z" in name]
    equal(list(final["DDBStreamBatchInfo"]), ["shardId", "streamArn"], "batch")
    equal(final["timeWindowInfo"], {"window": {"start": "2026-10-19T08:40:00Z", "end": "2026-10-19T08:41:00Z"},
                                    "isFinalInvokeForWindow": True, "isWindowTerminatedEarly": False}, "window")
    equal(json.loads(final["payload"])["Records"], [], "payload")
    adds_up(played)


@test
def o11_a_state_over_1_mb_ends_the_window_early(folder):
    played = run(folder, mapping(BatchSize=1, TumblingWindowInSeconds=60), [record(1), record(2)],
                 {"MODE": "large", "BAD": name_of(1)})
    equal(played.status, 0, played.err)
    got = [(each["names"] == [], each["isFinalInvokeForWindow"], each["isWindowTerminatedEarly"],
            len(each["state"].get("blob", "")), each["state"].get("count")) for each in played.given]
    equal(got, [(False, False, False, 0, None), (True, True, True, 1048576, 1), (False, False, False, 0, None),
                (True, True, False, 0, 1)], "invocations")


# ---- Lanes -----------------------------------------------------------------------------------------------------------

def key_of(number):
    return record(number)["dynamodb"]["Keys"]["OrderId"]["S"]


@test
def batches_of_different_lanes_run_at_once_in_processes_of_their_own(folder):
    place = os.path.join(folder, "place")
    os.mkdir(place)
    played = run(folder, mapping(BatchSize=3, ParallelizationFactor=4), [record(i) for i in range(1, 41)],
                 {"MODE": "meet", "MEET": "4", "PLACE": place}, "--timeout", "120")
    equal(played.status, 0, played.err)
    equal(len({each["pid"] for each in played.given}), 4, "processes")
    firsts = {}
    for each in played.given:
        firsts.setdefault(each["pid"], each)
    check(max(each["begun"] for each in firsts.values()) < min(each["ended"] for each in firsts.values()),
          "one after the other")
    equal(sorted(number for each in played.given for number in numbers(each["names"])), list(range(1, 41)), "records")
    equal({turn["lane"] for turn in played.turns}, {1, 2, 3, 4}, "lanes")
    check("\n[1] #" in played.out and "[2]     | has " in played.out, played.out)
    adds_up(played)


@test
def the_order_of_each_key_holds_when_lanes_fail(folder):
    records = []
    for i in range(1, 61):
        each = record(i)
        each["dynamodb"]["Keys"] = {"Customer": {"S": f"c{i * 7 % 9}"}, "OrderId": {"S": f"o-{i}"}}
        records.append(each)
    played = run(folder, mapping(BatchSize=4, ParallelizationFactor=5, MaximumRetryAttempts=2,
                                 BisectBatchOnFunctionError=True, **ITEMS), records,
                 {"MODE": "crash", "BAD": name_of(17)})
    equal(played.status, 0, played.err)
    seen = {}
    for each in sorted(played.given, key=lambda note: note["begun"]):
        for number in numbers(each["names"]):
            key = number * 7 % 9
            check(number <= seen.get(key, 0) or number == min(
                i for i in range(1, 61) if i * 7 % 9 == key and i > seen.get(key, 0)), f"record {number} overtakes")
            seen[key] = max(number, seen.get(key, 0))
    equal(played.summary["discarded"], 1, "discarded")
    adds_up(played)


@test
def the_partition_key_can_be_named(folder):
    records = []
    for i in range(1, 21):
        each = record(i)
        each["dynamodb"]["Keys"] = {"Line": {"N": str(i)}, "OrderId": {"S": "always the same"}}
        records.append(each)
    for more, lanes in (((), 4), (("--partition-key", "OrderId"), 1)):
        played = run(tempfile.mkdtemp(dir=folder), mapping(BatchSize=2, ParallelizationFactor=4), records, {}, *more)
        equal(played.status, 0, played.err)
        equal(len({turn["lane"] for turn in played.turns}), lanes, f"lanes with {more}")


@test
def an_interrupt_lets_the_batches_under_way_end(folder):
    import signal
    import subprocess
    bootstrap = write(folder, "counter", RUNTIME)
    os.chmod(bootstrap, 0o700)
    words = arguments_of(folder, mapping(BatchSize=1, ParallelizationFactor=3),
                         write(folder, "source.jsonl", lines_of([record(i) for i in range(1, 500)])), {"PAUSE": "0.3"},
                         bootstrap=bootstrap)
    from test_run import BIN
    process = subprocess.Popen([os.path.join(BIN, "ddbstream"), *words], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "#4" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    played = Played(folder, subprocess.CompletedProcess([], process.returncode, out, err))
    equal(played.status, 130, err)
    equal(len(played.turns), len(played.given), "every batch that was begun is settled")
    check(played.summary["open"] > 0 and "stopped before the end" in out, out[-300:])


# ---- Time ------------------------------------------------------------------------------------------------------------

@test
def o16_skipped_time_passes_on_the_clock_of_the_mapping_only(folder):
    begun = time.monotonic()
    played = run(folder, mapping(MaximumRetryAttempts=9, DestinationConfig=QUEUE), [record(1)],
                 {"MODE": "error", "BAD": name_of(1)}, "--time", "skip")
    real = time.monotonic() - begun
    check(real < 102.2, "it waited")
    content, = failures(played).values()
    equal(sum(turn["waitMs"] for turn in played.turns), 102200, "waits")
    minutes, seconds = content["timestamp"][14:16], float(content["timestamp"][17:-1])
    elapsed = (int(minutes) - 40) * 60 + seconds - 1  # since the first record
    check(102.2 <= elapsed < 102.3 + real, f"{elapsed} seconds passed for the mapping")


@test
def o14_the_same_seed_gives_the_same_request_ids(folder):
    ids = [[turn["requestId"] for turn in run(tempfile.mkdtemp(dir=folder), mapping(BatchSize=2),
                                              [record(i) for i in range(1, 7)], {}, "--seed", seed).turns]
           for seed in ("1", "1", "2")]
    equal(ids[0], ids[1], "same seed")
    check(not set(ids[0]) & set(ids[2]), "another seed, the same ids")


if __name__ == "__main__":
    sys.exit(test.run())
