#!/usr/bin/env python3
"""Single exchanges: signature, credentials, clock, connections, endpoints, retries, and what errors say.

test_aws_call.py [BUILD FOLDER]
"""
import os
import sys
import tempfile
import time

from aws_harness import KEY, SECRET, TOKEN, AwsFake, Play, batch, expect, expect_item, expect_success, numbered, seq
from awsfake import signature
from mock_api import event_reply
from runtime_harness import HANDLERS, ITEMS, Run, main, serve, test

ENVIRONMENT_ONLY = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
TRACE = "Root=1-6ad5d760-1a2b3c4d5e6f708192a3b4c5;Parent=53995c3f42cd8ad8;Sampled=0"


def init_error(env):
    """What /init/error was told by a handler that cannot make its client."""
    run = Run("aws_writer", [], [], env=dict(ITEMS, TEST_WRITERS="firehose", **env), snapshots=False)
    expect(run.status, 1)
    body = run.api.requests[0].json()
    assert SECRET not in run.stderr and SECRET not in str(body)
    return body["errorMessage"]


@test
def the_stand_in_computes_signatures_as_aws_does():
    headers = {"host": "dynamodb.eu-west-1.amazonaws.com", "content-type": "application/x-amz-json-1.0",
               "x-amz-date": "20261019T084000Z", "x-amz-security-token": "EXAMPLETOKEN/abc==",
               "x-amz-target": "DynamoDB_20120810.DescribeTable"}
    # Computed with botocore's signer.
    expect(signature("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20261019/eu-west-1/dynamodb/aws4_request",
                     "20261019T084000Z", "POST", "/", headers, sorted(headers), b'{"TableName":"Orders"}'),
           "b20a3f036c383cad72e5427318a9c64c3162bc82460e6e80f612ebb326eb8b08")


@test
def throttling_server_errors_and_resets_are_tried_again():
    for rule in ({"do": "throttle"}, {"do": "throttle", "status": 429, "type": "Odd"}, {"do": "error"},
                 {"do": "error", "status": 503, "type": "ServiceUnavailableException"}, {"do": "reset"},
                 {"do": "reset", "after": True}, {"do": "error", "status": 400, "type": "RequestTimeout"}):
        play = Play("s3", batch("k0"), rules=[rule])
        expect_success(play.posts[0])
        expect(len(play.requests), 2, str(rule))


@test
def attempts_have_an_end():
    for rule in ({"do": "throttle"}, {"do": "error"}, {"do": "reset"}):
        play = Play("firehose", batch("k0"), rules=[dict(rule, times=100)])
        expect_item(play.posts[0], seq(0))
        expect(len(play.requests), 3, str(rule))
    play = Play("dynamodb", batch("k0"), rules=[{"do": "throttle", "times": 100}])
    expect(len(play.requests), 4)


@test
def what_is_refused_is_not_tried_again():
    for status, kind in ((400, "ValidationException"), (400, "ResourceNotFoundException"), (403, "AccessDeniedException"),
                         (400, "ExpiredTokenException"), (404, ""), (413, "")):
        play = Play("firehose", batch("k0"), rules=[{"do": "error", "status": status, "type": kind or "Odd", "times": 9}])
        expect_item(play.posts[0], seq(0))
        expect(len(play.requests), 1, kind)
        assert (kind or "Odd") in play.run.stderr, play.run.stderr


@test
def a_slow_service_is_given_up_and_tried_again():
    play = Play("firehose", batch("k0"), env={"TEST_TIMEOUT": "300"}, rules=[{"do": "slow", "seconds": 2}])
    expect_success(play.posts[0])
    expect(len(play.requests), 2)


@test
def a_wrong_clock_is_corrected_once_for_all():
    for skew in (-3600, 86400):
        play = Play("firehose", batch("k0"), batch("k1"), rules=[{"do": "skew", "seconds": skew}])
        for post in play.posts:
            expect_success(post)
        expect([request["type"] for request in play.requests], ["RequestTimeTooSkewed", "", ""], str(skew))
    play = Play("s3,sns", batch("k0"), rules=[{"do": "skew", "seconds": 7000}])
    expect_success(play.posts[0])


@test
def a_wrong_signature_is_not_tried_for_ever():
    play = Play("firehose", batch("k0"), env={"AWS_SECRET_ACCESS_KEY": SECRET + "x"})
    expect_item(play.posts[0], seq(0))
    expect([request["type"] for request in play.requests], ["SignatureDoesNotMatch"])


@test
def without_a_session_token_none_is_sent():
    play = Play("firehose", batch("k0"), env={"AWS_SESSION_TOKEN": ""})
    expect([request["type"] for request in play.requests], ["UnrecognizedClientException"])
    assert "x-amz-security-token" not in play.requests[0]["headers"]


@test
def the_trace_is_passed_on():
    play = Play("firehose", batch("k0"))
    expect(play.requests[0]["headers"]["x-amzn-trace-id"], TRACE)


@test
def connections_live_as_long_as_the_worker():
    play = Play("firehose", *(batch("k0") for _ in range(5)))
    expect(len({request["port"] for request in play.requests}), 1)


@test
def connections_that_died_in_a_freeze_do_no_harm():
    with AwsFake() as fake:
        events = [event_reply(batch("k0"), i, before=lambda _: fake.drop_connections()) for i in range(4)]
        run = serve("aws_writer", *events, snapshots=False,
                    env=dict(ITEMS, **fake.environment(TEST_WRITERS="firehose,sqs", TEST_BACKOFF="60000")))
        for post in run.posts:
            expect_success(post)
        expect(len(fake.stored["firehose"]), 4)
        expect(len({request["port"] for request in fake.requests}), 4)


@test
def a_large_body_is_signed_and_sent():
    event = numbered(40)
    for item in event["Records"]:
        item["dynamodb"]["NewImage"]["note"]["S"] = "\u20ac\u0000\"" * 8000
    play = Play("firehose,s3", event, env={"TEST_RAW": "1", "TEST_PLAIN": "1"})
    expect_success(play.posts[0])
    assert max(request["bytes"] for request in play.requests) > 1500000


@test
def the_containers_credentials_are_fetched_and_renewed():
    env = dict(ENVIRONMENT_ONLY, AWS_CONTAINER_CREDENTIALS_FULL_URI="URL/_awsfake/credentials",
               AWS_CONTAINER_AUTHORIZATION_TOKEN="Bearer abc")
    play = Play("firehose", batch("k0"), batch("k1"), env=env)
    for post in play.posts:
        expect_success(post)
    expect(play.fake.credential_calls, ["Bearer abc"])
    play = Play("firehose", batch("k0"), env=env, rules=[{"do": "expired"}])
    expect_success(play.posts[0])
    expect(play.fake.credential_calls, ["Bearer abc"] * 2)


@test
def the_authorization_may_be_in_a_file():
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("from-file")
        file.flush()
        play = Play("firehose", batch("k0"), env=dict(
            ENVIRONMENT_ONLY, AWS_CONTAINER_CREDENTIALS_FULL_URI="URL/_awsfake/credentials",
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=file.name))
    expect_success(play.posts[0])
    expect(play.fake.credential_calls, ["from-file"])


@test
def credentials_do_not_leave_the_machine_unencrypted():
    play = Play("firehose", batch("k0"), env=dict(
        ENVIRONMENT_ONLY, AWS_CONTAINER_CREDENTIALS_FULL_URI="http://localhost.example.com/_awsfake/credentials"))
    expect_item(play.posts[0], seq(0))
    assert "no credentials" in play.run.stderr, play.run.stderr


@test
def without_credentials_the_batch_fails_and_says_so():
    play = Play("firehose", batch("k0"), env=ENVIRONMENT_ONLY)
    expect_item(play.posts[0], seq(0))
    expect(play.requests, [])
    assert "no credentials" in play.run.stderr, play.run.stderr


@test
def a_services_own_endpoint_wins():
    with AwsFake() as other:
        play = Play("firehose,sqs", batch("k0"), env={"AWS_ENDPOINT_URL_SQS": other.url + "/"})
        expect_success(play.posts[0])
        expect(([r["service"] for r in play.requests], [r["service"] for r in other.requests]), (["firehose"], ["sqs"]))


@test
def what_is_wrong_with_the_environment_is_an_init_error():
    good = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    assert "AWS_REGION" in init_error(dict(good, AWS_REGION=""))
    assert "is no region" in init_error(dict(good, AWS_REGION="eu west"))
    assert "AWS_ENDPOINT_URL_SQS must begin" in init_error(dict(good, AWS_ENDPOINT_URL_SQS="127.0.0.1:1"))
    assert "go together" in init_error(dict(good, AWS_ACCESS_KEY_ID=""))
    assert "line end" in init_error(dict(good, AWS_SESSION_TOKEN="a\r\nX-Evil: 1"))


@test
def an_error_lists_the_certificates_that_were_tried():
    message = init_error({"AWS_REGION": "eu-west-1", "AWS_CA_BUNDLE": "/no/such/bundle.pem"})
    assert "AWS_CA_BUNDLE=/no/such/bundle.pem" in message, message


@test
def an_invocation_ends_before_the_pauses_do():
    began = time.monotonic()
    play = Play("firehose", batch("k0"), env={"TEST_BACKOFF": "0"}, rules=[{"do": "reset", "times": 9}])
    expect_item(play.posts[0], seq(0))
    assert time.monotonic() - began < 30


@test
def nothing_of_it_is_in_a_handler_that_does_not_use_it():
    def size(name):
        with open(os.path.join(HANDLERS, name), "rb") as file:
            return b"AWS_ACCESS_KEY_ID" in file.read()
    expect((size("accept_all"), size("aws_writer")), (False, True))


if __name__ == "__main__":
    sys.exit(main())
