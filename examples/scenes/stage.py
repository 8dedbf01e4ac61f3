"""What the scenes of the examples are played on: the example's function behind an event source mapping, its services on
this machine, and faults.

A scene is a function that gets a Stage, plays, prints what happened, and asserts what the example claims:

    from stage import main
    def scene(stage): ...
    if __name__ == "__main__":
        main(__file__, scene)

Its command line: [--build FOLDER] [--faults SEED], and options that go to `ddbstream run`, such as --report out.html. With
--faults the handler is killed before and behind calls that it makes, responses get lost, and the mapping loses its
checkpoint, so that changes are delivered again; the claim must hold all the same. What is printed then differs from
expected.txt.

The function's DynamoDB is `stage.tables()`, every other service `stage.services()`: tests/awsfake, which refuses what AWS
would refuse and keeps what it got. With an AWS_ENDPOINT_URL of your own, that is used instead.
"""
import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import urllib.request

from faults import Faults
from tables import Tables

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(os.path.join(ROOT, "tests", "awsfake"))
from awsfake import AwsFake  # noqa: E402, its place is only known now

PATIENCE_S = 120


class Services:
    """tests/awsfake, here or where AWS_ENDPOINT_URL leads."""

    def __init__(self):
        self.fake = None if os.environ.get("AWS_ENDPOINT_URL") else AwsFake()
        self.url = self.fake.url if self.fake else os.environ["AWS_ENDPOINT_URL"]

    def close(self):
        if self.fake:
            self.fake.close()

    def stored(self):
        """What they have, by the name of the service."""
        with urllib.request.urlopen(self.url + "/_awsfake/stored", timeout=PATIENCE_S) as answer:
            return json.load(answer)


class Stage:
    def __init__(self, folder, build, options=(), seed=None, share=0.04):
        self.folder, self.seed, self.options, self.open, self.environment = folder, seed, list(options), [], {}
        self.name = os.path.basename(folder)
        self.ddbstream = os.path.join(build, "ddbstream")
        self.bootstrap = os.path.join(build, "examples", self.name, "bootstrap")
        self.place = tempfile.TemporaryDirectory(prefix=f"ddbstream-{self.name}-")
        self.faults = None if seed is None else self.keep(Faults(seed, f"examples/{self.name}/bootstrap", share))
        self.random = random.Random(seed)
        self.said, self.deliveries = "", []  # of the last run: its output, its deliveries

    def keep(self, thing):
        self.open.append(thing)
        return thing

    def close(self):
        for thing in reversed(self.open):
            thing.close()
        self.place.cleanup()

    def path(self, name):
        """A file that is gone when the scene ends."""
        return os.path.join(self.place.name, name)

    # What the function calls

    def tables(self, region="eu-west-1", **keys):
        """Tables with their keys: Orders="id", Events="stream,version:N"; the function's DynamoDB."""
        tables = self.keep(Tables(self.ddbstream, region, keys))
        self.environment.setdefault("AWS_ENDPOINT_URL_DYNAMODB", self.endpoint(tables.url))
        return tables

    def services(self):
        """The function's other services."""
        services = self.keep(Services())
        self.environment["AWS_ENDPOINT_URL"] = self.endpoint(services.url)
        return services

    def endpoint(self, url):
        """Where the function finds what is at `url`: with faults, something is in between."""
        return url if self.faults is None else self.faults.before(url)

    # Playing

    def play(self, records, **env):
        """Play records through the function, with `env` in its environment; the totals of the run. With faults, the
        mapping then loses its checkpoint some times and begins again where it once was."""
        total = self.run(records, **env)
        for _ in range(0 if self.faults is None or not records else 2):
            self.run(records[self.random.randrange(len(records)):], **env)
        return total

    def run(self, records, **env):
        """The same once, whatever goes wrong."""
        source, report = self.path("source.jsonl"), self.path("report.jsonl")
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        command = [self.ddbstream, "run", self.bootstrap, "--esm", os.path.join(self.folder, "esm.json"), "--source", source,
                   "--time", "skip", "--json", report, "--on-failure", self.path("failed")]
        for name, value in {"DDBS_REPORT": "items", **self.environment, **env}.items():
            command += ["--env", f"{name}={value}"]
        done = subprocess.run(command + self.options, stdout=subprocess.PIPE, timeout=PATIENCE_S, check=False)
        self.said = done.stdout.decode("utf-8", "replace")
        if done.returncode != 0:
            sys.exit(f"ddbstream run ended with status {done.returncode}: {self.said[-4000:]}")
        with open(report, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.deliveries = [line for line in lines if "delivery" in line]
        return lines[-1]

    def event(self, event, **env):
        """One event to the function, without a mapping: what it prints, and the lines of its log."""
        path = self.path("event.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(event, file)
        done = subprocess.run([self.bootstrap, "--event", path], env={**os.environ, "DDBS_REPORT": "items", **env},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE_S, text=True, check=False)
        if done.returncode not in (0, 1):  # 1: a record failed
            sys.exit(f"{self.bootstrap} ended with status {done.returncode}: {done.stderr[-4000:]}")
        return done.stdout, done.stderr.splitlines()

    def failed(self, records):
        """Which of these records were given up, by the on-failure records of all runs."""
        folder, begins = self.path("failed"), {}
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                batch = json.load(file)["DDBStreamBatchInfo"]
            begins[batch["startSequenceNumber"]] = batch["batchSize"]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        given_up = {numbers.index(number) + place for number, size in begins.items() for place in range(size)}
        return [records[place] for place in sorted(given_up)]

    # Telling

    def summary(self):
        """What `ddbstream run` prints about the last run in the end, but for times: the first line has the records, the
        second one the invocations."""
        lines = self.said.splitlines()
        begin = next(place for place, line in enumerate(lines) if " records polled = " in line)
        return [line for line in lines[begin:] if not line.startswith("CloudWatch: ") and "EventCount" not in line]

    def metrics(self):
        """The metrics that the function wrote to its log in the last run, a JSON text each."""
        return [line.partition("| ")[2] for line in self.said.splitlines() if line.lstrip().startswith('| {"_aws"')]

    def tell(self, total):
        """A run in one line; not with faults, where the numbers are others each time."""
        if self.faults is None:
            print(f"  {total['polled']} changes = {total['done']} done + {total['discarded']} given up, "
                  f"{total['invocations']} invocations")


def main(file, scene, share=0.04):
    """Play a scene by its command line. `share`: how many of all calls each kind of fault strikes."""
    folder = os.path.dirname(os.path.abspath(file))
    parser = argparse.ArgumentParser(prog=f"examples/{os.path.basename(folder)}/run.sh", allow_abbrev=False,
                                     description="Plays the scene of this example. Other options go to `ddbstream run`.")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), help="folder of the built programs")
    parser.add_argument("--faults", type=int, metavar="SEED", help="with crashes, lost responses and duplicates")
    arguments, options = parser.parse_known_args()
    stage = Stage(folder, os.path.abspath(arguments.build), options, arguments.faults, share)
    if not os.path.exists(stage.bootstrap):
        sys.exit(f"{stage.bootstrap} is missing: run make")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # with all that it has started
    try:
        scene(stage)
    finally:
        stage.close()
    if stage.faults is not None:
        struck = ", ".join(f"{count} {kind}" for kind, count in stage.faults.counts.items())
        print("faults: " + (struck if stage.faults.servers else "none, for the function calls nobody"))
