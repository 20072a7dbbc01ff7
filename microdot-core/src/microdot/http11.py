"""HTTP/1.1 messages as bytes (RFC 9110, RFC 9112). Sans-IO: no await, no socket, no clock."""

import re

from ._compat import latin1, to_latin1
from .errors import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable

# RFC 9110 5.6.2 and 5.5: what may not stand in a token, in a field value, in Host
# (RFC 3986 3.2.2). One character is looked for, so no engine runs deep.
_not_token = re.compile("[^-!#$%&'*+.^_`|~0-9A-Za-z]").search
_not_text = re.compile("[^\t -~\x80-\xff]").search
bad_target = re.compile("[^!-\"$-~\x80-\xff]").search
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
            raise ProtocolError(431, "More than %d header fields" % limit)
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
            if not colon or not name or _not_token(name) or _not_text(value):
                raise ProtocolError(400, "Bad header field")
            value = value.strip(" \t")
            lower = name.lower()
            if lower == "host":
                if host is not None or bad_host(value):
                    raise ProtocolError(400, "Bad Host header")
                host = value
            elif lower == "connection":
                connection += "," + value.lower()
            elif lower == "content-length":
                # RFC 9112 6.3: the same number repeated is harmless, anything else an attack.
                if not _digits(value) or length not in (None, value):
                    raise ProtocolError(400, "Bad Content-Length header")
                if length is not None:
                    continue
                length = value
            elif lower == "transfer-encoding":
                coding = (coding + "," if coding else "") + value.lower()
            elif lower == "expect" and version:
                if value.lower() != "100-continue":
                    raise ProtocolError(417, "Unknown expectation")
                self.expect = True
            self.pairs.append((name, value))
        if version and host is None:
            raise ProtocolError(400, "Host header is missing")
        if coding is not None:
            if length is not None or not version:
                raise ProtocolError(400, "Ambiguous message length")
            codings = [item.strip(" \t") for item in coding.split(",")]
            if codings != ["chunked"]:
                raise ProtocolError(400 if "chunked" in codings else 501, "Unknown transfer coding")
            self.length = -1
        elif length:
            self.length = int(length)
        tokens = [token.strip(" \t") for token in connection.split(",")]
        #: The client allows another request on this connection (RFC 9112 9.3).
        self.keep_alive = "close" not in tokens and (version > 0 or "keep-alive" in tokens)
        #: The connection may become another protocol (RFC 9110 7.8).
        self.upgrade = "upgrade" in tokens


def _digits(text: str) -> bool:
    # isdigit() alone accepts other scripts' digits; 15 of them keep the sum small.
    return text.isdigit() and len(text.encode()) == len(text) < 16


def parse_request_line(line: str) -> "tuple[str, str, str, int, str]":
    """Return method, target, version text, minor version and authority of a request line.

    The authority is that of a target in absolute form, else ``""``.

    :raises ProtocolError: 400, 501 or 505 (RFC 9112 section 3).
    """
    parts = line.split(" ")
    if len(parts) == 3:
        method, target, version = parts
        digit = version[5:6]
        if version[:5] == "HTTP/" and len(version) == 8 and version[6] == "." and _digits(digit):
            if digit != "1":
                raise ProtocolError(505, "HTTP version not supported")
            minor = version[7]
            if _digits(minor) and method and not _not_token(method):
                if target[:1] == "/" and not bad_target(target):
                    return method, target, version[5:], int(minor != "0"), ""
                from .targets import other_form

                target, authority = other_form(method, target)
                return method, target, version[5:], int(minor != "0"), authority
    raise ProtocolError(400, "Bad request line")


class Parser:
    """The receiving half of a server connection: bytes in, requests and body pieces out.

    :param max_line: the longest request line, in bytes with its line end.
    :param max_head_size: the longest head, in bytes.
    :param max_fields: the most header fields.
    """

    def __init__(self, max_line: int = 2048, max_head_size: int = 16384, max_fields: int = 100):
        self.max_line = max_line
        self.max_head_size = max_head_size
        self.max_fields = max_fields
        #: Bytes received and not consumed yet.
        self.buffer = b""
        #: Bytes of the current body still to come; -1 while it is chunked.
        self.left = 0
        #: ``Fields`` of the current request.
        self.fields: "Any" = None
        self._seen = 0
        self._chunked: "Any" = None
        self._memo: "Any" = None

    def receive(self, data: bytes) -> None:
        """Take bytes from the peer."""
        self.buffer = self.buffer + data if self.buffer else data

    def head(self) -> "tuple[str, str, str] | None":
        """Return method, target and version text of the next request, None until it is complete.

        :raises ProtocolError: the bytes are no request, or larger than the limits.
        """
        buffer = self.buffer
        while buffer[:1] == b"\n" or buffer[:2] == b"\r\n":
            # RFC 9112 2.2: empty lines before a request line are skipped.
            self.buffer = buffer = buffer[1 if buffer[:1] == b"\n" else 2 :]
            self._seen = 0
        size = len(buffer)
        end = buffer.find(b"\n\r\n", self._seen)
        bare = buffer.find(b"\n\n", self._seen, size if end < 0 else end)
        if bare >= 0:
            end = bare
            size = end + 2
        elif end >= 0:
            size = end + 3
        if size > self.max_line or size > self.max_head_size:
            line = buffer.find(b"\n", 0, self.max_line)
            if line < 0 and size > self.max_line:
                raise ProtocolError(414, "URI too long")
            if size > self.max_head_size:
                raise ProtocolError(431, "Header fields too large")
        if end < 0:
            self._seen = max(0, size - 2)
            return None
        self._seen = 0
        self.buffer = buffer[size:]
        first, _, section = buffer[:end].partition(b"\n")
        strict = bare < 0 and first[-1:] == b"\r"
        method, target, version, minor, authority = parse_request_line(
            latin1(first[:-1] if first[-1:] == b"\r" else first)
        )
        if minor and not strict:
            raise ProtocolError(400, "Bare line feed")
        # Clients on persistent connections repeat themselves; what was checked stays checked.
        memo = self._memo
        if memo is not None and memo[0] == section and memo[1] == minor and not authority:
            self.fields = memo[2]
        else:
            self.fields = parse_fields(latin1(section), minor, self.max_fields)
            self._memo = (section, minor, self.fields)
            if authority:
                # RFC 9112 3.2.2: the target's authority replaces the Host field.
                self._memo = None
                pairs = [pair for pair in self.fields.pairs if pair[0].lower() != "host"]
                self.fields.pairs = [("Host", authority)] + pairs
        self.left = self.fields.length
        if self.left < 0:
            from .chunked import Decoder

            self._chunked = Decoder(self.max_head_size)
        return method, target, version

    def body(self, limit: int = 65536) -> "bytes | None":
        """Return up to ``limit`` bytes of the body, ``b""`` at its end, None when more must arrive.

        :raises ProtocolError: 400, the chunked framing is broken.
        """
        if self.left < 0:
            data, self.buffer, done = self._chunked.decode(self.buffer, limit)
            if done and not data:
                self.left = 0
            return data if data or done else None  # type: ignore[no-any-return]
        if not self.left:
            return b""
        data = self.buffer[: min(limit, self.left)]
        if not data:
            return None
        self.buffer = self.buffer[len(data) :]
        self.left -= len(data)
        return data


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
            raise ProtocolError(400, "Bare line feed")
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
        if not name or _not_token(name):
            raise ValueError("bad header name: %r" % name)
        for item in value if isinstance(value, (list, tuple)) else (value,):
            lines.append("%s: %s" % (name, item))
            if _not_text(lines[-1]):
                raise ValueError("bad header field: %r" % lines[-1])
    lines.append("\r\n")
    return to_latin1("\r\n".join(lines))
