"""An event stream for memory.py: stream_app PORT."""

import sys

from microdot import Microdot
from microdot.sse import with_sse

app = Microdot()


@app.get("/")
@with_sse
async def events(request, sse):
    """Send some events."""
    for number in range(30):
        await sse.send({"number": number})


app.run(host="127.0.0.1", port=int(sys.argv[1]))
