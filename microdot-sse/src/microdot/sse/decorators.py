"""``with_sse``: routes that answer with an event stream."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

CPYTHON = sys.implementation.name not in ("micropython", "circuitpython")

if TYPE_CHECKING or CPYTHON:
    from .cpython.endpoints import finish
else:

    def finish(handler: "Any", f: "Any") -> "Any":
        """Return the handler; what kind of function ``f`` is shows when it is called."""
        return handler


def with_sse(f: "Callable[..., Any] | None" = None, **options: "Any") -> "Callable[..., Any]":
    """Make a route an event stream.

    The endpoint is called as ``f(request, sse, **path_args)``, in a task of its own, when the
    response begins to be sent; a HEAD request does not call it. The stream ends when it returns.
    When the client leaves it is cancelled, also while there is nothing to send.

    :param f: the endpoint, declared with ``async def``.
    :param options: ``keep_alive``, ``max_queue``, ``overflow``, ``store`` and ``close_timeout`` for this
                    route alone, as in ``ServerSentEvents``: ``@with_sse(keep_alive=5)``.
    :raises TypeError: the endpoint is no coroutine function (CPython; on MicroPython this shows
                       when it is called), or there is no such option.
    :raises ValueError: an option has a value that cannot be.
    """
    if options:
        from .options import check_options

        check_options(options)

    def decorate(f: "Callable[..., Any]") -> "Callable[..., Any]":
        async def handler(request: "Any", *args: "Any", **kwargs: "Any") -> "Any":
            from .stream import respond

            return respond(request, f, args, kwargs, options)

        return finish(handler, f)  # type: ignore[no-any-return]

    return decorate if f is None else decorate(f)


def sse_response(
    request: "Any", event_function: "Callable[..., Any]", *args: "Any", **kwargs: "Any"
) -> "tuple[Any, int, dict[str, str]]":
    """Return a response that streams the events of a function, to be returned by a handler.

    :param request: the request.
    :param event_function: a coroutine function, called as ``event_function(request, sse, *args,
                           **kwargs)`` when the response begins to be sent.
    :returns: an asynchronous iterator with ``aclose()``, the status code and the header fields.
    """
    from .stream import respond

    return respond(request, event_function, args, kwargs, None)
