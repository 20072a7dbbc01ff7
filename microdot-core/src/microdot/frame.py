"""The head of a response, with what belongs to the connection: framing, version, persistence."""

from .fields import encode_head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .response import Response


def frame(
    connection: "Any", request: "Any", response: "Response", chunks: "Any"
) -> "tuple[bytes, Any]":
    """Return the head of a response and its body as bytes, None where the body is streamed.

    What belongs to the connection is decided here: version, ``Date``, ``Connection``,
    ``Content-Length``, ``Transfer-Encoding`` (RFC 9112 section 6).

    :raises ValueError: the head cannot be sent.
    """
    status = response.status_code
    body = response.body or b""
    old = request is not None and request.http_version == "1.0"
    pairs: "list[Any]" = []
    length: "Any" = None
    typed = dated = False
    bare = status in (204, 304) or status < 200
    headers = response._headers
    if headers is None and response._file is not None:
        headers = response.headers
    for name in headers or ():
        value = headers[name]  # pyright: ignore[reportOptionalSubscript]
        lower = name.lower()
        if lower == "content-length":
            length = str(value)
            continue
        if lower == "connection":
            if "close" in str(value).lower():
                connection.keep = False
            continue
        if lower == "content-type":
            typed = True
            if status == 204:
                continue
        elif lower == "date":
            dated = True
        elif lower == "transfer-encoding":
            continue
        pairs.append((name, value))
    if not typed and not bare:
        pairs.append(("Content-Type", response.content_type()))
    if not dated and connection.server.date:
        pairs.append(("Date", connection.server.date))
    if chunks is None:
        if connection.parser.left:
            from .body import can_skip

            connection.keep = connection.keep and can_skip(connection)
        if not bare:
            # A handler may announce the length of a body that a HEAD request does not get.
            if not (length and not body and response.is_head):
                length = str(len(body))
            pairs.append(("Content-Length", length))
        if bare or response.is_head:
            body = b""
    elif not bare:
        body = None
        if length is not None:
            if not length.isdigit():
                raise ValueError("bad Content-Length: %r" % length)
            pairs.append(("Content-Length", length))
        elif old:
            connection.keep = False
        elif not response.is_head:
            pairs.append(("Transfer-Encoding", "chunked"))
    if not connection.keep:
        pairs.append(("Connection", "close"))
    elif old:
        pairs.append(("Connection", "keep-alive"))
    return encode_head(status, response._reason, pairs, "1.0" if old else "1.1"), body
