"""Responses over ASGI, message by message."""

import asyncio
import io
import logging

import pytest
from asgi_kit import GONE, Server, body, run, scope
from microdot import Response
from microdot.asgi import Microdot
from microdot.sse import with_sse


def answering(result, **options):
    """Return an application that answers GET and POST / with what a function returns."""
    app = Microdot(autoload=False, **options)

    @app.route("/", methods=["GET", "POST"])
    async def index(request):
        return result(request)

    return app


def get(result, method="GET"):
    return run(answering(lambda request: result), scope(method))


class Pieces:
    """An asynchronous iterator over pieces; functions among them are awaited."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.closed = 0

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.pieces:
            raise StopAsyncIteration
        piece = self.pieces.pop(0)
        if callable(piece):
            piece = await piece()
        return piece

    async def aclose(self):
        self.closed += 1


async def for_ever():
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    "result, status, kind, content",
    [
        ("text", 200, b"text/plain; charset=UTF-8", b"text"),
        (b"bytes", 200, b"text/plain; charset=UTF-8", b"bytes"),
        ({"a": 1}, 200, b"application/json; charset=UTF-8", b'{"a": 1}'),
        (("gone", 410), 410, b"text/plain; charset=UTF-8", b"gone"),
        (("<p>", {"Content-Type": "text/html"}), 200, b"text/html", b"<p>"),
        ("\xe9", 200, b"text/plain; charset=UTF-8", b"\xc3\xa9"),
    ],
)
def test_whole_bodies_are_one_message(result, status, kind, content):
    server = get(result)
    assert server.complete
    assert len(server.sent) == 2
    assert server.status == status
    assert server.header(b"content-type") == [kind]
    assert server.header(b"content-length") == [b"%d" % len(content)]
    assert server.body == content


def test_names_are_small_and_cookies_single():
    def result(request):
        response = Response("x", headers={"X-Mixed-Case": "1", "X-List": ["a", "b"]})
        response.set_cookie("one", "1")
        response.set_cookie("two", "2")
        return response

    for _ in range(2):
        server = run(answering(result), scope())
        assert server.header(b"set-cookie") == [b"one=1", b"two=2"]
        assert server.header(b"x-mixed-case") == [b"1"]
        assert server.header(b"x-list") == [b"a", b"b"]
        assert all(name == name.lower() for name, _ in server.headers)


@pytest.mark.parametrize("result", ["text", {"a": 1}, io.BytesIO(b"file"), Pieces(b"a", b"b")])
def test_w_asgi_05_head_has_no_body(result):
    server = get(result, "HEAD")
    assert server.status == 200
    assert server.body == b""
    assert server.complete


def test_w_asgi_05_head_has_the_length():
    assert get("text", "HEAD").header(b"content-length") == [b"4"]


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(status):
    # RFC 9110 15.3.5 and 15.4.5
    server = get(("", status))
    assert server.status == status
    assert server.body == b""
    assert server.header(b"content-length") == []
    assert server.complete
    server = run(answering(lambda request: (Pieces(b"a"), status)), scope())
    assert server.body == b""


def test_nothing_is_204():
    server = get(None)
    assert (server.status, server.headers) == (204, [])


def test_w_asgi_07_values_that_are_no_text():
    server = get(("x", 200, {"X-Number": 7, "X-None": None, "X-Float": 1.5}))
    assert server.header(b"x-number") == [b"7"]
    assert server.header(b"x-none") == [b"None"]
    assert server.header(b"x-float") == [b"1.5"]


@pytest.mark.parametrize(
    "fields",
    [
        {"X-A": "1\r\nX-Evil: 1"},
        {"X-A": "1\n"},
        {"X-A": "a\x00b"},
        {"X-A": ["fine", "bad\r"]},
        {"X A": "1"},
        {"": "1"},
        {"X-A\r\nX-Evil": "1"},
        {"X-A": "\u20ac"},
        {"Content-Type": "text/html\r\nX-Evil: 1"},
        {"Content-Length": "1\r\n", "X-A": "\n"},
    ],
)
def test_w_asgi_07_what_cannot_be_sent_is_500(fields, caplog):
    with caplog.at_level(logging.ERROR):
        server = get(("x", 200, fields))
    assert (server.status, server.body) == (500, b"Internal server error")
    assert not any(b"evil" in name + value.lower() for name, value in server.headers)
    assert server.complete
    assert len(caplog.records) == 1


def test_w_asgi_07_latin_1_is_sent():
    assert get(("x", 200, {"X-A": "caf\xe9"})).header(b"x-a") == [b"caf\xe9"]


def test_what_belongs_to_the_connection_is_the_servers():
    fields = {
        "Connection": "close",
        "Keep-Alive": "timeout=5",
        "Transfer-Encoding": "chunked",
        "Upgrade": "x",
    }
    server = get(("x", 200, fields))
    assert [name for name, _ in server.headers] == [
        b"connection",
        b"content-type",
        b"content-length",
    ]
    # RFC 9113 8.2.2
    server = run(answering(lambda request: ("x", 200, fields)), scope(http_version="2"), body())
    assert [name for name, _ in server.headers] == [b"content-type", b"content-length"]


def test_a_length_is_that_of_the_body():
    server = get(("four", 200, {"Content-Length": "17", "X-A": "1"}))
    assert server.header(b"content-length") == [b"4"]


def test_a_plain_generator():
    app = Microdot(autoload=False)

    @app.get("/")
    def index(request):
        yield "one"
        yield b"two"
        yield ""
        yield "\xe9"

    server = run(app, scope())
    assert server.body == b"onetwo\xc3\xa9"
    assert server.header(b"content-length") == []
    assert server.complete


def test_an_asynchronous_generator():
    app = Microdot(autoload=False)

    @app.get("/")
    async def index(request):
        async def pieces():
            yield "one"
            await asyncio.sleep(0.01)
            yield b"two"

        return pieces()

    server = run(app, scope())
    assert [message.get("body") for message in server.sent[1:]] == [b"one", b"two", b""]
    assert server.complete


def test_files_in_pieces():
    class File:
        def __init__(self):
            self.file = io.BytesIO(b"x" * 2500)
            self.sizes = []
            self.closed = 0

        async def read(self, size):
            self.sizes.append(size)
            return self.file.read(size)

        async def aclose(self):
            self.closed += 1

    file = File()
    server = get(file)
    assert server.body == b"x" * 2500
    # Response.send_file_buffer_size
    assert set(file.sizes) == {1024}
    assert [len(message["body"]) for message in server.sent[1:]] == [1024, 1024, 452, 0]
    assert file.closed == 1


@pytest.mark.parametrize("size", [0, 1, 1000, 300000])
def test_sending_files(tmp_path, size):
    data = bytes(i % 251 for i in range(size))
    path = tmp_path / "data.txt"
    path.write_bytes(data)
    app = answering(lambda request: Response.send_file(str(path)))
    for _ in range(2):
        server = run(app, scope())
        assert server.body == data
        assert server.header(b"content-length") == [b"%d" % size]
        assert server.header(b"content-type") == [b"text/plain; charset=UTF-8"]
        assert server.header(b"etag")
        assert server.complete
    if size <= 262144:
        assert len(server.sent) == 2


def test_conditional_and_range_requests(tmp_path):
    path = tmp_path / "data.txt"
    path.write_bytes(b"0123456789")
    app = answering(lambda request: Response.send_file(str(path)))
    tag = run(app, scope()).header(b"etag")[0]
    server = run(app, scope("GET", "/", [(b"if-none-match", tag)]))
    assert (server.status, server.body) == (304, b"")
    server = run(app, scope("GET", "/", [(b"range", b"bytes=2-4")]))
    assert (server.status, server.body) == (206, b"234")
    assert server.header(b"content-length") == [b"3"]


def test_a_body_that_fails_before_its_first_piece_is_500(caplog):
    app = Microdot(autoload=False)

    @app.get("/")
    def index(request):
        yield 1 // 0

    with caplog.at_level(logging.ERROR):
        server = run(app, scope())
    assert server.status == 500
    assert server.complete
    assert len(caplog.records) == 1


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_body_that_fails_later_is_not_complete(asynchronous, caplog):
    """RFC 9112 8: the server cuts the connection when the application raises, and reports it."""
    app = Microdot(autoload=False)

    def fails():
        yield "one"
        raise KeyError("two")

    async def fails_too():
        yield "one"
        raise KeyError("two")

    @app.get("/")
    async def index(request):
        return fails_too() if asynchronous else fails()

    server = Server()
    with pytest.raises(KeyError):
        asyncio.run(app(scope(), server.receive, server.send))
    assert server.body == b"one"
    assert not server.complete
    assert not caplog.records


@pytest.mark.parametrize("length", ["2", "4"])
def test_a_body_that_does_not_fit_its_length_is_not_complete(length):
    app = answering(lambda request: (Pieces(b"abc"), 200, {"Content-Length": length}))
    server = Server()
    with pytest.raises(ValueError, match="Content-Length"):
        asyncio.run(app(scope(), server.receive, server.send))
    assert not server.complete


def test_w_asgi_09_the_watcher_leaves_the_body_of_the_request_alone():
    app = Microdot(autoload=False)

    @app.post("/", max_body_length=0)
    async def index(request):
        async def echo():
            yield b"begin "
            await asyncio.sleep(0.02)
            while True:
                piece = await request.stream.read(100)
                if not piece:
                    break
                yield piece.upper()
                await asyncio.sleep(0.01)

        return echo()

    server = run(
        app,
        scope("POST", "/", [(b"content-length", b"9")]),
        body(b"abc", True),
        body(b"def", True),
        body(b"ghi"),
    )
    assert server.body == b"begin ABCDEFGHI"
    assert server.complete


def test_w_asgi_09_a_client_that_leaves_after_its_body_was_read():
    """From the end of the request's body on, its leaving is seen."""
    app = Microdot(autoload=False)
    pieces = []

    @app.post("/", max_body_length=0)
    async def index(request):
        async def stream():
            yield await request.stream.read()
            await for_ever()

        pieces.append(stream())
        return pieces[0]

    server = run(app, scope("POST", "/", [(b"transfer-encoding", b"chunked")]), body(b"abc"), GONE)
    assert server.body == b"abc"
    assert not server.complete


def test_w_asgi_09_nothing_is_left_when_a_body_fails():
    """``run`` checks the tasks; here the application raises."""
    app = answering(lambda request: Pieces(b"a", for_ever_failing))
    server = Server()

    async def main():
        with pytest.raises(ZeroDivisionError):
            await app(scope(), server.receive, server.send)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1
        assert server.waiting == 0

    asyncio.run(main())


async def for_ever_failing():
    await asyncio.sleep(0.02)
    raise ZeroDivisionError


def test_w_asgi_09_it_returns_when_receive_stays_silent():
    assert get(Pieces(b"a", b"b")).complete
    assert get("text").complete


@pytest.mark.parametrize("then", [GONE, None, "error"])
def test_w_asgi_10_leaving_ends_a_stream_that_is_idle(then):
    pieces = Pieces(b"first", for_ever)
    app = answering(lambda request: pieces)

    async def leave():
        await asyncio.sleep(0.05)
        if then == "error":
            raise OSError(104, "Connection reset")
        return then

    server = run(app, scope(), leave)
    assert server.body == b"first"
    assert not server.complete
    assert pieces.closed == 1


def test_w_asgi_10_leaving_ends_an_event_stream():
    app = Microdot(autoload=False)
    ended = []

    @app.get("/")
    @with_sse
    async def events(request, sse):
        try:
            await sse.send("hello")
            await for_ever()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def leave():
        await asyncio.sleep(0.05)
        return GONE

    server = run(app, scope(), leave)
    assert server.header(b"content-type") == [b"text/event-stream"]
    assert server.body == b"data: hello\n\n"
    assert ended == ["cancelled"]


def test_w_asgi_10_leaving_ends_a_plain_generator():
    app = Microdot(autoload=False)
    closed = []

    @app.get("/")
    def index(request):
        import time

        try:
            while True:
                yield b"x" * 1000
                time.sleep(0.01)
        finally:
            closed.append(True)

    async def leave():
        await asyncio.sleep(0.1)
        return GONE

    server = run(app, scope(), leave)
    assert not server.complete
    assert closed == [True]


def test_the_beginning_of_a_quiet_stream_is_sent():
    """Some servers send nothing before the first piece of the body."""
    app = answering(lambda request: Pieces(for_ever))
    server = Server()

    async def main():
        task = asyncio.ensure_future(app(scope(), server.receive, server.send))
        await server.until(lambda: len(server.sent) == 2)
        assert server.sent[1] == {"type": "http.response.body", "body": b"", "more_body": True}
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_a_server_that_cancels():
    pieces = Pieces(b"a", for_ever)
    app = answering(lambda request: pieces)
    server = Server()

    async def main():
        task = asyncio.ensure_future(app(scope(), server.receive, server.send))
        await server.until(lambda: server.body == b"a")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
    assert pieces.closed == 1


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("kind", ["text", "json", "pieces", "file", "generator"])
def test_w_asgi_09_a_send_that_fails_is_no_error(after, kind, caplog, tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 300000)

    def result(request):
        if kind == "file":
            return Response.send_file(str(tmp_path / "f"))
        if kind == "generator":
            return (piece for piece in ["a", "b", "c"])
        return {"text": "x", "json": ("x", 200, {"X-A": "b"}), "pieces": Pieces(b"a", b"b")}[kind]

    app = answering(result)
    server = Server()
    server.broken_after = after
    asyncio.run(app(scope(), server.receive, server.send))
    assert not caplog.records


def test_an_error_of_the_handler_is_not_taken_for_the_client_leaving():
    class Fails(Pieces):
        async def __anext__(self):
            await super().__anext__()
            raise FileNotFoundError(2, "No such file")

    server = Server()
    app = answering(lambda request: Fails(b"a"))
    with pytest.raises(FileNotFoundError):
        asyncio.run(app(scope(), server.receive, server.send))


def test_the_body_runs_in_the_task_and_context_of_the_handler():
    import contextvars

    variable = contextvars.ContextVar("variable")
    app = Microdot(autoload=False)
    seen = []

    @app.get("/")
    async def index(request):
        variable.set(1)
        seen.append(asyncio.current_task())

        async def pieces():
            for _ in range(2):
                seen.append(asyncio.current_task())
                yield str(variable.get())
                await asyncio.sleep(0)

        return pieces()

    server = run(app, scope())
    assert server.body == b"11"
    assert len(set(seen)) == 1


def test_a_cancellation_of_ours_does_not_stay():
    """What the server does afterwards in the same task is not cancelled (Python 3.11)."""
    app = answering(lambda request: Pieces(b"a", for_ever))
    server = Server(GONE)

    async def main():
        await app(scope(), server.receive, server.send)
        if hasattr(asyncio.current_task(), "cancelling"):
            assert asyncio.current_task().cancelling() == 0
        await asyncio.sleep(0.01)

    asyncio.run(main())
