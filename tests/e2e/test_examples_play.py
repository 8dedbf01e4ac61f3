#!/usr/bin/env python3
"""Every example with a scene: it prints what its expected.txt says, and its claim holds under kills, lost responses and
duplicates, too. The claims are asserted by the scenes themselves.

test_examples_play.py [BUILD FOLDER]
"""
import re
import subprocess
import sys

from examples_harness import BIN, EXAMPLES, PATIENCE, ROOT, Scene, lint
from runtime_harness import expect, main, test

NO_CALLS = ("dashboard", "kinesis")


def under_faults(name, seed):
    out, _ = Scene(name).run("--faults", str(seed))
    counts = re.search(r"^faults: (\d+) killed before, (\d+) killed behind, (\d+) response lost$", out, re.M)
    assert counts and all(int(count) > 0 for count in counts.groups()), f"not every fault came: {out[-300:]}"


for NAME in EXAMPLES:
    def prints(name=NAME):
        scene = Scene(name)
        expect(scene.run(), (scene.expected(), ""))

    def holds(name=NAME):
        under_faults(name, seed=4)

    def is_clean(name=NAME):
        status, text = lint(name)
        expect((status, "warning:" in text), (0, False), text)

    prints.__name__ = f"{NAME}_prints_what_expected.txt_says"
    holds.__name__ = f"the_claim_of_{NAME}_holds_under_faults"
    is_clean.__name__ = f"the_mapping_and_the_template_of_{NAME}_are_clean"
    for FUNCTION in (prints, is_clean) if NAME in NO_CALLS else (prints, holds, is_clean):
        test(FUNCTION)


@test
def an_order_goes_from_aws_put_item_to_its_replica_and_aws_get_item():
    done = subprocess.run(["sh", f"{ROOT}/examples/replicate/cli.sh", BIN], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
    if done.stdout == "not run: aws absent\n":
        print("# an order from the AWS CLI to its replica: not run: aws absent")
        return
    assert done.returncode == 0 and done.stdout.endswith("\no-1\tPAID\t12.5\teu-west-1\n"), done.stdout[-2000:]


if __name__ == "__main__":
    sys.exit(main())
