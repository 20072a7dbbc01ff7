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

from harness import ROOT, Served, get

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
    """

    def __init__(self, name, kind, command, module=None, lacks=None):
        self.name = name
        self.kind = kind
        self.command = command
        self.module = module
        self.lacks = dict(lacks or {})

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
    return python(
        "-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "--no-control-socket",
        "--graceful-timeout", "3", "--log-level", "warning", *words,
    )  # fmt: skip


LIFESPAN = "WSGI does not say when a server begins and ends"
WSGI = {
    "lifespan": LIFESPAN,
    "disconnects": DISCONNECTS,
    "websocket": WEBSOCKET,
    "raw path": RAW_PATH,
}
UVICORN = ["-m", "uvicorn", "asgi_app:application", "--host", "127.0.0.1", "--port", "{port}"]
UVICORN += ["--log-level", "warning", "--timeout-graceful-shutdown", "3"]
GRANIAN = ["-m", "granian", "--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning"]

SERVERS = [
    Server("built-in", "built-in", python("app.py", "{port}")),
    Server("built-in, uvloop", "built-in", python("uvloop_server.py", "{port}"), "uvloop"),
    Server("built-in, MicroPython", "built-in", micropython),
    Server(
        "uvicorn, h11",
        "ASGI",
        python(*UVICORN, "--http", "h11", "--loop", "asyncio"),
        "uvicorn",
    ),
    Server(
        "uvicorn, httptools",
        "ASGI",
        python(*UVICORN, "--http", "httptools", "--loop", "uvloop"),
        "httptools",
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
        {"lifespan": "daphne does not send the messages of the lifespan protocol"},
    ),
    Server(
        "gunicorn, uvicorn worker",
        "ASGI",
        gunicorn("--worker-class", "uvicorn_worker.UvicornWorker", "asgi_app:application"),
        "uvicorn_worker",
    ),
    Server(
        "gunicorn, sync",
        "WSGI",
        gunicorn("--worker-class", "sync", "wsgi_app:application"),
        "gunicorn",
        WSGI,
    ),
    Server(
        "gunicorn, gthread",
        "WSGI",
        gunicorn("--worker-class", "gthread", "--threads", "8", "wsgi_app:application"),
        "gunicorn",
        WSGI,
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
        WSGI,
    ),  # fmt: skip
    Server(
        "granian, WSGI",
        "WSGI",
        python(*GRANIAN, "--interface", "wsgi", "--blocking-threads", "8", "wsgi_app:application"),
        "granian",
        WSGI,
    ),
    Server("wsgiref", "WSGI", python("wsgiref_server.py", "{port}"), None, WSGI),
]
