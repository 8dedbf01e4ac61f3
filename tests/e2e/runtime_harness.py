"""What the tests of the runtime share: events, one life of a handler, expectations, and main().

A test program takes the build folder as its argument. Handlers write what they have done to a journal; at the moment an
answer arrives the journal is read, so that a test can compare what is acknowledged with what is done.
"""
import base64
import json
import os
import subprocess
import sys
import tempfile
import traceback

from mock_api import ID, MockApi, Reply, event_reply

BIN = sys.argv[1] if len(sys.argv) > 1 else "build"
HANDLERS = os.path.join(BIN, "tests", "handlers")
PATIENCE = 60  # seconds after which a test is given up; nothing here takes that long
EVENT_MAX = 6 * 1024 * 1024 + 100
SUCCESS = b'{"batchItemFailures":[]}'
ITEMS = {"DDBS_REPORT": "items"}
ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-10-19T00:00:00.000"
SECRET = "do-not-log-7f3a"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


# Events

def seq(index):
    return str(100000000000000000000000 + index)


def record(index, key="k", name="INSERT"):
    return {"eventID": f"id-{index}", "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1", "eventSourceARN": ARN,
            "dynamodb": {"ApproximateCreationDateTime": 1792399200, "Keys": {"id": {"S": key}},
                         "NewImage": {"id": {"S": key}, "note": {"S": SECRET}, "n": {"N": "1.50"}},
                         "SequenceNumber": seq(index), "SizeBytes": 20, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


def batch(count, **keys):
    """`count` records; `r3="bad"` gives record 3 the key "bad"."""
    return {"Records": [record(i, keys.get(f"r{i}", "k")) for i in range(count)]}


def broken(count, index):
    """A batch whose record `index` does not decode: a number that is none."""
    event = batch(count)
    event["Records"][index]["dynamodb"]["NewImage"]["n"] = {"N": "12," + SECRET}
    return event


def window(event, state, final=False):
    return dict(event, shardId="shardId-1", eventSourceARN=ARN, state=state, isFinalInvokeForWindow=final,
                window={"start": "2026-10-19T08:40:00Z", "end": "2026-10-19T08:42:00Z"}, isWindowTerminatedEarly=False)


def kinesis(count):
    records = []
    for i in range(count):
        inner = record(i)
        inner["tableName"] = "orders"
        del inner["dynamodb"]["SequenceNumber"]
        data = base64.b64encode(json.dumps(inner).encode()).decode()
        records.append({"eventID": f"shard:{i}", "eventName": "aws:kinesis:record", "eventSource": "aws:kinesis",
                        "eventSourceARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/s", "awsRegion": "eu-west-1",
                        "kinesis": {"sequenceNumber": seq(i), "data": data, "partitionKey": "p",
                                    "approximateArrivalTimestamp": 1792399200.5}})
    return {"Records": records}


def event_of_size(size):
    event = json.dumps(batch(3, r1="x")).encode()
    at = event.index(b'"x"') + 2
    return event[:at] + b"y" * (size - len(event)) + event[at:]


# Running

class Run:
    """One life of a handler: from its start to its exit."""

    def __init__(self, handler, events=(), posts=(), env=None, api=None, address=None, snapshots=True):
        self.journal_file = tempfile.NamedTemporaryFile(prefix="journal-")
        self.snapshots = []  # the journal at the moment each post arrived
        self.api = api or MockApi(events, posts)
        if snapshots:
            self.api.on_post = lambda request: self.snapshots.append(self.journal("done") + self.journal("poison"))
        everything = {key: value for key, value in os.environ.items() if not key.startswith(("DDBS_", "AWS_"))}
        everything.update(AWS_LAMBDA_RUNTIME_API=address or self.api.address, TEST_JOURNAL=self.journal_file.name)
        everything.update(env or {})
        process = subprocess.Popen([os.path.join(HANDLERS, handler)], env=everything, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.api.pid = process.pid
        try:
            stdout, stderr = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise AssertionError(f"{handler} did not end within {PATIENCE} s") from None
        self.api.close()
        self.status, self.stdout, self.stderr = process.returncode, stdout, stderr.decode("utf-8", "backslashreplace")
        self.posts = self.api.of("response", "error")
        assert not self.api.failures, self.api.failures
        assert "Sanitizer" not in self.stderr, self.stderr
        assert SECRET not in self.stderr, "an attribute value in the log: " + self.stderr
        assert all(request.body for request in self.posts), "an empty body"
        assert all(SECRET.encode() not in request.body for request in self.posts), "an attribute value in an answer"

    def journal(self, word):
        with open(self.journal_file.name, encoding="utf-8") as file:
            return [line[len(word) + 1:-1] for line in file if line.startswith(word + " ")]

    def log(self, ending=True):
        """The lines of the log, without the last one, which tells of the 500 that ends every script."""
        lines = self.stderr.splitlines()
        if ending:
            assert lines and "GET next: status 500" in lines[-1], self.stderr
            lines = lines[:-1]
        return [line for line in lines if not line.startswith(("INFO ", '{"_aws"'))]


def serve(handler, *events, **options):
    """Serve these events; each must be answered exactly once, in order, and the script's end ends the process."""
    replies = [event if isinstance(event, Reply) else event_reply(event, i) for i, event in enumerate(events)]
    run = Run(handler, replies, **options)
    expect(run.status, 1)
    expect([request.path.split("/")[-2] for request in run.posts], [ID % i for i in range(len(events))])
    return run


def expect(got, want, what=""):
    assert got == want, f"{what} is {got!r}, not {want!r}"


def expect_success(request, body=SUCCESS):
    expect(request.verdict, "response")
    expect(request.body, body)
    expect(request.header(ERROR_TYPE), None)


def expect_error(request, error_type):
    """An invocation error of this type; its message."""
    expect(request.verdict, "error", "verdict of " + repr(request.body))
    expect(request.header(ERROR_TYPE), error_type)
    body = request.json()
    expect(sorted(body), ["errorMessage", "errorType", "stackTrace"])
    expect((body["errorType"], body["stackTrace"]), (error_type, []))
    assert body["errorMessage"].startswith(error_type + ": "), body
    return body["errorMessage"]


def expect_item(request, identifier):
    expect(request.verdict, "response")
    expect(request.json(), {"batchItemFailures": [{"itemIdentifier": identifier}]})


def main():
    """Run the tests of the program; its exit status."""
    failed = 0
    for function in TESTS:
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok - {name}", flush=True)
        except Exception as error:
            failed += 1
            where = traceback.extract_tb(error.__traceback__)
            lines = " < ".join(f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in reversed(where))
            print(f"not ok - {name}: {str(error)[:600] or type(error).__name__} ({lines})", flush=True)
    return 1 if failed else 0
