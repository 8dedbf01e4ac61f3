"""The scene of search: products come, change their price, run out, go, and some come back."""
import json

from scenes import Table, main


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


def tell(stored):
    documents = stored["opensearch"]
    print(f"the index has {len(documents)} documents and the table {len(table().items)} items; one of them:")
    print("p-25", json.dumps(documents["p-25"], ensure_ascii=False))


if __name__ == "__main__":
    main(table, tell)
