"""What serves the scopes of an ASGI server with an application."""

from typing import Any, Dict, Tuple

from ..body import body_limits
from ..dispatch import find_route
from ..errors import ProtocolError
from ..request import Request
from ..response import Response
from .asgi_exchange import Exchange
from .asgi_request import ASGIRequest
from .fields import encode_pairs
from .waiting import within

#: The default Content-Type, and one that a handler has set -> the header field.
_defaults: "Dict[Any, Tuple[bytes, bytes]]" = {}
_types: "Dict[Any, Tuple[bytes, bytes]]" = {}


def _type_field(response: Response) -> "Tuple[bytes, bytes] | None":
    # The only header field of a response; None where the general way has more to do, or to report.
    headers = response._headers
    if headers is None:
        fields, kind = _defaults, response.default_content_type
    elif len(headers) == 1 and "Content-Type" in headers:
        fields, kind = _types, headers["Content-Type"]
    else:
        return None
    try:
        return fields[kind]
    except (KeyError, TypeError):
        pass
    text = response.content_type() if headers is None else kind
    try:
        found = encode_pairs((("Content-Type", text),))
    except ValueError:
        return None
    if type(kind) is str:
        if len(fields) > 100:
            fields.clear()
        fields[kind] = found[0]
    return found[0]


async def _receive_body(app: Any, request: Any, receive: Any) -> Any:
    # Nearly always the body is short, and one message is all of it.
    route = find_route(app, request)
    if (
        type(route) is tuple
        and route[1].limits is None
        and app.max_content_length is None
        and app.max_body_length is None
    ):
        most = min(Request.max_content_length, Request.max_body_length)
    else:
        most = min(body_limits(app, route))
    if request._length > most:
        return await request._connection.receive(request)
    try:
        message = await within(app.body_timeout, receive())
    except ProtocolError as error:
        return error
    except OSError:
        message = None
    if (
        message is not None
        and message.get("type") == "http.request"
        and not message.get("more_body")
    ):
        request._body = message.get("body") or b""
        # The pipeline need not look at the limits again.
        request._length = 0
        return None
    return await request._connection.receive(request, [message])


async def serve_http(app: Any, scope: "Dict[str, Any]", receive: Any, send: Any) -> None:
    """Answer one request.

    :param app: the application.
    :param scope: an ``http`` scope.
    :param receive: the server's function to receive messages.
    :param send: the server's function to send messages.
    :raises Exception: the body of the response has failed when a part of it was sent.
    """
    error: Any = None
    request: Any = None
    try:
        request = ASGIRequest(app, scope, receive, send)
    except ProtocolError as refused:
        error = refused
    else:
        if request._length:
            error = await _receive_body(app, request, receive)
        elif request._open:
            error = await request._connection.receive(request)
    response = await app.dispatch_request(request, error)
    body = response.body
    if (
        type(body) is bytes
        and response.status_code == 200
        and not response.is_head
        and response._file is None
        and response is not Response.already_handled
    ):
        field = None
        if response._headers is None:
            field = _defaults.get(response.default_content_type)
        if field is not None or (field := _type_field(response)) is not None:
            try:
                await send(
                    {
                        "type": "http.response.start",
                        "status": 200,
                        "headers": [field, (b"content-length", b"%d" % len(body))],
                    }
                )
                await send({"type": "http.response.body", "body": body, "more_body": False})
            except OSError:  # the client has gone
                pass
            return
    if response is not Response.already_handled:
        exchange = request._connection if request is not None else None
        if exchange is None:
            exchange = Exchange(app, scope, receive, send)
        await exchange.respond(request, response)


class WebSocketExchange(Exchange):
    """An exchange that becomes a WebSocket, or is answered with a plain response."""

    prefix = "websocket.http.response"
    _connected: "bool | None" = None

    async def connect(self) -> bool:
        """Take the client's wish for a connection; False when something else came.

        :raises OSError: the client has gone.
        """
        if self._connected is None:
            self._connected = False
            message = await self._receive()
            if message is None or message.get("type") == "websocket.disconnect":
                self.lost = True
            else:
                self._connected = message.get("type") == "websocket.connect"
        if self.lost:
            raise OSError(104, "Connection lost")
        return bool(self._connected)

    async def refuse(self, request: Any, response: Response) -> None:
        """Send a response in place of a WebSocket; 403 where the server knows no other."""
        try:
            await self.connect()
        except OSError:
            return
        if self.prefix in (self.scope.get("extensions") or ()):
            await self.respond(request, response)
        else:
            try:
                await self.send({"type": "websocket.close", "code": 1000, "reason": ""})
            except OSError:
                pass
            chunks = response.body_iter()
            await chunks.aclose()


async def serve_websocket(app: Any, scope: "Dict[str, Any]", receive: Any, send: Any) -> None:
    """Run the WebSocket endpoint that a scope asks for; parameters as of ``serve_http``."""
    exchange = WebSocketExchange(app, scope, receive, send)
    error: Any = None
    request: Any = None
    try:
        request = ASGIRequest(app, dict(scope, method="GET"), receive, send)
    except ProtocolError as refused:
        error = refused
    else:
        request.asgi_scope = scope
        request._connection = exchange
    try:
        response = await app.dispatch_request(request, error)
        if exchange.websocket is None and response is not Response.already_handled:
            await exchange.refuse(request, response)
    finally:
        if exchange.websocket is not None:
            await exchange.websocket.finish()
