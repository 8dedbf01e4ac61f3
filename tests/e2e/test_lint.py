#!/usr/bin/env python3
"""`ddbstream lint`: settings that lose records or block a shard are found, safe ones are not complained about.

test_lint.py [BUILD FOLDER]
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import traceback

BIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
DEPLOY = "examples/orders/deploy"
STREAM = "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:failed"
ITEMS = ["ReportBatchItemFailures"]
SAFE = {"FunctionName": "f", "EventSourceArn": STREAM, "StartingPosition": "TRIM_HORIZON", "MaximumRetryAttempts": 3,
        "BisectBatchOnFunctionError": True, "FunctionResponseTypes": ITEMS,
        "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}}
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def lint(text, *options, name="esm.json"):
    """Exit status, findings as (line, severity, rest), stderr."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text if isinstance(text, str) else json.dumps(text, indent=1))
        done = subprocess.run([f"{BIN}/ddbstream", "lint", *options, path], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    found = re.findall(rf"^{re.escape(path)}:(\d+): (error|warning): (.*)$", done.stdout, re.M)
    return done.returncode, [(int(line), severity, rest) for line, severity, rest in found], done.stdout + done.stderr


def changed(**settings):
    mapping = {key: value for key, value in {**SAFE, **settings}.items() if value is not None}
    return mapping


def expect(got, wanted, what=""):
    assert got == wanted, f"{what}: {got!r} instead of {wanted!r}"


def one(mapping, severity, words, *options):
    status, found, said = lint(mapping, *(options or ("--env", "DDBS_REPORT=items")))
    expect([kind for _, kind, _ in found], [severity], said)
    assert words in found[0][2], said
    expect(status, 1 if severity == "error" else 0, said)
    return found[0]


@test
def a_safe_mapping_passes():
    expect(lint(SAFE, "--env", "DDBS_REPORT=items"), (0, [], ""))


@test
def what_never_ends_blocks_the_shard():
    for limits in ({"MaximumRetryAttempts": None}, {"MaximumRetryAttempts": -1}):
        one(changed(**limits), "error", "blocks its shard until it expires after 24 hours")
    line, *_ = one(changed(MaximumRetryAttempts=-1), "error", "blocks its shard")
    expect(json.dumps(changed(MaximumRetryAttempts=-1), indent=1).split("\n")[line - 1].strip(),
           '"MaximumRetryAttempts": -1,')


@test
def what_is_given_up_without_a_destination_is_lost():
    one(changed(DestinationConfig=None), "error", "lost without a trace")


@test
def report_and_mapping_must_agree():
    one(changed(FunctionResponseTypes=None), "error", "the records are lost")
    one(SAFE, "error", "records that are done come again", "--env", "DDBS_REPORT=error")
    status, found, said = lint(SAFE)
    expect((status, [kind for _, kind, _ in found]), (0, ["warning"]), said)
    expect(lint(changed(FunctionResponseTypes=None), "--env", "DDBS_REPORT=error")[0], 0)


@test
def neighbours_go_with_a_bad_record():
    one(changed(BisectBatchOnFunctionError=None), "warning", "gives up a whole batch")
    mapping = changed(BisectBatchOnFunctionError=False, FunctionResponseTypes=None)
    one(mapping, "error", "takes its whole batch with it", "--env", "DDBS_REPORT=error")
    expect(lint(changed(BisectBatchOnFunctionError=None, BatchSize=1), "--env", "DDBS_REPORT=items")[:2], (0, []))


@test
def risks_are_warnings_and_strict_makes_them_count():
    for setting, words in (({"StartingPosition": "LATEST"}, "LATEST may miss"),
                           ({"MaximumRecordAgeInSeconds": 100000}, "bounds nothing")):
        mapping = changed(**setting)
        status, found, said = lint(mapping, "--env", "DDBS_REPORT=items")
        assert any(kind == "warning" and words in rest for _, kind, rest in found), said
        if "bounds" not in words:
            expect(status, 0, said)
            expect(lint(mapping, "--strict", "--env", "DDBS_REPORT=items")[0], 1)


@test
def patterns_are_looked_at():
    def pattern(text):
        return template(filters=f"          FilterCriteria: {{Filters: [{{Pattern: '{text}'}}]}}\n")
    status, found, said = lint(pattern('{"dynamodb":{"NewImage":{"n":{"N":[7]}}}}'), name="t.yaml")
    assert status == 1 and "filter pattern" in found[0][2], said
    status, found, said = lint(pattern('{"a":'), name="t.yaml")
    assert status == 1 and "AWS refuses this filter pattern" in found[0][2], said
    expect(lint(pattern('{"eventName":["INSERT"]}'), name="t.yaml")[:2], (0, []))


ALARMS = "".join(f"""
  Alarm{metric}:
    Type: AWS::CloudWatch::Alarm
    Properties: {{MetricName: {metric}}}
""" for metric in ("IteratorAge", "RecordsFailed"))


def template(report="items", retries="MaximumRetryAttempts: 3", types="[ReportBatchItemFailures]", filters="", extra="",
             alarms=ALARMS):
    return f"""# a comment
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          DDBS_REPORT: {report}   # and another
{extra}      Events:
        S:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt T.StreamArn
            StartingPosition: TRIM_HORIZON
            {retries}
            BisectBatchOnFunctionError: true
            FunctionResponseTypes: {types}
            DestinationConfig: {{OnFailure: {{Type: SQS, Destination: !GetAtt Q.Arn}}}}
{filters.replace("          F", "            F")}{alarms}"""


@test
def the_shipped_templates_are_clean():
    for name in ("template.yaml", "cloudformation.yaml"):
        done = subprocess.run([f"{BIN}/ddbstream", "lint", "--strict", f"{DEPLOY}/{name}"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        expect((done.returncode, done.stdout), (0, ""), name)


@test
def every_safe_setting_of_the_shipped_templates_matters():
    for name in ("template.yaml", "cloudformation.yaml"):
        with open(f"{DEPLOY}/{name}", encoding="utf-8") as file:
            text = file.read()
        for gone, words in (("MaximumRetryAttempts: 10\n.*MaximumRecordAge.*", "blocks its shard"),
                            ("DestinationConfig:\n( +OnFailure:\n)( +Type.*\n)?.*", "lost without a trace"),
                            ("FunctionResponseTypes:.*", "the records are lost"),
                            ("DDBS_REPORT: items.*", "done come again"),
                            ("BisectBatchOnFunctionError:.*", "gives up a whole batch"),
                            ("MetricName: IteratorAge", "no alarm on IteratorAge"),
                            ("MetricName: RecordsFailed", "no alarm on RecordsFailed")):
            without = re.sub(gone, "Nothing: here", text, count=1)
            assert without != text, gone
            _, found, said = lint(without, name=name)
            assert any(words in rest for _, _, rest in found), f"{name} without {gone}: {said}"


@test
def the_environment_of_the_function_counts():
    expect(lint(template(), name="t.yaml")[:2], (0, []))
    status, found, said = lint(template(report="error"), name="t.yaml")
    assert status == 1 and found[0][2].startswith("Fn.Events.S: ") and "DDBS_REPORT=items" in found[0][2], said
    status, found, said = lint(template(types="[]"), name="t.yaml")
    assert status == 1 and "the records are lost" in found[0][2], said
    status, found, said = lint(template(report="itmes"), name="t.yaml")
    assert status == 1 and any('"itmes"' in rest for _, _, rest in found), said
    text = template().replace("DDBS_REPORT: items", "OTHER: x") + "Globals:\n  Function:\n    Environment:\n" \
                                                                  "      Variables: {DDBS_REPORT: items}\n"
    expect(lint(text, name="t.yaml")[:2], (0, []))


@test
def a_function_that_is_never_invoked_is_found():
    status, found, said = lint(template(extra="      ReservedConcurrentExecutions: 0\n"), name="t.yaml")
    assert status == 1 and "never invoked" in found[0][2], said


@test
def nothing_is_claimed_about_a_parameter():
    text = template(retries="MaximumRetryAttempts: !Ref Retries", types="!Ref Types", report="!Ref Mode")
    expect(lint(text, name="t.yaml")[:2], (0, []))


@test
def what_cannot_be_read_says_where():
    for text, words in (("", "line 1: there is nothing in it"), ("a: 1\nb", 'line 2: expected "key: value"'),
                        ("a: [1", "line 1: expected ',' or ']'"), ("a:\n\tb: 1", "line 2: a tab"),
                        ("a: &x 1", "line 1: anchors"), ("a: 1\na: 2", "line 2: a key that occurs twice"),
                        ("Resources: {}", "no mapping of a stream"), ("x: 1", "neither a mapping"),
                        ("a: " + "[" * 100, "more than 64")):
        status, found, said = lint(text, name="t.yaml")
        assert status == 2 and not found and words in said, (text, said)


@test
def a_broken_template_breaks_nothing():
    chance = random.Random(7)
    with open(f"{DEPLOY}/template.yaml", encoding="utf-8") as file:
        whole = file.read()
    for _ in range(300):
        text = list(whole)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(text))
            text[at:at + chance.randrange(4)] = chance.choice(["", "\n", "  ", ":", "- ", "{", "}", "[", "]", '"', "|", "!", "'"])
        status, _, said = lint("".join(text), name="t.yaml")
        assert status in (0, 1, 2), said


def main():
    failed = 0
    for function in TESTS:
        try:
            function()
            print(f"ok - {function.__name__}")
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok - {function.__name__}: {error!r:.2000}")
            traceback.print_exc()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
