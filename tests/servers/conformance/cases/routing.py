"""Routing, and what a request says of itself (RFC 9110, sections 4, 7 and 9)."""

import json

from servers.conformance.case import Group
from servers.conformance.client import Connection, get, request

case = Group("Routing and requests")


def answer(served, data):
    """Return the parsed body of a response that has to be a 200."""
    reply = served.ask(data)
    assert reply.status == 200, (reply.status, reply.body)
    return json.loads(reply.body)


@case
def a_text(served):
    reply = served.ask(get("/"))
    assert (reply.status, reply.body, reply.complete) == (200, b"hello", True)
    assert reply.headers["content-type"] == "text/plain; charset=UTF-8"
    assert reply.headers["content-length"] == "5"


@case
def a_segment_as_argument(served):
    assert answer(served, get("/text/a.b-c"))["name"] == "a.b-c"


@case
def an_argument_is_percent_decoded(served):
    assert answer(served, get("/text/caf%C3%A9%20x"))["name"] == "caf\xe9 x"


@case
def an_encoded_question_mark_begins_no_query(served):
    assert answer(served, get("/text/a%3Fb"))["name"] == "a?b"


def decoded_by_the_server(served):
    # PEP 3333 has the path decoded only: the slash is one like every other.
    assert served.ask(get("/text/a%2Fb")).status == 404


@case(needs="raw path", otherwise=decoded_by_the_server)
def an_encoded_slash_divides_nothing(served):
    assert answer(served, get("/text/a%2Fb"))["name"] == "a/b"


@case
def a_plus_in_a_path_is_a_plus(served):
    assert answer(served, get("/text/a+b"))["name"] == "a+b"


@case
def a_number_as_argument(served):
    assert answer(served, get("/number/-12"))["number"] == -12
    assert served.ask(get("/number/twelve")).status == 404


@case
def a_path_as_argument(served):
    assert answer(served, get("/files/a/b%20c/d"))["path"] == "a/b c/d"


@case
def a_regular_expression_as_argument(served):
    assert answer(served, get("/letters/abc"))["letters"] == "abc"
    assert served.ask(get("/letters/abd")).status == 404


@case
def the_first_of_two_routes(served):
    assert served.ask(get("/first/second")).body == b"first"


@case
def a_slash_at_the_end_counts(served):
    assert served.ask(get("/slash/")).body == b"slash"
    assert served.ask(get("/slash")).status == 404


@case
def an_empty_segment_counts(served):
    assert served.ask(get("/slash//")).status == 404


@case
def a_query(served):
    found = answer(served, get("/args?a=1&b=%C3%A9+%2B&a=2&c&d=x=y"))
    assert found["args"] == {"a": ["1", "2"], "b": ["\xe9 +"], "c": [""], "d": ["x=y"]}
    assert found["query"] == "a=1&b=%C3%A9+%2B&a=2&c&d=x=y"


@case
def no_query(served):
    assert answer(served, get("/args"))["args"] == {}


@case
def the_methods_of_a_route(served):
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert served.ask(request(method, "/method")).body == method.encode()


def upper_case_to_the_application(served):
    assert served.ask(request("get", "/method")).headers["x-method"] == "GET"


@case(needs="methods as sent", otherwise=upper_case_to_the_application)
def a_method_in_lower_case_is_another(served):
    # 405 from the framework, 400 or 501 from servers that know their methods (RFC 9110, section 9.1).
    assert served.ask(request("get", "/")).status in (400, 405, 501)


@case
def a_missing_route_is_a_404(served):
    reply = served.ask(get("/missing"))
    assert (reply.status, reply.body) == (404, b"Not found")


@case
def a_missing_method_is_a_405_that_lists_the_others(served):
    reply = served.ask(request("DELETE", "/echo"))
    assert reply.status == 405
    assert reply.headers["allow"] == "POST, PUT, PATCH, OPTIONS"


@case
def options_of_a_route(served):
    reply = served.ask(request("OPTIONS", "/args"))
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["allow"] == "GET, HEAD, OPTIONS"


@case
def options_of_a_missing_route(served):
    assert served.ask(request("OPTIONS", "/missing")).status == 404


@case
def head_has_the_fields_of_get_and_no_body(served):
    with Connection(served) as connection:
        reply = connection.ask(request("HEAD", "/", Connection="close"), head=True)
        assert reply.status == 200
        assert reply.headers["content-length"] == "5"
        assert reply.headers["content-type"] == "text/plain; charset=UTF-8"
        assert connection.at_end()


def head_and_a_last_chunk(served):
    with Connection(served) as connection:
        reply = connection.ask(request("HEAD", "/stream", Connection="close"), head=True)
        assert reply.status == 200
        assert connection.file.read() == b"0\r\n\r\n"


@case(needs="HEAD of streams", otherwise=head_and_a_last_chunk)
def head_of_a_stream(served):
    with Connection(served) as connection:
        reply = connection.ask(request("HEAD", "/stream", Connection="close"), head=True)
        assert reply.status == 200
        assert connection.at_end()


@case
def head_of_a_missing_route(served):
    with Connection(served) as connection:
        reply = connection.ask(request("HEAD", "/missing", Connection="close"), head=True)
        assert reply.status == 404
        assert connection.at_end()


@case
def a_route_for_head_alone(served):
    with Connection(served) as connection:
        reply = connection.ask(request("HEAD", "/only-head", Connection="close"), head=True)
        assert (reply.status, reply.headers["x-head"]) == (200, "yes")
    assert served.ask(get("/only-head")).status == 405


@case
def a_mounted_application(served):
    reply = served.ask(get("/hooks/"))
    assert (reply.status, reply.body) == (200, b"/hooks")


@case
def fields_of_a_request(served):
    found = answer(served, get("/request?x=1", X_Test="a: b", User_Agent="suite/1"))
    assert found["x"] == "a: b"
    assert found["agent"] == "suite/1"
    assert found["host"] == "test"
    assert found["admin"] is None
    assert found["url"] == "/request?x=1"


@case
def repeated_fields_are_joined(served):
    data = b"GET /request HTTP/1.1\r\nHost: test\r\nX-Test: a\r\nx-test: b\r\n\r\n"
    # RFC 9110, section 5.3: white space after the comma is optional.
    assert answer(served, data)["x"].replace(" ", "") == "a,b"


def the_first_cookie_is_read(served):
    data = b"GET /request HTTP/1.1\r\nHost: test\r\nCookie: a=1; c=3\r\nCookie: b=2\r\n\r\n"
    assert answer(served, data)["cookies"]["a"] == "1"


@case(needs="split cookies", otherwise=the_first_cookie_is_read)
def repeated_cookie_fields_are_joined(served):
    data = b"GET /request HTTP/1.1\r\nHost: test\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n"
    # RFC 9113, section 8.2.3; also what a server makes of HTTP/2 that keeps them apart.
    assert answer(served, data)["cookies"] == {"a": "1", "b": "2"}


LATIN = b"GET /request HTTP/1.1\r\nHost: test\r\nX-Test: caf\xe9\r\n\r\n"


def an_empty_field(served):
    assert answer(served, LATIN)["x"] == ""


@case(needs="fields that are not ASCII", otherwise=an_empty_field)
def a_field_that_is_not_ascii(served):
    # RFC 9110, section 5.5: obs-text is opaque.
    assert answer(served, LATIN)["x"] == "caf\xe9"


@case
def a_long_field(served):
    value = "x" * 4000
    assert answer(served, get("/request", X_Test=value))["x"] == value


@case
def client_scheme_and_version(served):
    found = answer(served, get("/request"))
    assert found["client"] == "127.0.0.1"
    assert found["scheme"] == "http"
    # With "HTTP/" before it from the adapters (the contract, sections 22.2 and 23).
    assert found["version"] in ("1.1", "HTTP/1.1")
