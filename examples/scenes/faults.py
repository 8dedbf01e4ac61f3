"""Faults for the scenes of the examples: calls are lost, and the processes that make them are killed."""
import http.client
import http.server
import os
import random
import signal
import sys
import threading
import urllib.parse

PATIENCE_S = 60


def owner_of(port, peer):
    """The process that holds the connection from this local port to that one, or None. Connections to other ports may
    have the same local one."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    inodes = {f"socket:[{row[9]}]" for row in rows if [int(end.split(":")[1], 16) for end in row[1:3]] == [port, peer]}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if any(os.readlink(f"/proc/{pid}/fd/{fd}") in inodes for fd in os.listdir(f"/proc/{pid}/fd")):
                return int(pid)
        except OSError:
            pass  # it has ended, or is not ours
    return None


class Faults:
    """Proxies before the services. Before a call, or behind it, they kill the handler's process that made it; or they
    lose the response. The services themselves always work."""

    def __init__(self, seed, program, share):
        self.random, self.program, self.share, self.lock = random.Random(seed), program, share, threading.Lock()
        self.counts = {"killed before": 0, "killed behind": 0, "response lost": 0}
        self.servers, self.log = {}, []

    def close(self):
        for server in self.servers.values():
            server.shutdown()
            server.server_close()

    def before(self, url):
        """The address of the proxy before the service at `url`."""
        if url not in self.servers:
            server = ProxyServer(("127.0.0.1", 0), Proxy)
            server.faults, server.target = self, url.removeprefix("http://")
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            self.servers[url] = server
        return f"http://127.0.0.1:{self.servers[url].server_address[1]}"

    def choose(self, body):
        """What goes wrong with this request, or None; the log has it with the request."""
        with self.lock:
            if self.random.random() >= self.share * len(self.counts):
                return None
            kind = min(self.counts, key=self.counts.get)  # a kill that finds nobody does not count
            self.log.append((kind, urllib.parse.unquote(body.decode("utf-8", "replace"))))
            return kind

    def kill(self, port, peer):
        """Kill the handler's process that holds the connection. False: it is gone already, by another fault."""
        pid = owner_of(port, peer)
        if pid is None:
            return False
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                command = file.read()
            assert not command or self.program.encode() in command, "at the other end is something else"
            os.kill(pid, signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            return False
        return True


class ProxyServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with 5, connections that come at once wait for a second

    def handle_error(self, request, address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # whoever was killed is not there to read an answer
            super().handle_error(request, address)
            os.kill(os.getpid(), signal.SIGTERM)  # this is not the main thread; that one ends what it has started


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one segment: two of them would wait for each other

    def log_message(self, *_):
        pass

    def do_POST(self):
        faults, ports = self.server.faults, (self.client_address[1], self.server.server_address[1])
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault, killed = faults.choose(body), True
        if fault == "killed before":
            killed = faults.kill(*ports)
        else:
            response, data = self.forward(body)
        if fault == "killed behind":
            killed = faults.kill(*ports)
        if fault is not None:
            faults.counts[fault] += killed
            self.close_connection = True
            return
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_PUT = do_POST

    def forward(self, body):
        connection = http.client.HTTPConnection(self.server.target, timeout=PATIENCE_S)
        connection.request(self.command, self.path, body, dict(self.headers))
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response, data
