#!/usr/bin/env python3
"""The examples that deliver to other services: each plays its scene, prints its expected.txt, and keeps its promise under
duplicates and crashes.

test_examples_a.py [BUILD FOLDER]
"""
import json
import sys

from examples_harness import Scene, lint
from runtime_harness import expect, main, test

EXAMPLES = ["analytics"]
# What happens at which request, counted over all services.
KILLS = {1: "before", 2: "after", 3: "before"}


@test
def mappings_and_templates_are_clean():
    for name in EXAMPLES:
        status, text = lint(name)
        expect((status, "warning:" in text), (0, False), text)


# ---- analytics -------------------------------------------------------------------------------------------------------

def expect_counts_equal(scene, aws, exactly_once):
    """One line for each INSERT and MODIFY; what comes again has the same bytes."""
    want = [record["eventID"] for record in scene.script.table().records if record["eventName"] != "REMOVE"]
    lines = aws.stored["firehose"]
    found = {json.loads(line)["event_id"]: line for line in lines}
    expect(sorted(found), sorted(want))
    expect(len(set(lines)), len(want))
    if exactly_once:
        expect(len(lines), len(want))


@test
def analytics_has_a_line_for_each_image():
    scene = Scene("analytics")
    expect_counts_equal(scene, scene.check_expected(), True)


@test
def analytics_counts_are_equal_under_duplicates_and_crashes():
    scene = Scene("analytics")
    expect_counts_equal(scene, scene.play_twice(), False)
    aws = scene.play_killing(KILLS)
    expect_counts_equal(scene, aws, False)
    assert len(aws.stored["firehose"]) > len(set(aws.stored["firehose"])), "the crash after a write left no duplicate"
    aws = scene.play_killing({}, rules=[{"do": "entries", "marks": ['"o-77"'], "times": 2}])
    assert len(aws.requests) > 3, "no line was sent again"
    expect_counts_equal(scene, aws, True)


if __name__ == "__main__":
    sys.exit(main())
