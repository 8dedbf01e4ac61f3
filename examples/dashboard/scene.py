"""The scene of dashboard: requests of six minutes, one of them busy, one with errors. Claim: each minute's sums are right.
"""
import json
import os
import shutil

from stage import main
from stream import Table


def table():
    requests = Table("Requests", "id", step_s=1)
    for number in range(1, 341):
        status = 503 if 130 < number < 150 and number % 2 else 200
        requests.put(f"r-{number}", status=status, bytes=200 + number * 37 % 1009)
    return requests


def minutes():
    """What each minute comes to, by its begin in seconds."""
    found = {}
    for change in (record["dynamodb"] for record in table().records):
        sums = found.setdefault(change["ApproximateCreationDateTime"] // 60 * 60, {"Requests": 0, "Errors": 0, "Bytes": 0})
        image = change["NewImage"]
        sums["Requests"] += 1
        sums["Errors"] += int(image["status"]["N"]) >= 500
        sums["Bytes"] += int(image["bytes"]["N"])
    return found


def measured(lines):
    """The same from lines of metrics; of two about one minute the last one counts, as on the page."""
    found = {}
    for line in map(json.loads, lines):
        if "Requests" in line:
            found[line["_aws"]["Timestamp"] // 1000] = {name: line.get(name, 0) for name in ("Requests", "Errors", "Bytes")}
    return found


def show(lines, folder):
    """What the lines come to; page.html draws them from `folder`."""
    with open(os.path.join(folder, "usage.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "page.html"), folder)
    for begin, sums in sorted(measured(lines).items()):
        print(f"08:{(begin - 1792399200) // 60 + 40}  " + "  ".join(f"{name} {value:6}" for name, value in sums.items()))


def scene(stage):
    requests = table()
    print(requests.counts())
    stage.run(requests.records, DDBS_METRICS="failures")
    print(*(line for line in stage.summary() if "polled" in line or "fault" in line), sep="\n")
    show(stage.metrics(), os.environ.get("OUT", os.path.dirname(stage.bootstrap)))
    assert measured(stage.metrics()) == minutes(), "the sums are wrong"


if __name__ == "__main__":
    main(__file__, scene)
