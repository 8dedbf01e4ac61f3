"""The scene of archive: orders that are placed, paid and deleted, some by time-to-live; one change cannot be read."""
import json

from scenes import Table, main

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


def tell(stored):
    objects = stored["s3"]
    first = next(path for path in sorted(objects) if "oldImage" in objects[path])
    unread = [path for path in objects if "/unread/" in path]
    print(f"S3 has {len(objects)} objects, {len(unread)} of them not read; the first with both images:")
    print(first)
    print(objects[first], end="")
    print(f"{sum(json.loads(text).get('expired') is True for text in objects.values())} deletions by time-to-live")


if __name__ == "__main__":
    main(table, tell)
