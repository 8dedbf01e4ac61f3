#!/usr/bin/env python3
"""`make new`: the project that it writes passes its own test, and the test can fail.

test_new.py [BUILD FOLDER]
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
# Under valgrind only programs have a folder of their own.
LIBRARIES = BIN if os.path.exists(f"{BIN}/libddbstream.a") else f"{ROOT}/build"
ENV = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
failures = 0


def check(name, held, why=""):
    global failures
    failures += not held
    print(f"ok - {name}" if held else f"not ok - {name}: {why}", flush=True)


def run(*command, cwd=ROOT):
    return subprocess.run(command, cwd=cwd, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300, check=False)


def make(folder, *arguments):
    """With the libraries under test, which are built: nothing is built in the clone."""
    flags = ["CFLAGS=-O1 -g -fsanitize=address,undefined"] if os.path.basename(BIN) == "san" else []
    libraries = [f"LIB={LIBRARIES}/libddbstream.a", f"TEST_LIB={LIBRARIES}/libddbstream-test.a"]
    return run("make", *libraries, *flags, *arguments, cwd=folder)


def edit(path, before, after):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert before in text, before
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(before, after))


def check_project(name, folder):
    made = run("make", "--no-print-directory", "new", f"NAME={name}", f"DIR={folder}")
    check(f"{name}: a project is written", made.returncode == 0 and "make test" in made.stdout, made.stdout)
    tested = make(folder, "test")
    check(f"{name}: it passes its own test", tested.returncode == 0 and tested.stdout.count("ok - ") == 6
          and "warning" not in tested.stdout, tested.stdout)
    for settings in "esm.json", "template.yaml":
        said = ["--env", "DDBS_REPORT=items"] if settings == "esm.json" else []  # a template says so itself
        lint = run(f"{BIN}/ddbstream", "lint", *said, settings, cwd=folder)
        check(f"{name}: {settings} is clean", lint.returncode == 0 and "warning" not in lint.stdout, lint.stdout)
    event = run(f"{folder}/build/bootstrap", "--event", f"{ROOT}/tests/fixtures/malformed/{malformed()}")
    check(f"{name}: its bootstrap takes events", event.returncode == 1 and "errorType" in event.stdout, event.stdout)
    again = run("make", "new", f"NAME={name}", f"DIR={folder}")
    check(f"{name}: what is there is not overwritten", again.returncode != 0 and "exists" in again.stdout, again.stdout)


def malformed():
    return sorted(file for file in os.listdir(f"{ROOT}/tests/fixtures/malformed") if file.endswith(".json"))[0]


def check_failures(name, folder):
    """Handlers and settings that are wrong must turn the project's test red."""
    changes = [(f"{name}.c", "item.quantity < 1", "item.quantity < 2", "a record fails that should not"),
               (f"{name}.c", "return ddbs_fail(ctx, DDBS_E_HANDLER, \"quantity below 1\");", "return DDBS_SKIP;",
                "a failure is skipped"),
               ("esm.json", "\"FunctionResponseTypes\": [\"ReportBatchItemFailures\"],", "", "failures are not reported"),
               ("template.yaml", "DDBS_REPORT: items", "OTHER: items", "the template does not agree with itself")]
    for file, before, after, what in changes:
        path = os.path.join(folder, file)
        with open(path, encoding="utf-8") as opened:
            text = opened.read()
        edit(path, before, after)
        tested = make(folder, "test")
        check(f"{name}: red where {what}", tested.returncode != 0, tested.stdout)
        with open(path, "w", encoding="utf-8") as file_again:
            file_again.write(text)


def main():
    os.makedirs(f"{ROOT}/build", exist_ok=True)
    with tempfile.TemporaryDirectory(dir=f"{ROOT}/build", prefix="new-") as place:
        check_project("orders", f"{place}/orders")
        check_project("table", f"{place}/stock")
        check_failures("orders", f"{place}/orders")
        for name in "", "Orders", "2orders", "or-ders", "or ders", "test", "main", "int", "placed", "../x":
            made = run("sh", "runtime/project/new.sh", name, f"{place}/none")
            check(f"no project is called {name!r}", made.returncode == 2 and not os.path.exists(f"{place}/none"),
                  made.stdout)
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
