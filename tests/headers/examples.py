#!/usr/bin/env python3
"""Compiles every example in the comments of the public headers, with gcc and clang.

An example is a block of lines indented by four spaces behind the comment's " * " that has a line ending in ';' or '{':
tables, which are indented too, have none. An empty line does not end a block. What begins with a declaration of file
level stands alone, everything else is the body of a function. Calls in backticks that end in ';' are examples, too.
"""
import glob
import os
import re
import subprocess
import sys
import textwrap

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
INCLUDE = os.path.join(ROOT, "include")
COMPILERS = ["gcc", "clang"]
# Examples declare what they do not use.
FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-Wno-unused", "-fsyntax-only",
         "-x", "c"]
WITHOUT = ["ddbstream.h"]  # includes the others and declares nothing

COMMENT = re.compile(r"/\*.*?\*/", re.S)
INDENTED = re.compile(r" \*     (.*)")
ENDS_LIKE_CODE = re.compile(r"[;{]$")
FILE_LEVEL = re.compile(r"(static|struct|enum|union|typedef|int main|#)\b")
INLINE = re.compile(r"`([^`\n]+;)`")

# What the examples take as given. They may declare their own of the same name in the function.
GIVEN = """#include <stdio.h>
#include <string.h>
#include <ddbstream.h>
#include <{header}>
{placed}
extern ddbs_ctx *ctx;
extern const ddbs_record *rec;
extern ddbs_arena *arena;
extern const char *json;
extern size_t len;
extern ddbs_num price;
extern ddbs_error error;
extern int qty;
extern const ddbs_consumer consumer;
"""
BODY = "ddbs_status example(void);\nddbs_status example(void)\n{\n%s\n    return DDBS_OK;\n}"


def without_comment(line):
    return re.sub(r"\s*(//.*|/\*.*?\*/)$", "", line.rstrip())


def blocks(comment):
    """Runs of indented lines and the empty lines between them."""
    block = []
    for line in comment.removesuffix("*/").rstrip().split("\n"):
        match = INDENTED.fullmatch(line)
        if match:
            block.append(match[1])
        elif line.rstrip() == " *" and block:
            block.append("")
        elif block:
            yield block
            block = []
    if block:
        yield block


def examples(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for comment in COMMENT.findall(text):
        for block in blocks(comment):
            if any(ENDS_LIKE_CODE.search(without_comment(line)) for line in block):
                yield "\n".join(block)
        yield from INLINE.findall(comment)


def program(header, example):
    code = example if FILE_LEVEL.match(example) else BODY % textwrap.indent(example, "    ")
    placed = "" if "ddbs_status placed(" in code else "ddbs_record_fn placed;"
    return GIVEN.format(header=header, placed=placed) + code + "\n"


def complaint(compiler, header, example):
    """None, or the first lines of what the compiler says."""
    process = subprocess.run([compiler, *FLAGS, "-I", INCLUDE, "-"], input=program(header, example), text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return " / ".join(process.stdout.strip().split("\n")[:4]) if process.returncode else None


def judge(header, found):
    """Why the examples of a header are not in order, or None."""
    if not found and header not in WITHOUT:
        return "it has no example"
    for number, example in enumerate(found, 1):
        for compiler in COMPILERS:
            why = complaint(compiler, header, example)
            if why:
                return f"example {number}, {compiler}: {why}"
    return None


def main():
    failed = 0
    headers = sorted(os.path.relpath(path, INCLUDE) for path in glob.glob(INCLUDE + "/**/*.h", recursive=True))
    for header in headers:
        found = list(examples(os.path.join(INCLUDE, header)))
        why = judge(header, found)
        failed += why is not None
        print(f"# {len(found)} examples in {header}")
        print(f"not ok - the examples of {header} compile: {why}" if why else f"ok - the examples of {header} compile",
              flush=True)
    return 1 if failed or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
