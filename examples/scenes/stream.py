"""Tables for the scenes of the examples: whatever is written becomes a stream record, as DynamoDB would write it with the
view type NEW_AND_OLD_IMAGES. The same writes give the same bytes."""
import base64
import hashlib
import json

FIRST_SEQUENCE = 810000000000000021457311106
FIRST_SECOND = 1792399200  # 2026-10-19T08:40:00Z, the begin of a minute


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


def typed(value):
    """A Python value as an attribute value; one that is a typed value already (a dictionary) stays as it is."""
    if isinstance(value, dict):
        return value
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    return {"N": str(value)}


class Table:
    """Items by their key, and the stream of their changes."""

    def __init__(self, name, key, step_s=5):
        self.name, self.key, self.step_s = name, key, step_s
        self.items, self.records, self.texts = {}, [], []
        self.arn = f"arn:aws:dynamodb:eu-west-1:111122223333:table/{name}/stream/2026-10-19T08:35:12.417"

    def put(self, key, **attributes):
        """Write the whole item."""
        self.change(key, {self.key: {"S": key}, **{name: typed(value) for name, value in attributes.items()}})

    def update(self, key, **attributes):
        """Set these attributes of it."""
        self.change(key, {**self.items[key], **{name: typed(value) for name, value in attributes.items()}})

    def delete(self, key, expired=False):
        self.change(key, None, expired)

    def change(self, key, new, expired=False):
        old, keys, number = self.items.get(key), {self.key: {"S": key}}, len(self.records) + 1
        change = {"ApproximateCreationDateTime": FIRST_SECOND + self.step_s * number, "Keys": keys}
        if new is not None:
            change["NewImage"] = new
        if old is not None:
            change["OldImage"] = old
        change["SequenceNumber"] = str(FIRST_SEQUENCE + 1009 * number)
        change["SizeBytes"] = sum(size_of_item(image) for image in (keys, new, old) if image is not None)
        change["StreamViewType"] = "NEW_AND_OLD_IMAGES"
        record = {"eventID": hashlib.md5(f"{self.name.lower()} {number}".encode()).hexdigest(),
                  "eventName": "REMOVE" if new is None else "INSERT" if old is None else "MODIFY",
                  "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "eu-west-1"}
        if expired:
            record["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
        record.update(dynamodb=change, eventSourceARN=self.arn)
        self.records.append(record)
        if new is None:
            del self.items[key]
        else:
            self.items[key] = new

    def lines(self):
        """One stream record a line."""
        return "".join(line(record) + "\n" for record in self.records)

    def counts(self):
        """'12 changes of Orders: 5 INSERT, 4 MODIFY, 3 REMOVE'"""
        names = [record["eventName"] for record in self.records]
        kinds = ", ".join(f"{names.count(kind)} {kind}" for kind in ("INSERT", "MODIFY", "REMOVE"))
        return f"{len(names)} changes of the table {self.name}: {kinds}"


def line(record):
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    seconds = record["dynamodb"]["ApproximateCreationDateTime"]
    return text.replace(f'"ApproximateCreationDateTime":{seconds}', f'"ApproximateCreationDateTime":{epoch(seconds)}', 1)
