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
        pieces = []
        # Cutting off each chunk would copy the rest of the buffer for every one.
        start = 0
        while self._left != -3 and limit:
            if self._left > 0:
                data = buffer[start : start + min(limit, self._left)]
                if not data:
                    break
                pieces.append(data)
                start += len(data)
                limit -= len(data)
                self._left -= len(data)
                if not self._left:
                    self._left = -1
                continue
            end = buffer.find(b"\n", start)
            if end < 0:
                if len(buffer) - start > self._limit + 17:  # and the longest size, with its CR
                    raise ProtocolError()
                break
            if end == start or buffer[end - 1 : end] != b"\r":
                raise ProtocolError()
            line = buffer[start : end - 1]
            start = end + 1
            if self._left == -1:
                if line:
                    raise ProtocolError()
                self._left = 0
                continue
            if self._left == -2:
                extra = len(line)
                if not line:
                    self._left = -3
            else:
                # The sizes themselves come with the data, which has a limit of its own.
                digits = line.split(b";")[0].rstrip(b" \t")
                extra = len(line) - len(digits)
                self._left = _size(line, digits) or -2
            self._limit -= extra
            if self._limit < 0:
                raise ProtocolError()
        return b"".join(pieces), buffer[start:], self._left == -3


def _size(line: bytes, digits: bytes) -> int:
    # 15 digits are an exbibyte; longer sizes only serve to overflow something.
    if not 0 < len(digits) < 16 or b"\r" in line or b"\0" in line:
        raise ProtocolError()
    for digit in digits:
        if digit not in _HEX:
            raise ProtocolError()
    return int(digits, 16)
