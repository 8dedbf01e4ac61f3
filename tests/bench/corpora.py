#!/usr/bin/env python3
"""Writes the events that decoding is measured on, one file each: corpora.py FOLDER [--seed N].

The same seed gives the same bytes. The shapes are those of e-commerce: orders with a dozen attributes, both images.
"""
import argparse
import base64
import json
import os
import random

WORDS = "order status shipping address customer total currency created updated items sku quantity price".split()
WIDE = ["Grüße aus Köln", "日本語のテキスト", "line\nbreak", 'a "quoted" word', "tab\there", "naïve café", "Ελληνικά", "emoji 🙂"]


def number(rng):
    kind = rng.randrange(4)
    if kind == 0:
        return str(rng.randrange(100))
    if kind == 1:
        return f"{rng.randrange(100000)}.{rng.randrange(100):02}"
    return str(rng.randrange(10 ** rng.randrange(1, 14)))


def long_number(rng):
    digits = "".join(rng.choice("123456789") for _ in range(rng.randrange(1, 36)))
    kind = rng.randrange(4)
    if kind == 0:
        return "-" + digits
    if kind == 1 and len(digits) > 1:
        return digits[:len(digits) // 2] + "." + digits[len(digits) // 2:]
    return digits + ("E+" + str(rng.randrange(20)) if kind == 2 else "")


def text(rng, words=3):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, words + 1)))


def hexes(rng, digits):
    return "".join(rng.choice("0123456789abcdef") for _ in range(digits))


def order(rng):
    lines = [{"M": {"sku": {"S": "SKU-" + hexes(rng, 6)}, "quantity": {"N": str(rng.randrange(1, 9))},
                    "price": {"N": number(rng)}}} for _ in range(rng.randrange(1, 4))]
    return {
        "pk": {"S": "CUSTOMER#" + hexes(rng, 8)}, "sk": {"S": "ORDER#" + hexes(rng, 12)},
        "status": {"S": rng.choice(["PLACED", "PAID", "SHIPPED", "DELIVERED"])},
        "total": {"N": number(rng)}, "currency": {"S": "EUR"}, "createdAt": {"N": str(1760000000 + rng.randrange(10 ** 7))},
        "email": {"S": hexes(rng, 7) + "@example.com"}, "gift": {"BOOL": rng.random() < 0.5},
        "note": {"S": text(rng, 6)}, "coupon": {"NULL": True}, "tags": {"SS": ["new", "web", hexes(rng, 4)]},
        "address": {"M": {"street": {"S": text(rng)}, "city": {"S": "Berlin"}, "zip": {"S": str(rng.randrange(99999))}}},
        "lines": {"L": lines},
    }


def wide(rng):
    return {"pk": {"S": hexes(rng, 8)}, **{f"text{i}": {"S": " ".join(rng.choice(WIDE) for _ in range(12))} for i in range(8)}}


def binary(rng):
    return {"pk": {"S": hexes(rng, 8)},
            **{f"blob{i}": {"B": base64.b64encode(rng.randbytes(rng.randrange(100, 900))).decode()} for i in range(3)}}


def numbers(rng):
    return {"pk": {"S": hexes(rng, 8)}, **{f"n{i}": {"N": long_number(rng)} for i in range(12)},
            "set": {"NS": [long_number(rng) for _ in range(6)]}}


def value(rng, depth):
    kind = rng.choice("SSSSNNNBBONMLXYZ" if depth < 4 else "SSNNBO")
    if kind == "S":
        return {"S": "".join(chr(rng.choice([rng.randrange(32, 127), rng.randrange(97, 123)])) for _ in range(rng.randrange(40)))}
    if kind == "N":
        return {"N": number(rng)}
    if kind == "B":
        return {"B": base64.b64encode(rng.randbytes(rng.randrange(60))).decode()}
    if kind == "O":
        return {"BOOL": rng.random() < 0.5}
    if kind == "M":
        return {"M": {hexes(rng, rng.randrange(1, 12)): value(rng, depth + 1) for _ in range(rng.randrange(6))}}
    if kind == "L":
        return {"L": [value(rng, depth + 1) for _ in range(rng.randrange(6))]}
    if kind == "X":
        return {"SS": [text(rng) for _ in range(rng.randrange(1, 5))]}
    if kind == "Y":
        return {"NS": [number(rng) for _ in range(rng.randrange(1, 5))]}
    return {"NULL": True}


def random_schema(rng):
    return {"pk": {"S": hexes(rng, 8)},
            **{hexes(rng, rng.randrange(2, 20)): value(rng, 0) for _ in range(rng.randrange(3, 40))}}


def record(rng, index, make):
    old = make(rng)
    new = dict(old)
    new[rng.choice(list(new))] = {"S": "changed"}
    return {
        "eventID": hexes(rng, 32), "eventName": "MODIFY", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1760000000 + index, "Keys": {"pk": old["pk"]}, "NewImage": new, "OldImage": old,
            "SequenceNumber": str(4421584500000000017450439091 + index), "SizeBytes": rng.randrange(100, 4000),
            "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-10-19T08:40:00.000",
    }


def event(seed, count, make):
    rng = random.Random(seed)
    return {"Records": [record(rng, i, make) for i in range(count)]}


def compact(data, ascii_only=False):
    return json.dumps(data, separators=(",", ":"), ensure_ascii=ascii_only)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    seed = arguments.seed
    os.makedirs(arguments.folder, exist_ok=True)
    typical = event(seed, 100, order)
    files = {
        "small": compact(event(seed, 1, order)), "typical": compact(typical), "large": compact(event(seed, 2400, order)),
        "wide": compact(event(seed, 60, wide)), "wide-ascii": compact(event(seed, 60, wide), True),
        "binary": compact(event(seed, 60, binary)), "numbers": compact(event(seed, 100, numbers)),
        "random": compact(event(seed, 100, random_schema)), "spaced": json.dumps(typical, ensure_ascii=False),
        "pretty": json.dumps(typical, ensure_ascii=False, indent=2),
    }
    for name, content in files.items():
        with open(os.path.join(arguments.folder, name + ".json"), "wb") as file:
            file.write(content.encode())


if __name__ == "__main__":
    main()
