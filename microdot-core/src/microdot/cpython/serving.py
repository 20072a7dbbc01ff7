"""Serving as a command does: signals end it, and the socket may be a path."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import stat
from typing import Any, Callable, Optional

from .server import ProtocolServer


def serve(
    app: Any,
    host: str = "127.0.0.1",
    port: int = 5000,
    ssl: Any = None,
    path: Optional[str] = None,
    debug: bool = False,
    ready: "Optional[Callable[[Any], Any]]" = None,
) -> None:
    """Serve an application on the built-in server until SIGTERM or SIGINT.

    What has been accepted is answered first, within the application's grace period.

    :param app: the application.
    :param host: the address to listen at.
    :param port: the port; 0 for any free one.
    :param ssl: an ``ssl.SSLContext`` to serve over TLS.
    :param path: the path of a unix socket to listen at, in place of host and port.
    :param debug: print a line at the start and for each request; plugins must not fail.
    :param ready: called with the asyncio server as soon as connections are accepted.
    :raises OSError: it cannot listen there.
    """
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(app, host, port, ssl, path, debug, ready))


async def _serve(
    app: Any, host: str, port: int, ssl: Any, path: Optional[str], debug: bool, ready: Any
) -> None:
    app.debug = debug
    app.ssl = ssl or False
    app._runner = server = ProtocolServer(app)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows, or not the main thread: KeyboardInterrupt ends it there.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, server.shutdown)
    if path is not None:
        refuse_taken(path)
    try:
        await server.run(host, port, ssl, True, path, ready)
    finally:
        if path is not None and ready_made(path):
            with contextlib.suppress(OSError):
                os.unlink(path)


def ready_made(path: str) -> bool:
    """Tell whether there is a unix socket at a path."""
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


def refuse_taken(path: str) -> None:
    """Raise when another server listens at a path: asyncio would take it away from that one.

    :raises OSError: there is one.
    """
    if ready_made(path):
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(ConnectionRefusedError):
            probe.connect(path)
            raise OSError(errno.EADDRINUSE, "another server is listening there")
