#!/usr/bin/env python3
"""`ddbstream serve` seen from outside: the Invoke URL, the processes behind it, the command line.

test_serve.py [BUILD FOLDER or DDBSTREAM]
"""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from serve_harness import (
    API, Background, DDBSTREAM, INVOKE, NEXT, PATIENCE, PAYLOAD_MAX, RUNTIME, Server, UUID, alive, children, eventually,
    expect, main, native, raise_descriptors, read_response, test)


# The command line

def command(*arguments):
    return subprocess.run([DDBSTREAM, "serve", *arguments], capture_output=True, text=True, timeout=PATIENCE)


@test
def help_shows_an_example():
    done = command("--help")
    expect(done.returncode, 0)
    assert "usage: ddbstream serve" in done.stdout and "curl -d @event.json" in done.stdout, done.stdout


@test
def a_wrong_command_line_is_refused_with_its_reason():
    for arguments, reason in [(["--port", "65536"], "--port"), (["--port", "1x"], "--port"), (["--port"], "--port"),
                              (["--timeout", "0"], "--timeout"), (["--timeout", "901"], "--timeout"),
                              (["--env", "NAME"], "NAME=VALUE"), (["--env", "=x"], "NAME=VALUE"),
                              (["--nonsense"], "--nonsense"), (["-x"], "-x"), (["./bootstrap"], '"--"')]:
        done = command(*arguments)
        expect((arguments, done.returncode, done.stdout), (arguments, 2, ""))
        assert done.stderr.startswith("ddbstream serve: ") and reason in done.stderr, done.stderr
        assert "--help" in done.stderr, done.stderr


@test
def a_port_that_is_taken_is_refused():
    with Server(runtime=None) as server:
        done = command("--port", str(server.port))
        expect((done.returncode, done.stdout), (2, ""))
        assert str(server.port) in done.stderr and "in use" in done.stderr, done.stderr


@test
def the_port_can_be_chosen():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Server("--port", str(port), runtime=None) as server:
        expect(server.port, port)


@test
def it_says_how_to_start_a_runtime_and_how_to_send_an_event():
    with Server(runtime=None) as server:
        assert eventually(lambda: "curl" in server.errors())
        assert f"AWS_LAMBDA_RUNTIME_API=127.0.0.1:{server.port} " in server.errors(), server.errors()
        assert f"http://127.0.0.1:{server.port}{INVOKE}" in server.errors(), server.errors()


@test
def it_listens_on_loopback_only():
    with Server(runtime=None) as server:
        with open("/proc/net/tcp", encoding="ascii") as file:
            listening = [line.split()[1] for line in file if line.split()[3] == "0A"]
        places = [place for place in listening if place.endswith(f":{server.port:04X}")]
        expect(places, [f"0100007F:{server.port:04X}"])


@test
def sigint_and_sigterm_end_it_orderly():
    for number in (signal.SIGINT, signal.SIGTERM):
        with Server() as server:
            pid = server.invoke({"pid": 1})["pid"]
            expect(server.stop(number), 0)
            assert not alive(pid)


# Invocations

@test
def an_event_goes_in_and_the_answer_comes_out():
    with Server() as server:
        status, headers, body = server.request("POST", INVOKE, b'{"pid": 1}')
        expect(status, 200)
        expect(headers["content-type"], "application/json")
        assert UUID.fullmatch(headers["x-amzn-requestid"]), headers
        assert "x-amz-function-error" not in headers, headers
        expect(list(json.loads(body)), ["pid"])


@test
def the_runtime_gets_the_headers_of_an_invocation():
    with Server("--timeout", "45") as server:
        before = time.time() * 1000
        seen = server.invoke({"seen": 1})["seen"]
        assert UUID.fullmatch(seen["Lambda-Runtime-Aws-Request-Id"]), seen
        expect(seen["Lambda-Runtime-Invoked-Function-Arn"],
               "arn:aws:lambda:eu-west-1:111122223333:function:ddbstream-local")
        assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0",
                            seen["Lambda-Runtime-Trace-Id"]), seen
        expect(seen["Content-Type"], "application/json")
        assert before + 45000 - 1 <= int(seen["Lambda-Runtime-Deadline-Ms"]) <= seen["now"] + 45000 + 1, seen
        again = server.invoke({"seen": 1})["seen"]
        assert again["Lambda-Runtime-Aws-Request-Id"] != seen["Lambda-Runtime-Aws-Request-Id"]
        assert again["Lambda-Runtime-Trace-Id"] != seen["Lambda-Runtime-Trace-Id"]


@test
def the_function_gets_the_environment_of_lambda():
    caller = {"http_proxy": "http://127.0.0.1:9", "DDBS_PIPES_ID": "sequence", "AWS_PROFILE": "mine",
              "AWS_SECRET_ACCESS_KEY": "the real one", "AWS_SESSION_TOKEN": "the real one", "TZ": "Europe/Berlin",
              "_X_AMZN_TRACE_ID": "old", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9"}
    with Server("--env", "TABLE=orders=1", "--env", "AWS_REGION=us-east-2", "--env", "TABLE=orders=2",
                env=caller) as server:
        got = server.invoke({"environment": 1})["environment"]
        want = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.port}", "AWS_DEFAULT_REGION": "eu-west-1",
                "AWS_LAMBDA_FUNCTION_NAME": "ddbstream-local", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/ddbstream-local", "TZ": ":UTC", "_HANDLER": "bootstrap",
                "http_proxy": "http://127.0.0.1:9", "DDBS_PIPES_ID": "sequence", "TABLE": "orders=2",
                "AWS_REGION": "us-east-2", "LAMBDA_RUNTIME_DIR": "/var/runtime"}
        expect({name: got.get(name) for name in want}, want)
        assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", got["AWS_LAMBDA_LOG_STREAM_NAME"]), got
        for name in ("AWS_PROFILE", "AWS_EXECUTION_ENV", "_X_AMZN_TRACE_ID", "DDBS_REPORT",
                     "AWS_LAMBDA_MAX_CONCURRENCY"):
            assert name not in got, name
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            assert got[name] and "real" not in got[name], name
        assert os.path.isdir(got["LAMBDA_TASK_ROOT"]), got["LAMBDA_TASK_ROOT"]


@test
def the_task_root_is_the_folder_of_the_bootstrap():
    with Server() as folder:
        folder.write("bootstrap", f"#!/bin/sh\nexec {sys.executable} {folder.path('runtime.py')}\n")
        os.chmod(folder.path("bootstrap"), 0o755)
        for program in (folder.path("bootstrap"), os.path.relpath(folder.path("bootstrap"))):
            with Server(program=[program]) as server:
                root = server.invoke({"environment": 1})["environment"]["LAMBDA_TASK_ROOT"]
                assert os.path.isabs(root) and os.path.samefile(root, os.path.dirname(program)), root


@native
def the_function_gets_no_more_descriptors_than_in_lambda():
    with Server() as server:
        limit = server.invoke({"limit": 1})["limit"]
        assert 0 < limit <= 1024, limit


@test
def an_error_of_the_function_is_passed_on():
    error = {"errorMessage": "quantity below 1", "errorType": "Function.Refused", "stackTrace": []}
    with Server() as server:
        expect(server.fail({"error": error}), error)
        expect(server.fail({"error": ""})["errorType"], "")
        header = {"Lambda-Runtime-Function-Error-Type": "Function.Mine"}
        expect(server.fail({"error": "", "headers": header})["errorType"], "Function.Mine")
        expect(list(server.invoke({"pid": 1})), ["pid"])


@test
def an_empty_response_stays_empty():
    with Server() as server:
        status, headers, body = server.request("POST", INVOKE, b'{"big": 0}')
        expect((status, body, headers.get("x-amz-function-error")), (200, b"", None))


@test
def the_largest_event_and_the_largest_answer_pass():
    with Server() as server:
        event = b'{"pid": 1, "ignored": "'
        event += b"x" * (PAYLOAD_MAX - len(event) - 2) + b'"}'
        status, headers, _ = server.request("POST", INVOKE, event)
        expect((status, headers.get("x-amz-function-error")), (200, None))
        status, _, body = server.request("POST", INVOKE, json.dumps({"big": PAYLOAD_MAX}).encode())
        expect((status, len(body)), (200, PAYLOAD_MAX))


@test
def a_larger_event_is_refused_and_a_larger_answer_fails():
    with Server() as server:
        status, _, body = server.request("POST", INVOKE, b"x" * (PAYLOAD_MAX + 1))
        expect((status, json.loads(body)["errorType"]), (413, "RequestTooLargeException"))
        expect(server.fail({"big": PAYLOAD_MAX + 1})["errorType"], "Function.ResponseSizeTooLarge")
        expect(list(server.invoke({"pid": 1})), ["pid"])


@test
def a_path_or_method_that_is_none_is_refused():
    with Server(runtime=None) as server:
        for method, path, status in [("GET", "/", 404), ("POST", INVOKE + "/", 404), ("GET", INVOKE, 405),
                                     ("POST", "/2018-06-01/runtime/invocation/a/b", 404),
                                     ("POST", "/2018-06-01/runtime/invocation//", 404),
                                     ("GET", "/2018-06-01/runtime/restore/next", 404), ("POST", NEXT, 405),
                                     ("GET", API + "/init/error", 405), ("PUT", "/ping", 405),
                                     ("GET", API + "/invocation/x/response", 405)]:
            expect((method, path, server.request(method, path)[0]), (method, path, status))
        expect(server.request("GET", "/ping")[::2], (200, b"pong"))
        expect(server.request("GET", "/ping?really=1")[0], 200)


# Ends that nobody posted

@test
def a_crash_is_an_error_with_its_signal_or_status():
    with Server() as server:
        for todo, reason in [({"signal": int(signal.SIGSEGV)}, "signal: segmentation fault"),
                             ({"signal": int(signal.SIGKILL)}, "signal: killed"), ({"exit": 3}, "exit status 3")]:
            error = server.fail(todo)
            expect(error["errorType"], "Runtime.ExitError")
            assert re.fullmatch(rf"RequestId: {UUID.pattern} Error: Runtime exited with error: {reason}",
                                error["errorMessage"]), error
        error = server.fail({"exit": 0})
        expect(error["errorType"], "Runtime.ExitError")
        assert error["errorMessage"].endswith("Runtime exited without providing a reason"), error


@test
def after_a_crash_the_next_invocation_gets_a_new_process():
    with Server() as server:
        pids = [server.invoke({"pid": 1})["pid"] for _ in range(2)]
        expect(pids[0], pids[1])
        server.fail({"exit": 3})
        assert server.invoke({"pid": 1})["pid"] != pids[0]
        assert eventually(lambda: len(children(server.process.pid)) <= 1)


@test
def a_process_that_ends_between_two_invocations_is_no_failure():
    with Server() as server:
        pids = {server.invoke({"pid": 1, "exit-after": 1})["pid"] for _ in range(5)}
        expect(len(pids), 5)
        pid = server.invoke({"pid": 1})["pid"]
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: not os.path.exists(f"/proc/{pid}")), "a zombie was left"
        assert server.invoke({"pid": 1})["pid"] != pid


@test
def a_process_that_hangs_between_two_invocations_is_replaced():
    with Server("--timeout", "1") as server:
        pid = server.invoke({"pid": 1, "hang-after": 1})["pid"]
        assert server.invoke({"pid": 1})["pid"] != pid
        assert not alive(pid)


@test
def no_answer_in_time_kills_the_process_and_what_it_started():
    with Server("--timeout", "1") as server:
        mark = server.path("pids")
        began = time.monotonic()
        error = server.fail({"child": mark, "sleep": 300})
        assert time.monotonic() - began >= 1
        expect(error["errorType"], "Sandbox.Timedout")
        assert re.fullmatch(rf"RequestId: {UUID.pattern} Error: Task timed out after 1.00 seconds",
                            error["errorMessage"]), error
        with open(mark, encoding="ascii") as file:
            pids = [int(pid) for pid in file.read().split()]
        expect(len(pids), 2)
        assert eventually(lambda: not any(map(alive, pids))), pids
        expect(list(server.invoke({"pid": 1})), ["pid"])


@test
def a_child_that_keeps_the_output_open_does_not_hide_a_crash():
    with Server() as server:
        error = server.fail({"child": server.path("pids"), "exit": 4})
        assert "exit status 4" in error["errorMessage"], error
        with open(server.path("pids"), encoding="ascii") as file:
            assert eventually(lambda pids=file.read().split(): not any(map(alive, pids)))


@test
def a_function_may_close_its_output():
    with Server() as server:
        expect(list(server.invoke({"close-output": 1, "pid": 1})), ["pid"])
        expect(list(server.invoke({"sleep": 0.3, "pid": 1})), ["pid"])


@test
def an_initialization_error_is_the_answer():
    with Server(env={"MODE": "error-in-init"}) as server:
        for _ in range(2):
            expect(server.fail({}), {"errorMessage": "no table", "errorType": "Runtime.NoTable"})
        expect(server.errors().count("said so"), 2)


@test
def an_end_before_the_first_next_is_an_error():
    with Server(env={"MODE": "exit-in-init"}) as server:
        error = server.fail({})
        expect(error["errorType"], "Runtime.ExitError")
        assert "exit status 7" in error["errorMessage"], error
        assert "leaving early" in server.errors(), server.errors()


@test
def an_initialization_has_ten_seconds():
    with Server(env={"MODE": "hang-in-init"}) as server:
        began = time.monotonic()
        error = server.fail({})
        assert time.monotonic() - began >= 10
        expect(error["errorType"], "Sandbox.Timedout")
        assert "Initialization timed out after 10.00 seconds" in error["errorMessage"], error
        assert eventually(lambda: not children(server.process.pid))


@test
def a_program_that_cannot_be_run_is_an_invalid_entry_point():
    with Server(program=["no-such-program-anywhere"]) as server:
        plain, mark = server.write("plain", f"touch {server.path('mark')}\n"), server.path("mark")
        os.chmod(plain, 0o700)
        with Server(program=[plain]) as other:
            check_unstartable(other, plain, "Exec format error")
            assert not os.path.exists(mark), "a shell has run it"
        check_unstartable(server, "no-such-program-anywhere", "No such file or directory")


def check_unstartable(server, program, reason):
    error = server.fail({})
    expect(error, {"errorType": "Runtime.InvalidEntrypoint", "errorMessage": f"cannot run {program}: {reason}"})
    expect(said(server, 1)[0], f"cannot be run: {program}: {reason}")


@test
def a_file_that_cannot_be_run_is_refused_at_the_start():
    for program, reason in [("/no/such/program", "No such file or directory"), ("/etc/passwd", "Permission denied"),
                            ("/etc/passwd/x", "Not a directory"), ("/", "Is a directory"), ("./", "Is a directory")]:
        done = command("--", program)
        expect((done.returncode, done.stdout, done.stderr),
               (2, "", f"ddbstream serve: cannot run {program}: {reason}\n"))


@test
def a_program_without_a_slash_is_found_through_path():
    with Server() as folder:
        os.chmod(folder.write("a-runtime", f"#!/bin/sh\nexec {sys.executable} {folder.path('runtime.py')}\n"), 0o755)
        path = folder.folder.name + ":" + os.environ["PATH"]
        with Server(program=["a-runtime"], env={"PATH": path}) as server:
            expect(list(server.invoke({"pid": 1})), ["pid"])
        with Server("--env", "PATH=" + path, program=["a-runtime"]) as server:
            expect(list(server.invoke({"pid": 1})), ["pid"])


def said(server, count):
    """What the command itself has said about its invocations; each line has a request id of its own."""
    found = re.findall(rf"^ddbstream serve: request ({UUID.pattern}): (.*)$", server.errors(), re.M)
    expect((len(found), len({request for request, _ in found})), (count, count))
    return [text for _, text in found]


@test
def an_invocation_that_nobody_answered_is_said_on_the_terminal():
    with Server("--timeout", "1") as server:
        message = server.fail({"signal": int(signal.SIGSEGV)})["errorMessage"]
        expect(said(server, 1), ["was killed by SIGSEGV"])
        assert f"ddbstream serve: request {UUID.search(message)[0]}: " in server.errors(), (message, server.errors())
        server.fail({"exit": 3})
        server.fail({"sleep": 300})
        expect(said(server, 3)[1:], ["exited with status 3", "Task timed out after 1.00 seconds"])
        server.invoke({"pid": 1})
        server.fail({"error": {"errorType": "Function.Refused"}})  # an answer: the caller has it
        said(server, 3)


@test
def a_failed_initialization_is_said_on_the_terminal():
    for mode, text in [("exit-in-init", "exited with status 7 during initialization"),
                       ("error-in-init", "reported an initialization error, Runtime.NoTable")]:
        with Server(env={"MODE": mode}) as server:
            for _ in range(2):
                server.fail({})
            expect(said(server, 2), [text] * 2)


@test
def what_a_runtime_posts_cannot_break_the_line():
    posts = RUNTIME.replace('"Runtime.NoTable"', '"Runtime.A\\nddbstream serve: \\x1b[31mB"')
    with Server(runtime=posts, env={"MODE": "error-in-init"}) as server:
        server.fail({})
        expect(said(server, 1), ["reported an initialization error, Runtime.A?ddbstream serve: ?[31mB"])


@test
def a_cut_answer_is_an_error_of_the_invocation():
    with Server() as server:
        error = server.fail({"cut": "and go on"})
        expect(error["errorType"], "Runtime.TruncatedResponse")
        expect(list(server.invoke({"pid": 1})), ["pid"])


@test
def an_answer_counts_though_the_process_ends_before_it_is_read():
    with Server() as server:
        for size in (0, 10, PAYLOAD_MAX, PAYLOAD_MAX):
            status, headers, body = server.request("POST", INVOKE, json.dumps({"last": size}).encode())
            expect((status, headers.get("x-amz-function-error"), len(body)), (200, None, size))


@test
def a_process_that_dies_within_its_answer_has_crashed():
    with Server() as server:
        for _ in range(5):
            error = server.fail({"cut": "die"})
            expect(error["errorType"], "Runtime.ExitError")
            assert "exit status 9" in error["errorMessage"], error


# Output

@test
def what_the_function_writes_is_seen_before_its_answer():
    with Server() as server:
        for i in range(20):
            server.invoke({"print": f"line {i}"})
            assert f"line {i}\n" in server.errors(), (i, server.errors())


@test
def lines_without_end_and_very_long_lines_are_not_lost():
    with Server() as server:
        server.fail({"partial": "the last words", "exit": 1})
        assert "\nthe last words\nddbstream serve: request " in server.errors(), server.errors()
        server.invoke({"print": "~" * 600000})
        expect(server.errors().count("~"), 600000)


@test
def a_line_without_end_is_seen_with_its_invocation():
    with Server() as server:
        for i in range(3):
            server.invoke({"partial": f"unended {i}"})
            assert server.errors().endswith(f"unended {i}\n"), (i, server.errors())
        server.fail({"partial": "before the error", "error": {"errorType": "x"}})
        assert server.errors().endswith("unended 2\nbefore the error\n"), server.errors()
        server.fail({"partial": "last", "sleep": 0.1, "exit": 3})
        expect(server.errors().count("last\n"), 1)


@test
def a_reader_that_goes_away_does_not_end_it():
    with Server() as server:
        read_end, write_end = os.pipe()
        process = subprocess.Popen([DDBSTREAM, "serve", "--", sys.executable, server.path("runtime.py")],
                                   stdout=subprocess.PIPE, stderr=write_end)
        try:
            server.port = int(process.stdout.readline().decode().rpartition(":")[2])
            os.close(read_end)
            os.close(write_end)
            for _ in range(3):
                server.invoke({"print": "to nobody"})
            process.terminate()
            expect(process.wait(PATIENCE), 0)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


# The end of the server

def stop_with_mark(mode):
    """What a function that listens to SIGTERM has written when the server has ended."""
    with tempfile.TemporaryDirectory(prefix="serve-") as folder:
        mark = os.path.join(folder, "mark")
        with Server(env={"MODE": mode, "MARK": mark}) as server:
            answer = server.invoke({"registration": 1, "pid": 1})
            expect(answer["registration"].get("status"), 200 if mode.startswith("extension") else None)
            expect(server.stop(), 0)
            assert not alive(answer["pid"])
        if not os.path.exists(mark):
            return None
        with open(mark, encoding="ascii") as file:
            return file.read()


@test
def a_function_without_an_extension_is_killed_at_once():
    expect(stop_with_mark("term"), None)


@test
def a_function_with_an_extension_gets_sigterm_first():
    expect(stop_with_mark("extension"), "terminated")


@test
def a_function_that_ignores_sigterm_is_killed():
    expect(stop_with_mark("extension-that-stays"), "terminated")


@test
def a_function_does_not_outlive_a_killed_server():
    with Server() as server:
        pid = server.invoke({"pid": 1})["pid"]
        Background(server.request, "POST", INVOKE, b'{"print": "asleep", "sleep": 300}')
        assert eventually(lambda: "asleep" in server.errors())
        expect(server.stop(signal.SIGKILL), -signal.SIGKILL)
        assert eventually(lambda: not alive(pid))


@test
def ending_it_does_not_wait_for_an_invocation():
    with Server() as server:
        waiting = Background(server.request, "POST", INVOKE, b'{"sleep": 300}')
        assert eventually(lambda: children(server.process.pid))
        expect(server.stop(), 0)
        try:
            waiting.result()
        except (OSError, http.client.HTTPException):
            return
        raise AssertionError("an answer to an invocation that was never answered")


# The queue

@test
def invocations_run_one_after_the_other():
    with Server() as server:
        running = [Background(server.invoke, {"seen": 1, "sleep": 0.05, "pid": 1}) for _ in range(8)]
        answers = [each.result() for each in running]
        expect(len({answer["seen"]["Lambda-Runtime-Aws-Request-Id"] for answer in answers}), 8)
        expect(len({answer["pid"] for answer in answers}), 1)
        starts = sorted(answer["seen"]["now"] for answer in answers)
        assert all(later - earlier >= 49 for earlier, later in zip(starts, starts[1:])), starts


@native
def a_thousand_requests_wait_and_one_more_is_refused():
    raise_descriptors()
    body = b"POST " + INVOKE.encode() + b" HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
    with Server(runtime=None) as server:
        sockets = []
        for number in range(1001):  # one that runs, and the queue
            sockets.append(server.connect())
            sockets[-1].sendall(body)
            if number % 50 == 0 or number == 1000:  # a full backlog would let later connections overtake
                expect(server.request("GET", "/ping")[0], 200)
                expect(server.request("GET", "/ping")[0], 200)
        with server.connect() as raw:
            raw.sendall(body)
            status, _, refusal = read_response(raw)
        expect((status, json.loads(refusal)["errorType"]), (429, "TooManyRequestsException"))
        expect(server.request("GET", "/ping")[0], 200)
        for each in sockets:
            each.setblocking(False)
            try:
                raise AssertionError(f"answered before its turn: {each.recv(1)}")
            except BlockingIOError:
                each.close()


@test
def whoever_invokes_may_go_away_or_close_its_sending_side():
    with Server() as server:
        pid = server.invoke({"pid": 1})["pid"]
        text = json.dumps({"print": "abandoned", "sleep": 0.1}).encode()
        with server.connect() as raw:
            raw.sendall(b"POST %s HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (INVOKE.encode(), len(text), text))
        assert eventually(lambda: "abandoned" in server.errors())
        got = server.raw(b'POST %s HTTP/1.1\r\nContent-Length: 10\r\n\r\n{"pid": 1}' % INVOKE.encode(), True)
        assert got.startswith(b"HTTP/1.1 200") and got.endswith(b'{"pid": %d}' % pid), got


if __name__ == "__main__":
    sys.exit(main())
