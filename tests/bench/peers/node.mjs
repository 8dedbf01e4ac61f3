// The Node.js peer: JSON.parse and unmarshall of @aws-sdk/util-dynamodb. JSON has Binary as base64, which unmarshall()
// passes on as it is, so it is decoded before; the syntax of numbers is checked where unmarshall() asks what a number
// becomes. Command line and output: peer_main() in peer.h.
import fs from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";

// The packages are where `make bench-deps` puts them, not beside this file.
const require = createRequire(process.env.BENCH_NODE_MODULES + "/");
const { unmarshall } = require("@aws-sdk/util-dynamodb");

const NUMBER = /^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

class Num {
    constructor(text) {
        if (!NUMBER.test(text)) throw new Error("not a number");
        this.text = text;
    }
}

const options = { wrapNumbers: (text) => new Num(text) };

function decodeBinary(value) {
    if (value.B !== undefined) value.B = Buffer.from(value.B, "base64");
    else if (value.BS !== undefined) value.BS = value.BS.map((text) => Buffer.from(text, "base64"));
    else if (value.L !== undefined) value.L.forEach(decodeBinary);
    else if (value.M !== undefined) decodeBinaries(value.M);
}

function decodeBinaries(item) {
    for (const name in item) decodeBinary(item[name]);
}

function decode(corpus) {
    const event = JSON.parse(corpus.toString());
    for (const record of event.Records) {
        const change = record.dynamodb;
        for (const image of ["Keys", "NewImage", "OldImage"]) {
            if (change[image] === undefined) continue;
            decodeBinaries(change[image]);
            change[image] = unmarshall(change[image], options);
        }
    }
    return event;
}

// The checksum.

const KINDS = ["S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"];

class Tally {
    constructor() {
        this.kinds = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
        Object.assign(this, { text: 0, created: 0, size: 0, strings: 0, numbers: 0, binary: 0, edges: 0, trues: 0,
            names: 0, bytes: 0 });
    }

    scalar(value) {
        if (typeof value === "string") {
            this.kinds.S++;
            this.strings += Buffer.byteLength(value);
        } else if (value instanceof Num) {
            this.kinds.N++;
            this.numbers += value.text.length;
        } else {
            this.kinds.B++;
            this.binary += value.length;
            if (value.length > 0) this.edges += value[0] + value[value.length - 1];
        }
    }

    set(value) {
        const first = value.values().next().value;
        this.kinds[typeof first === "string" ? "SS" : first instanceof Num ? "NS" : "BS"]++;
        value.forEach((element) => this.scalar(element));
    }

    value(value) {
        if (value === null) this.kinds.NULL++;
        else if (typeof value === "boolean") {
            this.kinds.BOOL++;
            this.trues += value ? 1 : 0;
        } else if (Array.isArray(value)) {
            this.kinds.L++;
            value.forEach((element) => this.value(element));
        } else if (value instanceof Set) this.set(value);
        else if (typeof value === "string" || value instanceof Num || value instanceof Uint8Array) this.scalar(value);
        else {
            this.kinds.M++;
            this.item(value);
        }
    }

    item(item) {
        for (const name in item) {
            this.names++;
            this.bytes += Buffer.byteLength(name);
            this.value(item[name]);
        }
    }

    record(record) {
        const change = record.dynamodb;
        for (const text of [record.eventID, record.eventName, record.eventSourceARN, record.awsRegion,
            change.SequenceNumber, change.StreamViewType]) this.text += Buffer.byteLength(text);
        this.created += change.ApproximateCreationDateTime;
        this.size += change.SizeBytes;
        for (const image of [change.Keys, change.NewImage, change.OldImage]) this.item(image);
    }
}

function checksum(event) {
    const t = new Tally();
    event.Records.forEach((record) => t.record(record));
    return `records=${event.Records.length} text=${t.text} created=${t.created} size=${t.size} ` +
        KINDS.map((kind) => `${kind}=${t.kinds[kind]}`).join(" ") +
        ` strings=${t.strings} numbers=${t.numbers} binary=${t.binary} edges=${t.edges} true=${t.trues}` +
        ` names=${t.names}:${t.bytes}`;
}

function processorSeconds() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
}

const [path, seconds] = process.argv.slice(2);
const corpus = fs.readFileSync(path), wanted = Number(seconds);
let decoded = decode(corpus), took = 0, passes = 1;
for (;; passes *= 2) {
    const began = processorSeconds();
    for (let i = 0; i < passes; i++) decoded = decode(corpus);
    took = processorSeconds() - began;
    if (took >= wanted) break;
}
console.log(JSON.stringify({ ns: took * 1e9 / passes, passes, allocations: null, checksum: checksum(decoded) }));
