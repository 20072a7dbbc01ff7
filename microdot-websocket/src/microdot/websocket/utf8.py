"""Strict UTF-8 (RFC 3629), which MicroPython's own decoder is not."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def decode(data: "Any") -> str:
    """Return bytes decoded from UTF-8.

    MicroPython checks that lead and continuation bytes go together. What is left to be refused are
    overlong forms, surrogates and code points above U+10FFFF, each known by its first two bytes.

    :raises UnicodeError: they are no valid UTF-8.
    """
    text = str(data, "utf-8")
    if len(text) != len(data):
        for lead in b"\xc0\xc1\xf5\xf6\xf7":
            if data.find(bytes((lead,))) >= 0:
                raise UnicodeError("invalid UTF-8")
        for lead, low, high in (
            (0xE0, 0xA0, 0xBF),
            (0xED, 0x80, 0x9F),
            (0xF0, 0x90, 0xBF),
            (0xF4, 0x80, 0x8F),
        ):
            at = data.find(bytes((lead,)))
            while at >= 0:
                if not low <= data[at + 1] <= high:
                    raise UnicodeError("invalid UTF-8")
                at = data.find(bytes((lead,)), at + 1)
    return text
