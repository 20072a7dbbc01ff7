"""The Microdot contestants, ours and the upstream one: an application for each case."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from cases import CASES, DOCUMENT, ROUTES, TEXT
from microdot import Microdot, send_file


async def serve(case: str, port: int) -> None:
    """Serve a case."""
    app = Microdot()
    folder = tempfile.mkdtemp(prefix="microdot-benchmark-")
    path = os.path.join(folder, "file.txt")
    try:
        if case == "file":
            with open(path, "wb") as file:
                file.write(CASES[case].answer)
        if case == "params":
            for number in range(ROUTES - 1):
                add_parameters(app, "/things%d/<int:id>/parts/<slug>" % number)
            add_parameters(app, "/users/<int:id>/posts/<slug>")
        else:
            add_handler(app, case, path)
        await app.start_server(host="127.0.0.1", port=port)
    finally:
        if os.path.exists(path):
            os.remove(path)
        os.rmdir(folder)


def add_parameters(app: Any, pattern: str) -> None:
    """Add a route with two parameters."""

    @app.get(pattern)
    async def show(request: Any, id: int, slug: str) -> str:
        return "%d %s" % (id, slug)


def add_handler(app: Any, case: str, path: str) -> None:
    """Add the one route of a case."""
    if case == "file":

        @app.get("/file")
        async def file(request: Any) -> Any:
            return send_file(path)

    elif case == "json":

        @app.get("/json")
        async def document(request: Any) -> Any:
            return DOCUMENT

    elif case == "post":

        @app.post("/echo")
        async def echo(request: Any) -> Any:
            return request.body, 200, {"Content-Type": "application/octet-stream"}

    else:

        @app.get("/")
        async def index(request: Any) -> str:
            return TEXT
