"""Turning a route into a WebSocket endpoint."""

from microdot.helpers import wraps
from microdot.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .socket import WebSocket


def find_plugin(request: "Any") -> "Any":
    """Return the ``WebSockets`` in use for a request, that of the inner application first."""
    inner = request.subapp.find_plugin("websocket") if request.subapp is not None else None
    return inner or request.app.find_plugin("websocket")


async def _upgrade(request: "Any", options: "dict[str, Any]") -> "WebSocket":
    from microdot.websocket.socket import WebSocket

    # A server that speaks in messages, not bytes, brings a class of its own.
    socket = getattr(request.sock, "websocket_class", WebSocket)(request)
    plugin = find_plugin(request)
    if plugin is not None:
        socket.configure(plugin.options)
    socket.configure(options)
    await socket.handshake()
    return socket  # type: ignore[no-any-return]


async def websocket_upgrade(request: "Any") -> "WebSocket":
    """Complete the opening handshake within a handler.

    No HTTP response is sent afterwards; the connection closes when the handler returns.

    :param request: the request.
    :returns: the connection.
    :raises HTTPException: 400, 403 or 426: the request is no handshake, or is refused.
    """
    return await _upgrade(request, {})


def websocket_wrapper(f: "Any", upgrade_function: "Any") -> "Any":
    """Return a route handler that runs a WebSocket endpoint.

    :param f: the endpoint, called with the request, the connection and the path's arguments.
    :param upgrade_function: a coroutine function that is given the request and returns the
                             connection.
    """

    @wraps(f)
    async def wrapper(request: "Any", *args: "Any", **kwargs: "Any") -> Response:
        socket = await upgrade_function(request)
        try:
            result = f(request, socket, *args, **kwargs)
            if not hasattr(result, "send") and not hasattr(result, "__await__"):
                raise TypeError("a WebSocket endpoint must be declared with async def")
            await result
        except Exception as error:
            if not (isinstance(error, (OSError, EOFError)) and socket.closed):
                await socket.close(1011, "internal error")
                raise
        await socket.close()
        return Response.already_handled

    return wrapper


def with_websocket(f: "Any" = None, **options: "Any") -> "Any":
    """Decorator for a route handler that speaks WebSocket.

    It is called as ``f(request, ws, **path_arguments)``. The connection closes when it returns. An
    exception in it is reported, and closes the connection with 1011; one that says that the client
    has gone is the normal end of many handlers, and silent.

    :param f: the handler, a coroutine function.
    :param options: options for this route; the attributes of ``WebSocket`` describe them.
    :raises TypeError: there is no such option.
    """
    if options:
        from .plugin import check_options

        check_options(options)
    if f is None:
        return lambda f: with_websocket(f, **options)

    async def upgrade(request: "Any") -> "WebSocket":
        return await _upgrade(request, options)

    return websocket_wrapper(f, upgrade)
