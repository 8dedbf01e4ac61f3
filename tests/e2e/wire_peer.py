"""The peer of tests/wire: a Runtime API that follows a script and notes what does not happen as it is written there."""
import ast
import fnmatch
import os
import re
import signal
import socket
import struct
import threading
import time

from mock_api import ID, MockApi, Reply, Request, accepted, event_reply, refused
from runtime_harness import SUCCESS, batch, event_of_size, expect, expect_error, seq, window

PATHS = {
    "next": "GET /2018-06-01/runtime/invocation/next",
    "response": "POST /2018-06-01/runtime/invocation/{id}/response",
    "error": "POST /2018-06-01/runtime/invocation/{id}/error",
    "init-error": "POST /2018-06-01/runtime/init/error",
    "register": "POST /2020-01-01/extension/register",
    "event-next": "GET /2020-01-01/extension/event/next",
}


class Recorder:
    """Takes the bytes that would be sent."""

    def __init__(self):
        self.data = b""

    def sendall(self, data):
        self.data += data


def make_event(options):
    if "body" in options:
        return options["body"]
    if "size" in options:
        return event_of_size(int(options["size"]))
    keys = {key: value for key, value in options.items() if re.fullmatch(r"r\d+", key)}
    event = batch(int(options.get("records", 1)), **keys)
    return window(event, {"s": "x" * int(options["state"])}) if "state" in options else event


def make_reply(action, number):
    """The Reply of an action: an event, or a status with what the platform says with it."""
    chunked = "chunked" in action.options
    if action.name == "event":
        reply = event_reply(make_event(action.options), number, chunked=chunked)
        if "deadline" in action.options:
            deadline = int((time.time() + float(action.options["deadline"])) * 1000)
            reply.headers = [(name, str(deadline) if "Deadline" in name else value) for name, value in reply.headers]
        return reply
    status = int(action.name)
    reply = refused(status, action.text) if action.text else accepted()
    reply.status, reply.chunked = status, chunked
    if status == 204 or "body" in action.options:
        reply.body = action.options.get("body", "").encode()
    return reply


def change_headers(headers, changes):
    for sign, name, value in changes:
        same = [index for index, header in enumerate(headers) if header[0].lower() == name.lower()]
        if sign == "+":
            headers.append((name, value))
            continue
        for index in reversed(same):
            del headers[index]
        if sign == "":
            headers.insert(same[0] if same else len(headers), (name, value))


def render(action, number):
    """(head, body) of a response as bytes, both whole."""
    reply, recorder = make_reply(action, number), Recorder()
    change_headers(reply.headers, action.headers)
    reply.send_response(recorder)
    head, body = recorder.data.split(b"\r\n\r\n", 1)
    if "colon" in action.options:
        head = head.replace(b": ", ast.literal_eval('b":%s"' % action.options["colon"]))
    if "no-length" in action.options:
        head = re.sub(rb"\r\nContent-Length: \d+", b"", head)
    if "length" in action.options:
        head = re.sub(rb"(\r\nContent-Length:) \d+", rb"\1 " + action.options["length"].encode(), head)
    return head + b"\r\n\r\n", body


class WirePeer(MockApi):
    """Plays the dialogue of a script, one request after the other, on whatever connections they come."""

    def __init__(self, script, family=socket.AF_INET):
        self.dialogue, self.asides = list(script.dialogue), list(script.asides)
        self.started, self.ended = threading.Event(), threading.Event()
        self.event_count, self.current, self.pending, self.prefix = 0, None, b"", ""
        self.answer = None  # the exchange of the answer that "same" repeats
        super().__init__(family=family)

    def serve(self, connection, number):
        with self.lock:
            unread = self.dialogue and self.dialogue[0].call == "connect"
            exchange = self.dialogue.pop(0) if unread else None
        if exchange is None:
            super().serve(connection, number)
            return
        with connection:
            self.act(exchange, connection)

    def serve_one(self, connection, number):
        request, body = self.read_head(connection, number)
        if request is None:
            return False
        try:
            exchange = self.expected(request)
            if exchange is None:
                self.ended.wait()
                return False
            self.read_body(connection, request, body, exchange.take)
            self.check(exchange, request)
        except AssertionError as error:
            self.failures.append(str(error))
            self.dialogue.clear()
            connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
            return True
        self.requests.append(request)
        return self.act(exchange, connection)

    # What comes

    def read_head(self, connection, number):
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return None, b""
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        return Request(head, b"", number), body

    def read_body(self, connection, request, body, take):
        length = int(request.header("Content-Length") or 0)
        length = length if take is None else min(take, length)
        while len(body) < length:
            more = connection.recv(65536)
            assert more, "a request that breaks off"
            body += more
        more = body[length:length + 60]
        assert not more or take is not None, f"before the reply to the request came {more!r}"
        request.body = body

    def expected(self, request):
        """The exchange that this request begins; None for one that runs beside the others."""
        line = f"{request.method} {request.path}"
        for aside in self.asides:
            if line == PATHS[aside]:
                self.asides.remove(aside)
                return None
        with self.lock:
            assert self.dialogue, f"after the end of the script came {line}"
            return self.dialogue.pop(0)

    def check(self, exchange, request):
        call = exchange.call
        if call == "same":
            self.check_same(request)
        else:
            method, path = PATHS[call].format(id=self.current).split(" ")
            expect(f"{request.method} {request.path}", f"{method} {self.prefix}{path}", "request")
        if exchange.take is None and call in ("response", "error", "init-error"):
            self.check_answer(call, exchange.want, request)
        if call != "same":
            self.answer = exchange
        for sign, name, pattern in exchange.wishes:
            self.check_wish(sign, name, pattern, request)

    def check_same(self, request):
        first = self.requests[-1]
        for what in ("method", "path", "headers"):
            expect(getattr(request, what), getattr(first, what), what + " of the repeated request")
        if self.answer.take is None:
            expect(request.body, first.body, "the repeated body")
        assert request.body.startswith(first.body), "the repeated body is another one"
        self.check_answer(self.answer.call, self.answer.want, request)
        assert request.connection != first.connection, "repeated on the connection that broke"

    def check_answer(self, call, want, request):
        if call != "response":
            expect_error(request, want)
            assert re.fullmatch(r"(Runtime|Function)\.[A-Z][a-zA-Z]+", want), want
            return
        if want == "[]":
            expect(request.body, SUCCESS, "body")
        elif re.fullmatch(r"\[\d+\]", want):
            expect(request.json(), {"batchItemFailures": [{"itemIdentifier": seq(int(want[1:-1]))}]}, "body")
        elif want == "window":
            expect(sorted(request.json()), ["batchItemFailures", "state"], "members of the body")
        else:
            expect(want, "", "what the script wants")

    def check_wish(self, sign, name, pattern, request):
        if sign == "~":
            message = request.json().get("errorMessage", "")
            assert fnmatch.fnmatchcase(message, pattern), f"the message is {message!r}, not {pattern!r}"
            return
        value = request.header(name)
        if sign == "-":
            expect(value, None, name)
        else:
            assert value is not None and fnmatch.fnmatchcase(value, pattern), f"{name} is {value!r}, not {pattern!r}"

    # What is done about it

    def act(self, exchange, connection):
        """Do the actions; whether the connection stays open."""
        for action in exchange.actions:
            if action.name in ("close", "reset"):
                self.close_connection(connection, action.name == "reset")
            elif action.name in ("wait", "hold"):
                self.ended.wait(float(action.text) if action.name == "wait" else None)
            elif action.name == "unlisten":
                self.close()
            elif action.name == "read":
                self.read_body(connection, self.requests[-1], self.requests[-1].body, None)
                self.check_answer(exchange.call, exchange.want, self.requests[-1])
            elif action.name in ("freeze", "thaw", "term"):
                self.signal(action.name)
            else:
                self.send(action, connection)
        return connection.fileno() >= 0

    def close_connection(self, connection, reset):
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def signal(self, name):
        self.started.wait()
        numbers = {"freeze": signal.SIGSTOP, "thaw": signal.SIGCONT, "term": signal.SIGTERM}
        os.kill(self.pid, numbers[name])
        while name == "freeze":
            with open(f"/proc/{self.pid}/stat", encoding="utf-8", errors="replace") as file:
                if file.read().rpartition(")")[2].split()[0] == "T":
                    return
            time.sleep(0.001)

    def send(self, action, connection):
        if action.name == "raw":
            data = ast.literal_eval("b" + action.text)
            ids = re.findall(rb"\nLambda-Runtime-Aws-Request-Id: (\S+)\r", data)
            self.current = ids[0].decode() if ids else self.current
            connection.sendall(data)
            return
        if action.name == "rest":
            connection.sendall(self.pending)
            return
        data = self.cut(action, *render(action, self.number(action)))
        for at in range(0, len(data), 1 if "bytewise" in action.options else len(data) or 1):
            connection.sendall(data[at:] if "bytewise" not in action.options else data[at:at + 1])

    def number(self, action):
        """The number of the event that goes out, which makes its request id."""
        number = action.number("id")
        if action.name == "event" and "stray" not in action.options:
            if number is None:
                number, self.event_count = self.event_count, self.event_count + 1
            ids = [value for sign, name, value in action.headers if name.lower() == "lambda-runtime-aws-request-id"]
            self.current = ids[-1] if ids else ID % number
        return number

    def cut(self, action, head, body):
        """What goes out now; the rest is kept."""
        whole, end = head + body, len(head) + len(body)
        if "cut" in action.options:
            end = len(head) + action.number("cut")
        if "cut-head" in action.options:
            end = action.number("cut-head") % len(head)
        self.pending = whole[end:]
        return whole[:end]
