"""Named cases in a folder of their own each, counted in the lines that tests/run.py adds up."""
import json
import os
import tempfile
import traceback


def check(held, why):
    if not held:
        raise AssertionError(why)


def equal(got, want, what=""):
    check(got == want, f"{what}: got {got!r}, want {want!r}")


def write(folder, name, content):
    """A file of bytes, of text, or of anything else as JSON; returns its path."""
    if not isinstance(content, (bytes, str)):
        content = json.dumps(content)
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


class Cases:
    """A decorator that collects functions of a folder; run() plays them in turn."""

    def __init__(self, label):
        self.label, self.functions = label, []

    def __call__(self, function):
        self.functions.append(function)
        return function

    def run(self):
        """The exit status: 1 when a case failed."""
        failed = 0
        for each in self.functions:
            name = f"{self.label}: {each.__name__.replace('_', ' ')}"
            with tempfile.TemporaryDirectory() as folder:
                try:
                    each(folder)
                    print(f"ok - {name}", flush=True)
                except Exception as why:  # pylint: disable=broad-except
                    failed += 1
                    place = traceback.extract_tb(why.__traceback__)[1]
                    text = " ".join(str(why).split())
                    print(f"not ok - {name}: {type(why).__name__}: {text} (line {place.lineno})", flush=True)
        return 1 if failed else 0
