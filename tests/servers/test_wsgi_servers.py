"""microdot.wsgi behind the servers that people use, over sockets."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import harness
import pytest

HERE = pathlib.Path(__file__).resolve().parent
WSGIREF = """
import signal, socketserver, sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgi_app import application

class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64

class Handler(WSGIRequestHandler):
    http_version = "1.1"

def stop(*args):
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
make_server("127.0.0.1", int(sys.argv[1]), application, Server, Handler).serve_forever()
"""


def command(name, port):
    """Return the command line of a server."""
    address = "127.0.0.1:%d" % port
    gunicorn = [sys.executable, "-m", "gunicorn", "-b", address, "--no-control-socket"]
    if "--no-control-socket" not in _help("gunicorn"):
        gunicorn.pop()
    return {
        "wsgiref": [sys.executable, "-c", WSGIREF, str(port)],
        "gunicorn-sync": [*gunicorn, "-w", "2", "-k", "sync", "wsgi_app:application"],
        "gunicorn-gthread": [*gunicorn, "-w", "1", "--threads", "16", "wsgi_app:application"],
        "waitress": [
            sys.executable, "-m", "waitress", "--listen=" + address, "--threads=16",
            "wsgi_app:application",
        ],
        "granian": [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(port), "--blocking-threads", "16", "wsgi_app:application",
        ],
    }[name]  # fmt: skip


_helps = {}


def _help(module):
    if module not in _helps:
        _helps[module] = subprocess.run(
            [sys.executable, "-m", module, "--help"], stdout=subprocess.PIPE, text=True
        ).stdout
    return _helps[module]


SERVERS = ["wsgiref", "gunicorn-sync", "gunicorn-gthread", "waitress", "granian"]
#: Those that answer another request while one waits, in one process.
THREADED = [name for name in SERVERS if name != "gunicorn-sync"]


class Served:
    """The application of wsgi_app.py on a server."""

    def __init__(self, name):
        self.name = name
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.life = self.folder / "life"
        big = self.folder / "big"
        big.write_bytes(os.urandom(3 << 20))
        self.big = big
        sources = sorted(str(path) for path in harness.ROOT.glob("microdot-*/src"))
        env = dict(
            os.environ,
            PYTHONPATH=os.pathsep.join([str(HERE), *sources]),
            PYTHONUNBUFFERED="1",
            WSGI_LOG=str(self.life),
            WSGI_BIG=str(big),
        )
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            command(name, self.port), env=env, stdout=self.log, stderr=self.log, cwd=self.folder
        )
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), self.connect():
                break
            assert self.process.poll() is None and time.monotonic() < deadline, self.output()
            time.sleep(0.05)

    def output(self):
        return (self.folder / "log").read_text(errors="replace")

    def lives(self):
        """Return the notes of the application: process -> what happened."""
        lives = {}
        for line in self.life.read_text().splitlines() if self.life.exists() else ():
            what, pid = line.split()
            lives.setdefault(pid, []).append(what)
        return lives

    def connect(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def ask(self, target, method="GET", body=None, head=False, **fields):
        """Send a request on a connection of its own; return the response."""
        lines = ["%s %s HTTP/1.1" % (method, target), "Host: localhost", "Connection: close"]
        lines += ["%s: %s" % (name.replace("_", "-"), value) for name, value in fields.items()]
        if body is not None and "Transfer_Encoding" not in fields:
            lines.append("Content-Length: %d" % len(body))
        with self.connect() as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
            with contextlib.suppress(ConnectionError):  # a server may answer before it has it all
                connection.sendall(body or b"")
            return harness.Reply(connection, head)

    def stop(self):
        """Stop the server as an operator does; return what it printed."""
        if self.process.poll() is None:
            # waitress knows no other way.
            stop = signal.SIGINT if self.name == "waitress" else signal.SIGTERM
            self.process.send_signal(stop)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        output = self.output()
        self.log.close()
        return output

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module", params=SERVERS)
def server(request):
    served = Served(request.param)
    yield served
    served.remove()


@pytest.fixture
def fresh(request):
    served = Served(request.param)
    yield served
    served.remove()


def test_hello(server):
    reply = server.ask("/")
    assert (reply.status, reply.body) == (200, b"Hello, world!")
    assert reply.headers["content-type"] == "text/plain; charset=UTF-8"
    assert reply.headers["content-length"] == "13"
    assert len([name for name, _ in reply.pairs if name == "date"]) == 1


@pytest.mark.parametrize("path, body", [("/plain", None), ("/waits", b"waited")])
def test_handlers(path, body, server):
    reply = server.ask(path)
    assert reply.status == 200
    assert body is None or reply.body == body


def test_what_a_handler_asks_of_the_loop(server):
    for _ in range(3):
        assert json.loads(server.ask("/tasks").body) == {
            "loop": True,
            "task": True,
            "child": "mine",
            "same": False,
            "future": "later",
            "variable": "mine",
        }


@pytest.mark.parametrize("path", ["/", "/stream", "/generator", "/file", "/events"])
def test_w_asgi_05_head_has_no_body_on_wsgi_servers(path, server):
    with server.connect() as connection:
        connection.sendall(
            b"HEAD %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode()
        )
        data = harness.read_all(connection)
    assert data.split(b" ")[1] == b"200"
    assert data.endswith(b"\r\n\r\n")


def test_no_content(server):
    reply = server.ask("/empty")
    assert (reply.status, reply.body) == (204, b"")
    assert "content-type" not in reply.headers


def test_errors(server):
    assert (server.ask("/nowhere").status, server.ask("/", "DELETE").status) == (404, 405)
    assert server.ask("/fails").status == 500
    assert server.ask("/split").status == 500


def test_cookies_and_query(server):
    reply = server.ask("/info?q=1&q=%C3%A9", Cookie="a=1; b=2", X_One="1")
    info = json.loads(reply.body)
    assert info["cookies"] == {"a": "1", "b": "2"}
    assert info["query"] == ["1", "é"]
    assert info["headers"]["X-One"] == "1"
    assert info["addr"][0] == "127.0.0.1"
    cookies = [value for name, value in server.ask("/cookies").pairs if name == "set-cookie"]
    assert cookies == ["a=1", "b=2"]


def test_w_wsgi_04_paths(server):
    assert json.loads(server.ask("/one/caf%C3%A9").body) == {"name": "café"}
    assert json.loads(server.ask("/one/a%3Fb%23c%25d%20e").body) == {"name": "a?b#c%d e"}
    reply = server.ask("/one/a%2Fb")
    if server.name.startswith("gunicorn") or server.name == "waitress":
        # They tell the original; the others have decoded it for good.
        assert json.loads(reply.body) == {"name": "a/b"}
    else:
        assert reply.status == 404


def test_bodies(server):
    assert server.ask("/echo", "POST", b"data").body == b"data"
    assert server.ask("/echo", "POST", b"").status == 200
    data = os.urandom(1 << 20)
    assert json.loads(server.ask("/upload", "POST", data).body)["size"] == 1 << 20
    assert json.loads(server.ask("/late", "POST", data).body)["size"] == 1 << 20


def test_w_asgi_04_a_body_without_a_length_on_wsgi_servers(server):
    data = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    reply = server.ask("/echo", "POST", data, Transfer_Encoding="chunked")
    terminated = json.loads(server.ask("/info").body)["terminated"]
    assert terminated or server.name in ("wsgiref", "granian")
    if not terminated:
        # wsgiref, and older versions of Granian: there is no way to know the end.
        assert reply.status == 411
    else:
        assert (reply.status, reply.body) == (200, b"abcde")


def test_a_body_that_is_too_large(server):
    assert server.ask("/little", "POST", bytes(1000)).status == 200
    assert server.ask("/little", "POST", bytes(1001)).status == 413
    assert server.ask("/", "POST", bytes(60000)).status == 405


def test_a_client_that_breaks_off(server):
    with server.connect() as connection:
        connection.sendall(
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc"
        )
    assert server.ask("/").status == 200
    assert "Unhandled exception in POST" not in server.output()


def test_streams(server):
    reply = server.ask("/stream?n=50")
    assert reply.body == b"".join(b"piece %d\n" % number for number in range(50))
    assert reply.complete
    assert server.ask("/generator").body == b"text bytes more"
    assert server.ask("/mirror", "POST", b"x" * 200000).body == b"x" * 200000


@pytest.mark.parametrize("path", ["/breaks", "/breaks-plain"])
def test_a_body_that_fails_is_not_taken_for_complete(path, server):
    with server.connect() as connection:
        connection.sendall(
            b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode()
        )
        data = harness.read_all(connection)
    assert b"first" in data
    # Granian takes an error for the end, whatever the application does.
    assert data.endswith(b"0\r\n\r\n") is (server.name == "granian")
    assert server.ask("/").status == 200


def test_files(server):
    whole = (HERE / "wsgi_app.py").read_bytes()
    assert server.ask("/file").body == whole
    part = server.ask("/file", Range="bytes=10-19")
    assert (part.status, part.body) == (206, whole[10:20])
    for _ in range(2):
        assert server.ask("/big").body == server.big.read_bytes()
    part = server.ask("/big", Range="bytes=1000000-1999999")
    assert part.body == server.big.read_bytes()[1000000:2000000]


def test_several_requests_on_a_connection(server):
    with server.connect() as connection:
        for number in range(3):
            connection.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            reply = harness.Reply(connection)
            assert reply.body == b"piece 0\npiece 1\npiece 2\n"
            if reply.headers.get("connection") == "close" or reply.version == "HTTP/1.0":
                break


def seen(server, what):
    """Tell whether something happens in the application within some seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        # Any of the processes may answer.
        if what in json.loads(server.ask("/seen").body)["events"]:
            return True
        time.sleep(0.05)
    return False


def test_events_and_a_client_that_leaves(server):
    with server.connect() as connection:
        connection.sendall(b"GET /events?stay HTTP/1.1\r\nHost: localhost\r\n\r\n")
        data = b""
        while b":\n\n" not in data:
            data += connection.recv(65536)
        assert b"data: one\n\n" in data
        assert b"text/event-stream" in data
        assert b"event: second" in data
    # The next comment finds that nobody is there.
    assert seen(server, "sse closed")


def test_a_client_that_leaves_a_body(server):
    with server.connect() as connection:
        # waitress does not look at a connection that it is always given something to send for.
        query = b"?pace" if server.name == "waitress" else b""
        connection.sendall(b"GET /endless%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % query)
        data = b""
        while b"xxx" not in data:
            data += connection.recv(1000)
    assert seen(server, "endless closed")


def test_w_wsgi_01_requests_at_the_same_time(server):
    failures = []

    def run(number):
        try:
            for turn in range(10):
                path = ["/", "/plain", "/waits?for=0.005", "/stream", "/tasks"][(number + turn) % 5]
                assert server.ask(path).status == 200
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_others_are_answered_while_one_waits(server):
    if server.name not in THREADED:
        assert server.name == "gunicorn-sync"  # a process for each request
    start = time.monotonic()
    threads = [
        threading.Thread(target=server.ask, args=("/waits?for=1",))
        for _ in range(8 if server.name in THREADED else 1)
    ]
    for thread in threads:
        thread.start()
    assert server.ask("/").status == 200
    assert time.monotonic() - start < 0.9
    for thread in threads:
        thread.join()


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def test_a_websocket(server):
    from websockets.sync.client import connect

    if server.name.startswith("gunicorn"):
        with connect("ws://127.0.0.1:%d/ws" % server.port) as client:
            for message in ("text", b"bytes", "x" * 10000):
                client.send(message)
                assert client.recv(timeout=10) == message
        assert "HTTP/1.1 None" not in server.output()
    else:
        with server.connect() as connection:
            connection.sendall(HANDSHAKE)
            reply = harness.Reply(connection)
            # wsgiref and waitress know no upgrade: the field does not get here.
            assert reply.status in (400, 501)
    assert server.ask("/").status == 200


@pytest.mark.parametrize("fresh", ["gunicorn-sync", "gunicorn-gthread"], indirect=True)
def test_an_upgrade_to_something_that_is_no_websocket_route(fresh):
    for _ in range(3):
        with fresh.connect() as connection:
            connection.sendall(HANDSHAKE.replace(b"/ws", b"/stream"))
            assert harness.Reply(connection).body == b"piece 0\npiece 1\npiece 2\n"


@pytest.mark.parametrize("fresh", ["gunicorn-gthread"], indirect=True)
def test_many_websockets_that_end_in_all_ways(fresh):
    from websockets.sync.client import connect

    for number in range(10):
        with connect("ws://127.0.0.1:%d/ws" % fresh.port) as client:
            client.send("x")
            assert client.recv(timeout=10) == "x"
            if number % 2:
                client.socket.shutdown(socket.SHUT_RDWR)
    assert fresh.ask("/").status == 200
    output = fresh.stop()
    assert "Traceback" not in output


def test_gunicorn_and_event_streams_at_the_end(tmp_path, monkeypatch):
    # The recipe of docs/wsgi.md.
    page = (harness.ROOT / "docs/wsgi.md").read_text()
    recipe = page.split("```python\n# gunicorn.conf.py\n")[1].split("```")[0]
    config = tmp_path / "conf.py"
    config.write_text(recipe.replace("from hello import", "from wsgi_app import"))
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "-c %s" % config)
    served = Served("gunicorn-gthread")
    try:
        with served.connect() as connection:
            connection.sendall(b"GET /events?stay HTTP/1.1\r\nHost: localhost\r\n\r\n")
            data = b""
            while b":\n\n" not in data:
                data += connection.recv(65536)
            start = time.monotonic()
            served.process.send_signal(signal.SIGTERM)
            assert harness.read_all(connection).endswith(b"0\r\n\r\n")
        served.process.wait(20)
        assert time.monotonic() - start < 10
        (life,) = served.lives().values()
        assert life == ["startup", "drain", "shutdown"]
    finally:
        served.remove()


@pytest.mark.parametrize("fresh", SERVERS, indirect=True)
def test_hooks_in_each_process(fresh):
    for _ in range(20):
        assert fresh.ask("/").status == 200
    assert all(life == ["startup"] for life in fresh.lives().values())
    output = fresh.stop()
    lives = fresh.lives()
    assert len(lives) == 1 or fresh.name == "gunicorn-sync" and len(lives) <= 2
    assert all(life == ["startup", "drain", "shutdown"] for life in lives.values()), (lives, output)
    assert "Traceback" not in output
