#!/usr/bin/env python3
"""`ddbstream run --expect`: right consumers are found right, wrong ones wrong, with the first evidence and the line that
shows it again; what cannot be judged is not.

    python3 tests/e2e/test_expect.py [BIN]      BIN holds ddbstream (default: build)
"""
import json
import os
import re
import shlex
import sys
import tempfile

from trial_harness import (BIN, BUCKET, ITEMS, ORDERS, call, check, equal, judge, main, mapping, name_of, record, run,
                           run_orders, run_python, test, write)

# Three items whose changes take turns, so that consumers that go on after a failure overtake.
RECORDS = []
for number in range(1, 31):
    each = record(number)
    each["dynamodb"]["Keys"] = {"OrderId": {"S": f"o-{number % 3}"}}
    RECORDS.append(each)

# A handler that does what SCRIPT says: for each invocation a list of records to write into the journal, by their place in
# the event from 0, then "ok".
SCRIPTED = """#!%s
import json, os
from http.client import HTTPConnection
base = "/2018-06-01/runtime/invocation/"
http = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
for places in json.loads(os.environ["SCRIPT"]) + [None] * 1000:
    http.request("GET", base + "next")
    answer = http.getresponse()
    names = [r["dynamodb"]["SequenceNumber"] for r in json.loads(answer.read())["Records"]]
    with open(os.environ["DDBS_JOURNAL"], "a") as journal:
        for place in range(len(names)) if places is None else places:
            journal.write((names[place] if isinstance(place, int) else place) + "\\n")
    http.request("POST", base + answer.getheader("Lambda-Runtime-Aws-Request-Id") + "/response", "{}")
    http.getresponse().read()
""" % sys.executable


def wrong(folder, name, *more, **changes):
    esm = mapping(BatchSize=10, MaximumRetryAttempts=3, DestinationConfig=BUCKET, **ITEMS, **changes)
    return run(folder, os.path.join(BIN, "tests/handlers", name), esm, RECORDS, *more)


def scripted(folder, script, expected, *more, records=None, **changes):
    bootstrap = write(folder, "bootstrap", SCRIPTED)
    os.chmod(bootstrap, 0o700)
    esm = mapping(BatchSize=10, **changes)
    return run(folder, bootstrap, esm, records or RECORDS, "--expect", expected, *more, env={"SCRIPT": json.dumps(script)})


def line_to_repeat(result):
    found = re.search(r"^to see it again:\n  (ddbstream run .*)$", result.out, re.M)
    check(found, result.out[-600:])
    return found[1]


# ---- Wrong consumers -------------------------------------------------------------------------------------------------

@test
def a_consumer_that_acknowledges_early_is_caught(folder):
    got = wrong(folder, "early", "--expect", "at-least-once")
    equal(got.status, 1, got.err)
    # The last batch stays in its memory; whatever the mapping counts.
    equal((got.summary["done"], len(judge(os.path.join(folder, "source.jsonl"), got.journal(), set())[0])), (30, 10), "")
    check("NOT HELD: at-least-once: 10 of 30 records are not done" in got.out, got.out)
    check(f"record 20, sequence {name_of(20)}: line 20 of the journal (last delivered in #2)\n" in got.out, got.out)
    check(f"record 21, sequence {name_of(21)}: not in the journal, and in no on-failure record (last delivered "
          "in #3)\n" in got.out, got.out)


@test
def a_consumer_that_acknowledges_early_loses_more_in_a_crash(folder):
    got = wrong(folder, "early", "--expect", "at-least-once", "--fault", "crash-before:at=2", "--seed", "1")
    equal(got.status, 1, got.err)
    check("NOT HELD: at-least-once: 20 of 30 records" in got.out, got.out)


@test
def a_consumer_that_goes_on_after_a_failure_is_caught(folder):
    got = wrong(folder, "goes_on", "--expect", "at-least-once,in-order")
    equal(got.status, 1, got.err)
    missing, swapped = judge(os.path.join(folder, "source.jsonl"), got.journal(), set())
    check(not missing and swapped, f"{missing} {swapped}")
    check("NOT HELD: in-order: a record was done before an earlier one of the same item" in got.out, got.out)
    check("NOT HELD: at-least-once" not in got.out, got.out)
    # The first violation: record 5 was refused, 8 is the next one of its item.
    check(f"record 5, sequence {name_of(5)}: line " in got.out, got.out)
    check(f"record 8, sequence {name_of(8)}: line " in got.out, got.out)


@test
def a_consumer_that_answers_success_on_an_error_is_caught(folder):
    got = wrong(folder, "swallows", "--expect", "at-least-once")
    equal(got.status, 1, got.err)
    equal((got.summary["done"], got.summary["lost"], got.summary["discarded"]), (30, 0, 0), "the mapping sees nothing")
    check("NOT HELD: at-least-once" in got.out, got.out)
    check(f"record 5, sequence {name_of(5)}: not in the journal" in got.out, got.out)


@test
def reporting_items_to_a_mapping_that_does_not_read_them_is_caught(folder):
    got = run_orders(folder, "--expect", "at-least-once", FunctionResponseTypes=None)
    equal(got.status, 1, got.err)
    check("NOT HELD: at-least-once" in got.out and "LOST" in got.out, got.out)


# ---- Evidence --------------------------------------------------------------------------------------------------------

@test
def the_line_shows_it_again_with_the_seed_that_was_drawn(folder):
    odd = tempfile.mkdtemp(prefix="it's a ", dir=folder)
    got = wrong(odd, "early", "--expect", "at-least-once", "--fault", "crash-after:p=0.5:n=2", "--env", "WORDS=a b'c")
    equal(got.status, 1, got.err)
    words = shlex.split(line_to_repeat(got))
    equal(words[:3], ["ddbstream", "run", "--seed"], "the seed is added")
    check("WORDS=a b'c" in words, words)
    again = call(*words[1:], cwd=folder)
    evidence = lambda text: text[text.index("NOT HELD"):text.index("to see it again")]
    equal((again.returncode, evidence(again.stdout)), (1, evidence(got.out)), again.stderr)
    repeated = re.search(r"^  (ddbstream run .*)$", again.stdout, re.M)[1]
    equal(shlex.split(repeated).count("--seed"), 1, "the seed stands there once")


@test
def at_least_once_counts_what_was_given_up_and_no_loss_does_not(folder):
    got = run_orders(folder, "--expect", "at-least-once,in-order,max-invokes=99")
    equal(got.status, 0, got.out + got.err)
    check("held: at-least-once in-order max-invokes=99 (60 records, " in got.out, got.out)
    got = run_orders(folder, "--expect", "no-loss")
    equal(got.status, 1, got.out)
    check("NOT HELD: no-loss: 1 of 60 records are not done" in got.out and "not in the journal, given up" in got.out,
          got.out)


@test
def what_the_filter_drops_is_not_expected(folder):
    pattern = json.dumps({"dynamodb": {"Keys": {"OrderId": {"S": ["o-1"]}}}})
    esm = mapping(BatchSize=10, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    got = run_python(folder, esm, RECORDS, "--expect", "at-least-once,no-loss,in-order")
    equal(got.status, 0, got.out + got.err)
    equal((got.summary["filtered"], len(got.journal())), (20, 10), "filtered")


@test
def order_is_that_of_an_item(folder):
    turned = [1, 0, 2, 3, 4, 5, 6, 7, 8, 9]  # two items
    equal(scripted(folder, [turned], "in-order").status, 0, "another item may overtake")
    got = scripted(folder, [[3, 0, 1, 2, 4, 5, 6, 7, 8, 9]], "in-order")
    equal(got.status, 1, got.out)
    check(f"record 1, sequence {name_of(1)}: line 2 of the journal (last delivered in #1)\n"
          f"    record 4, sequence {name_of(4)}: line 1 of the journal" in got.out, got.out)


@test
def a_record_that_was_never_done_is_overtaken_too(folder):
    got = scripted(folder, [[3, 1, 2, 4, 5, 6, 7, 8, 9]], "in-order")
    equal(got.status, 1, got.out)
    check(f"record 1, sequence {name_of(1)}: not in the journal" in got.out, got.out)


@test
def what_is_done_again_later_counts_from_its_first_time(folder):
    twice = list(range(10)) + [0, 3, 1, 9, 0]
    equal(scripted(folder, [twice], "at-least-once,in-order,no-loss").status, 0, "done again")


@test
def a_line_of_the_journal_that_is_no_record_is_an_error(folder):
    got = scripted(folder, [[0, 1, "half a li"]], "in-order")
    equal(got.status, 1, got.out)
    check("NOT HELD: line 3 of the journal is no sequence number of the source" in got.out, got.out)


@test
def max_invokes_counts_every_invocation_and_needs_no_journal(folder):
    for most, status in ((3, 0), (2, 1)):
        got = run_python(folder, mapping(BatchSize=10), RECORDS, "--expect", f"max-invokes={most}", journal=False,
                         env={"DDBS_JOURNAL": os.path.join(folder, "elsewhere")})
        equal(got.status, status, got.out + got.err)
    check("NOT HELD: max-invokes=2: the function was invoked 3 times" in got.out, got.out)
    got = scripted(folder, [], "max-invokes=3", "--fault", "dup:at=1", "--seed", "1")
    equal(got.status, 1, "a duplicate is one more: " + got.out)


@test
def the_journal_begins_anew_with_each_run(folder):
    write(folder, "journal", "17\n")
    got = scripted(folder, [], "at-least-once,no-loss,in-order")
    equal((got.status, len(got.journal())), (0, 30), got.out)


# ---- What cannot be judged -------------------------------------------------------------------------------------------

@test
def without_a_journal_the_first_three_cannot_be_judged(folder):
    for expected in ("at-least-once", "in-order", "no-loss", "max-invokes=3,in-order"):
        got = call("run", "x", "--esm", "y", "--source", "z", "--expect", expected)
        equal((got.returncode, "need --journal FILE" in got.stderr), (2, True), got.stderr)
    for expected in ("", "order", "at-least-once,", "max-invokes=", "max-invokes=x", "max-invokes=-1"):
        got = call("run", "x", "--esm", "y", "--source", "z", "--journal", "j", "--expect", expected)
        equal((got.returncode, "--expect takes at-least-once" in got.stderr), (2, True), f"{expected}: {got.stderr}")
    got = scripted(folder, [], "in-order", "--journal", "/nowhere/journal")
    equal((got.status, "/nowhere/journal: " in got.err), (2, True), got.err)


@test
def a_source_with_a_number_twice_cannot_be_judged(folder):
    got = scripted(folder, [], "in-order", records=[record(1), record(1)])
    equal((got.status, "stands twice in the source" in got.err), (2, True), got.err)


@test
def a_run_that_did_not_come_to_its_end_is_not_judged(folder):
    source = write(folder, "source.jsonl", json.dumps(record(1)) + "\n{}\n")
    got = scripted(folder, [], "at-least-once", records=source)
    equal(got.status, 1, got.err)
    check("HELD" not in got.out and "held:" not in got.out, got.out)


if __name__ == "__main__":
    sys.exit(main("expect"))
