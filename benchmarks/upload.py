"""Uploads through the built-in server: MB/s, CPU against a bare protocol, memory above start.

    python benchmarks/upload.py [--size MB] [--rounds N] [--case NAME] [--json FILE]

A server process receives multipart forms with one file from this process. The cases: "skip"
passes over the file, "read" reads it in pieces, "save" writes it to an open file, "form" is
``with_form_data`` with its temporary file. In each round the bare protocol, which reads the same
bytes and discards them, has its turn too; the ratio is that of the CPU times of one round.
Memory is the most that was resident in any round beyond what was after a small upload.
Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time
from typing import Any

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
CASES = ("skip", "read", "save", "form")
#: MB/s that an upload should reach, KiB of memory that it may take.
AIM_SPEED = 200
AIM_MEMORY = 1024


class Server:
    """A server process, and a connection to it.

    :param kind: "microdot" or "bare".
    """

    def __init__(self, kind: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        paths = [ROOT / name / "src" for name in ("microdot-core", "microdot-multipart")]
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "servers/upload.py"), kind, str(self.port)],
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(map(str, paths))),
            stdout=subprocess.DEVNULL,
        )
        for _ in range(200):
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port), 30)
                return
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        raise ConnectionError(f"the server {kind} does not start")

    def stop(self) -> None:
        """End the process."""
        self.socket.close()
        self.process.terminate()
        self.process.wait(10)

    def ask(self, request: bytes, body: bytes = b"") -> Any:
        """Send a request and return the JSON of the answer."""
        self.socket.sendall(request)
        if body:
            self.socket.sendall(body)
        data = b""
        while b"\r\n\r\n" not in data or not data.endswith(b"}"):
            piece = self.socket.recv(65536)
            if not piece:
                raise ConnectionError("the server closed the connection")
            data += piece
        if not data.startswith(b"HTTP/1.1 200 "):
            raise ConnectionError(data.decode())
        return json.loads(data.partition(b"\r\n\r\n")[2])

    def usage(self) -> Any:
        """Return what the process has used: "cpu" in s, "rss" and "peak" in KiB."""
        return self.ask(b"GET /usage HTTP/1.1\r\nHost: test\r\n\r\n")

    def upload(self, path: str, body: bytes, count: int = 1) -> tuple[float, float, int]:
        """Send a form some times; return MB/s, CPU seconds for each, peak in KiB."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: multipart/form-data; boundary=----BenchmarkBoundary7MA4YWxkTrZu0gW\r\n\r\n"
        ).encode()
        before = self.usage()
        begun = time.perf_counter()
        for _ in range(count):
            self.ask(head, body)
        taken = time.perf_counter() - begun
        after = self.usage()
        return (
            len(body) * count / taken / 1e6,
            (after["cpu"] - before["cpu"]) / count,
            after["peak"],
        )


def form(size: int) -> bytes:
    """Return a form with one file of ``size`` random bytes."""
    boundary = b"------BenchmarkBoundary7MA4YWxkTrZu0gW"
    head = b'\r\nContent-Disposition: form-data; name="file"; filename="file.bin"\r\n\r\n'
    return boundary + head + os.urandom(size) + b"\r\n" + boundary + b"--\r\n"


def measure(case: str, size: int, rounds: int, count: int) -> dict[str, Any]:
    """Return the figures of one case.

    :param case: one of ``CASES``.
    :param size: bytes of the file.
    :param rounds: how many rounds.
    :param count: uploads in a round.
    """
    body = form(size)
    servers: list[Server] = []
    speeds, ratios, bare_speeds, peaks = [], [], [], []
    try:
        ours, bare = Server("microdot"), Server("bare")
        servers += [ours, bare]
        for _ in range(3):
            ours.upload("/" + case, form(4096))
        start = ours.usage()["rss"]
        for _ in range(rounds):
            bare_speed, bare_cpu, _ = bare.upload("/", body, count)
            speed, cpu, peak = ours.upload("/" + case, body, count)
            speeds.append(speed)
            bare_speeds.append(bare_speed)
            ratios.append(cpu / bare_cpu if bare_cpu else 0.0)
            peaks.append(peak - start)
    finally:
        for server in servers:
            server.stop()
    return {
        "speed": round(statistics.median(speeds), 1),
        "fastest": round(max(speeds), 1),
        "bare_speed": round(statistics.median(bare_speeds), 1),
        "cpu_ratio": round(statistics.median(ratios), 2),
        "memory": max(peaks),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--size", type=int, default=10, help="MB in the file (10)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (5)")
    parser.add_argument("--count", type=int, default=10, help="uploads in a round (10)")
    parser.add_argument("--case", action="append", choices=CASES, help="only this case")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    cases = {}
    print(f"{'':<6}{'MB/s':>9}{'best':>9}{'bare':>9}{'CPU ratio':>11}{'KiB above start':>17}")
    for case in options.case or CASES:
        cases[case] = found = measure(case, options.size * 1000000, options.rounds, options.count)
        remark = "reached" if found["speed"] >= AIM_SPEED else "too slow"
        remark += "" if found["memory"] <= AIM_MEMORY else ", too much memory"
        print(
            f"{case:<6}{found['speed']:>9}{found['fastest']:>9}{found['bare_speed']:>9}"
            f"{found['cpu_ratio']:>11}{found['memory']:>17}  {remark}",
            flush=True,
        )
    if options.json:
        result = {"instrument": "upload", "size": options.size, "cases": cases}
        pathlib.Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ConnectionError as problem:
        sys.exit(str(problem))
