"""Static files: conditional and range requests (RFC 9110, sections 13 and 14)."""

import gzip

from servers.conformance.case import Group
from servers.conformance.client import Connection, get, request

case = Group("Static files")

DIGITS = b"0123456789" * 10


def digits(served, **headers):
    return served.ask(get("/static/digits.txt", **headers))


@case
def a_file(served):
    reply = digits(served)
    assert (reply.status, reply.body) == (200, DIGITS)
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.headers["content-length"] == "100"
    assert reply.headers["etag"].startswith(('"', 'W/"'))
    assert reply.headers["last-modified"].endswith(" GMT")
    assert reply.headers["cache-control"] == "max-age=60"
    assert reply.headers["accept-ranges"] == "bytes"


@case
def head_of_a_file(served):
    with Connection(served) as connection:
        data = request("HEAD", "/static/digits.txt", Connection="close")
        reply = connection.ask(data, head=True)
        assert (reply.status, reply.headers["content-length"]) == (200, "100")
        assert connection.at_end()


@case
def the_index_of_a_folder(served):
    assert b"index" in served.ask(get("/static/")).body


@case
def a_file_in_a_folder(served):
    reply = served.ask(get("/static/folder/inner.js"))
    assert reply.headers["content-type"].startswith("application/javascript")


@case
def a_file_that_the_client_has(served):
    reply = digits(served)
    again = digits(served, If_None_Match=reply.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == reply.headers["etag"]
    again = digits(served, If_Modified_Since=reply.headers["last-modified"])
    assert (again.status, again.body) == (304, b"")
    assert digits(served, If_None_Match='"other"').status == 200


@case
def a_precondition_that_fails(served):
    assert digits(served, If_Match='"other"').status == 412


@case
def ranges(served):
    for value, body, found in (
        ("bytes=10-14", b"01234", "bytes 10-14/100"),
        ("bytes=95-", b"56789", "bytes 95-99/100"),
        ("bytes=-3", b"789", "bytes 97-99/100"),
        ("bytes=98-200", b"89", "bytes 98-99/100"),
    ):
        reply = digits(served, Range=value)
        assert (reply.status, reply.body) == (206, body)
        assert reply.headers["content-range"] == found
        assert reply.headers["content-length"] == str(len(body))


@case
def a_range_behind_the_end(served):
    reply = digits(served, Range="bytes=100-")
    assert (reply.status, reply.headers["content-range"]) == (416, "bytes */100")


@case
def a_range_of_a_file_that_has_changed(served):
    reply = digits(served, Range="bytes=0-1", If_Range='"other"')
    assert (reply.status, reply.body) == (200, DIGITS)


@case
def a_compressed_file(served):
    plain = served.ask(get("/static/page.html"))
    reply = served.ask(get("/static/page.html", Accept_Encoding="gzip"))
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.headers["content-type"].startswith("text/html")
    assert gzip.decompress(reply.body) == plain.body
    assert "content-encoding" not in plain.headers
    for answer in (plain, reply):
        assert "accept-encoding" in answer.headers["vary"].lower()


@case
def no_way_out_of_the_folder(served):
    for path in (
        "../app.py",
        "folder/../../app.py",
        "%2e%2e/app.py",
        "..%2fapp.py",
        "%2e%2e%2fapp.py",
        "..%5capp.py",
    ):
        reply = served.ask(get("/static/" + path))
        assert reply.status in (400, 404), path
        assert b"import" not in reply.body


@case
def files_that_are_missing_or_hidden(served):
    assert served.ask(get("/static/missing.txt")).status == 404
    assert served.ask(get("/static/.hidden")).status == 404
    assert served.ask(request("POST", "/static/digits.txt")).status == 405
