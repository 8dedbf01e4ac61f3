"""The scene of archive: orders that are placed, paid and deleted, some by time-to-live; one change cannot be read. Claim: an
object for each change with both its images, whatever comes again.
"""
import json

from stage import main
from stream import Table

UNREAD = 98  # this change has a number that is none


def table():
    orders = Table("Orders", "OrderId")
    for number in range(1, 53):
        orders.put(f"o-{number}", Total={"N": f"{number}.50"}, Label={"B": "AGb/"}, Tags={"SS": ["gift", "rush"]})
        if number > 2:
            orders.update(f"o-{number - 2}", Status="PAID")
        if number > 5 and number % 2:
            orders.delete(f"o-{number - 5}", expired=number % 4 == 1)
    change = orders.records[UNREAD]["dynamodb"]
    change["NewImage"] = {**change["NewImage"], "Total": {"N": "12,50"}}
    return orders


def check(stored, orders):
    objects = stored["s3"]
    assert len(objects) == len(orders.records), "an object is missing or too many"
    for place, record in enumerate(orders.records):
        change = record["dynamodb"]
        number = change["SequenceNumber"]
        path = f"unread/{number}" if place == UNREAD else f"Orders/2026/10/19/{number}-{record['eventID']}"
        kept = json.loads(objects[f"/orders-archive/{path}.json"])
        images = kept["dynamodb"] if place == UNREAD else {name[0].upper() + name[1:]: kept[name] for name in kept}
        for name in ("OldImage", "NewImage"):
            assert images.get(name) == change.get(name), f"the {name} of change {place + 1} is another one"


def tell(stored):
    objects = stored["s3"]
    first = next(path for path in sorted(objects) if "oldImage" in objects[path])
    unread = [path for path in objects if "/unread/" in path]
    print(f"S3 has {len(objects)} objects, {len(unread)} of them not read; the first with both images:")
    print(first)
    print(objects[first], end="")
    print(f"{sum(json.loads(text).get('expired') is True for text in objects.values())} deletions by time-to-live")


def scene(stage):
    services, orders = stage.services(), table()
    print(orders.counts())
    stage.play(orders.records, ARCHIVE_BUCKET="orders-archive")
    print(*stage.summary(), sep="\n")
    check(services.stored(), orders)
    tell(services.stored())


if __name__ == "__main__":
    main(__file__, scene, share=0.01)
