"""Random requests to DynamoDB, valid and not, for comparing two servers that should answer the same.

What the two are known to answer differently is not asked; each place says why, and which of them AWS agrees with.
"""
import base64

TABLES = {  # name: (partition key, its type), (sort key, its type)
    "Plain": (("pk", "S"), None),
    "ByNumber": (("pk", "S"), ("sk", "N")),
    "ByText": (("pk", "N"), ("sk", "S")),
    "ByBytes": (("pk", "B"), ("sk", "B")),
}
WORDS = ["a", "b", "ab", "abc", "b-1", "zz", "Z", "0", "~"]
NUMBERS = ["0", "1", "-1", "2", "10", "-10", "0.5", "-0.5", "1.5", "100", "99.99", "-99.9", "12345678901234567890",
           "0.0001", "1e3", "-2E-2", "007", "3.10"]
NAMES = ["a", "b", "c", "d", "e"]
FIELDS = ["x", "y", "z"]


def b64(text):
    return base64.b64encode(text.encode()).decode()


class Maker:
    def __init__(self, rng):
        self.rng = rng

    # ---- Values ----

    def scalar(self, kind=None):
        kind = kind or self.rng.choice("SSNNNB")
        if kind == "S":
            return {"S": self.rng.choice(WORDS)}
        return {"N": self.rng.choice(NUMBERS)} if kind == "N" else {"B": b64(self.rng.choice(WORDS))}

    def set(self, kind):
        some = [b64(word) for word in WORDS] if kind == "BS" else WORDS if kind == "SS" else NUMBERS
        return {kind: self.rng.sample(some, self.rng.randint(1, 4))}

    def value(self, depth=0):
        kind = self.rng.randrange(10 if depth < 2 else 7)
        if kind < 4:
            return self.scalar()
        if kind == 4:
            return {"BOOL": True}  # dynalite takes false for something that is not there
        if kind == 5:
            return {"NULL": True}
        if kind == 6:
            return self.set(self.rng.choice(["SS", "NS", "BS"]))
        if kind == 7:
            return {"L": [self.value(depth + 1) for _ in range(self.rng.randint(0, 4))]}
        names = self.rng.sample(FIELDS, self.rng.randint(0, 3))
        return {"M": {name: self.value(depth + 1) for name in names}}

    def wrong_value(self):
        return self.rng.choice([{"N": "x"}, {"N": ""}, {"N": "1e126"}, {"N": "1e-131"}, {"N": "1" * 39}, {"SS": []},
                                {"NS": []}, {"BS": []}, {"NS": ["1", "1.0"]}, {}, {"S": "a", "N": "1"}, {"N": "--1"},
                                {"L": [{"N": "1x"}]}, {"M": {"q": {"SS": []}}}])

    # ---- Items and keys ----

    def key_value(self, kind):
        value = self.scalar(kind)
        if kind == "N" and self.rng.random() < 0.5:
            value = {"N": str(self.rng.randint(-3, 3))}
        return value

    def key(self, table):
        return {part[0]: self.key_value(part[1]) for part in TABLES[table] if part}

    def item(self, table):
        item = self.key(table)
        for name in self.rng.sample(NAMES, self.rng.randint(0, 5)):
            item[name] = self.value()
        if self.rng.random() < 0.03:
            item[self.rng.choice(NAMES)] = self.wrong_value()
        return item

    def broken_key(self, table):
        key = self.key(table)
        turn = self.rng.randrange(3)
        if turn == 0:
            key.pop(self.rng.choice(list(key)))
        elif turn == 1:
            key["pk"] = self.rng.choice([{"S": "a"}, {"N": "1"}, {"BOOL": True}, {"S": ""}])
        else:
            key["more"] = {"S": "a"}
        return key

    # ---- Expressions ----

    def begin(self):
        self.names, self.values = {}, {}
        self.targets, self.sources = self.rng.sample(NAMES, len(NAMES)), set()

    def name(self, name):
        if self.rng.random() < 0.6:
            return name
        self.names["#" + name] = name
        return "#" + name

    def target(self):
        """A path to change: mostly not one that was changed before, which is refused."""
        if self.targets and self.rng.random() < 0.9:
            return self.path(self.targets.pop())
        return self.path(self.rng.choice([name for name in NAMES if name not in self.sources] or NAMES))

    def source(self, target):
        """A path to copy from: the target itself, or of an attribute that nothing else of the update changes. dynalite keeps
        one map or list in both places, and a change in one is seen in the other; AWS evaluates operands before it writes."""
        if not self.targets or self.rng.random() < 0.3:
            return target
        self.sources.add(self.targets[-1])
        return self.path(self.targets.pop())

    def path(self, first=None):
        text = self.name(first or self.rng.choice(NAMES))
        for _ in range(self.rng.choice([0] * 9 + [1, 1, 2])):
            text += f"[{self.rng.randint(0, 3)}]" if self.rng.random() < 0.5 else "." + self.name(self.rng.choice(FIELDS))
        return text

    def placeholder(self, value):
        key = f":v{len(self.values)}"
        self.values[key] = value
        return key

    def comparison(self):
        turn = self.rng.randrange(9)
        if turn == 0:
            return f"attribute_exists({self.path()})"
        if turn == 1:
            return f"attribute_not_exists({self.path()})"
        if turn == 2:
            kind = self.rng.choice(["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"])
            return f"attribute_type({self.path()}, {self.placeholder({'S': kind})})"
        if turn == 3:
            return f"begins_with({self.path()}, {self.placeholder(self.scalar(self.rng.choice('SB')))})"
        if turn == 4:
            return f"contains({self.path()}, {self.placeholder(self.scalar())})"
        if turn == 5:
            return f"size({self.path()}) {self.operator()} {self.placeholder({'N': str(self.rng.randint(0, 4))})}"
        if turn == 6:
            some = [self.placeholder(self.scalar()) for _ in range(self.rng.randint(1, 4))]
            return f"{self.path()} IN ({', '.join(some)})"
        if turn == 7:
            kind = self.rng.choice("SN")
            low, high = self.placeholder(self.scalar(kind)), self.placeholder(self.scalar(kind))
            return f"{self.path()} BETWEEN {low} AND {high}"
        # Lists and maps are never equal in dynalite; in AWS they are compared deep.
        return f"{self.path()} {self.operator()} {self.placeholder(self.scalar())}"

    def operator(self):
        return self.rng.choice(["=", "<>", "<", "<=", ">", ">="])

    def condition(self, depth=0):
        turn = self.rng.randrange(8)
        if depth > 3 or turn < 4:
            return self.comparison()
        if turn == 4:
            # dynalite takes no "NOT NOT".
            return f"NOT {self.comparison()}" if self.rng.random() < 0.5 else f"NOT ({self.joined(depth)})"
        if turn == 5:
            return f"({self.joined(depth)})"
        return self.joined(depth)

    def joined(self, depth):
        return f"{self.condition(depth + 1)} {self.rng.choice(['AND', 'OR', 'and', 'Or'])} {self.condition(depth + 1)}"

    def set_action(self):
        turn = self.rng.randrange(24)
        path = self.target()
        if turn > 7 or turn < 3:
            return f"{path} = {self.placeholder(self.value())}"
        if turn == 3:
            number = self.placeholder(self.scalar("N"))
            return f"{path} = {self.path()} {self.rng.choice('+-')} {number}"
        if turn == 4:
            return f"{path} = if_not_exists({self.source(path)}, {self.placeholder(self.value())})"
        if turn == 5:
            some = self.placeholder({"L": [self.scalar()]})
            first, second = self.rng.choice([(self.source(path), some), (some, some)])
            return f"{path} = list_append({first}, {second})"
        if turn == 6:
            zero, one = self.placeholder({"N": "0"}), self.placeholder(self.scalar("N"))
            return f"{path} = if_not_exists({self.path()}, {zero}) + {one}"
        return f"{path} = {self.source(path)}"

    def update(self):
        """An update; and whether it only removes."""
        parts, only = [], True
        if self.rng.random() < 0.8:
            parts.append("SET " + ", ".join(self.set_action() for _ in range(self.rng.randint(1, 3))))
            only = False
        if self.rng.random() < 0.25:
            # One only: dynalite moves the places of a list while it removes; in AWS indices are those before.
            parts.append("REMOVE " + self.target())
        if self.rng.random() < 0.25:
            kind = self.rng.choice(["N", "SS", "NS", "BS"])
            value = self.scalar("N") if kind == "N" else self.set(kind)
            parts.append(f"ADD {self.target()} {self.placeholder(value)}")
            only = False
        if self.rng.random() < 0.25:
            parts.append(f"DELETE {self.target()} {self.placeholder(self.set(self.rng.choice(['SS', 'NS', 'BS'])))}")
        self.rng.shuffle(parts)
        return " ".join(parts), only and bool(parts)

    def broken(self, text):
        """A text with something wrong in it."""
        turn = self.rng.randrange(8)
        if turn == 0:
            # Not in the middle of a placeholder: dynalite takes ":" for the name of one.
            return text[: self.rng.randrange(len(text))].rstrip(":#") if text else text
        if turn == 1:
            return text + " )"
        if turn == 2:
            return text.replace("a", "name", 1)
        if turn == 3:
            return "((" + text + "))"
        if turn == 4:
            return text.replace(":v0", ":missing")
        if turn == 5:
            return text.replace("attribute_exists", "exists").replace("size(", "length(")
        if turn == 6:
            return text + " AND #nobody = a"
        return text.replace("=", "==", 1)

    def placeholders(self, request):
        names, values = dict(self.names), dict(self.values)
        if self.rng.random() < 0.02:
            names["#unused"] = "u"
        if self.rng.random() < 0.02:
            values[":unused"] = {"S": "u"}
        if names:
            request["ExpressionAttributeNames"] = names
        if values:
            request["ExpressionAttributeValues"] = values
        return request

    # ---- Requests ----

    def conditional(self, request, only_removes=False):
        condition = None
        if only_removes:
            # Of an item that is not there: dynalite makes one, AWS does not.
            condition = "attribute_exists(pk)"
        elif self.rng.random() < 0.4:
            condition = self.condition()
        if condition is not None:
            if self.rng.random() < 0.05:
                condition = self.broken(condition)
            request["ConditionExpression"] = condition
        return request

    def request(self):
        table = self.rng.choice(list(TABLES))
        self.begin()
        turn = self.rng.randrange(20)
        if turn < 6:
            return "PutItem", self.put(table)
        if turn < 12:
            return "UpdateItem", self.update_item(table)
        if turn < 14:
            return "DeleteItem", self.delete(table)
        if turn < 16:
            return "GetItem", self.get(table)
        if turn < 17:
            return self.batch(table)
        if turn < 18:
            return "Scan", self.scan(table)
        return "Query", self.query(table)

    def put(self, table):
        request = {"TableName": table, "Item": self.item(table)}
        if self.rng.random() < 0.02:
            request["Item"].update(self.broken_key(table))
        if self.rng.random() < 0.3:
            request["ReturnValues"] = self.rng.choice(["NONE", "ALL_OLD", "ALL_NEW"])
        return self.placeholders(self.conditional(request))

    def update_item(self, table):
        request = {"TableName": table, "Key": self.key(table)}
        text, only = self.update()
        if self.rng.random() < 0.05 and text:
            text = self.broken(text)
        if text:
            request["UpdateExpression"] = text
        if self.rng.random() < 0.02:
            request["Key"] = self.broken_key(table)
        if self.rng.random() < 0.6:
            request["ReturnValues"] = self.rng.choice(["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"])
        self.conditional(request, only)
        if "UpdateExpression" not in request and "ConditionExpression" not in request:
            self.begin()
        return self.placeholders(request)

    def delete(self, table):
        request = {"TableName": table, "Key": self.key(table)}
        if self.rng.random() < 0.5:
            request["ReturnValues"] = self.rng.choice(["NONE", "ALL_OLD"])
        return self.placeholders(self.conditional(request))

    def get(self, table):
        request = {"TableName": table, "Key": self.key(table)}
        if self.rng.random() < 0.03:
            request["Key"] = self.broken_key(table)
        if self.rng.random() < 0.5:
            # One path into each attribute: dynalite keeps empty maps and lists around what it does not find.
            request["ProjectionExpression"] = ", ".join({self.path() for _ in range(self.rng.randint(1, 3))})
        return self.placeholders(request)

    def batch(self, table):
        entries = []
        for _ in range(self.rng.randint(1, 6)):
            if self.rng.random() < 0.7:
                entries.append({"PutRequest": {"Item": self.item(table)}})
            else:
                entries.append({"DeleteRequest": {"Key": self.key(table)}})
        return "BatchWriteItem", {"RequestItems": {table: entries}}

    def filtered(self, request):
        if self.rng.random() < 0.5:
            request["FilterExpression"] = self.condition()
        if self.rng.random() < 0.2:
            request["ProjectionExpression"] = self.path()
        if self.rng.random() < 0.1:
            request["Select"] = "COUNT"
            request.pop("ProjectionExpression", None)
        return self.placeholders(request)

    def scan(self, table):
        self.begin()
        request = self.filtered({"TableName": table})
        if "FilterExpression" not in request and "ProjectionExpression" not in request:
            request.pop("ExpressionAttributeNames", None)
            request.pop("ExpressionAttributeValues", None)
        return request

    def query(self, table):
        partition, sort = TABLES[table]
        request = {"TableName": table}
        condition = f"pk = {self.placeholder(self.key_value(partition[1]))}"
        if sort and self.rng.random() < 0.7:
            low, high = self.key_value(sort[1]), self.key_value(sort[1])
            turn = self.rng.randrange(4)
            if turn == 0:
                more = f"sk {self.rng.choice(['=', '<', '<=', '>', '>='])} {self.placeholder(low)}"
            elif turn == 1:
                more = f"sk BETWEEN {self.placeholder(low)} AND {self.placeholder(high)}"
            elif turn == 2 and sort[1] == "S":
                more = f"begins_with(sk, {self.placeholder(low)})"
            else:
                more = f"{self.placeholder(low)} {self.rng.choice(['=', '<', '<=', '>', '>='])} sk"
            condition = f"{condition} AND {more}" if self.rng.random() < 0.8 else f"{more} AND {condition}"
        if self.rng.random() < 0.03:
            condition = self.broken(condition)
        request["KeyConditionExpression"] = condition
        if self.rng.random() < 0.5:
            request["ScanIndexForward"] = self.rng.random() < 0.5
        if self.rng.random() < 0.4:
            request["Limit"] = self.rng.randint(1, 3)
        return self.filtered(request)
