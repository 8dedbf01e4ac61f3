#!/usr/bin/env python3
"""Limits of a function in `ddbstream run`, as options and out of a template; checkpoints to go on from.

    python3 tests/e2e/test_limits.py [BIN]      BIN holds ddbstream (default: build)
"""
import json
import os
import sys

from trial_harness import (BIN, ITEMS, ORDERS, call, check, equal, lines_of, main, mapping, name_of, record, run_python, test, write)

RECORDS = [record(i) for i in range(1, 13)]
SAM = """AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Batch:
    Type: Number
    Default: 5
Globals:
  Function:
    Timeout: 7
    Environment:
      Variables:
        EXTRA: of all
        DDBS_REPORT: items
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
  Failed:
    Type: AWS::SQS::Queue
  Consumer:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      MemorySize: 256
      Environment:
        Variables:
          EXTRA: of this one
          TABLE: !Ref Orders
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: TRIM_HORIZON
            BatchSize: !Ref Batch
            MaximumRetryAttempts: 1
            FunctionResponseTypes: [ReportBatchItemFailures]
            FilterCriteria:
              Filters:
                - Pattern: '{"eventName":["INSERT"]}'
            DestinationConfig:
              OnFailure:
                Type: SQS
                Destination: !GetAtt Failed.Arn
  Other:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 60
"""
PLAIN = """Resources:
  Reader:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: reader
  Second:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 12
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Reader
      EventSourceArn: arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417
      StartingPosition: TRIM_HORIZON
      BatchSize: 6
"""


def sizes(run):
    return [len(each["names"]) for each in run.given]


# ---- Limits ----------------------------------------------------------------------------------------------------------

@test
def a_function_is_killed_when_its_time_is_up(folder):
    run = run_python(folder, mapping(BatchSize=12, MaximumRetryAttempts=1), RECORDS, "--timeout", "1",
                     env={"MODE": "hang"})
    equal([(turn["end"], turn["reason"]) for turn in run.turns],
          [("timed-out", "Task timed out after 1.00 seconds")] * 2, run.out)
    check(run.given[0]["pid"] != run.given[1]["pid"], "a cold start follows")
    equal(run.given[0]["request"], run.given[1]["request"], "a retry")


@test
def a_function_that_holds_too_much_memory_is_killed_with_its_children(folder):
    run = run_python(folder, mapping(BatchSize=12, MaximumRetryAttempts=1), RECORDS, "--memory", "200",
                     env={"MODE": "grow"})
    equal([turn["end"] for turn in run.turns], ["out-of-memory"] * 2, run.out)
    for turn in run.turns:
        check("Runtime.ExitError: Runtime exited with error: signal: killed" in turn["reason"], turn["reason"])
    equal([each["memory"] for each in run.given], ["200"] * 2, "the function knows its limit")
    check(run.given[0]["pid"] != run.given[1]["pid"], "a cold start follows")


@test
def within_its_limit_nothing_happens_to_it(folder):
    run = run_python(folder, mapping(BatchSize=12), RECORDS, "--memory", "200", env={"MODE": "slow"})
    equal((run.status, [turn["end"] for turn in run.turns]), (0, ["response"]), run.out)


@test
def limits_out_of_range_are_refused(folder):
    for words, reason in ((["--memory", "127"], "--memory takes whole megabytes from 128 to 10240"),
                          (["--memory", "x"], "--memory takes"), (["--timeout", "901"], "--timeout takes whole seconds"),
                          (["--function", "x"], "--template FILE, which is missing")):
        got = call("run", "x", "--esm", "y", "--source", "z", *words)
        equal((got.returncode, reason in got.stderr), (2, True), got.stderr)


# ---- Templates -------------------------------------------------------------------------------------------------------

@test
def a_template_gives_limits_environment_and_mapping(folder):
    template = write(folder, "template.yaml", SAM)
    records = RECORDS[:10] + [record(i, eventName="REMOVE") for i in (11, 12)]
    run = run_python(folder, None, records, "--template", template)
    equal(run.status, 0, run.err)
    equal((sizes(run), run.summary["filtered"]), ([5, 5], 2), "BatchSize and filter")
    first = run.given[0]
    equal((first["memory"], first["extra"]), ("256", "of this one"), "MemorySize and environment")
    check(6 < first["deadline"] - first["at"] <= 7, "Timeout")
    check("Consumer <- " in run.out and "ReportBatchItemFailures" in run.out, run.out[:400])
    check("on failure: arn:aws:sqs:eu-west-1:111122223333:Failed" in run.out, run.out[:400])
    equal(run.err.strip(), f"WARNING: {template}: 1 variable of Consumer not set: the template does not say what they "
                           "will be", "what is left out is said")


@test
def the_templates_of_the_example_play(folder):
    for name in ("template.yaml", "cloudformation.yaml"):
        got = call("run", os.path.join(BIN, "examples/orders/bootstrap"), "--template",
                   os.path.join(ORDERS, "deploy", name), "--source", os.path.join(ORDERS, "orders.jsonl"), "--on-failure",
                   os.path.join(folder, "failed"), "--time", "skip")
        equal((got.returncode, got.stderr), (0, ""), name)
        check("BatchSize 100, MaximumRetryAttempts 10, BisectBatchOnFunctionError" in got.stdout, got.stdout[:300])
        check("60 records polled = 59 done + 1 discarded" in got.stdout, got.stdout[-300:])


@test
def options_and_esm_win_over_the_template(folder):
    template = write(folder, "template.yaml", SAM)
    run = run_python(folder, mapping(BatchSize=4, **ITEMS), RECORDS, "--template", template, "--timeout", "20",
                     "--memory", "512", env={"EXTRA": "given"})
    equal((run.status, sizes(run)), (0, [4, 4, 4]), run.err)
    first = run.given[0]
    equal((first["memory"], first["extra"]), ("512", "given"), "options")
    check(19 < first["deadline"] - first["at"] <= 20, "--timeout")
    check("DDBS_REPORT" not in run.err, "DDBS_REPORT of the template is known: " + run.err)


@test
def ddbs_report_is_not_derived_from_the_mapping(folder):
    template = write(folder, "template.yaml", SAM.replace("        DDBS_REPORT: items\n", ""))
    run = run_python(folder, None, RECORDS, "--template", template)
    check("the mapping has ReportBatchItemFailures, but DDBS_REPORT is not set" in run.err, run.err)


@test
def cloudformation_has_lambdas_defaults_and_mappings_of_their_own(folder):
    template = write(folder, "template.yaml", PLAIN)
    run = run_python(folder, None, RECORDS, "--template", template)
    equal((run.status, sizes(run)), (0, [6, 6]), run.err)
    first = run.given[0]
    equal(first["memory"], "128", "MemorySize")
    check(2 < first["deadline"] - first["at"] <= 3, "Timeout is 3 s")
    check("reader <- " in run.out, run.out[:200])


@test
def a_function_can_be_named(folder):
    template = write(folder, "template.yaml", PLAIN)
    run = run_python(folder, mapping(), RECORDS, "--template", template, "--function", "Second")
    check(11 < run.given[0]["deadline"] - run.given[0]["at"] <= 12, run.err)
    run = run_python(folder, None, RECORDS, "--template", template, "--function", "Second")
    equal((run.status, "Second has 0 mappings" in run.err), (2, True), run.err)
    run = run_python(folder, None, RECORDS, "--template", template, "--function", "Third")
    equal((run.status, 'no function "Third"' in run.err), (2, True), run.err)


@test
def a_template_that_does_not_say_enough_is_refused(folder):
    for change, reason in (((SAM, "Stream: !GetAtt Orders.StreamArn", "Stream: !ImportValue orders"),
                            "the template does not say"),
                           ((SAM, "MemorySize: 256", "MemorySize: 12"), "MemorySize: expected a whole number from 128"),
                           ((SAM, "Type: AWS::SQS::Queue", "Type: Custom::Queue"), "the template does not say"),
                           ((SAM, "BatchSize: !Ref Batch", "BatchSize: 20000"), "BatchSize"),
                           ((SAM, "Resources:", "Sources:"), "no Resources"),
                           ((SAM, "Type: AWS::Serverless::Function", "Type: AWS::Other"), "0 functions"),
                           ((SAM, "Globals:", "Globals: ["), "line ")):
        template = write(folder, "template.yaml", change[0].replace(change[1], change[2]))
        run = run_python(folder, None, RECORDS, "--template", template)
        equal((run.status, reason in run.err, template in run.err), (2, True, True), f"{change[2]}: {run.err}")


# ---- Checkpoints -----------------------------------------------------------------------------------------------------

@test
def a_run_goes_on_where_the_last_one_stopped(folder):
    file = os.path.join(folder, "checkpoint")
    esm = mapping(BatchSize=4, MaximumRetryAttempts=-1)
    # The second batch hangs for ever: interrupted by a source that breaks off after eight records.
    source = write(folder, "source.jsonl", lines_of(RECORDS[:8]) + "{}\n")
    run = run_python(folder, esm, source, "--checkpoint", file)
    equal((run.status, sizes(run)), (1, [4, 4]), run.err)
    write(folder, "source.jsonl", lines_of(RECORDS))
    run = run_python(folder, esm, source, "--checkpoint", file)
    equal((run.status, run.given[2]["names"]), (0, [name_of(i) for i in (9, 10, 11, 12)]), run.err)
    equal((run.turns[0]["first"], run.turns[0]["last"]), (9, 12), "places count from the beginning of the shard")
    run = run_python(folder, esm, source, "--checkpoint", file)
    equal((run.status, run.turns, len(run.given)), (0, [], 3), "nothing is left")
    equal(sorted(os.listdir(folder)),
          sorted(["bootstrap", "checkpoint", "decisions.jsonl", "esm.json", "journal", "notes", "source.jsonl"]), "left over")


@test
def what_was_not_settled_comes_again(folder):
    file = os.path.join(folder, "checkpoint")
    source = write(folder, "source.jsonl", lines_of(RECORDS))
    esm = mapping(BatchSize=4)
    run_python(folder, esm, source, "--checkpoint", file)
    with open(file, encoding="utf-8") as text:
        content = json.load(text)
    (shard, where), = content["shards"].items()
    equal(where, {"place": 13, "sequence": name_of(12), "after": True}, "at the end")
    content["shards"][shard] = {"place": 7, "sequence": name_of(7), "after": False}
    write(folder, "checkpoint", json.dumps(content))
    run = run_python(folder, esm, source, "--checkpoint", file)
    equal([(turn["first"], turn["last"]) for turn in run.turns], [(7, 10), (11, 12)], run.err)


@test
def the_checkpoint_of_another_stream_is_refused(folder):
    file = os.path.join(folder, "checkpoint")
    source = write(folder, "source.jsonl", lines_of(RECORDS))
    equal(run_python(folder, mapping(), source, "--checkpoint", file).status, 0, "first")
    other = mapping(EventSourceArn="arn:aws:dynamodb:eu-west-1:111122223333:table/Else/stream/2026-10-19T08:35:12.417")
    run = run_python(folder, other, source, "--checkpoint", file)
    equal((run.status, "is the checkpoint of another stream" in run.err), (2, True), run.err)
    run = run_python(folder, mapping(), write(folder, "other.jsonl", lines_of(RECORDS)), "--checkpoint", file)
    equal((run.status, "is the checkpoint of another source" in run.err), (2, True), run.err)
    for records in ([record(i) for i in range(21, 40)], RECORDS[:5]):
        write(folder, "source.jsonl", lines_of(records))
        run = run_python(folder, mapping(), source, "--checkpoint", file)
        equal((run.status, run.turns), (1, []), run.err)
        check(f"does not have the sequence number {name_of(12)}" in run.err, run.err)
    for content in ("no JSON", "[]", "{}"):
        write(folder, "checkpoint", content)
        run = run_python(folder, mapping(), source, "--checkpoint", file)
        equal((run.status, "is no checkpoint file" in run.err), (2, True), run.err)


@test
def a_checkpoint_that_cannot_be_kept_is_refused(folder):
    run = run_python(folder, mapping(), RECORDS, "--checkpoint", "/nowhere/checkpoint")
    equal((run.status, "the checkpoint cannot be written to /nowhere/checkpoint" in run.err), (2, True), run.err)
    run = run_python(folder, mapping(TumblingWindowInSeconds=60), RECORDS, "--checkpoint", os.path.join(folder, "c"))
    equal((run.status, "tumbling windows" in run.err), (2, True), run.err)
    run = run_python(folder, mapping(), RECORDS, "--checkpoint", os.path.join(folder, "c"), "--fault", "split")
    equal((run.status, "--checkpoint with the faults split or merge" in run.err), (2, True), run.err)


if __name__ == "__main__":
    sys.exit(main("limits"))
