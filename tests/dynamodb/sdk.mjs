// The AWS SDK for JavaScript against `ddbstream table`: node sdk.mjs URL
import assert from "node:assert/strict";
import * as ddb from "@aws-sdk/client-dynamodb";
import * as streams from "@aws-sdk/client-dynamodb-streams";

const options = { endpoint: process.argv[2], region: "eu-west-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } };
const client = new ddb.DynamoDBClient(options);
const reader = new streams.DynamoDBStreamsClient(options);
const TableName = "Orders";
let failed = 0;

async function test(name, run) {
    try {
        await run();
        console.log(`ok - SDK: ${name}`);
    } catch (error) {
        failed++;
        console.log(`not ok - SDK: ${name}: ${String(error.stack ?? error).replaceAll("\n", "\\n")}`);
    }
}

async function records(type = "TRIM_HORIZON", more = {}) {
    const listed = await reader.send(new streams.ListStreamsCommand({ TableName }));
    const StreamArn = listed.Streams[0].StreamArn;
    const { StreamDescription } = await reader.send(new streams.DescribeStreamCommand({ StreamArn }));
    const ShardId = StreamDescription.Shards[0].ShardId;
    const { ShardIterator } = await reader.send(
        new streams.GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: type, ...more }));
    return (await reader.send(new streams.GetRecordsCommand({ ShardIterator }))).Records;
}

const binary = new Uint8Array([0, 1, 254, 255]);

await test("a table with a stream is made and waited for", async () => {
    await client.send(new ddb.CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }, { AttributeName: "line", AttributeType: "N" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }, { AttributeName: "line", KeyType: "RANGE" }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }));
    await ddb.waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName });
    assert.deepEqual((await client.send(new ddb.ListTablesCommand({}))).TableNames, [TableName]);
});

await test("all ten types come back as they went", async () => {
    const Item = {
        id: { S: "o-1" }, line: { N: "1" }, n: { N: "1234567890.123456789" }, b: { B: binary }, yes: { BOOL: true },
        none: { NULL: true }, map: { M: { "": { S: "caf\u00e9 \u{1f69a}" } } }, list: { L: [{ N: "1" }, { L: [] }] },
        ss: { SS: ["a", "b"] }, ns: { NS: ["1", "2.5"] }, bs: { BS: [binary] }, zero: { S: "a\u0000b" },
    };
    delete Item.map.M[""];
    Item.map.M.city = { S: "caf\u00e9 \u{1f69a}" };
    await client.send(new ddb.PutItemCommand({ TableName, Item }));
    const got = await client.send(new ddb.GetItemCommand({ TableName, Key: { id: Item.id, line: Item.line } }));
    assert.deepEqual(got.Item, Item);
});

await test("a failed condition is its exception, with the item that was asked for", async () => {
    await assert.rejects(client.send(new ddb.PutItemCommand({
        TableName,
        Item: { id: { S: "o-1" }, line: { N: "1.0" } },
        ConditionExpression: "attribute_not_exists(id)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    })), error => error instanceof ddb.ConditionalCheckFailedException && error.Item.id.S === "o-1");
});

await test("a transaction is all or nothing, and says why", async () => {
    const put = line => ({ Put: { TableName, Item: { id: { S: "t" }, line: { N: line } } } });
    const check = { ConditionCheck: { TableName, Key: { id: { S: "x" }, line: { N: "1" } },
                                      ConditionExpression: "attribute_exists(id)" } };
    await assert.rejects(client.send(new ddb.TransactWriteItemsCommand({ TransactItems: [put("1"), check] })),
        error => error instanceof ddb.TransactionCanceledException &&
            assert.deepEqual(error.CancellationReasons.map(reason => reason.Code), ["None", "ConditionalCheckFailed"]) === undefined);
    assert.equal((await client.send(new ddb.ScanCommand({ TableName }))).Count, 1);
    await client.send(new ddb.TransactWriteItemsCommand({ TransactItems: [put("1"), put("2")] }));
    const got = await client.send(new ddb.TransactGetItemsCommand({
        TransactItems: [{ Get: { TableName, Key: { id: { S: "t" }, line: { N: "2" } } } }] }));
    assert.equal(got.Responses[0].Item.line.N, "2");
});

await test("pages of a query go backwards and on", async () => {
    const requests = [...Array(20).keys()].map(n => ({ PutRequest: { Item: { id: { S: "p" }, line: { N: String(n - 10) } } } }));
    await client.send(new ddb.BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
    const lines = [];
    const pages = ddb.paginateQuery({ client, pageSize: 3 }, {
        TableName, ScanIndexForward: false, KeyConditionExpression: "id = :p AND line < :n",
        ExpressionAttributeValues: { ":p": { S: "p" }, ":n": { N: "5" } } });
    for await (const page of pages)
        lines.push(...page.Items.map(item => Number(item.line.N)));
    assert.deepEqual(lines, [...Array(15).keys()].map(n => 4 - n));
});

await test("the stream tells all of it, in order, and from any number on", async () => {
    const all = await records();
    assert.equal(all.length, 23);
    assert.ok(all.every(record => record.eventName === "INSERT"));
    assert.deepEqual(all[0].dynamodb.NewImage.b.B, binary);
    assert.ok(all[0].dynamodb.ApproximateCreationDateTime instanceof Date);
    assert.ok(Math.abs(all[0].dynamodb.ApproximateCreationDateTime - Date.now()) < 60000);
    const SequenceNumber = all[20].dynamodb.SequenceNumber;
    assert.equal((await records("AT_SEQUENCE_NUMBER", { SequenceNumber })).length, 3);
    assert.equal((await records("AFTER_SEQUENCE_NUMBER", { SequenceNumber })).length, 2);
    assert.equal((await records("LATEST")).length, 0);
});

await test("time-to-live removes as the service does", async () => {
    await client.send(new ddb.UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: "exp" } }));
    await client.send(new ddb.PutItemCommand({
        TableName, Item: { id: { S: "old" }, line: { N: "1" }, exp: { N: String(Math.floor(Date.now() / 1000) - 5) } } }));
    let all = [];
    for (let turn = 0; turn < 100 && all.at(-1)?.eventName !== "REMOVE"; turn++) {
        await new Promise(done => setTimeout(done, 100));
        all = await records();
    }
    assert.equal(all.at(-1).eventName, "REMOVE");
    assert.deepEqual(all.at(-1).userIdentity, { PrincipalId: "dynamodb.amazonaws.com", Type: "Service" });
});

await test("unknown tables and iterators are their exceptions", async () => {
    await assert.rejects(client.send(new ddb.DescribeTableCommand({ TableName: "Nobody" })), ddb.ResourceNotFoundException);
    await assert.rejects(reader.send(new streams.DescribeStreamCommand({
        StreamArn: "arn:aws:dynamodb:ddblocal:000000000000:table/Nobody/stream/2026-10-19T08:35:12.417" })),
        streams.ResourceNotFoundException);
});

process.exit(failed === 0 ? 0 : 1);
