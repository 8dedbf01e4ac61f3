"""The scene of derive: editors write, publish, withdraw and delete articles. Claim: the catalog is what a calculation
from the articles as they are says, byte by byte.
"""
import gzip
import random
import zlib

from stage import main
from tables import item, plain, text_of

WORDS = "stream table key item größer straße naïve 変更 記録 order shard batch retry".split()
TEASER_BYTES = 60


def derived(article, body):
    """What the catalog should have of an article."""
    text = body.encode()
    teaser = text[:TEASER_BYTES].decode("utf-8", "ignore")
    return item(id=article["id"], title=article["title"], teaser=teaser, words=len(text.split()))


class Editors:
    def __init__(self, tables, seed):
        self.tables, self.dice, self.articles, self.writes, self.largest = tables, random.Random(seed), {}, 0, 0

    def write(self, article, state):
        dice, body = self.dice, ""
        if dice.random() < 0.9:
            body = " ".join(dice.choice(WORDS) for _ in range(dice.randrange(1, 400)))
        packed = dice.choice((gzip.compress, zlib.compress))(body.encode())
        one = dict(id=article, title=f"About {dice.choice(WORDS)}", state=state, body=packed)
        self.tables.put("Articles", **one)
        self.articles[article] = (one, body)
        self.writes += 1

    def delete(self, article):
        self.tables.delete("Articles", id=article)
        self.articles.pop(article, None)

    def work(self, writes):
        for _ in range(writes):
            article, chance = f"art-{self.dice.randrange(1, 40)}", self.dice.random()
            if chance < 0.1:
                self.delete(article)
            else:
                self.write(article, "PUBLISHED" if chance < 0.7 else "DRAFT")

    def catalog(self):
        return [derived(one, body) for one, body in self.articles.values() if one["state"] == "PUBLISHED"]


def scene(stage):
    tables = stage.tables(Articles="id", Catalog="id")
    editors = Editors(tables, 3)
    editors.work(200)
    records = tables.changes("Articles")
    for delivery in ("once", "once more"):
        total = stage.play(records, CATALOG="Catalog")
        assert total["discarded"] == 0, total
        stage.tell(total)
        catalog, computed = tables.items("Catalog"), editors.catalog()
        assert text_of(catalog) == text_of(computed), "the catalog is not what it should be"
        print(f"delivered {delivery}: {len(editors.articles)} articles, {len(catalog)} in the catalog, as computed")
    for one in sorted(map(plain, catalog), key=lambda one: one["id"])[:3]:
        print(f"  {one['id']} {one['title']}, {one['words']} words: {one['teaser'][:24]}...")


if __name__ == "__main__":
    main(__file__, scene, share=0.1)
