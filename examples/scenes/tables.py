"""`ddbstream table` for the scenes of the examples: tables of one region on this machine, with their streams; and items
as Python values and back."""
import base64
import http.client
import json
import subprocess

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
