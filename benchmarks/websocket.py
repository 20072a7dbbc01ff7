"""CPU time per echoed WebSocket message, as a multiple of a bare ``asyncio.Protocol``.

    python benchmarks/websocket.py [--case 64] [--case 65536] [--rounds N] [--json FILE]

The bare one knows unfragmented, masked frames of one size, unmasks them in the same way, and checks
and keeps nothing. Eight connections, one message under way on each. docs/benchmarks.md says how to
read the result.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import pathlib
import platform
import resource
import socket
import statistics
import subprocess
import sys
import time
from typing import Any

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = sorted(str(path) for path in HERE.parent.glob("microdot-*/src"))
NAMES = ("bare", "microdot")
CONNECTIONS = 8
#: Message size in bytes -> (aim, messages in a round).
CASES = {64: (1.6, 8000), 65536: (1.3, 800)}


def _report_cpu() -> None:
    # A line from the parent is a question, the end of the input the end.
    import threading

    def answer() -> None:
        for _ in sys.stdin:
            usage = resource.getrusage(resource.RUSAGE_SELF)
            print(usage.ru_utime + usage.ru_stime, flush=True)
        os._exit(0)

    threading.Thread(target=answer, daemon=True).start()


def serve_microdot(port: int, size: int) -> None:
    """Serve the echo with Microdot."""
    from microdot import Microdot
    from microdot.websocket import WebSockets, with_websocket

    app = Microdot()
    app.use(WebSockets(max_message_length=1 << 20))

    @app.route("/")
    @with_websocket
    async def echo(request: Any, ws: Any) -> None:
        while True:
            await ws.send(await ws.receive())

    app.run(host="127.0.0.1", port=port)


def serve_bare(port: int, size: int) -> None:
    """Serve the echo with a protocol class that can do nothing else."""
    from microdot.websocket.cpython.compat import apply_mask
    from microdot.websocket.handshake import accept_key

    head = b"\x82" + (bytes([size]) if size < 126 else b"\x7f" + size.to_bytes(8, "big"))
    start = len(head)
    whole = start + 4 + size

    class Bare(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport
            self.buffer = b""
            self.open = False

        def data_received(self, data: bytes) -> None:
            if not self.open:
                key = data.partition(b"Sec-WebSocket-Key: ")[2][:24].decode()
                self.transport.write(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    b"Connection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
                    % accept_key(key).encode()
                )
                self.open = True
                return
            if self.buffer:
                data = self.buffer + data
            while len(data) >= whole:
                payload = apply_mask(data[start + 4 : whole], data[start : start + 4])
                self.transport.write(head + payload)
                data = data[whole:]
            self.buffer = data

    bytearray(1 << 20)  # see ProtocolServer.run: without it glibc makes reading dear

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(main())


class Contestant:
    """A server process, and connections to it."""

    def __init__(self, name: str, size: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.name = name
        command = [
            sys.executable,
            str(HERE / "websocket.py"),
            "--serve",
            name,
            str(port),
            str(size),
        ]
        self.process = subprocess.Popen(
            command,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(SOURCES)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.sockets: list[socket.socket] = []
        for _ in range(CONNECTIONS):
            self.sockets.append(self._connect(port))
        key = os.urandom(4)
        payload = os.urandom(size)
        length = bytes([0x80 | size]) if size < 126 else b"\xff" + size.to_bytes(8, "big")
        keys = (key * (size // 4 + 1))[:size]
        masked = bytes(a ^ b for a, b in zip(payload, keys))
        self.message = b"\x82" + length + key + masked
        self.answer = (
            b"\x82" + length[:1].translate(bytes(i & 127 for i in range(256))) + length[1:]
        )
        self.answer += payload

    def _connect(self, port: int) -> socket.socket:
        for _ in range(400):
            try:
                connection = socket.create_connection(("127.0.0.1", port), 10)
                break
            except OSError:
                if self.process.poll() is not None:
                    raise
                time.sleep(0.02)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
            % base64.b64encode(os.urandom(16))
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        if b" 101 " not in head:
            raise ConnectionError(head.decode())
        return connection

    def cpu_seconds(self) -> float:
        """Return what the process has used so far."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def exchange(self, count: int) -> None:
        """Echo messages, one under way on each connection."""
        for _ in range(count // CONNECTIONS):
            for connection in self.sockets:
                connection.sendall(self.message)
            for connection in self.sockets:
                left = len(self.answer)
                data = connection.recv(left)
                while len(data) < left:
                    more = connection.recv(left - len(data))
                    if not more:
                        raise ConnectionError("closed")
                    data += more
                if data != self.answer:
                    raise ConnectionError("a wrong answer")

    def round(self, count: int) -> float:
        """Return the CPU seconds per message."""
        before = self.cpu_seconds()
        self.exchange(count)
        return (self.cpu_seconds() - before) / (count // CONNECTIONS * CONNECTIONS)

    def stop(self) -> None:
        """End the process."""
        for connection in self.sockets:
            connection.close()
        self.process.kill()
        self.process.communicate()


def measure(size: int, rounds: int, count: int) -> dict[str, Any]:
    """Return CPU microseconds per message and the ratio, median and extremes."""
    contestants = [Contestant(name, size) for name in NAMES]
    times: dict[str, list[float]] = {name: [] for name in NAMES}
    try:
        for contestant in contestants:
            contestant.exchange(count // 4)
        for _ in range(rounds):
            for contestant in contestants:
                times[contestant.name].append(contestant.round(count) * 1e6)
    finally:
        for contestant in contestants:
            contestant.stop()
    ratios = [ours / bare for bare, ours in zip(times["bare"], times["microdot"])]
    result: dict[str, Any] = {
        name: [round(f(values), 3) for f in (statistics.median, min, max)]
        for name, values in {**times, "ratio": ratios}.items()
    }
    result["aim"] = CASES.get(size, (None,))[0]
    return result


def main() -> int:
    """Run the command line; return its exit status."""
    if sys.argv[1:2] == ["--serve"]:
        _report_cpu()
        name, port, size = sys.argv[2:]
        {"microdot": serve_microdot, "bare": serve_bare}[name](int(port), int(size))
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    parser.add_argument("--rounds", type=int, default=7, help="rounds for each case (7)")
    parser.add_argument("--messages", type=int, help="messages in a round")
    parser.add_argument("--case", action="append", type=int, help="size of a message, in bytes")
    options = parser.parse_args()
    print(f"{'echo':<10}{'CPU us per message':>26}{'times bare':>22}")
    results = {}
    for size in options.case or CASES:
        count = options.messages or CASES.get(size, (None, 2000))[1]
        results[size] = result = measure(size, options.rounds, count)
        bare, ours, ratio = result["bare"], result["microdot"], result["ratio"]
        verdict = ""
        if result["aim"]:
            verdict = f"  aim {result['aim']}: "
            verdict += "reached" if ratio[0] <= result["aim"] else "missed"
        print(
            f"{size:<10}  bare {bare[0]:>8.1f}  ours {ours[0]:>8.1f}"
            f"{ratio[0]:>10.2f} ({ratio[1]:.2f} to {ratio[2]:.2f}){verdict}",
            flush=True,
        )
    if options.json:
        report = {"instrument": "websocket", "python": platform.python_version(), "cases": results}
        pathlib.Path(options.json).write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
