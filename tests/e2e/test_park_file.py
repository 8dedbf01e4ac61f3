#!/usr/bin/env python3
"""Parking in a file: what is acknowledged as parked lies there, whole, once the answer arrives.

test_park_file.py [BUILD FOLDER]
"""
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading

from concurrent_api import Live
from mock_api import MockApi
from runtime_harness import (
    HANDLERS, ITEMS, Run, batch, broken, expect, expect_item, expect_success, main, record, seq, serve, test)
from serve_harness import children

IN_LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "orders", "LAMBDA_TASK_ROOT": "/var/task"}


class Folder:
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="park-")
        self.path = os.path.join(self.folder.name, "parked.jsonl")
        return self

    def __exit__(self, *_):
        self.folder.cleanup()
        return False

    def env(self, **more):
        return dict(more, PARK_FILE=self.path)

    def lines(self):
        with open(self.path, "rb") as file:
            text = file.read()
        assert text == b"" or text.endswith(b"\n"), text[-100:]
        return [json.loads(line) for line in text.splitlines()]


@test
def a_parked_record_is_a_line_with_all_of_it():
    event = batch(3, r1="park")
    for env in ({}, {"DDBS_ISOLATION": "none"}):
        with Folder() as folder:
            run = serve("park_file", json.dumps(event, indent=1), event, env=folder.env(PARK_REASON='no "customer"\n', **env))
            for request in run.posts:
                expect_success(request)
            lines = folder.lines()
            expect(len(lines), 2)
            for line in lines:
                expect(sorted(line), ["reason", "record", "sequenceNumber"])
                expect((line["sequenceNumber"], line["reason"]), (seq(1), 'no "customer"\n'))
                expect(json.loads(line["record"]), event["Records"][1])
            assert json.dumps(event, indent=1).find(lines[0]["record"]) > 0  # byte for byte
            expect(os.stat(folder.path).st_mode & 0o777, 0o600)


@test
def what_does_not_decode_is_parked_whatever_it_is():
    text = json.dumps(batch(3)).replace('"INSERT"', "INSERT\t", 2).replace("INSERT\t", '"INSERT"', 1)
    with Folder() as folder:
        run = serve("park_file", broken(3, 1), text, env=folder.env())
        expect_success(run.posts[0])
        expect_success(run.posts[1])
        first, second = folder.lines()
        assert "does not decode" in first["reason"] and "n" in json.loads(first["record"])["dynamodb"]["NewImage"], first
        assert second["sequenceNumber"] == seq(1) and "INSERT\t" in second["record"], second


@test
def a_line_that_was_torn_stays_alone():
    with Folder() as folder:
        with open(folder.path, "wb") as file:
            file.write(b'{"whole":1}\n{"torn')
        expect_success(serve("park_file", batch(1, r0="park"), env=folder.env()).posts[0])
        with open(folder.path, "rb") as file:
            lines = file.read().split(b"\n")
        expect(lines[:2] + lines[3:], [b'{"whole":1}', b'{"torn', b""])
        expect(json.loads(lines[2])["sequenceNumber"], seq(0))


@test
def a_reason_that_is_no_text_makes_no_broken_line():
    with Folder() as folder:
        run = serve("park_file", batch(1, r0="park"), env=dict(folder.env(), PARK_REASON=os.fsdecode(b"\xff\xfe")))
        expect_success(run.posts[0])
        expect(folder.lines()[0]["reason"], "(a reason that is not UTF-8)")


@test
def what_cannot_be_stored_is_not_acknowledged_and_leaves_no_part_of_a_line():
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Folder() as folder:
        expect_success(serve("park_file", batch(1, r0="park"), env=folder.env()).posts[0])
        size = os.stat(folder.path).st_size
        with Live("park_file", env=dict(ITEMS, **folder.env())) as live:
            live.until(lambda: live.api.of("next"), "a request for an event")
            resource.prlimit(children(live.process.pid)[0], resource.RLIMIT_FSIZE, (size + 100, limit[1]))
            live.give({"Records": [record(0), record(1, "park"), record(2)]})
            live.until_answered(1)
            expect(os.stat(folder.path).st_size, size)
            expect(len(folder.lines()), 1)
            expect(live.end(), 1)
            expect(live.posts()[0].json(), {"batchItemFailures": [{"itemIdentifier": seq(1)}]})


@test
def a_folder_that_goes_away_fails_the_record_and_says_why():
    with Folder() as folder:
        inner = os.path.join(folder.folder.name, "inner")
        os.mkdir(inner)
        folder.path = os.path.join(inner, "parked")
        with Live("park_file", env=dict(ITEMS, **folder.env(PARK_REASON="gone"))) as live:
            live.until(lambda: live.api.of("next"), "a request for an event")
            os.unlink(folder.path)
            os.rmdir(inner)
            live.give(batch(3, r1="park"))
            live.until_answered(1)
            expect_item(live.posts()[0], seq(1))
            expect(live.end(), 1)
            assert f"cannot park in {folder.path}: No such file or directory" in live.stderr, live.stderr


@test
def many_processes_park_in_one_file():
    with Folder() as folder:
        runs = []
        event = {"Records": [record(index, "park") for index in range(100)]}

        def play():
            runs.append(serve("park_file", event, event, env=folder.env()))
        threads = [threading.Thread(target=play) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(len(runs), 4)
        lines = folder.lines()
        expect(len(lines), 800)
        expect(sorted(line["sequenceNumber"] for line in lines), sorted(seq(i) for i in range(100) for _ in range(8)))


def init_error(path, **env):
    api = MockApi()
    run = Run("park_file", env=dict(env, PARK_FILE=path), api=api, snapshots=False)
    request, = run.posts
    expect((run.status, request.path), (1, "/2018-06-01/runtime/init/error"))
    return request.json()["errorMessage"]


@test
def inside_lambda_a_file_must_be_below_mnt():
    for path in ("/tmp/parked", "parked", "/mnt/../tmp/parked", "/mnt/parked", "/mnt/none/parked", "/var/task/parked"):
        message = init_error(path, **IN_LAMBDA)
        assert f"what is parked in {path} would be lost" in message and "/mnt/" in message, message


@test
def the_emulator_is_not_lambda():
    with Folder() as folder:
        env = {"AWS_LAMBDA_FUNCTION_NAME": "ddbstream-local", "LAMBDA_TASK_ROOT": folder.folder.name}
        expect_success(serve("park_file", batch(1, r0="park"), env=folder.env(**env)).posts[0])
        expect(len(folder.lines()), 1)


@test
def a_file_that_cannot_be_opened_is_an_init_error():
    with Folder() as folder:
        assert "No such file or directory" in init_error(os.path.join(folder.folder.name, "none", "parked"))
        assert "Is a directory" in init_error(folder.folder.name)
        assert "needs a ddbs_park_file with a path" in init_error("")


@test
def the_command_line_parks_too():
    with Folder() as folder:
        done = subprocess.run([os.path.join(HANDLERS, "park_file"), "--event", "-"], stdout=subprocess.PIPE,
                              input=json.dumps(batch(2, r0="park", r1="park")).encode(), stderr=subprocess.PIPE,
                              env=dict(os.environ, **folder.env()), timeout=60)
        expect(done.returncode, 0)
        expect(len(folder.lines()), 2)


if __name__ == "__main__":
    sys.exit(main())
