"""WebSocket over ASGI, message by message."""

import asyncio
import logging
import sys

import pytest
from asgi_kit import Server, run, scope, ws_scope
from microdot.asgi import Microdot, WebSocket, websocket_upgrade, with_websocket
from microdot.broadcast import Group
from microdot.websocket import WebSocketError, WebSockets
from microdot.websocket import with_websocket as core_with_websocket

CONNECT = {"type": "websocket.connect"}
EXTENSION = {"websocket.http.response": {}}


def text(data):
    return {"type": "websocket.receive", "text": data}


def leaving(code=1001, reason=""):
    return {"type": "websocket.disconnect", "code": code, "reason": reason}


def endpoint(f, **options):
    """Return an application with one WebSocket endpoint."""
    app = Microdot(autoload=False)
    app.get("/")(with_websocket(f, **options))
    return app


async def echo(request, ws):
    while True:
        await ws.send(await ws.receive())


def closes(server):
    return [message for message in server.sent if message["type"] == "websocket.close"]


@pytest.mark.parametrize("decorator", [with_websocket, core_with_websocket])
def test_echo(decorator, caplog):
    app = Microdot(autoload=False)
    app.get("/<name>")(decorator(lambda request, ws, name: echo(request, ws)))
    server = run(
        app,
        ws_scope("/x"),
        CONNECT,
        text("one"),
        {"type": "websocket.receive", "bytes": b"two"},
        leaving(),
    )
    assert server.sent == [
        {"type": "websocket.accept", "subprotocol": None},
        {"type": "websocket.send", "text": "one"},
        {"type": "websocket.send", "bytes": b"two"},
    ]
    assert not caplog.records


def test_w_asgi_08_both_keys_one_of_them_none():
    server = run(
        endpoint(echo),
        ws_scope(),
        CONNECT,
        {"type": "websocket.receive", "text": None, "bytes": b"bytes"},
        {"type": "websocket.receive", "text": "text", "bytes": None},
        {"type": "websocket.receive", "text": "", "bytes": None},
        {"type": "websocket.receive", "text": None, "bytes": b""},
        leaving(),
    )
    assert [message.get("text", message.get("bytes")) for message in server.sent[1:]] == [
        b"bytes",
        "text",
        "",
        b"",
    ]


def test_the_end_of_the_handler_closes():
    async def handler(request, ws):
        await ws.send("bye")

    server = run(endpoint(handler), ws_scope(), CONNECT)
    assert closes(server) == [{"type": "websocket.close", "code": 1000, "reason": ""}]


def test_websocket_upgrade_in_a_handler():
    app = Microdot(autoload=False)

    @app.get("/")
    async def index(request):
        ws = await websocket_upgrade(request)
        assert isinstance(ws, WebSocket)
        await ws.send(await ws.receive())
        return ""

    server = run(app, ws_scope(), CONNECT, text("x"))
    assert [message["type"] for message in server.sent] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]


def test_closing_with_a_code():
    async def handler(request, ws):
        with pytest.raises(ValueError, match="1005"):
            await ws.close(1005)
        await ws.close(4001, "\xe9" * 100)
        await ws.close()
        assert ws.closed
        assert ws.close_code == 4001
        with pytest.raises(WebSocketError):
            await ws.send("late")
        with pytest.raises(WebSocketError):
            await ws.receive()
        assert not ws.post("late")

    server = run(endpoint(handler), ws_scope(), CONNECT)
    # RFC 6455 5.5: a reason of 123 bytes at most, cut between characters.
    assert closes(server) == [{"type": "websocket.close", "code": 4001, "reason": "\xe9" * 61}]


@pytest.mark.parametrize(
    "message, code, reason",
    [
        (leaving(4000, "why"), 4000, "why"),
        (leaving(None), 1005, ""),
        (None, 1006, "the client has gone"),
    ],
)
def test_how_the_connection_ended(message, code, reason):
    seen = []

    async def handler(request, ws):
        try:
            await ws.receive()
        except OSError as error:
            seen.append((error.errno, error.code, error.reason, ws.closed))
            raise

    server = run(endpoint(handler), ws_scope(), CONNECT, message)
    assert seen == [(32, code, reason, True)]
    assert closes(server) == []


def test_iterating():
    async def handler(request, ws):
        async for message in ws:
            await ws.send(message)

    server = run(endpoint(handler), ws_scope(), CONNECT, text("a"), text("b"), leaving())
    assert len(server.sent) == 3


def test_a_handler_that_fails(caplog):
    async def handler(request, ws):
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        server = run(endpoint(handler), ws_scope(), CONNECT)
    assert [message["code"] for message in closes(server)] == [1011]
    assert len(server.sent) == 2
    assert len(caplog.records) == 1


def test_a_message_that_is_too_long():
    seen = []

    async def handler(request, ws):
        try:
            while True:
                seen.append(await ws.receive())
        except WebSocketError as error:
            seen.append(error.code)

    app = endpoint(handler, max_message_length=8)
    # In bytes of UTF-8: four characters of two bytes fit, five do not.
    server = run(app, ws_scope(), CONNECT, text("\xe9" * 4), text("\xe9" * 5), text("x"))
    assert seen == ["\xe9" * 4, 1009]
    assert [message["code"] for message in closes(server)] == [1009]


def test_any_length():
    server = run(
        endpoint(echo, max_message_length=0), ws_scope(), CONNECT, text("x" * 1000000), leaving()
    )
    assert len(server.sent) == 2


def test_the_default_length_is_that_of_a_body():
    seen = []

    async def handler(request, ws):
        seen.append(len(await ws.receive()))
        await ws.receive()

    run(endpoint(handler), ws_scope(), CONNECT, text("x" * 16384), text("x" * 16385))
    assert seen == [16384]


def test_subprotocols():
    app = endpoint(echo, subprotocols=["v2", "v1"])
    found = ws_scope("/", [(b"sec-websocket-protocol", b"v1, v2")], subprotocols=["v1", "v2"])
    assert run(app, found, CONNECT, leaving()).sent[0]["subprotocol"] == "v2"
    assert run(app, ws_scope(), CONNECT, leaving()).sent[0]["subprotocol"] is None


def refused(app, found, *messages):
    server = run(app, found, *messages)
    assert all(message["type"] != "websocket.accept" for message in server.sent)
    return server


def test_an_origin_that_is_not_allowed():
    app = endpoint(echo, origins=["same"])
    fields = [(b"origin", b"http://evil.example")]
    server = refused(app, ws_scope("/", fields, extensions=EXTENSION), CONNECT)
    assert server.sent[0]["type"] == "websocket.http.response.start"
    assert server.status == 403
    assert server.complete
    server = refused(app, ws_scope("/", fields), CONNECT)
    assert server.sent == [{"type": "websocket.close", "code": 1000, "reason": ""}]
    server = run(app, ws_scope("/", [(b"origin", b"http://example.com")]), CONNECT, leaving())
    assert server.sent[0]["type"] == "websocket.accept"


def test_a_plain_answer_before_the_handshake():
    app = Microdot(autoload=False)

    @app.get("/")
    async def index(request):
        return "log in first", 401, {"WWW-Authenticate": "Basic"}

    server = refused(app, ws_scope(extensions=EXTENSION), CONNECT)
    assert (server.status, server.body) == (401, b"log in first")
    assert server.header(b"www-authenticate") == [b"Basic"]
    assert refused(app, ws_scope("/nowhere", extensions=EXTENSION), CONNECT).status == 404
    assert len(refused(app, ws_scope(), CONNECT).sent) == 1


def test_a_request_that_is_malformed_is_refused():
    server = refused(endpoint(echo), ws_scope(raw_path=b"/ x", extensions=EXTENSION), CONNECT)
    assert server.status == 400


def test_a_beginning_that_is_none_is_400():
    server = refused(endpoint(echo), ws_scope(extensions=EXTENSION), text("early"))
    assert server.status == 400


def test_a_client_that_leaves_at_once(caplog):
    for message in (leaving(), None):
        assert refused(endpoint(echo), ws_scope(extensions=EXTENSION), message).sent == []
    assert not caplog.records


def test_a_plain_request_is_no_handshake():
    server = run(endpoint(echo), scope())
    assert server.status == 400
    fields = [
        (b"connection", b"upgrade"),
        (b"upgrade", b"websocket"),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        (b"sec-websocket-version", b"13"),
    ]
    server = run(endpoint(echo), scope("GET", "/", fields))
    assert server.status == 400
    assert b"opens no WebSockets" in server.body
    fields[-1] = (b"sec-websocket-version", b"8")
    assert run(endpoint(echo), scope("GET", "/", fields)).status == 426


def test_the_request_of_a_websocket():
    seen = []

    async def handler(request, ws):
        seen.append((request.method, request.scheme, request.path, request.asgi_scope["type"]))

    app = endpoint(handler)
    run(app, ws_scope(), CONNECT)
    run(app, ws_scope(scheme="wss"), CONNECT)
    assert seen == [("GET", "http", "/", "websocket"), ("GET", "https", "/", "websocket")]


def test_what_can_be_sent():
    async def handler(request, ws):
        await ws.send("text")
        await ws.send("text", ws.BINARY)
        await ws.send(b"bytes", ws.TEXT)
        await ws.send(bytearray(b"bytes"))
        with pytest.raises(TypeError, match="str or bytes"):
            await ws.send(7)
        with pytest.raises(ValueError, match="control frames"):
            await ws.send(b"", ws.PING)
        await ws.ping()

    server = run(endpoint(handler), ws_scope(), CONNECT)
    assert server.sent[1:-1] == [
        {"type": "websocket.send", "text": "text"},
        {"type": "websocket.send", "bytes": b"text"},
        {"type": "websocket.send", "text": "bytes"},
        {"type": "websocket.send", "bytes": b"bytes"},
    ]


def test_two_tasks_must_not_receive():
    async def handler(request, ws):
        first = asyncio.ensure_future(ws.receive())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task"):
            await ws.receive()
        first.cancel()

    server = run(endpoint(handler), ws_scope(), CONNECT)
    assert [message["code"] for message in closes(server)] == [1000]


def test_a_handler_that_does_not_receive_learns_that_the_client_has_left(monkeypatch):
    monkeypatch.setattr("microdot.adapters.asgi_websocket.PATIENCE", 0.02)
    seen = []

    async def handler(request, ws):
        for _ in range(200):
            await asyncio.sleep(0.01)
            if ws.closed:
                seen.append(ws.close_code)
                return

    run(endpoint(handler), ws_scope(), CONNECT, leaving(4005))
    assert seen == [4005]


def test_messages_that_were_read_ahead_come_first(monkeypatch):
    monkeypatch.setattr("microdot.adapters.asgi_websocket.PATIENCE", 0.02)
    seen = []
    sent = [text(str(i)) for i in range(40)]
    server = Server(CONNECT, *sent, leaving())

    async def handler(request, ws):
        await asyncio.sleep(0.2)
        seen.append(server.received)
        async for message in ws:
            seen.append(message)
        seen.append(ws.close_code)

    asyncio.run(endpoint(handler)(ws_scope(), server.receive, server.send))
    # Of 40 messages, 16 are read ahead; the rest waits with the server.
    assert seen == [17, *[str(i) for i in range(40)], 1001]


def test_posting_and_groups():
    group = Group()
    server = Server(CONNECT, text("join"))

    async def handler(request, ws):
        await ws.receive()
        with group.member(ws):
            assert ws.post("one")
            assert ws.post(b"two")
            await ws.send("three")

    asyncio.run(endpoint(handler)(ws_scope(), server.receive, server.send))
    assert [message.get("text", message.get("bytes")) for message in server.sent[1:-1]] == [
        "one",
        b"two",
        "three",
    ]


def test_a_slow_client_gets_no_more_than_a_bounded_queue():
    seen = []
    server = Server(CONNECT)
    gate = []

    async def slow(message):
        if message["type"] == "websocket.send":
            await gate[0].wait()
        await server.send(message)

    async def handler(request, ws):
        gate.append(asyncio.Event())
        for _ in range(100):
            seen.append(ws.post("x" * 10))
        gate[0].set()
        for _ in range(10):
            await asyncio.sleep(0)
        seen.append(ws.post("last"))

    app = endpoint(handler, max_queue=100)
    asyncio.run(asyncio.wait_for(app(ws_scope(), server.receive, slow), 5))
    # More than 100 bytes wait after the eleventh.
    assert seen == [True] * 11 + [False] * 89 + [True]
    assert len(server.sent) == 1 + 12 + 1


def test_aborting():
    async def handler(request, ws):
        ws.abort()
        await asyncio.sleep(0.01)
        assert ws.closed

    server = run(endpoint(handler), ws_scope(), CONNECT)
    assert [message["code"] for message in closes(server)] == [1008]


def test_a_send_that_fails_is_the_end(caplog):
    seen = []

    async def handler(request, ws):
        try:
            await ws.send("x")
        except WebSocketError as error:
            seen.append(error.code)
            raise

    server = Server(CONNECT)
    server.broken_after = 1
    asyncio.run(endpoint(handler)(ws_scope(), server.receive, server.send))
    assert seen == [1006]
    assert not caplog.records


def test_the_plugin_says_goodbye():
    app = Microdot(autoload=False)
    plugin = app.use(WebSockets(subprotocols=["x"]))
    server = Server(CONNECT)

    @app.get("/")
    @with_websocket
    async def index(request, ws):
        await ws.receive()

    async def main():
        task = asyncio.ensure_future(app(ws_scope(subprotocols=["x"]), server.receive, server.send))
        await server.until(lambda: server.sent)
        assert server.sent[0]["subprotocol"] == "x"
        assert len(plugin.sockets) == 1
        await app._lifecycle.drain()
        assert plugin.sockets == []
        task.cancel()
        await asyncio.wait({task})

    asyncio.run(main())
    assert [message["code"] for message in closes(server)] == [1001]


def test_a_server_that_does_not_know_a_close_code():
    server = Server(CONNECT)

    async def send(message):
        if message["type"] == "websocket.close" and not 3000 <= message["code"] <= 4999:
            raise RuntimeError("invalid close code")
        await server.send(message)

    async def handler(request, ws):
        await ws.close(1011)

    asyncio.run(endpoint(handler)(ws_scope(), server.receive, send))
    assert [message["code"] for message in closes(server)] == [4011]


def test_the_names_of_the_extension_are_those_of_core():
    """So they work on the built-in server, too."""
    import microdot.asgi
    import microdot.websocket

    assert microdot.asgi.with_websocket is microdot.websocket.with_websocket
    assert microdot.asgi.websocket_upgrade is microdot.websocket.websocket_upgrade
    assert issubclass(microdot.asgi.WebSocket, microdot.websocket.base.BaseWebSocket)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        microdot.asgi.nothing


def test_without_the_extension(monkeypatch):
    import microdot
    import microdot.asgi

    monkeypatch.setitem(sys.modules, "microdot.websocket", None)
    monkeypatch.delattr(microdot, "websocket")
    with pytest.raises(ImportError, match="needs the distribution microdot-websocket"):
        microdot.asgi.with_websocket


def test_the_same_endpoint_on_the_built_in_server():
    from websockets.asyncio.client import connect

    app = endpoint(echo)

    async def main():
        task = asyncio.ensure_future(app.start_server(host="127.0.0.1", port=0))
        while app.server is None or not app.server.sockets:
            await asyncio.sleep(0.01)
        app.embedded_server = True
        port = app.server.sockets[0].getsockname()[1]
        async with connect("ws://127.0.0.1:%d/" % port) as client:
            await client.send("hello")
            assert await asyncio.wait_for(client.recv(), 5) == "hello"
        app.shutdown()
        await asyncio.wait_for(task, 10)

    asyncio.run(main())
