#!/usr/bin/env python3
"""Breaks each promise on purpose and checks that a test sees it.

A file in tests/mutants is a patch with two lines before it:

    Breaks: what the program would do wrong
    Red: COMMAND => PART OF THE NAME OF A TEST

The patch is applied to a copy of the tree, which is built; COMMAND must then fail and print a "not ok" line with that
part. Without the patch the same command must pass. An argument runs only the patches whose file name contains it.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

TREE = os.path.abspath("build/mutants")
PROGRAM = re.compile(r"build/[\w./-]+")


def run(command):
    return subprocess.run(command, shell=True, cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="backslashreplace")


def copy_tree():
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split("\n")
    for file in filter(os.path.isfile, files):
        target = os.path.join(TREE, file)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target) or open(file, "rb").read() != open(target, "rb").read():
            shutil.copy2(file, target)
    remove_others(set(files))


def remove_others(files):
    """Files that were moved or removed since the last time would be built, too."""
    for folder, folders, names in os.walk(TREE):
        if folder == TREE and "build" in folders:
            folders.remove("build")
        for name in names:
            path = os.path.join(folder, name)
            if os.path.relpath(path, TREE) not in files:
                os.remove(path)


def read(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    breaks, red = lines[0].removeprefix("Breaks: "), lines[1].removeprefix("Red: ")
    command, name = red.split(" => ")
    return breaks, command, name


def make():
    return run("make --no-print-directory programs")


def verdict(path):
    """None when the mutant is caught, else why not."""
    breaks, command, name = read(path)
    if run(command).returncode != 0:
        return f"fails without the patch: {command}"
    patch = os.path.abspath(path)
    if run(f"patch -s -p1 < {patch}").returncode != 0:
        return "the patch does not apply"
    try:
        built = make()
        if built.returncode != 0:
            return "does not build: " + built.stdout[-300:]
        result = run(command)
        red = [line for line in result.stdout.split("\n") if line.startswith("not ok") and name in line]
        if result.returncode == 0 or not red:
            return f"nobody sees it: {command} => {name}"
    finally:
        run(f"patch -s -R -p1 < {patch}")
        make()
    return None


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    copy_tree()
    built = make()
    if built.returncode != 0:
        print(built.stdout[-2000:])
        return 1
    passed = failed = 0
    for path in sorted(glob.glob("tests/mutants/*.patch")):
        if wanted not in path:
            continue
        why = verdict(path)
        breaks, _, name = read(path)
        print(f"{'not ok' if why else 'ok'} - {os.path.basename(path)}: {breaks}; red: {name}" + (f": {why}" if why else ""),
              flush=True)
        passed, failed = passed + (why is None), failed + (why is not None)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
