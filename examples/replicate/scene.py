"""The scene of replicate: two regions write the same orders at the same time, and delete some. Each has the function, with
the other one as its replica. Claim: when all is quiet, the tables are equal byte by byte.
"""
import random
import time

from stage import main
from tables import Refused, item, plain, text_of

REGIONS = ("eu-west-1", "us-east-1")


class Application:
    """Who writes orders: with the time and the region, and only over what is older."""

    def __init__(self):
        self.clock = int(time.time() * 1000)

    def now(self):
        self.clock = max(self.clock + 1, int(time.time() * 1000))
        return self.clock

    def write(self, tables, order, status):
        written = self.now()
        try:
            tables.call("PutItem", TableName="Orders",
                        Item=item(id=order, status=status, written=written, origin=tables.region),
                        ConditionExpression="attribute_not_exists(written) OR written < :now",
                        ExpressionAttributeValues={":now": {"N": str(written)}})
        except Refused:
            pass  # a later write of the other region is there, made by a faster clock

    def delete(self, tables, order):
        tables.delete("Orders", id=order)


def replicate(stage, eu, us):
    """Play what is new in both streams until nothing is."""
    rounds = 0
    while True:
        streams = [(here, there, here.changes("Orders")) for here, there in ((eu, us), (us, eu))]
        if not any(records for _, _, records in streams):
            return rounds
        for here, there, records in streams:
            if records:
                total = stage.play(records, TABLE="Orders", AWS_REGION=here.region, REPLICA_REGION=there.region,
                                   AWS_ENDPOINT_URL_DYNAMODB=stage.endpoint(here.url),
                                   REPLICA_ENDPOINT=stage.endpoint(there.url))
                assert total["discarded"] == 0 and total["lost"] == 0, total
        rounds += 1


def show(tables):
    for order in sorted(map(plain, tables.items("Orders")), key=lambda order: order["id"]):
        print(f"  {tables.region}: {order['id']} " + ("deleted" if "deleted" in order else order["status"]) +
              f", written in {order['origin']}")


def scene(stage):
    eu, us = (stage.tables(region, Orders="id") for region in REGIONS)
    application = Application()

    print("o-1 is written in Europe and then in America, o-2 the other way round;")
    print("o-3 is written and deleted in Europe, o-4 deleted in Europe and then written again in America")
    application.write(eu, "o-4", "NEW")
    replicate(stage, eu, us)
    application.write(eu, "o-1", "PAID")
    application.write(us, "o-1", "SHIPPED")
    application.write(us, "o-2", "PAID")
    application.write(eu, "o-2", "SHIPPED")
    application.write(eu, "o-3", "NEW")
    application.delete(eu, "o-3")
    application.delete(eu, "o-4")
    time.sleep(1.1)  # a deletion's time is a whole second
    application.write(us, "o-4", "BACK")
    rounds = replicate(stage, eu, us)
    show(eu)
    show(us)
    assert text_of(eu.items("Orders")) == text_of(us.items("Orders")), "the tables differ"
    print(f"  equal after {rounds} rounds: no change goes round in circles")

    dice = random.Random(stage.seed or 1)
    for _ in range(120):
        order, region = f"o-{dice.randrange(10, 22)}", dice.choice((eu, us))
        if dice.random() < 0.2:
            application.delete(region, order)
        else:
            application.write(region, order, dice.choice(("NEW", "PAID", "SHIPPED")))
    replicate(stage, eu, us)
    assert text_of(eu.items("Orders")) == text_of(us.items("Orders")), "the tables differ"
    print(f"120 more writes in both regions: {len(eu.items('Orders'))} items, equal byte by byte")


if __name__ == "__main__":
    main(__file__, scene)
