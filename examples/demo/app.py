"""The demo application: what core and the extensions do, on a few pages.

python examples/demo/app.py [PORT]          or: micropython examples/demo/app.py [PORT]
"""

import asyncio
import sys

from identity import cors, csrf, identity, session
from microdot import Microdot, Response, abort
from microdot.broadcast import Group
from microdot.multipart import FileUpload, FormDataIter, Multipart
from microdot.sse import ServerSentEvents, with_sse
from microdot.websocket import WebSockets, with_websocket

FOLDER = __file__.rpartition("/")[0] or "."

app = Microdot()
try:
    from microdot.utemplate import EscapingLoader, Template, UTemplate

    app.use(UTemplate(FOLDER + "/templates", loader_class=EscapingLoader))
    no_templates = None
except ImportError as error:
    # utemplate is not on the package index in a form that pip takes; the message says what to do.
    no_templates = str(error)
guests = []
visitors = []


class Counter:
    """A plugin: counts the responses, and shows the number in a header."""

    name = "counter"
    responses = 0

    def microdot_response(self, app, request, response):
        """Count a response."""
        self.responses += 1
        response.headers["X-Responses"] = str(self.responses)


counter = app.use(Counter())
# On CPython they take part without this; on MicroPython they say goodbye at shutdown with it.
app.use(Multipart(max_file_size=64 * 1024 * 1024, max_total_size=64 * 1024 * 1024))
app.use(WebSockets(origins=["same"], max_message_length=1000))
app.use(ServerSentEvents())
app.use(session)
app.use(csrf)
app.use(cors)
app.mount(identity)
chatters = Group()
app.static("/static", FOLDER + "/static", max_age=60)


@app.get("/")
async def index(request):
    """Show the page."""
    return Response.send_file(FOLDER + "/static/index.html")


@app.get("/api/hello/<name>")
async def hello(request, name):
    """Greet: a route with a parameter, and JSON."""
    return {"greeting": "Hello, %s!" % name, "path": request.path}


@app.get("/api/add/<int:a>/<int:b>")
async def add(request, a, b):
    """Add: two parameters with a type."""
    return {"sum": a + b}


@app.route("/api/guests", methods=["GET", "POST"])
async def guestbook(request):
    """Keep a guest book: forms and JSON on one path."""
    if request.method == "POST":
        data = request.form or request.json or {}
        name = str(data.get("name") or "").strip()[:40]
        if not name:
            abort(400, "a guest needs a name")
        guests.append(name)
        del guests[:-5]
    return {"guests": guests}


class Countdown:
    """A streaming body: a class with __anext__ works on every platform."""

    def __init__(self, start):
        """Begin at a number."""
        self.left = start

    def __aiter__(self):
        """Return the iterator."""
        return self

    async def __anext__(self):
        """Return the next line after a moment."""
        if self.left < 0:
            raise StopAsyncIteration
        self.left -= 1
        await asyncio.sleep(0.3)
        return "%s\n" % (self.left + 1 or "lift-off")


@app.get("/api/countdown")
async def countdown(request):
    """Stream a text line by line."""
    return Countdown(5), {"Cache-Control": "no-store"}


@app.get("/api/fail")
async def fail(request):
    """Fail, to show what becomes of an exception."""
    raise RuntimeError("this handler fails on purpose")


@app.get("/greeting/<name>")
async def greeting(request, name):
    """Show a page made from a template; it escapes what it inserts."""
    if no_templates:
        return no_templates + "\n", 501
    visitors.append(name[:40])
    del visitors[:-5]
    page = Template("greeting.html").generate(name, sys.implementation.name, visitors)
    return page, {"Content-Type": "text/html; charset=UTF-8"}


@app.get("/upload")
async def upload_page(request):
    """Show the page with the upload form."""
    return Response.send_file(FOLDER + "/static/upload.html")


@app.post("/api/upload", max_content_length=65 * 1024 * 1024)
async def upload(request):
    """Receive files of any size in a few KB of memory: they are read while they arrive."""
    fields, files = [], []
    async for name, value in FormDataIter(request):
        if not isinstance(value, FileUpload):
            fields.append([name, value])
            continue
        size = checksum = 0
        while True:
            data = await value.read(1024)
            if not data:
                break
            size += len(data)
            checksum = (checksum + sum(data)) % 65536
        files.append(
            {"field": name, "name": value.safe_filename, "size": size, "checksum": checksum}
        )
    return {"fields": fields, "files": files}


@app.get("/chat")
async def chat_page(request):
    """Show the page of the chat."""
    return Response.send_file(FOLDER + "/static/chat.html")


@app.get("/api/chat")
@with_websocket
async def chat(request, ws):
    """Pass on what one says to all."""
    with chatters.member(ws):
        await chatters.publish({"here": len(chatters)})
        async for message in ws:
            if isinstance(message, str):
                await chatters.publish({"text": message})
    await chatters.publish({"here": len(chatters)})


@app.get("/ticker")
async def ticker_page(request):
    """Show the page of the ticker."""
    return Response.send_file(FOLDER + "/static/ticker.html")


@app.get("/api/ticker")
@with_sse
async def ticker(request, sse):
    """Count, from where the client lost the connection on."""
    last = sse.last_event_id or ""
    number = int(last) if last.isdigit() else 0
    while True:
        number += 1
        await sse.send({"number": number, "responses": counter.responses}, "tick", number)
        await asyncio.sleep(0.5)


@app.get("/api/about")
async def about(request):
    """Tell what is running here."""
    return {
        "platform": sys.implementation.name,
        "version": ".".join([str(part) for part in sys.implementation.version[:3]]),
        "plugins": sorted(app.plugins),
        "responses": counter.responses,
    }


@app.errorhandler(RuntimeError)
async def failed(request, error):
    """Answer instead of the default 500."""
    return {"error": str(error)}, 500


@app.errorhandler(404)
async def not_found(request):
    """Answer unknown paths."""
    return {"error": "there is nothing at " + request.path}, 404


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    print("The demo is at http://localhost:%d - Ctrl-C ends it." % port)
    try:
        app.run(host="127.0.0.1", port=port)
    except KeyboardInterrupt:
        pass
