"""The content of requests: header fields as a dictionary, JSON, forms; reading one from a stream."""

import json

from ._compat import latin1
from .body import BodyStream
from .datastructures import NoCaseDict
from .errors import HTTPException, ProtocolError
from .http11 import Parser, parse_fields, parse_request_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def join_fields(fields: "Any") -> NoCaseDict:
    """Return header fields as a ``NoCaseDict``; repeated names are joined (RFC 9110 5.3).

    :param fields: a mapping, or a list of (name, value) pairs.
    """
    if not isinstance(fields, list):
        return NoCaseDict(fields)
    headers = NoCaseDict()
    for name, value in fields:
        if name in headers:
            # RFC 9113 8.2.3: cookies are joined in their own way.
            value = headers[name] + ("; " if name.lower() == "cookie" else ", ") + value
        headers[name] = value
    return headers


async def create(
    app: "Any", reader: "Any", writer: "Any", client_addr: "Any", scheme: "str | None"
) -> "Any":
    """Read one request from a stream; see ``Request.create``."""
    from .request import Request

    async def read_line() -> bytes:
        line: bytes = await reader.readline()
        if len(line) > Request.max_readline:
            raise ValueError("line longer than Request.max_readline")
        return line

    def strip(line: bytes) -> str:
        text = latin1(line)
        end = 2 if text[-2:] == "\r\n" else 1 if text[-1:] == "\n" else 0
        return text[: len(text) - end]

    line = await read_line()
    if not line or not strip(line):
        return None
    method, url, version, _, _ = parse_request_line(strip(line))
    section = []
    while True:
        line = await read_line()
        if not strip(line):
            break
        section.append(strip(line))
    # Written by hand or by a fake stream as a rule: line ends and Host are not insisted on.
    fields = parse_fields("\n".join(section), 0, 100)
    for name, value in fields.pairs:
        if name.lower() == "transfer-encoding" and value:
            raise ProtocolError(501, "A bare stream has no transfer codings")
    body = stream = None
    if 0 < fields.length <= Request.max_body_length:
        body = await reader.readexactly(fields.length)
    elif fields.length:
        stream = BodyStream(_ReaderSource(reader, fields.length), b"", fields.length)
    return Request(
        app,
        client_addr,
        method,
        url,
        version,
        fields.pairs,
        body=body,
        stream=stream,
        sock=(reader, writer),
        scheme=scheme,
    )


class _ReaderSource:
    # What BodyStream needs of a connection, on top of a plain stream.

    def __init__(self, reader: "Any", length: int) -> None:
        self.parser = Parser()
        self.parser.left = length
        self._reader = reader

    async def fill_body(self) -> None:
        data = await self._reader.read(min(self.parser.left, 4096))
        if not data:
            raise EOFError("request body ended early")
        self.parser.receive(data)


def media_type(value: "str | None") -> str:
    """Return the media type of a Content-Type field in lower case, without parameters."""
    return (value or "").split(";")[0].strip().lower()


def _require_body(request: "Any") -> None:
    if request._streamed:
        raise HTTPException(413, "Payload too large")


def parse_json(request: "Any") -> "Any":
    """Return the parsed body of a JSON request (RFC 6839 ``+json`` included), None for others.

    :raises HTTPException: 400 or 413.
    """
    kind = media_type(request.content_type)
    if kind != "application/json" and kind[-5:] != "+json":
        return None
    _require_body(request)
    try:
        text = request.body.decode().strip()
        # MicroPython's parser takes the end of the text for the end of whatever is open.
        if text[:1] in ("{", "[", '"') and text[-1] != {"{": "}", "[": "]", '"': '"'}[text[0]]:
            raise ValueError
        return json.loads(text)
    except (ValueError, RuntimeError):  # RuntimeError: nested too deeply
        raise HTTPException(400, "Malformed JSON in the request body")


def parse_form(request: "Any") -> "Any":
    """Return the fields of a url-encoded form, None for other requests.

    :raises HTTPException: 413.
    """
    if media_type(request.content_type) != "application/x-www-form-urlencoded":
        return None
    _require_body(request)
    from .urls import parse_query

    return parse_query(request.body)
