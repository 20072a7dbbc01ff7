"""The same with streams: reads up to the empty line (and the body), answers with a constant."""

from __future__ import annotations

import asyncio

from constants import CASES, response


async def serve(case: str, port: int) -> None:
    """Serve a case."""
    constant, close = response(case)
    size = len(CASES[case].body)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                if size:
                    await reader.readexactly(size)
                writer.write(constant)
                await writer.drain()
                if close:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):  # the client is done
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    await server.serve_forever()
