"""The YAML that templates here are written in: block maps and lists, one-line flow, quotes, comments, short tags.

A tag becomes a list: `!GetAtt Table.Arn` is ["!GetAtt", "Table.Arn"]. What it does not know is an error.
"""
import re

TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'|![A-Za-z]+|[\[\]{},]|:(?=\s)|[^\s\[\]{},:]+(?::+[^\s\[\]{},:]+)*)')


def scalar(text):
    if text[:1] in "\"'":
        return text[1:-1]
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text)


class Flow:
    def __init__(self, text):
        self.tokens, at = [], 0
        while text[at:].strip() and not text[at:].lstrip().startswith("#"):
            match = TOKEN.match(text, at)
            if match is None:
                raise ValueError(f"not understood: {text[at:]!r}")
            self.tokens.append(match.group(1))
            at = match.end()

    def take(self, wanted=None):
        token = self.tokens.pop(0)
        if wanted is not None and token != wanted:
            raise ValueError(f"{token!r} instead of {wanted!r}")
        return token

    def value(self):
        token = self.take()
        if token.startswith("!"):
            return [token, self.value()]
        if token == "[":
            return self.many("]", self.value)
        if token == "{":
            return dict(self.many("}", self.pair))
        return scalar(token)

    def pair(self):
        key = scalar(self.take())
        self.take(":")
        return key, self.value()

    def many(self, end, one):
        found = []
        while self.tokens[0] != end:
            found.append(one())
            if self.tokens[0] != end:
                self.take(",")
        self.take(end)
        return found


def inline(text):
    """A plain scalar may hold spaces; anything else is flow."""
    if text[:1] in "[{\"'!" or " " not in text.split(" #")[0].strip():
        flow = Flow(text)
        value = flow.value()
        if flow.tokens:
            raise ValueError(f"more than one value: {text!r}")
        return value
    return scalar(text.split(" #")[0].strip())


def block(lines):
    """Takes the lines of one map or list off `lines`, which are (indent, text)."""
    indent, first = lines[0]
    is_list = first.startswith("- ")
    found = [] if is_list else {}
    while lines and lines[0][0] == indent and lines[0][1].startswith("- ") == is_list:
        text = lines.pop(0)[1]
        if is_list and re.match(r"- [\w.]+:( |$)", text):
            lines.insert(0, (indent + 2, text[2:]))
            found.append(block(lines))
        elif is_list:
            found.append(inline(text[2:]))
        else:
            key, rest = re.fullmatch(r"([\w:.]+):(?: +(.*))?", text).groups()
            if key in found:
                raise ValueError(f"{key} occurs twice")
            nested = rest is None or rest.startswith("#")
            found[key] = block(lines) if nested else inline(rest)
    if lines and lines[0][0] > indent:
        raise ValueError(f"wrongly indented: {lines[0]}")
    return found


def load(text):
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.split("\n")
             if line.strip() and not line.strip().startswith("#")]
    value = block(lines)
    if lines:
        raise ValueError(f"left over: {lines[0]}")
    return value
