#!/usr/bin/env python3
"""Calls to AWS over HTTPS: whom a client trusts, and that it trusts nobody else.

test_aws_tls.py [BUILD FOLDER]
"""
import hashlib
import os
import re
import ssl
import sys
import tempfile

from aws_harness import AwsFake, batch, expect, expect_item, expect_success, seq
from certificates import Authority
from runtime_harness import ITEMS, main, serve, test

# https://www.amazontrust.com/repository/: the SHA-256 of each certificate.
ROOTS = ["8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
         "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
         "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
         "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
         "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5"]
FOLDER = tempfile.TemporaryDirectory()
OURS, OTHER = Authority(FOLDER.name, "ours"), Authority(FOLDER.name, "other")


def play(server, **env):
    """One record to a service behind TLS: the answer, the log, and how many requests the service saw."""
    with AwsFake(tls=server) as fake:
        settings = dict(ITEMS, TEST_WRITERS="firehose", TEST_BACKOFF="1", **fake.environment(), **env)
        run = serve("aws_writer", batch("k0"), env=settings, snapshots=False)
    return run.posts[0], run.stderr, len(fake.requests)


@test
def the_bundle_of_a_variable_is_trusted():
    server = OURS.server()
    for variable in ("AWS_CA_BUNDLE", "SSL_CERT_FILE"):
        post, log, requests = play(server, **{variable: OURS.bundle})
        expect_success(post)
        expect(requests, 1, log)


@test
def aws_s_own_variable_counts_first():
    post, log, requests = play(OURS.server(), AWS_CA_BUNDLE=OURS.bundle, SSL_CERT_FILE=OTHER.bundle)
    expect_success(post)
    expect(requests, 1, log)


@test
def another_authority_is_refused():
    post, log, requests = play(OURS.server(), AWS_CA_BUNDLE=OTHER.bundle)
    expect_item(post, seq(0))
    expect(requests, 0, log)
    assert f"(trusted: {OTHER.bundle})" in log, log


@test
def the_system_s_certificates_do_not_vouch_for_a_stranger():
    post, log, requests = play(OURS.server())
    expect_item(post, seq(0))
    expect(requests, 0, log)
    assert "(trusted: " in log, log


@test
def another_name_is_refused():
    post, log, requests = play(OURS.server("DNS:elsewhere.example"), AWS_CA_BUNDLE=OURS.bundle)
    expect_item(post, seq(0))
    expect(requests, 0, log)


@test
def the_roots_that_are_linked_in_are_amazon_s():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "..", "..", "runtime", "aws", "roots.c"), encoding="ascii") as file:
        text = "".join(re.findall(r'"(.*)\\n"', file.read())).replace("-----BEGIN", "\n-----BEGIN")
    found = re.findall("-----BEGIN CERTIFICATE-----(.*)-----END CERTIFICATE-----", text)
    digests = [hashlib.sha256(ssl.PEM_cert_to_DER_cert(
        f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")).hexdigest() for body in found]
    expect(digests, ROOTS)


if __name__ == "__main__":
    sys.exit(main())
