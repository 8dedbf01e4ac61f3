"""The scene of kinesis: eight changes of orders as each of the three sources delivers them; the seventh orders nothing."""
import base64
import copy
import json
import uuid

from stage import main
from stream import Table

KINESIS_ARN = "arn:aws:kinesis:eu-west-1:111122223333:stream/orders-changes"
FIRST_KINESIS = 49671000000000000000000000000000000000000000000000000018


def table():
    orders = Table("Orders", "OrderId")
    for number in (1, 2, 3):
        orders.put(f"o-{number}", Status="NEW", Qty=number, Label={"B": base64.b64encode(bytes([0, number, 255])).decode()})
    orders.update("o-1", Status="PAID")
    orders.update("o-2", Status="PAID")
    orders.delete("o-3", expired=True)
    orders.update("o-2", Qty=0)
    orders.update("o-1", Status="SHIPPED")
    return orders


def encode_twice(value):
    """Binary as the Kinesis feed has it."""
    if isinstance(value, dict):
        return {name: base64.b64encode(inner.encode()).decode() if name == "B" else encode_twice(inner)
                for name, inner in value.items()}
    return value


def as_kinesis(record, number):
    """A stream record as Kinesis Data Streams for DynamoDB delivers that change, wrapped as Lambda delivers it."""
    inner = copy.deepcopy({name: record.get(name) for name in ("awsRegion", "eventName", "userIdentity", "eventSource")})
    change = record["dynamodb"]
    inner.update(eventID=str(uuid.UUID(record["eventID"])), recordFormat="application/json", tableName="Orders",
                 dynamodb={name: encode_twice(change[name]) for name in ("Keys", "NewImage", "OldImage", "SizeBytes")
                           if name in change})
    inner["dynamodb"]["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"] * 1000
    sequence = str(FIRST_KINESIS + 16 * number)
    return {"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "9F0C2E4B7A1D3568E0B9C4D2A7F31586",
                        "sequenceNumber": sequence, "data": base64.b64encode(json.dumps(inner).encode()).decode(),
                        "approximateArrivalTimestamp": change["ApproximateCreationDateTime"] + 0.5},
            "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": f"shardId-000000000003:{sequence}",
            "eventName": "aws:kinesis:record", "invokeIdentityArn": "arn:aws:iam::111122223333:role/orders",
            "awsRegion": "eu-west-1", "eventSourceARN": KINESIS_ARN}


def events():
    records = table().records
    return {"dynamodb": {"Records": records},
            "kinesis": {"Records": [as_kinesis(record, number) for number, record in enumerate(records)]}, "pipes": records}


def scene(stage):
    for source, event in events().items():
        said, log = stage.event(event)
        print(f"== {source}\n{said}{log[-1]}")


if __name__ == "__main__":
    main(__file__, scene)
