#!/usr/bin/env python3
"""Rules of form that clang-format does not know: lengths of lines, functions and files, and calls that we do without."""
import re
import sys

LINE_MAX, FUNCTION_MAX, FILE_MAX = 120, 60, 600
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|alloca|system|rand|tmpnam)\s*\(")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")


def functions(lines):
    """(name line, length) of every function: a '{' alone in column 0 up to the '}' in column 0."""
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line == "}" and begin:
            yield begin, number - begin + 1
            begin = None


def complaints(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    lines = text.split("\n")
    if len(lines) > FILE_MAX:
        yield 1, f"{len(lines)} lines, at most {FILE_MAX}"
    if not lines[0].startswith("/*"):
        yield 1, "a file begins with a comment that says what it is"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_MAX:
            yield number, f"{len(line)} characters, at most {LINE_MAX}"
        if BANNED.search(line):
            yield number, "a call that we do without: " + BANNED.search(line).group(1)
        if UNFINISHED.search(line):
            yield number, "unfinished"
    for number, length in functions(lines):
        if length > FUNCTION_MAX:
            yield number, f"function of {length} lines, at most {FUNCTION_MAX}"


def main():
    found = [(path, number, text) for path in sys.argv[1:] for number, text in complaints(path)]
    for path, number, text in found:
        print(f"{path}:{number}: {text}")
    if not found:
        print(f"  tidy: {len(sys.argv) - 1} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
