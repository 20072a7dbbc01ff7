"""Where the platforms differ: unmasking, and text."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CPYTHON = sys.implementation.name not in ("micropython", "circuitpython")

if TYPE_CHECKING or CPYTHON:
    from .cpython.compat import LONG, Pieces, apply_mask, decode
else:
    from .utf8 import decode

    def apply_mask(data: "Any", key: bytes) -> "Any":
        """Return ``data`` combined with a masking key (RFC 6455 5.3)."""
        size = len(data)
        if size <= 256:
            keys = (key * (size // 4 + 1))[:size]
            return (int.from_bytes(data, "little") ^ int.from_bytes(keys, "little")).to_bytes(
                size, "little"
            )
        # A long number in pieces: its length is memory.
        out = bytearray(data)
        for start in range(0, size, 256):
            out[start : start + 256] = apply_mask(out[start : start + 256], key)
        return out

    #: Payloads from this many bytes on are written by themselves, not copied behind their head.
    LONG = 512

    class Pieces:  # type: ignore[no-redef]
        """Collects a message that arrives in pieces, with room for what its frame announces."""

        def __init__(self, text: bool) -> None:
            self._text = text
            self._data = bytearray()
            self._size = 0

        def add(self, piece: "Any", more: int) -> None:
            """Take a piece; ``more`` bytes of its frame follow.

            :raises MemoryError: there is not enough for it.
            """
            end = self._size + len(piece)
            if end + more > len(self._data):
                old = self._data
                # One frame gets what it announces; many small ones must not copy all each time.
                self._data = bytearray(end + more + (self._size >> 2))
                self._data[: self._size] = old[: self._size]
            self._data[self._size : end] = piece
            self._size = end

        def join(self) -> "Any":
            """Return the message.

            :raises UnicodeError: a text is no UTF-8.
            """
            if not self._text:
                return bytes(memoryview(self._data)[: self._size])
            if self._size < len(self._data):
                self._data = self._data[: self._size]
            return decode(self._data)


__all__ = ["CPYTHON", "LONG", "Pieces", "apply_mask", "decode"]
