"""What the tests of microdot.wsgi serve; ``application`` is the WSGI callable."""

import asyncio
import contextvars
import os
import pathlib
import threading
import time

from microdot import Microdot, Response, send_file
from microdot.sse import ServerSentEvents, with_sse
from microdot.websocket import WebSockets, with_websocket
from microdot.wsgi import wsgi

app = Microdot(max_content_length=4 << 20)
HERE = pathlib.Path(__file__)
#: What happened, for a test to ask.
events = []
variable = contextvars.ContextVar("variable", default="unset")


class Life:
    """Notes the life of the application, in a file when there is one."""

    name = "life"

    def _note(self, what):
        if os.environ.get("WSGI_LOG"):
            with open(os.environ["WSGI_LOG"], "a") as log:
                log.write("%s %d\n" % (what, os.getpid()))

    async def microdot_startup(self, app):
        self._note("startup")

    async def microdot_drain(self, app):
        self._note("drain")

    async def microdot_shutdown(self, app):
        self._note("shutdown")


app.use(Life())
app.use(ServerSentEvents())
app.use(WebSockets())


@app.get("/")
async def index(request):
    return "Hello, world!"


@app.get("/plain")
def plain(request):
    return {"thread": threading.current_thread().name, "ident": threading.get_ident()}


@app.get("/waits")
async def waits(request):
    await asyncio.sleep(float(request.args.get("for", "0.05")))
    return "waited"


@app.get("/blocks")
def blocks(request):
    time.sleep(float(request.args.get("for", "0.05")))
    return "blocked"


@app.get("/tasks")
async def tasks(request):
    # Everything here is asked for before the first wait.
    loop = asyncio.get_running_loop()
    own = asyncio.current_task()
    future = loop.create_future()
    loop.call_later(0.01, future.set_result, "later")
    variable.set("mine")

    async def child():
        return variable.get(), asyncio.current_task() is own

    task = asyncio.create_task(child())
    soon = asyncio.Event()
    loop.call_soon(soon.set)
    inherited, same = await task
    await soon.wait()
    await asyncio.wait_for(asyncio.sleep(0), 1)
    return {
        "loop": asyncio.get_running_loop() is loop,
        "task": asyncio.current_task() is own and own is not None,
        "child": inherited,
        "same": same,
        "future": await future,
        "variable": variable.get(),
    }


@app.get("/background")
async def background(request):
    async def later():
        await asyncio.sleep(0.01)
        events.append("background")

    app.background = asyncio.create_task(later())
    return "started"


@app.get("/timeout")
async def timeout(request):
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.05)
    except asyncio.TimeoutError:
        return "timed out"


@app.get("/threads")
async def threads(request):
    loop = asyncio.get_running_loop()
    values = await asyncio.gather(*[loop.run_in_executor(None, pow, 2, n) for n in range(4)])
    return {"values": values}


@app.get("/path/<path:rest>")
async def path(request, rest):
    return {"path": request.path, "rest": rest, "url": request.url}


@app.get("/one/<name>")
async def one(request, name):
    return {"name": name}


@app.route("/echo", methods=["GET", "POST", "PUT"])
async def echo(request):
    return request.body, 200, {"Content-Type": request.content_type or "text/plain"}


@app.post("/upload")
async def upload(request):
    size = reads = 0
    while True:
        data = await request.stream.read(65536)
        if not data:
            return {"size": size, "reads": reads > 0, "body": len(request.body)}
        size += len(data)
        reads += 1


@app.post("/little", max_content_length=1000)
async def little(request):
    return "taken"


@app.post("/late")
async def late(request):
    # In the thread of the loop by then.
    await asyncio.sleep(0.01)
    return {"size": len(await request.stream.read())}


@app.post("/mirror")
async def mirror(request):
    async def pieces():
        while True:
            data = await request.stream.read(65536)
            if not data:
                return
            yield data

    return pieces()


@app.get("/info")
async def info(request):
    return {
        "method": request.method,
        "addr": list(request.client_addr),
        "version": request.http_version,
        "scheme": request.scheme,
        "headers": dict(request.headers),
        "cookies": request.cookies,
        "query": request.args.getlist("q"),
        "sock": request.sock == (None, None),
        "terminated": bool(request.environ.get("wsgi.input_terminated")),
        "script": request.environ.get("SCRIPT_NAME"),
    }


@app.get("/stream")
async def stream(request):
    async def pieces():
        try:
            for number in range(int(request.args.get("n", "3"))):
                yield "piece %d\n" % number
                await asyncio.sleep(0.001)
        finally:
            events.append("stream closed")

    return pieces()


@app.get("/endless")
async def endless(request):
    async def pieces():
        try:
            while True:
                yield b"x" * 1000
                if "pace" in request.args:
                    await asyncio.sleep(0.002)
        finally:
            await asyncio.sleep(0.01)
            events.append("endless closed")

    return pieces()


@app.get("/generator")
async def generator(request):
    def pieces():
        try:
            yield "text "
            yield b"bytes "
            yield bytearray(b"more")
        finally:
            events.append("generator closed")

    return pieces()


@app.get("/breaks")
async def breaks(request):
    async def pieces():
        yield "first"
        raise ValueError("in the body")

    return pieces()


@app.get("/breaks-plain")
async def breaks_plain(request):
    def pieces():
        yield "first"
        raise ValueError("in the body")

    return pieces()


@app.get("/breaks-first")
async def breaks_first(request):
    def pieces():
        raise ValueError("before the body")
        yield

    return pieces()


@app.get("/short")
async def short(request):
    return Response(iter([b"abc"]), 200, {"Content-Length": "10"})


@app.get("/file")
async def file(request):
    return send_file(str(HERE), content_type="text/plain")


@app.get("/big")
async def big(request):
    return send_file(os.environ["WSGI_BIG"], content_type="application/octet-stream")


@app.get("/empty")
async def empty(request):
    return None


@app.get("/cookies")
async def cookies(request):
    response = Response("ok")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


@app.get("/number")
async def number(request):
    return Response("ok", 200, {"X-Number": 5, "X-Tab": "a\tb", "Connection": "close"})


@app.get("/split")
async def split(request):
    return Response("ok", 200, {"X-Split": "a\r\nSet-Cookie: evil=1"})


@app.get("/fails")
async def fails(request):
    raise ValueError("in the handler")


@app.get("/cancelled")
async def cancelled(request):
    raise asyncio.CancelledError


@app.get("/handled")
async def handled(request):
    return Response.already_handled


@app.get("/events")
@with_sse(keep_alive=0.1)
async def sse(request, sse):
    try:
        await sse.send("one")
        await sse.send({"two": 2}, event="second")
        if "stay" in request.args:
            await asyncio.sleep(60)
    finally:
        events.append("sse closed")


@app.get("/seen")
async def seen(request):
    return {"events": events}


@app.get("/ws")
@with_websocket
async def websocket(request, ws):
    while True:
        await ws.send(await ws.receive())


application = wsgi(app)
