"""What the pieces of an exchange cost inside the process: no socket, no event loop.

    python benchmarks/dispatch.py [--loops N] [--json FILE]

Best of several loops, in microseconds. Unlike ``http11.py`` this looks into core: it shows which
piece a change has touched, and is changed together with the pieces.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import platform
import sys
import time
from collections.abc import Coroutine
from typing import Any, Callable

import client
from contestants import SOURCES
from servers.cases import CASES, ROUTES, TEXT

sys.path[:0] = SOURCES

from microdot import Microdot, Request, Response  # noqa: E402
from microdot.connection import Connection  # noqa: E402
from microdot.dispatch import find_route  # noqa: E402
from microdot.http11 import Parser  # noqa: E402

PEER = ("127.0.0.1", 50000)
REPEATS = 5


class Sink(Connection):
    """A connection whose bytes go nowhere."""

    def write(self, data: bytes) -> None:
        self.size = len(data)

    async def drain(self) -> None:
        pass


class Server:
    """What a connection asks its server for."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.now = 0
        self.date = "Sun, 06 Nov 1994 08:49:37 GMT"
        self.stopping = False


def application() -> Any:
    """Return an application with the routes of the cases ``hello`` and ``params``."""
    app = Microdot()

    @app.get("/")
    async def index(request: Any) -> str:
        return TEXT

    async def show(request: Any, id: int, slug: str) -> str:
        return "%d %s" % (id, slug)

    for number in range(ROUTES - 1):
        app.get("/things%d/<int:id>/parts/<slug>" % number)(show)
    app.get("/users/<int:id>/posts/<slug>")(show)
    return app


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that waits for nothing; return its result."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("this coroutine waits for something")


def pieces() -> dict[str, Callable[[], Any]]:
    """Return the pieces by name, ready to be called; each does what happens for one request."""
    app = application()
    server = Server(app)
    hello, params = (client.request(CASES[case].path) for case in ("hello", "params"))
    connection = Sink(server, PEER, False)
    parser = connection.parser

    def parse(data: bytes) -> Any:
        parser.receive(data)
        return parser.head()

    def parse_first(data: bytes) -> Any:
        fresh = Parser()
        fresh.receive(data)
        return fresh.head()

    def request(data: bytes) -> Any:
        method, target, version = parse(data)
        return Request(app, PEER, method, target, version, parser.fields.pairs)

    def exchange(data: bytes) -> None:
        head = parse(data)
        finish(connection.exchange(head))
        if not connection.keep or connection.size < len(TEXT):
            raise RuntimeError("the exchange went wrong")

    heads = {name: parse(data) for name, data in (("hello", hello), ("params", params))}
    made = {name: request(data) for name, data in (("hello", hello), ("params", params))}
    pairs = parser.fields.pairs
    response = finish(app.dispatch_request(made["hello"]))
    if response.body != TEXT.encode():
        raise RuntimeError("the response is wrong")

    def make(name: str) -> Any:
        return Request(app, PEER, *heads[name], pairs)

    return {
        "parse a head, the first of a connection": lambda: parse_first(hello),
        "parse a head, fields as before": lambda: parse(hello),
        "make a request": lambda: make("hello"),
        "find a static route": lambda: find_route(app, made["hello"]),
        "find a route with 2 parameters of 50": lambda: find_route(app, made["params"]),
        "make and dispatch: hello": lambda: finish(app.dispatch_request(make("hello"))),
        "make and dispatch: params": lambda: finish(app.dispatch_request(make("params"))),
        "make a response": lambda: Response(TEXT),
        "frame a response": lambda: connection.frame(made["hello"], response, None),
        "whole exchange: hello": lambda: exchange(hello),
        "whole exchange: params": lambda: exchange(params),
    }


def best_of(piece: Callable[[], Any], loops: int) -> float:
    """Return the microseconds of one call, the best of several loops."""
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(loops):
            piece()
        best = min(best, time.perf_counter() - start)
    return best / loops * 1e6


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    parser.add_argument("--loops", type=int, default=20000, help="calls in a loop (20000)")
    options = parser.parse_args(arguments)
    figures = {}
    for name, piece in pieces().items():
        figures[name] = round(best_of(piece, options.loops), 3)
        print(f"{name:<42}{figures[name]:>8.2f} us", flush=True)
    if options.json:
        result = {"instrument": "dispatch", "python": platform.python_version(), "us": figures}
        pathlib.Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
