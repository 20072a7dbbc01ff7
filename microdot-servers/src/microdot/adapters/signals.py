"""Hearing of the end of a server before the server waits for its connections.

uvicorn ends the lifespan when all connections are closed: too late to tell streams that they should end.
"""

import signal
import threading
from typing import Any, Callable, Dict


class Announcement:
    """Calls a function when a signal ends the server, before the server's own handler.

    Only where the server has set a handler with ``signal.signal``; it is called as before. Handlers of asyncio, and
    Python's own, are left alone.

    :param callback: called without arguments, in the main thread, in the midst of anything.
    """

    def __init__(self, callback: "Callable[[], Any]") -> None:
        self._callback = callback
        self._servers: "Dict[int, Any]" = {}

    def begin(self) -> None:
        """Hear of signals from now on; nothing happens outside of the main thread."""
        if self._servers or threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            handler = signal.getsignal(number)
            home = str(getattr(handler, "__module__", None)).split(".")[0]
            if callable(handler) and home not in ("signal", "_signal", "asyncio", "None"):
                self._servers[number] = handler
                signal.signal(number, self._handle)

    def _handle(self, number: int, frame: Any) -> None:
        self._callback()
        self._servers[number](number, frame)

    def end(self) -> None:
        """Give the signals back."""
        for number, handler in self._servers.items():
            if signal.getsignal(number) == self._handle:
                signal.signal(number, handler)
        self._servers = {}
