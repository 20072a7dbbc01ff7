"""WebSocket endpoints through the test client: contract sections 12 and 21.4. On both platforms."""

import asyncio

from microdot import Microdot, Request, Response
from microdot.test_client import TestClient
from microdot.websocket import (
    WebSocket,
    WebSocketError,
    WebSockets,
    websocket_upgrade,
    websocket_wrapper,
    with_websocket,
)

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def make_app(**options):
    app = Microdot(autoload=False)
    app.log = []

    @app.route("/echo")
    @with_websocket(**options)
    async def echo(request, ws):
        while True:
            await ws.send(await ws.receive())

    @app.route("/loop/<name>")
    @with_websocket
    async def loop(request, ws, name):
        async for message in ws:
            await ws.send(name + message)
        app.log.append("after the loop")

    @app.route("/divzero")
    @with_websocket
    async def divzero(request, ws):
        1 / 0  # noqa: B018

    return app


def talk(app, path, client, headers=None):
    return asyncio.run(TestClient(app).websocket(path, client, headers))


def get(app, path, headers):
    return asyncio.run(TestClient(app).get(path, headers=headers))


def nothing():
    yield


def test_text_and_bytes_are_echoed():
    results = []

    def client():
        results.append((yield "hello"))
        results.append((yield b"bye"))

    response = talk(make_app(), "/echo", client)
    assert results == ["hello", b"bye"]
    assert response.body is None
    assert response.status_code is None


def test_path_arguments_and_iteration():
    results = []
    app = make_app()

    def client():
        for word in ("a", "b"):
            results.append((yield word))

    talk(app, "/loop/x", client)
    assert results == ["xa", "xb"]
    assert app.log == ["after the loop"]


def test_an_exception_in_a_handler_is_no_http_error():
    def client():
        yield "hello"

    assert talk(make_app(), "/divzero", client).body is None


def test_an_unknown_path_is_the_http_response():
    assert talk(make_app(), "/nothing", nothing).status_code == 404


def test_upgrade_within_a_handler():
    app = Microdot(autoload=False)
    results = []

    @app.route("/ws")
    async def handler(request):
        ws = await websocket_upgrade(request)
        await ws.send("first")
        await ws.close()
        return Response.already_handled

    def client():
        results.append((yield))

    talk(app, "/ws", client)
    assert results == ["first"]


def test_the_wrapper_takes_any_upgrade_function():
    app = Microdot(autoload=False)
    results = []

    async def upgrade(request):
        ws = request.sock.websocket_class(request)
        await ws.handshake()
        return ws

    async def endpoint(request, ws, number):
        await ws.send("number %d" % number)

    app.route("/ws/<int:number>")(websocket_wrapper(endpoint, upgrade))

    def client():
        results.append((yield None))

    talk(app, "/ws/7", client)
    assert results == ["number 7"]


def test_what_is_no_handshake_is_400():
    app = make_app()
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    for headers in (
        {},
        {"Connection": "Upgrade"},
        {"Connection": "foo"},
        {"Upgrade": "websocket"},
        {"Upgrade": "bar"},
        {"Connection": "Upgrade", "Upgrade": "websocket"},
        key,
    ):
        assert get(app, "/echo", headers).status_code == 400, headers


def refused(changes):
    headers = dict(HANDSHAKE)
    headers.update(changes)
    headers = {name: value for name, value in headers.items() if value is not None}
    return asyncio.run(TestClient(make_app()).request("GET", "/echo", headers))


def test_w_ws_08_the_version_has_to_be_13():
    for version in ("8", "14", "x"):
        response = refused({"Sec-WebSocket-Version": version})
        assert response.status_code == 426
        assert response.headers["Sec-WebSocket-Version"] == "13"
    assert refused({"Sec-WebSocket-Version": None}).status_code == 400


def test_w_ws_08_the_key_is_16_bytes_in_base64():
    for key in ("", "x", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZWE=", "?" * 24):
        assert refused({"Sec-WebSocket-Key": key}).status_code == 400, key


def test_w_ws_08_the_method_is_get():
    app = Microdot(autoload=False)

    @app.route("/ws", methods=["GET", "POST"])
    @with_websocket
    async def ws(request, ws):
        await ws.send("never")

    response = asyncio.run(TestClient(app).request("POST", "/ws", HANDSHAKE))
    assert response.status_code == 400


def test_w_ws_08_foreign_origins_are_refused():
    def client():
        yield "hello"

    def status(origin, origins):
        headers = {"Origin": origin} if origin else {}
        return talk(make_app(origins=origins), "/echo", client, headers).status_code

    assert status("https://evil.example", ["https://good.example"]) == 403
    assert status("https://good.example", ["https://good.example"]) is None
    assert status("HTTPS://Good.example", ["https://good.example"]) is None
    assert status(None, ["https://good.example"]) is None
    assert status("null", ["same"]) == 403
    assert status("http://example.com:1234", ["same"]) is None
    assert status("https://example.com:1234", "same") == 403
    assert status("https://a.example", lambda origin: origin[-10:] == ".a.example") == 403
    assert status("https://x.a.example", lambda origin: origin[-10:] == ".a.example") is None
    assert status("https://evil.example", None) is None
    assert status("https://evil.example", "*") is None


def test_w_ws_11_the_server_chooses_the_subprotocol():
    for offered, expected in (
        ("chat, soap", "soap"),
        ("chat", "chat"),
        ("other", None),
        (None, None),
    ):
        results = []
        app = Microdot(autoload=False)

        @app.route("/ws")
        @with_websocket(subprotocols=["soap", "chat"])
        async def ws(request, ws):
            results.append(ws.subprotocol)  # noqa: B023

        talk(app, "/ws", nothing, {"Sec-WebSocket-Protocol": offered} if offered else None)
        assert results == [expected]


def test_w_ws_09_the_end_is_one_exception():
    app = Microdot(autoload=False)
    errors = []

    @app.route("/ws")
    @with_websocket
    async def ws(request, ws):
        try:
            while True:
                await ws.receive()
        except WebSocketError as error:
            errors.append(error)
            assert ws.closed
        try:
            await ws.send("too late")
        except WebSocketError as error:
            errors.append(error)

    def client():
        yield "hello"

    talk(app, "/ws", client)
    assert [error.errno for error in errors] == [32, 32]
    assert [error.code for error in errors] == [1005, 1005]
    assert isinstance(errors[0], OSError)


def test_w_test_02_the_server_may_speak_first():
    app = Microdot(autoload=False)
    results = []

    @app.route("/ws")
    @with_websocket
    async def ws(request, ws):
        await ws.send("welcome")
        await ws.send("to the club")
        name = await ws.receive()
        await ws.send("hello " + name)

    def client():
        results.append((yield))
        results.append((yield))
        results.append((yield "Ada"))

    talk(app, "/ws", client)
    assert results == ["welcome", "to the club", "hello Ada"]


def test_w_test_02_several_answers_to_one_message_are_queued():
    app = Microdot(autoload=False)
    results = []

    @app.route("/ws")
    @with_websocket
    async def ws(request, ws):
        async for message in ws:
            for number in range(3):
                await ws.send("%s %d" % (message, number))

    def client():
        results.append((yield "a"))
        results.append((yield))
        results.append((yield))
        results.append((yield "b"))

    talk(app, "/ws", client)
    assert results == ["a 0", "a 1", "a 2", "b 0"]


def test_no_answer_is_none():
    app = Microdot(autoload=False)
    results = []

    @app.route("/ws")
    @with_websocket
    async def ws(request, ws):
        first = await ws.receive()
        await ws.send(first + await ws.receive())

    def client():
        results.append((yield "a"))
        results.append((yield "b"))

    talk(app, "/ws", client)
    assert results == [None, "ab"]


def test_an_endless_handler_ends_with_its_client():
    app = Microdot(autoload=False)
    results = []

    @app.route("/ws")
    @with_websocket
    async def ws(request, ws):
        number = 0
        while True:
            await ws.send(str(number))
            number += 1

    def client():
        for _ in range(100):
            results.append(int((yield)))

    talk(app, "/ws", client)
    assert results == list(range(100))


def test_a_failing_client_fails_the_test():
    def client():
        answer = yield "hello"
        raise ValueError(answer)

    try:
        talk(make_app(), "/echo", client)
    except ValueError as error:
        assert str(error) == "hello"
    else:
        raise AssertionError("not raised")


def test_w_ws_05_a_handler_closes_with_a_code():
    app = Microdot(autoload=False)
    sockets = []

    @app.route("/ws")
    @with_websocket
    async def ws(request, ws):
        sockets.append(ws)
        for code in (999, 1005, 1006, 2999, 5000):
            try:
                await ws.close(code)
            except ValueError as error:
                assert str(code) in str(error)
            else:
                raise AssertionError(code)
        await ws.close(4001, "enough")

    talk(app, "/ws", nothing)
    assert (sockets[0].close_code, sockets[0].close_reason) == (4001, "enough")


def test_only_text_and_bytes_are_sent():
    app = Microdot(autoload=False)
    errors = []

    @app.route("/ws")
    @with_websocket
    async def ws(request, ws):
        try:
            await ws.send({"a": 1})
        except TypeError as error:
            errors.append(str(error))

    talk(app, "/ws", nothing)
    assert errors == ["a WebSocket sends str or bytes, not dict; see json.dumps()"]


def test_unknown_options_are_refused_where_they_are_written():
    for make in (lambda: WebSockets(ping=3), lambda: with_websocket(ping=3)):
        try:
            make()
        except TypeError as error:
            assert "ping;" in str(error)
            assert "ping_interval" in str(error)
        else:
            raise AssertionError("not raised")


def test_options_come_from_the_route_else_the_application():
    app = Microdot(autoload=False)
    app.use(WebSockets(subprotocols=["a"], max_queue=5))
    found = []

    @app.route("/ws")
    @with_websocket(max_queue=7)
    async def ws(request, ws):
        found.append((ws.max_queue, ws.subprotocol))

    talk(app, "/ws", nothing, {"Sec-WebSocket-Protocol": "a"})
    assert found == [(7, "a")]


def test_a_mounted_application_brings_its_own_options():
    app, sub = Microdot(autoload=False), Microdot(autoload=False)
    app.use(WebSockets(max_queue=5))
    sub.use(WebSockets(max_queue=6))
    found = []

    @sub.route("/ws")
    @with_websocket
    async def ws(request, ws):
        found.append(ws.max_queue)

    app.route("/ws")(ws)
    app.mount(sub, "/sub", local=True)
    talk(app, "/sub/ws", nothing)
    talk(app, "/ws", nothing)
    assert found == [6, 5]


def test_a_drained_application_closes_its_sockets_with_1001():
    app = Microdot(autoload=False)
    plugin = app.use(WebSockets())
    codes = []

    @app.route("/ws")
    @with_websocket
    async def ws(request, ws):
        assert plugin.sockets == [ws]
        await plugin.microdot_drain(app)
        codes.append(ws.close_code)
        assert plugin.sockets == []

    talk(app, "/ws", nothing)
    assert codes == [1001]


def test_frames_without_a_connection():
    process = WebSocket(None)._process_websocket_frame
    assert process(WebSocket.TEXT, b"foo") == (None, "foo")
    assert process(WebSocket.BINARY, b"foo") == (None, b"foo")
    assert process(WebSocket.PING, b"foo") == (WebSocket.PONG, b"foo")
    assert process(WebSocket.PONG, b"foo") == (None, None)
    try:
        process(WebSocket.CLOSE, b"")
    except WebSocketError:
        pass
    else:
        raise AssertionError("not raised")


def test_the_names_and_values_of_the_contract():
    names = ("CONT", "TEXT", "BINARY", "CLOSE", "PING", "PONG")
    assert [getattr(WebSocket, name) for name in names] == [0, 1, 2, 8, 9, 10]
    assert WebSocket.max_message_length == -1
    assert WebSocket(None).closed is False
    assert issubclass(WebSocketError, Exception)
    assert Request.max_body_length == 16 * 1024
