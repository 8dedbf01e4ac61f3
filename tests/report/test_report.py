#!/usr/bin/env python3
"""The page of `ddbstream run --report`, opened in Chromium: what it shows is what --json says, it can be clicked through,
it asks for nothing from the network and complains about nothing.

    python3 tests/report/test_report.py [BIN] [--screenshots FOLDER]
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser, find  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
arguments = sys.argv[1:]
SHOTS = arguments.pop(arguments.index("--screenshots") + 1) if "--screenshots" in arguments else None
arguments = [each for each in arguments if each != "--screenshots"]
BIN = os.path.abspath(arguments[0] if arguments else "build")
ORDERS = os.path.join(ROOT, "examples/orders")
BOXES = "document.querySelectorAll('rect.box').length"
DATA = "JSON.parse(document.getElementById('data').textContent)"

# A handler that says hostile things and fails where it is told to.
HANDLER = r"""#!%s
import json, os, sys
from http.client import HTTPConnection
base, http, count = "/2018-06-01/runtime/", HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"]), 0
while True:
    http.request("GET", base + "invocation/next")
    answer = http.getresponse()
    records = json.loads(answer.read())["Records"]
    request = answer.getheader("Lambda-Runtime-Aws-Request-Id")
    count += 1
    if os.environ.get("SAY"):
        sys.stdout.buffer.write(b"</script><script>document.title = 'owned'</script><!--\xe2\x80\xa8 \x1b[31m \xff \"\\ end\n")
        sys.stdout.flush()
    bad = [each for each in records if each["dynamodb"]["SequenceNumber"].endswith("7")]
    body = json.dumps({"batchItemFailures": [{"itemIdentifier": each["dynamodb"]["SequenceNumber"]} for each in bad[:1]]})
    http.request("POST", base + "invocation/" + request + "/response", body, {"Content-Type": "application/json"})
    http.getresponse().read()
""" % sys.executable


def check(held, why):
    if not held:
        raise AssertionError(why)


def equal(got, want, what):
    check(got == want, f"{what}: got {got!r}, want {want!r}")


def run(folder, bootstrap, esm, source, *more):
    page, lines = os.path.join(folder, "report.html"), os.path.join(folder, "lines.jsonl")
    got = subprocess.run([os.path.join(BIN, "ddbstream"), "run", bootstrap, "--esm", esm, "--source", source, "--time",
                          "skip", "--quiet", "--on-failure", os.path.join(folder, "failed"), "--report", page, "--json",
                          lines, *more], capture_output=True, text=True, timeout=300, check=False)
    equal(got.returncode, 0, "status: " + got.stderr)
    with open(lines, encoding="utf-8") as file:
        return page, [json.loads(line) for line in file]


def play(folder, count, esm, *more):
    arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/T/stream/2026-10-19T08:35:12.417"
    paths = {name: os.path.join(folder, name) for name in ("bootstrap", "esm.json", "source.jsonl")}
    with open(paths["bootstrap"], "w", encoding="utf-8") as file:
        file.write(HANDLER)
    os.chmod(paths["bootstrap"], 0o700)
    with open(paths["esm.json"], "w", encoding="utf-8") as file:
        json.dump({"FunctionName": "hostile", "EventSourceArn": arn, "StartingPosition": "TRIM_HORIZON", **esm}, file)
    with open(paths["source.jsonl"], "w", encoding="utf-8") as file:
        for i in range(count):
            change = {"Keys": {"K": {"S": f"k{i}"}}, "SequenceNumber": str(10**20 + i), "SizeBytes": 9,
                      "ApproximateCreationDateTime": 1792399200 + i // 100, "StreamViewType": "KEYS_ONLY"}
            file.write(json.dumps({"eventID": str(i), "eventName": "INSERT", "eventVersion": "1.1", "awsRegion":
                                   "eu-west-1", "eventSource": "aws:dynamodb", "dynamodb": change,
                                   "eventSourceARN": arn}) + "\n")
    return run(folder, paths["bootstrap"], paths["esm.json"], paths["source.jsonl"], *more)


def shot(browser, name):
    if SHOTS:
        os.makedirs(SHOTS, exist_ok=True)
        browser.screenshot(os.path.join(SHOTS, name + ".png"))


def orders_is_shown_as_it_was_decided(browser, folder):
    page, lines = run(folder, os.path.join(BIN, "examples/orders/bootstrap"), os.path.join(ORDERS, "esm.json"),
                      os.path.join(ORDERS, "orders.jsonl"), "--env", "DDBS_REPORT=items")
    deliveries = [line for line in lines if line["kind"] == "delivery"]
    browser.open(page)
    equal(browser.run(BOXES), len(deliveries), "boxes")
    equal(browser.run(BOXES), lines[-1]["invocations"], "boxes and the summary")
    tiles = dict(browser.run("[...document.querySelectorAll('.tile')].map(t => [t.querySelector('span').textContent,"
                             "t.querySelector('b').textContent])"))
    for name, value in lines[-1]["metrics"].items():
        if name not in ("Duration", "IteratorAge"):
            equal(tiles[name], str(value), "tile " + name)
    equal(browser.run("document.querySelectorAll('#discards tr').length"), 2, "the record given up and its titles")
    halves = sum(line["cause"] == "half" for line in deliveries)
    equal(browser.run("document.querySelectorAll('line.half').length"), halves, "parts of halved batches")
    equal(browser.run("document.querySelectorAll('path.again').length"), lines[-1]["retries"], "retries")
    equal(browser.run("document.querySelectorAll('path.gone').length"), 1, "crosses")
    for at, line in enumerate(deliveries):
        browser.click(f"[data-at='{at}']")
        text = browser.run("document.getElementById('detail').textContent")
        for part in (line["requestId"], line["firstSequence"], line["lastSequence"]):
            check(part in text, f"box {at} does not say {part}: {text}")
    check("o-1001" in browser.run("(document.querySelector(\"[data-at='0']\"), pick(0),"
                                  "document.querySelector('#detail pre').textContent)"), "the handler's own lines")
    browser.key("ArrowRight")
    check("#2 of 13" in browser.run("document.getElementById('detail').textContent"), "the arrow key walks")
    browser.click("#by-time")
    equal(browser.run(BOXES), len(deliveries), "boxes by time")
    browser.click("#in")
    browser.click("#by-order")
    browser.click("[data-at='8']")
    browser.run("scrollTo(0, 0)")
    browser.ask("Input.dispatchMouseEvent", type="mouseMoved", x=5, y=5)
    for scheme in ("dark", "light"):
        browser.colours(scheme)
        shot(browser, "orders-" + scheme)
    equal([url for url in browser.events if ":" in url and not url.startswith(("file:", "data:"))], [], "requests")


def text_of_strangers_stays_text(browser, folder):
    page, _ = play(folder, 3, {"BatchSize": 3}, "--env", "SAY=1")
    with open(page, "rb") as file:
        content = file.read()
    check(b"\xe2\x80\xa8" not in content and b"\\u2028" in content, "the line separator is escaped")
    check(b"\xff" not in content and b"\x1b" not in content, "no byte that is not text")
    equal(len(re.findall(rb"</script", content)), 2, "ends of scripts")
    browser.open(page)
    equal(browser.run("document.title"), "ddbstream run: hostile", "title")
    log = browser.run(DATA + ".invocations[0].log")
    equal(log, ["</script><script>document.title = 'owned'</script><!--\u2028 \\x1b[31m \\xff \"\\ end"], "log")
    browser.click("[data-at='0']")
    equal(browser.run("document.querySelector('#detail pre').textContent"), log[0], "the line as it is shown")


def lanes_have_rows_of_their_own(browser, folder):
    page, lines = play(folder, 200, {"BatchSize": 5, "ParallelizationFactor": 3, "MaximumRetryAttempts": 1,
                                     "FunctionResponseTypes": ["ReportBatchItemFailures"]})
    ran = [line for line in lines if line["kind"] == "delivery"]
    browser.open(page)
    equal(browser.run(BOXES), len(ran), "boxes")
    equal(browser.run("document.querySelectorAll('#names div').length"), 3, "rows")
    shot(browser, "lanes")


def windows_end_with_a_final_call(browser, folder):
    page, lines = play(folder, 60, {"BatchSize": 5, "TumblingWindowInSeconds": 60, "MaximumRetryAttempts": 0})
    ran = [line for line in lines if line["kind"] == "delivery"]
    finals = sum(line["cause"] == "final" and line.get("verdict") == "done" for line in ran)
    browser.open(page)
    equal(browser.run(BOXES), len(ran), "boxes")
    equal(browser.run("document.querySelectorAll('.box.final').length"), finals, "final calls")


def ten_thousand_invocations_stay_usable(browser, folder):
    page, lines = play(folder, 10000, {"BatchSize": 1, "MaximumRetryAttempts": 0,
                                       "FunctionResponseTypes": ["ReportBatchItemFailures"]})
    invocations = lines[-1]["invocations"]
    check(invocations >= 10000, f"{invocations} invocations")
    browser.open(page)
    equal(browser.run(BOXES), invocations, "boxes")
    for selector in ("#by-time", "#in", "#by-order", "[data-at='9999']"):
        browser.click(selector)
    check(f"#10000 of {invocations}" in browser.run("document.getElementById('detail').textContent"), "the last one")
    spent = browser.run("(() => { const t = performance.now(); draw(); return performance.now() - t; })()")
    print(f"# {invocations} invocations: the page has {os.path.getsize(page)} bytes, drawing takes {spent:.0f} ms")
    shot(browser, "ten-thousand")


def what_is_too_much_is_left_out_and_said(browser, folder):
    page, lines = play(folder, 20500, {"BatchSize": 1, "MaximumRetryAttempts": 0,
                                       "FunctionResponseTypes": ["ReportBatchItemFailures"]})
    browser.open(page)
    equal(browser.run(BOXES), 20000, "boxes")
    note = browser.run("document.getElementById('note').textContent")
    equal(note, f"The first 20000 of {lines[-1]['invocations']} invocations are shown; --json writes all of them.", "note")


def an_empty_run_is_a_page_too(browser, folder):
    page, _ = play(folder, 0, {})
    browser.open(page)
    equal(browser.run(BOXES), 0, "boxes")
    check("Nothing" in browser.run("document.getElementById('discards').textContent"), "nothing was given up")


TESTS = (orders_is_shown_as_it_was_decided, text_of_strangers_stays_text, lanes_have_rows_of_their_own,
         windows_end_with_a_final_call, ten_thousand_invocations_stay_usable, what_is_too_much_is_left_out_and_said, an_empty_run_is_a_page_too)


def main():
    program, failed = find(), 0
    if program is None:
        print("not run: chromium absent")
        return 0
    for each in TESTS:
        name = each.__name__.replace("_", " ")
        browser = None
        with tempfile.TemporaryDirectory() as folder:
            try:
                browser = Browser(program)
                each(browser, folder)
                equal(browser.complaints, [], "what the page complains about")
                print(f"ok - report: {name}", flush=True)
            except Exception as why:  # pylint: disable=broad-except
                failed += 1
                place = traceback.extract_tb(why.__traceback__)[1]
                print(f"not ok - report: {name}: {type(why).__name__}: {str(why)[:600]} (line {place.lineno})", flush=True)
            finally:
                if browser is not None:
                    browser.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
