"""``WebSocket``: a connection in frames, over a stream of bytes."""

from ._compat import LONG
from .base import BaseWebSocket
from .errors import WebSocketError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Messages that are read ahead while the handler does something else.
READ_AHEAD = 16


class WebSocket(BaseWebSocket):
    """A WebSocket connection of a server that hands over its connections.

    :param request: the request that opened it.
    """

    _stream: "Any" = None
    # Heard something since the last tick; when something was heard; when a PING was sent.
    _fresh = True
    _heard: float = 0
    _pinged: "float | None" = None
    # When the closing handshake has to be over.
    _close_by: "float | None" = None

    def __init__(self, request: "Any") -> None:
        super().__init__(request)
        self._messages: "list[Any]" = []

    async def handshake(self) -> None:
        """Complete the opening handshake.

        :raises HTTPException: the request is no handshake, or is refused.
        :raises OSError: the client has gone.
        """
        from .handshake import response_head
        from .protocol import Protocol

        request = self.request
        key = await self.negotiate()
        stream: "Any" = (request.sock or (None, None))[1]
        if not hasattr(stream, "watcher"):
            raise RuntimeError("this server does not hand over connections for a WebSocket")
        extensions = deflate = None
        if self.compression:
            from .cpython.deflate import accept

            offer = request.headers.get("Sec-WebSocket-Extensions")
            extensions, deflate = accept(offer or "") or (None, None)
        most = self.max_message_length
        if most < 0:
            most = request.app.max_body_length
            if most is None:
                most = type(request).max_body_length
        self._protocol = Protocol(most, self.max_frame_length, False, deflate)
        self._stream = stream
        self._heard = stream.now
        stream.watcher = self
        stream.write(response_head(key, self.subprotocol, extensions))
        await stream.drain()
        self.opened()

    def _next(self) -> "Any":
        # The next message among the bytes there are; control frames are dealt with.
        try:
            while True:
                event = self._protocol.next_event()
                if event is None or event[0] < 8:
                    return event
                self._control(event[0], event[1])
        except WebSocketError as error:
            # What follows cannot be understood, and is not waited for (RFC 6455 7.1.7).
            self._protocol.ended = self._stream.unread = True
            if not self.closed:
                self._goodbye(error.code, error.reason)
                self._close_by = None
            return None

    def _control(self, opcode: int, data: "Any") -> None:
        from .protocol import encode_close, encode_frame

        if self.closed:
            return
        if opcode == self.PING:
            self._stream.post(encode_frame(self.PONG, data), self.max_queue)
        elif opcode == self.CLOSE:
            code, reason = data
            payload = encode_close(code, "") if code != 1005 else b""
            self._stream.post(encode_frame(opcode, payload), self.max_queue)
            self.ended(code, reason)

    async def receive(self) -> "Any":
        """Return the next message: ``str`` for text, ``bytes`` for binary.

        :raises WebSocketError: the connection has ended; ``code`` and ``reason`` tell how.
        :raises RuntimeError: another task is receiving.
        """
        stream = self._stream
        if stream is None or stream.reading:
            raise RuntimeError("not connected" if stream is None else "another task is receiving")
        while True:
            if self._messages:
                return self._messages.pop(0)[1]
            message = self._next()
            if self.closed:
                raise self._error()
            if message is not None:
                return message[1]
            data = stream.take()
            if not data:
                if not await stream.fill():
                    self.ended(1006, "the client has gone")
                    continue
                self._fresh = True
                data = stream.take()
            self._protocol.receive(data)

    def _frame(self, data: "Any", opcode: "int | None") -> "Any":
        if isinstance(data, str):
            payload: "Any" = data.encode()
            kind = self.TEXT
        elif isinstance(data, (bytes, bytearray, memoryview)):
            payload = data if isinstance(data, bytes) else bytes(data)
            kind = self.BINARY
        else:
            raise TypeError(
                "a WebSocket sends str or bytes, not %s; see json.dumps()" % type(data).__name__
            )
        return self._protocol.encode(kind if opcode is None else opcode, payload)

    async def send(self, data: "Any", opcode: "int | None" = None) -> None:
        """Send a message, and wait while the client is slow.

        :param data: str or bytes.
        :param opcode: its kind; None for TEXT for str and BINARY for bytes.
        :raises WebSocketError: the connection has ended.
        :raises TypeError: it is neither str nor bytes.
        """
        if self.closed:
            raise self._error()
        stream = self._stream
        head, payload = self._frame(data, opcode)
        try:
            if len(payload) < LONG:
                stream.write(head + payload)
            else:
                stream.write(head)
                stream.write(payload)
            await stream.drain()
        except OSError:
            self.ended(1006, "the client has gone")
            raise self._error()

    def post(self, data: "Any", opcode: "int | None" = None, **fields: "Any") -> bool:
        """Queue a message without waiting; return False when it cannot be sent.

        That is so when the connection has ended, or the client is so slow that ``max_queue`` bytes
        wait for it. Groups use it.

        :param fields: what other kinds of members understand; ignored.
        """
        if self.closed:
            return False
        head, payload = self._frame(data, opcode)
        try:
            return bool(self._stream.post(head + payload, self.max_queue))
        except OSError:
            self.ended(1006, "the client has gone")
            return False

    async def ping(self, data: bytes = b"") -> None:
        """Send a PING; the answer counts as a sign of life.

        :param data: at most 125 bytes.
        :raises WebSocketError: the connection has ended.
        """
        if len(data) > 125:
            raise ValueError("a ping carries at most 125 bytes")
        await self.send(data, self.PING)

    def _goodbye(self, code: int, reason: str) -> None:
        from .protocol import CLOSE, encode_close, encode_frame

        try:
            self._stream.write(encode_frame(CLOSE, encode_close(code, reason)))
        except OSError:
            pass
        self._close_by = self._stream.now + self.close_timeout
        self.ended(code, reason)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; once is enough.

        :param code: why (RFC 6455 7.4): 1000 to 1014, 3000 to 4999.
        :param reason: text of at most 123 bytes; a longer one is cut.
        :raises ValueError: the code must not be sent.
        """
        if self.closed or self._stream is None:
            self.closed = True
            return
        from .protocol import may_be_sent

        if not may_be_sent(code):
            raise ValueError("%d is no close code that may be sent" % code)
        self._goodbye(code, reason)
        try:
            await self._stream.drain()
        except OSError:
            pass

    def abort(self) -> None:
        """Cut the connection, for a client that does not keep up."""
        self.ended(1006, "the client does not keep up")
        self._stream.abort()

    # what the stream tells

    def arrived(self) -> None:
        """Answer control frames, and read some messages ahead, while nobody receives."""
        self._fresh = True
        stream = self._stream
        if len(self._messages) < READ_AHEAD:
            self._protocol.receive(stream.take())
            while len(self._messages) < READ_AHEAD:
                message = self._next()
                if message is None:
                    break
                self._messages.append(message)
        if stream.is_closing():
            self.ended(1006, "the client has gone")

    def tick(self, now: float) -> None:
        """See whether the client is still there."""
        if self._close_by is not None:
            if now >= self._close_by:
                self._stream.abort()
        elif self._fresh or self._messages:
            self._fresh = False
            self._heard = now
            self._pinged = None
        elif self._pinged is not None:
            if now - self._pinged >= self.ping_timeout:
                self.ended(1006, "no sign of life")
                self._stream.abort()
        elif self.ping_interval and now - self._heard >= self.ping_interval:
            from .protocol import PING, encode_frame

            self._pinged = now
            self._stream.post(encode_frame(PING, b""), self.max_queue)

    async def finish(self) -> None:
        """Close the connection when the handler has ended, and wait for the client's CLOSE."""
        await self.close()
        stream = self._stream
        protocol = self._protocol
        del self._messages[:]
        while not protocol.ended:
            if self._next() is None and not protocol.ended:
                data = stream.take()
                if not data:
                    if not await stream.fill():
                        return
                    data = stream.take()
                protocol.receive(data)

    def _process_websocket_frame(self, opcode: int, payload: bytes) -> "Any":
        # What a message or control frame asks for: (opcode of the answer, data).
        from ._compat import decode
        from .protocol import decode_close

        if opcode == self.CLOSE:
            code, reason = decode_close(payload)
            raise WebSocketError(code, reason)
        if opcode == self.PING:
            return self.PONG, payload
        if opcode == self.PONG:
            return None, None
        return None, decode(payload) if opcode == self.TEXT else payload
