#!/usr/bin/env python3
"""usage: test_gen.py BIN

`BIN/ddbstream gen`: the records are what DynamoDB may send, the stream is consistent, everything unusual occurs, the
same options give the same bytes, and what cannot be made is refused. That the events decode is for lossless.py.
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
IMAGES = {"KEYS_ONLY": {"INSERT": [], "MODIFY": [], "REMOVE": []},
          "NEW_IMAGE": {"INSERT": ["NewImage"], "MODIFY": ["NewImage"], "REMOVE": []},
          "OLD_IMAGE": {"INSERT": [], "MODIFY": ["OldImage"], "REMOVE": ["OldImage"]},
          "NEW_AND_OLD_IMAGES": {"INSERT": ["NewImage"], "MODIFY": ["NewImage", "OldImage"], "REMOVE": ["OldImage"]}}
TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
TYPES = "S N B BOOL NULL M L SS NS BS".split()


def gen(*arguments, status=0):
    process = subprocess.run([PROGRAM, "gen", *map(str, arguments)], capture_output=True)
    assert process.returncode == status, (process.returncode, process.stderr)
    assert (process.stderr == b"") == (status == 0), process.stderr
    return process.stderr.decode() if status else process.stdout


def unique(pairs):
    found = dict(pairs)
    assert len(found) == len(pairs), "a name stands twice"
    return found


def parse(text):
    return json.loads(text, object_pairs_hook=unique)


def lines(*arguments):
    return gen("--format", "jsonl", *arguments).decode("utf-8").splitlines(keepends=False)


def records(*arguments):
    """Split at "\\n" only: splitlines() would cut strings at U+2028."""
    text = gen("--format", "jsonl", *arguments).decode("utf-8")
    return [parse(line) for line in text.split("\n")[:-1]]


def inner(record):
    return parse(base64.b64decode(record["kinesis"]["data"]))


# ---- what may stand in an item

def number_size(text):
    digits = re.sub(r"[-.]", "", re.split("[eE]", text)[0]).strip("0")
    return (len(digits) + 1) // 2 + 1 + (text[0] == "-" and digits != "")


def check_number(text):
    """By DynamoDB's rules: 38 significant digits, 1E-130 to 9.99...E+125."""
    number = decimal.Decimal(text)
    if number != 0:
        assert len(str(number.as_tuple().digits).strip("(), 0").replace(", ", "")) <= 38, text
        assert -130 <= number.adjusted() <= 125, text
    return number


def size_of(value, depth=1):
    """The size by the developer guide's rules; what is not legal fails. Notes what was seen."""
    (tag, content), = value.items()
    seen["types"].add(tag)
    seen["depth"] = max(seen["depth"], depth)
    if tag == "S":
        seen["characters"].update(content)
        seen["longest"] = max(seen["longest"], len(content))
        return len(content.encode("utf-8"))
    if tag == "N":
        seen["numbers"].add(check_number(content))
        return number_size(content)
    if tag == "B":
        return len(base64.b64decode(content, validate=True))
    if tag in ("BOOL", "NULL"):
        assert content is True or tag == "BOOL" and content is False
        return 1
    if tag in ("L", "M"):
        if not content:
            seen["types"].add("empty " + tag)
        if tag == "L":
            return 3 + sum(1 + size_of(element, depth + 1) for element in content)
        return 3 + sum(1 + len(name.encode("utf-8")) + size_of(member, depth + 1) for name, member in content.items())
    assert content and len(set(map(check_number, content) if tag == "NS" else content)) == len(content), "a set"
    return sum(size_of({tag[0]: element}, depth) for element in content)


def item_size(item):
    return sum(len(name.encode("utf-8")) + size_of(value) for name, value in item.items())


def start_over():
    seen.update(types=set(), depth=0, characters=set(), longest=0, numbers=set(), names=set())


seen = {}


# ---- the tests

def same_options_give_the_same_bytes():
    for source in "dynamodb", "kinesis", "pipes":
        options = ["--source", source, "--records", 50, "--depth", 32]
        assert gen(*options) == gen(*options)
        assert gen(*options) != gen(*options, "--seed", 2)
    # Not by chance: on no machine, with no compiler. A change of the generator changes this, and says so.
    digest = hashlib.sha256(gen("--records", 300, "--seed", 42, "--depth", 32, "--source", "kinesis")).hexdigest()
    assert digest == DIGEST, digest


def formats_have_the_same_records():
    for source, head, tail in ("dynamodb", '{"Records":[', "]}\n"), ("pipes", "[", "]\n"), ("kinesis", '{"Records":[', "]}\n"):
        event = gen("--source", source, "--records", 200).decode("utf-8")
        single = gen("--source", source, "--records", 200, "--format", "jsonl").decode("utf-8").split("\n")[:-1]
        assert len(single) == 200
        assert event == head + ",".join(single) + tail
        pretty = gen("--source", source, "--records", 200, "--pretty").decode("utf-8")
        assert json.dumps(parse(pretty)) == json.dumps(parse(event))
        assert pretty == json.dumps(json.loads(event), indent=2, ensure_ascii=False) + "\n" or source != "kinesis"
    assert gen("--records", 0) == b'{"Records":[]}\n'
    assert gen("--records", 0, "--source", "pipes") == b"[]\n"


def images_follow_from_the_view_and_the_operation():
    for view, images in IMAGES.items():
        names = set()
        for record in records("--records", 300, "--view", view, "--seed", 3):
            change = record["dynamodb"]
            assert change["StreamViewType"] == view
            assert [name for name in change if name.endswith("Image")] == images[record["eventName"]]
            names.add((record["eventName"], record.get("userIdentity") == TTL))
        assert names == {("INSERT", False), ("MODIFY", False), ("REMOVE", False), ("REMOVE", True)}


def operations_are_those_that_were_asked_for():
    for asked, names, identities in (("insert", {"INSERT"}, {None}), ("modify,remove", {"MODIFY", "REMOVE"}, {None}),
                                     ("expire", {"REMOVE"}, {"Service"})):
        found = records("--records", 200, "--operations", asked)
        assert {record["eventName"] for record in found} == names
        assert {record.get("userIdentity", {}).get("type") for record in found} == identities
    often = [record["eventName"] for record in records("--records", 400, "--operations", "insert,modify,modify,modify")]
    assert often.count("MODIFY") > 2 * often.count("INSERT") > 0


def the_stream_is_consistent():
    for source in "dynamodb", "kinesis":
        items, changed = {}, 0
        for record in records("--records", 3000, "--source", source, "--depth", 6):
            record = inner(record) if source == "kinesis" else record
            change = record["dynamodb"]
            key = json.dumps(change["Keys"])
            old, new = change.get("OldImage"), change.get("NewImage")
            if key in items:
                assert items[key] == old, key
            for image in filter(None, (old, new)):
                assert list(image.items())[:len(change["Keys"])] == list(change["Keys"].items())
            changed += old is not None and new is not None and old != new
            items[key] = new
        assert changed > 500


def records_have_the_members_of_their_source():
    arn = r"arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):\d{12}:table/[\w.-]{3,255}/stream/[0-9T:.-]+"
    for seed in range(1, 9):
        sequence, lengths, created = -1, set(), decimal.Decimal(0)
        for record in records("--records", 30, "--seed", seed):
            assert re.fullmatch("[0-9a-f]{32}", record["eventID"])
            assert re.fullmatch(arn, record["eventSourceARN"]).group(1) == record["awsRegion"]
            time = re.search(r'"ApproximateCreationDateTime": (\d\.\d+E9)', RAW(record))
            assert decimal.Decimal(repr(record["dynamodb"]["ApproximateCreationDateTime"])) >= created, time
            created = decimal.Decimal(repr(record["dynamodb"]["ApproximateCreationDateTime"]))
            text = record["dynamodb"]["SequenceNumber"]
            assert int(text) > sequence and 21 <= len(text) <= 40 and text[0] != "0"
            sequence = int(text)
            lengths.add(len(text))
        assert len(lengths) > 1
