"""Contract section 28.1: what a peer may send, and what it gets (RFC 9110, RFC 9112)."""

import json

import pytest
from harness import Reply, get, read_all, request

HOST = b"Host: test\r\n"


def status(server, data):
    """Return the status of the answer; the connection must be closed after a refusal."""
    answer = server.exchange(data)
    assert answer.count(b"HTTP/1.") == 1, answer
    return int(answer.split()[1])


def test_w_http_01_connections_persist_and_pipelined_requests_are_answered_in_order(server):
    with server.connect() as connection:
        for _ in range(3):
            connection.sendall(get("/"))
            assert Reply(connection).body == b"hello"
    answer = server.exchange(get("/") + get("/path/a") + get("/none", Connection="close"))
    first, second, third = answer.find(b"hello"), answer.find(b'"a"'), answer.find(b" 204 ")
    assert 0 < first < second < third


def test_w_http_01_close_is_honoured(server):
    answer = server.exchange(get("/", Connection="close") + get("/"))
    assert answer.count(b"hello") == 1
    assert b"Connection: close" in answer


def test_w_http_01_http_1_0_is_answered_with_1_0_and_closed(server):
    reply_bytes = server.exchange(get("/", version="1.0"))
    assert reply_bytes.startswith(b"HTTP/1.0 200 OK\r\n")


def test_w_http_01_http_1_0_keep_alive_on_request(server):
    with server.connect() as connection:
        for _ in range(2):
            connection.sendall(get("/", version="1.0", Connection="keep-alive"))
            reply = Reply(connection)
            assert reply.headers["connection"] == "keep-alive"
            assert reply.body == b"hello"


CHUNKED = b"POST /%b HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"


def test_w_http_02_chunked_bodies_are_decoded(server):
    body = b"3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
    assert server.ask(CHUNKED % b"echo" + body).body == b"abcde"
    assert json.loads(server.ask(CHUNKED % b"upload" + body).body) == {"size": 5}


def test_w_http_02_chunked_body_in_single_bytes(server):
    body = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with server.connect() as connection:
        for byte in CHUNKED % b"echo" + body:
            connection.sendall(bytes([byte]))
        assert Reply(connection).body == b"abcde"


@pytest.mark.parametrize("coding", ["gzip", "identity", "gzip, chunked"])
def test_w_http_02_unknown_codings_are_501(server, coding):
    assert status(server, request("POST", "/echo", Transfer_Encoding=coding) + b"0\r\n\r\n") == 501


@pytest.mark.parametrize("body", [b"x\r\n", b"-1\r\n", b"3\nabc", b"3\r\nabcd\r\n", b"3 \0\r\n"])
def test_w_http_02_broken_chunks_are_400(server, body):
    assert status(server, CHUNKED % b"echo" + body + b"0\r\n\r\n") == 400


def test_w_http_03_both_lengths_are_refused(server):
    data = request("POST", "/echo", Content_Length="3", Transfer_Encoding="chunked")
    assert status(server, data + b"0\r\n\r\n") == 400


@pytest.mark.parametrize("value", ["+5", "0_5", "5, 5", "5,6", "0x5", "", "5.0", "\xb2", "9" * 30])
def test_w_http_04_lengths_are_digits_only(server, value):
    head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n" % value
    assert status(server, head.encode("latin-1") + b"hello") == 400


def test_w_http_04_contradictory_lengths_are_refused(server):
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"
    assert status(server, head + b"hello!") == 400


def test_w_http_05_negative_length_is_refused(server):
    assert status(server, request("POST", "/echo", Content_Length="-1")) == 400


@pytest.mark.parametrize("fold", [b" X-Admin: yes", b"\tX-Admin: yes"])
def test_w_http_06_folded_lines_are_refused(server, fold):
    assert (
        status(server, b"GET /headers HTTP/1.1\r\n" + HOST + b"X: a\r\n" + fold + b"\r\n\r\n")
        == 400
    )


def test_w_http_07_a_line_of_spaces_does_not_end_the_head(server):
    assert status(server, b"GET / HTTP/1.1\r\n" + HOST + b"   \r\nX-Admin: yes\r\n\r\n") == 400


def test_w_http_08_long_targets_are_414_and_long_fields_431(server):
    assert status(server, get("/" + "a" * 3000)) == 414
    assert status(server, b"GET /" + b"a" * 100000) == 414
    assert status(server, get("/", X="a" * 5000)) == 431


def test_w_http_09_the_number_of_fields_is_bounded(server):
    fields = {"X%d" % i: "x" for i in range(30)}
    assert status(server, get("/", **fields)) == 431


@pytest.mark.parametrize(
    "line", [b"X-A : b", b": b", b"X A: b", b"no colon", b"X\xe9: b", b"X(: b"]
)
def test_w_http_10_field_names_are_tokens(server, line):
    assert status(server, b"GET / HTTP/1.1\r\n" + HOST + line + b"\r\n\r\n") == 400


@pytest.mark.parametrize("value", [b"a\rb", b"a\0b", b"a\x1fb", b"a\x7fb"])
def test_w_http_11_control_characters_in_values_are_refused(server, value):
    assert status(server, b"GET / HTTP/1.1\r\n" + HOST + b"X: " + value + b"\r\n\r\n") == 400


def test_w_http_12_repeated_fields_are_joined(server):
    head = (
        b"GET /headers HTTP/1.1\r\n" + HOST + b"X: a\r\nx: b\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n"
    )
    data = json.loads(server.ask(head).body)
    assert data["x"] == "a, b"
    assert data["cookie"] == "a=1; b=2"


def test_w_http_12_two_hosts_are_refused(server):
    assert status(server, b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400


@pytest.mark.parametrize("host", ["a b", "a/b", "user@host", "a,b c"])
def test_w_http_12_a_malformed_host_is_refused(server, host):
    assert status(server, b"GET / HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n") == 400


def test_w_http_13_http_1_1_needs_a_host(server):
    assert status(server, b"GET / HTTP/1.1\r\n\r\n") == 400
    assert status(server, b"GET / HTTP/1.0\r\n\r\n") == 200


@pytest.mark.parametrize(
    ("version", "expected"),
    [("HTTP/9.9", 505), ("HTTP/2.0", 505), ("FOO/1.1", 400), ("HTTP/1", 400), ("HTTP/1.x", 400),
     ("http/1.1", 400), ("HTTP/1.10", 400)],
)  # fmt: skip
def test_w_http_14_versions(server, version, expected):
    assert status(server, b"GET / " + version.encode() + b"\r\n" + HOST + b"\r\n") == expected


@pytest.mark.parametrize(
    ("target", "path"),
    [("http://host.example/path/x", "/path/x"), ("HTTP://host.example:80/path/x?q", "/path/x")],
)
def test_w_http_15_absolute_form_is_accepted(server, target, path):
    assert json.loads(server.ask(get(target)).body)["path"] == path


def test_w_http_15_the_authority_replaces_the_host(server):
    assert (
        json.loads(server.ask(get("http://other.example/headers")).body)["host"] == "other.example"
    )


@pytest.mark.parametrize("target", ["host:80", "ftp://x/", "http:///x", "x", "*", ""])
def test_w_http_15_other_targets_are_refused(server, target):
    assert status(server, b"GET " + target.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n") == 400


def test_w_http_16_empty_lines_before_a_request_are_skipped(server):
    assert server.ask(b"\r\n\r\n" + get("/")).body == b"hello"


def test_w_http_16_a_silent_client_gets_nothing(server):
    with server.connect() as connection:
        connection.shutdown(1)
        assert read_all(connection) == b""


def test_w_http_17_continue_is_sent_when_the_body_is_wanted(server):
    with server.connect() as connection:
        connection.sendall(request("POST", "/echo", Content_Length="5", Expect="100-continue"))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        assert Reply(connection).body == b"hello"


def test_w_http_17_the_final_error_comes_at_once(server):
    with server.connect() as connection:
        connection.sendall(request("POST", "/echo", Content_Length="99999", Expect="100-continue"))
        reply = Reply(connection)
        assert reply.status == 413
        assert reply.headers["connection"] == "close"


def test_w_http_17_a_route_that_streams_asks_when_it_reads(server):
    with server.connect() as connection:
        connection.sendall(request("POST", "/upload", Content_Length="5000", Expect="100-continue"))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"x" * 5000)
        assert json.loads(Reply(connection).body) == {"size": 5000}


def test_w_http_17_other_expectations_are_417(server):
    assert status(server, request("POST", "/echo", body=b"x", Expect="a-miracle")) == 417


def test_w_http_18_an_uploading_client_sees_the_413(server):
    with server.connect() as connection:
        connection.sendall(request("POST", "/echo", Content_Length="500000"))
        try:
            for _ in range(50):
                connection.sendall(b"x" * 10000)
        except OSError:
            pass
        assert Reply(connection).status == 413


def test_w_http_19_405_lists_the_methods(server):
    reply = server.ask(request("DELETE", "/echo"))
    assert reply.status == 405
    assert reply.headers["allow"] == "POST, PUT, OPTIONS"


def test_w_http_20_204_and_304_have_no_length_and_no_body(server):
    for path, code in (("/none", 204), ("/not-modified", 304)):
        reply = server.ask(get(path))
        assert reply.status == code
        assert "content-length" not in reply.headers
        assert "transfer-encoding" not in reply.headers
    assert "content-type" not in server.ask(get("/none")).headers


def test_w_http_21_options(server):
    assert server.ask(request("OPTIONS", "/unknown")).status == 404
    assert server.ask(request("OPTIONS", "/echo")).headers["allow"] == "POST, PUT, OPTIONS"
    methods = server.ask(request("OPTIONS", "*")).headers["allow"].split(", ")
    assert {"GET", "POST", "PUT", "HEAD", "OPTIONS"} == set(methods)
    assert len(methods) == len(set(methods))


def test_w_http_22_a_route_for_head_alone_is_reached(server):
    with server.connect() as connection:
        connection.sendall(request("HEAD", "/only-head"))
        reply = Reply(connection, head=True)
        assert (reply.status, reply.headers["x-head"]) == (200, "1")


def test_w_http_23_methods_are_case_sensitive(server):
    assert server.ask(request("get", "/")).status == 405
    assert server.ask(request("head", "/")).status == 405


def test_w_http_23_head_has_the_headers_of_get_and_no_body(server):
    with server.connect() as connection:
        connection.sendall(request("HEAD", "/"))
        reply = Reply(connection, head=True)
        assert reply.headers["content-length"] == "5"
        connection.sendall(get("/"))
        assert Reply(connection).body == b"hello"


def test_w_http_24_responses_have_a_date(server):
    from email.utils import parsedate_to_datetime

    assert parsedate_to_datetime(server.ask(get("/")).headers["date"]).year >= 2026


def test_w_http_25_standard_reason_phrases(server):
    assert server.ask(get("/unknown")).reason == "Not Found"
    assert server.ask(get("/none")).reason == "No Content"
    assert server.ask(get("/fail")).reason == "Internal Server Error"


def test_w_http_26_bytes_above_ascii_are_no_error(server):
    data = b"GET /headers HTTP/1.1\r\n" + HOST + b"X: caf\xe9\r\n\r\n"
    assert json.loads(server.ask(data).body)["x"] == "caf\xe9"
    assert server.ask(b"GET /caf\xe9 HTTP/1.1\r\n" + HOST + b"\r\n").status == 404
    assert json.loads(server.ask(get("/path/caf%C3%A9")).body)["name"] == "caf\xe9"


def test_w_http_27_streams_are_chunked(server):
    reply = server.ask(get("/stream"))
    assert reply.headers["transfer-encoding"] == "chunked"
    assert (reply.body, reply.complete) == (b"onetwothree", True)
    old = server.exchange(get("/stream", version="1.0"))
    assert b"Transfer-Encoding" not in old
    assert old.endswith(b"\r\n\r\nonetwothree")


def test_w_http_27_a_stream_that_fails_is_not_complete(server):
    reply = server.ask(get("/stream-fails"))
    assert (reply.body, reply.complete) == (b"one", False)


def test_w_http_27_a_stream_shorter_than_its_length_is_not_complete(server):
    reply = server.ask(get("/stream-length"))
    assert (reply.body, reply.complete) == (b"abc", False)


@pytest.mark.parametrize(
    "line",
    [b"GET /#f HTTP/1.1", b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b" GET / HTTP/1.1",
     b"GET / HTTP/1.1 ", b"GET /\tx HTTP/1.1", b"GET /a b HTTP/1.1", b"G(T / HTTP/1.1", b"GET /", b"x"],
)  # fmt: skip
def test_w_http_29_malformed_request_lines_are_refused(server, line):
    assert status(server, line + b"\r\n" + HOST + b"\r\n") == 400


def test_bare_line_feeds_are_for_http_1_0(server):
    assert server.ask(b"GET / HTTP/1.0\nX: y\n\n").body == b"hello"
    assert status(server, b"GET / HTTP/1.1\nHost: x\n\n") == 400
    assert status(server, b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n") == 400


def test_connect_is_501(server):
    assert status(server, request("CONNECT", "test:80")) == 501


def test_the_400_handler_is_called_without_a_request(server):
    assert server.exchange(b"x\r\n\r\n").endswith(b"bad: True")


def test_a_request_in_single_bytes(server):
    with server.connect() as connection:
        for byte in request("POST", "/echo", body=b"hello"):
            connection.sendall(bytes([byte]))
        assert Reply(connection).body == b"hello"
