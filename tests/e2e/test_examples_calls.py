#!/usr/bin/env python3
"""The examples that deliver to other services, call by call: what the services got where nothing went wrong, where a worker
was killed before or behind a certain call, where entries failed, and where the mapping delivered twice. What each scene
claims it asserts itself, in every one of these plays; here is what only shows in the calls.

test_examples_calls.py [BUILD FOLDER]
"""
import json
import os
import sys
import tempfile

from examples_harness import BIN, Scene
from runtime_harness import ITEMS, expect, expect_item, expect_success, main, serve, test

# The mapping delivers twice, forgets how far it was, and loses the function before its answer.
FAULTS = ("crash-before:at=1", "crash-in:at=3", "dup:at=2", "dup:at=3", "crash-after:at=5", "lost-checkpoint:at=2")


# ---- analytics -------------------------------------------------------------------------------------------------------

def expect_lines_once(scene, aws):
    images = [record for record in scene.script.table().records if record["eventName"] != "REMOVE"]
    expect(len(aws.stored["firehose"]), len(images))


@test
def analytics_sends_each_line_once():
    scene = Scene("analytics")
    expect_lines_once(scene, scene.play_times(1))


@test
def analytics_sends_again_what_a_crash_left_open_and_entries_that_failed():
    scene = Scene("analytics")
    scene.play_times(2)
    scene.play_faults(*FAULTS)
    aws = scene.play_killing({("PutRecordBatch", 1): "before", ("PutRecordBatch", 3): "after"})
    assert len(aws.stored["firehose"]) > len(set(aws.stored["firehose"])), "the crash after a write left no duplicate"
    aws = scene.play_killing({}, rules=[{"do": "entries", "marks": ['"o-77"'], "times": 2}])
    assert len(aws.requests) > 3, "no line was sent again"
    expect_lines_once(scene, aws)


# ---- archive ---------------------------------------------------------------------------------------------------------

def objects(scene, aws):
    """Each object that was sent, with the SHA-256 of its bytes as they went out: the same ones whenever they were sent."""
    sent = {}
    for request in aws.requests:
        sent.setdefault(request["path"], set()).add(request["headers"]["x-amz-content-sha256"])
    expect(sorted(aws.stored["s3"]), sorted(sent))
    expect(len(sent), len(scene.script.table().records))
    expect([path for path, hashes in sent.items() if len(hashes) != 1], [])
    return sent


@test
def archive_sends_each_object_once_and_compressed():
    scene = Scene("archive")
    aws = scene.play_times(1)
    objects(scene, aws)
    expect(len(aws.requests), len(aws.stored["s3"]))
    assert all(request["headers"]["content-encoding"] == "gzip" for request in aws.requests)


@test
def archive_is_the_same_byte_for_byte_after_a_replay_and_after_crashes():
    scene = Scene("archive")
    once = objects(scene, scene.play_times(2))
    expect(objects(scene, scene.play_faults(*FAULTS)), once)
    aws = scene.play_killing({("PutObject", 10): "before", ("PutObject", 100): "after"})
    expect(objects(scene, aws), once)
    assert len(aws.requests) > len(once), "nothing was written twice"


# ---- welcome ---------------------------------------------------------------------------------------------------------

def expect_mails(scene, aws, extra=0):
    """`extra` mails were sent a second time."""
    expect(scene.script.mails(aws.stored).total(), len(scene.script.due(scene.script.table())) + extra)


@test
def welcome_sends_one_mail_although_the_changes_come_twice():
    scene = Scene("welcome")
    expect_mails(scene, scene.play_times(1))
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

def expect_messages_once(scene, aws):
    records = scene.script.table().records
    for name, messages in scene.script.received(aws.stored).items():
        expect(len(messages), sum(scene.script.concerned(record, name) for record in records), name)


@test
def fanout_sends_each_message_once():
    scene = Scene("fanout")
    expect_messages_once(scene, scene.play_times(1))


@test
def fanout_keeps_the_order_of_each_group_under_duplicates_crashes_and_failed_entries():
    scene = Scene("fanout")
    scene.play_faults(*FAULTS)
    scene.play_killing({("SendMessageBatch", 2): "after", ("PublishBatch", 5): "before", ("PublishBatch", 9): "after"})
    marks = [f'"{record["eventID"]}"' for record in scene.script.table().records if record["eventName"] == "MODIFY"][::7]
    rules = [{"service": service, "do": "entries", "marks": [mark]} for mark in marks for service in ("sqs", "sns")]
    expect_messages_once(scene, scene.play_killing({}, rules=rules))


# ---- search ----------------------------------------------------------------------------------------------------------

@test
def search_index_equals_the_table_under_duplicates_crashes_and_failed_documents():
    scene = Scene("search")
    scene.play_faults(*FAULTS)
    scene.play_killing({("_bulk", 1): "before", ("_bulk", 3): "after"})
    rules = [{"do": "entries", "marks": [f'"p-{number}"'], "status": status} for number in range(2, 9) for status in (429, 503)]
    aws = scene.play_killing({}, rules=rules)
    assert len(aws.requests) > 6, "no document was sent again"


# ---- dashboard -------------------------------------------------------------------------------------------------------

@test
def dashboard_sums_are_equal_under_duplicates_and_crashes():
    scene = Scene("dashboard")
    with tempfile.TemporaryDirectory() as folder:
        scene.play_faults(*FAULTS, "malformed:at=9", env={"OUT": folder})
        expect(sorted(os.listdir(folder)), ["page.html", "usage.jsonl"])
        with open(os.path.join(folder, "usage.jsonl"), encoding="utf-8") as file:
            lines = file.readlines()
    expect(scene.script.measured(lines), scene.script.minutes())
    assert all(set(json.loads(line)["_aws"]["CloudWatchMetrics"][0]) == {"Namespace", "Dimensions", "Metrics"} for line in lines)


# ---- kinesis ---------------------------------------------------------------------------------------------------------

def identifier(record, source):
    """What names a record in the answer, as the guides of the three sources say."""
    return {"kinesis": lambda: record["kinesis"]["sequenceNumber"], "pipes": lambda: record["eventID"],
            "dynamodb": lambda: record["dynamodb"]["SequenceNumber"]}[source]()


@test
def kinesis_does_the_same_behind_all_three_sources():
    out, _ = Scene("kinesis").run()
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
