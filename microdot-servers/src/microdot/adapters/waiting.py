"""Awaiting things of which most are there at once: deadlines and flushes only where one has to wait."""

import asyncio
from types import coroutine
from typing import Any, Awaitable, Callable, Generator

from ..errors import ProtocolError


def _rest(steps: Any, item: Any) -> "Generator[Any, Any, Any]":
    # What ``await`` does, from the first wait on (PEP 380). Servers written in other languages
    # have awaitables that are plain iterators.
    try:
        while True:
            try:
                value = yield item
            except GeneratorExit:
                _close(steps)
                raise
            except BaseException as error:
                item = _throw(steps, error)
            else:
                item = next(steps) if value is None else steps.send(value)
    except StopIteration as stop:
        return stop.value


def _throw(steps: Any, error: BaseException) -> Any:
    if hasattr(steps, "throw"):
        return steps.throw(error)
    raise error


def _close(steps: Any) -> None:
    if hasattr(steps, "close"):
        steps.close()


class Interruption:
    """Cancels the current task, and takes that back; what ``asyncio.timeout`` does, for 3.9 too."""

    def __init__(self) -> None:
        self._task: Any = asyncio.current_task()
        #: It was done.
        self.done = False

    def __call__(self) -> None:
        """Cancel what the task waits for."""
        if not self.done:
            self.done = True
            self._task.cancel()

    def take_back(self) -> None:
        """Let the task not count as cancelled."""
        if hasattr(self._task, "uncancel"):
            self._task.uncancel()


@coroutine
def within(seconds: "float | None", awaitable: "Awaitable[Any]") -> "Generator[Any, Any, Any]":
    """Await something for a limited time.

    :param seconds: how long, None for ever.
    :param awaitable: what to await.
    :raises ProtocolError: 408, it has taken longer.
    """
    steps: Any = awaitable.__await__()
    try:
        item = next(steps)
    except StopIteration as stop:
        return stop.value
    if seconds is None:
        return (yield from _rest(steps, item))
    expire = Interruption()
    timer = asyncio.get_running_loop().call_later(seconds, expire)
    try:
        return (yield from _rest(steps, item))
    except asyncio.CancelledError:
        if not expire.done:
            raise
        expire.take_back()
        raise ProtocolError(408, "Request timeout") from None
    finally:
        timer.cancel()


@coroutine
def with_first_wait(
    awaitable: "Awaitable[Any]", meanwhile: "Callable[[], Awaitable[Any]]"
) -> "Generator[Any, Any, Any]":
    """Await something; when it is not there at once, await ``meanwhile()`` before the wait.

    :param awaitable: what to await.
    :param meanwhile: a coroutine function without arguments.
    """
    steps: Any = awaitable.__await__()
    try:
        item = next(steps)
    except StopIteration as stop:
        return stop.value
    try:
        yield from meanwhile().__await__()
    except GeneratorExit:
        _close(steps)
        raise
    except BaseException as error:
        try:
            item = _throw(steps, error)
        except StopIteration as stop:
            return stop.value
    return (yield from _rest(steps, item))
