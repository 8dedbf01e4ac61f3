"""What the scenes of the examples share: tables on this machine, their streams played through a handler, and faults.

A scene is a function that gets a Stage, plays, prints what happened, and asserts what the example claims:

    from scene import main
    def scene(stage): ...
    main(__file__, scene)

Its command line: [--build FOLDER] [--faults SEED]. With --faults the handler is killed before and behind calls that it
makes, responses get lost, and the mapping loses its checkpoint, so that changes are delivered again; the claim must hold
all the same. What is printed then differs from expected.txt.
"""
import argparse
import base64
import http.client
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "awsfake"))
from awsfake import KEY, SECRET, TOKEN, AwsFake  # noqa: E402, its place is only known now

ACCOUNT, LABEL, BEGIN_S = "111122223333", "2026-10-19T08:35:12.417", 1792399200
PATIENCE_S = 60


# ---- Items ----------------------------------------------------------------------------------------------------------

def typed(value):
    """A Python value as an attribute value: str, int, bool, bytes, None, list, dict."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if value is None:
        return {"NULL": True}
    if isinstance(value, dict):
        return {"M": item(**value)}
    if isinstance(value, list):
        return {"L": [typed(element) for element in value]}
    if isinstance(value, bytes):
        return {"B": base64.b64encode(value).decode()}
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def item(**attributes):
    return {name: typed(value) for name, value in attributes.items()}


def plain(attributes):
    """An item as Python values; numbers stay text, sets become sorted lists."""
    def one(value):
        (tag, content), = value.items()
        if tag == "M":
            return plain(content)
        if tag == "L":
            return [one(element) for element in content]
        return sorted(content) if tag in ("SS", "NS", "BS") else content
    return {name: one(value) for name, value in attributes.items()}


def text_of(items):
    """Items as bytes that are equal exactly when the items are."""
    return "\n".join(sorted(json.dumps(one, sort_keys=True) for one in items))


# ---- Tables ---------------------------------------------------------------------------------------------------------

class Refused(Exception):
    """What a table answered to a request that it does not carry out."""


class Tables:
    """`ddbstream table`: the tables of one region, with their streams."""

    def __init__(self, ddbstream, region, keys):
        self.region, self.read = region, {}
        options = [word for name, key in keys.items() for word in ("--table", name, "--key", key)]
        self.process = subprocess.Popen([ddbstream, "table", *options], stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().decode().split()[-1]
        self.address = self.url.removeprefix("http://")
        self.connection = http.client.HTTPConnection(self.address, timeout=PATIENCE_S)

    def close(self):
        self.connection.close()
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()

    def call(self, operation, **members):
        streams = operation in ("ListStreams", "DescribeStream", "GetShardIterator", "GetRecords")
        headers = {"Content-Type": "application/x-amz-json-1.0",
                   "X-Amz-Target": f"DynamoDB{'Streams' if streams else ''}_20120810.{operation}"}
        self.connection.request("POST", "/", json.dumps(members), headers)
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise Refused(answer["__type"].split("#")[1])
        return answer

    def put(self, table, **attributes):
        self.call("PutItem", TableName=table, Item=item(**attributes))

    def delete(self, table, **key):
        self.call("DeleteItem", TableName=table, Key=item(**key))

    def items(self, table):
        """All items, sorted, as DynamoDB JSON."""
        found, members = [], {"TableName": table, "ConsistentRead": True}
        while True:
            answer = self.call("Scan", **members)
            found += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return sorted(found, key=lambda one: json.dumps(one, sort_keys=True))
            members["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def changes(self, table, every_s=None):
        """The stream records that have come since the last call, as Lambda delivers them. With `every_s` their times are
        the scene's, so many seconds from each other, and the same whenever it is played."""
        arn = self.call("ListStreams", TableName=table)["Streams"][0]["StreamArn"]
        shards = self.call("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]
        records = []
        for shard in shards:
            at = self.call("GetShardIterator", StreamArn=arn, ShardId=shard["ShardId"],
                           ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            while at is not None:
                answer = self.call("GetRecords", ShardIterator=at)
                records += answer["Records"]
                at = answer.get("NextShardIterator") if answer["Records"] else None
        begin = self.read.get(table, 0)
        self.read[table] = len(records)
        for number, record in enumerate(records):
            record["awsRegion"] = self.region
            record["eventSourceARN"] = f"arn:aws:dynamodb:{self.region}:{ACCOUNT}:table/{table}/stream/{LABEL}"
            if every_s is not None:
                record["dynamodb"]["ApproximateCreationDateTime"] = BEGIN_S + every_s * number
        return records[begin:]


# ---- Faults ---------------------------------------------------------------------------------------------------------

def owner_of(port):
    """The process that holds the connection from this local port, or None."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    inodes = {f"socket:[{row[9]}]" for row in rows if int(row[1].split(":")[1], 16) == port}
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
            kind = list(self.counts)[len(self.log) % len(self.counts)]
            self.log.append((kind, urllib.parse.unquote(body.decode("utf-8", "replace"))))
            return kind

    def kill(self, port):
        """Kill the handler's process that holds the connection. False: it is gone already, by another fault."""
        pid = owner_of(port)
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

    def handle_error(self, request, address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # whoever was killed is not there to read an answer
            super().handle_error(request, address)
            os._exit(1)


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one segment: two of them would wait for each other

    def log_message(self, *_):
        pass

    def do_POST(self):
        faults = self.server.faults
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault, killed = faults.choose(body), True
        if fault == "killed before":
            killed = faults.kill(self.client_address[1])
        else:
            response, data = self.forward(body)
        if fault == "killed behind":
            killed = faults.kill(self.client_address[1])
        if fault is not None:
            faults.counts[fault] += killed
            self.close_connection = True
            return
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def forward(self, body):
        connection = http.client.HTTPConnection(self.server.target, timeout=PATIENCE_S)
        connection.request("POST", self.path, body, dict(self.headers))
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response, data


# ---- The stage ------------------------------------------------------------------------------------------------------

class Stage:
    """What a scene plays on."""

    def __init__(self, folder, build, seed=None, share=0.04):
        self.folder, self.seed, self.open, self.fake = folder, seed, [], None
        self.name = os.path.basename(folder)
        self.ddbstream = os.path.join(build, "ddbstream")
        self.bootstrap = os.path.join(build, "examples", self.name, "bootstrap")
        self.place = tempfile.mkdtemp(prefix=f"ddbstream-{self.name}-")
        self.faults = None if seed is None else self.keep(Faults(seed, f"examples/{self.name}/bootstrap", share))
        self.random = random.Random(seed)

    def keep(self, thing):
        self.open.append(thing)
        return thing

    def close(self):
        for thing in reversed(self.open):
            thing.close()
        for at, _, names in os.walk(self.place, topdown=False):
            for name in names:
                os.unlink(os.path.join(at, name))
            os.rmdir(at)

    def tables(self, region="eu-west-1", **keys):
        """Tables with their keys: Orders="id", Events="stream,version:N"."""
        return self.keep(Tables(self.ddbstream, region, keys))

    def services(self):
        """The stand-in for other services; what they stored is in its `stored`."""
        self.fake = self.keep(AwsFake())
        return self.fake

    def endpoint(self, url):
        return url if self.faults is None else self.faults.before(url)

    def play(self, tables, records, esm="esm.json", **env):
        """Play records through the handler, whose DynamoDB is `tables`; the totals of the run. With faults, the mapping
        then loses its checkpoint some times and begins again where it once was."""
        total = self.run(tables, records, esm, env)
        for _ in range(0 if self.faults is None or not records else 2):
            self.run(tables, records[self.random.randrange(len(records)):], esm, env)
        return total

    def run(self, tables, records, esm, env):
        source, report = os.path.join(self.place, "source.jsonl"), os.path.join(self.place, "report.jsonl")
        settings = dict(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN, DDBS_REPORT="items",
                        AWS_REGION=tables.region, AWS_ENDPOINT_URL_DYNAMODB=self.endpoint(tables.url), **env)
        if self.fake is not None:
            settings["AWS_ENDPOINT_URL"] = self.endpoint(self.fake.url)
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        command = [self.ddbstream, "run", self.bootstrap, "--esm", os.path.join(self.folder, esm), "--source", source,
                   "--time", "skip", "--seed", "1", "--json", report, "--on-failure", os.path.join(self.place, "failed")]
        command += [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-4000:]
        with open(report, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.deliveries = [line for line in lines if "delivery" in line]
        return lines[-1]

    def failed(self, records):
        """Which of these records were given up, by the on-failure records of all runs."""
        folder, begins = os.path.join(self.place, "failed"), {}
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                batch = json.load(file)["DDBStreamBatchInfo"]
            begins[batch["startSequenceNumber"]] = batch["batchSize"]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        given_up = {numbers.index(number) + place for number, size in begins.items() for place in range(size)}
        return [records[place] for place in sorted(given_up)]

    def tell(self, total):
        """One line about a run; the summary that `ddbstream run` itself prints, in short."""
        print(f"  {total['polled']} changes = {total['done']} done + {total['discarded']} given up, "
              f"{total['invocations']} invocations")


def main(file, scene, share=0.04):
    """Play a scene by its command line. `share`: how many of all calls each kind of fault strikes."""
    parser = argparse.ArgumentParser(description=f"Plays the scene of examples/{os.path.basename(os.path.dirname(file))}.")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), help="folder of the built programs")
    parser.add_argument("--faults", type=int, metavar="SEED", help="with crashes, lost responses and duplicates")
    arguments = parser.parse_args()
    stage = Stage(os.path.dirname(os.path.abspath(file)), os.path.abspath(arguments.build), arguments.faults, share)
    try:
        scene(stage)
    finally:
        stage.close()
    if stage.faults is not None:
        print("faults: " + ", ".join(f"{count} {kind}" for kind, count in stage.faults.counts.items()))
