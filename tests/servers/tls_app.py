"""An application served with TLS, by CPython or MicroPython: tls_app.py PORT FOLDER [CONNECTIONS].

In the folder are cert.pem and key.pem, and the same in DER, which is what MicroPython reads.
"""

import asyncio
import sys

from microdot import Microdot
from microdot.csrf import CSRF
from microdot.session import Session, with_session
from microdot.sse import ServerSentEvents, with_sse
from microdot.websocket import WebSockets, with_websocket

app = Microdot(
    autoload=False,
    header_timeout=1,
    idle_timeout=3,
    write_timeout=1,
    grace_period=1,
    max_connections=int(sys.argv[3]) if len(sys.argv) > 3 else 16,
)
app.use(Session(secret_key="k" * 32))
app.use(CSRF())
app.use(ServerSentEvents(keep_alive=None))
app.use(WebSockets())
alive = []


@app.get("/")
async def index(request):
    return {
        "scheme": request.scheme,
        "client": request.client_addr[0],
        "alive": len(alive),
        "connections": len(request.app._runner.connections),
    }


@app.get("/large")
async def large(request):
    return "0123456789" * 20000


@app.post("/echo", max_content_length=300000, max_body_length=300000)
async def echo(request):
    return request.body


@app.post("/upload", max_content_length=300000, max_body_length=100)
async def upload(request):
    size = 0
    while True:
        data = await request.stream.read(1000)
        if not data:
            return {"size": size}
        size += len(data)


@app.get("/session")
@with_session
async def keep(request, session):
    session["n"] = 1
    session.save()
    return "ok"


@app.get("/events")
@with_sse
async def events(request, sse):
    alive.append(sse)
    try:
        await sse.send("hello")
        await asyncio.sleep(60)
    finally:
        alive.remove(sse)


@app.get("/ws")
@with_websocket
async def ws(request, ws):
    async for message in ws:
        await ws.send(message)


port, folder = int(sys.argv[1]), sys.argv[2]
if sys.implementation.name == "micropython":
    import tls

    def content(name):
        """Return the bytes of a file."""
        with open(folder + "/" + name, "rb") as file:
            return file.read()

    context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(content("cert.der"), content("key.der"))
else:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
app.run("127.0.0.1", port, ssl=context)
