"""A Runtime API for several requests at once: each waits in /next until there is an event for it.

Live is a handler that goes on while the test acts: give() events, wait, send signals.
"""
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time

from mock_api import MockApi, Reply, event_reply, refused
from runtime_harness import HANDLERS, PATIENCE, SECRET

REGISTERED = [("Lambda-Extension-Identifier", "3f1c2f1a-7c1d-4f0e-9b55-2f6f5c1f9a10")]


class ConcurrentApi(MockApi):
    """Who asks for an event gets the next one given, as soon as there is one; an extension never gets any."""

    def __init__(self):
        self.waiting = queue.Queue()
        super().__init__()

    def choose(self, request):
        if request.path.endswith("/extension/register"):
            return Reply(200, "{}", REGISTERED)
        if request.path.endswith("/extension/event/next"):
            return Reply(before=lambda api: threading.Event().wait(PATIENCE))
        if request.method == "GET":
            return Later(self.waiting)
        return super().choose(request)


class Later:
    """A reply that is chosen when it is to be sent."""
    after = None

    def __init__(self, waiting):
        self.waiting = waiting
        self.reply = None

    def before(self, _):
        self.reply = self.waiting.get()

    def send(self, connection):
        return self.reply.send(connection)


class Live:
    def __init__(self, handler, env=None):
        self.folder = tempfile.TemporaryDirectory(prefix="live-")
        self.journal_path = os.path.join(self.folder.name, "journal")
        open(self.journal_path, "w", encoding="utf-8").close()
        self.api, self.given = ConcurrentApi(), 0
        everything = {key: value for key, value in os.environ.items() if not key.startswith(("DDBS_", "AWS_"))}
        everything.update(AWS_LAMBDA_RUNTIME_API=self.api.address, TEST_JOURNAL=self.journal_path)
        everything.update(env or {})
        self.process = subprocess.Popen([os.path.join(HANDLERS, handler)], env=everything, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.stderr = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.stderr is None:
            self.process.kill()
            self.process.communicate()
        self.api.close()
        self.folder.cleanup()
        return False

    def give(self, *events, headers=None):
        for event in events:
            self.api.waiting.put(event_reply(event, self.given, headers))
            self.given += 1

    def end(self):
        """Break the Runtime API for whoever asks next; the exit status."""
        self.api.waiting.put(refused(500, "InternalServerError"))
        return self.wait()

    def wait(self):
        try:
            _, stderr = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise AssertionError("did not end in time") from None
        self.stderr = stderr.decode("utf-8", "backslashreplace")
        assert not self.api.failures, self.api.failures
        assert "Sanitizer" not in self.stderr, self.stderr
        assert SECRET not in self.stderr, "an attribute value in the log: " + self.stderr
        return self.process.returncode

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def go(self):
        open(self.journal_path + ".go1", "w", encoding="utf-8").close()

    def journal(self, word):
        with open(self.journal_path, encoding="utf-8") as file:
            return [line[len(word) + 1:-1] for line in file if line.startswith(word + " ")]

    def posts(self):
        """The answers so far, by the number of their event."""
        return {int(request.path.split("/")[-2].rsplit("-", 1)[1]): request
                for request in self.api.of("response", "error") if "/invocation/" in request.path}

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "waited in vain for " + what
            time.sleep(0.005)

    def until_answered(self, count):
        self.until(lambda: len(self.posts()) >= count, f"{count} answers")

    def until_begun(self, count):
        self.until(lambda: len(self.journal("begin")) >= count, f"{count} records that are begun")
