"""The chunked transfer coding (RFC 9112 section 7.1). Sans-IO: no await, no socket, no clock."""

from .errors import ProtocolError

_HEX = b"0123456789abcdefABCDEF"


class Decoder:
    """Decodes one chunked body.

    :param limit: bytes that chunk extensions and trailers may take in all.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # Bytes left of the chunk; 0 before a size line, -1 before the line end that
        # follows a chunk, -2 in the trailer section, -3 at the end.
        self._left = 0

    def decode(self, buffer: bytes, limit: int) -> "tuple[bytes, bytes, bool]":
        """Return (data, rest of the buffer, whether the body has ended).

        No data and not ended means that more bytes are needed.

        :param buffer: what has arrived.
        :param limit: the most bytes to return.
        :raises ProtocolError: 400, the framing is broken.
        """
        while self._left != -3:
            if self._left > 0:
                data = buffer[: min(limit, self._left)]
                self._left -= len(data)
                rest = buffer[len(data) :]
                if not self._left:
                    self._left = -1
                return data, rest, False
            end = buffer.find(b"\n")
            if end < 0:
                if len(buffer) > self._limit:
                    raise ProtocolError()
                return b"", buffer, False
            if buffer[end - 1 : end] != b"\r":
                raise ProtocolError()
            line = buffer[: end - 1]
            buffer = buffer[end + 1 :]
            self._limit -= len(line)
            if self._limit < 0:
                raise ProtocolError()
            if self._left == -1:
                if line:
                    raise ProtocolError()
                self._left = 0
            elif self._left == -2:
                if not line:
                    self._left = -3
            else:
                self._left = _size(line) or -2
        return b"", buffer, True


def _size(line: bytes) -> int:
    digits = line.split(b";")[0].rstrip(b" \t")
    # 15 digits are an exbibyte; longer sizes only serve to overflow something.
    if not 0 < len(digits) < 16 or b"\r" in line or b"\0" in line:
        raise ProtocolError()
    for digit in digits:
        if digit not in _HEX:
            raise ProtocolError()
    return int(digits, 16)
