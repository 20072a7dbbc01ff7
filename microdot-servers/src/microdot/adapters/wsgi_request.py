"""Requests from a WSGI environ: the target, the header fields, the body (PEP 3333)."""

import re
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import unquote_to_bytes

from microdot import Request
from microdot.body import BodyStream, body_limits
from microdot.dispatch import find_route
from microdot.errors import HTTPException, ProtocolError
from microdot.fields import bad_target, is_number

#: Bytes that are read from the server at a time.
PIECE = 16384

# RFC 3986 3.3: what stands in a path as it is, in the form it has on the wire.
_unsafe = re.compile(rb"[^-A-Za-z0-9._~!$&'()*+,;=:@/]")


class WSGIRequest(Request):
    """A request made from an environ; the header fields are looked up when somebody asks.

    :param app: the application.
    :param environ: the environ.
    :param url: the target.
    """

    _pairs: "Optional[List[Tuple[str, str]]]" = None

    def __init__(self, app: Any, environ: "Dict[str, Any]", url: str) -> None:
        get = environ.get
        port = get("REMOTE_PORT") or 0
        super().__init__(
            app,
            (get("REMOTE_ADDR") or "", int(port) if str(port).isdigit() else 0),
            get("REQUEST_METHOD") or "GET",
            url,
            get("SERVER_PROTOCOL") or "HTTP/1.1",
            None,
            scheme=get("wsgi.url_scheme"),
        )
        self.environ = environ
        self._length = 0

    @property
    def _fields(self) -> Any:
        if self._pairs is None:
            self._pairs = header_fields(self.environ)
        return self._pairs

    @_fields.setter
    def _fields(self, value: Any) -> None:
        # The base class has none to give.
        pass

    def _field(self, name: str) -> Any:
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        return self.environ.get(key) or None


def header_fields(environ: "Dict[str, Any]") -> "List[Tuple[str, str]]":
    """Return the header fields of an environ as (name, value) pairs."""
    pairs = []
    for key, value in environ.items():
        if key[:5] == "HTTP_":
            # These two have variables of their own.
            if key != "HTTP_CONTENT_TYPE" and key != "HTTP_CONTENT_LENGTH":
                pairs.append((key[5:].replace("_", "-").title(), value))
        elif (key == "CONTENT_TYPE" or key == "CONTENT_LENGTH") and value:
            pairs.append((key.replace("_", "-").title(), value))
    return pairs


def target(environ: "Dict[str, Any]") -> str:
    """Return the path and query of a request in the form they have on the wire.

    The server has decoded the path; where it also gives the original, and both are the same, the
    original is taken: it still tells an escaped slash from one that separates.

    :raises ProtocolError: 400, there are characters in it that cannot be.
    """
    script = environ.get("SCRIPT_NAME") or ""
    info = environ.get("PATH_INFO") or ""
    query = environ.get("QUERY_STRING") or ""
    path = script + info
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if raw[:1] != "/" and "://" in raw:
        # The absolute form, RFC 9112 3.2.2.
        raw = "/" + raw.partition("://")[2].partition("/")[2]
    raw = raw.partition("?")[0]
    if raw != path or "%" in path or not path.isascii():
        try:
            path = _encoded(script, info, raw)
        except UnicodeEncodeError:
            raise ProtocolError() from None
    url = path + "?" + query if query else path
    if not url:
        return "/"
    if bad_target(url):
        raise ProtocolError()
    return url


def _encoded(script: str, info: str, raw: str) -> str:
    decoded = unquote_to_bytes(raw) if raw[:1] == "/" else b""
    if decoded == (script + info).encode("latin-1"):
        return raw
    if decoded and decoded == info.encode("latin-1"):
        return quote(script) + raw
    return quote(script + info)


def quote(text: str) -> str:
    """Return a decoded path, a character for each byte, in the form it has on the wire."""
    data = text.encode("latin-1")
    if _unsafe.search(data):
        data = _unsafe.sub(lambda match: b"%%%02X" % match.group()[0], data)
    return data.decode()


def body_length(environ: "Dict[str, Any]") -> int:
    """Return the declared length of the body, -1 for one that the server ends.

    :raises ProtocolError: 400 for what is no length, 411 for a body without one.
    """
    length = environ.get("CONTENT_LENGTH")
    coding = environ.get("HTTP_TRANSFER_ENCODING")
    version = environ.get("SERVER_PROTOCOL") or ""
    if coding or not length and version[:6] in ("HTTP/2", "HTTP/3"):
        if environ.get("wsgi.input_terminated"):
            return -1
        if coding and not length:
            raise ProtocolError(411, "Length required")
    if not length:
        return 0
    if not is_number(length):
        raise ProtocolError()
    return int(length)


class Input:
    """The body of a request as ``microdot.body`` wants to read it.

    It is the source of a ``BodyStream`` and the parser in it. The server's stream is read in the
    thread of the request alone.

    :param exchange: the exchange.
    :param stream: the ``wsgi.input``.
    :param left: bytes that are to come, -1 for an unknown number.
    """

    def __init__(self, exchange: Any, stream: Any, left: int) -> None:
        self._exchange = exchange
        self._read = getattr(stream, "read1", stream.read)
        self._data = b""
        #: Bytes not read yet; -1 for an unknown number.
        self.left = left

    @property
    def parser(self) -> "Input":
        """What has the bytes that arrived."""
        return self

    def body(self, limit: int = 0) -> Optional[bytes]:
        """Return the bytes that have arrived, ``b""`` at the end, None for more to wait for."""
        data, self._data = self._data, b""
        return data or (None if self.left else b"")

    def fetch(self) -> None:
        """Read from the server, in the thread of the request.

        :raises OSError: the client has gone.
        """
        try:
            data = self._read(min(self.left, PIECE) if self.left > 0 else PIECE)
        except Exception:
            # Servers tell of clients that break off or cannot count in many ways.
            data = None
        if data is None or not data and self.left > 0:
            self._exchange.lost = True
            raise OSError(104, "Connection lost")
        if not data:
            self.left = 0
        elif self.left > 0:
            self.left -= len(data)
        self._data += data

    async def fill_body(self) -> None:
        """Wait until some bytes have arrived, or the end.

        :raises OSError: the client has gone.
        """
        if self._exchange.lost:
            raise OSError(104, "Connection lost")
        await self._exchange.loop.job(self.fetch, self._exchange)


def receive(exchange: Any, request: WSGIRequest) -> "Optional[HTTPException]":
    """Read the body of a request, or give the request a stream over it.

    A body that is too large is left where it is; the pipeline refuses it.

    :returns: the error to answer with, None when all is well.
    """
    environ: Any = request.environ
    try:
        length = body_length(environ)
    except ProtocolError as error:
        return error
    request._length = max(length, 0)
    if not length:
        return None
    find_route(request.app, request)
    most, preload = body_limits(request.app, request._match)
    if length > most:
        return None
    source = Input(exchange, environ["wsgi.input"], length)
    pieces: "List[bytes]" = []
    size = 0
    if length <= preload:
        try:
            while True:
                piece = source.body()
                if piece is None:
                    source.fetch()
                    continue
                if not piece:
                    request._body = b"".join(pieces)
                    return None
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    return ProtocolError(413, "Payload too large")
                if size > preload:
                    break
        except OSError:
            return ProtocolError()
    request._streamed = True
    request._stream = stream = BodyStream(source, b"", most - size)
    stream._pieces = pieces
    return None
