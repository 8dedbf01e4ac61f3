"""The scene of fanout: orders are placed, paid, shipped, cancelled, and forgotten by time-to-live. Claim: every topic gets
the changes that concern it, the queue gets all, and each group of a topic has the order of the table.
"""
from collections import Counter

from stage import main
from stream import Table

SNS = "arn:aws:sns:eu-west-1:111122223333"


def table():
    orders = Table("Orders", "OrderId")
    for number in range(1, 61):
        orders.put(f"o-{number}", Status="NEW", Total={"N": f"{number * 40 - 20}.50"})
        if number > 2:
            orders.update(f"o-{number - 2}", Status="PAID")
        if number > 5:
            orders.update(f"o-{number - 5}", Status="SHIPPED" if number % 3 else "PAID")
            orders.update(f"o-{number - 5}", Note="ring twice")
        if number > 9 and number % 4 == 0:
            orders.delete(f"o-{number - 9}", expired=number % 8 == 0)
    return orders


def topic(message):
    """The name of the topic that a message of SNS is of."""
    return message["TopicArn"].rpartition(":")[2]


def received(stored):
    """The messages of each topic and of the queue."""
    got = {"orders.fifo": stored["sqs"]}
    for message in stored["sns"]:
        got.setdefault(topic(message), []).append(message)
    return got


def concerned(record, name):
    """Whether a change concerns a topic or the queue: the rules of fanout.c, told once more."""
    old, new = record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage")
    return {"orders.fifo": True, "placed.fifo": old is None, "large.fifo": old is None and float(new["Total"]["N"]) >= 1000,
            "shipped.fifo": None not in (old, new) and old["Status"] != new["Status"] == {"S": "SHIPPED"},
            "cancelled.fifo": new is None and "userIdentity" not in record}[name]


def check(stored, orders):
    """A message that comes twice within five minutes is dropped by SNS and SQS; here it is dropped now."""
    places = {record["eventID"]: place for place, record in enumerate(orders.records)}
    got = received(stored)
    assert len(got) == 5, f"only {sorted(got)} have got something"
    for name, messages in got.items():
        want = [place for place, record in enumerate(orders.records) if concerned(record, name)]
        found = {places[message["MessageDeduplicationId"]]: message["MessageGroupId"] for message in messages}
        assert sorted(found) == want, f"{name} has other changes"
        groups = {}
        for place, group in found.items():
            assert group == orders.records[place]["dynamodb"]["Keys"]["OrderId"]["S"], f"{name}: another order's group"
            groups.setdefault(group, []).append(place)
        assert all(group == sorted(group) for group in groups.values()), f"{name}: a group out of order"


def tell(stored):
    counts = Counter(map(topic, stored["sns"]))
    for name in sorted(counts):
        print(f"topic {name}: {counts[name]} messages")
    groups = {message["MessageGroupId"] for message in stored["sqs"]}
    print(f"queue orders.fifo: {len(stored['sqs'])} messages in {len(groups)} groups")


def scene(stage):
    services, orders = stage.services(), table()
    print(orders.counts())
    topics = {f"TOPIC_{name.upper()}": f"{SNS}:{name}.fifo" for name in ("placed", "large", "shipped", "cancelled")}
    stage.play(orders.records, QUEUE_URL="https://sqs.eu-west-1.amazonaws.com/111122223333/orders.fifo", **topics)
    print(*stage.summary(), sep="\n")
    check(services.stored(), orders)
    tell(services.stored())


if __name__ == "__main__":
    main(__file__, scene)
