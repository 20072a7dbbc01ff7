"""SIGTERM under load: what has been accepted is answered. The clients count."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from importlib.util import find_spec

import pytest

APP = """
import asyncio
import os
import time
from microdot import Microdot

app = Microdot()
handled = os.open("handled", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

@app.before_request
async def count(request):
    os.write(handled, b".")

@app.get("/")
async def index(request):
    return "ok"

@app.get("/slow")
async def slow(request):
    await asyncio.sleep(0.2)
    return "ok"

@app.get("/busy")
async def busy(request):
    time.sleep(0.01)  # the loop hears of nothing meanwhile
    return "ok"
"""


class Crowd:
    """Clients that send one request after the other until nobody listens any more.

    :param keep: each uses one connection as long as the server keeps it.
    """

    def __init__(self, port, path, keep):
        self.port = port
        self.path = path
        self.keep = keep
        self.answered = 0
        self.lost = []
        self.refused = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(i,)) for i in range(20)]
        for thread in self._threads:
            thread.start()

    def _run(self, number):
        client = None
        while not self.refused.is_set():
            if client is None:
                try:
                    client = socket.create_connection(("127.0.0.1", self.port), 15)
                except OSError:
                    self.refused.set()
                    return
            error = None
            try:
                keep = self._exchange(client)
            except OSError as failure:
                error = repr(failure)
                keep = False
            with self._lock:
                if error is None:
                    self.answered += 1
                else:
                    self.lost.append(error)
            if not keep:
                client.close()
                client = None
        if client is not None:
            client.close()

    def _exchange(self, client):
        connection = "keep-alive" if self.keep else "close"
        request = "GET %s HTTP/1.1\r\nHost: x\r\nConnection: %s\r\n\r\n" % (self.path, connection)
        client.sendall(request.encode())
        data = b""
        while not (b"\r\n\r\n" in data and data.endswith(b"ok")):
            piece = client.recv(4096)
            if not piece:
                raise OSError("closed after %r" % data)
            data += piece
        assert data.startswith(b"HTTP/1.1 200 "), data
        return self.keep and b"\nconnection: close" not in data.lower()

    def join(self):
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


@contextlib.contextmanager
def served(folder, *options):
    (folder / "hello.py").write_text(APP)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = open(folder / "log", "w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "microdot", "run", "hello:app", "--port", str(port), *options],
        cwd=folder,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, PYTHONUNBUFFERED="1"),
    )
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        yield process, port
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        log.close()


def end_under_load(process, port, path, keep):
    crowd = Crowd(port, path, keep)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    code = process.wait(20)
    crowd.join()
    return crowd, code


@pytest.mark.parametrize("keep", [False, True], ids=["close", "keep-alive"])
@pytest.mark.parametrize("path", ["/", "/slow", "/busy"])
def test_builtin_answers_all_that_a_client_believes_to_be_accepted(tmp_path, path, keep):
    with served(tmp_path) as (process, port):
        crowd, code = end_under_load(process, port, path, keep)
        assert crowd.lost == []
        assert crowd.answered > 20
        assert crowd.answered == (tmp_path / "handled").stat().st_size
        assert code == 0
        assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("path", ["/", "/slow", "/busy"] if find_spec("uvicorn") else [])
def test_uvicorn_answers_all_that_a_client_believes_to_be_accepted(tmp_path, path):
    with served(tmp_path, "--server", "uvicorn") as (process, port):
        crowd, code = end_under_load(process, port, path, False)
        assert crowd.lost == []
        assert crowd.answered > 20
        assert code == 0


@pytest.mark.parametrize("path", ["/", "/slow", "/busy"])
@pytest.mark.parametrize(
    "server", [name for name in ("uvicorn", "granian") if find_spec(name) is not None]
)
def test_uvicorn_and_granian_answer_all_that_has_reached_the_application(tmp_path, server, path):
    with served(tmp_path, "--server", server) as (process, port):
        crowd, code = end_under_load(process, port, path, False)
        assert crowd.answered > 20
        assert crowd.answered == (tmp_path / "handled").stat().st_size
        assert code == 0
