"""An application behind a proxy, served by CPython or MicroPython: proxy_app.py PORT [FIELD ...]."""

import asyncio
import sys

from microdot import Microdot
from microdot.csrf import CSRF
from microdot.proxy import TrustedProxies
from microdot.session import Session, with_session
from microdot.sse import ServerSentEvents, with_sse
from microdot.websocket import WebSockets, with_websocket

port = int(sys.argv[1])
fields = sys.argv[2:] or ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Prefix")

app = Microdot(autoload=False, grace_period=1)
app.use(Session(secret_key="k" * 32))
app.use(CSRF())
app.use(ServerSentEvents(keep_alive=None))
app.use(WebSockets())
app.use(TrustedProxies(["127.0.0.2", "127.0.0.3"], headers=fields))
alive = []
ports = []


@app.route("/", methods=["GET", "POST"])
async def index(request):
    if request.peer_addr[1] not in ports:
        ports.append(request.peer_addr[1])
    return {
        "client": request.client_addr[0],
        "scheme": request.scheme,
        "host": request.headers["Host"],
        "root": request.root_path,
        "path": request.path,
        "ports": len(ports),
        "alive": len(alive),
    }


@app.get("/large")
async def large(request):
    return "0123456789" * 20000


@app.post("/count", max_content_length=900000, max_body_length=100)
@app.post("/upload", max_content_length=3000000, max_body_length=100)
async def upload(request):
    size = 0
    while True:
        data = await request.stream.read(4000)
        if not data:
            return {"size": size}
        if not size:
            alive.append("upload")
        size += len(data)
        if size > 5000:
            while "upload" in alive:
                alive.remove("upload")


@app.get("/slowly")
async def slowly(request):
    class Pieces:
        """An asynchronous iterator, which MicroPython has no generators for."""

        number = -1

        def __aiter__(self):
            return self

        async def __anext__(self):
            self.number += 1
            if self.number == 3:
                raise StopAsyncIteration
            if self.number:
                await asyncio.sleep(0.3)
            return "piece %d\n" % self.number

    return Pieces(), {"X-Accel-Buffering": "no"}


@app.get("/session")
@with_session
async def keep(request, session):
    session["n"] = 1
    session.save()
    return "ok"


@app.get("/live/events")
@with_sse
async def events(request, sse):
    alive.append(sse)
    try:
        await sse.send("hello")
        await asyncio.sleep(60)
    finally:
        alive.remove(sse)


@app.get("/live/ws")
@with_websocket(origins=["same"])
async def ws(request, ws):
    async for message in ws:
        await ws.send(message)


app.run("127.0.0.1", port)
