"""The ASGI adapter behind real servers."""

import contextlib
import http.client
import json
import socket
import time

import asgi_app
import asgi_servers
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

NAMES = asgi_servers.names()


@pytest.fixture(scope="module", params=NAMES)
def server(request):
    running = asgi_servers.Running(request.param)
    yield running
    running.stop()


def ws(server, path, **options):
    return connect("ws://127.0.0.1:%d%s" % (server.port, path), open_timeout=10, **options)


def test_hello_on_one_connection(server):
    with contextlib.closing(server.connection()) as connection:
        for path, text in (("/", b"Hello, world!"), ("/plain", b"from a thread")) * 2:
            connection.request("GET", path)
            response = connection.getresponse()
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/plain; charset=UTF-8"
            assert response.headers.get_all("Content-Length") == [str(len(text))]
            assert response.read() == text


def test_head(server):
    status, headers, body = server.request("HEAD", "/")
    assert (status, body) == (200, b"")
    assert headers["Content-Length"] == "13"


def test_paths(server):
    found = json.loads(server.request("GET", "/name/a%2Fb%20%C3%A9?q=%26x")[2])
    assert found == {"name": "a/b \xe9", "path": "/name/a%2Fb%20%C3%A9", "query": "&x"}


def test_errors(server):
    assert server.request("GET", "/nowhere")[0] == 404
    status, headers, _ = server.request("POST", "/")
    assert (status, headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert server.request("POST", "/json", b"x" * 20000)[0] == 413


def test_json(server):
    headers = {"Content-Type": "application/json"}
    assert server.request("POST", "/json", b'{"a": 1}', headers)[2] == b'{"json": {"a": 1}}'
    status, _, body = server.request(
        "POST", "/json", iter([b'{"a"', b": 2}"]), headers, encode_chunked=True
    )
    assert (status, body) == (200, b'{"json": {"a": 2}}')


def test_a_large_upload(server):
    size = 3000000
    assert json.loads(server.request("POST", "/upload", b"x" * size)[2]) == {"size": size}
    pieces = iter([b"x" * 1000] * 300)
    found = server.request("POST", "/upload", pieces, encode_chunked=True)[2]
    assert json.loads(found) == {"size": 300000}


def test_both_directions_stream_at_once(server):
    body = b"abc" * 10000
    assert server.request("POST", "/upper", body)[2] == body.upper()


def test_a_streamed_response(server):
    _, headers, body = server.request("GET", "/pieces")
    assert body == b"piece 0\npiece 1\npiece 2\n"
    assert "Content-Length" not in headers


def test_a_file(server):
    _, headers, body = server.request("GET", "/file")
    with open(asgi_app.__file__, "rb") as file:
        assert body == file.read()
    assert server.request("GET", "/file", headers={"If-None-Match": headers["ETag"]})[0] == 304


def test_sessions(server):
    cookie = ""
    for number in (b"1", b"2", b"3"):
        _, headers, body = server.request("GET", "/count", headers={"Cookie": cookie})
        assert body == number
        cookie = headers["Set-Cookie"].split(";")[0]


def test_a_body_that_fails_does_not_look_complete(server):
    # daphne leaves the connection open.
    with pytest.raises((http.client.IncompleteRead, OSError)):
        server.request("GET", "/broken", timeout=2)
    assert server.request("GET", "/")[2] == b"Hello, world!"


@pytest.mark.parametrize("path, note", [("/quiet", "quiet ended"), ("/events", "events ended")])
def test_leaving_ends_a_stream(server, path, note):
    with server.socket() as client:
        client.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
        # The head is there although the body has nothing to say.
        assert client.recv(100).startswith(b"HTTP/1.1 200")
    server.until_noted(note)


def test_an_upload_that_breaks_off(server):
    with server.socket() as client:
        client.sendall(b"POST /json HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        client.shutdown(socket.SHUT_WR)
    assert server.request("GET", "/")[2] == b"Hello, world!"


def test_websocket(server):
    with ws(server, "/echo", subprotocols=["other", "chat"]) as client:
        assert client.subprotocol == "chat"
        for message in ("text", b"bytes", "", b"", "\xe9" * 400):
            if message or server.name != "daphne":  # which sends no empty messages
                client.send(message)
                assert client.recv(10) == message
        client.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(10)
    assert closed.value.rcvd.code == 4001
    assert closed.value.rcvd.reason == ("" if server.name == "daphne" else "asked for")


@pytest.mark.parametrize("message, code", [("fail", 1011), ("x" * 2000, 1009)])
def test_websockets_that_end_badly(server, message, code):
    with ws(server, "/echo") as client:
        client.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(10)
    # autobahn, in daphne, leaves the codes from 1001 to 2999 to itself.
    assert closed.value.rcvd.code == (code + 3000 if server.name == "daphne" else code)


def test_leaving_a_websocket(server):
    with ws(server, "/echo") as client:
        client.close(4321)
    # hypercorn does not tell the code.
    server.until_noted("echo ended %d" % (1006 if server.name == "hypercorn" else 4321))


def test_leaving_a_websocket_whose_handler_does_not_receive(server):
    with ws(server, "/sleeper"):
        pass
    server.until_noted("sleeper ended")


def test_a_websocket_that_is_refused(server):
    for path, origin, status in (
        ("/guarded", "http://evil.example", 403),
        ("/nowhere", None, 404),
    ):
        with pytest.raises(InvalidStatus) as refused:
            ws(server, path, origin=origin)
        # Servers without the extension websocket.http.response know 403 only.
        expected = 403 if server.name == "daphne" else status
        assert refused.value.response.status_code == expected
    with ws(server, "/guarded", origin="http://127.0.0.1:%d" % server.port) as client:
        assert client.recv(10) == "in"


@pytest.mark.parametrize("app", ["app", "wrapped"])
@pytest.mark.parametrize("name", NAMES)
def test_the_life_of_a_server(name, app, tmp_path):
    notes = tmp_path / "notes"
    running = asgi_servers.Running(name, "asgi_app:" + app, notes)
    try:
        assert running.request("GET", "/")[2] == b"Hello, world!"
        lifespan = name != "daphne"
        assert running.request("GET", "/state")[2] == (b"True" if lifespan else b"None")
        noted = json.loads(running.request("GET", "/notes")[2])
        assert noted == (["startup", "lifespan_startup"] if lifespan else ["startup"])
        # The process that hypercorn serves in takes no notice of signals, it just ends.
        if name != "hypercorn":
            assert running.request("GET", "/shutdown")[0] == 200
            end = time.monotonic() + 20
            while running.process.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
    finally:
        output = running.stop()
    assert "Traceback" not in output
    if lifespan:
        expected = "startup lifespan_startup drain lifespan_shutdown shutdown"
        assert notes.read_text() == expected


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("uvicorn")])
def test_a_signal_ends_streams_before_uvicorn_waits_for_them(name, tmp_path):
    running = asgi_servers.Running(name, notes=tmp_path / "notes")
    with running.socket() as client:
        client.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        data = b""
        while b"data: first" not in data:
            data += client.recv(1000)
        start = time.monotonic()
        running.process.terminate()
        while piece := client.recv(1000):
            data += piece
        # Not cut off: the stream has ended in order.
        assert data.endswith(b"0\r\n\r\n")
    output = running.stop()
    assert time.monotonic() - start < 5
    assert "Traceback" not in output
    notes = (tmp_path / "notes").read_text()
    assert notes.endswith("drain events ended lifespan_shutdown shutdown")
