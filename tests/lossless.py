#!/usr/bin/env python3
"""usage: lossless.py DDBSTREAM [--records N]

What `ddbstream decode` prints is what the event says: makes events of all sources with `ddbstream gen`, and compares
every member and every attribute of every record with what Python's json, decimal and base64 read in the event.

Objects are read as tuples of pairs, so that the order of members counts and a name that stands twice is seen.
"""
import argparse
import base64
import decimal
import itertools
import json
import re
import subprocess
import sys

TABLE = re.compile(r"arn:aws[a-z0-9-]*:dynamodb:[^:]*:[^:]*:table/([^/]+)")
SOURCES = "dynamodb", "kinesis", "pipes"
VIEWS = "NEW_AND_OLD_IMAGES", "KEYS_ONLY", "NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE"
SHAPES = (6, 1500), (1, 2500), (25, 350)  # attributes of an item, records of an event that then stays under 6 MB


class Number(str):
    """A JSON number, as its text. Not equal to a string of the same characters."""

    def __eq__(self, other):
        return type(other) is Number and str.__eq__(self, other)

    def __ne__(self, other):  # str brings its own, which would not ask __eq__
        return not self == other

    __hash__ = str.__hash__


JSON = json.JSONDecoder(object_pairs_hook=tuple, parse_int=Number, parse_float=Number)


def ddbstream(*arguments, stdin=None):
    process = subprocess.run([options.ddbstream, *arguments], input=stdin, capture_output=True)
    if process.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)}: exit status {process.returncode}: {process.stderr[:500]}")
    return process.stdout


# ---- the event, as Python sees it

def binary(text, rounds):
    data = text.encode("ascii")
    for _ in range(rounds):
        data = base64.b64decode(data, validate=True)
    return data


def number(text):
    assert type(text) is str
    return text, decimal.Decimal(text)


def string(text):
    assert type(text) is str
    return text


def value(typed, rounds):
    """An attribute value with its content as Python types. B is base64 `rounds` times."""
    (tag, content), = typed
    if tag == "S":
        return tag, string(content)
    if tag == "N":
        return tag, number(content)
    if tag == "B":
        return tag, binary(content, rounds)
    if tag == "BOOL" or tag == "NULL":
        assert content is True or content is False and tag == "BOOL"
        return tag, content
    if tag == "M":
        return tag, item(content, rounds)
    assert type(content) is list
    if tag == "L":
        return tag, [value(element, rounds) for element in content]
    if tag == "SS":
        return tag, [string(element) for element in content]
    if tag == "NS":
        return tag, [number(element) for element in content]
    assert tag == "BS"
    return tag, [binary(element, rounds) for element in content]


def item(attributes, rounds):
    assert type(attributes) is tuple
    return [(name, value(typed, rounds)) for name, typed in attributes]


def created_ns(change, source):
    scale = 9
    if source == "kinesis":
        scale = 3 if change.get("ApproximateCreationDateTimePrecision") == "MICROSECOND" else 6
    exact = decimal.Decimal(change["ApproximateCreationDateTime"]).scaleb(scale)
    assert exact == int(exact)
    return Number(int(exact))


def expected(record, index, source):
    """The line for a record of the event, as pairs; images as item() returns them."""
    outer = inner = dict(record)
    table = TABLE.match(outer["eventSourceARN"])
    sequence = None
    if source == "kinesis":
        kinesis = dict(outer["kinesis"])
        sequence = kinesis["sequenceNumber"]
        inner = dict(JSON.decode(base64.b64decode(kinesis["data"], validate=True).decode("utf-8")))
    change = dict(inner["dynamodb"])
    identity = inner.get("userIdentity")
    line = [("index", Number(index)), ("source", source), ("eventName", inner["eventName"]),
            ("eventID", inner["eventID"]), ("sequenceNumber", sequence or change["SequenceNumber"]),
            ("table", inner["tableName"] if source == "kinesis" else table.group(1)),
            ("eventSourceARN", outer["eventSourceARN"]), ("region", inner["awsRegion"]),
            ("createdAtNs", created_ns(change, source)), ("viewType", change.get("StreamViewType")),
            ("sizeBytes", change["SizeBytes"]),
            ("expired", identity is not None and dict(identity) == {"type": "Service",
                                                                    "principalId": "dynamodb.amazonaws.com"})]
    images = [(name, item(change[member], 2 if source == "kinesis" else 1))
              for name, member in (("keys", "Keys"), ("newImage", "NewImage"), ("oldImage", "OldImage"))
              if member in change]
    return [pair for pair in line if pair[1] is not None] + images


# ---- what the program says

def plain(typed):
    """The plain JSON of a value: N as its text, B as base64, sets as arrays."""
    tag, content = typed
    if tag == "N":
        return Number(content[0])
    if tag == "B":
        return base64.b64encode(content).decode("ascii")
    if tag == "NULL":
        return None
    if tag == "M":
        return tuple((name, plain(member)) for name, member in content)
    if tag == "L":
        return [plain(element) for element in content]
    if len(tag) == 2:
        return [plain((tag[0], element)) for element in content]
    return content


IMAGES = "keys", "newImage", "oldImage"


def compare_typed(want, line):
    got = [(name, item(content, 1) if name in IMAGES else content) for name, content in JSON.decode(line)]
    assert got == want


def compare_plain(want, line):
    want = tuple((name, tuple((attribute, plain(typed)) for attribute, typed in content) if name in IMAGES else content)
                 for name, content in want)
    assert JSON.decode(line) == want


def compare_event(event, source, mode):
    """The number of records that were compared."""
    records = JSON.decode(event.decode("utf-8"))
    if source != "pipes":
        (name, records), = records
        assert name == "Records"
    lines = ddbstream("decode", *mode, stdin=event).decode("utf-8").split("\n")
    assert lines.pop() == "" and len(lines) == len(records)
    for index, (record, line) in enumerate(zip(records, lines)):
        want = expected(record, index, source)
        try:
            (compare_typed if mode else compare_plain)(want, line)
        except (AssertionError, ValueError, TypeError, decimal.InvalidOperation) as error:
            raise AssertionError(f"record {index} differs, want {want!r:.2000}, got {line:.2000}") from error
    return len(records)


# ---- the tests

def events(records):
    """Sources and arguments of `ddbstream gen` that together make `records` records, at least two events a source."""
    largest = records // 6
    for seed, (attributes, count), view in zip(itertools.count(1), itertools.cycle(SHAPES), itertools.cycle(VIEWS)):
        for source in SOURCES:
            count = min(count, largest, records)
            yield source, ["--source", source, "--seed", str(seed), "--records", str(count),
                           "--attributes", str(attributes), "--depth", "32",
                           *([] if source == "kinesis" else ["--view", view])]
            records -= count
            if records == 0:
                return


def check(name, mode, plans):
    """One line per source: the test programs of this project print "ok - name" or "not ok - name: why"."""
    compared, failed = dict.fromkeys(SOURCES, 0), {}
    for source, arguments in plans:
        if source in failed:
            continue
        try:
            compared[source] += compare_event(ddbstream("gen", *arguments), source, mode)
        except (AssertionError, ValueError) as error:
            failed[source] = f"gen {' '.join(arguments)}: {error}"
    for source in SOURCES:
        if source in failed or compared[source] == 0:
            print(f"not ok - {name}, {source}: {failed.get(source, 'nothing was compared')}")
        else:
            print(f"ok - {name}, {source}: {compared[source]} records")
    return not failed and all(compared.values())


def main():
    typed = check("decode --typed is lossless", ["--typed"], events(options.records))
    untyped = check("decode is lossless but for the types", [], events(max(300, options.records // 10)))
    return 0 if typed and untyped else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ddbstream")
    parser.add_argument("--records", type=int, default=20000)
    options = parser.parse_args()
    sys.exit(main())
