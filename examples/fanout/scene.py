"""The scene of fanout: orders are placed, paid, shipped, cancelled, and forgotten by time-to-live."""
from collections import Counter

from scenes import Table, main


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


def tell(stored):
    counts = Counter(map(topic, stored["sns"]))
    for name in sorted(counts):
        print(f"topic {name}: {counts[name]} messages")
    groups = {message["MessageGroupId"] for message in stored["sqs"]}
    print(f"queue orders.fifo: {len(stored['sqs'])} messages in {len(groups)} groups")


if __name__ == "__main__":
    main(table, tell)
