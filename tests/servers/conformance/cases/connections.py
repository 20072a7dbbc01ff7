"""Connections (RFC 9112), and what many of them do at once."""

import json
import threading
import time

from harness import read_all
from servers.conformance.case import Group
from servers.conformance.client import Connection, get, request

case = Group("Connections")


def closed_after_each(served):
    with Connection(served) as connection:
        assert connection.ask(get("/")).body == b"hello"
        assert connection.at_end()


@case(needs="persistent connections", otherwise=closed_after_each)
def a_connection_serves_many_requests(served):
    with Connection(served) as connection:
        for path, body in (("/", b"hello"), ("/missing", b"Not found"), ("/list", b'[1, "2"]')):
            for _ in range(2):
                assert connection.ask(get(path)).body == body


def closed_after_a_stream(served):
    for path in ("/stream", "/none"):
        with Connection(served) as connection:
            assert connection.ask(get(path)).headers["connection"] == "close"
            assert connection.at_end()


def survives(check):
    """Add a case about connections that go on after a response without a length."""
    return case.add(
        check,
        [
            ("persistent connections", closed_after_each),
            ("connections after streams", closed_after_a_stream),
        ],
    )


@survives
def a_connection_survives_a_stream(served):
    with Connection(served) as connection:
        for _ in range(2):
            assert connection.ask(get("/stream")).body == b"onetwothr\xe2\x82\xac"


@survives
def a_connection_survives_an_empty_response(served):
    with Connection(served) as connection:
        for _ in range(2):
            assert connection.ask(get("/none")).status == 204


@survives
def a_connection_survives_head(served):
    with Connection(served) as connection:
        for path in ("/", "/stream", "/missing", "/static/digits.txt"):
            connection.ask(request("HEAD", path), head=True)
        assert connection.ask(get("/")).body == b"hello"


@case(needs="persistent connections", otherwise=closed_after_each)
def a_body_that_is_ignored_is_not_the_next_request(served):
    with Connection(served) as connection:
        assert connection.ask(request("POST", "/ignore", body=get("/missing"))).body == b"ignored"
        assert connection.ask(get("/")).body == b"hello"


@case(needs="pipelining", otherwise=closed_after_each)
def requests_in_one_packet_are_answered_in_their_order(served):
    with Connection(served) as connection:
        connection.send(get("/") + get("/text/a") + get("/list"))
        assert connection.reply().body == b"hello"
        assert json.loads(connection.reply().body)["name"] == "a"
        assert connection.reply().body == b'[1, "2"]'


@case
def close_is_honoured(served):
    with Connection(served) as connection:
        assert connection.ask(get("/", Connection="close")).body == b"hello"
        assert connection.at_end()


@case
def a_client_of_http_1_0(served):
    with Connection(served) as connection:
        assert connection.ask(get("/", version="1.0")).body == b"hello"
        assert connection.at_end()


@case
def a_request_in_single_bytes(served):
    with Connection(served) as connection:
        data = get("/text/slow")
        connection.send(*[data[i : i + 1] for i in range(len(data))])
        assert json.loads(connection.reply().body)["name"] == "slow"


@case
def what_is_no_request_is_refused(served):
    with Connection(served) as connection:
        connection.send(b"nonsense\r\n\r\n")
        answer = read_all(connection.socket)
        assert answer == b"" or b" 400 " in answer.split(b"\r\n")[0] or b"400" in answer
    assert served.ask(get("/")).body == b"hello"


@case
def clients_that_leave_do_no_harm(served):
    for data in (b"", b"GET /", get("/")[:-2], get("/"), get("/large"), get("/stream-large")):
        with Connection(served) as connection:
            connection.send(data)
    assert served.ask(get("/")).body == b"hello"


def together(served, lists):
    """Have a client for each list of paths ask for them; return the bodies, and the seconds."""
    bodies = [[] for _ in lists]

    def ask(number):
        for path in lists[number]:
            bodies[number].append(served.ask(get(path), timeout=30).body)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(lists))]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return bodies, time.monotonic() - started


def one_after_the_other(served):
    bodies, seconds = together(served, [["/sleep"]] * 3)
    assert bodies == [[b"slept"]] * 3
    assert seconds >= 1.2


@case(needs="concurrency", otherwise=one_after_the_other)
def requests_at_the_same_time(served):
    bodies, seconds = together(served, [["/sleep"]] * 3)
    assert bodies == [[b"slept"]] * 3
    # Less than one after the other, which is 1.2 seconds.
    assert seconds < 1.1


@case
def many_requests_at_the_same_time(served):
    # Fewer clients than the 16 connections that a board has by default.
    lists = [["/text/%d-%d" % (client, i) for i in range(5)] for client in range(10)]
    bodies, _ = together(served, lists)
    for paths, answers in zip(lists, bodies):
        assert ["/text/" + json.loads(answer)["name"] for answer in answers] == paths
