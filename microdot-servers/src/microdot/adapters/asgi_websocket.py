"""``WebSocket``: a connection in the messages of an ASGI server, which does the framing."""

import asyncio
from collections import deque
from typing import Any, Deque, Dict, Optional

from ..errors import HTTPException
from ..websocket.base import BaseWebSocket
from ..websocket.errors import WebSocketError
from ..websocket.handshake import check, check_origin
from ..websocket.protocol import may_be_sent

#: Messages that are read ahead while the handler does something else.
READ_AHEAD = 16
#: Seconds in which a handler that receives has called ``receive()`` again.
PATIENCE = 1.0


def _size(message: Any) -> int:
    return len(message.encode()) if isinstance(message, str) else len(message)


class WebSocket(BaseWebSocket):
    """A WebSocket connection behind an ASGI server.

    The options ``max_message_length``, ``max_queue``, ``origins`` and ``subprotocols`` count. Frames, PING,
    PONG, compression and the time the closing handshake may take are the server's, with options of its own.

    :param request: the request that opened it.
    """

    def __init__(self, request: Any) -> None:
        super().__init__(request)
        self._exchange: Any = None
        self._reading = False
        # What was read ahead, by a task that begins when the handler does not receive for a while.
        self._ahead: "Deque[Any]" = deque()
        self._reader: "Optional[asyncio.Task[None]]" = None
        self._arrived: Optional[asyncio.Event] = None
        self._taken: Optional[asyncio.Event] = None
        self._timer: "Optional[asyncio.TimerHandle]" = None
        # What post() has queued, sent by a task.
        self._queue: "Deque[Dict[str, Any]]" = deque()
        self._queued = 0
        self._sender: "Optional[asyncio.Task[None]]" = None

    async def negotiate(self) -> str:
        """Check the origin and choose the subprotocol; the server has checked the rest.

        :raises HTTPException: 403.
        """
        check_origin(self.request, self.origins)
        offered = self.request.asgi_scope.get("subprotocols") or ()
        self.subprotocol = next((name for name in self.subprotocols if name in offered), None)
        return ""

    async def handshake(self) -> None:
        """Complete the opening handshake.

        :raises HTTPException: the request is no handshake, or is refused.
        :raises OSError: the client has gone.
        """
        request = self.request
        if request.asgi_scope["type"] != "websocket":
            check(request)
            raise HTTPException(
                400, "this server opens no WebSockets; look whether it needs another package"
            )
        await self.negotiate()
        exchange = request.sock.exchange
        if not await exchange.connect():
            raise HTTPException(400, "a WebSocket has to begin with websocket.connect")
        most = self.max_message_length
        if most < 0:
            most = request.app.max_body_length
            if most is None:
                most = type(request).max_body_length
        self._most = most
        await exchange.send({"type": "websocket.accept", "subprotocol": self.subprotocol})
        self._exchange = exchange
        exchange.websocket = self
        self.opened()
        self._look_later()

    def ended(self, code: int, reason: str) -> None:
        """Note how the connection ended, and wake up who waits for it."""
        super().ended(code, reason)
        if self._timer is not None:
            self._timer.cancel()
        for event in (self._arrived, self._taken):
            if event is not None:
                event.set()

    # Receiving.

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._look)

    def _look(self) -> None:
        # A handler that never receives is to learn that the client has left, too.
        if self.closed or self._reader is not None:
            return
        if self._reading:
            self._look_later()
            return
        self._arrived, self._taken = asyncio.Event(), asyncio.Event()
        self._reader = asyncio.get_running_loop().create_task(self._read_ahead())

    async def _read_ahead(self) -> None:
        assert self._arrived is not None and self._taken is not None
        while not self.closed:
            if len(self._ahead) >= READ_AHEAD:
                self._taken.clear()
                await self._taken.wait()
                continue
            message = await self._next()
            if message is not None:
                self._ahead.append(message)
                self._arrived.set()

    async def _next(self) -> Any:
        # The next message of the client, None when there is none: the connection has ended.
        try:
            event: Any = await self._exchange._receive() or {}
        except OSError:
            event = {}
        kind = event.get("type")
        if kind == "websocket.receive":
            message = event.get("text")
            if message is None:
                message = event.get("bytes")
            if message is None:
                message = b""
            if self._most and len(message) * 4 > self._most and _size(message) > self._most:
                await self._goodbye(1009, "message too big")
                return None
            return message
        self._exchange.lost = True
        if not event:
            self.ended(1006, "the client has gone")
        else:
            self.ended(int(event.get("code") or 1005), event.get("reason") or "")
        return None

    async def receive(self) -> Any:
        """Return the next message: ``str`` for text, ``bytes`` for binary.

        :raises WebSocketError: the connection has ended; ``code`` and ``reason`` tell how.
        :raises RuntimeError: another task is receiving.
        """
        if self._exchange is None or self._reading:
            raise RuntimeError("another task is receiving" if self._reading else "not connected")
        self._reading = True
        try:
            while True:
                if self._ahead:
                    message = self._ahead.popleft()
                    if self._taken is not None:
                        self._taken.set()
                    return message
                if self.closed:
                    raise self._error()
                if self._reader is None:
                    message = await self._next()
                    if message is None:
                        raise self._error()
                    return message
                assert self._arrived is not None
                self._arrived.clear()
                await self._arrived.wait()
        finally:
            self._reading = False

    # Sending.

    def _message(self, data: Any, opcode: "int | None") -> "Dict[str, Any]":
        if isinstance(data, str):
            text = opcode != self.BINARY
            return {
                "type": "websocket.send",
                "text" if text else "bytes": data if text else data.encode(),
            }
        if isinstance(data, (bytes, bytearray, memoryview)):
            if opcode == self.TEXT:
                return {"type": "websocket.send", "text": bytes(data).decode()}
            return {"type": "websocket.send", "bytes": bytes(data)}
        raise TypeError(
            "a WebSocket sends str or bytes, not %s; see json.dumps()" % type(data).__name__
        )

    async def _send(self, message: "Dict[str, Any]") -> None:
        if self.closed or self._exchange is None:
            raise self._error()
        try:
            await self._exchange.send(message)
        except OSError:
            self.ended(1006, "the client has gone")
            raise self._error() from None

    async def send(self, data: Any, opcode: "int | None" = None) -> None:
        """Send a message, and wait while the client is slow.

        :param data: str or bytes.
        :param opcode: its kind, ``TEXT`` or ``BINARY``; None for TEXT for str and BINARY for bytes.
        :raises WebSocketError: the connection has ended.
        :raises TypeError: it is neither str nor bytes.
        :raises ValueError: it is a control frame, which the server sends.
        """
        if opcode not in (None, self.TEXT, self.BINARY):
            raise ValueError(
                "an ASGI server sends control frames by itself, not opcode %r; see close()"
                % (opcode,)
            )
        message = self._message(data, opcode)
        while self._sender is not None and not self.closed:
            await asyncio.wait({self._sender})
        await self._send(message)

    def post(self, data: Any, opcode: "int | None" = None, **fields: Any) -> bool:
        """Queue a message without waiting; return False when it cannot be sent.

        That is so when the connection has ended, or the client is so slow that ``max_queue`` bytes
        wait for it. Groups use it.

        :param fields: what other kinds of members understand; ignored.
        """
        if self.closed or self._exchange is None or self._queued > self.max_queue:
            return False
        message = self._message(data, opcode)
        self._queue.append(message)
        self._queued += _size(data)
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._flush())
        return True

    async def _flush(self) -> None:
        try:
            while self._queue and not self.closed:
                message = self._queue[0]
                await self._send(message)
                if self._queue:
                    self._queue.popleft()
                    self._queued -= _size(message.get("text") or message.get("bytes") or b"")
        except WebSocketError:
            pass
        finally:
            self._sender = None
            self._queue.clear()
            self._queued = 0

    async def ping(self, data: bytes = b"") -> None:
        """Do nothing as long as the connection is open: an ASGI server sends PINGs by itself.

        :param data: ignored.
        :raises WebSocketError: the connection has ended.
        """
        if self.closed:
            raise self._error()

    # Closing.

    async def _goodbye(self, code: int, reason: str) -> None:
        if self.closed:
            return
        self.ended(code, reason)
        text = reason.encode()[:123].decode("utf-8", "ignore")
        message = {"type": "websocket.close", "code": code, "reason": text}
        try:
            try:
                await self._exchange.send(message)
            except OSError:
                raise
            except Exception:
                # daphne takes 1000 and those of applications only: 4011 stands for 1011.
                await self._exchange.send(dict(message, code=code % 1000 + 4000))
        except OSError:
            pass

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; once is enough.

        :param code: why (RFC 6455 7.4): 1000 to 1014, 3000 to 4999.
        :param reason: text of at most 123 bytes; a longer one is cut.
        :raises ValueError: the code must not be sent.
        """
        if self.closed or self._exchange is None:
            self.closed = True
            return
        if not may_be_sent(code):
            raise ValueError("%d is no close code that may be sent" % code)
        if self._sender is not None:
            await asyncio.wait({self._sender}, timeout=self.close_timeout)
        await self._goodbye(code, reason)

    def abort(self) -> None:
        """Close the connection of a client that does not keep up, without what is queued for it."""
        if self.closed or self._exchange is None:
            return
        self.ended(1006, "the client does not keep up")
        if self._sender is not None:
            self._sender.cancel()
        exchange = self._exchange
        self._sender = asyncio.get_running_loop().create_task(
            _cut(exchange, {"type": "websocket.close", "code": 1008, "reason": ""})
        )

    async def finish(self) -> None:
        """Close the connection when the handler has ended, and end what works for it."""
        await self.close()
        for task in (self._reader, self._sender):
            if task is not None:
                task.cancel()
        if self._timer is not None:
            self._timer.cancel()


async def _cut(exchange: Any, message: "Dict[str, Any]") -> None:
    try:
        await exchange.send(message)
    except OSError:
        pass
