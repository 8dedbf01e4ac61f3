#!/usr/bin/env python3
"""The examples that deliver to other services: each plays its scene, prints its expected.txt, and keeps its promise under
duplicates and crashes.

test_examples_a.py [BUILD FOLDER]
"""
import json
import os
import sys
import tempfile

from examples_harness import BIN, AwsFake, Scene, lint
from runtime_harness import ITEMS, expect, expect_item, expect_success, main, serve, test

EXAMPLES = ["analytics", "archive", "welcome", "fanout", "search", "dashboard", "kinesis"]
# The mapping delivers twice, forgets how far it was, and loses the function before its answer.
FAULTS = ("crash-before:at=1", "crash-in:at=3", "dup:at=2", "dup:at=3", "crash-after:at=5", "lost-checkpoint:at=2")


@test
def mappings_and_templates_are_clean():
    for name in EXAMPLES:
        status, text = lint(name)
        expect((status, "warning:" in text), (0, False), text)


# ---- analytics -------------------------------------------------------------------------------------------------------

def expect_counts_equal(scene, aws, exactly_once):
    """One line for each INSERT and MODIFY; what comes again has the same bytes."""
    want = [record["eventID"] for record in scene.script.table().records if record["eventName"] != "REMOVE"]
    lines = aws.stored["firehose"]
    found = {json.loads(line)["event_id"]: line for line in lines}
    expect(sorted(found), sorted(want))
    expect(len(set(lines)), len(want))
    if exactly_once:
        expect(len(lines), len(want))


@test
def analytics_has_a_line_for_each_image():
    scene = Scene("analytics")
    expect_counts_equal(scene, scene.check_expected(), True)


@test
def analytics_counts_are_equal_under_duplicates_and_crashes():
    scene = Scene("analytics")
    expect_counts_equal(scene, scene.play_twice(), False)
    expect_counts_equal(scene, scene.play_faults(*FAULTS), False)
    aws = scene.play_killing({("PutRecordBatch", 1): "before", ("PutRecordBatch", 3): "after"})
    expect_counts_equal(scene, aws, False)
    assert len(aws.stored["firehose"]) > len(set(aws.stored["firehose"])), "the crash after a write left no duplicate"
    aws = scene.play_killing({}, rules=[{"do": "entries", "marks": ['"o-77"'], "times": 2}])
    assert len(aws.requests) > 3, "no line was sent again"
    expect_counts_equal(scene, aws, True)


# ---- archive ---------------------------------------------------------------------------------------------------------

def objects(aws):
    """Each object that was sent, with the SHA-256 of its bytes as they went out."""
    sent = {}
    for request in aws.requests:
        sent.setdefault(request["path"], set()).add(request["headers"]["x-amz-content-sha256"])
    return sent


def expect_archived(scene, aws):
    """Each change has one object, and whatever was written twice was written with the same bytes."""
    records = scene.script.table().records
    sent = objects(aws)
    expect(sorted(aws.stored["s3"]), sorted(sent))
    expect(len(sent), len(records))
    expect([path for path, hashes in sent.items() if len(hashes) != 1], [])
    unread = records[scene.script.UNREAD]["dynamodb"]["SequenceNumber"]
    for record in records:
        change = record["dynamodb"]
        number = change["SequenceNumber"]
        path = f"unread/{number}" if number == unread else f"Orders/2026/10/19/{number}-{record['eventID']}"
        stored = json.loads(aws.stored["s3"][f"/orders-archive/{path}.json"])
        if number == unread:
            expect(stored["dynamodb"]["NewImage"], change["NewImage"])
        else:
            expect((stored.get("oldImage"), stored.get("newImage")), (change.get("OldImage"), change.get("NewImage")))
    return sent


@test
def archive_has_an_object_for_each_change():
    scene = Scene("archive")
    aws = scene.check_expected()
    expect_archived(scene, aws)
    expect(len(aws.requests), len(aws.stored["s3"]))
    assert all(request["headers"]["content-encoding"] == "gzip" for request in aws.requests)


@test
def archive_is_the_same_byte_for_byte_after_a_replay_and_after_crashes():
    scene = Scene("archive")
    once = expect_archived(scene, scene.play_twice())
    expect(expect_archived(scene, scene.play_faults(*FAULTS)), once)
    aws = scene.play_killing({("PutObject", 10): "before", ("PutObject", 100): "after"})
    expect(expect_archived(scene, aws), once)
    assert len(aws.requests) > len(once), "nothing was written twice"


# ---- welcome ---------------------------------------------------------------------------------------------------------

def expect_mails(scene, aws, extra=0):
    """Every mail that the changes ask for was sent, `extra` of them a second time; the contacts are the table's."""
    want = []
    for change in (record["dynamodb"] for record in scene.script.table().records):
        old, new = change.get("OldImage"), change.get("NewImage")
        if old is None:
            want.append((new["email"]["S"], "Welcome"))
        elif new is not None and old["email"] != new["email"]:
            want.append((old["email"]["S"], "Your address was changed"))
    sent = scene.script.mails(aws.stored)
    expect(sorted(sent), sorted(want))
    expect(sent.total(), len(want) + extra)
    expect(sorted(aws.stored["dynamodb"]["contacts"].values(), key=str), sorted(scene.script.table().items.values(), key=str))


@test
def welcome_sends_one_mail_although_the_changes_come_twice():
    scene = Scene("welcome")
    expect_mails(scene, scene.check_expected())
    expect_mails(scene, scene.play_faults("dup:at=1", "lost-checkpoint:at=2", "crash-after:at=3"))


@test
def welcome_sends_a_second_mail_only_where_it_crashed_between_sending_and_marking():
    scene = Scene("welcome")
    kills = {("PutItem", 2): "before",  # nothing is claimed
             ("SendEmail", 3): "before",  # claimed, not sent
             ("SendEmail", 8): "after",  # sent, not marked: the one case of a second mail
             ("UpdateItem", 20): "after",  # marked, but the batch is not done
             ("BatchWriteItem", 2): "after"}
    # The claim of a lost worker lasts until the deadline of its invocation: the mapping has to wait, as on AWS.
    slow = os.path.basename(BIN) == "valgrind"
    expect_mails(scene, scene.play_killing(kills, "--timeout", "20" if slow else "2", "--time", "real"), extra=1)


# ---- fanout ----------------------------------------------------------------------------------------------------------

def concerned(record):
    """The topics of a change, by the rules of fanout.c told once more."""
    old, new = record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage")
    return {"placed.fifo": old is None, "large.fifo": old is None and float(new["Total"]["N"]) >= 1000,
            "shipped.fifo": None not in (old, new) and old["Status"] != new["Status"] == {"S": "SHIPPED"},
            "cancelled.fifo": new is None and "userIdentity" not in record}


def expect_fanned_out(scene, aws, exactly_once):
    """Every topic has the changes that concern it, the queue all, and each group has them in the order of the table once
    what came twice is dropped, as SNS and SQS do for five minutes."""
    records = scene.script.table().records
    places = {record["eventID"]: place for place, record in enumerate(records)}
    got = {"orders.fifo": aws.stored["sqs"]}
    for message in aws.stored["sns"]:
        got.setdefault(scene.script.topic(message), []).append(message)
    for name, messages in got.items():
        want = [place for place, record in enumerate(records) if name == "orders.fifo" or concerned(record)[name]]
        found = list(dict.fromkeys(places[message["MessageDeduplicationId"]] for message in messages))
        expect(sorted(found), want, name)
        if exactly_once:
            expect(len(messages), len(want), name)
        groups = {}
        for place in found:
            groups.setdefault(records[place]["dynamodb"]["Keys"]["OrderId"]["S"], []).append(place)
        expect([order for order, group in groups.items() if group != sorted(group)], [], name)
        assert all(records[places[m["MessageDeduplicationId"]]]["dynamodb"]["Keys"]["OrderId"]["S"] == m["MessageGroupId"]
                   for m in messages), name
    expect(len(got), 5)


@test
def fanout_tells_every_topic_what_concerns_it():
    scene = Scene("fanout")
    expect_fanned_out(scene, scene.check_expected(), True)


@test
def fanout_keeps_the_order_of_each_group_under_duplicates_crashes_and_failed_entries():
    scene = Scene("fanout")
    expect_fanned_out(scene, scene.play_faults(*FAULTS), False)
    kills = {("SendMessageBatch", 2): "after", ("PublishBatch", 5): "before", ("PublishBatch", 9): "after"}
    expect_fanned_out(scene, scene.play_killing(kills), False)
    marks = [f'"{record["eventID"]}"' for record in scene.script.table().records if record["eventName"] == "MODIFY"][::7]
    rules = [{"service": service, "do": "entries", "marks": [mark]} for mark in marks for service in ("sqs", "sns")]
    aws = scene.play_killing({}, rules=rules)
    expect_fanned_out(scene, aws, True)


# ---- search ----------------------------------------------------------------------------------------------------------

def document(item):
    """The searched attributes of an item as JSON reads them back."""
    plain = {"S": str, "N": json.loads, "SS": list}
    return {name: plain[tag](content) for name, value in item.items() for tag, content in value.items()
            if name in ("name", "description", "price", "tags", "stock")}


def expect_index(scene, aws):
    want = {key: document(item) for key, item in scene.script.table().items.items()}
    expect(aws.stored["opensearch"], want)


@test
def search_index_equals_the_table_although_half_of_the_changes_come_late():
    scene = Scene("search")
    expect_index(scene, scene.check_expected())


@test
def search_index_equals_the_table_under_duplicates_crashes_and_failed_documents():
    scene = Scene("search")
    expect_index(scene, scene.play_faults(*FAULTS))
    expect_index(scene, scene.play_killing({("_bulk", 1): "before", ("_bulk", 3): "after"}))
    rules = [{"do": "entries", "marks": [f'"p-{number}"'], "status": status} for number in range(2, 9) for status in (429, 503)]
    aws = scene.play_killing({}, rules=rules)
    assert len(aws.requests) > 6, "no document was sent again"
    expect_index(scene, aws)


# ---- dashboard -------------------------------------------------------------------------------------------------------

def expect_sums(scene, folder):
    with open(os.path.join(folder, "usage.jsonl"), encoding="utf-8") as file:
        lines = file.readlines()
    expect(scene.script.measured(lines), scene.script.minutes())
    assert all(set(json.loads(line)["_aws"]["CloudWatchMetrics"][0]) == {"Namespace", "Dimensions", "Metrics"} for line in lines)


@test
def dashboard_sums_are_equal_under_duplicates_and_crashes():
    scene = Scene("dashboard")
    with tempfile.TemporaryDirectory() as folder:
        with AwsFake() as aws:
            out, err = scene.play(aws, env={"OUT": folder})
        expect((out, err), (scene.expected(), ""))
        expect_sums(scene, folder)
        expect(sorted(os.listdir(folder)), ["page.html", "usage.jsonl"])
        scene.play_faults(*FAULTS, "malformed:at=9", env={"OUT": folder})
        expect_sums(scene, folder)


# ---- kinesis ---------------------------------------------------------------------------------------------------------

def identifier(record, source):
    """What names a record in the answer, as the guides of the three sources say."""
    return {"kinesis": lambda: record["kinesis"]["sequenceNumber"], "pipes": lambda: record["eventID"],
            "dynamodb": lambda: record["dynamodb"]["SequenceNumber"]}[source]()


@test
def kinesis_does_the_same_behind_all_three_sources():
    scene = Scene("kinesis")
    with AwsFake() as aws:
        out, err = scene.play(aws)
    expect((out, err), (scene.expected(), ""))
    parts = [part.splitlines()[1:] for part in out.split("== ")[1:]]
    expect([part[:6] for part in parts], [parts[0][:6]] * 3)


@test
def kinesis_resumes_where_each_source_resumes_and_bears_duplicates():
    scene = Scene("kinesis")
    lines = {}
    for source, event in scene.script.events().items():
        records = event if source == "pipes" else event["Records"]
        wrap = (lambda part: part) if source == "pipes" else (lambda part: {"Records": part})
        # All, all again, from the failing one on, and what is behind it once that is given up.
        played = serve(os.path.join(BIN, "examples", "kinesis", "bootstrap"), wrap(records), wrap(records), wrap(records[6:]),
                       wrap(records[7:]), env=ITEMS, snapshots=False)
        for post in played.posts[:3]:
            expect_item(post, identifier(records[6], source))
        expect_success(played.posts[3])
        lines[source] = played.stdout.decode().splitlines()
        expect(len(lines[source]), 13, source)
        expect(lines[source][:6], lines[source][6:12], source)
    expect(lines["kinesis"], lines["dynamodb"])
    expect(lines["pipes"], lines["dynamodb"])


if __name__ == "__main__":
    sys.exit(main())
