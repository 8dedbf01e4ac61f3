"""The scene of analytics: a day in a table of orders, and what Firehose has got of it. Claim: a line for each new image, and
what comes again has the same bytes.
"""
import json

from stage import main
from stream import Table

PLACES = [("Gdańsk", "PL"), ("København", "DK"), ("Zürich", "CH"), ("Oslo", "NO")]


def order(number):
    city, country = PLACES[number % len(PLACES)]
    item = {"Customer": f"c-{number % 17}", "Status": "NEW", "Total": {"N": f"{number * 7 + 4}.{number % 10}90"},
            "PlacedAt": {"N": str(1792399200 + number)},
            "Lines": {"L": [{"M": {"Sku": {"S": f"A-{number}"}, "Qty": {"N": "1"}}}]}}
    if number % 3:
        item["Address"] = {"M": {"City": {"S": city}, "Country": {"S": country}}}
    if number % 5 == 0:
        item["Tags"] = {"SS": ["gift", "rush"]}
    return item


def table():
    orders = Table("Orders", "OrderId")
    for number in range(1, 601):
        orders.put(f"o-{number}", **order(number))
        if number > 3:
            orders.update(f"o-{number - 3}", Status="PAID")
        if number > 9 and number % 2:
            orders.delete(f"o-{number - 9}")
    return orders


def check(stored, orders):
    lines = set(stored["firehose"])
    want = sorted(record["eventID"] for record in orders.records if record["eventName"] != "REMOVE")
    assert sorted(json.loads(line)["event_id"] for line in lines) == want, "a line is missing, or one came in two forms"


def tell(stored):
    lines = sorted(stored["firehose"], key=lambda line: json.loads(line)["sequence"])
    print(f"Firehose has {len(lines)} lines, {len(set(lines))} of them different; the first three:")
    print("".join(lines[:3]), end="")


def scene(stage):
    services, orders = stage.services(), table()
    print(orders.counts())
    stage.play(orders.records, DELIVERY_STREAM="orders-analytics")
    print(*stage.summary(), sep="\n")
    check(services.stored(), orders)
    tell(services.stored())


if __name__ == "__main__":
    main(__file__, scene, share=0.1)
