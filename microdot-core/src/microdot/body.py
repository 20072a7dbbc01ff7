"""Request bodies: their limits, reading them, streaming them, skipping them."""

from .errors import HTTPException, ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


#: Unread bytes of a body that are skipped to keep a connection.
SKIP = 65536


def body_limits(app: "Any", route: "Any") -> "tuple[int, int]":
    """Return (max_content_length, max_body_length) for a route, in bytes."""
    from microdot.request import Request

    own = route[1].limits if isinstance(route, tuple) else None
    content, body = own or (None, None)
    if content is None:
        content = app.max_content_length
    if body is None:
        body = app.max_body_length
    return (
        Request.max_content_length if content is None else content,
        Request.max_body_length if body is None else body,
    )


def check_length(app: "Any", request: "Any") -> None:
    """Refuse a request whose declared body is larger than its route accepts.

    :raises HTTPException: 413.
    """
    if request.content_length > body_limits(app, request._match)[0]:
        raise HTTPException(413, "Payload too large")


async def receive(connection: "Any", request: "Any") -> "Any":
    """Read the body of a request, or give the request a stream over it.

    A body that is too large is left where it is; ``check_length`` refuses it.

    :param connection: the connection, its parser at the beginning of the body.
    :param request: the request to complete.
    :returns: the ``ProtocolError`` to answer with, None when all is well.
    """
    from microdot.dispatch import find_route

    find_route(connection.app, request)
    try:
        await _receive(connection, request)
    except ProtocolError as error:
        return error
    except OSError:
        # The peer went away; nobody is left to answer.
        connection.keep = False
        return ProtocolError(400, "Bad request")


async def _receive(connection: "Any", request: "Any") -> None:
    parser = connection.parser
    most, preload = body_limits(connection.app, request._match)
    if parser.left > most:
        return
    pieces: "list[bytes]" = []
    size = 0
    if parser.left <= preload:
        while True:
            piece = parser.body()
            if piece is None:
                await connection.fill_body()
                continue
            if not piece:
                request._body = b"".join(pieces)
                return
            pieces.append(piece)
            size += len(piece)
            if size > most:
                raise ProtocolError(413, "Payload too large")
            if size > preload:
                break
    request._streamed = True
    request._stream = stream = BodyStream(connection, b"", most - size)
    # Not joined: a board may lack the memory in one piece.
    stream._pieces = pieces


def can_skip(connection: "Any") -> bool:
    """Tell whether the rest of a request body is short enough to be skipped."""
    parser = connection.parser
    waits = parser.fields.expect and not connection.continued
    return 0 <= parser.left <= SKIP and not waits


async def discard(connection: "Any") -> None:
    """Skip what is left of a request body, so that the next request can follow."""
    connection.keep = connection.keep and can_skip(connection)
    parser = connection.parser
    try:
        while connection.keep and parser.left:
            if parser.body() is None:
                await connection.fill(connection.app.body_timeout)
    except (OSError, ProtocolError):
        connection.keep = False


class BodyStream:
    """The body of a request that is read while it arrives; it ends where the body ends.

    :param connection: the connection to read from.
    :param data: bytes read already.
    :param allowed: bytes that may still come in a body of unknown length.
    """

    def __init__(self, connection: "Any", data: bytes, allowed: int) -> None:
        self._connection = connection
        self._pieces: "list[bytes]" = []
        self._data = data
        # How much of it has been read: cutting it off would copy the rest for every read.
        self._start = 0
        self._allowed = allowed

    async def _more(self) -> bool:
        # Append what has arrived to _data; False at the end of the body.
        connection = self._connection
        parser = connection.parser
        while True:
            if self._pieces:
                piece = self._pieces.pop(0)
            else:
                # All of it: what is left behind would have to be copied.
                piece = parser.body(1 << 20)
                if piece is None:
                    await connection.fill_body()
                    continue
                self._allowed -= len(piece)
                if self._allowed < 0:
                    raise ProtocolError(413, "Payload too large")
            rest = self._data[self._start :]
            self._data = rest + piece if rest else piece
            self._start = 0
            return bool(piece)

    def _take(self, n: int) -> bytes:
        start = self._start
        self._start = end = min(start + n, len(self._data))
        data = self._data[start:end]
        if end == len(self._data):
            self._data = b""
            self._start = 0
        return data

    async def read(self, n: int = -1) -> bytes:
        """Return up to ``n`` bytes as soon as some are there, all of the rest for -1."""
        if n < 0:
            pieces = [self._take(len(self._data))]
            while await self._more():
                pieces.append(self._take(len(self._data)))
            return b"".join(pieces)
        if n and not self._data:
            await self._more()
        return self._take(n)

    async def readexactly(self, n: int) -> bytes:
        """Return ``n`` bytes.

        :raises EOFError: the body ends before.
        """
        pieces = []
        while n:
            data = await self.read(n)
            if not data:
                raise EOFError("request body ended %d bytes early" % n)
            n -= len(data)
            pieces.append(data)
        return b"".join(pieces)

    async def readline(self) -> bytes:
        """Return the bytes up to and including the next line feed, or all of the rest."""
        return await self.readuntil(b"\n")

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """Return the bytes up to and including ``separator``, or all of the rest.

        :raises ValueError: it does not come within 64 KiB.
        """
        # Behind what has been read, and searched already.
        searched = 0
        while True:
            end = self._data.find(separator, self._start + searched)
            if end >= 0:
                return self._take(end + len(separator) - self._start)
            size = len(self._data) - self._start
            searched = max(0, size - len(separator) + 1)
            if size > 65536:
                raise ValueError("no separator within 64 KiB of the request body")
            if not await self._more():
                return self._take(size)
