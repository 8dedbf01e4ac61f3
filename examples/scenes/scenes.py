"""What the scenes of the examples share: `scene.py stream FILE` writes the stream of a table, `scene.py tell` says what
the stand-in for AWS has got."""
import json
import os
import sys
import urllib.request

from stream import Table  # for the scenes

__all__ = ["Table", "main", "stored"]


def stored():
    """What the services have, by their name."""
    with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_awsfake/stored", timeout=10) as answer:
        return json.load(answer)


def main(table, tell):
    """`table` makes the table after all its changes; `tell` prints what is in `stored()`."""
    if sys.argv[1:2] == ["stream"] and len(sys.argv) == 3:
        changed = table()
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            file.write(changed.lines())
        print(changed.counts())
    elif sys.argv[1:] == ["tell"]:
        tell(stored())
    else:
        sys.exit("usage: scene.py stream FILE | tell")
