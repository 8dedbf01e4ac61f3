#!/usr/bin/env python3
"""`ddbstream serve` on the wire: HTTP as it may and may not come, the states and errors of the Runtime API, extensions.

test_serve_api.py [BUILD FOLDER or DDBSTREAM]
"""
import json
import socket
import sys
import time

from serve_harness import (
    API, Background, EVENT_NEXT, INVOKE, NEXT, PATIENCE, PAYLOAD_MAX, REGISTER, Server, UUID, eventually, expect, main,
    read_response, test)

ACCEPTED = b'{"status":"OK"}\n'
PING = b"GET /ping HTTP/1.1\r\n\r\n"


def transition(source, to):
    return {"errorMessage": f"State transition from {source} to {to} failed for runtime. "
                            "Error: State transition is not allowed", "errorType": "InvalidStateTransition"}


class Runtime:
    """A runtime played by the test: one connection to a server without a bootstrap."""

    def __init__(self, server):
        self.server = server
        self.raw = server.connect()
        self.id = None

    def send(self, method, path, body=b"", headers=""):
        self.raw.sendall(f"{method} {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)

    def call(self, *arguments, **named):
        self.send(*arguments, **named)
        return read_response(self.raw)

    def next(self):
        status, headers, body = self.call("GET", NEXT)
        expect(status, 200)
        self.id = headers["lambda-runtime-aws-request-id"]
        return body

    def path(self, call):
        return f"{API}/invocation/{self.id}/{call}"

    def post(self, call, body=b"{}", **named):
        return self.call("POST", self.path(call), body, **named)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.raw.close()


def refused(response, status, error):
    """Refused with this error object, in the form of Lambda."""
    expect((response[0], json.loads(response[2])), (status, error))
    expect(response[1]["content-type"], "application/json")
    assert response[2].endswith(b"\n"), response


# HTTP

@test
def a_connection_is_kept_for_many_requests():
    with Server(runtime=None) as server, server.connect() as raw:
        for _ in range(50):
            raw.sendall(PING)
            expect(read_response(raw)[::2], (200, b"pong"))


@test
def requests_may_be_sent_ahead():
    with Server(runtime=None) as server, server.connect() as raw:
        raw.sendall(PING * 200)
        for _ in range(200):
            expect(read_response(raw)[0], 200)


@test
def a_request_sent_ahead_waits_for_the_answer_before_it():
    with Server(runtime=None) as server, Runtime(server) as runtime, server.connect() as raw:
        raw.sendall(f"POST {INVOKE} HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]".encode() + PING)
        runtime.next()
        expect(runtime.post("response", b"[1]")[0], 202)
        expect(read_response(raw)[2], b"[1]")
        expect(read_response(raw)[2], b"pong")


@test
def many_requests_ahead_do_not_pile_up_while_one_waits():
    with Server(runtime=None) as server, Runtime(server) as runtime:
        runtime.send("GET", NEXT)
        runtime.raw.settimeout(0.5)
        try:
            for _ in range(2000):  # 44 MB: more than the buffers between the two sockets hold
                runtime.raw.sendall(PING * 1000)
        except TimeoutError:
            pass
        else:
            raise AssertionError("the server takes requests without limit")
        expect(server.request("GET", "/ping")[0], 200)


@test
def a_request_may_come_byte_by_byte():
    with Server(runtime=None) as server, server.connect() as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(PING)):
            raw.sendall(PING[i:i + 1])
            time.sleep(0.001)
        expect(read_response(raw)[0], 200)


@test
def header_names_have_no_case_and_bare_newlines_end_lines():
    with Server(runtime=None) as server, server.connect() as raw:
        raw.sendall(b"\r\nPOST /2018-06-01/runtime/init/error HTTP/1.1\ncONTENT-lENGTH:  2 \t\n"
                    b"LAMBDA-runtime-FUNCTION-error-TYPE: Runtime.X\n\n{}")
        expect(read_response(raw)[::2], (202, ACCEPTED))


@test
def a_connection_ends_when_it_is_asked_to():
    with Server(runtime=None) as server:
        for data in (b"GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n", b"GET /ping HTTP/1.0\r\n\r\n"):
            got = server.raw(data)
            assert got.startswith(b"HTTP/1.1 200 OK\r\n") and got.endswith(b"\r\n\r\npong"), got


@test
def a_malformed_request_is_refused_and_its_connection_closed():
    post = b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\n"
    chunked = post + b"Transfer-Encoding: chunked\r\n\r\n"
    with Server(runtime=None) as server:
        for data, status in [
                (b"nonsense\r\n\r\n", 400), (b"GET /ping\r\n\r\n", 400), (b"GET  /ping HTTP/1.1\r\n\r\n", 400),
                (b"GET ping HTTP/1.1\r\n\r\n", 400), (b"GET http://x/ping HTTP/1.1\r\n\r\n", 400),
                (b"GET /ping HTTP/2.0\r\n\r\n", 505), (b"GET /ping HTTP/1.1\r\nno colon\r\n\r\n", 400),
                (b"GET /ping HTTP/1.1\r\n: empty\r\n\r\n", 400), (b"GET /ping HTTP/1.1\r\nA : b\r\n\r\n", 400),
                (b"GET /ping HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400), (b"GET /ping HTTP/1.1\r\nA: \0\r\n\r\n", 400),
                (b"GET /ping HTTP/1.1\r\n" + b"A: b\r\n" * 129 + b"\r\n", 431),
                (b"GET /ping HTTP/1.1\r\nA: " + b"b" * 1100000 + b"\r\n\r\n", 431),
                (post + b"Content-Length: -1\r\n\r\n", 400), (post + b"Content-Length: 1x\r\n\r\n", 400),
                (post + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
                (post + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400),
                (post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
                (post + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501), (post + b"Expect: miracle\r\n\r\n", 417),
                (chunked + b"x\r\n", 400), (chunked + b"\r\n", 400), (chunked + b"2x\r\n", 400),
                (chunked + b"fffffffff\r\n", 400), (chunked + b"2\r\n{}}\r\n", 400), (chunked + b"-2\r\n{}\r\n", 400)]:
            got = server.raw(data)
            expect((data[-60:], got[:12]), (data[-60:], b"HTTP/1.1 %d" % status))
            assert b"Connection: close" in got, got
        expect(server.request("GET", "/ping")[0], 200)


@test
def large_headers_are_taken():
    with Server(runtime=None) as server:
        got = server.raw(b"GET /ping HTTP/1.1\r\nConnection: close\r\nA: " + b"b" * 1000000 + b"\r\n\r\n")
        assert got.endswith(b"pong"), got


@test
def equal_lengths_twice_are_one_length():
    with Server(runtime=None) as server, server.connect() as raw:
        raw.sendall(b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}")
        expect(read_response(raw)[0], 202)


@test
def a_body_may_come_in_chunks():
    with Server(runtime=None) as server, Runtime(server) as runtime:
        for chunks, body in [(b"3\r\n{\"a\r\n4;x=\"y\"\r\n\":1}\r\n0\r\n\r\n", b'{"a":1}'), (b"0\r\n\r\n", b""),
                             (b"00A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", b"0123456789"),
                             (b"1\r\nx\r\n" * 500 + b"0\r\n\r\n", b"x" * 500)]:
            answer = Background(server.request, "POST", INVOKE, b"{}")
            runtime.next()
            head = f"POST {runtime.path('response')} HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n"
            runtime.raw.sendall(head.encode() + chunks)
            expect(read_response(runtime.raw)[::2], (202, ACCEPTED))
            expect(answer.result()[2], body)


@test
def an_event_may_come_in_chunks():
    with Server(runtime=None) as server, Runtime(server) as runtime, server.connect() as raw:
        raw.sendall(f"POST {INVOKE} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
                    + b"3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n")
        expect(runtime.next(), b"[1,2]")


@test
def a_peer_that_waits_for_100_continue_is_told_to_go_on():
    with Server(runtime=None) as server, Runtime(server) as runtime:
        answer = Background(server.request, "POST", INVOKE, b"{}")
        runtime.next()
        runtime.raw.sendall(f"POST {runtime.path('response')} HTTP/1.1\r\nContent-Length: 2\r\n"
                            "Expect: 100-continue\r\n\r\n".encode())
        expect(read_response(runtime.raw)[0], 100)
        runtime.raw.sendall(b"[]")
        expect(read_response(runtime.raw)[0], 202)
        expect(answer.result()[2], b"[]")


@test
def a_peer_that_waits_with_too_large_a_body_is_refused_at_once():
    with Server(runtime=None) as server:
        got = server.raw(f"POST {INVOKE} HTTP/1.1\r\nContent-Length: {PAYLOAD_MAX + 1}\r\n"
                         "Expect: 100-continue\r\n\r\n".encode())
        assert got.startswith(b"HTTP/1.1 413"), got


# The states of the Runtime API

@test
def an_invocation_goes_through_its_states():
    with Server(runtime=None) as server, Runtime(server) as runtime:
        answer = Background(server.request, "POST", INVOKE, b'{"n":1}')
        expect(runtime.next(), b'{"n":1}')
        response = runtime.post("response", b'{"done":1}')
        expect(response[::2], (202, ACCEPTED))
        expect(response[1]["content-type"], "application/json")
        expect(answer.result()[2], b'{"done":1}')


@test
def a_second_answer_is_a_wrong_state():
    with Server(runtime=None) as server, Runtime(server) as runtime:
        for call, state in [("response", "InvocationResponse"), ("error", "InvocationErrorResponse")]:
            answer = Background(server.request, "POST", INVOKE, b"{}")
            runtime.next()
            expect(runtime.post(call, b'{"n":1}')[0], 202)
            refused(runtime.post("response", b'{"n":2}'), 403,
                    transition("RuntimeResponseSentState", "InvocationResponse"))
            refused(runtime.post("error"), 403, transition("RuntimeResponseSentState", "InvocationErrorResponse"))
            expect(answer.result()[2], b'{"n":1}')
            expect((call, answer.result()[1].get("x-amz-function-error")),
                   (call, "Unhandled" if state.endswith("ErrorResponse") else None))


@test
def a_late_answer_is_a_wrong_state_while_the_next_event_is_awaited():
    with Server(runtime=None) as server, Runtime(server) as runtime, Runtime(server) as other:
        answer = Background(server.request, "POST", INVOKE, b"{}")
        runtime.next()
        expect(runtime.post("response")[0], 202)
        answer.result()
        other.send("GET", NEXT)
        expected = transition("Ready", "InvocationResponse")
        assert eventually(lambda: json.loads(runtime.post("response")[2]) == expected)


@test
def a_wrong_id_is_refused():
    with Server(runtime=None) as server, Runtime(server) as runtime:
        error = {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}
        runtime.id = "3f1c2f1a-7c1d-4f0e-9b55-2f6f5c1f9a10"
        refused(runtime.post("response"), 400, error)
        answer = Background(server.request, "POST", INVOKE, b"{}")
        runtime.next()
        own = runtime.id
        for wrong in ("x", own + "0", own[:-1], own.upper() + "X", ""):
            runtime.id = wrong
            refused(runtime.post("response"), 400, error)
            refused(runtime.post("error"), 400, error)
        runtime.id = own
        expect(runtime.post("response", b"[1]")[0], 202)
        expect(answer.result()[2], b"[1]")


@test
def next_before_the_answer_delivers_the_same_invocation_again():
    with Server(runtime=None) as server, Runtime(server) as runtime:
        answer = Background(server.request, "POST", INVOKE, b'{"n":1}')
        first = runtime.call("GET", NEXT)
        expect(runtime.call("GET", NEXT), first)
        runtime.id = first[1]["lambda-runtime-aws-request-id"]
        expect(runtime.post("response")[0], 202)
        expect(answer.result()[0], 200)


@test
def two_runtimes_cannot_wait_at_once():
    with Server(runtime=None) as server, Runtime(server) as first, Runtime(server) as second:
        first.send("GET", NEXT)
        second.send("GET", NEXT)
        second.raw.settimeout(PATIENCE)
        refused(read_response(second.raw), 403, transition("Ready", "Ready"))


@test
def an_event_goes_to_the_next_runtime_when_the_waiting_one_is_gone():
    with Server(runtime=None) as server:
        for _ in range(20):
            with Runtime(server) as gone:
                gone.send("GET", NEXT)
            with Runtime(server) as runtime:
                answer = Background(server.request, "POST", INVOKE, b"{}")
                expect(runtime.next(), b"{}")
                expect(runtime.post("response", b"[]")[0], 202)
                expect(answer.result()[::2], (200, b"[]"))


@test
def an_answer_after_the_deadline_is_refused():
    with Server("--timeout", "1", runtime=None) as server, Runtime(server) as runtime:
        answer = Background(server.request, "POST", INVOKE, b"{}")
        runtime.next()
        error = json.loads(answer.result()[2])
        expect(error["errorType"], "Sandbox.Timedout")
        expect(json.loads(runtime.post("response")[2])["errorType"], "InvalidRequestID")
        answer = Background(server.request, "POST", INVOKE, b'{"n":2}')
        expect(runtime.next(), b'{"n":2}')
        expect(runtime.post("response", b"[2]")[0], 202)
        expect(answer.result()[2], b"[2]")


@test
def too_large_an_answer_is_413_and_fails_the_invocation():
    message = f"Exceeded maximum allowed payload size ({PAYLOAD_MAX} bytes)."
    with Server(runtime=None) as server, Runtime(server) as runtime:
        for size in (PAYLOAD_MAX + 1, 20000000):
            answer = Background(server.request, "POST", INVOKE, b"{}")
            runtime.next()
            refused(runtime.post("response", b"x" * size), 413,
                    {"errorMessage": message, "errorType": "RequestEntityTooLarge"})
            refused(runtime.post("error"), 403, transition("RuntimeResponseSentState", "InvocationErrorResponse"))
            expect(answer.result()[1].get("x-amz-function-error"), "Unhandled")
            expect(json.loads(answer.result()[2])["errorType"], "Function.ResponseSizeTooLarge")


@test
def a_chunked_answer_has_the_same_limit():
    with Server(runtime=None) as server, Runtime(server) as runtime:
        for over, status in ((0, 202), (1, 413)):
            answer = Background(server.request, "POST", INVOKE, b"{}")
            runtime.next()
            head = f"POST {runtime.path('response')} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            size = PAYLOAD_MAX + over
            runtime.raw.sendall(head.encode() + b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"x" * size))
            expect(read_response(runtime.raw)[0], status)
            expect(len(answer.result()[2]) == PAYLOAD_MAX, over == 0)


@test
def a_cut_answer_is_400_and_fails_the_invocation():
    for framing in ("Content-Length: 10\r\n\r\n[1]", "Transfer-Encoding: chunked\r\n\r\n3\r\n[1]",
                    "Transfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\n"):
        with Server(runtime=None) as server, Runtime(server) as runtime:
            answer = Background(server.request, "POST", INVOKE, b"{}")
            runtime.next()
            runtime.raw.sendall(f"POST {runtime.path('response')} HTTP/1.1\r\n{framing}".encode())
            runtime.raw.shutdown(socket.SHUT_WR)
            refused(read_response(runtime.raw), 400, {"errorMessage": "HTTP request detected as truncated",
                                                      "errorType": "TruncatedHTTPRequest"})
            expect(answer.result()[1].get("x-amz-function-error"), "Unhandled")
            expect(json.loads(answer.result()[2])["errorType"], "Runtime.TruncatedResponse")


@test
def a_cut_event_is_refused():
    with Server(runtime=None) as server:
        got = server.raw(f"POST {INVOKE} HTTP/1.1\r\nContent-Length: 10\r\n\r\n[1]".encode(), True)
        assert got.startswith(b"HTTP/1.1 400") and b"TruncatedHTTPRequest" in got, got


@test
def a_response_mode_is_streaming_or_absent():
    mode = "Lambda-Runtime-Function-Response-Mode: %s\r\n"
    with Server(runtime=None) as server, Runtime(server) as runtime:
        answer = Background(server.request, "POST", INVOKE, b"{}")
        runtime.next()
        response = runtime.post("response", headers=mode % "buffered")
        expect((response[0], json.loads(response[2])["errorType"]), (400, "InvalidFunctionResponseMode"))
        expect(runtime.post("response", b"[3]", headers=mode % "streaming")[0], 202)
        expect(answer.result()[2], b"[3]")


@test
def an_error_body_is_passed_on_whatever_it_is():
    with Server(runtime=None) as server, Runtime(server) as runtime:
        answer = Background(server.request, "POST", INVOKE, b"{}")
        runtime.next()
        expect(runtime.post("error", b"not JSON", headers="Lambda-Runtime-Function-Error-Type: Runtime.X\r\n")[::2],
               (202, ACCEPTED))
        expect(answer.result()[2], b"not JSON")
        expect(answer.result()[1]["x-amz-function-error"], "Unhandled")


@test
def an_initialization_error_is_legal_only_before_the_first_next():
    with Server() as server:
        call, = server.invoke({"calls": [["POST", API + "/init/error", "{}"]]})["calls"]
        expect((call["status"], json.loads(call["body"])), (403, transition("Running", "InitError")))


@test
def the_runtime_may_not_go_on_after_an_initialization_error():
    script = '''
import http.client, os, sys
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body=None):
    connection.request(method, "/2018-06-01/runtime/" + path, body)
    response = connection.getresponse()
    print(response.status, response.read().decode().strip(), flush=True)
call("POST", "init/error", "{}")
call("POST", "init/error", "{}")
call("GET", "invocation/next")
sys.exit(1)
'''
    with Server(runtime=script) as server:
        expect(server.request("POST", INVOKE, b"{}")[1].get("x-amz-function-error"), "Unhandled")
        lines = [line for line in server.errors().splitlines() if line[:3] in ("202", "403")]
        expect([line[:3] for line in lines], ["202", "403", "403"])
        expect(json.loads(lines[1][4:]), transition("InitError", "InitError"))
        expect(json.loads(lines[2][4:]), transition("InitError", "Ready"))


# Extensions

def register(server, name="inside", body=b'{"events":[]}', feature=None):
    headers = {"Lambda-Extension-Name": name} if name is not None else {}
    if feature is not None:
        headers["Lambda-Extension-Accept-Feature"] = feature
    return server.request("POST", REGISTER, body, headers)


@test
def an_extension_registers():
    with Server(runtime=None) as server:
        status, headers, body = register(server)
        expect(status, 200)
        assert UUID.fullmatch(headers["lambda-extension-identifier"]), headers
        expect(json.loads(body), {"functionName": "ddbstream-local", "functionVersion": "$LATEST",
                                  "handler": "bootstrap"})
        expect(json.loads(register(server, "other", feature="accountId")[2])["accountId"], "111122223333")


@test
def a_wrong_registration_is_refused():
    with Server(runtime=None) as server:
        for name, body, error in [(None, b"{}", "Extension.InvalidExtensionName"),
                                  ("x", b"", "InvalidRequestFormat"), ("x", b"[]", "InvalidRequestFormat"),
                                  ("x", b"{", "InvalidRequestFormat"), ("x", b'{"events":1}', "InvalidRequestFormat"),
                                  ("x", b'{"events":["SHUTDOWN"]}', "Extension.InvalidEventType"),
                                  ("x", b'{"events":["INVOKE",1]}', "Extension.InvalidEventType")]:
            status, _, answer = register(server, name, body)
            expect((body, status, json.loads(answer)["errorType"]), (body, 403, error))
        expect([register(server, f"e{i}")[0] for i in range(10)], [200] * 10)
        expect(json.loads(register(server, "one more")[2])["errorType"], "Extension.TooManyExtensions")


@test
def registration_is_closed_after_the_initialization():
    with Server(env={"MODE": "extension", "MARK": "/dev/null"}) as server:
        expect(server.invoke({"registration": 1})["registration"]["status"], 200)
        status, _, body = register(server, "late")
        expect((status, json.loads(body)["errorType"]), (403, "Extension.RegistrationClosed"))


@test
def the_next_event_of_an_extension_needs_its_identifier():
    with Server(runtime=None) as server:
        for headers, error in [({}, "Extension.MissingExtensionIdentifier"),
                               ({"Lambda-Extension-Identifier": "me"}, "Extension.InvalidExtensionIdentifier"),
                               ({"Lambda-Extension-Identifier": "3f1c2f1a-7c1d-4f0e-9b55-2f6f5c1f9a10"},
                                "Extension.UnknownExtensionIdentifier")]:
            status, _, body = server.request("GET", EVENT_NEXT, headers=headers)
            expect((status, json.loads(body)["errorType"]), (403, error))


@test
def an_extension_without_events_waits_and_one_for_invoke_is_told():
    with Server("--timeout", "20", runtime=None) as server, Runtime(server) as runtime, \
            Runtime(server) as silent, Runtime(server) as told:
        identifier = "Lambda-Extension-Identifier: %s\r\n"
        first = register(server, "silent")[1]["lambda-extension-identifier"]
        second = register(server, "told", b'{"events":["INVOKE"]}')[1]["lambda-extension-identifier"]
        silent.send("GET", EVENT_NEXT, headers=identifier % first)
        for _ in range(2):
            answer = Background(server.request, "POST", INVOKE, b"{}")
            told.send("GET", EVENT_NEXT, headers=identifier % second)
            runtime.next()
            event = json.loads(read_response(told.raw)[2])
            expect((event["eventType"], event["requestId"]), ("INVOKE", runtime.id))
            expect(event["invokedFunctionArn"], "arn:aws:lambda:eu-west-1:111122223333:function:ddbstream-local")
            assert abs(event["deadlineMs"] - time.time() * 1000 - 20000) < 20000, event
            expect(runtime.post("response")[0], 202)
            answer.result()
        silent.raw.settimeout(0.2)
        try:
            got = silent.raw.recv(1)
        except TimeoutError:
            got = None
        expect(got, None)


if __name__ == "__main__":
    sys.exit(main())
