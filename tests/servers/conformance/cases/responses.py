"""Responses and streams (RFC 9110, sections 8 and 15; RFC 6265)."""

import contextlib
import json
import time

from servers.conformance.case import Group
from servers.conformance.client import Connection, Stream, get, key, until

case = Group("Responses and streams")


def empty_anyhow(served):
    for path, status in (("/none", 204), ("/not-modified", 304)):
        with Connection(served) as connection:
            reply = connection.ask(get(path, Connection="close"))
            assert reply.status == status
            assert reply.headers.get("content-length", "0") == "0"
            assert connection.at_end()


@case(needs="empty responses", otherwise=empty_anyhow)
def nothing_is_a_204(served):
    reply = served.ask(get("/none"))
    assert (reply.status, reply.body) == (204, b"")
    assert "content-length" not in reply.headers
    assert "transfer-encoding" not in reply.headers
    assert "content-type" not in reply.headers


@case
def a_number_is_a_status(served):
    reply = served.ask(get("/status"))
    assert (reply.status, reply.body) == (202, b"")


@case
def body_status_and_fields(served):
    reply = served.ask(get("/tuple"))
    assert (reply.status, reply.body) == (201, b"made")
    assert reply.headers["x-test"] == "yes"
    assert reply.headers["content-type"] == "text/x-made"
    assert [name for name, _ in reply.pairs].count("content-type") == 1


@case
def a_dictionary_is_json(served):
    reply = served.ask(get("/object"))
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"
    assert json.loads(reply.body) == {"a": [1, None, "\u20ac"]}


@case
def a_list_is_json(served):
    reply = served.ask(get("/list"))
    assert (reply.status, reply.body) == (200, b'[1, "2"]')


@case
def bytes_are_sent_as_they_are(served):
    assert served.ask(get("/bytes")).body == b"\x00\xff"


@case
def values_of_fields(served):
    reply = served.ask(get("/headers"))
    assert reply.headers["x-number"] == "5"
    assert [value for name, value in reply.pairs if name == "x-list"] == ["one", "two"]
    assert reply.headers["x-lower"] == "case"


@case(needs="empty responses", otherwise=empty_anyhow)
def a_304_has_no_body(served):
    reply = served.ask(get("/not-modified"))
    assert (reply.status, reply.headers["etag"]) == (304, '"1"')
    assert reply.headers.get("content-length") is None
    assert "transfer-encoding" not in reply.headers


@case
def redirections(served):
    reply = served.ask(get("/redirect"))
    assert (reply.status, reply.headers["location"]) == (302, "/text/there?x=1")
    reply = served.ask(get("/moved"))
    assert (reply.status, reply.headers["location"]) == (301, "/")


@case
def a_line_break_in_a_field_is_not_sent(served):
    reply = served.ask(get("/bad-header"))
    assert reply.status == 500
    assert "x-injected" not in reply.headers


def no_date(served):
    assert "date" not in served.ask(get("/")).headers


@case(needs="date", otherwise=no_date)
def the_date_is_sent_once(served):
    reply = served.ask(get("/"))
    # RFC 9110, section 6.6.1.
    assert [name for name, _ in reply.pairs].count("date") == 1


@case
def the_phrase_of_a_status(served):
    # RFC 9112, section 4: a server may leave it out.
    assert served.ask(get("/")).reason in ("OK", "")
    assert served.ask(get("/missing")).reason in ("Not Found", "")


@case
def a_large_body_at_once(served):
    reply = served.ask(get("/large"), timeout=30)
    assert reply.complete
    assert reply.body == b"0123456789" * 20000


@case
def a_plain_function(served):
    assert served.ask(get("/plain")).body == b"from a plain function"


@case
def a_file_object_as_body(served):
    assert served.ask(get("/file-object")).body == b"0123456789" * 10


@case
def a_stream(served):
    reply = served.ask(get("/stream"))
    assert reply.complete
    assert reply.body == b"onetwothr\xe2\x82\xac"


def chunked_for_http_1_0(served):
    with Connection(served) as connection:
        assert connection.ask(get("/stream", version="1.0")).body == b"onetwothr\xe2\x82\xac"


@case(needs="streams for HTTP/1.0", otherwise=chunked_for_http_1_0)
def a_stream_to_a_client_of_http_1_0(served):
    with Connection(served) as connection:
        reply = connection.ask(get("/stream", version="1.0"))
        assert reply.body == b"onetwothr\xe2\x82\xac"
        assert "transfer-encoding" not in reply.headers


@case
def a_generator_as_stream(served):
    assert served.ask(get("/stream-generator")).body == b"01234"


@case
def a_handler_that_is_a_generator(served):
    assert served.ask(get("/stream-plain")).body == b"onetwo"


@case
def a_piece_comes_before_the_next_is_made(served):
    with Stream(served, get("/stream-slowly")) as stream:
        assert stream.read_until(b"one") == b"one"
        started = time.monotonic()
        assert stream.read_until(b"two") == b"onetwo"
        assert time.monotonic() - started > 0.2


@case
def a_stream_that_knows_its_length(served):
    reply = served.ask(get("/stream-length"))
    assert reply.body == b"abcde"
    assert reply.headers["content-length"] == "5"


@case
def a_stream_of_nothing(served):
    reply = served.ask(get("/stream-nothing"))
    assert (reply.status, reply.body, reply.complete) == (200, b"", True)


@case
def a_large_stream(served):
    reply = served.ask(get("/stream-large"), timeout=30)
    assert reply.complete
    assert reply.body == b"0123456789" * 100000


def not_seen_to_be_cut(served):
    # HTTP/1.0 has nothing to tell the end of a stream from its being cut.
    with Stream(served, get("/stream-fails"), 2) as stream:
        assert stream.read_until(b"one") == b"one"
        with contextlib.suppress(OSError):
            assert stream.read() == b""


@case(needs="framed streams", otherwise=not_seen_to_be_cut)
def a_stream_that_fails_is_seen_to_be_cut(served):
    # RFC 9112, section 8: without its last chunk the message is incomplete.
    with contextlib.suppress(ConnectionResetError):
        reply = served.ask(get("/stream-fails"))
        assert reply.status == 500 or not reply.complete


def closed(served, name):
    return json.loads(served.ask(get("/seen/" + name)).body)["seen"] == ["closed"]


@case
def a_stream_is_closed_at_its_end(served):
    name = key()
    assert served.ask(get("/stream-closed/" + name)).body == b"one"
    until(lambda: closed(served, name))


@case
def a_client_that_leaves_ends_a_stream(served):
    name = key()
    with Stream(served, get("/stream-endless/" + name)) as stream:
        assert stream.read()
    until(lambda: closed(served, name))


@case
def a_client_that_leaves_ends_a_stream_that_waits_for_it(served):
    name = key()
    with Connection(served) as connection:
        connection.send(get("/stream-flood/" + name))
        time.sleep(0.3)
    until(lambda: closed(served, name))


def ends_with_the_next_piece(served):
    # WSGI has no way to tell an application that its client is gone but to fail to send to it.
    a_client_that_leaves_ends_a_stream(served)


@case(needs="disconnects", otherwise=ends_with_the_next_piece)
def a_client_that_leaves_ends_an_idle_stream(served):
    name = key()
    with Stream(served, get("/stream-idle/" + name)) as stream:
        assert stream.read_until(b"one")
    until(lambda: closed(served, name))


@case
def cookies_are_read(served):
    reply = served.ask(get("/request", Cookie="a=1; b=x=y; c"))
    assert json.loads(reply.body)["cookies"] == {"a": "1", "b": "x=y", "c": ""}


@case
def cookies_are_set_in_a_field_each(served):
    reply = served.ask(get("/cookies"))
    assert [value for name, value in reply.pairs if name == "set-cookie"] == [
        "one=1",
        "two=2; Path=/; Max-Age=60; Secure; HttpOnly",
        "three=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0",
    ]


@case
def cookies_in_a_list_of_fields(served):
    reply = served.ask(get("/cookies-twice"))
    assert [value for name, value in reply.pairs if name == "set-cookie"] == [
        "a=1",
        "b=2; Expires=Wed, 09 Jun 2100 10:18:14 GMT",
    ]
