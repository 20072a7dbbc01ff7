"""WebSocket endpoints for the tests, served by CPython or MicroPython: app.py PORT [name=number ...]."""

import asyncio
import sys

from microdot import Microdot
from microdot.websocket import WebSockets, with_websocket

OPTIONS = {"max_message_length": 0}
for word in sys.argv[2:]:
    name, _, value = word.partition("=")
    OPTIONS[name] = float(value) if "." in value else int(value)

app = Microdot(autoload=False, grace_period=2)
app.use(WebSockets(**OPTIONS))


@app.get("/")
async def index(request):
    return "alive"


@app.get("/echo")
@with_websocket
async def echo(request, ws):
    async for message in ws:
        await ws.send(message)


@app.get("/limit")
@with_websocket(max_message_length=10, max_frame_length=8)
async def limit(request, ws):
    async for message in ws:
        await ws.send(message)


@app.get("/protocols")
@with_websocket(subprotocols=("two", "one"))
async def protocols(request, ws):
    await ws.send(ws.subprotocol or "none")


@app.get("/close/<int:code>")
@with_websocket
async def close(request, ws, code):
    await ws.close(code, "as asked")


@app.get("/fail")
@with_websocket
async def fail(request, ws):
    raise ValueError("on purpose")


@app.get("/idle")
@with_websocket
async def idle(request, ws):
    # Neither sends nor receives.
    while not ws.closed:
        await asyncio.sleep(0.05)
    print("closed", ws.close_code)


@app.get("/end")
@with_websocket
async def end(request, ws):
    # What an endpoint hears when the client goes.
    try:
        while True:
            await ws.receive()
    except OSError as error:
        print("ended", error.code, error.reason)


@app.get("/flood")
@with_websocket
async def flood(request, ws):
    while True:
        await ws.send("x" * 4096)


@app.get("/stop")
async def stop(request):
    app.shutdown()
    return "stopping"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]))
