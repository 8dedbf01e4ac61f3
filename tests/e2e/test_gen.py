#!/usr/bin/env python3
"""usage: test_gen.py BIN

`BIN/ddbstream gen`: its records are what DynamoDB may send, its stream is consistent, everything unusual occurs, the
same options give the same bytes, and what cannot be made is refused. That the events decode is for tests/lossless.py.
"""
import base64
import decimal
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM = pathlib.Path(sys.argv[1]) / "ddbstream"
SOURCES = "dynamodb", "kinesis", "pipes"
IMAGES = {"KEYS_ONLY": {"INSERT": [], "MODIFY": [], "REMOVE": []},
          "NEW_IMAGE": {"INSERT": ["NewImage"], "MODIFY": ["NewImage"], "REMOVE": []},
          "OLD_IMAGE": {"INSERT": [], "MODIFY": ["OldImage"], "REMOVE": ["OldImage"]},
          "NEW_AND_OLD_IMAGES": {"INSERT": ["NewImage"], "MODIFY": ["NewImage", "OldImage"], "REMOVE": ["OldImage"]}}
TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
# Of --seed 42 --records 300 --depth 32. A change of the generator changes them, and must say so here.
DIGESTS = {"dynamodb": "c3dd56c1d262a5aca51aee257884b821221b6f1ac519c00956f9ae8f1b552257",
           "kinesis": "ed74095011247ee70b492b90fc5e853852b917805ff78b2a44922c2a385d8821"}


def run(*arguments):
    return subprocess.run([PROGRAM, "gen", *map(str, arguments)], capture_output=True)


def gen(*arguments):
    process = run(*arguments)
    assert process.returncode == 0 and process.stderr == b"", (process.returncode, process.stderr)
    return process.stdout


def unique(pairs):
    found = dict(pairs)
    assert len(found) == len(pairs), f"a name stands twice in {pairs}"
    return found


def parse(text):
    return json.loads(text, object_pairs_hook=unique, parse_float=decimal.Decimal)


def lines(*arguments):
    """The records as text. Not splitlines(), which also cuts at U+2028."""
    text = gen("--format", "jsonl", *arguments).decode("utf-8")
    assert text.endswith("\n")
    return text.split("\n")[:-1]


def records(*arguments):
    return [parse(line) for line in lines(*arguments)]


def inner(record):
    """The change that a Kinesis record carries."""
    change = parse(base64.b64decode(record["kinesis"]["data"], validate=True))
    change["dynamodb"]["rounds"] = 2
    return change


# ---- the rules for items

class Seen:
    """What occurred in the values that were looked at."""

    def __init__(self):
        self.types, self.empty, self.characters, self.numbers = set(), set(), set(), set()
        self.depth = self.longest = 0


def number_of(text):
    """By DynamoDB's rules: at most 38 significant digits, 1E-130 to 9.99...E+125."""
    number = decimal.Decimal(text)
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    assert len(digits) <= 38 and (digits == "" or -130 <= number.adjusted() <= 125), text
    return number, (len(digits) + 1) // 2 + 1 + (text[0] == "-" and digits != "")


def bytes_of(text, rounds):
    data = text.encode("ascii")
    for _ in range(rounds):
        data = base64.b64decode(data, validate=True)
    return data


def scalar_size(tag, content, rounds, seen):
    if tag == "S":
        seen.characters.update(content)
        seen.longest = max(seen.longest, len(content))
        return len(content.encode("utf-8"))
    if tag == "N":
        number, size = number_of(content)
        seen.numbers.add(number)
        return size
    if tag == "B":
        return len(bytes_of(content, rounds))
    assert content is True or tag == "BOOL" and content is False
    return 1


def size_of(value, rounds, seen, depth=1):
    """The size of a legal value by the developer guide's rules; an assertion fails for others."""
    (tag, content), = value.items()
    seen.types.add(tag)
    seen.depth = max(seen.depth, depth)
    if content in ("", [], {}):
        seen.empty.add(tag)
    if tag == "L":
        return 3 + sum(1 + size_of(element, rounds, seen, depth + 1) for element in content)
    if tag == "M":
        return 3 + len(content) + item_size(content, rounds, seen, depth + 1)
    if tag in ("SS", "NS", "BS"):
        distinct = {number_of(element) if tag == "NS" else element for element in content}
        assert 0 < len(content) == len(distinct), f"{tag} {content}"
        return sum(scalar_size(tag[0], element, rounds, seen) for element in content)
    return scalar_size(tag, content, rounds, seen)


def item_size(item, rounds, seen, depth=1):
    return sum(len(name.encode("utf-8")) + size_of(value, rounds, seen, depth) for name, value in item.items())


def check_items(changes):
    """Every item is legal and every size is right; what was seen."""
    seen = Seen()
    for change in changes:
        items = [change[name] for name in ("Keys", "NewImage", "OldImage") if name in change]
        sizes = [item_size(item, change.get("rounds", 1), seen) for item in items]
        assert change["SizeBytes"] == sum(sizes)
        assert max(sizes) <= 400 * 1024
    return seen


# ---- the tests

def same_options_give_the_same_bytes():
    for source in SOURCES:
        options = ["--source", source, "--records", 50]
        assert gen(*options) == gen(*options)
        assert gen(*options) != gen(*options, "--seed", 2)


def the_bytes_are_the_same_on_every_machine():
    for source, digest in DIGESTS.items():
        event = gen("--seed", 42, "--records", 300, "--depth", 32, "--source", source)
        assert hashlib.sha256(event).hexdigest() == digest, hashlib.sha256(event).hexdigest()


def all_formats_have_the_same_records():
    for source in SOURCES:
        head, tail = ("[", "]\n") if source == "pipes" else ('{"Records":[', "]}\n")
        for count in 0, 1, 200:
            options = ["--source", source, "--records", count, "--depth", 8]
            event = gen(*options).decode("utf-8")
            single = lines(*options) if count else []
            assert len(single) == count
            assert event == head + ",".join(single) + tail
            pretty = gen(*options, "--pretty").decode("utf-8")
            squeezed = re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda match: match.group(1) or "", pretty)
            assert squeezed + "\n" == event


def pretty_events_are_indented():
    text = gen("--pretty", "--records", 1, "--view", "KEYS_ONLY").decode("utf-8")
    assert text.startswith('{\n  "Records": [\n    {\n      "eventID": "'), text
    assert text.endswith('"\n    }\n  ]\n}\n'), text


def images_follow_from_view_and_operation():
    for view, images in IMAGES.items():
        names = set()
        for record in records("--records", 300, "--view", view, "--seed", 3):
            change = record["dynamodb"]
            assert change["StreamViewType"] == view
            assert [name for name in change if name.endswith("Image")] == images[record["eventName"]]
            names.add((record["eventName"], record.get("userIdentity") == TTL))
        assert names == {("INSERT", False), ("MODIFY", False), ("REMOVE", False), ("REMOVE", True)}


def operations_are_those_asked_for():
    for asked, names, types in (("insert", {"INSERT"}, {None}), ("modify,remove", {"MODIFY", "REMOVE"}, {None}),
                                ("expire", {"REMOVE"}, {"Service"})):
        found = records("--records", 200, "--operations", asked)
        assert {record["eventName"] for record in found} == names
        assert {record.get("userIdentity", {}).get("type") for record in found} == types
    names = [record["eventName"] for record in records("--records", 400, "--operations", "insert,modify,modify,modify")]
    assert names.count("MODIFY") > 2 * names.count("INSERT") > 0


def the_stream_is_consistent():
    for source in "dynamodb", "kinesis":
        items, changed = {}, 0
        for record in records("--records", 3000, "--source", source, "--depth", 6):
            change = (inner(record) if source == "kinesis" else record)["dynamodb"]
            key, old, new = json.dumps(change["Keys"]), change.get("OldImage"), change.get("NewImage")
            assert items.get(key, old) == old
            assert all(image[name] == value for image in (old, new) if image for name, value in change["Keys"].items())
            changed += bool(old and new and old != new)
            items[key] = new
        assert changed > 500


def records_have_the_members_of_a_stream():
    arn = r"arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):\d{12}:table/[\w.-]{3,255}/stream/[0-9T:.-]+"
    arns, ids = set(), set()
    for seed in range(1, 9):
        sequence, lengths, seconds = 0, set(), 0
        for line in lines("--records", 100, "--seed", seed):
            record = parse(line)
            change = record["dynamodb"]
            assert re.fullmatch("[0-9a-f]{32}", record["eventID"])
            assert re.fullmatch(arn, record["eventSourceARN"]).group(1) == record["awsRegion"]
            assert re.search(r'"ApproximateCreationDateTime":1\.\d*[1-9]E9,', line)  # a Java double
            assert 21 <= len(change["SequenceNumber"]) <= 40 and int(change["SequenceNumber"]) > sequence
            assert change["ApproximateCreationDateTime"] >= seconds
            sequence, seconds = int(change["SequenceNumber"]), change["ApproximateCreationDateTime"]
            lengths.add(len(change["SequenceNumber"]))
            arns.add(record["eventSourceARN"])
            ids.add(record["eventID"])
        assert len(lengths) > 1
    assert len(arns) > 3 and len(ids) == 800


def kinesis_records_come_in_both_precisions():
    precisions = set()
    for seed in range(1, 9):
        sequence = 0
        for record in records("--source", "kinesis", "--records", 20, "--seed", seed):
            change = inner(record)["dynamodb"]
            precision = change.get("ApproximateCreationDateTimePrecision")
            assert len(str(change["ApproximateCreationDateTime"])) == (16 if precision == "MICROSECOND" else 13)
            assert int(record["kinesis"]["sequenceNumber"]) > sequence
            assert record["eventID"].endswith(":" + record["kinesis"]["sequenceNumber"])
            sequence = int(record["kinesis"]["sequenceNumber"])
            precisions.add(precision)
    assert precisions == {None, "MICROSECOND"}


def items_are_legal_and_have_everything_in_them():
    for source in "dynamodb", "kinesis":
        found = records("--records", 3000, "--source", source, "--depth", 32, "--seed", 5)
        seen = check_items((inner(record) if source == "kinesis" else record)["dynamodb"] for record in found)
        assert seen.types == set("S N B BOOL NULL M L SS NS BS".split())
        assert seen.empty == set("SBML")
        assert seen.depth == 32 and seen.longest > 500
        assert set('\0\x1f"\\/\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff') <= seen.characters
        edges = "0 1E-130 -1E-130 9.9999999999999999999999999999999999999E+125 99999999999999999999999999999999999999"
        assert set(map(decimal.Decimal, edges.split())) <= seen.numbers


def strings_are_spelled_in_every_way():
    text = "\n".join(lines("--records", 1000))
    for spelling in r"\"", r"\\", r"\/", r"\b", r"\f", r"\n", r"\r", r"\t", r"\u0000", r"\u00e", r"\u00E", "\U0001f600":
        assert spelling in text, spelling
    assert re.search(r"\\ud[89ab]..\\ud[c-f]|\\uD[89AB]..\\uD[C-F]", text)


def size_and_depth_follow_the_options():
    for attributes, depth in (1, 1), (40, 3), (1000, 32):
        options = ["--records", 60, "--attributes", attributes, "--depth", depth]
        found = [record["dynamodb"] for record in records(*options)]
        seen = check_items(found)
        assert seen.depth == depth
        counts = [len(change["NewImage"]) - len(change["Keys"]) for change in found if "NewImage" in change]
        assert attributes * 0.8 <= max(counts) <= attributes


def what_does_not_fit_into_an_event_is_refused():
    for arguments, text in ((["--records", 10001], b"jsonl"), (["--records", 10000, "--attributes", 40], b"jsonl"),
                            (["--records", 4600, "--attributes", 6, "--pretty"], b"--pretty")):
        process = run(*arguments)
        assert process.returncode == 2 and process.stdout == b"" and text in process.stderr, arguments
        assert process.stderr.startswith(b"ddbstream gen: ")
    assert len(lines("--records", 10001, "--view", "KEYS_ONLY")) == 10001


def misuse_is_refused():
    for arguments in (["--bogus"], ["--records"], ["--records", "x"], ["--records", "-1"], ["file"], ["--depth", "33"],
                      ["--depth", "0"], ["--attributes", "0"], ["--attributes", "1001"], ["--operations", "insert,"],
                      ["--operations", ",".join(17 * ["insert"])], ["--view", "new_image"], ["--source", "sqs"],
                      ["--format", "json"], ["--format", "jsonl", "--pretty"], ["-o"],
                      ["--source", "kinesis", "--view", "NEW_IMAGE"]):
        process = run(*arguments)
        assert process.returncode == 2 and process.stdout == b"", arguments
        assert process.stderr.startswith(b"ddbstream gen: "), process.stderr


def help_has_an_example():
    text = gen("--help").decode("utf-8")
    assert "Example:\n  ddbstream gen " in text and max(map(len, text.split("\n"))) < 120


def output_goes_to_a_file():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "event.json")
        for arguments in ["-o", path], ["--output", path, "--format", "jsonl"]:
            assert gen(*arguments) == b""
            assert pathlib.Path(path).read_bytes() == gen(*arguments[2:])
        assert run("-o", os.path.join(folder, "none", "x")).returncode == 2


def a_full_disk_is_told():
    for format in "event", "jsonl":
        process = run("--format", format, "--records", 300, "-o", "/dev/full")
        assert process.returncode == 2 and b"No space left" in process.stderr


def lines_need_no_more_memory_the_more_there_are():
    def peak(count):
        process = subprocess.Popen([PROGRAM, "gen", "--format", "jsonl", "--records", str(count), "-o", "/dev/null"])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss
    assert peak(30000) < peak(3000) + 8192  # KiB; 27,000 records more are about 40 MB


TESTS = [same_options_give_the_same_bytes, the_bytes_are_the_same_on_every_machine, all_formats_have_the_same_records,
         pretty_events_are_indented, images_follow_from_view_and_operation, operations_are_those_asked_for,
         the_stream_is_consistent, records_have_the_members_of_a_stream, kinesis_records_come_in_both_precisions,
         items_are_legal_and_have_everything_in_them, strings_are_spelled_in_every_way,
         size_and_depth_follow_the_options, what_does_not_fit_into_an_event_is_refused, misuse_is_refused,
         help_has_an_example, output_goes_to_a_file, a_full_disk_is_told,
         lines_need_no_more_memory_the_more_there_are]


def main():
    failed = False
    for test in TESTS:
        try:
            test()
            print(f"ok - gen: {test.__name__}")
        except Exception as error:
            failed = True
            line = error.__traceback__
            while line.tb_next:
                line = line.tb_next
            print(f"not ok - gen: {test.__name__}: line {line.tb_lineno}: {error!r:.500}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
