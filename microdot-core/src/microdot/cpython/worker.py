"""The task of a connection, in which exchanges go on that have to wait.

A connection has one task for its whole life, which the next connection inherits. The first
step of an exchange runs as that task, without a switch to it: time-outs, cancellation and
``asyncio.current_task()`` are what they would be inside. So do the steps that begin with bytes
from the peer: an exchange that waits for them awaits ``ARRIVAL``, and goes on in
``Worker.resume``, right where they arrive.
"""

import asyncio
from asyncio import current_task as _current_task
from asyncio.tasks import _enter_task, _leave_task  # type: ignore[attr-defined]
from contextvars import Context, copy_context
from typing import Any, Coroutine, Generator, Optional

from .compat import report


class _Arrival:
    """What an exchange awaits until ``Worker.resume`` is called."""

    def __await__(self) -> "Generator[Any, Any, None]":
        yield self


ARRIVAL = _Arrival()


class _Rest:
    """Awaits the rest of a coroutine whose first step has been run."""

    def __init__(
        self, worker: "Worker", coro: "Coroutine[Any, Any, Any]", item: Any, context: Context
    ) -> None:
        self._worker = worker
        self._coro = coro
        #: What the coroutine waits for.
        self.item = item
        self._context = context
        self._error: Optional[BaseException] = None
        self._ended = False
        # What the task waits for while the coroutine waits for an arrival.
        self._parked: "Optional[asyncio.Future[None]]" = None

    def cancel(self, error: BaseException) -> None:
        """Cancel what the coroutine waits for, as ``Task.cancel`` does."""
        if self.item is None or self.item is ARRIVAL or not self.item.cancel():
            self._error = error

    def step(self, error: Optional[BaseException]) -> None:
        """Go on with the coroutine until it waits for something else."""
        try:
            if error is None:
                self.item = self._context.run(self._coro.send, None)
            else:
                self.item = self._context.run(self._coro.throw, error)
            if self.item is ARRIVAL:
                return
        except StopIteration:
            self._ended = True
        except BaseException as failure:
            self._ended = True
            self._error = failure
        if self._parked is not None and not self._parked.done():
            self._parked.set_result(None)

    def __await__(self) -> "Generator[Any, Any, Any]":
        coro, run = self._coro, self._context.run
        try:
            while True:
                try:
                    if self._error is not None:
                        error, self._error = self._error, None
                        raise error
                    if self._ended:
                        return None
                    if self.item is ARRIVAL:
                        yield from self._park()
                        continue
                    value = yield self.item
                except BaseException as error:
                    if self._ended:
                        raise
                    self.item = run(coro.throw, error)
                else:
                    self.item = run(coro.send, value)
        except StopIteration as stop:
            return stop.value

    def _park(self) -> "Generator[Any, Any, None]":
        self._parked = self._worker.loop.create_future()
        try:
            yield from self._parked
        except asyncio.CancelledError as error:
            if self.item is ARRIVAL or self._ended:
                raise
            # It has gone on meanwhile, and waits for something else.
            self.cancel(error)
        finally:
            self._parked = None


class Worker:
    """A task that goes on with exchanges which had to wait; of one connection at a time.

    :param server: the ``ProtocolServer``.
    """

    def __init__(self, server: Any) -> None:
        self.loop: asyncio.AbstractEventLoop = server.loop
        # Set while the task waits for an exchange.
        self._parked: "Optional[asyncio.Future[None]]" = None
        self._rest: Optional[_Rest] = None
        self._ended = False
        self.connection: Any = None
        self.task = self.loop.create_task(self._run())

    def start(self, coro: "Coroutine[Any, Any, Any]") -> bool:
        """Run the first step of a coroutine as this task; return whether that was all of it."""
        context = copy_context()
        _enter_task(self.loop, self.task)
        try:
            item = context.run(coro.send, None)
        except StopIteration:
            return True
        finally:
            _leave_task(self.loop, self.task)
        self.adopt(coro, item, context)
        return False

    def adopt(self, coro: "Coroutine[Any, Any, Any]", item: Any, context: Context) -> None:
        """Go on in the task with a coroutine whose first steps ran as it.

        :param coro: the coroutine.
        :param item: what it waits for: what its last step gave.
        :param context: the context that it runs in.
        """
        self._rest = _Rest(self, coro, item, context)
        self._wake()

    def is_current(self) -> bool:
        """Tell whether the code that asks runs as this task."""
        return _current_task(self.loop) is self.task

    def resume(self, error: Optional[BaseException] = None) -> None:
        """Go on with the exchange that awaits ``ARRIVAL``; not to be called within a task.

        :param error: what is raised there.
        """
        rest = self._rest
        assert rest is not None and rest.item is ARRIVAL
        _enter_task(self.loop, self.task)
        try:
            rest.step(error)
        finally:
            _leave_task(self.loop, self.task)

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
                self._parked = self.loop.create_future()
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
