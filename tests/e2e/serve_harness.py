"""What the tests of `ddbstream serve` share: the server as a process, sockets to talk to it, a small runtime in Python.

A test program takes the build folder, or the path of the ddbstream binary, as its argument.
"""
import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

BIN = sys.argv[1] if len(sys.argv) > 1 else "build/ddbstream"
DDBSTREAM = os.path.join(BIN, "ddbstream") if os.path.isdir(BIN) else BIN
PATIENCE = 60  # seconds after which a test is given up; nothing here takes that long
INVOKE = "/2015-03-31/functions/function/invocations"
API = "/2018-06-01/runtime"
NEXT = API + "/invocation/next"
REGISTER = "/2020-01-01/extension/register"
EVENT_NEXT = "/2020-01-01/extension/event/next"
PAYLOAD_MAX = 6 * 1024 * 1024 + 100
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TESTS = []

# A runtime that does what the event says; "ID" in a path stands for the request id.
RUNTIME = r'''
import http.client, json, os, signal, subprocess, sys, time
host = os.environ["AWS_LAMBDA_RUNTIME_API"]
connection = http.client.HTTPConnection(host)
def call(method, path, body=None, headers={}):
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    return {"status": response.status, "headers": dict(response.getheaders()),
            "body": response.read().decode()}
BASE = "/2018-06-01/runtime/"
mode = os.environ.get("MODE", "")
registration = {}
if mode == "exit-in-init":
    print("leaving early"); sys.exit(7)
if mode == "hang-in-init":
    time.sleep(600)
if mode == "error-in-init":
    call("POST", BASE + "init/error", json.dumps({"errorMessage": "no table", "errorType": "Runtime.NoTable"}))
    print("said so", flush=True)
    sys.exit(1)
if mode.startswith("extension"):
    def leave(number, frame):
        open(os.environ["MARK"], "w").write("terminated")
        if mode == "extension":
            os._exit(0)
    signal.signal(signal.SIGTERM, leave)
    registration = call("POST", "/2020-01-01/extension/register", '{"events":[]}',
                        {"Lambda-Extension-Name": "inside"})
if mode == "term":
    signal.signal(signal.SIGTERM, lambda *_: open(os.environ["MARK"], "w").write("terminated"))
while True:
    event = call("GET", BASE + "invocation/next")
    id = event["headers"]["Lambda-Runtime-Aws-Request-Id"]
    todo = json.loads(event["body"])
    answer, path = {}, "response"
    for step, value in todo.items():
        if step == "print": print(value, flush=True)
        elif step == "partial": sys.stdout.write(value); sys.stdout.flush()
        elif step == "sleep": time.sleep(value)
        elif step == "exit": os._exit(value)
        elif step == "signal": os.kill(os.getpid(), value)
        elif step == "child":
            child = subprocess.Popen(["sleep", "300"], start_new_session=False)
            open(value, "w").write(f"{os.getpid()} {child.pid}")
        elif step == "close-output": os.close(1); os.close(2)
        elif step == "seen": answer["seen"] = dict(event["headers"], now=time.time() * 1000)
        elif step == "environment": answer["environment"] = dict(os.environ)
        elif step == "registration": answer["registration"] = registration
        elif step == "pid": answer["pid"] = os.getpid()
        elif step == "limit":
            import resource
            answer["limit"] = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        elif step == "calls":
            answer["calls"] = [call(method, place.replace("ID", id), body) for method, place, body in value]
        elif step == "error":
            path, answer = "error", value
        elif step == "big":
            answer = "x" * value
        elif step in ("cut", "last"):
            import socket
            name, port = host.split(":")
            raw = socket.create_connection((name, int(port)))
            body = b"x" * (value if step == "last" else 50)
            length = len(body) + (step == "cut")
            head = f"POST {BASE}invocation/{id}/response HTTP/1.1\r\nContent-Length: {length}\r\n\r\n"
            raw.sendall(head.encode() + body)
            if step == "last": os._exit(0)
            if value == "die": os._exit(9)
            raw.shutdown(socket.SHUT_WR)
            answer["cut"] = raw.recv(65536).decode()
    if "cut" not in todo:
        body = answer if isinstance(answer, str) else json.dumps(answer)
        call("POST", BASE + f"invocation/{id}/{path}", body.encode(), todo.get("headers", {}))
    if "exit-after" in todo: os._exit(todo["exit-after"])
    if "hang-after" in todo: time.sleep(600)
'''


def test(function):
    TESTS.append(function)
    return function


def native(function):
    """A test about limits of the process that valgrind keeps to itself."""
    with open(DDBSTREAM, "rb") as file:
        if file.read(4) == b"\x7fELF":
            TESTS.append(function)
    return function


def expect(got, want):
    assert got == want, f"got {str(got)[:400]!r}, want {str(want)[:400]!r}"


class Server:
    """`ddbstream serve` with a runtime of ours behind it, or none (runtime=None)."""

    def __init__(self, *options, runtime=RUNTIME, program=None, env=None):
        self.folder = tempfile.TemporaryDirectory(prefix="serve-")
        self.errors_path = os.path.join(self.folder.name, "stderr")
        command = [DDBSTREAM, "serve", *options]
        if program is not None:
            command += ["--", *program]
        elif runtime is not None:
            command += ["--", sys.executable, self.write("runtime.py", runtime)]
        with open(self.errors_path, "wb") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors,
                                            env=dict(os.environ, **(env or {})))
        line = self.process.stdout.readline().decode()
        match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        assert match, f"{line!r} {self.errors()}"
        self.port = int(match[1])

    def write(self, name, text):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def errors(self):
        with open(self.errors_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body) on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def invoke(self, event):
        """The answer of the function as JSON; it must not be an error."""
        status, headers, body = self.request("POST", INVOKE, json.dumps(event).encode())
        assert status == 200 and "x-amz-function-error" not in headers, (status, headers, body[:500], self.errors())
        return json.loads(body)

    def fail(self, event):
        """The error object that the function's failure is answered with."""
        status, headers, body = self.request("POST", INVOKE, json.dumps(event).encode())
        expect(status, 200)
        expect(headers.get("x-amz-function-error"), "Unhandled")
        return json.loads(body)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def raw(self, data, close_sending=False):
        """Everything that comes back until the server closes."""
        with self.connect() as raw:
            raw.sendall(data)
            if close_sending:
                raw.shutdown(socket.SHUT_WR)
            return read_all(raw)

    def stop(self, number=signal.SIGTERM):
        """End the server; its exit status. Called again, does nothing."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        status = self.stop()
        errors = self.errors()
        self.folder.cleanup()
        assert status in (0, -signal.SIGKILL), f"exit status {status}: {errors}"
        return False


def read_all(raw):
    data = b""
    while True:
        more = raw.recv(65536)
        if not more:
            return data
        data += more


def read_response(raw):
    """(status, headers, body) of one response on a socket that stays open."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = raw.recv(1)
        assert more, f"closed after {data!r}"
        data += more
    lines = data.decode().split("\r\n")
    headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines[1:] if line}
    body = b""
    while len(body) < int(headers.get("content-length", 0)):
        more = raw.recv(int(headers["content-length"]) - len(body))
        assert more, "closed within the body"
        body += more
    return int(lines[0].split(" ")[1]), headers, body


class Background:
    """Something that runs while the test goes on; result() gives what it returned or raises what it raised."""

    def __init__(self, function, *arguments):
        self.value = self.error = None
        self.thread = threading.Thread(target=self.run, args=(function, arguments), daemon=True)
        self.thread.start()

    def run(self, function, arguments):
        try:
            self.value = function(*arguments)
        except BaseException as error:  # handed to whoever asks for the result
            self.error = error

    def result(self):
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "no result in time"
        if self.error is not None:
            raise self.error
        return self.value


def eventually(condition):
    """Whether it holds within the time we are ready to wait."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def alive(pid):
    """Whether a process exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    """Processes whose parent is `pid`, zombies included."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                if int(file.read().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def raise_descriptors():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main():
    failed = 0
    for function in TESTS:
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok - {name}", flush=True)
        except Exception as error:  # a failed test, whatever it failed with
            failed += 1
            where = traceback.extract_tb(error.__traceback__)
            places = ", ".join(f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in where)
            print(f"not ok - {name}: {type(error).__name__}: {error} ({places})".replace("\n", "\\n"), flush=True)
    return 1 if failed else 0
