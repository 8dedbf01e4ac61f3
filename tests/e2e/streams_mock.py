"""A DynamoDB Streams endpoint that does what a script says: shards with parents, pages, and refusals in between. Each
request's signature is computed again (Signature Version 4) and must be the one it carries."""
import hashlib
import hmac
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "EXAMPLETOKEN/abc=="
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417"
BEGIN = int(time.time()) - 200  # what is older than 24 hours is not delivered


def raw(number, **more):
    """A record as GetRecords has it."""
    change = {"ApproximateCreationDateTime": BEGIN + number % 100, "Keys": {"OrderId": {"S": f"o-{number % 7}"}},
              "SequenceNumber": str(10 ** 20 + number), "SizeBytes": 10, "StreamViewType": "KEYS_ONLY"}
    return {"eventID": f"{number:032x}", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1", "dynamodb": change, **more}


class Refused(Exception):
    def __init__(self, kind, message="told to", status=400):
        super().__init__(kind)
        self.kind, self.message, self.status = kind, message, status


def sign(method, path, headers, names, body, scope):
    """The signature of a request."""
    canonical = "\n".join([method, path, "", *(f"{name}:{' '.join(headers[name].split())}" for name in names), "",
                           ";".join(names), hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], "/".join(scope),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + SECRET.encode()
    for part in scope:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Endpoint:
    """shards: {id: {"parent": id or None, "records": [...], "closed": bool}} in the order of the listing. `script` maps an
    operation to a list of what its next calls do: None (answer), or a Refused."""

    def __init__(self, shards, page=3, listing=100):
        self.shards, self.page, self.listing = shards, page, listing
        self.script, self.calls, self.lock = {}, [], threading.Lock()
        self.iterators, self.wrong = {}, []
        self.begins = {}  # shard: place of the oldest record that is still there
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                endpoint.serve(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def judge_signature(self, request, body):
        headers = {name.lower(): value for name, value in request.headers.items()}
        got = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^,]*), ?SignedHeaders=([^,]*), ?Signature=([0-9a-f]{64})",
                           headers.get("authorization", ""))
        if not got:
            return "no signature: " + headers.get("authorization", "")
        key, *scope = got[1].split("/")
        names = got[2].split(";")
        if key != KEY or scope[1:] != ["eu-west-1", "dynamodb", "aws4_request"]:
            return "scope " + got[1]
        for name in ("host", "x-amz-date", "x-amz-security-token", "x-amz-target"):
            if name not in names:
                return f"{name} is not signed"
        want = sign("POST", request.path, headers, names, body, scope)
        return None if want == got[3] else "another signature"

    def serve(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        wrong = self.judge_signature(request, body)
        operation = request.headers["X-Amz-Target"].split(".")[1]
        with self.lock:
            if wrong:
                self.wrong.append(wrong)
            call = json.loads(body)
            self.calls.append((operation, call))
            try:
                script = self.script.get(operation, [])
                told = script.pop(0) if script else None
                if told:
                    raise told
                status, answer = 200, getattr(self, operation)(call)
            except Refused as why:
                status = why.status
                answer = {"__type": "com.amazonaws.dynamodb.v20120810#" + why.kind, "message": why.message}
        text = json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/x-amz-json-1.0")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    # ---- The operations ----------------------------------------------------------------------------------------------

    def ListStreams(self, call):
        streams = [{"StreamArn": ARN.replace("2026", year), "TableName": "Orders", "StreamLabel":
                    ARN.rsplit("/", 1)[1].replace("2026", year)} for year in ("2024", "2026", "2025")]
        start = call.get("ExclusiveStartStreamArn")
        if call["TableName"] != "Orders":
            return {"Streams": []}
        if start is None:
            return {"Streams": streams[:1], "LastEvaluatedStreamArn": streams[0]["StreamArn"]}
        return {"Streams": streams[1:]}

    def DescribeStream(self, call):
        if call["StreamArn"] != ARN:
            raise Refused("ResourceNotFoundException", "Requested resource not found: Stream: ... not found")
        names = [name for name, shard in self.shards.items() if not shard.get("hidden")]
        begin = names.index(call["ExclusiveStartShardId"]) + 1 if "ExclusiveStartShardId" in call else 0
        listed = names[begin:begin + self.listing]
        description = {"StreamArn": ARN, "StreamStatus": "ENABLED", "KeySchema":
                       [{"AttributeName": "OrderId", "KeyType": "HASH"}], "Shards": []}
        for name in listed:
            entry = {"ShardId": name, "SequenceNumberRange": {"StartingSequenceNumber": "1"}}
            if self.shards[name].get("parent"):
                entry["ParentShardId"] = self.shards[name]["parent"]
            description["Shards"].append(entry)
        if begin + self.listing < len(names):
            description["LastEvaluatedShardId"] = listed[-1]
        return {"StreamDescription": description}

    def iterator(self, shard, place):
        name = f"{ARN}|1|{shard}/{place}/{len(self.iterators)}"
        self.iterators[name] = (shard, place)
        return name

    def GetShardIterator(self, call):
        shard, kind = self.shards[call["ShardId"]], call["ShardIteratorType"]
        records, place = shard["records"], self.begins.get(call["ShardId"], 0)
        if kind == "LATEST":
            place = len(records)
        elif kind != "TRIM_HORIZON":
            names = [record["dynamodb"]["SequenceNumber"] for record in records]
            found = names.index(call["SequenceNumber"]) + (kind == "AFTER_SEQUENCE_NUMBER")
            if found < place:
                raise Refused("TrimmedDataAccessException", "older than 24 hours")
            place = found
        return {"ShardIterator": self.iterator(call["ShardId"], place)}

    def GetRecords(self, call):
        name, place = self.iterators[call["ShardIterator"]]
        shard = self.shards[name]
        if place < self.begins.get(name, 0):
            raise Refused("TrimmedDataAccessException", "older than 24 hours")
        records = shard["records"][place:place + self.page]
        place += len(records)
        answer = {"Records": records}
        if shard.get("closed") and place == len(shard["records"]):
            for other in self.shards.values():  # children appear when their parent is closed
                if other.get("parent") == name:
                    other.pop("hidden", None)
        else:
            answer["NextShardIterator"] = self.iterator(name, place)
        return answer
