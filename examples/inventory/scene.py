"""The scene of inventory: a morning of orders for three things, one order that nobody can serve. Claim: the stock is what
a calculation on paper says, was never below zero, and the bad order alone was given up.
"""
import random

from stage import main
from tables import plain

STOCK = {"chair": 70, "lamp": 30, "table": 6}
BAD = "o-31"


def orders():
    dice = random.Random(7)
    for number in range(1, 61):
        order = f"o-{number}"
        yield order, dice.choice(sorted(STOCK)), 0 if order == BAD else dice.randrange(1, 5)


def on_paper():
    """What is left, and which orders are sold out."""
    left, sold_out = dict(STOCK), []
    for order, sku, pieces in orders():
        if pieces > left[sku]:
            sold_out.append(order)
        else:
            left[sku] -= pieces
    return left, sold_out


def scene(stage):
    tables = stage.tables(Orders="id", Stock="sku")
    for sku, pieces in STOCK.items():
        tables.put("Stock", sku=sku, pieces=pieces)
    for order, sku, pieces in orders():
        tables.put("Orders", id=order, sku=sku, pieces=pieces)
    print("60 orders; " + ", ".join(f"{pieces} {sku}s" for sku, pieces in STOCK.items()))

    placed = tables.changes("Orders", every_s=300)
    total = stage.play(placed, STOCK="Stock")
    stage.tell(total)
    if stage.faults is None:
        print("  records of each delivery: " + " ".join(str(one["count"]) for one in stage.deliveries))
    assert total["discarded"] == 1, total
    failed = [record["dynamodb"]["NewImage"]["id"]["S"] for record in stage.failed(placed)]
    assert failed == [BAD], failed
    print(f"  given up: {failed[0]}, which orders {dict((o, p) for o, _, p in orders())[BAD]} pieces")

    left, sold_out = on_paper()
    print(f"  sold out for {len(sold_out)} orders")
    for one in sorted(map(plain, tables.items("Stock")), key=lambda one: one["sku"]):
        print(f"  {one['pieces']} {one['sku']}s are left, {left[one['sku']]} on paper")
        assert int(one["pieces"]) == left[one["sku"]], "not exact"
    lowest = min(int(change["dynamodb"]["NewImage"]["pieces"]["N"]) for change in tables.changes("Stock"))
    assert lowest >= 0, "below zero"
    print(f"  never below zero: the least was {lowest}")


if __name__ == "__main__":
    main(__file__, scene)
