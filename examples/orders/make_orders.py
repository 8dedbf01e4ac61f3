#!/usr/bin/env python3
"""Writes orders.jsonl: the stream of a table Orders over a few minutes, one stream record per line, as DynamoDB would
write it with the view type NEW_AND_OLD_IMAGES. The same bytes every time.

    python3 make_orders.py > orders.jsonl
"""
import base64
import hashlib
import json

ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417"
PLACES = ["Oslo", "Gdańsk", "São Paulo", "København", "Łódź", "Zürich", "東京"]


def size_of(value):
    """The size of an attribute value by DynamoDB's rules, on which SizeBytes is built."""
    (tag, content), = value.items()
    if tag == "S":
        return len(content.encode())
    if tag == "N":
        digits = content.lstrip("-").replace(".", "").strip("0")
        return (len(digits) + 1) // 2 + 1 + content.startswith("-")
    if tag == "B":
        return len(base64.b64decode(content))
    if tag in ("BOOL", "NULL"):
        return 1
    if tag == "M":
        return 3 + sum(1 + len(name.encode()) + size_of(inner) for name, inner in content.items())
    if tag == "L":
        return 3 + sum(1 + size_of(inner) for inner in content)
    return sum(size_of({tag[0]: element}) for element in content)


def size_of_item(item):
    return sum(len(name.encode()) + size_of(value) for name, value in item.items())


def epoch(seconds):
    """As Java prints a double: 1.792399203E9."""
    digits = str(seconds).rstrip("0")
    return f"{digits[0]}.{digits[1:]}E9"


class Stream:
    """A table whose every change becomes a stream record."""

    def __init__(self):
        self.items = {}
        self.count = 0
        self.lines = []

    def write(self, order, item, expired=False):
        old, new = self.items.get(order), item
        self.count += 1
        keys = {"OrderId": {"S": order}}
        change = {"ApproximateCreationDateTime": None, "Keys": keys}
        if new is not None:
            change["NewImage"] = new
        if old is not None:
            change["OldImage"] = old
        change["SequenceNumber"] = str(810000000000000021457311106 + 1009 * self.count)
        change["SizeBytes"] = sum(size_of_item(image) for image in (keys, new, old) if image is not None)
        change["StreamViewType"] = "NEW_AND_OLD_IMAGES"
        record = {
            "eventID": hashlib.md5(f"orders {self.count}".encode()).hexdigest(),
            "eventName": "REMOVE" if new is None else "INSERT" if old is None else "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1",
        }
        if expired:
            record["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
        record["dynamodb"] = change
        record["eventSourceARN"] = ARN
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        time = epoch(1792399200 + 5 * self.count)
        self.lines.append(text.replace('"ApproximateCreationDateTime":null', f'"ApproximateCreationDateTime":{time}'))
        if new is None:
            del self.items[order]
        else:
            self.items[order] = new

    def status(self, order, status):
        self.write(order, {**self.items[order], "Status": {"S": status}})


def order_item(number):
    """A new order. Number 13 is the one that no handler can accept: it orders nothing."""
    quantity = 0 if number == 13 else 1 + number % 4
    item = {
        "OrderId": {"S": f"o-{1000 + number}"},
        "Status": {"S": "NEW"},
        "Qty": {"N": str(quantity)},
        "Price": {"N": f"{number * 7 + 4}.{number % 10}9"},
        "Gift": {"BOOL": number % 5 == 0},
    }
    if number % 3 == 0:
        item["Coupon"] = {"NULL": True}
    if number % 4 == 1:
        item["Address"] = {"M": {"City": {"S": PLACES[number % len(PLACES)]},
                                 "Geo": {"M": {"Lat": {"N": f"{number}.9139"}, "Lon": {"N": f"-{number}.7522"}}}}}
    if number % 4 == 2:
        item["Lines"] = {"L": [{"M": {"Sku": {"S": f"A-{number}"}, "Qty": {"N": str(quantity)}}}, {"S": "rush"}]}
    if number % 6 == 0:
        item["Tags"] = {"SS": ["blue", "green"]}
        item["Scores"] = {"NS": ["-7", "3.14", "100"]}
    if number % 7 == 0:
        item["Label"] = {"B": base64.b64encode(bytes([0, number, 254, 255])).decode()}
        item["Digests"] = {"BS": ["AAE=", "QUI="]}
    if number == 6:
        item["Note"] = {"S": "ring twice \"please\"\n"}
        item["ExpiresAt"] = {"N": "1792399300"}
    return item


def main():
    stream = Stream()
    for number in range(1, 28):
        order = f"o-{1000 + number}"
        stream.write(order, order_item(number))
        if number >= 3 and number - 2 not in (6, 13):  # 6 is never paid and expires, 13 is cancelled
            stream.status(f"o-{1000 + number - 2}", "PAID")
        if number % 4 == 0 and number != 16:
            stream.status(f"o-{1000 + number - 3}", "SHIPPED")
        if number % 8 == 0:
            stream.write(f"o-{1000 + number - 7}", None)
        if number == 18:
            stream.write("o-1013", None)
        if number == 20:
            stream.write("o-1006", None, expired=True)
    print("\n".join(stream.lines))


if __name__ == "__main__":
    main()
