"""The scene of welcome: customers join, move to another address, change something else, and leave."""
from collections import Counter

from scenes import Table, main


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


def tell(stored):
    sent = mails(stored)
    for subject in sorted({subject for _, subject in sent}):
        print(f"{sum(count for (_, of), count in sent.items() if of == subject)} mails \"{subject}\"")
    claims = stored["dynamodb"]["claims"].values()
    print(f"{max(sent.values())} at most of each kind to one customer, {len(claims)} claims, "
          f"{len(stored['dynamodb']['contacts'])} contacts")


if __name__ == "__main__":
    main(table, tell)
