"""What benchmarks/upload.py sends to: the multipart extension, or a protocol that discards.

python upload.py microdot|bare PORT
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile


def usage() -> dict[str, float]:
    """Return CPU seconds, resident KiB now and at most; the latter counts from here on again."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    with open("/proc/self/status") as file:
        status = dict(line.split(":", 1) for line in file)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return {
        "cpu": used.ru_utime + used.ru_stime,
        "rss": int(status["VmRSS"].split()[0]),
        "peak": int(status["VmHWM"].split()[0]),
    }


def microdot(port: int) -> None:
    """Serve with the built-in server."""
    from microdot import Microdot
    from microdot.multipart import FormDataIter, with_form_data

    app = Microdot(max_content_length=1 << 30)

    @app.get("/usage")
    async def get_usage(request):
        return usage()

    @app.post("/skip")
    async def skip(request):
        return {"parts": len([name async for name, _ in FormDataIter(request)])}

    @app.post("/read")
    async def read(request):
        size = 0
        async for _, upload in FormDataIter(request):
            while True:
                data = await upload.read(65536)
                if not data:
                    break
                size += len(data)
        return {"size": size}

    @app.post("/save")
    async def save(request):
        with tempfile.TemporaryFile(buffering=0) as file:
            async for _, upload in FormDataIter(request):
                await upload.save(file)
            return {"size": file.tell()}

    @app.post("/form")
    @with_form_data
    async def form(request):
        return {"size": request.files["file"].size}

    app.run(host="127.0.0.1", port=port)


class Bare(asyncio.Protocol):
    """Reads a request and answers it; of the body nothing is looked at."""

    head = b""
    left = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.left < 0:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            data = self.head[end + 4 :]
            fields = self.head[:end].lower().partition(b"content-length:")[2]
            self.left = int(fields.split(b"\r\n")[0] or 0)
        self.left -= len(data)
        if self.left == 0:
            body = json.dumps(usage() if self.head.startswith(b"GET /usage") else {}).encode()
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
            self.head, self.left = b"", -1


async def bare(port: int) -> None:
    """Serve with a bare protocol."""
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    if sys.argv[1] == "bare":
        asyncio.run(bare(int(sys.argv[2])))
    else:
        microdot(int(sys.argv[2]))
