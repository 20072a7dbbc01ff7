"""CPython's half of ``microdot.websocket._compat``."""

from codecs import getincrementaldecoder
from typing import Any, List

#: Payloads from this many bytes on are written by themselves: none, a copy is cheap.
LONG = 1 << 62
_UTF8 = getincrementaldecoder("utf-8")
#: For each byte of a key, what it makes of every byte.
_TABLES = [bytes([value ^ byte for value in range(256)]) for byte in range(256)]


def apply_mask(data: Any, key: bytes) -> Any:
    """Return ``data`` combined with a masking key (RFC 6455 5.3).

    Short data is one long number; long data is translated in four interleaved parts.
    """
    size = len(data)
    if size < 1024:
        return (
            int.from_bytes(data, "little")
            ^ int.from_bytes((key * (size // 4 + 1))[:size], "little")
        ).to_bytes(size, "little")
    out = bytearray(data)
    for i in (0, 1, 2, 3):
        out[i::4] = out[i::4].translate(_TABLES[key[i]])
    return out


def decode(data: Any) -> str:
    """Return bytes decoded from UTF-8; ``UnicodeError`` when they are not valid."""
    return data.decode()  # type: ignore[no-any-return]


class Pieces:
    """Collects a message that arrives in pieces.

    Text is decoded as it comes, so that the first bad byte is found at once.
    """

    def __init__(self, text: bool) -> None:
        self._decoder = _UTF8() if text else None
        self._pieces: List[Any] = []

    def add(self, piece: Any, more: int) -> None:
        """Take a piece; ``more`` bytes of its frame follow.

        :raises UnicodeError: a text is no UTF-8.
        """
        if self._decoder is not None:
            piece = self._decoder.decode(piece)
        if piece:
            self._pieces.append(piece)

    def join(self) -> Any:
        """Return the message.

        :raises UnicodeError: a text ends within a character.
        """
        if self._decoder is None:
            return b"".join(self._pieces)
        self._decoder.decode(b"", True)
        return "".join(self._pieces)
