#!/usr/bin/env python3
"""usage: fixtures.py DDBSTREAM [NAME ...]

Runs `ddbstream decode` on every folder of tests/fixtures with an event.json in it, or on those named. What a folder may
hold, and how to add one, is in tests/fixtures/README.md.

JSON is read with objects as tuples of pairs and numbers as their text: the order of members and the digits count.
"""
import base64
import json
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent / "fixtures"


class Number(str):
    """A JSON number, as its text. Not equal to a string of the same characters."""

    def __eq__(self, other):
        return type(other) is Number and str.__eq__(self, other)

    def __ne__(self, other):  # str brings its own, which would not ask __eq__
        return not self == other

    __hash__ = str.__hash__


JSON = json.JSONDecoder(object_pairs_hook=tuple, parse_int=Number, parse_float=Number)


class Differs(Exception):
    """What the program did is not what the folder wants."""


def require(condition, text):
    if not condition:
        raise Differs(text)


def read_lines(case, name):
    """The lines of a text file of the case without empty ones; none where there is no such file."""
    path = case / name
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line] if path.exists() else []


def decode(program, case, *mode, stdin=None):
    command = [program, "decode", *mode, *read_lines(case, "arguments.txt")]
    if stdin is None:
        command.append(str(case / "event.json"))
    return subprocess.run(command, input=stdin, capture_output=True)


def describe(found):
    return f"the number {found}" if type(found) is Number else json.dumps(found)[:300]


def difference(got, want, path):
    """Where two parsed texts differ first, and how."""
    if type(got) is type(want) is tuple and [name for name, _ in got] == [name for name, _ in want]:
        pairs = [(f"{path}.{name!a:.100}", value, wanted) for (name, value), (_, wanted) in zip(got, want)]
    elif type(got) is type(want) is list and len(got) == len(want):
        pairs = [(f"{path}[{index}]", value, wanted) for index, (value, wanted) in enumerate(zip(got, want))]
    else:
        return f"{path} is {describe(got)}, want {describe(want)}"
    return next(difference(value, wanted, name) for name, value, wanted in pairs if value != wanted)


def compare_error(index, want, got):
    """An error is the same when the record, path and offset are and the wanted reason is part of the one given."""
    want, got = dict(want), dict(got)
    want_error, got_error = dict(want.pop("error")), dict(got.pop("error"))
    reason = want_error.pop("reason")
    require(set(got_error) == {"offset", "path", "reason"}, f"record {index}: an error of {describe(got_error)}")
    require(type(got_error["offset"]) is Number, f"record {index}: an offset of {describe(got_error['offset'])}")
    require(reason in got_error["reason"], f"record {index}: no \"{reason}\" in \"{got_error['reason']}\"")
    for name, wanted in want_error.items():
        require(got_error[name] == wanted, f"record {index}: {name} {describe(got_error[name])}, want {wanted}")
    require(want == got, f"record {index}: got {describe(got)}, want {describe(want)}")


def is_error(record):
    return "error" in dict(record)


def check_records(case, name, process):
    """Standard output is what the file `name` of the case says, and the exit status fits."""
    want = JSON.decode((case / name).read_text(encoding="utf-8"))
    lines = process.stdout.decode("utf-8").split("\n")
    require(process.stderr == b"", f"on stderr: {process.stderr!r:.300}")
    require(lines.pop() == "", "the last line does not end")
    require(len(lines) == len(want), f"{len(lines)} lines, want {len(want)}")
    for index, (line, wanted) in enumerate(zip(lines, want)):
        got = JSON.decode(line)
        if is_error(wanted) and is_error(got):
            compare_error(index, wanted, got)
        else:
            require(got == wanted, got != wanted and difference(got, wanted, f"record {index}"))
    status = 1 if any(map(is_error, want)) else 0
    require(process.returncode == status, f"exit status {process.returncode}, want {status}")


def check_refusal(case, process):
    """One line on standard error with all that want-error.txt asks for, and nothing else."""
    text = process.stderr.decode("utf-8")
    require(process.returncode == 1, f"exit status {process.returncode}, want 1")
    require(process.stdout == b"", f"on stdout: {process.stdout!r:.300}")
    require(text.count("\n") == 1 and text.endswith("\n"), f"not one line on stderr: {text!r:.300}")
    for part in read_lines(case, "want-error.txt"):
        require(part in text, f"no \"{part}\" in {text!r:.300}")


def check_inner(case):
    """inner.json shows what is hidden in the base64 of event.json."""
    event = JSON.decode((case / "event.json").read_text(encoding="utf-8"))
    data = [dict(dict(record)["kinesis"])["data"] for record in dict(event)["Records"]]
    inner = [JSON.decode(base64.b64decode(text, validate=True).decode("utf-8").strip()) for text in data]
    require(inner == JSON.decode((case / "inner.json").read_text(encoding="utf-8")), "inner.json is not in event.json")


def check_case(program, case):
    wants = [name for name in ("want.json", "want-plain.json", "want-error.txt") if (case / name).exists()]
    require(wants, "there is no want.json, want-plain.json or want-error.txt")
    if "want.json" in wants:
        check_records(case, "want.json", decode(program, case, "--typed"))
    if "want-plain.json" in wants:  # from standard input, so that both ways in are used
        check_records(case, "want-plain.json", decode(program, case, stdin=(case / "event.json").read_bytes()))
    if "want-error.txt" in wants:
        require(len(wants) == 1, "a refused event has no records")
        require(read_lines(case, "want-error.txt"), "want-error.txt is empty")
        check_refusal(case, decode(program, case))
    if (case / "inner.json").exists():
        check_inner(case)


def main():
    program, names = sys.argv[1], sys.argv[2:]
    cases = [FOLDER / name for name in names] or sorted(path.parent for path in FOLDER.glob("*/event.json"))
    failed = not cases
    for case in cases:
        try:
            check_case(program, case)
            print(f"ok - fixture {case.name}")
        except (Differs, ValueError, OSError) as error:
            failed = True
            print(f"not ok - fixture {case.name}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main())
