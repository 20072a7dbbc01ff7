"""What sessions, CORS and CSRF protection add to a request, as a multiple of one without.

    python benchmarks/security.py [--case NAME] [--rounds N] [--loops N] [--json FILE]

In-process: a request is made and dispatched, no socket, no event loop. Both applications take turns
in each round; the ratio of a round is that of the best loops of both.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import platform
import statistics
import sys
import time
from typing import Any, Callable

from contestants import SOURCES

sys.path[:0] = SOURCES

from microdot import Microdot, Request  # noqa: E402
from microdot.cors import CORS  # noqa: E402
from microdot.csrf import CSRF  # noqa: E402
from microdot.session import Session  # noqa: E402

PEER = ("127.0.0.1", 50000)
ORIGIN = "https://example.com"
#: What a browser sends with every request, about.
FIELDS = [
    ("Host", "localhost:5000"),
    ("User-Agent", "Mozilla/5.0"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip, deflate"),
]
FROM = ("Origin", ORIGIN)
HERE = ("Sec-Fetch-Site", "same-origin")
SECRET = "a secret key of thirty-two bytes"
COOKIE = ("Cookie", "session=" + Session(secret_key=SECRET).encode({"user": 7, "visits": 3}))


def with_cors(app: Any) -> None:
    """Use CORS for two origins."""
    app.use(CORS(allowed_origins=["https://other.example", ORIGIN], allow_credentials=True))


def with_csrf(app: Any) -> None:
    """Use CSRF protection."""
    app.use(CSRF())


def with_both(app: Any) -> None:
    """Use both."""
    with_cors(app)
    with_csrf(app)


def with_session(app: Any) -> None:
    """Read the session in each request, and save it in those that are no GET."""
    session = app.use(Session(secret_key=SECRET))

    @app.before_request
    async def visit(request: Any) -> None:
        data = session.get(request)
        if data["user"] != 7:
            raise RuntimeError("the session is wrong")
        if request.method != "GET":
            data["visits"] += 1
            data.save()


def with_all(app: Any) -> None:
    """Use all three."""
    with_both(app)
    with_session(app)


#: Name -> what the application uses, the method, more fields, the status.
CASES: dict[str, tuple[Callable[[Any], None], str, list[tuple[str, str]], int]] = {
    "cors, the own page": (with_cors, "GET", [], 200),
    "cors, an allowed origin": (with_cors, "GET", [FROM], 200),
    "cors, a preflight": (
        with_cors,
        "OPTIONS",
        [FROM, ("Access-Control-Request-Method", "POST")],
        200,
    ),
    "csrf, GET": (with_csrf, "GET", [HERE], 200),
    "csrf, POST": (with_csrf, "POST", [HERE], 200),
    "both, GET": (with_both, "GET", [HERE], 200),
    "both, POST": (with_both, "POST", [FROM, HERE], 200),
    "session, read": (with_session, "GET", [COOKIE], 200),
    "session, read and saved": (with_session, "POST", [COOKIE], 200),
    "all three, GET": (with_all, "GET", [HERE, COOKIE], 200),
    "all three, POST": (with_all, "POST", [FROM, HERE, COOKIE], 200),
}


def application(use: Callable[[Any], None] | None) -> Any:
    """Return an application that answers GET and POST with a text."""
    app = Microdot(autoload=False)

    @app.route("/", methods=["GET", "POST"])
    async def index(request: Any) -> str:
        return "Hello, world!"

    if use is not None:
        use(app)
    return app


def one_request(app: Any, method: str, fields: list[tuple[str, str]]) -> Any:
    """Make and dispatch a request; return the response."""
    coroutine = app.dispatch_request(Request(app, PEER, method, "/", "1.1", fields))
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("this request waits for something")


def microseconds(app: Any, method: str, fields: list[tuple[str, str]], loops: int) -> float:
    """Return the microseconds of one request."""
    start = time.perf_counter()
    for _ in range(loops):
        one_request(app, method, fields)
    return (time.perf_counter() - start) / loops * 1e6


def measure(name: str, rounds: int, loops: int) -> dict[str, Any]:
    """Return the times without and with the extension, and their ratio."""
    use, method, more, status = CASES[name]
    fields = FIELDS + more
    apps = [application(None), application(use)]
    for app in apps:
        if one_request(app, method, fields).status_code != status:
            raise RuntimeError("the response is wrong")
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        best = [float("inf"), float("inf")]
        for _ in range(5):
            for number, app in enumerate(apps):
                best[number] = min(best[number], microseconds(app, method, fields, loops))
        for number in range(2):
            times[number].append(best[number])
    return {
        "us": {"without": summary(times[0]), "with": summary(times[1])},
        "ratio": summary([more / less for less, more in zip(*times)]),
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
    parser.add_argument("--case", action="append", choices=list(CASES), help="only this case")
    parser.add_argument("--rounds", type=int, default=9, help="rounds for each case (9)")
    parser.add_argument("--loops", type=int, default=2000, help="requests in a loop (2000)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    cases = {}
    print(f"{'':<26}{'without':>9}{'with':>9}   us {'ratio':>7}{'min':>7}{'max':>7}")
    for name in options.case or CASES:
        cases[name] = result = measure(name, options.rounds, options.loops)
        without, with_it = result["us"]["without"]["median"], result["us"]["with"]["median"]
        ratio = result["ratio"]
        print(
            f"{name:<26}{without:>9.2f}{with_it:>9.2f}      "
            f"{ratio['median']:>7.2f}{ratio['min']:>7.2f}{ratio['max']:>7.2f}",
            flush=True,
        )
    if options.json:
        found = {"instrument": "security", "python": platform.python_version(), "cases": cases}
        pathlib.Path(options.json).write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
