"""Header fields of HTTP/1.1 messages (RFC 9110 section 5, RFC 9112 sections 5 and 6). Sans-IO."""

import re

from ._compat import to_latin1
from .errors import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable

# RFC 9110 5.6.2 and 5.5: what may not stand in a token, in a field value, in Host
# (RFC 3986 3.2.2). One character is looked for, so no engine runs deep.
bad_token = re.compile("[^-!#$%&'*+.^_`|~0-9A-Za-z]").search
_not_text = re.compile("[^\t -~\x80-\xff]").search
bad_target = re.compile('[^!-"$-~\x80-\xff]').search
bad_host = re.compile("[^!$%&'()*+,.:;=_~0-9A-Za-z\\[\\]-]").search


class Fields:
    """The header section of one request, checked, and what it says about framing.

    :param lines: the field lines without their line ends.
    :param version: the minor version, 0 or 1.
    :param limit: how many field lines are accepted.
    :raises ProtocolError: 400, 417, 431 or 501.
    """

    def __init__(self, lines: "list[str]", version: int, limit: int) -> None:
        if len(lines) > limit:
            raise ProtocolError(431, "Too many header fields")
        #: (name, value) as received, in order.
        self.pairs: "list[tuple[str, str]]" = []
        #: Bytes of body that follow; -1 for a chunked body.
        self.length = 0
        #: The client waits for ``100 Continue`` before it sends the body (RFC 9110 10.1.1).
        self.expect = False
        coding = length = host = None
        connection = ""
        for line in lines:
            name, colon, value = line.partition(":")
            # RFC 9112 5.1 and 5.2: no white space before the colon, no folded lines.
            if not colon or not name or bad_token(name) or _not_text(value):
                raise ProtocolError()
            value = value.strip(" \t")
            lower = name.lower()
            if lower == "host":
                if host is not None or bad_host(value):
                    raise ProtocolError()
                host = value
            elif lower == "connection":
                connection += "," + value.lower()
            elif lower == "content-length":
                # RFC 9112 6.3: the same number repeated is harmless, anything else an attack.
                if not is_number(value) or length not in (None, value):
                    raise ProtocolError()
                if length is not None:
                    continue
                length = value
            elif lower == "transfer-encoding":
                coding = (coding + "," if coding else "") + value.lower()
            elif lower == "expect" and version:
                if value.lower() != "100-continue":
                    raise ProtocolError(417, "Expectation failed")
                self.expect = True
            self.pairs.append((name, value))
        if version and host is None:
            raise ProtocolError()
        if coding is not None:
            if length is not None or not version:
                raise ProtocolError()
            codings = [item.strip(" \t") for item in coding.split(",")]
            if codings != ["chunked"]:
                # RFC 9112 6.1 and 6.3: chunked comes last and once, or the end cannot be known.
                last = "chunked" in codings[:-1]
                raise ProtocolError() if last else ProtocolError(501, "Not implemented")
            self.length = -1
        elif length:
            self.length = int(length)
        tokens = [token.strip(" \t") for token in connection.split(",")]
        #: The client allows another request on this connection (RFC 9112 9.3).
        self.keep_alive = "close" not in tokens and (version > 0 or "keep-alive" in tokens)
        #: The connection may become another protocol (RFC 9110 7.8).
        self.upgrade = "upgrade" in tokens


def is_number(text: str) -> bool:
    """Tell whether text is a decimal number of at most 15 digits."""
    # isdigit() alone accepts other scripts' digits; 15 of them keep the sum small.
    return text.isdigit() and len(text.encode()) == len(text) < 16


def parse_fields(text: str, minor: int, limit: int) -> Fields:
    """Return the ``Fields`` of a header section.

    :param text: field lines with their line ends, the last one without its LF.
    :param minor: the minor version; HTTP/1.0 senders may end lines with a bare LF.
    :param limit: how many lines are accepted.
    :raises ProtocolError: as ``Fields``.
    """
    if not text:
        return Fields([], minor, limit)
    lines = text.split("\n")
    for i in range(len(lines)):
        if lines[i][-1:] == "\r":
            lines[i] = lines[i][:-1]
        elif minor:
            raise ProtocolError()
    return Fields(lines, minor, limit)


def encode_head(
    status: int, reason: "str | None", fields: "Iterable[tuple[str, Any]]", version: str = "1.1"
) -> bytes:
    """Return a response head as bytes.

    :param status: 100 to 999.
    :param reason: the reason phrase; None for the standard one.
    :param fields: (name, value) pairs; a list as value makes one line for each element.
    :param version: ``"1.0"`` or ``"1.1"``.
    :raises ValueError: a name is no token, or text has control characters (RFC 9110 5.5).
    """
    if reason is None:
        reason = "OK"
        if status != 200:
            from .phrases import phrase

            reason = phrase(status)
    if not isinstance(status, int) or not 100 <= status <= 999 or _not_text(reason):
        raise ValueError("bad status line: %r %r" % (status, reason))
    lines = ["HTTP/%s %d %s" % (version, status, reason)]
    for name, value in fields:
        if not name or bad_token(name):
            raise ValueError("bad header name: %r" % name)
        for item in value if isinstance(value, (list, tuple)) else (value,):
            lines.append("%s: %s" % (name, item))
            if _not_text(lines[-1]):
                raise ValueError("bad header field: %r" % lines[-1])
    lines.append("\r\n")
    return to_latin1("\r\n".join(lines))
