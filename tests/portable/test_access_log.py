"""AccessLog: one line for each request, on both platforms."""

import asyncio
import json
import sys

from microdot import Microdot
from microdot.helpers import CPYTHON
from microdot.test_client import TestClient

if CPYTHON:
    import logging
else:

    class logging:
        """What AccessLog uses of the module of micropython-lib."""

        INFO = 20

        @staticmethod
        def getLogger(name):
            return Recorder(name)

    sys.modules["logging"] = logging

from microdot.access_log import AccessLog


class Recorder:
    """A logger that keeps its lines."""

    def __init__(self, name="test"):
        self.name = name
        self.level = 0
        self.lines = []

    def setLevel(self, level):
        self.level = level

    def hasHandlers(self):
        return True

    def info(self, line, extra=None):
        self.lines.append(line)


def make_app(**options):
    app = Microdot(autoload=False)
    log = app.use(AccessLog(logger=Recorder(), **options))

    @app.get("/")
    async def index(request):
        return "hello"

    @app.get("/items/<path:rest>")
    async def items(request, rest):
        return {"rest": rest}

    @app.get("/broken")
    async def broken(request):
        raise ZeroDivisionError

    @app.get("/pieces")
    async def pieces(request):
        return Pieces(["a", b"bc", "\u00e9"]), 202

    @app.get("/plain")
    async def plain(request):
        return (piece for piece in ("one", "two"))

    return app, log.logger.lines, TestClient(app)


class Pieces:
    def __init__(self, items, error=None):
        self.items = list(items)
        self.error = error
        self.closed = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.items:
            if self.error is not None:
                raise self.error
            raise StopAsyncIteration
        return self.items.pop(0)

    async def aclose(self):
        self.closed = True


def split(line):
    """Return the parts of a line in the combined log format."""
    head, first, rest, referer, blank, agent, seconds = line.split('"')
    client, user, name, when, zone = head.split()
    status, size = rest.split()
    assert (user, name, zone, blank) == ("-", "-", "+0000]", " ")
    return client, first, status, size, referer, agent, seconds.strip()


def test_a_line_in_the_combined_log_format():
    _, lines, client = make_app()
    headers = {"User-Agent": "tester/1", "Referer": "http://x/page"}
    asyncio.run(client.get("/", headers=headers))
    assert len(lines) == 1
    _, first, status, size, referer, agent, seconds = split(lines[0])
    assert first.split(" ")[:2] == ["GET", "/"]
    assert first.split(" ")[2][:6] == "HTTP/1"
    assert (status, size, referer, agent) == ("200", "5", "http://x/page", "tester/1")
    assert 0 <= float(seconds) < 5


def test_the_time_has_the_form_of_the_format():
    _, lines, client = make_app()
    asyncio.run(client.get("/"))
    when = lines[0].split("[")[1].split("]")[0]
    # 10/Oct/2000:13:55:36 +0000
    date, _, zone = when.partition(" ")
    assert zone == "+0000"
    assert len(date) == 20
    assert (date[2], date[6], date[11], date[14], date[17]) == ("/", "/", ":", ":", ":")
    assert int(date[7:11]) > 2020


def test_json_is_an_object_in_a_line():
    _, lines, client = make_app(json=True)
    asyncio.run(client.get("/items/a", headers={"User-Agent": 'q"\\'}))
    fields = json.loads(lines[0])
    assert fields["method"] == "GET"
    assert fields["path"] == "/items/a"
    assert fields["status"] == 200
    assert fields["bytes"] == len('{"rest": "a"}')
    assert fields["agent"] == 'q"\\'
    assert fields["referer"] is None
    assert 0 <= fields["seconds"] < 5
    assert fields["time"][10] == "T" and fields["time"][19] == "Z"
    assert [char for char in lines[0] if not 32 <= ord(char) < 127] == []
    assert len(fields) == 10


def test_the_query_is_kept_out_unless_asked_for():
    _, lines, client = make_app()
    asyncio.run(client.get("/?token=secret", headers={"Referer": "http://x/?key=secret"}))
    assert "secret" not in lines[0]
    _, lines, client = make_app(query=True)
    asyncio.run(client.get("/?token=t", headers={"Referer": "http://x/?key=k"}))
    assert '"GET /?token=t HTTP' in lines[0]
    assert '"http://x/?key=k"' in lines[0]


def test_errors_and_automatic_responses_are_logged():
    app, lines, client = make_app()

    async def main():
        await client.get("/nothing")
        await client.post("/")
        await client.request("OPTIONS", "/")
        await client.request("HEAD", "/")
        await client.get("/broken")

    import microdot.handlers

    report, microdot.handlers.report = microdot.handlers.report, lambda *_: None
    try:
        asyncio.run(main())
    finally:
        microdot.handlers.report = report
    assert [split(line)[2] for line in lines] == ["404", "405", "200", "200", "500"]
    assert split(lines[3])[1][:4] == "HEAD"
    assert split(lines[3])[3] == "0"


def test_a_stream_is_logged_when_it_ends():
    app, lines, client = make_app()
    during = []

    class Watched(Pieces):
        async def __anext__(self):
            during.append(len(lines))
            return await super().__anext__()

    pieces = Watched(["a", b"bc", "\u00e9"])

    @app.get("/watched")
    async def watched(request):
        return pieces, 202

    response = asyncio.run(client.get("/watched"))
    assert response.body == b"abc\xc3\xa9"
    assert during == [0, 0, 0, 0]
    assert len(lines) == 1
    assert split(lines[0])[2:4] == ("202", "5")
    assert pieces.closed


def test_a_stream_that_fails_is_logged():
    app, lines, client = make_app()

    @app.get("/fails")
    async def fails(request):
        return Pieces(["abc"], ZeroDivisionError())

    try:
        asyncio.run(client.get("/fails"))
    except ZeroDivisionError:
        pass
    assert len(lines) == 1
    assert split(lines[0])[2:4] == ("200", "3")


def test_a_plain_iterator_is_logged_when_it_ends():
    _, lines, client = make_app()
    assert asyncio.run(client.get("/plain")).text == "onetwo"
    assert len(lines) == 1
    assert split(lines[0])[2:4] == ("200", "6")


def test_a_client_cannot_write_lines_of_its_own():
    from microdot.access.objects import ascii_json
    from microdot.access.text import escape, word

    assert escape('a"b\\c\r\nd\x1b[2J\u202e') == 'a\\"b\\\\c\\x0d\\x0ad\\x1b[2J\\u202e'
    assert word("a b\x7f") == "a\\x20b\\x7f"
    assert escape(None) == escape("") == "-"
    assert ascii_json("\x7f\u2028") == '"\\u007f\\u2028"'
    # RFC 8259 section 7: a pair of surrogates.
    assert ascii_json("\n\U0001f600") == '"\\n\\ud83d\\ude00"'


def test_bytes_that_are_no_request_are_logged():
    app, lines, _ = make_app(json=True)
    response = asyncio.run(app.dispatch_request(None))
    assert response.status_code == 400
    fields = json.loads(lines[0])
    assert fields["status"] == 400
    assert fields["method"] is None and fields["path"] is None and fields["seconds"] is None
    _, lines, _ = logged = make_app()
    asyncio.run(logged[0].dispatch_request(None))
    assert ' "-" 400 11 "-" "-" -' in lines[0]


def test_a_file_is_logged_with_the_status_that_is_sent():
    app, lines, client = make_app()

    @app.get("/file")
    async def file(request):
        from microdot import send_file

        return send_file("README.md")

    async def main():
        whole = await client.get("/file")
        await client.get("/file", headers={"If-None-Match": whole.headers["ETag"]})
        await client.get("/file", headers={"Range": "bytes=0-9"})
        return len(whole.body)

    size = asyncio.run(main())
    parts = [split(line)[2:4] for line in lines]
    assert parts == [("200", str(size)), ("304", "0"), ("206", "10")]


def test_a_handler_that_answers_on_the_connection_is_logged():
    app, lines, client = make_app()

    @app.get("/ws")
    async def ws(request):
        from microdot import Response

        return Response.already_handled

    asyncio.run(client.get("/ws", headers={"Upgrade": "websocket"}))
    asyncio.run(client.get("/ws"))
    assert [split(line)[2:4] for line in lines] == [("101", "-"), ("-", "-")]


def test_each_request_is_logged_once_with_what_replaced_its_response():
    app, lines, client = make_app()

    class Teapot:
        name = "teapot"

        def microdot_response(self, app, request, response):
            return "short and stout", 418

    app.use(Teapot())
    asyncio.run(client.get("/"))
    assert [split(line)[2:4] for line in lines] == [("418", "15")]


def test_a_log_that_fails_does_not_fail_the_request():
    import microdot.access_log as module

    app, lines, client = make_app()
    reports = []

    def fail(*args, **options):
        raise OSError(28, "full")

    app.plugins["access_log"].logger.info = fail
    report, module.report = module.report, lambda message, error: reports.append(message)
    try:
        response = asyncio.run(client.get("/"))
    finally:
        module.report = report
    assert response.text == "hello"
    assert reports == ["Exception in the access log"]


def test_the_level_is_set_where_none_is():
    recorder = Recorder()
    AccessLog(logger=recorder)
    assert recorder.level == 20
    recorder.level = 40
    AccessLog(logger=recorder)
    assert recorder.level == 40
