#!/usr/bin/env python3
"""A small stand-in for the services that aws.h writes to. It checks the signature of every request by itself, refuses
what the API references refuse, keeps what it stored, and fails on script.

As a module: AwsFake(). As a program: awsfake.py [PORT], which prints "listening on 127.0.0.1:PORT" and ends on SIGTERM.
    GET  /_awsfake/stored      what is stored, by service
    GET  /_awsfake/requests    every request with its service, operation, entries, answer
    POST /_awsfake/script      a list of rules, see Rule
"""
import base64
import calendar
import gzip
import hashlib
import hmac
import http.server
import json
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

KEY, SECRET, TOKEN = "AKIDAWSFAKE", "not/a+secret/wJalrXUtnFEMIK7MDENGbPxRfiCY", "token//with+signs=="
# What `ddbstream run` and `serve` put into a function's environment.
LOCAL_KEY, LOCAL_SECRET, LOCAL_TOKEN = ("ASIADDBSTREAMLOCAL00", "ddbstream-local-secret-that-opens-nothing",
                                        "ddbstream-local-token")
REGION = "eu-west-1"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN,
               "AWS_REGION": REGION}
TARGETS = {"Firehose_20150804": "firehose", "Kinesis_20131202": "kinesis", "AmazonSQS": "sqs", "AWSEvents": "events",
           "DynamoDB_20120810": "dynamodb"}
SKEW_MAX_S = 300
NAME = re.compile(r"[A-Za-z0-9_.:/-]+")


class Refused(Exception):
    """An answer that is an error: HTTP status, type, message; more members of its body."""

    def __init__(self, status, kind, message="", **more):
        super().__init__(kind)
        self.status, self.kind, self.message, self.more = status, kind, message, more


def check(held, message, kind="ValidationException"):
    if not held:
        raise Refused(400, kind, message)


class Rule:
    """What goes wrong, for `times` requests of a service: {"service": "sqs", "do": ..., "times": 1, ...}

    throttle, error   answer with `status` (400, 500) and `type`
    entries           fail the entries whose text holds one of `marks` (all with ""), with `code`, `sender` fault or not
    refuse            refuse the whole request where an entry's text holds one of `marks`
    slow              wait `seconds` first
    reset             reset the connection instead of an answer; with "after": true when it is done
    skew              the service's clock is `seconds` ahead from now on
    expired           answer ExpiredTokenException
    odd               answer 200 with `body`
    """

    def __init__(self, rule):
        self.rule, self.left = rule, rule.get("times", 1)

    def __getattr__(self, name):
        return self.rule.get(name)


# ---- Signatures ------------------------------------------------------------------------------------------------------

def digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def canonical_value(value):
    return re.sub(" +", " ", value.strip())


def signature(secret, scope, date, method, path, headers, names, body):
    lines = [method, path, "", *(f"{name}:{canonical_value(headers[name])}" for name in names), "", ";".join(names),
             hashlib.sha256(body).hexdigest()]
    hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = digest(key, part)
    return hmac.new(key, "\n".join(["AWS4-HMAC-SHA256", date, scope, hashed]).encode(), hashlib.sha256).hexdigest()


def verify(method, path, headers, body, service, now, token):
    """Raise Refused unless the request is signed as the reference says (reference_sigv-create-signed-request)."""
    match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
                         headers.get("authorization", ""))
    check(match, "no signature", "MissingAuthenticationToken")
    key, scope, names, given = match[1], match[2], match[3].split(";"), match[4]
    date = headers.get("x-amz-date", "")
    check(re.fullmatch(r"\d{8}T\d{6}Z", date), "no date", "InvalidSignatureException")
    check(names == sorted(set(names)) and set(names) <= set(headers), "signed headers", "InvalidSignatureException")
    missing = [name for name in headers if name not in names and
               (name in ("host", "content-type") or name.startswith("x-amz"))]
    check(not missing, f"not signed: {missing}", "InvalidSignatureException")
    check(scope == f"{date[:8]}/{REGION}/{service}/aws4_request", f"scope {scope}", "InvalidSignatureException")
    secret, token = {KEY: (SECRET, token), LOCAL_KEY: (LOCAL_SECRET, LOCAL_TOKEN)}.get(key, (None, None))
    if secret is None or headers.get("x-amz-security-token") != token:
        raise Refused(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
    if "x-amz-content-sha256" in headers:
        check(headers["x-amz-content-sha256"] == hashlib.sha256(body).hexdigest(), "content hash", "XAmzContentSHA256Mismatch")
    want = signature(secret, scope, date, method, path, headers, names, body)
    if not hmac.compare_digest(want, given):
        raise Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
    signed = calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    if abs(signed - now) > SKEW_MAX_S:
        raise Refused(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large")


# ---- Services: each gives (operation, entries, answer maker) ---------------------------------------------------------

class Failing:
    """Which entries a rule lets fail."""

    def __init__(self, rule=None):
        self.rule, self.hit = rule, False

    def __call__(self, entry):
        text = entry if isinstance(entry, str) else json.dumps(entry)
        failing = self.rule is not None and self.rule.left > 0 and any(mark in text for mark in self.rule.marks)
        self.hit = self.hit or failing
        return failing


def decoded(data):
    return base64.b64decode(data, validate=True).decode("utf-8", "surrogateescape")


class Services:
    def __init__(self):
        self.stored, self.tables, self.tokens = {}, {}, {}

    def keep(self, service, thing):
        self.stored.setdefault(service, []).append(thing)

    def list_of(self, body, name, most):
        entries = body.get(name)
        check(isinstance(entries, list) and 1 <= len(entries) <= most, f"{name}: 1 to {most}")
        return entries

    def firehose(self, operation, body, failing, size):
        check(operation == "PutRecordBatch", operation, "UnknownOperationException")
        check(NAME.fullmatch(body["DeliveryStreamName"]), "name")
        entries = [decoded(record["Data"]) for record in self.list_of(body, "Records", 500)]
        check(size <= 4000000 and all(len(entry) <= 1024000 for entry in entries), "too large")
        results = []
        for entry in entries:
            if failing(entry):
                results.append({"ErrorCode": failing.rule.code or "ServiceUnavailableException", "ErrorMessage": "Slow down."})
            else:
                self.keep("firehose", entry)
                results.append({"RecordId": f"r{len(self.stored['firehose'])}"})
        return entries, {"FailedPutCount": sum("ErrorCode" in r for r in results), "RequestResponses": results}

    def kinesis(self, operation, body, failing, size):
        check(operation == "PutRecords", operation, "UnknownOperationException")
        check(("StreamName" in body) != ("StreamARN" in body), "stream")
        records = self.list_of(body, "Records", 500)
        check(all(1 <= len(record["PartitionKey"]) <= 256 for record in records), "partition key")
        entries = [[record["PartitionKey"], decoded(record["Data"])] for record in records]
        check(sum(len(key) + len(data) for key, data in entries) <= 5 << 20, "too large", "InvalidArgumentException")
        results = []
        for entry in entries:
            if failing(entry):
                results.append({"ErrorCode": failing.rule.code or "ProvisionedThroughputExceededException", "ErrorMessage": "x"})
            else:
                self.keep("kinesis", entry)
                results.append({"SequenceNumber": str(len(self.stored["kinesis"])), "ShardId": "shardId-000000000000"})
        return entries, {"FailedRecordCount": sum("ErrorCode" in r for r in results), "Records": results}

    def sqs(self, operation, body, failing, size):
        check(operation == "SendMessageBatch" and body["QueueUrl"].startswith("http"), operation)
        entries = self.list_of(body, "Entries", 10)
        self.check_ids([entry["Id"] for entry in entries])
        check(sum(len(entry["MessageBody"].encode()) for entry in entries) <= 1 << 20, "size", "BatchRequestTooLong")
        fifo = body["QueueUrl"].endswith(".fifo")
        check(all(("MessageGroupId" in entry) >= fifo for entry in entries), "MessageGroupId", "MissingParameter")
        good = [entry for entry in entries if not failing(entry)]
        for entry in good:
            self.keep("sqs", {name: value for name, value in entry.items() if name != "Id"})
        return entries, {
            "Successful": [{"Id": e["Id"], "MessageId": f"m-{e['Id']}",
                            "MD5OfMessageBody": hashlib.md5(e["MessageBody"].encode()).hexdigest()} for e in good],
            "Failed": [{"Id": e["Id"], "SenderFault": bool(failing.rule.sender), "Code": failing.rule.code or "InternalError",
                        "Message": "failed"} for e in entries if e not in good]}

    def check_ids(self, ids):
        check(len(set(ids)) == len(ids), "ids", "BatchEntryIdsNotDistinct")
        check(all(re.fullmatch(r"[A-Za-z0-9_-]{1,80}", i) for i in ids), "ids", "InvalidBatchEntryId")

    def events(self, operation, body, failing, size):
        check(operation == "PutEvents", operation, "UnknownOperationException")
        entries = self.list_of(body, "Entries", 10)
        check(sum(len((e["Source"] + e["DetailType"] + e["Detail"]).encode()) for e in entries) < 256 << 10, "size")
        results = []
        for entry in entries:
            if failing(entry):
                results.append({"ErrorCode": failing.rule.code or "ThrottlingException", "ErrorMessage": "x"})
            else:
                self.keep("events", dict(entry, Detail=json.loads(entry["Detail"])))
                results.append({"EventId": f"e{len(results)}"})
        return entries, {"FailedEntryCount": sum("ErrorCode" in r for r in results), "Entries": results}

    # Query services

    def members(self, form, prefix):
        """{"1": {"Id": ..}, ..} of "PREFIX.member.1.Id=..", in the order of the numbers, which must have no gap."""
        found = {}
        for name, value in form.items():
            match = re.fullmatch(re.escape(prefix) + r"\.member\.(\d+)\.(.+)", name)
            if match:
                found.setdefault(int(match[1]), {})[match[2]] = value
        check(sorted(found) == list(range(1, len(found) + 1)), "members are not numbered from 1")
        return [found[number] for number in sorted(found)]

    def sns(self, form, failing):
        check((form["Action"], form["Version"]) == ("PublishBatch", "2010-03-31"), "action", "InvalidAction")
        entries = self.members(form, "PublishBatchRequestEntries")
        check(1 <= len(entries) <= 10, "entries", "TooManyEntriesInBatchRequest")
        self.check_ids([entry["Id"] for entry in entries])
        check(sum(len(entry["Message"].encode()) for entry in entries) <= 262144, "size", "BatchRequestTooLong")
        good, bad = [], []
        for entry in entries:
            if failing(entry):
                sender = "true" if failing.rule.sender else "false"
                bad.append(f"<member><Id>{entry['Id']}</Id><Code>{failing.rule.code or 'InternalError'}</Code><Message>"
                           f"&lt;Successful&gt;</Message><SenderFault>{sender}</SenderFault></member>")
            else:
                self.keep("sns", dict({n: v for n, v in entry.items() if n != "Id"}, TopicArn=form["TopicArn"]))
                good.append(f"<member><MessageId>m</MessageId><Id>{entry['Id']}</Id></member>")
        return entries, ('<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult>'
                         f"<Successful>{''.join(good)}</Successful><Failed>{''.join(bad)}</Failed></PublishBatchResult>"
                         "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishBatchResponse>")

    def monitoring(self, form, failing):
        check((form["Action"], form["Version"]) == ("PutMetricData", "2010-08-01"), "action", "InvalidAction")
        entries = self.members(form, "MetricData")
        check(1 <= len(entries) <= 1000, "entries", "InvalidParameterValue")
        for entry in entries:
            check(float(entry["Value"]) == float(entry["Value"]), "value", "InvalidParameterValue")
            self.keep("monitoring", dict(entry, Namespace=form["Namespace"]))
        return entries, "<PutMetricDataResponse></PutMetricDataResponse>"

    # REST services

    def ses(self, body, failing):
        simple = body["Content"]["Simple"]
        check(body["FromEmailAddress"] and len(body["Destination"]["ToAddresses"]) == 1 and simple["Subject"]["Data"] and
              simple["Body"], "mail", "BadRequestException")
        self.keep("ses", body)
        return [body], {"MessageId": f"mail-{len(self.stored['ses'])}"}

    def opensearch(self, text, failing):
        lines = text.decode().split("\n")
        check(lines.pop() == "", "the last line has no end", "illegal_argument_exception")
        items, entries, versions = [], [], self.tables.setdefault("opensearch", {})
        while lines:
            (action, head), = json.loads(lines.pop(0)).items()
            document = json.loads(lines.pop(0)) if action == "index" else None
            entries.append([action, head, document])
            if failing([action, head, document]):
                items.append({action: {"_id": head["_id"], "status": failing.rule.status or 429, "error": {
                    "type": failing.rule.code or "es_rejected_execution_exception", "reason": json.dumps(document)}}})
                continue
            old = versions.get(head["_id"], (0, None))
            kind = head.get("version_type", "internal")
            check(kind in ("internal", "external", "external_gte") and ("version" in head) == (kind != "internal"), kind)
            if "version" in head and head["version"] < old[0] + (kind == "external"):
                items.append({action: {"_id": head["_id"], "status": 409, "error": {"type": "version_conflict_engine_exception"}}})
                continue
            found = old[1] is not None
            versions[head["_id"]] = (head.get("version", old[0] + 1), document)
            items.append({action: {"_id": head["_id"], "status": (200 if found else 404) if action == "delete" else 201}})
        self.stored["opensearch"] = {name: document for name, (_, document) in versions.items() if document is not None}
        return entries, {"took": 1, "errors": any(i.get("error") for x in items for i in x.values()), "items": items}

    def s3(self, path, headers, body):
        check(re.fullmatch(r"/[a-z0-9.-]{3,63}/[A-Za-z0-9/._~-]+", path), "key", "InvalidURI")
        sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()
        check("x-amz-checksum-sha256" in headers, "as a bucket with Object Lock says", "InvalidRequest")
        check(headers["x-amz-checksum-sha256"] == sha256, "checksum", "BadDigest")
        data = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        self.stored.setdefault("s3", {})[path] = data.decode("utf-8", "surrogateescape")
        return [path], ""


# ---- DynamoDB --------------------------------------------------------------------------------------------------------

TOKEN_RE = re.compile(r"\s*(\(|\)|,|<=|>=|<>|=|<|>|[#:]?\w+)")


class Condition:
    """ConditionExpression as far as it is used here: AND, OR, NOT, brackets, comparisons, attribute_(not_)exists."""

    def __init__(self, body, item):
        self.tokens = TOKEN_RE.findall(body["ConditionExpression"])
        self.names, self.values = body.get("ExpressionAttributeNames", {}), body.get("ExpressionAttributeValues", {})
        self.item = item or {}

    def held(self):
        result = self.any_of()
        check(not self.tokens, "ConditionExpression")
        return result

    def any_of(self):
        result = self.all_of()
        while self.tokens[:1] == ["OR"]:
            self.tokens.pop(0)
            result = self.all_of() or result
        return result

    def all_of(self):
        result = self.one()
        while self.tokens[:1] == ["AND"]:
            self.tokens.pop(0)
            result = self.one() and result
        return result

    def one(self):
        token = self.tokens.pop(0)
        if token == "NOT":
            return not self.one()
        if token == "(":
            result = self.any_of()
            check(self.tokens.pop(0) == ")", "brackets")
            return result
        if token in ("attribute_exists", "attribute_not_exists"):
            name = self.tokens[1]
            del self.tokens[:3]
            return (self.operand(name) is not None) == (token == "attribute_exists")
        operator, left, right = self.tokens.pop(0), self.operand(token), self.operand(self.tokens.pop(0))
        if left is None or right is None or set(left) != set(right):
            return operator == "<>"
        (kind, a), (_, b) = *left.items(), *right.items()
        if kind == "N":
            a, b = float(a), float(b)
        return {"=": a == b, "<>": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[operator]

    def operand(self, token):
        return self.values[token] if token.startswith(":") else self.item.get(self.names.get(token, token))


class Dynamo:
    """Tables with the key attributes `id`, and `sort` where an item has one."""

    def __init__(self, services):
        self.services, self.tables, self.tokens = services, services.stored.setdefault("dynamodb", {}), {}
        self.returns_items = True  # of failed conditions

    def key_of(self, item):
        check("id" in item, "The provided key element does not match the schema")
        return json.dumps([item["id"], item.get("sort")])

    def table(self, name):
        if name == "missing":
            raise Refused(400, "ResourceNotFoundException", "Requested resource not found")
        return self.tables.setdefault(name, {})

    def test(self, body, old):
        if "ConditionExpression" in body and not Condition(body, old).held():
            more = {"Item": old} if old and self.returns_items and body.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else {}
            raise Refused(400, "ConditionalCheckFailedException", "The conditional request failed", **more)

    def GetItem(self, body, failing=None):
        check(body["ConsistentRead"] is True, "ConsistentRead")
        item = self.table(body["TableName"]).get(self.key_of(body["Key"]))
        return [body["Key"]], {"Item": item} if item else {}

    def PutItem(self, body, failing=None):
        table, key = self.table(body["TableName"]), self.key_of(body["Item"])
        self.test(body, table.get(key))
        table[key] = body["Item"]
        return [body["Item"]], {}

    def DeleteItem(self, body, failing=None):
        table, key = self.table(body["TableName"]), self.key_of(body["Key"])
        self.test(body, table.get(key))
        table.pop(key, None)
        return [body["Key"]], {}

    def UpdateItem(self, body, failing=None):
        table, key = self.table(body["TableName"]), self.key_of(body["Key"])
        self.test(body, table.get(key))
        item = dict(table.get(key, body["Key"]))
        for name, value in re.findall(r"(#?\w+)\s*=\s*(:\w+)", body["UpdateExpression"].removeprefix("SET")):
            item[body["ExpressionAttributeNames"].get(name, name)] = body["ExpressionAttributeValues"][value]
        table[key] = item
        return [body["Key"]], {}

    def BatchWriteItem(self, body, failing):
        (name, requests), = body["RequestItems"].items()
        check(1 <= len(requests) <= 25, "1 to 25 requests")
        keys = [self.key_of(r["PutRequest"]["Item"] if "PutRequest" in r else r["DeleteRequest"]["Key"]) for r in requests]
        check(len(set(keys)) == len(keys), "Provided list of item keys contains duplicates")
        left = [request for request in requests if failing(request)]
        for key, request in zip(keys, requests):
            if request in left:
                continue
            if "PutRequest" in request:
                self.table(name)[key] = request["PutRequest"]["Item"]
            else:
                self.table(name).pop(key, None)
        return requests, {"UnprocessedItems": {name: left[::-1]} if left else {}}

    def TransactWriteItems(self, body, failing):
        actions, token = body["TransactItems"], body["ClientRequestToken"]
        check(1 <= len(actions) <= 100 and 1 <= len(token) <= 36, "1 to 100 actions")
        if token in self.tokens:
            check(self.tokens[token] == actions, "other parameters", "IdempotentParameterMismatchException")
            return actions, {}
        reasons = []
        for action in actions:
            (kind, what), = action.items()
            old = self.table(what["TableName"]).get(self.key_of(what.get("Item") or what["Key"]))
            bad = "ConditionExpression" in what and not Condition(what, old).held()
            code = failing.rule.code if failing(action) else "ConditionalCheckFailed" if bad else "None"
            reasons.append({"Code": code or "TransactionConflict"})
        if any(reason["Code"] != "None" for reason in reasons):
            raise Refused(400, "TransactionCanceledException", "cancelled", CancellationReasons=reasons)
        for action in actions:
            (kind, what), = action.items()
            if kind == "Put":
                self.table(what["TableName"])[self.key_of(what["Item"])] = what["Item"]
            elif kind == "Delete":
                self.table(what["TableName"]).pop(self.key_of(what["Key"]), None)
            else:
                check(kind == "ConditionCheck", kind)
        self.tokens[token] = actions
        return actions, {}


# ---- The server ------------------------------------------------------------------------------------------------------

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body of an answer are two writes

    def setup(self):
        super().setup()
        self.server.fake.connections.append(self.connection)

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.handle_any(b"")

    def do_POST(self):
        self.handle_any(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    do_PUT = do_POST

    def handle_any(self, body):
        fake = self.server.fake
        if self.path.startswith("/_awsfake/"):
            return self.answer(200, fake.control(self.path, self.headers, body))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            status, answer = fake.serve(self.command, self.path, headers, body, self)
        except ConnectionError:
            return None
        if status is not None:
            self.answer(status, answer)
        return None

    def answer(self, status, body):
        data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string(int(self.server.fake.now())))
        self.send_header("x-amzn-RequestId", "fake-request-1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.rfile.close()
        self.connection.close()
        raise ConnectionError


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with 5, connections that come at once wait for a second

    def handle_error(self, request, address):
        """A client that went away, or a connection that was reset on purpose."""


class AwsFake:
    """With `tls`, the path of a certificate and its key in one PEM file, it speaks HTTPS."""

    def __init__(self, rules=(), port=0, token=TOKEN, tls=None):
        self.rules, self.requests, self.token = [Rule(rule) for rule in rules], [], token
        self.services, self.skew_s, self.lock, self.credential_calls = Services(), 0, threading.Lock(), []
        self.dynamo = Dynamo(self.services)
        self.active = self.most_active = 0
        self.connections = []
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.fake = self
        self.port = self.server.server_address[1]
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def stored(self):
        return self.services.stored

    def environment(self, **more):
        return dict(ENVIRONMENT, AWS_ENDPOINT_URL=self.url, **more)

    def drop_connections(self):
        """Close what is open, as a service does with connections that were idle for long."""
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already
        self.connections = []

    def now(self):
        return time.time() + self.skew_s

    def of(self, operation):
        return [request for request in self.requests if request["operation"] == operation]

    def control(self, path, headers, body):
        if path == "/_awsfake/script":
            self.rules = [Rule(rule) for rule in json.loads(body)]
            return {}
        if path == "/_awsfake/credentials":
            self.credential_calls.append(headers.get("Authorization"))
            return {"AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": self.token, "Expiration": time.strftime(
                "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))}
        return self.requests if path == "/_awsfake/requests" else self.stored

    def route(self, path, headers, body):
        """(service, operation, parsed body)"""
        target, kind = headers.get("x-amz-target"), headers.get("content-type", "")
        if target:
            prefix, operation = target.split(".")
            check(kind in ("application/x-amz-json-1.0", "application/x-amz-json-1.1"), "content type")
            return TARGETS[prefix], operation, json.loads(body)
        if kind.startswith("application/x-www-form-urlencoded"):
            form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
            return {"PublishBatch": "sns", "PutMetricData": "monitoring"}[form["Action"]], form["Action"], form
        if path == "/v2/email/outbound-emails":
            return "ses", "SendEmail", json.loads(body)
        return ("es", "_bulk", body) if path == "/_bulk" else ("s3", "PutObject", body)

    def rule_for(self, service):
        with self.lock:
            for rule in self.rules:
                if rule.left > 0 and rule.service in (None, service):
                    rule.left -= rule.do != "entries"  # that one counts where an entry is hit
                    return rule
        return None

    def serve(self, method, path, headers, body, connection):
        with self.lock:
            self.active += 1
            self.most_active = max(self.most_active, self.active)
        try:
            return self.serve_one(method, path, headers, body, connection)
        finally:
            with self.lock:
                self.active -= 1

    def serve_one(self, method, path, headers, body, connection):
        note = {"operation": None, "entries": 0, "status": 200, "type": "", "port": connection.client_address[1],
                "bytes": len(body), "path": path, "headers": headers}
        self.requests.append(note)
        service = None
        try:
            service, note["operation"], parsed = self.route(path, headers, body)
            note["service"] = service
            rule = self.rule_for(service)
            self.before(rule, connection)
            verify(method, path, headers, body, service, self.now(), self.token)
            if rule is not None and rule.do == "odd":
                return 200, rule.body
            with self.lock:
                entries, answer = self.call(service, note["operation"], parsed, path, headers, body, rule)
            note["entries"] = len(entries)
            if rule is not None and rule.do == "reset":
                connection.reset()
            return 200, answer
        except Refused as refused:
            note["status"], note["type"], note["why"] = refused.status, refused.kind, refused.message
            return refused.status, self.error(service, refused)
        except (KeyError, ValueError, TypeError) as error:
            note["status"], note["type"], note["why"] = 400, "SerializationException", repr(error)
            return 400, self.error(service, Refused(400, "SerializationException", repr(error)))

    def before(self, rule, connection):
        if rule is None:
            return
        if rule.do in ("throttle", "error"):
            raise Refused(rule.status or (400 if rule.do == "throttle" else 500),
                          rule.type or ("ThrottlingException" if rule.do == "throttle" else "InternalServerError"))
        if rule.do == "expired":
            raise Refused(400, "ExpiredTokenException", "The security token included in the request is expired")
        if rule.do == "skew":
            self.skew_s = rule.seconds
        if rule.do == "slow":
            time.sleep(rule.seconds)
        if rule.do == "reset" and not rule.after:
            connection.reset()

    def call(self, service, operation, parsed, path, headers, body, rule):
        failing = Failing(rule if rule is not None and rule.do == "entries" else None)
        if rule is not None and rule.do == "refuse" and any(mark.encode() in body for mark in rule.marks):
            raise Refused(400, rule.type or "ValidationException", "one of them")
        try:
            return self.dispatch(service, operation, parsed, path, headers, body, failing)
        finally:
            if failing.hit:
                rule.left -= 1

    def dispatch(self, service, operation, parsed, path, headers, body, failing):
        if service == "dynamodb":
            return getattr(self.dynamo, operation)(parsed, failing)
        if service == "s3":
            return self.services.s3(path, headers, body)
        if service in ("sns", "monitoring", "ses"):
            return getattr(self.services, service)(parsed, failing)
        if service == "es":
            return self.services.opensearch(body, failing)
        return getattr(self.services, service)(operation, parsed, failing, len(body))

    def error(self, service, refused):
        if service in ("sns", "monitoring", "s3"):
            return (f"<ErrorResponse><Error><Type>Sender</Type><Code>{refused.kind}</Code><Message>m</Message></Error>"
                    "<RequestId>fake-request-1</RequestId></ErrorResponse>")
        return dict({"__type": f"com.amazonaws.fake#{refused.kind}", "message": refused.message}, **refused.more)


def main():
    fake = AwsFake(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(f"listening on 127.0.0.1:{fake.port}", flush=True)
    fake.thread.join()


if __name__ == "__main__":
    main()
