"""A scripted Lambda Runtime API on raw sockets, for what no well-behaved server would do.

MockApi serves a list of replies to /next, in order, and a list of replies to posts, in order; where the first list ends
it answers 500, which ends the runtime under test. Everything that arrives is kept in `requests`.
"""
import json
import socket
import struct
import threading
import time

ID = "11111111-2222-3333-4444-%012d"


class Request:
    """One request as it came, and on which connection (they are numbered from 0)."""

    def __init__(self, head, body, connection):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, self.version = lines[0].split(" ")
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        self.body = body
        self.connection = connection

    def header(self, name):
        """The value of a header, None without it."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) < 2, f"header {name} is there {len(values)} times"
        return values[0] if values else None

    @property
    def verdict(self):
        """The last part of the path: "next", "response", "error"."""
        return self.path.rsplit("/", 1)[1]

    def json(self):
        return json.loads(self.body.decode("utf-8"))


class Reply:
    """What to do about one request: a response, whole or not.

    status   None: close the connection without any response
    chunked  send the body in chunks of odd sizes instead of with a Content-Length
    cut      send only so many bytes of the body, then close
    raw      these bytes instead of a response
    before   called with the MockApi first
    after    called with the MockApi when all is sent and, where it is to be closed, the connection is closed
    reset    let closing the connection reset it
    endless  send a body that never ends
    """

    def __init__(self, status=200, body=b"", headers=(), chunked=False, cut=None, raw=None, before=None, after=None,
                 reset=False, close=False, endless=False):
        self.status, self.headers, self.chunked, self.cut = status, list(headers), chunked, cut
        self.body = body.encode() if isinstance(body, str) else body
        self.raw, self.before, self.after, self.reset, self.close = raw, before, after, reset, close
        self.endless = endless

    def send(self, connection):
        """Send it; whether the connection stays open."""
        if self.raw is not None:
            connection.sendall(self.raw)
        elif self.status is not None:
            self.send_response(connection)
        if self.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return self.raw is None and self.status is not None and self.cut is None and not self.close

    def send_response(self, connection):
        head = [f"HTTP/1.1 {self.status} Status"] + [f"{name}: {value}" for name, value in self.headers]
        if self.chunked:
            head.append("Transfer-Encoding: chunked")
        elif self.status != 204:
            head.append(f"Content-Length: {len(self.body)}")
        connection.sendall("\r\n".join(head).encode("latin-1") + b"\r\n\r\n")
        body = self.body if self.cut is None else self.body[:self.cut]
        connection.sendall(self.in_chunks(body) if self.chunked else body)
        while self.endless:
            connection.sendall(b"1000\r\n" + b" " * 4096 + b"\r\n")

    def in_chunks(self, body):
        out, at, size = [], 0, 1
        while at < len(body):
            part = body[at:at + size]
            out.append(b"%x\r\n%s\r\n" % (len(part), part))
            at, size = at + size, size * 3 % 100003
        return b"".join(out) + (b"0\r\n\r\n" if self.cut is None and not self.endless else b"")


def event_reply(event, number=0, headers=None, **more):
    """A reply to /next: `event` is bytes, text or what json.dumps takes. `headers` replace those with equal names."""
    if not isinstance(event, (bytes, str)):
        event = json.dumps(event)
    all_headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": ID % number,
        "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60000),
        "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:111122223333:function:test",
        "Lambda-Runtime-Trace-Id": f"Root=1-6ad5d760-1a2b3c4d5e6f708192a3b4c5;Parent=53995c3f42cd8ad8;Sampled={number}",
    }
    all_headers.update(headers or {})
    return Reply(body=event, headers=[item for item in all_headers.items() if item[1] is not None], **more)


def accepted():
    return Reply(202, '{"status":"OK"}\n', [("Content-Type", "application/json")])


def refused(status, error_type="InvalidStateTransition"):
    body = json.dumps({"errorMessage": "State transition is not allowed", "errorType": error_type})
    return Reply(status, body + "\n", [("Content-Type", "application/json")])


class MockApi:
    """`on_post` is called with each post before it is answered."""

    def __init__(self, events=(), posts=(), on_post=None, family=socket.AF_INET):
        self.events, self.posts, self.on_post = list(events), list(posts), on_post
        self.requests, self.failures = [], []
        self.connections = 0
        self.pid = None  # of the runtime under test
        self.lock = threading.Lock()
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.listener.listen(16)
        host, port = self.listener.getsockname()[:2]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        """Refuse connections from now on; may be called twice."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection, self.connections), daemon=True).start()
            self.connections += 1

    def serve(self, connection, number):
        try:
            with connection:
                while self.serve_one(connection, number):
                    pass
        except (ConnectionError, TimeoutError):
            pass
        except Exception as error:  # a mistake of a test must not look like one of the runtime
            self.failures.append(repr(error))

    def serve_one(self, connection, number):
        request = self.read(connection, number)
        if request is None:
            return False
        with self.lock:
            self.requests.append(request)
            reply = self.choose(request)
        if reply.before:
            reply.before(self)
        keep = reply.send(connection)
        if not keep:
            connection.close()
        if reply.after:
            reply.after(self)
        return keep

    def read(self, connection, number):
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return None
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        request = Request(head, b"", number)
        length = int(request.header("Content-Length") or 0)
        while len(body) < length:
            more = connection.recv(65536)
            if not more:
                return None
            body += more
        request.body = body
        return request

    def choose(self, request):
        if request.method == "GET":
            return self.events.pop(0) if self.events else refused(500, "InternalServerError")
        if self.on_post:
            self.on_post(request)
        return self.posts.pop(0) if self.posts else accepted()

    def of(self, *verdicts):
        """The requests whose path ends in one of these."""
        return [request for request in self.requests if request.verdict in verdicts]
