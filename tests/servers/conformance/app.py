"""The application of the conformance suite: plain core and every extension, on any server.

``app.py PORT`` serves it with the built-in server, on CPython and MicroPython. Other servers import
``app`` through asgi_app.py and wsgi_app.py.
"""

import asyncio
import binascii
import hashlib
import sys

from microdot import Microdot, Response, abort, redirect
from microdot.auth import BasicAuth, TokenAuth, same_secret
from microdot.cors import CORS
from microdot.csrf import CSRF
from microdot.multipart import FileUpload, FormDataIter, Multipart, with_form_data
from microdot.session import Session, with_session
from microdot.sse import ServerSentEvents, with_sse
from microdot.websocket import WebSockets, with_websocket

FOLDER = __file__.rpartition("/")[0] or "."

app = Microdot(autoload=False, grace_period=1, max_content_length=20000, max_body_length=10000)
app.use(Multipart())
app.use(WebSockets())
app.use(ServerSentEvents())
sessions = app.use(Session(secret_key="a secret of the conformance suite, of some length"))

#: What handlers and streams saw, by a key that the case has made up: GET /seen/KEY.
seen = {}


def note(key, text):
    """Keep a text for the case."""
    seen.setdefault(key, []).append(text)


class Plugin:
    """Says when the application starts and stops, and marks every response."""

    name = "conformance"

    def microdot_startup(self, app):
        """Take part in the beginning."""
        print("startup hook")

    def microdot_response(self, app, request, response):
        """Mark a response."""
        response.headers["X-Plugin"] = "seen"

    def microdot_drain(self, app):
        """Take part in the beginning of the end."""
        print("drain hook")

    def microdot_shutdown(self, app):
        """Take part in the end."""
        print("shutdown hook")


app.use(Plugin())


@app.get("/")
async def index(request):
    return "hello"


@app.get("/seen/<key>")
async def show(request, key):
    return {"seen": seen.get(key, [])}


@app.get("/stop")
async def stop(request):
    app.shutdown()
    return "stopping"


# Routing


@app.get("/text/<name>")
async def text(request, name):
    return {"name": name, "path": request.path}


@app.get("/number/<int:number>")
async def number(request, number):
    return {"number": number}


@app.get("/files/<path:path>")
async def files(request, path):
    return {"path": path}


@app.get("/letters/<re:[a-c]+:letters>")
async def letters(request, letters):
    return {"letters": letters}


@app.get("/first/<name>")
async def first(request, name):
    return "first"


@app.get("/first/second")
async def never(request):
    return "second"


@app.get("/slash/")
async def slash(request):
    return "slash"


@app.get("/args")
async def args(request):
    found = {}
    for name in request.args:
        found[name] = request.args.getlist(name)
    return {"args": found, "query": request.query_string}


@app.route("/method", methods=["GET", "PUT", "PATCH", "DELETE", "QUERY"])
async def method(request):
    return request.method, {"X-Method": request.method}


@app.route("/only-head", methods=["HEAD"])
async def only_head(request):
    return "unseen", {"X-Head": "yes"}


# What a request says


@app.route("/request", methods=["GET", "POST"])
async def about(request):
    return {
        "host": request.headers.get("Host"),
        "x": request.headers.get("X-Test"),
        "agent": request.headers.get("user-AGENT"),
        "admin": request.headers.get("X-Admin"),
        "type": request.content_type,
        "length": request.content_length,
        "version": request.http_version,
        "scheme": request.scheme,
        "client": request.client_addr[0],
        "cookies": request.cookies,
        "url": request.url,
    }


# Bodies


@app.route("/echo", methods=["POST", "PUT", "PATCH"])
async def echo(request):
    return request.body, {"Content-Type": request.content_type or "application/octet-stream"}


async def digest(stream, size=1000):
    """Return the length of a stream and its hash."""
    total = 0
    sha = hashlib.sha256()
    while True:
        data = await stream.read(size)
        if not data:
            return {"size": total, "sha256": binascii.hexlify(sha.digest()).decode()}
        total += len(data)
        sha.update(data)


@app.post("/digest", max_content_length=3000000, max_body_length=0)
async def digest_of_body(request):
    return await digest(request.stream)


@app.post("/lines", max_body_length=0)
async def lines(request):
    one = await request.stream.readline()
    two = await request.stream.readexactly(3)
    rest = await request.stream.read()
    return {"line": one.decode(), "exactly": two.decode(), "rest": rest.decode()}


@app.post("/preloaded")
async def preloaded(request):
    return {"body": len(request.body), "stream": len(await request.stream.read())}


@app.post("/ignore")
async def ignore(request):
    return "ignored"


@app.post("/slow-reader", max_content_length=3000000, max_body_length=0)
async def slow_reader(request):
    await asyncio.sleep(0.2)
    return await digest(request.stream)


@app.post("/interrupted/<key>", max_content_length=3000000, max_body_length=0)
async def interrupted(request, key):
    note(key, "started")
    try:
        result = await digest(request.stream)
        note(key, "complete")
        return result
    finally:
        note(key, "ended")


@app.post("/json")
async def json(request):
    return {"json": request.json}


@app.post("/json-short", max_body_length=5)
async def json_short(request):
    return {"json": request.json}


@app.post("/form")
async def form(request):
    if request.form is None:
        return {"form": None}
    found = {}
    for name in request.form:
        found[name] = request.form.getlist(name)
    return {"form": found}


@app.post("/upload", max_content_length=1000000, max_body_length=0)
@with_form_data
async def upload(request):
    found = {}
    for name in request.files:
        about = await digest(request.files[name])
        about["filename"] = request.files[name].filename
        about["type"] = request.files[name].content_type
        found[name] = about
    return {"form": dict(request.form), "files": found}


@app.post("/upload-stream", max_content_length=3000000, max_body_length=0)
async def upload_stream(request):
    found = []
    async for name, value in FormDataIter(request):
        if isinstance(value, FileUpload):
            value = await digest(value)
        found.append([name, value])
    return {"parts": found}


# Responses


@app.get("/none")
async def none(request):
    return None


@app.get("/status")
async def status(request):
    return 202


@app.get("/tuple")
async def tuple_(request):
    return "made", 201, {"X-Test": "yes", "Content-Type": "text/x-made"}


@app.get("/object")
async def object_(request):
    return {"a": [1, None, "\u20ac"]}


@app.get("/list")
async def list_(request):
    return [1, "2"]


@app.get("/bytes")
async def bytes_(request):
    return b"\x00\xff"


@app.get("/headers")
async def headers(request):
    return "x", {"X-Number": 5, "X-List": ["one", "two"], "x-lower": "case"}


@app.get("/not-modified")
async def not_modified(request):
    return "", 304, {"ETag": '"1"'}


@app.get("/redirect")
async def redirected(request):
    return redirect("/text/there?x=1")


@app.get("/moved")
async def moved(request):
    return redirect("/", 301)


@app.get("/bad-header")
async def bad_header(request):
    return "x", {"X-Bad": "a\r\nX-Injected: yes"}


@app.get("/large")
async def large(request):
    return b"0123456789" * 20000


@app.get("/plain")
def plain(request):
    return "from a plain function"


@app.get("/sleep")
async def sleep(request):
    await asyncio.sleep(0.4)
    return "slept"


@app.get("/file-object")
async def file_object(request):
    return open(FOLDER + "/static/digits.txt", "rb")


# Streams


class Pieces:
    """An asynchronous iterator, as MicroPython can have it.

    :param pieces: what it gives.
    :param delay: seconds before each but the first.
    :param end: what happens after the last: None, an exception, or "wait" for nothing more ever.
    """

    def __init__(self, pieces, delay=0, end=None, key=None):
        self.pieces = pieces
        self.delay = delay
        self.end = end
        self.key = key
        self.number = 0

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.number:
            await asyncio.sleep(self.delay)
        if self.number == len(self.pieces):
            if self.end == "wait":
                await asyncio.sleep(60)
            elif self.end:
                raise self.end
            raise StopAsyncIteration
        self.number += 1
        return self.pieces[self.number - 1]

    async def aclose(self):
        if self.key:
            note(self.key, "closed")


class Endless:
    """A stream without an end."""

    def __init__(self, key, piece, delay):
        self.key = key
        self.piece = piece
        self.delay = delay

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep(self.delay)
        return self.piece

    async def aclose(self):
        note(self.key, "closed")


@app.get("/stream")
async def stream(request):
    return Pieces(["one", b"two", "", "thr\u20ac"])


@app.get("/stream-generator")
async def stream_generator(request):
    return (str(number) for number in range(5))


@app.get("/stream-plain")
def stream_plain(request):
    yield "one"
    yield b"two"


@app.get("/stream-slowly")
async def stream_slowly(request):
    return Pieces(["one", "two"], 0.4)


@app.get("/stream-length")
async def stream_length(request):
    return Pieces(["abc", "de"]), {"Content-Length": "5"}


@app.get("/stream-nothing")
async def stream_nothing(request):
    return Pieces([])


@app.get("/stream-fails")
async def stream_fails(request):
    return Pieces(["one"], 0.1, RuntimeError("on purpose"))


@app.get("/stream-large")
async def stream_large(request):
    return (b"0123456789" * 100 for _ in range(1000))


@app.get("/stream-endless/<key>")
async def stream_endless(request, key):
    return Endless(key, "x" * 1000, 0.01)


@app.get("/stream-flood/<key>")
async def stream_flood(request, key):
    return Endless(key, b"x" * 10000, 0)


@app.get("/stream-idle/<key>")
async def stream_idle(request, key):
    return Pieces(["one"], 0, "wait", key)


@app.get("/stream-closed/<key>")
async def stream_closed(request, key):
    return Pieces(["one"], key=key)


# Cookies


@app.get("/cookies")
async def cookies(request):
    response = Response("x")
    response.set_cookie("one", "1")
    response.set_cookie("two", "2", path="/", max_age=60, secure=True, http_only=True)
    response.delete_cookie("three", path="/")
    return response


@app.get("/cookies-twice")
async def cookies_twice(request):
    return "x", {"Set-Cookie": ["a=1", "b=2; Expires=Wed, 09 Jun 2100 10:18:14 GMT"]}


# Errors


class Teapot(Exception):
    """An exception that has a handler."""


class SmallTeapot(Teapot):
    """One that has that of its parent."""


@app.get("/abort/<int:code>")
async def aborted(request, code):
    abort(code)


@app.get("/abort-reason")
async def abort_reason(request):
    abort(409, "there is one already")


@app.get("/fail")
async def fail(request):
    raise RuntimeError("on purpose")


@app.get("/fail-plain")
def fail_plain(request):
    raise RuntimeError("on purpose")


@app.get("/teapot")
async def teapot(request):
    raise SmallTeapot("short and stout")


@app.errorhandler(Teapot)
async def handle_teapot(request, error):
    return {"error": str(error)}, 418, {"X-Tea": "yes"}


@app.errorhandler(410)
async def handle_gone(request):
    return {"gone": request.path}, 410


@app.after_error_request
async def after_error(request, response):
    response.headers["X-After-Error"] = "yes"


# Hooks: a mounted application has them for itself

hooks = Microdot(autoload=False)


@hooks.before_request
async def before(request):
    request.g.order = ["before"]
    if request.args.get("stop"):
        return "stopped", 403


@hooks.before_request
def before_plain(request):
    request.g.order.append("plain")


@hooks.after_request
async def after(request, response):
    response.headers["X-Order"] = ",".join(getattr(request.g, "order", [])) + ",after"
    if request.args.get("fail"):
        raise RuntimeError("on purpose")


@hooks.get("/")
async def hooked(request):
    request.g.order.append("handler")
    return request.url_prefix


@hooks.get("/body")
async def hooked_body(request):
    @request.after_request
    async def longer(request, response):
        response.body += b", and more"

    return "short"


@hooks.errorhandler(404)
async def hooks_not_found(request):
    return "not in here", 404


@hooks.get("/missing")
async def hooks_missing(request):
    abort(404)


app.mount(hooks, "/hooks", local=True)

# Files

app.static("/static", FOLDER + "/static", max_age=60)

# Sessions


@app.get("/session")
@with_session
async def count(request, session):
    session["count"] = session.get("count", 0) + 1
    session.save()
    return {"count": session["count"]}


@app.get("/session-end")
@with_session
async def session_end(request, session):
    session.delete()
    return "bye"


# Authentication

basic = BasicAuth(realm="suite")
tokens = TokenAuth()


@basic.authenticate
async def verify(request, username, password):
    if same_secret(password, "pass:w\xf6rd") and username == "jos\xe9":
        return username


@tokens.authenticate
async def verify_token(request, token):
    return "robot" if same_secret(token, "abc.DEF") else None


@app.route("/basic", methods=["GET", "POST"])
@basic
async def protected(request):
    return {"user": request.g.current_user}


@app.get("/token")
@tokens
async def robots(request):
    return {"user": request.g.current_user}


# Pages of other origins: each in a mounted application, so that the rest is as it was

shared = Microdot(autoload=False)
shared.use(
    CORS(
        allowed_origins=["https://example.com"],
        allow_credentials=True,
        allowed_methods=["GET", "PUT"],
        allowed_headers=["X-Test"],
        max_age=60,
        strict=True,
    )
)


@shared.route("/data", methods=["GET", "PUT"])
async def data(request):
    return "data"


@shared.get("/fail")
async def data_fail(request):
    raise RuntimeError("on purpose")


app.mount(shared, "/cors", local=True)

safe = Microdot(autoload=False)
safe.use(CSRF())


@safe.route("/change", methods=["GET", "POST"])
async def change(request):
    return "changed"


app.mount(safe, "/csrf", local=True)

# Server-Sent Events


@app.get("/events")
@with_sse
async def events(request, sse):
    await sse.send("hello")
    await sse.send({"number": 1}, event="named", event_id="7")
    await sse.send("two\nlines", retry=0.5)


@app.get("/events-slowly")
@with_sse
async def events_slowly(request, sse):
    await sse.send("one")
    await asyncio.sleep(0.4)
    await sse.send("two")


@app.get("/events-last")
@with_sse
async def events_last(request, sse):
    await sse.send(sse.last_event_id)


@app.get("/events-many/<int:number>")
@with_sse
async def events_many(request, sse, number):
    for i in range(number):
        await sse.send(str(i))


async def stay(sse, key):
    """Keep an event stream open until its client goes."""
    try:
        await sse.send("hello")
        await asyncio.sleep(60)
    finally:
        note(key, "closed")


@app.get("/events-idle/<key>")
@with_sse(keep_alive=None)
async def events_idle(request, sse, key):
    await stay(sse, key)


@app.get("/events-beat/<key>")
@with_sse(keep_alive=0.1)
async def events_beat(request, sse, key):
    await stay(sse, key)


@app.get("/events-fail")
@with_sse
async def events_fail(request, sse):
    await sse.send("before")
    await asyncio.sleep(0.1)
    raise RuntimeError("on purpose")


# WebSocket


@app.get("/ws/echo")
@with_websocket(max_message_length=200000)
async def ws_echo(request, ws):
    async for message in ws:
        await ws.send(message)


@app.get("/ws/about/<name>")
@with_websocket
async def ws_about(request, ws, name):
    await ws.send("%s %s %s" % (name, request.args.get("x"), request.headers.get("X-Test")))


@app.get("/ws/short")
@with_websocket(max_message_length=10)
async def ws_short(request, ws):
    async for message in ws:
        await ws.send(message)


@app.get("/ws/protocols")
@with_websocket(subprotocols=("two", "one"))
async def ws_protocols(request, ws):
    await ws.send(ws.subprotocol or "none")


@app.get("/ws/close")
@with_websocket
async def ws_close(request, ws):
    await ws.close(4001, "as asked")


@app.get("/ws/return")
@with_websocket
async def ws_return(request, ws):
    await ws.send("bye")


@app.get("/ws/fail")
@with_websocket
async def ws_fail(request, ws):
    raise RuntimeError("on purpose")


@app.get("/ws/end/<key>")
@with_websocket
async def ws_end(request, ws, key):
    note(key, "open")
    try:
        while True:
            await ws.receive()
    except OSError as error:
        note(key, "%s %s" % (error.code, error.reason or ""))


@app.get("/ws/origin")
@with_websocket(origins=["https://example.com"])
async def ws_origin(request, ws):
    await ws.send("welcome")


@app.get("/ws/session")
@with_websocket
async def ws_session(request, ws):
    await ws.send(str(sessions.get(request).get("count", 0)))


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]))
