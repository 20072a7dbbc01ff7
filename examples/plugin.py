"""A plugin as a third party would write it; the same file serves CPython and MicroPython."""

import time

from microdot import Microdot


class Timing:
    """Adds the milliseconds that a request took as a Server-Timing header."""

    name = "timing"

    def microdot_request(self, app, request):
        """Note when the request came in."""
        request.g.started = time.time()

    def microdot_response(self, app, request, response):
        """Report; there is no request when the bytes received were none."""
        if request is not None and hasattr(request.g, "started"):
            took = (time.time() - request.g.started) * 1000
            response.headers["Server-Timing"] = "total;dur=%.1f" % took


app = Microdot()
app.use(Timing())


@app.get("/")
async def index(request):
    """Answer with text."""
    return "See the Server-Timing header."


if __name__ == "__main__":
    app.run(port=5000, debug=True)
