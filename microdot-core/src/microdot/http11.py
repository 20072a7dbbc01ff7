"""HTTP/1.1 requests as bytes (RFC 9112). Sans-IO: no await, no socket, no clock."""

from ._compat import CPYTHON, latin1
from .errors import ProtocolError
from .fields import Fields, bad_target, bad_token, encode_head, is_number, parse_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def parse_request_line(line: str) -> "tuple[str, str, str, int, str]":
    """Return method, target, version text, minor version and authority of a request line.

    The authority is that of a target in absolute form, else ``""``.

    :raises ProtocolError: 400, 501 or 505 (RFC 9112 section 3).
    """
    parts = line.split(" ")
    if len(parts) == 3:
        method, target, version = parts
        digit = version[5:6]
        if version[:5] == "HTTP/" and len(version) == 8 and version[6] == "." and is_number(digit):
            if digit != "1":
                raise ProtocolError(505, "HTTP version not supported")
            minor = version[7]
            if is_number(minor) and method and not bad_token(method):
                if target[:1] == "/" and not bad_target(target):
                    return method, target, version[5:], int(minor != "0"), ""
                from .targets import other_form

                target, authority = other_form(method, target)
                return method, target, version[5:], int(minor != "0"), authority
    raise ProtocolError()


#: Header sections that are remembered.
MEMO = 64 if CPYTHON else 1


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
        #: (header section, minor version) -> ``Fields``; may be shared by several parsers.
        self.memo: "dict[Any, Any]" = {}

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
            raise ProtocolError()
        # Clients repeat themselves; what was checked stays checked.
        memo = self.memo
        key = (section, minor)
        if authority or key not in memo:
            self.fields = parse_fields(latin1(section), minor, self.max_fields)
            if authority:
                # RFC 9112 3.2.2: the target's authority replaces the Host field.
                pairs = [pair for pair in self.fields.pairs if pair[0].lower() != "host"]
                self.fields.pairs = [("Host", authority)] + pairs
            elif len(section) <= 1024:
                if len(memo) >= MEMO:
                    memo.clear()
                memo[key] = self.fields
        else:
            self.fields = memo[key]
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
            if done:
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


if TYPE_CHECKING:
    __all__ = ("Fields", "Parser", "encode_head", "parse_fields", "parse_request_line")
