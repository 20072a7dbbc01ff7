"""CPython's half of ``microdot._compat``."""

import logging
import traceback
from inspect import CO_COROUTINE, CO_ITERABLE_COROUTINE, isawaitable, iscoroutine
from inspect import iscoroutinefunction as _iscoroutinefunction
from typing import Any, Callable

from .threads import run_in_thread

_COROUTINE = CO_COROUTINE | CO_ITERABLE_COROUTINE

#: The logger of the framework.
logger = logging.getLogger("microdot")


def is_async(handler: Callable[..., Any]) -> bool:
    """Tell whether calling ``handler`` gives a coroutine; cheap enough for every request."""
    try:
        return bool(handler.__code__.co_flags & _COROUTINE)  # type: ignore[attr-defined]
    except AttributeError:
        return _iscoroutinefunction(handler) or _iscoroutinefunction(
            getattr(handler, "__call__", None)  # noqa: B004  (the method, not a test)
        )


async def invoke_handler(handler: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call ``handler`` and return its result.

    A coroutine function is awaited on the event loop. Anything else runs in
    the thread pool, in a copy of the caller's context; when its result is
    awaitable, that is awaited on the loop.
    """
    if is_async(handler):
        return await handler(*args, **kwargs)
    result = await run_in_thread(handler, *args, **kwargs)
    if isawaitable(result):
        result = await result
    return result


def latin1(data: bytes) -> str:
    """Return bytes as text, one character for each byte."""
    return data.decode("latin-1")


def to_latin1(text: str) -> bytes:
    """Return text as bytes, one for each character; ``ValueError`` above U+00FF."""
    return text.encode("latin-1")


def utf8(data: bytes) -> str:
    """Return bytes decoded from UTF-8, U+FFFD for what is invalid."""
    return data.decode("utf-8", "replace")


def print_exception(exc: BaseException) -> None:
    """Print an exception with its traceback to the error stream."""
    traceback.print_exception(type(exc), exc, exc.__traceback__)


def report(message: str, exc: BaseException) -> None:
    """Tell the operator, once, about an error in the application."""
    logger.error(message, exc_info=exc)


__all__ = [
    "invoke_handler",
    "is_async",
    "iscoroutine",
    "latin1",
    "logger",
    "print_exception",
    "report",
    "to_latin1",
    "utf8",
]
