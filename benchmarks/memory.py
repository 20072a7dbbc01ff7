"""The memory budget of core on a 32-bit MicroPython, whose words are as large as a board's.

    python benchmarks/memory.py [--check] [--json FILE] [--only FIGURE] [--modules]

The exit status is 1 when a figure cannot be measured, or with --check is above its limit, and
3 when MicroPython or its cross compiler cannot be had.

docs/benchmarks.md says what each figure means.
"""

from __future__ import annotations

import argparse
import json
import math
import pathlib
import socket
import subprocess
import sys
import tempfile
from typing import Any, Callable

import client
import micropython

LIMITS = pathlib.Path(__file__).resolve().parent / "memory_limits.json"
REQUESTS = 60
#: Requests a heap must answer, and how often it must do so before it counts as enough.
ANSWERS = 100
CONFIRMATIONS = 3
#: KiB; a server that does not fit in here is broken, not large.
LARGEST_HEAP = 1024


class Meter:
    """Runs the probes.

    :param program: the MicroPython command.
    :param compiled: folder with the modules as ``.mpy``.
    :param sources: folder with the modules as ``.py``.
    """

    def __init__(self, program: str, compiled: pathlib.Path, sources: pathlib.Path) -> None:
        self.program = program
        self.folders = {"mpy": compiled, "source": sources}
        self._results: dict[str, list[int]] = {}

    def probe(self, name: str, form: str, *arguments: str) -> str:
        """Return what a probe prints."""
        process = micropython.start(
            self.program, self.folders[form], [str(micropython.PROBES / name), *arguments]
        )
        try:
            output = process.communicate(timeout=30)[0]
        finally:
            _end(process)
        if process.returncode:
            raise ProbeError(output)
        return output

    def served_probe(
        self, name: str, talk: Callable[[int, socket.socket], None], *more: str
    ) -> str:
        """Return what a probe prints that serves a port until it has seen enough."""
        port = client.free_port()
        process = micropython.start(
            self.program, self.folders["mpy"], [str(micropython.PROBES / name), str(port), *more]
        )
        try:
            talk(port, client.wait_until_served(port, 10, process))
            output = process.communicate(timeout=10)[0]
        except (OSError, subprocess.TimeoutExpired) as error:
            process.kill()
            raise ProbeError(f"{error}\n{process.communicate()[0]}") from None
        finally:
            _end(process)
        if process.returncode:
            raise ProbeError(output)
        return output

    def imported(self, form: str, asyncio: str = "without") -> int:
        """Return the heap that importing core holds, ``with`` or ``without`` asyncio."""
        return int(self.probe("import_core.py", form, asyncio).splitlines()[1])

    def extension(self, name: str) -> int:
        """Return the heap that importing an extension adds to that of core and asyncio."""
        return int(self.probe("import_extension.py", "mpy", name))

    def names(self) -> int:
        """Return how many names importing core adds to the table of names."""
        before, _, after = self.probe("import_core.py", "mpy", "without").splitlines()
        return _names(after)[0] - _names(before)[0]

    def app(self, which: int) -> int:
        """Return the heap of the first or the second application with ten routes."""
        return self._cached("app", lambda: self.probe("app_routes.py", "mpy"))[which]

    def per_request(self, keep_alive: bool) -> int:
        """Return the bytes that a request allocates."""

        def talk(port: int, connection: socket.socket) -> None:
            answered = client.ask(port, REQUESTS, keep_alive, connection)
            if answered != REQUESTS:
                raise ConnectionError(f"{answered} of {REQUESTS} requests were answered")

        return int(self.served_probe("per_request.py", talk, str(REQUESTS)))

    def held(self, idle: bool) -> int:
        """Return the heap held after the first request, or what an idle connection adds."""

        def talk(port: int, connection: socket.socket) -> None:
            with connection:
                connection.sendall(client.request("/"))
                client.read_response(connection)
                # The next request comes after the probe has looked at the idle connection.
                connection.settimeout(0.5)
                try:
                    if not connection.recv(1):
                        raise ConnectionError("the idle connection was closed")
                except socket.timeout:
                    pass
                connection.settimeout(10)
                connection.sendall(client.request("/close", close=True))
                client.read_response(connection)

        closed, opened = self._cached("held", lambda: self.served_probe("held.py", talk))
        return opened - closed if idle else closed

    def _cached(self, name: str, run: Callable[[], str]) -> list[int]:
        if name not in self._results:
            self._results[name] = [int(word) for word in run().split()]
        return self._results[name]

    def smallest_heap(self, form: str, keep_alive: bool) -> int:
        """Return the smallest heap, in KiB, in which hello answers its requests."""

        def talk(port: int, connection: socket.socket) -> bool:
            return client.ask(port, ANSWERS, keep_alive, connection) == ANSWERS

        return self.smallest("hello", form, talk)

    def smallest(self, module: str, form: str, talk: Callable[[int, socket.socket], bool]) -> int:
        """Return the smallest heap, in KiB, in which an application can do what ``talk`` asks."""
        high = 16
        while not self.manages(high, module, form, talk):
            high *= 2
            if high > LARGEST_HEAP:
                raise ProbeError(self.last_output)
        low = high // 2  # too small, or never tried
        while high - low > 1:
            middle = (low + high) // 2
            if self.manages(middle, module, form, talk):
                high = middle
            else:
                low = middle
        # The collector takes whatever looks like an address for one, so the edge is not sharp.
        while not all(self.manages(high, module, form, talk) for _ in range(CONFIRMATIONS)):
            high += 1
        return high

    def manages(
        self, heap: int, module: str, form: str, talk: Callable[[int, socket.socket], bool]
    ) -> bool:
        """Tell whether an application does what is asked in a heap of this many KiB."""
        port = client.free_port()
        process = micropython.start(
            self.program, self.folders[form], ["-m", module, str(port)], f"{heap}k"
        )
        try:
            connection = client.wait_until_served(port, 10, process)
            connection.settimeout(3)
            return talk(port, connection)
        except OSError:
            return False
        finally:
            process.kill()
            self.last_output = process.communicate()[0]

    def loaded(self) -> tuple[set[str], set[str]]:
        """Return the modules that the import loads, and those of the first request."""

        def talk(port: int, connection: socket.socket) -> None:
            client.ask(port, 1, True, connection)

        first, second = (
            {name.partition(".")[2] for name in line.split()}
            for line in self.served_probe("loaded.py", talk).splitlines()
        )
        return first, second - first

    def modules(self) -> list[dict[str, Any]]:
        """Return heap, file size and time of loading of each portable module."""
        at_import, at_request = self.loaded()
        core = [name for name in micropython.portable_modules() if "/" not in name]
        names = [name for name in core if name != "__init__.py"]
        order = list(micropython.import_order(names))
        alone = [name for name, needs_package in order if not needs_package]
        costs = {}
        real = self.folders["mpy"]
        with tempfile.TemporaryDirectory() as folder:
            # An empty package: each module is loaded by the probe and by nothing before it.
            bare = pathlib.Path(folder)
            (bare / "microdot").symlink_to(real / "microdot")
            bare = bare / "bare"
            (bare / "microdot").mkdir(parents=True)
            for path in (real / "microdot").iterdir():
                if path.stem != "__init__":
                    (bare / "microdot" / path.name).symlink_to(path)
            (bare / "microdot" / "__init__.py").touch()
            self.folders["bare"] = bare
            for form, wanted in (("bare", alone), ("mpy", [n for n, _ in order if n not in alone])):
                lines = self.probe("modules.py", form, *wanted).splitlines()
                for before, line, after in zip(lines[::2], lines[1::2], lines[2::2]):
                    name, cost = line.split()
                    new, table = (b - a for a, b in zip(_names(before), _names(after)))
                    costs[name] = (int(cost) - table, new)
            del self.folders["bare"]
        return [
            {
                "module": name,
                "heap": costs[name][0],
                "names": costs[name][1],
                "mpy": (real / "microdot" / (name.replace(".", "/") + ".mpy")).stat().st_size,
                "loaded": "import"
                if name in at_import
                else "first request"
                if name in at_request
                else "when used",
            }
            for name, _ in order
        ]


def _names(report: str) -> tuple[int, int]:
    # How many names, and how large their tables are, without the text of the names.
    numbers = dict(item.split("=") for item in report.partition(": ")[2].split(", "))
    size = int(numbers["n_total_bytes"]) - int(numbers["n_str_data_bytes"])
    return int(numbers["n_qstr"]), size


def upload(port: int, connection: socket.socket) -> bool:
    """Upload 200 KB in a form; tell whether all of it arrived."""
    size = 200_000
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f.bin"\r\n\r\n'
    body = head + b"x" * size + b"\r\n--b--\r\n"
    with connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
        return client.read_response(connection)[1] == b"%d" % size


def converse(port: int, connection: socket.socket) -> bool:
    """Have 30 messages of 500 bytes echoed by a WebSocket; tell whether they were."""
    payload = b"x" * 500
    key = b"\x01\x02\x03\x04"
    masked = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    with connection, connection.makefile("rb") as file:
        connection.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        while file.readline().strip():
            pass
        for _ in range(30):
            connection.sendall(b"\x81\xfe\x01\xf4" + key + masked)
            if file.read(504) != b"\x81\x7e\x01\xf4" + payload:
                return False
        return True


def listen(port: int, connection: socket.socket) -> bool:
    """Read an event stream of 30 events; tell whether all of them came."""
    with connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        data = b""
        while True:
            piece = connection.recv(4096)
            if not piece:
                return data.count(b"data: ") == 30
            data += piece


def return_often(port: int, connection: socket.socket) -> bool:
    """Have 30 requests of one session counted; tell whether they were."""
    cookie = b""
    with connection, connection.makefile("rb") as file:
        for number in range(1, 31):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + cookie + b"\r\n")
            while True:
                name, _, value = file.readline().strip().partition(b": ")
                if not name:
                    break
                if name == b"Set-Cookie":
                    cookie = b"Cookie: " + value.partition(b";")[0] + b"\r\n"
            if file.read(len(str(number))) != b"%d" % number:
                return False
    return True


class ProbeError(Exception):
    """A probe did not get to its result; the text is what MicroPython printed."""


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
        process.communicate()


#: name, unit, aim, what it is, how it is measured.
FIGURES: tuple[tuple[str, str, int | None, str, Callable[[Meter], int]], ...] = (
    ("import_mpy", "B", 12000, "import core, .mpy", lambda m: m.imported("mpy")),
    ("import_mpy_asyncio", "B", None, "  with asyncio", lambda m: m.imported("mpy", "with")),
    ("import_names", "", None, "  names in it", lambda m: m.names()),
    ("import_source", "B", None, "import core, .py", lambda m: m.imported("source")),
    (
        "import_source_asyncio",
        "B",
        None,
        "  with asyncio",
        lambda m: m.imported("source", "with"),
    ),
    ("import_multipart", "B", 3072, "multipart, .mpy", lambda m: m.extension("multipart")),
    ("import_websocket", "B", 3072, "websocket, .mpy", lambda m: m.extension("websocket")),
    (
        "import_websocket_socket",
        "B",
        None,
        "  with the first socket",
        lambda m: m.extension("websocket.socket,websocket.handshake,websocket.protocol"),
    ),
    ("import_sse", "B", 1536, "sse, .mpy", lambda m: m.extension("sse")),
    ("import_proxy", "B", 1536, "proxies, .mpy", lambda m: m.extension("proxy")),
    (
        "import_proxy_request",
        "B",
        None,
        "  with the first request",
        lambda m: m.extension("proxy,forwarding.setup,forwarding.reading"),
    ),
    ("import_session", "B", 3072, "session, .mpy", lambda m: m.extension("session")),
    (
        "import_session_cookie",
        "B",
        None,
        "  with the first cookie",
        lambda m: m.extension("session,session.state"),
    ),
    (
        "import_session_store",
        "B",
        None,
        "  with a store",
        lambda m: m.extension("session,session.store"),
    ),
    ("import_auth", "B", 1843, "auth, .mpy", lambda m: m.extension("auth")),
    (
        "import_auth_basic",
        "B",
        None,
        "  with BasicAuth",
        lambda m: m.extension("auth,auth.basic"),
    ),
    (
        "import_auth_token",
        "B",
        None,
        "  with TokenAuth",
        lambda m: m.extension("auth,auth.tokens"),
    ),
    ("import_login", "B", 1843, "login, .mpy", lambda m: m.extension("login")),
    (
        "import_login_all",
        "B",
        None,
        "  with what the first login loads",
        lambda m: m.extension("login,login.state,login.targets,login.remember,login.revoked"),
    ),
    ("import_cors", "B", 1434, "cors, .mpy", lambda m: m.extension("cors")),
    ("import_access_log", "B", None, "access log, .mpy", lambda m: m.extension("access_log")),
    (
        "import_access_log_used",
        "B",
        None,
        "  with the first request",
        lambda m: m.extension("access_log,access.text"),
    ),
    (
        "import_cors_used",
        "B",
        None,
        "  with what requests load",
        lambda m: m.extension("cors,cross_origin.answers"),
    ),
    ("import_csrf", "B", 1229, "csrf, .mpy", lambda m: m.extension("csrf")),
    (
        "import_csrf_used",
        "B",
        None,
        "  with what requests load",
        lambda m: m.extension("csrf,cross_origin.decision,cross_origin.origins"),
    ),
    ("import_utemplate", "B", None, "utemplate, .mpy", lambda m: m.extension("utemplate")),
    (
        "import_utemplate_loader",
        "B",
        None,
        "  with loader and plugin",
        lambda m: m.extension("utemplate,utemplate.plugin,utemplate.loader,utemplate.escaping"),
    ),
    ("app_10_routes", "B", 1200, "application with 10 routes", lambda m: m.app(0)),
    ("app_10_routes_second", "B", None, "  another one", lambda m: m.app(1)),
    ("request", "B", 4500, "allocated per request", lambda m: m.per_request(True)),
    ("request_closed", "B", None, "  with its own connection", lambda m: m.per_request(False)),
    ("held", "B", None, "held after the first request", lambda m: m.held(False)),
    ("held_connection", "B", None, "  per idle connection", lambda m: m.held(True)),
    ("heap_mpy", "KiB", 22, "smallest heap, .mpy", lambda m: m.smallest_heap("mpy", True)),
    ("heap_mpy_closed", "KiB", 22, "  closed connections", lambda m: m.smallest_heap("mpy", False)),
    (
        "heap_upload",
        "KiB",
        None,
        "  upload of 200 KB",
        lambda m: m.smallest("upload_app", "mpy", upload),
    ),
    (
        "heap_socket",
        "KiB",
        None,
        "  WebSocket",
        lambda m: m.smallest("socket_app", "mpy", converse),
    ),
    (
        "heap_stream",
        "KiB",
        None,
        "  event stream",
        lambda m: m.smallest("stream_app", "mpy", listen),
    ),
    (
        "heap_session",
        "KiB",
        None,
        "  session",
        lambda m: m.smallest("session_app", "mpy", return_often),
    ),
    ("heap_source", "KiB", 48, "smallest heap, .py", lambda m: m.smallest_heap("source", True)),
    (
        "heap_source_closed",
        "KiB",
        48,
        "  closed connections",
        lambda m: m.smallest_heap("source", False),
    ),
)


def measure(meter: Meter, names: list[str], limits: dict[str, int]) -> dict[str, dict[str, Any]]:
    """Return the figures by name; a failed one has no value but an error."""
    figures: dict[str, dict[str, Any]] = {}
    for name, unit, aim, title, run in FIGURES:
        if names and name not in names:
            continue
        figure: dict[str, Any] = {"measured": None, "limit": limits.get(name), "aim": aim}
        figure.update(unit=unit, title=title.strip())
        try:
            figure["measured"] = run(meter)
        except (ProbeError, ValueError) as error:
            figure["error"] = str(error).strip()
        figures[name] = figure
        print(_row(title, figure), flush=True)
    return figures


def _row(title: str, figure: dict[str, Any]) -> str:
    measured, limit, aim = figure["measured"], figure["limit"], figure["aim"]
    remark = ""
    if measured is None:
        remark = "FAILED"
    elif limit is not None and measured > limit:
        remark = "over the limit"
    elif aim is not None and measured > aim:
        remark = f"aim missed by {measured - aim} {figure['unit']}"
    cells = ["-" if value is None else str(value) for value in (measured, limit, aim)]
    return (
        f"{title:<30}{cells[0]:>8}{cells[1]:>8}{cells[2]:>8} {figure['unit']:<4} {remark}".rstrip()
    )


def faults(figures: dict[str, dict[str, Any]], check: bool) -> list[str]:
    """Return what is wrong: figures without a value, and with ``check`` those above their limit."""
    found = []
    for name, figure in figures.items():
        measured, limit = figure["measured"], figure["limit"]
        if measured is None:
            found.append(f"{name}: not measured: {figure['error']}")
        elif not check:
            continue
        elif limit is None:
            found.append(f"{name}: {measured}, without a limit")
        elif measured > limit:
            found.append(f"{name}: {measured} {figure['unit']}, limit {limit}")
    return found


def new_limits(figures: dict[str, dict[str, Any]], limits: dict[str, int]) -> dict[str, int]:
    """Return limits just above what was measured: 2 %, for bytes at least 32, for heaps 1 KiB."""
    limits = dict(limits)
    for name, figure in figures.items():
        measured = figure["measured"]
        if measured is not None:
            more = 1 if figure["unit"] == "KiB" else math.ceil(measured * 0.02)
            if figure["unit"] == "B":
                more = max(32, more)
            limits[name] = measured + more
    return limits


def print_modules(rows: list[dict[str, Any]]) -> None:
    """Print the table of ``--modules``, and sums by time of loading."""
    keys = ("heap", "names", "mpy")
    print(f"{'module':<24}{'heap B':>8}{'names':>8}{'.mpy B':>8}  loaded")
    for group in ("import", "first request", "when used"):
        members = [row for row in rows if row["loaded"] == group]
        for row in sorted(members, key=lambda row: -row["heap"]):
            print(f"{row['module']:<24}" + "".join(f"{row[key]:>8}" for key in keys) + f"  {group}")
        sums = "".join(f"{sum(row[key] for row in members):>8}" for key in keys)
        print(f"{'= ' + str(len(members)) + ' modules':<24}{sums}  {group}\n")
    print(
        "heap is without the tables of names: about 7 B for each name there is room for;\n"
        "the room doubles with the 21st, 61st, 141st, 301st and 621st name."
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    parser.add_argument("--check", action="store_true", help="fail when a limit is exceeded")
    parser.add_argument(
        "--only", action="append", default=[], metavar="FIGURE", choices=[f[0] for f in FIGURES]
    )
    parser.add_argument("--modules", action="store_true", help="heap of each module instead")
    parser.add_argument(
        "--set-limits", action="store_true", help="set the limits just above what is measured"
    )
    parser.add_argument("--limits", metavar="FILE", default=LIMITS, type=pathlib.Path)
    options = parser.parse_args(arguments)

    try:
        program, compiler = micropython.interpreter(), micropython.cross_compiler()
    except micropython.MissingTool as error:
        print(error, file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory(prefix="microdot-memory-") as folder:
        top = pathlib.Path(folder)
        compiled = micropython.compose(top / "mpy", compiler)
        meter = Meter(program, compiled, micropython.compose(top / "py"))
        result: dict[str, Any] = {"instrument": "memory"}
        if options.modules:
            result["modules"] = meter.modules()
            print_modules(result["modules"])
            figures = {}
        else:
            limits = json.loads(options.limits.read_text()) if options.limits.exists() else {}
            print(f"{'':<30}{'measured':>8}{'limit':>8}{'aim':>8}")
            figures = result["figures"] = measure(meter, options.only, limits)
            if options.set_limits:
                limits = new_limits(figures, limits)
                options.limits.write_text(json.dumps(limits, indent=2) + "\n")
        result["mpy_sizes"] = {
            path.relative_to(compiled).as_posix(): path.stat().st_size
            for path in sorted((compiled / "microdot").rglob("*.mpy"))
        }
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
    failed = faults(figures, options.check)
    for fault in failed:
        print(fault, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
