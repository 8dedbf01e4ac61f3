#!/usr/bin/env python3
"""`ddbstream table` with clients and a server that others wrote: the AWS CLI, the AWS SDK for JavaScript, and dynalite,
which must answer random requests in the same way.

test_dynamodb.py [BUILD FOLDER] [--requests N] [--seed N]

The npm packages are installed into BUILD FOLDER/dynamodb, once. Where a client is absent, a line says that its tests
were not run.
"""
import argparse
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from maker import TABLES, Maker  # noqa: E402, its place is only known now

INSTALL_MAX_S = 300
RETURNED = "Attributes"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", nargs="?", default="build")
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


ARGUMENTS = arguments()
BUILD = os.path.abspath(ARGUMENTS.build)
DDBSTREAM = os.path.join(BUILD, "ddbstream")
FOLDER = os.path.join(BUILD, "dynamodb")
ENVIRONMENT = dict(os.environ, AWS_ACCESS_KEY_ID="any", AWS_SECRET_ACCESS_KEY="any", AWS_DEFAULT_REGION="eu-west-1",
                   AWS_REGION="eu-west-1", AWS_EC2_METADATA_DISABLED="true", AWS_PAGER="", PYTHONWARNINGS="ignore")
FAILED = []


def report(name, why=None):
    if why:
        FAILED.append(name)
    print(f"not ok - {name}: {why}" if why else f"ok - {name}", flush=True)


def install():
    """Install the npm packages unless they are there; what is absent, or None."""
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        return " and ".join(missing)
    os.makedirs(FOLDER, exist_ok=True)
    for name in ("package.json", "sdk.mjs"):
        shutil.copy2(os.path.join(HERE, name), FOLDER)
    done = os.path.join(FOLDER, "installed")
    if os.path.exists(done):
        return None
    shutil.rmtree(os.path.join(FOLDER, "node_modules"), ignore_errors=True)  # of an installation that was broken off
    with open(os.path.join(FOLDER, "install.log"), "wb") as log:
        try:
            status = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], cwd=FOLDER,
                                    stdout=log, stderr=subprocess.STDOUT, timeout=INSTALL_MAX_S).returncode
        except subprocess.TimeoutExpired:
            status = "timeout"
    if status != 0:
        return f"the npm packages (see {log.name})"
    open(done, "wb").close()
    return None


class Process:
    """A server: the port is in the first line that it prints, or was chosen."""

    def __init__(self, command, port=None):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=FOLDER,
                                        env=ENVIRONMENT)
        line = self.process.stdout.readline().decode()
        self.port = port or int(line.rsplit(":", 1)[1])
        for stream in (self.process.stdout, self.process.stderr):
            threading.Thread(target=stream.read, daemon=True).start()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.process.terminate()
        self.process.wait(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def call(self, operation, request):
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810." + operation,
                   "X-Amz-Date": "20261019T083512Z",
                   "Authorization": "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c"}
        self.connection.request("POST", "/", json.dumps(request), headers)
        response = self.connection.getresponse()
        body = response.read()
        return response.status, json.loads(body) if body else None


def table():
    return Process([DDBSTREAM, "table"])


def dynalite():
    """On a free port: the program that it starts prints none, so that a small script starts it."""
    script = ("const server = require('dynalite')({createTableMs: 0, deleteTableMs: 0});"
              "server.listen(0, '127.0.0.1', () => console.log('listening:' + server.address().port));")
    return Process(["node", "-e", script])


# ---- The same answers -----------------------------------------------------------------------------------------------

def create(server, name):
    partition, sort = TABLES[name]
    parts = [(partition, "HASH")] + ([(sort, "RANGE")] if sort else [])
    status, answer = server.call("CreateTable", {
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": kind} for (key, kind), _ in parts],
        "KeySchema": [{"AttributeName": key, "KeyType": role} for (key, _), role in parts]})
    assert status == 200, answer
    while server.call("DescribeTable", {"TableName": name})[1]["Table"]["TableStatus"] != "ACTIVE":
        pass


def normal(value):
    """Sets without order."""
    if isinstance(value, dict):
        return {key: sorted(item) if key in ("SS", "NS", "BS") and isinstance(item, list) else normal(item)
                for key, item in value.items()}
    return [normal(item) for item in value] if isinstance(value, list) else value


def comparable(operation, status, answer):
    """What two servers must agree on."""
    if status != 200:
        return status, answer["__type"].rsplit("#", 1)[-1]
    answer = normal(answer)
    if answer.get(RETURNED) == {}:
        del answer[RETURNED]
    if operation == "Scan" and "Items" in answer:  # a Scan has no order
        answer["Items"].sort(key=lambda item: json.dumps(item, sort_keys=True))
    return status, answer


def message(answer):
    """The words of a refusal as far as both show them in the same way."""
    text = answer.get("message", answer.get("Message", ""))
    if "Syntax error" in text or "BETWEEN operator requires" in text or "contains duplicates" in text:
        return text.split(":")[0]
    if "contains invalid value" in text or "overlap with" in text or "conflict with" in text:
        return text.split(";")[0].split(" for key")[0]
    return text


def differences(ours, theirs, count, seed):
    """Send both the same requests; counts by operation and status, and the first difference, or None."""
    maker, tally, words = Maker(random.Random(seed)), {}, 0
    for name in TABLES:
        create(ours, name)
        create(theirs, name)
    for number in range(count):
        operation, request = maker.request()
        our, their = ours.call(operation, request), theirs.call(operation, request)
        key = f"{operation} {our[0]}"
        tally[key] = tally.get(key, 0) + 1
        if comparable(operation, *our) != comparable(operation, *their):
            return tally, words, f"request {number} {operation} {json.dumps(request)}\n  ours   {our}\n  theirs {their}"
        if our[0] != 200:
            if message(our[1]) != message(their[1]):
                return tally, words, (f"words of {number} {operation} {json.dumps(request)}\n  ours   "
                                      f"{our[1]}\n  theirs {their[1]}")
            words += 1
    for name in TABLES:
        our, their = (comparable("Scan", *server.call("Scan", {"TableName": name})) for server in (ours, theirs))
        if our != their:
            return tally, words, f"table {name} at the end"
    return tally, words, None


def compare():
    name = f"{ARGUMENTS.requests} random requests get dynalite's answers"
    with table() as ours, dynalite() as theirs:
        tally, words, found = differences(ours, theirs, ARGUMENTS.requests, ARGUMENTS.seed)
    report(name, found and f"seed {ARGUMENTS.seed}: {found}")
    if not found:
        print("  " + ", ".join(f"{key}: {count}" for key, count in sorted(tally.items())) +
              f"; {words} refusals in the same words")
        few = [key for key in ("PutItem 200", "UpdateItem 200", "DeleteItem 200", "Query 200", "Scan 200",
                               "BatchWriteItem 200", "UpdateItem 400", "PutItem 400") if tally.get(key, 0) < 10]
        report("every operation was asked often enough", few and f"under 10 times: {few}")


# ---- Clients --------------------------------------------------------------------------------------------------------

def sdk():
    with table() as server:
        process = subprocess.run(["node", "sdk.mjs", server.url], cwd=FOLDER, env=ENVIRONMENT, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, timeout=120)
    print(process.stdout, end="")
    tests = [line for line in process.stdout.splitlines() if line.startswith(("ok - ", "not ok - "))]
    FAILED.extend(line for line in tests if line.startswith("not ok"))
    if process.returncode != 0 and not FAILED or not tests:
        report("the AWS SDK for JavaScript", f"exit status {process.returncode}")


class Cli:
    def __init__(self, url):
        self.url = url

    def run(self, service, operation, *options):
        command = ["aws", service, operation, "--endpoint-url", self.url, "--output", "json", *options]
        process = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 timeout=60)
        return process.returncode, json.loads(process.stdout) if process.stdout.strip() else None, process.stderr

    def ok(self, *arguments):
        status, answer, errors = self.run(*arguments)
        assert status == 0, errors
        return answer


def cli_session(cli):
    name = ["--table-name", "Orders"]
    cli.ok("dynamodb", "create-table", *name, "--billing-mode", "PAY_PER_REQUEST", "--key-schema",
           "AttributeName=id,KeyType=HASH", "--attribute-definitions", "AttributeName=id,AttributeType=S",
           "--stream-specification", "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES")
    cli.ok("dynamodb", "wait", "table-exists", *name)
    cli.ok("dynamodb", "put-item", *name, "--item", '{"id":{"S":"o-1"},"qty":{"N":"2"}}')
    cli.ok("dynamodb", "update-item", *name, "--key", '{"id":{"S":"o-1"}}', "--update-expression", "SET qty = qty + :n",
           "--expression-attribute-values", '{":n":{"N":"0.1"}}')
    got = cli.ok("dynamodb", "get-item", *name, "--key", '{"id":{"S":"o-1"}}')
    assert got == {"Item": {"id": {"S": "o-1"}, "qty": {"N": "2.1"}}}, got
    status, _, errors = cli.run("dynamodb", "delete-item", *name, "--key", '{"id":{"S":"o-1"}}',
                                "--condition-expression", "attribute_not_exists(id)")
    assert status != 0 and "ConditionalCheckFailedException" in errors and "conditional request failed" in errors, errors
    found = cli.ok("dynamodb", "query", *name, "--key-condition-expression", "id = :i",
                   "--expression-attribute-values", '{":i":{"S":"o-1"}}')
    assert found["Count"] == 1, found
    cli.ok("dynamodb", "delete-item", *name, "--key", '{"id":{"S":"o-1"}}')
    assert cli.ok("dynamodb", "scan", *name)["Items"] == []


def cli_stream(cli):
    arn = cli.ok("dynamodbstreams", "list-streams", "--table-name", "Orders")["Streams"][0]["StreamArn"]
    stream = cli.ok("dynamodbstreams", "describe-stream", "--stream-arn", arn)["StreamDescription"]
    assert len(stream["Shards"]) == 1 and stream["StreamStatus"] == "ENABLED", stream
    iterator = cli.ok("dynamodbstreams", "get-shard-iterator", "--stream-arn", arn, "--shard-id",
                      stream["Shards"][0]["ShardId"], "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
    records = cli.ok("dynamodbstreams", "get-records", "--shard-iterator", iterator)["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"], records


def cli():
    with table() as server:
        client = Cli(server.url)
        for name, session in (("the AWS CLI writes, reads and is refused", cli_session),
                              ("the AWS CLI reads the stream", cli_stream)):
            try:
                session(client)
                report(name)
            except (AssertionError, KeyError, IndexError, subprocess.TimeoutExpired) as error:
                report(name, f"{type(error).__name__} {error}".replace("\n", " "))


def main():
    os.makedirs(FOLDER, exist_ok=True)
    if shutil.which("aws") is None:
        print("not run: the AWS CLI is absent")
    else:
        cli()
    absent = install()
    if absent:
        print(f"not run: {absent} absent")
    else:
        sdk()
        compare()
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
