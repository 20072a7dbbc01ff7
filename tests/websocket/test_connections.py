"""WebSocket connections over sockets, on both platforms: the bytes, and how they end."""

import contextlib
import os
import pathlib
import socket
import struct
import sys
import time

import pytest
from harness import PLATFORMS, get
from microdot.websocket.cpython.compat import apply_mask
from ws_client import ACCEPT, KEY, Client, frame, handshake

APP = pathlib.Path(__file__).with_name("app.py")


@pytest.fixture(scope="module", params=PLATFORMS)
def served(request):
    """An application on a platform; it must have survived everything at the end."""
    server = PLATFORMS[request.param](app=APP)
    server.platform = request.param
    yield server
    alive = server.ask(get("/")).body
    output = server.stop()
    assert alive == b"alive"
    # Only the handler that fails on purpose leaves a traceback.
    assert output.count("Traceback") == output.count("ValueError: on purpose"), output


def test_the_response_to_the_handshake(served):
    with Client(served) as client:
        assert client.status == "HTTP/1.1 101 Switching Protocols"
        assert client.headers == {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": ACCEPT,
        }


def test_a_refused_handshake_is_an_http_response(served):
    reply = served.ask(get("/echo"))
    assert reply.status == 400
    reply = served.ask(handshake(Sec_WebSocket_Version="12"))
    assert (reply.status, reply.headers["sec-websocket-version"]) == (426, "13")
    old = get(
        "/echo",
        version="1.0",
        Upgrade="websocket",
        Connection="Upgrade",
        Sec_WebSocket_Version="13",
        Sec_WebSocket_Key=KEY,
    )
    assert served.ask(old).status == 400


def test_a_frame_in_the_packet_of_the_handshake(served):
    with Client(served, first=frame(1, b"early") + frame(2, b"bird")) as client:
        assert client.read() == (0x81, b"early")
        assert client.read() == (0x82, b"bird")


def test_w_ws_07_every_byte_may_come_alone(served):
    data = handshake() + frame(1, b"slow") + frame(9, b"p") + frame(2, b"x" * 130)
    with served.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(data)):
            connection.sendall(data[i : i + 1])
            if i > len(data) - 160:
                time.sleep(0.002)
        expected = b"\x81\x04slow" + b"\x8a\x01p" + b"\x82\x7e\x00\x82" + b"x" * 130
        received = b""
        while not received.endswith(expected):
            piece = connection.recv(65536)
            assert piece, received
            received += piece


@pytest.mark.parametrize("size", [0, 1, 125, 126, 300, 65535, 65537])
def test_lengths_of_all_forms_are_echoed(served, size):
    payload = os.urandom(size)
    with Client(served) as client:
        client.send(2, payload)
        assert client.read() == (0x82, payload)


def test_w_ws_02_a_fragmented_message_with_a_ping_in_it(served):
    with Client(served) as client:
        client.send(1, b"Hel", fin=False)
        client.send(9, b"are you there")
        assert client.read() == (0x8A, b"are you there")
        client.send(0, b"lo")
        assert client.read() == (0x81, b"Hello")


def test_w_ws_04_an_empty_message_is_echoed(served):
    with Client(served) as client:
        client.send(1)
        assert client.read() == (0x81, b"")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(frame(1, b"x", mask=b""), 1002, id="unmasked"),
        pytest.param(frame(1, b"x", flags=0x40), 1002, id="rsv1"),
        pytest.param(frame(3, b"x"), 1002, id="opcode"),
        pytest.param(frame(9, b"x" * 126), 1002, id="long-ping"),
        pytest.param(frame(9, b"x", fin=False), 1002, id="fragmented-ping"),
        pytest.param(frame(0, b"x"), 1002, id="continuation"),
        pytest.param(frame(8, b"\x03"), 1002, id="short-close"),
        pytest.param(frame(8, struct.pack(">H", 1005)), 1002, id="close-code"),
        pytest.param(frame(1, b"\xff\xfe"), 1007, id="utf8"),
        pytest.param(frame(1, b"\xed\xa0\x80"), 1007, id="surrogate"),
    ],
)
def test_w_ws_05_and_06_a_broken_rule_closes_with_its_code(served, fault, code):
    with Client(served, first=fault) as client:
        assert client.closed() == code


def test_w_ws_01_unmasked_frames_are_not_echoed(served):
    with Client(served) as client:
        client.send(1, b"hello", mask=b"")
        assert client.closed() == 1002


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 1023, 1024, 1025, 4_000_000])
def test_w_ws_10_a_message_is_unmasked_as_a_whole(size):
    data = os.urandom(min(size, 4096)) * (size // 4096 + 1)
    data, key = data[:size], b"\x01\x80\xfe\x55"
    calls = []
    sys.setprofile(lambda frame, event, arg: calls.append(event))
    try:
        plain = apply_mask(data, key)
    finally:
        sys.setprofile(None)
    # Not byte by byte: what Python does for it does not grow with the message.
    assert len(calls) < 50
    # RFC 6455 5.3, for a part of it.
    for i in range(0, size, max(1, size // 5000)):
        assert plain[i] == data[i] ^ key[i % 4]
    assert len(plain) == size


def test_what_is_too_long_is_1009_and_not_echoed(served):
    for size in (9, 11, 16, 10_000):
        with Client(served, "/limit") as client:
            client.send(2, b"x" * size)
            assert client.closed() == 1009
    with Client(served, "/limit") as client:
        client.send(2, b"x" * 8, fin=False)
        client.send(0, b"x" * 2)
        assert client.read() == (0x82, b"x" * 10)
        client.send(2, b"x" * 8, fin=False)
        client.send(0, b"x" * 3)
        assert client.closed() == 1009


def test_a_long_message_that_is_refused_is_still_being_sent(served):
    with Client(served, "/limit") as client:
        with contextlib.suppress(OSError):
            client.send(2, b"x" * 300_000)
        assert client.closed() == 1009


def test_w_ws_05_the_code_of_the_client_is_echoed(served):
    for code in (1000, 1001, 3000, 4999):
        with Client(served) as client:
            client.send(8, struct.pack(">H", code) + b"bye")
            assert client.closed() == code
    with Client(served) as client:
        client.send(8)
        assert client.closed() is None


def test_the_server_closes_when_the_handler_returns(served):
    with Client(served, "/protocols") as client:
        assert client.read() == (0x81, b"none")
        assert client.closed() == 1000
    with Client(served, "/close/4002") as client:
        first, payload = client.read()
        assert (first, payload) == (0x88, struct.pack(">H", 4002) + b"as asked")


def test_messages_that_come_after_the_servers_close_are_dropped(served):
    with Client(served, "/close/4002") as client:
        assert client.read()[0] == 0x88
        client.send(1, b"late")
        client.send(8, struct.pack(">H", 4002))
        assert client.read() is None


def test_an_exception_in_the_handler_closes_with_1011(served):
    with Client(served, "/fail") as client:
        assert client.closed() == 1011


def test_w_ws_11_the_subprotocol_is_in_the_response(served):
    with Client(served, "/protocols", Sec_WebSocket_Protocol="one, two") as client:
        assert client.headers["Sec-WebSocket-Protocol"] == "two"
        assert client.read() == (0x81, b"two")


def test_a_ping_is_answered_while_the_handler_does_something_else(served):
    with Client(served, "/idle") as client:
        client.send(9, b"1")
        assert client.read() == (0x8A, b"1")
        client.send(8, struct.pack(">H", 1000))
        assert client.closed() == 1000


def test_garbage_after_the_handshake_is_1002(served):
    with Client(served, first=b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        assert client.closed() == 1002


def test_a_client_that_reads_nothing_does_not_stop_the_server(served):
    with Client(served, "/flood"):
        time.sleep(0.3)
        for _ in range(5):
            assert served.ask(get("/")).body == b"alive"


def test_a_client_that_vanishes_leaves_nothing_behind(served):
    for _ in range(30):
        with Client(served, "/flood") as client:
            client.read()
    for _ in range(3):
        assert served.ask(get("/")).body == b"alive"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_w_ws_09_the_handler_hears_how_it_ended(platform):
    server = PLATFORMS[platform](app=APP)
    try:
        with Client(server, "/end") as client:
            client.send(8, struct.pack(">H", 4000) + b"why")
            client.closed()
        with Client(server, "/end") as client:
            client.send(8)
            client.closed()
        with Client(server, "/end"):
            pass
        with Client(server, "/idle"):
            pass
        with Client(server, "/end") as client:
            client.socket.sendall(frame(1, b"cut short")[:5])
        time.sleep(1.5)
    finally:
        output = server.stop()
    gone = "ended 1006 the client has gone"
    assert sorted(output.splitlines()) == sorted(
        ["ended 4000 why", "ended 1005 ", "closed 1006", gone, gone]
    )


@pytest.mark.parametrize("platform", PLATFORMS)
def test_w_ws_11_a_silent_client_is_asked_and_then_cut(platform):
    # The portable server's clock ticks once a second.
    server = PLATFORMS[platform]("ping_interval=1", "ping_timeout=1", app=APP)
    try:
        for path in ("/echo", "/idle"):
            with Client(server, path, timeout=10) as client:
                assert client.read() == (0x89, b"")
                client.send(10)
                assert client.read() == (0x89, b"")
                client.send(10)
                started = time.monotonic()
                assert client.read() == (0x89, b"")
                with contextlib.suppress(ConnectionResetError):
                    assert client.read() is None
                assert time.monotonic() - started > 0.9
    finally:
        server.stop()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_client_that_never_answers_close_is_cut(platform):
    server = PLATFORMS[platform]("close_timeout=1", app=APP)
    try:
        with Client(server, "/close/1000", timeout=10) as client:
            assert client.read()[0] == 0x88
            with contextlib.suppress(ConnectionResetError):
                assert client.read() is None
    finally:
        server.stop()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_shutdown_says_goodbye_with_1001(platform):
    server = PLATFORMS[platform](app=APP)
    try:
        with Client(server, "/echo") as talking, Client(server, "/idle") as idle:
            talking.send(1, b"x")
            assert talking.read() == (0x81, b"x")
            server.ask(get("/stop"))
            assert talking.closed() == 1001
            assert idle.closed() == 1001
        server.wait(10)
        assert server.process.returncode == 0
    finally:
        if server.process.poll() is None:
            server.stop()
