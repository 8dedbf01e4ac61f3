#!/usr/bin/env python3
"""Effects that happen once: claims on a table in the layout of Powertools, against tests/awsfake.

test_aws_once.py [BUILD FOLDER]
"""
import hashlib
import json
import os
import sys
import tempfile
import time

from aws_harness import Play, batch, expect, expect_item, expect_success, seq
from mock_api import event_reply
from runtime_harness import main, test


def once(*events, **options):
    with tempfile.TemporaryDirectory() as folder:
        env = dict(options.pop("env", {}), TEST_MARK=os.path.join(folder, "crashed"))
        return Play("", *events, handler="aws_once", env=env, **options)


def claims(play):
    return list(play.stored["dynamodb"].get("claims", {}).values())


def effects(play):
    return play.run.journal("effect")


def soon(event, number, ms):
    return event_reply(event, number, headers={"Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + ms)})


@test
def a_duplicate_is_skipped():
    for returns_items in (True, False):
        play = once(batch("a", "b"), batch("a", "b", "c"), returns_items=returns_items)
        for post in play.posts:
            expect_success(post)
        expect(effects(play), ["id-0", "id-1", "id-2"])


@test
def the_table_is_that_of_powertools():
    before = time.time()
    play = once(batch("a"))
    claim, = claims(play)
    hashed = hashlib.md5(json.dumps("id-0", sort_keys=True).encode()).hexdigest()
    expect(claim["id"], {"S": "shop.welcome#" + hashed})
    expect((claim["status"], claim["data"]), ({"S": "COMPLETED"}, {"S": "null"}))
    assert 3599 <= int(claim["expiration"]["N"]) - before <= 3700, claim
    assert 0 < int(claim["in_progress_expiration"]["N"]) - before * 1000 <= 62000, claim
    play = once(batch("a"), env={"TEST_SORT": "sort"})
    claim, = claims(play)
    expect((claim["id"], claim["sort"]), ({"S": "idempotency#shop"}, {"S": "shop.welcome#" + hashed}))


@test
def what_makes_records_the_same_is_a_path():
    keys = ["a", "b", "a"]
    play = once(batch(*keys), env={"TEST_PATH": "dynamodb.Keys"})
    expect_success(play.posts[0])
    expect(effects(play), ["id-0", "id-1"])
    expect({claim["id"]["S"] for claim in claims(play)}, {
        "shop.welcome#" + hashlib.md5(json.dumps({"id": {"S": key}}, sort_keys=True).encode()).hexdigest()
        for key in keys})
    play = once(batch("a"), env={"TEST_PATH": "dynamodb.NewImage.nothing.S"})
    expect_item(play.posts[0], seq(0))
    expect(effects(play), [])


@test
def keys_are_hashed_as_python_writes_them():
    odd = {"z": [1, True, None, {"b": "\u00e9\u20ac\U0001f600\"\\/\n\u0001\u007f", "a": []}], "a": {}, "\u00e9": "x"}
    event = batch("a")
    event["Records"][0]["more"] = {"deep": [odd]}
    play = once(event, env={"TEST_PATH": "more.deep[0]"})
    expect_success(play.posts[0])
    expect(claims(play)[0]["id"]["S"].split("#")[1],
           hashlib.md5(json.dumps(odd, sort_keys=True).encode()).hexdigest())


@test
def a_key_that_cannot_be_told_apart_is_no_key():
    for value in ("a\u0000b", 1.5, 2 ** 60):
        event = batch("a")
        event["Records"][0]["more"] = value
        play = once(event, env={"TEST_PATH": "more"})
        expect_item(play.posts[0], seq(0))
        expect(effects(play), [])


@test
def a_failure_drops_the_claim():
    play = once(batch("fail"), batch("fail"))
    for post in play.posts:
        expect_item(post, seq(0))
    expect((effects(play), claims(play)), (["id-0", "id-0"], []))
    assert "not this time" in play.run.stderr


@test
def a_crashed_claim_is_in_progress_and_then_expires():
    event = batch("crash")
    play = once(soon(event, 0, 3000), soon(event, 1, 3000), event)
    expect_item(play.posts[0], seq(0))
    expect_item(play.posts[1], seq(0))  # somebody is at it, as far as we can know
    expect(effects(play)[:1], ["id-0"])
    assert "claimed and not done" in play.run.stderr, play.run.stderr


@test
def an_expired_claim_is_taken_over():
    event = batch("a")
    item = {"id": {"S": "shop.welcome#" + hashlib.md5(b'"id-0"').hexdigest()}, "status": {"S": "INPROGRESS"},
            "expiration": {"N": str(int(time.time()) + 999)}}
    for until, done in ((-1000, True), (60000, False)):
        with_claim = dict(item, in_progress_expiration={"N": str(int(time.time() * 1000) + until)})
        play = once(event, before=with_claim)
        expect((play.posts[0].body == b'{"batchItemFailures":[]}', effects(play)), (done, ["id-0"] if done else []))


@test
def a_done_claim_is_forgotten_when_it_expires():
    item = {"id": {"S": "shop.welcome#" + hashlib.md5(b'"id-0"').hexdigest()}, "status": {"S": "COMPLETED"}}
    for until, again in ((-2, True), (60, False)):
        play = once(batch("a"), before=dict(item, expiration={"N": str(int(time.time()) + until)}))
        expect_success(play.posts[0])
        expect(effects(play), ["id-0"] if again else [])


@test
def a_lost_response_is_no_second_claim():
    for lost in range(2):  # of the claim, of the mark
        rules = [{"do": "slow", "seconds": 0}] * lost + [{"do": "reset", "after": True}]
        for returns_items in (True, False):
            play = once(batch("a"), rules=rules, returns_items=returns_items)
            expect_success(play.posts[0])
            expect((effects(play), claims(play)[0]["status"]["S"]), (["id-0"], "COMPLETED"))


@test
def an_effect_that_only_queues_is_not_marked():
    play = once(batch("queue"))
    expect_item(play.posts[0], seq(0))
    expect(claims(play), [])
    assert "cannot wait in a batch writer" in play.run.stderr


@test
def without_its_table_the_record_fails():
    play = once(batch("a"), rules=[{"do": "error", "status": 400, "type": "ResourceNotFoundException", "times": 9}])
    expect_item(play.posts[0], seq(0))
    expect(effects(play), [])


if __name__ == "__main__":
    sys.exit(main())
