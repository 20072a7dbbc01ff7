"""What CPython knows of an endpoint when it is decorated."""

import functools
from inspect import iscoroutinefunction
from typing import Any, Callable


def finish(handler: Callable[..., Any], f: Callable[..., Any]) -> Callable[..., Any]:
    """Return the handler with the name and the documentation of the endpoint.

    :param handler: the route handler.
    :param f: the endpoint.
    :raises TypeError: it is no coroutine function.
    """
    target = f
    while isinstance(target, functools.partial):
        target = target.func
    called = getattr(target, "__call__", None)  # noqa: B004  (the method, not a test)
    if not iscoroutinefunction(target) and not iscoroutinefunction(called):
        raise TypeError(
            "the SSE endpoint %s is a plain function; declare it with `async def`"
            % getattr(f, "__qualname__", f)
        )
    return functools.wraps(f)(handler)
