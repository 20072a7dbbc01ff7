"""Server-Sent Events (WHATWG HTML, section 9.2) and WebSocket (RFC 6455)."""

import contextlib
import json
import struct
import time

from servers.conformance.case import Group
from servers.conformance.client import Connection, Stream, get, key, request, until
from ws_client import ACCEPT, KEY, Client, handshake

case = Group("Server-Sent Events and WebSocket")


def seen(served, name):
    return json.loads(served.ask(get("/seen/" + name)).body)["seen"]


@case
def an_event_stream(served):
    reply = served.ask(get("/events"))
    assert reply.status == 200 and reply.complete
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.headers["cache-control"] == "no-cache"
    hello, named, lines, end = reply.body.split(b"\n\n")
    assert hello == b"data: hello"
    assert sorted(named.split(b"\n")) == [b'data: {"number": 1}', b"event: named", b"id: 7"]
    assert sorted(lines.split(b"\n")) == [b"data: lines", b"data: two", b"retry: 500"]
    assert end == b""


@case
def an_event_comes_before_the_next_is_sent(served):
    with Stream(served, get("/events-slowly")) as stream:
        assert stream.read_until(b"\n\n") == b"data: one\n\n"
        started = time.monotonic()
        assert stream.read_until(b"two\n\n") == b"data: one\n\ndata: two\n\n"
        assert time.monotonic() - started > 0.2


@case
def many_events_in_their_order(served):
    body = served.ask(get("/events-many/300"), timeout=20).body
    assert body == b"".join(b"data: %d\n\n" % number for number in range(300))


def an_ascii_event_id(served):
    assert served.ask(get("/events-last", Last_Event_ID="7 a")).body == b"data: 7 a\n\n"


@case(needs="fields that are not ASCII", otherwise=an_ascii_event_id)
def the_last_event_that_a_client_has(served):
    an_ascii_event_id(served)
    reply = served.ask(get("/events-last", Last_Event_ID="caf\xe9"))
    assert reply.body == b"data: caf\xc3\xa9\n\n"


def head_of_events_and_a_last_chunk(served):
    with Connection(served) as connection:
        connection.send(request("HEAD", "/events", Connection="close"))
        assert connection.reply(head=True).headers["content-type"] == "text/event-stream"
        assert connection.file.read() == b"0\r\n\r\n"


@case(needs="HEAD of streams", otherwise=head_of_events_and_a_last_chunk)
def head_of_an_event_stream(served):
    with Connection(served) as connection:
        connection.send(request("HEAD", "/events", Connection="close"))
        assert connection.reply(head=True).headers["content-type"] == "text/event-stream"
        assert connection.at_end()


@case
def a_client_that_leaves_ends_its_events(served):
    name = key()
    with Stream(served, get("/events-beat/" + name)) as stream:
        assert stream.read_until(b"hello\n\n")
    until(lambda: seen(served, name) == ["closed"])


def ends_with_the_next_event(served):
    # WSGI has no way to tell an application that its client is gone but to fail to send to it.
    a_client_that_leaves_ends_its_events(served)


@case(needs="disconnects", otherwise=ends_with_the_next_event)
def a_client_that_leaves_ends_its_events_at_once(served):
    name = key()
    with Stream(served, get("/events-idle/" + name)) as stream:
        assert stream.read_until(b"hello\n\n")
    until(lambda: seen(served, name) == ["closed"])


def events_not_seen_to_be_cut(served):
    with Stream(served, get("/events-fail"), 2) as stream:
        assert stream.read_until(b"\n\n") == b"data: before\n\n"
        with contextlib.suppress(OSError):
            assert stream.read() == b""


@case(needs="framed streams", otherwise=events_not_seen_to_be_cut)
def events_that_fail_are_seen_to_be_cut(served):
    try:
        reply = served.ask(get("/events-fail"))
    except ConnectionResetError:
        return
    assert reply.body == b"data: before\n\n"
    assert not reply.complete


def no_websocket(served):
    # RFC 9110, section 15.6.2: the server does not have what the request needs.
    reply = served.ask(handshake("/ws/echo"))
    assert reply.status == 501, (reply.status, reply.body)


def ws(check=None, needs=None, otherwise=None):
    """Add a case for servers that have WebSocket, and perhaps another capability."""
    pairs = [("websocket", no_websocket)] + ([(needs, otherwise)] if needs else [])
    return case.add(check, pairs) if check else lambda check: case.add(check, pairs)


def closed_or_gone(client):
    """Tell whether the next thing that a client reads is a CLOSE, or the end."""
    with contextlib.suppress(ConnectionResetError):
        frame = client.read()
        return frame is None or frame[0] == 0x88
    return True


@ws
def a_handshake(served):
    with Client(served, "/ws/echo") as client:
        assert client.status.startswith("HTTP/1.1 101")
        fields = {name.lower(): value for name, value in client.headers.items()}
        assert fields["upgrade"].lower() == "websocket"
        assert fields["connection"].lower() == "upgrade"
        assert fields["sec-websocket-accept"] == ACCEPT


@ws
def messages_of_text_and_of_bytes(served):
    with Client(served, "/ws/echo") as client:
        client.send(1, "caf\xe9 \u20ac".encode())
        assert client.read() == (0x81, "caf\xe9 \u20ac".encode())
        client.send(2, bytes(range(256)))
        assert client.read() == (0x82, bytes(range(256)))


def dropped(served):
    with Client(served, "/ws/echo") as client:
        client.send(1, b"")
        client.send(1, b"next")
        assert client.read() == (0x81, b"next")


@ws(needs="empty messages", otherwise=dropped)
def an_empty_message(served):
    with Client(served, "/ws/echo") as client:
        client.send(1, b"")
        assert client.read() == (0x81, b"")


@ws
def a_large_message(served):
    payload = bytes(range(256)) * 400
    with Client(served, "/ws/echo") as client:
        client.send(2, payload)
        first, answer = client.read()
        # A server may send a message in fragments.
        received = answer
        while not first & 0x80:
            first, answer = client.read()
            received += answer
        assert received == payload


@ws
def a_message_in_fragments_with_a_ping_between(served):
    with Client(served, "/ws/echo") as client:
        client.send(1, b"Hel", fin=False)
        client.send(9, b"there?")
        assert client.read() == (0x8A, b"there?")
        client.send(0, b"lo")
        assert client.read() == (0x81, b"Hello")


@ws
def many_messages_in_their_order(served):
    with Client(served, "/ws/echo") as client:
        for number in range(100):
            client.send(1, b"%d" % number)
        for number in range(100):
            assert client.read() == (0x81, b"%d" % number)


@ws
def path_query_and_fields_of_a_handshake(served):
    with Client(served, "/ws/about/caf%C3%A9?x=1", X_Test="yes") as client:
        assert client.read() == (0x81, "caf\xe9 1 yes".encode())


@ws
def the_session_in_a_handshake(served):
    (line,) = [value for name, value in served.ask(get("/session")).pairs if name == "set-cookie"]
    with Client(served, "/ws/session", Cookie=line.partition(";")[0]) as client:
        assert client.read() == (0x81, b"1")


@ws
def a_subprotocol(served):
    with Client(served, "/ws/protocols", Sec_WebSocket_Protocol="one, two") as client:
        fields = {name.lower(): value for name, value in client.headers.items()}
        assert fields["sec-websocket-protocol"] == "two"
        assert client.read() == (0x81, b"two")


def a_code_alone(served):
    with Client(served, "/ws/close") as client:
        assert client.read() == (0x88, struct.pack(">H", 4001))


@ws(needs="reasons", otherwise=a_code_alone)
def a_close_by_the_server(served):
    with Client(served, "/ws/close") as client:
        assert client.read() == (0x88, struct.pack(">H", 4001) + b"as asked")


@ws
def a_handler_that_returns_closes_with_1000(served):
    with Client(served, "/ws/return") as client:
        assert client.read() == (0x81, b"bye")
        assert client.closed() == 1000


def closes_with_4011(served):
    with Client(served, "/ws/fail") as client:
        assert client.read() == (0x88, struct.pack(">H", 4011))


def closes_with_4009(served):
    with Client(served, "/ws/short") as client:
        client.send(2, b"x" * 11)
        assert client.read() == (0x88, struct.pack(">H", 4009))


@ws(needs="codes of closes", otherwise=closes_with_4011)
def a_handler_that_fails_closes_with_1011(served):
    with Client(served, "/ws/fail") as client:
        assert client.closed() == 1011


def code_that_is_seen(served):
    """Close with 4002; return the code that the application sees."""
    name = key()
    with Client(served, "/ws/end/" + name) as client:
        client.send(8, struct.pack(">H", 4002) + b"bye")
        assert client.read()[0] == 0x88
    until(lambda: len(seen(served, name)) == 2)
    return seen(served, name)[1].split()[0]


def always_1006(served):
    assert code_that_is_seen(served) == "1006"


@ws(needs="codes from clients", otherwise=always_1006)
def the_application_sees_the_code_of_the_client(served):
    assert code_that_is_seen(served) == "4002"


def answered_with_1000(served):
    with Client(served, "/ws/echo") as client:
        client.send(8, struct.pack(">H", 4002) + b"bye")
        assert client.closed() == 1000


@ws(needs="codes echoed", otherwise=answered_with_1000)
def the_client_sees_its_own_code(served):
    # RFC 6455, section 5.5.1: an endpoint typically echoes it.
    with Client(served, "/ws/echo") as client:
        client.send(8, struct.pack(">H", 4002) + b"bye")
        assert client.closed() == 4002


@ws
def a_client_that_goes_without_a_close(served):
    name = key()
    with Client(served, "/ws/end/" + name):
        time.sleep(0.1)
    until(lambda: len(seen(served, name)) == 2)
    # 1006, or 1005 from servers that do not tell the two apart (RFC 6455, section 7.1.5).
    assert seen(served, name)[1][:4] in ("1005", "1006")


@ws(needs="codes of closes", otherwise=closes_with_4009)
def a_message_that_is_too_long_closes_with_1009(served):
    with Client(served, "/ws/short") as client:
        client.send(2, b"x" * 11)
        assert client.closed() == 1009


@ws
def text_that_is_no_utf_8_is_not_echoed(served):
    # RFC 6455, section 8.1: the connection fails. The code is the server's choice.
    with Client(served, "/ws/echo") as client:
        client.send(1, b"\xff\xfe")
        assert closed_or_gone(client)


@ws
def a_frame_without_a_mask_is_not_echoed(served):
    with Client(served, "/ws/echo") as client:
        client.send(1, b"hello", mask=b"")
        assert closed_or_gone(client)


@ws
def a_page_of_a_refused_origin(served):
    assert served.ask(handshake("/ws/origin", Origin="https://other.example")).status == 403
    with Client(served, "/ws/origin", Origin="https://example.com") as client:
        assert client.read() == (0x81, b"welcome")


@case
def a_request_without_an_upgrade_to_a_websocket(served):
    assert served.ask(get("/ws/echo")).status == 400


@ws
def a_handshake_of_a_route_that_is_missing(served):
    # 403 from servers that know no other refusal.
    assert served.ask(handshake("/ws/missing")).status in (403, 404)


@ws
def a_handshake_of_another_version(served):
    fields = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Key": KEY}
    reply = served.ask(get("/ws/echo", Sec_WebSocket_Version="12", **fields))
    assert reply.status in (400, 426)
