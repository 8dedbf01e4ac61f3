#!/usr/bin/env python3
"""Writes orders.jsonl: the stream of a table Orders over a few minutes, one stream record per line, as DynamoDB would
write it with the view type NEW_AND_OLD_IMAGES. The same bytes every time.

    python3 make_orders.py > orders.jsonl
"""
import base64
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenes"))

from stream import Table  # noqa: E402, its place is only known now

PLACES = ["Oslo", "Gdańsk", "São Paulo", "København", "Łódź", "Zürich", "東京"]


class Orders(Table):
    def status(self, order, status):
        self.update(order, Status=status)


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
    stream = Orders("Orders", "OrderId")
    for number in range(1, 28):
        order = f"o-{1000 + number}"
        stream.change(order, order_item(number))
        if number >= 3 and number - 2 not in (6, 13):  # 6 is never paid and expires, 13 is cancelled
            stream.status(f"o-{1000 + number - 2}", "PAID")
        if number % 4 == 0 and number != 16:
            stream.status(f"o-{1000 + number - 3}", "SHIPPED")
        if number % 8 == 0:
            stream.delete(f"o-{1000 + number - 7}")
        if number == 18:
            stream.delete("o-1013")
        if number == 20:
            stream.delete("o-1006", expired=True)
    print(stream.lines(), end="")


if __name__ == "__main__":
    main()
