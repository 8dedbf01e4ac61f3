#!/usr/bin/env python3
"""`ddbstream filter`: which records pass, and what is said of patterns that cannot do what they are for.

    python3 tests/e2e/test_filter.py [BIN]      BIN holds ddbstream (default: build)
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile
import traceback

BIN = sys.argv[1] if len(sys.argv) > 1 else "build"
SECRET = "s3cr3t-value"
tests = []


def test(function):
    tests.append(function)
    return function


def run(*arguments, stdin=""):
    return subprocess.run([os.path.join(BIN, "ddbstream"), "filter", *arguments], input=stdin, capture_output=True,
                          text=True, timeout=60, check=False)


def equal(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what}: {got!r}, not {want!r}")


def check(held, what):
    if not held:
        raise AssertionError(what)


def image(**attributes):
    """{"NewImage":...} in a pattern."""
    return json.dumps({"dynamodb": {"NewImage": attributes}}, separators=(",", ":"))


def record(number, name="INSERT", **attributes):
    return {"eventName": name, "eventSource": "aws:dynamodb",
            "dynamodb": {"SequenceNumber": str(100 + number), "ApproximateCreationDateTime": 1.7e9 + number,
                         "NewImage": {"secret": {"S": SECRET}, **attributes}}}


def event(folder, *records, name="event.json"):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"Records": records}, file)
    return path


def lines(folder, *records, name="records.jsonl"):
    path = os.path.join(folder, name)
    opener = gzip.open if name.endswith(".gz") else open
    with opener(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(each) + "\n" for each in records)
    return path


def save(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    return path


def criteria(*patterns):
    return {"Filters": [{"Pattern": pattern} for pattern in patterns]}


PAID, SENT = image(status={"S": ["PAID"]}), image(status={"S": ["SENT"]})
RECORDS = [record(1, status={"S": "PAID"}), record(2, status={"S": "NEW"}), record(3, status={"S": "SENT"})]


# ---- Records ---------------------------------------------------------------------------------------------------------

@test
def a_line_for_each_record_and_a_summary(folder):
    done = run("--pattern", PAID, "--pattern", SENT, event(folder, *RECORDS))
    equal(done.stdout, "record 1  seq 101  pass  pattern 1\n"
                       "record 2  seq 102  drop\n"
                       "record 3  seq 103  pass  pattern 2\n"
                       "2 patterns: 0 errors, 0 warnings\n"
                       "3 records: 2 pass, 1 dropped\n")
    equal((done.returncode, done.stderr), (0, ""))


@test
def the_same_as_json_lines(folder):
    done = run("--json", "--pattern", PAID, event(folder, *RECORDS[:2]))
    equal([json.loads(line) for line in done.stdout.splitlines()],
          [{"record": 1, "sequenceNumber": "101", "verdict": "pass", "pattern": 1},
           {"record": 2, "sequenceNumber": "102", "verdict": "drop"},
           {"patterns": 1, "errors": 0, "warnings": 0, "records": 2, "pass": 1, "drop": 1, "malformed": 0}])


@test
def events_and_lines_of_records_packed_or_not(folder):
    for path in [event(folder, *RECORDS), lines(folder, *RECORDS), lines(folder, *RECORDS, name="packed.jsonl.gz")]:
        done = run("--pattern", PAID, path)
        equal((done.returncode, done.stdout.splitlines()[-1]), (0, "3 records: 1 pass, 2 dropped"), path)
    done = run("--pattern", PAID, "-", stdin="".join(json.dumps(each) + "\n" for each in RECORDS))
    equal(done.stdout.splitlines()[-1], "3 records: 1 pass, 2 dropped", "standard input")


@test
def several_events_are_counted_through(folder):
    done = run("--pattern", PAID, event(folder, *RECORDS), lines(folder, *RECORDS))
    equal(done.stdout.splitlines()[-1], "6 records: 2 pass, 4 dropped")
    check("record 4  seq 101  pass" in done.stdout, done.stdout)


@test
def criteria_and_mappings_are_read_from_files(folder):
    path = event(folder, *RECORDS)
    alone = save(folder, "criteria.json", criteria(PAID, SENT))
    mapping = save(folder, "esm.json", {"BatchSize": 10, "FilterCriteria": criteria(PAID, SENT)})
    for option, file in [("--criteria", alone), ("--esm", mapping)]:
        done = run(option, file, path)
        equal((done.returncode, done.stdout.splitlines()[-1]), (0, "3 records: 2 pass, 1 dropped"), option)
    done = run("--pattern", image(status={"S": ["NEW"]}), "--criteria", alone, path)
    check("record 1  seq 101  pass  pattern 2" in done.stdout, done.stdout)


@test
def without_a_filter_every_record_passes(folder):
    path = event(folder, *RECORDS)
    for option, content in [("--criteria", {}), ("--criteria", {"Filters": []}), ("--esm", {"BatchSize": 10})]:
        done = run(option, save(folder, "none.json", content), path)
        equal((done.returncode, done.stdout.splitlines()[-1]), (0, "3 records: 3 pass, 0 dropped"), option)
    check("no FilterCriteria: every record passes" in done.stderr, done.stderr)


@test
def a_malformed_record_is_neither_passed_nor_dropped(folder):
    good = json.dumps(RECORDS[0])
    bad = good.replace('"eventName": "INSERT"', '"eventName": INSERT')
    done = run("--pattern", PAID, save(folder, "bad.json", '{"Records":[%s,%s]}' % (bad, good.replace("101", "102"))))
    check("record 1  seq 101  malformed" in done.stdout, done.stdout)
    check("2 records: 1 pass, 0 dropped, 1 malformed" in done.stdout, done.stdout)
    equal(done.returncode, 1)
    done = run("--pattern", PAID, save(folder, "bad.jsonl", good + "\n{}\n"))
    check("bad.jsonl:2: not a record" in done.stderr, done.stderr)
    equal(done.returncode, 1)


@test
def values_of_records_are_never_printed(folder):
    broken = save(folder, "broken.jsonl", json.dumps(record(1))[:-3] + "\n")
    for arguments in [[event(folder, *RECORDS)], ["--json", event(folder, *RECORDS)], [broken]]:
        done = run("--pattern", PAID, *arguments)
        check(SECRET not in done.stdout + done.stderr, arguments)


# ---- Patterns --------------------------------------------------------------------------------------------------------

@test
def an_invalid_pattern_is_refused_with_its_place(folder):
    for arguments, words in [
            (["--pattern", image(a={"S": []})], "--pattern: dynamodb.NewImage.a.S: empty array"),
            (["--pattern", '{"a":[1]'], "--pattern: a: expected"),
            (["--pattern", image(a={"S": [{"wildcard": "*"}]})], "S[0].wildcard: an operator of EventBridge"),
            (["--criteria", save(folder, "a.json", criteria(PAID, "{}"))], "a.json: Filters[1].Pattern: empty object"),
            (["--esm", save(folder, "b.json", {"FilterCriteria": criteria("[]")})], "[0].Pattern: expected a JSON"),
            (["--criteria", save(folder, "c.json", {"Filter": []})], "c.json: expected {\"Filters\""),
            (["--esm", save(folder, "d.json", "{")], "d.json: expected a string")]:
        done = run(*arguments, event(folder, *RECORDS))
        equal((done.returncode, done.stdout), (1, ""), arguments)
        check(words in done.stderr, done.stderr)


@test
def filters_and_a_window_are_not_for_one_mapping(folder):
    path = save(folder, "esm.json", {"TumblingWindowInSeconds": 60, "FilterCriteria": criteria(PAID)})
    done = run("--esm", path)
    equal(done.returncode, 1)
    check("TumblingWindowInSeconds: AWS refuses that" in done.stderr, done.stderr)


def findings(pattern):
    done = run("--json", "--pattern", pattern)
    equal(done.stderr, "", pattern)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    errors = [(each["path"], each["finding"]) for each in said if each.get("severity") == "error"]
    warnings = [(each["path"], each["finding"]) for each in said if each.get("severity") == "warning"]
    works = [each["works"] for each in said if "works" in each]
    equal(done.returncode, 1 if errors else 0, pattern)
    return errors, warnings, works


N = "dynamodb.NewImage.a.N[0]"
MENDED = [  # pattern, path of the first error, a part of what is said, the pattern that would work
    ({"NewImage": {"Status": ["SHIPPED"]}}, "NewImage", 'stands under "dynamodb"',
     {"dynamodb": {"NewImage": {"Status": {"S": ["SHIPPED"]}}}}),
    ({"a": {"N": [101]}}, N, "no number", {"a": {"N": ["101"]}}),
    ({"a": {"N": [1.50]}}, N, "no number", {"a": {"N": ["1.5"]}}),
    ({"a": {"N": [{"numeric": ["=", 101]}]}}, N, "no number", {"a": {"N": ["101"]}}),
    ({"a": {"N": ["1.0"]}}, N, "trims zeros", {"a": {"N": ["1"]}}),
    ({"a": {"N": [{"anything-but": [7, 8]}]}}, N, "always matches", {"a": {"N": [{"anything-but": ["7", "8"]}]}}),
    ({"a": {"NS": [7]}}, "dynamodb.NewImage.a.NS[0]", "no number", {"a": {"NS": ["7"]}}),
    ({"a": {"BOOL": ["true", "false"]}}, "dynamodb.NewImage.a.BOOL[0]", "without quotes",
     {"a": {"BOOL": [True, False]}}),
    ({"a": {"NULL": [None]}}, "dynamodb.NewImage.a.NULL[0]", "only true", {"a": {"NULL": [True]}}),
    ({"a": {"L": ["red"]}}, "dynamodb.NewImage.a.L", "type letter", {"a": {"L": {"S": ["red"]}}}),
    ({"a": {"S": [7]}}, "dynamodb.NewImage.a.S[0]", "only strings", {"a": {"S": ["7"]}}),
    ({"a": ["x", {"prefix": "y"}]}, "dynamodb.NewImage.a", "type letter", {"a": {"S": ["x", {"prefix": "y"}]}}),
    ({"a": [5]}, "dynamodb.NewImage.a", "type letter", {"a": {"N": ["5"]}}),
    ({"a": [True]}, "dynamodb.NewImage.a", "type letter", {"a": {"BOOL": [True]}}),
    ({"a": [None]}, "dynamodb.NewImage.a", "type letter", {"a": {"NULL": [True]}}),
    ({"a": [{"exists": False}]}, "dynamodb.NewImage.a", "exists:false always", {"a": {"S": [{"exists": False}]}}),
    ({"a": [{"exists": True}, 7]}, "dynamodb.NewImage.a", "exists:true never", {"a": {"N": [{"exists": True}, "7"]}}),
    ({"a": {"City": {"S": ["Oslo"]}}}, "dynamodb.NewImage.a", "expected a type letter",
     {"a": {"M": {"City": {"S": ["Oslo"]}}}}),
    ({"a": {"s": ["x"]}}, "dynamodb.NewImage.a.s", "case of letters", {"a": {"S": ["x"]}}),
    ({"dynamodb": {"newimage": {"a": {"S": ["x"]}}}}, "dynamodb.newimage", "case of letters",
     {"dynamodb": {"NewImage": {"a": {"S": ["x"]}}}}),
    ({"eventname": ["insert"]}, "eventname", "case of letters", {"eventName": ["INSERT"]}),
    ({"dynamodb": {"SizeBytes": ["10"]}}, "dynamodb.SizeBytes[0]", "JSON number", {"dynamodb": {"SizeBytes": [10]}}),
    ({"dynamodb": {"StreamViewType": ["new_image"]}}, "dynamodb.StreamViewType[0]", "case of letters",
     {"dynamodb": {"StreamViewType": ["NEW_IMAGE"]}}),
    ({"eventName": ["INSERT"], "$or": [{"Keys": {"k": {"S": ["1"]}}}, {"dynamodb": {"Keys": {"k": ["2"]}}}]},
     "$or[0].Keys", 'under "dynamodb"',
     {"eventName": ["INSERT"], "$or": [{"dynamodb": {"Keys": {"k": {"S": ["1"]}}}},
                                       {"dynamodb": {"Keys": {"k": {"S": ["2"]}}}}]}),
]


def whole(pattern):
    """An attribute alone stands for one in NewImage."""
    return pattern if "a" not in pattern else {"dynamodb": {"NewImage": pattern}}


@test
def what_never_matches_is_said_and_mended(_):
    for pattern, path, words, works in MENDED:
        errors, _, mended = findings(json.dumps(whole(pattern)))
        check(errors, f"{pattern}: nothing is said")
        equal(errors[0][0], path, pattern)
        check(words in errors[0][1], errors)
        equal(mended, [whole(works)], pattern)


@test
def a_mended_pattern_has_no_findings(_):
    for _, _, _, works in MENDED:
        equal(findings(json.dumps(whole(works))), ([], [], []), works)


@test
def a_mended_pattern_matches_what_was_meant(folder):
    path = event(folder, record(1, a={"N": "101"}), record(2, a={"BOOL": True}), record(3, a={"L": [{"S": "red"}]}))
    for pattern, number in [({"a": {"N": [101]}}, 1), ({"a": [101]}, 1), ({"a": ["red"]}, None),
                            ({"a": {"BOOL": ["true"]}}, 2), ({"a": {"L": ["red"]}}, 3)]:
        before = run("--pattern", json.dumps(whole(pattern)), path)
        check("3 records: 0 pass" in before.stdout, before.stdout)
        _, _, works = findings(json.dumps(whole(pattern)))
        after = run("--pattern", json.dumps(works[0]), path)
        passed = [line.split()[1] for line in after.stdout.splitlines() if "  pass" in line]
        equal(passed, [] if number is None else [str(number)], pattern)


@test
def what_no_pattern_mends_is_said_alone(_):
    for pattern, path, words in [
            ({"a": {"N": [{"numeric": [">", 100]}]}}, N, "filter in the handler"),
            ({"a": {"N": ["abc"]}}, N, "no number is written like this"),
            ({"a": {"S": [{"numeric": [">", 1]}]}}, "dynamodb.NewImage.a.S[0]", "only strings"),
            ({"a": {"BOOL": ["yes"]}}, "dynamodb.NewImage.a.BOOL[0]", "without quotes"),
            ({"a": {"BOOL": [{"prefix": "t"}]}}, "dynamodb.NewImage.a.BOOL[0]", "without quotes"),
            ({"a": {"BOOL": [{"anything-but": "true"}]}}, "dynamodb.NewImage.a.BOOL[0]", "always matches"),
            ({"a": ["x", 7]}, "dynamodb.NewImage.a", "type letter"),
            ({"a": {"S": {"S": ["x"]}}}, "dynamodb.NewImage.a.S", "a leaf in a record"),
            ({"a": {"M": [{"exists": False}]}}, "dynamodb.NewImage.a.M", "exists:false always"),
            ({"dynamodb": {"OldImage": [{"exists": False}]}}, "dynamodb.OldImage", "eventName"),
            ({"dynamodb": {"SizeBytes": [{"prefix": "1"}]}}, "dynamodb.SizeBytes[0]", "JSON number"),
            ({"eventName": ["DELETE"]}, "eventName[0]", "INSERT, MODIFY and REMOVE"),
            ({"eventName": [7]}, "eventName[0]", "only strings"),
            ({"source": ["x"]}, "source", "no record has"),
            ({"dynamodb": {"NewItem": {"x": {"S": ["x"]}}}}, "dynamodb.NewItem", "no record has")]:
        errors, _, works = findings(json.dumps(whole(pattern)))
        check(errors and errors[0][0] == path and words in errors[0][1], f"{pattern}: {errors}")
        equal(works, [], pattern)


@test
def good_patterns_have_no_findings(_):
    for pattern in [{"a": {"S": ["x", "", {"prefix": "x"}, {"suffix": "y"}, {"equals-ignore-case": "z"}]}},
                    {"a": {"N": ["7", "-1.5", {"anything-but": ["8"]}, {"exists": False}, {"prefix": "1"}]}},
                    {"a": {"M": {"b": {"L": {"M": {"c": {"SS": ["x"]}}}}}}}, {"a": {"B": ["AAE="]}},
                    {"a": {"$or": [{"S": ["1"]}, {"N": ["1"]}]}}, {"a": {"BOOL": [True], "NULL": [{"exists": False}]}},
                    {"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}},
                    {"dynamodb": {"ApproximateCreationDateTime": [{"numeric": [">", 1.7e9, "<", 2e9]}]}},
                    {"dynamodb": {"Keys": {"id": {"S": ["1"]}}, "SequenceNumber": [{"prefix": "1"}]}},
                    {"eventName": ["INSERT", {"anything-but": "REMOVE"}], "eventSourceARN": [{"suffix": "x"}]}]:
        equal(findings(json.dumps(whole(pattern))), ([], [], []), pattern)


@test
def risks_are_warnings(folder):
    nested = {"a": {"S": [{"anything-but": {"prefix": "x"}}, {"suffix": {"equals-ignore-case": "y"}}]}}
    errors, warnings, _ = findings(json.dumps(whole(nested)))
    equal((errors, [path for path, _ in warnings]), ([], [f"dynamodb.NewImage.a.S[{i}]" for i in range(2)]))
    errors, warnings, _ = findings('{"eventName":["INSERT"],"eventName":["REMOVE"]}')
    equal((errors, warnings), ([], [("eventName", "this name comes twice in the object: only the last one counts")]))
    errors, warnings, _ = findings('{"dynamodb":{"ApproximateCreationDateTime":[{"numeric":[">",1.7e12]}]}}')
    check(not errors and "the time is in seconds" in warnings[0][1], warnings)
    done = run("--criteria", save(folder, "six.json", criteria(*[PAID] * 6)))
    check("warning: more than 5 filters" in done.stdout and done.returncode == 0, done.stdout)
    done = run("--criteria", save(folder, "five.json", criteria(*[PAID] * 5)))
    check("warning" not in done.stdout.replace("0 warnings", ""), done.stdout)


# ---- The command -----------------------------------------------------------------------------------------------------

@test
def help_and_misuse(folder):
    done = run("--help")
    equal((done.returncode, done.stderr), (0, ""))
    check("Example:" in done.stdout, done.stdout)
    for arguments, words in [([], "expected --pattern"), (["--nope"], "--nope"), (["--pattern"], "--pattern"),
                             (["--pattern", PAID, "no-such-file.json"], "no-such-file.json"),
                             (["--criteria", "no-such-file.json"], "no-such-file.json"),
                             (["--pattern", PAID] * 11, "more than 10"), (["--criteria", folder], "is a folder")]:
        done = run(*arguments)
        equal((done.returncode, words in done.stderr), (2, True), (arguments, done.stderr))


def main():
    failed = 0
    for each in tests:
        name = each.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as folder:
            try:
                each(folder)
                print(f"ok - filter: {name}", flush=True)
            except Exception as why:  # pylint: disable=broad-except
                failed += 1
                place = traceback.extract_tb(why.__traceback__)[1]
                text = " ".join(str(why).split())
                print(f"not ok - filter: {name}: {type(why).__name__}: {text} (line {place.lineno})", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
