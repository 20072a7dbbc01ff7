"""Bodies of requests, forms, JSON and uploads (RFC 9112, sections 6 and 7; RFC 7578)."""

import hashlib
import json
import time

from servers.conformance.case import Group
from servers.conformance.client import Connection, get, key, request, until

case = Group("Bodies and uploads")

CHUNKED = b"POST %b HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
BOUNDARY = "b0undary"
LARGE = bytes(range(256)) * 4000


def post(path, body=b"", **headers):
    return request("POST", path, body=body, **headers)


def digest(data):
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def multipart(*parts):
    """Return the fields of a request and a body; a part is (what its field says, content)."""
    body = b""
    for disposition, content in parts:
        lines = "--%s\r\nContent-Disposition: form-data; %s\r\n\r\n" % (BOUNDARY, disposition)
        body += lines.encode() + content + b"\r\n"
    kind = "multipart/form-data; boundary=" + BOUNDARY
    return {"Content_Type": kind}, body + b"--%s--\r\n" % BOUNDARY.encode()


def chunks(data, size):
    """Return data in chunks, with the last one."""
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@case
def a_body(served):
    reply = served.ask(post("/echo", b"hello", Content_Type="text/x-test"))
    assert (reply.status, reply.body) == (200, b"hello")
    assert reply.headers["content-type"] == "text/x-test"


@case
def a_body_of_any_bytes(served):
    assert served.ask(post("/echo", bytes(range(256)))).body == bytes(range(256))


@case
def an_empty_body(served):
    reply = served.ask(post("/echo", Content_Length="0"))
    assert (reply.status, reply.body) == (200, b"")


@case
def a_post_without_a_length_has_no_body(served):
    # RFC 9112, section 6.3.
    reply = served.ask(post("/echo"))
    assert (reply.status, reply.body) == (200, b"")


@case
def a_body_that_comes_in_pieces(served):
    with Connection(served) as connection:
        connection.send(post("/echo", Content_Length="6"), b"he", b"l", b"lo!", delay=0.05)
        assert connection.reply().body == b"hello!"


def refused_or_empty(served):
    # What such a server sees is a request without a length.
    reply = served.ask(CHUNKED % b"/echo" + chunks(b"hello", 2))
    assert reply.status in (400, 411, 501) or reply.body == b""


@case(needs="chunked requests", otherwise=refused_or_empty)
def a_chunked_body(served):
    assert served.ask(CHUNKED % b"/echo" + chunks(b"hello", 2)).body == b"hello"


@case(needs="chunked requests", otherwise=refused_or_empty)
def a_chunked_body_with_extensions(served):
    body = b"3;name=value\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert served.ask(CHUNKED % b"/echo" + body).body == b"abcde"


@case(needs="chunked requests", otherwise=refused_or_empty)
def a_chunked_body_in_single_bytes(served):
    with Connection(served) as connection:
        data = CHUNKED % b"/echo" + chunks(b"abcde", 3)
        connection.send(*[data[i : i + 1] for i in range(len(data))])
        assert connection.reply().body == b"abcde"


def continue_is_not_waited_for(served):
    # RFC 9110, section 10.1.1: a client must not wait for ever.
    with Connection(served) as connection:
        connection.send(post("/echo", Content_Length="5", Expect="100-continue"))
        time.sleep(0.1)
        connection.send(b"hello")
        assert connection.reply().body == b"hello"


@case(needs="100-continue", otherwise=continue_is_not_waited_for)
def continue_is_sent_when_the_body_is_wanted(served):
    # RFC 9110, section 10.1.1. A server may also wait until the handler reads.
    with Connection(served) as connection:
        connection.send(post("/echo", Content_Length="5", Expect="100-continue"))
        assert connection.file.peek(1), "the server waits for the body"
        connection.send(b"hello")
        reply = connection.reply()
        assert (reply.status, reply.body) == (200, b"hello")


@case
def a_large_body_through_the_stream(served):
    reply = served.ask(post("/digest", LARGE), timeout=30)
    assert json.loads(reply.body) == digest(LARGE)


def large_refused_or_empty(served):
    reply = served.ask(CHUNKED % b"/digest" + chunks(b"hello", 2))
    assert reply.status in (400, 411, 501) or json.loads(reply.body)["size"] == 0


@case(needs="chunked requests", otherwise=large_refused_or_empty)
def a_large_chunked_body_through_the_stream(served):
    with Connection(served, 30) as connection:
        connection.send(CHUNKED % b"/digest", chunks(LARGE, 50000))
        assert json.loads(connection.reply().body) == digest(LARGE)


@case
def a_handler_that_is_slower_than_its_client(served):
    reply = served.ask(post("/slow-reader", LARGE), timeout=30)
    assert json.loads(reply.body) == digest(LARGE)


@case
def lines_and_exact_numbers_of_bytes_from_the_stream(served):
    reply = served.ask(post("/lines", b"first\nabcthe rest"))
    assert json.loads(reply.body) == {"line": "first\n", "exactly": "abc", "rest": "the rest"}


@case
def a_body_too_long_to_be_read_in_advance(served):
    reply = served.ask(post("/preloaded", b"x" * 15000))
    assert json.loads(reply.body) == {"body": 0, "stream": 15000}
    reply = served.ask(post("/preloaded", b"x" * 9000))
    assert json.loads(reply.body) == {"body": 9000, "stream": 9000}


@case
def a_body_that_is_too_large_is_a_413(served):
    reply = served.ask(post("/echo", b"x" * 20001))
    assert (reply.status, reply.body) == (413, b"Payload too large")


@case(needs="chunked requests", otherwise=refused_or_empty)
def a_chunked_body_that_is_too_large_is_a_413(served):
    with Connection(served) as connection:
        connection.send(CHUNKED % b"/preloaded" + chunks(b"x" * 20001, 1000))
        assert connection.reply().status == 413


@case
def a_413_comes_before_a_404(served):
    assert served.ask(post("/missing", b"x" * 20001)).status == 413


@case
def a_body_that_is_ignored(served):
    assert served.ask(post("/ignore", b"x" * 15000)).body == b"ignored"
    assert served.ask(get("/")).body == b"hello"


@case
def a_client_that_leaves_in_the_middle_of_a_body(served):
    name = key()
    with Connection(served) as connection:
        connection.send(post("/interrupted/" + name, Content_Length="200000"), b"x" * 50000)
        time.sleep(0.1)

    def seen():
        return json.loads(served.ask(get("/seen/" + name)).body)["seen"]

    # A server that collects bodies first does not even begin.
    until(lambda: seen() in (["started", "ended"], []))
    time.sleep(0.1)
    assert "complete" not in seen()


@case
def json_bodies(served):
    value = {"a": [1, None, "\u20ac"], "b": True}
    body = json.dumps(value).encode()
    for kind in ("application/json", "Application/JSON; charset=utf-8", "application/problem+json"):
        assert json.loads(served.ask(post("/json", body, Content_Type=kind)).body) == {
            "json": value
        }
    reply = served.ask(post("/json", body, Content_Type="text/plain"))
    assert json.loads(reply.body) == {"json": None}


@case
def malformed_json_is_a_400(served):
    for body in (b"{", b'{"a": "\xff"}', b"nothing"):
        assert served.ask(post("/json", body, Content_Type="application/json")).status == 400


@case
def json_that_was_too_long_to_be_read_is_a_413(served):
    body = b'{"a": 12345}'
    assert served.ask(post("/json-short", body, Content_Type="application/json")).status == 413


@case
def a_form(served):
    body = b"a=1&b=%e2%82%ac+x&a=2&c"
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    reply = served.ask(post("/form", body, Content_Type=kind))
    assert json.loads(reply.body) == {"form": {"a": ["1", "2"], "b": ["\u20ac x"], "c": [""]}}
    assert json.loads(served.ask(post("/form", body)).body) == {"form": None}


@case
def a_multipart_form(served):
    headers, body = multipart(
        ('name="title"', b"\xe2\x82\xac"),
        ('name="file"; filename="caf\xe9.bin"', LARGE[:3000]),
    )
    found = json.loads(served.ask(post("/upload", body, **headers)).body)
    assert found["form"] == {"title": "\u20ac"}
    assert found["files"]["file"] == dict(digest(LARGE[:3000]), filename="caf\xe9.bin", type=None)


@case
def a_large_upload(served):
    headers, body = multipart(
        ('name="a"', b"1"), ('name="file"; filename="x"', LARGE), ('name="b"', b"2")
    )
    reply = served.ask(post("/upload-stream", body, **headers), timeout=30)
    assert json.loads(reply.body) == {"parts": [["a", "1"], ["file", digest(LARGE)], ["b", "2"]]}


def upload_refused_or_empty(served):
    headers, body = multipart(('name="a"', b"1"))
    reply = served.ask(chunked_upload(headers, body))
    assert reply.status in (400, 411, 501)


def chunked_upload(headers, body):
    return post("/upload-stream", chunks(body, 100), Transfer_Encoding="chunked", **headers)


@case(needs="chunked requests", otherwise=upload_refused_or_empty)
def a_chunked_upload(served):
    headers, body = multipart(('name="a"', b"1"), ('name="file"; filename="x"', b"y" * 1000))
    reply = served.ask(chunked_upload(headers, body))
    assert json.loads(reply.body) == {"parts": [["a", "1"], ["file", digest(b"y" * 1000)]]}


@case
def a_multipart_form_that_breaks_off_is_a_400(served):
    headers, body = multipart(('name="a"', b"1"))
    assert served.ask(post("/upload", body[:-6], **headers)).status == 400


@case
def an_upload_that_is_too_large_is_a_413(served):
    headers, body = multipart(('name="file"; filename="x"', LARGE))
    assert served.ask(post("/upload", body, **headers), timeout=30).status == 413
