"""The floor: an ``asyncio.Protocol`` that answers whatever arrives with a constant."""

from __future__ import annotations

import asyncio

from constants import response


async def serve(case: str, port: int) -> None:
    """Serve a case."""
    constant, close = response(case)

    class Bare(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(constant)  # type: ignore[attr-defined]
            if close:
                self.transport.close()

    loop = asyncio.get_running_loop()
    server = await loop.create_server(Bare, "127.0.0.1", port)
    await server.serve_forever()
