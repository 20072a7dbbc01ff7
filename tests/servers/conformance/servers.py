"""The servers: how each is started, and what it has not."""

import contextlib
import importlib.util
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

from harness import ROOT, Reply, Served, get

HERE = pathlib.Path(__file__).resolve().parent

#: Capabilities that a server may lack. What it does instead is the other half of the case.
DISCONNECTS = "WSGI tells an application that its client is gone only when it sends"
WEBSOCKET = "WSGI has no WebSocket"
RAW_PATH = "the server hands on the decoded path only"


class Server:
    """A server that can be started.

    :param name: in the table.
    :param command: a function that is given the port and returns the command.
    :param module: the Python module without which it cannot run; None for none.
    :param lacks: capability to reason.
    :param kind: ``"built-in"``, ``"ASGI"`` or ``"WSGI"``.
    :param prints: how the last lines of tracebacks begin that are the server's own.
    """

    def __init__(self, name, kind, command, module=None, lacks=None, prints=()):
        self.name = name
        self.kind = kind
        self.command = command
        self.module = module
        self.lacks = dict(lacks or {})
        self.prints = tuple(prints)

    def __repr__(self):
        return self.name

    def missing(self):
        """Return the module that is not installed, None if it can be started."""
        if self.module and importlib.util.find_spec(self.module) is None:
            return self.module
        return None

    def start(self):
        """Return it running, as an object with ``ask``, ``connect`` and the like.

        :raises AssertionError: it does not start; the message has what it printed.
        """
        return Running(self)


class Running(Served):
    """A server that runs."""

    def __init__(self, server):
        self.server = server
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.output = None
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            server.command(self.port),
            env=dict(os.environ, **environment()),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=HERE,
            # What it starts is ended with it.
            start_new_session=True,
        )
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError, AssertionError):
                if self.ask(get("/"), 5).status == 200:
                    return
            time.sleep(0.05)
        raise AssertionError("%s does not start:\n%s" % (server, self.stop()))

    def ask(self, data, timeout=5):
        """Send a request on a new connection; return the response to it."""
        with self.connect(timeout) as connection:
            connection.sendall(data)
            reply = Reply(connection)
            # It holds the connection open otherwise, as long as somebody has the reply.
            reply._file.close()
            return reply

    def stop(self):
        """End it and what it has started; return all that was printed."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.wait()

    def end(self, timeout=15):
        """Ask it to end, the first time; return what was printed.

        A supervisor sends SIGTERM; the script that runs the built-in server is asked by a request.

        :raises AssertionError: it does not end.
        """
        if self.output is None:
            if self.server.kind == "built-in":
                assert self.ask(get("/stop")).body == b"stopping"
            else:
                self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                message = "%s has not ended in %s seconds" % (self.server, timeout)
                raise AssertionError("%s:\n%s" % (message, self.stop())) from None
            self.stop()
        return self.output


def environment():
    """Return the variables that let both interpreters find the sources and the application."""
    folders = [str(HERE)] + sorted(str(path) for path in ROOT.glob("microdot-*/src"))
    return {"PYTHONPATH": os.pathsep.join(folders), "PYTHONUNBUFFERED": "1"}


def python(*words):
    """Return a function that makes a command of this Python; ``{port}`` stands for the port."""
    return lambda port: [sys.executable, *[word.format(port=port) for word in words]]


def micropython(port):
    """Return the command of the 32-bit MicroPython."""
    from conftest import composed_tree, micropython_command

    path = "MICROPYPATH=%s:.frozen" % composed_tree()
    options = ["-X", "heapsize=8m"]
    return ["env", path, micropython_command("32"), *options, str(HERE / "app.py"), str(port)]


def gunicorn(*words):
    """Return the command of gunicorn with one worker."""
    setting = str(HERE / "gunicorn_settings.py")
    return python("-m", "gunicorn", "--config", setting, "--bind", "127.0.0.1:{port}", *words)


COOKIES = "the server joins repeated fields with a comma, Cookie fields, too"
WSGI = {"disconnects": DISCONNECTS, "websocket": WEBSOCKET}
ONE_REQUEST = "the server closes the connection after each request"
WSGIREF = {
    "raw path": RAW_PATH,
    "persistent connections": ONE_REQUEST,
    "pipelining": ONE_REQUEST,
    "split cookies": COOKIES,
    "chunked requests": "the server does not decode them",
    "100-continue": "the server does not send it",
    "framed streams": "the server speaks HTTP/1.0, where the end of the connection ends a stream",
    "empty responses": "the server adds Content-Length: 0 to them",
}
#: gunicorn lets applications have the socket, which is how they get WebSocket.
GUNICORN = {"disconnects": DISCONNECTS, "split cookies": COOKIES}
SYNC = {
    "persistent connections": ONE_REQUEST,
    "pipelining": ONE_REQUEST,
    "concurrency": "the worker serves one request after the other",
}
UVICORN = ["-m", "uvicorn", "asgi_app:application", "--host", "127.0.0.1", "--port", "{port}"]
UVICORN += ["--log-level", "warning", "--timeout-graceful-shutdown", "3"]
GRANIAN = ["-m", "granian", "--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning"]

WAITRESS = {
    "lifespan": "SIGTERM ends the server where it stands",
    "split cookies": COOKIES,
    "connections after streams": "the server closes after a response without Content-Length",
    "HEAD of streams": "the server sends the last chunk of the body that it leaves out",
}
GRANIAN_WSGI = {
    "raw path": RAW_PATH,
    "fields that are not ASCII": "the server hands on an empty text for them",
    "framed streams": "when an application fails, the server ends the stream as if it were complete",
}
#: uvicorn with httptools.
HTTPTOOLS = {"streams for HTTP/1.0": "the server sends chunked coding to clients of HTTP/1.0, too"}
#: It logs text that is no UTF-8 as an error of its own, before it closes with 1007.
UTF_8 = ("UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0",)
HYPERCORN = {
    "methods as sent": "the server makes methods upper case",
    "codes from clients": "the server hands on 1006, whatever the code that the client closes with",
}
CODES = "the server can close with 1000 and 3000 to 4999 only, so 1009 is sent as 4009"
DAPHNE = {
    "lifespan": "the server does not send the messages of the lifespan protocol",
    "date": "the server does not send it",
    "framed streams": "when an application fails, the server neither ends nor cuts the stream",
    "empty messages": "the server drops them",
    "reasons": "the server sends the code of a close, and no reason",
    "codes of closes": CODES,
    "codes echoed": "the server answers every close with 1000",
}

SERVERS = [
    Server("built-in", "built-in", python("app.py", "{port}")),
    Server("built-in, uvloop", "built-in", python("uvloop_server.py", "{port}"), "uvloop"),
    Server("built-in, MicroPython", "built-in", micropython),
    Server(
        "uvicorn, h11",
        "ASGI",
        python(*UVICORN, "--http", "h11", "--loop", "asyncio"),
        "uvicorn",
        prints=UTF_8,
    ),
    Server(
        "uvicorn, httptools",
        "ASGI",
        python(*UVICORN, "--http", "httptools", "--loop", "uvloop"),
        "httptools",
        HTTPTOOLS,
        UTF_8,
    ),
    Server(
        "hypercorn",
        "ASGI",
        python(
            "-m",
            "hypercorn",
            "asgi_app:application",
            "--bind",
            "127.0.0.1:{port}",
            "--graceful-timeout",
            "3",
            "--log-level",
            "warning",
        ),
        "hypercorn",
        HYPERCORN,
    ),  # fmt: skip
    Server(
        "granian, ASGI",
        "ASGI",
        python(*GRANIAN, "--interface", "asgi", "asgi_app:application"),
        "granian",
    ),
    Server(
        "daphne",
        "ASGI",
        python("-m", "daphne", "-b", "127.0.0.1", "-p", "{port}", "asgi_app:application"),
        "daphne",
        DAPHNE,
    ),
    Server(
        "gunicorn, uvicorn worker",
        "ASGI",
        gunicorn("--worker-class", "uvicorn_worker.UvicornWorker", "asgi_app:application"),
        "uvicorn_worker",
        HTTPTOOLS,
        UTF_8,
    ),
    Server(
        "gunicorn, sync",
        "WSGI",
        gunicorn("--worker-class", "sync", "wsgi_app:application"),
        "gunicorn",
        dict(GUNICORN, **SYNC),
    ),
    Server(
        "gunicorn, gthread",
        "WSGI",
        gunicorn("--worker-class", "gthread", "--threads", "8", "wsgi_app:application"),
        "gunicorn",
        GUNICORN,
    ),
    Server(
        "waitress",
        "WSGI",
        python(
            "-m",
            "waitress",
            "--listen",
            "127.0.0.1:{port}",
            "--threads",
            "8",
            "wsgi_app:application",
        ),
        "waitress",
        dict(WSGI, **WAITRESS),
    ),  # fmt: skip
    Server(
        "granian, WSGI",
        "WSGI",
        python(*GRANIAN, "--interface", "wsgi", "--blocking-threads", "8", "wsgi_app:application"),
        "granian",
        dict(WSGI, **GRANIAN_WSGI),
    ),
    Server("wsgiref", "WSGI", python("wsgiref_server.py", "{port}"), None, dict(WSGI, **WSGIREF)),
]
