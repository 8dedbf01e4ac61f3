#!/usr/bin/env python3
"""Makes the corpora of the benchmark: events of many shapes, from a seed.

corpora.py FOLDER [--seed N] [--only NAME]... [--size BYTES]

The same seed gives the same bytes. No corpus has what one of the peers cannot decode at all: no U+0000 (cJSON cuts
there), no attribute name twice, no set with equal elements, numbers of at most 38 digits.
"""
import argparse
import base64
import json
import os
import random

KIB, MIB = 1024, 1024 * 1024
EVENT_MAX = 6 * MIB + 100
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417"
WORDS = ("linen", "oak", "shirt", "lamp", "blue", "small", "copper", "kettle", "wool", "table", "garden", "chair", "set",
         "glass", "travel", "classic", "paper", "light", "kids", "winter", "soft", "large", "green", "steel")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
COMPACT = (",", ":")


# Pieces

def letters(rng, low, high):
    return "".join(rng.choices(LETTERS, k=rng.randint(low, high)))


def words(rng, low, high):
    return " ".join(rng.choices(WORDS, k=rng.randint(low, high)))


def time_text(rng):
    return f"2026-10-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}Z"


def cents(rng, limit=100000):
    value = rng.randint(1, limit)
    return {"N": f"{value // 100}.{value % 100:02}"}


def integer(rng, limit):
    return {"N": str(rng.randint(0, limit))}


def binary(rng, low, high):
    return base64.b64encode(rng.randbytes(rng.randint(low, high))).decode()


def distinct(count, make):
    """So many different ones, in the order they come."""
    found = {}
    while len(found) < count:
        found[make()] = None
    return list(found)


class Stream:
    """Records as a table's stream has them."""

    def __init__(self, rng):
        self.rng = rng
        self.sequence = rng.randint(10**23, 9 * 10**23)
        self.created = 1792399200

    def record(self, keys, new=None, old=None):
        rng = self.rng
        self.sequence += rng.randint(1, 300)
        self.created += rng.randint(0, 1)
        change = {"ApproximateCreationDateTime": self.created, "Keys": keys}
        change.update({name: image for name, image in (("NewImage", new), ("OldImage", old)) if image is not None})
        change.update(SequenceNumber=str(self.sequence), SizeBytes=rng.randint(50, 4000),
                      StreamViewType="NEW_AND_OLD_IMAGES")
        name = "MODIFY" if new is not None and old is not None else "INSERT" if old is None else "REMOVE"
        return {"eventID": rng.randbytes(16).hex(), "eventName": name, "eventVersion": "1.1",
                "eventSource": "aws:dynamodb", "awsRegion": "eu-west-1", "dynamodb": change, "eventSourceARN": ARN}

    def of_item(self, attributes, old=None):
        """A record of an item of these attributes beside its key."""
        keys = {"PK": {"S": "ITEM#" + letters(self.rng, 8, 12)}}
        return self.record(keys, {**keys, **attributes}, None if old is None else {**keys, **old})


def text_of(records, separators=COMPACT, **more):
    return json.dumps({"Records": records}, separators=separators, **more)


def fill(size, make, dump=None):
    """Records until their texts have that many bytes; at least one."""
    records, used = [], 20
    while True:
        record = make(len(records))
        used += len((dump or (lambda it: json.dumps(it, separators=COMPACT, ensure_ascii=False)))(record).encode()) + 1
        if records and used > size:
            return records
        records.append(record)


# Shapes of real tables

def order(rng):
    """An item of a shop; about 900 bytes."""
    item = {
        "customerId": {"S": "CUST-" + letters(rng, 10, 10)}, "email": {"S": letters(rng, 8, 14).lower() + "@example.com"},
        "carrier": {"S": rng.choice(["post", "parcel", "courier"])}, "parcels": integer(rng, 5), "status": {"S": rng.choice(["OPEN", "PAID", "SHIPPED"])},
        "total": cents(rng), "currency": {"S": "EUR"}, "createdAt": {"S": time_text(rng)},
        "updatedAt": {"S": time_text(rng)}, "version": integer(rng, 40), "gift": {"BOOL": rng.random() < 0.3},
        "coupon": {"NULL": True} if rng.random() < 0.5 else {"S": letters(rng, 8, 8)},
        "address": {"M": {"street": {"S": words(rng, 2, 3) + f" {rng.randint(1, 200)}"}, "city": {"S": words(rng, 1, 1)},
                          "zip": {"S": f"{rng.randint(10000, 99999)}"}, "country": {"S": "DE"}}},
        "lines": {"L": [{"M": {"sku": {"S": "SKU-" + letters(rng, 8, 8)}, "title": {"S": words(rng, 2, 5)},
                               "qty": integer(rng, 9), "price": cents(rng, 20000)}} for _ in range(rng.randint(1, 4))]},
        "tags": {"SS": distinct(rng.randint(1, 3), lambda: rng.choice(WORDS))},
    }
    if rng.random() < 0.2:
        item["etag"] = {"B": binary(rng, 16, 32)}
    return item


def shop(rng, size):
    stream = Stream(rng)

    def make(_):
        old = order(rng)
        new = dict(old, status={"S": "SHIPPED"}, updatedAt={"S": time_text(rng)}, version=integer(rng, 40))
        return stream.of_item(new, old)
    return fill(size, make)


def hundred(rng):
    stream = Stream(rng)
    for _ in range(100):
        old = order(rng)
        yield stream.of_item(dict(old, status={"S": "SHIPPED"}, updatedAt={"S": time_text(rng)}), old)


def wide_text(rng):
    """A long string of words with escapes and UTF-8 among them."""
    pieces = []
    for _ in range(rng.randint(40, 400)):
        pieces.append(rng.choice(WORDS))
        draw = rng.random()
        if draw < 0.10:
            pieces.append(rng.choice(['"', "\\", "\n", "\t", "/"]))
        elif draw < 0.20:
            pieces.append(rng.choice(["\u00e9", "\u00fc", "\u20ac", "\u65e5\u672c", "\u0416", "\U0001f600"]))
    return " ".join(pieces)


def wide(rng, size):
    stream = Stream(rng)
    return fill(size, lambda _: stream.of_item({"title": {"S": words(rng, 3, 6)}, "body": {"S": wide_text(rng)},
                                                "summary": {"S": wide_text(rng)}, "views": integer(rng, 10**6)}))


def binaries(rng, size):
    stream = Stream(rng)
    return fill(size, lambda _: stream.of_item({
        "thumbnail": {"B": binary(rng, 2000, 12000)}, "digest": {"B": binary(rng, 32, 32)},
        "parts": {"BS": distinct(3, lambda: binary(rng, 100, 900))}, "kind": {"S": "image/png"}}))


def number(rng):
    digits = rng.randint(1, 15)
    text = str(rng.randint(10**(digits - 1), 10**digits - 1))
    if rng.random() < 0.5:
        text += "." + "".join(rng.choices("0123456789", k=rng.randint(1, 5)))
    return ("-" if rng.random() < 0.2 else "") + text


def numbers(rng, size):
    stream = Stream(rng)

    def make(_):
        item = {f"m{i}": {"N": number(rng)} for i in range(rng.randint(10, 30))}
        item["samples"] = {"L": [{"N": number(rng)} for _ in range(rng.randint(5, 40))]}
        item["buckets"] = {"NS": distinct(rng.randint(3, 12), lambda: str(rng.randint(0, 10**9)))}
        return stream.of_item(item)
    return fill(size, make)


def any_text(rng):
    draw = rng.random()
    if draw < 0.6:
        return letters(rng, 0, 24)
    return words(rng, 1, 20) if draw < 0.9 else wide_text(rng)[:rng.randint(1, 600)]


def any_value(rng, depth):
    kind = rng.choices("S N B BOOL NULL M L SS NS BS".split(), weights=(30, 20, 4, 6, 3, 10, 8, 4, 4, 2))[0]
    if depth == 0 and kind in "ML":
        kind = "S"
    few = rng.randint(1, 6)
    content = {
        "S": lambda: any_text(rng), "N": lambda: number(rng), "B": lambda: binary(rng, 0, 200),
        "BOOL": lambda: rng.random() < 0.5, "NULL": lambda: True,
        "M": lambda: {name: any_value(rng, depth - 1) for name in distinct(few, lambda: letters(rng, 1, 20))},
        "L": lambda: [any_value(rng, depth - 1) for _ in range(rng.randint(0, 6))],
        "SS": lambda: distinct(few, lambda: letters(rng, 1, 30)),
        "NS": lambda: distinct(few, lambda: str(rng.randint(-10**6, 10**12))),
        "BS": lambda: distinct(few, lambda: binary(rng, 1, 60)),
    }[kind]()
    return {kind: content}


def schema(rng, size):
    """Items of tables that are drawn at random, one for some records."""
    stream, rows = Stream(rng), []

    def make(index):
        if index % 20 == 0:
            rows[:] = distinct(rng.randint(2, 40), lambda: letters(rng, 1, 30))
        draw = rng.random()
        new = {name: any_value(rng, 4) for name in rows if rng.random() < 0.9}
        old = {name: any_value(rng, 4) for name in rows if rng.random() < 0.9} if draw < 0.6 else None
        return stream.of_item(new, old)
    return fill(size, make)


# Adversarial ones: legal, and as bad as they can be

def nested(depth, wrap, inner):
    for _ in range(depth):
        inner = wrap(inner)
    return inner


def deep_lists(rng, size):
    stream = Stream(rng)
    return fill(size, lambda _: stream.of_item({
        f"a{i}": nested(60, lambda inner: {"L": [inner]}, {"S": "x"}) for i in range(20)}))


def deep_maps(rng, size):
    stream = Stream(rng)
    return fill(size, lambda _: stream.of_item({
        f"a{i}": nested(60, lambda inner: {"M": {"n": inner}}, {"S": "x"}) for i in range(20)}))


def one_item(rng, attributes):
    return [Stream(rng).of_item(attributes)]


def empty_lists(rng, size):
    return one_item(rng, {"lists": {"L": [{"L": []}] * (size // len('{"L":[]},'))}})


def escape_run(rng, size):
    return one_item(rng, {"path": {"S": "\\" * (size // 2)}})


def names_of(rng, names):
    return one_item(rng, {"map": {"M": {name: {"BOOL": True} for name in names}}})


def many_names(rng, size):
    return names_of(rng, distinct(size // 30, lambda: letters(rng, 10, 12)))


def prefix_names(rng, size):
    prefix = "attribute-of-the-customer/" * 8
    return names_of(rng, distinct(size // (len(prefix) + 28), lambda: prefix + letters(rng, 8, 8)))


def hash_names(rng, size):
    """Aa and BB are one to every hash that multiplies by 31, and so is every text made of as many of them."""
    count = size // 50
    pairs = max(14, count.bit_length())
    return names_of(rng, ["".join("BB" if i >> bit & 1 else "Aa" for bit in range(pairs)) for i in range(count)])


def long_number(rng):
    digits = "".join(rng.choices("123456789", k=38))
    return digits[:19] + "." + digits[19:] if rng.random() < 0.5 else "-" + digits


def long_numbers(rng, size):
    return one_item(rng, {"numbers": {"L": [{"N": long_number(rng)} for _ in range(size // 50)]}})


def tiny_records(rng, size):
    stream = Stream(rng)
    return [stream.record({"k": {"N": str(i)}}) for i in range(size // 400)]


def one_string(rng, size):
    return one_item(rng, {"text": {"S": words(rng, size // 6, size // 6)[:size]}})


def single_bytes(rng, size):
    all_bytes = [base64.b64encode(bytes([i])).decode() for i in range(256)]
    return one_item(rng, {"sets": {"L": [{"BS": all_bytes}] * (size // (256 * 7))}})


def reversed_order(value):
    if isinstance(value, dict):
        return {name: reversed_order(value[name]) for name in reversed(value)}
    return [reversed_order(element) for element in value] if isinstance(value, list) else value


def dump_unicode(records):
    body = "".join(chr(0xe9 + i % 500) if i % 7 else "\U0001f600" for i in range(2000))
    return text_of(records).replace('"@"', json.dumps(body))


def unicode_escapes(rng, size):
    stream = Stream(rng)
    return [stream.of_item({"text": {"S": "@"}}) for _ in range(max(1, size // 13000))]


def spaces(records, rng):
    """Spaces, tabs and line ends on both sides of every token."""
    out, quoted, escaped = [], False, False
    for letter in text_of(records):
        if quoted:
            quoted, escaped = letter != '"' or escaped, letter == "\\" and not escaped
            out.append(letter)
            if not quoted:
                out.append(rng.choice([" ", "\t ", "\n    ", "\r\n"]))
            continue
        quoted = letter == '"'
        if quoted or letter in "{}[],:":
            out.append(rng.choice([" ", "  ", "\n\t", " \r\n "]))
        out.append(letter)
    return "".join(out)


def plain(records, _rng):
    return text_of(records, ensure_ascii=False)


# name: (records of a size, their text, usual size)
REAL = {
    "small": (lambda rng, _: [next(hundred(rng))], plain, 0),
    "typical": (lambda rng, _: list(hundred(rng)), plain, 0),
    "large": (shop, plain, 6 * MIB - 8 * KIB),
    "wide": (wide, plain, MIB),
    "binary": (binaries, plain, MIB),
    "numbers": (numbers, plain, MIB // 2),
    "random": (schema, plain, MIB // 2),
    "spaced": (lambda rng, _: list(hundred(rng)), lambda records, _: text_of(records, None), 0),
    "pretty": (lambda rng, _: list(hundred(rng)), lambda records, _: text_of(records, None, indent=2), 0),
}
ADVERSARIAL = {
    "deep-lists": (deep_lists, plain, 400 * KIB),
    "deep-maps": (deep_maps, plain, 400 * KIB),
    "empty-lists": (empty_lists, plain, 400 * KIB),
    "escape-run": (escape_run, plain, 400 * KIB),
    "unicode-escapes": (unicode_escapes, lambda records, _: dump_unicode(records), 400 * KIB),
    "many-names": (many_names, plain, 100_000 * 30),
    "prefix-names": (prefix_names, plain, MIB),
    "hash-names": (hash_names, plain, 400 * KIB),
    "long-numbers": (long_numbers, plain, 400 * KIB),
    "tiny-records": (tiny_records, plain, 10_000 * 400),
    "one-string": (one_string, plain, 400 * KIB),
    "single-bytes": (single_bytes, plain, 400 * KIB),
    "spaces": (lambda rng, size: shop(rng, size // 2), spaces, 400 * KIB),
    "reversed": (lambda rng, size: reversed_order(shop(rng, size)), plain, 400 * KIB),
}


def bind_records(rng, _size):
    """One record with a list of a hundred items of 12 attributes, so that nothing but items is decoded."""
    def item():
        return {"M": {
            "id": {"S": "ORDER-" + letters(rng, 10, 10)}, "customer": {"S": "CUST-" + letters(rng, 8, 8)},
            "state": {"S": rng.choice(["OPEN", "PAID", "SHIPPED"])}, "currency": {"S": "EUR"},
            "created": {"S": time_text(rng)}, "total": cents(rng), "pieces": integer(rng, 30),
            "weight": {"N": f"{rng.randint(1, 99)}.5"}, "gift": {"BOOL": rng.random() < 0.5},
            "note": {"S": words(rng, 2, 8)}, "tags": {"SS": distinct(3, lambda: rng.choice(WORDS))},
            "address": {"M": {"street": {"S": words(rng, 2, 3)}, "city": {"S": words(rng, 1, 1)}}}}}
    return one_item(rng, {"items": {"L": [item() for _ in range(100)]}})


def ten_thousand(rng, _size):
    """The most records that Lambda gives a function at once (BatchSize), all in one event."""
    stream = Stream(rng)
    return [stream.of_item({"status": {"S": "OPEN"}, "total": cents(rng)}) for _ in range(10_000)]


# Batches and items of rows of their own.
OTHER = {
    "ten-thousand": (ten_thousand, plain, 0),
    "batch": (lambda rng, _: shop_of(rng, 100, 185_000), plain, 0),
    "items": (bind_records, plain, 0),
    "empty": (lambda rng, _: [Stream(rng).record({"k": {"S": "1"}})], plain, 0),
}
ALL = {**REAL, **ADVERSARIAL, **OTHER}


def shop_of(rng, count, size):
    """So many records of about that size in all."""
    stream, records = Stream(rng), []
    for left in range(count, 0, -1):
        old = order(rng)
        new = dict(old, status={"S": "SHIPPED"}, updatedAt={"S": time_text(rng)})
        used = len(text_of(records))
        wanted = (size - used) / left
        record = stream.of_item(new, old)
        while len(text_of([record])) > wanted * 1.1 and len(new["lines"]["L"]) > 1:
            for image in (new, old):
                image["lines"] = {"L": image["lines"]["L"][:-1]}
            record = stream.of_item(new, old)
        records.append(record)
    return records


def make(name, seed, size=None):
    """The bytes of a corpus; `size` in place of its usual one, where its shape has any."""
    records, dump, usual = ALL[name]
    rng = random.Random(f"{seed}/{name}")
    content = dump(records(rng, usual if size is None else size), rng).encode()
    assert len(content) <= EVENT_MAX, f"{name}: {len(content)} bytes are no legal event"
    return content


# A stream for `ddbstream run`

MILLION = 1000000


def million_records(folder):
    """A million small records, a line each; made once."""
    path = os.path.join(folder, "million.jsonl")
    if os.path.exists(path):
        return path
    os.makedirs(folder, exist_ok=True)
    with open(path + ".new", "w", encoding="ascii") as file:
        for number in range(MILLION):
            file.write(f'{{"eventID":"{number:x}","eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{{'
                       f'"ApproximateCreationDateTime":{1792399200 + number // 1000},"Keys":{{"id":{{"N":"{number}"}}}},'
                       f'"SequenceNumber":"{10 ** 20 + number}"}},"eventSourceARN":"{ARN}"}}\n')
    os.rename(path + ".new", path)
    return path


def million_mapping(folder):
    path = os.path.join(folder, "million-esm.json")
    with open(path, "w", encoding="ascii") as file:
        json.dump({"FunctionName": "orders", "EventSourceArn": ARN, "StartingPosition": "TRIM_HORIZON", "BatchSize": 1000}, file)
    return path


def path_of(folder, name, seed, size=None):
    """The file of a corpus in a folder; it is made where it is not there yet."""
    place = os.path.join(folder, str(seed))
    path = os.path.join(place, f"{name}.json" if size is None else f"{name}-{size}.json")
    if not os.path.exists(path):
        os.makedirs(place, exist_ok=True)
        content = make(name, seed, size)
        with open(path + ".new", "wb") as file:
            file.write(content)
        os.replace(path + ".new", path)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", action="append", choices=ALL)
    parser.add_argument("--size", type=int)
    options = parser.parse_args()
    for name in options.only or ALL:
        path = path_of(options.folder, name, options.seed, options.size)
        print(f"{os.path.getsize(path):9} {path}")


if __name__ == "__main__":
    main()
