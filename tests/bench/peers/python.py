#!/usr/bin/env python3
"""The Python peer: json and boto3's TypeDeserializer. JSON has Binary as base64, which it does not know, so it is decoded
where the deserializer asks for it. Command line and output: peer_main() in peer.h."""
import base64
import json
import sys
import time

from boto3.dynamodb.types import Binary, TypeDeserializer

KINDS = ("S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS")
IMAGES = ("Keys", "NewImage", "OldImage")


class Deserializer(TypeDeserializer):
    def _deserialize_b(self, value):
        return Binary(base64.b64decode(value, validate=True))


class Counting(Deserializer):
    """Counts what it is asked to decode, because Decimal does not keep how a number was written."""

    def __init__(self):
        self.kinds = dict.fromkeys(KINDS, 0)
        self.strings = self.numbers = self.binary = self.edges = self.trues = self.names = self.bytes = 0

    def item(self, item):
        self.names += len(item)
        self.bytes += sum(len(name.encode()) for name in item)
        return {name: self.deserialize(value) for name, value in item.items()}

    def deserialize(self, value):
        kind, = value
        if kind != "M":
            self.kinds[kind] += kind not in "SNB"
            return super().deserialize(value)
        self.kinds["M"] += 1
        return self.item(value["M"])

    def _deserialize_s(self, value):
        self.kinds["S"] += 1
        self.strings += len(value.encode())
        return super()._deserialize_s(value)

    def _deserialize_n(self, value):
        self.kinds["N"] += 1
        self.numbers += len(value)
        return super()._deserialize_n(value)

    def _deserialize_b(self, value):
        decoded = super()._deserialize_b(value)
        self.kinds["B"] += 1
        self.binary += len(decoded.value)
        if decoded.value:
            self.edges += decoded.value[0] + decoded.value[-1]
        return decoded

    def _deserialize_bool(self, value):
        self.trues += value
        return super()._deserialize_bool(value)


def images_of(event):
    for record in event["Records"]:
        change = record["dynamodb"]
        yield from ((change, name) for name in IMAGES if name in change)


def decode(corpus, deserialize):
    event = json.loads(corpus)
    for change, name in images_of(event):
        change[name] = {key: deserialize(value) for key, value in change[name].items()}
    return event


def checksum(corpus):
    count = Counting()
    event = json.loads(corpus)
    for change, name in images_of(event):
        count.item(change[name])
    records = event["Records"]
    changes = [record["dynamodb"] for record in records]
    text = sum(len(record[name]) for record in records
               for name in ("eventID", "eventName", "eventSourceARN", "awsRegion"))
    text += sum(len(change[name]) for change in changes for name in ("SequenceNumber", "StreamViewType"))
    return (f"records={len(records)} text={text} created={sum(it['ApproximateCreationDateTime'] for it in changes)} "
            f"size={sum(it['SizeBytes'] for it in changes)} "
            + " ".join(f"{kind}={count.kinds[kind]}" for kind in KINDS)
            + f" strings={count.strings} numbers={count.numbers} binary={count.binary} edges={count.edges}"
              f" true={count.trues} names={count.names}:{count.bytes}")


def main():
    with open(sys.argv[1], "rb") as file:
        corpus = file.read()
    deserialize, wanted, passes = Deserializer().deserialize, float(sys.argv[2]), 1
    decode(corpus, deserialize)
    while True:
        began = time.process_time()
        for _ in range(passes):
            decode(corpus, deserialize)
        took = time.process_time() - began
        if took >= wanted:
            break
        passes *= 2
    print(json.dumps({"ns": took * 1e9 / passes, "passes": passes, "allocations": None, "checksum": checksum(corpus)}))


if __name__ == "__main__":
    main()
