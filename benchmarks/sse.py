"""CPU time per server-sent event, as a multiple of a bare ``asyncio.Protocol`` that writes the same bytes.

    python benchmarks/sse.py [--case NAME] [--rounds N] [--events N] [--json FILE] [--profile FILE]

Cases: ``burst`` is one stream whose endpoint sends without a pause; ``paced`` is one stream whose
endpoint lets the event loop turn after each event, so that each is a write of its own; ``fan-out``
gives each event to 100 streams, with ``post``. The bare protocol writes event by event in all of them.
A round measures both, one after the other; the ratios are those of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import threading
import time
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import client

SOURCES = sorted(
    str(path) for path in pathlib.Path(__file__).resolve().parents[1].glob("microdot-*/src")
)
TEXT = '{"time": 1732147200, "sensor": "kitchen", "temperature": 21.5}'
EVENT = b"data: " + TEXT.encode() + b"\n\n"
CHUNK = b"%x\r\n" % len(EVENT) + EVENT + b"\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
#: Case -> (streams, events that each of them gets in a round).
CASES = {"burst": (1, 100_000), "paced": (1, 20_000), "fan-out": (100, 400)}
NAMES = ("bare-protocol", "microdot")


# the servers


async def serve_bare(case: str, port: int) -> None:
    """Write events to whoever sends the number of events that are wanted in a request's path."""
    loop = asyncio.get_running_loop()
    streams: list[Any] = []

    class Bare(asyncio.Protocol):
        paused = False
        left = 0

        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.left = int(data.split(b" ", 2)[1][1:])
            self.transport.write(HEAD)
            if case != "fan-out":
                loop.call_soon(self.go_on)
                return
            streams.append(self)
            if len(streams) == CASES[case][0]:
                loop.call_soon(fan_out, self.left)

        def pause_writing(self) -> None:
            self.paused = True

        def resume_writing(self) -> None:
            self.paused = False
            if case != "fan-out":
                self.go_on()

        def go_on(self) -> None:
            while self.left and not self.paused:
                self.left -= 1
                self.transport.write(CHUNK)
                if case == "paced" and self.left:
                    loop.call_soon(self.go_on)
                    return
            if not self.left:
                self.transport.write(b"0\r\n\r\n")

    def fan_out(left: int) -> None:
        for stream in streams:
            stream.transport.write(CHUNK)
        if left > 1:
            loop.call_soon(fan_out, left - 1)
            return
        for stream in streams:
            stream.transport.write(b"0\r\n\r\n")
        streams.clear()

    server = await loop.create_server(Bare, "127.0.0.1", port)
    await server.serve_forever()


async def serve_microdot(case: str, port: int) -> None:
    """The same with ``with_sse``."""
    from microdot import Microdot
    from microdot.sse import SSE, with_sse

    app = Microdot(max_connections=1000)
    streams: list[SSE] = []

    async def fan_out(count: int) -> None:
        members = list(streams)
        streams.clear()
        for _ in range(count):
            for sse in members:
                if not sse.post(TEXT):
                    raise RuntimeError("the client is too slow for this benchmark")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        for sse in members:
            sse.close()

    @app.get("/<int:count>")
    @with_sse
    async def events(request: Any, sse: SSE, count: int) -> None:
        if case == "fan-out":
            streams.append(sse)
            if len(streams) == CASES[case][0]:
                tasks.append(asyncio.create_task(fan_out(count)))
            await sse.wait_closed()
        elif case == "burst":
            for _ in range(count):
                await sse.send(TEXT)
        else:
            for _ in range(count):
                await sse.send(TEXT)
                await asyncio.sleep(0)

    tasks: list[Any] = []
    await app.start_server(host="127.0.0.1", port=port)


def serve(name: str, case: str, port: int, profile_to: str) -> None:
    """Serve; a line on standard input is answered with the CPU seconds used so far."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
    profile = cProfile.Profile() if profile_to else None

    async def main() -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()

        def control() -> None:
            for _ in sys.stdin:
                if profile is not None:
                    loop.call_soon_threadsafe(profile.enable)
                print(repr(time.process_time()), flush=True)
            loop.call_soon_threadsafe(stopped.set)

        threading.Thread(target=control, daemon=True).start()
        serving = (serve_bare if name == NAMES[0] else serve_microdot)(case, port)
        server = asyncio.ensure_future(serving)
        waiting = asyncio.ensure_future(stopped.wait())
        await asyncio.wait([server, waiting], return_when=asyncio.FIRST_COMPLETED)
        if server.done():
            server.result()

    try:
        asyncio.run(main())
    finally:
        if profile is not None:
            profile.disable()
            profile.dump_stats(profile_to)


# the load


class Contestant:
    """A server process and the clients that read from it.

    :param name: one of ``NAMES``.
    :param case: a key of ``CASES``.
    :param profile: a file for the profile of the process.
    """

    def __init__(self, name: str, case: str, profile: str = "") -> None:
        self.name = name
        self.case = case
        self.port = client.free_port()
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", name, case, str(self.port), profile],
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(SOURCES)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        client.wait_until_served(self.port, 20, self.process).close()

    def cpu_seconds(self) -> float:
        """Return what the process has used so far, user and system."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def round(self, count: int) -> float:
        """Read events on every stream; return the CPU seconds for one event to one client.

        :raises ConnectionError: a stream is not what it is to be.
        """
        connections = []
        before = self.cpu_seconds()
        for _ in range(CASES[self.case][0]):
            connection = client.connect(self.port, 60)
            connection.sendall(client.request("/%d" % count))
            connections.append(connection)
        received = self._read_all(connections)
        spent = self.cpu_seconds() - before
        for connection, data in zip(connections, received):
            connection.close()
            if data.count(b"data: ") != count or not data.endswith(b"\r\n0\r\n\r\n"):
                raise ConnectionError(f"{self.name}: {data.count(b'data: ')} events of {count}")
        return spent / (count * len(connections))

    def _read_all(self, connections: list[Any]) -> list[bytes]:
        import selectors

        pieces: dict[Any, list[bytes]] = {connection: [] for connection in connections}
        with selectors.DefaultSelector() as selector:
            for connection in connections:
                selector.register(connection, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(60)
                if not ready:
                    raise ConnectionError(f"{self.name} sends no more")
                for key, _ in ready:
                    connection = pieces[key.fileobj]
                    connection.append(key.fileobj.recv(262144))  # type: ignore[union-attr]
                    if b"".join(connection[-2:])[-7:] == b"\r\n0\r\n\r\n" or not connection[-1]:
                        selector.unregister(key.fileobj)
        return [b"".join(pieces[connection]) for connection in connections]

    def stop(self) -> None:
        """End the process."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def summary(values: list[float]) -> dict[str, Any]:
    """Return the median, the extremes and the values themselves."""
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "rounds": [round(value, 3) for value in values],
    }


def measure(case: str, rounds: int, count: int, profile: str) -> dict[str, Any]:
    """Return the CPU microseconds per event of each contestant, and their ratio, of one case."""
    times: dict[str, list[float]] = {name: [] for name in NAMES}
    contestants: list[Contestant] = []
    try:
        for name in NAMES:
            contestants.append(Contestant(name, case, profile if name != NAMES[0] else ""))
            contestants[-1].round(max(count // 10, 10))
        for _ in range(rounds):
            for contestant in contestants:
                times[contestant.name].append(contestant.round(count) * 1e6)
    finally:
        for contestant in contestants:
            contestant.stop()
    bare, ours = (times[name] for name in NAMES)
    return {
        "streams": CASES[case][0],
        "events": count,
        "cpu_us": {name: summary(times[name]) for name in NAMES},
        "ratio": summary([mine / floor for mine, floor in zip(ours, bare)]),
    }


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--case", action="append", choices=list(CASES), help="only this case")
    parser.add_argument("--rounds", type=int, default=9, help="rounds for each case (9)")
    parser.add_argument("--events", type=int, help="events of a stream in a round")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    parser.add_argument("--profile", metavar="FILE", default="", help="write our profile there")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[:-1] or processors)
    cases = {}
    print(f"{'':<9}{'CPU us per event':>35}{'times bare-protocol':>31}")
    print(
        f"{'':<9}{'bare':>11}{'microdot':>11}{'min':>7}{'max':>7}{'median':>11}{'min':>8}{'max':>8}"
    )
    for case in options.case or CASES:
        result = measure(case, options.rounds, options.events or CASES[case][1], options.profile)
        cases[case] = result
        bare, ours, ratio = *result["cpu_us"].values(), result["ratio"]
        print(
            f"{case:<9}{bare['median']:>11.2f}{ours['median']:>11.2f}{ours['min']:>7.2f}"
            f"{ours['max']:>7.2f}{ratio['median']:>11.2f}{ratio['min']:>8.2f}{ratio['max']:>8.2f}",
            flush=True,
        )
    if options.json:
        found = {"instrument": "sse", "python": platform.python_version(), "cases": cases}
        found["machine"] = platform.machine()
        pathlib.Path(options.json).write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
        sys.exit()
    try:
        sys.exit(main())
    except ConnectionError as problem:  # a server did not start, or answered wrongly
        sys.exit(str(problem))
