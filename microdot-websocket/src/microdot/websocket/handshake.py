"""The opening handshake of a server (RFC 6455 section 4.2)."""

import binascii
import hashlib

from microdot.errors import HTTPException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key: str) -> str:
    """Return ``Sec-WebSocket-Accept`` for a ``Sec-WebSocket-Key`` (RFC 6455 4.2.2)."""
    digest = hashlib.sha1(key.encode() + _GUID).digest()
    return binascii.b2a_base64(digest).decode().strip()


def tokens(value: "str | None") -> "list[str]":
    """Return the elements of a comma-separated header field."""
    return [item.strip() for item in (value or "").split(",") if item.strip()]


def check(request: "Any") -> str:
    """Check that a request opens a WebSocket; return its key.

    :raises HTTPException: 400, or 426 for a version of the protocol other than 13.
    """
    headers = request.headers
    if "upgrade" not in [item.lower() for item in tokens(headers.get("Connection"))]:
        raise HTTPException(400, "a WebSocket handshake needs Connection: Upgrade")
    if "websocket" not in [item.lower() for item in tokens(headers.get("Upgrade"))]:
        raise HTTPException(400, "a WebSocket handshake needs Upgrade: websocket")
    key = (headers.get("Sec-WebSocket-Key") or "").strip()
    try:
        valid = len(key) == 24 and len(binascii.a2b_base64(key)) == 16
    except ValueError:
        valid = False
    if not valid:
        raise HTTPException(400, "Sec-WebSocket-Key must be 16 bytes in Base64")
    if request.method != "GET":
        raise HTTPException(400, "a WebSocket handshake needs the method GET")
    if request.http_version == "1.0":
        raise HTTPException(400, "a WebSocket handshake needs HTTP/1.1")
    version = (headers.get("Sec-WebSocket-Version") or "").strip()
    if not version:
        raise HTTPException(400, "a WebSocket handshake needs Sec-WebSocket-Version: 13")
    if version != "13":
        raise HTTPException(
            426, "WebSocket version 13 is supported", {"Sec-WebSocket-Version": "13"}
        )
    return key


def check_origin(request: "Any", origins: "Any") -> None:
    """Refuse a page of a foreign site (RFC 6455 10.2).

    :param request: the request; one without ``Origin`` comes from no browser and passes.
    :param origins: None for any; a list of origins such as ``"https://example.com"``, where
                    ``"same"`` stands for the one the request was sent to; or a function that is
                    given the origin and tells whether it is allowed.
    :raises HTTPException: 403.
    """
    origin = request.headers.get("Origin")
    if origins is None or origin is None:
        return
    origin = origin.strip().lower()
    if callable(origins):
        allowed = origins(origin)
    else:
        if isinstance(origins, str):
            origins = [origins]
        allowed = "*" in origins or origin in [item.lower() for item in origins]
        if not allowed and "same" in origins:
            host = request.headers.get("Host") or ""
            allowed = origin == request.scheme + "://" + host.strip().lower()
    if not allowed:
        raise HTTPException(403, "this origin may not open a WebSocket here")


def choose_subprotocol(request: "Any", supported: "Any") -> "str | None":
    """Return the first supported subprotocol that the client offers (RFC 6455 1.9), or None."""
    offered = tokens(request.headers.get("Sec-WebSocket-Protocol"))
    for name in supported or ():
        if name in offered:
            return name  # type: ignore[no-any-return]
    return None


def response_head(key: str, subprotocol: "str | None", extensions: "str | None") -> bytes:
    """Return the response that completes the handshake."""
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: " + accept_key(key),
    ]
    if subprotocol is not None:
        lines.append("Sec-WebSocket-Protocol: " + subprotocol)
    if extensions is not None:
        lines.append("Sec-WebSocket-Extensions: " + extensions)
    return "\r\n".join(lines + ["", ""]).encode()  # type: ignore[no-any-return]
