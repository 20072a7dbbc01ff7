"""HMAC-SHA256 and the comparison of secrets, for signatures of every kind. Loaded by what signs."""

from ._compat import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .cpython.digests import hmac_sha256, octets, same_bytes
else:
    from hashlib import sha256

    def octets(text: str) -> bytes:
        return text.encode()

    def same_bytes(a: bytes, b: bytes) -> bool:
        if len(a) != len(b):
            return False
        difference = 0
        for i in range(len(a)):
            difference |= a[i] ^ b[i]
        return not difference

    def hmac_sha256(key: bytes, message: bytes) -> bytes:
        if len(key) > 64:
            key = sha256(key).digest()
        key = key + bytes(64 - len(key))
        inner = sha256(bytes([byte ^ 0x36 for byte in key]))
        inner.update(message)
        return sha256(bytes([byte ^ 0x5C for byte in key]) + inner.digest()).digest()


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


__all__ = ["hmac_sha256", "octets", "same_secret"]
