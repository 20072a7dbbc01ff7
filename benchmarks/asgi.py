"""What the ASGI adapter costs, as a multiple of a bare ASGI function that answers the same.

    python benchmarks/asgi.py [--case NAME] [--rounds N] [--loops N] [--json FILE]

In-process: scope, ``receive`` and ``send`` are made for each request, as a server does it, and the
application is awaited. "uvicorn" compares the CPU time of two uvicorn processes, the client not counted. The
contestants take turns in each round; the ratio of a round is that of their best loops. falcon takes part where it is
installed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
from typing import Any, Callable

import client
from contestants import SOURCES

sys.path[:0] = SOURCES

from microdot import Microdot  # noqa: E402
from microdot.asgi import asgi  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
# falcon wants the http of the standard library, not the http.py of this folder.
sys.path, _path = [path for path in sys.path if pathlib.Path(path).resolve() != HERE], sys.path
try:
    import falcon.asgi as falcon
except ImportError:
    falcon = None
sys.path = _path

#: What a browser sends with every request, about.
FIELDS = [
    (b"host", b"localhost:5000"),
    (b"user-agent", b"Mozilla/5.0"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, deflate"),
]
ITEMS = [{"id": i, "name": "item %d" % i, "ok": True, "price": i * 1.5} for i in range(18)]
DATA = json.dumps({"items": ITEMS}).encode()
JSON_FIELDS = [
    *FIELDS,
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(DATA)),
]
TEXT = (b"content-type", b"text/plain; charset=UTF-8")

core = Microdot(autoload=False)


@core.get("/")
async def hello(request: Any) -> str:
    """Answer with a text."""
    return "Hello, world!"


@core.get("/users/<int:id>/<name>")
async def two_parameters(request: Any, id: int, name: str) -> str:
    """Answer with the parameters of the path."""
    return "%d %s" % (id, name)


@core.post("/json")
async def echo(request: Any) -> Any:
    """Answer with what was sent, parsed and made again."""
    return request.json


served = asgi(core)


async def _answer(send: Any, field: Any, body: bytes) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [field, (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Do by hand what each of the cases asks for."""
    path = scope["path"]
    if path == "/":
        await _answer(send, TEXT, b"Hello, world!")
    elif path == "/json":
        pieces = b""
        more = True
        while more:
            message = await receive()
            pieces += message.get("body", b"")
            more = message.get("more_body", False)
        body = json.dumps(json.loads(pieces)).encode()
        await _answer(send, (b"content-type", b"application/json; charset=UTF-8"), body)
    else:
        _, _, id, name = path.split("/")
        await _answer(send, TEXT, ("%d %s" % (int(id), name)).encode())


def falcon_app() -> Any:
    """Return the same application for falcon."""

    class Hello:
        async def on_get(self, request: Any, response: Any) -> None:
            response.content_type = "text/plain; charset=UTF-8"
            response.text = "Hello, world!"

    class Users:
        async def on_get(self, request: Any, response: Any, id: int, name: str) -> None:
            response.content_type = "text/plain; charset=UTF-8"
            response.text = "%d %s" % (id, name)

    class Echo:
        async def on_post(self, request: Any, response: Any) -> None:
            response.media = await request.get_media()

    app = falcon.App()
    app.add_route("/", Hello())
    app.add_route("/users/{id:int}/{name}", Users())
    app.add_route("/json", Echo())
    return app


#: Name -> method, path, header fields, body, body of the answer, what is aimed at.
CASES: dict[str, tuple[str, str, Any, bytes, bytes, float]] = {
    "hello": ("GET", "/", FIELDS, b"", b"Hello, world!", 3.0),
    "two parameters": ("GET", "/users/12/bob", FIELDS, b"", b"12 bob", 3.6),
    "1 KB of JSON": ("POST", "/json", JSON_FIELDS, DATA, DATA, 1.3),
}
UVICORN = "uvicorn"
UVICORN_AIM = 1.2


class Cycle:
    """What a server keeps for one request.

    :param body: the body of the request.
    """

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        """Give the body in one message."""
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Take a message."""
        self.sent.append(message)


async def one(app: Any, case: str) -> Cycle:
    """Let an application answer one request."""
    method, path, fields, body, _, _ = CASES[case]
    cycle = Cycle(body)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": list(fields),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 5000),
        "state": {},
    }
    await app(scope, cycle.receive, cycle.send)
    return cycle


async def microseconds(app: Any, case: str, loops: int) -> float:
    """Return the microseconds of one request."""
    start = time.perf_counter()
    for _ in range(loops):
        await one(app, case)
    return (time.perf_counter() - start) / loops * 1e6


async def measure(case: str, rounds: int, loops: int) -> dict[str, Any]:
    """Return the times of the contestants, and what they are as multiples of the bare function."""
    apps: dict[str, Callable[..., Any]] = {"bare": bare, "microdot": served}
    if falcon is not None:
        apps["falcon"] = falcon_app()
    for name, app in apps.items():
        sent = (await one(app, case)).sent
        body = b"".join(message.get("body", b"") for message in sent)
        if body.replace(b" ", b"") != CASES[case][4].replace(b" ", b""):
            raise RuntimeError(f"{name} answers {case!r} with {body[:80]!r}")
    times: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(rounds):
        best = dict.fromkeys(apps, float("inf"))
        for _ in range(5):
            for name, app in apps.items():
                best[name] = min(best[name], await microseconds(app, case, loops))
        for name in apps:
            times[name].append(best[name])
    return result(times, CASES[case][5])


class Process:
    """A uvicorn process that serves one of the applications of this module.

    :param name: ``"bare"`` or ``"served"``.
    """

    def __init__(self, name: str) -> None:
        port = client.free_port()
        words = [
            *(sys.executable, "-m", "uvicorn", "asgi:" + name, "--port", str(port)),
            *("--log-level", "warning", "--no-access-log", "--app-dir", str(HERE)),
        ]
        # Not with -m in this folder: its http.py would hide the one of the standard library.
        env = dict(os.environ, PYTHONPATH=os.pathsep.join(SOURCES))
        code = (
            "import sys, uvicorn, http.client; sys.path.append(%r); sys.argv = %r; uvicorn.main()"
            % (str(HERE), ["uvicorn", *words[3:-2]])
        )
        self.process = subprocess.Popen([sys.executable, "-c", code], env=env)
        self.load = client.Load(port, client.request("/", b"", False), 8, False)
        client.wait_until_served(port, 20, self.process).close()
        self.load.run(200)

    def cpu_seconds(self) -> float:
        """Return what the process has used so far, all its threads (Linux)."""
        files = pathlib.Path("/proc/%d/task" % self.process.pid).glob("*/schedstat")
        return sum(int(file.read_text().split()[0]) for file in files) / 1e9

    def round(self, count: int) -> float:
        """Send requests; return the CPU microseconds of one."""
        before = self.cpu_seconds()
        self.load.run(count)
        spent = self.cpu_seconds() - before
        return spent / (self.load.rounds(count) * self.load.connections) * 1e6

    def stop(self) -> None:
        """End the process."""
        self.load.close()
        self.process.terminate()
        self.process.wait(10)


def measure_uvicorn(rounds: int, count: int) -> dict[str, Any]:
    """Return the CPU times of two uvicorn processes, and their ratio."""
    processes: dict[str, Process] = {}
    times: dict[str, list[float]] = {"bare": [], "microdot": []}
    try:
        for name, app in (("bare", "bare"), ("microdot", "served")):
            processes[name] = Process(app)
        for _ in range(rounds):
            for name, process in processes.items():
                times[name].append(process.round(count))
    finally:
        for process in processes.values():
            process.stop()
    return result(times, UVICORN_AIM)


def result(times: dict[str, list[float]], aim: float) -> dict[str, Any]:
    """Return the figures of one case."""
    return {
        "aim": aim,
        "us": {name: summary(values) for name, values in times.items()},
        "ratio": {
            name: summary([ours / least for ours, least in zip(values, times["bare"])])
            for name, values in times.items()
            if name != "bare"
        },
    }


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
    names = [*CASES, UVICORN]
    parser.add_argument("--case", action="append", choices=names, help="only this case")
    parser.add_argument("--rounds", type=int, default=9, help="rounds for each case (9)")
    parser.add_argument("--loops", type=int, default=2000, help="requests in a loop (2000)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    cases = {}
    print(f"{'':<16}{'':<10}{'us':>8}{'ratio':>8}{'min':>7}{'max':>7}{'aim':>6}")
    for case in options.case or names:
        if case == UVICORN:
            found = measure_uvicorn(options.rounds, options.loops * 10)
        else:
            found = asyncio.run(measure(case, options.rounds, options.loops))
        cases[case] = found
        label = case
        for name, times in found["us"].items():
            line = f"{label:<16}{name:<10}{times['median']:>8.2f}"
            ratio = found["ratio"].get(name)
            if ratio:
                line += f"{ratio['median']:>8.2f}{ratio['min']:>7.2f}{ratio['max']:>7.2f}"
            if name == "microdot":
                line += f"{found['aim']:>6.1f}"
            print(line, flush=True)
            label = ""
    if options.json:
        report = {"instrument": "asgi", "python": platform.python_version(), "cases": cases}
        pathlib.Path(options.json).write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
