"""The WSGI application made of a ``Microdot`` application."""

import asyncio
import atexit
import os
import sys
import threading
import weakref
from typing import Any, Dict, Iterable, Optional

from microdot.cpython.discovery import warn_of_foreign

from .shared_loop import SharedLoop
from .wsgi_exchange import Exchange

#: Event loops of the parent process: they are not to be closed here.
_inherited: "list[SharedLoop]" = []
#: Seconds that cancelled requests have for their clean-up at the end.
CLEAN_UP = 2
_adapters: "weakref.WeakSet[WSGIAdapter]" = weakref.WeakSet()


class WSGIAdapter:
    """A WSGI callable that serves an application.

    The event loop, and with it the plugins' start-up hooks, comes with the first request of a
    process, or with ``start()``: not before a server has made its worker processes.

    :param app: the application.
    :param inline: run the part of an ``async def`` handler that does not wait in the thread of the
                   request; False for handlers that must always be in the loop's own thread.
    """

    def __init__(self, app: Any, inline: bool = True) -> None:
        self.app = app
        self.inline = inline
        self._reset()
        _adapters.add(self)

    def _reset(self) -> None:
        # Also in a child process, which has inherited no thread.
        self._loop: Optional[SharedLoop] = None
        self._lock = threading.Lock()
        self._failure: Optional[BaseException] = None
        self._drained = False
        #: Requests that wait for something, or whose response is being sent.
        self.exchanges: "set[Exchange]" = set()

    @property
    def loop(self) -> SharedLoop:
        """The event loop; it is started if need be."""
        if self._loop is None:
            self.start()
        return self._loop  # type: ignore[return-value]

    def start(self) -> None:
        """Start the event loop and call the start-up hooks, unless that has been done.

        :raises Exception: what a start-up hook raised.
        """
        with self._lock:
            if self._loop is not None:
                return
            if self._failure is not None:
                raise RuntimeError(
                    "the application did not start; see the first error, then restart the server"
                ) from self._failure
            warn_of_foreign()
            loop = SharedLoop(self.inline)
            loop.start()
            try:
                self._call(loop, self._hooks("microdot_startup"))
            except BaseException as error:
                self._failure = error
                loop.finish()
                raise
            self.app._runner = self
            self._drained = False
            self._loop = loop
            self._at_exit()

    def _at_exit(self) -> None:
        atexit.register(self.close)
        # A process of multiprocessing ends without what atexit has.
        parent = getattr(sys.modules.get("multiprocessing.process"), "parent_process", None)
        if parent is not None and parent() is not None:
            from multiprocessing.util import Finalize

            Finalize(None, self.close, exitpriority=100)

    @staticmethod
    def _call(loop: SharedLoop, coro: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coro, loop).result()

    async def _hooks(self, name: str) -> None:
        plan = self.app._compile()
        if plan:
            await plan.run_lifecycle(name)

    def drain(self) -> None:
        """Call the drain hooks now and do not wait for them: responses without an end get one.

        For servers that wait for the requests under way before they let a process exit. It may be
        called from a signal handler.
        """
        loop = self._loop
        if loop is not None and not self._drained:
            self._drained = True
            asyncio.run_coroutine_threadsafe(self._hooks("microdot_drain"), loop)

    def close(self) -> None:
        """Finish what is under way, call the drain and shutdown hooks, end the event loop.

        The interpreter calls this when it exits; a later request starts again.
        """
        with self._lock:
            loop, self._loop = self._loop, None
            if loop is None:
                return
            atexit.unregister(self.close)
            self._call(loop, self._finish())
            loop.finish()
            if self.app._runner is self:
                self.app._runner = None

    async def _finish(self) -> None:
        if not self._drained:
            self._drained = True
            await self._hooks("microdot_drain")
        left = self.app.grace_period
        while self.exchanges and left > 0:
            await asyncio.sleep(0.05)
            left -= 0.05
        for exchange in list(self.exchanges):
            exchange.cancel()
        left = CLEAN_UP
        while self.exchanges and left > 0:
            await asyncio.sleep(0.05)
            left -= 0.05
        for exchange in list(self.exchanges):
            exchange.abort()
        await self._hooks("microdot_shutdown")

    def shutdown(self) -> None:
        """Ask the server to stop this process; see ``microdot.wsgi.shutdown``."""
        from microdot.wsgi import terminate

        terminate()

    def handed_over(self, environ: "Dict[str, Any]") -> "Iterable[bytes]":
        """Tell the server that the connection was used for something else, and is to be closed.

        :raises BaseException: what the server understands as that.
        """
        if "gunicorn.socket" in environ:
            raise StopIteration
        raise ConnectionError("the connection has been taken over")

    def __call__(self, environ: "Dict[str, Any]", start_response: Any) -> "Iterable[bytes]":
        """Handle a request as PEP 3333 says."""
        return Exchange(self, environ).respond(start_response)  # type: ignore[no-any-return]


def _after_fork() -> None:
    for adapter in list(_adapters):
        atexit.unregister(adapter.close)
        if adapter.app._runner is adapter:
            adapter.app._runner = None
        if adapter._loop is not None:
            _inherited.append(adapter._loop)
        adapter._reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
