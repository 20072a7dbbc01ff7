"""The application of the black-box tests; runs on CPython and MicroPython."""

import asyncio
import sys

from microdot import Microdot, Response

app = Microdot(
    header_timeout=0.6,
    body_timeout=0.6,
    idle_timeout=1.2,
    write_timeout=1,
    grace_period=1.5,
    max_connections=30,
    max_head_size=4096,
    max_fields=20,
)
log = []


@app.get("/")
async def index(request):
    return "hello"


@app.route("/echo", methods=["POST", "PUT"])
async def echo(request):
    return request.body


@app.post("/upload", max_content_length=300000, max_body_length=1000)
async def upload(request):
    size = 0
    while True:
        data = await request.stream.read(1000)
        if not data:
            return {"size": size}
        size += len(data)


@app.post("/read-all", max_content_length=300000, max_body_length=10)
async def read_all(request):
    return {"size": len(await request.stream.read())}


@app.post("/ignore", max_content_length=300000, max_body_length=10)
async def ignore(request):
    return "ignored"


@app.post("/json")
async def json(request):
    return {"json": request.json}


@app.post("/json-large", max_body_length=5)
async def json_large(request):
    return {"json": request.json}


@app.post("/form")
async def form(request):
    form = request.form
    return {"form": None if form is None else {key: form.getlist(key) for key in form}}


@app.get("/headers")
async def headers(request):
    return {
        "host": request.headers.get("Host"),
        "x": request.headers.get("X"),
        "cookie": request.headers.get("Cookie"),
        "admin": request.headers.get("X-Admin"),
        "version": request.http_version,
        "scheme": request.scheme,
        "client": request.client_addr[0],
    }


@app.get("/path/<name>")
async def path(request, name):
    return {"name": name, "path": request.path}


@app.route("/only-head", methods=["HEAD"])
async def only_head(request):
    return "x", {"X-Head": "1"}


@app.get("/none")
async def none(request):
    return None


@app.get("/not-modified")
async def not_modified(request):
    return "", 304


class Stream:
    def __init__(self, pieces, fail=False):
        self.pieces = list(pieces)
        self.fail = fail

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep(0.01)
        if not self.pieces:
            if self.fail:
                raise RuntimeError("the stream fails")
            raise StopAsyncIteration
        return self.pieces.pop(0)

    async def aclose(self):
        log.append("closed")


@app.get("/stream")
async def stream(request):
    return Stream(["one", b"two", "", "three"])


@app.get("/stream-length")
async def stream_length(request):
    return Stream(["abc"]), {"Content-Length": "5"}


@app.get("/stream-fails")
async def stream_fails(request):
    return Stream(["one"], True)


@app.get("/endless")
async def endless(request):
    return Endless([])


class Endless(Stream):
    async def __anext__(self):
        await asyncio.sleep(0.01)
        return "x" * 500


class Flood(Stream):
    async def __anext__(self):
        return b"x" * 20000


@app.get("/flood")
async def flood(request):
    return Flood([])


@app.get("/generator")
def generator(request):
    yield "one"
    yield "two"


@app.get("/log")
async def show_log(request):
    return {"log": log}


@app.get("/slow")
async def slow(request):
    await asyncio.sleep(0.4)
    return "slow"


@app.get("/fail")
async def fail(request):
    raise RuntimeError("on purpose")


@app.get("/bad-header")
async def bad_header(request):
    return "x", {"X-Bad": "a\r\nX-Injected: yes"}


@app.get("/bad-reason")
async def bad_reason(request):
    return Response("x", 200, None, "OK\r\nX-Injected: yes")


@app.get("/bad-type")
async def bad_type(request):
    return "x", {"Content-Type": "text/html\r\nX-Injected: yes"}


@app.get("/hook")
async def hook(request):
    @request.after_request
    async def after(request, response):
        response.body = "from a hook"

    return "x"


@app.get("/not-sendable")
async def not_sendable(request):
    return Response(23.7)


@app.get("/big")
async def big(request):
    return "x" * 100000


@app.get("/shutdown")
async def shutdown(request):
    app.shutdown()
    return "bye"


@app.errorhandler(400)
async def bad_request(request):
    return "bad: %s" % (request is None), 400


app.run("127.0.0.1", int(sys.argv[1]))
