"""The task of a connection, in which exchanges go on that have to wait.

A connection has one task for its whole life, which the next connection inherits. The first
step of an exchange runs as that task, without a switch to it: time-outs, cancellation and
``asyncio.current_task()`` are what they would be inside.
"""

import asyncio
from asyncio.tasks import _enter_task, _leave_task  # type: ignore[attr-defined]
from contextvars import Context, copy_context
from typing import Any, Coroutine, Generator, Optional

from .compat import report


class _Rest:
    """Awaits the rest of a coroutine whose first step has been run."""

    def __init__(self, coro: "Coroutine[Any, Any, Any]", item: Any, context: Context) -> None:
        self._coro = coro
        self._item = item
        self._context = context
        self._error: Optional[BaseException] = None

    def cancel(self, error: BaseException) -> None:
        """Cancel what the coroutine waits for, as ``Task.cancel`` does."""
        if self._item is None or not self._item.cancel():
            self._error = error

    def __await__(self) -> "Generator[Any, Any, Any]":
        coro, item, run = self._coro, self._item, self._context.run
        try:
            while True:
                try:
                    if self._error is not None:
                        error, self._error = self._error, None
                        raise error
                    value = yield item
                except BaseException as error:
                    item = run(coro.throw, error)
                else:
                    item = run(coro.send, value)
        except StopIteration as stop:
            return stop.value


class Worker:
    """A task that goes on with exchanges which had to wait; of one connection at a time.

    :param server: the ``ProtocolServer``.
    """

    def __init__(self, server: Any) -> None:
        self._loop: asyncio.AbstractEventLoop = server.loop
        # Set while the task waits for an exchange.
        self._parked: "Optional[asyncio.Future[None]]" = None
        self._rest: Optional[_Rest] = None
        self._ended = False
        self.connection: Any = None
        self.task = self._loop.create_task(self._run())

    def start(self, coro: "Coroutine[Any, Any, Any]") -> bool:
        """Run the first step of a coroutine as this task; return whether that was all of it."""
        context = copy_context()
        _enter_task(self._loop, self.task)
        try:
            item = context.run(coro.send, None)
        except StopIteration:
            return True
        finally:
            _leave_task(self._loop, self.task)
        self._rest = _Rest(coro, item, context)
        self._wake()
        return False

    def free(self) -> bool:
        """Tell whether nothing is left to be done."""
        return self._rest is None and self._parked is not None and not self._parked.done()

    def end(self) -> None:
        """Let the task end when it has nothing to do."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._parked is not None and not self._parked.done():
            self._parked.set_result(None)

    async def _run(self) -> None:
        while True:
            if self._rest is None:
                if self._ended:
                    return
                self._parked = self._loop.create_future()
                try:
                    await self._parked
                except asyncio.CancelledError as error:
                    # Meant for the handler that has waited since its first step.
                    if self._rest is None:
                        raise
                    self._rest.cancel(error)
                finally:
                    self._parked = None
            rest, connection = self._rest, self.connection
            if rest is None or connection is None:
                continue
            try:
                await rest
            except asyncio.CancelledError:
                connection.abort()
                if not connection.lost:
                    raise
                return
            except Exception as error:
                report("Error in the server", error)
                connection.abort()
            finally:
                self._rest = None
            connection.finished_late()
