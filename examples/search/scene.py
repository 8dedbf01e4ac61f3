"""The scene of search: products come, change their price, run out, go, and some come back. Claim: the index has what the
table has, also when changes come again, late.
"""
import json

from stage import main
from stream import Table


def table():
    products = Table("Products", "id", step_s=1)
    for number in range(1, 301):
        products.put(f"p-{number}", name=f"Młynek {number}", description='grinds "coarse"\nand fine',
                     price={"N": f"{number}.90"}, tags={"SS": ["kitchen", f"shelf-{number % 7}"]}, stock=5,
                     purchasePrice={"N": f"{number}.10"})
        if number > 3:
            products.update(f"p-{number - 3}", price={"N": f"{number}.50"}, stock=number % 5)
        if number > 20 and number % 3 == 0:
            products.delete(f"p-{number - 20}")
        if number > 40 and number % 9 == 0:
            products.put(f"p-{number - 20}", name=f"Młynek {number - 20}, again", price={"N": "1"}, stock=1)
    return products


def document(item):
    """The searched attributes of an item as JSON reads them back."""
    plain = {"S": str, "N": json.loads, "SS": list}
    return {name: plain[tag](content) for name, value in item.items() for tag, content in value.items()
            if name in ("name", "description", "price", "tags", "stock")}


def check(stored, products):
    want = {key: document(item) for key, item in products.items.items()}
    assert stored["opensearch"] == want, "the index differs from the table"


def tell(stored):
    documents = stored["opensearch"]
    print(f"the index has {len(documents)} documents and the table {len(table().items)} items; one of them:")
    print("p-25", json.dumps(documents["p-25"], ensure_ascii=False))


def scene(stage):
    services, products = stage.services(), table()
    print(products.counts())
    for records in (products.records, products.records[:400]):  # then the first half comes again, late
        stage.play(records, SEARCH_INDEX="products")
        print(*stage.summary(), sep="\n")
        check(services.stored(), products)
        tell(services.stored())


if __name__ == "__main__":
    main(__file__, scene, share=0.1)
