"""Event streams for the tests, served by CPython or MicroPython: sse_app.py PORT [name=number ...]."""

import asyncio
import sys

from microdot import Microdot
from microdot.broadcast import Group
from microdot.sse import RingStore, ServerSentEvents, with_sse

OPTIONS = {"keep_alive": 0.2}
LIMITS = {}
for word in sys.argv[2:]:
    name, _, value = word.partition("=")
    (LIMITS if name == "write_timeout" else OPTIONS)[name] = float(value)

app = Microdot(autoload=False, grace_period=5, max_connections=1200, **LIMITS)
app.use(ServerSentEvents(**OPTIONS))
group = Group()
store = RingStore(50)
alive = []


@app.get("/")
async def index(request):
    return {"alive": len(alive), "members": len(group)}


@app.get("/count/<int:count>")
@with_sse
async def count(request, sse, count):
    for number in range(count):
        await sse.send({"number": number}, event_id=number)


@app.get("/quiet")
@with_sse(keep_alive=None)
async def quiet(request, sse):
    alive.append(sse)
    try:
        await sse.send("hello")
        await asyncio.sleep(60)
    finally:
        alive.remove(sse)
        print("left")


@app.get("/beat")
@with_sse
async def beat(request, sse):
    await sse.send("hello")
    await asyncio.sleep(60)


@app.get("/flood")
@with_sse(keep_alive=None)
async def flood(request, sse):
    alive.append(sse)
    try:
        while True:
            await sse.send("x" * 1000)
    finally:
        alive.remove(sse)


@app.get("/join")
@with_sse(max_queue=10, store=store)
async def join(request, sse):
    with group.member(sse):
        await sse.send("welcome", event="welcome")
        await sse.wait_closed()


@app.get("/say/<text>")
async def say(request, text):
    event = {"data": text, "event": "said"}
    event["event_id"] = store.append(event)
    return {"taken": await group.publish(**event)}


@app.get("/fail")
@with_sse
async def fail(request, sse):
    await sse.send("before")
    raise ValueError("on purpose")


@app.get("/once")
@with_sse
async def once(request, sse):
    # Ends, so that the client comes back and says what it had last.
    if sse.last_event_id:
        await sse.send("back after " + sse.last_event_id, event="back")
        await asyncio.sleep(60)
    await sse.send("line 1\nline 2", event="lines", retry=0.1)
    await sse.send({"euro": "\u20ac"}, event_id="id \u20ac 1")


@app.get("/page")
async def page(request):
    return "<!doctype html><title>events</title>", {"Content-Type": "text/html; charset=UTF-8"}


@app.get("/stop")
async def stop(request):
    app.shutdown()
    return "stopping"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]))
