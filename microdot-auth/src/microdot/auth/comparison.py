"""``same_secret``: comparing secrets in a time that does not tell where they differ."""

from microdot.helpers import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .cpython.secrets import octets, same_bytes
else:

    def octets(text: str) -> bytes:
        """Return text in UTF-8; half a surrogate pair, which JSON can bring, is kept."""
        return text.encode()

    def same_bytes(a: bytes, b: bytes) -> bool:
        """Tell whether bytes are the same."""
        if len(a) != len(b):
            return False
        difference = 0
        for i in range(len(a)):
            difference |= a[i] ^ b[i]
        return difference == 0


def same_secret(a: "Any", b: "Any") -> bool:
    """Tell whether two secrets are the same, in a time that depends on their length alone.

    For tokens, keys and digests. ``==`` ends at the first difference, and who measures that learns
    how much of a guess was right.

    :param a: a secret, text or bytes; text counts as its UTF-8 bytes. Anything else, such as the
              None of a field that is missing, is the same as nothing.
    :param b: the other one.
    """
    if isinstance(a, str):
        a = octets(a)
    if isinstance(b, str):
        b = octets(b)
    return isinstance(a, bytes) and isinstance(b, bytes) and same_bytes(a, b)


__all__ = ["octets", "same_bytes", "same_secret"]
