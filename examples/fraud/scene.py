"""The scene of fraud: payments of four cards within half an hour. Claim: what was spent is exact, a case has one alert,
also under duplicates; another one only where a crash or a lost response fell between sending and noting it.
"""
from decimal import Decimal

from stage import main
from tables import plain

LIMIT = Decimal(500)
EVERY_S = 30
PAYMENTS = (  # a card, and what it pays one after the other
    ("c-lucky", ["166.67", "166.67", "166.66"]),                      # exactly the limit: as doubles it would be more
    ("c-thief", ["199.99", "199.99", "100.03", "450.00", "80.00"]),   # above with the third
    ("c-cents", ["0.10"] * 12),
    ("c-whale", ["12500.00", "1.00"]),
)


def payments():
    """By turns, until all have paid: (card, amount)."""
    for turn in range(max(len(amounts) for _, amounts in PAYMENTS)):
        yield from ((card, amounts[turn]) for card, amounts in PAYMENTS if turn < len(amounts))


def on_paper(records):
    """What each case comes to, and in which an alert is due."""
    spent = {}
    for record in records:
        image = plain(record["dynamodb"]["NewImage"])
        case = f"{image['card']}#{record['dynamodb']['ApproximateCreationDateTime'] // 600}"
        spent[case] = spent.get(case, 0) + Decimal(image["amount"])
    return spent


def excuses(faults, case):
    """How many alerts more there may be: faults that fell between sending and noting."""
    def excused(kind, request):
        if "PublishBatch" in request:
            return kind != "killed before"
        return "SET alerted" in request and kind == "killed before"
    return 0 if faults is None else sum(case in request and excused(kind, request) for kind, request in faults.log)


def scene(stage):
    tables, services = stage.tables(Payments="id", Cases="id"), stage.services()
    for number, (card, amount) in enumerate(payments(), 1):
        tables.put("Payments", id=f"p-{number}", card=card, amount=Decimal(amount))
    records = tables.changes("Payments", every_s=EVERY_S)
    settings = dict(CASES="Cases", TOPIC_ARN="arn:aws:sns:eu-west-1:111122223333:alerts", LIMIT=str(LIMIT))
    print(f"{len(records)} payments of {len(PAYMENTS)} cards, twice")
    for _ in range(2):
        total = stage.play(records, **settings)
        assert total["discarded"] == 0, total
        stage.tell(total)

    due = on_paper(records)
    sent = [message["Message"] for message in services.stored().get("sns", [])]
    for case in map(plain, tables.items("Cases")):
        assert Decimal(case["spent"]) == due[case["id"]], "not exact"
    assert len(tables.items("Cases")) == len(due), "a case is missing"
    for case, spent in due.items():
        count = sum(message.startswith(case + ":") for message in sent)
        least = 1 if spent > LIMIT else 0
        assert least <= count <= least + (excuses(stage.faults, case) if least else 0), f"{case}: {count} alerts"
    print(f"{len(due)} cases, all exact to the cent")
    for message in sorted(set(sent)):
        print(f"  alert: {message}")


if __name__ == "__main__":
    main(__file__, scene)
