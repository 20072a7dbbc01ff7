"""Requests over ASGI, message by message."""

import asyncio
import json
import logging

import pytest
from asgi_kit import GONE, Server, body, run, scope
from microdot import Microdot as Core
from microdot import Request, redirect
from microdot.asgi import Microdot, asgi


def application():
    app = Microdot(autoload=False)

    @app.get("/")
    async def index(request):
        return "Hello, world!"

    @app.route("/echo", methods=["GET", "POST", "PUT"])
    async def echo(request):
        return {
            "method": request.method,
            "path": request.path,
            "url": request.url,
            "query": request.query_string,
            "args": {name: request.args.getlist(name) for name in request.args},
            "headers": dict(request.headers.items()),
            "cookies": request.cookies,
            "client": list(request.client_addr),
            "scheme": request.scheme,
            "version": request.http_version,
            "length": request.content_length,
            "type": request.content_type,
            "body": request.body.decode("latin-1"),
            "prefix": request.url_prefix,
        }

    @app.get("/name/<name>")
    async def name(request, name):
        return name

    @app.post("/json")
    async def parsed(request):
        return {"json": request.json}

    @app.post("/stream", max_content_length=1 << 30, max_body_length=0)
    async def stream(request):
        pieces = []
        while True:
            piece = await request.stream.read(4)
            if not piece:
                return {"pieces": [piece.decode() for piece in pieces], "body": len(request.body)}
            pieces.append(piece)

    @app.post("/lines", max_body_length=0)
    async def lines(request):
        first = await request.stream.readline()
        exact = await request.stream.readexactly(3)
        second = await request.stream.readline()
        rest = await request.stream.readline()
        return [first.decode(), exact.decode(), second.decode(), rest.decode()]

    @app.post("/exactly", max_body_length=0)
    async def exactly(request):
        try:
            await request.stream.readexactly(100)
        except EOFError as error:
            return "short: %s" % error, 422

    return app


def echoed(found, *messages, **more):
    server = run(application(), found, *messages, **more)
    assert server.complete
    return json.loads(server.body)


def test_hello():
    server = run(application(), scope())
    assert server.sent == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/plain; charset=UTF-8"),
                (b"content-length", b"13"),
            ],
        },
        {"type": "http.response.body", "body": b"Hello, world!", "more_body": False},
    ]
    # RFC 9112 6.3: a GET without framing fields has no body; nobody asks for one.
    assert server.received == 0


def test_the_scope_is_the_request():
    found = echoed(
        scope(
            "GET",
            "/echo",
            [(b"x-one", b"1"), (b"content-type", b"text/x")],
            query_string=b"a=1&b=%20&a=2",
            scheme="https",
            http_version="1.0",
        )
    )
    assert found["method"] == "GET"
    assert found["path"] == "/echo"
    assert found["url"] == "/echo?a=1&b=%20&a=2"
    assert found["query"] == "a=1&b=%20&a=2"
    assert found["args"] == {"a": ["1", "2"], "b": [" "]}
    assert found["headers"] == {"Host": "example.com", "X-One": "1", "Content-Type": "text/x"}
    assert found["client"] == ["192.0.2.7", 4711]
    assert found["scheme"] == "https"
    assert found["version"] == "HTTP/1.0"
    assert found["type"] == "text/x"
    assert found["prefix"] == ""


def test_the_scope_and_the_functions_are_there():
    app = Microdot(autoload=False)
    seen = []

    @app.get("/")
    async def index(request):
        seen.append((request.asgi_scope, request.sock, isinstance(request, Request)))
        return ""

    server = Server()
    found = scope()
    asyncio.run(app(found, server.receive, server.send))
    assert seen == [(found, (server.receive, server.send), True)]


def test_a_handler_may_answer_by_itself():
    app = Microdot(autoload=False)

    @app.get("/")
    async def index(request):
        _, send = request.sock
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b"mine"})
        from microdot import Response

        return Response.already_handled

    server = run(app, scope())
    assert (server.status, server.body, len(server.sent)) == (299, b"mine", 2)


@pytest.mark.parametrize("client", [None, (), ("unix",)])
def test_w_asgi_01_no_client(client):
    found = scope("GET", "/echo", client=client)
    assert echoed(found)["client"] == ["", 0]
    found["client"] = None
    assert echoed(found)["client"] == ["", 0]


def test_keys_that_may_be_missing():
    found = echoed({"type": "http", "method": "GET", "path": "/echo", "headers": []})
    assert found["client"] == ["", 0]
    assert found["scheme"] == "http"
    assert found["version"] == "HTTP/1.1"
    assert found["query"] is None
    assert found["headers"] == {}
    server = run(application(), {"type": "http", "path": "/"})
    assert server.status == 200


def test_w_asgi_02_header_bytes_that_are_no_utf8():
    found = echoed(scope("GET", "/echo", [(b"x-name", b"caf\xe9 \xff"), (b"x-tab", b" a\tb ")]))
    assert found["headers"]["X-Name"] == "caf\xe9 \xff"
    assert found["headers"]["X-Tab"] == "a\tb"


def test_w_asgi_02_control_characters_do_not_reach_the_application():
    # RFC 9110 5.5: replaced with a space.
    found = echoed(scope("GET", "/echo", [(b"x-evil", b"a\r\nX-Admin: 1\x00b")]))
    assert found["headers"]["X-Evil"] == "a  X-Admin: 1 b"


def test_w_asgi_02_repeated_headers():
    fields = [
        (b"cookie", b"a=1"),
        (b"x-list", b"one"),
        (b"cookie", b"b=2"),
        (b"x-list", b"two"),
    ]
    found = echoed(scope("GET", "/echo", fields, http_version="2"), body())
    # RFC 9113 8.2.3 and RFC 9110 5.3
    assert found["cookies"] == {"a": "1", "b": "2"}
    assert found["headers"]["X-List"] == "one, two"


@pytest.mark.parametrize("query", [b"a b", b"\x00", b"x=#", b"a\r\nb"])
def test_w_asgi_02_a_malformed_query_is_400(query):
    server = run(application(), scope("GET", "/echo", query_string=query))
    assert server.status == 400
    assert server.complete


def test_w_asgi_02_stray_percent_signs_in_a_query():
    found = echoed(scope("GET", "/echo", query_string=b"x=%2f%%&y=%zz"))
    assert found["args"] == {"x": ["/%%"], "y": ["%zz"]}


@pytest.mark.parametrize("raw", [b"/a b", b"/\x01", b"nothing", b"/x#y", b"*"])
def test_a_malformed_path_is_400(raw):
    server = run(application(), scope("GET", "/", raw_path=raw))
    assert server.status == 400
    assert server.complete


@pytest.mark.parametrize("length", [b"-1", b"+5", b"1_0", b"abc", b"", b"9" * 30])
def test_a_malformed_length_is_400(length):
    server = run(application(), scope("POST", "/json", [(b"content-length", length)]), body())
    assert server.status == 400
    assert server.complete


def test_w_asgi_03_reading_a_stream():
    data = b"first line\nabcsecond\nrest"
    for size in (1, 3, 100):
        cut = [data[i : i + size] for i in range(0, len(data), size)]
        messages = [body(piece, True) for piece in cut[:-1]] + [body(cut[-1])]
        found = scope("POST", "/lines", [(b"content-length", b"%d" % len(data))])
        server = run(application(), found, *messages)
        assert json.loads(server.body) == ["first line\n", "abc", "second\n", "rest"]


def test_w_asgi_03_a_stream_ends_with_the_body():
    server = run(
        application(),
        scope("POST", "/exactly", [(b"content-length", b"3")]),
        body(b"abc"),
    )
    assert server.status == 422
    assert server.body == b"short: request body ended 97 bytes early"


def test_a_stream_asks_for_no_more_than_is_read():
    app = Microdot(autoload=False)
    server = Server(body(b"one", True), body(b"two", True), body(b"three"))
    seen = []

    @app.post("/", max_body_length=0)
    async def index(request):
        seen.append(server.received)
        seen.append(await request.stream.read(2))
        seen.append(server.received)
        seen.append(await request.stream.read(20))
        seen.append(server.received)
        return ""

    asyncio.run(app(scope("POST", "/", [(b"content-length", b"11")]), server.receive, server.send))
    assert seen == [0, b"on", 1, b"e", 1]


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize("chunked", [False, True])
def test_w_asgi_04_a_body_without_a_length(version, chunked):
    fields = [(b"content-type", b"application/json")]
    if chunked:
        fields.append((b"transfer-encoding", b"chunked"))
    found = scope("POST", "/json", fields, http_version=version)
    server = run(application(), found, body(b'{"a"', True), body(b"", True), body(b": 1}"))
    assert json.loads(server.body) == {"json": {"a": 1}}


def test_w_asgi_04_a_body_without_a_length_is_streamed():
    server = run(
        application(),
        scope("POST", "/stream"),
        body(b"abc", True),
        body(b"defghij", True),
        body(b""),
    )
    assert json.loads(server.body) == {"pieces": ["abc", "defg", "hij"], "body": 0}


def test_a_get_with_a_body():
    found = scope("GET", "/echo", [(b"content-length", b"3")])
    assert echoed(found, body(b"abc"))["body"] == "abc"
    found = scope("GET", "/echo", http_version="2")
    assert echoed(found, body(b"abc"))["body"] == "abc"


@pytest.mark.parametrize("leaving", [GONE, None])
@pytest.mark.parametrize(
    "fields", [[(b"content-length", b"10")], [(b"transfer-encoding", b"chunked")]]
)
def test_w_asgi_04_leaving_in_mid_body_is_not_its_end(fields, leaving, caplog):
    app = Microdot(autoload=False)
    called = []

    @app.post("/")
    async def index(request):
        called.append("handler")
        return ""

    @app.errorhandler(400)
    async def bad(request):
        called.append(400)
        return "bad", 400

    server = run(app, scope("POST", "/", fields), body(b"abc", True), leaving)
    assert called == [400]
    assert server.sent == []
    assert not caplog.records


def test_w_asgi_04_leaving_in_mid_stream_raises_in_the_handler(caplog):
    app = Microdot(autoload=False)
    seen = []

    @app.post("/", max_body_length=0)
    async def index(request):
        try:
            await request.stream.read()
        except OSError as error:
            seen.append(error)
            raise

    run(app, scope("POST", "/", [(b"content-length", b"9")]), body(b"abc", True), GONE)
    assert len(seen) == 1
    assert not caplog.records


def test_nothing_declared_and_nobody_there():
    """Nothing is missing of what was announced: it is answered."""
    for leaving in (GONE, None):
        server = run(application(), scope("POST", "/"), then=leaving)
        assert server.status == 405
        assert server.complete


def test_a_body_that_is_too_long_is_413():
    app = application()
    for fields, messages in (
        ([(b"content-length", b"20000")], []),
        ([], [body(b"x" * 8192, True)] * 3),
        ([(b"transfer-encoding", b"chunked")], [body(b"x" * 20000)]),
    ):
        server = run(app, scope("POST", "/json", fields), *messages)
        assert (server.status, server.body) == (413, b"Payload too large")


def test_a_declared_length_that_is_too_long_is_not_read():
    server = run(application(), scope("POST", "/nowhere", [(b"content-length", b"99999")]))
    assert server.status == 413
    assert server.received == 0


def test_a_body_that_does_not_come_is_408():
    app = application()
    app.body_timeout = 0.05
    server = run(app, scope("POST", "/json", [(b"content-length", b"5")]), body(b"{", True))
    assert server.status == 408
    server = run(app, scope("POST", "/json", [(b"content-length", b"5")]))
    assert server.status == 408


def test_a_time_out_of_the_handler_is_its_own():
    app = Microdot(autoload=False)

    @app.post("/", max_body_length=0)
    async def index(request):
        try:
            await asyncio.wait_for(request.stream.read(), 0.05)
        except asyncio.TimeoutError:
            return "gave up"

    server = run(app, scope("POST", "/", [(b"content-length", b"5")]))
    assert server.body == b"gave up"


def test_w_asgi_06_one_path_on_every_server():
    app = application()
    assert run(app, scope("GET", "/name/a%2Fb", path="/name/a/b")).body == b"a/b"
    assert run(app, scope("GET", "/name/caf%C3%A9", path="/name/caf\xe9")).body == b"caf\xc3\xa9"
    assert run(app, scope("GET", "/name/100%25", path="/name/100%")).body == b"100%"


def test_w_asgi_06_without_raw_path():
    app = application()
    found = scope("GET", "/name/what?", raw_path=None)
    found["query_string"] = b"a=1"
    assert run(app, found).body == b"what?"
    assert run(app, scope("GET", "/name/caf\xe9", raw_path=None)).body == b"caf\xc3\xa9"
    assert run(app, scope("GET", "/name/50%", raw_path=None)).body == b"50%"
    assert run(app, scope("GET", "/name/%41", raw_path=None)).body == b"%41"
    assert run(app, scope("GET", "/name/a b", raw_path=None)).body == b"a b"
    assert run(app, scope("GET", "/name/\udc80", raw_path=None)).status == 400


def test_w_asgi_06_a_query_string_in_raw_path():
    found = echoed(scope("GET", "/echo", raw_path=b"/echo?a=1", query_string=b"a=1"))
    assert (found["path"], found["url"]) == ("/echo", "/echo?a=1")


@pytest.mark.parametrize(
    "root, raw, path",
    [
        ("/api", b"/api/echo", "/api/echo"),
        ("/api/", b"/api/echo", "/api/echo"),
        ("/api", b"/echo", "/echo"),  # a server that has removed it
        ("/a b", b"/a%20b/echo", "/a b/echo"),
        ("/caf\xe9", b"/caf%C3%A9/echo", "/caf\xe9/echo"),
        ("/api", None, "/api/echo"),
        ("/", b"/echo", "/echo"),
    ],
)
def test_w_asgi_06_root_path(root, raw, path):
    found = echoed(scope("GET", path, raw_path=raw, root_path=root, query_string=b"x"))
    assert found["path"] == "/echo"
    assert found["url"] == "/echo?x"


def test_w_asgi_06_root_path_is_there_for_links():
    app = Microdot(autoload=False)

    @app.get("/old")
    async def old(request):
        return redirect(request.root_path + "/new")

    sent = run(asgi(app), scope("GET", "/api/old", root_path="/api"))
    assert dict(sent.headers)[b"location"] == b"/api/new"


def test_w_asgi_06_a_root_path_ends_at_a_slash():
    assert run(application(), scope("GET", "/apiecho", root_path="/api")).status == 404
    assert run(application(), scope("GET", "/api", root_path="/api")).body == b"Hello, world!"


def test_a_target_in_absolute_form():
    found = echoed(scope("GET", "/echo", raw_path=b"http://other.example/echo"))
    assert found["path"] == "/echo"
    assert found["headers"]["Host"] == "other.example"


def test_options_for_the_server():
    server = run(application(), scope("OPTIONS", "*", raw_path=b"*"))
    assert server.status == 200
    assert b"POST" in server.header(b"allow")[0]
    assert run(application(), scope("OPTIONS", "*", raw_path=None)).status == 200


def test_a_wrong_method_is_405():
    server = run(application(), scope("DELETE", "/"), body())
    assert server.status == 405
    assert server.header(b"allow") == [b"GET, HEAD, OPTIONS"]


def test_what_a_plugin_sets_stays():
    app = application()

    class Proxy:
        name = "proxy"

        def microdot_request(self, app, request):
            request.client_addr = ("203.0.113.1", 1)
            request.scheme = "https"

    app.use(Proxy())
    server = run(app, scope("GET", "/echo"))
    found = json.loads(server.body)
    assert (found["client"], found["scheme"]) == (["203.0.113.1", 1], "https")


def test_other_scopes_are_ignored():
    assert run(application(), {"type": "gopher"}).sent == []


def test_a_core_application_is_served():
    app = Core(autoload=False)

    @app.get("/")
    async def index(request):
        return "core"

    served = asgi(app)
    assert run(served, scope()).body == b"core"
    assert "Microdot" in repr(served)
    with pytest.raises(TypeError, match="serves a Microdot application"):
        asgi(index)


def test_an_application_in_threads():
    app = Microdot(autoload=False)

    @app.get("/")
    def index(request):
        return request.headers["Host"]

    assert run(app, scope()).body == b"example.com"


def test_an_error_in_a_handler_is_reported_once(caplog):
    app = Microdot(autoload=False)

    @app.get("/")
    async def index(request):
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        server = run(app, scope())
    assert (server.status, server.body) == (500, b"Internal server error")
    assert len(caplog.records) == 1
