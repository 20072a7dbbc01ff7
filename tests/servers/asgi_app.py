"""An application for the tests with real servers; it is served as ``asgi_app:app`` and ``asgi_app:wrapped``."""

import asyncio
import os

from microdot import Microdot as Core
from microdot import Response
from microdot.asgi import Microdot, asgi
from microdot.session import Session, with_session
from microdot.sse import ServerSentEvents, with_sse
from microdot.websocket import with_websocket

notes = []


async def starts(scope):
    notes.append("lifespan_startup")
    scope.get("state", {})["ready"] = True


async def ends(scope):
    notes.append("lifespan_shutdown")


class Notes:
    """Writes down what happens; at the end, into the file that NOTES names."""

    name = "notes"

    def microdot_startup(self, app):
        notes.append("startup")

    def microdot_drain(self, app):
        notes.append("drain")

    def microdot_shutdown(self, app):
        notes.append("shutdown")
        if "NOTES" in os.environ:
            with open(os.environ["NOTES"], "w") as file:
                file.write(" ".join(notes))


def install(app):
    app.use(Notes())
    app.use(ServerSentEvents())
    app.use(Session(secret_key="top-secret, and as long as PyJWT likes it"))

    @app.get("/")
    async def index(request):
        return "Hello, world!"

    @app.get("/plain")
    def plain(request):
        return "from a thread"

    @app.get("/notes")
    async def get_notes(request):
        return notes

    @app.get("/name/<name>")
    async def name(request, name):
        return {"name": name, "path": request.path, "query": request.args.get("q")}

    @app.post("/json")
    async def parsed(request):
        return {"json": request.json}

    @app.post("/upload", max_content_length=1 << 30, max_body_length=0)
    async def upload(request):
        size = 0
        while True:
            piece = await request.stream.read(65536)
            if not piece:
                return {"size": size}
            size += len(piece)

    @app.post("/upper", max_content_length=1 << 20, max_body_length=0)
    async def upper(request):
        async def pieces():
            while True:
                piece = await request.stream.read(65536)
                if not piece:
                    return
                yield piece.upper()

        return pieces()

    @app.get("/pieces")
    def pieces(request):
        for i in range(3):
            yield "piece %d\n" % i

    @app.get("/broken")
    async def broken(request):
        async def fails():
            yield "begin"
            await asyncio.sleep(0.1)
            raise RuntimeError("on purpose")

        return fails()

    @app.get("/quiet")
    async def quiet(request):
        async def waits():
            try:
                await asyncio.sleep(60)
                yield ""
            finally:
                notes.append("quiet ended")

        return waits()

    @app.get("/events")
    @with_sse
    async def events(request, sse):
        try:
            await sse.send("first")
            await asyncio.sleep(60)
        finally:
            notes.append("events ended")

    @app.get("/file")
    async def file(request):
        return Response.send_file(__file__)

    @app.get("/count")
    @with_session
    async def count(request, session):
        session["count"] = session.get("count", 0) + 1
        session.save()
        return str(session["count"])

    @app.get("/state")
    async def state(request):
        return str(request.asgi_scope.get("state", {}).get("ready"))

    @app.get("/shutdown")
    async def shutdown(request):
        request.app.shutdown()
        return "bye"

    @app.get("/echo")
    @with_websocket(subprotocols=["chat"], max_message_length=1000)
    async def echo(request, ws):
        async for message in ws:
            if message == "close":
                await ws.close(4001, "asked for")
                return
            if message == "fail":
                raise RuntimeError("on purpose")
            await ws.send(message)
        notes.append("echo ended %d" % ws.close_code)

    @app.get("/sleeper")
    @with_websocket
    async def sleeper(request, ws):
        for _ in range(600):
            await asyncio.sleep(0.05)
            if ws.closed:
                notes.append("sleeper ended")
                return

    @app.get("/guarded")
    @with_websocket(origins=["same"])
    async def guarded(request, ws):
        await ws.send("in")

    return app


app = install(Microdot(starts, ends))
core = install(Core())
wrapped = asgi(core, starts, ends)
