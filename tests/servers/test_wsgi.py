"""microdot.wsgi, called as a server calls it."""

import asyncio
import gc
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest
import wsgi_app
from microdot import Microdot as Core
from microdot import wsgi as wsgi_module
from microdot.wsgi import Microdot, Request, Response, wsgi


def environ(path="/", method="GET", body=None, **more):
    values = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": ""}
    values.update(SERVER_PROTOCOL="HTTP/1.1", SCRIPT_NAME="")
    if "?" in path:
        values["PATH_INFO"], _, values["QUERY_STRING"] = path.partition("?")
    if body is not None:
        values["wsgi.input"] = io.BytesIO(body)
        values["CONTENT_LENGTH"] = str(len(body))
    values.update(more)
    setup_testing_defaults(values)
    return {key: value for key, value in values.items() if value is not None}


class Answer:
    """A response, as a server gets it."""

    def __init__(self, app, values):
        self.body = None
        iterable = app(values, self.start)
        try:
            self.pieces = list(iterable)
        finally:
            if hasattr(iterable, "close"):
                iterable.close()
        self.body = b"".join(self.pieces)

    def start(self, status, headers, exc_info=None):
        self.status_line, self.pairs = status, headers
        self.status = int(status[:3])
        self.headers = {name.lower(): value for name, value in headers}

        def write(data):
            raise AssertionError("nobody writes")

        return write

    @property
    def json(self):
        return json.loads(self.body)


def ask(*args, app=wsgi_app.application, **more):
    return Answer(app, environ(*args, **more))


@pytest.fixture(params=["inline", "in the loop's thread"])
def application(request):
    """The application, served in both ways."""
    adapter = wsgi(wsgi_app.app, inline=request.param == "inline")
    yield adapter
    adapter.close()


def small(**options):
    """An application with one handler of each kind, and what was asked of it."""
    app = Microdot(**options)

    @app.get("/")
    async def index(request):
        app.request = request
        return "ok"

    @app.post("/")
    async def post(request):
        app.request = request
        return request.body

    return app


# responses


def test_hello(application):
    answer = ask("/", app=application)
    assert answer.status_line == "200 OK"
    assert answer.pairs == [
        ("Content-Type", "text/plain; charset=UTF-8"),
        ("Content-Length", "13"),
    ]
    assert answer.body == b"Hello, world!"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "path",
    "/ /plain /waits /tasks /stream /stream?n=0 /generator /file /empty /cookies /number /nowhere "
    "/fails /events /split /one/a /echo".split(),
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
def test_the_validator_is_content(path, method, application, caplog):
    answer = ask(path, method, app=validator(application))
    assert answer.status in (200, 204, 404, 405, 500)
    if method == "HEAD":
        assert answer.body == b""


def test_the_validator_is_content_with_a_body(application):
    answer = ask("/echo", "POST", b"some data", app=validator(application), CONTENT_TYPE="text/x")
    assert answer.body == b"some data"
    assert answer.headers["content-type"] == "text/x"


def test_the_validator_is_content_with_an_upload(application):
    answer = ask("/upload", "POST", b"x" * 100000, app=validator(application))
    assert answer.json == {"size": 100000, "reads": True, "body": 0}


def test_the_body_has_close():
    iterable = wsgi_app.application(environ("/"), lambda status, headers: None)
    iterable.close()
    assert list(iterable) == [b"Hello, world!"]


def test_w_wsgi_03_text_in_a_body_is_encoded(application):
    answer = ask("/generator", app=application)
    assert answer.body == b"text bytes more"
    assert all(type(piece) is bytes for piece in answer.pieces)


def test_an_asynchronous_body(application):
    answer = ask("/stream", app=application)
    assert answer.body == b"piece 0\npiece 1\npiece 2\n"
    assert "content-length" not in answer.headers


def test_w_asgi_05_head_has_no_body_in_wsgi_either(application):
    for path in ("/", "/stream", "/generator", "/file", "/events"):
        whole, head = ask(path, app=application), ask(path, "HEAD", app=application)
        assert head.body == b""
        assert head.status == 200
        assert head.headers.get("content-length") == whole.headers.get("content-length")


def test_a_204_has_neither_type_nor_length():
    answer = ask("/empty")
    assert answer.status_line == "204 No Content"
    assert answer.pairs == []
    assert answer.body == b""


def test_cookies_have_a_line_each():
    assert [pair for pair in ask("/cookies").pairs if pair[0] == "Set-Cookie"] == [
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]


def test_w_asgi_07_header_values_are_text_in_wsgi_too(application):
    answer = ask("/number", app=application)
    assert answer.headers["x-number"] == "5"
    assert answer.headers["x-tab"] == "a b"
    assert "connection" not in answer.headers


def test_w_asgi_07_line_breaks_in_a_header_are_refused_in_wsgi_too(application, caplog):
    answer = ask("/split", app=application)
    assert answer.status == 500
    assert "set-cookie" not in answer.headers
    assert len(caplog.records) == 1


def test_an_error_of_a_handler_is_told_once(application, caplog):
    answer = ask("/fails", app=application)
    assert (answer.status_line, answer.body) == (
        "500 Internal Server Error",
        b"Internal server error",
    )
    assert len(caplog.records) == 1


@pytest.mark.parametrize("path", ["/breaks", "/breaks-plain"])
def test_an_error_in_a_body_reaches_the_server(path, application):
    iterable = application(environ(path), lambda status, headers: None)
    iterator = iter(iterable)
    got = b""
    with pytest.raises(ValueError, match="in the body"):
        while True:
            got += next(iterator)
    assert got == b"first"
    iterable.close()


def test_an_error_before_the_first_piece_is_a_500(application, caplog):
    assert ask("/breaks-first", app=application).status == 500
    assert len(caplog.records) == 1


def test_a_body_shorter_than_its_length_is_not_taken_for_complete():
    with pytest.raises(ValueError, match="7 bytes shorter"):
        ask("/short")


def test_a_cancelled_handler_gets_no_answer(application):
    with pytest.raises(ConnectionResetError):
        ask("/cancelled", app=application)
    assert ask("/", app=application).status == 200


@pytest.mark.parametrize("late", [False, True])
def test_the_exit_of_a_handler_is_that_of_its_thread(late, caplog):
    app = small()

    @app.get("/exit")
    async def leave(request):
        if late:
            await asyncio.sleep(0.01)
        sys.exit(3)

    @app.get("/body")
    async def body(request):
        async def pieces():
            yield "x"
            if late:
                await asyncio.sleep(0.01)
            sys.exit(3)

        return pieces()

    @app.get("/task")
    async def task(request):
        async def fails():
            sys.exit(3)

        app.task = asyncio.create_task(fails())
        return "ok"

    for path in ("/exit", "/body"):
        with pytest.raises(SystemExit):
            ask(path, app=app)
        assert ask("/", app=app).body == b"ok"
    assert not caplog.records
    assert ask("/task", app=app).body == b"ok"
    deadline = time.monotonic() + 5
    while not caplog.records:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert ask("/", app=app).body == b"ok"
    with pytest.raises(SystemExit):
        app.task.result()
    app.adapter.close()


def test_already_handled_needs_a_connection(caplog):
    assert ask("/handled").status == 500
    assert "gave it no connection" in caplog.text


def test_a_file():
    answer = ask("/file")
    assert answer.body == wsgi_app.HERE.read_bytes()
    assert answer.headers["content-length"] == str(len(answer.body))


def test_a_file_of_which_the_client_has_the_newest_version():
    tag = ask("/file").headers["etag"]
    answer = ask("/file", HTTP_IF_NONE_MATCH=tag)
    assert (answer.status_line, answer.body) == ("304 Not Modified", b"")
    assert "content-type" not in answer.headers


def test_a_range_of_a_file():
    answer = ask("/file", HTTP_RANGE="bytes=3-9", **{"wsgi.file_wrapper": FileWrapper})
    assert answer.status == 206
    assert answer.body == wsgi_app.HERE.read_bytes()[3:10]


def test_the_server_may_send_a_file_its_own_way(tmp_path, monkeypatch):
    big = tmp_path / "big"
    big.write_bytes(b"0123456789" * 100000)
    monkeypatch.setenv("WSGI_BIG", str(big))
    values = environ("/big", **{"wsgi.file_wrapper": FileWrapper})
    iterable = wsgi_app.application(values, lambda status, headers: None)
    assert type(iterable) is FileWrapper
    assert os.fstat(iterable.filelike.fileno()).st_size == 1000000
    assert b"".join(iterable) == big.read_bytes()
    iterable.close()
    with pytest.raises(OSError, match="closed"):
        iterable.filelike.fileno()


# bodies that end early


def test_close_ends_an_asynchronous_body(application):
    wsgi_app.events.clear()
    iterable = application(environ("/endless"), lambda status, headers: None)
    iterator = iter(iterable)
    assert next(iterator) == b""
    assert next(iterator) == next(iterator) == b"x" * 1000
    iterable.close()
    assert wsgi_app.events == ["endless closed"]
    assert not application.exchanges


def test_close_ends_a_body_that_has_not_begun(application):
    application(environ("/endless"), lambda status, headers: None).close()
    assert not application.exchanges


def test_a_body_that_the_server_forgets_ends_all_the_same(application):
    wsgi_app.events.clear()
    iterable = application(environ("/endless"), lambda status, headers: None)
    assert [next(iterable), next(iterable)] == [b"", b"x" * 1000]
    del iterable
    gc.collect()
    deadline = time.monotonic() + 5
    while wsgi_app.events != ["endless closed"]:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_close_ends_a_plain_body():
    wsgi_app.events.clear()
    iterable = wsgi_app.application(environ("/generator"), lambda status, headers: None)
    assert next(iter(iterable)) == b"text "
    iterable.close()
    assert wsgi_app.events == ["generator closed"]


def test_events_and_a_client_that_leaves(application):
    wsgi_app.events.clear()
    iterable = application(environ("/events?stay"), lambda status, headers: None)
    iterator = iter(iterable)
    got = b""
    while b":\n\n" not in got:
        got += next(iterator)
    assert got.startswith(b'data: one\n\nevent: second\ndata: {"two": 2}\n\n')
    iterable.close()
    assert wsgi_app.events == ["sse closed"]


# requests


def test_the_request_has_what_the_environ_says():
    answer = ask(
        "/info?q=1&q=%C3%A9",
        REMOTE_ADDR="1.2.3.4",
        REMOTE_PORT="1234",
        HTTP_X_ONE="1",
        HTTP_COOKIE="a=1; b=2",
        CONTENT_TYPE="text/y",
        **{"wsgi.url_scheme": "https"},
    )
    info = answer.json
    assert info["addr"] == ["1.2.3.4", 1234]
    assert info["version"] == "HTTP/1.1"
    assert info["scheme"] == "https"
    assert info["headers"]["X-One"] == "1"
    assert info["headers"]["Content-Type"] == "text/y"
    assert info["cookies"] == {"a": "1", "b": "2"}
    assert info["query"] == ["1", "é"]
    assert info["sock"] is True


def test_w_wsgi_02_what_may_be_missing_is_missed():
    values = {
        "REQUEST_METHOD": "GET",
        "wsgi.input": io.BytesIO(),
        "CONTENT_LENGTH": "",
        "PATH_INFO": "/info",
    }
    info = Answer(wsgi_app.application, values).json
    assert info["addr"] == ["", 0]
    assert info["version"] == "HTTP/1.1"
    assert info["scheme"] == "http"
    assert info["query"] == []
    assert Answer(wsgi_app.application, {"REQUEST_METHOD": "GET"}).body == b"Hello, world!"


@pytest.mark.parametrize("query", ["a=b c", "a=\r\n", "a=\u2603"])
def test_w_wsgi_02_a_malformed_query_is_400(query):
    assert ask("/", QUERY_STRING=query).status == 400


@pytest.mark.parametrize("query, values", [("q=%zz", ["%zz"]), ("q=%ff", ["\ufffd"])])
def test_w_wsgi_02_a_query_with_odd_escapes_is_read_as_on_the_built_in_server(query, values):
    assert ask("/info", QUERY_STRING=query).json["query"] == values


@pytest.mark.parametrize("length", ["abc", "-1", "+5", "1.5", "\u0661", "9" * 20])
def test_w_wsgi_02_a_malformed_length_is_400(length):
    assert ask("/echo", "POST", b"x", CONTENT_LENGTH=length).status == 400


@pytest.mark.parametrize("port", ["", "abc", None])
def test_w_wsgi_02_a_port_that_is_none(port):
    assert ask("/info", REMOTE_ADDR="::1", REMOTE_PORT=port).json["addr"] == ["::1", 0]


def test_w_wsgi_04_a_path_that_is_not_ascii():
    # PEP 3333: the bytes of the decoded path, each as a character.
    decoded = "/one/café".encode().decode("latin-1")
    assert ask(decoded).json == {"name": "café"}
    assert ask(decoded, RAW_URI="/one/caf%C3%A9").json == {"name": "café"}
    assert ask(decoded, RAW_URI=decoded).json == {"name": "café"}


def test_a_path_with_characters_that_have_a_meaning():
    values = environ("/")
    values["PATH_INFO"] = "/one/a?b#c%d e"
    assert Answer(wsgi_app.application, values).json == {"name": "a?b#c%d e"}


def test_w_asgi_06_an_escaped_slash_stays_in_its_segment_in_wsgi_where_the_server_tells():
    assert ask("/one/a/b", RAW_URI="/one/a%2Fb").json == {"name": "a/b"}
    assert ask("/one/a/b", REQUEST_URI="/one/a%2Fb?x=1").json == {"name": "a/b"}
    assert ask("/one/a/b", RAW_URI="http://host/one/a%2Fb").json == {"name": "a/b"}
    assert ask("/one/a/b").status == 404
    # Something has rewritten the path: the original is not that of this request.
    assert ask("/one/a", RAW_URI="/other/a%2Fb").json == {"name": "a"}


def test_the_script_name_is_part_of_the_path():
    answer = ask("/b", SCRIPT_NAME="/path")
    assert answer.json == {"path": "/path/b", "rest": "b", "url": "/path/b"}
    answer = ask("/a/b", SCRIPT_NAME="/path", RAW_URI="/a%2Fb?x")
    assert answer.json["path"] == "/path/a%2Fb"


# bodies of requests


def test_a_body(application):
    assert ask("/echo", "POST", b"data", app=application).body == b"data"


def test_only_the_declared_length_is_read():
    body = io.BytesIO(b"data and what follows")
    values = environ("/echo", "POST", **{"wsgi.input": body, "CONTENT_LENGTH": "4"})
    assert Answer(wsgi_app.application, values).body == b"data"
    assert body.read() == b" and what follows"


@pytest.mark.parametrize("path", ["/upload", "/late"])
def test_a_large_body_is_a_stream(path, application):
    assert ask(path, "POST", bytes(300000), app=application).json["size"] == 300000


def test_a_body_is_sent_back_while_it_is_read(application):
    data = os.urandom(500000)
    assert ask("/mirror", "POST", data, app=application).body == data


class Pieces(io.RawIOBase):
    """A wsgi.input that gives a few bytes at a time, and tells from where it was read."""

    def __init__(self, data, size=1000, breaks=False):
        self.rest, self.size, self.breaks = data, size, breaks
        self.threads = set()

    def read(self, n):
        self.threads.add(threading.get_ident())
        if self.breaks and not self.rest:
            raise ConnectionResetError(104, "reset")
        data, self.rest = self.rest[: min(n, self.size)], self.rest[min(n, self.size) :]
        return data


@pytest.mark.parametrize("path", ["/echo", "/upload", "/late", "/mirror"])
def test_the_input_is_read_in_the_thread_of_the_request(path, application):
    source = Pieces(b"x" * 60000)
    length = "9000" if path == "/echo" else "60000"
    values = environ(path, "POST", CONTENT_LENGTH=length, **{"wsgi.input": source})
    assert Answer(application, values).status == 200
    assert source.threads == {threading.get_ident()}


def test_w_asgi_04_a_body_without_a_length_is_seen_in_wsgi_too(application):
    more = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    for size in (0, 10, 100000):
        values = environ("/mirror", "POST", **more, **{"wsgi.input": Pieces(b"x" * size)})
        assert Answer(application, values).body == b"x" * size
    values = environ("/echo", "POST", **more, **{"wsgi.input": Pieces(b"small")})
    assert Answer(application, values).body == b"small"
    more = {"SERVER_PROTOCOL": "HTTP/2", "wsgi.input_terminated": True}
    values = environ("/echo", "POST", **more, **{"wsgi.input": Pieces(b"small")})
    assert Answer(application, values).body == b"small"


def test_a_chunked_body_that_the_server_does_not_decode_is_411():
    values = environ("/echo", "POST", HTTP_TRANSFER_ENCODING="chunked")
    values["wsgi.input"] = None
    assert Answer(wsgi_app.application, values).status == 411


@pytest.mark.parametrize("breaks", [False, True])
def test_w_asgi_04_a_client_that_breaks_off_is_not_the_end_in_wsgi_either(
    breaks, application, caplog
):
    for path, length, status in (("/echo", 5000, 400), ("/upload", 50000, 500)):
        source = Pieces(b"x" * 3000, breaks=breaks)
        values = environ(path, "POST", CONTENT_LENGTH=str(length), **{"wsgi.input": source})
        assert Answer(application, values).status == status
    assert not caplog.records


def test_a_body_that_is_too_large_is_413():
    source = Pieces(b"x" * 100)
    app = small(max_content_length=50)
    values = environ("/", "POST", CONTENT_LENGTH="100", **{"wsgi.input": source})
    assert Answer(app, values).status == 413
    assert not source.threads
    more = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    values = environ("/", "POST", **more, **{"wsgi.input": Pieces(b"x" * 100)})
    assert Answer(app, values).status == 413
    app.adapter.close()


def test_a_body_above_the_limit_for_reading_ahead(monkeypatch):
    monkeypatch.setattr(Request, "max_body_length", 16)
    app = small()
    assert ask("/", "POST", b"x" * 19, app=app).body == b""
    assert ask("/", "POST", b"x" * 16, app=app).body == b"x" * 16
    app.adapter.close()


# the event loop


def test_what_a_handler_asks_of_the_loop_before_it_waits(application):
    for _ in range(3):
        assert ask("/tasks", app=application).json == {
            "loop": True,
            "task": True,
            "child": "mine",
            "same": False,
            "future": "later",
            "variable": "mine",
        }


def test_a_task_goes_on_after_the_response(application):
    wsgi_app.events.clear()
    assert ask("/background", app=application).body == b"started"
    deadline = time.monotonic() + 5
    while wsgi_app.events != ["background"]:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_time_out_in_a_handler(application):
    assert ask("/timeout", app=application).body == b"timed out"


def test_functions_in_threads(application):
    assert ask("/threads", app=application).json == {"values": [1, 2, 4, 8]}


def test_a_plain_handler_runs_in_the_thread_of_the_request():
    assert ask("/plain").json["ident"] == threading.get_ident()


def test_the_loop_is_nobody_elses_after_a_request(application):
    for path in ("/", "/plain", "/waits", "/stream"):
        ask(path, app=application)
        assert asyncio._get_running_loop() is None
        assert tuple(sys.get_asyncgen_hooks()) == (None, None)


def test_a_call_from_a_thread_with_a_running_loop():
    async def main():
        return ask("/tasks").json["task"], ask("/stream").body[:7]

    assert asyncio.run(main()) == (True, b"piece 0")


def test_w_wsgi_01_many_threads_at_a_time(application):
    failures = []

    def run(number):
        try:
            for turn in range(30):
                path = ["/", "/plain", "/waits?for=0.002", "/stream", "/tasks", "/generator"][
                    (number + turn) % 6
                ]
                answer = ask(path, app=application)
                assert answer.status == 200 and answer.body
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert failures == []
    assert not application.exchanges


@pytest.mark.parametrize("path", ["/", "/stream", "/generator", "/waits"])
def test_a_request_leaves_nothing_for_the_collector(path):
    app = Core(autoload=False)
    requests = []

    @app.before_request
    async def remember(request):
        requests.append(weakref.ref(request))

    app.mount(wsgi_app.app)
    adapter = wsgi(app)
    gc.collect()
    gc.disable()
    try:
        assert ask(path, app=adapter).status == 200
        deadline = time.monotonic() + 5
        while requests[0]() is not None and time.monotonic() < deadline:
            time.sleep(0.01)  # the task lets go of it in its own time
        assert requests[0]() is None
    finally:
        gc.enable()
        adapter.close()


def test_only_one_step_of_asynchronous_handlers_runs_at_a_time():
    app = Core(autoload=False)
    inside = []
    most = []

    @app.get("/")
    async def index(request):
        for _ in range(3):
            inside.append(None)
            most.append(len(inside))
            time.sleep(0.001)  # lets other threads run
            inside.pop()
            await asyncio.sleep(0)
        return "ok"

    adapter = wsgi(app)
    threads = [threading.Thread(target=ask, kwargs={"app": adapter}) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    adapter.close()
    assert len(most) == 36
    assert set(most) == {1}


def test_requests_make_progress_while_others_wait_and_block():
    start = time.monotonic()
    paths = ["/waits?for=0.4", "/blocks?for=0.4"] * 4
    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    assert ask("/").status == 200
    assert time.monotonic() - start < 0.35
    for thread in threads:
        thread.join(10)
    assert time.monotonic() - start < 2


def test_plain_and_asynchronous_handlers_wait_for_each_other():
    app = Core(autoload=False)
    barrier = threading.Barrier(4, timeout=10)

    @app.get("/async")
    async def waits(request):
        await asyncio.get_running_loop().run_in_executor(None, barrier.wait)
        return "ok"

    @app.get("/plain")
    def blocks(request):
        barrier.wait()
        return "ok"

    adapter = wsgi(app)
    answers = []
    threads = [
        threading.Thread(target=lambda path=path: answers.append(ask(path, app=adapter).body))
        for path in ["/async", "/plain"] * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    adapter.close()
    assert answers == [b"ok"] * 4


def test_the_first_step_is_in_the_loops_thread_when_asked():
    app = Core(autoload=False)

    @app.get("/")
    async def index(request):
        return threading.current_thread().name

    for inline, name in ((True, "MainThread"), (False, "microdot-loop")):
        adapter = wsgi(app, inline=inline)
        ask("/", app=adapter)
        for _ in range(20):  # the loop may have something else to do at first
            if ask("/", app=adapter).body.decode() == name:
                break
            time.sleep(0.01)
        assert ask("/", app=adapter).body.decode() == name
        adapter.close()


# the life of an application


class Hooks:
    name = "hooks"

    def __init__(self, fail=False):
        self.calls, self.fail = [], fail

    async def microdot_startup(self, app):
        await asyncio.sleep(0)
        self.calls.append("startup")
        if self.fail:
            raise KeyError("no database")

    async def microdot_drain(self, app):
        self.calls.append("drain")

    async def microdot_shutdown(self, app):
        self.calls.append("shutdown")


def test_startup_and_shutdown_hooks():
    app = small()
    hooks = app.use(Hooks())
    assert hooks.calls == []
    ask("/", app=app)
    ask("/", app=app)
    assert hooks.calls == ["startup"]
    app.adapter.close()
    assert hooks.calls == ["startup", "drain", "shutdown"]
    app.adapter.close()
    assert hooks.calls == ["startup", "drain", "shutdown"]


def test_drain_does_not_wait_and_comes_once():
    app = small()
    hooks = app.use(Hooks())
    app.adapter.drain()
    ask("/", app=app)
    app.adapter.drain()
    app.adapter.drain()
    app.adapter.close()
    assert hooks.calls == ["startup", "drain", "shutdown"]
    ask("/", app=app)
    app.adapter.close()
    assert hooks.calls == ["startup", "drain", "shutdown"] * 2


def test_many_first_requests_start_once():
    app = small()
    hooks = app.use(Hooks())
    threads = [threading.Thread(target=ask, kwargs={"app": app}) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert hooks.calls == ["startup"]
    app.adapter.close()


def test_a_startup_that_fails():
    app = small()
    hooks = app.use(Hooks(fail=True))
    with pytest.raises(KeyError):
        ask("/", app=app)
    with pytest.raises(RuntimeError, match="did not start"):
        ask("/", app=app)
    assert hooks.calls == ["startup"]


def test_close_ends_what_is_under_way():
    app = small(grace_period=0.1)
    hooks = app.use(Hooks())
    entered = threading.Event()

    @app.get("/hangs")
    async def hangs(request):
        entered.set()
        try:
            await asyncio.sleep(60)
        finally:
            hooks.calls.append("cancelled")

    results = []

    def run():
        try:
            ask("/hangs", app=app)
        except OSError as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    entered.wait(5)
    app.adapter.close()
    thread.join(5)
    assert hooks.calls == ["startup", "drain", "cancelled", "shutdown"]
    assert len(results) == 1


def test_close_of_the_adapter_ends_a_body_that_the_server_holds():
    app = small(grace_period=0.1)
    closed = []

    @app.get("/body")
    async def body(request):
        async def pieces():
            try:
                while True:
                    yield "x"
            finally:
                await asyncio.sleep(0.2)
                closed.append(None)

        return pieces()

    iterable = app(environ("/body"), lambda status, headers: None)
    assert [next(iterable), next(iterable)] == [b"", b"x"]
    closing = threading.Thread(target=app.adapter.close)
    closing.start()
    time.sleep(0.2)  # it is on its way out
    iterable.close()
    closing.join(5)
    assert closed == [None]


SCRIPT = """
import os, sys
sys.path.insert(0, sys.argv[1])
import wsgi_app, test_wsgi
assert test_wsgi.ask("/").status == 200
if sys.argv[2] == "fork":
    child = os.fork()
    assert test_wsgi.ask("/waits").body == b"waited"
    if child:
        assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.parametrize("how", ["exit", "fork"])
def test_hooks_at_the_exit_of_each_process(how, tmp_path):
    log = tmp_path / "log"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, os.path.dirname(__file__), how],
        check=True,
        timeout=60,
        env=dict(os.environ, WSGI_LOG=str(log), PYTHONPATH=os.pathsep.join(sys.path)),
    )
    lives = {}
    for line in log.read_text().splitlines():
        what, pid = line.split()
        lives.setdefault(pid, []).append(what)
    assert len(lives) == (2 if how == "fork" else 1)
    assert list(lives.values()) == [["startup", "drain", "shutdown"]] * len(lives)


# the names of the module


def test_the_subclass_is_a_wsgi_callable():
    app = small()
    assert ask("/", app=app).body == b"ok"
    assert ask("/", app=app.wsgi_app).body == b"ok"
    assert app.request.environ["REQUEST_METHOD"] == "GET"
    assert app.request.sock == (None, None)
    assert isinstance(app.loop, asyncio.AbstractEventLoop)
    assert app.embedded_server is False
    app.adapter.close()


def test_wsgi_takes_any_application_and_nothing_else():
    with pytest.raises(TypeError, match="Microdot application"):
        wsgi(lambda environ, start_response: [])


@pytest.mark.parametrize("how", ["subclass", "wsgi()"])
def test_w_asgi_11_shutdown_signals_the_own_process_in_wsgi_too(how, monkeypatch):
    calls = []
    monkeypatch.setattr(wsgi_module.os, "kill", lambda *args: calls.append(args))
    app = small() if how == "subclass" else Core()
    served = app if how == "subclass" else wsgi(app)
    ask("/", app=served)
    app.shutdown()
    assert calls == [(os.getpid(), signal.SIGTERM)]
    (served.adapter if how == "subclass" else served).close()


def test_run_uses_the_built_in_server(monkeypatch):
    app = small()
    given = []

    async def start_server(**options):
        given.append(options)

    monkeypatch.setattr(app, "start_server", start_server)
    app.run(port=1234)
    assert app.embedded_server is True
    assert given == [{"host": "0.0.0.0", "port": 1234, "debug": False, "ssl": None}]


def test_the_names_of_the_websocket_extension():
    import microdot.websocket as websocket

    for name in ("WebSocket", "websocket_upgrade", "with_websocket"):
        assert getattr(wsgi_module, name) is getattr(websocket, name)
    with pytest.raises(AttributeError):
        wsgi_module.nothing
    assert wsgi_module.Response is Response


WEBSOCKET = {
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_UPGRADE": "websocket",
    "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
}


def test_a_websocket_where_there_is_no_connection_is_501(application):
    answer = ask("/ws", app=application, **WEBSOCKET)
    assert answer.status == 501
    assert b"gunicorn" in answer.body


def test_what_is_no_websocket_handshake_is_400(application):
    assert ask("/ws", app=application).status == 400


def test_w_wsgi_05_the_socket_is_touched_for_an_upgrade_only(application):
    class Untouchable:
        def __getattr__(self, name):
            raise AssertionError("the socket was asked for " + name)

    for headers in ({}, {"HTTP_CONNECTION": "keep-alive"}, {"HTTP_CONNECTION": "Upgrade"}):
        more = dict(headers, **{"gunicorn.socket": Untouchable()})
        assert ask("/", app=application, **more).status == 200
        assert ask("/ws", app=application, **more).status == 400


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level(logging.WARNING)
