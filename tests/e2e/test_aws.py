#!/usr/bin/env python3
"""Batch writers: what is stored, what is committed, what is sent again, against tests/awsfake.

test_aws.py [BUILD FOLDER]
"""
import sys
import time

from aws_harness import SUCCESSES, Play, batch, expect, expect_item, expect_success, numbered, seq
from mock_api import event_reply
from runtime_harness import SECRET, main, test


def names(count, without=()):
    return [f"k{i}" for i in range(count) if i not in without]


def bodies(play, service):
    """What is stored, as the keys of the records."""
    stored = play.stored.get(service, [])
    return {"firehose": lambda: [text.rstrip("\n") for text in stored], "kinesis": lambda: [key for key, _ in stored],
            "sqs": lambda: [message["MessageBody"] for message in stored],
            "sns": lambda: [message["Message"] for message in stored],
            "eventbridge": lambda: [event["Detail"]["id"] for event in play.stored.get("events", [])],
            "dynamodb": lambda: [item["id"]["S"] for item in stored.get("copy", {}).values()],
            "transact": lambda: [item["id"]["S"] for item in play.stored["dynamodb"].get("view", {}).values()],
            "s3": lambda: [path.split("/")[3] for path in stored],
            "cloudwatch": lambda: [metric["Dimensions.member.1.Value"] for metric in play.stored.get("monitoring", [])],
            "ses": lambda: [mail["Content"]["Simple"]["Subject"]["Data"] for mail in stored],
            "opensearch": lambda: list(stored)}[service]()


# What fails one entry in each service, for a passing reason.
PASSING = {name: {"do": "entries", "marks": ["k17"]} for name in SUCCESSES}
PASSING.update({name: {"do": "throttle"} for name in ("s3", "cloudwatch", "ses")})


@test
def every_service_gets_every_record_in_the_fewest_requests():
    for service, most in SUCCESSES.items():
        play = Play(service, numbered(57))
        expect_success(play.posts[0])
        expect(sorted(bodies(play, service)), sorted(names(57)), service)
        expect(len(play.requests), -(-57 // most), service + " requests")
        expect([request["type"] for request in play.requests if request["status"] != 200], [], service)
        expect(len({request["port"] for request in play.requests}) <= 4, True, service + " connections")


@test
def ten_thousand_records_to_firehose_take_twenty_requests():
    play = Play("firehose", numbered(10000))
    expect_success(play.posts[0])
    expect(play.counts("firehose"), [10000, 10000, 20, 0])
    expect(len(play.requests), 20)
    expect(sorted(bodies(play, "firehose")), sorted(names(10000)))


@test
def bytes_end_a_request_too():
    event = numbered(60)
    for item in event["Records"]:
        item["dynamodb"]["NewImage"]["note"]["S"] = "x" * 95000
    play = Play("firehose", event, env={"TEST_RAW": "1"})
    expect_success(play.posts[0])
    assert all(request["bytes"] <= 4000000 for request in play.requests), [r["bytes"] for r in play.requests]
    expect(len(play.requests), -(-sum(len(text) * 4 // 3 for text in play.stored["firehose"]) // 4000000))


@test
def only_failed_entries_are_sent_again():
    for service, rule in PASSING.items():
        play = Play(service, numbered(30), rules=[rule])
        expect_success(play.posts[0])
        expect(sorted(bodies(play, service)), sorted(names(30)), service)
        if rule["do"] == "entries" and service != "transact":
            expect(sum(request["entries"] for request in play.requests), 31, service + " entries sent")
            expect(play.counts(service)[3], 1, service)


@test
def an_entry_that_never_goes_through_is_where_the_batch_stops():
    for service, rule in PASSING.items():
        if rule["do"] != "entries":
            continue
        play = Play(service, numbered(30), rules=[dict(rule, times=1000)])
        expect_item(play.posts[0], seq(17))
        assert set(names(17)) <= set(bodies(play, service)), service
        assert "k17" not in bodies(play, service), service
        tries = 4 if service in ("dynamodb", "transact") else 3
        expect(len([1 for request in play.requests if request["entries"] or request["type"]]) >= tries, True)
        expect(play.run.stderr.count(" not stored, from record 18 on: "), 1, service + play.run.stderr)


@test
def an_entry_that_is_refused_is_not_sent_again():
    for service, code, sender in (("firehose", "InvalidArgumentException", False), ("sqs", "InvalidMessageContents", True),
                                  ("sns", "InvalidParameter", True), ("eventbridge", "MalformedDetail", False)):
        play = Play(service, numbered(20), rules=[{"do": "entries", "marks": ["k7"], "code": code, "sender": sender,
                                                   "times": 100}])
        expect_item(play.posts[0], seq(7))
        sent = sum(request["entries"] for request in play.requests)
        expect(sent, 20, service)
        assert code in play.run.stderr, play.run.stderr


@test
def a_request_that_is_refused_whole_is_halved_until_the_entry_is_found():
    for service in ("firehose", "dynamodb", "cloudwatch"):
        play = Play(service, numbered(20), rules=[{"do": "refuse", "marks": ["k7" if service != "firehose" else "azcK"],
                                                   "times": 1000}])
        expect_item(play.posts[0], seq(7))
        expect(set(names(7)) <= set(bodies(play, service)), True, service)
        assert len(play.requests) <= 12, len(play.requests)


@test
def what_is_denied_is_not_halved():
    play = Play("firehose", numbered(20), rules=[{"do": "error", "status": 400, "type": "AccessDeniedException",
                                                  "times": 100}])
    expect_item(play.posts[0], seq(0))
    expect(len(play.requests), 1)
    assert "AccessDeniedException" in play.run.stderr


@test
def a_record_that_fails_takes_its_entries_with_it():
    for service in SUCCESSES:
        play = Play(service, batch("k0", "k1", "fail", "k3"))
        expect_item(play.posts[0], seq(2))
        expect(sorted(bodies(play, service)), ["k0", "k1"], service)


@test
def what_a_dead_delivery_left_behind_is_never_sent():
    play = Play("firehose,sqs", batch("fail"), batch("k1"))  # on_batch_end is not called for the first one
    expect_item(play.posts[0], seq(0))
    expect_success(play.posts[1])
    expect((bodies(play, "firehose"), bodies(play, "sqs")), (["k1"], ["k1"]))


@test
def a_crash_before_the_flush_stores_nothing_and_acknowledges_nothing():
    play = Play("firehose", batch("k0", "crash", "k2"), batch("k0"))
    expect_item(play.posts[0], seq(0))
    expect_success(play.posts[1])
    expect(bodies(play, "firehose"), ["k0"])


@test
def a_flush_that_was_forgotten_acknowledges_nothing():
    play = Play("firehose", numbered(3), env={"TEST_FORGET": "1"})
    expect_item(play.posts[0], seq(0))
    assert "nobody flushed" in play.run.stderr, play.run.stderr
    expect(play.requests, [])


@test
def of_two_writers_the_one_that_is_behind_decides():
    for first in (5, 9):  # which of them fails earlier
        play = Play("firehose,sqs", numbered(12), rules=[
            {"service": "firehose", "do": "entries", "marks": [f"k{first}"], "times": 99},
            {"service": "sqs", "do": "entries", "marks": ["k7"], "times": 99}])
        expect_item(play.posts[0], seq(min(first, 7)))


@test
def requests_of_one_flush_run_in_parallel():
    rules = [{"do": "slow", "seconds": 0.4, "times": 100}]
    play = Play("sqs", numbered(80), rules=rules)
    assert 2 <= play.fake.most_active <= 4, play.fake.most_active
    play = Play("sqs", numbered(80), rules=rules, env={"TEST_PARALLEL": "8"})
    assert 5 <= play.fake.most_active <= 8, play.fake.most_active


@test
def the_order_of_a_key_is_kept():
    keys = [f"g{i % 3}" for i in range(60)]
    play = Play("sqs", batch(*keys), env={"TEST_QUEUE": "http://sqs/1/orders.fifo"},
                rules=[{"do": "entries", "marks": [f'"id-{i}"'], "times": 1} for i in (4, 31)])
    expect_success(play.posts[0])
    expect(play.fake.most_active, 1)  # each request has all three keys
    expect(len(play.stored["sqs"]), 60)
    play = Play("kinesis", batch(*keys), env={"TEST_ENTRIES": "7"})
    for key in set(keys):
        order = [number for name, number in play.stored["kinesis"] if name == key]
        expect(order, sorted(order), key)


@test
def of_several_writes_of_one_key_the_last_is_sent():
    event = batch(*(["a", "b"] * 40 + ["a"]))
    event["Records"][79]["eventName"] = "REMOVE"
    event["Records"][80]["dynamodb"]["NewImage"]["n"]["N"] = "80"
    play = Play("dynamodb,opensearch", event)
    expect_success(play.posts[0])
    expect(sum(request["entries"] for request in play.requests), 4)
    expect([(item["id"]["S"], item["n"]["N"]) for item in play.stored["dynamodb"]["copy"].values()], [("a", "80")])
    expect(list(play.stored["opensearch"]), ["a"])
    expect(play.counts("dynamodb")[:2], [81, 81])


@test
def a_transaction_is_written_once_although_its_response_was_lost():
    play = Play("transact", numbered(3), rules=[{"do": "reset", "after": True}])
    expect_success(play.posts[0])
    expect(len(play.stored["dynamodb"]["log"]), 3)
    tokens = {request["operation"] for request in play.requests}
    expect((tokens, len(play.requests)), ({"TransactWriteItems"}, 4))


@test
def a_transaction_whose_condition_fails_stops_the_batch_unless_it_counts_as_done():
    event = numbered(3)
    event["Records"][2]["dynamodb"]["SequenceNumber"] = seq(5)
    again = numbered(2)
    again["Records"][0]["dynamodb"]["Keys"]["id"]["S"] = "other"  # the same log entry, not the same transaction
    play = Play("transact", event, again)
    expect_success(play.posts[0])
    expect_item(play.posts[1], seq(0))
    assert "ConditionalCheckFailed" in play.run.stderr
    play = Play("transact", event, again, env={"TEST_CONDITION_IS_DONE": "1"})
    expect_success(play.posts[1])


@test
def an_older_document_does_not_replace_a_newer_one():
    newer, older = batch("d"), batch("d")
    newer["Records"][0]["dynamodb"]["SequenceNumber"] = seq(9)
    older["Records"][0]["eventName"] = "REMOVE"
    play = Play("opensearch", newer, older)
    for post in play.posts:
        expect_success(post)
    expect(list(play.stored["opensearch"]), ["d"])


@test
def a_reply_that_makes_no_sense_stores_nothing():
    for service in ("firehose", "kinesis", "sqs", "sns", "eventbridge", "dynamodb", "ses", "opensearch"):
        for body in ("{}", "", "[" * 2000, '{"RequestResponses":[{"RecordId":"r"}]}', "\x00", '{"UnprocessedItems":[1]}'):
            play = Play(service, numbered(2), rules=[{"do": "odd", "body": body, "times": 100}])
            expect_item(play.posts[0], seq(0))


@test
def too_little_time_is_told_in_time():
    deadline = {"Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 2500)}
    play = Play("firehose", event_reply(numbered(3), 0, headers=deadline), rules=[{"do": "slow", "seconds": 5, "times": 9}])
    expect_item(play.posts[0], seq(0))
    assert "3 of 3 entries are not stored, from record 1 on: too little time is left" in play.run.stderr, play.run.stderr


@test
def errors_hold_no_values():
    play = Play("sqs,opensearch,dynamodb,ses", numbered(3), rules=[
        {"service": "es", "do": "entries", "marks": [""], "status": 400, "code": "mapper_parsing_exception", "times": 9},
        {"do": "error", "status": 400, "type": "BadRequestException", "times": 99}])
    expect_item(play.posts[0], seq(0))
    assert SECRET not in play.run.stderr


if __name__ == "__main__":
    sys.exit(main())
