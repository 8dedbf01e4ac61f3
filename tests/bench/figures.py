#!/usr/bin/env python3
"""Whether every figure of speed in README.md was measured (part of make check).

A figure is followed by its mark: "2.1 times <!-- bench:goal/decode/typical -->". The row must be in results.json of this
folder, which `make bench` writes, and must round to what is written. In the section "Speed" every number of a table, and
every number before a unit, needs a mark. The chart must be the one that results.json gives.

figures.py [README [RESULTS [CHART]]]
figures.py --update     write the measured values over the marked figures of README.md, with as many digits as they have
"""
import json
import os
import re
import sys

import report

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULTS = [os.path.join(HERE, "..", "..", "README.md"), os.path.join(HERE, "results.json"),
            os.path.join(HERE, "chart.svg")]
MARK = re.compile(r"<!-- bench:(\S+) -->")
MARKED = re.compile(r"(?P<figure>\d[\d,]*(?:\.\d+)?)(?P<unit>[^\d<|\n]{0,24})<!-- bench:(?P<row>\S+) -->")
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
UNIT = re.compile(r"\d\s*(?:[MK]i?B\b(?:/s)?|x\b|times\b|[mun\u00b5]s\b|%|invocations)")
SECTION = re.compile(r"^## Speed$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]*`|\]\([^)\n]*\)", re.DOTALL)


def rounded(value, figure):
    """The value in the form of a figure: its digits behind the point, its commas."""
    places = len(figure.partition(".")[2])
    comma = "," if "," in figure or value >= 10_000 else ""
    return f"{value:{comma}.{places}f}"


def rounds_to(value, figure):
    return rounded(value, figure).replace(",", "") == figure.replace(",", "")


def wrong_marks(text, rows):
    """What is wrong with the figures that are marked."""
    marked = list(MARKED.finditer(text))
    if len(marked) != len(MARK.findall(text)):
        yield "a mark without a figure before it"
    for match in marked:
        row = rows.get(match["row"])
        if row is None:
            yield f"{match['figure']}: results.json has no row {match['row']}"
        elif not rounds_to(row["value"], match["figure"]):
            yield f"{match['figure']}: {match['row']} is {row['value']:.6g}"


def unmarked(text):
    """Figures of the section without a mark."""
    section = SECTION.search(text)
    for line in CODE.sub("", section[1]).splitlines() if section else ():
        line = MARKED.sub("", line)
        pattern = NUMBER if line.startswith("|") else UNIT
        for match in pattern.finditer(line):
            yield f"{match[0]!r} has no mark, in: {line.strip()[:80]}"


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def complaints(readme, results, chart):
    text, kept = read(readme), json.loads(read(results) or '{"rows":{}}')
    yield from wrong_marks(text, kept["rows"])
    yield from unmarked(text)
    if read(chart) != (report.chart(kept) if kept["rows"] else ""):
        yield f"{os.path.basename(chart)} is not what {os.path.basename(results)} gives"


def updated(text, rows):
    def measured(match):
        row = rows.get(match["row"])
        figure = match["figure"] if row is None else rounded(row["value"], match["figure"])
        return f"{figure}{match['unit']}<!-- bench:{match['row']} -->"
    return MARKED.sub(measured, text)


def update(readme, results):
    text = updated(read(readme), json.loads(read(results))["rows"])
    with open(readme, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    if sys.argv[1:] == ["--update"]:
        update(*DEFAULTS[:2])
        del sys.argv[1:]
    found = list(complaints(*sys.argv[1:], *DEFAULTS[len(sys.argv) - 1:]))
    for complaint in found:
        print(f"README.md: {complaint}")
    if not found:
        print(f"  figures: {len(MARK.findall(read(DEFAULTS[0])))} of speed, all measured")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
