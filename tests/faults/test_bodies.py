"""Contract section 28.3: request bodies."""

import json

import pytest
from harness import Reply, get, request


def test_w_body_01_a_stream_ends_where_the_body_ends(server):
    with server.connect() as connection:
        connection.sendall(request("POST", "/read-all", body=b"x" * 500))
        assert json.loads(Reply(connection).body) == {"size": 500}
        connection.sendall(get("/"))
        assert Reply(connection).body == b"hello"


def test_w_body_01_reading_stops_before_the_next_request(server):
    with server.connect() as connection:
        connection.sendall(request("POST", "/upload", body=b"x" * 1500) + get("/path/next"))
        assert json.loads(Reply(connection).body) == {"size": 1500}


def test_w_body_02_without_a_length_there_is_no_body(server):
    with server.connect() as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: test\r\n\r\n" + get("/"))
        assert Reply(connection).status == 200


def test_w_body_02_chunked_bodies_are_counted(server):
    head = request("POST", "/echo", Transfer_Encoding="chunked")
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    answer = server.exchange(head + chunk * 5 + b"0\r\n\r\n")
    assert answer.split()[1] == b"413"


def test_w_body_02_chunked_streams_are_counted(server):
    head = request("POST", "/upload", Transfer_Encoding="chunked")
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    with server.connect() as connection:
        try:
            connection.sendall(head + chunk * 100 + b"0\r\n\r\n")
        except OSError:
            pass
        assert Reply(connection).status == 413


def test_w_body_03_a_body_that_was_not_read_is_413_for_json(server):
    data = request("POST", "/json-large", body=b'{"a": "bcdef"}', Content_Type="application/json")
    assert server.ask(data).status == 413


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[1, 2", b"{}}"])
def test_w_body_04_malformed_json_is_400(server, body):
    reply = server.ask(request("POST", "/json", body=body, Content_Type="application/json"))
    assert reply.status == 400


def test_w_body_04_malformed_forms_are_text(server):
    kind = "application/x-www-form-urlencoded"
    reply = server.ask(request("POST", "/form", body=b"a=%zz&b=%ff&c=\xff", Content_Type=kind))
    assert json.loads(reply.body) == {"form": {"a": ["%zz"], "b": ["\ufffd"], "c": ["\ufffd"]}}


@pytest.mark.parametrize(
    "kind", ["Application/JSON", "application/json ; charset=x", "application/problem+json"]
)
def test_w_body_05_media_types_are_compared_as_they_should(server, kind):
    reply = server.ask(request("POST", "/json", body=b"[1]", Content_Type=kind))
    assert json.loads(reply.body) == {"json": [1]}


def test_w_body_05_form_types_too(server):
    kind = "Application/X-WWW-Form-URLencoded; charset=utf-8"
    reply = server.ask(request("POST", "/form", body=b"a=1&a=2", Content_Type=kind))
    assert json.loads(reply.body) == {"form": {"a": ["1", "2"]}}


def test_w_body_06_a_field_without_a_value_is_text(server):
    kind = "application/x-www-form-urlencoded"
    reply = server.ask(request("POST", "/form", body=b"a&b=", Content_Type=kind))
    assert json.loads(reply.body) == {"form": {"a": [""], "b": [""]}}


def test_w_body_07_null_is_a_value(server):
    reply = server.ask(request("POST", "/json", body=b"null", Content_Type="application/json"))
    assert json.loads(reply.body) == {"json": None}


def test_an_unread_body_is_skipped(server):
    with server.connect() as connection:
        connection.sendall(request("POST", "/ignore", body=b"x" * 5000))
        assert Reply(connection).body == b"ignored"
        connection.sendall(get("/"))
        assert Reply(connection).body == b"hello"


def test_a_long_unread_body_ends_the_connection(server):
    with server.connect() as connection:
        connection.sendall(request("POST", "/ignore", Content_Length="200000"))
        reply = Reply(connection)
        assert reply.headers["connection"] == "close"


def test_an_upload_larger_than_any_buffer(server):
    with server.connect(10) as connection:
        connection.sendall(request("POST", "/upload", body=b"x" * 300000))
        assert json.loads(Reply(connection).body) == {"size": 300000}


def test_w_mpy_02_a_refusal_reaches_a_client_that_still_sends(server):
    with server.connect() as connection:
        connection.sendall(b"BAD\r\n\r\n" + b"x" * 20000)
        assert Reply(connection).status == 400


def test_w_mpy_03_the_client_address_is_text(server):
    assert json.loads(server.ask(get("/headers")).body)["client"] == "127.0.0.1"
