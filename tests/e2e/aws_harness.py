"""What the tests of aws.h share: a handler of ours against the stand-in of tests/awsfake."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "awsfake"))

from awsfake import KEY, SECRET, TOKEN, AwsFake  # noqa: E402, its place is only known now
from runtime_harness import ITEMS, expect, expect_item, expect_success, record, seq, serve  # noqa: E402

SUCCESSES = {"firehose": 500, "kinesis": 500, "sqs": 10, "sns": 10, "eventbridge": 10, "dynamodb": 25, "transact": 1,
             "s3": 1, "cloudwatch": 1000, "ses": 1, "opensearch": 1000000}


def batch(*keys):
    return {"Records": [record(i, key) for i, key in enumerate(keys)]}


def numbered(count):
    return batch(*(f"k{i}" for i in range(count)))


class Play:
    """Events through a handler whose services are the stand-in's; what both saw."""

    def __init__(self, writers, *events, rules=(), handler="aws_writer", env=None, token=TOKEN, before=None,
                 returns_items=True, **options):
        """`before` is an item that the table of claims has already."""
        settings = dict(ITEMS, TEST_WRITERS=writers, TEST_BACKOFF="1")
        with AwsFake(rules, token=token) as fake:
            fake.dynamo.returns_items = returns_items
            if before is not None:
                fake.dynamo.PutItem({"TableName": "claims", "Item": before})
            settings.update(fake.environment())
            settings.update({key: value.replace("URL", fake.url) for key, value in (env or {}).items()})
            settings = {key: value for key, value in settings.items() if value != ""}
            self.run = serve(handler, *events, env=settings, snapshots=False, **options)
            self.fake = fake
        self.requests, self.stored, self.posts = fake.requests, fake.stored, self.run.posts
        for secret in (SECRET, token, SECRET[4:20], KEY):
            assert secret not in self.run.stderr, "a credential in the log: " + self.run.stderr
            assert all(secret.encode() not in post.body for post in self.posts), "a credential in an answer"

    def counts(self, writer):
        """entries, stored, requests, retries: after the last flush."""
        lines = [line.split() for line in self.run.journal("counts")]
        return [[int(number) for number in line[1:]] for line in lines if line[0] == writer][-1]
