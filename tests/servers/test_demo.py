"""``microdot run`` serves the demo application on every server."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest
import ws_client
from harness import Served

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: What is given to ``microdot run``, and whether the server has WebSocket.
SERVERS = {
    "builtin": ([], True),
    "uvicorn": (["--server", "uvicorn"], True),
    "uvicorn, 2 workers": (["--server", "uvicorn", "--workers", "2"], True),
    "granian, 2 workers": (["--server", "granian", "--workers", "2"], True),
    "granian, wsgi": (["--server", "granian", "--interface", "wsgi"], False),
    "hypercorn": (["--server", "hypercorn"], True),
    "gunicorn, 2 workers": (["--server", "gunicorn", "--workers", "2"], True),
    "gunicorn, asgi": (["--server", "gunicorn", "--interface", "asgi"], True),
    "waitress": (["--server", "waitress"], False),
}


class Command(Served):
    """The demo, served by ``microdot run``."""

    def __init__(self, options):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._log = tempfile.TemporaryFile()
        self.output = None
        self.process = subprocess.Popen(
            [sys.executable, "-m", "microdot", "run", "examples/demo/app.py:app", *options]
            + ["--port", str(self.port)],
            cwd=ROOT,
            env=dict(os.environ, DEMO_SECRET_KEY="a key of this test", PYTHONUNBUFFERED="1"),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        end = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.ask_for("GET", "/")
                return
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError("it does not start: " + self.end(signal.SIGKILL))
            time.sleep(0.1)

    def ask_for(self, method, path, body=None, **fields):
        """Send a request; return status, header fields and body of the response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        try:
            connection.request(method, path, body, fields)
            response = connection.getresponse()
            return response.status, response.msg, response.read()
        finally:
            connection.close()

    def end(self, number):
        """Send a signal to all processes; return what was printed."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        return self.wait(40)


@pytest.fixture(scope="module", params=SERVERS)
def server(request):
    served = Command(SERVERS[request.param][0])
    served.has_websocket = SERVERS[request.param][1]
    yield served
    if served.process.poll() is None:
        served.process.terminate()
        try:
            output = served.wait(40)
        except subprocess.TimeoutExpired:
            output = served.end(signal.SIGKILL)
            raise AssertionError("it does not end: " + output) from None
    assert served.process.returncode == 0, served.output
    assert "Traceback" not in served.output, served.output


def test_pages_and_routes(server):
    status, fields, body = server.ask_for("GET", "/")
    assert (status, fields["Content-Type"]) == (200, "text/html; charset=UTF-8")
    assert b"Microdot demo" in body
    assert (
        json.loads(server.ask_for("GET", "/api/hello/Ada%20L.")[2])["greeting"] == "Hello, Ada L.!"
    )
    status, fields, _ = server.ask_for("GET", "/static/icon.svg")
    assert server.ask_for("GET", "/static/icon.svg", If_None_Match=fields["ETag"])[0] == 304
    assert server.ask_for("GET", "/api/countdown")[2].endswith(b"lift-off\n")


def test_an_upload(server):
    content = os.urandom(100_000)
    body = (
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.bin"\r\n\r\n'
        + content
        + b"\r\n--b--\r\n"
    )
    kind = "multipart/form-data; boundary=b"
    status, _, answer = server.ask_for("POST", "/api/upload", body, Content_Type=kind)
    assert status == 200
    assert json.loads(answer)["files"][0]["checksum"] == sum(content) % 65536


def test_a_login(server):
    form = "application/x-www-form-urlencoded"
    body = b"name=ada&password=lovelace"
    status, fields, _ = server.ask_for("POST", "/login", body, Content_Type=form)
    assert (status, fields["Location"]) == (302, "/account")
    cookie = fields["Set-Cookie"].partition(";")[0]
    for _ in range(6):  # each of the workers
        status, _, answer = server.ask_for("GET", "/api/account", Cookie=cookie)
        assert status == 200 and json.loads(answer)["name"] == "ada"
    status, _, answer = server.ask_for(
        "POST", "/account/motto", b"motto=x", Content_Type=form, Sec_Fetch_Site="cross-site"
    )
    assert (status, answer) == (403, b"Forbidden")


def test_an_event_stream(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/api/ticker", headers={"Last-Event-ID": "41"})
    response = connection.getresponse()
    assert response.headers["Content-Type"].startswith("text/event-stream")
    lines = []
    while len(lines) < 3:
        line = response.readline().decode().strip()
        if line and not line.startswith(":"):
            lines.append(line)
    connection.close()
    assert {"id: 42", "event: tick"} < set(lines)


def test_the_chat(server):
    with ws_client.Client(server, "/api/chat", timeout=10) as client:
        if not server.has_websocket:
            assert client.status.split()[1] == "501"
            return
        assert client.status.split()[1] == "101"
        assert b'"here": 1' in client.read()[1]
        client.send(1, b"hello")
        assert b'"text": "hello"' in client.read()[1]
