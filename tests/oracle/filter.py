#!/usr/bin/env python3
"""Filter patterns against another reading of them: usage filter.py DDBSTREAM [--cases N] [--seed N]

What event-ruler's documentation describes, done in the plainest way: a record is flattened to its leaves, each with the
array elements that it lies in; a pattern is multiplied out to alternatives without $or; an alternative matches if
leaves can be chosen for all of its paths that do not come from different elements of one array, and nothing is there
where nothing shall be. `ddbstream filter` must say the same of every pair of a random pattern and a random record.

Left out are pairs where the two differ by intention, see lib/filter_match.c: an $or beside names that go through the
same array, and more than one alternative of an $or with exists:false.
"""
import argparse
import decimal
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile

NAMES = ["a", "b", "c", "N", "é", "x y"]
STRINGS = ["", "a", "A", "ab", "aB", "abc", "bc", "b", "7", "é", "\u0000", "a\u0000", "😀", "\"\\/", "true"]
NUMBERS = ["7", "7.0", "70e-1", "-1", "0", "-0.0", "3.5", "35E-1", "1e300", "123456789012345678901234567890"]
BOUNDS = [("-1", "7"), ("0", "3.5"), ("3.5", "8"), ("7", "10")]
RECORDS_OF_ONE_RUN = 10
SHOWN_MAX = 5
ABSENT = ("object", [("exists", ("raw", "false"))])


# ---- Making texts: values are trees of ("string", text), ("raw", text), ("list", [...]), ("object", [(name, value)])

def write_string(rng, text):
    out = []
    for char in text:
        units = char.encode("utf-16-be")
        if rng.random() < 0.2 or char in '"\\' or ord(char) < 32:
            form = "\\u%04x" if rng.random() < 0.5 else "\\u%04X"
            out += [form % int.from_bytes(units[i:i + 2], "big") for i in range(0, len(units), 2)]
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def write(rng, tree):
    kind, content = tree
    space = rng.choice(["", "", "", " ", "\n\t "]) if kind != "object" else ""
    space = space.replace("\n", " ")
    if kind == "string":
        return write_string(rng, content)
    if kind == "raw":
        return content
    if kind == "list":
        return "[" + space + ("," + space).join(write(rng, value) for value in content) + "]"
    return "{" + ",".join(write_string(rng, name) + ":" + space + write(rng, value) for name, value in content) + "}"


def random_scalar(rng):
    return rng.choice([("string", rng.choice(STRINGS)), ("string", rng.choice(STRINGS)), ("raw", rng.choice(NUMBERS)),
                       ("raw", rng.choice(["true", "false", "null"]))])


def random_value(rng, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.35:
        return random_scalar(rng)
    if kind < 0.7:
        return random_object(rng, depth - 1)
    return "list", [random_value(rng, depth - 1) for _ in range(rng.randrange(4))]


def random_object(rng, depth):
    return "object", [(rng.choice(NAMES), random_value(rng, depth)) for _ in range(rng.randrange(5))]


def likely_scalar(rng, rule):
    """A value that the rule may well match."""
    kind, content = rule
    if kind != "object":
        return rule
    (name, argument), = content
    if name == "numeric":
        return "raw", rng.choice([term for form, term in argument[1] if form == "raw"] + NUMBERS)
    while argument[0] == "object":
        (_, argument), = argument[1]
    if name in ("prefix", "suffix") and argument[0] == "string":
        more = rng.choice(STRINGS)
        return "string", argument[1] + more if name == "prefix" else more + argument[1]
    return argument if argument[0] == "string" else random_scalar(rng)


def in_arrays(rng, make, noise):
    """What `make` gives, perhaps as an element among others."""
    if rng.random() < 0.6:
        return make()
    elements = [make() if rng.random() < 0.6 else noise() for _ in range(rng.randint(1, 3))]
    return "list", [in_arrays(rng, make, noise) if rng.random() < 0.2 else element for element in elements]


def likely_members(rng, pattern):
    members = []
    for name, (kind, content) in pattern[1]:
        if name == "$or":
            members += likely_members(rng, rng.choice(content))
        elif rng.random() < 0.1:
            continue
        elif kind == "object":
            make = lambda inner=(kind, content): ("object", likely_members(rng, inner))
            members.append((name, in_arrays(rng, make, lambda: random_value(rng, 2))))
        elif not (any(rule == ABSENT for rule in content) and rng.random() < 0.6):
            make = lambda rules=content: likely_scalar(rng, rng.choice(rules))
            members.append((name, in_arrays(rng, make, lambda: random_value(rng, 1))))
    if rng.random() < 0.3:
        members.insert(rng.randint(0, len(members)), (rng.choice(NAMES), random_value(rng, 2)))
    return members


def random_record(rng, pattern):
    if rng.random() < 0.2:
        return random_value(rng, 4)
    return in_arrays(rng, lambda: ("object", likely_members(rng, pattern)), lambda: random_value(rng, 2))


def text_or_fold(rng):
    text = "string", rng.choice(STRINGS)
    return text if rng.random() < 0.7 else ("object", [("equals-ignore-case", text)])


def random_exclusion(rng):
    kind = rng.random()
    if kind < 0.3:
        name = rng.choice(["prefix", "suffix"])
        return "object", [(name, ("string", rng.choice([text for text in STRINGS if text])))]
    if kind < 0.4:
        return "object", [("equals-ignore-case", ("list", [("string", rng.choice(STRINGS)) for _ in range(2)]))]
    if kind < 0.6:
        return "list", [("raw", rng.choice([n for n in NUMBERS if n != "1e300"])) for _ in range(rng.randint(1, 3))]
    return "list", [("string", rng.choice(STRINGS)) for _ in range(rng.randint(1, 3))]


def random_rule(rng, absence):
    kind = rng.randrange(10)
    if kind < 3:
        return "string", rng.choice(STRINGS)
    if kind == 3:
        return "raw", rng.choice([n for n in NUMBERS if n != "1e300"] + ["true", "false", "null"])
    if kind == 4:
        return "object", [(rng.choice(["prefix", "suffix"]), text_or_fold(rng))]
    if kind == 5:
        return "object", [("equals-ignore-case", ("string", rng.choice(STRINGS)))]
    if kind == 6:
        return "object", [("anything-but", random_exclusion(rng))]
    if kind == 7:
        return "object", [("exists", ("raw", "false" if absence and rng.random() < 0.7 else "true"))]
    low, high = rng.choice(BOUNDS)
    terms = rng.choice([["=", low], ["<", high], ["<=", high], [">", low], [">=", low],
                        [rng.choice([">", ">="]), low, rng.choice(["<", "<="]), high]])
    return "object", [("numeric", ("list", [("string" if i % 2 == 0 else "raw", t) for i, t in enumerate(terms)]))]


def random_leaf(rng, absence):
    return "list", [random_rule(rng, absence) for _ in range(rng.choice([1, 1, 1, 2, 3]))]


def random_pattern(rng, depth, absence, names, inner_names=None):
    inner_names = inner_names or NAMES
    names = rng.sample(names, min(len(names), rng.randint(1, 3)))
    members = []
    choices = len(names) > 1 and rng.random() < 0.25
    if choices:
        members.append(("$or", ("list", [random_pattern(rng, depth, absence and i == 0, names[1:], inner_names)
                                         for i in range(rng.randint(2, 3))])))
        names = names[:1]
    for name in names:
        if depth > 0 and rng.random() < 0.5:
            members.append((name, random_pattern(rng, depth - 1, absence, inner_names, inner_names)))
        else:
            members.append((name, random_leaf(rng, absence)))
    rng.shuffle(members)
    if rng.random() < 0.1:  # of equal names the last one counts
        members.insert(0, (members[-1][0], random_leaf(rng, absence) if members[-1][0] != "$or" else members[-1][1]))
    return "object", members


# ---- The other reading

def leaves(value, path, elements, fresh):
    """(path, value, {array: index}) of every leaf."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, path + (name,), elements, fresh)
    elif isinstance(value, list):
        array = next(fresh)
        for index, inner in enumerate(value):
            yield from leaves(inner, path, {**elements, array: index}, fresh)
    else:
        yield path, value, elements


def alternatives(pattern, path):
    """Lists of (path, rules, absent), one list for each way to satisfy the pattern."""
    ways = [[]]
    for name, value in pattern.items():
        if name == "$or":
            own = [way for choice in value for way in alternatives(choice, path)]
        elif isinstance(value, dict):
            own = alternatives(value, path + (name,))
        else:
            here = [rule for rule in value if rule != {"exists": False}]
            own = [[(path + (name,), here, False)]] if here else []
            own += [[(path + (name,), [], True)]] if len(here) < len(value) else []
        ways = [way + more for way in ways for more in own]
    return ways


def is_number(value):
    return isinstance(value, decimal.Decimal)


def legal(number):
    return number == 0 or (-130 <= number.adjusted() <= 125 and len(number.as_tuple().digits) <= 38)


def lower(text):
    return "".join(chr(ord(char) + 32) if "A" <= char <= "Z" else char for char in text)


def in_range(value, terms):
    if not is_number(value) or not legal(value):
        return False
    held = {"=": lambda b: value == b, "<": lambda b: value < b, "<=": lambda b: value <= b,
            ">": lambda b: value > b, ">=": lambda b: value >= b}
    return all(held[terms[i]](terms[i + 1]) for i in range(0, len(terms), 2))


def at_end(name, value, text):
    if not isinstance(value, str):
        return False
    if isinstance(text, dict):
        value, text = lower(value), lower(text["equals-ignore-case"])
    return value.startswith(text) if name == "prefix" else value.endswith(text)


def excluded(value, what):
    if isinstance(what, dict):
        (name, inner), = what.items()
        return any(holds(value, {name: text}) for text in (inner if isinstance(inner, list) else [inner]))
    return any(holds(value, one) for one in (what if isinstance(what, list) else [what]))


def holds(value, rule):
    if not isinstance(rule, dict):
        return type(value) is type(rule) and value == rule and (not is_number(value) or legal(value))
    (name, argument), = rule.items()
    if name == "exists":
        return argument
    if name == "equals-ignore-case":
        return isinstance(value, str) and lower(value) == lower(argument)
    if name == "numeric":
        return in_range(value, argument)
    if name == "anything-but":
        return not excluded(value, argument)
    return at_end(name, value, argument)


def consistent(a, b):
    return all(b.get(array, index) == index for array, index in a.items())


def satisfied(way, fields, elements):
    """Choose a leaf for each path in turn; in the end nothing may be where nothing shall be."""
    wanted = [part for part in way if not part[2]]
    if not wanted:
        return not any(field[0] == path and consistent(elements, field[2])
                       for path, _, _ in way for field in fields)
    path, rules, _ = wanted[0]
    rest = [part for part in way if part is not wanted[0]]
    return any(field[0] == path and consistent(elements, field[2]) and any(holds(field[1], rule) for rule in rules)
               and satisfied(rest, fields, {**elements, **field[2]}) for field in fields)


def load(text):
    return json.loads(text, parse_float=decimal.Decimal, parse_int=decimal.Decimal)


def matches(pattern, record):
    fields = list(leaves(record, (), {}, itertools.count()))
    return any(satisfied(way, fields, {}) for way in alternatives(pattern, ()))


# ---- Comparing

def verdicts(program, pattern, records):
    """What the command says of each record."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for number, record in enumerate(records, 1):
            head = '{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"%d"},"r":' % number
            file.write(head + record + "}\n")
        file.flush()
        done = subprocess.run([program, "filter", "--json", "--pattern", '{"r":' + pattern + "}", file.name],
                              capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line["verdict"] == "pass" for line in lines if "verdict" in line], done.stderr


def compare(program, rng, counts):
    tree = random_pattern(rng, 2, True, NAMES)
    pattern = write(rng, tree)
    records = [write(rng, random_record(rng, tree)) for _ in range(RECORDS_OF_ONE_RUN)]
    got, complaint = verdicts(program, pattern, records)
    want = [matches(load(pattern), load(record)) for record in records]
    for record, said, other in itertools.zip_longest(records, got, want):
        counts[other] += 1
        if said != other:
            print(f"not ok - {pattern} at {record}: {said}, the other reading {other} {complaint}")
            return False
    return True


# ---- The linter

LINT_NAMES = ["dynamodb", "eventName", "NewImage", "newimage", "Keys", "SizeBytes", "userIdentity", "S", "N", "BOOL",
              "NULL", "L", "M", "SS", "NS", "s", "city"]


def lint(program, pattern):
    """Whether there are errors, and the pattern that would work."""
    done = subprocess.run([program, "filter", "--json", "--pattern", pattern], capture_output=True, text=True,
                          check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    works = [line.split('"works":', 1)[1][:-1] for line in done.stdout.splitlines() if '"works":' in line]
    errors = any(line.get("severity") == "error" for line in lines)
    if not lines or done.returncode != (1 if errors else 0) or len(works) > errors:
        raise AssertionError(f"{pattern}: exit status {done.returncode}, {len(works)} mended: {done.stderr}")
    return errors, works


def mends(program, rng, counts):
    """Whether what the linter calls working has no errors."""
    tree = random_pattern(rng, 2, True, rng.choice([LINT_NAMES, LINT_NAMES[:7], LINT_NAMES[7:]]), LINT_NAMES)
    if rng.random() < 0.8:
        tree = "object", [("dynamodb", ("object", [("NewImage", tree)]))]
    pattern = write(rng, tree)
    if len(pattern.encode()) > 3000:  # what is mended is longer, and may not have more than 4096
        return True
    errors, works = lint(program, pattern)
    counts[errors] += 1
    counts["mended"] += len(works)
    if works and lint(program, works[0])[0]:
        print(f"not ok - {pattern} would work as {works[0]}, and that has errors")
        return False
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=20261019)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    counts, lint_counts = {True: 0, False: 0}, {True: 0, False: 0, "mended": 0}
    runs = options.cases // RECORDS_OF_ONE_RUN
    agree = 0
    for run in range(runs):
        agree += compare(os.path.abspath(options.program), rng, counts)
        if run + 1 - agree == SHOWN_MAX:
            break
    both = counts[True] > options.cases // 10 and counts[False] > options.cases // 10
    print(f"{'ok' if agree == runs else 'not ok'} - {sum(counts.values())} pairs of pattern and record, "
          f"{counts[True]} match, seed {options.seed}")
    print(f"{'ok' if both else 'not ok'} - enough of the pairs match and enough do not")
    mended = all(mends(os.path.abspath(options.program), rng, lint_counts) for _ in range(runs))
    enough = lint_counts["mended"] > runs // 20
    print(f"{'ok' if mended and enough else 'not ok'} - {runs} patterns linted, {lint_counts[True]} with errors, "
          f"{lint_counts['mended']} mended, and those have no errors")
    return 0 if agree == runs and both and mended and enough else 1


if __name__ == "__main__":
    sys.exit(main())
