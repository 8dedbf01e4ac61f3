"""An independent reading of the events that the library accepts: the oracle of the differential test.

Built from Python's json, re, decimal and base64 alone, from the rules and not from the C code. check() says whether an
event is refused, and if not, for each of its records whether it decodes and what identifies it.

An event with a broken record is not JSON, so json cannot read it at once. The event is split by a small tokenizer that
knows strings and brackets only; json reads the envelope with {} in place of each record, and then each record.
"""
import base64
import collections
import decimal
import fractions
import functools
import json
import re
import sys

EVENT_BYTES = 6 * 1024 * 1024 + 100
EVENT_RECORDS = 10000
EVENT_DEPTH = 1024
VALUE_DEPTH = 64
NUMBER_DIGITS = 38

sys.setrecursionlimit(20 * EVENT_DEPTH)  # json recurses; split() has bounded the depth before it does


class Wrong(ValueError):
    """Breaks a rule. json, base64 and the UTF-8 decoder raise other kinds of ValueError."""


def require(condition):
    if not condition:
        raise Wrong


# ---- JSON, as strict as RFC 8259

class Number(str):
    """A JSON number, as its text."""


class Object(list):
    """A JSON object, as its (name, value) pairs: a dict would lose duplicates."""


NULL = type(None)


def refuse_constant(_):
    raise Wrong  # NaN and Infinity, which json takes unless told otherwise


JSON = json.JSONDecoder(object_pairs_hook=Object, parse_int=Number, parse_float=Number,
                        parse_constant=refuse_constant)


def parse(text):
    return JSON.decode(text)


# json makes one character of a pair of surrogate escapes; one that is left over was alone or the wrong way round.
SURROGATE = re.compile("[\ud800-\udfff]")


def known(pairs, types):
    """The members of an object that `types` names: each at most once and of one of its types."""
    found = {}
    for name, value in pairs:
        if name in types:
            require(name not in found and type(value) in types[name])
            found[name] = value
    return found


def table(strings, **others):
    return {**{name: (str,) for name in strings.split()}, **others}


# ---- the event: tokens, envelope, identifiers

STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
BLANK = r"[ \t\n\r]*+"
TOKEN = re.compile(rf'({STRING})(?:({BLANK}:{BLANK})({STRING})?+)?+|([\[{{])|([\]}}])|(")', re.DOTALL)
TEXT, NAME, MEMBER, OPEN, CLOSE, STRAY = 1, 2, 3, 4, 5, 6  # a MEMBER is a name with a string as its value
CLOSES = {"{": "}", "[": "]"}


def resolve(token):
    """The name that a string token spells, or None if its escapes are invalid."""
    if "\\" not in token:
        return token[1:-1]
    try:
        return json.loads(token)
    except ValueError:
        return None


def split(text):
    """The text with {} in place of each record, and the records. Refuses what is not balanced or too deep."""
    envelope, records, stack = [], [], []
    array = 0  # brackets open inside the array of records; 0 outside it
    start = kept = 0
    for token in TOKEN.finditer(text):
        kind = token.lastindex
        if kind == OPEN:
            if not stack and token[0] == "[":
                array = 1
            if token[0] == "{" and len(stack) == array > 0:
                start = token.start()
            stack.append(token[0])
            require(len(stack) <= EVENT_DEPTH)
        elif kind == CLOSE:
            require(stack and CLOSES[stack.pop()] == token[0])
            if token[0] == "}" and len(stack) == array > 0:
                records.append(text[start:token.end()])
                envelope += text[kept:start], "{}"
                kept = token.end()
            if len(stack) < array:
                array = 0
        elif kind == NAME and stack == ["{"] and resolve(token[1]) == "Records" and text.startswith("[", token.end()):
            array = 2
        require(kind != STRAY)
    require(not stack)
    return "".join(envelope) + text[kept:], records


ENVELOPE = table("shardId eventSourceARN", Records=(list,), window=(Object, NULL), isFinalInvokeForWindow=(bool,),
                 isWindowTerminatedEarly=(bool,), state=(Object, list, str, Number, bool, NULL))


def check_envelope(event, count):
    """`event` is the envelope as parsed: each of the `count` records is an empty object in it."""
    records = event
    if type(event) is Object:
        members = known(event, ENVELOPE)
        window = members.get("window") or Object()
        limits = known(window, table("start end"))
        require(len(limits) == 2 or type(members.get("window")) is not Object)
        require("Records" in members)
        records = members["Records"]
        for text in [*limits.values(), members.get("shardId", ""), members.get("eventSourceARN", "")]:
            require(not SURROGATE.search(text))
    require(type(records) is list)
    require(len(records) == count <= EVENT_RECORDS)  # an element that is no object was not counted by split()


Entry = collections.namedtuple("Entry", "decodes sequence identifier")
SEQUENCE = {"aws:dynamodb": "dynamodb.SequenceNumber", "aws:kinesis": "kinesis.sequenceNumber"}
DIGITS = re.compile(r'"([0-9]{1,128})"')
PRINTABLE = re.compile(r'"([ !#-\[\]-~]{1,128})"')


def notes(record):
    """The values at the paths that the event level reads, each a list: a string's token, or None for another value."""
    found = collections.defaultdict(list)
    depth, inside = 0, ""
    for token in TOKEN.finditer(record):
        kind = token.lastindex
        depth += (kind == OPEN) - (kind == CLOSE)
        if kind == CLOSE and depth == 1:
            inside = ""
        if kind not in (NAME, MEMBER) or depth > 2:
            continue
        name = resolve(token[1])
        if depth == 1:
            inside = name if record.startswith("{", token.end()) and kind == NAME else ""
            found[name].append(token[3])
        elif inside:
            found[f"{inside}.{name}"].append(token[3])
    return found


def only(values, pattern):
    """The text inside the quotes of the only value."""
    require(len(values) == 1 and values[0] is not None)
    match = pattern.fullmatch(values[0])
    require(match)
    return match[1]


@functools.lru_cache(maxsize=4096)
def identify(record, pipes):
    found = notes(record)
    source = only(found["eventSource"], re.compile('"(aws:dynamodb)"' if pipes else '"(aws:dynamodb|aws:kinesis)"'))
    sequence = only(found[SEQUENCE[source]], DIGITS)
    return source, sequence, only(found["eventID"], PRINTABLE) if pipes else sequence


def check(data):
    """None if the event is refused, else a list with an Entry per record."""
    try:
        require(len(data) <= EVENT_BYTES)
        envelope, records = split(data.decode("utf-8"))
        event = parse(envelope)
        check_envelope(event, len(records))
        ids = [identify(record, type(event) is list) for record in records]
        require(len({source for source, _, _ in ids}) <= 1)
    except ValueError:
        return None
    return [Entry(decodes(record, source), *rest) for record, (source, *rest) in zip(records, ids)]


# ---- one record

RECORD = table("eventID eventName eventVersion eventSource awsRegion eventSourceARN",
               userIdentity=(Object, NULL), dynamodb=(Object,))
IDENTITY = table("type principalId")
CHANGE = table("SequenceNumber StreamViewType ApproximateCreationDateTimePrecision",
               ApproximateCreationDateTime=(Number, str), SizeBytes=(Number,),
               Keys=(Object, NULL), NewImage=(Object, NULL), OldImage=(Object, NULL))
KINESIS_RECORD = table("eventID eventName eventVersion eventSource awsRegion eventSourceARN invokeIdentityArn",
                       kinesis=(Object,))
KINESIS = table("kinesisSchemaVersion partitionKey sequenceNumber data", approximateArrivalTimestamp=(Number,))
INNER = table("awsRegion eventID eventName recordFormat tableName eventSource",
              userIdentity=(Object, NULL), dynamodb=(Object,))


@functools.lru_cache(maxsize=4096)
def decodes(record, source):
    try:
        if source == "aws:kinesis":
            outer = known(parse_record(record), KINESIS_RECORD)
            data = known(outer["kinesis"], KINESIS)
            require("data" in data)
            inner = binary(data["data"]).decode("utf-8")
            split(inner)  # for its bounds: the depth, before json recurses
            check_change(parse_record(inner), INNER, kinesis=True)
        else:
            check_change(parse_record(record), RECORD, kinesis=False)
    except ValueError:
        return False
    return True


def parse_record(text):
    value = parse(text)
    require(type(value) is Object)
    for token in re.findall(STRING, text, re.DOTALL):
        require("\\u" not in token or not SURROGATE.search(json.loads(token)))
    return value


def check_change(record, types, kinesis):
    members = known(record, types)
    known(members.get("userIdentity") or Object(), IDENTITY)
    change = known(members.get("dynamodb", Object()), CHANGE)
    for image in ("Keys", "NewImage", "OldImage"):
        check_item(change.get(image) or Object(), 1, kinesis)
    if "SizeBytes" in change:
        require(0 <= whole(change["SizeBytes"], 0) < 2**63)
    precision = change.get("ApproximateCreationDateTimePrecision") if kinesis else None
    require(precision in (None, "MICROSECOND", "MILLISECOND"))
    if "ApproximateCreationDateTime" in change:
        time = change["ApproximateCreationDateTime"]
        if not kinesis:
            digits = 9
        elif precision:
            digits = 3 if precision == "MICROSECOND" else 6
        else:
            digits = 3 if number(time) > 10**14 else 6
        require(-2**63 < whole(time, digits) < 2**63)


# ---- numbers and attribute values

NUMBER = re.compile(r"[+-]?([0-9]+(?:\.[0-9]+)?)(?:[eE][+-]?0*([0-9]+))?")


def number(text):
    match = NUMBER.fullmatch(text)
    require(match)
    if not re.search("[1-9]", match[1]):
        return decimal.Decimal(0)
    require(len(match[2] or "") <= 12)  # no text in an event is long enough to bring such an exponent back
    return decimal.Decimal(text)


def whole(text, shift):
    """The whole number that `text` times ten to the power of `shift` is."""
    value = number(text)
    require(abs(value.adjusted()) < 100)
    value = fractions.Fraction(value) * 10**shift
    require(value.denominator == 1)
    return value.numerator


def check_number(text):
    value = number(text)
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    require(not digits or len(digits) <= NUMBER_DIGITS and -130 <= value.adjusted() <= 125)


def binary(text):
    data = base64.b64decode(text.encode("ascii"), validate=True)
    require(base64.b64encode(data).decode() == text)
    return data


def check_binary(text, kinesis):
    data = binary(text)
    if kinesis:
        binary(data.decode("ascii"))


def check_set(elements, check_one):
    for element in elements:
        require(type(element) is str)
        check_one(element)


def check_item(pairs, depth, kinesis):
    names = [name for name, _ in pairs]
    require(len(names) == len(set(names)))
    for _, value in pairs:
        check_value(value, depth, kinesis)


def check_value(value, depth, kinesis):
    require(depth <= VALUE_DEPTH and type(value) is Object and len(value) == 1)
    tag, content = value[0]
    types = {"S": str, "N": str, "B": str, "BOOL": bool, "NULL": bool, "M": Object, "L": list,
             "SS": list, "NS": list, "BS": list}
    require(tag in types and type(content) is types[tag])
    if tag == "N":
        check_number(content)
    elif tag == "B":
        check_binary(content, kinesis)
    elif tag == "M":
        check_item(content, depth + 1, kinesis)
    elif tag == "L":
        for element in content:
            check_value(element, depth + 1, kinesis)
    elif tag == "SS":
        check_set(content, lambda text: None)
    elif tag == "NS":
        check_set(content, check_number)
    elif tag == "BS":
        check_set(content, lambda text: check_binary(text, kinesis))
