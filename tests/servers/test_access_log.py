"""The access log through the module logging of CPython, and over a socket."""

import asyncio
import io
import json
import logging
import pathlib
import subprocess
import sys

import pytest
from microdot import Microdot
from microdot.access_log import AccessLog
from microdot.test_client import TestClient


@pytest.fixture
def logger():
    logger = logging.getLogger("microdot.access.test")
    yield logger
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


def hello(**options):
    app = Microdot(autoload=False)
    app.use(AccessLog(**options))

    @app.get("/")
    async def index(request):
        return "hello"

    return app


def test_the_record_carries_the_fields(logger, caplog):
    app = hello(logger=logger)
    asyncio.run(TestClient(app).get("/?a=b", headers={"User-Agent": "tester"}))
    (record,) = caplog.records
    assert record.name == "microdot.access.test"
    assert record.levelno == logging.INFO
    assert (record.method, record.path, record.status, record.bytes) == ("GET", "/", 200, 5)
    assert (record.agent, record.referer) == ("tester", None)
    assert 0 <= record.seconds < 5
    assert abs(record.access_time - record.created) < 2
    assert record.getMessage().split('"')[1].startswith("GET / HTTP/")


def test_a_percent_sign_is_no_format(logger, caplog):
    app = hello(logger=logger, query=True)
    asyncio.run(TestClient(app).get("/?a=%s%d"))
    assert "/?a=%s%d" in caplog.records[0].getMessage()


def test_without_any_configuration_it_goes_to_the_error_stream():
    code = (
        "import asyncio; from microdot import Microdot; from microdot.access_log import AccessLog\n"
        "from microdot.test_client import TestClient\n"
        "app = Microdot(); app.use(AccessLog())\n"
        "asyncio.run(TestClient(app).get('/'))\n"
        "asyncio.run(TestClient(app).get('/'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all('"GET / HTTP/' in line and '" 404 ' in line for line in lines)


def test_the_configuration_of_the_application_is_respected(logger):
    stream = io.StringIO()
    logger.addHandler(logging.StreamHandler(stream))
    logger.setLevel(logging.WARNING)
    asyncio.run(TestClient(hello(logger=logger)).get("/"))
    assert stream.getvalue() == ""
    logger.setLevel(logging.INFO)
    asyncio.run(TestClient(hello(logger=logger)).get("/"))
    assert stream.getvalue().count("\n") == 1


def test_by_the_name_of_the_plugin():
    app = Microdot(autoload=False)
    assert app.use("access_log", json=True).json


def test_over_a_socket(logger):
    stream = io.StringIO()
    logger.addHandler(logging.StreamHandler(stream))
    logger.propagate = False
    app = hello(logger=logger, json=True)
    path = pathlib.Path(__file__)

    @app.get("/file")
    async def file(request):
        return app_response(path)

    @app.get("/endless")
    async def endless(request):
        async def body():
            while True:
                yield "x" * 10
                await asyncio.sleep(0.01)

        return body()

    def app_response(path):
        from microdot import send_file

        return send_file(str(path))

    async def ask(port, request, enough=None):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        data = await (reader.readuntil(enough) if enough else reader.read())
        writer.close()
        await writer.wait_closed()
        return data

    async def main():
        task = asyncio.create_task(app.start_server("127.0.0.1", 0))
        while app.server is None or not app.server.sockets:
            await asyncio.sleep(0.01)
        port = app.server.sockets[0].getsockname()[1]
        await ask(port, b"GET / HTTP/1.0\r\n\r\n")
        await ask(port, b"NO REQUEST\r\n\r\n")
        await ask(port, b"GET /file HTTP/1.0\r\n\r\n")
        await ask(port, b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n", b"xx\r\n")
        for _ in range(200):
            if stream.getvalue().count("\n") == 4:
                break
            await asyncio.sleep(0.01)
        app.shutdown()
        await asyncio.wait_for(task, 5)

    asyncio.run(main())
    first, bad, sent, cut = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (first["client"], first["status"], first["bytes"]) == ("127.0.0.1", 200, 5)
    assert first["protocol"] == "HTTP/1.0"
    assert (bad["status"], bad["method"]) == (400, None)
    assert (sent["status"], sent["bytes"]) == (200, path.stat().st_size)
    # The client left in the middle of it.
    assert (cut["path"], cut["status"]) == ("/endless", 200)
    assert cut["bytes"] % 10 == 0 and cut["bytes"] > 0
