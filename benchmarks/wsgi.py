"""A request through WSGI in-process, in microseconds and as a multiple of a bare WSGI function.

    python benchmarks/wsgi.py [--case NAME] [--rounds N] [--loops N] [--json FILE]

No socket and no server: an environ goes in, the body is joined and closed. falcon is measured where
it is installed. All take turns in each round; the ratio of a round is that of the best loops.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import pathlib
import platform
import statistics
import sys
import time
from typing import Any, Callable

from contestants import SOURCES

sys.path[:0] = SOURCES

from microdot import Microdot  # noqa: E402
from microdot.wsgi import wsgi  # noqa: E402

DOCUMENT = {"items": [{"id": number, "name": "item %d" % number} for number in range(30)]}
JSON = json.dumps(DOCUMENT).encode()

#: Name -> path, body.
CASES: dict[str, tuple[str, bytes]] = {
    "hello": ("/", b""),
    "hello, plain def": ("/plain", b""),
    "2 parameters": ("/users/17/posts/hello", b""),
    "1 KB JSON": ("/json", JSON),
    "one wait": ("/waits", b""),
    "async body, 10 pieces": ("/stream", b""),
    "plain body, 10 pieces": ("/generator", b""),
}


def environ(path: str, body: bytes) -> dict[str, Any]:
    """Return an environ as gunicorn makes it for a browser, about."""
    return {
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.url_scheme": "http",
        "SERVER_SOFTWARE": "gunicorn",
        "REQUEST_METHOD": "POST" if body else "GET",
        "QUERY_STRING": "",
        "RAW_URI": path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:5000",
        "HTTP_USER_AGENT": "Mozilla/5.0",
        "HTTP_ACCEPT": "*/*",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        **({"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))} if body else {}),
    }


def bare(values: dict[str, Any], start_response: Any) -> Any:
    """Answer like the applications, with nothing but the work itself."""
    path = values["PATH_INFO"]
    if path == "/json":
        data = json.loads(values["wsgi.input"].read(int(values["CONTENT_LENGTH"])))
        body = json.dumps(data).encode()
        kind = "application/json; charset=UTF-8"
    elif path in ("/stream", "/generator"):
        start_response("200 OK", [("Content-Type", "text/plain; charset=UTF-8")])
        return (b"piece %d\n" % number for number in range(10))
    elif path[:7] == "/users/":
        parts = path.split("/")
        body = ("%d %s" % (int(parts[2]), parts[4])).encode()
        kind = "text/plain; charset=UTF-8"
    else:
        body = b"Hello, world!"
        kind = "text/plain; charset=UTF-8"
    start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def microdot() -> Any:
    """Return our application."""
    app = Microdot(autoload=False)

    @app.get("/")
    async def index(request: Any) -> str:
        return "Hello, world!"

    @app.get("/plain")
    def plain(request: Any) -> str:
        return "Hello, world!"

    @app.get("/users/<int:user>/posts/<post>")
    async def posts(request: Any, user: int, post: str) -> str:
        return "%d %s" % (user, post)

    @app.post("/json")
    async def document(request: Any) -> Any:
        return request.json

    @app.get("/waits")
    async def waits(request: Any) -> str:
        await asyncio.sleep(0)
        return "Hello, world!"

    @app.get("/stream")
    async def stream(request: Any) -> Any:
        async def pieces() -> Any:
            for number in range(10):
                yield b"piece %d\n" % number

        return pieces()

    @app.get("/generator")
    async def generator(request: Any) -> Any:
        return (b"piece %d\n" % number for number in range(10))

    return app


def falcon_app() -> Any:
    """Return the same for falcon; None without falcon."""
    # This folder's http.py would hide the one of the standard library.
    here = str(pathlib.Path(__file__).resolve().parent)
    path = sys.path[:]
    sys.path[:] = [folder for folder in path if folder != here]
    try:
        import falcon
    except ImportError:
        return None
    finally:
        sys.path[:] = path

    class Hello:
        def on_get(self, req: Any, resp: Any) -> None:
            resp.content_type = "text/plain; charset=UTF-8"
            resp.text = "Hello, world!"

    class Posts:
        def on_get(self, req: Any, resp: Any, user: int, post: str) -> None:
            resp.content_type = "text/plain; charset=UTF-8"
            resp.text = "%d %s" % (user, post)

    class Document:
        def on_post(self, req: Any, resp: Any) -> None:
            resp.media = req.media

    class Generator:
        def on_get(self, req: Any, resp: Any) -> None:
            resp.content_type = "text/plain; charset=UTF-8"
            resp.stream = (b"piece %d\n" % number for number in range(10))

    app = falcon.App()
    for path, resource in (
        ("/", Hello()),
        ("/plain", Hello()),
        ("/users/{user:int}/posts/{post}", Posts()),
        ("/json", Document()),
        ("/generator", Generator()),
    ):
        app.add_route(path, resource)
    return app


def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
    """Take the head."""


def one_request(app: Any, values: dict[str, Any]) -> bytes:
    """Make a request; return the body."""
    values["wsgi.input"].seek(0)
    iterable = app(values, start_response)
    body = b"".join(iterable)
    close = getattr(iterable, "close", None)
    if close is not None:
        close()
    return body


def microseconds(app: Any, values: dict[str, Any], loops: int) -> float:
    """Return the microseconds of one request."""
    start = time.perf_counter()
    for _ in range(loops):
        one_request(app, values)
    return (time.perf_counter() - start) / loops * 1e6


def measure(apps: dict[str, Callable[..., Any]], case: str, rounds: int, loops: int) -> Any:
    """Return the figures of a case: those of each contestant, and the ratios to the bare one."""
    values = environ(*CASES[case])
    expected = one_request(bare, values)
    names = [name for name, app in apps.items() if _same(one_request(app, values), expected)]
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        best = dict.fromkeys(names, float("inf"))
        for _ in range(5):
            for name in names:
                best[name] = min(best[name], microseconds(apps[name], values, loops))
        for name in names:
            times[name].append(best[name])
    return {
        name: {
            "us": summary(times[name]),
            "ratio": summary([mine / base for mine, base in zip(times[name], times["bare"])]),
        }
        for name in names
    }


def _same(body: bytes, expected: bytes) -> bool:
    try:
        return body == expected or bool(json.loads(body) == json.loads(expected))
    except ValueError:
        return False


def summary(values: list[float]) -> dict[str, Any]:
    """Return the median, the extremes and the values themselves."""
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "rounds": [round(value, 3) for value in values],
    }


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--case", action="append", choices=list(CASES), help="only this case")
    parser.add_argument("--rounds", type=int, default=9, help="rounds for each case (9)")
    parser.add_argument("--loops", type=int, default=1000, help="requests in a loop (1000)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    inline, handed = wsgi(microdot()), wsgi(microdot(), inline=False)
    apps: dict[str, Any] = {"bare": bare, "microdot": inline, "microdot, inline=False": handed}
    falcon = falcon_app()
    if falcon is not None:
        apps["falcon"] = falcon
    cases = {}
    for name in options.case or CASES:
        cases[name] = result = measure(apps, name, options.rounds, options.loops)
        print(name)
        for contestant, found in result.items():
            us, ratio = found["us"], found["ratio"]
            print(
                f"  {contestant:<24}{us['median']:>9.2f} us"
                f"{ratio['median']:>9.1f}{ratio['min']:>9.1f}{ratio['max']:>9.1f}",
                flush=True,
            )
    inline.close()
    handed.close()
    if options.json:
        found = {"instrument": "wsgi", "python": platform.python_version(), "cases": cases}
        pathlib.Path(options.json).write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
