"""The scene of eventstore: deposits and withdrawals of some accounts. Claim: there is one event for each change, in one
unbroken row for each account, and the statements made again from the events are the same, byte by byte.
"""
import hashlib
import json
import random
from decimal import Decimal

from stage import main
from tables import plain, text_of


class Bank:
    """The application: each write carries the next version."""

    def __init__(self, tables):
        self.tables, self.accounts, self.changes = tables, {}, 0

    def set(self, account, balance):
        version = self.accounts.get(account, (0, None))[0] + 1
        self.accounts[account] = (version, balance)
        self.tables.put("Accounts", account=account, version=version, balance=balance)
        self.changes += 1

    def move(self, account, amount):
        self.set(account, self.accounts[account][1] + Decimal(amount))

    def close(self, account):
        self.tables.delete("Accounts", account=account)
        del self.accounts[account]
        self.changes += 1


def trade(bank, seed):
    dice = random.Random(seed)
    for number in range(1, 7):
        bank.set(f"a-{number}", Decimal("100.00"))
    for _ in range(90):
        bank.move(f"a-{dice.randrange(1, 7)}", f"{dice.randrange(-9000, 11000) / 100:.2f}")
    bank.close("a-6")


def digest(tables, table):
    return hashlib.sha256(text_of(tables.items(table)).encode()).hexdigest()


def scene(stage):
    tables = stage.tables(Accounts="account", Events="account,version:N", Statements="account", Rebuilt="account")
    bank = Bank(tables)
    trade(bank, 5)
    total = stage.play(tables.changes("Accounts"), EVENTS="Events", STATEMENTS="Statements")
    stage.tell(total)
    assert total["discarded"] == 0, total

    events = tables.items("Events")
    rows = {}
    for event in map(plain, events):
        rows.setdefault(event["account"], []).append(int(event["version"]))
    assert len(events) == bank.changes, "an event is missing or too many"
    assert all(sorted(row) == list(range(1, len(row) + 1)) for row in rows.values()), "a row with a gap"
    print(f"{len(events)} events, in an unbroken row for each of {len(rows)} accounts")

    for one in sorted(map(plain, tables.items("Statements")), key=lambda one: one["account"]):
        in_, out, cents = (int(one[name]) for name in ("credited", "debited", "cents"))
        print(f"  {one['account']} {one['state']}: version {one['version']}, {in_} cents in, {out} out, {cents} left")
        assert in_ - out == cents, "the sums are wrong"
        assert one["account"] not in bank.accounts or cents == bank.accounts[one["account"]][1] * 100, "not the balance"

    records = sorted((json.loads(event["record"]["S"]) for event in events),
                     key=lambda record: int(record["dynamodb"]["SequenceNumber"]))
    stage.play(records, STATEMENTS="Rebuilt", REBUILD="1")
    assert digest(tables, "Statements") == digest(tables, "Rebuilt"), "the replay came to something else"
    print(f"made again from the events: the same SHA-256, {digest(tables, 'Rebuilt')[:16]}...")


if __name__ == "__main__":
    main(__file__, scene)
