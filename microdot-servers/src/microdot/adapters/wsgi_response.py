"""Responses as WSGI wants them: the status and the header fields as text, the body in bytes."""

from contextvars import Context
from typing import Any, Dict, Iterator, List, Optional, Tuple

from microdot.fields import encode_head
from microdot.phrases import phrase

#: What WSGI calls the head: status and header fields.
Head = Tuple[str, List[Tuple[str, str]]]

#: What is the connection's alone (RFC 9110 7.6.1), and what CGI would take for something else.
_LEAVE_OUT = (
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "proxy-connection",
    "status",
)
#: Content types that have been found fit to be sent.
_types: "Dict[str, str]" = {}


def frame(request: Any, response: Any, streamed: bool) -> "Tuple[Head, Any]":
    """Return the head of a response and its body as bytes, None where the body is streamed.

    :raises ValueError: the head cannot be sent.
    """
    status = response.status_code
    body = response.body or b""
    headers = response._headers
    if headers is None and response._file is not None:
        headers = response.headers
    if (
        status == 200
        and not streamed
        and response._reason is None
        and not response.is_head
        and (not headers or len(headers) == 1 and "Content-Type" in headers)
    ):
        kind = _checked(headers["Content-Type"] if headers else response.content_type())
        return ("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))]), body
    bare = status in (204, 304) or status < 200
    pairs: "List[Tuple[str, str]]" = []
    length: Any = None
    typed = False
    for name in headers or ():
        value = headers[name]  # pyright: ignore
        lower = name.lower()
        if lower == "content-length":
            length = str(value)
        elif lower == "content-type" and bare or lower in _LEAVE_OUT:
            pass
        else:
            typed = typed or lower == "content-type"
            for item in value if isinstance(value, (list, tuple)) else (value,):
                # A tab is a space to HTTP and a control character to PEP 3333.
                pairs.append((name, str(item).replace("\t", " ")))
    if not typed and not bare:
        pairs.append(("Content-Type", response.content_type()))
    if bare:
        body = b""
    elif streamed:
        body = None
        if length is not None:
            if not length.isdigit():
                raise ValueError("bad Content-Length: %r" % length)
            pairs.append(("Content-Length", length))
    else:
        # A handler may announce the length of a body that a HEAD request does not get.
        if not (length and not body and response.is_head):
            length = str(len(body))
        pairs.append(("Content-Length", length))
    if response.is_head and not streamed:
        body = b""
    encode_head(status, response._reason, pairs)
    return ("%d %s" % (status, response._reason or phrase(status) or "N/A"), pairs), body


def _checked(kind: Any) -> str:
    known = _types.get(kind)
    if known is None:
        encode_head(200, None, [("Content-Type", kind)])
        known = str(kind).replace("\t", " ")
        if len(_types) > 100:
            _types.clear()
        _types[kind] = known
    return known


class Whole(List[bytes]):
    """A body that is there."""

    def close(self) -> None:
        """Do nothing; there is nothing to release."""


class _Counted:
    # A body that is made piece by piece, and has to be as long as its head says.

    def __init__(self, head: Head) -> None:
        self._left: Optional[int] = None
        for name, value in head[1]:
            if name == "Content-Length":
                self._left = int(value)

    def __iter__(self) -> "Iterator[bytes]":
        return self  # type: ignore[return-value]

    def _count(self, chunk: bytes) -> bytes:
        if self._left is not None:
            self._left -= len(chunk)
            if self._left < 0:
                raise ValueError("the body is longer than its Content-Length")
        return chunk

    def _end(self) -> None:
        # The server has to cut the connection: the client must not take this for complete.
        if self._left:
            raise ValueError("the body is %d bytes shorter than its Content-Length" % self._left)


class Direct(_Counted):
    """A plain iterator or file as a body: it goes on in the thread of the request.

    :param head: the head of the response.
    :param body: the iterator, or an object with ``read``.
    :param size: bytes to read at a time.
    :param context: the context variables that it sees.
    """

    def __init__(self, head: Head, body: Any, size: int, context: Context) -> None:
        super().__init__(head)
        self._body: Any = body
        self._size = size if hasattr(body, "read") else 0
        self._context = context
        self._ready: "List[bytes]" = []

    def _make(self) -> bytes:
        while True:
            if self._size:
                chunk = self._context.run(self._body.read, self._size)
                if not chunk:
                    self._end()
                    raise StopIteration
            else:
                try:
                    chunk = self._context.run(next, self._body)
                except StopIteration:
                    self._end()
                    raise
            if isinstance(chunk, str):
                chunk = chunk.encode()
            elif not isinstance(chunk, bytes):
                if not isinstance(chunk, (bytearray, memoryview)):
                    raise TypeError(
                        "a body iterator gave a %s, not text or bytes" % type(chunk).__name__
                    )
                chunk = bytes(chunk)
            if chunk:
                return self._count(chunk)

    def prepare(self) -> None:
        """Make the first piece, while an error can still be told to the client."""
        try:
            self._ready.append(self._make())
        except StopIteration:
            pass

    def __next__(self) -> bytes:
        return self._ready.pop() if self._ready else self._make()

    def close(self) -> None:
        """Close the iterator or file."""
        body, self._body = self._body, iter(())
        self._size = 0
        close = getattr(body, "close", None)
        if close is not None:
            self._context.run(close)


class Pulled(_Counted):
    """An asynchronous body: the exchange makes a piece when the server asks for one.

    :param head: the head of the response.
    :param exchange: the exchange.
    """

    def __init__(self, head: Head, exchange: Any) -> None:
        super().__init__(head)
        self._exchange = exchange
        self._begun = False

    def __next__(self) -> bytes:
        if not self._begun:
            # It may have nothing to say for long; the client is to know that it began.
            self._begun = True
            return b""
        chunk = self._exchange.pull()
        if chunk is None:
            self._end()
            raise StopIteration
        return self._count(chunk)

    def close(self) -> None:
        """Let the body end, and wait for its clean-up."""
        self._exchange.close()

    def __del__(self) -> None:
        # For a server that forgets to close.
        self._exchange.abandon()
