"""Real ASGI servers in processes of their own."""

import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = sorted(str(path) for path in HERE.parents[1].glob("microdot-*/src"))

#: Name -> the command; {} is the port.
COMMANDS = {
    "uvicorn-h11": "uvicorn {app} --port {port} --http h11 --ws wsproto --loop asyncio",
    "uvicorn-httptools": "uvicorn {app} --port {port} --http httptools --ws auto --loop asyncio",
    "hypercorn": "hypercorn {app} --bind 127.0.0.1:{port}",
    "granian": "granian --interface asgi --port {port} {app}",
    "daphne": "daphne -p {port} {app}",
}


def names():
    """Return the servers that are installed here; uvicorn and hypercorn are promised."""
    promised = ["uvicorn-h11", "uvicorn-httptools", "hypercorn"]
    return promised + [name for name in ("granian", "daphne") if command(name)]


def command(name):
    """Return the path of a server's command, None where it is not installed."""
    return shutil.which(name.split("-")[0], path=sysconfig.get_path("scripts"))


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Running:
    """A server process.

    :param name: a key of ``COMMANDS``.
    :param app: what it serves.
    :param notes: the file in which the application writes at its end.
    :param options: more words for the command.
    """

    def __init__(self, name, app="asgi_app:app", notes="", options=()):
        self.name = name
        self.port = free_port()
        words = COMMANDS[name].format(app=app, port=self.port).split()
        words[0] = command(name)
        env = dict(os.environ, PYTHONPATH=os.pathsep.join([*SOURCES, str(HERE)]), NOTES=str(notes))
        if not notes:
            del env["NOTES"]
        self.process = subprocess.Popen(
            [sys.executable, *words, *options],
            env=env,
            cwd=HERE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.process.kill()
                    raise AssertionError(
                        "%s does not start:\n%s" % (name, self.process.communicate()[0])
                    ) from None
                time.sleep(0.05)

    def request(self, method, path, body=None, headers=None, timeout=10, **more):
        """Return status, headers and body of one request on a connection of its own."""
        with contextlib.closing(self.connection(timeout)) as connection:
            connection.request(method, path, body, headers or {}, **more)
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def connection(self, timeout=10):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def until_noted(self, note):
        """Wait until the application has noted something."""
        end = time.monotonic() + 10
        while True:
            noted = self.request("GET", "/notes")[2].decode()
            if '"%s"' % note in noted:
                return
            assert time.monotonic() < end, "no %r in %s" % (note, noted)
            time.sleep(0.05)

    def stop(self):
        """End the server as an operator does; return what it has printed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.communicate(timeout=20)[0]
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(
                "%s does not end:\n%s" % (self.name, self.process.communicate()[0])
            ) from None
