"""The scene of welcome: customers join, move to another address, change something else, and leave. Claim: everyone gets
every mail once, a second one only where a crash or a lost response fell between sending and noting it; the contacts are the
customers.
"""
from collections import Counter

from stage import main
from stream import Table


def table():
    customers = Table("Customers", "id")
    for number in range(1, 25):
        customers.put(f"c-{number}", name=f"Łucja {number}", email=f"c{number}@example.com", points=0)
        if number > 2 and number % 3 == 0:
            customers.update(f"c-{number - 2}", email=f"new{number - 2}@example.com")
        if number > 2 and number % 4 == 0:
            customers.update(f"c-{number - 1}", points=number)
        if number > 6 and number % 5 == 0:
            customers.delete(f"c-{number - 6}")
    return customers


def mails(stored):
    """How many mails there are of each address and subject."""
    return Counter((mail["Destination"]["ToAddresses"][0], mail["Content"]["Simple"]["Subject"]["Data"])
                   for mail in stored.get("ses", []))


def due(customers):
    """The mails that the changes ask for."""
    wanted = []
    for change in (record["dynamodb"] for record in customers.records):
        old, new = change.get("OldImage"), change.get("NewImage")
        if old is None:
            wanted.append((new["email"]["S"], "Welcome"))
        elif new is not None and old["email"] != new["email"]:
            wanted.append((old["email"]["S"], "Your address was changed"))
    return wanted


def excuses(faults):
    """How many mails more there may be: faults that fell between sending and noting."""
    def excused(kind, request):
        if "FromEmailAddress" in request:
            return kind != "killed before"
        return "UpdateExpression" in request and kind == "killed before"
    return sum(excused(kind, request) for kind, request in faults.log)


def check(stored, customers, faults):
    sent, wanted = mails(stored), due(customers)
    assert sorted(sent) == sorted(wanted), "a mail is missing, or nobody asked for it"
    assert faults is None or sent.total() - len(wanted) <= excuses(faults), "a mail came twice without an excuse"
    contacts = stored["dynamodb"]["contacts"].values()
    assert sorted(contacts, key=str) == sorted(customers.items.values(), key=str), "the contacts are not the customers"


def tell(stored):
    sent = mails(stored)
    for subject in sorted({subject for _, subject in sent}):
        print(f"{sum(count for (_, of), count in sent.items() if of == subject)} mails \"{subject}\"")
    claims = stored["dynamodb"]["claims"].values()
    print(f"{max(sent.values())} at most of each kind to one customer, {len(claims)} claims, "
          f"{len(stored['dynamodb']['contacts'])} contacts")


def scene(stage):
    services, customers = stage.services(), table()
    print(customers.counts())
    if stage.faults is not None:  # the claim of a lost worker lasts until its deadline: the mapping has to wait, as on AWS
        stage.options += ["--timeout", "2", "--time", "real"]
    for delivery in ("first", "second"):  # all changes come again, and no mail is sent
        print(f"The {delivery} delivery:")
        stage.play(customers.records, CLAIMS_TABLE="claims", CONTACTS_TABLE="contacts", MAIL_FROM="shop@example.com")
        print(*stage.summary(), sep="\n")
        check(services.stored(), customers, stage.faults)
        tell(services.stored())


if __name__ == "__main__":
    main(__file__, scene, share=0.01)
