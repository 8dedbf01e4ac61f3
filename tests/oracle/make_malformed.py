#!/usr/bin/env python3
"""Writes tests/fixtures/malformed: events that are wrong in one way each, and near misses that are right.

A file's name begins with what must become of it: "event-" the whole event is refused, "record-" its first record does
not decode and every other one does, "ok-" all decode. The rest of the name says what is special about it. Events that
are deep or long are made by large() when they are needed instead of being stored.

Run without arguments to write the files again. A case is added by adding a line here, or a file there.
"""
import base64
import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "malformed")
DROP = None


def raw(data):
    """Bytes inside the text of an event: the files are encoded with surrogateescape."""
    return data.decode("utf-8", "surrogateescape")


def members(pairs):
    return "{" + ",".join(f'"{name}":{value}' for name, value in pairs.items() if value is not DROP) + "}"


# ---- whole events. Every value is the text of its JSON; a keyword replaces or adds a member, DROP leaves it out.

CHANGE = {"ApproximateCreationDateTime": "1.792399203E9", "Keys": '{"Id":{"S":"o-1"}}',
          "NewImage": '{"Id":{"S":"o-1"},"Qty":{"N":"2"}}', "OldImage": '{"Id":{"S":"o-1"},"Qty":{"N":"1"}}',
          "SequenceNumber": '"810000000000000021457311106"', "SizeBytes": "13",
          "StreamViewType": '"NEW_AND_OLD_IMAGES"'}
RECORD = {"eventID": '"598b3f00d6da997db084c894367fd973"', "eventName": '"MODIFY"', "eventVersion": '"1.1"',
          "eventSource": '"aws:dynamodb"', "awsRegion": '"eu-west-1"', "dynamodb": members(CHANGE),
          "eventSourceARN": '"arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417"'}
INNER = {"awsRegion": '"eu-west-1"', "eventID": '"0b5b7a52"', "eventName": '"MODIFY"', "userIdentity": "null",
         "recordFormat": '"application/json"', "tableName": '"Orders"',
         "dynamodb": members({**CHANGE, "SequenceNumber": DROP, "StreamViewType": DROP,
                              "ApproximateCreationDateTime": "1792399203417"}),
         "eventSource": '"aws:dynamodb"'}
WINDOW = {"shardId": '"shardId-00000001792399000123-5b1d2c3e"', "eventSourceARN": RECORD["eventSourceARN"],
          "window": '{"start":"2026-10-19T08:40:00Z","end":"2026-10-19T08:42:00Z"}', "state": '{"count":1}',
          "isFinalInvokeForWindow": "false", "isWindowTerminatedEarly": "false"}


def change(**new):
    return members({**CHANGE, **new})


def record(**new):
    return members({**RECORD, **new})


SECOND = record(dynamodb=change(SequenceNumber='"810000000000000021457311107"'))


def event(*records, **envelope):
    return members({"Records": "[" + ",".join(records) + "]", **envelope})


def window(**new):
    return event(record(), **{**WINDOW, **new})


def first(**new):
    """An event whose first record has other members."""
    return event(record(**new), SECOND)


def first_change(**new):
    return first(dynamodb=change(**new))


def value(text):
    return first_change(NewImage='{"a":%s}' % text)


def again(name, text="1", **new):
    """A record with a member twice."""
    return record(**new)[:-1] + f',"{name}":{text}}}'


def change_again(name, text):
    return first(dynamodb=change()[:-1] + f',"{name}":{text}}}')


def replaced(old, new, count=1):
    """An event with two records, text replaced in its first one."""
    changed = record().replace(old, new, count)
    assert changed != record()
    return event(changed, SECOND)


def pipes(*records):
    return "[" + ",".join(records) + "]"


def b64(text):
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def kinesis_record(data, sequence="49671000000000000018", outer=None, **new):
    wrapped = {"kinesisSchemaVersion": '"1.0"', "partitionKey": '"9F0C"', "sequenceNumber": f'"{sequence}"',
               "data": data, "approximateArrivalTimestamp": "1792399203.902", **new}
    return members({"kinesis": members(wrapped), "eventSource": '"aws:kinesis"', "eventVersion": '"1.0"',
                    "eventID": '"shardId-000000000003:4967"', "eventName": '"aws:kinesis:record"',
                    "invokeIdentityArn": '"arn:aws:iam::111122223333:role/orders-consumer"',
                    "awsRegion": '"eu-west-1"', "eventSourceARN": '"arn:aws:kinesis:eu-west-1:1:stream/orders-cdc"',
                    **(outer or {})})


def kinesis(data=f'"{b64(members(INNER))}"', outer=None, **new):
    return event(kinesis_record(data, outer=outer, **new),
                 kinesis_record(f'"{b64(members(INNER))}"', sequence="49671000000000000019"))


def inner(text):
    return kinesis(f'"{b64(text)}"')


def inner_with(**new):
    return inner(members({**INNER, **new}))


def inner_change(**new):
    return inner_with(dynamodb=members({"Keys": '{"Id":{"S":"o-1"}}', **new}))


# ---- attribute values

BAD_VALUES = {
    "no-tag": "{}", "two-tags": '{"S":"x","N":"1"}', "same-tag-twice": '{"S":"x","S":"x"}',
    "same-tag-twice-by-escape": r'{"S":"x","\u0053":"x"}', "unknown-tag": '{"X":"x"}', "lower-case-tag": '{"s":"x"}',
    "empty-tag": '{"":"x"}', "tag-with-blank": '{"S ":"x"}', "tag-with-nul": r'{"S\u0000":"x"}',
    "unknown-second-member": '{"S":"x","y":null}', "string-instead": '"x"', "number-instead": "1",
    "null-instead": "null", "array-instead": '["S","x"]', "true-instead": "true",
    "s-number": '{"S":1}', "s-null": '{"S":null}', "s-bool": '{"S":true}', "s-array": '{"S":["x"]}',
    "s-object": '{"S":{"S":"x"}}',
    "n-json-number": '{"N":1}', "n-null": '{"N":null}', "n-array": '{"N":["1"]}',
    "b-number": '{"B":1}', "b-null": '{"B":null}', "b-array": '{"B":["QQ=="]}',
    "bool-string": '{"BOOL":"true"}', "bool-number": '{"BOOL":1}', "bool-null": '{"BOOL":null}',
    "bool-upper-case": '{"BOOL":True}', "null-string": '{"NULL":"true"}', "null-null": '{"NULL":null}',
    "null-number": '{"NULL":0}', "null-object": '{"NULL":{}}',
    "m-array": '{"M":[]}', "m-null": '{"M":null}', "m-string": '{"M":"x"}', "m-member-no-value": '{"M":{"a":"x"}}',
    "m-member-null": '{"M":{"a":null}}', "m-member-bad-later": '{"M":{"a":{"S":"x"},"b":{"N":"x"}}}',
    "l-object": '{"L":{}}', "l-null": '{"L":null}', "l-string": '{"L":"x"}', "l-element-string": '{"L":["x"]}',
    "l-element-null": '{"L":[null]}', "l-element-array": '{"L":[[]]}', "l-element-no-tag": '{"L":[{"S":"x"},{}]}',
    "ss-string": '{"SS":"x"}', "ss-null": '{"SS":null}', "ss-object": '{"SS":{}}', "ss-element-number": '{"SS":[1]}',
    "ss-element-null": '{"SS":["x",null]}', "ss-element-value": '{"SS":[{"S":"x"}]}',
    "ss-element-array": '{"SS":[["x"]]}', "ns-element-json-number": '{"NS":[1]}', "ns-element-text": '{"NS":["x"]}',
    "ns-element-39-digits": '{"NS":["%s"]}' % ("1" * 39), "ns-element-empty": '{"NS":["1",""]}',
    "ns-string": '{"NS":"1"}', "bs-element-unpadded": '{"BS":["QQ"]}', "bs-element-number": '{"BS":["QQ==",1]}',
    "bs-element-trailing-bits": '{"BS":["QQ==","QR=="]}', "bs-null": '{"BS":null}',
    "names-twice": '{"M":{"a":{"S":"x"},"a":{"S":"x"}}}',
    "names-twice-by-escape": r'{"M":{"a":{"S":"x"},"\u0061":{"S":"x"}}}',
    "names-twice-by-surrogates": r'{"M":{"\ud83d\ude9a":{"S":"x"},"🚚":{"S":"x"}}}',
    "names-twice-by-solidus": r'{"M":{"a/b":{"S":"x"},"a\/b":{"S":"x"}}}',
    "names-twice-empty": '{"M":{"":{"S":"x"},"":{"S":"x"}}}',
    "names-twice-nul": r'{"M":{"\u0000":{"S":"x"},"\u0000":{"S":"x"}}}',
    "names-twice-in-list": '{"L":[{"M":{"a":{"S":"x"},"b":{"S":"x"},"a":{"S":"x"}}}]}',
}
GOOD_VALUES = {
    "s-empty": '{"S":""}', "s-nul": r'{"S":"a\u0000b"}', "s-all-escapes": r'{"S":"\"\\\/\b\f\n\r\t\u00e9"}',
    "s-del": '{"S":"\x7f"}', "s-c1-control": '{"S":"\x80\x9f"}', "tag-by-escape": r'{"\u0053":"x"}',
    "b-empty": '{"B":""}', "bool-false": '{"BOOL":false}', "null-true": '{"NULL":true}', "null-false": '{"NULL":false}',
    "m-empty": '{"M":{}}', "m-empty-name": '{"M":{"":{"S":"x"}}}',
    "m-name-nul": r'{"M":{"\u0000":{"S":"x"},"":{"S":"y"}}}',
    "m-names-differ-in-case": '{"M":{"a":{"S":"x"},"A":{"S":"x"}}}',
    "m-names-differ-after-nul": r'{"M":{"a\u0000b":{"S":"x"},"a\u0000c":{"S":"x"},"a":{"S":"x"}}}',
    "m-names-differ-in-normal-form": r'{"M":{"\u00e9":{"S":"x"},"e\u0301":{"S":"x"}}}',
    "m-name-is-tag": '{"M":{"S":{"S":"x"},"M":{"M":{}}}}', "m-names-brackets": '{"M":{"}":{"S":"]"},"{":{"S":"["}}}',
    "m-same-name-on-two-levels": '{"M":{"a":{"M":{"a":{"S":"x"}}}}}',
    "l-empty": '{"L":[]}', "l-mixed": '{"L":[{"S":""},{"N":"1"},{"NULL":true},{"L":[]}]}', "ss-empty": '{"SS":[]}',
    "ss-equal-elements": '{"SS":["x","x"]}', "ns-equal-elements": '{"NS":["1","1.0"]}', "ns-empty": '{"NS":[]}',
    "bs-equal-elements": '{"BS":["QQ==","QQ==",""]}', "bs-empty": '{"BS":[]}',
    "s-quote-and-brackets": r'{"S":"\"}]{[,:"}',
}
BAD_NUMBERS = {
    "empty": "", "blank": " ", "blank-before": " 1", "blank-after": "1 ", "newline-after": r"1\n", "plus-only": "+",
    "minus-only": "-", "two-signs": "--1", "plus-minus": "+-1", "dot-only": ".", "dot-first": ".5", "dot-last": "1.",
    "two-dots": "1.2.3", "exponent-empty": "1E", "exponent-sign-only": "1E+", "exponent-only": "E1",
    "exponent-fraction": "1E1.5", "exponent-twice": "1E1E1", "exponent-after-dot": "1.E5", "hex": "0x1F", "nan": "NaN",
    "infinity": "Infinity", "minus-infinity": "-Infinity", "comma": "1,5", "underscore": "1_000", "letters": "abc",
    "letter-after": "1f", "nul-after": r"1\u0000", "nul-inside": r"1\u00002", "arabic-digit": "٣",
    "full-width-digit": "１", "unicode-minus": "−1", "blank-inside": "1 000", "no-break-space": "\u00a01",
    "39-digits": "1" * 39, "39-digits-negative": "-" + "1" * 39, "39-digits-fraction": "0." + "1" * 39,
    "39-digits-around-dot": "1" * 20 + "." + "1" * 19, "39-digits-zeros-inside": "1" + "0" * 37 + "1",
    "39-digits-zeros-inside-fraction": "1." + "0" * 37 + "1", "39-digits-small": "1" * 39 + "E-50",
    "100-digits": "9" * 100, "above-largest": "1E126", "above-largest-negative": "-1E126",
    "above-largest-shifted": "10E125", "above-largest-fraction": "0.01E128", "above-largest-long": "1" + "0" * 126,
    "below-smallest": "1E-131", "below-smallest-shifted": "0.1E-130", "below-smallest-negative": "-9.9E-131",
    "below-smallest-long": "0." + "0" * 130 + "1", "exponent-huge": "1E99999999999999999999",
    "exponent-huge-negative": "1E-99999999999999999999", "exponent-overflows-int": "1E4294967296",
    "exponent-overflows-int64": "1E18446744073709551616",
}
GOOD_NUMBERS = {
    "38-digits": "1" * 38, "38-digits-negative": "-" + "9" * 38, "38-digits-and-zeros": "1" * 38 + "0" * 40,
    "38-digits-fraction": "0." + "1" * 38, "38-digits-around-dot": "1" * 19 + "." + "1" * 19,
    "38-digits-zeros-around": "000" + "1" * 38 + ".000", "38-digits-zeros-inside": "1" + "0" * 36 + "1",
    "leading-zeros": "007", "plus": "+5", "minus-zero": "-0", "zero": "0", "zero-long": "0" * 100 + "." + "0" * 100,
    "zero-huge-exponent": "0E99999999999999999999", "zero-huge-negative-exponent": "-0.0e-99999999999999999999",
    "largest": "9." + "9" * 37 + "E125", "largest-negative": "-9." + "9" * 37 + "E+125",
    "largest-shifted": "0.01E127", "largest-long": "1" + "0" * 125, "smallest": "1E-130",
    "smallest-negative": "-1e-130", "smallest-shifted": "10E-131", "smallest-long": "0." + "0" * 129 + "1",
    "38-digits-smallest": "1." + "1" * 37 + "E-130", "exponent-leading-zeros": "1E" + "0" * 30 + "5",
    "exponent-zero": "1E0", "exponent-minus-zero": "1E-0", "digits-by-escape": r"\u0031\u002e5",
    "exponent-brings-back": "0." + "0" * 150 + "1E100", "exponent-brings-back-long": "1" + "0" * 150 + "E-100",
}
BAD_BASE64 = {
    "one-character": "Q", "two-unpadded": "QQ", "three-unpadded": "QUE", "five": "QUFBQ", "padding-only": "====",
    "one-equals": "=", "three-padding": "Q===", "padding-in-the-middle": "QQ==QQ==", "padding-first": "=QUE",
    "padding-then-letter": "QQ=A", "padding-too-long": "QUFB====", "trailing-bits-one": "QUF=",
    "trailing-bits-two": "QR==", "trailing-bits-low": "QUE/QV==", "url-alphabet": "-_-_", "blank": "QQ= ",
    "blank-inside": "QUFB QUFB",
    "newline": r"QUFB\n", "tab": r"QUF\t", "nul": r"QUF\u0000", "not-ascii": "QUFé", "full-width": "ＱＱ==",
    "hash": "QUF#", "backslash": r"QUF\\",
}
GOOD_BASE64 = {"one-byte": "QQ==", "two-bytes": "QUE=", "three-bytes": "QUFB", "whole-alphabet": "+/+/",
               "solidus-escaped": r"\/\/\/\/", "zeros": "AAAA", "by-escape": r"\u0051Q=\u003d"}


def values():
    for name, text in BAD_VALUES.items():
        yield f"record-attr-{name}", value(text)
    for name, text in GOOD_VALUES.items():
        yield f"ok-attr-{name}", value(text)
    for name, text in BAD_NUMBERS.items():
        yield f"record-n-{name}", value('{"N":"%s"}' % text)
    for name, text in GOOD_NUMBERS.items():
        yield f"ok-n-{name}", value('{"N":"%s"}' % text)
    for name, text in BAD_BASE64.items():
        yield f"record-base64-{name}", value('{"B":"%s"}' % text)
    for name, text in GOOD_BASE64.items():
        yield f"ok-base64-{name}", value('{"B":"%s"}' % text)
    yield "ok-n-in-set", value('{"NS":["-1E-130","+0"]}')
    for image in ("Keys", "NewImage", "OldImage"):
        yield f"record-image-{image}-names-twice", first_change(**{image: '{"a":{"S":"x"},"a":{"N":"1"}}'})
        for kind, text in (("array", "[]"), ("string", '"x"'), ("number", "1"), ("bool", "false")):
            yield f"record-image-{image}-{kind}", first_change(**{image: text})
        yield f"record-image-{image}-not-a-value", first_change(**{image: '{"a":"x"}'})
        yield f"ok-image-{image}-null", first_change(**{image: "null"})
        yield f"ok-image-{image}-empty", first_change(**{image: "{}"})
        yield f"ok-image-{image}-absent", first_change(**{image: DROP})


def nested(tags, core='{"S":"x"}'):
    """A value of depth len(tags) + the core's."""
    for tag in reversed(tags):
        core = '{"L":[%s]}' % core if tag == "L" else '{"M":{"m":%s}}' % core
    return core


def depths():
    for tags in ("L" * 64, "M" * 64, "LM" * 32):
        kind = "mixed" if "LM" in tags else "lists" if "L" in tags else "maps"
        yield f"ok-depth-64-{kind}", value(nested(tags[1:]))
        yield f"record-depth-65-{kind}", value(nested(tags))
    yield "ok-depth-64-empty-list", value(nested("L" * 63, '{"L":[]}'))
    yield "ok-depth-64-set", value(nested("M" * 63, '{"SS":["x"]}'))
    yield "record-depth-65-empty-map", value(nested("M" * 64, '{"M":{}}'))
    yield "record-depth-65-in-keys", first_change(Keys='{"Id":%s}' % nested("M" * 64))
    yield "record-depth-65-second-element", value('{"L":[{"S":"x"},%s]}' % nested("L" * 63))
    yield "ok-depth-100-unknown-member", first(extra="[" * 100 + "]" * 100)


# ---- JSON inside a record

BAD_JSON = {
    "trailing-comma-object": '{"a":1,}', "trailing-comma-array": "[1,]", "leading-comma-object": '{,"a":1}',
    "leading-comma-array": "[,1]", "double-comma-object": '{"a":1,,"b":2}', "double-comma-array": "[1,,2]",
    "only-comma": "[,]", "missing-comma-object": '{"a":1 "b":2}', "missing-comma-array": "[1 2]",
    "missing-colon": '{"a" 1}', "double-colon": '{"a"::1}', "comma-for-colon": '{"a",1}', "colon-in-array": '["a":1]',
    "missing-value": '{"a":}', "missing-name": "{:1}", "name-only": '{"a"}', "name-unquoted": "{a:1}",
    "name-number": "{1:1}", "name-null": "{null:1}", "single-quotes": "'a'", "comment": "/*a*/1",
    "line-comment": "1//a\n",
    "nan": "NaN", "infinity": "Infinity", "minus-infinity": "-Infinity", "undefined": "undefined",
    "literal-capital": "True", "literal-cut": "nul", "literal-longer": "nulll", "literals-joined": "truefalse",
    "literal-number-joined": "true1", "number-leading-zero": "01", "number-minus-leading-zero": "-01",
    "number-plus": "+1", "number-dot-first": ".5", "number-dot-last": "1.", "number-minus-only": "-",
    "number-two-minus": "--1", "number-exponent-empty": "1e", "number-exponent-sign-only": "1e-",
    "number-exponent-fraction": "1e1.5", "number-dot-exponent": "1.e5", "number-hex": "0x1F", "number-blank": "1 2",
    "number-letter": "1a", "number-zero-zero": "00", "number-two-dots": "1.2.3", "string-joined": '"a""b"',
    "string-then-number": '"a"1', "blank-vertical-tab": "\v1", "blank-form-feed": "\f1", "blank-no-break": "\u00a01",
    "blank-line-separator": "\u20281", "blank-nul": "\x001", "blank-bom": "\ufeff1", "blank-del": "\x7f1",
    "backslash-outside": "\\n1", "string-control-01": '"\x01"', "string-control-1f": '"\x1f"',
    "string-control-nul": '"\x00"', "string-newline": '"a\nb"', "string-tab": '"a\tb"', "string-return": '"a\rb"',
    "escape-unknown": r'"\x41"', "escape-quote": r'"\'"', "escape-upper-u": r'"\U0041"', "escape-u-short": r'"\u12"',
    "escape-u-no-digit": r'"\u12G4"', "escape-u-blank": r'"\u 041"', "escape-u-sign": r'"\u+041"',
    "escape-newline": '"\\\n"', "escape-nul": '"\\\x00"', "escape-digit": r'"\0"', "escape-a": r'"\a"',
    "escape-not-ascii": '"\\é"', "name-control": '{"\n":1}', "name-escape": r'{"\q":1}', "empty-value": "",
}
GOOD_JSON = {
    "nested": '{"a":[{"b":[[],{}]},null,true,false,-0,1.5E+3]}', "blanks": ' \t\r\n[ \t1\n,\r2 ] ', "number-zero": "0",
    "number-minus-zero": "-0.0", "number-long": "1" * 400, "number-huge-exponent": "1e999999999999",
    "string-empty": '""', "string-del": '"\x7f"', "string-line-separator": '"\u2028"', "string-bom": '"\ufeff"',
    "members-twice": '{"a":1,"a":1}', "escapes": r'"\"\\\/\b\f\n\r\t\u0000\uFfFf"', "empty-array": "[]",
    "empty-object": "{}", "brackets-in-string": '"}]{["', "noncharacter": '"\uffff"',
}
SURROGATES_BAD = {
    "lone-high": r"\ud83d", "lone-low": r"\ude9a", "reversed": r"\ude9a\ud83d", "two-high": r"\ud83d\ud83d",
    "high-then-letter": r"\ud83dx", "high-then-escape": r"\ud83d\n", "high-then-plain-u": r"\ud83d\u0041",
    "high-then-escaped-backslash": r"\ud83d\\ude9a", "high-then-raw": r"\ud83d🚚",
    "pair-then-low": r"\ud83d\ude9a\ude9a",
    "high-then-pair": r"\ud83d\ud83d\ude9a", "first-high": r"\ud800", "last-high": r"\uDBFF", "first-low": r"\udc00",
    "last-low": r"\uDFFF", "high-then-digits": r"\ud83dude9a",
}
SURROGATES_GOOD = {
    "pair": r"\ud83d\ude9a", "pair-upper-case": r"\uD83D\uDE9A", "first-pair": r"\ud800\udc00",
    "last-pair": r"\udbff\udfff", "below": r"\ud7ff", "above": r"\ue000", "escaped-backslash": r"\\ud83d",
    "two-pairs": r"\ud83d\ude9a\ud83d\ude9a",
}


def grammar():
    for name, text in BAD_JSON.items():
        yield f"record-json-{name}", first(extra=text)
    for name, text in GOOD_JSON.items():
        yield f"ok-json-{name}", first(extra=text)
    for name, text in SURROGATES_BAD.items():
        yield f"record-surrogate-{name}", value('{"S":"%s"}' % text)
    for name, text in SURROGATES_GOOD.items():
        yield f"ok-surrogate-{name}", value('{"S":"%s"}' % text)
    places = {
        "unknown-member": first(extra=r'"\ud83d"'), "unknown-name": first(**{r"\ud83d": "1"}),
        "unknown-deep": first(extra=r'[{"a":["\ude9a"]}]'), "event-name": first(eventName=r'"\ud83d"'),
        "attribute-name": first_change(NewImage=r'{"\ud83d":{"S":"x"}}'), "in-set": value(r'{"SS":["\ude9a"]}'),
        "key": first_change(Keys=r'{"\ude9a":{"S":"x"}}'), "identity": first(userIdentity=r'{"x":"\ud83d"}'),
        "arn": first(eventSourceARN=r'"\ud800"')}
    for place, text in places.items():
        yield f"record-surrogate-in-{place}", text
    yield "record-json-missing-colon-after-eventName", replaced('"eventName":', '"eventName" ')
    yield "record-json-missing-comma-before-eventName", replaced(',"eventName"', '"eventName"')
    yield "record-json-trailing-comma-record", event(record()[:-1] + ",}", SECOND)
    yield "record-json-leading-comma-record", event("{," + record()[1:], SECOND)
    yield "record-json-trailing-comma-image", replaced('{"S":"o-1"}}', '{"S":"o-1"},}')
    yield "record-json-trailing-comma-value", replaced('{"S":"o-1"}', '{"S":"o-1",}')
    yield "record-json-trailing-comma-list", value('{"L":[{"S":"x"},]}')
    yield "record-json-trailing-comma-set", value('{"SS":["x",]}')
    yield "record-json-control-in-name", value('{"M":{"\x1f":{"S":"x"}}}')
    yield "record-json-escape-in-attribute", value(r'{"S":"\z"}')
    yield "record-json-missing-comma-set", value('{"SS":["x" "y"]}')
    yield "record-json-colon-in-set", value('{"NS":["1":"2"]}')
    yield "record-json-escape-in-set", value(r'{"SS":["x","\q"]}')
    yield "record-json-escape-in-time", first_change(ApproximateCreationDateTime=r'"\x31"')
    yield "record-json-control-in-number", value('{"N":"1\n"}')
    yield "record-json-tag-without-value", value('{"S"}')
    yield "record-json-tag-missing-colon", value('{"S" "x"}')
    yield "record-json-letter-after-sequence", replaced('106",', '106"x,')
    yield "record-json-colon-after-value", replaced('"MODIFY"', '"MODIFY":"MODIFY"')
    yield "record-json-letter-before-brace", replaced('"Keys":{', '"Keys":x{')
    yield "record-json-array-as-member", replaced('"eventName":"MODIFY"', '["eventName","MODIFY"]')


# ---- bytes that are no UTF-8

BAD_UTF8 = {
    "overlong-2": b"\xc0\x80", "overlong-2-last": b"\xc1\xbf", "overlong-3": b"\xe0\x80\x80",
    "overlong-3-last": b"\xe0\x9f\xbf", "overlong-4": b"\xf0\x80\x80\x80", "overlong-4-last": b"\xf0\x8f\xbf\xbf",
    "surrogate-first": b"\xed\xa0\x80", "surrogate-last": b"\xed\xbf\xbf",
    "surrogate-pair": b"\xed\xa0\xbd\xed\xba\x9a",
    "above-maximum": b"\xf4\x90\x80\x80", "f5": b"\xf5\x80\x80\x80", "five-bytes": b"\xf8\x88\x80\x80\x80",
    "six-bytes": b"\xfc\x84\x80\x80\x80\x80", "fe": b"\xfe", "ff": b"\xff", "lone-continuation": b"\x80",
    "last-continuation": b"\xbf", "extra-continuation": b"\xc3\xa9\xa9", "cut-2": b"\xc3", "cut-3": b"\xe2\x82",
    "cut-3-early": b"\xe2", "cut-4": b"\xf0\x9f\x9a", "cut-4-early": b"\xf0\x9f", "latin-1": b"caf\xe9",
    "start-then-start": b"\xc3\xc3\xa9",
}
GOOD_UTF8 = {"2-first": "\u0080", "2-last": "\u07ff", "3-first": "\u0800", "3-last": "\uffff",
             "below-surrogates": "\ud7ff",
             "above-surrogates": "\ue000", "4-first": "\U00010000", "4-last": "\U0010ffff"}


def utf8():
    for name, data in BAD_UTF8.items():
        yield f"event-utf8-{name}", value('{"S":"%s"}' % raw(data))
    for name, text in GOOD_UTF8.items():
        yield f"ok-utf8-{name}", value('{"S":"%s"}' % text)
        yield f"ok-utf8-name-{name}", first_change(NewImage='{"%s":{"S":"x"}}' % text)
    yield "event-utf8-in-name", first_change(NewImage='{"%s":{"S":"x"}}' % raw(b"\xff"))
    yield "event-utf8-in-unknown-member", first(extra=raw(b'"\xc0\x80"'))
    yield "event-utf8-in-envelope", event(record(), extra=raw(b'"\xff"'))
    yield "event-utf8-in-envelope-name", event(record(), **{raw(b"\x80"): "1"})
    yield "event-utf8-in-state", window(state=raw(b'"\xed\xa0\x80"'))
    yield "event-utf8-in-shard", window(shardId=raw(b'"\xe2\x82"'))
    yield "event-utf8-between-tokens", raw(b"\x80") + event(record())
    yield "event-utf8-between-records", event(record(), raw(b"\xff") + SECOND)
    yield "event-utf8-outside-strings-in-record", replaced('"Keys":', raw(b'"Keys":\xff'))
    yield "event-utf8-after-the-end", event(record()) + raw(b"\xc3")
    yield "event-utf8-cut-by-quote", first(extra=raw(b'"\xf0\x9f"'))
    yield "event-utf8-bom", "\ufeff" + event(record())
    yield "event-utf16", raw(event().encode("utf-16"))
    yield "event-utf16-le", raw(event().encode("utf-16-le"))
    yield "ok-utf8-in-unknown-name", first(**{"ключ": "1"})
    yield "ok-utf8-in-envelope", event(record(), état='"🚚"')


# ---- brackets, strings and the end of the text

def frame():
    whole = event(record(), SECOND)
    yield "event-empty", ""
    yield "event-blank", " \n"
    yield "event-nul", "\0"
    yield "event-text-after-the-end", whole + "x"
    yield "event-comma-after-the-end", whole + ","
    yield "event-nul-after-the-end", whole + "\0"
    yield "event-second-event", whole + whole
    yield "event-bracket-after-the-end", whole + "}"
    yield "event-quote-after-the-end", whole + '"'
    yield "event-string-before", '""' + whole
    yield "event-cut-last-brace", whole[:-1]
    yield "event-cut-last-bracket", whole[:-2]
    yield "event-cut-in-string", whole[:-20 - len(SECOND)]
    yield "event-cut-in-escape", whole[:60] + '\\'
    yield "event-brackets-crossed", whole[:-2] + "}]"
    yield "event-brackets-array-closes-object", '{"Records":[}'
    yield "event-brackets-object-closes-array", '{"Records":[]]'
    yield "event-brackets-only-open", "{[{["
    yield "event-brackets-only-close", "}"
    yield "event-brackets-crossed-in-record", first(extra="[{]}")
    yield "event-brackets-crossed-in-image", first_change(NewImage='{"a":{"L":[}]}')
    yield "event-brackets-missing-in-record", first(extra="[")
    yield "event-brackets-extra-in-record", first(extra="]")
    yield "event-brackets-extra-brace-in-record", replaced('"Qty":{"N":"2"}}', '"Qty":{"N":"2"}}}')
    yield "event-brackets-missing-brace-in-record", replaced('"Qty":{"N":"2"}}', '"Qty":{"N":"2"}')
    yield "event-string-unterminated", event(record())[:-4] + '"'
    yield "event-string-unterminated-in-record", replaced('"MODIFY"', '"MODIFY')
    yield "event-string-quote-missing-in-name", replaced('"eventName"', 'eventName"')
    yield "event-string-quote-escaped", replaced('"MODIFY"', '"MODIFY\\"')
    yield "event-string-lone-quote", first(extra='"')
    yield "ok-blank-around", " \t\r\n" + whole + " \t\r\n"
    yield "ok-blank-between", whole.replace(",", " ,\n").replace(":{", "\t:\r {")
    yield "event-blank-form-feed-before", "\f" + whole
    yield "event-blank-no-break-after", whole + "\u00a0"


# ---- the envelope

def envelope():
    for name, text in BAD_JSON.items():
        yield f"event-envelope-{name}", event(record(), extra=text)
    for name, text in GOOD_JSON.items():
        yield f"ok-envelope-{name}", event(record(), extra=text)
    for kind, text in (("null", "null"), ("true", "true"), ("number", "1"), ("string", '"Records"'), ("object", "{}"),
                       ("array-of-arrays", "[[]]"), ("array-of-numbers", "[1]"), ("array-of-null", "[null]")):
        yield f"event-top-{kind}", text
        yield f"event-records-{kind}", event(record(), text[1:-1]) if text[0] == "[" else members({"Records": text})
    yield "event-top-record-alone", record()
    yield "event-records-wrong-case", members({"records": f"[{record()}]"})
    yield "event-records-nested", members({"event": event(record())})
    yield "event-records-twice", event(record())[:-1] + ',"Records":[]}'
    yield "event-records-twice-by-escape", event()[:-1] + r',"\u0052ecords":[%s]}' % record()
    yield "event-records-twice-second-wrong", event()[:-1] + ',"Records":null}'
    yield "event-records-element-string", event(record(), '"x"')
    yield "event-records-element-bool", event("true", record())
    yield "event-records-element-array", event(f"[{record()}]")
    yield "event-records-element-empty-object", event(record(), "{}")
    yield "event-records-trailing-comma", event(record(), "")
    yield "event-records-leading-comma", event("", record())
    yield "event-records-double-comma", event(record(), "", SECOND)
    yield "event-records-missing-comma", event(record() + " " + SECOND)
    yield "event-records-colon-between", event(record() + ":" + SECOND)
    yield "event-records-letter-between", event(record(), "x" + SECOND)
    yield "event-records-name-before", event('"a":' + record())
    yield "ok-records-empty", event()
    yield "ok-records-empty-blank", '{ "Records" : [ \n ] }'
    yield "ok-records-last", members({"extra": "1", "Records": f"[{record()}]"})
    yield "ok-records-by-escape", event(record()).replace("Records", r"R\u0065cord\u0073")
    yield "ok-records-in-unknown-member", event(record(), extra=event("1", "2"))
    yield "ok-unknown-members-twice", event(record(), extra="1")[:-1] + ',"extra":2}'
    yield "ok-unknown-members-differ-in-case", window(ShardId="1", STATE="1", Window="1")
    yield "ok-surrogate-envelope-unknown", event(record(), extra=r'"\ud83d"')
    yield "ok-surrogate-envelope-name", event(record(), **{r"\ude9a\ud83d": "1"})


def windows():
    yield "ok-window", window()
    yield "ok-window-null", window(window="null")
    for name in WINDOW:
        yield f"ok-window-without-{name}", window(**{name: DROP})
        yield f"event-window-{name}-twice", window()[:-1] + f',"{name}":{WINDOW[name]}}}'
        escaped = rf"\u{ord(name[0]):04x}{name[1:]}"
        yield f"event-window-{name}-twice-by-escape", window(**{escaped: WINDOW[name]})
        for kind, text in (("null", "null"), ("number", "1"), ("string", '"x"'), ("array", "[]"), ("bool", "true"),
                           ("object", "{}")):
            if name == "state":
                yield f"ok-window-state-{kind}", window(state=text)
            elif not (name == "window" and kind == "null" or name.startswith("is") and kind == "bool"
                      or name in ("shardId", "eventSourceARN") and kind == "string"):
                yield f"event-window-{name}-{kind}", window(**{name: text})
    yield "event-window-start-missing", window(window='{"end":"e"}')
    yield "event-window-end-missing", window(window='{"start":"s"}')
    yield "event-window-start-null", window(window='{"start":null,"end":"e"}')
    yield "event-window-end-number", window(window='{"start":"s","end":1}')
    yield "event-window-start-twice", window(window='{"start":"s","start":"s","end":"e"}')
    yield "event-window-end-twice-by-escape", window(window=r'{"start":"s","end":"e","\u0065nd":"e"}')
    yield "event-window-trailing-comma", window(window='{"start":"s","end":"e",}')
    yield "event-window-missing-colon", window(window='{"start" "s","end":"e"}')
    yield "event-window-missing-comma", window(window='{"start":"s" "end":"e"}')
    yield "event-window-escape-in-start", window(window=r'{"start":"\q","end":"e"}')
    yield "event-window-control-in-name", window(window='{"start":"s","end":"e","\x01":1}')
    yield "ok-window-unknown-members", window(window='{"start":"s","x":[1],"x":{},"end":"e"}')
    yield "ok-window-escapes", window(window=r'{"st\u0061rt":"\ud83d\ude9a","end":""}')
    yield "ok-window-surrogate-in-unknown-member", window(window=r'{"start":"s","end":"e","x":"\ud83d"}')
    yield "ok-window-surrogate-in-state", window(state=r'{"\ud83d":"\ude9a"}')
    yield "ok-window-state-members-twice", window(state='{"a":1,"a":2,"state":3}')
    yield "event-window-state-not-json", window(state='{"a":01}')
    yield "event-window-state-control", window(state='"\n"')
    for name in ("shardId", "eventSourceARN"):
        yield f"event-window-surrogate-in-{name}", window(**{name: r'"\ud83d"'})
    yield "event-window-surrogate-in-start", window(window=r'{"start":"\ude9a","end":"e"}')
    yield "event-window-surrogate-in-end", window(window=r'{"start":"s","end":"\ude9a\ud83d"}')
    yield "event-window-bool-as-string", window(isFinalInvokeForWindow='"false"')


# ---- what identifies a record

def identifiers():
    bad = {"null": "null", "number": "81", "empty": '""', "letter": '"81a"', "minus": '"-81"', "plus": '"+81"',
           "blank": '" 81"', "dot": '"8.1"', "escape": r'"8\u0031"', "nul": r'"81\u0000"', "object": '{"S":"81"}',
           "array": '["81"]', "129-digits": '"%s"' % ("1" * 129), "arabic-digits": '"٣٣"', "bool": "true",
           "newline": r'"81\n"', "raw-newline": '"81\n"', "letter-before": 'x"81"', "colon-before": ':"81"'}
    for name, text in bad.items():
        yield f"event-sequence-{name}", first_change(SequenceNumber=text)
    digits = '"81"'
    yield "event-sequence-missing", first_change(SequenceNumber=DROP)
    yield "event-sequence-missing-in-second-record", event(record(), record(dynamodb=change(SequenceNumber=DROP)))
    yield "event-sequence-missing-in-bad-record", first(extra="01", dynamodb=change(SequenceNumber=DROP))
    yield "event-sequence-twice", change_again("SequenceNumber", digits)
    yield "event-sequence-twice-by-escape", change_again(r"\u0053equenceNumber", digits)
    yield "event-sequence-twice-in-two-objects", event(again("dynamodb", change()), SECOND)
    yield "event-sequence-wrong-case", first(dynamodb=change(SequenceNumber=DROP, sequenceNumber=digits))
    yield "event-sequence-in-the-record", first(dynamodb=change(SequenceNumber=DROP), SequenceNumber=digits)
    yield "event-sequence-in-the-image", first_change(SequenceNumber=DROP, NewImage='{"SequenceNumber":{"S":"81"}}')
    yield "event-sequence-too-deep", first_change(SequenceNumber=DROP, x='{"SequenceNumber":"81"}')
    yield "event-sequence-in-array", first(dynamodb=f'[{change()}]')
    yield "event-sequence-in-value-text", first_change(SequenceNumber=DROP, x=r'"\"SequenceNumber\":\"81\""')
    yield "event-sequence-no-colon", replaced('"SequenceNumber":', '"SequenceNumber" ')
    yield "event-sequence-letter-before-colon", replaced('"SequenceNumber":', '"SequenceNumber"x:')
    yield "event-sequence-is-a-value", replaced('"SequenceNumber":', '"x":"SequenceNumber":')
    yield "event-sequence-letter-before-object", replaced('"dynamodb":{', '"dynamodb":x{')
    yield "event-dynamodb-is-a-value", replaced('"dynamodb":', '"x":"dynamodb":')
    yield "event-dynamodb-after-a-string", replaced('"dynamodb":', '"dynamodb":"x"')
    yield "event-dynamodb-missing", first(dynamodb=DROP)
    for kind, text in (("null", "null"), ("string", '"x"'), ("array", "[]"), ("number", "1")):
        yield f"event-dynamodb-{kind}", first(dynamodb=text)
    yield "ok-sequence-1-digit", first_change(SequenceNumber='"0"')
    yield "ok-sequence-leading-zeros", event(record(dynamodb=change(SequenceNumber='"0099"')),
                                             record(dynamodb=change(SequenceNumber='"100"')))
    yield "ok-sequence-128-digits", first_change(SequenceNumber='"%s"' % ("1" * 128))
    yield "ok-sequence-name-by-escape", replaced('"SequenceNumber"', r'"Sequence\u004eumber"')
    yield "ok-sequence-blanks", replaced('"SequenceNumber":', '"SequenceNumber" \r\n:\t')
    yield "ok-sequence-also-in-the-image", value('{"S":"x"}').replace('"a":', '"SequenceNumber":', 1)
    yield "ok-sequence-also-deeper", first_change(x='{"SequenceNumber":1}')
    yield "ok-sequence-also-in-the-record", first(SequenceNumber="1")
    yield "ok-sequence-also-in-text", first(x=r'"\"dynamodb\":{\"SequenceNumber\":\"1\"}"')
    yield "ok-sequence-of-kinesis-not-looked-at", first(kinesis='{"sequenceNumber":[],"sequenceNumber":1}')
    yield "ok-sequence-equal-in-two-records", event(record(), record())
    yield "ok-sequence-falling", event(SECOND, record())
    yield "ok-dynamodb-by-escape", replaced('"dynamodb":{', r'"\u0064ynamodb":{')
    yield "record-dynamodb-twice-one-sequence", event(again("dynamodb", "{}"), SECOND)
    yield "record-dynamodb-then-null", event(again("dynamodb", "null"), SECOND)
    yield "record-sequence-name-bad-escape", change_again(r"Sequence\xNumber", "1")
    yield "record-sequence-bare-text-beside", change_again("x", 'SequenceNumber:"81"')


def sources():
    bad = {"missing": DROP, "null": "null", "number": "1", "empty": '""', "other": '"aws:sqs"',
           "upper-case": '"AWS:DYNAMODB"',
           "blank": '"aws:dynamodb "', "by-escape": r'"aws:dynam\u006fdb"', "array": '["aws:dynamodb"]',
           "object": '{"aws":"dynamodb"}', "nul": r'"aws:dynamodb\u0000"', "letter-before": 'x"aws:dynamodb"',
           "kinesis-without-kinesis": '"aws:kinesis"', "true": "true"}
    for name, text in bad.items():
        yield f"event-source-{name}", first(eventSource=text)
    yield "event-source-twice", event(again("eventSource", '"aws:dynamodb"'), SECOND)
    yield "event-source-twice-other", event(again("eventSource", '"aws:sqs"'), SECOND)
    yield "event-source-twice-by-escape", event(again(r"event\u0053ource", '"aws:dynamodb"'), SECOND)
    yield "event-source-too-deep", first(eventSource=DROP, x='{"eventSource":"aws:dynamodb"}')
    yield "event-source-in-array", first(eventSource=DROP, x='["eventSource":"aws:dynamodb"]')
    yield "event-source-mixed", event(record(), kinesis_record(f'"{b64(members(INNER))}"'))
    yield "event-source-mixed-second-missing", event(record(), record(eventSource=DROP))
    yield "ok-source-last", event(record(eventSource=DROP)[:-1] + ',"eventSource":"aws:dynamodb"}')
    yield "ok-source-name-by-escape", replaced('"eventSource"', r'"\u0065ventSource"')
    yield "ok-source-also-deeper", first_change(x='{"eventSource":1}', eventSource="2")
    yield "record-source-then-text", replaced('"aws:dynamodb"', '"aws:dynamodb":"x"')


# ---- members of a record

def types():
    wrong = {"null": "null", "number": "1", "bool": "true", "array": "[]", "object": "{}"}
    for name in ("eventID", "eventName", "eventVersion", "awsRegion", "eventSourceARN"):
        for kind, text in wrong.items():
            yield f"record-{name}-{kind}", first(**{name: text})
        yield f"record-{name}-twice", event(again(name, RECORD[name]), SECOND)
        yield f"ok-{name}-absent", first(**{name: DROP})
        yield f"ok-{name}-empty", first(**{name: '""'})
    for name in ("StreamViewType", "ApproximateCreationDateTimePrecision"):
        for kind, text in wrong.items():
            yield f"record-{name}-{kind}", first_change(**{name: text})
        yield f"ok-{name}-unknown", first_change(**{name: '"NANO"'})
    for name, text in CHANGE.items():
        if name != "SequenceNumber":
            yield f"record-{name}-twice", change_again(name, text)
    yield "record-Keys-twice-by-escape", change_again(r"\u004beys", CHANGE["Keys"])
    yield "record-NewImage-twice-null", change_again("NewImage", "null")
    yield "record-eventID-twice-by-escape", event(again(r"event\u0049D", '"x"'), SECOND)
    identities = {"string": '"x"', "array": "[]", "number": "1", "bool": "false", "type-null": '{"type":null}',
                  "type-number": '{"type":1}', "principal-object": '{"principalId":{}}',
                  "type-twice": '{"type":"Service","type":"Service"}',
                  "principal-twice-by-escape": r'{"principalId":"x","principal\u0049d":"x"}'}
    for name, text in identities.items():
        yield f"record-identity-{name}", first(userIdentity=text)
    for name, text in {"null": "null", "empty": "{}",
                       "service": '{"type":"Service","principalId":"dynamodb.amazonaws.com"}',
                       "unknown-members": '{"x":1,"x":2,"Type":3}'}.items():
        yield f"ok-identity-{name}", first(userIdentity=text)
    yield "record-identity-twice", event(again("userIdentity", "null", userIdentity="null"), SECOND)
    yield "ok-unknown-members-of-record-twice", event(again("x", "[]", x="1"), SECOND)
    yield "ok-unknown-members-of-change-twice", change_again("x", '1,"x":2')
    yield "ok-invokeIdentityArn-not-looked-at", first(invokeIdentityArn="1")
    yield "ok-name-of-the-future", first(eventName='"TRUNCATE"')
    yield "ok-members-in-other-case", first(EventName="1", Dynamodb="1", eventid="null")
    yield "ok-other-members-escaped", replaced('"Keys"', r'"\u004b\u0065\u0079\u0073"')
    yield "record-first-of-ten", event(record(extra="nul"), *[SECOND] * 9)


BAD_SIZES = {"negative": "-1", "fraction": "1.5", "string": '"13"', "null": "null", "bool": "true",
             "too-large": str(2**63),
             "too-large-exponent": "1e19", "huge-exponent": "1e99999999999999999999", "tiny": "1e-99999999999999999999",
             "small-exponent": "15e-1", "array": "[1]", "almost-whole": "1." + "0" * 60 + "1"}
GOOD_SIZES = {"zero": "0", "minus-zero": "-0", "exponent": "1E2", "point-zero": "13.0", "largest": str(2**63 - 1),
              "largest-exponent": "9.223372036854775807E18", "negative-exponent": "1300e-2",
              "zero-huge-exponent": "0e99999999999999999999", "long-zeros": "13." + "0" * 60}
BAD_TIMES = {"null": "null", "bool": "true", "array": "[1]", "object": "{}", "string-empty": '""',
             "string-text": '"now"',
             "string-blank": '" 1"', "string-dot-last": '"1."', "string-iso": '"2026-10-19T08:40:00Z"',
             "sub-nanosecond": "1792399203.0000000001", "sub-nanosecond-exponent": "1e-10",
             "above-int64": "9223372036.854775808",
             "below-int64": "-9223372036.854775809", "milliseconds": "1792399203417000", "huge": "1e400",
             "huge-exponent": "1e99999999999999999999", "tiny-exponent": "1e-99999999999999999999",
             "string-sub-nanosecond": '"0.00000000015"', "string-letter": '"1792399203s"', "string-nul": r'"1\u0000"',
             "long-fraction": "1." + "0" * 60 + "1"}
GOOD_TIMES = {"absent": DROP, "zero": "0", "negative": "-1.5", "nanosecond": "1792399203.417123999",
              "largest": "9223372036.854775807",
              "string": '"1792399203"', "string-exponent": '"1.792399203E9"', "string-plus": '"+1792399203.50"',
              "string-leading-zeros": '"0001"', "long-zeros": "1792399203." + "0" * 60,
              "zero-huge-exponent": "0E99999999999999999999",
              "negative-exponent": "1792399203000e-3", "lower-exponent": "1.5e+0"}


def numbers():
    for name, text in BAD_SIZES.items():
        yield f"record-size-{name}", first_change(SizeBytes=text)
    for name, text in GOOD_SIZES.items():
        yield f"ok-size-{name}", first_change(SizeBytes=text)
    for name, text in BAD_TIMES.items():
        yield f"record-time-{name}", first_change(ApproximateCreationDateTime=text)
    for name, text in GOOD_TIMES.items():
        yield f"ok-time-{name}", first_change(ApproximateCreationDateTime=text)
    yield "ok-time-precision-not-looked-at", first_change(ApproximateCreationDateTimePrecision='"MICROSECOND"')


# ---- the other sources

def from_pipes():
    bad = {"missing": DROP, "null": "null", "number": "1", "empty": '""', "129-characters": '"%s"' % ("x" * 129),
           "object": "{}",
           "not-ascii": '"é"', "escape": r'"a\u0062"', "escaped-quote": r'"a\"b"', "escaped-backslash": r'"a\\b"',
           "control": '"a\x01b"', "del": '"a\x7fb"', "letter-before": 'x"a"'}
    for name, text in bad.items():
        yield f"event-pipes-id-{name}", pipes(record(eventID=text), SECOND)
    yield "event-pipes-id-twice", pipes(again("eventID", '"x"'))
    yield "event-pipes-id-twice-by-escape", pipes(again(r"\u0065ventID", '"x"'))
    yield "event-pipes-id-too-deep", pipes(record(eventID=DROP, x='{"eventID":"x"}'))
    yield "event-pipes-sequence-missing", pipes(record(dynamodb=change(SequenceNumber=DROP)))
    yield "event-pipes-kinesis", pipes(kinesis_record(f'"{b64(members(INNER))}"'))
    yield "event-pipes-source-missing", pipes(record(eventSource=DROP))
    yield "event-pipes-element-number", pipes(record(), "1")
    yield "event-pipes-element-array", pipes(pipes(record()))
    yield "event-pipes-trailing-comma", pipes(record(), "")
    yield "event-pipes-text-after", pipes(record()) + "]"
    yield "event-pipes-whole-event-inside", pipes(event(record()))
    yield "event-pipes-cut", pipes(record())[:-1]
    yield "record-pipes-bad-value", pipes(record(dynamodb=change(NewImage='{"a":{"N":"x"}}')), SECOND)
    yield "record-pipes-bad-json", pipes(record(extra="01"), SECOND)
    yield "ok-pipes", pipes(record(), SECOND)
    yield "ok-pipes-empty", " [ ] "
    yield "ok-pipes-id-128-characters", pipes(record(eventID='"%s"' % ("~" * 128)))
    yield "ok-pipes-id-punctuation", pipes(record(eventID="\" !#'/[]{}:,\""))
    yield "ok-pipes-unknown-members", pipes(record(x="1"), record(kinesis="null"))


def from_kinesis():
    good = f'"{b64(members(INNER))}"'
    bad = {"missing": DROP, "null": "null", "number": "1", "array": "[]", "empty": '""', "not-base64": '"{}"',
           "unpadded": good.replace("=", "") if "=" in good else good[:-2] + '"', "blank": '"' + " " + good[1:],
           "trailing-bits": '"e31="',
           "newline": good[:-1] + r'\n"'}
    for name, text in bad.items():
        yield f"record-kinesis-data-{name}", kinesis(text)
    wrong = {"array": "[]", "string": '"x"', "number": "1", "null": "null", "blank": " ", "two-objects": "{}{}",
             "trailing-text": members(INNER) + "x", "trailing-nul": members(INNER) + "\0",
             "trailing-comma": members(INNER)[:-1] + ",}",
             "cut": members(INNER)[:-1], "not-utf8": '{"x":"' + raw(b"\xff") + '"}',
             "overlong": '{"x":"' + raw(b"\xc0\x80") + '"}',
             "bom": "\ufeff{}", "lone-surrogate": r'{"x":"\ud83d"}', "control": '{"x":"\n"}', "nan": '{"x":NaN}',
             "crossed": '{"x":[}]',
             "leading-zero": '{"x":01}', "unterminated": '{"x":"}', "extra-brace": "{}}"}
    for name, text in wrong.items():
        yield f"record-kinesis-inner-{name}", inner(text)
    for name in ("awsRegion", "eventID", "eventName", "recordFormat", "tableName", "eventSource"):
        yield f"record-kinesis-inner-{name}-null", inner_with(**{name: "null"})
        yield f"record-kinesis-inner-{name}-twice", inner(members(INNER)[:-1] + f',"{name}":"x"}}')
        yield f"ok-kinesis-inner-{name}-absent", inner_with(**{name: DROP})
    for name, text in {"null": "null", "array": "[]", "string": '"x"'}.items():
        yield f"record-kinesis-inner-dynamodb-{name}", inner_with(dynamodb=text)
    yield "record-kinesis-inner-dynamodb-twice", inner(members(INNER)[:-1] + ',"dynamodb":{}}')
    yield "record-kinesis-inner-identity-string", inner_with(userIdentity='"x"')
    yield "record-kinesis-inner-type-number", inner_with(userIdentity='{"type":1}')
    yield "record-kinesis-inner-sequence-number", inner_change(SequenceNumber="1")
    yield "record-kinesis-inner-names-twice", inner_change(NewImage='{"a":{"S":"x"},"a":{"S":"x"}}')
    yield "record-kinesis-inner-bad-number", inner_change(NewImage='{"a":{"N":"1."}}')
    yield "record-kinesis-inner-size-negative", inner_change(SizeBytes="-1")
    yield "ok-kinesis", kinesis()
    yield "ok-kinesis-data-by-escape", kinesis(good.replace("e", r"\u0065", 3))
    yield "ok-kinesis-inner-empty", inner("{}")
    yield "ok-kinesis-inner-blanks", inner(" \n" + members(INNER) + "\t\r\n ")
    yield "ok-kinesis-inner-without-dynamodb", inner_with(dynamodb=DROP)
    yield "ok-kinesis-inner-unknown-members", inner_with(x="1", eventVersion="1", eventSourceARN="null", kinesis="[]")
    yield "ok-kinesis-inner-other-source", inner_with(eventSource='"x"')
    yield "ok-kinesis-inner-sequence-text", inner_change(SequenceNumber='"x"')
    yield from kinesis_outer()
    yield from kinesis_binary()
    yield from kinesis_times()


def kinesis_outer():
    for name in ("kinesisSchemaVersion", "partitionKey"):
        yield f"record-kinesis-{name}-null", kinesis(**{name: "null"})
        yield f"ok-kinesis-{name}-absent", kinesis(**{name: DROP})
    for name, text in {"string": '"1"', "null": "null", "bool": "true"}.items():
        yield f"record-kinesis-arrival-{name}", kinesis(approximateArrivalTimestamp=text)
    yield "ok-kinesis-arrival-any-number", kinesis(approximateArrivalTimestamp="-1e999")
    yield "ok-kinesis-arrival-absent", kinesis(approximateArrivalTimestamp=DROP)
    yield "record-kinesis-data-twice", kinesis(**{r"d\u0061ta": '"e30="'})
    yield "record-kinesis-data-twice-equal", kinesis(f'"{b64("{}")}","data":"{b64("{}")}"')
    yield "event-kinesis-sequence-missing", kinesis(sequenceNumber=DROP)
    yield "event-kinesis-sequence-number", kinesis(sequenceNumber="1")
    yield "event-kinesis-sequence-text", kinesis(sequenceNumber='"x"')
    yield "event-kinesis-sequence-twice", kinesis(**{r"\u0073equenceNumber": '"1"'})
    yield "event-kinesis-sequence-of-dynamodb", kinesis(sequenceNumber=DROP, outer={"dynamodb": change()})
    yield "event-kinesis-array", kinesis(outer={"kinesis": "[]"})
    yield "event-kinesis-missing", kinesis(outer={"kinesis": DROP})
    yield "record-kinesis-twice", kinesis(outer={r"\u006binesis": "{}"})
    yield "record-kinesis-then-null", kinesis(outer={r"\u006binesis": "null"})
    for name in ("eventID", "eventName", "eventVersion", "awsRegion", "eventSourceARN", "invokeIdentityArn"):
        yield f"record-kinesis-outer-{name}-number", kinesis(outer={name: "1"})
        yield f"ok-kinesis-outer-{name}-absent", kinesis(outer={name: DROP})
    wrong = '{"SequenceNumber":1,"SequenceNumber":2}'
    yield "ok-kinesis-outer-dynamodb-not-looked-at", kinesis(outer={"dynamodb": wrong})
    yield "ok-kinesis-outer-identity-not-looked-at", kinesis(outer={"userIdentity": '"x"'})
    yield "record-kinesis-outer-bad-json", kinesis(outer={"x": "01"})
    yield "record-kinesis-outer-surrogate", kinesis(outer={"x": r'"\ud83d"'})


def kinesis_binary():
    """Binary is base64 of base64 here."""
    for name, text in {"once": "AAH/", "inner-unpadded": b64("QQ"), "inner-trailing-bits": b64("QR=="),
                       "inner-blank": b64("QUFB "),
                       "inner-not-ascii": b64("é"), "inner-newline": b64("QUFB\n"), "inner-nul": b64("QUF\0"),
                       "unpadded": "UVE9PQ"}.items():
        yield f"record-kinesis-binary-{name}", inner_change(NewImage='{"a":{"B":"%s"}}' % text)
    yield "record-kinesis-binary-once-in-set", inner_change(NewImage='{"a":{"BS":["%s","AAH/"]}}' % b64("QQ=="))
    yield "record-kinesis-binary-once-nested", inner_change(OldImage='{"a":{"L":[{"M":{"b":{"B":"AAH/"}}}]}}')
    for name, text in {"twice": b64("AAH/"), "empty": "", "padded": b64("QQ==")}.items():
        yield f"ok-kinesis-binary-{name}", inner_change(Keys='{"a":{"B":"%s"},"b":{"BS":["%s"]}}' % (text, text))


def kinesis_times():
    def timed(time, precision=DROP):
        return inner_change(ApproximateCreationDateTime=time, ApproximateCreationDateTimePrecision=precision)
    milli, micro = '"MILLISECOND"', '"MICROSECOND"'
    yield "ok-kinesis-time-milliseconds", timed("1792399203417", milli)
    yield "ok-kinesis-time-microseconds", timed("1792399203417123", micro)
    yield "ok-kinesis-time-guessed-microseconds", timed("1792399203417123")
    yield "ok-kinesis-time-nanoseconds-of-ms", timed("1792399203417.123456", milli)
    yield "ok-kinesis-time-nanoseconds-of-us", timed("1792399203417123.456", micro)
    yield "ok-kinesis-time-guessed-milliseconds", timed("1")
    yield "ok-kinesis-time-string", timed('"1792399203417"')
    yield "record-kinesis-time-border", timed("100000000000000", milli)
    yield "record-kinesis-time-border-guessed", timed("1E14")
    yield "ok-kinesis-time-above-border", timed("100000000000000.001")
    yield "record-kinesis-time-above-border-sub-nanosecond", timed("100000000000000.0001")
    yield "record-kinesis-time-sub-nanosecond-of-ms", timed("1792399203417.1234567", milli)
    yield "record-kinesis-time-sub-nanosecond-of-us", timed("1792399203417123.4567", micro)
    yield "record-kinesis-time-above-int64", timed("9223372036854775.808", micro)
    yield "ok-kinesis-time-largest", timed("9223372036854775.807", micro)
    yield "record-kinesis-precision-second", timed("1792399203", '"SECOND"')
    yield "record-kinesis-precision-empty", timed("1792399203417", '""')
    yield "record-kinesis-precision-lower-case", timed("1792399203417", '"millisecond"')
    yield "record-kinesis-precision-nul", timed("1792399203417", r'"MILLISECOND\u0000"')
    yield "record-kinesis-precision-null", timed("1792399203417", "null")
    yield "record-kinesis-precision-alone", timed(DROP, '"SECOND"')
    yield "ok-kinesis-precision-alone", timed(DROP, micro)
    yield "ok-kinesis-precision-by-escape", timed("1", r'"MILLI\u0053ECOND"')


# ---- everything

def small():
    """Every stored case: its name and its bytes."""
    groups = (values, depths, grammar, utf8, frame, envelope, windows, identifiers, sources, types, numbers, from_pipes,
              from_kinesis)
    for group in groups:
        for name, text in group():
            yield name, text.encode("utf-8", "surrogateescape")


def large():
    """The cases at the limits, too large to store: 1024 brackets, 10,000 records, 6 MiB + 100."""
    def deep(count):
        return "[" * count + "]" * count
    limit = 6 * 1024 * 1024 + 100
    padded = event(record(), extra='"%s"')
    padding = limit - len(padded) + 2
    tiny = record(dynamodb='{"SequenceNumber":"1"}', eventSourceARN=DROP)
    cases = {
        "ok-depth-1024-envelope": event(extra=deep(1023)), "event-depth-1025-envelope": event(extra=deep(1024)),
        "ok-depth-1024-record": first(extra=deep(1021)), "event-depth-1025-record": first(extra=deep(1022)),
        "event-depth-1025-open-only": "[" * 1025, "event-depth-100000": deep(100000),
        "ok-depth-1024-state": window(state=deep(1023)), "event-depth-1025-state": window(state=deep(1024)),
        "record-depth-1021-in-value": value(deep(1018)), "event-depth-1025-objects": '{"a":' * 1025 + "1" + "}" * 1025,
        "ok-depth-1024-kinesis-inner": inner('{"a":%s}' % deep(1023)),
        "record-depth-1025-kinesis-inner": inner('{"a":%s}' % deep(1024)),
        "record-depth-100000-kinesis-inner": inner(deep(100000)),
        "ok-depth-1024-pipes": pipes(record(x=deep(1022))), "event-depth-1025-pipes": pipes(record(x=deep(1023))),
        "ok-records-10000": event(*[tiny] * 10000), "event-records-10001": event(*[tiny] * 10001),
        "event-records-10001-pipes": pipes(*[tiny] * 10001), "ok-records-10000-pipes": pipes(*[tiny] * 10000),
        "ok-bytes-limit": padded % ("x" * padding), "event-bytes-above-limit": padded % ("x" * (padding + 1)),
        "ok-bytes-limit-blanks": event(record()) + " " * (limit - len(event(record()))),
        "event-bytes-above-limit-blanks": event(record()) + " " * (limit + 1 - len(event(record()))),
        "ok-names-many": first_change(NewImage=members({f"a{i}": '{"S":"x"}' for i in range(20000)})),
        "record-names-many-last-twice": first_change(
            NewImage=members({f"a{i}": '{"S":"x"}' for i in range(20000)})[:-1] + ',"a77":{"S":"x"}}'),
        "ok-n-zeros-many": value('{"N":"1%sE-3000000"}' % ("0" * 3000000)),
        "record-n-digits-many": value('{"N":"%s"}' % ("1" * 3000000)),
        "ok-list-many": value('{"L":[%s]}' % ",".join(['{"N":"1"}'] * 100000)),
    }
    for name, text in cases.items():
        yield name, text.encode()


def main():
    os.makedirs(FOLDER, exist_ok=True)
    seen = set()
    for name, data in small():
        assert name not in seen, name
        assert len(data) <= 8192, name
        seen.add(name)
        with open(os.path.join(FOLDER, name + ".json"), "wb") as file:
            file.write(data)
    print(f"{len(seen)} files")


if __name__ == "__main__":
    main()
