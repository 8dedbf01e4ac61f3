"""Reads the scripts of tests/wire; their form is in tests/wire/README.md.

A script becomes one Script for each combination of its `each` values. A line that is not understood is an error: a
wish that nobody reads would be a test that cannot fail.
"""
import itertools
import os
import re
import shlex

CALLS = ("connect", "next", "response", "error", "init-error", "register", "same")
ACTIONS = ("event", "raw", "rest", "wait", "hold", "close", "reset", "freeze", "thaw", "term", "unlisten",
           "read")
OPTIONS = re.compile(r"records|r\d+|size|state|body|id|deadline|chunked|bytewise|stray|colon|no-length|"
                     r"length|cut|cut-head")
WANTS = ("exit", "log", "once", "never", "done", "saw", "connections", "within", "cpu")


class Action:
    """One thing that the peer does about a request. `headers`: (sign, name, value), the sign "", "+" or "-"."""

    def __init__(self, name, words):
        self.name, self.headers, self.options, self.text = name, [], {}, None
        if name == "raw":
            self.text = words
            return
        plain = []
        for word in shlex.split(words):
            key, equals, value = word.partition("=")
            if OPTIONS.fullmatch(key):
                self.options[key] = value if equals else True
            else:
                plain.append(word)
        self.text = " ".join(plain)
        takes_text = name == "wait" or name.isdigit()
        assert takes_text or not plain, f"what is {plain[0]!r} after {name!r}?"

    def number(self, option):
        return int(self.options[option]) if option in self.options else None


class Exchange:
    """A request that must come now, and what the peer does about it. `wishes`: (sign, name, pattern); the sign "~"
    stands for the message or the body."""

    def __init__(self, call, words):
        assert call in CALLS, f"no such request: {call!r}"
        self.call, self.actions, self.wishes = call, [], []
        match = re.fullmatch(r"(.*?)\s*\btake=(\d+)", words)
        self.want, self.take = (match[1], int(match[2])) if match else (words, None)


class Script:
    """One life of a handler, as it must go."""

    def __init__(self, name, text):
        self.name, self.run, self.env, self.at, self.asides = name, None, {}, "{peer}", []
        self.dialogue, self.wants = [], []
        for number, line in enumerate(text.splitlines(), 1):
            try:
                self.take_line(line)
            except (AssertionError, ValueError, IndexError) as error:
                raise SystemExit(f"tests/wire/{name}:{number}: {error or 'not understood'}: {line}") from None
        if self.run is None or "exit" not in [want for want, _ in self.wants]:
            raise SystemExit(f"tests/wire/{name}: a script needs \"run\" and \"exit\"")

    def take_line(self, line):
        if not line.strip() or line.startswith("#"):
            return
        if line.startswith("    "):
            self.take_detail(line.strip())
            return
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if word in (">", "<"):
            first, _, rest = rest.partition(" ")
            self.take_turn(word, first, rest.strip())
        elif word == "end":
            self.take_turn(">", "next", "")
            self.take_turn("<", "500", "InternalServerError")
        elif word == "run":
            self.run = rest
        elif word == "env":
            name, _, value = rest.partition("=")
            self.env[name] = value
        elif word == "at":
            self.at = rest
        elif word == "aside":
            self.asides.append(rest)
        else:
            assert word in WANTS, "what is this?"
            self.wants.append((word, rest))

    def take_turn(self, sign, first, rest):
        if sign == ">":
            self.dialogue.append(Exchange(first, rest))
        else:
            assert first in ACTIONS or re.fullmatch(r"[1-5]\d\d", first), "no such action"
            self.dialogue[-1].actions.append(Action(first, rest))

    def take_detail(self, line):
        """A header to send or to see: "Name: value", "+ Name: value", "- Name"; of a request also "~ message"."""
        match = re.fullmatch(r"([-+~] )?(.*)", line)
        sign, rest = (match[1] or "").strip(), match[2]
        name, colon, value = ("", ":", rest) if sign == "~" else rest.partition(":")
        assert colon or sign == "-", "a header needs a colon"
        last = self.dialogue[-1]
        assert not (last.actions and sign == "~") and not (not last.actions and sign == "+"), "not possible here"
        (last.actions[-1].headers if last.actions else last.wishes).append((sign, name.strip(), value.strip()))

    def seconds(self):
        """How long its peer waits."""
        return sum(float(action.text) for exchange in self.dialogue for action in exchange.actions
                   if action.name == "wait")


def expand(name, text):
    """The scripts of a file."""
    each = [(words[1], words[2:]) for words in
            (shlex.split(line) for line in text.splitlines() if line.startswith("each "))]
    body = "\n".join("" if line.startswith("each ") else line for line in text.split("\n"))
    for values in itertools.product(*[values for _, values in each]):
        variant = body
        for (variable, _), value in zip(each, values):
            assert "{%s}" % variable in variant, f"tests/wire/{name}: {{{variable}}} is never used"
            variant = variant.replace("{%s}" % variable, value)
        variant = re.sub(r"\{(.)\*(\d+)\}", lambda match: match[1] * int(match[2]), variant)
        shown = [value if len(value) < 40 else value[:20] + "..." for value in values]
        yield Script(" ".join([name, *[shlex.quote(value) for value in shown]]), variant)


def read_all(folder):
    scripts = []
    for name in sorted(os.listdir(folder)):
        if "." not in name:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                scripts.extend(expand(name, file.read()))
    return scripts
