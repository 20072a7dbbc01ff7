"""A WebSocket echo for memory.py: socket_app PORT."""

import sys

from microdot import Microdot
from microdot.websocket import with_websocket

app = Microdot()


@app.route("/")
@with_websocket
async def echo(request, ws):
    """Echo."""
    while True:
        await ws.send(await ws.receive())


app.run(host="127.0.0.1", port=int(sys.argv[1]))
