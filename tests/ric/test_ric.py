#!/usr/bin/env python3
"""The official runtime of Node.js (npm: aws-lambda-ric) against `ddbstream serve`: the Runtime API is that of AWS, not
one that only our own runtime understands.

test_ric.py [BUILD FOLDER]

The runtime is installed into BUILD FOLDER/ric, once; it compiles a libcurl and the C++ client of AWS for that, which
takes a minute or two. On Debian 12: apt-get install nodejs npm libnode-dev cmake autoconf automake libtool g++ make
"""
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
sys.argv[1:] = [BUILD]
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

import serve_harness  # noqa: E402, its place is only known now
from serve_harness import INVOKE, PAYLOAD_MAX, UUID, Server, eventually, expect, test  # noqa: E402

FOLDER = os.path.join(BUILD, "ric")
CLIENT = os.path.join(FOLDER, "node_modules", "aws-lambda-ric", "bin", "index.mjs")
INSTALL_MAX_S = 900
TOOLS = {"node": "nodejs", "npm": "npm", "cmake": "cmake", "autoreconf": "autoconf", "aclocal": "automake",
         "libtoolize": "libtool", "g++": "g++", "make": "make", "tar": "tar"}


def install():
    """Install the client unless it is there; a sentence about what went wrong, or None."""
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        return "missing: " + " ".join(missing) + " (Debian: apt-get install " + " ".join(missing) + ")"
    os.makedirs(FOLDER, exist_ok=True)
    for name in ("package.json", "handler.mjs", "broken.mjs"):
        shutil.copy2(os.path.join(HERE, name), FOLDER)
    done = os.path.join(FOLDER, "installed")
    if os.path.exists(done):
        return None
    shutil.rmtree(os.path.join(FOLDER, "node_modules"), ignore_errors=True)  # of an installation that was broken off
    with open(os.path.join(FOLDER, "install.log"), "wb") as log:
        process = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], cwd=FOLDER,
                                 env=npm_environment(), stdout=log, stderr=subprocess.STDOUT, timeout=INSTALL_MAX_S)
    if process.returncode != 0 or not os.path.exists(CLIENT):
        with open(log.name, encoding="utf-8", errors="replace") as log:
            return f"npm install failed, see {log.name}: ..." + log.read()[-1500:]
    open(done, "wb").close()
    return None


def npm_environment():
    """With the headers of the node at hand, if they are installed: without, its compiler driver would download them."""
    prefix = os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("node"))))
    there = os.path.exists(os.path.join(prefix, "include", "node", "node_api.h"))
    return dict(os.environ, **({"npm_config_nodedir": prefix} if there else {}))


def serve(*options, handler="handler.handler", **more):
    return Server(*options, program=["node", CLIENT, handler], **more)


@test
def an_answer_comes_back_as_it_is():
    event = {"do": "echo", "text": "caf\u00e9 \u20ac \U0001f600 \u0000 \" \\", "number": 1.5, "list": [None, True, {}]}
    with serve() as server:
        for _ in range(50):
            expect(server.invoke(event), event)
        expect(server.invoke({"do": "print", "text": "x"}), None)


@test
def the_context_is_that_of_the_invocation():
    with serve("--timeout", "20", "--env", "TEST_VARIABLE=set") as server:
        first, second = server.invoke({"do": "look"}), server.invoke({"do": "look"})
        expect((first["calls"], second["calls"], second["pid"]), (1, 2, first["pid"]))
        for seen in (first, second):
            assert UUID.fullmatch(seen["requestId"]), seen
            assert 10000 < seen["remaining"] <= 20000, seen
            assert seen["arn"].startswith("arn:aws:lambda:"), seen
            assert seen["trace"].startswith("Root=1-") and "Sampled=" in seen["trace"], seen
            expect(seen["variable"], "set")
        assert first["requestId"] != second["requestId"] and first["trace"] != second["trace"], (first, second)


@test
def an_error_has_type_message_and_trace():
    with serve() as server:
        error = server.fail({"do": "throw", "text": "caf\u00e9 \u20ac \U0001f600"})
        expect((error["errorType"], error["errorMessage"]), ("OrderError", "caf\u00e9 \u20ac \U0001f600"))
        assert any("handler.mjs" in line for line in error["trace"]), error
        error = server.fail({"do": "reject"})
        assert "only a text" in json.dumps(error), error
        expect(server.invoke({"do": "echo"}), {"do": "echo"})


@test
def a_module_that_throws_fails_the_initialization():
    with serve(handler="broken.handler") as server:
        for _ in range(2):
            error = server.fail({"do": "echo"})
            expect((error["errorType"], error["errorMessage"]), ("RangeError", "no table to write to: caf\u00e9"))


@test
def a_handler_that_is_not_there_fails_the_initialization():
    for handler, error_type in (("handler.nobody", "Runtime.HandlerNotFound"),
                                ("nowhere.handler", "Runtime.ImportModuleError")):
        with serve(handler=handler) as server:
            expect(server.fail({"do": "echo"})["errorType"], error_type)


@test
def large_events_and_answers():
    with serve() as server:
        frame = len(json.dumps({"do": "length", "text": ""}, separators=(",", ":")))
        event = json.dumps({"do": "length", "text": "x" * (PAYLOAD_MAX - frame)}, separators=(",", ":")).encode()
        expect(len(event), PAYLOAD_MAX)
        status, _, body = server.request("POST", INVOKE, event)
        expect((status, json.loads(body)), (200, {"length": PAYLOAD_MAX}))
        expect(len(server.invoke({"do": "big", "length": PAYLOAD_MAX - 2})), PAYLOAD_MAX - 2)


@test
def an_answer_that_is_too_large_fails_the_invocation_only():
    with serve() as server:
        error = server.fail({"do": "big", "length": PAYLOAD_MAX - 1})
        expect(error["errorType"], "Function.ResponseSizeTooLarge")
        expect(server.invoke({"do": "echo"}), {"do": "echo"})


@test
def a_process_that_ends_is_replaced():
    with serve() as server:
        first = server.invoke({"do": "look"})["pid"]
        for way in ({"do": "exit", "status": 3}, {"do": "exit", "status": 0}, {"do": "kill", "signal": "SIGKILL"},
                    {"do": "kill", "signal": "SIGSEGV"}):
            expect(server.fail(way)["errorType"], "Runtime.ExitError")
            assert server.invoke({"do": "look"})["pid"] != first


@test
def a_function_that_hangs_is_stopped():
    with serve("--timeout", "2") as server:
        error = server.fail({"do": "hang"})
        assert "timed out after 2" in error["errorMessage"], error
        expect(server.invoke({"do": "echo"}), {"do": "echo"})


@test
def what_it_prints_is_in_the_log():
    with serve() as server:
        server.invoke({"do": "print", "text": "a line of the function"})
        assert eventually(lambda: "a line of the function" in server.errors()), server.errors()


def main():
    wrong = install()
    if wrong:
        print("not ok - the official client is installed: " + wrong.replace("\n", "\\n"))
        return 1
    os.chdir(FOLDER)  # where the client looks for its handler
    return serve_harness.main()


if __name__ == "__main__":
    sys.exit(main())
