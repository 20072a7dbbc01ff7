"""Starts an application as a process, on CPython or MicroPython, and talks to it over sockets."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
APP = pathlib.Path(__file__).with_name("app.py")


class Served:
    """An application that is being served.

    :param command: the interpreter.
    :param path: what the interpreter finds its modules by.
    :param arguments: arguments of the application file.
    """

    def __init__(self, command, env, *arguments, app=APP):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        # A file, for what is printed is read at the end only.
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*command, str(app), str(self.port), *arguments],
            env=dict(os.environ, **env),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )
        self.output = None
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError("the application does not start: " + self.stop())

    def stop(self):
        """End the process; return all that it printed."""
        self.process.send_signal(signal.SIGKILL)
        return self.wait()

    def wait(self, timeout=10):
        """Wait for the process to end by itself; return what it printed."""
        self.process.wait(timeout)
        if self.output is None:
            self._log.seek(0)
            self.output = self._log.read().decode()
            self._log.close()
        return self.output

    def connect(self, timeout=5):
        """Return a connected socket."""
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def exchange(self, data, timeout=5):
        """Send bytes on a new connection; return all bytes until the server closes it."""
        with self.connect(timeout) as connection:
            for piece in data if isinstance(data, (list, tuple)) else [data]:
                connection.sendall(piece)
            return read_all(connection)

    def ask(self, data, timeout=5):
        """Send a request on a new connection; return the response to it."""
        with self.connect(timeout) as connection:
            connection.sendall(data)
            return Reply(connection)


def read_all(connection):
    """Return the bytes until the peer closes."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while True:
            piece = connection.recv(65536)
            if not piece:
                break
            data += piece
    return data


class Reply:
    """One response, read from a socket: ``status``, ``version``, ``reason``, ``headers``, ``body``.

    ``complete`` tells whether the body ended as its framing says.
    """

    def __init__(self, connection, head=False):
        self._file = connection.makefile("rb")
        line = self._file.readline()
        assert line, "connection closed without a response"
        self.version, _, rest = line.decode("latin-1").rstrip("\r\n").partition(" ")
        status, _, self.reason = rest.partition(" ")
        self.status = int(status)
        self.pairs = []
        while True:
            line = self._file.readline().decode("latin-1")
            if line in ("\r\n", ""):
                break
            name, _, value = line.partition(":")
            self.pairs.append((name.lower(), value.strip()))
        self.headers = dict(self.pairs)
        self.complete = True
        if head or self.status in (204, 304) or self.status < 200:
            self.body = b""
        elif self.headers.get("transfer-encoding") == "chunked":
            self.body = self._chunks()
        elif "content-length" in self.headers:
            self.body = self._file.read(int(self.headers["content-length"]))
            self.complete = len(self.body) == int(self.headers["content-length"])
        else:
            self.body = self._file.read()

    def _chunks(self):
        body = b""
        while True:
            size = self._file.readline()
            if not size:
                self.complete = False
                return body
            piece = self._file.read(int(size, 16))
            self._file.readline()
            if int(size, 16) == 0:
                return body
            body += piece


def cpython(*arguments, app=APP, options=(), path=()):
    """Serve an application file with this Python; ``path`` has more folders with modules."""
    sources = [*sorted(str(path) for path in ROOT.glob("microdot-*/src")), *path]
    env = {"PYTHONPATH": os.pathsep.join(sources), "PYTHONUNBUFFERED": "1"}
    return Served([sys.executable, *options], env, *arguments, app=app)


def micropython(*arguments, app=APP, path=()):
    """Serve an application file with the 32-bit MicroPython; ``path`` has more folders."""
    from conftest import composed_tree, micropython_command

    env = {"MICROPYPATH": ":".join([str(composed_tree()), *path, ".frozen"])}
    options = os.environ.get("MICROPYTHON_OPTIONS", "").split()
    return Served([micropython_command("32"), *options], env, *arguments, app=app)


PLATFORMS = {"cpython": cpython, "micropython": micropython}


def get(path="/", version="1.1", **headers):
    """Return the bytes of a GET request."""
    return request("GET", path, version, b"", **headers)


def request(method, path="/", version="1.1", body=b"", **headers):
    """Return the bytes of a request; underscores in header names stand for hyphens."""
    lines = ["%s %s HTTP/%s" % (method, path, version)]
    fields = {"Host": "test"} if version == "1.1" else {}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    if body and "Content-Length" not in fields and "Transfer-Encoding" not in fields:
        fields["Content-Length"] = len(body)
    lines += ["%s: %s" % pair for pair in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
